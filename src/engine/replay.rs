//! What the witness tells, played again on an older ledger, or on an empty one: the files that were taken in, at the
//! business time and from whom they came, the steps that were due, and what the bank's side did; by the ordinary engine, in a
//! copy of spool and state. Nothing is computed here that the engine would not decide by itself.
//!
//! What is built again must be byte for byte what the witness saw leave. What does not fit ends the replay; the copy is
//! then worth nothing.
//!
//! Must not: be run on the real spool or state; guess.

use super::witness::{Known, config_hash};
use super::{Engine, Failure, StartError};
use crate::config::Config;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::{FileState, Reader};
use crate::machine::file::Out;
use crate::spool::{Claimed, Dropper, Owner, Room, Sha256, WitnessLine as Line, Witnessed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Monotonic time between two turns, in milliseconds: long enough for anything that has to lie still.
const PAUSE_MS: u64 = 60_000;

/// How often the bank's side may act within one turn.
const TURNS: usize = 5;

/// What is to be played.
pub struct Replay<'a> {
    /// The configuration, its folders turned to the copy.
    pub config: &'a Arc<Config>,
    /// The witness, whole.
    pub lines: &'a [Line],
    /// The person says that this configuration is to count for the whole time, whichever was in force.
    pub any_config: bool,
    /// Asked between two steps: whether to give up.
    pub stopped: &'a dyn Fn() -> bool,
}

/// How much was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Turns and starts.
    pub steps: usize,
    /// Files taken in again.
    pub taken: usize,
    /// Files of ours built again, with the bytes that left then.
    pub sent: usize,
}

/// Why a replay ended before its end.
#[derive(Debug)]
pub enum ReplayFailed {
    /// The engine does not start on the copy.
    Start(StartError),
    /// A step failed.
    Failed(Failure),
    /// What is played is not what the witness saw; which file, and what to do.
    Differs(String),
    /// Told to stop.
    Stopped,
}

impl fmt::Display for ReplayFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
            Self::Differs(why) => f.write_str(why),
            Self::Stopped => f.write_str("told to stop"),
        }
    }
}

impl std::error::Error for ReplayFailed {}

impl From<StartError> for ReplayFailed {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<Failure> for ReplayFailed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Trouble> for ReplayFailed {
    fn from(trouble: Trouble) -> Self {
        Self::Failed(Failure::Ledger(trouble))
    }
}

fn differs<T>(why: impl Into<String>) -> Result<T, ReplayFailed> {
    Err(ReplayFailed::Differs(why.into()))
}

/// What began a step.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Turn,
    Start(String),
    Config(String),
}

