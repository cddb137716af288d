//! A rejected result is taken on by order (`sunap file accept`), although its trailer states less than it lists: reason and
//! second person are the order's (product.md 3.8).
//!
//! Nothing else can be taken on. A file that is cut, that names a line we did not send, or whose trailer states more
//! than it lists may hide a failure, and a failure that is absent would count as success.

use super::incoming::{Arrival, Decided};
use super::{Engine, Failure};
use crate::bank::reading::FileReading;
use crate::domain::Instant;
use crate::intake::order::Outcome;
use crate::ledger::{FileRow, FileState};
use crate::machine::file::In;
use crate::spool::{Owner, Sha256};

impl Arrival {
    /// Forgives the trailer of a result what may be forgiven, where an order takes it on.
    pub(super) fn take_on(&self, reading: &mut FileReading) {
        if let Some(by) = &self.taken_on {
            reading.accept_totals(by);
        }
    }
}

impl Engine {
    /// Judges a rejected result again, from the archive, as a file of its own row. The rejected file stays where it lies.
    pub(super) fn accept(&mut self, file: &FileRow, cause: &str, now: Instant) -> Result<Outcome, Failure> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else {
            return Ok(Outcome::Refused("its bytes are not in the archive".into()));
        };
        let owner = self.owners.iter().find(|owner| owner.folder() == file.owner).cloned();
        let Some(owner @ Owner::Channel(_)) = owner else {
            return Ok(Outcome::Refused("only a bank's result can be taken on".into()));
        };
        // A crash between the deed and its answer: it is applied already.
        let earlier = self.ledger.begin()?.file_seen(&file.owner, None, &sha256)?;
        if earlier.is_some_and(|earlier| earlier.state == FileState::In(In::Applied)) {
            return Ok(Outcome::Done(format!("{}: applied", file.name)));
        }
        let who = self.config.users.of_key(&file.dropped_by);
        let mut arrival = Arrival::again(file, owner, Sha256::from_bytes(sha256), day, who, now);
        arrival.held = None;
        arrival.taken_on = Some(cause.to_string());
        let Decided { state, report } = self.decide(&arrival)?;
        let tx = self.ledger.begin()?;
        tx.settled(&file.owner, &file.name)?;
        tx.commit()?;
        if state == In::Applied {
            return Ok(Outcome::Done(format!("{}: applied", file.name)));
        }
        let first = report.lines().find(|line| line.starts_with("error[")).unwrap_or_default();
        Ok(Outcome::Refused(format!(
            "{} cannot be taken on: only a trailer that states less than the file lists can be, and nothing else may be wrong ({first})",
            file.name
        )))
    }
}
