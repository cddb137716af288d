//! The daemon: signals, folder events, the heartbeat and the service manager, wired to the engine.
//!
//! Every trigger here is a hint, and none is needed: the engine looks by itself when the next due time comes and every
//! `scan_seconds`. The engine has a thread of its own; this one runs tokio for what arrives from outside.
//!
//! Must not: decide anything, touch a file of the spool, or read the ledger.
//!
//! A suspect wall clock (decisions.md 12): while `clock` says that the wall clock was stepped by more than a minute,
//! business time stands still at the last trusted instant. So no window opens or closes and nothing falls due, while
//! files of the bank are still read. It goes on when the clock is back, when SIGUSR1 says that it is right, or after a
//! restart.

mod heartbeat;
pub mod rehearsal;
mod stop;
mod watch;

pub use stop::{Stop, stop_on_signals};

use crate::clock::Clock;
use crate::config::{Config, LoadError};
use crate::domain::Instant;
use crate::engine::{Engine, Failure, Reloaded, StartError, Turn, owners_of};
use crate::fault::Trouble;
use sd_notify::NotifyState;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// What the log leaves out unless asked for: the scheduler tells every beat.
pub const QUIET: &str = "tokio_cron_scheduler=warn";

/// How soon to look again at a file that is still growing, or after a disk failed.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Why the daemon ended other than by being told to.
#[derive(Debug)]
pub enum Broken {
    /// It could not start.
    Start(StartError),
    /// The ledger failed: what is durable decides at the next start.
    Engine(Failure),
    /// The process could not be set up, or a folder failed for good.
    Trouble(Trouble),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Engine(failure) => failure.fmt(f),
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for Broken {}

impl From<StartError> for Broken {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Engine(failure)
    }
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What wakes the engine.
#[derive(Debug)]
enum Hint {
    /// Look; nothing more is known.
    Look,
    /// Files were renamed into an inbox: they are whole.
    RenamedIn(Vec<PathBuf>),
    /// A person says that the clock is right.
    ClockIsRight,
    /// The configuration was read anew, or could not be.
    Reload(Result<Arc<Config>, LoadError>),
    /// Finish the step and end.
    Stop,
}

/// Runs the daemon with the wall clock until SIGTERM or SIGINT; both finish the step that is under way. SIGHUP has the
/// configuration read anew from `path`.
pub fn serve(config: &Arc<Config>, path: &Path, clock: Arc<dyn Clock>) -> Result<(), Broken> {
    let engine = Engine::open(Arc::clone(config), clock.now())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Trouble::new("start the runtime", error))?;
    // Before the engine says that it is ready: a SIGTERM that comes right then ends it in order.
    let signals = {
        let _inside = runtime.enter();
        stop::Signals::new()?
    };
    let (post, hints) = channel();
    let (ended, engine_ended) = tokio::sync::oneshot::channel();
    let longest_wait = longest_wait(config.scan_seconds);
    let worker = thread::Builder::new()
        .name("engine".to_string())
        .spawn(move || {
            let result = work(engine, &*clock, &hints, longest_wait);
            // The main thread waits for this; where it has gone already, nobody needs to know.
            let _nobody_waits = ended.send(());
            result
        })
        .map_err(|error| Trouble::new("start the engine's thread", error))?;
    let listened = runtime.block_on(listen((config, path), &post, signals, engine_ended));
    // Told to stop, or the engine ended, or listening failed: in each case the engine's step ends first.
    let _engine_ended_before = post.send(Hint::Stop);
    let worked = worker.join();
    runtime.shutdown_timeout(Duration::from_secs(1));
    match worked {
        Ok(result) => result.and(listened),
        Err(_panicked) => Err(Trouble::new("run the engine", "its thread panicked; see above").into()),
    }
}

/// The longest time between two looks: the configured one, or half of what the service manager's watchdog allows.
fn longest_wait(scan_seconds: u64) -> Duration {
    let scan = Duration::from_secs(scan_seconds.max(1));
    sd_notify::watchdog_enabled().map_or(scan, |watchdog| scan.min(watchdog / 2))
}

