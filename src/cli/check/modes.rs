//! Folders that stand open to everybody on the machine: who may do what is told by the owners of files, and means nothing
//! where anybody may write.
//!
//! Must not: change a mode.

use crate::config::Config;
use crate::fault::{Fault, Place, printable};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bits of a mode by which everybody may write.
const WRITE: u32 = 0o002;

/// Bits of a mode by which everybody may do anything.
const ANYTHING: u32 = 0o007;

/// The faults of all folders of a configuration that are there.
pub(super) fn open_to_all(config: &Config) -> Vec<Fault> {
    let mut dirs: Vec<(PathBuf, u32)> =
        [&config.spool_dir, &config.state_dir].map(|dir| (dir.clone(), WRITE)).into();
    dirs.push((config.state_dir.join("archive"), WRITE));
    dirs.push((config.state_dir.join("roots"), WRITE));
    dirs.push((config.keys_dir.clone(), ANYTHING));
    let channels = config.channels.keys().map(|id| format!("channel/{id}"));
    let creditors = config.creditors.keys().map(|id| format!("creditor/{id}"));
    for owner in channels.chain(creditors).chain(["control".to_string()]) {
        for room in ["inbox", "work", "outbox", ".stage"] {
            dirs.push((config.spool_dir.join(&owner).join(room), WRITE));
        }
    }
    dirs.iter().filter_map(|(dir, bits)| open(dir, *bits)).collect()
}

fn open(dir: &Path, bits: u32) -> Option<Fault> {
    let mode = std::fs::metadata(dir).ok()?.mode() & 0o7777;
    if mode & bits == 0 {
        return None;
    }
    let shown = printable(&dir.to_string_lossy());
    let (expected, mend) = if bits == ANYTHING {
        ("a folder of keys that only its owner may look into", "go=")
    } else {
        ("a folder that not everybody on this machine may write into", "o-w")
    };
    Some(Fault::new(
        "folder-open-to-all",
        Place::file(shown.clone()),
        format!("{expected}; its mode is {mode:04o}"),
        format!("chmod {mend} {shown}"),
    ))
}
