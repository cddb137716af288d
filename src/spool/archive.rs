//! The archive: every file that came or went, by the hash of its plain bytes, sealed. Plain bytes of it lie on no disk:
//! what is too long for the memory while it is made is sealed on its way, too.
//!
//! The same bytes under the same key are the same sealed file, so a step that is done again after a crash changes nothing.
//! Once a day the same bytes are kept once, whichever key sealed them.
//!
//! Must not: give out a byte that was not checked, or keep anything that does not open again.

use super::digest::Counted;
use super::folder::{Folder, Moved, Written, entry_of};
use super::{Claimed, Sha256, Spool};
use crate::domain::Date;
use crate::fault::Trouble;
use crate::seal::{KeyRing, Opened, Sealing};
use rustix::fs::Mode;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// A file's bytes in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archived {
    /// Their hash: the name in the archive.
    pub sha256: Sha256,
    /// Their length.
    pub bytes: u64,
    /// The archive held another thing under this hash (a damaged disk); it was replaced by the right bytes. Needs an alarm.
    pub repaired: bool,
}

/// What the archive keeps under a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// A sealed file that opens, with the hash and length of its plain bytes.
    Whole(Sha256, u64),
    /// A file that does not open, and why.
    Broken(String),
    /// Nothing.
    Nothing,
}

/// What is built is held in memory up to so many bytes.
const IN_MEMORY: usize = 1 << 20;

impl Spool {
    /// Puts the bytes of a claimed file into the archive, sealed, and makes both durable. Reads it twice: its hash is
    /// known before it is sealed. Repeatable: the same bytes are kept once a day. A file written to meanwhile is a
    /// trouble, to be tried again.
    pub fn archive(&self, claimed: &Claimed, day: Date) -> Result<Archived, Trouble> {
        let mut file = self.open_work(claimed)?;
        let failed = |doing: &str, e: io::Error| Trouble::new(format!("{doing} work/{}", claimed.shown()), e);
        let changed = || failed("archive", io::Error::other("it is still being written"));
        let before = entry_of(&file).map_err(|e| failed("look at", e.into()))?.identity;
        // One byte more than it has: enough to see that it grows, and an end to one that never stops.
        let most = before.size.saturating_add(1);
        let plain = Sha256::of_reader((&mut file).take(most)).map_err(|e| failed("read", e))?;
        if plain.1 != before.size {
            return Err(changed());
        }
        file.rewind().map_err(|e| failed("read", e))?;
        let store = self.archive_folder()?;
        let written = self.seal_temp(&store, plain, (&mut file).take(most))?;
        let after = entry_of(&file).map_err(|e| failed("look at", e.into()));
        let unchanged =
            after.and_then(|after| if after.identity == before { Ok(()) } else { Err(changed()) });
        // The name in work outlives a loss of power; so must the bytes, or they would be judged again as other ones.
        unchanged
            .and_then(|()| file.sync_all().map_err(|e| failed("make durable", e)))
            .inspect_err(|_| store.discard(&written.temp))?;
        self.put_by(&store, &written, plain, day)
    }

