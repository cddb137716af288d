//! An open folder and the few acts on it from which all else in this room is made: look, write whole, move without
//! replacing, remove, make durable.
//!
//! An fsync that failed is never repeated on the same file: the file is removed and the caller writes anew
//! (house.md 5, faults.md 0.6). What was written is read back before anybody may see it (faults.md 2, 13).
//!
//! Must not: know owners, rooms or what a file means.

use super::digest::{Counted, Naming, Running, Sha256, passed};
use super::name::shown_name;
use crate::fault::Trouble;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, StatxFlags};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file with bytes.
    Regular,
    /// A file with a second name somewhere: somebody else could still change it.
    HardLink,
    /// A folder.
    Directory,
    /// A symbolic link, wherever it leads.
    Symlink,
    /// A pipe: reading it could wait for ever.
    Fifo,
    /// A block or character device.
    Device,
    /// A socket.
    Socket,
    /// The system does not say.
    Unreadable,
}

impl Kind {
    /// Whether it is a file with bytes, whoever else has a name for it.
    pub(super) fn is_file(self) -> bool {
        matches!(self, Self::Regular | Self::HardLink)
    }

    /// In words, for a report.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Regular => "a file",
            Self::HardLink => "a file with a second name (hard link)",
            Self::Directory => "a folder",
            Self::Symlink => "a symbolic link",
            Self::Fifo => "a pipe",
            Self::Device => "a device",
            Self::Socket => "a socket",
            Self::Unreadable => "an entry that cannot be looked at",
        }
    }
}

/// Which file it is and how it stood when looked at: while this holds, nobody wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last change of the bytes, nanoseconds since 1970. Compared only, never read as business time.
    pub mtime_ns: i128,
}

impl Identity {
    /// Whether both are the same file, changed or not.
    pub fn same_file(self, other: Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }
}

/// Whose a file is, and who may do what with it, as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dropper {
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The permission bits, `0o640`.
    pub mode: u32,
}

/// An entry as the system describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) dropper: Dropper,
    pub(super) identity: Identity,
    pub(super) links: u32,
    /// Last change of anything about it, its name included, nanoseconds since 1970. Compared only.
    pub(super) ctime_ns: i128,
    /// Which mount it is in; 0 where the kernel does not say.
    pub(super) mount: u64,
}

