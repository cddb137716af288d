//! One process per spool, and which boot of the machine this is.
//!
//! Must not: break another's lock.

use super::folder::Folder;
use crate::fault::Trouble;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// The file that is locked. It stays when the process ends: the lock is the kernel's, not the file's.
const LOCK_FILE: &str = ".sunap.lock";

/// The spool and the state folder belong to this process while it holds this.
#[derive(Debug)]
pub struct Lock {
    _files: [File; 2],
}

/// Why the spool cannot be ours.
#[derive(Debug)]
pub enum LockError {
    /// Another sunap runs on it.
    AlreadyRunning {
        /// The folder that it holds.
        folder: String,
        /// Its process number, as it wrote it down; may be empty.
        holder: String,
    },
    /// The lock could not be tried.
    Trouble(Trouble),
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning { folder, holder } if holder.is_empty() => {
                write!(f, "another sunap runs on {folder}")
            }
            Self::AlreadyRunning { folder, holder } => {
                write!(f, "another sunap (process {holder}) runs on {folder}")
            }
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Locks both folders, the spool first. Two daemons that share only one of them exclude each other too.
    pub(super) fn take(spool_dir: &Path, state_dir: &Path) -> Result<Self, LockError> {
        Ok(Self { _files: [hold(spool_dir)?, hold(state_dir)?] })
    }
}

fn hold(dir: &Path) -> Result<File, LockError> {
    let folder = Folder::open_named(dir.to_path_buf()).map_err(LockError::Trouble)?;
    let path = folder.path().join(LOCK_FILE);
    let failed = |e: Errno| LockError::Trouble(Trouble::at("lock", &path, std::io::Error::from(e)));
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = || rustix::fs::openat(rustix::fs::CWD, &path, flags, Mode::from_raw_mode(0o640));
    let mut file = retry_on_intr(open).map(File::from).map_err(failed)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            // Only a courtesy to whoever reads the message.
            let _ = (&file).take(20).read_to_string(&mut holder);
            let folder = dir.display().to_string();
            return Err(LockError::AlreadyRunning { folder, holder: holder.trim().to_string() });
        }
        Err(errno) => return Err(failed(errno)),
    }
    let mut note = || -> std::io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    // A full disk must not keep the daemon from starting: the note is for people.
    let _ = note();
    Ok(file)
}

/// The kernel's name for this boot. It tells a crash of the process (same) from a loss of power (other).
pub fn boot_id() -> Result<String, Trouble> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = std::fs::read_to_string(path).map_err(|e| Trouble::at("read", path, e))?;
    let id = text.trim();
    if id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        Ok(id.to_string())
    } else {
        Err(Trouble::at("read", path, "it holds no boot id"))
    }
}
