//! Settling: work → done, rejected, held, with a report beside the file; refusing what is no file; answering.
//!
//! The report is written first, so a settled file is never without one; a name in use gets a number. After a crash the
//! same call again finishes what was begun and makes nothing twice.
//!
//! Must not: decide the outcome or word the report.

use super::folder::{Folder, Identity, Kind, Moved};
use super::name::{fitted, numbered, with_tail};
use super::skeleton::digest_of;
use super::{Claimed, Outcome, Owner, Room, Seen, Sha256, Spool};
use crate::fault::Trouble;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// What a report is called: the file's name and this.
const REPORT: &str = ".report.txt";
/// How many files of one name a room takes before that is a trouble of housekeeping.
const NAMES: u32 = 100_000;

/// Where a file came to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledAs {
    /// Its name there: its own, or with a number.
    pub name: OsString,
    /// The name of the report beside it, if one was given.
    pub report: Option<OsString>,
}

/// What became of an entry that is no file for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It lies in rejected/ with a report.
    Moved(SettledAs),
    /// The system does not let us move it (a mount, another's folder): it stays in the inbox, the report lies in
    /// rejected/. The same call again makes no second report.
    Stays {
        /// The report's name.
        report: OsString,
        /// What the system said.
        why: String,
    },
    /// It went away, or is another one now.
    Gone,
}

impl Spool {
    /// Settles a claimed file. Repeatable after a crash: a file that lies in its room already stays as it is.
    ///
    /// Only the target room is made durable: a move lost with the power is made again by recovery, for the ledger
    /// knows the outcome before this is called.
    pub fn settle(
        &self,
        claimed: &Claimed,
        outcome: Outcome,
        report: Option<&str>,
    ) -> Result<SettledAs, Trouble> {
        let work = self.folder(claimed.owner(), Room::Work)?;
        let room = self.folder(claimed.owner(), outcome.room())?;
        let name = claimed.name();
        match work.entry(name)? {
            Some(entry) if entry.identity.same_file(claimed.identity()) => {
                self.put_aside(&work, name, &room, report)
            }
            Some(_) => {
                let cause = io::Error::other("another file has taken its place in work");
                Err(work.trouble("settle", name, cause))
            }
            None => match lies_in(&room, name, claimed.identity())? {
                Some(settled) => Ok(settled),
                None => {
                    Err(work.trouble("settle", name, io::Error::other("it is neither in work nor settled")))
                }
            },
        }
    }

    /// Moves a held file on, when it is decided: held → done or rejected. It lies in held/ under `name` or a number of it,
    /// with these bytes; its report from there goes with it. Where it lies now, if it was there.
    pub fn settle_held(
        &self,
        owner: &Owner,
        name: &OsStr,
        sha256: &Sha256,
        outcome: Outcome,
        report: Option<&str>,
    ) -> Result<Option<SettledAs>, Trouble> {
        let (held, room) = (self.folder(owner, Room::Held)?, self.folder(owner, outcome.room())?);
        if outcome == Outcome::Held {
            return Ok(None);
        }
        // Several of one name may be held: the bytes say which is meant.
        let Some(lies_as) = find_numbered(&held, name, sha256)? else { return Ok(None) };
        let settled = self.put_aside(&held, &lies_as, &room, report)?;
        let old = with_tail(&lies_as, REPORT);
        if held.entry(&old)?.is_some() {
            let beside = with_tail(&settled.name, if report.is_some() { ".held.txt" } else { REPORT });
            // A report that cannot go along stays in held/; the file's own fate is settled.
            let _ = held.move_new(&old, &room, &beside)?;
        }
        Ok(Some(settled))
    }

    /// Moves what cannot be taken (a folder, link, pipe, device; a file too large) from the inbox to rejected/, without
    /// ever opening it, with a report. An I/O error is no reason to refuse, nor is [`Kind::Unreadable`] as long as
    /// somebody may still mend the rights (faults.md 2, 51): that is the caller's patience.
    pub fn refuse_entry(&self, owner: &Owner, seen: &Seen, report: &str) -> Result<Refused, Trouble> {
        let (inbox, rejected) = (self.folder(owner, Room::Inbox)?, self.folder(owner, Room::Rejected)?);
        self.refuse(&inbox, &rejected, seen, report)
    }

