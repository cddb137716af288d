
-- The books (books/): one row per event, file and creditor, never one per line. `what` says which lines it stands for.
CREATE TABLE posting (
  posting_id INTEGER PRIMARY KEY,
  event TEXT NOT NULL CHECK (event <> ''),
  creditor INTEGER NOT NULL,
  debit TEXT NOT NULL CHECK (debit <> ''),
  credit TEXT NOT NULL CHECK (credit <> ''),
  won INTEGER NOT NULL CHECK (won >= 1),
  lines INTEGER NOT NULL CHECK (lines >= 0),
  file_id INTEGER REFERENCES file (file_id),     -- the file of ours whose lines it stands for
  cause_file INTEGER REFERENCES file (file_id),  -- the file that made it so
  month INTEGER,                                 -- of a charge
  what TEXT NOT NULL,
  at INTEGER NOT NULL,
  CHECK (debit <> credit)
) STRICT;
CREATE INDEX posting_of_file ON posting (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX posting_of ON posting (creditor, posting_id);
CREATE INDEX posting_month ON posting (month, creditor) WHERE month IS NOT NULL;
-- A file is answered once, so it is booked once.
CREATE UNIQUE INDEX posting_once ON posting (file_id, creditor, debit, credit) WHERE event = 'collected';
CREATE TRIGGER posting_kept_u BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'postings never change'); END;
CREATE TRIGGER posting_kept_d BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;
