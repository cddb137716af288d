//! Claim, archive, settle, refuse, answer: the good way and each way in which a dropped thing is no file for us.

use crate::{Bench, channel, day, mkdir, rename, write};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::File;
use std::io::{Read, Write};
use sunap::spool::{ClaimError, Kind, Outcome, Owner, Refused, Room, Sha256, Skip};

#[test]
fn a_file_goes_from_inbox_to_done_with_its_report() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "result");
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    assert_eq!(bench.names(&channel(), Room::Work), ["EB220105"]);
    let archived = bench.spool.archive(&claimed, day()).unwrap();
    assert_eq!((archived.sha256, archived.bytes, archived.repaired), (Sha256::of(b"result"), 6, false));
    assert_eq!(bench.spool.archive(&claimed, day()).unwrap(), archived, "repeatable");
    assert_eq!(bench.archived(), [archived.sha256.to_string()]);
    let mut text = String::new();
    bench.spool.open_archived(day(), &archived.sha256).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "result");
    let settled = bench.spool.settle(&claimed, Outcome::Done, Some("6 bytes\n")).unwrap();
    assert_eq!(bench.names(&channel(), Room::Done), ["EB220105", "EB220105.report.txt"]);
    assert_eq!(bench.spool.settle(&claimed, Outcome::Done, Some("6 bytes\n")).unwrap(), settled, "again");
    assert_eq!(bench.names(&channel(), Room::Done).len(), 2);
    assert!(
        bench.names(&channel(), Room::Inbox).is_empty() && bench.names(&channel(), Room::Work).is_empty()
    );
    assert!(bench.spool.settle(&claimed, Outcome::Held, None).is_err(), "it is not in held");
}

#[test]
fn what_is_no_file_is_never_opened_and_is_moved_aside() {
    let bench = Bench::new();
    let owner = channel();
    let inbox = |name: &str| bench.path(&owner, Room::Inbox, name);
    mkdir(&inbox("dir"));
    write(&inbox("dir").join("inside"), b"kept");
    mknodat(CWD, inbox("fifo"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", inbox("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", inbox("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(inbox("socket")).unwrap();
    write(&inbox("two-names"), b"1");
    std::fs::hard_link(inbox("two-names"), bench.dir.path().join("elsewhere")).unwrap();
    File::create(inbox("sparse")).unwrap().set_len(200 << 30).unwrap();
    bench.put(&owner, Room::Inbox, "plain", "ok");

    let scan = bench.spool.scan(&owner).unwrap();
    let kinds: Vec<(String, Kind)> = scan.iter().map(|seen| (seen.shown(), seen.kind)).collect();
    let expected = [
        ("dangling", Kind::Symlink),
        ("dir", Kind::Directory),
        ("fifo", Kind::Fifo),
        ("link", Kind::Symlink),
        ("plain", Kind::Regular),
        ("socket", Kind::Socket),
        ("sparse", Kind::Regular),
        ("two-names", Kind::HardLink),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_string(), kind)));

    for seen in &scan {
        match (bench.spool.claim(&owner, seen), seen.shown().as_str()) {
            (Ok(_), "plain") => continue,
            (Err(ClaimError::TooLarge { size, limit: 10_000 }), "sparse") => assert_eq!(size, 200 << 30),
            (Err(ClaimError::NotAFile(kind)), _) => assert_eq!(kind, seen.kind),
            other => panic!("{other:?}"),
        }
        let Refused::Moved(settled) = bench.spool.refuse_entry(&owner, seen, "no").unwrap() else {
            panic!("{seen}")
        };
        assert_eq!(settled.name, seen.name);
        assert_eq!(bench.spool.refuse_entry(&owner, seen, "no").unwrap(), Refused::Gone);
    }
    assert!(bench.spool.scan(&owner).unwrap().is_empty());
    assert_eq!(bench.names(&owner, Room::Work), ["plain"]);
    let rejected = bench.names(&owner, Room::Rejected);
    assert_eq!(rejected.len(), 14, "{rejected:?}");
    assert_eq!(std::fs::read(bench.path(&owner, Room::Rejected, "dir/inside")).unwrap(), b"kept");
}

#[test]
fn an_entry_stays_while_the_world_fails() {
    let bench = Bench::new();
    let (owner, dir) = (Owner::Control, bench.path(&Owner::Control, Room::Inbox, "d"));
    mkdir(&dir);
    let seen = bench.seen(&owner, "d");
    // The way by which it stays with a report is tested in settle.rs; here the world fails altogether.
    let rejected = bench.spool.path(&owner, Room::Rejected);
    std::fs::remove_dir(&rejected).unwrap();
    assert!(bench.spool.refuse_entry(&owner, &seen, "no").is_err());
    assert!(dir.is_dir());
    mkdir(&rejected);
    assert!(matches!(bench.spool.refuse_entry(&owner, &seen, "no").unwrap(), Refused::Moved(_)));
}

