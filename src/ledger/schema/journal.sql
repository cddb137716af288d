
-- The chain of the journal (ledger/journal.rs): one link per commit that journaled anything, over the rows since the link
-- before it; and the root of each day, which also lies outside in state/roots (docs/rights.md).
CREATE TABLE link (
  link_id INTEGER PRIMARY KEY,
  date INTEGER NOT NULL,
  at INTEGER NOT NULL,
  -- The highest key that the link covers, per table of the journal.
  events INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  postings INTEGER NOT NULL,
  proposals INTEGER NOT NULL,
  decisions INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  checks BLOB NOT NULL,                        -- eight bytes for each row, in order: they tell which one differs
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX link_dated ON link (date, link_id);
CREATE TRIGGER link_kept_u BEFORE UPDATE ON link BEGIN SELECT RAISE(ABORT, 'links never change'); END;
CREATE TRIGGER link_kept_d BEFORE DELETE ON link BEGIN SELECT RAISE(ABORT, 'links are never deleted'); END;

CREATE TABLE root (
  date INTEGER PRIMARY KEY,
  link_id INTEGER NOT NULL REFERENCES link (link_id),
  hash BLOB NOT NULL CHECK (length(hash) = 32),          -- of that link
  previous BLOB NOT NULL CHECK (length(previous) = 32),  -- the seal of the root before it
  seal BLOB NOT NULL CHECK (length(seal) = 32),
  written INTEGER NOT NULL DEFAULT 0 CHECK (written IN (0, 1))
) STRICT;
CREATE INDEX root_unwritten ON root (date) WHERE written = 0;
CREATE TRIGGER root_sealed BEFORE UPDATE OF date, link_id, hash, previous, seal ON root
  BEGIN SELECT RAISE(ABORT, 'roots never change'); END;
CREATE TRIGGER root_kept BEFORE DELETE ON root BEGIN SELECT RAISE(ABORT, 'roots are never deleted'); END;

-- A change of the configuration: which keys, by whom; never their values.
CREATE TABLE config_change (
  config_change_id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  file TEXT NOT NULL CHECK (file <> ''),
  by_whom TEXT NOT NULL,
  old_sha256 BLOB CHECK (old_sha256 IS NULL OR length(old_sha256) = 32),
  new_sha256 BLOB CHECK (new_sha256 IS NULL OR length(new_sha256) = 32),
  keys TEXT NOT NULL,                          -- which came (+), went (-), changed (~)
  outline TEXT NOT NULL                        -- all keys of the new text, each with a keyed hash of its value
) STRICT;
CREATE INDEX config_change_of ON config_change (file, config_change_id);
CREATE TRIGGER config_change_kept_u BEFORE UPDATE ON config_change BEGIN SELECT RAISE(ABORT, 'changes never change'); END;
CREATE TRIGGER config_change_kept_d BEFORE DELETE ON config_change BEGIN SELECT RAISE(ABORT, 'changes are never deleted'); END;
