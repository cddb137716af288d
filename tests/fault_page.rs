//! The page of all faults, `docs/faults.md`, is made from `tests/faults/`: name, room, the text that a person sees, and where
//! the smallest input stands. `SUNAP_BLESS=1 cargo test --test fault_page` writes it anew.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the page that is written again is a file of the repository")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const HEAD: &str = "# Faults: everything that sunap says is wrong with a file

A *fault* is wrong data or wrong configuration: nothing of that file is used, and the text below is what a person sees (on the
screen, in the log, or in the report beside the file in `rejected/` or `held/`). A row of a list that reads well but may not
happen is a *refusal* instead: its name, Korean reason and remedy come back with the list (`src/rules/names.rs`).

How to read one: `error[name]: file:place`, the bytes or text that stand there with a mark below, what was expected, and after
`→` what to do. The name never changes, so it can be searched for. Account and identity numbers are masked, control and
bidirectional characters written out.

This page is made from `tests/faults/`, one folder for each name with its smallest input (`tests/fault_page.rs` holds it; write it
anew with `SUNAP_BLESS=1 cargo test --test fault_page`).
";

/// Where faults come from, in the order in which a person meets them.
const ROOMS: [(&str, &str); 10] = [
    ("config", "Configuration"),
    ("load", "Layouts of bank files (while loading)"),
    ("layout", "Bank files and layouts"),
    ("bank", "Results of the bank and their completeness proof"),
    ("intake", "Lists and orders"),
    ("engine", "Files that were dropped"),
    ("transfer", "Transfer to and from the bank"),
    ("paper", "Papers"),
    ("exchange", "The simulated exchange"),
    ("cli", "Commands"),
];

/// The text of one fault in a page of several, its first twelve lines.
fn told(text: &str, name: &str) -> Option<String> {
    let start = format!("error[{name}]");
    let from = text.find(&start)?;
    let mut out = String::new();
    for (n, line) in text.split_at(from).1.lines().enumerate() {
        if n == 12 || (n > 0 && !line.starts_with(' ')) {
            break;
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    Some(out)
}

/// What a bank day expects of a report or an alert: the texts in quotes, else the alert's name.
fn expected_of_day(day: &str) -> String {
    let shown = |line: &str| {
        let rest = line.strip_prefix("expect ")?;
        let text = match rest.split_once(" contains \"") {
            Some((_, text)) => text.strip_suffix('"')?,
            None => rest.strip_prefix("alert ").map(|_| rest)?,
        };
        Some(format!("{text}\n"))
    };
    day.lines().filter_map(shown).collect()
}

fn case_of(folder: &Path, name: &str) -> (String, String) {
    let case = fs::read_to_string(folder.join("case.toml")).unwrap();
    let case: toml::Table = case.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let room = case.get("room").and_then(toml::Value::as_str).unwrap_or("layout").to_string();
    let text = match fs::read_to_string(folder.join("expected.txt")) {
        // A thing that is no file has an alert instead of a report: its text is all there is.
        Ok(text) => told(&text, name).or(Some(text)),
        Err(_) => Some(expected_of_day(&fs::read_to_string(folder.join("case.day")).unwrap_or_default())),
    };
    let text = text.filter(|text| !text.is_empty());
    (room, text.unwrap_or_else(|| panic!("tests/faults/{name} shows no text of error[{name}]")))
}

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut rooms: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (room, text) = case_of(&entry.path(), &name);
        rooms.entry(room).or_default().insert(name, text);
    }
    let mut out = HEAD.to_string();
    let known = ROOMS.map(|(room, _)| room);
    let others = rooms.keys().filter(|room| !known.contains(&room.as_str()));
    let ordered: Vec<(String, String)> = ROOMS
        .iter()
        .map(|(room, title)| ((*room).to_string(), (*title).to_string()))
        .chain(others.map(|room| (room.clone(), room.clone())))
        .collect();
    for (room, title) in ordered {
        let Some(faults) = rooms.get(&room) else { continue };
        let _ = write!(out, "\n## {title}\n");
        for (name, text) in faults {
            let _ = write!(
                out,
                "\n### {name}\n\nSmallest input: [tests/faults/{name}](../tests/faults/{name})\n\n"
            );
            let _ = write!(out, "```text\n{text}```\n");
        }
    }
    out
}

#[test]
fn the_page_of_faults_is_that_of_the_gallery() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let page = page();
    if std::env::var_os("SUNAP_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let differs = there.lines().zip(page.lines()).position(|(a, b)| a != b);
    assert!(
        there == page,
        "docs/faults.md is not what tests/faults/ says (first at line {differs:?}): SUNAP_BLESS=1 cargo test --test fault_page"
    );
}
