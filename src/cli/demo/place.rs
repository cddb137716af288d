//! The demo's folder: a fresh copy, or one that is gone on with. Nothing that is there is ever overwritten, except
//! half-written copies of an earlier demo that was killed while it copied.
//!
//! `demo.toml` says whose folder it is and how far the copy got; it is written first and last.
//!
//! Must not: remove anything.

use super::packed::PACKED;
use crate::cli::{Exit, Failed};
use crate::config::Config;
use crate::fault::Trouble;
use crate::spool::{self, Owner};
use std::io::ErrorKind;
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
        (_, true, ..) | (_, _, true, _) => {
            let told = format!(
                "{shown} holds a demo already.\n  → go on with it: sunap demo --into {shown} --resume\n  \
                 → or begin anew in another folder: sunap demo --into {shown}-2\n  → or remove it first: rm -r {shown}"
            );
            return Err(Failed::told(Exit::Usage, told));
        }
        (_, false, false, _) => {
            let told = format!(
                "{shown} is not empty, and what is in it is not a demo.\n  → name an empty folder: sunap demo --into DIR"
            );
            return Err(Failed::told(Exit::Usage, told));
        }
    }
    copy(dir)
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
    put(dir, COPIED, b"# The folder of a `sunap demo`. Go on with a stopped one: sunap demo --into <this folder> --resume\n")
}

/// Writes a file, whole or not at all. One that is there already has the same bytes: it is of a copy that was killed.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failed> {
    std::fs::create_dir_all(folder).map_err(|error| Trouble::at("make the folder", folder, error))?;
    if folder.join(name).exists() {
        return Ok(());
    }
    Ok(spool::drop_file(folder, name, bytes)?)
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
        assert!(told(prepare(&dir, false)).contains("--resume"));
        prepare(&dir, true).unwrap();
    }

    #[test]
    fn a_strangers_folder_is_refused_even_with_resume() {
        let temp = tempfile::tempdir().unwrap();
        spool::drop_file(temp.path(), "thesis.txt", b"dear").unwrap();
        for resume in [false, true] {
            assert!(told(prepare(temp.path(), resume)).contains("not a demo"));
        }
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_copy_that_was_killed_is_finished_by_resume() {
        let temp = tempfile::tempdir().unwrap();
        put(temp.path(), COPYING, b"").unwrap();
        assert!(told(prepare(temp.path(), false)).contains("holds a demo"));
        prepare(temp.path(), true).unwrap();
        assert!(temp.path().join(COPIED).is_file() && temp.path().join("drops/script.toml").is_file());
    }
}
