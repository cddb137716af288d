//! How a verb gives an order: dropped into the control inbox like any other file, and its answer waited for.
//!
//! Must not: act on what is ordered. Only the daemon does, when it takes the order.

use super::settings::{ConfigArgument, account, wall_time};
use super::{Exit, Failed, Screen};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::intake::order::{Order, Target, Verb};
use crate::spool;
use clap::Args;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often to look for the answer.
const LOOK: Duration = Duration::from_millis(100);

/// What every order says besides its verb and target.
#[derive(Debug, Args)]
pub(super) struct OrderFlags {
    /// Why; kept in the journal.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who orders it, in words; the account that runs this command counts.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

/// Where the order goes, and how long its answer is waited for.
#[derive(Debug, Args)]
pub(super) struct Waiting {
    /// How many seconds to wait for the answer; 0 does not wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    config: ConfigArgument,
}

impl OrderFlags {
    /// Drops an order into the control inbox, and waits for its answer.
    pub(super) fn give(&self, verb: Verb, target: Target, screen: &mut Screen) -> Result<Exit, Failed> {
        let config = self.waiting.load()?;
        let by = self.by.clone().unwrap_or_else(|| account(&config));
        let order = Order { verb, target, reason: self.reason.clone(), by, at: wall_time() };
        let text = order.print();
        // An order that cannot be read back is refused here, not in an answer.
        Order::parse("the order", text.as_bytes()).map_err(|faults| Failed::Faults(Exit::Usage, faults))?;
        self.waiting.hand_in(&config, verb.word(), &text, screen)
    }
}

impl Waiting {
    /// The configuration that names the control folder.
    pub(super) fn load(&self) -> Result<Arc<Config>, Failed> {
        self.config.load()
    }

    /// Drops an order into the control inbox, and waits for its answer where somebody wants to.
    pub(super) fn hand_in(
        &self,
        config: &Config,
        word: &str,
        text: &str,
        screen: &mut Screen,
    ) -> Result<Exit, Failed> {
        let clock = System::new();
        // The names of orders need only differ.
        let name =
            format!("{}-{}-{}.toml", word.replace('.', "-"), clock.now().unix_ms(), std::process::id());
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
        if self.timeout == 0 {
            screen.line(format_args!("dropped: {}", inbox.join(&name).display()))?;
            return Ok(Exit::Done);
        }
        wait(&control, &name, &clock, self.timeout, screen)
    }
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
