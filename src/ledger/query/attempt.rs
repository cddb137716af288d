//! The lines that stood for one request: for the proof that it went to the bank once (`sunap prove`, product.md N8).
//!
//! Must not: judge; it lists.

use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::open::Reader;
use crate::machine::collection::State;

/// A line that asks for money of the same charges, or took such a line's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The collection.
    pub collection_id: i64,
    /// Its file.
    pub file_id: i64,
    /// Its line there; `None` where it was left out.
    pub line_no: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// Whether it is the same request: the one asked for, the one whose place it took, or the one that took its place.
    pub same_request: bool,
}

impl Reader {
    /// All lines of the same request as a collection, and all others that asked for the same charges, oldest first.
    pub fn attempts_of(&self, collection_id: i64) -> Result<Vec<Attempt>, Trouble> {
        let doing = "look for the lines of a request";
        let text = "WITH RECURSIVE
            before(id) AS (SELECT ?1 UNION
              SELECT k.again_of FROM collection k JOIN before b ON k.collection_id = b.id WHERE k.again_of IS NOT NULL),
            same(id) AS (SELECT id FROM before UNION
              SELECT k.collection_id FROM collection k JOIN same s ON k.again_of = s.id),
            every(id) AS (SELECT id FROM same UNION
              SELECT o.collection_id FROM allocation a JOIN allocation o ON o.charge_id = a.charge_id
              WHERE a.collection_id IN (SELECT id FROM same))
            SELECT k.collection_id, k.file_id, k.line_no, k.state_now, k.collection_id IN (SELECT id FROM same)
            FROM every e JOIN collection_now k ON k.collection_id = e.id ORDER BY k.collection_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([collection_id], |row| {
            Ok(Attempt {
                collection_id: row.get(0)?,
                file_id: row.get(1)?,
                line_no: row.get(2)?,
                state: column::word(row, 3, State::from_word)?,
                same_request: row.get(4)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