    fn refuse(
        &self,
        inbox: &Folder,
        rejected: &Folder,
        seen: &Seen,
        report: &str,
    ) -> Result<Refused, Trouble> {
        let name = seen.name.as_os_str();
        let there = match inbox.look(name) {
            Ok(Some(entry)) => entry.identity.same_file(seen.identity) || seen.kind == Kind::Unreadable,
            Ok(None) => false,
            Err(_) => seen.kind == Kind::Unreadable,
        };
        if !there {
            return Ok(Refused::Gone);
        }
        match self.put_aside(inbox, name, rejected, Some(report)) {
            Ok(settled) => Ok(Refused::Moved(settled)),
            Err(trouble) => {
                let kept = with_tail(name, REPORT);
                let (sha256, bytes) = digest_of(report.as_bytes());
                if rejected.holds(&kept, &sha256, bytes)? {
                    rejected.sync()?;
                    Ok(Refused::Stays { report: kept, why: trouble.to_string() })
                } else {
                    Err(trouble)
                }
            }
        }
    }

    /// Puts an answer into the outbox of a creditor or of control; gives the name it has there. The same bytes under
    /// the same name are there already; other bytes get a number. An over-long name is cut in the middle.
    pub fn answer(&self, owner: &Owner, name: &str, bytes: &[u8]) -> Result<OsString, Trouble> {
        if matches!(owner, Owner::Channel(_)) {
            return Err(Trouble::new(
                format!("answer {owner}"),
                "a channel's outbox takes only bank files, by `publish`",
            ));
        }
        let name = fitted(name)?;
        let (work, outbox) = (self.folder(owner, Room::Work)?, self.folder(owner, Room::Outbox)?);
        let written = work.write_temp(self.temp_name(), |out| out.write_all(bytes))?;
        let put = || -> Result<OsString, Trouble> {
            for n in 1..=NAMES {
                let target = numbered(&name, n);
                if outbox.holds(&target, &written.sha256, written.bytes)? {
                    work.remove(&written.temp)?;
                } else if work.move_new(&written.temp, &outbox, &target)? != Moved::Done {
                    continue;
                }
                outbox.sync()?;
                return Ok(target);
            }
            Err(too_many(&outbox, &name))
        };
        put().inspect_err(|_| work.discard(&written.temp))
    }

    /// Moves an entry into a room under its own name or the next number that is free, its report written first.
    pub(super) fn put_aside(
        &self,
        from: &Folder,
        name: &OsStr,
        room: &Folder,
        report: Option<&str>,
    ) -> Result<SettledAs, Trouble> {
        // A move by two names (`Folder::move_by_link`) that died before the first was removed.
        if let Some(entry) = from.entry(name)?
            && entry.kind == Kind::HardLink
            && let Some(settled) = lies_in(room, name, entry.identity)?
        {
            from.remove(name)?;
            return Ok(settled);
        }
        for n in 1..=NAMES {
            let target = numbered(name, n);
            if room.entry(&target)?.is_some() {
                continue;
            }
            let beside = with_tail(&target, REPORT);
            if let Some(text) = report
                && !self.put_report(room, &beside, text)?
            {
                continue;
            }
            match from.move_new(name, room, &target)? {
                Moved::Done => {
                    room.sync()?;
                    return Ok(SettledAs { name: target, report: report.map(|_| beside) });
                }
                Moved::Taken => {}
                Moved::Gone => {
                    return Err(from.trouble("move", name, io::Error::other("it went away meanwhile")));
                }
            }
        }
        Err(too_many(room, name))
    }

    /// Writes a report; `false` where the name holds another text. An equal one is what a crash left of this very call.
    fn put_report(&self, room: &Folder, name: &OsStr, text: &str) -> Result<bool, Trouble> {
        let (sha256, bytes) = digest_of(text.as_bytes());
        if room.entry(name)?.is_some() {
            return room.holds(name, &sha256, bytes);
        }
        // Written in the work room beside it, where nobody looks and `tidy` sweeps.
        let work = Folder::open(room.path().with_file_name(Room::Work.folder()))?;
        let written = work.write_temp(self.temp_name(), |out| out.write_all(text.as_bytes()))?;
        let moved = work.move_new(&written.temp, room, name).inspect_err(|_| work.discard(&written.temp))?;
        if moved == Moved::Taken {
            work.remove(&written.temp)?;
        }
        Ok(moved == Moved::Done)
    }
}

