//! A copy of the ledger that is known to be good, and the checks that say so of any ledger.
//!
//! Must not: write the ledger that is copied, or replace a file that is there.

use super::column::Doing;
use super::open::Reader;
use super::settling::{OwedAnswer, answers};
use crate::fault::Trouble;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How a check of the database's pages is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageCheck {
    /// Every page, without the order of the indexes (`quick_check`).
    Quick,
    /// Every page and every index (`integrity_check`).
    Whole,
}

/// How many findings are told.
const TOLD: usize = 100;

impl Reader {
    /// What the database says of its own pages; empty where all is well.
    pub fn check_pages(&self, check: PageCheck) -> Result<Vec<String>, Trouble> {
        let doing = "check the pages of the ledger";
        let pragma = match check {
            PageCheck::Quick => "PRAGMA quick_check",
            PageCheck::Whole => "PRAGMA integrity_check",
        };
        let mut statement = self.sql.prepare(pragma).doing(doing)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).doing(doing)?;
        let said: Vec<String> = rows.take(TOLD).collect::<rusqlite::Result<_>>().doing(doing)?;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    }

    /// Every answer that was ever owed, given or not.
    pub fn answers_kept(&self) -> Result<Vec<OwedAnswer>, Trouble> {
        answers(&self.sql, "")
    }

    /// Answers that do not lie in an outbox yet.
    pub fn answers_owed(&self) -> Result<Vec<OwedAnswer>, Trouble> {
        answers(&self.sql, "WHERE given = 0")
    }

    /// Copies what is committed into the empty new file `to`, beside a daemon that goes on writing, and makes the copy
    /// durable. The copy is not trusted yet: whoever asks for it opens it and checks it.
    pub fn copy_into(&self, to: &Path) -> Result<(), Trouble> {
        // Made first, so that nobody else may read it; the database insists on a file that is empty.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(to)
            .map_err(|error| Trouble::at("create", to, error))?;
        let Some(name) = to.to_str() else {
            return Err(Trouble::at("copy the ledger to", to, "the path is not UTF-8"));
        };
        self.sql.execute("VACUUM INTO ?1", [name]).map(drop).doing("copy the ledger")?;
        File::open(to)
            .and_then(|file| file.sync_all())
            .map_err(|error| Trouble::at("make durable", to, error))
    }
}
