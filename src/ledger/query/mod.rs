//! Questions of people, answered on read-only connections. No write path passes here.

use super::due::Due;
mod answers;
mod attempt;
mod audit;
mod board;
mod digest;
pub(super) mod find;
mod history;
mod journal;
mod listing;
mod log;
mod scope;
mod sealed;
mod settled;
mod since;
mod totals;
pub use attempt::Attempt;
pub use journal::{JournalCheck, Outside};
pub use log::{LogQuery, LogRow};
pub use sealed::SealedValues;
pub use settled::PayoutFound;
pub use since::{ChargesMade, ChargesOn, Mark};

pub use listing::{AccountsShown, Listed, ListedKind, Listing, ListingQuery, Take, Unfinished};

use super::file::{FileRow, Way};
use crate::domain::{
    ApplicationKind, BankCode, BankPayerNo, ChannelId, CollectionKind, ContractDay, CreditorId, Date,
    Instant, ItemCode, Month, Payer, PayerNo, Won,
};
use crate::machine::{charge, collection, mandate};

/// An alert that a person has to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Its stable name.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When it was raised.
    pub raised_at: Instant,
}

/// How many mandates of a creditor stand where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// Whose.
    pub creditor: CreditorId,
    /// The stored word; a registration's file may say more.
    pub state: mandate::State,
    /// How many.
    pub count: i64,
}

/// What a person sees first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Business time as far as the ledger knows it.
    pub business_time: Option<Instant>,
    /// Open alerts, oldest first.
    pub alerts: Vec<AlertRow>,
    /// Jobs that wait, late ones first, then the next ones; at most 50.
    pub due: Vec<Due>,
    /// How many of these are late.
    pub late: usize,
    /// Files of ours that are not answered.
    pub open_files: Vec<FileRow>,
    /// Files in that wait for a person or a predecessor.
    pub held_files: Vec<FileRow>,
    /// Mandates by creditor and state.
    pub mandates: Vec<StateCount>,
}

/// Which files are listed, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileQuery<'a> {
    /// Only of this owner.
    pub owner: Option<&'a str>,
    /// Only this way.
    pub way: Option<Way>,
    /// Only of this business date.
    pub date: Option<Date>,
    /// At most so many; 0 means 1,000.
    pub limit: usize,
}

/// One line of a record's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When.
    pub at: Instant,
    /// What.
    pub happening: String,
    /// From where; empty where there is no before.
    pub from: String,
    /// To where; empty where nothing moved.
    pub to: String,
    /// What caused it: `EB220105 line 17`; empty where nothing is recorded.
    pub cause: String,
    /// The bank's code.
    pub code: String,
    /// A remark: the attempt's number, the reason.
    pub note: String,
}

/// A payer that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerFound {
    /// The key.
    pub payer_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// What is stored.
    pub payer: Payer,
    /// The keys of the mandates, oldest first.
    pub mandates: Vec<i64>,
}

/// A mandate that was found; personal numbers are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateFound {
    /// The key.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// The payer's name.
    pub payer_name: String,
    /// The channel.
    pub channel: ChannelId,
    /// The number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// What is collected for.
    pub item: ItemCode,
    /// Where it stands, its registration's file included.
    pub state: mandate::State,
    /// Why it ended.
    pub reason: Option<mandate::EndReason>,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// The most that one debit may take.
    pub limit: Won,
    /// What is owed each month.
    pub monthly: Won,
    /// The contract day.
    pub due_day: ContractDay,
    /// The bank and the account, masked; `None` where no account is known.
    pub account: Option<(BankCode, String)>,
}

/// A collection that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionFound {
    /// The line.
    pub line: LineRow,
    /// Its file.
    pub file_id: i64,
    /// For which charges: key, month, amount, and what came.
    pub allocations: Vec<(i64, Month, Won, Won)>,
}

/// A line of a collection file for reports and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// The key.
    pub collection_id: i64,
    /// Its place in the file; `None` where it was left out.
    pub line_no: Option<i64>,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// The payer's name.
    pub payer_name: String,
    /// What is collected for.
    pub item: ItemCode,
    /// First attempt or another.
    pub kind: CollectionKind,
    /// The oldest month that it is for.
    pub month: Option<Month>,
    /// What was requested.
    pub amount: Won,
    /// What came.
    pub collected: Won,
    /// Where it stands, its file included.
    pub state: collection::State,
    /// The bank's code.
    pub code: String,
    /// Why it was left out or taken back.
    pub reason: String,
    /// The debit date: its file's.
    pub date: Option<Date>,
    /// The row of the creditor's file that asked for it.
    pub request_line: Option<i64>,
}

/// A line of a registration file for reports and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationFound {
    /// The key.
    pub registration_id: i64,
    /// Its place in the file.
    pub line_no: i64,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// The payer's name.
    pub payer_name: String,
    /// What is collected for.
    pub item: ItemCode,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// Where the line stands, as in [`super::RegistrationRow::state`].
    pub state: String,
    /// The bank's code; empty where it was not listed.
    pub code: String,
    /// The bank.
    pub bank: BankCode,
    /// The account, masked.
    pub account_masked: String,
    /// The creditor's file that asked for it.
    pub request_file: Option<i64>,
    /// The row of that file.
    pub request_line: Option<i64>,
}

/// A charge that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeFound {
    /// The key.
    pub charge_id: i64,
    /// 청구년월.
    pub month: Month,
    /// What is owed.
    pub amount: Won,
    /// What came, an attempt's success by absence included.
    pub paid: Won,
    /// Where it stands, that included.
    pub state: charge::State,
    /// Its regular debit date.
    pub debit_date: Date,
    /// The attempt that holds it.
    pub collection_id: Option<i64>,
    /// Where that attempt stands.
    pub attempt: Option<collection::State>,
    /// Attempts that did not bring all.
    pub fails: i64,
    /// The code of the last of these.
    pub last_code: String,
    /// What came in cash, cancelled payments left out.
    pub cash: Won,
    /// How its latest refund stands: the word of the payout; empty where there is none.
    pub refund: String,
}

/// What one creditor's charges of one month came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditorTotals {
    /// Whose.
    pub creditor: CreditorId,
    /// How many charges.
    pub charges: i64,
    /// What is owed.
    pub amount: Won,
    /// What came.
    pub collected: Won,
    /// What is still owed, written-off and cancelled ones not counted.
    pub open: Won,
    /// Charges that are open after an attempt that did not bring all.
    pub failed: i64,
}

/// The files of one business date in one direction and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTotals {
    /// The business date.
    pub date: Date,
    /// In or out.
    pub way: Way,
    /// The layout's name.
    pub kind: String,
    /// Files, rejected and duplicate ones not counted.
    pub files: i64,
    /// Their data lines.
    pub lines: i64,
    /// Their sum.
    pub won: Won,
    /// Lines listed by the results.
    pub listed_lines: i64,
    /// What failed or was not withdrawn.
    pub failed_won: Won,
}

/// Something that must never be true, found by [`super::Reader::audit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule: `I2`, `I3`, `file-sum`, ….
    pub rule: &'static str,
    /// Where and what.
    pub text: String,
}
