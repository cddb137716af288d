
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
