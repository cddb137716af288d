//! Collections on their way into a planned file: requested, withdrawn, excluded, moved.

use crate::domain::{Allocation, CollectionKind, Won};

/// An attempt to be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    /// On which mandate.
    pub mandate_id: i64,
    /// A first attempt or another one.
    pub kind: CollectionKind,
    /// The amount: the sum of the allocations.
    pub amount: Won,
    /// For which charges, each open and held by no other attempt.
    pub allocations: Vec<Allocation>,
    /// The creditor's file that asked for it.
    pub request_file: Option<i64>,
    /// The row of that file.
    pub request_line: Option<i64>,
}
