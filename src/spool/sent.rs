//! What the peer took: its receipts, and putting a taken file away so that its name is free again.
//!
//! Must not: read what a receipt says.

use super::folder::{Folder, Moved};
use super::name::{checked, shown_text};
use super::outgoing::receipt_name;
use super::settle::free_pair;
use super::{Outcome, Owner, Room, Sha256, Spool};
use crate::domain::ChannelId;
use crate::fault::Trouble;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

/// What ends the name of a receipt (decisions.md 16).
pub(super) const RECEIPT: &str = ".receipt";
/// More than any receipt needs.
const RECEIPT_BYTES: u64 = 64 << 10;

/// A receipt of the taker for a file in sent/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The file that it is for.
    pub name: String,
    /// Its text, unread. Bytes that are not UTF-8 stand as `\xNN`; empty where it is no plain file or above 64 KiB.
    pub text: String,
}

impl Spool {
    /// The names of the files in sent/, receipts left out: these are taken.
    pub fn sent_names(&self, channel: &ChannelId) -> Result<Vec<OsString>, Trouble> {
        let mut names = self.channel_folder(channel, Room::Sent)?.names()?;
        names.retain(|name| {
            !name.as_bytes().ends_with(RECEIPT.as_bytes()) && !name.as_bytes().starts_with(b".")
        });
        Ok(names)
    }

    /// All receipts in sent/, sorted by name. Those for names that are not UTF-8 are left out: no file of ours has one.
    pub fn receipts(&self, channel: &ChannelId) -> Result<Vec<Receipt>, Trouble> {
        let sent = self.channel_folder(channel, Room::Sent)?;
        let mut receipts = Vec::new();
        for entry in sent.names()? {
            let name = entry.to_str().and_then(|text| text.strip_suffix(RECEIPT));
            if let Some(name) = name.filter(|name| !name.is_empty() && !name.starts_with('.'))
                && let Some(text) = receipt_text(&sent, &entry)?
            {
                receipts.push(Receipt { name: name.to_string(), text });
            }
        }
        Ok(receipts)
    }

    /// The receipt for one file, if there is one.
    pub fn receipt_of(&self, channel: &ChannelId, name: &str) -> Result<Option<Receipt>, Trouble> {
        let sent = self.channel_folder(channel, Room::Sent)?;
        let text = receipt_text(&sent, &receipt_name(checked(name)?))?;
        Ok(text.map(|text| Receipt { name: name.to_string(), text }))
    }

    /// Puts a file that the peer refused, and its receipt, from sent/ to rejected/; or one that a person gave up, and its
    /// report, from held/. Repeatable; the name under which it lies there now, if it was in either.
    pub fn retire_refused(
        &self,
        channel: &ChannelId,
        name: &str,
        sha256: &Sha256,
    ) -> Result<Option<OsString>, Trouble> {
        let sent = self.channel_folder(channel, Room::Sent)?;
        let checked_name = checked(name)?;
        match sent.entry(checked_name)? {
            // A later file of the same name was taken already; it is not the refused one.
            Some(entry) if entry.kind.is_file() && sent.hash(checked_name)?.0 != *sha256 => Ok(None),
            None if sent.entry(&receipt_name(checked_name))?.is_none() => {
                let owner = Owner::Channel(channel.clone());
                let settled = self.settle_held(&owner, checked_name, sha256, Outcome::Rejected, None)?;
                Ok(settled.map(|settled| settled.name))
            }
            _ => self.move_sent(channel, &sent, checked_name, Room::Rejected),
        }
    }

    /// Puts an old file of this name, and its receipt, from sent/ to done/, so that a new one may be published: names of
    /// bank files come again each year. The caller makes sure that the old one is answered. Repeatable.
    pub fn put_away_sent(&self, channel: &ChannelId, name: &str) -> Result<Option<OsString>, Trouble> {
        let sent = self.channel_folder(channel, Room::Sent)?;
        self.move_sent(channel, &sent, checked(name)?, Room::Done)
    }

    fn move_sent(
        &self,
        channel: &ChannelId,
        sent: &Folder,
        name: &OsStr,
        room: Room,
    ) -> Result<Option<OsString>, Trouble> {
        let to = self.channel_folder(channel, room)?;
        let receipt = receipt_name(name);
        let with_receipt = sent.entry(&receipt)?.is_some();
        let with_file = sent.entry(name)?.is_some();
        if !with_receipt && !with_file {
            return Ok(None);
        }
        let target = free_pair(&to, name, with_receipt.then_some(RECEIPT))?;
        // The receipt goes first: left behind by a crash, it would speak for the next file of this name.
        if with_receipt {
            moved(sent.move_new(&receipt, &to, &receipt_name(&target))?, sent, &receipt)?;
        }
        if with_file {
            moved(sent.move_new(name, &to, &target)?, sent, name)?;
        }
        to.sync()?;
        sent.sync()?;
        Ok(with_file.then_some(target))
    }
}

fn moved(how: Moved, from: &Folder, name: &OsStr) -> Result<(), Trouble> {
    match how {
        Moved::Done => Ok(()),
        Moved::Taken | Moved::Gone => {
            Err(from.trouble("move", name, io::Error::other("somebody else moves files here; try again")))
        }
    }
}

/// The text of a receipt; `None` where there is none.
fn receipt_text(sent: &Folder, name: &OsStr) -> Result<Option<String>, Trouble> {
    match sent.entry(name)? {
        None => Ok(None),
        Some(entry) if entry.kind.is_file() && entry.identity.size <= RECEIPT_BYTES => {
            let file = sent.open_file(name).map_err(|e| sent.trouble("open", name, e))?;
            let mut bytes = Vec::new();
            file.take(RECEIPT_BYTES).read_to_end(&mut bytes).map_err(|e| sent.trouble("read", name, e))?;
            Ok(Some(shown_text(&bytes)))
        }
        Some(_) => Ok(Some(String::new())),
    }
}
