//! A crash after every step, then recovery: the peer sees a file exactly once or a person is asked; an incoming file is
//! applied exactly once. The engine is played by a few lines; its ledger is a variable that survives the crash.

use crate::{Bench, channel, channel_id, day, rename};
use std::collections::HashMap;
use sunap::spool::recovery::{
    Boot, HoldReason, IncomingPlace, IncomingState, IncomingStep, OutgoingState, Peer, RecoveryStep,
    incoming, outgoing,
};
use sunap::spool::{Claimed, Outcome, Room, Sha256};

const NAME: &str = "EB210105";

/// The row of the outgoing file and the boot of the machine.
struct Sender {
    bench: Bench,
    sha: Sha256,
    row: Option<(OutgoingState, u32)>,
    boot: u32,
    taken: usize,
}

impl Sender {
    fn new() -> Self {
        Self { bench: Bench::new(), sha: Sha256::of(b"request"), row: None, boot: 1, taken: 0 }
    }

    fn commit(&mut self, state: OutgoingState) {
        self.row = Some((state, self.boot));
    }

    fn stage(&self) {
        self.bench.spool.stage_archived(&channel_id(), NAME, day(), &self.sha).unwrap();
    }

    /// The n-th step of sending.
    fn step(&mut self, n: usize) {
        let id = channel_id();
        match n {
            0 => {
                self.bench.spool.archive_built(day(), |out| out.write_all(b"request")).unwrap();
            }
            1 => self.commit(OutgoingState::Built),
            2 => self.stage(),
            3 => self.commit(OutgoingState::Staged),
            4 => self.bench.spool.publish(&id, NAME).unwrap(),
            5 => self.commit(OutgoingState::Published),
            _ => assert!(self.bench.spool.mark_ok(&id, NAME).unwrap()),
        }
    }

    /// The peer takes what it sees.
    fn take(&mut self) {
        let from = self.bench.path(&channel(), Room::Outbox, NAME);
        if from.exists() {
            rename(&from, &self.bench.path(&channel(), Room::Sent, NAME));
            let _ = std::fs::remove_file(self.bench.path(&channel(), Room::Outbox, "EB210105.ok"));
            self.taken += 1;
        }
    }

    /// What the engine does at start: asks, does it, asks again, until nothing more follows.
    fn recover(&mut self, peer: Peer) -> RecoveryStep {
        let id = channel_id();
        self.bench.spool.tidy().unwrap();
        for _ in 0..9 {
            let Some((state, boot)) = self.row else { return RecoveryStep::Nothing };
            let place = self.bench.spool.where_is(&id, NAME, &self.sha).unwrap();
            let boot = if boot == self.boot { Boot::Same } else { Boot::Other };
            let step = outgoing(state, place, boot, peer);
            match step {
                RecoveryStep::StageAgain => {
                    self.stage();
                    self.commit(OutgoingState::Staged);
                }
                RecoveryStep::Publish => {
                    self.bench.spool.publish(&id, NAME).unwrap();
                    self.commit(OutgoingState::Published);
                }
                RecoveryStep::MarkPublished => self.commit(OutgoingState::Published),
                RecoveryStep::MarkTaken => self.commit(OutgoingState::Taken),
                RecoveryStep::Hold(HoldReason::Uncertain) => {
                    self.commit(OutgoingState::Uncertain);
                    self.bench.spool.hold_outgoing(&id, NAME, &self.sha, "power failed").unwrap();
                }
                RecoveryStep::MarkOk => {
                    self.bench.spool.mark_ok(&id, NAME).unwrap();
                    return step;
                }
                RecoveryStep::Nothing | RecoveryStep::Alarm(_) => return step,
                RecoveryStep::Hold(HoldReason::Ordered) | RecoveryStep::Retire => panic!("{step}"),
            }
        }
        panic!("recovery does not end")
    }
}

#[test]
fn a_process_that_dies_anywhere_sends_once() {
    for steps in 0..=7 {
        for quick_peer in [false, true] {
            let mut sender = Sender::new();
            (0..steps).for_each(|n| sender.step(n));
            if quick_peer {
                sender.take();
            }
            let end = sender.recover(Peer::MayTakeTwice);
            if sender.row.is_none() {
                assert!(steps < 2, "without a row the engine builds as if for the first time");
                continue;
            }
            assert!(matches!(end, RecoveryStep::MarkOk | RecoveryStep::Nothing), "{steps} {end}");
            sender.take();
            assert_eq!(sender.taken, 1, "{steps} {quick_peer}");
            sender.recover(Peer::MayTakeTwice);
            assert_eq!(sender.row.unwrap().0, OutgoingState::Taken);
            assert!(sender.bench.names(&channel(), Room::Outbox).is_empty());
            assert!(sender.bench.names(&channel(), Room::Stage).is_empty());
        }
    }
}

#[test]
fn a_power_failure_asks_a_person_only_where_the_peer_may_have_seen_it() {
    for (steps, expected) in [
        (2, OutgoingState::Published),
        (3, OutgoingState::Published),
        (4, OutgoingState::Uncertain),
        (5, OutgoingState::Published),
        (6, OutgoingState::Published),
        (7, OutgoingState::Published),
    ] {
        let mut sender = Sender::new();
        (0..steps).for_each(|n| sender.step(n));
        sender.boot = 2;
        sender.recover(Peer::MayTakeTwice);
        assert_eq!(sender.row.unwrap().0, expected, "after {steps} steps");
    }
}

