//! Rehearsal: engine and outside world in one thread on a fast clock, so that the same inputs give the same bytes
//! (decisions.md 12, 13), however often the process is killed and started again.
//!
//! At every instant the engine turns first and until it is idle; only then may the outside act, and then the engine
//! again. The order matters: the engine's turn makes the instant durable (business time only moves forward), so
//! whatever the outside does at an instant, a process that is killed and started again goes on at that same instant.
//!
//! Must not: know who plays the outside. Whoever starts a rehearsal hands in the parts.

use super::{Broken, Stop};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::engine::Engine;
use crate::fault::Trouble;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long to wait, in real time, for a file that is still growing or a disk that failed.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How often to look again before the rehearsal gives up: a minute. Nobody would mend a disk meanwhile.
const LOOKS: u32 = 12_000;

/// How far time goes on where something fell due and cannot be done.
const BLOCKED_MINUTES: i64 = 1;

/// Somebody in the rehearsal beside the engine: the bank's side, creditors who drop lists.
pub trait Outside: Debug {
    /// Does all that this part has to do at `now`.
    fn turn(&mut self, now: Instant) -> Result<Acted, Trouble>;
}

/// What a part of the outside did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acted {
    /// Whether anything was done.
    pub worked: bool,
    /// Files renamed into inboxes: they are whole.
    pub delivered: Vec<PathBuf>,
    /// When there will be something to do.
    pub next_due: Option<Instant>,
}

/// Real time in a rehearsal: it only measures how long files have been quiet.
pub trait Patience: Debug {
    /// Milliseconds since some fixed moment.
    fn monotonic_ms(&self) -> u64;
    /// Lets a moment pass before the next look.
    fn wait(&mut self, at_least: Duration);
}

/// Real waiting.
#[derive(Debug)]
pub struct RealTime(
    /// The clock whose monotonic time counts.
    pub Arc<dyn Clock>,
);

impl Patience for RealTime {
    fn monotonic_ms(&self) -> u64 {
        self.0.monotonic_ms()
    }

    fn wait(&mut self, at_least: Duration) {
        thread::sleep(at_least);
    }
}

/// Engine and outside at one place.
pub struct Rehearsal<P> {
    /// The engine; `pub` so that a driver can hint and ask between two instants.
    pub engine: Engine,
    outside: Vec<Box<dyn Outside>>,
    patience: P,
    stop: Stop,
}

/// How an instant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Nothing is left to do; the next instant at which something falls due, if any.
    Until(Option<Instant>),
    /// Told to stop between two steps.
    Stopped,
}

impl<P: Patience> Rehearsal<P> {
    /// Puts the parts together. Within an instant the outside acts in the given order.
    pub fn new(engine: Engine, outside: Vec<Box<dyn Outside>>, patience: P, stop: Stop) -> Self {
        Self { engine, outside, patience, stop }
    }

    /// Does everything that can be done at `now`, on all sides.
    pub fn play(&mut self, now: Instant) -> Result<Idle, Broken> {
        let mut next = self.turn_engine(now)?;
        loop {
            if self.stop.is_told() {
                return Ok(Idle::Stopped);
            }
            let mut worked = false;
            let mut outside_next = None;
            for part in &mut self.outside {
                let acted = part.turn(now)?;
                worked |= acted.worked;
                outside_next = earliest(outside_next, acted.next_due);
                acted.delivered.iter().for_each(|path| self.engine.renamed_in(path));
            }
            if !worked {
                return Ok(Idle::Until(earliest(next, outside_next).map(|due| after(now, due))));
            }
            next = self.turn_engine(now)?;
        }
    }

    /// Turns the engine until it is idle, waiting for files that still grow. When it next has something to do.
    fn turn_engine(&mut self, now: Instant) -> Result<Option<Instant>, Broken> {
        let mut looks = 0;
        loop {
            let turn = self.engine.turn(now, self.patience.monotonic_ms())?;
            match (turn.worked, turn.look_again) {
                _ if self.stop.is_told() => return Ok(turn.next_due),
                (true, _) => looks = 0,
                (false, false) => return Ok(turn.next_due),
                (false, true) if looks < LOOKS => {
                    looks += 1;
                    self.patience.wait(LOOK_AGAIN);
                }
                (false, true) => {
                    let cause = "a disk failed, or a file is still growing; see the alerts of `sunap status`";
                    return Err(Trouble::new("go on with the rehearsal", cause).into());
                }
            }
        }
    }
}

/// The earlier of two times.
fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// A due time as the next instant: always after `now`, also where something fell due and is blocked.
fn after(now: Instant, due: Instant) -> Instant {
    if due > now { due } else { now.plus_minutes(BLOCKED_MINUTES) }
}
