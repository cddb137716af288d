-- Step 1: all tables, views and guards. Days are epoch days, months indexes, instants UTC milliseconds, money won.
-- A set of words is checked by CASE: IN (…) of three or more builds a table of them for each row that is written.

CREATE TABLE meta (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  business_ms INTEGER,                         -- high-water mark of business time; never goes back
  opened_ms INTEGER                            -- when the ledger was first worked with
) STRICT;
INSERT INTO meta (only_row) VALUES (1);

CREATE TABLE file (
  file_id INTEGER PRIMARY KEY,
  way TEXT NOT NULL CHECK (way IN ('in', 'out')),
  owner TEXT NOT NULL CHECK (owner <> ''),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  date INTEGER,
  state TEXT NOT NULL,
  sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
  bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  lines INTEGER NOT NULL DEFAULT 0 CHECK (lines >= 0),
  won INTEGER NOT NULL DEFAULT 0,
  listed_lines INTEGER NOT NULL DEFAULT 0 CHECK (listed_lines >= 0),
  failed_won INTEGER NOT NULL DEFAULT 0 CHECK (failed_won >= 0),
  partial_won INTEGER NOT NULL DEFAULT 0 CHECK (partial_won >= 0),
  absent_lines INTEGER NOT NULL DEFAULT 0 CHECK (absent_lines >= 0),
  answers INTEGER REFERENCES file (file_id),
  answered_by INTEGER REFERENCES file (file_id),
  boot_id TEXT,
  archive_day INTEGER,
  dropped_by TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  published_at INTEGER,
  taken_at INTEGER,
  answered_at INTEGER,
  due_at INTEGER,
  deadline_at INTEGER,
  overdue INTEGER NOT NULL DEFAULT 0 CHECK (overdue IN (0, 1)),
  proof TEXT,
  lines_mac BLOB CHECK (lines_mac IS NULL OR length(lines_mac) = 16),  -- ledger/lines_mac.rs; from the build on
  note TEXT NOT NULL DEFAULT '',
  report TEXT NOT NULL DEFAULT '',             -- what goes beside a decided file
  settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1, 2)),  -- a file that came: 1 rests, 2 was judged in held
  acknowledged_at INTEGER,                     -- a receipt says that the exchange accepted it
  -- What the lines of a file of ours are while they follow it (machine::collection::of_file; a test compares).
  collection_state TEXT GENERATED ALWAYS AS (CASE state
    WHEN 'planned' THEN 'requested'
    WHEN 'built' THEN 'batched' WHEN 'staged' THEN 'batched'
    WHEN 'uncertain' THEN 'batched' WHEN 'held' THEN 'batched'
    WHEN 'published' THEN 'sent' WHEN 'taken' THEN 'acknowledged' WHEN 'answered' THEN 'succeeded'
    ELSE 'missed' END) VIRTUAL,
  -- The same for a mandate that waits for its registration: answered only counts once the mandate itself moved.
  mandate_state TEXT GENERATED ALWAYS AS (CASE state
    WHEN 'built' THEN 'batched' WHEN 'staged' THEN 'batched'
    WHEN 'uncertain' THEN 'batched' WHEN 'held' THEN 'batched'
    WHEN 'published' THEN 'sent' WHEN 'taken' THEN 'acknowledged' WHEN 'answered' THEN 'acknowledged'
    ELSE 'queued' END) VIRTUAL,
  CHECK (CASE way
    WHEN 'out' THEN state IN ('planned', 'built', 'staged', 'published', 'taken', 'answered', 'uncertain', 'refused',
                              'held', 'missed', 'emptied')
    ELSE state IN ('claimed', 'applied', 'rejected', 'held', 'duplicate') END)
) STRICT;
-- One outgoing file per channel, kind and date (decisions.md 2); a refused one may be followed by another.
CREATE UNIQUE INDEX file_out_once ON file (owner, kind, date) WHERE way = 'out' AND state <> 'refused';
CREATE INDEX file_named ON file (owner, name);
CREATE INDEX file_bytes ON file (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX file_dated ON file (date);
CREATE INDEX file_open ON file (way, state);

CREATE INDEX file_unsettled ON file (owner, name) WHERE way = 'in' AND settled = 0;
CREATE INDEX file_judged ON file (file_id) WHERE settled = 2;

-- Answers to creditors and operators, owed from the commit that decided until they lie in the outbox.
CREATE TABLE answer (
  answer_id INTEGER PRIMARY KEY,
  file_id INTEGER REFERENCES file (file_id),
  owner TEXT NOT NULL,
  name TEXT NOT NULL CHECK (name <> ''),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  day INTEGER NOT NULL,
  given INTEGER NOT NULL DEFAULT 0 CHECK (given IN (0, 1))
) STRICT;
CREATE INDEX answer_owed ON answer (answer_id) WHERE given = 0;

CREATE TABLE file_step (
  file_step_id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  at INTEGER NOT NULL,
  happening TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  cause TEXT NOT NULL
) STRICT;
CREATE INDEX file_step_of ON file_step (file_id, file_step_id);

CREATE TABLE payer (
  payer_id INTEGER PRIMARY KEY,
  creditor INTEGER NOT NULL,
  payer_no TEXT NOT NULL,
  name TEXT NOT NULL,
  phone BLOB NOT NULL,                         -- sealed, as account and id_no of mandate: personal.rs alone reads and writes
  email BLOB NOT NULL,
  payer_group TEXT NOT NULL,
  attributes TEXT NOT NULL,                    -- JSON list of [heading, text]
  made_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX payer_numbered ON payer (payer_no, creditor);

CREATE TABLE serial (
  channel TEXT PRIMARY KEY,
  last INTEGER NOT NULL CHECK (last >= 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE mandate (
  mandate_id INTEGER PRIMARY KEY,
  payer_id INTEGER NOT NULL REFERENCES payer (payer_id),
  creditor INTEGER NOT NULL,
  channel TEXT NOT NULL,
  bank_payer_no TEXT NOT NULL,
  item TEXT NOT NULL,
  -- Batched, sent and acknowledged are never stored: they are the registration's file's (view mandate_now).
  state TEXT NOT NULL CHECK (CASE state
      WHEN 'billed' THEN 1 WHEN 'draft' THEN 1 WHEN 'queued' THEN 1 WHEN 'active' THEN 1 WHEN 'rejected' THEN 1
      WHEN 'suspended' THEN 1 WHEN 'changing' THEN 1 WHEN 'severed' THEN 1
      WHEN 'cancelling' THEN 1 WHEN 'ended' THEN 1 ELSE 0 END),
  reason TEXT,
  active_on INTEGER,
  registration_id INTEGER,                     -- the current one; the audit checks it, a key here would cost an index
  limit_won INTEGER NOT NULL CHECK (limit_won >= 0),
  monthly_won INTEGER NOT NULL CHECK (monthly_won >= 0),
  first_month INTEGER NOT NULL,
  last_month INTEGER,
  due_day INTEGER NOT NULL,
  bank INTEGER CHECK (bank IS NULL OR bank BETWEEN 0 AND 999),  -- NULL: none is known (billed, or ended as such)
  account BLOB CHECK (account IS NULL OR length(account) > 27),  -- sealed: personal.rs alone reads and writes these two
  id_no BLOB CHECK (id_no IS NULL OR length(id_no) > 27),
  holder TEXT NOT NULL,
  no_retry INTEGER NOT NULL CHECK (no_retry IN (0, 1)),
  mode TEXT,                                   -- 출금형태; NULL is the channel's
  service TEXT NOT NULL,                       -- the debit service by its name in the profile; '' is the creditor's own
  made_at INTEGER NOT NULL,
  request_file INTEGER REFERENCES file (file_id),
  request_line INTEGER,
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK (state IN ('ended', 'severed') OR reason IS NULL),
  CHECK ((bank IS NULL) = (account IS NULL) AND (bank IS NULL) = (id_no IS NULL)),
  CHECK (CASE state WHEN 'billed' THEN 1 WHEN 'ended' THEN 1 ELSE bank IS NOT NULL END)
) STRICT;
CREATE UNIQUE INDEX mandate_on_wire ON mandate (bank_payer_no, channel);
CREATE UNIQUE INDEX mandate_live_once ON mandate (payer_id, item) WHERE state <> 'ended';
CREATE INDEX mandate_of_payer ON mandate (payer_id, item, mandate_id);
CREATE INDEX mandate_standing ON mandate (creditor, state, mandate_id);
CREATE INDEX mandate_requested ON mandate (request_file) WHERE request_file IS NOT NULL;

CREATE TABLE registration (
  registration_id INTEGER PRIMARY KEY,
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  channel TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('register', 'cancel')),
  file_id INTEGER REFERENCES file (file_id),
  line_no INTEGER CHECK (line_no IS NULL OR line_no >= 1),
  -- NULL follows the file. requeued: its file did not stand, another line took its place.
  state TEXT CHECK (CASE state
      WHEN 'active' THEN 1 WHEN 'rejected' THEN 1 WHEN 'draft' THEN 1 WHEN 'done' THEN 1 WHEN 'refused' THEN 1
      WHEN 'withdrawn' THEN 1 WHEN 'requeued' THEN 1 ELSE state IS NULL END),
  code TEXT NOT NULL DEFAULT '',
  result_file INTEGER REFERENCES file (file_id),
  result_line INTEGER,
  queued_at INTEGER NOT NULL,
  request_file INTEGER REFERENCES file (file_id),
  request_line INTEGER,
  again_of INTEGER REFERENCES registration (registration_id),
  waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1)),     -- until no debit of the mandate is on its way
  change_id INTEGER REFERENCES account_change (change_id),      -- the line names an account of it, not the mandate's
  CHECK ((file_id IS NULL) = (line_no IS NULL))
) STRICT;
CREATE UNIQUE INDEX registration_line ON registration (file_id, line_no) WHERE file_id IS NOT NULL;
CREATE UNIQUE INDEX registration_queued_once ON registration (mandate_id, kind, coalesce(change_id, 0))
  WHERE file_id IS NULL AND state IS NULL;
CREATE INDEX registration_queue ON registration (channel, registration_id) WHERE file_id IS NULL AND state IS NULL;
CREATE INDEX registration_again ON registration (again_of) WHERE again_of IS NOT NULL;
CREATE INDEX registration_changing ON registration (change_id) WHERE change_id IS NOT NULL;
CREATE INDEX registration_of ON registration (mandate_id, registration_id);

CREATE TABLE charge (
  charge_id INTEGER PRIMARY KEY,
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  creditor INTEGER NOT NULL,
  month INTEGER NOT NULL,
  amount_won INTEGER NOT NULL CHECK (amount_won >= 1),
  paid_won INTEGER NOT NULL DEFAULT 0 CHECK (paid_won >= 0),
  -- By what is recorded on the row itself; an attached success counts on top (view charge_now).
  state TEXT NOT NULL DEFAULT 'open'
    CHECK (CASE state
      WHEN 'open' THEN 1 WHEN 'partly-paid' THEN 1 WHEN 'paid' THEN 1 WHEN 'overpaid' THEN 1 WHEN 'written-off' THEN 1
      WHEN 'cancelled' THEN 1 ELSE 0 END),
  debit_date INTEGER NOT NULL,
  -- The live or successful attempt that holds it. No foreign key, nor on result_file of a collection: a key on a column
  -- that an UPDATE sets makes SQLite gather rows first and keep a journal of each statement; the audit looks instead.
  collection_id INTEGER,
  attached_won INTEGER CHECK (attached_won IS NULL OR attached_won >= 1),
  fails INTEGER NOT NULL DEFAULT 0 CHECK (fails >= 0),
  last_code TEXT NOT NULL DEFAULT '',
  made_at INTEGER NOT NULL,
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  CHECK ((collection_id IS NULL) = (attached_won IS NULL))
) STRICT;
CREATE UNIQUE INDEX charge_once ON charge (mandate_id, month);
CREATE INDEX charge_month ON charge (month, creditor);
CREATE INDEX charge_free ON charge (creditor, mandate_id, month)
  WHERE collection_id IS NULL AND state IN ('open', 'partly-paid');
-- An attempt of the limit's size holds it, and something is left when that succeeds.
CREATE INDEX charge_short ON charge (collection_id)
  WHERE collection_id IS NOT NULL AND attached_won < amount_won - paid_won;

CREATE TABLE collection (
  collection_id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES file (file_id),
  line_no INTEGER CHECK (line_no IS NULL OR line_no >= 1),      -- NULL once it was left out
  mandate_id INTEGER NOT NULL REFERENCES mandate (mandate_id),
  creditor INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('regular', 'retry')),
  amount_won INTEGER NOT NULL CHECK (amount_won >= 1),
  -- State NULL follows the file.
  state TEXT CHECK (CASE state
      WHEN 'excluded' THEN 1 WHEN 'withdrawn' THEN 1 WHEN 'missed' THEN 1 WHEN 'succeeded' THEN 1
      WHEN 'partial' THEN 1 WHEN 'failed' THEN 1 WHEN 'reversed' THEN 1 ELSE state IS NULL END),
  collected_won INTEGER CHECK (collected_won IS NULL OR collected_won BETWEEN 0 AND amount_won),
  code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  result_file INTEGER,                         -- see charge.collection_id
  result_line INTEGER,
  requested_at INTEGER NOT NULL,
  request_file INTEGER REFERENCES file (file_id),
  request_line INTEGER,
  mode TEXT,                                   -- 출금형태 as requested; NULL is the channel's
  again_of INTEGER REFERENCES collection (collection_id),       -- whose place it took when a file did not stand
  -- Kept free for what its result will say (ledger/outcome.rs): the row then keeps its size, and no page is split.
  room BLOB NOT NULL DEFAULT (x'0000000000000000000000000000000000000000'),
  CHECK (line_no IS NOT NULL OR state IN ('excluded', 'withdrawn')),
  CHECK (state IS NOT 'partial' OR collected_won IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX collection_line ON collection (file_id, line_no);
CREATE INDEX collection_of ON collection (mandate_id, collection_id);
CREATE INDEX collection_again ON collection (again_of) WHERE again_of IS NOT NULL;
CREATE INDEX collection_requested ON collection (request_file) WHERE request_file IS NOT NULL;

CREATE TABLE allocation (
  collection_id INTEGER NOT NULL REFERENCES collection (collection_id),
  charge_id INTEGER NOT NULL REFERENCES charge (charge_id),
  won INTEGER NOT NULL CHECK (won >= 1),
  collected_won INTEGER CHECK (collected_won IS NULL OR collected_won BETWEEN 0 AND won),
  mac INTEGER NOT NULL,                        -- ledger/money_seal.rs
  PRIMARY KEY (collection_id, charge_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocation_of ON allocation (charge_id);

CREATE TABLE event (
  event_id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL CHECK (CASE subject
      WHEN 'payer' THEN 1 WHEN 'mandate' THEN 1 WHEN 'charge' THEN 1 WHEN 'collection' THEN 1 WHEN 'file' THEN 1
      WHEN 'due' THEN 1 WHEN 'order' THEN 1 WHEN 'key' THEN 1 ELSE 0 END),
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  happening TEXT NOT NULL CHECK (happening <> ''),
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  file_id INTEGER REFERENCES file (file_id),
  line INTEGER,
  code TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;
CREATE INDEX event_of ON event (subject, id, event_id);

CREATE TABLE due (
  due_id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  job TEXT NOT NULL,
  date INTEGER NOT NULL,
  opens_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  deadline_at INTEGER,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (CASE state
      WHEN 'waiting' THEN 1 WHEN 'done' THEN 1 WHEN 'missed' THEN 1 ELSE 0 END),
  done_at INTEGER,
  note TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'waiting') = (done_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX due_once ON due (owner, job, date);
CREATE INDEX due_next ON due (due_at, owner, job, date) WHERE state = 'waiting';

CREATE TABLE alert (
  alert_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL CHECK (name <> ''),
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  cleared_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alert_open_once ON alert (name, subject) WHERE cleared_at IS NULL;

CREATE VIEW collection_now AS
  SELECT k.*, f.date AS debit_date,
    COALESCE(k.state, f.collection_state) AS state_now,
    CASE COALESCE(k.state, f.collection_state)
      WHEN 'succeeded' THEN k.amount_won WHEN 'partial' THEN k.collected_won ELSE 0 END AS collected_now
  FROM collection k JOIN file f ON f.file_id = k.file_id;

CREATE VIEW charge_now AS
  SELECT *, CASE WHEN state IN ('written-off', 'cancelled') AND paid_now <= amount_won THEN state
      WHEN paid_now > amount_won THEN 'overpaid' WHEN paid_now = amount_won THEN 'paid'
      WHEN paid_now > 0 THEN 'partly-paid' ELSE 'open' END AS state_now
  FROM (SELECT h.*, COALESCE(k.state, f.collection_state) AS attempt_state,
      h.paid_won + CASE COALESCE(k.state, f.collection_state)
        WHEN 'succeeded' THEN h.attached_won ELSE 0 END AS paid_now
    FROM charge h LEFT JOIN collection k ON k.collection_id = h.collection_id
    LEFT JOIN file f ON f.file_id = k.file_id);

CREATE VIEW mandate_now AS
  SELECT m.*, CASE WHEN m.state = 'queued' AND r.kind = 'register'
      THEN COALESCE(f.mandate_state, 'queued') ELSE m.state END AS state_now
  FROM mandate m LEFT JOIN registration r ON r.registration_id = m.registration_id
  LEFT JOIN file f ON f.file_id = r.file_id;

CREATE VIEW registration_now AS
  SELECT r.*, COALESCE(r.state,
      CASE WHEN f.state = 'answered' THEN CASE r.kind WHEN 'register' THEN 'active' ELSE 'done' END
        ELSE COALESCE(f.mandate_state, 'queued') END) AS state_now
  FROM registration r LEFT JOIN file f ON f.file_id = r.file_id;

-- The journal is written once.
CREATE TRIGGER event_kept_u BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'event rows never change'); END;
CREATE TRIGGER event_kept_d BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'event rows are never deleted'); END;
CREATE TRIGGER file_step_kept_u BEFORE UPDATE ON file_step BEGIN SELECT RAISE(ABORT, 'file_step rows never change'); END;
CREATE TRIGGER file_step_kept_d BEFORE DELETE ON file_step BEGIN SELECT RAISE(ABORT, 'file_step rows are never deleted'); END;
-- Nothing that was recorded disappears (product.md I8).
CREATE TRIGGER file_kept BEFORE DELETE ON file BEGIN SELECT RAISE(ABORT, 'file rows are never deleted'); END;
CREATE TRIGGER payer_kept BEFORE DELETE ON payer BEGIN SELECT RAISE(ABORT, 'payer rows are never deleted'); END;
CREATE TRIGGER mandate_kept BEFORE DELETE ON mandate BEGIN SELECT RAISE(ABORT, 'mandate rows are never deleted'); END;
CREATE TRIGGER registration_kept BEFORE DELETE ON registration BEGIN SELECT RAISE(ABORT, 'registration rows are never deleted'); END;
CREATE TRIGGER charge_kept BEFORE DELETE ON charge BEGIN SELECT RAISE(ABORT, 'charge rows are never deleted'); END;
CREATE TRIGGER collection_kept BEFORE DELETE ON collection BEGIN SELECT RAISE(ABORT, 'collection rows are never deleted'); END;
CREATE TRIGGER allocation_kept BEFORE DELETE ON allocation BEGIN SELECT RAISE(ABORT, 'allocation rows are never deleted'); END;
-- A number on the wire belongs to one mandate for ever (decisions.md 3).
CREATE TRIGGER mandate_number_kept BEFORE UPDATE OF payer_id, channel, bank_payer_no ON mandate
  BEGIN SELECT RAISE(ABORT, 'the number of a mandate never changes'); END;
-- A line belongs to one file and one attempt (product.md I4).
CREATE TRIGGER collection_sealed BEFORE UPDATE OF file_id, mandate_id, amount_won ON collection
  BEGIN SELECT RAISE(ABORT, 'file, mandate and amount of a collection never change'); END;
CREATE TRIGGER allocation_sealed BEFORE UPDATE OF collection_id, charge_id, won, mac ON allocation
  BEGIN SELECT RAISE(ABORT, 'an allocation never changes'); END;