#[test]
fn a_publication_undone_by_the_power_is_held_and_released_by_a_person() {
    let mut sender = Sender::new();
    (0..5).for_each(|n| sender.step(n));
    // The peer copied it; the disk forgot that it left the stage.
    rename(
        &sender.bench.path(&channel(), Room::Outbox, NAME),
        &sender.bench.path(&channel(), Room::Stage, NAME),
    );
    sender.boot = 2;
    assert_eq!(sender.recover(Peer::MayTakeTwice), RecoveryStep::Nothing);
    assert_eq!(sender.row.unwrap().0, OutgoingState::Uncertain);
    assert_eq!(sender.bench.names(&channel(), Room::Held), [NAME, "EB210105.report.txt"]);
    assert!(sender.bench.names(&channel(), Room::Outbox).is_empty());

    // A person releases it; the process dies between the two halves of that, in either order.
    sender.commit(OutgoingState::Staged);
    sender.recover(Peer::MayTakeTwice);
    assert_eq!(sender.row.unwrap().0, OutgoingState::Uncertain);
    assert!(sender.bench.spool.release_outgoing(&channel_id(), NAME, &sender.sha).unwrap());
    sender.recover(Peer::MayTakeTwice);
    assert_eq!(sender.row.unwrap().0, OutgoingState::Uncertain);
    assert!(sender.bench.names(&channel(), Room::Stage).is_empty());

    assert!(sender.bench.spool.release_outgoing(&channel_id(), NAME, &sender.sha).unwrap());
    sender.commit(OutgoingState::Staged);
    assert_eq!(sender.recover(Peer::MayTakeTwice), RecoveryStep::MarkOk);
    assert_eq!(sender.bench.text(&channel(), Room::Outbox, NAME), "request");
}

#[test]
fn a_peer_that_refuses_duplicates_needs_no_person() {
    let mut sender = Sender::new();
    (0..4).for_each(|n| sender.step(n));
    sender.boot = 2;
    assert_eq!(sender.recover(Peer::RefusesDuplicates), RecoveryStep::MarkOk);
    assert_eq!(sender.row.unwrap().0, OutgoingState::Published);
}

/// The engine of incoming files: rows by hash.
struct Taker {
    bench: Bench,
    rows: HashMap<String, IncomingState>,
    applied: usize,
}

impl Taker {
    /// Everything that is to be done with a file in work; dies before the n-th step.
    fn work(&mut self, claimed: &Claimed, dies_before: usize) {
        if dies_before == 0 {
            return;
        }
        let archived = self.bench.spool.archive(claimed, day()).unwrap();
        if dies_before == 1 {
            return;
        }
        let sha = archived.sha256.to_string();
        let step = incoming(self.rows.get(&sha).copied(), IncomingPlace::Work);
        if step == IncomingStep::Judge {
            self.rows.insert(sha, IncomingState::Applied);
            self.applied += 1;
        } else {
            assert_eq!(step, IncomingStep::Settle(Outcome::Done));
        }
        if dies_before == 2 {
            return;
        }
        self.bench.spool.settle(claimed, Outcome::Done, Some("applied\n")).unwrap();
    }
}

#[test]
fn an_incoming_file_is_applied_once_wherever_the_process_dies() {
    for dies_before in 0..=3 {
        let mut taker = Taker { bench: Bench::new(), rows: HashMap::new(), applied: 0 };
        taker.bench.put(&channel(), Room::Inbox, "EB220105", "result");
        let seen = taker.bench.seen(&channel(), "EB220105");
        let claimed = taker.bench.spool.claim(&channel(), &seen).unwrap();
        taker.work(&claimed, dies_before);
        for claimed in taker.bench.spool.work_left(&channel()).unwrap() {
            taker.work(&claimed, 3);
        }
        assert_eq!(taker.applied, 1, "{dies_before}");
        assert_eq!(taker.bench.names(&channel(), Room::Done), ["EB220105", "EB220105.report.txt"]);
        assert!(taker.bench.spool.work_left(&channel()).unwrap().is_empty());
        assert_eq!(taker.bench.archived().len(), 1);
    }
}

#[test]
fn a_settle_that_died_after_its_report_is_finished() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "result");
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    bench.put(&channel(), Room::Rejected, "EB220105.report.txt", "why\n");
    let settled = bench.spool.settle(&claimed, Outcome::Rejected, Some("why\n")).unwrap();
    assert_eq!(settled.name, "EB220105");
    assert_eq!(bench.names(&channel(), Room::Rejected), ["EB220105", "EB220105.report.txt"]);
}

#[test]
fn a_claim_that_died_between_link_and_unlink_is_finished() {
    // Only where the file system cannot rename without replacing.
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "result");
    let work = bench.path(&channel(), Room::Work, "EB220105");
    std::fs::hard_link(bench.path(&channel(), Room::Inbox, "EB220105"), &work).unwrap();
    let seen = bench.seen(&channel(), "EB220105");
    let claimed = bench.spool.claim(&channel(), &seen).unwrap();
    assert!(bench.names(&channel(), Room::Inbox).is_empty());
    bench.spool.archive(&claimed, day()).unwrap();
    bench.spool.settle(&claimed, Outcome::Done, None).unwrap();
}

#[test]
fn a_settle_that_died_between_link_and_unlink_is_finished() {
    let bench = Bench::new();
    bench.put(&channel(), Room::Inbox, "EB220105", "result");
    bench.put(&channel(), Room::Done, "EB220105", "an earlier one");
    let claimed = bench.spool.claim(&channel(), &bench.seen(&channel(), "EB220105")).unwrap();
    let work = bench.path(&channel(), Room::Work, "EB220105");
    std::fs::hard_link(work, bench.path(&channel(), Room::Done, "EB220105.2")).unwrap();
    assert_eq!(bench.spool.settle(&claimed, Outcome::Done, Some("r")).unwrap().name, "EB220105.2");
    assert_eq!(bench.names(&channel(), Room::Done), ["EB220105", "EB220105.2"]);
    assert!(bench.names(&channel(), Room::Work).is_empty());
}
