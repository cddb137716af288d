//! The journal: individual happenings, written once and never changed.

use super::column::Doing;
use super::open::Tx;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::machine::words;
use rusqlite::{Connection, params};

words! {
    /// What a happening is about.
    Subject {
        /// A payer.
        Payer = "payer",
        /// A mandate.
        Mandate = "mandate",
        /// A charge.
        Charge = "charge",
        /// A collection.
        Collection = "collection",
        /// A file.
        File = "file",
        /// A job of the bank's day.
        Due = "due",
        /// An operator's order, by the key of its file.
        Order = "order",
        /// A key that seals, by its number.
        Key = "key",
    }
}

/// One individual happening.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// About what.
    pub subject: Subject,
    /// Its key.
    pub id: i64,
    /// When.
    pub at: Instant,
    /// What, past tense.
    pub happening: &'a str,
    /// From where; empty where there is no before.
    pub from: &'a str,
    /// To where; empty where nothing moved.
    pub to: &'a str,
    /// The file that caused it.
    pub file: Option<i64>,
    /// The line of that file.
    pub line: Option<i64>,
    /// The bank's code; empty where none.
    pub code: &'a str,
    /// A remark for people; no personal numbers.
    pub note: &'a str,
}

impl<'a> Event<'a> {
    /// A happening of a file that shares no code and moves no state.
    pub(super) fn of_file(file_id: i64, at: Instant, happening: &'a str, note: &'a str) -> Self {
        let subject = Subject::File;
        Self { subject, id: file_id, at, happening, from: "", to: "", file: None, line: None, code: "", note }
    }
}

/// Writes one happening into the journal.
pub(super) fn write(sql: &Connection, event: &Event<'_>) -> Result<(), Trouble> {
    let with = params![
        event.subject.word(),
        event.id,
        event.at.unix_ms(),
        event.happening,
        event.from,
        event.to,
        event.file,
        event.line,
        event.code,
        event.note
    ];
    sql.prepare_cached(
        "INSERT INTO event (subject, id, at, happening, from_state, to_state, file_id, line, code, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .and_then(|mut s| s.execute(with))
    .doing("write the journal")?;
    Ok(())
}

impl Tx<'_> {
    /// Writes one happening into the journal. Nothing else changes.
    pub fn event(&self, event: &Event<'_>) -> Result<(), Trouble> {
        write(&self.sql, event)
    }
}
