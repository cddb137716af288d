//! Collections as lines of a file of ours, and what the bank answered to them.

use crate::domain::{
    AccountNo, BankCode, BankPayerNo, CollectionKind, CreditorId, Date, IdNo, ItemCode, Month, Won,
};
use crate::machine::{charge, collection, mandate};

/// A line of a planned file, with all that its record needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionRow {
    /// The key.
    pub collection_id: i64,
    /// 1-based place in the file.
    pub line_no: i64,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// What is collected for.
    pub item: ItemCode,
    /// The number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// Birth date or business number of the holder.
    pub id_no: IdNo,
    /// The payer's phone; empty where unknown.
    pub phone: String,
    /// What is requested.
    pub amount: Won,
    /// The most that one debit may take.
    pub limit: Won,
    /// Where the mandate stands.
    pub mandate_state: mandate::State,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// First attempt or another.
    pub kind: CollectionKind,
}

/// A line that we sent, to which a line of a result is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCollection {
    /// The key.
    pub collection_id: i64,
    /// Its serial number in the file.
    pub line_no: u32,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// What was requested.
    pub amount: Won,
}

/// What a listed line says of one collection, decided by `machine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub collection_id: i64,
    /// `Failed`, `Partial` or `Succeeded`.
    pub state: collection::State,
    /// The bank's code, as it came.
    pub code: String,
    /// What came, in won.
    pub collected: Won,
    /// The line of the result file.
    pub result_line: i64,
    /// For `Partial`: every charge of the collection.
    pub shares: Vec<Share>,
}

/// What of a partly collected line is for one charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which charge.
    pub charge_id: i64,
    /// What came for it; may be 0.
    pub won: Won,
    /// Where the charge stands then.
    pub state: charge::State,
    /// What is paid of it in all then.
    pub paid: Won,
}

/// A charge of a sent collection, so that a part that came can be shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocatedCharge {
    /// Which charge.
    pub charge_id: i64,
    /// For which month.
    pub month: Month,
    /// What of the collection is for it.
    pub won: Won,
    /// What is owed.
    pub amount: Won,
    /// What is recorded as paid by itself, this collection not counted.
    pub paid: Won,
    /// The charge's own word.
    pub state: charge::State,
}
