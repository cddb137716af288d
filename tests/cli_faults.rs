//! The faults of the command line, as the process tells them: `tests/faults/<name>/case.toml` with `room = "cli"`.
//!
//! A case names the arguments and the exit code, and may put files beside a copy of config/ and formats/; `<dir>` is the
//! folder of that copy. `expected.txt` is what stands on stderr. `SUNAP_BLESS=1` writes it anew.
#![cfg(test)]

use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "room")]
    _room: String,
    arguments: Vec<String>,
    exit: i32,
    #[serde(default)]
    file: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    path: String,
    text: String,
}

#[test]
fn every_fault_is_told_as_written() {
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut cases = 0;
    for entry in std::fs::read_dir(faults).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("case.toml")) else { continue };
        if text.lines().any(|line| line == "room = \"cli\"") {
            show(&folder, &toml::from_str(&text).unwrap());
            cases += 1;
        }
    }
    assert!(cases > 0);
}

fn show(folder: &Path, case: &Case) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().to_string_lossy().into_owned();
    for copied in ["config", "formats"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(copied);
        assert!(Command::new("cp").arg("-r").arg(from).arg(temp.path()).status().unwrap().success());
    }
    for given in &case.file {
        let path = temp.path().join(&given.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        sunap::spool::drop_file(path.parent().unwrap(), &name, given.text.as_bytes()).unwrap();
    }
    let arguments = case.arguments.iter().map(|argument| argument.replace("<dir>", &dir));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.args(arguments).env_remove("SUNAP_CONFIG").env_remove("SUNAP_LOG").stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap().replace(&dir, "<dir>");
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(output.status.code(), Some(case.exit), "{name}: {said}");
    if std::env::var_os("SUNAP_BLESS").is_some() {
        let _old = std::fs::remove_file(folder.join("expected.txt"));
        sunap::spool::drop_file(folder, "expected.txt", said.as_bytes()).unwrap();
    }
    let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
    assert_eq!(said, expected, "{name}");
    assert!(said.contains(&format!("error[{name}]")), "{name}: {said}");
}
