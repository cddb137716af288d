-- Changes of account (계좌변경): the old and the new account, as the lines of registration files name them. The old one is kept
-- here when the mandate has moved on. Sealed: personal.rs alone reads and writes accounts and identity numbers.
CREATE TABLE account_change (
  change_id INTEGER PRIMARY KEY,
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  state TEXT NOT NULL CHECK (CASE state
      WHEN 'waiting' THEN 1 WHEN 'asked' THEN 1 WHEN 'switched' THEN 1 WHEN 'kept' THEN 1 WHEN 'ended' THEN 1
      WHEN 'withdrawn' THEN 1 ELSE 0 END),
  old_bank INTEGER NOT NULL CHECK (old_bank BETWEEN 0 AND 999),
  old_account BLOB NOT NULL CHECK (length(old_account) > 27),
  old_id_no BLOB NOT NULL CHECK (length(old_id_no) > 27),
  new_bank INTEGER NOT NULL CHECK (new_bank BETWEEN 0 AND 999),
  new_account BLOB NOT NULL CHECK (length(new_account) > 27),
  new_id_no BLOB NOT NULL CHECK (length(new_id_no) > 27),
  new_holder TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  request_file INTEGER REFERENCES file (file_id),
  request_line INTEGER
) STRICT;
-- At most one of a mandate is open.
CREATE UNIQUE INDEX account_change_once ON account_change (mandate_id) WHERE state IN ('waiting', 'asked');
CREATE INDEX account_change_of ON account_change (mandate_id, change_id);
CREATE TRIGGER account_change_kept BEFORE DELETE ON account_change
  BEGIN SELECT RAISE(ABORT, 'account_change rows are never deleted'); END;
CREATE TRIGGER account_change_sealed BEFORE UPDATE OF mandate_id, old_bank, new_bank ON account_change
  BEGIN SELECT RAISE(ABORT, 'the accounts of a change never change'); END;
