//! The one loop and the one writer: look, fetch, ask, commit, publish and settle (house.md 2).
//!
//! A [`turn`](Engine::turn) does all that is due in date order, looks after our files on their way out, and takes
//! every file that has settled in an inbox. Triggers only cause a turn; the turn itself finds the work, so that a
//! night without power and a lost hint are no special cases. Everything is decided in the pure rooms; this room
//! carries facts to them and their answers to `ledger` and `spool`.
//!
//! Must not: ask a clock (time is handed in), hold SQL, rename a file, decide what a bank's code means.
//!
//! Diagnostics: a failing ledger stops the process (`Failure::Ledger`); a failing disk on one file is told, logged
//! and tried again in the next turn (`Failure::Spool`), never taken for a verdict on that file's content.

mod accepting;
mod answering;
mod application_answers;
mod application_orders;
mod applications;
mod approval;
mod booking;
mod changing;
mod config_codes;
mod config_diff;
mod desk;
mod desk_orders;
mod dormancy;
mod drop_cancels;
mod drop_cash;
mod drop_charges;
mod drop_evidence;
mod drop_mandates;
mod drop_payers;
mod drop_requests;
mod drop_terms;
mod drops;
mod due;
mod emission;
mod evidence;
mod generating;
mod incoming;
mod journal;
mod keys;
mod left_alone;
mod lines;
mod messages;
mod moved_days;
mod notices;
mod orders;
mod outgoing;
mod payouts;
mod place;
mod printing;
mod proposing;
mod rebuild;
mod reckoning;
mod refunding;
mod reloading;
mod replay;
mod reporting;
mod requesting;
mod restoring;
mod result_collection;
mod result_payout;
mod result_registration;
mod retention;
mod reversing;
mod rights;
mod self_test;
mod settlement;
mod start;
mod witness;

use crate::config::Config;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use crate::ledger::Ledger;
use crate::seal::KeyRing;
use crate::spool::{Dropper, Lock, Owner, Quiet, Room, Spool, Witness};
use desk::Desks;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use config_codes::config_losses;
pub use journal::journal_findings;
pub use rebuild::{Base, Rebuilt, Swapped, ledger_findings, rebuild};
pub use reloading::Reloaded;
pub use replay::{Replay, ReplayFailed, Replayed};
pub use start::{LEDGER, StartError, owners_of};
pub use witness::{witness_findings, witness_for_copy};

/// Why a step could not be done. Never a verdict on content.
#[derive(Debug)]
pub enum Failure {
    /// The ledger failed: the process must stop, so that what is durable decides at the next start.
    Ledger(Trouble),
    /// The disk failed on one file: it stays where it is and is tried again, aloud.
    Spool(Trouble),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(trouble) => write!(f, "ledger: {trouble}"),
            Self::Spool(trouble) => write!(f, "spool: {trouble}"),
        }
    }
}

impl std::error::Error for Failure {}

/// A bare trouble is the ledger's: calls of `spool` say so with `map_err(Failure::Spool)`.
impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Ledger(trouble)
    }
}

/// What a turn did and what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Something changed: another turn may find more to do at the same time.
    pub worked: bool,
    /// The next instant at which something is due by the schedule.
    pub next_due: Option<Instant>,
    /// A file in an inbox is still growing, or a step failed on the disk: look again soon, by monotonic time.
    pub look_again: bool,
}

/// The alert of a step that a disk did not let be done; it is tried again each turn.
const DISK_FAILED: &str = "disk-failed";

