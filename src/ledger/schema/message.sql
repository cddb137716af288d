-- Messages to payers (SMS관리). One per event and payer for ever: the key is what keeps a message from going twice.
CREATE TABLE message (
  message_id INTEGER PRIMARY KEY,
  event TEXT NOT NULL CHECK (event IN ('pre-notification', 'failed', 'paid', 'by-hand')),
  about TEXT NOT NULL CHECK (about <> ''),     -- 'charge 7 20458', 'collection 12', 'order 40'
  creditor INTEGER NOT NULL,
  payer_id INTEGER NOT NULL REFERENCES payer (payer_id),
  phone BLOB NOT NULL,                         -- sealed: personal.rs alone reads and writes it
  text TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  send_at INTEGER NOT NULL,                    -- not before: the end of the quiet hours
  file_id INTEGER REFERENCES file (file_id),   -- the list that it goes in; NULL waits
  -- NULL follows the list. refused: the gateway did not take the list. withdrawn: the payer wanted no messages any more before it
  -- came into one.
  state TEXT CHECK (state IS NULL OR state IN ('delivered', 'failed', 'refused', 'withdrawn')),
  code TEXT NOT NULL DEFAULT '',
  told_at INTEGER,
  told_by INTEGER REFERENCES file (file_id),
  CHECK (CASE state WHEN 'withdrawn' THEN file_id IS NULL ELSE state IS NULL OR file_id IS NOT NULL END)
) STRICT;
CREATE UNIQUE INDEX message_once ON message (payer_id, event, about);
CREATE INDEX message_waits ON message (send_at) WHERE file_id IS NULL AND state IS NULL;
CREATE INDEX message_in ON message (file_id, message_id) WHERE file_id IS NOT NULL;
