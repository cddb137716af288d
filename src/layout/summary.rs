//! What came out of reading a file.

use super::plan::RecordIx;
use crate::domain::Date;
use crate::fault::{Faults, Place};

/// A count or sum of a file as it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The check's name, or the field that states the number.
    pub name: String,
    /// What the file says.
    pub stated: i64,
    /// What counting or adding up gives.
    pub counted: i64,
    /// Whether they are equal (and every record that counts could be read).
    pub holds: bool,
}

/// A tolerance that was used in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToleratedUse {
    /// Its name (formats/README.md 8).
    pub tolerance: &'static str,
    /// How many records or places used it.
    pub count: u64,
    /// The first of them.
    pub first: Place,
}

/// What came out of reading a file to its end.
#[derive(Debug, Clone)]
pub struct ReadSummary {
    /// Everything wrong with the file; empty means that it is what it claims to be.
    pub faults: Faults,
    /// Records of each kind, by [`RecordIx::index`], faulty ones included.
    pub records: Vec<u64>,
    /// Bytes read.
    pub bytes: u64,
    /// Counts and sums, stated and counted.
    pub checks: Vec<CheckOutcome>,
    /// Tolerances used.
    pub tolerated: Vec<ToleratedUse>,
    /// The file's date, where the layout names its field.
    pub date: Option<Date>,
}

impl ReadSummary {
    /// Records of one kind.
    pub fn count(&self, record: RecordIx) -> u64 {
        self.records.get(record.index()).copied().unwrap_or(0)
    }
}
