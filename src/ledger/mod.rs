//! The ledger: one SQLite file that holds every fact, and the only room with SQL (house.md 2 and 3).
//!
//! It stores facts, answers questions about many records at once, and applies steps that were decided elsewhere, each
//! batch in one transaction. What is true of all lines of a file stands once, at the file: a line carries a state of
//! its own only when it went its own way, and the views `collection_now`, `charge_now` and `mandate_now` put both
//! together. So publishing or answering a file of a million lines touches one row.
//!
//! Must not: decide anything about the business, ask the time, log, or show a type of the SQLite binding.

mod application;
mod approval;
mod backup;
mod billing;
mod books;
mod candidate;
mod cash;
mod change;
mod charge;
mod charge_step;
mod collection;
mod column;
mod config_change;
mod config_code;
mod decline;
mod desk_terms;
mod due;
mod emission;
mod event;
mod evidence;
mod file;
mod generation;
mod journal;
mod lines_mac;
mod mandate;
mod message;
mod money_seal;
mod open;
mod outcome;
mod paper;
mod payer;
mod payout;
mod people;
mod personal;
mod query;
mod refund;
mod registration;
mod restore;
mod retention;
mod reversal;
mod rotate;
mod schema;
mod settlement;
mod settling;
#[cfg(test)]
mod tests;

pub use application::{ApplicationRow, NewApplication};
pub use approval::{ApprovalDecision, ApprovalRow, ApprovalState, NewApproval};
pub use backup::{PageCheck, open_copy, seal_copy};
pub use billing::{BilledFacts, NewBilling};
pub use books::{AccountBalance, NewPosting, PostingRow, ToBook};
pub use candidate::{AttachedCharge, ByService, Candidate, CandidateQuery, Named};
pub use cash::{CashRow, NewCash};
pub use change::{ChangeRow, NewChange};
pub use charge::{MakeCharges, NewCharge, OnlyFor};
pub use charge_step::{ChargeFacts, ChargeKey, ChargeStep, WaitingRequest};
pub use collection::NewCollection;
pub use config_change::{ConfigChange, KnownConfig};
pub use config_code::{CodeKind, ConfigCode};
pub use desk_terms::{ArrearsTerm, DeskTerms, Pause};
pub use due::{Due, DueState, NewDue};
pub use emission::{AllocatedCharge, CollectionRow, SentCollection};
pub use event::{Event, Subject};
pub use evidence::{EvidenceArchived, EvidenceFound, EvidenceGate, EvidenceRow, NewEvidence};
pub use file::{Description, FileRow, FileState, NewIn, Sealed, Way, file_subject};
pub use generation::MonthRow;
pub use journal::Root;
pub use mandate::{MandateFacts, MandateStep, NewMandate};
pub use message::{MessageLine, MessageRow, NewMessage, Tell, ToTell, Told};
pub use open::{Create, Ledger, OpenError, Reader, Tx};
pub use outcome::{Alike, Outcome, Share};
pub use paper::{IssuedPaper, NewPaper, PaperNumber};
pub use payer::PayerFacts;
pub use payout::{NewPayout, PayoutFor, PayoutLine, PayoutRow};
pub use people::QuestionRow;
pub use query::PayoutFound;
pub use query::{AccountsShown, Listed, ListedKind, Listing, ListingQuery, Take, Unfinished};
pub use query::{
    AlertRow, Board, ChargeFound, CollectionFound, CreditorTotals, DayTotals, FileQuery, HistoryLine,
    LineRow, MandateFound, PayerFound, RegistrationFound, SealedValues, StateCount, Violation,
};
pub use query::{Attempt, ChargesMade, ChargesOn, JournalCheck, LogQuery, LogRow, Mark, Outside};
pub use refund::{ChargeMove, RefundNow};
pub use registration::{Accepted, Batched, RegistrationAnswer, RegistrationRow};
pub use retention::{ArchivedKey, KeptUntil};
pub use reversal::{Came, CameFor};
pub use rotate::Resealed;
pub use settlement::{SettlementLine, SettlementRow, Waiting};
pub use settling::OwedAnswer;
