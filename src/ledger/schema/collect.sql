
-- The collection desk (수납관리).
-- 의뢰 = N: nothing is requested on the mandate for this debit date unless a list asks for it. Later words replace it.
CREATE TABLE decline (
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  debit_date INTEGER NOT NULL,
  at INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  line INTEGER,
  PRIMARY KEY (debit_date, mandate_id)
) STRICT, WITHOUT ROWID;

-- 현금수납: what a creditor took in cash itself. A cancellation is a row of its own that names the payment it takes back.
CREATE TABLE cash (
  cash_id INTEGER PRIMARY KEY,
  charge_id INTEGER NOT NULL REFERENCES charge (charge_id),
  creditor INTEGER NOT NULL,
  won INTEGER NOT NULL CHECK (won >= 1),
  paid_on INTEGER NOT NULL,                    -- 수납일
  receipt_no TEXT NOT NULL,                    -- 영수증번호 of the creditor; '' where it gave none
  note TEXT NOT NULL,
  cancels INTEGER REFERENCES cash (cash_id),
  at INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  line INTEGER,
  mac INTEGER NOT NULL                         -- ledger/money_seal.rs
) STRICT;
CREATE INDEX cash_of ON cash (charge_id);
CREATE INDEX cash_days ON cash (creditor, paid_on);
CREATE INDEX cash_receipt ON cash (creditor, receipt_no) WHERE receipt_no <> '';
CREATE UNIQUE INDEX cash_cancelled_once ON cash (cancels) WHERE cancels IS NOT NULL;
CREATE TRIGGER cash_kept_u BEFORE UPDATE ON cash BEGIN SELECT RAISE(ABORT, 'cash rows never change'); END;
CREATE TRIGGER cash_kept_d BEFORE DELETE ON cash BEGIN SELECT RAISE(ABORT, 'cash rows are never deleted'); END;

-- 수납조건 of single mandates: whether arrears join, and the months in which nothing is charged or requested.
CREATE TABLE desk_terms (
  mandate_id INTEGER PRIMARY KEY REFERENCES mandate (mandate_id),
  arrears TEXT NOT NULL CHECK (CASE arrears
      WHEN '' THEN 1 WHEN 'include' THEN 1 WHEN 'exclude' THEN 1 WHEN 'ask' THEN 1 ELSE 0 END),  -- '' is the creditor's
  pause_first INTEGER,
  pause_last INTEGER,                          -- NULL beside pause_first: until further notice
  no_message INTEGER NOT NULL DEFAULT 0 CHECK (no_message IN (0, 1)),   -- 문자수신 N
  CHECK (pause_first IS NOT NULL OR pause_last IS NULL),
  CHECK (pause_last IS NULL OR pause_last >= pause_first)
) STRICT;

-- Money of a charge that moved by another way than a debit, cash or a payment of ours: an overpayment that the creditor gave
-- back itself (refund-by-hand), or that pays another charge (applied, two rows). Below 0 where it left.
CREATE TABLE charge_move (
  move_id INTEGER PRIMARY KEY,
  charge_id INTEGER NOT NULL REFERENCES charge (charge_id),
  won INTEGER NOT NULL CHECK (won <> 0),
  what TEXT NOT NULL CHECK (CASE what WHEN 'refund-by-hand' THEN 1 WHEN 'applied' THEN 1 ELSE 0 END),
  other_charge INTEGER REFERENCES charge (charge_id),
  proof TEXT NOT NULL,                         -- what shows it: a transfer's number, a receipt
  at INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK ((what = 'applied') = (other_charge IS NOT NULL)),
  CHECK (what <> 'refund-by-hand' OR (won < 0 AND proof <> ''))
) STRICT;
CREATE INDEX charge_move_of ON charge_move (charge_id);
CREATE INDEX charge_move_other ON charge_move (other_charge) WHERE other_charge IS NOT NULL;
CREATE TRIGGER charge_move_kept_u BEFORE UPDATE ON charge_move BEGIN SELECT RAISE(ABORT, 'charge_move rows never change'); END;
CREATE TRIGGER charge_move_kept_d BEFORE DELETE ON charge_move BEGIN SELECT RAISE(ABORT, 'charge_move rows are never deleted'); END;
