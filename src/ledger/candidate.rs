//! Candidates: mandates with charges that a request may take up.

use crate::domain::{
    BankCode, CandidateCharge, ChannelId, CollectionKind, ContractDay, CreditorId, Date, ItemCode, Month,
    PayerNo, Won,
};
use crate::machine::{collection, mandate};

/// Which mandates are looked for, a page at a time.
#[derive(Debug, Clone, Copy)]
pub struct CandidateQuery<'a> {
    /// Whose.
    pub creditor: CreditorId,
    /// Of which contract days; empty means all.
    pub days: &'a [ContractDay],
    /// The month that is requested.
    pub month: Month,
    /// Older months too.
    pub arrears: bool,
    /// `Retry` takes only charges with an attempt that did not bring all.
    pub kind: CollectionKind,
    /// Go on after this mandate; 0 at the start.
    pub after_mandate: i64,
    /// At most so many mandates.
    pub limit: usize,
}

/// A mandate and its charges that may be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The key.
    pub mandate_id: i64,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// What is collected for.
    pub item: ItemCode,
    /// Its channel.
    pub channel: ChannelId,
    /// Where it stands, its registration's file included.
    pub state: mandate::State,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// The most that one debit may take.
    pub limit: Won,
    /// The bank.
    pub bank: BankCode,
    /// The payer wants no automatic retry.
    pub no_retry: bool,
    /// The contract day.
    pub due_day: ContractDay,
    /// Unattached, open, oldest first, none later than the month asked for.
    pub charges: Vec<CandidateCharge>,
    /// A collection of the mandate is requested or in flight.
    pub has_live: bool,
}

/// A charge that a request may not take up, and the attempt that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedCharge {
    /// The key.
    pub charge_id: i64,
    /// For which month.
    pub month: Month,
    /// What is owed.
    pub amount: Won,
    /// What came, the attempt's success included.
    pub paid: Won,
    /// The attempt that holds it; `None` where it is settled by itself.
    pub collection_id: Option<i64>,
    /// Where that attempt stands; `None` where there is none.
    pub state: Option<collection::State>,
    /// The charge's own word: `paid`, `written-off`, ….
    pub charge_state: crate::machine::charge::State,
}

/// A mandate asked for by payer and item: also what may not be requested, so that a refusal can say why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The mandate and what may be requested; `charges` may be empty.
    pub candidate: Candidate,
    /// Charges up to the month that may not be requested: paid, ended, or held by an attempt; oldest first. Of months
    /// before the one asked for, only those that an attempt still holds.
    pub attached: Vec<AttachedCharge>,
}
