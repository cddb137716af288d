//! Stage, publish, mark, hold, release, and what the taker leaves in sent/.

use crate::{Bench, channel, channel_id, day, rename, write};
use std::io;
use sunap::spool::recovery::OutgoingPlace as Place;
use sunap::spool::{HeldOutgoing, PublishError, Room, Sha256};

const NAME: &str = "EB210105";

fn stage(bench: &Bench, bytes: &[u8]) -> Sha256 {
    bench.spool.stage(&channel_id(), NAME, |out| out.write_all(bytes)).unwrap().sha256
}

fn take(bench: &Bench) {
    rename(&bench.path(&channel(), Room::Outbox, NAME), &bench.path(&channel(), Room::Sent, NAME));
    let _ = std::fs::remove_file(bench.path(&channel(), Room::Outbox, "EB210105.ok"));
}

#[test]
fn a_file_is_staged_published_and_marked() {
    let (bench, id) = (Bench::new(), channel_id());
    let archived = bench.spool.archive_built(day(), |out| out.write_all(b"request")).unwrap();
    let sha = archived.sha256;
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Nowhere);
    assert!(matches!(bench.spool.publish(&id, NAME), Err(PublishError::NotStaged)));
    assert!(!bench.spool.mark_ok(&id, NAME).unwrap(), "nothing to mark");
    for _ in 0..2 {
        let staged = bench.spool.stage_archived(&id, NAME, day(), &sha).unwrap();
        assert_eq!((staged.sha256, staged.bytes), (sha, 7));
    }
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Stage);
    bench.put(&channel(), Room::Outbox, "EB210105.ok", "");
    bench.spool.publish(&id, NAME).unwrap();
    assert_eq!(bench.names(&channel(), Room::Outbox), [NAME], "a stale marker is gone");
    assert!(bench.names(&channel(), Room::Stage).is_empty());
    assert!(bench.spool.mark_ok(&id, NAME).unwrap() && bench.spool.mark_ok(&id, NAME).unwrap());
    assert_eq!(bench.names(&channel(), Room::Outbox), [NAME, "EB210105.ok"]);
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Outbox);
    take(&bench);
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Sent);
    assert!(!bench.spool.mark_ok(&id, NAME).unwrap() && bench.names(&channel(), Room::Outbox).is_empty());
}

#[test]
fn other_bytes_are_never_staged_or_published_over() {
    let (bench, id) = (Bench::new(), channel_id());
    let sha = stage(&bench, b"one");
    assert!(bench.spool.stage(&id, NAME, |out| out.write_all(b"two")).is_err());
    assert_eq!(bench.text(&channel(), Room::Stage, NAME), "one");
    assert_eq!(bench.names(&channel(), Room::Stage), [NAME]);
    bench.put(&channel(), Room::Outbox, NAME, "of another");
    assert!(matches!(bench.spool.publish(&id, NAME), Err(PublishError::NameTaken(Room::Outbox))));
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::OtherBytes);
    assert_eq!(bench.text(&channel(), Room::Outbox, NAME), "of another");
    bench.put(&channel(), Room::Outbox, NAME, "one");
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Several);
}

#[test]
fn a_failed_write_leaves_no_stage() {
    let (bench, id) = (Bench::new(), channel_id());
    let failed = bench.spool.stage(&id, NAME, |out| {
        out.write_all(b"half")?;
        Err(io::Error::from_raw_os_error(28))
    });
    assert_eq!(failed.unwrap_err().os_error(), Some(28));
    assert!(bench.names(&channel(), Room::Stage).is_empty());
    for name in ["", "../x", "a/b", ".hidden"] {
        assert!(bench.spool.stage(&id, name, |_| Ok(())).is_err(), "{name:?}");
    }
}

#[test]
fn a_damaged_archive_is_not_staged() {
    let (bench, id) = (Bench::new(), channel_id());
    let sha = bench.spool.archive_built(day(), |out| out.write_all(b"request")).unwrap().sha256;
    write(&bench.dir.path().join("state/archive/2026-01-05").join(sha.to_string()), b"requesT");
    assert!(bench.spool.stage_archived(&id, NAME, day(), &sha).is_err());
    assert!(bench.names(&channel(), Room::Stage).is_empty());
    assert!(bench.spool.stage_archived(&id, NAME, day().next(), &sha).is_err());
}

#[test]
fn a_name_that_comes_again_must_be_put_away_first() {
    let (bench, id) = (Bench::new(), channel_id());
    bench.put(&channel(), Room::Sent, NAME, "of last year");
    bench.put(&channel(), Room::Sent, "EB210105.receipt", "accepted = true\n");
    let sha = stage(&bench, b"of this year");
    assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Stage, "the old one is not ours");
    assert!(matches!(bench.spool.publish(&id, NAME), Err(PublishError::NameTaken(Room::Sent))));
    assert_eq!(bench.spool.put_away_sent(&id, NAME).unwrap().unwrap(), NAME);
    assert_eq!(bench.spool.put_away_sent(&id, NAME).unwrap(), None);
    assert_eq!(bench.names(&channel(), Room::Done), [NAME, "EB210105.receipt"]);
    bench.spool.publish(&id, NAME).unwrap();
}

