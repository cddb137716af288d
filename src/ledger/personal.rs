//! Account and identity numbers at rest: the one place that reads and writes `mandate.account` and `mandate.id_no`.
//!
//! Must not: be passed by. Whatever protects the two columns is put in here and nowhere else.

use super::column;
use crate::domain::{AccountNo, IdNo, MandateTerms};
use rusqlite::{Result, Row};

/// The two columns as they are stored: account, then identity number.
pub(super) fn stored(terms: &MandateTerms) -> (&str, &str) {
    (terms.account.reveal(), terms.id_no.reveal())
}

/// The account in column `at`.
pub(super) fn account(row: &Row<'_>, at: usize) -> Result<AccountNo> {
    column::parsed(row, at, "account number")
}

/// The identity number in column `at`.
pub(super) fn id_no(row: &Row<'_>, at: usize) -> Result<IdNo> {
    column::parsed(row, at, "identity number")
}
