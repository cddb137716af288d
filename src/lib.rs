//! sunap (수납): collects money by automatic debit (CMS) for many creditors.
//!
//! The way through: `spool` claims a file, `engine` asks the pure rooms (`layout`, `bank`, `intake`, `rules`,
//! `machine`, `calendar`) what follows from it, `ledger` commits that in one transaction, `spool` publishes and
//! settles. ARCHITECTURE.md has the map and the walls.

pub mod bank;
pub mod books;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod fault;
pub mod intake;
pub mod layout;
pub mod ledger;
pub mod machine;
pub mod report;
pub mod rules;
pub mod seal;
pub mod sheet;
pub mod spool;
pub mod transfer;
