//! The revisions of one layout: files of `formats/` with one `name`, each for its own days (`effective_from`, `effective_until`).
//! A file is of the revision that holds on its date (product.md E65).
//!
//! Must not: hold two for one day, or guess: which one holds is a matter of the date alone.

use super::Format;
use crate::domain::Date;
use crate::layout::{Layout, dated};
use std::io::{self, Chain, Cursor, Read};

/// What is read of a file to know its date.
const HEAD: u64 = 4096;

/// A file from its first byte on, of which the beginning was read already.
pub type FromFirst<R> = Chain<Cursor<Vec<u8>>, R>;

/// The revisions of one layout, oldest first; at least one.
#[derive(Debug, Clone)]
pub struct Revisions {
    first: Format,
    later: Vec<Format>,
}

/// The first and the last day of a revision; an open end is the end of days.
fn days(layout: &Layout) -> (Option<Date>, Option<Date>) {
    layout.effective()
}

impl Revisions {
    /// A layout with one revision so far.
    pub fn new(first: Format) -> Self {
        Self { first, later: Vec::new() }
    }

    /// Takes a further revision. An error names the file that has one of its days already.
    pub fn add(&mut self, format: Format) -> Result<(), String> {
        let (from, until) = days(format.layout());
        let apart = |other: &Format| {
            let (begins, ends) = days(other.layout());
            let before = until.zip(begins).is_some_and(|(until, begins)| until < begins);
            let after = ends.zip(from).is_some_and(|(ends, from)| ends < from);
            before || after
        };
        if let Some(other) = self.all().find(|other| !apart(other)) {
            return Err(other.layout().file().to_string());
        }
        let mut all: Vec<Format> = self.all().cloned().chain([format]).collect();
        all.sort_by_key(|format| days(format.layout()).0);
        let mut all = all.into_iter();
        if let Some(first) = all.next() {
            *self = Self { first, later: all.collect() };
        }
        Ok(())
    }

    /// Every revision, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Format> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The newest revision.
    pub fn newest(&self) -> &Format {
        self.later.last().unwrap_or(&self.first)
    }

    /// The revision of a file of this date: the last one that has begun by then. Of a day before all of them the oldest.
    pub fn on(&self, date: Date) -> &Format {
        let begun = |format: &&Format| days(format.layout()).0.is_some_and(|from| from <= date);
        self.later.iter().rev().find(begun).unwrap_or(&self.first)
    }

    /// The name of a file of this date.
    pub fn file_name(&self, date: Date) -> String {
        self.on(date).layout().file_name(date)
    }

    /// Whether a file of this name may be of one of them.
    pub fn is_name_of(&self, file: &str) -> bool {
        self.all().any(|format| format.layout().matches_file_name(file).is_some())
    }

    /// The day after which no revision holds although one did; nothing where they follow each other and the newest has no end.
    pub fn ends_after(&self) -> Option<(&Format, Date)> {
        let mut next = self.all().skip(1).map(|format| days(format.layout()).0).chain(Some(None));
        self.all().find_map(|format| {
            let until = days(format.layout()).1;
            let follows = next.next().flatten();
            until.filter(|until| follows != Some(until.next())).map(|until| (format, until))
        })
    }

    /// The revision of a file by its own date, and the file from its first byte on. Of a file whose date cannot be read the
    /// newest: what is wrong with it is told by its rules.
    pub fn of<R: Read>(&self, mut input: R) -> io::Result<(&Format, FromFirst<R>)> {
        let mut head = Vec::new();
        if !self.later.is_empty() {
            input.by_ref().take(HEAD).read_to_end(&mut head)?;
        }
        let date = self.all().find_map(|format| {
            let date = dated(format.layout(), &head)?;
            std::ptr::eq(self.on(date), format).then_some(date)
        });
        let format = date.map_or(self.newest(), |date| self.on(date));
        Ok((format, Cursor::new(head).chain(input)))
    }
}
