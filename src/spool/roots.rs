//! `state/roots`: the root of each day's journal, one small file a day that is written once, and the end of the chain as
//! it was noted last. The folder may be a symbolic link to another device.
//!
//! Must not: know what a root says.

use super::folder::{Folder, Moved};
use super::replayed::swap_in;
use super::skeleton::digest_of;
use crate::domain::Date;
use crate::fault::Trouble;
use rustix::fs::Mode;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Its name in the state folder.
pub const ROOTS: &str = "roots";

/// The end of the name of a root's file.
const ROOT: &str = ".root";

/// The file that notes the end of the chain.
const HEAD: &str = "head";

/// The folder of the roots.
#[derive(Debug)]
pub struct Roots {
    folder: Folder,
}

/// What lies in the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptRoots {
    /// The text of every root by its day.
    pub roots: BTreeMap<Date, String>,
    /// The end of the chain that was noted: number and hash.
    pub head: Option<(i64, String)>,
}

/// How a root came to lie there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutRoot {
    /// It lies there, durably.
    Done,
    /// Another text lies there under its name; it was not touched.
    Differs,
}

impl Roots {
    /// Opens the folder, and makes it where there is none.
    pub fn open(state_dir: &Path) -> Result<Self, Trouble> {
        let state = Folder::open_named(state_dir.to_path_buf())?;
        if state.make_folder(OsStr::new(ROOTS), Mode::from_raw_mode(0o750))? {
            state.sync()?;
        }
        Ok(Self { folder: Folder::open_named(state_dir.join(ROOTS))? })
    }

    /// Puts the root of a day there, whole and durable; never over another.
    pub fn put(&self, date: Date, text: &str) -> Result<PutRoot, Trouble> {
        let name = OsString::from(format!("{date}{ROOT}"));
        let (sha256, bytes) = digest_of(text.as_bytes());
        if self.folder.entry(&name)?.is_some() {
            let same = self.folder.holds(&name, &sha256, bytes)?;
            return Ok(if same { PutRoot::Done } else { PutRoot::Differs });
        }
        let temp = OsString::from(format!(".{date}{ROOT}.tmp"));
        let written = self.folder.write_temp(temp, |out| out.write_all(text.as_bytes()))?;
        let moved = self.folder.move_new(&written.temp, &self.folder, &name);
        if moved.inspect_err(|_| self.folder.discard(&written.temp))? != Moved::Done {
            self.folder.remove(&written.temp)?;
            return Ok(PutRoot::Differs);
        }
        self.folder.sync()?;
        Ok(PutRoot::Done)
    }

    /// Notes the end of the chain. Not durable: what a power cut leaves may be older, and is then still true.
    pub fn note_head(&self, link_id: i64, hash: &str) -> Result<(), Trouble> {
        let temp = OsStr::new(".head.tmp");
        self.folder.remove(temp)?;
        let failed = |error: std::io::Error| self.folder.trouble("write", OsStr::new(HEAD), error);
        let mut file =
            self.folder.create(temp, Mode::from_raw_mode(0o640)).map_err(|errno| failed(errno.into()))?;
        writeln!(file, "{link_id} {hash}").map_err(failed)?;
        drop(file);
        self.folder.replace(temp, &self.folder, OsStr::new(HEAD))?;
        Ok(())
    }

    /// Brings the roots of a state folder to those of a copy in which the journal was played again. A root that came out as
    /// another is kept beside it (`DATE.root.old-1`). Which days.
    pub fn renew(state_dir: &Path, copy: &Path) -> Result<Vec<String>, Trouble> {
        let (here, there) = (Self::open(state_dir)?, Self::read(copy)?);
        let mut renewed = Vec::new();
        for (date, text) in &there.roots {
            if here.put(*date, text)? == PutRoot::Done {
                continue;
            }
            let (name, new) = (format!("{date}{ROOT}"), format!(".{date}{ROOT}.new"));
            here.folder.remove(OsStr::new(&new))?;
            let written =
                here.folder.write_temp(OsString::from(&new), |out| out.write_all(text.as_bytes()))?;
            here.folder.sync()?;
            let put = written.temp.to_str().unwrap_or(&new);
            swap_in(here.folder.path(), put, &name, &[])?;
            renewed.push(date.to_string());
        }
        if let Some((link_id, hash)) = there.head {
            here.note_head(link_id, &hash)?;
        }
        Ok(renewed)
    }

    /// What lies there; nothing where there is no folder.
    pub fn read(state_dir: &Path) -> Result<KeptRoots, Trouble> {
        let dir = state_dir.join(ROOTS);
        if !dir.exists() {
            return Ok(KeptRoots::default());
        }
        let folder = Folder::open_named(dir.clone())?;
        let mut roots = BTreeMap::new();
        for name in folder.names()? {
            let day = name.to_str().and_then(|name| name.strip_suffix(ROOT)?.parse().ok());
            if let Some(day) = day {
                let path = dir.join(&name);
                let bytes = std::fs::read(&path).map_err(|error| Trouble::at("read", &path, error))?;
                roots.insert(day, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let path = dir.join(HEAD);
        let head = match std::fs::read_to_string(&path) {
            Ok(text) => text
                .trim_end()
                .split_once(' ')
                .and_then(|(link_id, hash)| Some((link_id.parse().ok()?, hash.to_string()))),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Trouble::at("read", &path, error)),
        };
        Ok(KeptRoots { roots, head })
    }
}
