//! Looking into a room: what lies there, of what kind, and what must not be taken.
//!
//! Must not: open, move or follow anything.

use super::folder::{Dropper, Folder, Identity, Kind};
use super::name::shown_name;
use super::{Owner, Room, Spool};
use crate::fault::Trouble;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// Ends of names that programs give to files still being written, in lower case.
const UNFINISHED: [&str; 8] =
    [".tmp", ".part", ".partial", ".filepart", ".crdownload", ".uploading", ".swp", "~"];
/// Ends of names of marks beside a file that say "complete".
const MARKERS: [&str; 2] = [".ok", ".done"];

/// Why an entry of an inbox is left alone. It still shows in the scan: one that stays for long needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// Its name starts with a dot or `~$`.
    Hidden,
    /// Its name says that it is still being written.
    Unfinished,
    /// It marks another file as complete.
    Marker,
}

/// An entry of a room as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name, byte for byte.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
    /// Which file, and how it stood.
    pub identity: Identity,
    /// Whose it is.
    pub dropper: Dropper,
    /// How many names it has.
    pub links: u32,
    /// Why it must be left alone, if so.
    pub skip: Option<Skip>,
    /// The mark beside it that says "complete" (`<name>.ok`, `<name>.done`), if there is one.
    pub marker: Option<OsString>,
}

impl Seen {
    /// Its name, safe to print.
    pub fn shown(&self) -> String {
        shown_name(&self.name)
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.identity.size
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// Whether a name says that its file must be left alone.
fn skip(name: &OsStr) -> Option<Skip> {
    let bytes = name.as_bytes().to_ascii_lowercase();
    let ends = |tails: &[&str]| tails.iter().any(|tail| bytes.ends_with(tail.as_bytes()));
    if ends(&UNFINISHED) {
        Some(Skip::Unfinished)
    } else if bytes.starts_with(b".") || bytes.starts_with(b"~$") {
        Some(Skip::Hidden)
    } else if ends(&MARKERS) {
        Some(Skip::Marker)
    } else {
        None
    }
}

impl Spool {
    /// All entries of an owner's inbox, sorted by name, whatever they are.
    pub fn scan(&self, owner: &Owner) -> Result<Vec<Seen>, Trouble> {
        self.look(owner, Room::Inbox)
    }

    /// All entries of a room, sorted by name, whatever they are. One that cannot be looked at is
    /// [`Kind::Unreadable`] and does not hide the others; one that went away meanwhile is left out.
    pub fn look(&self, owner: &Owner, room: Room) -> Result<Vec<Seen>, Trouble> {
        look(&self.folder(owner, room)?)
    }
}

fn look(folder: &Folder) -> Result<Vec<Seen>, Trouble> {
    let names = folder.names()?;
    let mut seen = Vec::with_capacity(names.len());
    for name in &names {
        let (kind, identity, dropper, links) = match folder.look(name) {
            Ok(Some(entry)) => (entry.kind, entry.identity, entry.dropper, entry.links),
            Ok(None) => continue,
            Err(_) => {
                let nobody = Dropper { uid: u32::MAX, gid: u32::MAX, mode: 0 };
                (Kind::Unreadable, Identity { dev: 0, ino: 0, size: 0, mtime_ns: 0 }, nobody, 0)
            }
        };
        let marker = MARKERS.iter().find_map(|tail| {
            let mut mark = name.clone();
            mark.push(tail);
            names.binary_search(&mark).is_ok().then_some(mark)
        });
        seen.push(Seen { name: name.clone(), kind, identity, dropper, links, skip: skip(name), marker });
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_left_alone() {
        for (name, expected) in [
            ("EB220105", None),
            ("list.csv", None),
            ("-rf", None),
            ("ok", None),
            (".EB220105", Some(Skip::Hidden)),
            ("~$list.xlsx", Some(Skip::Hidden)),
            (".list.csv.swp", Some(Skip::Unfinished)),
            ("EB220105.TMP", Some(Skip::Unfinished)),
            ("EB220105.filepart", Some(Skip::Unfinished)),
            ("list.csv~", Some(Skip::Unfinished)),
            ("EB220105.ok", Some(Skip::Marker)),
            ("EB220105.DONE", Some(Skip::Marker)),
        ] {
            assert_eq!(skip(OsStr::new(name)), expected, "{name}");
        }
        assert_eq!(skip(OsStr::from_bytes(b"\xb0\xa1.tmp")), Some(Skip::Unfinished));
    }
}
