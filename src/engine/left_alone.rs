//! What an inbox holds and nobody takes: names by which a program says that it is still writing (`.list.csv`, `list.csv.tmp`,
//! `~$list.xlsx`), and marks without their file. After a grace time without a change a person is told, until it goes.
//!
//! Must not: take, move or judge such a file. Its name says that it is not whole.

use super::{Engine, Failure};
use crate::domain::Instant;
use crate::ledger::file_subject;
use crate::spool::{Owner, Seen, Skip};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The alert: over when the file is gone or has its last name.
pub(super) const LEFT: &str = "left-unfinished";

/// Why an entry is left alone, for people.
fn told(seen: &Seen) -> Option<&'static str> {
    match seen.skip? {
        Skip::Hidden => {
            Some("its name begins with a dot or ~$, as of a file that is still being uploaded or edited")
        }
        Skip::Unfinished => {
            Some("its name ends as that of a file that is still being uploaded (.tmp, .part, …)")
        }
        Skip::Marker => Some("it says that another file is complete, and that file is not there"),
    }
}

impl Engine {
    /// Tells what has been left alone in an inbox for longer than the grace time, and ends the alert of what went.
    pub(super) fn look_at_left_alone(
        &mut self,
        owner: &Owner,
        scan: &[Seen],
        now: Instant,
        monotonic_ms: u64,
    ) -> Result<(), Failure> {
        let key = owner.folder();
        let marks: BTreeSet<&OsString> = scan.iter().filter_map(|seen| seen.marker.as_ref()).collect();
        let mut waits = BTreeSet::new();
        let mut long = Vec::new();
        for seen in scan {
            // A mark beside its file belongs to that.
            let Some(why) = told(seen).filter(|_| !marks.contains(&seen.name)) else { continue };
            let subject = file_subject(&key, &seen.shown());
            let grace = self.config.unfinished_ms;
            self.quiet.settled(owner, seen, monotonic_ms, grace);
            if self.quiet.unchanged_ms(owner, &seen.name, monotonic_ms).is_some_and(|ms| ms >= grace) {
                long.push((subject.clone(), why));
            }
            waits.insert(subject);
        }
        let known = match self.left_alone.get(owner) {
            Some(known) => known.clone(),
            None => {
                let tx = self.ledger.begin()?;
                tx.alerts_about(LEFT, &file_subject(&key, ""))?.into_iter().collect()
            }
        };
        let gone: Vec<&String> = known.difference(&waits).collect();
        long.retain(|(subject, _)| !known.contains(subject));
        let mut kept: BTreeSet<String> = known.intersection(&waits).cloned().collect();
        if !gone.is_empty() || !long.is_empty() {
            let tx = self.ledger.begin()?;
            for subject in gone {
                tx.clear_alert(LEFT, subject, now)?;
            }
            let minutes = self.config.unfinished_ms / 60_000;
            for (subject, why) in long {
                let text = format!(
                    "{subject} has not changed for {minutes} minutes and is not taken: {why}. If it is whole, rename it to its last name; if not, remove it"
                );
                tx.alert(LEFT, &subject, &text, now)?;
                kept.insert(subject);
            }
            tx.commit()?;
        }
        self.left_alone.insert(owner.clone(), kept);
        Ok(())
    }
}
