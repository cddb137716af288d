//! Every fault of the exchange's rules file: `tests/faults/<fault>/` with `case.toml` (`room = "exchange"`),
//! `rules.toml` and the text that a person sees, `expected.txt`. The folder's name is the fault that the case is for.

#![cfg(test)]

use std::path::{Path, PathBuf};
use sunap::exchange::Rules;

/// The faults that `src/exchange/rules_file.rs` can tell.
const FAULTS: [&str; 4] = [
    "exchange-rule-contradiction",
    "exchange-rule-incomplete",
    "exchange-rule-value",
    "exchange-rules-unreadable",
];

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| {
            std::fs::read_to_string(case.join("case.toml"))
                .is_ok_and(|text| text.contains("room = \"exchange\""))
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn each_case_tells_its_text() {
    for case in cases() {
        let name = case.file_name().unwrap().to_str().unwrap().to_string();
        let rules = std::fs::read_to_string(case.join("rules.toml")).unwrap();
        let faults = Rules::from_toml("rules.toml", &rules).unwrap_err();
        let expected = std::fs::read_to_string(case.join("expected.txt")).unwrap();
        assert_eq!(faults.to_string(), expected, "{name}");
        assert!(faults.kept().iter().any(|fault| fault.name == name), "{name} is not told by its case");
    }
}

#[test]
fn every_fault_has_its_case() {
    let source =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/exchange/rules_file.rs"))
            .unwrap();
    let mut told: Vec<&str> = source.split('"').filter(|text| text.starts_with("exchange-rule")).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told, FAULTS);
    let names: Vec<String> =
        cases().iter().map(|case| case.file_name().unwrap().to_str().unwrap().to_string()).collect();
    assert_eq!(names, FAULTS);
}

#[test]
fn the_shipped_rules_are_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/exchange/demo.toml");
    let rules = Rules::from_toml("demo.toml", &std::fs::read_to_string(path).unwrap());
    let rules = rules.map_err(|faults| faults.to_string()).unwrap();
    assert_eq!((rules.verdicts.len(), rules.mischiefs.len()), (8, 3));
    let empty = Rules::from_toml("empty.toml", "").map_err(|faults| faults.to_string()).unwrap();
    assert_eq!(empty.centre.codes.len(), sunap::exchange::Check::ALL.len());
}
