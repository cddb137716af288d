-- Applications that came in at banks (은행접수 신청): one row for each line of a file, decided and answered set by set. Account
-- and identity numbers are not copied: they stand in the archived file, which is read again when the answer is built.
CREATE TABLE application (
  application_id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  line_no INTEGER NOT NULL CHECK (line_no >= 1),
  set_line INTEGER NOT NULL CHECK (set_line >= 1 AND set_line <= line_no),   -- the first line of its set
  kind TEXT NOT NULL CHECK (kind IN ('register', 'cancel', 'forced-cancel')),
  bank_payer_no TEXT NOT NULL,
  mandate_id INTEGER REFERENCES mandate (mandate_id),                       -- NULL: the number is none of ours
  state TEXT NOT NULL CHECK (state IN ('undecided', 'accepted', 'refused')),
  code TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '',
  decided_by TEXT NOT NULL DEFAULT '',                                      -- empty: by rule
  answer_file INTEGER REFERENCES file (file_id),                            -- ours; what was accepted took effect with it
  CHECK ((state = 'refused') = (code <> ''))
) STRICT;
CREATE UNIQUE INDEX application_line ON application (file_id, line_no);
CREATE INDEX application_undecided ON application (channel, file_id) WHERE state = 'undecided';
CREATE INDEX application_of ON application (mandate_id) WHERE mandate_id IS NOT NULL;
CREATE TRIGGER application_kept BEFORE DELETE ON application
  BEGIN SELECT RAISE(ABORT, 'application rows are never deleted'); END;
