//! What a creditor gets back for a list: the list's own rows with 결과, 사유 and 조치 added, and a summary
//! (decisions.md 21). A list that is refused as a whole has no answer rows, only a summary with its faults.
//!
//! Cells go back as they came, with two exceptions for safety. A resident number goes back as `*`. A cell that a
//! spreadsheet would run as a formula goes back with a leading `'`, in the creditor's columns too: a payer may have
//! given a name such as `=HYPERLINK(…)`, and the answer is opened by a person. Signed numbers and telephone numbers
//! (`-100`, `+82 2-000-0000`) are no formulas and stay. Hangul that came as separate jamo goes back composed.
//!
//! Must not: decide; the verdicts are handed in.

use super::columns::{ANSWER_HEADINGS, Column};
use super::list::{List, Row};
use super::{Kind, resident};
use crate::domain::Date;
use crate::fault::{Fault, Faults, printable_lines};
use crate::rules::{Name, Refused};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 접수, with a word on what follows (`신규, 2026-01-06 신청`); may be empty.
    Accepted(String),
    /// 변동없음.
    Unchanged,
    /// 거절, with every reason.
    Refused(Vec<Refused>),
}

impl Verdict {
    /// The word in the column 결과.
    pub const fn ko(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "접수",
            Self::Unchanged => "변동없음",
            Self::Refused(_) => "거절",
        }
    }
}

/// `mandates.csv.answer.csv`.
pub fn answer_name(file: &str) -> String {
    format!("{file}.answer.csv")
}

/// The name of a list's answer, which has the form of the list: `mandates.xlsx.answer.xlsx` for a workbook.
pub fn answer_name_of(list: &List) -> String {
    if list.workbook { format!("{}.answer.xlsx", list.file) } else { answer_name(&list.file) }
}

/// The headings of the answer to a workbook: the list's columns, and those that are added.
pub fn headings(list: &List) -> Vec<&'static str> {
    let given = list.columns.iter().flatten().map(|column| column.heading);
    given.chain(ANSWER_HEADINGS).collect()
}

/// The rows of the answer to a workbook, cell by cell, as [`print`] writes them.
pub fn rows<'l>(list: &'l List, verdicts: &'l [Verdict]) -> impl Iterator<Item = Vec<String>> + 'l {
    let width = list.columns.iter().filter(|c| c.is_some()).count();
    list.rows().zip(verdicts).map(move |(row, verdict)| {
        let mut cells = echoed(row, width, char::from(list.delimiter));
        cells.extend(added_cells(verdict));
        cells
    })
}

/// `mandates.csv.summary.toml`.
pub fn summary_name(file: &str) -> String {
    format!("{file}.summary.toml")
}

