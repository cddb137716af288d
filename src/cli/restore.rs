//! `sunap restore`: a ledger that was put back from a backup, or lost, is brought to where it was (E62).
//!
//! Must not: send anything, or change anything before all of it fits.

use super::settings::{ConfigArgument, start_log_for_demo};
use super::verify::hex;
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::daemon::{Broken, stop_on_signals};
use crate::engine::{Base, ReplayFailed, rebuild};
use clap::Args;
use std::path::PathBuf;

/// Bring an older ledger to where it was: play all that came and was due since, from the archive and the witness.
///
/// The daemon must not run. In a copy, every file that the witness names is taken from the archive and judged again, in its
/// order and at its business time, and every step that was due is done, by the ordinary engine. Each file of ours is built
/// again and must be, byte for byte, what was sent; nothing is sent. Then the copy is checked, and takes the place of the
/// ledger; the one that was there is kept beside it. Where anything does not fit, nothing is changed (exit 74).
/// docs/reliability.md says what is needed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The backup to begin with (`sunap backup`). Without it: the ledger that lies in the state folder.
    #[arg(long, value_name = "FILE", conflicts_with = "from_nothing")]
    from: Option<PathBuf>,
    /// The ledger is lost, and there is no backup: begin with an empty one, and play all from the first start.
    #[arg(long)]
    from_nothing: bool,
    /// Another configuration was in force then: play with this one nevertheless.
    #[arg(long)]
    with_this_configuration: bool,
    /// Only see whether it can be done; nothing is changed.
    #[arg(long)]
    check: bool,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    start_log_for_demo();
    let stop = stop_on_signals()?;
    let config = Config::load(&arguments.config.path)?;
    let base = match (&arguments.from, arguments.from_nothing) {
        (Some(path), _) => Base::Backup(path),
        (None, true) => Base::Nothing,
        (None, false) => Base::Present,
    };
    let rebuilt =
        rebuild(config, base, arguments.with_this_configuration, &|| stop.is_told()).map_err(|failed| {
            match failed {
                ReplayFailed::Start(error) => Broken::from(error).into(),
                ReplayFailed::Failed(failure) => Failed::told(Exit::Trouble, failure.to_string()),
                ReplayFailed::Differs(why) => Failed::told(Exit::Trouble, format!("not restored: {why}")),
                ReplayFailed::Stopped => Failed::told(Exit::Later, "told to stop; nothing was changed"),
            }
        })?;
    let played = rebuilt.replayed;
    screen.line(format_args!(
        "played: {} steps, {} files taken in, {} files of ours built again with the bytes that were sent",
        played.steps, played.taken, played.sent
    ))?;
    screen.line(format_args!("state {}", hex(&rebuilt.digest)))?;
    if arguments.check {
        rebuilt.give_up()?;
        screen.line("it can be done; nothing was changed")?;
        return Ok(Exit::Done);
    }
    let swapped = rebuilt.swap_in()?;
    if let Some(kept) = swapped.kept {
        screen.line(format_args!("the ledger that was there is state/{kept}"))?;
    }
    if !swapped.roots_anew.is_empty() {
        screen.line(format_args!(
            "the journal of these days has another root than before, the old one is kept beside it: {}",
            swapped.roots_anew.join(", ")
        ))?;
    }
    screen.line("restored; start the daemon")?;
    Ok(Exit::Done)
}