/// What happened at one instant.
#[derive(Debug)]
struct Step<'a> {
    at: Instant,
    kind: Kind,
    /// Files taken in, and whether each lay in work before.
    taken: Vec<(&'a Witnessed, Dropper, bool)>,
    /// Files of ours that the bank's side had taken, by folder and name.
    gone: Vec<(&'a str, &'a str)>,
    /// Receipts that were read: folder, name, text.
    heard: Vec<(&'a str, &'a str, &'a str)>,
    doubt: Option<&'a str>,
}

impl Replay<'_> {
    /// Plays all that the ledger of the copy has not seen. `known` reads that ledger as it is before.
    pub fn play(&self, known: &Reader) -> Result<Replayed, ReplayFailed> {
        let from = known.business_time()?;
        let steps = self.steps(&Known::of(known)?, from)?;
        let sent: BTreeSet<&Witnessed> = self
            .lines
            .iter()
            .filter_map(|line| if let Line::Sent(one) = line { Some(one) } else { None })
            .collect();
        let mut play = Play { replay: self, sent, engine: None, monotonic_ms: 0, done: Replayed::default() };
        if let Some(from) = from {
            play.engine = Some(Engine::open(Arc::clone(self.config), from)?);
        }
        for step in &steps {
            if (self.stopped)() {
                return Err(ReplayFailed::Stopped);
            }
            play.step(step)?;
        }
        play.end()
    }

    /// The steps since `from`, without the files that the ledger knows.
    fn steps(&self, known: &Known, from: Option<Instant>) -> Result<Vec<Step<'_>>, ReplayFailed> {
        let mut left = known.taken_counts();
        let void = self.void();
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (nth, line) in self.lines.iter().enumerate() {
            match line {
                Line::Turn(at) => steps.push(Step::new(*at, Kind::Turn)),
                Line::Start(at, config) => steps.push(Step::new(*at, Kind::Start(config.clone()))),
                Line::Config(at, config) => steps.push(Step::new(*at, Kind::Config(config.clone()))),
                Line::Taken { .. } if void.contains(&nth) => {}
                Line::Taken { file, dropper, left: lay } => {
                    if let Some(count) = left.get_mut(file).filter(|count| **count > 0) {
                        *count -= 1;
                        continue;
                    }
                    match steps.last_mut().filter(|step| from.is_none_or(|from| step.at >= from)) {
                        Some(step) => step.taken.push((file, *dropper, *lay)),
                        None => {
                            return differs(format!(
                                "{} {} was taken in before the last that this ledger knows, or before the witness was made anew: it cannot be played.\n  → take a newer backup",
                                file.owner, file.name
                            ));
                        }
                    }
                }
                Line::Gone(owner, name) => {
                    steps.last_mut().into_iter().for_each(|step| step.gone.push((owner, name)))
                }
                Line::Heard(owner, name, text) => {
                    steps.last_mut().into_iter().for_each(|step| step.heard.push((owner, name, text)));
                }
                Line::Doubt(_, name) => steps.last_mut().into_iter().for_each(|step| step.doubt = Some(name)),
                Line::Sent(_) | Line::Undone(_) | Line::Anew => {}
            }
        }
        if let Some((file, _)) = left.iter().find(|(_, count)| **count > 0) {
            return differs(format!(
                "the ledger knows {} {}, but the witness does not: they do not belong together.\n  → look whether this is the witness of this ledger",
                file.owner, file.name
            ));
        }
        steps.retain(|step| from.is_none_or(|from| step.at >= from));
        Ok(steps)
    }

    /// The places of lines that stand for nothing.
    fn void(&self) -> BTreeSet<usize> {
        let mut places: BTreeMap<&Witnessed, Vec<usize>> = BTreeMap::new();
        let mut void = BTreeSet::new();
        for (nth, line) in self.lines.iter().enumerate() {
            match line {
                Line::Taken { file, .. } => places.entry(file).or_default().push(nth),
                Line::Undone(file) => void.extend(places.get_mut(file).and_then(Vec::pop)),
                _ => {}
            }
        }
        void
    }
}

impl Step<'_> {
    fn new(at: Instant, kind: Kind) -> Self {
        Self { at, kind, taken: Vec::new(), gone: Vec::new(), heard: Vec::new(), doubt: None }
    }
}

/// A replay under way.
struct Play<'a> {
    replay: &'a Replay<'a>,
    /// All that left then.
    sent: BTreeSet<&'a Witnessed>,
    engine: Option<Engine>,
    monotonic_ms: u64,
    done: Replayed,
}

