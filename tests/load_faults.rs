//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "load"`: faults that show only when layouts, code
//! tables and config are put together. The shipped config/ and formats/ are copied, `[[edit]]` (file, old, new; or file,
//! copy_of) changes the copy, and `Config::load` must tell what `expected.txt` says.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests write plain files; nothing here must outlive a power cut"
)]
#[path = "shipped/copy.rs"]
mod shipped;

use serde::Deserialize;
use shipped::shipped_into;
use std::fs;
use std::path::PathBuf;
use sunap::config::{Config, LoadError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    room: String,
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    old: Option<String>,
    new: Option<String>,
    copy_of: Option<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn told(case: &Case) -> String {
    let temp = tempfile::tempdir().unwrap();
    shipped_into(temp.path());
    for edit in &case.edit {
        let path = temp.path().join(&edit.file);
        if let Some(other) = &edit.copy_of {
            fs::copy(temp.path().join(other), &path).unwrap();
        }
        if let (Some(old), Some(new)) = (&edit.old, &edit.new) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(old.as_str()), "{} does not hold {old:?}", edit.file);
            fs::write(&path, text.replace(old.as_str(), new)).unwrap();
        }
    }
    match Config::load(&temp.path().join("config/sunap.toml")) {
        Ok(_) => "no fault".into(),
        Err(LoadError::Faults(faults)) => faults.to_string(),
        Err(LoadError::Trouble(trouble)) => trouble.to_string(),
    }
}

#[test]
fn every_fault_is_told_as_expected() {
    let mut failures = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(root().join("tests/faults")).unwrap().map(Result::unwrap) {
        let text = fs::read_to_string(entry.path().join("case.toml")).unwrap_or_default();
        if !text.contains("room = \"load\"") {
            continue;
        }
        let case: Case = toml::from_str(&text).unwrap();
        assert_eq!(case.room, "load");
        seen += 1;
        let (path, found) = (entry.path().join("expected.txt"), told(&case));
        if std::env::var_os("SUNAP_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let name = entry.file_name().to_string_lossy().into_owned();
        if expected != found || !found.contains(&format!("error[{name}]")) {
            failures.push(format!("--- {name}\n{found}"));
        }
    }
    assert!(seen >= 2 && failures.is_empty(), "told otherwise than expected:\n{}", failures.join("\n"));
}
