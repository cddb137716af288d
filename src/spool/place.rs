//! Whose folders there are and what each room in them means.
//!
//! Must not: touch a file.

use crate::domain::{ChannelId, CreditorId};
use std::fmt;

/// Whose folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The connection to a network: bank files.
    Channel(ChannelId),
    /// An 이용기관: its lists and their answers.
    Creditor(CreditorId),
    /// The operators: orders and their answers.
    Control,
}

impl Owner {
    /// The folder below the spool: `channel/<channel>`, `creditor/<creditor>`, `control`.
    pub fn folder(&self) -> String {
        match self {
            Self::Channel(id) => format!("channel/{id}"),
            Self::Creditor(id) => format!("creditor/{id}"),
            Self::Control => "control".to_string(),
        }
    }

    /// The rooms that this owner has.
    pub fn rooms(&self) -> &'static [Room] {
        const ALL: [Room; 8] = [
            Room::Inbox,
            Room::Work,
            Room::Done,
            Room::Rejected,
            Room::Held,
            Room::Outbox,
            Room::Sent,
            Room::Stage,
        ];
        let (common, _bank) = ALL.split_at(6);
        match self {
            Self::Channel(_) => &ALL,
            Self::Creditor(_) | Self::Control => common,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.folder())
    }
}

/// A folder of an owner. The same room means the same thing everywhere (house.md 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    /// Others drop files here; we only look and claim.
    Inbox,
    /// Claimed, not yet settled; ours alone, and where we write before we show.
    Work,
    /// Read, judged, applied; also duplicates.
    Done,
    /// Judged to be wrong, with a report beside each.
    Rejected,
    /// Waits for a person.
    Held,
    /// For others to take.
    Outbox,
    /// Taken by the bank's side: its transfer program moves files here (channels only).
    Sent,
    /// Written but not published; ours alone (channels only).
    Stage,
}

impl Room {
    /// The folder's name.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Work => "work",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Held => "held",
            Self::Outbox => "outbox",
            Self::Sent => "sent",
            Self::Stage => ".stage",
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

/// What became of an incoming file: the room into which it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Applied, or a duplicate of one that was.
    Done,
    /// A fault: none of it was applied.
    Rejected,
    /// Waits for a person.
    Held,
}

impl Outcome {
    /// The room.
    pub fn room(self) -> Room {
        match self {
            Self::Done => Room::Done,
            Self::Rejected => Room::Rejected,
            Self::Held => Room::Held,
        }
    }
}
