//! The archive: every file that came or went, by the hash of its plain bytes, sealed. Plain bytes of it lie on no disk:
//! what is too long for the memory while it is made is sealed on its way, too.
//!
//! The same bytes under the same key are the same sealed file, unless they are too long for the memory (their nonce is
//! random then). Once a day the same bytes are kept once, however they were sealed, so a step that is done
//! again after a crash changes nothing.
//!
//! Must not: give out a byte that was not checked, or keep anything that does not open again.

use super::digest::{Counted, DiskCheck, Naming};
use super::folder::{Folder, Moved, entry_of};
use super::{Claimed, Sha256, Spool};
use crate::domain::Date;
use crate::fault::Trouble;
use crate::seal::{KeyId, KeyRing, Opened, Sealing, key_of_header};
use rustix::fs::Mode;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;
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

/// What comes or is built is held in memory up to so many bytes.
const IN_MEMORY: usize = 1 << 20;

/// A sealed file on its way to the disk; what is written is hashed, to be held against what the disk gives back.
type ToDisk = Sealing<Counted<File, DiskCheck>>;

impl Spool {
    /// Puts the bytes of a claimed file into the archive, sealed, and makes both durable. Repeatable: the same bytes are
    /// kept once a day. A file written to meanwhile is a trouble, to be tried again.
    pub fn archive(&self, claimed: &Claimed, day: Date) -> Result<Archived, Trouble> {
        let file = self.open_work(claimed)?;
        let failed = |doing: &str, e: io::Error| Trouble::new(format!("{doing} work/{}", claimed.shown()), e);
        let look = || entry_of(&file).map(|entry| entry.identity).map_err(|e| failed("look at", e.into()));
        let before = look()?;
        // One byte more than it has: enough to see that it grows, and an end to one that never stops.
        let most = before.size.saturating_add(1);
        let copy = |out: &mut dyn Write| {
            io::copy(&mut BufReader::with_capacity(1 << 16, (&file).take(most)), out).map(drop)
        };
        self.keep(day, copy, |bytes| {
            if bytes != before.size || look()? != before {
                return Err(failed("archive", io::Error::other("it is still being written")));
            }
            // The name in work outlives a loss of power; so must the bytes, or they would be judged again as other ones.
            file.sync_all().map_err(|e| failed("make durable", e))
        })
    }

    /// Puts the bytes of a file that we built into the archive, sealed; [`Spool::stage_archived`] takes them from there.
    pub fn archive_built(
        &self,
        day: Date,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Archived, Trouble> {
        self.keep(day, write, |_| Ok(()))
    }

    /// Seals what is written, and keeps it where its source stands (`sound`, told the number of plain bytes).
    fn keep(
        &self,
        day: Date,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        sound: impl FnOnce(u64) -> Result<(), Trouble>,
    ) -> Result<Archived, Trouble> {
        let store = self.archive_folder()?;
        let temp = self.temp_name();
        let mut held =
            Held { store: &store, ring: &self.ring, temp: &temp, memory: Zeroizing::default(), long: None };
        let mut counted = Counted::<_, Naming>::new(&mut held);
        let passed = write(&mut counted).map(|()| counted.finish());
        let put = passed.map_err(|e| store.trouble("write", &temp, e)).and_then(|plain| {
            match held.long {
                Some(long) => end(&store, &temp, long)?,
                None => self.seal_temp(&store, &temp, plain, held.memory.as_slice())?,
            }
            sound(plain.1)?;
            self.put_by(&store, &temp, plain, day)
        });
        // Only there where it did not get its name.
        store.discard(&temp);
        put
    }

    /// Opens an archived file: what is read are its plain bytes.
    pub fn open_archived(&self, day: Date, sha256: &Sha256) -> Result<Opened<File>, Trouble> {
        let folder = Folder::open(self.archive_path().join(day.to_string()))?;
        let name: OsString = sha256.to_string().into();
        let file = folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))?;
        self.ring.opened(file).map_err(|e| folder.trouble("open", &name, e))
    }

    /// Removes what the archive keeps under a hash, durably: its time is over. Repeatable.
    pub fn remove_archived(&self, day: Date, sha256: &Sha256) -> Result<(), Trouble> {
        let path = self.archive_path().join(day.to_string());
        if !path.try_exists().map_err(|e| Trouble::at("look for", &path, e))? {
            return Ok(());
        }
        let folder = Folder::open(path)?;
        if folder.remove(&OsString::from(sha256.to_string()))? { folder.sync() } else { Ok(()) }
    }

    /// The keys that seal and open from now on.
    pub fn change_keys(&mut self, ring: &Arc<KeyRing>) {
        self.ring = Arc::clone(ring);
    }

    /// The archived files that another key than the current one sealed, in the order of their days.
    pub fn sealed_by_older(&self) -> Result<Vec<(Date, Sha256)>, Trouble> {
        let older = archived_keys(self.archive_path())?.into_iter();
        Ok(older
            .filter(|(_, _, key)| *key != Some(self.ring.current()))
            .map(|(day, sha, _)| (day, sha))
            .collect())
    }

    /// Seals an archived file again with the current key: whole, durable, checked, then in the place of the old one.
    pub fn reseal_archived(&self, day: Date, sha256: &Sha256) -> Result<(), Trouble> {
        let plain = self.open_archived(day, sha256)?;
        let folder = Folder::open(self.archive_path().join(day.to_string()))?;
        let name: OsString = sha256.to_string().into();
        let plain = Sha256::of_reader(plain).map_err(|e| folder.trouble("read", &name, e))?;
        if plain.0 != *sha256 {
            let cause = io::Error::other("the archive's bytes are not those of their hash: it is damaged");
            return Err(folder.trouble("seal again", &name, cause));
        }
        let (store, temp) = (self.archive_folder()?, self.temp_name());
        let sealed = self.seal_temp(&store, &temp, plain, self.open_archived(day, sha256)?);
        sealed.and_then(|()| store.replace(&temp, &folder, &name)).inspect_err(|_| store.discard(&temp))?;
        folder.sync()
    }

    /// Seals what is read into a temporary file, under a nonce of its hash; it must be what was hashed.
    fn seal_temp(
        &self,
        store: &Folder,
        temp: &OsStr,
        plain: (Sha256, u64),
        from: impl Read,
    ) -> Result<(), Trouble> {
        let file = store.create_temp(temp).map_err(|e| store.trouble("create", temp, io::Error::from(e)))?;
        let sealed = self.ring.sealing(plain.0.as_bytes(), Counted::new(file)).and_then(|mut sealing| {
            let mut counted = Counted::<_, Naming>::new(&mut sealing);
            io::copy(&mut BufReader::with_capacity(1 << 16, from), &mut counted)?;
            if counted.finish() == plain {
                return Ok(sealing);
            }
            Err(io::Error::other("its bytes are not those that were hashed before"))
        });
        end(store, temp, sealed.map_err(|e| store.trouble("write", temp, e))?)
    }

    /// Gives a sealed file its name in the archive.
    fn put_by(
        &self,
        store: &Folder,
        temp: &OsStr,
        plain: (Sha256, u64),
        day: Date,
    ) -> Result<Archived, Trouble> {
        let day_name: OsString = day.to_string().into();
        if store.make_folder(&day_name, Mode::from_raw_mode(0o750))? {
            store.sync()?;
        }
        let folder = Folder::open(self.archive_path().join(&day_name))?;
        let name: OsString = plain.0.to_string().into();
        let mut repaired = false;
        if store.move_new(temp, &folder, &name)? == Moved::Taken {
            let file = folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))?;
            let kept = kept(&self.ring, file).map_err(|e| folder.trouble("read", &name, e))?;
            repaired = kept != Kept::Whole(plain.0, plain.1);
            if repaired {
                store.replace(temp, &folder, &name)?;
            } else {
                store.remove(temp)?;
            }
        }
        // Also when it was there: whoever put it may have died before this.
        folder.sync()?;
        Ok(Archived { sha256: plain.0, bytes: plain.1, repaired })
    }
}

