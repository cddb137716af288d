//! The end of the demo: does everything add up? Charge by charge (I3, the ledger's audit), creditor by creditor, and
//! file by file: requested minus failed is what the ledger holds as collected. Then what was settled and paid.
//!
//! Must not: correct anything, or round.

use super::script::Script;
use crate::cli::screen::table;
use crate::cli::{Failed, Screen};
use crate::config::{Config, Profile};
use crate::domain::{CollectionKind, CreditorId, Month, Won};
use crate::ledger::{CreditorTotals, FileQuery, FileRow, FileState, LineRow, Reader, Way};
use crate::machine::file::Out;
use comfy_table::{CellAlignment, Table};
use std::collections::BTreeMap;

/// How many lines are read at once.
const PAGE: usize = 10_000;

/// More files than the demo has.
const FILES: usize = 100_000;

/// What the files' lines say, beside what the files say.
#[derive(Debug, Default)]
struct Found {
    /// Retries by creditor and the month of the charge.
    retried: BTreeMap<(CreditorId, Month), i64>,
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
    let found = files(config, reader)?;
    let holds_files = print_files(&found, screen)?;
    let holds_creditors = print_creditors(config, script, reader, &found, screen)?;
    print_settlements(config, script, reader, screen)?;
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
fn files(config: &Config, reader: &Reader) -> Result<Found, Failed> {
    let mut found = Found::default();
    let query = FileQuery { way: Some(Way::Out), limit: FILES, ..FileQuery::default() };
    let mut files = reader.files(&query)?;
    files.sort_by_key(|file| (file.date, file.file_id));
    let debits = |kind: &str| {
        let services = |profile: &Profile| profile.services.iter().any(|service| service.request == kind);
        config.profiles.values().any(|profile| services(profile))
    };
    for file in files.iter().filter(|file| file.state == FileState::Out(Out::Answered) && debits(&file.kind))
    {
        found.rows.push(add_up(reader, file, &mut found.retried)?);
    }
    Ok(found)
}

fn add_up(
    reader: &Reader,
    file: &FileRow,
    retried: &mut BTreeMap<(CreditorId, Month), i64>,
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
            if let (CollectionKind::Retry, Some(month)) = (line.kind, line.month) {
                *retried.entry((line.creditor, month)).or_default() += 1;
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

/// What was settled, and where its payment stands (정산, 지급).
fn print_settlements(
    config: &Config,
    script: &Script,
    reader: &Reader,
    screen: &mut Screen,
) -> Result<(), Failed> {
    let heads = ["creditor", "settled on", "collected", "fee", "VAT", "net", "payment"];
    let mut table = numbers_table(&heads);
    for creditor in config.creditors.values() {
        for row in reader.settlements(creditor.id, script.starts.date(), script.ends.date())? {
            let payments = reader.payouts_of(row.settlement_id)?;
            table.add_row([
                format!("{} {}", creditor.id, creditor.name),
                row.date.to_string(),
                row.waiting.collected.to_string(),
                row.fee.to_string(),
                row.vat.to_string(),
                row.net.to_string(),
                payments.last().map_or_else(String::new, |payment| payment.state.clone()),
            ]);
        }
    }
    screen.line(format_args!("{table}\n"))
}

fn creditor_row(config: &Config, month: Month, totals: &CreditorTotals, found: &Found) -> Vec<String> {
    let name = config.creditors.get(&totals.creditor).map_or("", |creditor| creditor.name.as_str());
    let retried = found.retried.get(&(totals.creditor, month)).copied().unwrap_or_default();
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
    let mut table = table(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
