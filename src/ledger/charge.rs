//! Charges: what is owed for one month, made for many mandates at once.

use crate::domain::{ContractDay, CreditorId, Date, Instant, Month};

/// For which mandates charges are made.
#[derive(Debug, Clone, Copy)]
pub enum OnlyFor<'a> {
    /// All active ones of the creditor.
    All,
    /// Those that a registration file of ours has made active.
    ActivatedBy(i64),
    /// These.
    Mandates(&'a [i64]),
}

/// Charges of one creditor and month.
#[derive(Debug, Clone, Copy)]
pub struct MakeCharges<'a> {
    /// Whose.
    pub creditor: CreditorId,
    /// For which month.
    pub month: Month,
    /// The rolled debit date of each contract day; mandates of other days get none.
    pub due: &'a [(ContractDay, Date)],
    /// Which mandates.
    pub only: OnlyFor<'a>,
    /// When.
    pub at: Instant,
}