/// Listens to the outside until a signal, or until the engine ends by itself.
async fn listen(
    (config, path): (&Config, &Path),
    post: &Sender<Hint>,
    mut signals: stop::Signals,
    engine_ended: tokio::sync::oneshot::Receiver<()>,
) -> Result<(), Broken> {
    let mut watch = watch::Watch::start(&inboxes(config), post.clone());
    let _heartbeat = heartbeat::start(config, post.clone()).await;
    let mut scan = tokio::time::interval(Duration::from_secs(config.scan_seconds.max(1)));
    scan.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    tokio::pin!(engine_ended);
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                stop::Signal::Stop => {
                    tell_service_manager(&[NotifyState::Stopping]);
                    tracing::info!("told to stop; finishing the step");
                    return Ok(());
                }
                stop::Signal::Reload => {
                    let read = read_anew(path);
                    if let Ok(config) = &read {
                        watch.follow(inboxes(config));
                    }
                    let _engine_ended = post.send(Hint::Reload(read));
                }
                stop::Signal::ClockIsRight => {
                    let _engine_ended = post.send(Hint::ClockIsRight);
                }
            },
            _ = &mut engine_ended => return Ok(()),
            _ = scan.tick() => {
                watch.renew();
                let _engine_ended = post.send(Hint::Look);
            }
        }
    }
}

/// The inboxes of a configuration.
fn inboxes(config: &Config) -> Vec<PathBuf> {
    owners_of(config).iter().map(|owner| config.spool_dir.join(owner.folder()).join("inbox")).collect()
}

/// Reads the configuration anew; the engine says whether it counts. The service manager waits for READY from here on.
fn read_anew(path: &Path) -> Result<Arc<Config>, LoadError> {
    tracing::info!("told to read the configuration anew");
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell_service_manager(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the service manager could not be told"),
    }
    Config::load(path).map(Arc::new)
}

/// Has the engine take a configuration, and tells the service manager what became of it.
fn reload(
    engine: &mut Engine,
    read: Result<Arc<Config>, LoadError>,
    time: &mut BusinessTime<'_>,
) -> Result<(), Failure> {
    let status = match engine.reload(read, time.now())? {
        Reloaded::InForce => "configuration read anew".to_string(),
        Reloaded::Refused(why) => {
            let first = why.lines().next().unwrap_or_default();
            format!("configuration refused, the old one stays: {first}")
        }
    };
    tell_service_manager(&[NotifyState::Ready, NotifyState::Status(&status)]);
    Ok(())
}

/// The engine's thread: turn, then sleep until the next due time or hint.
fn work(
    mut engine: Engine,
    clock: &dyn Clock,
    hints: &Receiver<Hint>,
    longest_wait: Duration,
) -> Result<(), Broken> {
    let mut time = BusinessTime::new(clock);
    let mut ready = false;
    loop {
        let now = time.now();
        let turn = engine.turn(now, clock.monotonic_ms())?;
        if !ready {
            tell_service_manager(&[NotifyState::Ready]);
            tracing::info!(business_time = %now, "ready");
            ready = true;
        }
        // Fed here and nowhere else: a turn has read the folders and written or read the ledger.
        tell_service_manager(&[NotifyState::Watchdog]);
        let wait = wait_after(turn, clock.now(), longest_wait);
        if take_hints(hints, wait, &mut engine, &mut time)? == Told::Stop {
            return Ok(());
        }
    }
}

/// How long to sleep after a turn unless a hint comes.
fn wait_after(turn: Turn, now: Instant, longest: Duration) -> Duration {
    if turn.worked {
        return Duration::ZERO;
    }
    let until_due = turn.next_due.map_or(i64::MAX, |due| due.unix_ms().saturating_sub(now.unix_ms()));
    let until_due = Duration::from_millis(u64::try_from(until_due).unwrap_or(0));
    // What has fallen due and was not done is blocked by something: look again, but do not spin.
    if turn.look_again || until_due.is_zero() { LOOK_AGAIN } else { until_due.min(longest) }
}

/// Whether to go on.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    GoOn,
    Stop,
}

