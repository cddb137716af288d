//! Files for the bank: staged, published once, marked; held and released by a person.
//!
//! The stage entry is the token (house.md 5): while it is there, the file is not published; leaving the stage is
//! publishing, in one step of the file system. Nothing here makes a file a second time: bytes come from the archive.
//!
//! Must not: decide when to publish, or whether a file whose publication is uncertain goes again.

use super::folder::{Folder, Moved, Written};
use super::name::{checked, with_tail};
use super::recovery::OutgoingPlace;
use super::settle::{find_numbered, report_of};
use super::{Owner, Room, Sha256, Spool};
use crate::domain::{ChannelId, Date};
use crate::fault::Trouble;
use rustix::fs::Mode;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write};

/// What is in the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staged {
    /// The hash of the bytes, as read back from the disk.
    pub sha256: Sha256,
    /// Their number.
    pub bytes: u64,
}

/// Why a file was not published.
#[derive(Debug)]
pub enum PublishError {
    /// The stage has no such file: it was published, or never staged ([`Spool::where_is`]).
    NotStaged,
    /// The name is in use in this room: what lies there must be put away first ([`Spool::put_away_sent`]).
    NameTaken(Room),
    /// The world failed. Whether the file was published, [`Spool::where_is`] says.
    Trouble(Trouble),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStaged => f.write_str("it is not in the stage"),
            Self::NameTaken(room) => write!(f, "{room}/ still has a file of this name"),
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}

impl From<Trouble> for PublishError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What holding an outgoing file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldOutgoing {
    /// It lies in held/ under this name; the peer cannot take it.
    As(OsString),
    /// It is in neither stage, outbox nor held: the peer has it, or somebody took it away.
    NotHere,
}