/// The engine: owns the ledger's one writer and the spool.
pub struct Engine {
    config: Arc<Config>,
    desks: Arc<Desks>,
    owners: Vec<Owner>,
    ledger: Ledger,
    spool: Spool,
    quiet: Quiet,
    /// What is told as left unfinished, by folder; a folder that was not looked at since the start has no entry.
    left_alone: BTreeMap<Owner, BTreeSet<String>>,
    boot_id: String,
    /// Since when this ledger is worked with: nothing older is ever planned.
    opened_at: Instant,
    /// The day on which the coming weeks were planned last.
    planned_on: Option<Date>,
    /// The day on which notices were given last.
    noticed_on: Option<Date>,
    /// Set when a disk step failed in this turn.
    troubled: bool,
    witness: Witness,
    closing: journal::Closing,
    ring: Arc<KeyRing>,
    key_change: keys::KeyChange,
    /// A file may lie in work, decided or not: a step with it failed on the disk.
    work_waits: bool,
    last_test: Option<self_test::LastTest>,
    /// What the clock says, where that is long before what the ledger has seen.
    clock_behind: Option<Instant>,
    /// The day up to which the schedule was written down before this start; planning goes on from there.
    planned_from: Option<Date>,
    /// In a replay: whose the files of a turn were, by folder and name.
    retold: BTreeMap<(String, String), Dropper>,
    _lock: Lock,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("opened_at", &self.opened_at).finish_non_exhaustive()
    }
}

impl Engine {
    /// Does everything that can be done at `now` (KST business time, never earlier than before: a clock that
    /// steps back is answered with the ledger's own high-water mark). `monotonic_ms` only measures how long files
    /// have been quiet.
    pub fn turn(&mut self, now: Instant, monotonic_ms: u64) -> Result<Turn, Failure> {
        let now = self.advance(now)?;
        self.witness.begin_turn(now);
        let turn = self.work(now, monotonic_ms)?;
        if let Err(error) = self.witness.end_turn(turn.worked) {
            tracing::error!(%error, "the witness could not be written; will try again with the next line");
        }
        Ok(turn)
    }

    fn work(&mut self, now: Instant, monotonic_ms: u64) -> Result<Turn, Failure> {
        self.troubled = false;
        self.spool.looking_at(monotonic_ms);
        if std::mem::take(&mut self.work_waits) {
            self.finish_incoming(now)?;
        }
        let mut worked = self.plan_ahead(now)?;
        worked |= self.do_due(now)?;
        worked |= self.give_notices(now)?;
        worked |= self.answer_applications(now)?;
        worked |= self.look_after_outgoing(now)?;
        worked |= self.finish_held(now)?;
        worked |= self.close_answers(now)?;
        worked |= self.judge_early(now)?;
        worked |= self.expire_proposals(now)?;
        let (took, growing) = self.take_inboxes(now, monotonic_ms)?;
        worked |= took;
        worked |= self.give_answers(now)?;
        worked |= self.hand_out_messages(now)?;
        worked |= self.look_after_keys(now)?;
        self.look_after_journal(now)?;
        let next_due = self.next_due()?;
        Ok(Turn { worked, next_due, look_again: growing || self.troubled })
    }

    /// A hint that `path` came into an inbox by a rename: it is whole and need not be watched for growth.
    pub fn renamed_in(&mut self, path: &Path) {
        if let Some((owner, Room::Inbox, name)) = self.spool.place_of(path) {
            self.quiet.renamed_in(&owner, &name);
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The folders that the engine looks at.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Business time only moves forward: what the ledger saw last counts where the clock says less (decisions.md 12).
    fn advance(&mut self, now: Instant) -> Result<Instant, Failure> {
        let tx = self.ledger.begin()?;
        let seen = tx.advance(now)?;
        tx.commit()?;
        self.look_at_clock(now, seen);
        Ok(seen)
    }

    /// Tells a disk failure and goes on; a ledger failure stops.
    fn tell(&mut self, result: Result<bool, Failure>, subject: &str, now: Instant) -> Result<bool, Failure> {
        match result {
            Ok(worked) => Ok(worked),
            Err(Failure::Spool(trouble)) => {
                self.troubled = true;
                self.work_waits = true;
                tracing::error!(subject, error = %trouble, "disk failed; will try again");
                let tx = self.ledger.begin()?;
                tx.alert(DISK_FAILED, subject, &trouble.to_string(), now)?;
                tx.commit()?;
                Ok(false)
            }
            Err(stop @ Failure::Ledger(_)) => Err(stop),
        }
    }
}
