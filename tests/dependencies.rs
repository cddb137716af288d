//! `docs/dependencies.md` says of each direct dependency why it is there, and of no other.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs::read_to_string;

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read_to_string("Cargo.toml").unwrap().parse().unwrap();
    let direct: BTreeSet<&str> = ["dependencies", "dev-dependencies"]
        .iter()
        .flat_map(|table| manifest[*table].as_table().unwrap().keys().map(String::as_str))
        .collect();
    let page = read_to_string("docs/dependencies.md").unwrap();
    let told: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | ").map(|(name, _)| name))
        .collect();
    assert_eq!(told, direct);
}
