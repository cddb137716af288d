-- What lines of an answer that lists all say alike stands at our file (ledger/outcome.rs): their code, and the record of the
-- answer that would be that of line 0. Such a line has no outcome of its own.
ALTER TABLE file ADD COLUMN listed_code TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN listed_from INTEGER;

DROP VIEW collection_now;
CREATE VIEW collection_now AS
  SELECT k.*, f.date AS debit_date,
    COALESCE(k.state, f.collection_state) AS state_now,
    CASE COALESCE(k.state, f.collection_state)
      WHEN 'succeeded' THEN k.amount_won WHEN 'partial' THEN k.collected_won ELSE 0 END AS collected_now,
    CASE WHEN k.state IS NULL THEN f.listed_code ELSE k.code END AS code_now,
    CASE WHEN k.result_file IS NULL AND (k.state IS NULL OR k.state = 'reversed') THEN k.line_no + f.listed_from
      ELSE k.result_line END AS result_line_now
  FROM collection k JOIN file f ON f.file_id = k.file_id;

-- Few rows: what may be overpaid, so that nobody reads all charges to add it up.
CREATE INDEX charge_over ON charge (creditor) WHERE amount_won < paid_won + coalesce(attached_won, 0);

-- Few rows: files that an order had judged again (engine/witness.rs).
CREATE INDEX file_step_by_order ON file_step (file_id) WHERE happening = 'claimed' AND cause <> '';