/// The bytes of the answer, in the list's encoding, delimiter and line ends. One verdict per row, in the rows' order; a
/// row without a verdict is left out, so hand in as many as there are rows.
pub fn print(list: &List, verdicts: &[Verdict]) -> Vec<u8> {
    let width = list.columns.iter().filter(|c| c.is_some()).count();
    let terminator = if list.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(list.delimiter)
        .terminator(terminator)
        .flexible(true)
        .from_writer(Vec::new());
    let headings = list.headings.iter().take(width).map(|h| safe(h.to_string()));
    let added = ANSWER_HEADINGS.iter().map(ToString::to_string);
    // Writing into memory cannot fail.
    let _ = writer.write_record(headings.chain(added));
    for (row, verdict) in list.rows().zip(verdicts) {
        let cells = echoed(row, width, char::from(list.delimiter));
        let _ = writer.write_record(cells.into_iter().chain(added_cells(verdict)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    list.encoding.encode(&String::from_utf8_lossy(&bytes))
}

/// The creditor's own cells, exactly `width` of them; surplus cells are joined to the last, so that nothing is lost.
fn echoed(row: Row<'_>, width: usize, delimiter: char) -> Vec<String> {
    let mut cells: Vec<String> = Vec::with_capacity(width);
    for (cell, column) in row.cells() {
        match column {
            Some(Some(column)) => cells.push(shown(cell, Some(column))),
            // A column that an earlier answer added.
            Some(None) => {}
            None if cell.is_empty() => {}
            None => {
                if let Some(last) = cells.last_mut() {
                    last.push(delimiter);
                    last.push_str(&shown(cell, None));
                }
            }
        }
    }
    cells.resize(width, String::new());
    cells
}

fn shown(cell: &str, column: Option<&Column>) -> String {
    safe(if resident::is_in(cell.trim(), column) { resident::masked(cell) } else { cell.to_string() })
}

/// The cell, unless a spreadsheet would run it as a formula; characters that nobody sees (they are refused anyway) are
/// written out, so that a person finds them and a terminal does not obey them.
pub(super) fn safe(cell: String) -> String {
    let runs = match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => cell
            .chars()
            .any(|c| !(c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.' | ','))),
        Some(_) | None => false,
    };
    let cell = printable_lines(&cell);
    if runs { format!("'{cell}") } else { cell.into_owned() }
}

pub(super) fn added_cells(verdict: &Verdict) -> [String; 3] {
    let (why, action) = match verdict {
        Verdict::Accepted(note) => (note.clone(), String::new()),
        Verdict::Unchanged => (String::new(), String::new()),
        Verdict::Refused(refused) => {
            let mut names: Vec<Name> = refused.iter().map(|r| r.name).collect();
            names.dedup();
            let sentences: Vec<String> = refused.iter().map(Refused::sentence).collect();
            let actions: Vec<&str> = names.into_iter().map(Name::action).collect();
            (sentences.join(" / "), actions.join(" / "))
        }
    };
    [verdict.ko().to_string(), safe(why), safe(action)]
}

/// What a summary says of the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// Its name as dropped.
    pub file: &'a str,
    /// The sha256 of its bytes.
    pub sha256: &'a [u8; 32],
}

/// The summary of a list that was judged: counts, reasons, and the window to which the accepted rows go.
pub fn summary(about: &About<'_>, list: &List, verdicts: &[Verdict], goes_to: Option<Date>) -> String {
    let mut out = head(about, "applied", Some(list.kind));
    line(&mut out, "encoding", list.encoding.word());
    counted(&mut out, verdicts, goes_to);
    out
}

/// Counts and reasons, as every summary has them.
pub(super) fn counted(out: &mut String, verdicts: &[Verdict], goes_to: Option<Date>) {
    let count = |wanted: &str| verdicts.iter().filter(|v| v.ko() == wanted).count();
    for (key, n) in [
        ("rows", verdicts.len()),
        ("accepted", count("접수")),
        ("unchanged", count("변동없음")),
        ("refused", count("거절")),
    ] {
        let _ = writeln!(out, "{key} = {n}");
    }
    if let Some(date) = goes_to {
        line(out, "goes_to", &date.to_string());
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in verdicts {
        if let Verdict::Refused(refused) = verdict {
            for why in refused {
                let n = reasons.entry(why.name.word()).or_default();
                *n = n.saturating_add(1);
            }
        }
    }
    if !reasons.is_empty() {
        out.push_str("\n[reasons]\n");
    }
    for (name, n) in reasons {
        let _ = writeln!(out, "{name} = {n}");
    }
}

/// The summary of a list that was refused as a whole: nothing of it was applied.
pub fn rejection(about: &About<'_>, faults: &Faults) -> String {
    let mut out = head(about, "rejected", Kind::of_name(about.file));
    let _ = writeln!(out, "faults = {}", faults.total());
    for fault in faults.kept() {
        out.push_str("\n[[fault]]\n");
        let Fault { name, place, expected, remedy, .. } = fault;
        line(&mut out, "name", name);
        line(&mut out, "place", &place.to_string());
        line(&mut out, "expected", expected);
        line(&mut out, "remedy", remedy);
    }
    out
}

pub(super) fn head(about: &About<'_>, result: &str, kind: Option<Kind>) -> String {
    let mut out = String::new();
    line(&mut out, "file", about.file);
    let sha256 = about.sha256.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    line(&mut out, "sha256", &sha256);
    if let Some(kind) = kind {
        line(&mut out, "kind", kind.word());
    }
    line(&mut out, "result", result);
    out
}

/// `key = "text"`, escaped as TOML wants it.
pub(super) fn line(out: &mut String, key: &str, text: &str) {
    let _ = writeln!(out, "{key} = {}", quoted(text));
}

/// A basic TOML string on one line: quotes, backslashes and control characters are escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not_touched() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@sum", "'@sum"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3+cmd", "'-2+3+cmd"),
            ("\t=1", "'\\u{9}=1"),
            ("김\u{1b}[2J\u{202e}\n", "김\\u{1b}[2J\\u{202e}\n"),
            ("-", "-"),
            ("-1,000", "-1,000"),
            ("+82 2-000-0000", "+82 2-000-0000"),
            ("홍길동", "홍길동"),
        ] {
            assert_eq!(safe(cell.into()), expected);
        }
    }

    #[test]
    fn toml_strings_read_back() {
        let text = "a\"b\\c\n\u{1}\u{7f}가";
        let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
        assert_eq!(table["x"].as_str(), Some(text));
    }
}
