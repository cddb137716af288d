//! What is due when, alerts, and business time.

use crate::domain::{Date, Instant};
use crate::machine::words;

words! {
    /// Where a due row stands.
    DueState {
        /// Its time has not come, or it was not done yet.
        Waiting = "waiting",
        /// Done.
        Done = "done",
        /// Its deadline passed before it was done.
        Missed = "missed",
    }
}

/// A job of the bank's day to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDue {
    /// Whose day: `channel/main`.
    pub owner: String,
    /// What is to be done: `emit EB21`.
    pub job: String,
    /// The business date that it is for.
    pub date: Date,
    /// From when it may be done.
    pub opens_at: Instant,
    /// When it is done.
    pub due_at: Instant,
    /// After which it is missed; `None` where it never is.
    pub deadline_at: Option<Instant>,
}

/// A planned job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The key.
    pub due_id: i64,
    /// Whose day.
    pub owner: String,
    /// What is to be done.
    pub job: String,
    /// The business date that it is for.
    pub date: Date,
    /// From when it may be done.
    pub opens_at: Instant,
    /// When it is done.
    pub due_at: Instant,
    /// After which it is missed.
    pub deadline_at: Option<Instant>,
    /// Where it stands.
    pub state: DueState,
    /// When it was done or missed.
    pub done_at: Option<Instant>,
    /// A remark for people.
    pub note: String,
}
