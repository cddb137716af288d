//! Claiming: inbox → work, so that nobody but us changes the file; and the archive, which keeps its bytes for ever.
//!
//! Must not: read a file for its meaning; an error of reading says nothing about the content.

use super::folder::{Entry, Folder, Identity, Kind, Moved, Written, entry_of};
use super::name::shown_name;
use super::{Owner, Room, Seen, Sha256, Spool};
use crate::domain::Date;
use crate::fault::Trouble;
use rustix::fs::Mode;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// A file in an owner's work room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    owner: Owner,
    name: OsString,
    identity: Identity,
}

impl Claimed {
    /// Whose it is.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Its name, byte for byte, as it was dropped.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Its name, safe to print.
    pub fn shown(&self) -> String {
        shown_name(&self.name)
    }

    /// Which file, and how it stood when claimed.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

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

/// Why an entry of an inbox was not claimed.
#[derive(Debug)]
pub enum ClaimError {
    /// It is not what was seen any more: look again.
    Changed,
    /// It cannot be a file that we take: [`Spool::refuse_entry`].
    NotAFile(Kind),
    /// It is larger than the inbox takes: [`Spool::refuse_entry`].
    TooLarge {
        /// Its length in bytes.
        size: u64,
        /// What the inbox takes.
        limit: u64,
    },
    /// We may not read it. It stays, aloud, until somebody lets us (faults.md 2, 51).
    Unreadable,
    /// Somebody took it away.
    Gone,
    /// An earlier file of the same name is still in work: later.
    Busy,
    /// The world failed: it stays and is tried again.
    Trouble(Trouble),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("it is still being written"),
            Self::NotAFile(kind) => write!(f, "it is {}, not a plain file", kind.in_words()),
            Self::TooLarge { size, limit } => {
                write!(f, "it has {size} bytes, and no more than {limit} are taken")
            }
            Self::Unreadable => f.write_str("sunap is not allowed to read it"),
            Self::Gone => f.write_str("it is gone"),
            Self::Busy => f.write_str("an earlier file of the same name is still being worked on"),
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for ClaimError {}

impl From<Trouble> for ClaimError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Spool {
    /// Takes an entry of an inbox into work, if it is still the file that was seen.
    ///
    /// Moved in one step, not by link and unlink as first designed: between the two a sender could put another file
    /// under the name, and unlink would destroy it.
    pub fn claim(&self, owner: &Owner, seen: &Seen) -> Result<Claimed, ClaimError> {
        match seen.kind {
            Kind::Regular | Kind::HardLink => {}
            Kind::Unreadable => return Err(ClaimError::Unreadable),
            other => return Err(ClaimError::NotAFile(other)),
        }
        let (inbox, work) = (self.folder(owner, Room::Inbox)?, self.folder(owner, Room::Work)?);
        let name = seen.name.as_os_str();
        let file = inbox.open_file(name).map_err(|errno| match errno {
            Errno::NOENT => ClaimError::Gone,
            Errno::LOOP => ClaimError::NotAFile(Kind::Symlink),
            Errno::NXIO => ClaimError::NotAFile(Kind::Socket),
            Errno::ACCESS | Errno::PERM => ClaimError::Unreadable,
            other => ClaimError::Trouble(inbox.trouble("open", name, other)),
        })?;
        let found = entry_of(&file).map_err(|e| inbox.trouble("look at", name, e))?;
        drop(file);
        self.check(owner, seen, &found)?;
        if found.kind == Kind::HardLink {
            if !half_claimed(&work, name, &found)? {
                return Err(ClaimError::NotAFile(Kind::HardLink));
            }
            inbox.remove(name)?;
        } else {
            take(&inbox, &work, name, &found)?;
        }
        if let Err(trouble) = work.sync() {
            // Not ours unless durably so: back, to be claimed again.
            let _ = work.move_new(name, &inbox, name);
            return Err(trouble.into());
        }
        if let Some(marker) = &seen.marker {
            self.clear_marker(owner, &inbox, marker)?;
        }
        Ok(Claimed { owner: owner.clone(), name: seen.name.clone(), identity: found.identity })
    }

    fn check(&self, owner: &Owner, seen: &Seen, found: &Entry) -> Result<(), ClaimError> {
        if !found.kind.is_file() {
            return Err(ClaimError::NotAFile(found.kind));
        }
        if found.identity != seen.identity {
            return Err(ClaimError::Changed);
        }
        let (size, limit) = (found.identity.size, self.limits().of(owner));
        if size > limit { Err(ClaimError::TooLarge { size, limit }) } else { Ok(()) }
    }

    /// Takes away the mark of a claimed file. One with bytes in it is kept in done/: nothing dropped is ever destroyed.
    fn clear_marker(&self, owner: &Owner, inbox: &Folder, marker: &OsStr) -> Result<(), Trouble> {
        match inbox.entry(marker)? {
            Some(entry) if entry.kind.is_file() && entry.identity.size == 0 => inbox.remove(marker).map(drop),
            Some(_) => {
                let done = self.folder(owner, Room::Done)?;
                self.put_aside(inbox, marker, &done, None).map(drop)
            }
            None => Ok(()),
        }
    }

    /// The files in work, for recovery at start and after a trouble. Anything else in that room is left out; it shows
    /// in [`Spool::look`].
    pub fn work_left(&self, owner: &Owner) -> Result<Vec<Claimed>, Trouble> {
        let left = self
            .look(owner, Room::Work)?
            .into_iter()
            .filter(|seen| seen.kind.is_file() && !Self::is_own_temp(&seen.name));
        Ok(left
            .map(|seen| Claimed { owner: owner.clone(), name: seen.name, identity: seen.identity })
            .collect())
    }

