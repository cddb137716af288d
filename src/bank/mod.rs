//! Messages in a bank's files: applications for registration, debits, payments, and their results; the proof that a result is
//! complete; what result codes mean.
//!
//! The only room that knows both a layout and a message. A layout is bound once, at load ([`Format::bind`]): what its
//! message needs and it lacks is a fault of the layout. Must not: name a bank's code (they stand in `formats/`), do
//! I/O other than through the readers and writers handed in, log, or know the ledger.

pub mod application;
mod bind;
pub mod codes;
pub mod collection;
pub mod evidence;
pub mod matching;
pub mod payout;
pub mod proof;
pub mod reading;
pub mod receipt;
pub mod registration;
mod revisions;

pub use revisions::{FromFirst, Revisions};

use std::fmt;
use std::sync::Arc;

use crate::domain::{Date, masked};
use crate::fault::{Fault, Faults, Place};
use crate::layout::Layout;
use crate::machine::words;

/// The head of a bank's file.
#[derive(Clone, PartialEq, Eq)]
pub struct FileHead {
    /// 기관코드: the channel's code, up to 10 bytes.
    pub institution: String,
    /// The file's own name, by its layout and date: `EB210605`. Read: made from the date; written: for the spool.
    pub name: String,
    /// 신청일자 or 출금일자.
    pub date: Date,
    /// 주거래은행점코드: seven digits; empty where the file has none.
    pub branch: String,
    /// 입금계좌번호: digits; empty where the file has none.
    pub account: String,
}

impl FileHead {
    /// A head for a file of this layout.
    pub fn new(layout: &Layout, institution: &str, date: Date, branch: &str, account: &str) -> Self {
        Self {
            institution: institution.to_string(),
            name: layout.file_name(date),
            date,
            branch: branch.to_string(),
            account: account.to_string(),
        }
    }
}

impl fmt::Debug for FileHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { institution, name, date, branch, account } = self;
        write!(f, "{name} {date} of {institution} ({branch} {})", masked(account))
    }
}

words! {
    /// What a result says of a line. The words are the names that layouts give to the codes of `result_flag`.
    Verdict {
        /// Nothing was done (N).
        Failed = "failed",
        /// A part was collected (P).
        Partial = "partial",
        /// Done; listed only where a layout has `results = "all"`.
        Succeeded = "succeeded",
    }
}

/// A layout bound to what its files mean.
#[derive(Debug, Clone)]
pub enum Format {
    /// `message = "registration-request"`.
    RegistrationRequest(registration::RequestFormat),
    /// `message = "registration-result"`.
    RegistrationResult(registration::ResultFormat),
    /// `message = "collection-request"`.
    CollectionRequest(collection::RequestFormat),
    /// `message = "collection-result"`.
    CollectionResult(collection::ResultFormat),
    /// `message = "payout-request"`.
    PayoutRequest(payout::RequestFormat),
    /// `message = "payout-result"`.
    PayoutResult(payout::ResultFormat),
    /// `message = "bank-application"`.
    BankApplication(application::ApplicationFormat),
    /// `message = "bank-application-answer"`.
    BankApplicationAnswer(application::AnswerFormat),
    /// `message = "evidence"`.
    Evidence(evidence::EvidenceFormat),
    /// A file that can be read and written and moves nothing by itself: it has no message.
    Other(Arc<Layout>),
}

impl Format {
    /// Binds a layout by its `message`.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let Some(message) = layout.message() else { return Ok(Self::Other(layout)) };
        match message {
            "registration-request" => {
                registration::RequestFormat::bind(layout).map(Self::RegistrationRequest)
            }
            "registration-result" => registration::ResultFormat::bind(layout).map(Self::RegistrationResult),
            "collection-request" => collection::RequestFormat::bind(layout).map(Self::CollectionRequest),
            "collection-result" => collection::ResultFormat::bind(layout).map(Self::CollectionResult),
            "payout-request" => payout::RequestFormat::bind(layout).map(Self::PayoutRequest),
            "payout-result" => payout::ResultFormat::bind(layout).map(Self::PayoutResult),
            "bank-application" => application::ApplicationFormat::bind(layout).map(Self::BankApplication),
            "bank-application-answer" => {
                application::AnswerFormat::bind(layout).map(Self::BankApplicationAnswer)
            }
            "evidence" => evidence::EvidenceFormat::bind(layout).map(Self::Evidence),
            unknown => Err(Faults::from(vec![Fault::new(
                "message-unknown",
                Place::file(layout.file()),
                format!(
                    "message = {unknown:?} is no message: registration-request | registration-result | collection-request | collection-result | payout-request | payout-result | bank-application | bank-application-answer | evidence."
                ),
                "write one of these, or leave `message` out for a file that sunap only reads and writes",
            )])),
        }
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        match self {
            Self::RegistrationRequest(format) => format.layout(),
            Self::RegistrationResult(format) => format.layout(),
            Self::CollectionRequest(format) => format.layout(),
            Self::CollectionResult(format) => format.layout(),
            Self::PayoutRequest(format) => format.layout(),
            Self::PayoutResult(format) => format.layout(),
            Self::BankApplication(format) => format.layout(),
            Self::BankApplicationAnswer(format) => format.layout(),
            Self::Evidence(format) => format.layout(),
            Self::Other(layout) => layout,
        }
    }
}

/// Whether `text` fits the field `passbook_text` (통장기재내용) of the layout's data record: encodable, not too long.
/// A layout without that field takes any text, since it carries none.
pub fn passbook_fits(layout: &Layout, text: &str) -> Result<(), Fault> {
    let field =
        layout.record("data").and_then(|record| Some((record, layout.field(record, "passbook_text")?)));
    let Some((record, field)) = field else { return Ok(()) };
    let mut writer = layout.writer(std::io::sink());
    let mut row = writer.record(record);
    row.text(field, text).map(|_| ())
}
