//! The walls of the house (ARCHITECTURE.md, "Walls"), held as tests: who may know whom, who may touch the world,
//! and that every fault and every layout has its case.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the page that is written again is a file of the repository")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// Rust files of the program, unit test files left out.
fn sources() -> Vec<PathBuf> {
    files_below(&root().join("src"), ".rs").into_iter().filter(|path| !is_test(path)).collect()
}

/// The source of a file without its unit tests: what stands before the first `#[cfg(test)]`, comments removed.
fn production_code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The room of a source file: the first folder or file below `src`.
fn room_of(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_string()
}

/// Which rooms a room may name besides `domain` and `fault`.
fn may_know() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("domain", &[][..]),
        ("fault", &[]),
        ("calendar", &[]),
        ("layout", &[]),
        ("machine", &[]),
        ("bank", &["layout", "machine"]),
        ("books", &[]),
        ("rules", &["machine"]),
        ("intake", &["rules", "machine"]),
        // Which orders and lists there are decides which rights there are.
        ("config", &["calendar", "layout", "bank", "machine", "books", "intake"]),
        ("clock", &[]),
        ("transfer", &["spool", "clock"]),
        ("seal", &[]),
        ("sheet", &["intake"]),
        ("spool", &["machine", "seal"]),
        ("ledger", &["machine", "seal"]),
        // Reads the ledger's queries only; codes' Korean texts come from bank, charsets from layout, what may be asked for from rules.
        ("report", &["ledger", "machine", "layout", "config", "bank", "rules"]),
        ("exchange", &["layout", "bank", "calendar", "spool", "machine"]),
        (
            "engine",
            &[
                "books", "calendar", "layout", "machine", "bank", "rules", "intake", "config", "spool",
                "ledger", "seal", "sheet", "report",
            ],
        ),
        ("daemon", &["engine", "config", "clock", "spool"]),
        (
            "cli",
            &[
                "daemon", "config", "ledger", "spool", "layout", "bank", "calendar", "exchange", "clock",
                "engine", "intake", "machine", "rules", "transfer", "seal", "sheet", "report",
            ],
        ),
        ("main", &["cli"]),
        ("lib", &[]),
    ])
}

