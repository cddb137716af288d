//! The folder of keys: `1.key`, `2.key`, … (32 bytes, as 64 hex digits or base64), `index.key`, and `current`, which
//! holds the number of the key that seals. The folder may be systemd's credentials directory.
//!
//! Must not: make, change or remove a key (`sunap key` does), or say anything of a key but its file's name.

use super::ring::{KEY_BYTES, KeyId, KeyRing, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file that names the key that seals.
pub const CURRENT: &str = "current";

/// The file of the key of blind indexes and row seals.
pub const INDEX: &str = "index.key";

/// The file of a key.
pub fn key_file(id: KeyId) -> String {
    format!("{id}.key")
}

/// Why there are no keys.
#[derive(Debug)]
pub enum OpenKeys {
    /// There is no folder, or no `current` in it: keys were never made.
    None(PathBuf),
    /// A file that must be there is not.
    Missing(PathBuf),
    /// Others may read or write it.
    Mode(PathBuf, u32),
    /// It belongs to somebody else.
    Owner(PathBuf, u32),
    /// It does not hold what it should.
    Content(PathBuf, &'static str),
    /// The disk failed.
    Disk(PathBuf, std::io::Error),
}

impl fmt::Display for OpenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None(folder) => write!(
                f,
                "there are no keys in {}: make the first one with `sunap key new`, or put the folder back from where it is \
                 kept (docs/keys.md)",
                folder.display()
            ),
            Self::Missing(path) => {
                write!(
                    f,
                    "{} is not there: put it back from where the keys are kept (docs/keys.md)",
                    path.display()
                )
            }
            Self::Mode(path, mode) => {
                let mend = if path.is_dir() { "0700" } else { "0600" };
                write!(
                    f,
                    "{} has the mode {mode:04o}: nobody but its owner may read keys (chmod {mend})",
                    path.display()
                )
            }
            Self::Owner(path, uid) => {
                write!(
                    f,
                    "{} belongs to user {uid}: it must belong to the user of the daemon, or root",
                    path.display()
                )
            }
            Self::Content(path, want) => write!(f, "{} holds no {want}", path.display()),
            Self::Disk(path, error) => write!(f, "cannot read {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenKeys {}

/// Whose files are taken, and how open they may be.
struct Guard {
    /// In systemd's credentials directory the access list shows as group bits, and only the service sees the folder.
    may: u32,
    user: u32,
}

impl KeyRing {
    /// Loads the keys of a folder. Refuses files that others may read or that belong to others.
    pub fn load(folder: &Path) -> Result<Self, OpenKeys> {
        let found = match std::fs::metadata(folder) {
            Ok(found) => found,
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(OpenKeys::None(folder.to_path_buf())),
            Err(e) => return Err(OpenKeys::Disk(folder.to_path_buf(), e)),
        };
        let credentials =
            std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|named| Path::new(&named) == folder);
        let guard =
            Guard { may: if credentials { 0o750 } else { 0o700 }, user: rustix::process::geteuid().as_raw() };
        guard.check(folder, found.mode(), found.uid())?;
        if !folder.join(CURRENT).exists() {
            return Err(OpenKeys::None(folder.to_path_buf()));
        }
        let current = current(&guard, &folder.join(CURRENT))?;
        let index = key(&guard, &folder.join(INDEX))?;
        let mut keys = BTreeMap::new();
        let disk = |e| OpenKeys::Disk(folder.to_path_buf(), e);
        for entry in std::fs::read_dir(folder).map_err(disk)? {
            let name = entry.map_err(disk)?.file_name();
            let named =
                name.to_str().and_then(|name| name.strip_suffix(".key")).and_then(|id| id.parse().ok());
            if let Some(id) = named.and_then(KeyId::from_number) {
                keys.insert(id, key(&guard, &folder.join(&name))?);
            }
        }
        Self::of(&keys, current, &index).ok_or_else(|| OpenKeys::Missing(folder.join(key_file(current))))
    }
}

impl Guard {
    fn check(&self, path: &Path, mode: u32, uid: u32) -> Result<(), OpenKeys> {
        if uid != self.user && uid != 0 {
            return Err(OpenKeys::Owner(path.to_path_buf(), uid));
        }
        let open = mode & 0o777 & !self.may;
        if open == 0 { Ok(()) } else { Err(OpenKeys::Mode(path.to_path_buf(), mode & 0o7777)) }
    }

    /// The text of a small file, checked through the open file itself.
    fn text(&self, path: &Path) -> Result<Zeroizing<String>, OpenKeys> {
        let disk = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => OpenKeys::Missing(path.to_path_buf()),
            ErrorKind::InvalidData => OpenKeys::Content(path.to_path_buf(), "text"),
            _ => OpenKeys::Disk(path.to_path_buf(), e),
        };
        let file = File::open(path).map_err(disk)?;
        let found = file.metadata().map_err(disk)?;
        self.check(path, found.mode(), found.uid())?;
        let mut text = Zeroizing::new(String::with_capacity(256));
        file.take(200).read_to_string(&mut text).map_err(disk)?;
        Ok(text)
    }
}

fn current(guard: &Guard, path: &Path) -> Result<KeyId, OpenKeys> {
    let text = guard.text(path)?;
    let id = text.trim().parse().ok().and_then(KeyId::from_number);
    id.ok_or_else(|| OpenKeys::Content(path.to_path_buf(), "number of a key"))
}

/// A key: 64 hex digits, or base64.
fn key(guard: &Guard, path: &Path) -> Result<Secret, OpenKeys> {
    let text = guard.text(path)?;
    let text = text.trim();
    let bytes = match hex(text) {
        Some(bytes) => Some(bytes),
        None => STANDARD.decode(text).ok().map(Zeroizing::new),
    };
    let key = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok());
    key.map(Zeroizing::new)
        .ok_or_else(|| OpenKeys::Content(path.to_path_buf(), "key: 32 bytes as 64 hex digits or base64"))
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes.map(Zeroizing::new)
}
