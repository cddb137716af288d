//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "layout"`: the smallest input that produces the
//! fault of the folder's name (it is the first told), and the whole text that a person sees (`expected.txt`).
//!
//! `case.toml`:
//! - `what`: `load` (the layout itself is wrong), `read` (a file is), `json` (lines for `sunap write` are), `detect`.
//! - `layout`: a fixture of `tests/layouts/` (for `detect` all are tried), changed by `replace = [["from", "to"], …]`.
//! - `name`: the file's name. `sample`: a `.dat` of `tests/layouts/`, changed by `patch = [[byte, "text"], …]` (absolute
//!   positions from 1) and `change = [["from", "to"], …]` (first place each), cut by `cut` bytes, followed by `append`; or
//!   `lines`, joined by the layout's line end (for `json`: by line feeds). `\xHH` in these texts is a byte, other text is
//!   EUC-KR by way of the layout (ASCII in practice).
//! - `fill`: for `json`, whether serials, counts and sums are computed.
//!
//! `UPDATE_FAULTS=1 cargo test --test layout_faults` writes `expected.txt`: read the difference before committing it.
#![cfg(test)]

use serde::Deserialize;
use std::fs::{File, read, read_dir, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};
use sunap::layout::{Layout, detect, write_json};

#[derive(Deserialize)]
struct Case {
    room: String,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutCase {
    what: String,
    #[serde(default)]
    layout: String,
    #[serde(default)]
    replace: Vec<(String, String)>,
    #[serde(default)]
    name: String,
    sample: Option<String>,
    #[serde(default)]
    patch: Vec<(usize, String)>,
    #[serde(default)]
    change: Vec<(String, String)>,
    #[serde(default)]
    cut: usize,
    #[serde(default)]
    append: String,
    #[serde(default)]
    lines: Vec<String>,
    #[serde(default)]
    fill: bool,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Text with `\xHH` for bytes.
fn bytes_of(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        out.extend_from_slice(before.as_bytes());
        let (digits, tail) = after.split_at(2);
        out.push(u8::from_str_radix(digits, 16).unwrap());
        rest = tail;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn load(case: &LayoutCase) -> Result<Layout, String> {
    let file = format!("layouts/{}.toml", case.layout);
    let mut text = read_to_string(tests().join(&file)).unwrap();
    for (from, to) in &case.replace {
        assert!(text.contains(from), "the layout has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    Layout::from_toml(&file, &text).map_err(|faults| faults.to_string())
}

fn input(case: &LayoutCase, line_end: &str) -> Vec<u8> {
    let mut bytes = match &case.sample {
        Some(sample) => read(tests().join(format!("layouts/{sample}.dat"))).unwrap(),
        None => case.lines.iter().flat_map(|line| bytes_of(&format!("{line}{line_end}"))).collect(),
    };
    for (from, to) in &case.change {
        let (from, to) = (bytes_of(from), bytes_of(to));
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap_or_else(|| panic!("no {from:?}"));
        bytes.splice(at..at + from.len(), to);
    }
    for (at, text) in &case.patch {
        let new = bytes_of(text);
        bytes.splice(at - 1..at - 1 + new.len(), new);
    }
    bytes.truncate(bytes.len() - case.cut.min(bytes.len()));
    bytes.extend(bytes_of(&case.append));
    bytes
}

fn told(case: &LayoutCase) -> String {
    match case.what.as_str() {
        "load" => load(case).err().unwrap_or_default(),
        "read" => {
            let layout = load(case).unwrap_or_else(|faults| panic!("{faults}"));
            let bytes = input(case, "\r\n");
            layout.reader(&case.name, bytes.as_slice()).finish().unwrap().faults.to_string()
        }
        "json" => {
            let layout = load(case).unwrap_or_else(|faults| panic!("{faults}"));
            let lines = input(case, "\n");
            match write_json(&layout, &case.name, lines.as_slice(), Vec::new(), case.fill) {
                Err(error) => error.to_string(),
                Ok(_) => String::new(),
            }
        }
        "detect" => {
            let names: Vec<_> =
                read_dir(tests().join("layouts")).unwrap().map(|e| e.unwrap().path()).collect();
            let mut files: Vec<_> =
                names.into_iter().filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
            files.sort();
            let mut layouts: Vec<Layout> = files
                .iter()
                .map(|path| Layout::from_toml("layout", &read_to_string(path).unwrap()).unwrap())
                .collect();
            if !case.layout.is_empty() {
                layouts.push(load(case).unwrap_or_else(|faults| panic!("{faults}")));
            }
            detect(&layouts, &case.name, &input(case, ""))
                .map_or_else(|fault| fault.to_string(), |_| String::new())
        }
        other => panic!("unknown what {other:?}"),
    }
}

#[test]
fn each_fault_is_told_as_written() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    let mut folders: Vec<PathBuf> =
        read_dir(tests().join("faults")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_string();
        let Ok(text) = read_to_string(folder.join("case.toml")) else { continue };
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if case.room != "layout" {
            continue;
        }
        seen += 1;
        let case: LayoutCase = case.rest.try_into().unwrap_or_else(|error| panic!("{name}: {error}"));
        let told = told(&case);
        if !told.starts_with(&format!("error[{name}]: ")) {
            wrong.push(format!("{name}: told\n{told}"));
            continue;
        }
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_FAULTS").is_some() {
            File::create(&expected).unwrap().write_all(told.as_bytes()).unwrap();
        }
        let written = read_to_string(&expected).unwrap_or_default();
        if told != written {
            wrong.push(format!("{name}: told\n{told}\nbut expected.txt says\n{written}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
    assert!(seen > 60, "only {seen} folders");
}
