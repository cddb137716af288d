//! Registrations: the lines that tell a bank of a mandate or of its end, and what the bank answered.

use crate::domain::{AccountNo, ApplicationKind, BankCode, BankPayerNo, CreditorId, IdNo};
use crate::machine::mandate;

/// How many lines a batch took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Batched {
    /// Registrations.
    pub register: i64,
    /// Cancellations.
    pub cancel: i64,
}

/// How many mandates moved because their lines were not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Mandates that are now active.
    pub activated: i64,
    /// Mandates that are now over.
    pub cancelled: i64,
    /// Requested collections of those that were withdrawn.
    pub withdrawn: i64,
}

/// A line of a registration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationRow {
    /// The key.
    pub registration_id: i64,
    /// Its mandate.
    pub mandate_id: i64,
    /// 1-based place in the file.
    pub line_no: i64,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// The mandate's creditor.
    pub creditor: CreditorId,
    /// The mandate's number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// Birth date or business number of the holder.
    pub id_no: IdNo,
    /// The account holder.
    pub holder: String,
    /// The payer's phone; empty where unknown.
    pub phone: String,
    /// Where the mandate stands.
    pub mandate_state: mandate::State,
    /// Where the line stands: a word of `machine::mandate::State` (register) or `machine::cancellation::State`
    /// (cancel), the file's steps included.
    pub state: String,
}

/// A listed line's answer: the line goes its own way from here.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationAnswer<'a> {
    /// Which line.
    pub registration_id: i64,
    /// A word of `machine::mandate::State` (`active`, `rejected`, `draft`) or `machine::cancellation::State` (`done`,
    /// `refused`).
    pub state_word: &'a str,
    /// The bank's code, as it came.
    pub code: &'a str,
    /// The file that says so.
    pub result_file: i64,
    /// The line of that file.
    pub result_line: i64,
}
