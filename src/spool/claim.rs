//! Claiming: inbox → work, so that nobody but us changes the file.
//!
//! Must not: read a file for its meaning; an error of reading says nothing about the content.

use super::folder::{Dropper, Entry, Folder, Identity, Kind, Moved, entry_of};
use super::name::shown_name;
use super::{Owner, Room, Seen, Spool};
use crate::fault::Trouble;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;

/// A file in an owner's work room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    owner: Owner,
    name: OsString,
    identity: Identity,
    dropper: Dropper,
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

    /// Whose the claimed file is: of the open file, not of its name.
    pub fn dropper(&self) -> Dropper {
        self.dropper
    }
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
        Ok(Claimed {
            owner: owner.clone(),
            name: seen.name.clone(),
            identity: found.identity,
            dropper: found.dropper,
        })
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
            .map(|seen| Claimed {
                owner: owner.clone(),
                name: seen.name,
                identity: seen.identity,
                dropper: seen.dropper,
            })
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
