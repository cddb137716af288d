//! What is past its time is deleted (파기), each night at 00:20: first decided and journaled by counts in one commit, then removed from
//! the archive, then noted. Killed in between, the step is done again and goes on where it was.
//!
//! Must not: delete anything that `[retention]` does not name, or tell a value.

use super::due::row_done_with;
use super::{Engine, Failure};
use crate::domain::{Date, Instant, TimeOfDay};
use crate::ledger::{Due, Event, KeptUntil, NewDue, Subject};
use crate::spool::Sha256;

/// How much is decided in a night: bounds the commit. What is left comes the next night.
const MOST: usize = 10_000;

/// The nightly step.
pub(super) fn nightly(job: &str, date: Date) -> NewDue {
    let at = date.at(TimeOfDay::new(0, 20, 0).unwrap_or(TimeOfDay::MIDNIGHT));
    let owner = "retention".to_string();
    NewDue { owner, job: job.to_string(), date, opens_at: at, due_at: at, deadline_at: None }
}

impl Engine {
    /// Deletes what is past its time; `false` where something could not be removed and the step waits.
    pub(super) fn delete_what_is_due(&mut self, row: &Due, now: Instant) -> Result<bool, Failure> {
        let config = self.config.clone();
        let mut note = String::new();
        if let Some(retention) = &config.retention {
            let until = KeptUntil {
                files: retention.files_until(row.date),
                evidence: retention.evidence_until(row.date),
                personal: retention.personal_until(row.date),
            };
            let tx = self.ledger.begin()?;
            let files = tx.retire(&until, &retention.hold, now, MOST)?;
            let mandates = tx.erase_personal(&until, &retention.hold, MOST)?;
            if files + mandates > 0 {
                note = format!("{files} archived files, personal data of {mandates} mandates");
                tx.event(&Event {
                    subject: Subject::Due,
                    id: row.due_id,
                    at: now,
                    happening: "deleted",
                    from: "",
                    to: "",
                    file: None,
                    line: None,
                    code: "",
                    note: &note,
                })?;
                tracing::info!(files, mandates, "deleted: their time is over");
            }
            let waits = tx.to_remove()?;
            tx.commit()?;
            for (day, sha256) in &waits {
                self.spool.remove_archived(*day, &Sha256::from_bytes(*sha256)).map_err(Failure::Spool)?;
            }
            let tx = self.ledger.begin()?;
            for key in &waits {
                tx.removed(key)?;
            }
            tx.commit()?;
        }
        let tx = self.ledger.begin()?;
        row_done_with(&tx, row, now, &note)?;
        tx.commit()?;
        Ok(true)
    }
}
