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
use std::path::{Path, PathBuf};
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
        let text = order_text(&config, verb, target, (&self.reason, self.by.as_deref()))?;
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
        let (control, name) = drop_order(config, word, text)?;
        if self.timeout == 0 {
            screen.line(format_args!("dropped: {}", control.join("inbox").join(&name).display()))?;
            return Ok(Exit::Done);
        }
        let (text, exit) = wait(&control, &name, &System::new(), self.timeout)?;
        screen.text(&text)?;
        Ok(exit)
    }
}

/// What is said with an order whose answer is not what a person asked to see.
pub(super) struct Giving<'a> {
    pub(super) reason: &'a str,
    /// In words; the account that runs the command unless given.
    pub(super) by: Option<&'a str>,
    /// Seconds to wait for the answer.
    pub(super) timeout: u64,
}

/// An order that was answered.
pub(super) struct Answered {
    /// The text of the answer.
    pub(super) text: String,
    /// 0 done, 65 refused, 75 it waits for a second person.
    pub(super) exit: Exit,
    /// What else the daemon lays beside the answer begins like this.
    pub(super) stem: PathBuf,
}

/// Gives an order and waits for its answer, which is given back instead of printed.
pub(super) fn ask(
    config: &Config,
    verb: Verb,
    target: Target,
    giving: &Giving<'_>,
) -> Result<Answered, Failed> {
    let text = order_text(config, verb, target, (giving.reason, giving.by))?;
    let (control, name) = drop_order(config, verb.word(), &text)?;
    let (text, exit) = wait(&control, &name, &System::new(), giving.timeout)?;
    Ok(Answered { text, exit, stem: control.join("outbox").join(name.trim_end_matches(".toml")) })
}

fn order_text(
    config: &Config,
    verb: Verb,
    target: Target,
    (reason, by): (&str, Option<&str>),
) -> Result<String, Failed> {
    let by = by.map_or_else(|| account(config), str::to_string);
    let order = Order { verb, target, reason: reason.to_string(), by, at: wall_time() };
    let text = order.print();
    // An order that cannot be read back is refused here, not in an answer.
    Order::parse("the order", text.as_bytes()).map_err(|faults| Failed::Faults(Exit::Usage, faults))?;
    Ok(text)
}

/// Drops an order; the control folder and its name.
fn drop_order(config: &Config, word: &str, text: &str) -> Result<(PathBuf, String), Failed> {
    // The names of orders need only differ.
    let now = System::new().now().unix_ms();
    let name = format!("{}-{now}-{}.toml", word.replace('.', "-"), std::process::id());
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
    Ok((control, name))
}

/// Waits for the answer. Exit 65 where the order was refused, 75 where it waits for a second person.
fn wait(control: &Path, name: &str, clock: &System, seconds: u64) -> Result<(String, Exit), Failed> {
    let answer = control.join("outbox").join(format!("{}.answer.toml", name.trim_end_matches(".toml")));
    let give_up_at = clock.monotonic_ms().saturating_add(seconds.saturating_mul(1000));
    loop {
        // The answer appears whole, by a rename; whether it is there is asked by reading it.
        match std::fs::read_to_string(&answer) {
            Ok(text) => {
                let says = |word: &str| text.lines().any(|line| line == format!("result = \"{word}\""));
                let exit = match (says("done"), says("proposed")) {
                    (true, _) => Exit::Done,
                    (false, true) => Exit::Later,
                    (false, false) => Exit::Data,
                };
                return Ok((text, exit));
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