/// Waits for a hint at most `wait`, then takes all that have come.
fn take_hints(
    hints: &Receiver<Hint>,
    wait: Duration,
    engine: &mut Engine,
    time: &mut BusinessTime<'_>,
) -> Result<Told, Failure> {
    let mut next = match hints.recv_timeout(wait) {
        Ok(hint) => Some(hint),
        Err(RecvTimeoutError::Timeout) => None,
        // Whoever posts is gone, and with it the way to be told to stop.
        Err(RecvTimeoutError::Disconnected) => return Ok(Told::Stop),
    };
    while let Some(hint) = next {
        match hint {
            Hint::Stop => return Ok(Told::Stop),
            Hint::Look => {}
            Hint::ClockIsRight => time.trust(),
            Hint::Reload(read) => reload(engine, read, time)?,
            Hint::RenamedIn(paths) => paths.iter().for_each(|path| engine.renamed_in(path)),
        }
        next = hints.try_recv().ok();
    }
    Ok(Told::GoOn)
}

/// The wall clock, stood still while it is suspect.
#[derive(Debug)]
struct BusinessTime<'c> {
    clock: &'c dyn Clock,
    trusted: Instant,
    suspect: bool,
}

impl<'c> BusinessTime<'c> {
    fn new(clock: &'c dyn Clock) -> Self {
        Self { clock, trusted: clock.now(), suspect: false }
    }

    fn now(&mut self) -> Instant {
        match (self.clock.steps_suspect(), self.suspect) {
            (Some(step_ms), false) => {
                self.suspect = true;
                tracing::error!(
                    step_ms,
                    business_time = %self.trusted,
                    "the wall clock was stepped: windows are closed and business time stands still until the clock is \
                     back, or until SIGUSR1 says that it is right"
                );
            }
            (None, true) => {
                self.suspect = false;
                tracing::warn!("the wall clock is trusted again; business time goes on");
            }
            (Some(_), true) | (None, false) => {}
        }
        if !self.suspect {
            self.trusted = self.clock.now();
        }
        self.trusted
    }

    fn trust(&mut self) {
        tracing::warn!("told that the wall clock is right");
        self.clock.trust();
    }
}

/// Tells the service manager, if there is one.
fn tell_service_manager(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Debug)]
    struct Stepped {
        now: AtomicI64,
        step: AtomicI64,
    }

    impl Clock for Stepped {
        fn now(&self) -> Instant {
            Instant::from_unix_ms(self.now.load(Ordering::Relaxed))
        }
        fn monotonic_ms(&self) -> u64 {
            0
        }
        fn steps_suspect(&self) -> Option<i64> {
            Some(self.step.load(Ordering::Relaxed)).filter(|step| *step != 0)
        }
        fn trust(&self) {
            self.step.store(0, Ordering::Relaxed);
        }
    }

    #[test]
    fn business_time_stands_still_while_the_wall_clock_is_suspect() {
        let clock = Stepped { now: AtomicI64::new(1_000), step: AtomicI64::new(0) };
        let mut time = BusinessTime::new(&clock);
        assert_eq!(time.now().unix_ms(), 1_000);
        clock.now.store(90_000_000, Ordering::Relaxed);
        clock.step.store(89_999_000, Ordering::Relaxed);
        assert_eq!(time.now().unix_ms(), 1_000);
        assert_eq!(time.now().unix_ms(), 1_000, "and stays so");
        time.trust();
        assert_eq!(time.now().unix_ms(), 90_000_000);
    }

    #[test]
    fn sleeps_until_the_next_due_time_but_never_long_and_never_spins() {
        let now = Instant::from_unix_ms(1_000_000);
        let longest = Duration::from_secs(60);
        let turn = |worked, due: Option<i64>, look_again| Turn {
            worked,
            next_due: due.map(|ms| now.plus_ms(ms)),
            look_again,
        };
        for (turn, expected) in [
            (turn(true, Some(5_000), true), Duration::ZERO),
            (turn(false, Some(5_000), false), Duration::from_secs(5)),
            (turn(false, Some(500_000), false), longest),
            (turn(false, None, false), longest),
            (turn(false, Some(5_000), true), LOOK_AGAIN),
            (turn(false, Some(-5_000), false), LOOK_AGAIN),
            (turn(false, Some(0), false), LOOK_AGAIN),
        ] {
            assert_eq!(wait_after(turn, now, longest), expected, "{turn:?}");
        }
    }
}
