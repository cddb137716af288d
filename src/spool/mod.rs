//! The spool: the only room that creates, renames or removes files in the spool, the stage folders and the archive.
//!
//! ```text
//! spool/channel/<channel>/    inbox work done rejected held outbox sent .stage
//! spool/creditor/<creditor>/  inbox work done rejected held outbox
//! spool/control/              inbox work done rejected held outbox
//! state/archive/<YYYY-MM-DD>/<sha256>         sealed (src/seal); the hash is that of the plain bytes
//! ```
//!
//! In: [`Spool::scan`] → [`Quiet`] → [`Spool::claim`] (inbox → work) → [`Spool::archive`] → (the engine commits) →
//! [`Spool::settle`] (work → done, rejected, held, with a report beside it).
//! Out: [`Spool::archive_built`] → (commit `built`) → [`Spool::stage_archived`] → (commit `staged` with [`boot_id`]) →
//! [`Spool::publish`] (.stage → outbox) → (commit `published`) → [`Spool::mark_ok`].
//! `publish` must never be tried before `staged` is committed: [`recovery`] counts on it.
//!
//! A crash between any two of these is finished by [`recovery`], which is pure, and by the same calls again: each may be
//! repeated. One process per spool ([`Spool::lock`]); creditors, operators and transfer programs write only into an
//! inbox, and take only from an outbox.
//!
//! Two kinds of failure. A `Trouble` is the world's: the file stays where it is and is tried again. What a person did
//! (a folder in the inbox, a file too large) is a value ([`ClaimError`]) and is moved aside by [`Spool::refuse_entry`].
//!
//! Must not: parse content, decide, log, ask the time, or touch the ledger.

mod archive;
mod claim;
mod digest;
mod folder;
mod known;
mod lock;
mod name;
mod outgoing;
mod place;
mod quiet;
pub mod recovery;
mod replayed;
mod roots;
mod saved;
mod scan;
mod self_test;
mod sent;
mod settle;
mod skeleton;
mod witness;

pub use archive::{Archived, Kept, archived_keys, hash_archived, read_archived};
pub use claim::{ClaimError, Claimed};
pub use digest::Sha256;
pub use folder::{Dropper, Identity, Kind};
pub use lock::{Lock, LockError, boot_id};
pub use name::shown_name;
pub use outgoing::{HeldOutgoing, PublishError, Staged};
pub use place::{Outcome, Owner, Room};
pub use quiet::Quiet;
pub use replayed::{anew, link_archive, remove_anew, swap_in};
pub use roots::{KeptRoots, PutRoot, ROOTS, Roots};
pub use saved::{keep_text, remove_text};
pub use scan::{Seen, Skip};
pub use self_test::Unfit;
pub use sent::Receipt;
pub use settle::{Refused, SettledAs};
pub use skeleton::{Limits, Spool, drop_file};
pub use witness::{Line as WitnessLine, WITNESS, Witness, WitnessLook, Witnessed};
