//! The field's own values: money, days, ids. Pure; every value checks itself when it is made.

pub mod ids;
pub mod message;
pub mod mode;
pub mod paper;
pub mod record;
pub mod time;
pub mod won;

pub use ids::{
    AccountNo, BankCode, BankPayerNo, ChannelId, CreditorId, IdNo, IdNoError, ItemCode, PayerNo, masked,
};
pub use message::MessageEvent;
pub use mode::Mode;
pub use paper::Paper;
pub use record::{
    Allocation, Application, ApplicationKind, Billing, CandidateCharge, CollectionKind, MandateTerms, Payer,
};
pub use time::{ContractDay, Date, Instant, Month, TimeOfDay, Weekday};
pub use won::Won;
