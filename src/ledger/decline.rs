//! What a creditor said about a proposal before anything was requested: not on this date. And what a proposal shows
//! beside the candidates.

use super::column::Doing;
use super::open::Tx;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use rusqlite::params;
use std::collections::{HashMap, HashSet};

impl Tx<'_> {
    /// Nothing is to be requested on the mandate for the date, said by a row of a list.
    pub fn decline(
        &self,
        mandate_id: i64,
        date: Date,
        at: Instant,
        (file, line): (i64, Option<i64>),
    ) -> Result<(), Trouble> {
        let text =
            "INSERT INTO decline (mandate_id, debit_date, at, file_id, line) VALUES (?1, ?2, ?3, ?4, ?5)
                    ON CONFLICT (debit_date, mandate_id) DO UPDATE SET at = ?3, file_id = ?4, line = ?5";
        let with = params![mandate_id, date.to_epoch_days(), at.unix_ms(), file, line];
        self.sql
            .prepare_cached(text)
            .and_then(|mut s| s.execute(with))
            .map(drop)
            .doing("note a declined date")
    }

    /// The mandates on which nothing is to be requested for the date.
    pub fn declined(&self, date: Date) -> Result<HashSet<i64>, Trouble> {
        let doing = "look for declined dates";
        let text = "SELECT mandate_id FROM decline WHERE debit_date = ?1";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([date.to_epoch_days()], |row| row.get(0)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The payers' names of these mandates.
    pub fn names_of_payers(&self, mandate_ids: &[i64]) -> Result<HashMap<i64, String>, Trouble> {
        let doing = "read the names of payers";
        let ids = serde_json::to_string(mandate_ids).map_err(|e| Trouble::new(doing, e))?;
        let text =
            "SELECT m.mandate_id, p.name FROM json_each(?1) j CROSS JOIN mandate m ON m.mandate_id = j.value
                    CROSS JOIN payer p ON p.payer_id = m.payer_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([ids], |row| Ok((row.get(0)?, row.get(1)?))).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
