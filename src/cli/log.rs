//! `sunap log`: the log of work (로그관리): who did what to what, and when.
//!
//! Must not: write the ledger or the spool.

use super::settings::{ConfigArgument, open_reader};
use super::sheet_flags::SheetFlags;
use super::{Exit, Failed, Screen};
use crate::domain::{Date, Instant, TimeOfDay};
use crate::ledger::LogQuery;
use crate::report::{self, CsvEncoding};
use clap::Args;
use std::io::Write;

/// The log of work (로그관리): every file, order, list row and step, every approval and every change of the configuration,
/// with the user who caused it. What the schedule or the bank caused is `sunap`'s.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only of this user: an id of users.toml, or the name or number of an account.
    #[arg(long)]
    user: Option<String>,
    /// From this day or time on: "2026-01-05" or "2026-01-05 13:00".
    #[arg(long, value_name = "WHEN")]
    since: Option<Instant>,
    /// To this day, itself included.
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Only about things whose name holds this: a file's name, a payer's number, "mandate 12", "config/users.toml".
    #[arg(long, value_name = "TEXT")]
    object: Option<String>,
    #[command(flatten)]
    sheet: SheetFlags,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    let reader = open_reader(&config)?;
    let query = LogQuery {
        since: arguments.since,
        until: arguments.until.map(|day| day.next().at(TimeOfDay::MIDNIGHT)),
        user: arguments.user.as_deref(),
        object: arguments.object.as_deref(),
    };
    let write = |format, out: &mut dyn Write| {
        report::write_log(&reader, &query, format, out).map_err(Failed::from_write)
    };
    arguments.sheet.show(CsvEncoding::Utf8, "", write, screen)?;
    Ok(Exit::Done)
}
