//! Mandates that ended at their banks, and what stands in their place.

use super::column::{self, Doing};
use super::mandate::MandateFacts;
use super::open::Tx;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::machine::mandate::EndReason;
use rusqlite::OptionalExtension;

impl Tx<'_> {
    /// When a mandate last ended.
    pub fn ended_when(&self, mandate_id: i64) -> Result<Option<Instant>, Trouble> {
        let text = "SELECT max(at) FROM event WHERE subject = 'mandate' AND id = ?1 AND to_state = 'ended'
                    HAVING max(at) IS NOT NULL";
        let one = self.sql.prepare_cached(text);
        one.and_then(|mut s| s.query_row([mandate_id], |row| column::instant(row, 0)).optional())
            .doing("look up when a mandate ended")
    }

    /// The other live mandate of the payer and item of this one.
    pub fn live_beside(&self, mandate_id: i64) -> Result<Option<MandateFacts>, Trouble> {
        let rest = "m.state <> 'ended'";
        Ok(self.beside(mandate_id, rest)?.pop())
    }

    /// The mandate of the same payer, item and account that ended at the bank before this one was made.
    pub fn ended_at_bank_before(&self, mandate_id: i64) -> Result<Option<MandateFacts>, Trouble> {
        let Some(this) = self.mandate(mandate_id)? else { return Ok(None) };
        let ended = self.beside(mandate_id, "m.state = 'ended' AND m.mandate_id < ?1")?;
        Ok(ended.into_iter().find(|other| {
            other.reason.is_some_and(EndReason::is_taken_back)
                && (other.terms.bank, &other.terms.account) == (this.terms.bank, &this.terms.account)
        }))
    }

    /// The other mandates of the payer and item of this one, newest first.
    fn beside(&self, mandate_id: i64, which: &str) -> Result<Vec<MandateFacts>, Trouble> {
        let doing = "look for the other mandates of a payer";
        let text = format!(
            "SELECT m.mandate_id FROM mandate t CROSS JOIN mandate m ON m.payer_id = t.payer_id AND m.item = t.item
             WHERE t.mandate_id = ?1 AND m.mandate_id <> ?1 AND {which} ORDER BY m.mandate_id DESC"
        );
        let ids: Vec<i64> = {
            let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
            let rows = statement.query_map([mandate_id], |row| row.get(0)).doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)?
        };
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.mandate(id)?);
        }
        Ok(found)
    }
}
