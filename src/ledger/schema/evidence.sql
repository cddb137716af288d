
-- Evidence of consent (증빙자료), a row for each that a creditor gave; the bytes stand in the archive under their hash.
CREATE TABLE evidence (
  evidence_id INTEGER PRIMARY KEY,
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  day INTEGER NOT NULL,                        -- under which the archive keeps it
  bytes INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 307200),
  kind TEXT NOT NULL CHECK (kind <> ''),
  extension TEXT NOT NULL CHECK (extension <> ''),
  -- replaced: a newer one came; spent: an account change asks for a new one; refused: the network blames it.
  state TEXT NOT NULL DEFAULT 'kept' CHECK (CASE state
      WHEN 'kept' THEN 1 WHEN 'replaced' THEN 1 WHEN 'spent' THEN 1 WHEN 'refused' THEN 1 ELSE 0 END),
  code TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  request_file INTEGER REFERENCES file (file_id)
) STRICT;
CREATE UNIQUE INDEX evidence_kept_once ON evidence (mandate_id) WHERE state = 'kept';
CREATE INDEX evidence_of ON evidence (mandate_id, evidence_id);
CREATE TRIGGER evidence_kept_d BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence rows are never deleted'); END;

-- What a file of evidence holds: for which registration which evidence.
CREATE TABLE evidence_line (
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  line_no INTEGER NOT NULL CHECK (line_no >= 1),
  evidence_id INTEGER NOT NULL REFERENCES evidence (evidence_id),
  registration_id INTEGER NOT NULL REFERENCES registration (registration_id),
  stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0, 1)),   -- the account was corrected after it went out
  PRIMARY KEY (file_id, line_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_line_of ON evidence_line (registration_id);

-- 동의일자, 동의유형, as the list of mandates says; without a row the evidence's own type decides.
CREATE TABLE consent (
  mandate_id INTEGER PRIMARY KEY REFERENCES mandate (mandate_id),
  consented_on INTEGER,
  kind TEXT
) STRICT;