impl Play<'_> {
    fn step(&mut self, step: &Step<'_>) -> Result<(), ReplayFailed> {
        if let Some(name) = step.doubt {
            return differs(format!(
                "{name} was uncertain at {}: the power had failed while it was handed out, and what was decided of it is no file.\n  → take a backup of after that",
                step.at
            ));
        }
        self.done.steps += 1;
        self.monotonic_ms = self.monotonic_ms.saturating_add(PAUSE_MS);
        let config = self.replay.config;
        match &step.kind {
            Kind::Turn => {}
            Kind::Start(hash) => {
                self.same_config(hash, step.at)?;
                // The lock goes first.
                self.engine = None;
                self.engine = Some(Engine::open(Arc::clone(config), step.at)?);
            }
            Kind::Config(hash) => {
                self.same_config(hash, step.at)?;
                self.engine()?.reload(Ok(Arc::clone(config)), step.at)?;
            }
        }
        let before = self.lay_files(step, true)?;
        if before > 0 {
            self.engine()?.take_what_was_left(step.at)?;
        }
        if step.kind == Kind::Turn {
            self.lay_files(step, false)?;
            self.turns(step)?;
        }
        self.taken_again(step)?;
        self.sent_the_same()
    }

    /// One turn, and one more where the bank's side acted on what it put out.
    fn turns(&mut self, step: &Step<'_>) -> Result<(), ReplayFailed> {
        let (mut gone, mut heard) = (step.gone.clone(), step.heard.clone());
        for nth in 0..TURNS {
            let engine = self.engine.as_mut().ok_or_else(not_begun)?;
            let before = gone.len().saturating_add(heard.len());
            engine.peer_takes(&mut gone)?;
            engine.peer_answers(&mut heard, &gone)?;
            let acted = gone.len().saturating_add(heard.len()) < before;
            if nth == 0 || acted {
                engine.turn(step.at, self.monotonic_ms)?;
                self.monotonic_ms = self.monotonic_ms.saturating_add(PAUSE_MS);
            } else {
                break;
            }
        }
        match gone.first().or(heard.first().map(|(owner, name, _)| (*owner, *name)).as_ref()) {
            None => Ok(()),
            Some((owner, name)) => differs(format!(
                "{owner} {name} was taken by the bank's side at {}, but the rebuilt ledger has no such file on its way then.\n  → call for help; nothing was changed",
                step.at
            )),
        }
    }

    fn engine(&mut self) -> Result<&mut Engine, ReplayFailed> {
        self.engine.as_mut().ok_or_else(not_begun)
    }

    fn same_config(&self, hash: &str, at: Instant) -> Result<(), ReplayFailed> {
        if self.replay.any_config || *hash == config_hash(self.replay.config) {
            return Ok(());
        }
        differs(format!(
            "since {at} another configuration than this one was in force: what it decided may not be what this one decides.\n  \
             → name that configuration with --config, or take a backup of after the change; --with-this-configuration plays all with this one, and still every file that was sent must come out byte for byte"
        ))
    }

    /// Lays the files of a step into their inboxes; how many.
    fn lay_files(&mut self, step: &Step<'_>, left: bool) -> Result<usize, ReplayFailed> {
        let engine = self.engine.as_mut().ok_or_else(not_begun)?;
        let mut count = 0;
        for (file, dropper, _) in step.taken.iter().filter(|(.., lay)| *lay == left) {
            engine.lay_again(file, *dropper, step.at)?;
            count += 1;
        }
        self.done.taken += count;
        Ok(count)
    }

    /// Every file of the step has its row.
    fn taken_again(&mut self, step: &Step<'_>) -> Result<(), ReplayFailed> {
        let engine = self.engine.as_mut().ok_or_else(not_begun)?;
        engine.retold.clear();
        for (file, ..) in &step.taken {
            if !engine.witness.taken().contains_key(*file) || engine.rows_of(file)? == 0 {
                return differs(format!(
                    "{} {} was taken in at {}, but not when it was played.\n  → call for help; nothing was changed",
                    file.owner, file.name, step.at
                ));
            }
        }
        Ok(())
    }

    /// What was built again is what left then.
    fn sent_the_same(&mut self) -> Result<(), ReplayFailed> {
        let engine = self.engine.as_mut().ok_or_else(not_begun)?;
        let Some(other) = engine.witness.seen().iter().find(|one| !self.sent.contains(one)) else {
            return Ok(());
        };
        let then = self.sent.iter().find(|one| one.owner == other.owner && one.name == other.name);
        let then = then.map_or("the witness saw no file of this name leave".to_string(), |one| {
            format!("the witness saw other bytes leave (sha256 {})", one.sha256)
        });
        differs(format!(
            "{} {} was built again with the sha256 {}, but {then}.\n  → was another configuration, calendar or program in force then? Nothing was changed",
            other.owner, other.name, other.sha256
        ))
    }

    fn end(mut self) -> Result<Replayed, ReplayFailed> {
        let engine = self.engine.take().ok_or_else(not_begun)?;
        self.done.sent = engine.witness.seen().len();
        match self.sent.iter().find(|one| !engine.witness.seen().contains(**one)) {
            None => Ok(self.done),
            Some(one) => differs(format!(
                "{} {} was sent (sha256 {}), but was not built again.\n  → call for help; nothing was changed",
                one.owner, one.name, one.sha256
            )),
        }
    }
}