#[test]
fn rooms_know_only_whom_they_may() {
    let table = may_know();
    let rooms: BTreeSet<String> = sources().iter().map(|path| room_of(path)).collect();
    let mut wrong = Vec::new();
    for path in sources() {
        let room = room_of(&path);
        let allowed =
            table.get(room.as_str()).copied().unwrap_or_else(|| panic!("room {room} is not in the table"));
        let code = production_code(&path);
        for other in &rooms {
            let named = code.contains(&format!("crate::{other}::"))
                || code.contains(&format!("crate::{other};"))
                || code.contains(&format!("sunap::{other}::"));
            let free = matches!(other.as_str(), "domain" | "fault") || *other == room;
            if named && !free && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: {room} may not know {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words that only some places may use (a place is the beginning of a path below src), and what to use instead.
const BANNED: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["ledger/"], "SQL stands in ledger"),
    // tokio-cron-scheduler takes its zone as chrono's type.
    ("chrono::", &["domain/", "clock.rs", "daemon/heartbeat.rs"], "days and instants come from domain::time"),
    ("SystemTime", &["clock.rs"], "the time is an argument; only clock asks"),
    ("time::Instant", &["clock.rs"], "the time is an argument; only clock asks"),
    // The exchange and the demo's script are the other side: they act on the outside of the folders. `write --out`
    // writes what its user names, never into the spool. The ledger makes its own file durable.
    (
        "rustix::fs",
        &[
            "spool/",
            "exchange/folders.rs",
            "transfer/folders.rs",
            "cli/demo/",
            "cli/write.rs",
            "cli/check.rs",
            "cli/key.rs",
        ],
        "only spool creates, renames and removes",
    ),
    (
        "fs::rename",
        &["spool/", "exchange/folders.rs", "transfer/folders.rs", "cli/demo/", "cli/write.rs", "cli/key.rs"],
        "not durable: use spool",
    ),
    ("fs::write", &["spool/"], "not durable: use spool"),
    // A copy that was not verified is no backup and goes; so does the copy in which time was played ahead.
    (
        "fs::remove",
        &["spool/", "ledger/open.rs", "cli/write.rs", "cli/backup.rs", "cli/scratch.rs"],
        "nothing is deleted outside spool",
    ),
    // mischief.rs writes wrong charsets on purpose; passbook.rs only asks whether a character can be written.
    (
        "encoding_rs",
        &["layout/", "intake/", "config/passbook.rs", "exchange/mischief.rs"],
        "text goes through strict codecs only",
    ),
    // settings.rs only names the crates whose logs are kept quiet.
    (
        "tokio",
        &["daemon.rs", "daemon/", "cli/settings.rs", "transfer/"],
        "the core and the engine are plain functions",
    ),
    ("std::net", &["transfer/"], "the daemon has no network: only transfer opens a socket"),
    ("tokio::net", &["transfer/"], "the daemon has no network: only transfer opens a socket"),
    ("process::Command", &["transfer/"], "only transfer runs another program: the system's sftp"),
];

#[test]
fn the_world_is_touched_in_one_place() {
    let mut wrong = Vec::new();
    for path in sources() {
        let below = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
        let code = production_code(&path);
        for (word, places, instead) in BANNED {
            if code.contains(word) && !places.iter().any(|place| below.starts_with(place)) {
                wrong.push(format!("{below}: {word}: {instead}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_and_names_of_a_bank_stand_in_data() {
    let mut wrong = Vec::new();
    for path in sources() {
        let code = production_code(&path);
        let words: &[&str] = if room_of(&path) == "layout" { &["mandate", "creditor", "debit"] } else { &[] };
        let codes = ["\"EB1", "\"EB2", "\"EC2", "\"EI1", "\"0021\"", "\"0017\"", "\"A016\""];
        for word in words.iter().chain(&codes).filter(|word| code.contains(**word)) {
            wrong.push(format!("{}: {word} belongs into formats/, config/ or bank", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every name in `Fault::new("…"` of production code.
fn fault_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in sources() {
        let code = production_code(&path);
        let mut rest = code.as_str();
        while let Some(at) = rest.find("Fault::new(") {
            rest = rest.get(at + "Fault::new(".len()..).unwrap_or_default();
            if let Some(text) = rest.trim_start().strip_prefix('"') {
                names.insert(text.split('"').next().unwrap_or_default().to_string());
            }
        }
    }
    names
}

#[test]
fn every_fault_has_its_case() {
    let shown: BTreeSet<String> = fs::read_dir(root().join("tests/faults"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    // Root may write everywhere, so the tests, which run as root in CI, cannot show this one.
    let needs_another_user = "folder-not-writable";
    let names = fault_names();
    let missing: Vec<&String> = names.difference(&shown).filter(|name| *name != needs_another_user).collect();
    assert!(missing.is_empty(), "faults without tests/faults/<name>/: {missing:#?}");
}

#[test]
fn every_layout_has_a_golden_case() {
    let mut missing = Vec::new();
    for path in files_below(&root().join("formats"), ".toml") {
        // The messages of a protocol are no files: tests/transfer.rs holds their golden bytes.
        if path.parent().is_some_and(|dir| dir.ends_with("codes") || dir.ends_with("transfer")) {
            continue;
        }
        let kind = path.file_stem().unwrap().to_string_lossy().to_lowercase();
        if fs::read_dir(root().join("tests/golden").join(&kind)).into_iter().flatten().count() == 0 {
            missing.push(kind);
        }
    }
    assert!(missing.is_empty(), "layouts without tests/golden/<kind>/<case>/: {missing:?}");
}

#[test]
fn files_stay_readable() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > 550 {
            wrong.push(format!("{}: {lines} lines; split it by concern (about 500)", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: begin with //! and say what the file is", path.display()));
        }
        for word in ["TODO", "FIXME", "XXX", "for now", "#[allow("] {
            if text.contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if ["utils", "helpers", "common", "manager", "types", "misc"].contains(&name.as_str()) {
            wrong.push(format!("{}: a name that says nothing", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The recovery table as a matrix: rows of the ledger down, places of the spool across.
fn recovery_matrix(way: &str, head: &str) -> String {
    let table = fs::read_to_string(root().join("tests/spool/recovery.table")).unwrap();
    let (mut states, mut places) = (Vec::<String>::new(), Vec::<String>::new());
    let mut cells: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with(way)) {
        let words: Vec<String> = line.split('|').map(|word| word.trim().to_string()).collect();
        let (state, place, step) = (words[1].clone(), words[2].clone(), words.last().unwrap().clone());
        if !states.contains(&state) {
            states.push(state.clone());
        }
        if !places.contains(&place) {
            places.push(place.clone());
        }
        let steps = cells.entry((state, place)).or_default();
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    let mut out = format!("| {head} | {} |\n|---{}|\n", places.join(" | "), "|---".repeat(places.len()));
    for state in &states {
        let row: Vec<String> =
            places.iter().map(|place| cells[&(state.clone(), place.clone())].join(" / ")).collect();
        out.push_str(&format!("| {state} | {} |\n", row.join(" | ")));
    }
    out
}

#[test]
fn the_architecture_page_shows_the_recovery_table() {
    let ours = recovery_matrix("out", "our file: row \\ place");
    let theirs = recovery_matrix("in ", "their file: row \\ place");
    let path = root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- recovery: begin -->").unwrap();
    let (_, after) = rest.split_once("<!-- recovery: end -->").unwrap();
    let wanted = format!("{before}<!-- recovery: begin -->\n{ours}\n{theirs}<!-- recovery: end -->{after}");
    if std::env::var_os("SUNAP_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted, "SUNAP_BLESS=1 cargo test --test walls writes it");
}
