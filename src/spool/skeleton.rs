//! The spool as a whole: its folders made and checked at start, our leftovers removed, and how others drop a file.
//!
//! Must not: move what others wrote.

use super::folder::{Entry, Folder, Moved, is_temp};
use super::known::Memory;
use super::lock::{Lock, LockError};
use super::name::checked;
use super::{Owner, Room, Sha256};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rustix::fs::{FlockOperation, Mode};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Temporary files of the one process that holds the lock.
const OURS: &[u8] = b".sunap-";
/// Temporary files of whoever drops a file; locked while it lives.
const DROPS: &[u8] = b".drop-";

/// How large a dropped file may be, in bytes, by whose inbox it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A bank's file.
    pub channel_file_bytes: u64,
    /// A creditor's list.
    pub creditor_file_bytes: u64,
    /// An operator's order.
    pub order_bytes: u64,
}

impl Default for Limits {
    /// 1 GiB (about seven million lines of EB22), 64 MiB, 1 MiB.
    fn default() -> Self {
        Self { channel_file_bytes: 1 << 30, creditor_file_bytes: 64 << 20, order_bytes: 1 << 20 }
    }
}

impl Limits {
    /// The limit of an owner's inbox.
    pub fn of(&self, owner: &Owner) -> u64 {
        match owner {
            Owner::Channel(_) => self.channel_file_bytes,
            Owner::Creditor(_) => self.creditor_file_bytes,
            Owner::Control => self.order_bytes,
        }
    }
}

/// The spool and the archive.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
    archive: PathBuf,
    owners: Vec<Owner>,
    limits: Limits,
    pub(super) ring: Arc<KeyRing>,
    temps: AtomicU64,
    pub(super) known: Memory,
}

impl Spool {
    /// Opens the spool: makes the folders that are missing, durably, and refuses one whose rooms are not all in one
    /// mount, because a file could not be moved between them in one step.
    ///
    /// New folders are for the owner and the group of the process (0770, 0750 for the archive), less its umask.
    pub fn open(
        spool_dir: &Path,
        state_dir: &Path,
        owners: &[Owner],
        limits: Limits,
        ring: &Arc<KeyRing>,
    ) -> Result<Self, Trouble> {
        make_path(spool_dir)?;
        make_path(state_dir)?;
        let state = Folder::open_named(state_dir.to_path_buf())?;
        if state.make_folder(OsStr::new("archive"), Mode::from_raw_mode(0o750))? {
            // The state folder itself may be new too.
            state.sync_all()?;
        }
        let mut spool = Self {
            root: spool_dir.to_path_buf(),
            archive: state_dir.join("archive"),
            owners: Vec::new(),
            limits,
            ring: Arc::clone(ring),
            temps: AtomicU64::new(0),
            known: Memory::default(),
        };
        spool.add_owners(owners)?;
        Ok(spool)
    }

    /// Follows a configuration that was read anew: makes and checks the folders of more owners, and takes its limits.
    pub fn configure(&mut self, owners: &[Owner], limits: Limits) -> Result<(), Trouble> {
        self.add_owners(owners)?;
        self.limits = limits;
        Ok(())
    }

    /// Makes and checks the folders of more owners.
    pub fn add_owners(&mut self, owners: &[Owner]) -> Result<(), Trouble> {
        let root = Folder::open_named(self.root.clone())?;
        let mut made = false;
        for owner in owners {
            made |= self.make_rooms(owner)?;
            if !self.owners.contains(owner) {
                self.owners.push(owner.clone());
            }
        }
        if made {
            // One call for all of them: a first start may make thousands of folders.
            root.sync_all()?;
        }
        Ok(())
    }

    fn make_rooms(&self, owner: &Owner) -> Result<bool, Trouble> {
        let mode = Mode::from_raw_mode(0o770);
        let mut made = false;
        let mut path = self.root.clone();
        for part in owner.folder().split('/') {
            made |= Folder::open_named(path.clone())?.make_folder(OsStr::new(part), mode)?;
            path.push(part);
        }
        let home = Folder::open(path)?;
        let mut first: Option<(Room, Entry)> = None;
        for &room in owner.rooms() {
            made |= home.make_folder(OsStr::new(room.folder()), mode)?;
            let entry = self.folder(owner, room)?.itself()?;
            let (with, same) = *first.get_or_insert((room, entry));
            if (entry.mount, entry.identity.dev) != (same.mount, same.identity.dev) {
                let cause = format!(
                    "{room} and {with} are in different file systems or mounts; files are moved between them in one step"
                );
                return Err(Trouble::new(format!("use the folders of {}", home.path().display()), cause));
            }
        }
        Ok(made)
    }

    /// Takes the spool and the state folder for this process, for as long as the lock lives.
    pub fn lock(spool_dir: &Path, state_dir: &Path) -> Result<Lock, LockError> {
        for dir in [spool_dir, state_dir] {
            make_path(dir).map_err(LockError::Trouble)?;
        }
        Lock::take(spool_dir, state_dir)
    }

    /// The owners whose folders were made.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// The size limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where a room is; for messages and for watching, not for opening.
    pub fn path(&self, owner: &Owner, room: Room) -> PathBuf {
        self.root.join(owner.folder()).join(room.folder())
    }

