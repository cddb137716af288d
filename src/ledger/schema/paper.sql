-- Papers (출력) that were issued, each with the next number of its creditor, kind and year. The same content for the same
-- payer is the same paper: printed again (재발행), it keeps its number.
CREATE TABLE paper (
  paper_id INTEGER PRIMARY KEY,
  creditor INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('receipt', 'bill', 'arrears', 'refund')),
  year INTEGER NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  payer_no TEXT NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32),   -- hash of its rows
  won INTEGER NOT NULL,
  issued_on INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file (file_id),   -- the order
  again INTEGER NOT NULL DEFAULT 0 CHECK (again >= 0),  -- how often it was printed again
  UNIQUE (creditor, kind, year, number),
  UNIQUE (creditor, kind, payer_no, content)
) STRICT;

-- Which charges stand on a numbered paper: money that stands on a receipt already is marked on a later one.
CREATE TABLE paper_line (
  charge_id INTEGER NOT NULL REFERENCES charge (charge_id),
  paper_id INTEGER NOT NULL REFERENCES paper (paper_id),
  PRIMARY KEY (charge_id, paper_id)
) STRICT, WITHOUT ROWID;
