//! `sunap run`: the daemon with the wall clock, or a rehearsal with a clock of its own.
//!
//! A rehearsal marks its state folder, and neither kind of run works on the other's state: business time only moves
//! forward, so a rehearsal of next year on a live ledger could not be undone.
//!
//! Must not: decide anything the daemon decides.

use super::bank_side::BankSide;
use super::settings::{ConfigArgument, start_log};
use super::{Exit, Failed};
use crate::clock::{Clock, Fast, System};
use crate::daemon::rehearsal::{Idle, Outside, RealTime, Rehearsal};
use crate::daemon::{self, Broken, Stop, stop_on_signals};
use crate::domain::Instant;
use crate::engine::{Engine, StartError};
use crate::fault::Trouble;
use crate::spool;
use clap::Args;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The file in the state folder that says: this ledger belongs to a rehearsal.
pub(super) const REHEARSAL_MARK: &str = "rehearsal.toml";

/// How often a rehearsal that has nothing due looks into its folders.
const IDLE_LOOK: Duration = Duration::from_millis(200);

/// The longest piece of a pause, so that a signal is answered soon.
const PAUSE_PIECE: Duration = Duration::from_millis(50);

/// Run the daemon.
///
/// It takes what is dropped into the inboxes of the spool, does what is due by the schedule of the channels, and puts
/// bank files into the outboxes. SIGTERM and SIGINT finish the step that is under way and end it with exit code 0.
/// SIGHUP has the configuration read anew: whole, or not at all. SIGUSR1 says that the wall clock is right after it was stepped. Under systemd it tells readiness and feeds the watchdog.
///
/// With --clock it is a rehearsal: business time starts there and jumps to whatever is due next as soon as there is
/// nothing left to do. It needs a state folder of its own.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Rehearse: business time starts here, "YYYY-MM-DD HH:MM" in Korean time.
    #[arg(long, value_name = "START")]
    clock: Option<Instant>,
    /// Rehearse with a simulated bank on every channel, by the rules of this file.
    #[arg(long, value_name = "RULES", requires = "clock")]
    exchange: Option<PathBuf>,
    /// End the rehearsal here.
    #[arg(long, value_name = "END", requires = "clock")]
    until: Option<Instant>,
    /// So many business seconds go by in a second; without it there is no pause at all.
    #[arg(long, value_name = "FACTOR", requires = "clock")]
    speed: Option<NonZeroU32>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    start_log(&config.log);
    let Some(start) = arguments.clock else {
        refuse_state_of_rehearsal(&config.state_dir)?;
        daemon::serve(&config, &arguments.config.path, Arc::new(System::new()))?;
        return Ok(Exit::Done);
    };
    mark_rehearsal(&config.state_dir)?;
    let stop = stop_on_signals()?;
    let engine = Engine::open(Arc::clone(&config), start).map_err(Broken::from)?;
    let mut outside: Vec<Box<dyn Outside>> = Vec::new();
    if let Some(rules) = &arguments.exchange {
        for channel in config.channels.values() {
            outside.push(Box::new(BankSide::open(&config, channel, rules)?));
        }
    }
    let clock = Fast::new(start, arguments.speed);
    let mut play = Play::new(engine, outside, clock, stop)?;
    loop {
        match play.next(arguments.until)? {
            Next::Instant(_) => {}
            Next::Nothing if arguments.until.is_none() => std::thread::sleep(IDLE_LOOK),
            Next::Nothing | Next::Ended | Next::Stopped => return Ok(Exit::Done),
        }
    }
}

/// A rehearsal under way: the parts and their clock.
pub(super) struct Play {
    parts: Rehearsal<RealTime>,
    clock: Arc<Fast>,
    stop: Stop,
}

/// How far a rehearsal got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// All is done at one instant, and the clock stands at the next one.
    Instant(Instant),
    /// Nothing is due any more.
    Nothing,
    /// The next instant is after the end; the clock stands at the end.
    Ended,
    /// Told to stop.
    Stopped,
}

