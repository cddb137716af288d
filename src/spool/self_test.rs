//! What the file system under the spool and the state must be able to do, tried out on files of our own (product.md N18).
//!
//! Must not: touch a file of others, or judge the content of any.

use super::folder::{Folder, Moved};
use super::{Owner, Room, Spool};
use crate::fault::Trouble;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Bits of a mode by which anybody at all may write.
const WORLD_WRITABLE: u32 = 0o002;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// What was tried, in one word: `rename`, `free-space`, `permissions`.
    pub what: &'static str,
    /// What was found, and what to do.
    pub text: String,
}

impl Spool {
    /// Tries a durable write and an atomic rename that replaces nothing in every folder that files of ours are published
    /// from, and looks at free space and permissions of spool and state. Leaves nothing.
    pub fn self_test(&self, least_free_bytes: u64) -> Result<Vec<Unfit>, Trouble> {
        let mut unfit = Vec::new();
        for owner in self.owners().iter().filter(|owner| matches!(owner, Owner::Channel(_))) {
            self.try_rename(owner, &mut unfit)?;
            for room in [Room::Inbox, Room::Outbox, Room::Stage] {
                look_at_mode(&self.folder(owner, room)?, &mut unfit)?;
            }
        }
        // The owner of a file in an inbox decides what it may do: nobody may put another in its place.
        for owner in self.owners().iter().filter(|owner| !matches!(owner, Owner::Channel(_))) {
            look_at_mode(&self.folder(owner, Room::Inbox)?, &mut unfit)?;
        }
        let archive = self.archive_folder()?;
        look_at_mode(&archive, &mut unfit)?;
        let mut of = vec![archive];
        of.extend(self.owners().first().map(|owner| self.folder(owner, Room::Inbox)).transpose()?);
        for folder in of {
            look_at_space(&folder, least_free_bytes, &mut unfit)?;
        }
        Ok(unfit)
    }

    fn try_rename(&self, owner: &Owner, unfit: &mut Vec<Unfit>) -> Result<(), Trouble> {
        let stage = self.folder(owner, Room::Stage)?;
        let (first, second) = (self.temp_name(), self.temp_name());
        let write = |name: &OsString| {
            stage.write_temp(name.clone(), |out| out.write_all(b"sunap self-test\n")).map(drop)
        };
        write(&first)?;
        write(&second)?;
        let over_another = stage.move_new(&first, &stage, &second);
        let third = self.temp_name();
        let moved = stage.move_new(&first, &stage, &third);
        for name in [&first, &second, &third] {
            stage.remove(name)?;
        }
        stage.sync()?;
        if !matches!(over_another?, Moved::Taken) || !matches!(moved?, Moved::Done) {
            unfit.push(Unfit {
                what: "rename",
                text: format!(
                    "a file cannot be renamed in one step without replacing another in {}: put the spool on a local file system (ext4, xfs)",
                    stage.path().display()
                ),
            });
        }
        Ok(())
    }
}

fn look_at_mode(folder: &Folder, unfit: &mut Vec<Unfit>) -> Result<(), Trouble> {
    let stat =
        rustix::fs::stat(folder.path()).map_err(|errno| folder.trouble("look at", OsStr::new("."), errno))?;
    if stat.st_mode & WORLD_WRITABLE != 0 {
        let path = folder.path().display();
        let text = format!("everybody may write into {path}: `chmod o-w {path}`");
        unfit.push(Unfit { what: "permissions", text });
    }
    Ok(())
}

fn look_at_space(folder: &Folder, least: u64, unfit: &mut Vec<Unfit>) -> Result<(), Trouble> {
    let free = free_bytes(folder.path())
        .map_err(|errno| folder.trouble("ask for free space of", OsStr::new("."), errno))?;
    if free < least {
        let text = format!(
            "{} bytes are free at {}, less than the {least} that must be: make room, or lower limits.least_free_bytes",
            free,
            folder.path().display()
        );
        unfit.push(Unfit { what: "free-space", text });
    }
    Ok(())
}

fn free_bytes(path: &Path) -> Result<u64, rustix::io::Errno> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
