//! `sunap demo`: a month of three creditors on a fresh copy of the shipped configuration, with the ordinary engine, a
//! fast clock and the simulated exchange; then the proof that every charge adds up.
//!
//! It can be killed at any moment and goes on with `--resume`: everything that it does is a file that is there or is
//! not. A list still in `drops/` was not dropped yet.
//!
//! Must not: do anything for the engine. What the demo shows is what the daemon does.

mod packed;
mod place;
mod proof;
mod script;
mod timeline;

use super::bank_side::BankSide;
use super::run::{Next, Play, mark_rehearsal};
use super::settings::{open_keys, start_log_for_demo};
use super::{Exit, Failed, Screen};
use crate::clock::Fast;
use crate::config::Config;
use crate::daemon::rehearsal::Outside;
use crate::daemon::{Broken, stop_on_signals};
use crate::engine::Engine;
use crate::ledger::Reader;
use clap::Args;
use script::{Drops, Script};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use timeline::Timeline;

/// The rules of the simulated exchange, below the demo's folder.
const RULES: &str = "config/exchange/demo.toml";

/// Run a month of three creditors, and prove that every charge adds up.
///
/// A fresh copy of the configuration, the layouts and the creditors' lists is written into DIR. Then the ordinary
/// daemon runs from the end of December to the beginning of February with a clock that jumps to whatever is due next,
/// against a simulated bank (config/exchange/demo.toml says who fails and what goes wrong). Each day is printed; at the
/// end the ledger is audited, and what is requested, failed and collected is compared file by file. The exit code is 0
/// only if everything adds up.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of the demo. It must be empty or not there yet, except with --resume.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    into: PathBuf,
    /// Go on with a demo that was stopped or killed.
    #[arg(long)]
    resume: bool,
    /// So many business seconds go by in a second; without it there is no pause at all.
    #[arg(long, value_name = "FACTOR")]
    speed: Option<NonZeroU32>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    start_log_for_demo();
    let dir = &arguments.into;
    place::prepare(dir, arguments.resume)?;
    let config = Arc::new(Config::load(&dir.join("config/sunap.toml"))?);
    let script = Script::read(&dir.join(place::DROPS).join("script.toml"))?;
    mark_rehearsal(&config.state_dir)?;
    let stop = stop_on_signals()?;
    let mut play = start(dir, &config, &script, arguments.speed, stop)?;
    let mut timeline = Timeline::new(&config, &script, play.now().date());
    timeline.opening(dir, arguments.resume, screen)?;
    let ledger = config.state_dir.join(crate::engine::LEDGER);
    let ring = open_keys(&config)?;
    loop {
        let next = play.next(Some(script.ends))?;
        if matches!(next, Next::Stopped) {
            let told = format!("stopped; go on with: sunap demo --into {} --resume", dir.display());
            return Err(Failed::told(Exit::Later, told));
        }
        let ended = matches!(next, Next::Ended | Next::Nothing);
        let day_over_until = if ended { script.ends.date().next() } else { play.now().date() };
        timeline.print_until(day_over_until, (&ledger, &ring), screen)?;
        if ended {
            break;
        }
    }
    let reader = Reader::open(&ledger, &ring)?;
    let proven = proof::print(&config, &script, &reader, screen)?;
    timeline::where_to_look(dir, script.ends, screen)?;
    Ok(if proven { Exit::Done } else { Exit::Data })
}

/// Engine, creditors and bank, at the instant where the ledger left off.
fn start(
    dir: &Path,
    config: &Arc<Config>,
    script: &Script,
    speed: Option<NonZeroU32>,
    stop: crate::daemon::Stop,
) -> Result<Play, Failed> {
    let engine = Engine::open(Arc::clone(config), script.starts).map_err(Broken::from)?;
    let present = place::files_in_inboxes(config, engine.owners())?;
    let drops = Drops::new(script, &dir.join(place::DROPS), &config.spool_dir);
    let mut outside: Vec<Box<dyn Outside>> = vec![Box::new(drops)];
    for channel in config.channels.values() {
        outside.push(Box::new(BankSide::open(config, channel, &dir.join(RULES))?));
    }
    let mut play = Play::new(engine, outside, Fast::new(script.starts, speed), stop)?;
    // Everything in a demo's inboxes came there by a rename, also what a killed run left there.
    present.iter().for_each(|path| play.renamed_in(path));
    Ok(play)
}
