//! The books: double entry of every won that is owed, comes or goes, and what a creditor is paid (F24, E46, E49-E55).
//!
//! An [`Entry`] names two accounts and one amount, so that it cannot be out of balance; an event posts a list of entries
//! ([`post`]). What holds for a charge whatever happened is [`conserved`]. Fees and what a settlement adds up to stand in
//! [`settle`].
//!
//! Must not: read or write anything, ask the time, or know how a file looks.

mod account;
mod conservation;
mod entry;
pub mod post;
pub mod settle;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use conservation::{ChargeMoney, conserved};
pub use entry::{Entry, balances};
