//! The field's own values: money, days, ids. Pure; every value checks itself when it is made.

pub mod ids;
pub mod time;
pub mod won;

pub use ids::{
    AccountNo, BankCode, BankPayerNo, ChannelId, CreditorId, IdNo, IdNoError, ItemCode, PayerNo, masked,
};
pub use time::{Date, Instant, Month, TimeOfDay, Weekday};
pub use won::Won;
