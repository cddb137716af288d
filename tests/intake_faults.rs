//! Every fault of a list or an order: `tests/faults/<name>/` holds the smallest input that produces it and the text
//! that a person sees. `SUNAP_BLESS=1` writes what came out; review it before it is committed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at what it does not expect")]

use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;
use sunap::fault::Faults;
use sunap::intake::answer::{self, About};
use sunap::intake::order::{self, Order};
use sunap::intake::read_list;

/// The keys that every case has; other rooms' cases have more.
#[derive(Deserialize)]
struct Case {
    room: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    repeat_last_row: usize,
}

fn faults_of(case: &Case, folder: &Path) -> Faults {
    let mut bytes = std::fs::read(folder.join(&case.file)).unwrap();
    if case.repeat_last_row > 0 {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let last = text.lines().last().unwrap();
        bytes.extend(format!("{last}\r\n").repeat(case.repeat_last_row - 1).into_bytes());
    }
    if case.file.ends_with(".toml") {
        let faults = Order::parse(&case.file, &bytes).unwrap_err();
        assert!(order::rejection(&faults).parse::<toml::Table>().is_ok());
        return faults;
    }
    if case.file.starts_with("receipts") {
        return sunap::intake::message::receipts(&case.file, &bytes).map(|_| ()).unwrap_err();
    }
    let faults = read_list(&case.file, &bytes).map(|_| ()).unwrap_err();
    let summary = answer::rejection(&About { file: &case.file, sha256: &[0; 32] }, &faults);
    let table: toml::Table = summary.parse().unwrap();
    assert_eq!(table["result"].as_str(), Some("rejected"));
    assert_eq!(table["fault"].as_array().unwrap().len(), faults.kept().len());
    faults
}

#[test]
fn each_fault_has_its_case_and_its_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut shown = Vec::new();
    for entry in std::fs::read_dir(&root).unwrap() {
        let folder = entry.unwrap().path();
        // Folders of other rooms may have no such page, or another one.
        let text = std::fs::read_to_string(folder.join("case.toml")).unwrap_or_default();
        let Ok(case) = toml::from_str::<Case>(&text) else { continue };
        if case.room != "intake" {
            continue;
        }
        let faults = faults_of(&case, &folder);
        let name = folder.file_name().unwrap().to_str().unwrap().to_string();
        assert!(faults.kept().iter().any(|fault| fault.name == name), "{name}: {faults}");
        let path = folder.join("expected.txt");
        if std::env::var_os("SUNAP_BLESS").is_some() {
            std::fs::File::create(&path).unwrap().write_all(faults.to_string().as_bytes()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), faults.to_string(), "{name}");
        shown.push(name);
    }
    for name in names_in_source() {
        assert!(shown.contains(&name), "the fault {name} has no folder in tests/faults");
    }
}

/// Every literal in `src/intake` that names a fault.
fn names_in_source() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/intake");
    let mut names = Vec::new();
    let mut paths = vec![root];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let literals = text.split('"').filter(|word| word.starts_with("list-") || word.starts_with("order-"));
        let whole =
            |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        names.extend(literals.filter(whole).map(str::to_string));
    }
    assert!(names.len() > 10);
    names
}
