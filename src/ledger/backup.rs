//! A copy of the ledger that is known to be good, and the checks that say so of any ledger.
//!
//! Must not: write the ledger that is copied, or replace a file that is there.

use super::column::Doing;
use super::open::Reader;
use super::settling::{OwedAnswer, answers};
use crate::fault::Trouble;
use crate::seal::{KeyRing, key_of_header};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
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

/// Seals a copy of the ledger into the new file `to`, with the current key, in the form of an archived file, durably; and
/// reads back that it opens to the same bytes. Never the whole copy is in memory.
pub fn seal_copy(copy: &Path, to: &Path, ring: &KeyRing) -> Result<(), Trouble> {
    let hash = || -> io::Result<[u8; 32]> { hash_of(File::open(copy)?) };
    let plain = hash().map_err(|error| Trouble::at("read", copy, error))?;
    let sealed = create(to)?;
    let sealing = || -> io::Result<()> {
        let mut sealing = ring.sealing(&plain, io::BufWriter::new(&sealed))?;
        io::copy(&mut File::open(copy)?, &mut sealing)?;
        sealing.finish()?.flush()?;
        sealed.sync_all()?;
        if hash_of(ring.opened(File::open(to)?)?)? == plain {
            return Ok(());
        }
        Err(io::Error::other("it does not open to the bytes that were sealed"))
    };
    sealing().map_err(|error| Trouble::at("seal the copy to", to, error))
}

/// Opens a backup into the new file `to`: one that is sealed, or the plain file of a ledger.
pub fn open_copy(backup: &Path, to: &Path, ring: &KeyRing) -> Result<(), Trouble> {
    let mut out = create(to)?;
    let mut opening = || -> io::Result<()> {
        let mut begin = Vec::with_capacity(64);
        File::open(backup)?.take(64).read_to_end(&mut begin)?;
        let mut from = File::open(backup)?;
        if key_of_header(&begin).is_some() {
            io::copy(&mut ring.opened(from)?, &mut out)?;
        } else {
            io::copy(&mut from, &mut out)?;
        }
        out.sync_all()
    };
    opening().map_err(|error| Trouble::at("open the backup", backup, error))
}

fn hash_of(mut from: impl Read) -> io::Result<[u8; 32]> {
    let (mut hasher, mut room) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = from.read(&mut room)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(room.get(..read).unwrap_or_default());
    }
}

/// A new file that nobody else may read.
fn create(to: &Path) -> Result<File, Trouble> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    made.map_err(|error| Trouble::at("create", to, error))
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
        create(to)?;
        let Some(name) = to.to_str() else {
            return Err(Trouble::at("copy the ledger to", to, "the path is not UTF-8"));
        };
        self.sql.execute("VACUUM INTO ?1", [name]).map(drop).doing("copy the ledger")?;
        File::open(to)
            .and_then(|file| file.sync_all())
            .map_err(|error| Trouble::at("make durable", to, error))
    }
}
