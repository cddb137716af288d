//! Files in and out, and their steps.

use crate::domain::{Date, Instant, Won};
use crate::machine::file::{In, Out};

/// Which way a file goes, seen from sunap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Came to us.
    In,
    /// Goes out.
    Out,
}

/// Where a file stands, by its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// A file of ours.
    Out(Out),
    /// A file that came to us.
    In(In),
}

/// One file as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The key.
    pub file_id: i64,
    /// In or out.
    pub way: Way,
    /// Whose it is: `channel/main`, `creditor/10000001`, `control`.
    pub owner: String,
    /// The layout's or list's name: `EB21`, `mandates`, `order`.
    pub kind: String,
    /// The name in the spool.
    pub name: String,
    /// The business date in its header or name.
    pub date: Option<Date>,
    /// Where it stands.
    pub state: FileState,
    /// The hash of its bytes, once there are any.
    pub sha256: Option<[u8; 32]>,
    /// Its length in bytes.
    pub bytes: i64,
    /// Its data lines; 0 while planned.
    pub lines: i64,
    /// The sum of its lines; 0 while planned.
    pub won: Won,
    /// Lines that a result lists; on our file, those of its answer.
    pub listed_lines: i64,
    /// What of the sum failed whole.
    pub failed_won: Won,
    /// What of the partly collected lines was not withdrawn.
    pub partial_won: Won,
    /// Lines of our file that the answer does not list.
    pub absent_lines: i64,
    /// The file of ours that this one answers.
    pub answers: Option<i64>,
    /// The file that answered this one of ours; known when that one is applied.
    pub answered_by: Option<i64>,
    /// The boot in which it was staged (house.md 5).
    pub boot_id: Option<String>,
    /// Under which day its bytes stand in the archive.
    pub archive_day: Option<Date>,
    /// Who dropped it, as far as the system tells; empty where unknown.
    pub dropped_by: String,
    /// When it was claimed or planned.
    pub created_at: Instant,
    /// When it was published.
    pub published_at: Option<Instant>,
    /// When the peer took it.
    pub taken_at: Option<Instant>,
    /// When its answer was applied; for a file in, when it was decided.
    pub answered_at: Option<Instant>,
    /// When its answer is due.
    pub due_at: Option<Instant>,
    /// The exchange's own deadline for it.
    pub deadline_at: Option<Instant>,
    /// Its answer did not come in time.
    pub overdue: bool,
    /// The completeness proof as JSON, as `bank` wrote it.
    pub proof: Option<String>,
    /// A remark for people.
    pub note: String,
}

/// A file that was claimed.
#[derive(Debug, Clone, Copy)]
pub struct NewIn<'a> {
    /// Whose inbox.
    pub owner: &'a str,
    /// What it seems to be; empty where unknown yet.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: i64,
    /// Where the archive keeps it.
    pub archive_day: Date,
    /// Who dropped it; empty where unknown.
    pub dropped_by: &'a str,
    /// When it was claimed.
    pub at: Instant,
}

/// What reading a file that came in has shown.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// What it is.
    pub kind: &'a str,
    /// Its business date.
    pub date: Option<Date>,
    /// Its data lines.
    pub lines: i64,
    /// The sum of its lines.
    pub won: Won,
    /// The file of ours that it answers.
    pub answers: Option<i64>,
    /// The completeness proof as JSON.
    pub proof: Option<&'a str>,
    /// A remark for people.
    pub note: &'a str,
    /// Lines that it lists.
    pub listed_lines: i64,
    /// What of our file's sum failed whole.
    pub failed_won: Won,
    /// What of its partly collected lines was not withdrawn.
    pub partial_won: Won,
    /// Lines of our file that it does not list.
    pub absent_lines: i64,
}

/// What building a file of ours has shown.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: i64,
    /// Its data lines.
    pub lines: i64,
    /// The sum of its lines.
    pub won: Won,
    /// Where the archive keeps it.
    pub archive_day: Date,
    /// The boot in which it is staged.
    pub boot_id: &'a str,
    /// When its answer is due; `None` where none is expected.
    pub due_at: Option<Instant>,
}
