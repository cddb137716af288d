//! `sunap file …`: an order about a file, dropped into the control inbox like any other file, and its answer.
//!
//! Must not: act on the file or the ledger. Only the daemon does, when it takes the order.

use super::settings::{ConfigArgument, account, wall_time};
use super::{Exit, Failed, Screen};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::intake::order::{Order, Owner, Target, Verb};
use crate::spool;
use clap::{Args, Subcommand};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// How often to look for the answer.
const LOOK: Duration = Duration::from_millis(100);

/// Order the daemon to do something with a file.
///
/// The order is a small TOML file in spool/control/inbox; it is kept, journaled and answered like every file. Any
/// program that may write there can give the same order without this command.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: FileVerb,
}

#[derive(Debug, Subcommand)]
enum FileVerb {
    /// Keep a file of ours back, or set a held one aside.
    Hold(OrderArguments),
    /// Let a held or uncertain file go: the same bytes.
    Release(OrderArguments),
    /// Give a held or uncertain file up.
    Reject(OrderArguments),
    /// The bank has the file: it was sent by another way, or arrived before the power failed.
    MarkSent(OrderArguments),
    /// Take a rejected result on, although its trailer states less than it lists. Whatever could hide a failure cannot be
    /// taken on.
    Accept(AcceptArguments),
}

#[derive(Debug, Args)]
struct AcceptArguments {
    /// Yes, past the proof of completeness.
    #[arg(long = "override", required = true)]
    past_the_proof: bool,
    #[command(flatten)]
    order: OrderArguments,
}

#[derive(Debug, Args)]
struct OrderArguments {
    /// The file's name, such as EB210105, or its ledger id as #12.
    name: String,
    /// Why; kept in the journal.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Whose file, where the name alone is not enough: channel/<id> or creditor/<id>.
    #[arg(long, value_name = "OWNER")]
    owner: Option<Owner>,
    /// Who orders it, in words; the account that runs this command counts.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// How many seconds to wait for the answer; 0 does not wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (verb, given) = match &arguments.verb {
        FileVerb::Hold(given) => (Verb::FileHold, given),
        FileVerb::Release(given) => (Verb::FileRelease, given),
        FileVerb::Reject(given) => (Verb::FileReject, given),
        FileVerb::MarkSent(given) => (Verb::FileMarkSent, given),
        FileVerb::Accept(given) => (Verb::FileAccept, &given.order),
    };
    let target = match given.name.strip_prefix('#').map(str::parse) {
        Some(Ok(id)) => Target::FileId(id),
        Some(Err(_)) => {
            return Err(Failed::told(Exit::Usage, "after # comes the ledger's number of the file"));
        }
        None => Target::FileName { owner: given.owner.clone(), name: given.name.clone() },
    };
    let giving = Giving { reason: &given.reason, by: given.by.as_deref(), timeout: given.timeout };
    give(&given.config, verb, target, &giving, screen)
}

/// What every order says besides its verb and target.
pub(super) struct Giving<'a> {
    pub(super) reason: &'a str,
    /// In words; the account that runs the command unless given.
    pub(super) by: Option<&'a str>,
    /// Seconds to wait for the answer; 0 does not wait.
    pub(super) timeout: u64,
}

/// Drops an order into the control inbox, and waits for its answer.
pub(super) fn give(
    config: &ConfigArgument,
    verb: Verb,
    target: Target,
    giving: &Giving<'_>,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let config = config.load()?;
    let by = giving.by.map_or_else(|| account(&config), str::to_string);
    let reason = giving.reason.to_string();
    let order = Order { verb, target, reason, by, at: wall_time() };
    let text = order.print();
    // An order that cannot be read back is refused here, not in an answer.
    Order::parse("the order", text.as_bytes()).map_err(|faults| Failed::Faults(Exit::Usage, faults))?;
    hand_in(&config, verb.word(), &text, giving.timeout, screen)
}

/// Drops an order into the control inbox, and waits for its answer where somebody wants to.
pub(super) fn hand_in(
    config: &Config,
    word: &str,
    text: &str,
    timeout: u64,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let clock = System::new();
    // The names of orders need only differ.
    let name = format!("{}-{}-{}.toml", word.replace('.', "-"), clock.now().unix_ms(), std::process::id());
    let control = config.spool_dir.join("control");
    let inbox = control.join("inbox");
    if !inbox.is_dir() {
        let told = format!(
            "there is no folder {}: the daemon has never run with this configuration",
            inbox.display()
        );
        return Err(Failed::told(Exit::Later, told));
    }
    spool::drop_file(&inbox, &name, text.as_bytes())?;
    if timeout == 0 {
        screen.line(format_args!("dropped: {}", inbox.join(&name).display()))?;
        return Ok(Exit::Done);
    }
    wait(&control, &name, &clock, timeout, screen)
}

/// Waits for the answer and prints it. Exit 65 where the order was refused, 75 where it waits for a second person.
fn wait(
    control: &Path,
    name: &str,
    clock: &System,
    seconds: u64,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let answer = control.join("outbox").join(format!("{}.answer.toml", name.trim_end_matches(".toml")));
    let give_up_at = clock.monotonic_ms().saturating_add(seconds.saturating_mul(1000));
    loop {
        // The answer appears whole, by a rename; whether it is there is asked by reading it.
        match std::fs::read_to_string(&answer) {
            Ok(text) => {
                screen.text(&text)?;
                let says = |word: &str| text.lines().any(|line| line == format!("result = \"{word}\""));
                return Ok(match (says("done"), says("proposed")) {
                    (true, _) => Exit::Done,
                    (false, true) => Exit::Later,
                    (false, false) => Exit::Data,
                });
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let told = format!(
                    "the answer may not be read from this account: {}\n  → give the folders of spool/control a group and the setgid bit (docs/rights.md)",
                    answer.display()
                );
                return Err(Failed::told(Exit::Later, told));
            }
            Err(_) => {}
        }
        if clock.monotonic_ms() >= give_up_at {
            let waiting = control.join("inbox").join(name).exists();
            let told = if waiting {
                format!(
                    "no answer after {seconds} s: the order waits in {}. Is the daemon running?",
                    control.join("inbox").display()
                )
            } else {
                format!(
                    "no answer after {seconds} s: the order was taken; its answer will be {}",
                    answer.display()
                )
            };
            return Err(Failed::told(Exit::Later, told));
        }
        std::thread::sleep(LOOK);
    }
}
