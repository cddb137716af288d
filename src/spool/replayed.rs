//! What others do to the spool, done in a copy of it where the past is played again (`sunap restore`): a file comes to lie in
//! a room, the bank's side takes ours. And the swap at the end: a file takes the place of another, which stays beside.
//!
//! Must not: be asked for in the spool that others use.

use super::folder::{Folder, Moved};
use super::name::checked;
use super::outgoing::marker_name;
use super::{Owner, Room, Spool};
use crate::domain::{ChannelId, Date};
use crate::fault::Trouble;
use std::ffi::{OsStr, OsString};
use std::fs::DirBuilder;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The archive's folder in a state folder.
const ARCHIVE: &str = "archive";

/// How many files may have been put aside under one name.
const ASIDE: u32 = 1000;

impl Spool {
    /// Lays a file into a room, whole, in the place of one of its name.
    pub fn lay(&self, owner: &Owner, room: Room, name: &str, from: &mut dyn Read) -> Result<(), Trouble> {
        let folder = self.folder(owner, room)?;
        let written = folder.write_temp(self.temp_name(), |out| io::copy(from, out).map(drop))?;
        folder.replace(&written.temp, &folder, checked(name)?).map(drop)
    }

    /// Moves a file of ours from outbox to sent, its marker removed, as the bank's side does. Whether it was there.
    pub fn take_as_peer(&self, channel: &ChannelId, name: &str) -> Result<bool, Trouble> {
        let name = checked(name)?;
        let outbox = self.channel_folder(channel, Room::Outbox)?;
        if outbox.entry(name)?.is_none() {
            return Ok(false);
        }
        outbox.replace(name, &self.channel_folder(channel, Room::Sent)?, name)?;
        outbox.remove(&marker_name(name))?;
        Ok(true)
    }
}

/// Puts `new` in the place of `name`, both in `dir`, durably. What lay there, and beside it under the same name with one
/// of the endings, is kept as `NAME.old-1`, `NAME.old-2`, …: which.
pub fn swap_in(dir: &Path, new: &str, name: &str, endings: &[&str]) -> Result<Option<String>, Trouble> {
    let folder = Folder::open_named(dir.to_path_buf())?;
    let mut kept = None;
    let free = |n: &u32| folder.entry(OsStr::new(&format!("{name}.old-{n}"))).map(|found| found.is_none());
    for n in 1..ASIDE {
        if !free(&n)? {
            continue;
        }
        let aside = format!("{name}.old-{n}");
        for ending in [""].iter().chain(endings) {
            let (from, to) = (OsString::from(format!("{name}{ending}")), format!("{aside}{ending}"));
            if folder.move_new(&from, &folder, OsStr::new(&to))? == Moved::Done {
                kept = Some(aside.clone());
            }
        }
        break;
    }
    folder.move_new(OsStr::new(new), &folder, OsStr::new(name))?;
    folder.sync()?;
    Ok(kept)
}

/// A new folder below `dir` that nobody else may look into; what an earlier attempt left of it goes.
pub fn anew(dir: &Path, name: &str) -> Result<PathBuf, Trouble> {
    let path = dir.join(name);
    remove_anew(&path)?;
    let made = DirBuilder::new().mode(0o700).create(&path);
    made.map_err(|error| Trouble::at("make the folder", &path, error))?;
    Ok(path)
}

/// Removes such a folder, or such a file, if it is there.
pub fn remove_anew(path: &Path) -> Result<(), Trouble> {
    let gone = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match gone {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Trouble::at("remove", path, error)),
        _ => Ok(()),
    }
}

/// Gives every archived file of a state folder a second name in another one, durably; what is there stays. Archived files
/// are never changed in their place, so both are whole whatever happens to one of them.
pub fn link_archive(from: &Path, to: &Path) -> Result<(), Trouble> {
    let (from, to) = (from.join(ARCHIVE), to.join(ARCHIVE));
    let made = |path: &Path| {
        let made = DirBuilder::new().recursive(true).mode(0o750).create(path);
        made.map_err(|error| Trouble::at("make the folder", path, error))
    };
    made(&to)?;
    if !from.is_dir() {
        return Ok(());
    }
    for day in Folder::open_named(from.clone())?.names()? {
        if day.to_str().is_none_or(|day| day.parse::<Date>().is_err()) {
            continue;
        }
        let (source, target) = (from.join(&day), to.join(&day));
        made(&target)?;
        for name in Folder::open_named(source.clone())?.names()? {
            let (old, new) = (source.join(&name), target.join(&name));
            if new.exists() {
                continue;
            }
            let linked = std::fs::hard_link(&old, &new).or_else(|_| {
                // Another device, or a file system without links.
                std::fs::copy(&old, &new).and_then(|_| std::fs::File::open(&new)?.sync_all())
            });
            linked.map_err(|error| Trouble::at("link", &old, error))?;
        }
        Folder::open_named(target)?.sync()?;
    }
    Folder::open_named(to)?.sync()
}
