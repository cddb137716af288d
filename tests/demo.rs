//! The demo as a process: it proves what it says, and twice it gives the same bytes.
#![cfg(test)]

#[path = "demo/left.rs"]
mod left;
#[path = "demo/runs.rs"]
mod runs;

use left::files;
use runs::{demo, sunap};

#[test]
fn the_demo_adds_up_and_gives_the_same_bytes_twice() {
    let temp = tempfile::tempdir().unwrap();
    let (one, other) = (temp.path().join("one"), temp.path().join("other"));
    let first = demo(&one, false);
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(first.status.success(), "{said}\n{}", String::from_utf8_lossy(&first.stderr));
    for text in ["every answered file: requested - failed = collected   holds", "EB210105", "2026-01-05 (월)"]
    {
        assert!(said.contains(text), "{text:?} is not in:\n{said}");
    }
    assert!(demo(&other, false).status.success());
    let (files_one, files_other) = (files(&one), files(&other));
    assert!(files_one.keys().any(|path| path.ends_with("sent/EB210105")), "{:#?}", files_one.keys());
    assert_eq!(files_one, files_other);

    let again = demo(&one, false);
    assert!(again.status.success(), "an earlier demo is moved aside");
    assert_eq!(files(&temp.path().join("one.1")), files(&one), "and nothing of it is lost");
    let config = one.join("config/sunap.toml");
    let asked = |arguments: &[&str]| {
        let out = sunap(arguments).arg("--config").arg(&config).output().unwrap();
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    for (arguments, contained) in [
        (&["show", "payer", "A-0001"][..], "계좌신청완료"),
        (&["show", "file", "EB210105"], "answered"),
        (&["show", "mandate", "1", "--json"], "\"state\""),
        (&["show", "settlement", "1"], "(정산)"),
        (&["show", "settlement", "1", "--json"], "\"net_won\""),
    ] {
        let (code, text) = asked(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
        assert!(text.contains(contained), "{arguments:?}: {text}");
    }
    let (code, text) = asked(&["show", "settlement", "999"]);
    assert_eq!((code, text.as_str()), (Some(65), ""), "the ledger knows no such settlement");
    let named = asked(&["show", "settlement", "10000001", "2026-01-07"]);
    assert_eq!(named, asked(&["show", "settlement", "1"]), "by its day as by its number");
    assert_eq!(asked(&["show", "settlement", "EB210105"]).0, Some(64));
    let (code, text) = asked(&["status", "--json"]);
    assert!(matches!(code, Some(0 | 2)), "{code:?}: {text}");
    assert!(text.contains("\"business_time\":\"2026-02-03"), "{text}");
    assert_eq!(asked(&["run"]).0, Some(78), "the wall clock does not run on a rehearsal's state");
}
