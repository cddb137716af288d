//! Mandates: their terms, and the steps that were decided for them.

use crate::domain::{BankPayerNo, ChannelId, CreditorId, Date, Instant, MandateTerms};
use crate::machine::mandate::{EndReason, Happening, State};

/// A mandate that is already known: the live one of its payer and item, else the last that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateFacts {
    /// The key.
    pub mandate_id: i64,
    /// Where it stands, its registration's file included.
    pub state: State,
    /// Why it ended.
    pub reason: Option<EndReason>,
    /// What was agreed to.
    pub terms: MandateTerms,
    /// Its number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// Its channel.
    pub channel: ChannelId,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// A collection of it is batched, sent or acknowledged.
    pub in_flight_collections: bool,
    /// A collection of it is requested and its window is open.
    pub requested_collections: bool,
}

/// A mandate to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewMandate<'a> {
    /// Whose.
    pub payer_id: i64,
    /// The payer's creditor.
    pub creditor: CreditorId,
    /// The channel that it goes through.
    pub channel: &'a ChannelId,
    /// Its number on the wire, never used before in the channel.
    pub bank_payer_no: &'a BankPayerNo,
    /// What was agreed to.
    pub terms: &'a MandateTerms,
    /// Where it starts.
    pub state: State,
    /// Since when the bank has it, where it starts active.
    pub active_on: Option<Date>,
    /// When.
    pub at: Instant,
    /// The file that asked for it.
    pub file: Option<i64>,
    /// The row of that file.
    pub line: Option<i64>,
}

/// A step of one mandate, decided by `machine::mandate`.
#[derive(Debug, Clone)]
pub struct MandateStep<'a> {
    /// Which.
    pub mandate_id: i64,
    /// From where, its registration's file included.
    pub from: State,
    /// To where. The states that follow a file (batched, sent, acknowledged) are never stored: refused.
    pub to: State,
    /// What happened.
    pub happening: Happening,
    /// Why it ended; kept for `Ended` only.
    pub reason: Option<EndReason>,
    /// Since when the bank has it; for `to` = `Active`. `None` keeps the day stored before.
    pub active_on: Option<Date>,
    /// When.
    pub at: Instant,
    /// The file that caused it.
    pub file: Option<i64>,
    /// The line of that file.
    pub line: Option<i64>,
    /// The bank's code, as it came; empty where none.
    pub code: &'a str,
    /// A remark for people.
    pub note: &'a str,
}
