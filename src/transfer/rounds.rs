//! The process: when to call, how often to try, whom to let in, when to end.
//!
//! Must not: know messages.

use super::link::Broken;
use super::session::{Direction, Station};
use crate::fault::Trouble;
use std::future::Future;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// What was to be done once is done.
    Done,
    /// Told to stop.
    Stopped,
    /// The network failed as often as it is tried.
    GaveUp(String),
    /// A person must act before it makes sense to go on.
    Person(String),
}

/// For how long to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// Send what waits, ask for files, end. One that only listens ends after one session.
    Once,
    /// Until SIGTERM or SIGINT.
    Always,
}

/// Runs a station. Blocks; makes its own runtime of one thread.
pub fn run(station: &Station, watch: Watch) -> Result<Ended, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Trouble::new("start the runtime", e))?;
    runtime.block_on(async {
        let take = |kind| signal(kind).map_err(|e| Trouble::new("take over the signals", e));
        let (mut terminate, mut interrupt) = (take(SignalKind::terminate())?, take(SignalKind::interrupt())?);
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        tokio::select! {
            // Safe at any moment: what a dropped session leaves is what a cut leaves.
            () = stop => Ok(Ended::Stopped),
            ended = Box::pin(go(station, watch)) => ended,
        }
    })
}

async fn go(station: &Station, watch: Watch) -> Result<Ended, Trouble> {
    let listener = match station.own_side().address.as_str() {
        "" => None,
        address => {
            let bound = TcpListener::bind(address).await;
            let listener = bound.map_err(|e| Trouble::new(format!("listen on {address}"), e))?;
            if let Ok(at) = listener.local_addr() {
                tracing::info!(%at, "listening");
            }
            Some(listener)
        }
    };
    let times = &station.settings.times;
    let calls = !station.other_side().address.is_empty();
    let mut fetched_at: Option<u64> = None;
    loop {
        for name in station.store.finish_all()? {
            tracing::info!(file = %name, "delivered");
        }
        if calls && times.open_at(station.clock.now().time()) {
            let mut due = Vec::new();
            if station.store.anything_waits(|name| station.rank(name))? {
                due.push(station.sends());
            }
            let now = station.clock.monotonic_ms();
            let since = fetched_at.map(|at| now.saturating_sub(at));
            let interval = times.fetch_seconds.saturating_mul(1000);
            if times.fetch_seconds > 0 && since.is_none_or(|ms| ms >= interval) {
                fetched_at = Some(now);
                due.push(station.receives());
            }
            for direction in due {
                match round(station, direction).await? {
                    Ended::Done => {}
                    Ended::GaveUp(why) if watch == Watch::Always => {
                        tracing::error!(%why, "given up until the next look")
                    }
                    other => return Ok(other),
                }
            }
        }
        if watch == Watch::Once && (calls || listener.is_none()) {
            return Ok(Ended::Done);
        }
        if let Some(ended) = wait(station, listener.as_ref(), watch).await? {
            return Ok(ended);
        }
    }
}

/// Until the next look; who calls meanwhile is answered.
async fn wait(
    station: &Station,
    listener: Option<&TcpListener>,
    watch: Watch,
) -> Result<Option<Ended>, Trouble> {
    let look = sleep(Duration::from_secs(station.settings.times.look_seconds));
    let Some(listener) = listener else {
        look.await;
        return Ok(None);
    };
    let accepted = tokio::select! {
        accepted = listener.accept() => accepted,
        () = look => return Ok(None),
    };
    let (stream, peer) = match accepted {
        Ok(pair) => pair,
        Err(error) => {
            tracing::warn!(%error, "a caller was lost");
            return Ok(None);
        }
    };
    tracing::info!(%peer, "called");
    match told(station.answer(stream)).await {
        Err(Broken::Trouble(trouble)) => Err(trouble),
        Err(Broken::Person { code, what }) => {
            Ok(Some(Ended::Person(Broken::Person { code, what }.to_string())))
        }
        Err(_) | Ok(_) if watch == Watch::Always => Ok(None),
        Err(broken) => Ok(Some(Ended::GaveUp(broken.to_string()))),
        Ok(_) => Ok(Some(Ended::Done)),
    }
}

/// Calls until it went well, at most `tries` times.
async fn round(station: &Station, direction: Direction) -> Result<Ended, Trouble> {
    let times = &station.settings.times;
    let mut why = String::new();
    for nth in 0..times.tries {
        if nth > 0 {
            sleep(Duration::from_secs(times.retry_seconds)).await;
        }
        let address = station.other_side().address.as_str();
        let connected =
            timeout(Duration::from_secs(times.connect_seconds), TcpStream::connect(address)).await;
        let called = match connected {
            Ok(Ok(stream)) => told(station.call(stream, direction)).await,
            Ok(Err(error)) => Err(Broken::Cut(format!("{address}: {error}"))),
            Err(_) => Err(Broken::Cut(format!("{address} does not answer"))),
        };
        match called {
            Ok(_) => return Ok(Ended::Done),
            Err(Broken::Trouble(trouble)) => return Err(trouble),
            Err(person @ Broken::Person { .. }) => return Ok(Ended::Person(person.to_string())),
            Err(broken) => why = broken.to_string(),
        }
        tracing::warn!(try_no = nth + 1, %why, "a call failed");
    }
    Ok(Ended::GaveUp(why))
}

/// A session, its end told to the log.
async fn told(session: impl Future<Output = Result<Vec<String>, Broken>>) -> Result<Vec<String>, Broken> {
    let ended = Box::pin(session).await;
    match &ended {
        Ok(names) => tracing::info!(files = %names.join(" "), "session ended"),
        Err(why) => tracing::warn!(%why, "session broke"),
    }
    ended
}
