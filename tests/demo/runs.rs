//! Running the program and its demo as a process.
#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, in a place where no environment of the person who tests matters.
pub(crate) fn sunap(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.args(arguments).env_remove("SUNAP_CONFIG").env_remove("SUNAP_LOG").stdin(Stdio::null());
    command
}

/// A demo, begun.
pub(crate) fn begin(dir: &Path, resume: bool) -> Command {
    let mut command = sunap(&["demo", "--into"]);
    command.arg(dir);
    if resume {
        command.arg("--resume");
    }
    command
}

/// A demo, to its end.
pub(crate) fn demo(dir: &Path, resume: bool) -> Output {
    begin(dir, resume).output().unwrap()
}
