//! `sunap intake check`: what would be answered to a list, before it is dropped.
//!
//! The list is dropped into a copy of business (`scratch`), where the ordinary engine judges it. Nothing real is written.
//!
//! Must not: judge by rules of its own.

use super::run::Next;
use super::scratch::{Scratch, business_now};
use super::screen::table;
use super::settings::{ConfigArgument, open_reader};
use super::words::file_state_text;
use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::CreditorId;
use crate::fault::{Trouble, printable};
use crate::intake::{self, Kind, answer};
use crate::ledger::{FileRow, FileState};
use crate::machine::file::In;
use crate::sheet::{SheetText, child};
use crate::spool::Owner;
use clap::{Args, Subcommand};
use comfy_table::ContentArrangement;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows are shown; the answer (-o) has all.
const SHOWN: usize = 200;

/// How wide the table of refused rows is, in cells of a terminal.
const WIDTH: u16 = 140;

/// Creditors' lists.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What would be answered if FILE were dropped now; writes nothing.
    ///
    /// The list is judged by the ordinary engine on a copy of the ledger, with all that is registered and requested now. Rows
    /// that would be refused are shown with their reasons. Exit 0: every row would be accepted or changes nothing; 65: a row or
    /// the whole list would be refused.
    Check(CheckArguments),
}

#[derive(Debug, Args)]
struct CheckArguments {
    /// The list; its name says what it asks for (mandates…, request…).
    file: PathBuf,
    /// Whose list.
    #[arg(long)]
    creditor: CreditorId,
    /// Write the whole answer here; the file must not be there yet.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the copy is made for the time of the check.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let Verb::Check(arguments) = &arguments.verb;
    let Some(name) = arguments.file.file_name().and_then(|name| name.to_str()) else {
        return Err(Failed::told(Exit::Usage, "name a file whose name is UTF-8"));
    };
    if Kind::of_name(name).is_none() {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        let told = format!("{}: a list's name begins with {}", printable(name), kinds.join(", "));
        return Err(Failed::told(Exit::Data, told));
    }
    let mut config = Config::load(&arguments.config.path)?;
    if !config.creditors.contains_key(&arguments.creditor) {
        let told = format!("there is no creditor {}: see config/creditors/", arguments.creditor);
        return Err(Failed::told(Exit::Usage, told));
    }
    let real = open_reader(&config)?;
    let now = business_now(&config, &real)?;
    let scratch = Scratch::make(&mut config, real, arguments.work.as_deref())?;
    let owner = Owner::Creditor(arguments.creditor).folder();
    let folder = config.spool_dir.join(&owner);
    let config = Arc::new(config);
    let mut play = scratch.play(&config, scratch.without_banks()?, now)?;
    let dropped = scratch.drop_into(&owner, &arguments.file, name)?;
    play.renamed_in(&dropped);
    if matches!(play.next(Some(now))?, Next::Stopped) {
        return Err(Failed::told(Exit::Later, "stopped"));
    }
    let judged = scratch.reader()?.find_file(name)?.into_iter().find(|row| row.owner == owner);
    let Some(judged) = judged else {
        let report = std::fs::read_to_string(folder.join(format!("rejected/{name}.report.txt")));
        return Err(Failed::told(
            Exit::Data,
            report.unwrap_or_else(|_| format!("{name} would not be taken")),
        ));
    };
    tell(&judged, &folder, arguments, screen)
}

/// Shows what was answered.
fn tell(
    judged: &FileRow,
    folder: &Path,
    arguments: &CheckArguments,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let read = |path: PathBuf| std::fs::read(&path).map_err(|error| Trouble::at("read", &path, error));
    let name = &judged.name;
    if judged.state != FileState::In(In::Applied) {
        let room = if judged.state == FileState::In(In::Held) { "held" } else { "rejected" };
        screen.line(format_args!("{name}: {}", file_state_text(judged.state)))?;
        if let Ok(report) = std::fs::read_to_string(folder.join(format!("{room}/{name}.report.txt"))) {
            screen.text(report)?;
        }
        if judged.state == FileState::In(In::Duplicate) {
            return Ok(Exit::Done);
        }
    }
    let text = folder.join("outbox").join(answer::answer_name(name));
    let workbook = text.with_extension("xlsx");
    // A list that is taken as a whole or not at all has its rows told, too.
    if judged.state != FileState::In(In::Applied) && !text.exists() && !workbook.exists() {
        return Ok(Exit::Data);
    }
    let bytes = read(if workbook.exists() { workbook.clone() } else { text })?;
    let shown = if workbook.exists() { sheet_text(&bytes)? } else { bytes.clone() };
    let refused = print_rows(name, &shown, screen)?;
    let summary = read(folder.join("outbox").join(answer::summary_name(name)))?;
    screen.text(String::from_utf8_lossy(&summary))?;
    if let Some(path) = &arguments.out {
        write_new_file(path, |out| out.write_all(&bytes).map_err(Failed::from))?;
    }
    screen.line(if refused == 0 {
        "nothing was written"
    } else {
        "rows would be refused; nothing was written"
    })?;
    Ok(if refused == 0 { Exit::Done } else { Exit::Data })
}

/// The rows of a workbook that this program has just written.
fn sheet_text(bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut text = Vec::new();
    child::translate(bytes, &mut text).map_err(|why| Failed::told(Exit::Trouble, why))?;
    SheetText::of(text)
        .map(|sheet| sheet.csv)
        .ok_or_else(|| Failed::told(Exit::Trouble, "the answer is not whole"))
}

/// The rows that would be refused, with payer, reason and advice; how many there are.
fn print_rows(name: &str, bytes: &[u8], screen: &mut Screen) -> Result<usize, Failed> {
    let (text, _) = intake::decode(name, bytes).map_err(|faults| Failed::Faults(Exit::Data, faults))?;
    let delimiter = if name.to_ascii_lowercase().ends_with(".tsv") { b'\t' } else { b',' };
    let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let mut table = table(&["줄", "번호", "결과", "사유", "조치"]);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    let mut refused = 0;
    for (nth, row) in rows.records().enumerate() {
        let row = row.map_err(|error| Failed::told(Exit::Trouble, error.to_string()))?;
        let from_end =
            |back: usize| row.len().checked_sub(back).and_then(|at| row.get(at)).unwrap_or_default();
        let (result, why, advice) = (from_end(3), from_end(2), from_end(1));
        if result != "거절" {
            continue;
        }
        refused += 1;
        if refused <= SHOWN {
            let line = nth.saturating_add(2).to_string();
            let first = row.get(0).unwrap_or_default();
            table.add_row([line.as_str(), first, result, why, advice].map(printable));
        }
    }
    if refused > 0 {
        screen.line(table)?;
    }
    Ok(refused)
}