#[test]
fn an_empty_file_is_a_file() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "");
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    assert_eq!(bench.spool.archive(&claimed, day()).unwrap().bytes, 0);
}

#[test]
fn names_that_are_left_alone_are_still_seen() {
    let bench = Bench::new();
    for name in ["a", "a.ok", "b.tmp", ".c"] {
        bench.put(&channel(), Room::Inbox, name, "");
    }
    let scan = bench.spool.scan(&channel()).unwrap();
    let skips: Vec<_> = scan.iter().map(|seen| (seen.shown(), seen.skip)).collect();
    let expected = [
        (".c", Some(Skip::Hidden)),
        ("a", None),
        ("a.ok", Some(Skip::Marker)),
        ("b.tmp", Some(Skip::Unfinished)),
    ];
    assert_eq!(skips, expected.map(|(name, skip)| (name.to_string(), skip)));
    assert_eq!(scan[1].marker.as_deref().unwrap(), "a.ok");
    bench.spool.claim(&channel(), &scan[1]).unwrap();
    assert_eq!(bench.names(&channel(), Room::Inbox), [".c", "b.tmp"], "the marker went with its file");
}

#[test]
fn a_marker_with_bytes_in_it_is_kept() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "a", "1");
    bench.put(&channel(), Room::Inbox, "a.done", "was it data?");
    bench.spool.claim(&channel(), &bench.seen(&channel(), "a")).unwrap();
    assert_eq!(bench.text(&channel(), Room::Done, "a.done"), "was it data?");
}

#[test]
fn what_changed_since_it_was_seen_is_not_claimed() {
    let bench = Bench::new();
    let owner = channel();
    bench.put(&owner, Room::Inbox, "grows", "1");
    let seen = bench.seen(&owner, "grows");
    bench.put(&owner, Room::Inbox, "grows", "12");
    assert!(matches!(bench.spool.claim(&owner, &seen), Err(ClaimError::Changed)));

    bench.put(&owner, Room::Inbox, "replaced", "1");
    let seen = bench.seen(&owner, "replaced");
    bench.put(&owner, Room::Inbox, "new", "1");
    rename(&bench.path(&owner, Room::Inbox, "new"), &bench.path(&owner, Room::Inbox, "replaced"));
    assert!(matches!(bench.spool.claim(&owner, &seen), Err(ClaimError::Changed)));

    bench.put(&owner, Room::Inbox, "goes", "1");
    let seen = bench.seen(&owner, "goes");
    std::fs::remove_file(bench.path(&owner, Room::Inbox, "goes")).unwrap();
    assert!(matches!(bench.spool.claim(&owner, &seen), Err(ClaimError::Gone)));
    std::os::unix::fs::symlink("grows", bench.path(&owner, Room::Inbox, "goes")).unwrap();
    assert!(matches!(bench.spool.claim(&owner, &seen), Err(ClaimError::NotAFile(Kind::Symlink))));
    assert!(bench.names(&owner, Room::Work).is_empty());
}

#[test]
fn a_name_still_in_work_waits() {
    let bench = Bench::new();
    let owner = channel();
    for _ in 0..2 {
        bench.put(&owner, Room::Inbox, "EB220105", "1");
        let _ = bench.spool.claim(&owner, &bench.seen(&owner, "EB220105"));
    }
    let again = bench.spool.claim(&owner, &bench.seen(&owner, "EB220105"));
    assert!(matches!(again, Err(ClaimError::Busy)), "{again:?}");
    let left = bench.spool.work_left(&owner).unwrap();
    assert_eq!((left.len(), left[0].shown()), (1, "EB220105".to_string()));
    bench.spool.settle(&left[0], Outcome::Done, None).unwrap();
    bench.spool.claim(&owner, &bench.seen(&owner, "EB220105")).unwrap();
}

#[test]
fn a_sender_that_keeps_the_file_open_changes_only_what_was_not_read() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "one");
    let mut sender =
        File::options().append(true).open(bench.path(&channel(), Room::Inbox, "EB220105")).unwrap();
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    sender.write_all(b" two").unwrap();
    // Its bytes are taken as they are when read; what names them is their own hash.
    let archived = bench.spool.archive(&claimed, day()).unwrap();
    assert_eq!(archived.sha256, Sha256::of(b"one two"));
    // Another file in its place is no longer what was claimed.
    let work = bench.path(&channel(), Room::Work, "EB220105");
    write(&work.with_extension("x"), b"other");
    rename(&work.with_extension("x"), &work);
    assert!(bench.spool.archive(&claimed, day()).is_err());
    assert!(bench.spool.settle(&claimed, Outcome::Done, None).is_err());
}

