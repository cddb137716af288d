//! `sunap plan`: what would be sent and done until a day, played on a copy of the ledger (product.md N7).
//!
//! The copy is worked on by the ordinary engine with a clock that jumps to whatever is due next, against a bank that
//! answers as it is told. The real spool and state are read, once, and never written.
//!
//! Must not: write the ledger or the spool; foretell by rules of its own.

mod story;
pub(super) mod what_if;

use super::run::Next;
use super::scratch::{Scratch, business_now};
use super::settings::{ConfigArgument, open_reader};
use super::sheet_flags::SheetFlags;
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::{Date, Instant, TimeOfDay};
use crate::ledger::Reader;
use crate::report::{CsvEncoding, write_table};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest time that is planned ahead, in days.
const LONGEST_DAYS: i64 = 400;

/// What would be sent and done until a day, on a copy of the ledger; writes nothing.
///
/// Day by day: charges that are made, files that go to the bank with lines and won, what the bank answers, lists and papers
/// for creditors, settlements, alerts. It starts from what is committed in the ledger now; files that lie in inboxes are not
/// in it. The bank is taken to accept everything, unless --exchange says otherwise or --silent says that it answers nothing.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The last day, itself included.
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Who answers in the bank's place: a rules file as of `sunap exchange` (config/exchange/README.md).
    #[arg(long, value_name = "RULES", conflicts_with = "silent")]
    exchange: Option<PathBuf>,
    /// Nobody answers: only what our own schedule does.
    #[arg(long)]
    silent: bool,
    #[command(flatten)]
    sheet: SheetFlags,
    /// Where the copy is made for the time of the plan; as large as the ledger and the files on their way.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    arguments.sheet.check()?;
    let bank = match (&arguments.exchange, arguments.silent) {
        (Some(rules), _) => Bank::Rules(rules.clone()),
        (None, true) => Bank::Silent,
        (None, false) => Bank::AllGood,
    };
    let ahead = Ahead { until: arguments.until, bank, work: arguments.work.clone(), day: None };
    let rows = ahead
        .play(&arguments.config.path, |reader, scratch, config| story::rows(reader, scratch.mark, config))?;
    let write = |format, out: &mut dyn Write| {
        write_table("실행 계획", &story::COLUMNS, rows.iter().map(story::Row::cells), format, out)
            .map_err(Failed::from_write)
    };
    arguments.sheet.show(CsvEncoding::Utf8, "", write, screen)?;
    Ok(Exit::Done)
}

/// Who plays the bank.
#[derive(Debug, Clone)]
enum Bank {
    AllGood,
    Silent,
    Rules(PathBuf),
}

/// A look ahead.
#[derive(Debug)]
struct Ahead {
    until: Date,
    bank: Bank,
    work: Option<PathBuf>,
    /// A day thought of as open or closed.
    day: Option<(Date, bool)>,
}

impl Ahead {
    /// Copies, lets time run to the end of the last day, and reads from the copy what is wanted.
    fn play<T>(
        &self,
        path: &Path,
        read: impl FnOnce(&Reader, &Scratch, &Config) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let mut config = Config::load(path)?;
        let real = open_reader(&config)?;
        let now = business_now(&config, &real)?;
        self.check_until(&config, now)?;
        let scratch = Scratch::make(&mut config, real, self.work.as_deref())?;
        if let Some((day, open)) = self.day {
            config.calendar = config.calendar.with_day(day, open);
        }
        let config = Arc::new(config);
        let banks = match &self.bank {
            Bank::AllGood => scratch.banks(&config, None)?,
            Bank::Rules(rules) => scratch.banks(&config, Some(rules))?,
            Bank::Silent => scratch.without_banks()?,
        };
        let mut play = scratch.play(&config, banks, now)?;
        let end = self.until.next().at(TimeOfDay::MIDNIGHT).plus_ms(-1);
        loop {
            match play.next(Some(end))? {
                Next::Instant(_) => {}
                Next::Nothing | Next::Ended => break,
                Next::Stopped => return Err(Failed::told(Exit::Later, "stopped; nothing was written")),
            }
        }
        read(&scratch.reader()?, &scratch, &config)
    }

    fn check_until(&self, config: &Config, now: Instant) -> Result<(), Failed> {
        let (until, today) = (self.until, now.date());
        if until < today {
            return Err(Failed::told(Exit::Usage, format!("{until} is over: business time is {now}")));
        }
        if until.days_since(today) > LONGEST_DAYS {
            return Err(Failed::told(Exit::Usage, format!("at most {LONGEST_DAYS} days are planned ahead")));
        }
        config.calendar.covers(until).map_err(|end| Failed::told(Exit::Config, end.to_string()))
    }
}
