
-- Settlement (정산) and payouts (지급). A settlement takes rows of settlement_line, one per file and creditor or posting.
CREATE TABLE settlement (
  settlement_id INTEGER PRIMARY KEY,
  creditor INTEGER NOT NULL,
  date INTEGER NOT NULL,
  requests INTEGER NOT NULL CHECK (requests >= 0),
  successes INTEGER NOT NULL CHECK (successes >= 0),
  collected_won INTEGER NOT NULL CHECK (collected_won >= 0),
  reversed_won INTEGER NOT NULL CHECK (reversed_won >= 0),
  carried_in_won INTEGER NOT NULL CHECK (carried_in_won <= 0),
  fee_won INTEGER NOT NULL CHECK (fee_won >= 0),
  vat_won INTEGER NOT NULL CHECK (vat_won >= 0),
  net_won INTEGER NOT NULL,
  fee_above INTEGER NOT NULL CHECK (fee_above IN (0, 1)),
  through_posting INTEGER NOT NULL,            -- postings up to this one were looked at
  sheet TEXT NOT NULL,                         -- the name of its sheet in the creditor's outbox
  at INTEGER NOT NULL,
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK (net_won = collected_won - reversed_won + carried_in_won - fee_won - vat_won)
) STRICT;
CREATE UNIQUE INDEX settlement_once ON settlement (creditor, date);
CREATE TRIGGER settlement_kept_u BEFORE UPDATE ON settlement BEGIN SELECT RAISE(ABORT, 'settlements never change'); END;
CREATE TRIGGER settlement_kept_d BEFORE DELETE ON settlement BEGIN SELECT RAISE(ABORT, 'settlements are never deleted'); END;

CREATE TABLE settlement_line (
  settlement_line_id INTEGER PRIMARY KEY,
  settlement_id INTEGER REFERENCES settlement (settlement_id),  -- NULL: waits for its settlement
  creditor INTEGER NOT NULL,
  event TEXT NOT NULL CHECK (event <> ''),
  file_id INTEGER REFERENCES file (file_id),   -- the file of ours; NULL: not of a file
  date INTEGER NOT NULL,                       -- its debit date, or the day of the posting
  posting_id INTEGER REFERENCES posting (posting_id),
  requests INTEGER NOT NULL CHECK (requests >= 0),
  successes INTEGER NOT NULL CHECK (successes BETWEEN 0 AND requests),
  won INTEGER NOT NULL,                        -- below 0 where it goes back
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK ((event = 'collected') = (posting_id IS NULL)),
  CHECK (event <> 'collected' OR (file_id IS NOT NULL AND won >= 0))
) STRICT;
CREATE INDEX settlement_line_waits ON settlement_line (creditor, date) WHERE settlement_id IS NULL;
CREATE INDEX settlement_line_of ON settlement_line (settlement_id) WHERE settlement_id IS NOT NULL;
CREATE UNIQUE INDEX settlement_line_once ON settlement_line (file_id, creditor) WHERE event = 'collected';
CREATE UNIQUE INDEX settlement_line_posted ON settlement_line (posting_id) WHERE posting_id IS NOT NULL;
CREATE TRIGGER settlement_line_kept BEFORE DELETE ON settlement_line
  BEGIN SELECT RAISE(ABORT, 'settlement lines are never deleted'); END;
CREATE TRIGGER settlement_line_sealed BEFORE UPDATE ON settlement_line WHEN OLD.settlement_id IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a line is settled once'); END;

CREATE TABLE payout (
  payout_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('settlement', 'refund')),
  creditor INTEGER NOT NULL,
  channel TEXT NOT NULL,
  settlement_id INTEGER REFERENCES settlement (settlement_id),
  charge_id INTEGER REFERENCES charge (charge_id),
  won INTEGER NOT NULL CHECK (won >= 1),
  bank INTEGER NOT NULL CHECK (bank BETWEEN 0 AND 999),
  account BLOB NOT NULL CHECK (length(account) > 27),  -- sealed: personal.rs alone reads and writes it
  passbook_text TEXT NOT NULL,
  pay_on INTEGER NOT NULL,                     -- not before this day
  -- requested: waits for a file. NULL file with paid or failed: done by hand.
  state TEXT NOT NULL DEFAULT 'requested' CHECK (CASE state
      WHEN 'requested' THEN 1 WHEN 'sent' THEN 1 WHEN 'paid' THEN 1 WHEN 'failed' THEN 1 ELSE 0 END),
  file_id INTEGER REFERENCES file (file_id),
  line_no INTEGER CHECK (line_no IS NULL OR line_no >= 1),
  code TEXT NOT NULL DEFAULT '',
  again_of INTEGER REFERENCES payout (payout_id),
  requested_at INTEGER NOT NULL,
  decided_at INTEGER,
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK ((kind = 'settlement') = (settlement_id IS NOT NULL)),
  CHECK ((kind = 'refund') = (charge_id IS NOT NULL)),
  CHECK ((file_id IS NULL) = (line_no IS NULL)),
  CHECK ((state IN ('paid', 'failed')) = (decided_at IS NOT NULL))
) STRICT;
CREATE INDEX payout_waits ON payout (channel, pay_on, payout_id) WHERE state = 'requested';
CREATE UNIQUE INDEX payout_line ON payout (file_id, line_no) WHERE file_id IS NOT NULL;
CREATE UNIQUE INDEX payout_again ON payout (again_of) WHERE again_of IS NOT NULL;
CREATE UNIQUE INDEX payout_settlement ON payout (settlement_id) WHERE again_of IS NULL AND settlement_id IS NOT NULL;
CREATE INDEX payout_of_charge ON payout (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX payout_of_settlement ON payout (settlement_id) WHERE settlement_id IS NOT NULL;
CREATE TRIGGER payout_kept BEFORE DELETE ON payout BEGIN SELECT RAISE(ABORT, 'payouts are never deleted'); END;
CREATE TRIGGER payout_sealed BEFORE UPDATE OF kind, creditor, channel, settlement_id, charge_id, won, bank, pay_on, mac ON payout
  BEGIN SELECT RAISE(ABORT, 'what a payout pays never changes'); END;