/// A file written whole under a name that nobody looks at.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) temp: OsString,
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
}

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
    /// Opens a folder; a symbolic link in its place is refused.
    pub(super) fn open(path: PathBuf) -> Result<Self, Trouble> {
        Self::open_with(path, OFlags::NOFOLLOW)
    }

    /// Opens a folder that a person named; it may be behind a symbolic link.
    pub(super) fn open_named(path: PathBuf) -> Result<Self, Trouble> {
        Self::open_with(path, OFlags::empty())
    }

    fn open_with(path: PathBuf, more: OFlags) -> Result<Self, Trouble> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
        let fd = retry_on_intr(|| rustix::fs::openat(CWD, &path, flags, Mode::empty()))
            .map_err(|e| trouble("open the folder", &path, e))?;
        Ok(Self { fd, path })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A trouble met while doing something to an entry of this folder.
    pub(super) fn trouble(&self, doing: &str, name: &OsStr, cause: impl Into<io::Error>) -> Trouble {
        let cause: io::Error = cause.into();
        Trouble::new(format!("{doing} {}/{}", self.path.display(), shown_name(name)), cause)
    }

    /// What the folder itself is.
    pub(super) fn itself(&self) -> Result<Entry, Trouble> {
        entry_of(&self.fd).map_err(|e| trouble("look at the folder", &self.path, e))
    }

    /// What an entry is, without following or opening it.
    pub(super) fn look(&self, name: &OsStr) -> Result<Option<Entry>, Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        match retry_on_intr(|| rustix::fs::statx(&self.fd, name, flags, wanted)) {
            Ok(stat) => Ok(Some(entry_from(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// As [`Folder::look`], where a failure is the world's.
    pub(super) fn entry(&self, name: &OsStr) -> Result<Option<Entry>, Trouble> {
        self.look(name).map_err(|e| self.trouble("look at", name, e))
    }

    /// The names in the folder, sorted by bytes.
    pub(super) fn names(&self) -> Result<Vec<OsString>, Trouble> {
        let failed = |e| trouble("list the folder", &self.path, e);
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name.to_vec()));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Opens an entry to read, never through a link and never waiting.
    pub(super) fn open_file(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, Mode::empty())).map(File::from)
    }

    /// The hash and length of a file.
    pub(super) fn hash(&self, name: &OsStr) -> Result<(Sha256, u64), Trouble> {
        self.read_by::<Naming>(name)
    }

    fn read_by<R: Running>(&self, name: &OsStr) -> Result<(R::Sum, u64), Trouble> {
        let file = self.open_file(name).map_err(|e| self.trouble("open", name, e))?;
        passed::<R>(file).map_err(|e| self.trouble("read", name, e))
    }

    /// Whether an entry is a file of exactly these bytes.
    pub(super) fn holds(&self, name: &OsStr, sha256: &Sha256, bytes: u64) -> Result<bool, Trouble> {
        match self.entry(name)? {
            Some(entry) if entry.kind.is_file() && entry.identity.size == bytes => {
                Ok(self.hash(name)?.0 == *sha256)
            }
            _ => Ok(false),
        }
    }

    /// Creates a file that must not exist yet.
    pub(super) fn create(&self, name: &OsStr, mode: Mode) -> Result<File, Errno> {
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC;
        retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, mode)).map(File::from)
    }

    /// Writes a file whole and durable under a temporary name: write, fsync, close, read back. On any failure nothing
    /// is left.
    pub(super) fn write_temp(
        &self,
        temp: OsString,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Written, Trouble> {
        let file = self.create_temp(&temp).map_err(|e| self.trouble("create", &temp, e))?;
        let (sha256, bytes) = self.fill(file, &temp, write).inspect_err(|_| self.discard(&temp))?;
        Ok(Written { temp, sha256, bytes })
    }

    /// Creates a file under a temporary name.
    pub(super) fn create_temp(&self, temp: &OsStr) -> Result<File, Errno> {
        match self.create(temp, Mode::from_raw_mode(0o640)) {
            Err(Errno::EXIST) => {
                // Left by a process that died: temporary names are unique within the one that lives (`lock`).
                self.discard(temp);
                self.create(temp, Mode::from_raw_mode(0o640))
            }
            created => created,
        }
    }

    /// Fills a created file: write, fsync, close, read back.
    pub(super) fn fill(
        &self,
        file: File,
        name: &OsStr,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(Sha256, u64), Trouble> {
        let mut out = BufWriter::with_capacity(1 << 16, Counted::<_, Naming>::new(&file));
        let written = write(&mut out).and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error));
        let written = written.map_err(|e| self.trouble("write", name, e))?.finish();
        self.end::<Naming>(file, name, written)?;
        Ok(written)
    }

    /// Ends a file into which this was written: fsync, close, read back.
    pub(super) fn end<R: Running>(
        &self,
        file: File,
        name: &OsStr,
        written: (R::Sum, u64),
    ) -> Result<(), Trouble> {
        file.sync_all().map_err(|e| self.trouble("make durable", name, e))?;
        drop(file);
        if self.read_by::<R>(name)? == written {
            return Ok(());
        }
        let cause = io::Error::other("the disk gives back other bytes than were written");
        Err(self.trouble("read back", name, cause))
    }

    /// Moves an entry to a name that is not in use. Atomic where the file system can (renameat2 NOREPLACE); else by
    /// [`Folder::move_by_link`].
    pub(super) fn move_new(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<Moved, Trouble> {
        match rustix::fs::renameat_with(&self.fd, name, &to.fd, new_name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(Moved::Done),
            Err(Errno::EXIST) => Ok(Moved::Taken),
            Err(Errno::NOENT) => Ok(Moved::Gone),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.move_by_link(name, to, new_name),
            Err(errno) => Err(self.trouble("rename", name, errno)),
        }
    }

    /// Moves where the file system knows no NOREPLACE (NFS, FUSE; faults.md 2, 31): a second name, durable, before the
    /// first goes. What cannot have a second name (a folder) is renamed after a look.
    pub(super) fn move_by_link(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<Moved, Trouble> {
        match rustix::fs::linkat(&self.fd, name, &to.fd, new_name, AtFlags::empty()) {
            Ok(()) => {
                to.sync()?;
                self.remove(name)?;
                Ok(Moved::Done)
            }
            Err(Errno::EXIST) => Ok(Moved::Taken),
            Err(Errno::NOENT) => Ok(Moved::Gone),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                self.move_after_look(name, to, new_name)
            }
            Err(errno) => Err(self.trouble("link", name, errno)),
        }
    }

    /// Moves in one step to a name found free a moment before. Safe where nobody but this process makes names in the
    /// target. Never leaves two names.
    pub(super) fn move_after_look(
        &self,
        name: &OsStr,
        to: &Self,
        new_name: &OsStr,
    ) -> Result<Moved, Trouble> {
        if to.entry(new_name)?.is_some() {
            return Ok(Moved::Taken);
        }
        self.replace(name, to, new_name)
    }

    /// Moves the one that is published by leaving this folder: as [`Folder::move_new`], but never by two names, because
    /// a peer could take the new one while the old one still says "not published".
    pub(super) fn move_token(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<Moved, Trouble> {
        match rustix::fs::renameat_with(&self.fd, name, &to.fd, new_name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(Moved::Done),
            Err(Errno::EXIST) => Ok(Moved::Taken),
            Err(Errno::NOENT) => Ok(Moved::Gone),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.move_after_look(name, to, new_name),
            Err(errno) => Err(self.trouble("rename", name, errno)),
        }
    }

    /// Moves over whatever has the new name.
    pub(super) fn replace(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<Moved, Trouble> {
        match rustix::fs::renameat(&self.fd, name, &to.fd, new_name) {
            Ok(()) => Ok(Moved::Done),
            Err(Errno::NOENT) => Ok(Moved::Gone),
            Err(errno) => Err(self.trouble("rename", name, errno)),
        }
    }

    /// Removes a file; whether there was one.
    pub(super) fn remove(&self, name: &OsStr) -> Result<bool, Trouble> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.trouble("remove", name, errno)),
        }
    }

    /// Removes a temporary file of ours after a failure; what cannot be removed now, `tidy` removes later.
    pub(super) fn discard(&self, temp: &OsStr) {
        let _ = self.remove(temp);
    }

    /// Makes a folder in it; whether there was none.
    pub(super) fn make_folder(&self, name: &OsStr, mode: Mode) -> Result<bool, Trouble> {
        match rustix::fs::mkdirat(&self.fd, name, mode) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(errno) => Err(self.trouble("make the folder", name, errno)),
        }
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync(&self) -> Result<(), Trouble> {
        retry_on_intr(|| rustix::fs::fsync(&self.fd)).map_err(|e| trouble("make durable", &self.path, e))
    }

    /// Makes the whole file system durable.
    pub(super) fn sync_all(&self) -> Result<(), Trouble> {
        rustix::fs::syncfs(&self.fd).map_err(|e| trouble("make durable all of", &self.path, e))
    }
}

