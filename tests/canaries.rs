//! Personal numbers stand nowhere but in the folders where creditors and banks exchange files: a whole demo, killed and gone
//! on with, logged in full; then state/ (ledger, its log, archive, witness), the log, and what every verb prints is
//! searched. The spool, where they do stand, shows that the search finds them.
#![cfg(test)]

#[path = "demo/runs.rs"]
mod runs;
#[path = "canary/search.rs"]
mod search;

use runs::{begin, demo, sunap};
use search::{below, canaries, in_bytes};
use std::path::Path;

#[test]
fn personal_numbers_stand_in_no_ledger_archive_log_or_answer() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("demo");
    let known = canaries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/demo"));
    assert!(known.len() > 300, "{} canaries", known.len());
    let mut killed = begin(&dir, false).env("SUNAP_LOG", "trace").spawn().unwrap();
    while !dir.join("state/archive/2026-01-05").exists() && killed.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(below(&dir.join("state"), &["exchange"], &known), [""; 0], "after a kill");
    let gone_on = begin(&dir, true).env("SUNAP_LOG", "trace").output().unwrap();
    assert!(gone_on.status.success(), "{}", String::from_utf8_lossy(&gone_on.stdout));
    assert_eq!(below(&dir.join("state"), &["exchange"], &known), [""; 0]);
    for (what, bytes) in [("what is printed", &gone_on.stdout), ("the log", &gone_on.stderr)] {
        assert_eq!(in_bytes(bytes, &known), [""; 0], "{what}");
    }
    assert!(demo(&dir, true).status.success(), "there is nothing left to do");
    let config = dir.join("config/sunap.toml");
    for arguments in [
        &["show", "payer", "A-0001"][..],
        &["show", "payer", "A-0001", "--json"],
        &["show", "mandate", "1"],
        &["show", "mandate", "1", "--json"],
        &["show", "collection", "1"],
        &["show", "file", "EB210105"],
        &["show", "file", "EB220105", "--json"],
        &["show", "settlement", "1"],
        &["show", "settlement", "1", "--json"],
        &["status"],
        &["status", "--json"],
        &["verify"],
        &["key", "list"],
    ] {
        let out = sunap(arguments).arg("--config").arg(&config).output().unwrap();
        assert_eq!(in_bytes(&[out.stdout, out.stderr].concat(), &known), [""; 0], "{arguments:?}");
    }
    // The negative control: the search finds what is there, also in UTF-16.
    assert!(!below(&dir.join("spool"), &[], &known).is_empty());
    let one = known.iter().next().unwrap();
    let wide: Vec<u8> = one.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(in_bytes(&wide, &known), std::slice::from_ref(one));
    assert!(sunap(&["verify", "--config"]).arg(&config).status().unwrap().success());
}
