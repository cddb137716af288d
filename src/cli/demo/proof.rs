//! The end of the demo: does everything add up? Charge by charge (I3, the ledger's audit), creditor by creditor, and
//! file by file: requested minus failed is what the ledger holds as collected.
//!
//! Must not: correct anything, or round.

use super::script::Script;
use crate::cli::{Failed, Screen};
use crate::config::Config;
use crate::domain::{CollectionKind, CreditorId, Month, Won};
use crate::ledger::{CreditorTotals, FileQuery, FileRow, FileState, LineRow, Reader, Way};
use crate::machine::file::Out;
use comfy_table::{CellAlignment, Table, presets};
use std::collections::BTreeMap;

/// How many lines are read at once.
const PAGE: usize = 10_000;

/// More files than the demo has.
const FILES: usize = 100_000;

/// What the files' lines say, beside what the files say.
#[derive(Debug, Default)]
struct Found {
    retried: BTreeMap<CreditorId, i64>,
    rows: Vec<FileProof>,
}

/// One answered file of ours.
#[derive(Debug)]
struct FileProof {
    name: String,
    lines: i64,
    requested: Won,
    failed: Won,
    collected: Won,
    holds: bool,
}

/// Prints the proof; true where all of it holds.
pub(super) fn print(
    config: &Config,
    script: &Script,
    reader: &Reader,
    screen: &mut Screen,
) -> Result<bool, Failed> {
    screen.line("\nProof\n")?;
    let found = files(reader)?;
    let holds_files = print_files(&found, screen)?;
    let holds_creditors = print_creditors(config, script, reader, &found, screen)?;
    let violations = reader.audit()?;
    for violation in &violations {
        screen.line(format_args!("  violated {}: {}", violation.rule, violation.text))?;
    }
    let say = |holds: bool| if holds { "holds" } else { "DOES NOT HOLD" };
    screen
        .line(format_args!("every answered file: requested - failed = collected   {}", say(holds_files)))?;
    screen.line(format_args!(
        "every creditor: charged = collected + open            {}",
        say(holds_creditors)
    ))?;
    screen.line(format_args!(
        "audit of every charge and line (I3)                   {}",
        say(violations.is_empty())
    ))?;
    Ok(holds_files && holds_creditors && violations.is_empty())
}

/// Every answered collection file, its lines added up.
fn files(reader: &Reader) -> Result<Found, Failed> {
    let mut found = Found::default();
    let query = FileQuery { way: Some(Way::Out), limit: FILES, ..FileQuery::default() };
    let mut files = reader.files(&query)?;
    files.sort_by_key(|file| (file.date, file.file_id));
    for file in
        files.iter().filter(|file| file.state == FileState::Out(Out::Answered) && file.won.is_positive())
    {
        found.rows.push(add_up(reader, file, &mut found.retried)?);
    }
    Ok(found)
}

fn add_up(
    reader: &Reader,
    file: &FileRow,
    retried: &mut BTreeMap<CreditorId, i64>,
) -> Result<FileProof, Failed> {
    let (mut requested, mut collected) = (Some(Won::ZERO), Some(Won::ZERO));
    let (mut after, mut lines) = (0, 0);
    loop {
        let page: Vec<LineRow> = reader.lines(file.file_id, None, after, PAGE)?;
        for line in &page {
            let Some(line_no) = line.line_no else { continue };
            after = after.max(line_no);
            lines += 1;
            requested = requested.and_then(|sum| sum.checked_add(line.amount));
            collected = collected.and_then(|sum| sum.checked_add(line.collected));
            if line.kind == CollectionKind::Retry {
                *retried.entry(line.creditor).or_default() += 1;
            }
        }
        if page.len() < PAGE {
            break;
        }
    }
    let failed = file.failed_won.checked_add(file.partial_won);
    let expected = failed.and_then(|failed| file.won.checked_sub(failed));
    Ok(FileProof {
        name: file.name.clone(),
        lines: file.lines,
        requested: file.won,
        failed: failed.unwrap_or_default(),
        collected: collected.unwrap_or_default(),
        holds: lines == file.lines
            && requested == Some(file.won)
            && expected.is_some()
            && collected == expected,
    })
}

fn print_files(found: &Found, screen: &mut Screen) -> Result<bool, Failed> {
    let mut table = numbers_table(&["file", "lines", "requested", "failed", "collected", ""]);
    for row in &found.rows {
        table.add_row([
            row.name.clone(),
            row.lines.to_string(),
            row.requested.to_string(),
            row.failed.to_string(),
            row.collected.to_string(),
            if row.holds { "=" } else { "≠" }.to_string(),
        ]);
    }
    screen.line(format_args!("{table}\n"))?;
    Ok(!found.rows.is_empty() && found.rows.iter().all(|row| row.holds))
}

fn print_creditors(
    config: &Config,
    script: &Script,
    reader: &Reader,
    found: &Found,
    screen: &mut Screen,
) -> Result<bool, Failed> {
    let heads = ["creditor", "month", "charges", "charged", "collected", "open", "failed", "retried"];
    let mut table = numbers_table(&heads);
    let mut holds = true;
    let mut month = script.starts.date().month();
    while month <= script.ends.date().month().next() {
        for totals in reader.creditor_totals(month)?.iter().filter(|totals| totals.charges > 0) {
            holds &= totals.collected.checked_add(totals.open) == Some(totals.amount);
            table.add_row(creditor_row(config, month, totals, found));
        }
        month = month.next();
    }
    screen.line(format_args!("{table}\n"))?;
    Ok(holds)
}

fn creditor_row(config: &Config, month: Month, totals: &CreditorTotals, found: &Found) -> Vec<String> {
    let name = config.creditors.get(&totals.creditor).map_or("", |creditor| creditor.name.as_str());
    let retried = found.retried.get(&totals.creditor).copied().unwrap_or_default();
    vec![
        format!("{} {name}", totals.creditor),
        month.to_string(),
        totals.charges.to_string(),
        totals.amount.to_string(),
        totals.collected.to_string(),
        totals.open.to_string(),
        totals.failed.to_string(),
        retried.to_string(),
    ]
}

/// A table whose columns but the first are numbers.
fn numbers_table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_FULL_CONDENSED);
    table.set_header(heads.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
