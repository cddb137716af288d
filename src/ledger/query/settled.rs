//! What belongs to one settlement (정산): what was posted for it, and how its payouts went out.
//!
//! Must not: add anything up; a settlement's sums stand in its own row.

use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::books::{self, PostingRow};
use crate::ledger::column::{self, Doing};
use crate::ledger::open::Reader;
use crate::ledger::payout::{PayoutRow, REFERENCE, payout_rows_of};
use rusqlite::params;
use std::collections::BTreeMap;

/// A payout of a settlement with its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutFound {
    /// The payout, without its account.
    pub row: PayoutRow,
    /// The file of ours that carried it, and its line there.
    pub file: Option<(i64, i64)>,
    /// The failed payout whose place it took.
    pub again_of: Option<i64>,
    /// When it was asked for.
    pub requested_at: Instant,
    /// When the bank or a person said what became of it.
    pub decided_at: Option<Instant>,
}

impl Reader {
    /// What was posted for a settlement, oldest first: for the files that it took, its other lines, itself and its payouts.
    pub fn postings_of_settlement(&self, settlement_id: i64) -> Result<Vec<PostingRow>, Trouble> {
        let doing = "read the postings of a settlement";
        // A posting of the settlement itself or of a payment names it in `what`, and comes after those that it looked at.
        let text = format!(
            "SELECT {columns} FROM posting WHERE posting_id IN (
               SELECT posting_id FROM settlement_line WHERE settlement_id = ?1 AND posting_id IS NOT NULL
               UNION SELECT p.posting_id FROM settlement_line l CROSS JOIN posting p ON p.file_id = l.file_id
                 AND p.creditor = l.creditor AND p.event = l.event
                 WHERE l.settlement_id = ?1 AND l.posting_id IS NULL
               UNION SELECT p.posting_id FROM settlement s CROSS JOIN posting p ON p.creditor = s.creditor
                 AND p.posting_id > s.through_posting
                 WHERE s.settlement_id = ?1 AND (p.what = 'settlement ' || ?1 OR p.what IN
                   (SELECT printf('{REFERENCE}', o.payout_id) FROM payout o WHERE o.settlement_id = ?1)))
             ORDER BY posting_id",
            columns = books::COLUMNS
        );
        let mut statement = self.sql.prepare(&text).doing(doing)?;
        let rows = statement.query_map([settlement_id], books::posting).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The payouts of a settlement with their ways out, oldest first.
    pub fn payouts_found(&self, settlement_id: i64) -> Result<Vec<PayoutFound>, Trouble> {
        let doing = "read how a settlement was paid";
        let text = "SELECT payout_id, file_id, line_no, again_of, requested_at, decided_at FROM payout
                    WHERE settlement_id = ?1";
        let mut rows: BTreeMap<i64, PayoutRow> =
            payout_rows_of(&self.sql, settlement_id)?.into_iter().map(|row| (row.payout_id, row)).collect();
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let mut asked = statement.query(params![settlement_id]).doing(doing)?;
        let mut found = Vec::new();
        while let Some(row) = asked.next().doing(doing)? {
            let Some(payout) = rows.remove(&row.get(0).doing(doing)?) else { continue };
            let (file, line): (Option<i64>, Option<i64>) =
                (row.get(1).doing(doing)?, row.get(2).doing(doing)?);
            found.push(PayoutFound {
                row: payout,
                file: file.zip(line),
                again_of: row.get(3).doing(doing)?,
                requested_at: column::instant(row, 4).doing(doing)?,
                decided_at: column::opt_instant(row, 5).doing(doing)?,
            });
        }
        found.sort_unstable_by_key(|payout| payout.row.payout_id);
        Ok(found)
    }
}
