//! What the command line says of creditors, notices and saved queries, as a process of its own.
#![cfg(test)]

#[path = "shipped/copy.rs"]
mod shipped;

use std::path::Path;
use std::process::{Command, Output};

fn sunap(home: &Path, words: &[&str]) -> (i32, String, String) {
    let done: Output = Command::new(env!("CARGO_BIN_EXE_sunap"))
        .args(words)
        .current_dir(home)
        .env("XDG_CONFIG_HOME", home.join("own"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn queries_are_kept_run_and_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let sunap = |words: &[&str]| sunap(home.path(), words);
    assert_eq!(sunap(&["query", "list"]).0, 0);
    let (exit, out, _) = sunap(&["query", "save", "도움", "--", "status", "--at", "2026-01-05 12:00"]);
    assert_eq!((exit, out.trim()), (0, "도움: sunap status --at 2026-01-05 12:00"));
    assert_eq!(sunap(&["query", "save", "도움", "--", "status"]).0, 64, "the name is taken");
    assert!(sunap(&["query", "list"]).1.contains("도움: sunap status"));
    // It is run as if it had been typed, with what stands behind.
    let (exit, _, told) = sunap(&["query", "run", "도움", "--", "--config", "nowhere/sunap.toml"]);
    assert_eq!(exit, 78, "{told}");
    assert!(told.contains("config-file-missing"), "{told}");
    let (exit, _, told) = sunap(&["query", "save", "bad", "--", "file", "hold", "EB210105", "--reason", "x"]);
    assert_eq!(exit, 64);
    assert!(told.contains("they ask, and do nothing"), "{told}");
    assert_eq!(sunap(&["query", "save", "../x", "--", "status"]).0, 64);
    assert_eq!(sunap(&["query", "remove", "도움"]).0, 0);
    assert_eq!(sunap(&["query", "remove", "도움"]).0, 64);
    assert_eq!(sunap(&["query", "run", "도움"]).0, 64);
}

#[test]
fn a_creditor_is_shown_without_personal_numbers() {
    let home = tempfile::tempdir().unwrap();
    shipped::shipped_into(home.path());
    let sunap = |words: &[&str]| sunap(home.path(), words);
    let config = ["--config", "config/sunap.toml"];
    let with = |words: &[&'static str]| [words, &config[..]].concat();
    let (exit, out, told) = sunap(&with(&["creditor", "show", "10000001"]));
    assert_eq!(exit, 0, "{told}");
    assert!(
        out.contains("이용기관 10000001  한빛수학학원") && out.contains("집금항목 TUITION 수강료"),
        "{out}"
    );
    assert!(!out.contains("02-000-0001") && !out.contains("office@"), "{out}");
    let (exit, out, _) = sunap(&with(&["creditor", "check", "10000001"]));
    assert!(exit == 0 && out.contains("ok"), "{out}");
    assert_eq!(sunap(&with(&["creditor", "show", "99999999"])).0, 64);
}

/// Nobody reads an empty report of settlements as "nothing was settled".
#[test]
fn a_settlement_is_not_narrowed_to_some_payers() {
    let home = tempfile::tempdir().unwrap();
    shipped::shipped_into(home.path());
    for (option, value) in [("--item", "TUITION"), ("--group", "HIGH"), ("--payer", "A-0001")] {
        let words = ["report", "settlements", "--creditor", "10000001", option, value];
        let (exit, out, told) =
            sunap(home.path(), &[&words[..], &["--config", "config/sunap.toml"]].concat());
        assert_eq!((exit, out.as_str()), (64, ""), "{told}");
        assert!(told.contains("a settlement is of the whole creditor"), "{told}");
    }
}