/// What is built and too long for the memory is never plain on the disk either, and comes back as it was.
#[test]
fn a_long_built_file_is_sealed_and_comes_back() {
    let bench = Bench::new();
    let line = b"0041102345678901 ".repeat(4_000);
    let write = |out: &mut dyn std::io::Write| (0..40).try_for_each(|_| out.write_all(&line));
    let archived = bench.spool.archive_built(day(), write).unwrap();
    assert_eq!(archived.bytes, 40 * line.len() as u64);
    assert_eq!(bench.spool.archive_built(day(), write).unwrap(), archived, "repeatable");
    let kept = bench.dir.path().join("state/archive/2026-01-05").join(archived.sha256.to_string());
    assert!(!std::fs::read(kept).unwrap().windows(12).any(|part| part == b"110234567890"));
    let opened = bench.spool.open_archived(day(), &archived.sha256).unwrap();
    assert_eq!(Sha256::of_reader(opened).unwrap(), (archived.sha256, archived.bytes));
}

#[test]
fn a_damaged_archive_is_repaired_aloud() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "result");
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    let archived = bench.spool.archive(&claimed, day()).unwrap();
    let kept = bench.dir.path().join("state/archive/2026-01-05").join(archived.sha256.to_string());
    write(&kept, b"resulT");
    assert!(bench.spool.archive(&claimed, day()).unwrap().repaired);
    let mut text = String::new();
    bench.spool.open_archived(day(), &archived.sha256).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "result");
    assert!(!std::fs::read(kept).unwrap().windows(6).any(|part| part == b"result"), "sealed");
    assert!(!bench.spool.archive(&claimed, day()).unwrap().repaired);
    assert_eq!(bench.archived().len(), 1);
}

#[test]
fn a_name_in_use_gets_a_number_and_so_does_its_report() {
    let bench = Bench::new();
    let owner = channel();
    let mut names = Vec::new();
    for (name, report) in [("x", "1"), ("x", "2"), ("x.report.txt", "3"), ("x.2", "4"), ("x", "5")] {
        bench.put(&owner, Room::Inbox, name, report);
        let claimed = bench.spool.claim(&owner, &bench.seen(&owner, name)).unwrap();
        let settled = bench.spool.settle(&claimed, Outcome::Rejected, Some(report)).unwrap();
        let lies_as = settled.name.into_string().unwrap();
        assert_eq!(bench.text(&owner, Room::Rejected, &lies_as), report);
        let beside = settled.report.unwrap().into_string().unwrap();
        assert_eq!(beside, format!("{lies_as}.report.txt"));
        assert_eq!(bench.text(&owner, Room::Rejected, &beside), report);
        names.push(lies_as);
    }
    assert_eq!(names, ["x", "x.2", "x.report.txt.2", "x.2.2", "x.3"]);
}

#[test]
fn a_held_file_moves_on_with_its_report() {
    let bench = Bench::new();
    let owner = channel();
    bench.put(&owner, Room::Inbox, "EB220105", "result");
    let claimed = bench.spool.claim(&owner, &bench.seen(&owner, "EB220105")).unwrap();
    let held = bench.spool.settle(&claimed, Outcome::Held, Some("differs")).unwrap();
    let (name, sha) = (&held.name, Sha256::of(b"result"));
    let other = Sha256::of(b"other bytes");
    assert_eq!(bench.spool.settle_held(&owner, name, &other, Outcome::Done, None).unwrap(), None);
    let done = bench.spool.settle_held(&owner, name, &sha, Outcome::Done, Some("accepted")).unwrap().unwrap();
    assert!(bench.names(&owner, Room::Held).is_empty());
    assert_eq!(bench.names(&owner, Room::Done), ["EB220105", "EB220105.held.txt", "EB220105.report.txt"]);
    assert_eq!(bench.text(&owner, Room::Done, "EB220105.report.txt"), "accepted");
    assert_eq!(bench.spool.settle_held(&owner, &done.name, &sha, Outcome::Done, None).unwrap(), None);
}

#[test]
fn an_answer_is_there_once_however_often_it_is_given() {
    let bench = Bench::new();
    let owner = Owner::Creditor("00000012".parse().unwrap());
    for (bytes, expected) in [
        ("1", "a.csv.answer.csv"),
        ("1", "a.csv.answer.csv"),
        ("2", "a.csv.answer.csv.2"),
        ("2", "a.csv.answer.csv.2"),
    ] {
        assert_eq!(bench.spool.answer(&owner, "a.csv.answer.csv", bytes.as_bytes()).unwrap(), expected);
    }
    assert_eq!(bench.names(&owner, Room::Outbox), ["a.csv.answer.csv", "a.csv.answer.csv.2"]);
    assert!(bench.names(&owner, Room::Work).is_empty());
    assert!(bench.spool.answer(&channel(), "x", b"").is_err());
    assert!(bench.spool.answer(&owner, "../x", b"").is_err());
    let long = bench.spool.answer(&owner, &format!("{}.answer.csv", "x".repeat(255)), b"").unwrap();
    assert!(long.len() <= 255 && long.to_str().unwrap().ends_with(".answer.csv"));
}
