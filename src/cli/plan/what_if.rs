//! `sunap calendar what-if`: what moves if a day is declared closed, or open after all (product.md N6, E29). Plays the
//! time ahead twice on copies, with and without that day, and tells the difference.
//!
//! Must not: change the calendar; a person writes `calendar.toml`.

use super::{Ahead, Bank};
use crate::cli::calendar::weekday_ko;
use crate::cli::scratch::Scratch;
use crate::cli::settings::ConfigArgument;
use crate::cli::words::{file_state_text, job_ko};
use crate::cli::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::{Date, Month};
use crate::ledger::{DueState, FileQuery, FileState, Reader, Way};
use crate::machine::file::Out;
use crate::report::{Cell, CellKind, Column, Format, write_table};
use clap::{Args, ValueEnum};
use std::collections::{BTreeMap, BTreeSet};

/// How far is looked ahead unless told, in days after the day in question.
const AHEAD_DAYS: i64 = 31;

/// More due rows than a year has.
const DUES: usize = 1_000_000;

const COLUMNS: [Column; 6] = [
    Column { key: "what", ko: "구분", kind: CellKind::Text, width: 14 },
    Column { key: "subject", ko: "대상", kind: CellKind::Text, width: 44 },
    Column { key: "date", ko: "일자", kind: CellKind::Date, width: 10 },
    Column { key: "now", ko: "지금대로", kind: CellKind::Text, width: 24 },
    Column { key: "then", ko: "바뀌면", kind: CellKind::Text, width: 24 },
    Column { key: "note", ko: "주의", kind: CellKind::Text, width: 24 },
];

/// What moves if DATE is declared closed (임시공휴일), or open after all; writes nothing.
///
/// Due days, files, results, requests and settlements are compared, played ahead on two copies of the ledger against a bank
/// that accepts everything. What has gone out already is named and does not move.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The day.
    date: Date,
    /// What it would be.
    #[arg(value_enum)]
    day: Day,
    /// The last day that is looked at; unless given, 31 days after DATE.
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Where the copies are made.
    #[arg(long, value_name = "DIR")]
    work: Option<std::path::PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Day {
    Closed,
    Open,
}

/// Does the verb.
pub(in crate::cli) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (date, open) = (arguments.date, arguments.day == Day::Open);
    let config = arguments.config.load()?;
    config.calendar.covers(date).map_err(|end| Failed::told(Exit::Config, end.to_string()))?;
    let shown = format!("{date} ({})", weekday_ko(date.weekday()));
    if config.calendar.clone().with_day(date, open).is_open(date) == config.calendar.is_open(date) {
        let is = if config.calendar.is_open(date) { "open" } else { "closed, and stays so" };
        screen.line(format_args!("{shown} is {is}: nothing moves"))?;
        return Ok(Exit::Done);
    }
    let until =
        arguments.until.unwrap_or_else(|| date.plus_days(AHEAD_DAYS).min(config.calendar.coverage().1));
    let look = |day| {
        let ahead = Ahead { until, bank: Bank::AllGood, work: arguments.work.clone(), day };
        ahead.play(&arguments.config.path, |reader, scratch, config| facts(reader, scratch, config, until))
    };
    let (now, then) = (look(None)?, look(Some((date, open)))?);
    for out in already_out(&config, date)? {
        screen.line(out)?;
    }
    let rows = differences(&now, &then);
    if rows.is_empty() {
        screen.line(format_args!("{shown}: nothing moves until {until}"))?;
        return Ok(Exit::Done);
    }
    write_table("달력 가정", &COLUMNS, rows.into_iter(), Format::Table, screen.bytes())?;
    Ok(Exit::Done)
}

