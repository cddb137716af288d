//! Mandates that nobody uses: the bank ends one without a request for a year (E42, result code 0018). Looked for each morning; one alert
//! per creditor tells how many there are, and ends when there are none.
//!
//! Must not: end a mandate. That is the bank's, and its code tells it.

use super::due::row_done;
use super::start::LEDGER;
use super::{Engine, Failure};
use crate::config::Config;
use crate::domain::{Date, Instant, TimeOfDay};
use crate::ledger::{Due, NewDue, Reader};

/// The alert of a creditor.
const DORMANT: &str = "mandates-unused";

/// Whose the step is.
const OWNER: &str = "mandates";

/// The daily step, at 08:00 of each banking day.
pub(super) fn daily(config: &Config, job: &str, date: Date) -> Option<NewDue> {
    let at = date.at(TimeOfDay::new(8, 0, 0).unwrap_or(TimeOfDay::MIDNIGHT));
    config.calendar.is_open(date).then(|| NewDue {
        owner: OWNER.to_string(),
        job: job.to_string(),
        date,
        opens_at: at,
        due_at: at,
        deadline_at: None,
    })
}

impl Engine {
    /// Tells of mandates that are not used, creditor by creditor, and ends what was told where there are none.
    pub(super) fn tell_unused(&mut self, row: &Due, now: Instant) -> Result<(), Failure> {
        let config = self.config.clone();
        let reader = Reader::open(&config.state_dir.join(LEDGER), &self.ring)?;
        let mut found = Vec::new();
        for creditor in config.creditors.values() {
            let Some(channel) = config.channel_of(creditor.id) else { continue };
            let rule = channel.profile.dormancy;
            let (count, first) = reader.unused_mandates(creditor.id, rule.told_since(now.date()))?;
            let text = first.map(|used| {
                format!(
                    "{count} mandates had no request for {} months; the bank ends each after {} (code 0018), the first on {}: request, or cancel them; sunap report registrations --creditor {} lists them (휴면예정일)",
                    rule.warn_months,
                    rule.end_months,
                    rule.ends_on(used),
                    creditor.id
                )
            });
            found.push((creditor.id.to_string(), text));
        }
        drop(reader);
        let tx = self.ledger.begin()?;
        for (subject, text) in found {
            match text {
                Some(text) => tx.alert(DORMANT, &subject, &text, now)?,
                None => tx.clear_alert(DORMANT, &subject, now)?,
            };
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        Ok(())
    }
}
