//! A change of keys beside the work: taken up at the next turn, everything sealed again, killed at any step and gone on with;
//! an old key is taken out of use only when nothing names it; an old backup opens once its key is put back.
#![cfg(test)]

#[path = "demo/runs.rs"]
mod runs;

use runs::{demo, sunap};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use sunap::config::Config;
use sunap::engine::Engine;
use sunap::ledger::Reader;
use sunap::seal::{KeyId, KeyRing, key_of_header};
use sunap::spool::archived_keys;

fn asked(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let out = sunap(arguments).arg("--config").arg(dir.join("config/sunap.toml")).output().unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn digest(dir: &Path) -> [u8; 32] {
    let ring = Arc::new(KeyRing::load(&dir.join("keys")).unwrap());
    Reader::open(&dir.join("state/ledger.sqlite"), &ring).unwrap().final_state_digest().unwrap()
}

/// The keys that values and archived files name.
fn named(dir: &Path) -> BTreeSet<u16> {
    let ring = Arc::new(KeyRing::load(&dir.join("keys")).unwrap());
    let reader = Reader::open(&dir.join("state/ledger.sqlite"), &ring).unwrap();
    let mut ids: BTreeSet<u16> =
        reader.sealed_values().unwrap().by_key.keys().map(|id| id.number()).collect();
    let files = archived_keys(&dir.join("state/archive")).unwrap();
    ids.extend(files.iter().map(|(_, _, id)| id.unwrap().number()));
    ids
}

#[test]
fn keys_change_beside_the_work_and_after_every_stop() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("demo");
    assert!(demo(&dir, false).status.success());
    let before = digest(&dir);
    let backup = temp.path().join("backup.sqlite");
    assert_eq!(asked(&dir, &["backup", "--to", backup.to_str().unwrap()]).0, Some(0));
    assert_eq!(asked(&dir, &["key", "new"]).0, Some(64), "there is one already");
    let config = Arc::new(Config::load(&dir.join("config/sunap.toml")).unwrap());
    let now = "2026-02-03 23:00".parse().unwrap();
    let mut engine = Engine::open(Arc::clone(&config), now).unwrap();
    engine.turn(now, 0).unwrap();
    assert_eq!(asked(&dir, &["key", "rotate"]).0, Some(0));
    assert_eq!(named(&dir), BTreeSet::from([1]));
    // Stopped after every single turn: what was done stays, the rest is found again.
    let mut stops = 0;
    while named(&dir) != BTreeSet::from([2]) {
        engine.turn(now, 0).unwrap();
        let (code, told) = asked(&dir, &["key", "retire", "1"]);
        assert_eq!(code == Some(0), named(&dir) == BTreeSet::from([2]), "{told}");
        if stops % 3 == 0 {
            drop(engine);
            engine = Engine::open(Arc::clone(&config), now).unwrap();
        }
        stops += 1;
        assert!(stops < 200, "{:?}", named(&dir));
    }
    while engine.turn(now, 0).unwrap().worked {}
    drop(engine);
    assert!(dir.join("keys/1.retired").exists() && !dir.join("keys/1.key").exists());
    assert_eq!(digest(&dir), before, "the business state is the same");
    let (code, told) = asked(&dir, &["verify"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("0 findings"), "{told}");
    // A backup of before names the key that it needs, and opens when it is put back.
    assert_eq!(
        key_of_header(&std::fs::read(&backup).unwrap()).map(KeyId::number),
        Some(1),
        "sealed as a whole"
    );
    let restore = ["restore", "--check", "--from", backup.to_str().unwrap()];
    let (code, told) = asked(&dir, &restore);
    assert_eq!(code, Some(74), "{told}");
    assert!(told.contains("sealed with key 1, which is not there: put 1.key back"), "{told}");
    assert!(std::fs::copy(dir.join("keys/1.retired"), dir.join("keys/1.key")).is_ok());
    let (code, told) = asked(&dir, &restore);
    assert_eq!(code, Some(0), "{told}");
    let state: String = before.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(told.contains(&format!("state {state}")), "{told}");
}