/// The names in a room that something called `name` may have got: itself, numbered, or cut and numbered. Some numbers
/// may be missing: files are moved on and cleared away.
fn variants(room: &Folder, name: &OsStr) -> Result<Vec<OsString>, Trouble> {
    // Names are cut only when longer than this by far.
    let stem = name.as_bytes().get(..200).unwrap_or(name.as_bytes());
    let cut = stem.len() < name.len();
    let mut names = room.names()?;
    names.retain(|found| {
        found
            .as_bytes()
            .strip_prefix(stem)
            .is_some_and(|rest| cut || rest.is_empty() || rest.starts_with(b"."))
    });
    Ok(names)
}

/// Looks for a file among those that lie in a room under its name.
fn lies_in(room: &Folder, name: &OsStr, identity: Identity) -> Result<Option<SettledAs>, Trouble> {
    for name in variants(room, name)? {
        if room.entry(&name)?.is_some_and(|entry| entry.identity.same_file(identity)) {
            room.sync()?;
            let report = with_tail(&name, REPORT);
            let report = room.entry(&report)?.map(|_| report);
            return Ok(Some(SettledAs { name, report }));
        }
    }
    Ok(None)
}

/// The first of the names of something (`N`, `N.2` …) that holds these bytes.
pub(super) fn find_numbered(
    room: &Folder,
    name: &OsStr,
    sha256: &Sha256,
) -> Result<Option<OsString>, Trouble> {
    for candidate in variants(room, name)? {
        if room.entry(&candidate)?.is_some_and(|entry| entry.kind.is_file())
            && room.hash(&candidate)?.0 == *sha256
        {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// The name of the report of a file that lies under `name`.
pub(super) fn report_of(name: &OsStr) -> OsString {
    with_tail(name, REPORT)
}

/// The first number of `name` for which neither it nor `name` + `tail` is in use.
pub(super) fn free_pair(room: &Folder, name: &OsStr, tail: Option<&str>) -> Result<OsString, Trouble> {
    for n in 1..=NAMES {
        let candidate = numbered(name, n);
        let beside_taken = match tail {
            Some(tail) => room.entry(&with_tail(&candidate, tail))?.is_some(),
            None => false,
        };
        if !beside_taken && room.entry(&candidate)?.is_none() {
            return Ok(candidate);
        }
    }
    Err(too_many(room, name))
}

fn too_many(room: &Folder, name: &OsStr) -> Trouble {
    room.trouble(
        "find a free number for",
        name,
        io::Error::other("too many files of this name; clear the folder"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Limits;

    #[test]
    fn an_entry_that_cannot_be_moved_stays_and_is_reported_once() {
        // Another file system stands for all that the system does not let us move. Without one there is nothing to see.
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let spool = Spool::open(
            &path("spool"),
            &path("state"),
            &[Owner::Control],
            Limits::default(),
            &std::sync::Arc::new(crate::seal::KeyRing::for_tests()),
        )
        .unwrap();
        let inbox = Folder::open(elsewhere.path().to_path_buf()).unwrap();
        let rejected = spool.folder(&Owner::Control, Room::Rejected).unwrap();
        if inbox.itself().unwrap().mount == rejected.itself().unwrap().mount {
            return;
        }
        std::fs::create_dir(elsewhere.path().join("d")).unwrap();
        let name = OsString::from("d");
        let entry = inbox.entry(&name).unwrap().unwrap();
        let seen = Seen {
            name,
            kind: entry.kind,
            identity: entry.identity,
            dropper: entry.dropper,
            links: entry.links,
            skip: None,
            marker: None,
        };
        for _ in 0..2 {
            match spool.refuse(&inbox, &rejected, &seen, "no").unwrap() {
                Refused::Stays { report, why } => {
                    assert_eq!(report, "d.report.txt");
                    assert!(why.contains("rename"), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(rejected.names().unwrap(), ["d.report.txt"]);
        assert!(elsewhere.path().join("d").is_dir());
    }
}
