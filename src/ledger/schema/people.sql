-- 공지사항: which text was given to which creditor, and when somebody there acknowledged it. Another text is another row.
CREATE TABLE notice (
  notice TEXT NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  creditor INTEGER NOT NULL,
  given_at INTEGER NOT NULL,
  read_at INTEGER,
  read_by TEXT NOT NULL DEFAULT '',
  file_id INTEGER REFERENCES file (file_id),
  PRIMARY KEY (notice, sha256, creditor)
) STRICT, WITHOUT ROWID;

-- Q&A: a creditor's question is its archived file.
CREATE TABLE question (
  question_id INTEGER PRIMARY KEY,
  creditor INTEGER NOT NULL,
  file_id INTEGER NOT NULL UNIQUE REFERENCES file (file_id),
  asked_at INTEGER NOT NULL,
  answered_at INTEGER,
  answered_by TEXT NOT NULL DEFAULT '',
  answer TEXT NOT NULL DEFAULT ''
) STRICT;