    /// Puts the bytes of a file that we built into the archive, sealed; [`Spool::stage_archived`] takes them from there.
    pub fn archive_built(
        &self,
        day: Date,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Archived, Trouble> {
        let store = self.archive_folder()?;
        let passing = self.temp_name();
        let mut held = Held {
            store: &store,
            ring: &self.ring,
            temp: &passing,
            memory: Zeroizing::new(Vec::new()),
            long: None,
        };
        let mut counted = Counted::new(&mut held);
        let built = write(&mut counted).map(|()| counted.finish());
        let put = built
            .and_then(|plain| Ok((plain, held.read()?)))
            .map_err(|e| store.trouble("write", &passing, e));
        let put = put.and_then(|(plain, from)| {
            let written = self.seal_temp(&store, plain, from)?;
            self.put_by(&store, &written, plain, day)
        });
        // Only there where it was too long for the memory.
        store.discard(&passing);
        put
    }

    /// Opens an archived file: what is read are its plain bytes.
    pub fn open_archived(&self, day: Date, sha256: &Sha256) -> Result<Opened<File>, Trouble> {
        let folder = Folder::open(self.archive_path().join(day.to_string()))?;
        let name: OsString = sha256.to_string().into();
        let file = folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))?;
        self.ring.opened(file).map_err(|e| folder.trouble("open", &name, e))
    }

    /// Seals what is read into a temporary file, and makes sure that it is what was hashed.
    fn seal_temp(
        &self,
        store: &Folder,
        plain: (Sha256, u64),
        mut from: impl Read,
    ) -> Result<Written, Trouble> {
        store.write_temp(self.temp_name(), |out| {
            let mut sealing = self.ring.sealing(plain.0.as_bytes(), out)?;
            let mut counted = Counted::new(&mut sealing);
            io::copy(&mut from, &mut counted)?;
            if counted.finish() != plain {
                return Err(io::Error::other("it is still being written"));
            }
            sealing.finish().map(drop)
        })
    }

    /// Gives a sealed file its name in the archive.
    fn put_by(
        &self,
        store: &Folder,
        written: &Written,
        plain: (Sha256, u64),
        day: Date,
    ) -> Result<Archived, Trouble> {
        let put = || -> Result<Archived, Trouble> {
            let day_name: OsString = day.to_string().into();
            if store.make_folder(&day_name, Mode::from_raw_mode(0o750))? {
                store.sync()?;
            }
            let folder = Folder::open(self.archive_path().join(&day_name))?;
            let name: OsString = plain.0.to_string().into();
            let mut repaired = false;
            if store.move_new(&written.temp, &folder, &name)? == Moved::Taken {
                let file = folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))?;
                let kept = kept(&self.ring, file).map_err(|e| folder.trouble("read", &name, e))?;
                repaired = kept != Kept::Whole(plain.0, plain.1);
                if repaired {
                    store.replace(&written.temp, &folder, &name)?;
                } else {
                    store.remove(&written.temp)?;
                }
            }
            // Also when it was there: whoever put it may have died before this.
            folder.sync()?;
            Ok(Archived { sha256: plain.0, bytes: plain.1, repaired })
        };
        put().inspect_err(|_| store.discard(&written.temp))
    }
}

/// What the archive of a state folder keeps under a hash. Needs no lock: archived files are never changed.
pub fn hash_archived(state_dir: &Path, ring: &KeyRing, day: Date, sha256: &Sha256) -> Result<Kept, Trouble> {
    let path = state_dir.join("archive").join(day.to_string()).join(sha256.to_string());
    match File::open(&path).and_then(|file| kept(ring, file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::Nothing),
        told => told.map_err(|error| Trouble::at("read", &path, error)),
    }
}

/// What a sealed file holds; a file that does not open is an answer, a disk that fails is not.
fn kept(ring: &KeyRing, file: File) -> io::Result<Kept> {
    match ring.opened(file).and_then(Sha256::of_reader) {
        Ok((sha256, bytes)) => Ok(Kept::Whole(sha256, bytes)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Kept::Broken(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Bytes that are being built: in memory, or, if they are many, in a temporary file sealed under a nonce of its own.
struct Held<'a> {
    store: &'a Folder,
    ring: &'a KeyRing,
    temp: &'a OsString,
    memory: Zeroizing<Vec<u8>>,
    long: Option<Sealing<File>>,
}

impl Held<'_> {
    /// What was written, from its beginning.
    fn read(self) -> io::Result<Box<dyn Read>> {
        let Some(long) = self.long else { return Ok(Box::new(Memory(self.memory, 0))) };
        long.finish()?;
        Ok(Box::new(self.ring.opened(self.store.open_file(self.temp)?)?))
    }
}

impl Write for Held<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.long.is_none() && self.memory.len().saturating_add(bytes.len()) > IN_MEMORY {
            // Left by a process that died: temporary names are unique within the one that lives (`lock`).
            self.store.discard(self.temp);
            let file = self.store.create(self.temp, Mode::from_raw_mode(0o640))?;
            let mut unique = [0; 32];
            getrandom::fill(&mut unique).map_err(io::Error::other)?;
            let mut long = self.ring.sealing(&unique, file)?;
            long.write_all(&self.memory)?;
            self.memory.clear();
            self.long = Some(long);
        }
        match &mut self.long {
            Some(long) => long.write(bytes),
            None => self.memory.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes in memory, and how many of them were read.
struct Memory(Zeroizing<Vec<u8>>, usize);

impl Read for Memory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let taken = self.0.get(self.1..).unwrap_or_default().read(into)?;
        self.1 = self.1.saturating_add(taken);
        Ok(taken)
    }
}