impl Spool {
    /// Writes a file into the stage: whole, durable, read back. The same bytes again are no error; other bytes under
    /// the name are a trouble, because somebody tampered or a name was given twice.
    pub fn stage(
        &self,
        channel: &ChannelId,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Staged, Trouble> {
        let name = checked(name)?;
        let stage = self.channel_folder(channel, Room::Stage)?;
        let written = stage.write_temp(self.temp_name(), write)?;
        put_in_stage(&stage, &written, name).inspect_err(|_| stage.discard(&written.temp))?;
        Ok(Staged { sha256: written.sha256, bytes: written.bytes })
    }

    /// Stages the bytes that [`Spool::archive_built`] kept, and makes sure that they are those.
    pub fn stage_archived(
        &self,
        channel: &ChannelId,
        name: &str,
        day: Date,
        sha256: &Sha256,
    ) -> Result<Staged, Trouble> {
        let name = checked(name)?;
        let mut file = self.open_archived(day, sha256)?;
        let stage = self.channel_folder(channel, Room::Stage)?;
        let written = stage.write_temp(self.temp_name(), |out| io::copy(&mut file, out).map(drop))?;
        let put = if written.sha256 == *sha256 {
            put_in_stage(&stage, &written, name)
        } else {
            let cause = io::Error::other("the archive's bytes are not those of their hash: it is damaged");
            Err(stage.trouble("stage", name, cause))
        };
        put.inspect_err(|_| stage.discard(&written.temp))?;
        Ok(Staged { sha256: written.sha256, bytes: written.bytes })
    }

    /// Takes a file that must not go after all out of the stage. Only for one that is not published; whether it was there.
    pub fn unstage(&self, channel: &ChannelId, name: &str) -> Result<bool, Trouble> {
        let stage = self.channel_folder(channel, Room::Stage)?;
        let removed = stage.remove(checked(name)?)?;
        stage.sync()?;
        Ok(removed)
    }

    /// Publishes a staged file: stage → outbox, never over another file, then both folders made durable. The ledger must
    /// say `staged` before this is called.
    pub fn publish(&self, channel: &ChannelId, name: &str) -> Result<(), PublishError> {
        let name = checked(name)?;
        let stage = self.channel_folder(channel, Room::Stage)?;
        let outbox = self.channel_folder(channel, Room::Outbox)?;
        let sent = self.channel_folder(channel, Room::Sent)?;
        if stage.entry(name)?.is_none() {
            return Err(PublishError::NotStaged);
        }
        // Names come again each year (EB13MMDD). A file or receipt of an earlier one would speak for this one.
        for old in [name.to_os_string(), receipt_name(name)] {
            if sent.entry(&old)?.is_some() {
                return Err(PublishError::NameTaken(Room::Sent));
            }
        }
        // A marker left over would say "complete" before we do.
        outbox.remove(&marker_name(name))?;
        match stage.move_token(name, &outbox, name)? {
            Moved::Done => {}
            Moved::Taken => return Err(PublishError::NameTaken(Room::Outbox)),
            Moved::Gone => return Err(PublishError::NotStaged),
        }
        outbox.sync()?;
        stage.sync()?;
        Ok(())
    }

    /// Writes the `.ok` marker that says "complete" to transfer programs that wait for one; whether the file is still
    /// there to be marked. Repeatable. Not made durable: recovery writes it again.
    pub fn mark_ok(&self, channel: &ChannelId, name: &str) -> Result<bool, Trouble> {
        let name = checked(name)?;
        let outbox = self.channel_folder(channel, Room::Outbox)?;
        if outbox.entry(name)?.is_none() {
            return Ok(false);
        }
        let marker = marker_name(name);
        match outbox.create(&marker, Mode::from_raw_mode(0o640)) {
            Ok(_) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(outbox.trouble("create", &marker, errno)),
        }
        let still = outbox.entry(name)?.is_some();
        if !still {
            // Taken in between: a marker without its file would wait for the next of that name.
            outbox.remove(&marker)?;
        }
        Ok(still)
    }

    /// Which room has the file of these bytes. Other bytes under its name matter only in stage and outbox; in sent,
    /// held and rejected they are an earlier file of the same name. A file that stands as it stood is not read again
    /// ([`Spool::looking_at`]).
    pub fn where_is(
        &self,
        channel: &ChannelId,
        name: &str,
        sha256: &Sha256,
    ) -> Result<OutgoingPlace, Trouble> {
        let name = checked(name)?;
        let mut found = Vec::new();
        let mut other_bytes = false;
        for (room, place) in [
            (Room::Stage, OutgoingPlace::Stage),
            (Room::Outbox, OutgoingPlace::Outbox),
            (Room::Sent, OutgoingPlace::Sent),
        ] {
            let folder = self.channel_folder(channel, room)?;
            match folder.entry(name)? {
                None => {}
                Some(entry)
                    if entry.kind.is_file() && self.hash_on_its_way(&folder, name, &entry)? == *sha256 =>
                {
                    found.push(place);
                }
                Some(_) => other_bytes |= room != Room::Sent,
            }
        }
        match found.as_slice() {
            [place] if !other_bytes => return Ok(*place),
            [] if !other_bytes => {}
            [] | [_] => return Ok(OutgoingPlace::OtherBytes),
            _ => return Ok(OutgoingPlace::Several),
        }
        for (room, place) in [(Room::Held, OutgoingPlace::Held), (Room::Rejected, OutgoingPlace::Rejected)] {
            if find_numbered(&self.channel_folder(channel, room)?, name, sha256)?.is_some() {
                return Ok(place);
            }
        }
        Ok(OutgoingPlace::Nowhere)
    }

    /// Takes a file out of the peer's reach: stage or outbox → held, with a report. Repeatable.
    pub fn hold_outgoing(
        &self,
        channel: &ChannelId,
        name: &str,
        sha256: &Sha256,
        report: &str,
    ) -> Result<HeldOutgoing, Trouble> {
        let name = checked(name)?;
        let held = self.channel_folder(channel, Room::Held)?;
        for room in [Room::Stage, Room::Outbox] {
            let from = self.channel_folder(channel, room)?;
            if from.entry(name)?.is_none() || from.hash(name)?.0 != *sha256 {
                continue;
            }
            if room == Room::Outbox {
                from.remove(&marker_name(name))?;
            }
            let settled = self.put_aside(&from, name, &held, Some(report))?;
            // The token must not come back: it would say "not published".
            from.sync()?;
            return Ok(HeldOutgoing::As(settled.name));
        }
        Ok(find_numbered(&held, name, sha256)?.map_or(HeldOutgoing::NotHere, HeldOutgoing::As))
    }

    /// A person says that the peer has the file: stage, outbox or held → sent, as if the peer had taken it. An earlier
    /// file of its name there is put away. Repeatable; whether it lies in sent now.
    pub fn mark_sent(&self, channel: &ChannelId, name: &str, sha256: &Sha256) -> Result<bool, Trouble> {
        let sent = self.channel_folder(channel, Room::Sent)?;
        let file_name = checked(name)?;
        if sent.holds_hash(file_name, sha256)? {
            return Ok(true);
        }
        let HeldOutgoing::As(lies_as) = self.hold_outgoing(channel, name, sha256, "")? else {
            return Ok(false);
        };
        self.put_away_sent(channel, name)?;
        let held = self.channel_folder(channel, Room::Held)?;
        match held.move_new(&lies_as, &sent, file_name)? {
            Moved::Done => {}
            Moved::Taken => return Err(taken_in(&sent, file_name)),
            Moved::Gone => return Ok(false),
        }
        sent.sync()?;
        held.sync()?;
        held.remove(&report_of(&lies_as))?;
        Ok(true)
    }

    /// A person lets a held file go, with the same bytes: held → stage, from where it is published as any other. Whether
    /// it was there. The ledger commits `staged` with this boot before or after: either order is safe.
    pub fn release_outgoing(
        &self,
        channel: &ChannelId,
        name: &str,
        sha256: &Sha256,
    ) -> Result<bool, Trouble> {
        let name = checked(name)?;
        let held = self.channel_folder(channel, Room::Held)?;
        let stage = self.channel_folder(channel, Room::Stage)?;
        let Some(lies_as) = find_numbered(&held, name, sha256)? else {
            return stage.holds_hash(name, sha256);
        };
        match held.move_token(&lies_as, &stage, name)? {
            Moved::Done => {}
            Moved::Taken => return Err(taken_in(&stage, name)),
            Moved::Gone => return Ok(false),
        }
        stage.sync()?;
        held.sync()?;
        held.remove(&report_of(&lies_as))?;
        Ok(true)
    }

    pub(super) fn channel_folder(&self, channel: &ChannelId, room: Room) -> Result<Folder, Trouble> {
        self.folder(&Owner::Channel(channel.clone()), room)
    }
}

fn put_in_stage(stage: &Folder, written: &Written, name: &OsStr) -> Result<(), Trouble> {
    if stage.move_new(&written.temp, stage, name)? == Moved::Taken {
        if !stage.holds(name, &written.sha256, written.bytes)? {
            return Err(taken_in(stage, name));
        }
        stage.remove(&written.temp)?;
    }
    stage.sync()
}

fn taken_in(stage: &Folder, name: &OsStr) -> Trouble {
    stage.trouble(
        "stage",
        name,
        io::Error::other("another file of that name with other bytes is in the stage"),
    )
}

pub(super) fn marker_name(name: &OsStr) -> OsString {
    with_tail(name, ".ok")
}

/// What the taker calls its receipt for a file.
pub(super) fn receipt_name(name: &OsStr) -> OsString {
    with_tail(name, super::sent::RECEIPT)
}

impl Folder {
    fn holds_hash(&self, name: &OsStr, sha256: &Sha256) -> Result<bool, Trouble> {
        match self.entry(name)? {
            Some(entry) if entry.kind.is_file() => Ok(self.hash(name)?.0 == *sha256),
            _ => Ok(false),
        }
    }
}
