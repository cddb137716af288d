//! Running the demo as a process, and what it leaves behind.
#![allow(dead_code, reason = "each test uses a part of it")]

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, in a place where no environment of the person who tests matters.
pub fn sunap(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.args(arguments).env_remove("SUNAP_CONFIG").env_remove("SUNAP_LOG").stdin(Stdio::null());
    command
}

/// A demo, begun.
pub fn begin(dir: &Path, resume: bool) -> Command {
    let mut command = sunap(&["demo", "--into"]);
    command.arg(dir);
    if resume {
        command.arg("--resume");
    }
    command
}

/// A demo, to its end.
pub fn demo(dir: &Path, resume: bool) -> Output {
    begin(dir, resume).output().unwrap()
}

/// Every file of the spool, the archive and the lists not dropped, by its path and the hash of its bytes.
pub fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders =
        vec![dir.join("spool"), dir.join("state/archive"), dir.join("state/exchange"), dir.join("drops")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            // The lock holds the process's number.
            if name.contains("lock") {
                continue;
            }
            let hash = Sha256::digest(std::fs::read(&path).unwrap());
            found.insert(name, hash.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    found
}
