//! `tests/golden/<layout>/<case>/`: one file of a bank under the name it arrived with, and what it reads as.
//!
//! - `expected.jsonl`: one line per record, as `sunap read --json` prints them. Printed back, they give the file again,
//!   or `canonical` where the file uses a tolerance.
//! - `expected-faults.txt`: what a person is told of a file that is refused; absent where the file is good. A refused file
//!   is not printed back.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes the expected files: read the difference before committing it.
#![cfg(test)]

use std::fs::{File, read, read_dir, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};

use sunap::layout::{Layout, to_json, write_json};

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = read_dir(path).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    all.sort();
    all
}

/// The file of a case: the one that is neither expected nor canonical.
fn wire(case: &Path) -> PathBuf {
    let files: Vec<_> = read_dir(case)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| {
            !p.file_name().unwrap().to_str().unwrap().starts_with("expected") && !p.ends_with("canonical")
        })
        .collect();
    assert_eq!(files.len(), 1, "{}", case.display());
    files[0].clone()
}

fn hold(path: &Path, found: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        if !found.is_empty() || path.exists() {
            File::create(path).unwrap().write_all(found.as_bytes()).unwrap();
        }
        return;
    }
    let expected = read_to_string(path).unwrap_or_default();
    if expected != found {
        wrong.push(format!("--- {}\n{expected}--- found\n{found}", path.display()));
    }
}

#[test]
fn files_read_as_expected_and_print_back() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for kind in folders(Path::new("tests/golden")) {
        let format = format!("formats/{}.toml", kind.file_name().unwrap().to_str().unwrap());
        let layout =
            Layout::from_toml(&format, &read_to_string(&format).unwrap()).unwrap_or_else(|f| panic!("{f}"));
        for case in folders(&kind) {
            cases += 1;
            let wire = wire(&case);
            let bytes = read(&wire).unwrap();
            let mut reader = layout.reader(wire.file_name().unwrap().to_str().unwrap(), bytes.as_slice());
            let mut lines = String::new();
            while let Some(view) = reader.next_record().unwrap() {
                lines.push_str(&to_json(&view).to_string());
                lines.push('\n');
            }
            let summary = reader.finish().unwrap();
            hold(&case.join("expected.jsonl"), &lines, &mut wrong);
            hold(&case.join("expected-faults.txt"), &summary.faults.to_string(), &mut wrong);
            if !summary.faults.is_empty() {
                continue;
            }
            let mut printed = Vec::new();
            write_json(&layout, "expected.jsonl", lines.as_bytes(), &mut printed, false)
                .unwrap_or_else(|e| panic!("{}: {e}", case.display()));
            let canonical = read(case.join("canonical")).unwrap_or(bytes);
            if printed != canonical {
                wrong.push(format!(
                    "--- {} prints back as\n{:?}\nnot\n{:?}",
                    case.display(),
                    String::from_utf8_lossy(&printed),
                    String::from_utf8_lossy(&canonical)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 25, "{cases} cases");
}
