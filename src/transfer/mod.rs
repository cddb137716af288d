//! Moving files between a channel's outbox/inbox and the network, as a process of its own: the classic TCP file
//! protocol (facts/kftc.md 7.2) in both roles, and SFTP by the system's OpenSSH.
//!
//! The only room that opens a socket; the daemon never does. It is the taker of decisions.md 16: of the spool it
//! moves `outbox/N` to `sent/N`, removes `N.ok`, writes `sent/N.receipt`, and puts whole files into `inbox`.
//!
//! Exactly once, by two small journals in a folder of its own ([`Store`]): *out* remembers that a file was begun and
//! what the other side said of it; *in* remembers how much of a file is safe and that it was delivered. A cut or a
//! crash anywhere is finished by the next start or the next call.
//!
//! Must not: read what the files say, touch the ledger, log a password or a byte of data.

mod coding;
mod folders;
mod link;
mod receiving;
mod rounds;
mod sending;
mod session;
mod settings;
mod sftp;
mod sftp_settings;
mod store;
mod wire;

pub use coding::{Secret, coded};
pub use link::Broken;
pub use rounds::{Ended, Watch, run};
pub use session::{Direction, Role, Station};
pub use settings::{Job, JobDirection, Settings, Side, Times};
pub use sftp::{Sftp, Visit};
pub use sftp_settings::{AfterFetch, SftpSettings};
pub use store::{Offer, Store, Verdict};
pub use wire::{Means, Message, Name, Reply, Response, Wire};
