//! Folders made at start, the lock, drops and what a dead process leaves.

use crate::{Bench, channel, owners, write};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use sunap::spool::{Limits, LockError, Owner, Room, Spool, boot_id, drop_file};

#[test]
fn makes_the_folders_and_opens_them_again() {
    let bench = Bench::new();
    let spool = bench.dir.path().join("spool");
    for folder in [
        "channel/kftc-a/.stage",
        "channel/kftc-a/sent",
        "creditor/00000012/inbox",
        "creditor/00000012/outbox",
        "control/held",
    ] {
        assert!(spool.join(folder).is_dir(), "{folder}");
    }
    assert!(!spool.join("control/sent").exists() && !spool.join("creditor/00000012/.stage").exists());
    assert!(bench.dir.path().join("state/archive").is_dir());
    Spool::open(&spool, &bench.dir.path().join("state"), &owners(), Limits::default(), &crate::ring())
        .unwrap();
}

#[test]
fn a_room_behind_a_link_or_that_is_a_file_is_refused() {
    let make = |bench: &Bench| {
        Spool::open(
            &bench.dir.path().join("spool"),
            &bench.dir.path().join("state"),
            &owners(),
            Limits::default(),
            &crate::ring(),
        )
    };
    let bench = Bench::new();
    let outbox = bench.spool.path(&channel(), Room::Outbox);
    std::fs::remove_dir(&outbox).unwrap();
    std::os::unix::fs::symlink(bench.dir.path(), &outbox).unwrap();
    assert!(make(&bench).unwrap_err().to_string().contains("outbox"));
    std::fs::remove_file(&outbox).unwrap();
    write(&outbox, b"");
    assert!(make(&bench).is_err());
}

#[test]
fn only_one_process_holds_a_spool_or_a_state() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let lock = Spool::lock(&path("spool"), &path("state")).unwrap();
    for (spool, state, held) in
        [("spool", "state", "spool"), ("spool", "state2", "spool"), ("spool2", "state", "state")]
    {
        match Spool::lock(&path(spool), &path(state)) {
            Err(LockError::AlreadyRunning { folder, holder }) => {
                assert!(folder.ends_with(held), "{folder}");
                assert_eq!(holder, std::process::id().to_string());
            }
            other => panic!("{other:?}"),
        }
    }
    drop(lock);
    Spool::lock(&path("spool"), &path("state")).unwrap();
}

#[test]
fn finds_whose_room_a_path_is() {
    let bench = Bench::new();
    let inbox = bench.spool.path(&channel(), Room::Inbox);
    assert_eq!(
        bench.spool.place_of(&inbox.join("EB220105")),
        Some((channel(), Room::Inbox, "EB220105".into()))
    );
    assert_eq!(bench.spool.place_of(&inbox), None);
    assert_eq!(bench.spool.place_of(&inbox.join("a/b")), None);
    assert_eq!(bench.spool.place_of(bench.dir.path()), None);
}

#[test]
fn a_drop_is_whole_and_never_over_another() {
    let bench = Bench::new();
    bench.spool.drop_order("shift.toml", "day = 1\n").unwrap();
    bench.spool.drop_order("shift.toml", "day = 1\n").unwrap();
    assert!(bench.spool.drop_order("shift.toml", "day = 2\n").is_err());
    assert_eq!(bench.names(&Owner::Control, Room::Inbox), ["shift.toml"]);
    assert_eq!(bench.text(&Owner::Control, Room::Inbox, "shift.toml"), "day = 1\n");
    for name in ["../x", "", ".", ".hidden", "a/b", "a\nb"] {
        assert!(bench.spool.drop_order(name, "").is_err(), "{name:?}");
    }
    assert!(drop_file(&bench.dir.path().join("nowhere"), "x", b"").is_err());
    assert_eq!(bench.names(&Owner::Control, Room::Inbox), ["shift.toml"], "nothing left of the refused ones");
}

#[test]
fn tidy_takes_only_our_own_leftovers() {
    let bench = Bench::new();
    let control = Owner::Control;
    bench.put(&control, Room::Work, ".sunap-3.tmp", "half");
    bench.put(&control, Room::Work, "order.toml", "claimed");
    bench.put(&channel(), Room::Stage, ".sunap-0.tmp", "half");
    bench.put(&channel(), Room::Stage, "EB210105", "staged");
    write(&bench.dir.path().join("state/archive/.sunap-9.tmp"), b"half");
    bench.put(&control, Room::Inbox, ".sunap-1.tmp", "another's, whatever it is called");
    bench.put(&control, Room::Inbox, "list.tmp", "a sender's");
    bench.put(&control, Room::Inbox, ".drop-1-0.tmp", "its process died");
    bench.put(&control, Room::Inbox, ".drop-2-0.tmp", "its process lives");
    let lives = File::open(bench.path(&control, Room::Inbox, ".drop-2-0.tmp")).unwrap();
    flock(&lives, FlockOperation::NonBlockingLockExclusive).unwrap();
    assert_eq!(bench.spool.tidy().unwrap(), 4);
    assert_eq!(bench.names(&control, Room::Inbox), [".drop-2-0.tmp", ".sunap-1.tmp", "list.tmp"]);
    assert_eq!(bench.names(&control, Room::Work), ["order.toml"]);
    assert_eq!(bench.names(&channel(), Room::Stage), ["EB210105"]);
    assert_eq!(bench.spool.tidy().unwrap(), 0);
}

#[test]
fn every_name_shows_in_the_scan() {
    let bench = Bench::new();
    let inbox = bench.spool.path(&channel(), Room::Inbox);
    let names: [&[u8]; 6] = [b"-rf", b"100%", b"\xff\xfe", b"a\x1b[31m\n", &[b'x'; 255], "목록".as_bytes()];
    for name in names {
        write(&inbox.join(std::ffi::OsStr::from_bytes(name)), b"1");
    }
    let shown = bench.names(&channel(), Room::Inbox);
    let long = "x".repeat(255);
    assert_eq!(shown, ["-rf", "100%", "a\\u{1b}[31m\\u{a}", &long, "목록", "\\xFF\\xFE"]);
    for (n, seen) in bench.spool.scan(&channel()).unwrap().iter().enumerate() {
        let claimed = bench.spool.claim(&channel(), seen).unwrap();
        bench.spool.archive(&claimed, crate::day()).unwrap();
        let settled =
            bench.spool.settle(&claimed, sunap::spool::Outcome::Rejected, Some(&format!("no {n}"))).unwrap();
        assert_eq!(settled.name, seen.name);
        assert!(settled.report.unwrap().len() <= 255);
    }
    assert_eq!(bench.spool.look(&channel(), Room::Rejected).unwrap().len(), 12);
    assert!(bench.names(&channel(), Room::Work).is_empty());
}

#[test]
fn this_boot_has_a_name() {
    assert_eq!(boot_id().unwrap(), boot_id().unwrap());
    assert_eq!(boot_id().unwrap().len(), 36);
}

#[test]
fn an_unknown_owner_is_a_trouble() {
    let bench = Bench::new();
    let other = Owner::Channel("nobody".parse().unwrap());
    assert_eq!(bench.spool.scan(&other).unwrap_err().os_error(), Some(2));
}