fn not_begun() -> ReplayFailed {
    ReplayFailed::Differs(
        "the witness does not tell when the daemon started first.\n  → take a backup".to_string(),
    )
}

impl Engine {
    /// Whose a claimed file is: by the system, or in a replay by what the witness saw.
    pub(super) fn dropper_of(&self, claimed: &Claimed) -> Dropper {
        let key = (claimed.owner().folder(), claimed.shown());
        self.retold.get(&key).copied().unwrap_or_else(|| claimed.dropper())
    }

    /// Lays an archived file into its inbox once more, as of its dropper.
    fn lay_again(&mut self, file: &Witnessed, dropper: Dropper, at: Instant) -> Result<(), ReplayFailed> {
        let owner = self.owner_named(&file.owner)?;
        let Ok(sha256) = file.sha256.parse::<Sha256>() else {
            return differs(format!("the witness names no sha256 for {}", file.name));
        };
        let laid = self
            .spool
            .open_archived(at.date(), &sha256)
            .and_then(|mut bytes| self.spool.lay(&owner, Room::Inbox, &file.name, &mut bytes));
        if let Err(trouble) = laid {
            return differs(format!(
                "{} {} of {at} does not come out of the archive: {trouble}.\n  → put state/archive/{}/{sha256} back from a copy of the archive",
                file.owner,
                file.name,
                at.date()
            ));
        }
        self.retold.insert((file.owner.clone(), file.name.clone()), dropper);
        let path = self.spool.path(&owner, Room::Inbox).join(&file.name);
        self.renamed_in(&path);
        Ok(())
    }

    /// Takes what lies in the inboxes, before anything that is due: it was found in work then.
    fn take_what_was_left(&mut self, at: Instant) -> Result<(), Failure> {
        let now = self.advance(at)?;
        self.take_inboxes(now, 0).map(drop)
    }

    /// The bank's side takes what it had taken; what is done goes from the list.
    fn peer_takes(&mut self, gone: &mut Vec<(&str, &str)>) -> Result<(), ReplayFailed> {
        let mut waiting = Vec::new();
        for (owner, name) in std::mem::take(gone) {
            let Owner::Channel(channel) = self.owner_named(owner)? else { continue };
            let taken = self.spool.take_as_peer(&channel, name).map_err(Failure::Spool)?;
            if !taken && !self.was_taken(owner, name)? {
                waiting.push((owner, name));
            }
        }
        *gone = waiting;
        Ok(())
    }

    /// Receipts come to lie beside what was taken; those for files that are on their way still wait.
    fn peer_answers(
        &mut self,
        heard: &mut Vec<(&str, &str, &str)>,
        gone: &[(&str, &str)],
    ) -> Result<(), ReplayFailed> {
        let mut waiting = Vec::new();
        for (owner, name, text) in std::mem::take(heard) {
            if gone.contains(&(owner, name)) {
                waiting.push((owner, name, text));
                continue;
            }
            let found = self.owner_named(owner)?;
            let (mut bytes, named) = (text.as_bytes(), format!("{name}.receipt"));
            self.spool.lay(&found, Room::Sent, &named, &mut bytes).map_err(Failure::Spool)?;
        }
        *heard = waiting;
        Ok(())
    }

    /// Whether the latest file of a name has been taken already.
    fn was_taken(&mut self, owner: &str, name: &str) -> Result<bool, Failure> {
        let named = self.ledger.begin()?.files_named(owner, name)?;
        Ok(named.last().is_some_and(|row| match row.state {
            FileState::Out(Out::Planned | Out::Built | Out::Staged | Out::Published) | FileState::In(_) => {
                false
            }
            FileState::Out(_) => true,
        }))
    }

    fn owner_named(&self, folder: &str) -> Result<Owner, ReplayFailed> {
        match self.owners.iter().find(|owner| owner.folder() == folder) {
            Some(owner) => Ok(owner.clone()),
            None => differs(format!(
                "{folder} is nobody's folder in this configuration, but files came and went there.\n  → name the configuration of then with --config"
            )),
        }
    }
}
