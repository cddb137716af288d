//! The demo's timeline: what happened on each day, printed when the day is over.
//!
//! Everything is read back from the ledger, so that a demo that is gone on with prints the same days.
//!
//! Must not: keep a story of its own.

use super::script::Script;
use crate::cli::calendar::weekday_ko;
use crate::cli::words::{file_state_text, padded};
use crate::cli::{Failed, Screen};
use crate::config::Config;
use crate::domain::{Date, Instant};
use crate::ledger::{FileQuery, FileRow, Reader, Way};
use crate::seal::KeyRing;
use std::path::Path;
use std::sync::Arc;

/// More files than a day of the demo has.
const FILES: usize = 100_000;

/// Prints days.
#[derive(Debug)]
pub(super) struct Timeline<'c> {
    config: &'c Config,
    script: &'c Script,
    next: Date,
}

impl<'c> Timeline<'c> {
    /// A timeline whose first day is `next`.
    pub(super) fn new(config: &'c Config, script: &'c Script, next: Date) -> Self {
        Self { config, script, next }
    }

    /// What is about to run.
    pub(super) fn opening(&self, dir: &Path, resume: bool, screen: &mut Screen) -> Result<(), Failed> {
        let word = if resume { "goes on" } else { "runs" };
        screen.line(format_args!(
            "sunap demo {word} in {}: {} to {}, {} creditors, {} channel",
            dir.display(),
            self.script.starts,
            self.script.ends,
            self.config.creditors.len(),
            self.config.channels.len(),
        ))?;
        for creditor in self.config.creditors.values() {
            screen.line(format_args!("  {}  {}", creditor.id, creditor.name))?;
        }
        screen.line("")?;
        screen.flush()
    }

    /// Prints the days before `end` that were not printed yet.
    pub(super) fn print_until(
        &mut self,
        end: Date,
        ledger: (&Path, &Arc<KeyRing>),
        screen: &mut Screen,
    ) -> Result<(), Failed> {
        if self.next >= end {
            return Ok(());
        }
        let reader = Reader::open(ledger.0, ledger.1)?;
        let files = reader.files(&FileQuery { limit: FILES, ..FileQuery::default() })?;
        while self.next < end {
            self.day(self.next, &files, screen)?;
            self.next = self.next.next();
        }
        screen.flush()
    }

    fn day(&self, day: Date, files: &[FileRow], screen: &mut Screen) -> Result<(), Failed> {
        let closed = self.config.calendar.closed(day);
        let names: Vec<&str> = closed.iter().map(|reason| &*reason.name_ko).collect();
        let closed = if names.is_empty() { String::new() } else { format!("  휴무: {}", names.join(", ")) };
        screen.line(format_args!("{day} ({}){closed}", weekday_ko(day.weekday())))?;
        let mut lines: Vec<(Instant, i64, String)> = files
            .iter()
            .filter_map(|file| self.line(day, file).map(|(at, text)| (at, file.file_id, text)))
            .collect();
        lines.sort();
        for (at, _, text) in lines {
            screen.line(format_args!("  {}  {text}", at.time()))?;
        }
        Ok(())
    }

    /// The line of a file on the day on which it went out or came in.
    fn line(&self, day: Date, file: &FileRow) -> Option<(Instant, String)> {
        let at = match file.way {
            Way::In => file.created_at,
            Way::Out => file.published_at?,
        };
        (at.date() == day).then(|| (at, self.text(file)))
    }

    fn text(&self, file: &FileRow) -> String {
        let name = padded(&file.name, 30);
        let mut applications = self.config.channels.values().filter_map(|c| c.profile.applications.as_ref());
        match file.way {
            Way::Out if applications.clone().any(|rule| rule.answer == file.kind) => {
                format!("→ bank      {name} {:>4} refused", file.lines)
            }
            Way::In if applications.any(|rule| rule.received == file.kind) => {
                format!(
                    "← bank      {name} {:>4} applied for at banks  {}",
                    file.lines,
                    file_state_text(file.state)
                )
            }
            Way::Out => format!("→ bank      {name} {:>4} lines  {:>13} won", file.lines, file.won),
            Way::In if file.owner.starts_with("channel/") => {
                let failed = if file.failed_won.is_positive() || file.listed_lines > 0 {
                    format!("{:>4} failed {:>13} won", file.listed_lines, file.failed_won)
                } else {
                    "   0 failed".to_string()
                };
                format!("← bank      {name} {failed}  {}", file_state_text(file.state))
            }
            Way::In => {
                let note = self.script.drops.iter().find(|drop| {
                    file.owner.ends_with(&drop.creditor.to_string())
                        && drop.file == file.name
                        && drop.at == file.created_at
                });
                let note = note.map_or("", |drop| drop.note.as_str());
                format!("← creditor  {name} {:>4} rows   {}  {note}", file.lines, file_state_text(file.state))
            }
        }
    }
}

/// Where a person can look now.
pub(super) fn where_to_look(dir: &Path, ends: Instant, screen: &mut Screen) -> Result<(), Failed> {
    let (dir, program) = (dir.display(), std::env::args().next().unwrap_or_else(|| "sunap".to_string()));
    let config = format!("--config {dir}/config/sunap.toml");
    screen.line(format_args!(
        "\nLook around (business time stands at {ends}):\n  \
         {dir}/spool/channel/*/sent       what went to the bank, with its receipts\n  \
         {dir}/spool/channel/*/done       what came from the bank and was applied\n  \
         {dir}/spool/channel/*/rejected   what was not what it claimed to be, each with its report\n  \
         {dir}/spool/creditor/*/outbox    the answers to each list, row by row\n  \
         {dir}/state/archive              every byte that came or went, by hash\n\n  \
         {program} status {config}\n  \
         {program} show payer A-0001 {config}\n  \
         {program} show file EB210105 {config}\n  \
         {program} read {dir}/spool/channel/bankingplus-seoul/sent/EB210105 {config}"
    ))
}
