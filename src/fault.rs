//! The one shape in which anything wrong is told to a person: a name, a place, the original bytes or text,
//! what was expected, and what to do.
//!
//! Three kinds of wrong, by who must act. A [`Fault`] is wrong data or wrong configuration: it is reported and the
//! work goes on without that data. A [`Trouble`] is a failing world (disk, database): the caller stops or tries
//! again, and never takes it for a verdict on content. A bug is an assertion and has no type.
//!
//! Must not: hold personal data in the clear. Whoever builds an [`Excerpt`] masks account and identity numbers first.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a fault stands. Line, record, row, column and byte numbers are 1-based; byte ranges are inclusive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file (or folder) as a whole.
    File {
        /// Path or name, as the person knows it.
        file: String,
    },
    /// A line of a text file (config, layout, order).
    Line {
        /// Path or name.
        file: String,
        /// 1-based line.
        line: usize,
        /// 1-based column in characters, 0 when unknown.
        column: usize,
    },
    /// A record of a fixed-width file.
    Record {
        /// Path or name.
        file: String,
        /// 1-based number of the record in the file (the header is record 1).
        record: u64,
        /// First byte inside the record, 1-based; 0 when the record as a whole is meant.
        first: usize,
        /// Last byte inside the record, 1-based inclusive.
        last: usize,
    },
    /// A row of a creditor's list.
    Row {
        /// Path or name.
        file: String,
        /// 1-based row as a spreadsheet shows it (the heading is row 1).
        row: u64,
        /// The column's heading, empty when the row as a whole is meant.
        column: String,
    },
}

impl Place {
    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self::File { file: file.into() }
    }

    /// The name of the file in which the fault stands.
    pub fn file_name(&self) -> &str {
        match self {
            Self::File { file }
            | Self::Line { file, .. }
            | Self::Record { file, .. }
            | Self::Row { file, .. } => file,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file } => write!(f, "{}", printable(file)),
            Self::Line { file, line, column: 0 } => write!(f, "{}:{line}", printable(file)),
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", printable(file)),
            Self::Record { file, record, first: 0, .. } => write!(f, "{}:record {record}", printable(file)),
            Self::Record { file, record, first, last } if first == last => {
                write!(f, "{}:record {record}:byte {first}", printable(file))
            }
            Self::Record { file, record, first, last } => {
                write!(f, "{}:record {record}:bytes {first}-{last}", printable(file))
            }
            Self::Row { file, row, column } if column.is_empty() => {
                write!(f, "{}:row {row}", printable(file))
            }
            Self::Row { file, row, column } => {
                write!(f, "{}:row {row}:{}", printable(file), printable(column))
            }
        }
    }
}

/// The original text of the place, ready to print, with a marker below the part that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands in the margin: a line or record number, or empty.
    pub margin: String,
    /// The text as it stands there; personal numbers already masked; no control characters.
    pub text: String,
    /// The second line (a byte ruler or carets with a note), already aligned to `text`; may be empty.
    pub marker: String,
}

/// One thing that a person must mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, lower case, unique: `amount-must-be-digits`. `tests/faults/<name>/` shows it.
    pub name: &'static str,
    /// Where.
    pub place: Place,
    /// The original text there.
    pub excerpt: Option<Excerpt>,
    /// What is wrong and what was expected, one sentence or two, in English, Korean terms beside field names.
    pub expected: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    /// A fault without an excerpt.
    pub fn new(
        name: &'static str,
        place: Place,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { name, place, excerpt: None, expected: expected.into(), remedy: remedy.into() }
    }

    /// The same fault with the original text of its place.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(excerpt);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}", self.name, self.place)?;
        if let Some(excerpt) = &self.excerpt {
            let width = excerpt.margin.chars().count();
            writeln!(f, "  {} | {}", printable(&excerpt.margin), printable(&excerpt.text))?;
            if !excerpt.marker.is_empty() {
                writeln!(f, "  {:width$} | {}", "", printable(&excerpt.marker))?;
            }
        }
        for line in self.expected.lines() {
            writeln!(f, "  {}", printable(line))?;
        }
        for line in self.remedy.lines() {
            writeln!(f, "  → {}", printable(line))?;
        }
        Ok(())
    }
}

/// Many faults of one thing, in order; past the cap they are only counted, so that a file of ten million bad
/// records costs no more memory than one of a hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    kept: Vec<Fault>,
    total: u64,
    cap: usize,
}

impl Default for Faults {
    fn default() -> Self {
        Self::with_cap(Self::CAP)
    }
}

impl Faults {
    /// How many faults of one file are kept in full unless told otherwise.
    pub const CAP: usize = 100;

