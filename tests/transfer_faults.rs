//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "transfer"`: each edit by itself is made in the
//! shipped file (`settings`: config/transfer, `layout`: formats/transfer, `sftp`: config/sftp), and what a person sees is in `expected.txt`.
//!
//! `UPDATE_FAULTS=1 cargo test --test transfer_faults` writes `expected.txt`: read the difference before committing it.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the pages that are written again are files of the repository"
)]

use serde::Deserialize;
use std::fs;
use std::path::Path;
use sunap::transfer::{Settings, SftpSettings, Wire};

#[derive(Deserialize)]
struct Case {
    room: String,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    what: String,
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    from: String,
    to: String,
}

#[test]
fn every_fault_is_told_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut ran = 0;
    for folder in fs::read_dir(root.join("tests/faults")).unwrap() {
        let folder = folder.unwrap().path();
        let case: Case = toml::from_str(&fs::read_to_string(folder.join("case.toml")).unwrap()).unwrap();
        if case.room != "transfer" {
            continue;
        }
        ran += 1;
        let case: Transfer = case.rest.try_into().unwrap();
        let file = match case.what.as_str() {
            "settings" => "config/transfer/bankingplus-seoul.toml",
            "layout" => "formats/transfer/kftc.toml",
            "sftp" => "config/sftp/bankingplus-seoul.toml",
            other => panic!("{other}"),
        };
        let shipped = fs::read_to_string(root.join(file)).unwrap();
        let mut told = String::new();
        for edit in case.edit {
            let text = shipped.replace(&edit.from, &edit.to);
            assert_ne!(text, shipped, "{}", edit.from);
            let fault = match case.what.as_str() {
                "settings" => Settings::from_toml(file, &text).map(drop).unwrap_err(),
                "sftp" => SftpSettings::from_toml(file, &text).map(drop).unwrap_err(),
                _ => Wire::from_toml(file, &text, "bank").map(drop).unwrap_err(),
            };
            assert_eq!(Some(fault.name), folder.file_name().and_then(|name| name.to_str()));
            told.push_str(&fault.to_string());
        }
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_FAULTS").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        assert_eq!(fs::read_to_string(expected).unwrap(), told);
    }
    assert_eq!(ran, 3);
}
