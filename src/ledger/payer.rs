//! Payers: what a creditor's list says of its customers.

use crate::domain::Payer;

/// A payer that is already known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerFacts {
    /// The key.
    pub payer_id: i64,
    /// What is stored.
    pub payer: Payer,
}