    /// An empty collection that keeps at most `cap` faults in full.
    pub fn with_cap(cap: usize) -> Self {
        Self { kept: Vec::new(), total: 0, cap }
    }

    /// Adds one fault.
    pub fn push(&mut self, fault: Fault) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < self.cap {
            self.kept.push(fault);
        }
    }

    /// Adds all faults of another collection, counted ones included.
    pub fn append(&mut self, other: Self) {
        let uncounted = other.total.saturating_sub(other.kept.len() as u64);
        for fault in other.kept {
            self.push(fault);
        }
        self.total = self.total.saturating_add(uncounted);
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many faults were found, kept or not.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The faults kept in full, in the order found.
    pub fn kept(&self) -> &[Fault] {
        &self.kept
    }

    /// The kept faults, given away.
    pub fn into_kept(self) -> Vec<Fault> {
        self.kept
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        for fault in faults {
            self.push(fault);
        }
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        let mut all = Self::default();
        all.extend(faults);
        all
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.kept {
            write!(f, "{fault}")?;
        }
        let uncounted = self.total.saturating_sub(self.kept.len() as u64);
        if uncounted > 0 {
            writeln!(f, "… and {uncounted} more faults (of {} in all)", self.total)?;
        }
        Ok(())
    }
}

/// The world failed: disk, database, clock. Never a verdict on content.
#[derive(Debug)]
pub struct Trouble {
    /// What was being done, in English: `rename work/EB220105 to done/`.
    pub doing: String,
    /// What the system said.
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Trouble {
    /// A trouble met while `doing` something.
    pub fn new(doing: impl Into<String>, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), cause: cause.into() }
    }

    /// A trouble with a path in what was being done: `read <path>`.
    pub fn at(doing: &str, path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(format!("{doing} {}", printable(&path.to_string_lossy())), cause)
    }

    /// The operating system's error number, where the cause is one.
    pub fn os_error(&self) -> Option<i32> {
        self.cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.cause)
    }
}

impl std::error::Error for Trouble {}

/// Whether a character moves the cursor, changes colours or the order of reading, or cannot be seen: control characters
/// (C0, DEL, C1), format and bidirectional marks, tags.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A name or text made safe to print on one line of a terminal: control, format and bidirectional characters
/// are written as `\u{…}`.
pub fn printable(text: &str) -> String {
    written_out(text, unseen)
}

/// Lines of text made safe to print on a terminal: as [`printable`], the line ends stay.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    let strange = |c| c != '\n' && unseen(c);
    if text.contains(strange) { Cow::Owned(written_out(text, strange)) } else { Cow::Borrowed(text) }
}

fn written_out(text: &str, strange: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if strange(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A path relative to `base` where it lies below it, for messages that must not carry a machine's folders.
pub fn shown_path(base: &Path, path: &Path) -> String {
    let shown: PathBuf = path.strip_prefix(base).map_or_else(|_| path.to_path_buf(), Path::to_path_buf);
    printable(&shown.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_name_place_excerpt_expectation_and_remedy() {
        let place = Place::Record { file: "EB220216".into(), record: 17, first: 43, last: 55 };
        let fault =
            Fault::new("amount-must-be-digits", place, "13 digits; byte 48 is a space", "ask for a new file")
                .with_excerpt(Excerpt {
                    margin: "17".into(),
                    text: "…00 00…".into(),
                    marker: "   ^ 0x20".into(),
                });
        let text = "error[amount-must-be-digits]: EB220216:record 17:bytes 43-55\n  17 | …00 00…\n     |    ^ 0x20\n  13 digits; byte 48 is a space\n  → ask for a new file\n";
        assert_eq!(fault.to_string(), text);
    }

    #[test]
    fn counts_past_the_cap() {
        let mut faults = Faults::with_cap(2);
        for _ in 0..5 {
            faults.push(Fault::new("x", Place::file("f"), "", ""));
        }
        assert_eq!((faults.kept().len(), faults.total()), (2, 5));
        let mut all = Faults::with_cap(3);
        all.append(faults);
        assert_eq!((all.kept().len(), all.total()), (2, 5));
    }

    #[test]
    fn terminal_escapes_and_bidi_marks_are_shown_as_text() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}가"), "a\\u{1b}[31m\\u{202e}가");
        assert_eq!(printable_lines("가\n\u{9b}2J\r\u{61c}\n"), "가\n\\u{9b}2J\\u{d}\\u{61c}\n");
        let fault = Fault::new("x", Place::file("f\n"), "a\u{1b}c\nb\u{7f}", "\u{202e}");
        let text = "error[x]: f\\u{a}\n  a\\u{1b}c\n  b\\u{7f}\n  → \\u{202e}\n";
        assert_eq!(fault.to_string(), text);
    }
}
