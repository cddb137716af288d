//! `sunap calendar`: open and closed days with their reasons as CSV, and the N-th banking day from a date.
//!
//! Must not: know a holiday; `calendar` does.

use super::plan::what_if;
use super::settings::{ConfigArgument, wall_time};
use super::{Exit, Failed, Screen};
use crate::calendar::{Calendar, FIRST_YEAR, LAST_YEAR};
use crate::domain::{Date, Weekday};
use clap::{Args, Subcommand};

/// Banking days of Korea, as this configuration declares them.
///
/// Without a subcommand: every day of a year as CSV with the columns date, weekday, open (Y or N), reasons (Korean,
/// separated by `;`) and kinds. Days after the `declared_until` of calendar.toml are printed with a warning, because
/// temporary holidays and elections may be missing there.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    config: ConfigArgument,
    /// The year; the present one unless given.
    #[arg(long, value_name = "YEAR")]
    year: Option<i32>,
    /// Print only the days on which the banks are closed.
    #[arg(long)]
    closed: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The N-th banking day after DATE (before it, where N is negative; DATE itself for 0).
    Shift {
        /// A day, YYYY-MM-DD.
        date: Date,
        /// How many banking days.
        #[arg(allow_negative_numbers = true)]
        n: i64,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// What would move if a day were declared closed, or open; writes nothing.
    WhatIf(what_if::Arguments),
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.verb {
        Some(Verb::Shift { date, n, config }) => return shift(*date, *n, config, screen),
        Some(Verb::WhatIf(arguments)) => return what_if::run(arguments, screen),
        None => {}
    }
    let config = arguments.config.load()?;
    let today = wall_time().date();
    let year = arguments.year.unwrap_or(today.year());
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
        let told = format!(
            "the rules of holidays are known for the years {FIRST_YEAR} to {LAST_YEAR}, not for {year}"
        );
        return Err(Failed::told(Exit::Usage, told));
    }
    print_year(&config.calendar, year, arguments.closed, screen)
}

fn shift(date: Date, n: i64, config: &ConfigArgument, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = config.load()?;
    let shifted = config.calendar.shift(date, n);
    for day in [date, shifted] {
        config.calendar.covers(day).map_err(|end| Failed::told(Exit::Config, end.to_string()))?;
    }
    screen.line(shifted)?;
    Ok(Exit::Done)
}

fn print_year(
    calendar: &Calendar,
    year: i32,
    closed_only: bool,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let mut day = Date::new(year, 1, 1).unwrap_or(calendar.coverage().0);
    screen.line("date,weekday,open,reasons,kinds")?;
    while day.year() == year {
        let reasons = calendar.closed(day);
        if !closed_only || !reasons.is_empty() {
            let names: Vec<&str> = reasons.iter().map(|reason| &*reason.name_ko).collect();
            let kinds: Vec<&str> = reasons.iter().map(|reason| reason.kind.as_str()).collect();
            let open = if reasons.is_empty() { "Y" } else { "N" };
            let weekday = weekday_ko(day.weekday());
            screen.line(format_args!("{day},{weekday},{open},{},{}", names.join(";"), kinds.join(";")))?;
        }
        day = day.next();
    }
    let declared_until = calendar.coverage().1;
    if declared_until.year() <= year {
        screen.flush()?;
        super::tell(format_args!(
            "sunap: calendar.toml is declared until {declared_until}: temporary holidays and elections after it are missing"
        ));
    }
    Ok(Exit::Done)
}

/// The weekday in one Hangul syllable.
pub(super) fn weekday_ko(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "월",
        Weekday::Tue => "화",
        Weekday::Wed => "수",
        Weekday::Thu => "목",
        Weekday::Fri => "금",
        Weekday::Sat => "토",
        Weekday::Sun => "일",
    }
}
