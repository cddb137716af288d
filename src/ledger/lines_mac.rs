//! The seal of a file's lines: one keyed hash over number, key, mandate and amount of every line of debits, in their
//! order, with their count and sum. It stands at the file's row from the build on.
//!
//! SQLite's own check does not see an amount that was changed in the file or with another program; this does. One hash
//! for the file and not one for each row: what is true of all lines stands once (ARCHITECTURE.md 3), and a million
//! lines cost one pass that adds them up anyway.
//!
//! Must not: mend anything. A file whose lines do not fit their seal is a person's work.

use super::column::{Doing, unfit};
use super::open::{Reader, Tx};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::{Connection, Row, params};

/// Lines that are hashed together; part of what the seal means, so never changed.
const RUN: usize = 1024;

/// The lines of a file in their order.
pub(super) const LINES: &str = "SELECT line_no, collection_id, mandate_id, amount_won FROM collection
    WHERE file_id = ?1 AND line_no >= 1 ORDER BY line_no";

/// The same, with what adding up needs besides.
pub(super) const WEIGHED: &str =
    "SELECT line_no, collection_id, mandate_id, amount_won, creditor, state, collected_won
    FROM collection WHERE file_id = ?1 AND line_no >= 1 ORDER BY line_no";

/// Files whose lines were sealed, with their seals.
const SEALED: &str = "SELECT file_id, name, lines_mac FROM file WHERE lines_mac IS NOT NULL ORDER BY file_id";

/// What one pass over the lines of a file gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SealedLines {
    pub(super) lines: i64,
    pub(super) won: i64,
    pub(super) mac: [u8; 16],
}

/// Passes over the lines of a file: runs of lines, each hashed with the hash of the run before it.
pub(super) fn seal(sql: &Connection, ring: &KeyRing, file_id: i64) -> Result<SealedLines, Trouble> {
    seal_each(sql, ring, (file_id, LINES), |_| Ok(()))
}

/// The same over the rows of [`LINES`] or [`WEIGHED`]; each is handed to `each` on the way, so that who adds them up
/// reads them once.
fn seal_each(
    sql: &Connection,
    ring: &KeyRing,
    (file_id, text): (i64, &str),
    mut each: impl FnMut(&Row<'_>) -> Result<(), Trouble>,
) -> Result<SealedLines, Trouble> {
    let doing = "seal the lines of a file";
    let mut statement = sql.prepare_cached(text).doing(doing)?;
    let mut rows = statement.query([file_id]).doing(doing)?;
    let (mut lines, mut won, mut mac) = (0_i64, 0_i64, [0; 16]);
    let mut run: Vec<i64> = Vec::with_capacity(4 * RUN + 16);
    while let Some(row) = rows.next().doing(doing)? {
        for at in 0..3 {
            run.push(row.get(at).doing(doing)?);
        }
        let amount: i64 = row.get(3).doing(doing)?;
        run.push(amount);
        lines += 1;
        won = won.checked_add(amount).ok_or_else(|| unfit(doing, "the sum does not fit"))?;
        each(row)?;
        if run.len() >= 4 * RUN {
            mac = chained(ring, file_id, mac, &mut run);
        }
    }
    run.extend([lines, won]);
    mac = chained(ring, file_id, mac, &mut run);
    Ok(SealedLines { lines, won, mac })
}

/// The hash of a run, bound to the one before it; empties the run.
fn chained(ring: &KeyRing, file_id: i64, before: [u8; 16], run: &mut Vec<i64>) -> [u8; 16] {
    run.extend(before.map(i64::from));
    let mac = ring.row_mac("file.lines", file_id, run);
    run.clear();
    mac
}

impl Tx<'_> {
    /// Whether the lines of a built file are still those that were sealed; a trouble that names the file where not. A file
    /// without such lines has no seal. Every row of [`WEIGHED`] is handed to `each`.
    pub(super) fn check_each_line(
        &self,
        file_id: i64,
        each: impl FnMut(&Row<'_>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let doing = "hold the lines of a file against their seal";
        let text = "SELECT name, lines_mac FROM file WHERE file_id = ?1";
        let (name, mac): (String, Option<[u8; 16]>) = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row(params![file_id], |row| Ok((row.get(0)?, row.get(1)?))))
            .doing(doing)?;
        let now = seal_each(&self.sql, self.ring, (file_id, WEIGHED), each)?;
        if mac == Some(now.mac) || (mac.is_none() && now.lines == 0) {
            return Ok(());
        }
        Err(unfit(
            doing,
            format!("file {file_id} {name}: an amount, a mandate or a line is not what was sealed"),
        ))
    }
}

impl Reader {
    /// The sealed files whose lines are not what was sealed, one text each. Reads every line.
    pub(super) fn broken_lines(&self) -> Result<Vec<String>, Trouble> {
        let doing = "hold all lines against their seals";
        let mut statement = self.sql.prepare_cached(SEALED).doing(doing)?;
        let files = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<(i64, String, [u8; 16])>>>)
            .doing(doing)?;
        let mut found = Vec::new();
        for (file_id, name, mac) in files {
            if seal(&self.sql, &self.ring, file_id)?.mac != mac {
                found.push(format!(
                    "file {file_id} {name}: an amount, a mandate or a line is not what was sealed when it was built"
                ));
            }
        }
        Ok(found)
    }
}