/// What an open file is.
pub(super) fn entry_of(fd: impl AsFd) -> Result<Entry, Errno> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    retry_on_intr(|| rustix::fs::statx(fd.as_fd(), c"", AtFlags::EMPTY_PATH, wanted)).map(|s| entry_from(&s))
}

fn entry_from(stat: &rustix::fs::Statx) -> Entry {
    let kind = match FileType::from_raw_mode(stat.stx_mode.into()) {
        FileType::RegularFile if stat.stx_nlink > 1 => Kind::HardLink,
        FileType::RegularFile => Kind::Regular,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::BlockDevice | FileType::CharacterDevice => Kind::Device,
        _ => Kind::Unreadable,
    };
    let said = stat.stx_mask & StatxFlags::MNT_ID.bits() != 0;
    Entry {
        kind,
        dropper: Dropper { uid: stat.stx_uid, gid: stat.stx_gid, mode: u32::from(stat.stx_mode) & 0o7777 },
        identity: Identity {
            dev: u64::from(stat.stx_dev_major) << 32 | u64::from(stat.stx_dev_minor),
            ino: stat.stx_ino,
            size: stat.stx_size,
            mtime_ns: i128::from(stat.stx_mtime.tv_sec) * 1_000_000_000 + i128::from(stat.stx_mtime.tv_nsec),
        },
        links: stat.stx_nlink,
        ctime_ns: i128::from(stat.stx_ctime.tv_sec) * 1_000_000_000 + i128::from(stat.stx_ctime.tv_nsec),
        mount: if said { stat.stx_mnt_id } else { 0 },
    }
}