/// Ends a sealed file: its last chunk, durable, and what the disk gives back is what was written.
fn end(store: &Folder, temp: &OsStr, sealing: ToDisk) -> Result<(), Trouble> {
    let (file, written) = sealing.finish().map_err(|e| store.trouble("write", temp, e))?.into_parts();
    store.end::<DiskCheck>(file, temp, written)
}

/// Every archived file with the key that its beginning names; `None` where it names none. Needs no lock.
pub fn archived_keys(archive: &Path) -> Result<Vec<(Date, Sha256, Option<KeyId>)>, Trouble> {
    let mut found = Vec::new();
    let days = Folder::open(archive.to_path_buf())?;
    for name in days.names()? {
        let Some(day) = name.to_str().and_then(|name| name.parse::<Date>().ok()) else { continue };
        let folder = Folder::open(archive.join(&name))?;
        for name in folder.names()? {
            let Some(sha256) = name.to_str().and_then(|name| name.parse::<Sha256>().ok()) else { continue };
            let file = folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))?;
            let mut begin = Vec::with_capacity(64);
            file.take(64).read_to_end(&mut begin).map_err(|e| folder.trouble("read", &name, e))?;
            found.push((day, sha256, key_of_header(&begin)));
        }
    }
    Ok(found)
}

/// What the archive of a state folder keeps under a hash. Needs no lock: archived files are never changed.
pub fn hash_archived(state_dir: &Path, ring: &KeyRing, day: Date, sha256: &Sha256) -> Result<Kept, Trouble> {
    let path = state_dir.join("archive").join(day.to_string()).join(sha256.to_string());
    match File::open(&path).and_then(|file| kept(ring, file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Kept::Nothing),
        told => told.map_err(|error| Trouble::at("read", &path, error)),
    }
}

/// Opens an archived file of a state folder: what is read are its plain bytes. Needs no lock.
pub fn read_archived(
    state_dir: &Path,
    ring: &KeyRing,
    day: Date,
    sha256: &Sha256,
) -> Result<Opened<File>, Trouble> {
    let path = state_dir.join("archive").join(day.to_string()).join(sha256.to_string());
    let opened = File::open(&path).and_then(|file| ring.opened(file));
    opened.map_err(|error| Trouble::at("open", &path, error))
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
    temp: &'a OsStr,
    memory: Zeroizing<Vec<u8>>,
    long: Option<ToDisk>,
}

impl Write for Held<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.long.is_none() && self.memory.len().saturating_add(bytes.len()) > IN_MEMORY {
            let file = self.store.create_temp(self.temp)?;
            let mut unique = [0; 32];
            getrandom::fill(&mut unique).map_err(io::Error::other)?;
            let mut long = self.ring.sealing(&unique, Counted::new(file))?;
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
