//! The demo's folder: a fresh copy, or one that is gone on with. Nothing that is there is ever overwritten, except
//! half-written copies of an earlier demo that was killed while it copied.
//!
//! `demo.toml` says whose folder it is and how far the copy got; it is written first and last.
//!
//! An earlier demo is moved aside, to `demo.1`. Must not: remove anything.

use super::packed::PACKED;
use crate::cli::key::put_key;
use crate::cli::{Exit, Failed};
use crate::config::Config;
use crate::fault::Trouble;
use crate::seal::KeyRing;
use crate::spool::{Owner, Spool};
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder of lists that were not dropped yet.
pub(super) const DROPS: &str = "drops";

/// Begun, with the name of the file that says so.
const COPYING: &str = "demo-copying.toml";

/// Complete, with the name of the file that says so.
const COPIED: &str = "demo.toml";

/// Makes the folder ready: all of the copy is there, and business has not begun or is to go on.
pub(super) fn prepare(dir: &Path, resume: bool) -> Result<(), Failed> {
    let shown = dir.display();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries.count(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(Trouble::at("look into the folder", dir, error).into()),
    };
    let (copied, copying) = (dir.join(COPIED).exists(), dir.join(COPYING).exists());
    match (entries, copied, copying, resume) {
        (_, true, _, true) => return Ok(()),
        (0, ..) | (_, _, true, true) => {}
        (_, true, ..) | (_, _, true, _) => move_aside(dir)?,
        (_, false, false, _) => {
            let told = format!(
                "{shown} is not empty, and what is in it is not a demo.\n  → name an empty folder: sunap demo --into DIR"
            );
            return Err(Failed::told(Exit::Usage, told));
        }
    }
    copy(dir)
}

/// An earlier demo makes room for a new one: its folder becomes `demo.1`, `demo.2`, …; nothing of it is lost.
fn move_aside(dir: &Path) -> Result<(), Failed> {
    let shown = dir.display();
    let (spool, state) = (dir.join("spool"), dir.join("state"));
    if spool.is_dir() && state.is_dir() && Spool::lock(&spool, &state).is_err() {
        let told =
            format!("{shown} is at work in another process.\n  → name another folder: sunap demo --into DIR");
        return Err(Failed::told(Exit::Later, told));
    }
    let free = (1..=9999).map(|n| PathBuf::from(format!("{shown}.{n}"))).find(|path| !path.exists());
    let Some(free) = free else {
        return Err(Failed::told(
            Exit::Usage,
            format!("{shown} holds a demo, and so do thousands beside it."),
        ));
    };
    rustix::fs::rename(dir, &free).map_err(|error| Trouble::at("move aside the earlier demo", dir, error))?;
    Ok(())
}

fn copy(dir: &Path) -> Result<(), Failed> {
    put(dir, COPYING, b"# sunap demo: the copy is not complete.\n")?;
    for (path, bytes) in PACKED {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = match folder.strip_prefix("samples/demo") {
            Some(below) => dir.join(DROPS).join(below.trim_start_matches('/')),
            None => dir.join(folder),
        };
        put(&folder, name, bytes)?;
    }
    let keys = dir.join("keys");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&keys)
        .map_err(|error| Trouble::at("make the folder", &keys, error))?;
    for (name, text) in KeyRing::demo_files() {
        put_key(&keys.join(name), text.as_bytes())?;
    }
    put(dir, COPIED, b"# The folder of a `sunap demo`. Go on with a stopped one: sunap demo --into <this folder> --resume\n")
}

/// Writes a file. One that a killed copy left is written over: nothing is complete before [`COPIED`] is there.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failed> {
    std::fs::create_dir_all(folder).map_err(|error| Trouble::at("make the folder", folder, error))?;
    let path = folder.join(name);
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    Ok(written.map_err(|error| Trouble::at("write", &path, error))?)
}

/// What lies in the inboxes now.
pub(super) fn files_in_inboxes(config: &Config, owners: &[Owner]) -> Result<Vec<PathBuf>, Trouble> {
    let mut paths = Vec::new();
    for owner in owners {
        let inbox = config.spool_dir.join(owner.folder()).join("inbox");
        let entries =
            std::fs::read_dir(&inbox).map_err(|error| Trouble::at("look into the folder", &inbox, error))?;
        for entry in entries {
            paths.push(entry.map_err(|error| Trouble::at("look into the folder", &inbox, error))?.path());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(result: Result<(), Failed>) -> String {
        match result {
            Err(Failed::Told(Exit::Usage, text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_fresh_copy_is_complete_and_never_overwritten() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("demo");
        prepare(&dir, false).unwrap();
        for place in
            ["config/sunap.toml", "config/exchange/demo.toml", "formats/eb21.toml", "drops/script.toml"]
        {
            assert!(dir.join(place).is_file(), "{place}");
        }
        prepare(&dir, true).unwrap();
        prepare(&dir, false).unwrap();
        assert!(temp.path().join("demo.1/demo.toml").is_file() && dir.join("demo.toml").is_file());
    }

    #[test]
    fn a_strangers_folder_is_refused_even_with_resume() {
        let temp = tempfile::tempdir().unwrap();
        put(temp.path(), "thesis.txt", b"dear").unwrap();
        for resume in [false, true] {
            assert!(told(prepare(temp.path(), resume)).contains("not a demo"));
        }
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_that_was_killed_is_finished_by_resume() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("demo");
        put(&dir, COPYING, b"").unwrap();
        prepare(&dir, true).unwrap();
        assert!(dir.join(COPIED).is_file() && dir.join("drops/script.toml").is_file());
    }
}