impl Play {
    /// Puts the parts together. Business time starts where the ledger left it, where that is later.
    pub(super) fn new(
        mut engine: Engine,
        outside: Vec<Box<dyn Outside>>,
        clock: Fast,
        stop: Stop,
    ) -> Result<Self, Failed> {
        if let Some(left_at) = engine.business_time().map_err(Broken::from)? {
            clock.advance_to(left_at);
        }
        let clock = Arc::new(clock);
        let parts =
            Rehearsal::new(engine, outside, RealTime(Arc::clone(&clock) as Arc<dyn Clock>), stop.clone());
        Ok(Self { parts, clock, stop })
    }

    /// Business time.
    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Hints that a file came into an inbox whole.
    pub(super) fn renamed_in(&mut self, path: &Path) {
        self.parts.engine.renamed_in(path);
    }

    /// Does all that can be done at the present instant, then moves the clock to the next one.
    pub(super) fn next(&mut self, until: Option<Instant>) -> Result<Next, Failed> {
        let next = match self.parts.play(self.now())? {
            Idle::Stopped => return Ok(Next::Stopped),
            Idle::Until(None) => return Ok(Next::Nothing),
            Idle::Until(Some(next)) => next,
        };
        let target = until.map_or(next, |until| next.min(until));
        if !self.pause(self.clock.pause_before(target)) {
            return Ok(Next::Stopped);
        }
        self.clock.advance_to(target);
        if next <= target {
            return Ok(Next::Instant(next));
        }
        // Nothing is due at the end itself; business time stands there, though.
        Ok(match self.parts.play(target)? {
            Idle::Stopped => Next::Stopped,
            Idle::Until(_) => Next::Ended,
        })
    }

    /// Waits in pieces; false where it was told to stop meanwhile.
    fn pause(&self, mut left: Duration) -> bool {
        while !left.is_zero() && !self.stop.is_told() {
            let piece = left.min(PAUSE_PIECE);
            std::thread::sleep(piece);
            left = left.saturating_sub(piece);
        }
        !self.stop.is_told()
    }
}

/// Marks the state folder as a rehearsal's, before anything else is in it.
pub(super) fn mark_rehearsal(state_dir: &Path) -> Result<(), Failed> {
    if is_rehearsal(state_dir) {
        return Ok(());
    }
    if state_dir.join(crate::engine::LEDGER).exists() {
        let told = format!(
            "{} holds the ledger of a live daemon; a rehearsal would move its business time for good.\n  \
             → give the rehearsal a configuration with another `state` and `spool`",
            state_dir.display()
        );
        return Err(Failed::told(Exit::Config, told));
    }
    std::fs::create_dir_all(state_dir).map_err(|error| Trouble::at("make the folder", state_dir, error))?;
    spool::drop_file(
        state_dir,
        REHEARSAL_MARK,
        b"# This state belongs to a rehearsal (sunap demo, sunap run --clock).\n",
    )?;
    Ok(())
}

/// Whether a state folder belongs to a rehearsal.
pub(super) fn is_rehearsal(state_dir: &Path) -> bool {
    state_dir.join(REHEARSAL_MARK).exists()
}

fn refuse_state_of_rehearsal(state_dir: &Path) -> Result<(), Failed> {
    if !is_rehearsal(state_dir) {
        return Ok(());
    }
    let told = format!(
        "{} was made by a rehearsal; its business time is not that of the wall clock.\n  \
         → start with --clock, or with a configuration that has another `state` and `spool`",
        state_dir.display()
    );
    Err(Failed::told(Exit::Config, told))
}

impl From<Broken> for Failed {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Start(StartError::AlreadyRunning(who)) => {
                Self::Told(Exit::Later, format!("already running: {who}"))
            }
            Broken::Start(StartError::Keys(why)) => why.into(),
            Broken::Start(StartError::Ledger(why)) => Self::Told(Exit::Trouble, format!("ledger: {why}")),
            Broken::Start(told @ (StartError::Users(_) | StartError::Config(_))) => {
                Self::Told(Exit::Config, told.to_string())
            }
            Broken::Start(StartError::Trouble(trouble)) | Broken::Trouble(trouble) => Self::Trouble(trouble),
            Broken::Engine(failure) => Self::Told(Exit::Trouble, failure.to_string()),
        }
    }
}
