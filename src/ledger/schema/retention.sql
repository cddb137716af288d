
-- What was deleted from the archive when its time was over (보존기간): the ledger keeps that it was there, and its hash.
CREATE TABLE retired (
  day INTEGER NOT NULL,                        -- under which the archive kept it
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  decided_at INTEGER NOT NULL,
  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),   -- 0: decided, and may still lie there
  PRIMARY KEY (day, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX retired_waits ON retired (day) WHERE gone = 0;
CREATE TRIGGER retired_kept BEFORE DELETE ON retired BEGIN SELECT RAISE(ABORT, 'retired rows are never deleted'); END;
CREATE TRIGGER retired_sealed BEFORE UPDATE OF day, sha256, decided_at ON retired
  BEGIN SELECT RAISE(ABORT, 'what was deleted never changes'); END;