    /// Whose room and which entry a path of a file event means; `None` for any other path.
    pub fn place_of(&self, path: &Path) -> Option<(Owner, Room, OsString)> {
        let (room_path, name) = (path.parent()?, path.file_name()?);
        self.owners.iter().find_map(|owner| {
            let inside = room_path.strip_prefix(self.root.join(owner.folder())).ok()?;
            let room = owner.rooms().iter().find(|room| Path::new(room.folder()) == inside)?;
            Some((owner.clone(), *room, name.to_os_string()))
        })
    }

    /// Removes what a dead process left half written: our own temporary files, and those of drops whose process is gone.
    /// To be called by the holder of the lock, before anything else is written. How many were removed.
    pub fn tidy(&self) -> Result<u64, Trouble> {
        let mut removed = 0;
        let mut sweep = |folder: &Folder, prefix: &[u8]| -> Result<(), Trouble> {
            for name in folder.names()? {
                if is_temp(&name, prefix) && (prefix == OURS || abandoned(folder, &name)) {
                    removed += u64::from(folder.remove(&name)?);
                }
            }
            Ok(())
        };
        sweep(&self.archive_folder()?, OURS)?;
        if let Some(state) = self.archive.parent() {
            // The mark of a rehearsal is dropped there.
            sweep(&Folder::open_named(state.to_path_buf())?, DROPS)?;
        }
        for owner in &self.owners {
            sweep(&self.folder(owner, Room::Inbox)?, DROPS)?;
            sweep(&self.folder(owner, Room::Work)?, OURS)?;
            if owner.rooms().contains(&Room::Stage) {
                sweep(&self.folder(owner, Room::Stage)?, OURS)?;
            }
        }
        Ok(removed)
    }

    /// Drops an operator's order: durable, and visible only whole.
    pub fn drop_order(&self, name: &str, text: &str) -> Result<(), Trouble> {
        drop_file(&self.path(&Owner::Control, Room::Inbox), name, text.as_bytes())
    }

    pub(super) fn folder(&self, owner: &Owner, room: Room) -> Result<Folder, Trouble> {
        Folder::open(self.path(owner, room))
    }

    pub(super) fn archive_folder(&self) -> Result<Folder, Trouble> {
        Folder::open(self.archive.clone())
    }

    pub(super) fn archive_path(&self) -> &Path {
        &self.archive
    }

    /// A name for a file being written, unique in this process.
    pub(super) fn temp_name(&self) -> OsString {
        let n = self.temps.fetch_add(1, Ordering::Relaxed);
        format!(".sunap-{n}.tmp").into()
    }

    /// Whether a name is one of those.
    pub(super) fn is_own_temp(name: &OsStr) -> bool {
        is_temp(name, OURS)
    }
}

/// Makes a folder and those above it. What is new is made durable by the `sync_all` after the skeleton.
fn make_path(dir: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(dir).map_err(|e| Trouble::at("make the folder", dir, e))
}

/// Whether nobody writes a dropped file's temporary any more: its writer holds a lock on it while it lives.
fn abandoned(folder: &Folder, name: &OsStr) -> bool {
    folder
        .open_file(name)
        .is_ok_and(|file| rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}

/// Drops a file into a folder (an inbox) as everybody should: written under a hidden name, made durable, then renamed.
/// The same bytes under the same name again are no error; other bytes are, and nothing changes.
///
/// Needs no lock and no `Spool`: the command line and the simulated bank use it beside a running daemon.
pub fn drop_file(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    let name = checked(name)?;
    let folder = Folder::open_named(dir.to_path_buf())?;
    let n = DROPPED.fetch_add(1, Ordering::Relaxed);
    let temp: OsString = format!(".drop-{}-{n}.tmp", std::process::id()).into();
    // Taken by the daemon's user, who may be another one of the group.
    let file = match folder.create(&temp, Mode::from_raw_mode(0o660)) {
        Err(Errno::EXIST) => {
            folder.remove(&temp)?;
            folder.create(&temp, Mode::from_raw_mode(0o660))
        }
        other => other,
    };
    let file = file.map_err(|e| folder.trouble("create", &temp, e))?;
    let dropped = (|| {
        let lock = file.try_clone().map_err(|e| folder.trouble("open", &temp, e))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| folder.trouble("lock", &temp, e))?;
        let (sha256, length) = folder.fill(file, &temp, |out| out.write_all(bytes))?;
        match folder.move_new(&temp, &folder, name)? {
            Moved::Done => folder.sync(),
            Moved::Taken if folder.holds(name, &sha256, length)? => folder.remove(&temp).map(drop),
            Moved::Taken => {
                let cause = io::Error::other("a file of that name with other bytes is still waiting there");
                Err(folder.trouble("drop", name, cause))
            }
            Moved::Gone => Err(folder.trouble(
                "drop",
                name,
                io::Error::other("its temporary file was removed; drop it again"),
            )),
        }
    })();
    dropped.inspect_err(|_| folder.discard(&temp))
}

/// The hash of a report or answer, with its length.
pub(super) fn digest_of(bytes: &[u8]) -> (Sha256, u64) {
    (Sha256::of(bytes), bytes.len() as u64)
}
