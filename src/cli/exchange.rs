//! `sunap exchange`: the simulated bank of one channel as a process of its own, beside a daemon.
//!
//! Must not: know what the daemon knows; it sees the channel's folders only.

use super::bank_side::BankSide;
use super::settings::{ConfigArgument, start_log};
use super::{Exit, Failed};
use crate::clock::{Clock, System};
use crate::daemon::rehearsal::Outside;
use crate::daemon::stop_on_signals;
use crate::domain::ChannelId;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// How often it looks into the outbox.
const LOOK: Duration = Duration::from_millis(500);

/// Play the bank's side of a channel, with the wall clock, until SIGTERM or SIGINT.
///
/// It takes what the daemon puts into the channel's outbox once the marker `.ok` stands beside it, judges it as the
/// centre would, writes a receipt, and puts result files into the inbox when they are due.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The channel, by its id.
    #[arg(long)]
    channel: ChannelId,
    /// Who fails, and what goes wrong (config/exchange/README.md).
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    start_log(&config.log);
    let Some(channel) = config.channels.get(&arguments.channel) else {
        let known: Vec<&str> = config.channels.keys().map(ChannelId::as_str).collect();
        let told = format!("there is no channel {}; there are: {}", arguments.channel, known.join(", "));
        return Err(Failed::told(Exit::Usage, told));
    };
    let stop = stop_on_signals()?;
    let clock = System::new();
    let mut bank = BankSide::open(&config, channel, &arguments.rules)?;
    while !stop.is_told() {
        let acted = bank.turn(clock.now())?;
        for path in &acted.delivered {
            tracing::info!(file = %path.display(), "delivered");
        }
        if !acted.worked {
            std::thread::sleep(LOOK);
        }
    }
    Ok(Exit::Done)
}
