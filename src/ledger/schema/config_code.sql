
-- Items and groups that the configuration has had: one that is gone is looked for among mandates and payers (F07, F08).
CREATE TABLE config_code (
  creditor INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('item', 'group')),
  code TEXT NOT NULL CHECK (code <> ''),
  PRIMARY KEY (creditor, kind, code)
) STRICT, WITHOUT ROWID;
