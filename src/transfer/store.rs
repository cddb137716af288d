//! What a transfer knows and keeps: the channel's folders, and two journals of one small file per name.
//!
//! *out/N.toml*: `begun` before the first byte of N goes out; `confirmed` with the verdict once the other side said
//! it; gone when N lies in sent with its receipt. So an "already received" is believed only of bytes that we began.
//!
//! *in/N.toml*: `arriving` with the bytes that are safe in `inbox/.transfer-N.part`; `whole` before that file is
//! renamed; `delivered` after. The part file is the token: while it is there, N was not delivered.
//!
//! Must not: speak to the network.

use super::folders::{Folder, Lock, Moved};
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::Path;

/// A file of the outbox that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// What the other side said of a file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It has it.
    Accepted,
    /// It will not take it.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutEntry {
    sha256: String,
    /// SFTP: the bytes lie whole under their temporary name over there.
    #[serde(default)]
    uploaded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed: Option<Confirmed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    sent_as: String,
    result: Verdict,
    code: String,
    why: String,
    at: String,
}

/// The text of a receipt (decisions.md 16).
#[derive(Serialize)]
struct Receipt<'c> {
    result: Verdict,
    code: &'c str,
    why: &'c str,
    at: &'c str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Arriving,
    Whole,
    Delivered,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InEntry {
    phase: Phase,
    bytes: u64,
    kept: u64,
    day: String,
    #[serde(default)]
    sha256: String,
}

/// What becomes of a file that the other side offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// Send it from this byte on.
    From(u64),
    /// We have one of this name and length.
    Already,
    /// We have one of this name and another length.
    Other,
}

/// The folders and journals of one channel.
#[derive(Debug)]
pub struct Store {
    outbox: Folder,
    sent: Folder,
    inbox: Folder,
    out: Folder,
    got: Folder,
    remember_days: u32,
    _lock: Lock,
}

fn part(name: &str) -> String {
    format!(".transfer-{name}.part")
}

fn journal(name: &str) -> String {
    format!("{name}.toml")
}

impl Store {
    /// Opens the channel's folder (`outbox`, `sent`, `inbox`) and a folder of its own, made where it is missing, and
    /// finishes what a dead process left.
    pub fn open(channel: &Path, own: &Path, remember_days: u32) -> Result<Self, Trouble> {
        Folder::make(own.to_path_buf())?;
        let lock = Lock::take(own)?;
        let store = Self {
            outbox: Folder::open(channel.join("outbox"))?,
            sent: Folder::open(channel.join("sent"))?,
            inbox: Folder::open(channel.join("inbox"))?,
            out: Folder::make(own.join("out"))?,
            got: Folder::make(own.join("in"))?,
            remember_days,
            _lock: lock,
        };
        store.finish_all()?;
        Ok(store)
    }

    /// Makes the folders of a side that has none yet (the centre's in a rehearsal).
    pub fn make_folders(channel: &Path) -> Result<(), Trouble> {
        for name in ["outbox", "sent", "inbox"] {
            Folder::make(channel.join(name))?;
        }
        Ok(())
    }

    /// Finishes every file that was confirmed but not put away, and every one that came whole but was not delivered.
    /// The names delivered.
    pub fn finish_all(&self) -> Result<Vec<String>, Trouble> {
        for entry in self.out.names()? {
            if let Some(name) = entry.strip_suffix(".toml") {
                self.put_away(name)?;
            }
        }
        let mut delivered = Vec::new();
        for entry in self.got.names()? {
            if let Some(name) = entry.strip_suffix(".toml")
                && self.entry_in(name)?.is_some_and(|entry| entry.phase == Phase::Whole)
                && self.deliver(name)?
            {
                delivered.push(name.to_string());
            }
        }
        Ok(delivered)
    }

    /// The files of the outbox that are complete (`N.ok` beside them), whose names `wanted` ranks; in that order.
    pub fn waiting(&self, wanted: impl Fn(&str) -> Option<usize>) -> Result<Vec<Offer>, Trouble> {
        let names = self.outbox.names()?;
        let mut ranked = Vec::new();
        for name in &names {
            if let Some(rank) = wanted(name)
                && names.binary_search(&format!("{name}.ok")).is_ok()
                && let Some((sha256, bytes)) = self.outbox.hash(name)?
            {
                ranked.push((rank, Offer { name: name.clone(), sha256, bytes }));
            }
        }
        ranked.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
        Ok(ranked.into_iter().map(|(_, offer)| offer).collect())
    }

    /// Whether anything complete waits in the outbox whose name `wanted` knows; reads no file.
    pub fn anything_waits(&self, wanted: impl Fn(&str) -> Option<usize>) -> Result<bool, Trouble> {
        let names = self.outbox.names()?;
        Ok(names
            .iter()
            .any(|name| wanted(name).is_some() && names.binary_search(&format!("{name}.ok")).is_ok()))
    }

