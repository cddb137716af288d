//! Signals: SIGTERM and SIGINT end the process after the step that is under way, SIGHUP has the configuration read anew,
//! SIGUSR1 says that the clock is right.
//!
//! Must not: end the process by itself.

use crate::fault::Trouble;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGTERM, SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
    /// SIGUSR1.
    ClockIsRight,
}

/// The signals of this process.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Stream,
    interrupt: Stream,
    user: Stream,
    hangup: Stream,
}

impl Signals {
    /// Takes them over; within a tokio runtime.
    pub(super) fn new() -> Result<Self, Trouble> {
        let take = |kind| signal(kind).map_err(|error| Trouble::new("take over the signals", error));
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
            user: take(SignalKind::user_defined1())?,
            hangup: take(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.user.recv() => Signal::ClockIsRight,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}

/// Whether the process was told to stop: for loops that look between two steps.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Tells it.
    pub fn tell(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sets the answer to SIGTERM, SIGINT and SIGHUP (the terminal is closed) to true from now on, by a thread of its own.
pub fn stop_on_signals() -> Result<Stop, Trouble> {
    let stop = Stop::default();
    let told = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| Trouble::new("start the runtime", error))?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    std::thread::Builder::new()
        .name("signals".to_string())
        .spawn(move || {
            runtime.block_on(async {
                while signals.next().await == Signal::ClockIsRight {}
                told.tell();
                // A second signal finds nothing new to say; the loop that looks at `told` ends the process.
            });
        })
        .map_err(|error| Trouble::new("start the signals' thread", error))?;
    Ok(stop)
}
