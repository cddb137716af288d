//! The journal: individual happenings, written once and never changed.

use crate::domain::Instant;
use crate::machine::words;

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