    /// Opens the bytes of an offer.
    pub(super) fn open_offer(&self, offer: &Offer) -> Result<Option<File>, Trouble> {
        self.outbox.read(&offer.name)
    }

    /// Where the outbox's file is.
    pub(super) fn offer_path(&self, offer: &Offer) -> std::path::PathBuf {
        self.outbox.path_of(&offer.name)
    }

    /// Notes that these bytes are about to go out; whether they were begun before.
    pub(super) fn begin(&self, offer: &Offer) -> Result<bool, Trouble> {
        if self.begun(offer)? {
            return Ok(true);
        }
        let entry = OutEntry { sha256: offer.sha256.clone(), uploaded: false, confirmed: None };
        self.keep_out(&offer.name, &entry)?;
        Ok(false)
    }

    /// Whether these bytes were begun before.
    pub(super) fn begun(&self, offer: &Offer) -> Result<bool, Trouble> {
        Ok(self.entry_out(&offer.name)?.is_some_and(|entry| entry.sha256 == offer.sha256))
    }

    /// Notes that all of it lies over there under its temporary name.
    pub(super) fn note_uploaded(&self, offer: &Offer) -> Result<(), Trouble> {
        let entry = OutEntry { sha256: offer.sha256.clone(), uploaded: true, confirmed: None };
        self.keep_out(&offer.name, &entry)
    }

    /// Whether all of it lay over there under its temporary name.
    pub(super) fn uploaded(&self, offer: &Offer) -> Result<bool, Trouble> {
        Ok(self.entry_out(&offer.name)?.is_some_and(|e| e.sha256 == offer.sha256 && e.uploaded))
    }

    /// The other side's word on a file: kept, then the file goes to sent with its receipt.
    pub(super) fn confirm(
        &self,
        offer: &Offer,
        result: Verdict,
        code: &str,
        why: &str,
        now: Instant,
    ) -> Result<(), Trouble> {
        let mut sent_as = offer.name.clone();
        let mut n = 1_u32;
        while self.sent.has(&sent_as)? {
            n = n.saturating_add(1);
            sent_as = format!("{}.{n}", offer.name);
        }
        let at = now.plus_ms(-now.unix_ms().rem_euclid(1000)).to_string();
        let confirmed = Confirmed { sent_as, result, code: code.to_string(), why: why.to_string(), at };
        let entry = OutEntry { sha256: offer.sha256.clone(), uploaded: false, confirmed: Some(confirmed) };
        self.keep_out(&offer.name, &entry)?;
        self.put_away(&offer.name)
    }

    /// Moves a confirmed file to sent, removes its marker, writes its receipt, forgets it. Each step may be repeated.
    fn put_away(&self, name: &str) -> Result<(), Trouble> {
        let Some(OutEntry { sha256, confirmed: Some(said), .. }) = self.entry_out(name)? else {
            return Ok(());
        };
        if !self.sent.has(&said.sent_as)? && self.outbox.hash(name)?.is_some_and(|(found, _)| found == sha256)
        {
            match self.outbox.move_new(name, &self.sent, &said.sent_as)? {
                Moved::Done | Moved::Gone => {}
                Moved::Taken => {
                    let cause = "another file came to have the name";
                    return Err(Trouble::at("move to", &self.sent.path_of(&said.sent_as), cause));
                }
            }
        }
        if !self.outbox.has(name)? && self.outbox.remove(&format!("{name}.ok"))? {
            self.outbox.sync()?;
        }
        if !self.sent.has(&said.sent_as)? {
            let code = &said.code;
            tracing::error!(file = %name, %code, "the other side has its word on it, but somebody took it out of the outbox");
        }
        let receipt = format!("{}.receipt", said.sent_as);
        if self.sent.has(&said.sent_as)? && !self.sent.has(&receipt)? {
            let text = Receipt { result: said.result, code: &said.code, why: &said.why, at: &said.at };
            let text = toml::to_string(&text).map_err(|e| Trouble::new("write a receipt", e))?;
            self.sent.put(&receipt, text.as_bytes())?;
        }
        self.out.remove(&journal(name))?;
        self.out.sync()
    }

    /// What becomes of an offered file. A file that arrives is gone on with on the same day only: a name and a length
    /// are little to know a file by.
    pub(super) fn offered(&self, name: &str, bytes: u64, today: Date) -> Result<Incoming, Trouble> {
        if let Some(entry) = self.entry_in(name)? {
            let same_day = entry.day == today.to_string();
            let age = entry.day.parse::<Date>().map_or(i64::MAX, |day| today.days_since(day));
            match entry.phase {
                Phase::Whole => return Ok(already(&entry, bytes)),
                Phase::Delivered if age < i64::from(self.remember_days) => return Ok(already(&entry, bytes)),
                Phase::Arriving if same_day && entry.bytes == bytes && self.inbox.has(&part(name))? => {
                    return Ok(Incoming::From(entry.kept));
                }
                Phase::Arriving | Phase::Delivered => {}
            }
        }
        self.inbox.write_at(&part(name), 0, b"")?;
        self.inbox.sync()?;
        let day = today.to_string();
        self.keep_in(name, &InEntry { phase: Phase::Arriving, bytes, kept: 0, day, sha256: String::new() })?;
        Ok(Incoming::From(0))
    }