    /// Opens a claimed file to read. What is judged should be read from [`Spool::open_archived`]: those bytes are the ones
    /// that the hash names, whatever a sender that kept the file open does.
    pub fn open_work(&self, claimed: &Claimed) -> Result<File, Trouble> {
        let work = self.folder(&claimed.owner, Room::Work)?;
        let file = work.open_file(&claimed.name).map_err(|e| work.trouble("open", &claimed.name, e))?;
        let found = entry_of(&file).map_err(|e| work.trouble("look at", &claimed.name, e))?;
        if found.identity.same_file(claimed.identity) {
            Ok(file)
        } else {
            let cause = io::Error::other("another file has taken its place in work");
            Err(work.trouble("open", &claimed.name, cause))
        }
    }

    /// Copies a claimed file into the archive, reading it once, and makes both durable. Repeatable: the same bytes
    /// are kept once a day. A file written to meanwhile is a trouble, to be tried again.
    pub fn archive(&self, claimed: &Claimed, day: Date) -> Result<Archived, Trouble> {
        let mut file = self.open_work(claimed)?;
        let failed = |doing: &str, e: io::Error| Trouble::new(format!("{doing} work/{}", claimed.shown()), e);
        let before = entry_of(&file).map_err(|e| failed("look at", e.into()))?.identity;
        let store = self.archive_folder()?;
        let written = store.write_temp(self.temp_name(), |out| {
            // One byte more than it has: enough to see that it grows, and an end to one that never stops.
            io::copy(&mut (&mut file).take(before.size.saturating_add(1)), out).map(drop)
        })?;
        let after = entry_of(&file).map_err(|e| failed("look at", e.into()));
        let unchanged = after.and_then(|after| {
            if after.identity == before && written.bytes == before.size {
                Ok(())
            } else {
                Err(failed("archive", io::Error::other("it is still being written")))
            }
        });
        // The name in work outlives a loss of power; so must the bytes, or they would be judged again as other ones.
        unchanged
            .and_then(|()| file.sync_all().map_err(|e| failed("make durable", e)))
            .inspect_err(|_| store.discard(&written.temp))?;
        self.put_by(&store, written, day)
    }

    /// Puts the bytes of a file that we built into the archive; [`Spool::stage_archived`] takes them from there.
    pub fn archive_built(
        &self,
        day: Date,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Archived, Trouble> {
        let store = self.archive_folder()?;
        let written = store.write_temp(self.temp_name(), write)?;
        self.put_by(&store, written, day)
    }

    /// Opens an archived file to read.
    pub fn open_archived(&self, day: Date, sha256: &Sha256) -> Result<File, Trouble> {
        let folder = Folder::open(self.archive_path().join(day.to_string()))?;
        let name: OsString = sha256.to_string().into();
        folder.open_file(&name).map_err(|e| folder.trouble("open", &name, e))
    }

    /// Gives a written file its name in the archive.
    fn put_by(&self, store: &Folder, written: Written, day: Date) -> Result<Archived, Trouble> {
        let put = || -> Result<Archived, Trouble> {
            let day_name: OsString = day.to_string().into();
            if store.make_folder(&day_name, Mode::from_raw_mode(0o750))? {
                store.sync()?;
            }
            let folder = Folder::open(self.archive_path().join(&day_name))?;
            let name: OsString = written.sha256.to_string().into();
            let mut repaired = false;
            if store.move_new(&written.temp, &folder, &name)? == Moved::Taken {
                repaired = !folder.holds(&name, &written.sha256, written.bytes)?;
                if repaired {
                    store.replace(&written.temp, &folder, &name)?;
                } else {
                    store.remove(&written.temp)?;
                }
            }
            // Also when it was there: whoever put it may have died before this.
            folder.sync()?;
            Ok(Archived { sha256: written.sha256, bytes: written.bytes, repaired })
        };
        put().inspect_err(|_| store.discard(&written.temp))
    }
}

/// The hash and length of what the archive of a state folder keeps under a hash; `None` where it keeps nothing. Needs no
/// lock: archived files are never changed.
pub fn hash_archived(state_dir: &Path, day: Date, sha256: &Sha256) -> Result<Option<(Sha256, u64)>, Trouble> {
    let path = state_dir.join("archive").join(day.to_string()).join(sha256.to_string());
    match File::open(&path).and_then(Sha256::of_reader) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Trouble::at("read", &path, error)),
    }
}

/// Whether the second name of a file is ours: where a file system cannot rename without replacing, a crash may leave a
/// claimed file in both rooms.
fn half_claimed(work: &Folder, name: &OsStr, found: &Entry) -> Result<bool, Trouble> {
    let ours = work.entry(name)?.is_some_and(|entry| entry.identity.same_file(found.identity));
    Ok(ours && found.links == 2)
}

/// Moves the entry and makes sure that it was the one looked at.
fn take(inbox: &Folder, work: &Folder, name: &OsStr, found: &Entry) -> Result<(), ClaimError> {
    match inbox.move_new(name, work, name)? {
        Moved::Done => {}
        Moved::Taken => return Err(ClaimError::Busy),
        Moved::Gone => return Err(ClaimError::Gone),
    }
    if work.entry(name)?.is_some_and(|entry| entry.identity.same_file(found.identity)) {
        return Ok(());
    }
    // The sender replaced it between our look and the move. Back with it; should the name be in use once more, it
    // stays in work, where `work_left` finds it.
    match work.move_new(name, inbox, name)? {
        Moved::Done => Err(ClaimError::Changed),
        Moved::Taken | Moved::Gone => Err(ClaimError::Busy),
    }
}
