//! Known personal numbers (accounts, business numbers, phones), and the search for them where they must not stand: plain,
//! with dashes, and in UTF-16.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files below a folder, those of some folders left out.
fn files_below(folder: &Path, without: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && !without.contains(&name.as_str()) {
                open.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found
}

/// The digits of a cell, where it is long enough that no other number is it by chance.
fn number(cell: &str) -> Option<String> {
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    let rest = cell.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ');
    (rest && digits.len() >= 10).then_some(digits)
}

/// The personal numbers of every list below a folder, by the headings of their columns.
pub(crate) fn canaries(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files_below(folder, &[]) {
        let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap_or_default()) else { continue };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let Ok(heads) = reader.headers().cloned() else { continue };
        let personal = |head: &str| {
            ["계좌번호", "번호/사업자", "사업자번호", "휴대번호"].iter().any(|word| head.contains(word))
        };
        let columns: Vec<usize> =
            heads.iter().enumerate().filter(|(_, head)| personal(head)).map(|(at, _)| at).collect();
        for row in reader.records().map_while(Result::ok) {
            found.extend(columns.iter().filter_map(|at| number(row.get(*at)?)));
        }
    }
    found
}

/// Which canaries stand in these bytes.
pub(crate) fn in_bytes(bytes: &[u8], canaries: &BTreeSet<String>) -> Vec<String> {
    // UTF-16 of digits is digits with zero bytes between them.
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let mut runs: Vec<String> = Vec::new();
    for bytes in [bytes, &narrow] {
        for run in bytes.split(|byte| !byte.is_ascii_digit() && *byte != b'-') {
            if run.len() >= 10 {
                runs.push(run.iter().filter(|byte| **byte != b'-').map(|byte| char::from(*byte)).collect());
            }
        }
    }
    canaries.iter().filter(|canary| runs.iter().any(|run| run.contains(canary.as_str()))).cloned().collect()
}

/// Which canaries stand below a folder: file and number.
pub(crate) fn below(folder: &Path, without: &[&str], canaries: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for path in files_below(folder, without) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        found.extend(
            in_bytes(&bytes, canaries).into_iter().map(|number| format!("{number} in {}", path.display())),
        );
    }
    found
}
