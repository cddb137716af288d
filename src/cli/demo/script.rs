//! The demo's script: which creditor drops which list, when. And the creditors themselves, who move each list from
//! `drops/` into an inbox by one rename: a list is dropped or it is not, wherever the process is killed.
//!
//! Must not: read a list.

use crate::cli::Failed;
use crate::daemon::rehearsal::{Acted, Outside};
use crate::domain::{CreditorId, Instant};
use crate::fault::{Fault, Faults, Place, Trouble, printable};
use crate::spool::Owner;
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What happens in a demo beside the bank's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// Where business time starts.
    pub(super) starts: Instant,
    /// Where the demo ends.
    pub(super) ends: Instant,
    /// What is dropped, in order.
    pub(super) drops: Vec<ListDrop>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListDrop {
    /// When.
    pub(super) at: Instant,
    /// By whom.
    pub(super) creditor: CreditorId,
    /// Its name, in `drops/<creditor>/` and in the inbox.
    pub(super) file: String,
    /// What it is, for the timeline.
    pub(super) note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    starts: Spanned<String>,
    ends: Spanned<String>,
    #[serde(default)]
    drop: Vec<WrittenDrop>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDrop {
    at: Spanned<String>,
    creditor: Spanned<String>,
    file: Spanned<String>,
    note: String,
}

impl Script {
    /// Reads `script.toml`.
    pub(super) fn read(path: &Path) -> Result<Self, Failed> {
        let text = std::fs::read_to_string(path).map_err(|error| Trouble::at("read", path, error))?;
        Self::parse(&printable(&path.to_string_lossy()), &text)
            .map_err(|faults| Failed::Faults(crate::cli::Exit::Config, faults))
    }

    fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        let mut page = Page { file, text, faults: Faults::default() };
        let written: Written = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                page.wrong(error.span().unwrap_or(0..0), error.message());
                return Err(page.faults);
            }
        };
        let mut script =
            Self { starts: page.value(&written.starts), ends: page.value(&written.ends), drops: Vec::new() };
        let mut last = script.starts;
        for drop in &written.drop {
            let at: Instant = page.value(&drop.at);
            if at <= last || at >= script.ends {
                page.wrong(drop.at.span(), "a time after `starts` and the drop before, and before `ends`");
            }
            last = at;
            if drop.file.get_ref().contains('/') || drop.file.get_ref().starts_with('.') {
                page.wrong(drop.file.span(), "the name of a file in the creditor's folder");
            }
            let creditor = page.parsed(&drop.creditor);
            if let Some(creditor) = creditor {
                script.drops.push(ListDrop {
                    at,
                    creditor,
                    file: drop.file.get_ref().clone(),
                    note: drop.note.clone(),
                });
            }
        }
        if page.faults.is_empty() { Ok(script) } else { Err(page.faults) }
    }
}

/// A page being read, with what is wrong on it.
struct Page<'t> {
    file: &'t str,
    text: &'t str,
    faults: Faults,
}

impl Page<'_> {
    fn wrong(&mut self, at: Range<usize>, expected: &str) {
        let line = self.text.bytes().take(at.start).filter(|b| *b == b'\n').count() + 1;
        let place = Place::Line { file: self.file.to_string(), line, column: 0 };
        self.faults.push(Fault::new(
            "demo-script-wrong",
            place,
            expected,
            "mend the script, or start a new demo",
        ));
    }

    fn parsed<T: std::str::FromStr<Err = String>>(&mut self, text: &Spanned<String>) -> Option<T> {
        text.get_ref().parse().map_err(|why: String| self.wrong(text.span(), &why)).ok()
    }

    /// An instant; any, where it is wrong and told.
    fn value(&mut self, text: &Spanned<String>) -> Instant {
        self.parsed(text).unwrap_or(Instant::from_unix_ms(0))
    }
}

/// The creditors of the demo.
#[derive(Debug)]
pub(super) struct Drops {
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    at: Instant,
    from: PathBuf,
    to: PathBuf,
}

impl Drops {
    /// The drops of a script that were not done yet.
    pub(super) fn new(script: &Script, drops: &Path, spool: &Path) -> Self {
        let paths = |drop: &ListDrop| Waiting {
            at: drop.at,
            from: drops.join(drop.creditor.to_string()).join(&drop.file),
            to: spool.join(Owner::Creditor(drop.creditor).folder()).join("inbox").join(&drop.file),
        };
        let mut waiting: Vec<Waiting> =
            script.drops.iter().map(paths).filter(|drop| drop.from.exists()).collect();
        waiting.reverse();
        Self { waiting }
    }
}

impl Outside for Drops {
    fn turn(&mut self, now: Instant) -> Result<Acted, Trouble> {
        let mut acted = Acted::default();
        // One drop at a time: the engine takes it before the next, so the order is that of the script.
        if let Some(drop) = self.waiting.pop_if(|drop| drop.at <= now) {
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            rustix::fs::renameat_with(rustix::fs::CWD, &drop.from, rustix::fs::CWD, &drop.to, flags)
                .map_err(|error| Trouble::at("drop", &drop.from, error))?;
            acted.worked = true;
            acted.delivered.push(drop.to);
        }
        acted.next_due = self.waiting.last().map(|drop| drop.at);
        Ok(acted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_script_reads() {
        let text = include_str!("../../../samples/demo/script.toml");
        let script = Script::parse("script.toml", text).unwrap();
        assert!(script.drops.len() > 8);
        for drop in &script.drops {
            let path = format!("{}/samples/demo/{}/{}", env!("CARGO_MANIFEST_DIR"), drop.creditor, drop.file);
            assert!(Path::new(&path).is_file(), "{path}");
        }
    }

    #[test]
    fn refuses_two_drops_at_one_time_and_unknown_keys_with_their_lines() {
        let head = "starts = \"2026-01-01 09:00\"\nends = \"2026-01-02 09:00\"\n";
        let drop = |at: &str| {
            format!("[[drop]]\nat = \"{at}\"\ncreditor = \"10000001\"\nfile = \"a.csv\"\nnote = \"\"\n")
        };
        let lines = |text: &str| match Script::parse("s", text) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.kept().iter().map(|fault| fault.place.to_string()).collect(),
        };
        let twice = format!("{head}{}{}", drop("2026-01-01 10:00"), drop("2026-01-01 10:00"));
        assert_eq!(lines(&twice), ["s:9"]);
        assert_eq!(lines(&format!("{head}{}", drop("2026-01-03 10:00"))), ["s:4"]);
        assert_eq!(lines(&format!("{head}surprise = 1\n")), ["s:3"]);
        assert_eq!(lines(&format!("{head}{}", drop("2026-01-01 10:00"))), Vec::<String>::new());
    }
}