    /// Whether a file of this name was received and is still remembered.
    pub(super) fn received(&self, name: &str, today: Date) -> Result<bool, Trouble> {
        let Some(entry) = self.entry_in(name)? else { return Ok(false) };
        let age = entry.day.parse::<Date>().map_or(i64::MAX, |day| today.days_since(day));
        Ok(entry.phase == Phase::Whole
            || (entry.phase == Phase::Delivered && age < i64::from(self.remember_days)))
    }

    /// Adds bytes that follow what is safe. Durable when it returns.
    pub(super) fn append(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let Some(mut entry) = self.entry_in(name)? else { return Err(self.unknown(name)) };
        self.inbox.write_at(&part(name), entry.kept, bytes)?;
        entry.kept = entry.kept.saturating_add(bytes.len() as u64);
        self.keep_in(name, &entry)
    }

    /// Where a file that is fetched by another program is written. It must be [`Store::offered`] first.
    pub(super) fn part_path(&self, name: &str) -> std::path::PathBuf {
        self.inbox.path_of(&part(name))
    }

    /// Takes over what another program wrote to [`Store::part_path`]: its length, made durable.
    pub(super) fn adopt_part(&self, name: &str) -> Result<u64, Trouble> {
        let Some(mut entry) = self.entry_in(name)? else { return Err(self.unknown(name)) };
        let path = self.part_path(name);
        let file = File::options().write(true).open(&path).map_err(|e| Trouble::at("open", &path, e))?;
        file.sync_all().map_err(|e| Trouble::at("make durable", &path, e))?;
        entry.kept = file.metadata().map_err(|e| Trouble::at("look at", &path, e))?.len();
        let kept = entry.kept;
        self.keep_in(name, &entry)?;
        Ok(kept)
    }

    /// Declares a file whole and delivers it; `false` where bytes are missing or too many.
    pub(super) fn complete(&self, name: &str) -> Result<bool, Trouble> {
        let Some(mut entry) = self.entry_in(name)? else { return Err(self.unknown(name)) };
        if entry.phase == Phase::Arriving {
            let Some((sha256, found)) = self.inbox.hash(&part(name))? else { return Ok(false) };
            if entry.kept != entry.bytes || found != entry.bytes {
                return Ok(false);
            }
            entry.phase = Phase::Whole;
            entry.sha256 = sha256;
            self.keep_in(name, &entry)?;
        }
        self.deliver(name)?;
        Ok(true)
    }

    /// Renames a whole file into place; `false` where its name is still in use there, to be tried again.
    fn deliver(&self, name: &str) -> Result<bool, Trouble> {
        let Some(mut entry) = self.entry_in(name)? else { return Ok(false) };
        if self.inbox.has(&part(name))?
            && self.inbox.move_new(&part(name), &self.inbox, name)? == Moved::Taken
        {
            return Ok(false);
        }
        entry.phase = Phase::Delivered;
        self.keep_in(name, &entry)?;
        Ok(true)
    }

    /// Forgets that a file was received, so that it may come again; whether it was known.
    pub fn forget(&self, name: &str) -> Result<bool, Trouble> {
        let known = self.got.remove(&journal(name))?;
        self.got.sync()?;
        Ok(known)
    }

    fn entry_out(&self, name: &str) -> Result<Option<OutEntry>, Trouble> {
        self.out.text(&journal(name))?.map(|text| read(&text, &self.out.path_of(&journal(name)))).transpose()
    }

    fn entry_in(&self, name: &str) -> Result<Option<InEntry>, Trouble> {
        self.got.text(&journal(name))?.map(|text| read(&text, &self.got.path_of(&journal(name)))).transpose()
    }

    fn keep_out(&self, name: &str, entry: &OutEntry) -> Result<(), Trouble> {
        let text = toml::to_string(entry).map_err(|e| Trouble::new("write the journal", e))?;
        self.out.put(&journal(name), text.as_bytes())
    }

    fn keep_in(&self, name: &str, entry: &InEntry) -> Result<(), Trouble> {
        let text = toml::to_string(entry).map_err(|e| Trouble::new("write the journal", e))?;
        self.got.put(&journal(name), text.as_bytes())
    }

    fn unknown(&self, name: &str) -> Trouble {
        Trouble::at("find", &self.got.path_of(&journal(name)), "the journal of an arriving file went away")
    }
}

fn already(entry: &InEntry, bytes: u64) -> Incoming {
    if entry.bytes == bytes { Incoming::Already } else { Incoming::Other }
}

fn read<T: for<'d> Deserialize<'d>>(text: &str, path: &Path) -> Result<T, Trouble> {
    toml::from_str(text).map_err(|e| Trouble::at("read the journal", path, e))
}
