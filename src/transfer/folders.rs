//! The few durable acts on folders that a transfer needs. A file appears under its final name whole or not at all; a
//! move never replaces.
//!
//! Must not: read what the files say, or act outside the folders it was opened on.

use crate::fault::Trouble;
use crate::spool::Sha256;
use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// It has the new name.
    Done,
    /// The new name is in use; nothing changed.
    Taken,
    /// There is nothing of the old name.
    Gone,
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder that must be there; a symbolic link in its place is refused.
    pub(super) fn open(path: PathBuf) -> Result<Self, Trouble> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(CWD, &path, flags, Mode::empty())
            .map_err(|errno| Trouble::at("open the folder", &path, io::Error::from(errno)))?;
        Ok(Self { fd, path })
    }

    /// Opens a folder of our own, made where it is missing.
    pub(super) fn make(path: PathBuf) -> Result<Self, Trouble> {
        std::fs::create_dir_all(&path).map_err(|e| Trouble::at("make the folder", &path, e))?;
        let folder = Self::open(path)?;
        if let Some(parent) = folder.path.parent() {
            Self::open(parent.to_path_buf())?.sync()?;
        }
        Ok(folder)
    }

    /// The path of an entry.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn trouble(&self, doing: &str, name: &str, errno: Errno) -> Trouble {
        Trouble::at(doing, &self.path_of(name), io::Error::from(errno))
    }

    /// The names of visible plain files, sorted.
    pub(super) fn names(&self) -> Result<Vec<String>, Trouble> {
        let failed = |errno| Trouble::at("list the folder", &self.path, io::Error::from(errno));
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            match entry.file_name().to_str() {
                Ok(name) if !name.starts_with('.') && self.has(name)? => names.push(name.to_string()),
                _ => {}
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether there is a plain file of this name.
    pub(super) fn has(&self, name: &str) -> Result<bool, Trouble> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.trouble("look at", name, errno)),
        }
    }

    /// Opens a plain file to read; `None` where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<File>, Trouble> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.trouble("open", name, errno)),
        }
    }

    /// The text of a small file; `None` where there is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Trouble> {
        let Some(file) = self.read(name)? else { return Ok(None) };
        io::read_to_string(file).map(Some).map_err(|e| Trouble::at("read", &self.path_of(name), e))
    }

    /// The hash and length of a file; `None` where there is none.
    pub(super) fn hash(&self, name: &str) -> Result<Option<(String, u64)>, Trouble> {
        let Some(file) = self.read(name)? else { return Ok(None) };
        let (found, bytes) =
            Sha256::of_reader(file).map_err(|e| Trouble::at("read", &self.path_of(name), e))?;
        Ok(Some((found.to_string(), bytes)))
    }

    /// Puts a file there whole: a hidden temporary name, fsync, rename, fsync of the folder. What has the name already
    /// is replaced: only for our own journals and for the same text written again after a crash.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let temp = format!(".{name}.tmp");
        self.remove(&temp)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = self.create(&temp, flags)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written {
            let _ = self.remove(&temp);
            return Err(Trouble::at("write", &self.path_of(name), error));
        }
        rustix::fs::renameat(&self.fd, temp.as_str(), &self.fd, name)
            .map_err(|errno| self.trouble("rename", &temp, errno))?;
        self.sync()
    }

    /// Writes `bytes` at `offset` of a file of ours, cuts what follows, and makes it durable.
    pub(super) fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), Trouble> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = self.create(name, flags)?;
        let written = file
            .set_len(offset)
            .and_then(|()| file.seek(SeekFrom::Start(offset)))
            .and_then(|_| file.write_all(bytes))
            .and_then(|()| file.sync_all());
        written.map_err(|e| Trouble::at("write", &self.path_of(name), e))
    }

    // The daemon's user, who reads it, may be another one of the group.
    fn create(&self, name: &str, flags: OFlags) -> Result<File, Trouble> {
        rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(0o660))
            .map(File::from)
            .map_err(|errno| self.trouble("create", name, errno))
    }

    /// Moves a file to a name that is not in use, and makes both folders durable.
    pub(super) fn move_new(&self, name: &str, to: &Self, new_name: &str) -> Result<Moved, Trouble> {
        let flags = RenameFlags::NOREPLACE;
        let moved = match rustix::fs::renameat_with(&self.fd, name, &to.fd, new_name, flags) {
            Ok(()) => Moved::Done,
            Err(Errno::EXIST) => Moved::Taken,
            Err(Errno::NOENT) => Moved::Gone,
            // A file system without NOREPLACE.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if !to.has(new_name)? => {
                rustix::fs::renameat(&self.fd, name, &to.fd, new_name)
                    .map_err(|errno| self.trouble("rename", name, errno))?;
                Moved::Done
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Moved::Taken,
            Err(errno) => return Err(self.trouble("rename", name, errno)),
        };
        if moved == Moved::Done {
            to.sync()?;
            self.sync()?;
        }
        Ok(moved)
    }

    /// Removes a file; whether there was one.
    pub(super) fn remove(&self, name: &str) -> Result<bool, Trouble> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.trouble("remove", name, errno)),
        }
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync(&self) -> Result<(), Trouble> {
        rustix::fs::fsync(&self.fd)
            .map_err(|errno| Trouble::at("make durable", &self.path, io::Error::from(errno)))
    }
}

/// Held while a transfer works on a channel, so that two never do.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of an own folder; it goes with the value, also when the process is killed.
    pub(super) fn take(own: &Path) -> Result<Self, Trouble> {
        let path = own.join("lock");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| Trouble::at("open", &path, e))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|errno| {
            Trouble::at("lock (another transfer of this channel runs?)", &path, io::Error::from(errno))
        })?;
        Ok(Self { _file: file })
    }
}