/// A trouble of the system with a path.
pub(super) fn trouble(doing: &str, path: &Path, errno: Errno) -> Trouble {
    Trouble::new(format!("{doing} {}", shown_name(path.as_os_str())), io::Error::from(errno))
}

/// Whether a name is one of ours for a file still being written.
pub(super) fn is_temp(name: &OsStr, prefix: &[u8]) -> bool {
    let bytes = name.as_bytes();
    bytes.starts_with(prefix) && bytes.ends_with(b".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (tempfile::TempDir, Folder, Folder) {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let (a, b) =
            (Folder::open(dir.path().join("a")).unwrap(), Folder::open(dir.path().join("b")).unwrap());
        (dir, a, b)
    }

    fn put(folder: &Folder, name: &str, text: &str) {
        File::create(folder.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn text(folder: &Folder, name: &str) -> String {
        std::fs::read_to_string(folder.path().join(name)).unwrap()
    }

    #[test]
    fn every_way_of_moving_keeps_what_is_there() {
        type Way = fn(&Folder, &OsStr, &Folder, &OsStr) -> Result<Moved, Trouble>;
        let ways: [(&str, Way); 4] = [
            ("new", Folder::move_new),
            ("link", Folder::move_by_link),
            ("look", Folder::move_after_look),
            ("token", Folder::move_token),
        ];
        for (way, go) in ways {
            let (_dir, a, b) = two();
            let (x, y) = (OsStr::new("x"), OsStr::new("y"));
            put(&a, "x", "one");
            put(&b, "y", "two");
            assert_eq!(go(&a, x, &b, y).unwrap(), Moved::Taken, "{way}");
            assert_eq!((text(&a, "x"), text(&b, "y")), ("one".into(), "two".into()), "{way}");
            assert_eq!(go(&a, x, &b, x).unwrap(), Moved::Done, "{way}");
            assert_eq!(text(&b, "x"), "one", "{way}");
            assert_eq!(b.entry(x).unwrap().unwrap().links, 1, "{way}");
            assert_eq!(go(&a, x, &b, OsStr::new("z")).unwrap(), Moved::Gone, "{way}");
            std::fs::create_dir(a.path().join("d")).unwrap();
            assert_eq!(go(&a, OsStr::new("d"), &b, OsStr::new("d")).unwrap(), Moved::Done, "{way}");
        }
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let (_dir, a, _b) = two();
        let failed = a.write_temp("t".into(), |out| {
            out.write_all(b"half")?;
            Err(io::Error::from_raw_os_error(28))
        });
        assert_eq!(failed.unwrap_err().os_error(), Some(28));
        assert!(a.names().unwrap().is_empty());
    }

    #[test]
    fn a_write_takes_over_what_a_dead_process_left() {
        let (_dir, a, _b) = two();
        put(&a, "t", "left by another");
        let written = a.write_temp("t".into(), |out| out.write_all(b"new")).unwrap();
        assert_eq!(
            (written.sha256, written.bytes, text(&a, "t")),
            (Sha256::of(b"new"), 3, "new".to_string())
        );
    }

    #[test]
    fn a_folder_behind_a_link_is_refused() {
        let (dir, _a, _b) = two();
        std::os::unix::fs::symlink("a", dir.path().join("l")).unwrap();
        assert!(Folder::open(dir.path().join("l")).is_err());
        assert!(Folder::open_named(dir.path().join("l")).is_ok());
    }
}