/// What, whose, for which day: and what is said of it.
type Facts = BTreeMap<(&'static str, String, Date), String>;

/// What is compared, as a played copy holds it.
fn facts(reader: &Reader, scratch: &Scratch, config: &Config, until: Date) -> Result<Facts, Failed> {
    let mut facts = Facts::new();
    let from = reader.business_time()?.map_or(until, |at| at.date()).min(until).plus_days(-400);
    for charges in reader.charges_on(from, until)? {
        let subject = format!("{} {}월분", charges.creditor, charges.month);
        let told = format!("{}건 {}원", charges.charges, charges.won);
        facts.insert(("이체예정일", subject, charges.debit_date), told);
    }
    for due in reader.due_rows(None, DUES)?.into_iter().filter(|due| due.state != DueState::Missed) {
        if due.done_at.is_none_or(|at| at >= due.opens_at) && due.due_at.date() <= until {
            facts.insert(
                ("일정", format!("{} {}", due.owner, job_ko(&due.job)), due.date),
                due.due_at.to_string(),
            );
        }
    }
    for file in reader.files(&FileQuery { limit: usize::MAX, ..FileQuery::default() })? {
        let (Some(date), Some(at)) = (file.date, file.published_at) else { continue };
        if scratch.mark.before_file(file.file_id) && file.way == Way::Out {
            let told = format!("{at} {}건 {}원", file.lines, file.won);
            facts.insert(("은행 전송", format!("{} {}", file.owner, file.kind), date), told);
            if let Some(due) = file.due_at {
                facts.insert(("결과 도착", format!("{} {}", file.owner, file.kind), date), due.to_string());
            }
        }
    }
    for settlement in reader.settlements_since(scratch.mark)? {
        let creditor = config.creditors.get(&settlement.creditor).map_or("", |creditor| &creditor.name);
        let subject = format!("{} {creditor}", settlement.creditor);
        facts.insert(("정산", subject, settlement.date), format!("{}원", settlement.net));
    }
    Ok(facts)
}

/// Rows of what is not the same in both.
fn differences(now: &Facts, then: &Facts) -> Vec<Vec<Cell>> {
    let keys: BTreeSet<_> = now.keys().chain(then.keys()).collect();
    let differ = keys.into_iter().filter(|key| now.get(key) != then.get(key));
    differ
        .map(|key| {
            let (what, subject, date) = key;
            let said = |facts: &Facts| facts.get(key).map_or("-".to_string(), Clone::clone);
            let note = match (now.contains_key(key), then.contains_key(key)) {
                (false, true) if leaves_month(what, subject, *date) => "다음 달로 넘어감",
                (true, true) if *what == "이체예정일" => "같은 날로 합쳐지거나 나뉨",
                _ => "",
            };
            vec![
                Cell::Text((*what).to_string()),
                Cell::Text(subject.clone()),
                Cell::Date(*date),
                Cell::Text(said(now)),
                Cell::Text(said(then)),
                Cell::Text(note.to_string()),
            ]
        })
        .collect()
}

/// Whether charges of a month (the end of `subject`) would be debited after it.
fn leaves_month(what: &str, subject: &str, date: Date) -> bool {
    let month = subject.rsplit(' ').next().and_then(|word| word.strip_suffix("월분"));
    let month: Option<Month> = month.and_then(|word| word.parse().ok());
    what == "이체예정일" && month.is_some_and(|month| date.month() > month)
}

/// Files of that day that have gone out: what becomes of them is the bank's to say.
fn already_out(config: &Config, date: Date) -> Result<Vec<String>, Failed> {
    let reader = crate::cli::settings::open_reader(config)?;
    let query =
        FileQuery { way: Some(Way::Out), date: Some(date), limit: usize::MAX, ..FileQuery::default() };
    let out = reader
        .files(&query)?
        .into_iter()
        .filter(|file| !matches!(file.state, FileState::Out(Out::Planned | Out::Missed | Out::Emptied)));
    Ok(out
        .map(|file| {
            format!(
                "! {} of {} is {}, {} lines, {} won: it does not move; ask the bank what becomes of it",
                file.name,
                file.owner,
                file_state_text(file.state),
                file.lines,
                file.won
            )
        })
        .collect())
}
