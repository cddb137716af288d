//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "cli"`: `arguments` of the program, run in a fresh
//! copy of config/ and formats/ after `prepare` (shell words are not used: `file`, `folder` and `text` make things), and
//! what a person then reads on stderr (`expected.txt` is contained in it) with the exit code.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests write plain files; nothing here must outlive a power cut"
)]

#[path = "demo/runs.rs"]
mod runs;
#[path = "shipped/copy.rs"]
mod shipped;

use serde::Deserialize;
use shipped::shipped_into;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    room: String,
    arguments: Vec<String>,
    exit: i32,
    #[serde(default)]
    prepare: Vec<Thing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    file: Option<String>,
    text: Option<String>,
    folder: Option<String>,
    mode: Option<u32>,
    demo: Option<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn told(case: &Case) -> (i32, String) {
    let temp = tempfile::tempdir().unwrap();
    shipped_into(temp.path());
    for thing in &case.prepare {
        if let Some(demo) = &thing.demo {
            assert!(runs::demo(&temp.path().join(demo), false).status.success());
        }
        if let (Some(folder), Some(mode)) = (&thing.folder, thing.mode) {
            use std::os::unix::fs::PermissionsExt;
            let path = temp.path().join(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        if let (Some(file), Some(text)) = (&thing.file, &thing.text) {
            let path = temp.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let arguments: Vec<&str> = case.arguments.iter().map(String::as_str).collect();
    let output = runs::sunap(&arguments).current_dir(temp.path()).output().unwrap();
    let own = format!("{}/", temp.path().display());
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).replace(&own, ""))
}

#[test]
fn every_fault_is_told_as_expected() {
    let mut failures = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(root().join("tests/faults")).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path().join("case.toml")).unwrap_or_default();
        if !text.contains("room = \"cli\"") {
            continue;
        }
        let case: Case = toml::from_str(&text).unwrap();
        assert_eq!(case.room, "cli");
        seen += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (code, found) = told(&case);
        if std::env::var_os("SUNAP_BLESS").is_some() {
            let fault = found.find("error[").map_or("", |at| found.get(at..).unwrap_or_default());
            fs::write(entry.path().join("expected.txt"), fault).unwrap();
        }
        let expected = fs::read_to_string(entry.path().join("expected.txt")).unwrap_or_default();
        let fits = found.contains(expected.trim_end()) && found.contains(&format!("error[{name}]"));
        if !fits || code != case.exit {
            failures.push(format!("--- {name} (exit {code})\n{found}"));
        }
    }
    assert!(seen >= 3 && failures.is_empty(), "told otherwise than expected:\n{}", failures.join("\n"));
}
