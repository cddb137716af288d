//! Opening the ledger: creation, checks, connections and transactions.

use crate::fault::Trouble;
use rusqlite::{Connection, Transaction};
use std::fmt;
use std::path::{Path, PathBuf};

/// Whether a ledger that is not there may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Make it.
    Allowed,
    /// It must be there.
    Refused,
}

/// Why the ledger did not open. None of these is ever answered by making a fresh one.
#[derive(Debug)]
pub enum OpenError {
    /// There is none, and none may be made.
    Missing(PathBuf),
    /// It was written by a newer sunap.
    Newer {
        /// The version in the file.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// The file is not a ledger of sunap, or is damaged.
    NotALedger {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The world failed.
    Trouble(Trouble),
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

/// One transaction; dropping it takes everything back.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(super) sql: Transaction<'a>,
}

/// A read-only connection.
#[derive(Debug)]
pub struct Reader {
    pub(super) sql: Connection,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "there is no ledger {}", path.display()),
            Self::Newer { found, known } => {
                write!(
                    f,
                    "the ledger has version {found}; this program knows up to {known}: run the newer sunap"
                )
            }
            Self::NotALedger { path, why } => write!(f, "{} is not a sound ledger: {why}", path.display()),
            Self::Trouble(trouble) => fmt::Display::fmt(trouble, f),
        }
    }
}

impl std::error::Error for OpenError {}
