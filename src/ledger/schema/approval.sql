
-- People: what waits for a second person, and every user whom the journal knows (docs/rights.md).
CREATE TABLE approval (
  approval_id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES file (file_id),  -- the proposed order or list, held until it is decided
  deed TEXT NOT NULL CHECK (deed <> ''),               -- the right that it asks for
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),    -- what was proposed, byte for byte
  proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
  proposed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL CHECK (expires_at > proposed_at),
  state TEXT NOT NULL DEFAULT 'proposed' CHECK (CASE state
      WHEN 'proposed' THEN 1 WHEN 'approved' THEN 1 WHEN 'declined' THEN 1 WHEN 'expired' THEN 1 ELSE 0 END),
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at INTEGER,
  decision_no INTEGER,                                 -- 1, 2, … in the order of the decisions
  decided_sha256 BLOB,                                 -- the order that said so; a crash finds by it what it was doing
  -- Two people, not one twice: held here too.
  CHECK (state <> 'approved' OR (decided_by <> '' AND decided_by <> proposed_by)),
  CHECK ((state = 'proposed') = (decided_at IS NULL)),
  CHECK ((state = 'proposed') = (decision_no IS NULL))
) STRICT;
CREATE UNIQUE INDEX approval_of ON approval (file_id);
CREATE UNIQUE INDEX approval_decisions ON approval (decision_no) WHERE decision_no IS NOT NULL;
CREATE INDEX approval_open ON approval (expires_at) WHERE state = 'proposed';
CREATE TRIGGER approval_sealed BEFORE UPDATE OF file_id, deed, sha256, proposed_by, proposed_at, expires_at ON approval
  BEGIN SELECT RAISE(ABORT, 'what was proposed never changes'); END;
CREATE TRIGGER approval_decided BEFORE UPDATE ON approval WHEN OLD.state <> 'proposed'
  BEGIN SELECT RAISE(ABORT, 'a proposal is decided once'); END;
CREATE TRIGGER approval_kept BEFORE DELETE ON approval BEGIN SELECT RAISE(ABORT, 'approvals are never deleted'); END;

CREATE TABLE known_user (
  user_id TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER known_user_kept BEFORE DELETE ON known_user BEGIN SELECT RAISE(ABORT, 'users stay known'); END;