#[test]
fn receipts_are_read_as_they_are() {
    let (bench, id) = (Bench::new(), channel_id());
    bench.put(&channel(), Room::Sent, NAME, "request");
    bench.put(&channel(), Room::Sent, "EB210105.receipt", "accepted = true\n");
    write(&bench.path(&channel(), Room::Sent, "EB130105.receipt"), b"code = \"\xb0\xa1\"\n");
    std::os::unix::fs::symlink("/etc/passwd", bench.path(&channel(), Room::Sent, "x.receipt")).unwrap();
    write(&bench.path(&channel(), Room::Sent, "y.receipt"), &vec![b' '; (64 << 10) + 1]);
    let receipts = bench.spool.receipts(&id).unwrap();
    let texts: Vec<(&str, &str)> = receipts.iter().map(|r| (r.name.as_str(), r.text.as_str())).collect();
    assert_eq!(
        texts,
        [("EB130105", "code = \"\\xB0\\xA1\"\n"), (NAME, "accepted = true\n"), ("x", ""), ("y", "")]
    );
    assert_eq!(bench.spool.sent_names(&id).unwrap(), [NAME]);
    assert_eq!(bench.spool.receipt_of(&id, NAME).unwrap().unwrap().text, "accepted = true\n");
    assert_eq!(bench.spool.receipt_of(&id, "EB219999").unwrap(), None);
}

#[test]
fn a_refused_file_is_retired_with_its_receipt() {
    let (bench, id) = (Bench::new(), channel_id());
    for (n, expected) in [(1, "EB210105"), (2, "EB210105.2")] {
        let sha = stage(&bench, format!("try {n}").as_bytes());
        bench.spool.publish(&id, NAME).unwrap();
        take(&bench);
        bench.put(&channel(), Room::Sent, "EB210105.receipt", "accepted = false\n");
        assert_eq!(bench.spool.retire_refused(&id, NAME, &Sha256::of(b"another")).unwrap(), None);
        assert_eq!(bench.spool.retire_refused(&id, NAME, &sha).unwrap().unwrap(), expected);
        assert_eq!(bench.spool.retire_refused(&id, NAME, &sha).unwrap(), None, "again");
        assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Rejected);
        assert!(bench.names(&channel(), Room::Sent).is_empty());
    }
    assert_eq!(
        bench.names(&channel(), Room::Rejected),
        ["EB210105", "EB210105.2", "EB210105.2.receipt", "EB210105.receipt"]
    );
}

#[test]
fn a_receipt_retired_before_a_crash_does_not_speak_for_the_next_file() {
    let (bench, id) = (Bench::new(), channel_id());
    let sha = Sha256::of(b"request");
    bench.put(&channel(), Room::Sent, NAME, "request");
    bench.put(&channel(), Room::Rejected, "EB210105.receipt", "accepted = false\n");
    assert_eq!(bench.spool.retire_refused(&id, NAME, &sha).unwrap().unwrap(), NAME);
    bench.put(&channel(), Room::Sent, "EB210105.receipt", "accepted = false\n");
    assert_eq!(bench.spool.retire_refused(&id, NAME, &sha).unwrap(), None);
    assert!(bench.names(&channel(), Room::Sent).is_empty());
}

#[test]
fn a_held_file_is_out_of_reach_until_released() {
    let (bench, id) = (Bench::new(), channel_id());
    for from in [Room::Stage, Room::Outbox] {
        let sha = stage(&bench, from.folder().as_bytes());
        bench.put(&channel(), Room::Held, NAME, "an earlier one");
        if from == Room::Outbox {
            bench.spool.publish(&id, NAME).unwrap();
            bench.spool.mark_ok(&id, NAME).unwrap();
        }
        for _ in 0..2 {
            let held = bench.spool.hold_outgoing(&id, NAME, &sha, "why").unwrap();
            assert_eq!(held, HeldOutgoing::As("EB210105.2".into()));
        }
        assert!(bench.names(&channel(), Room::Outbox).is_empty());
        assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Held);
        // Numbers may be missing: the first one is cleared away.
        std::fs::remove_file(bench.path(&channel(), Room::Held, NAME)).unwrap();
        assert!(bench.spool.release_outgoing(&id, NAME, &sha).unwrap());
        assert!(bench.spool.release_outgoing(&id, NAME, &sha).unwrap(), "again");
        assert_eq!(bench.spool.where_is(&id, NAME, &sha).unwrap(), Place::Stage);
        assert!(bench.names(&channel(), Room::Held).is_empty());
        assert!(bench.spool.unstage(&id, NAME).unwrap() && !bench.spool.unstage(&id, NAME).unwrap());
        assert!(!bench.spool.release_outgoing(&id, NAME, &sha).unwrap());
        assert_eq!(bench.spool.hold_outgoing(&id, NAME, &sha, "why").unwrap(), HeldOutgoing::NotHere);
    }
}
