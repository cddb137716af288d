//! A crash after every step, and what a start finds again.

use super::*;
use crate::exchange::journal::{Judgement, answer_name};

#[test]
fn what_is_registered_is_known_after_a_start() {
    let rules = "[[verdict]]\non = \"collection\"\nattempt = 1\ncode = \"0021\"\n";
    let (world, mut exchange) = registered(rules);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:00");
    drop(exchange);
    // A year later the daemon puts the old file away.
    put(&world.channel().join("done/EB130102.2"), &world.read("sent/EB130102"));
    fs::remove_file(world.channel().join("sent/EB130102")).unwrap();
    let mut exchange = world.open();
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00").1, ["EB220106"]);
    let all = |code: &str| -> Vec<(u32, String)> { (1..=3).map(|n| (n, code.to_string())).collect() };
    assert_eq!(lines_of(&world.read("inbox/EB220106")), all("0021"));
    // The second attempt of the month succeeds.
    world.publish("EB210112", &eb21("2026-01-12", &rows()));
    turn(&mut exchange, "2026-01-09 14:00");
    turn(&mut exchange, "2026-01-13 03:00");
    assert_eq!(lines_of(&world.read("inbox/EB220112")), []);
    drop(exchange);
    fs::remove_file(world.channel().join("done/EB130102.2")).unwrap();
    let trouble = Exchange::open(world.setup(), world.rules()).unwrap_err();
    assert!(trouble.to_string().contains("sent/EB130102"), "{trouble}");
}

#[test]
fn two_exchanges_do_not_play_on_one_folder() {
    let world = World::new("");
    let first = world.open();
    assert!(Exchange::open(world.setup(), world.rules()).is_err());
    drop(first);
    world.open();
}

/// Does the steps of taking EB210106 up to the `stop`-th, as a process that is killed there.
fn take_until(exchange: &mut Exchange, stop: usize) {
    let now = at("2026-01-05 14:00");
    let Some(judged) = exchange.judge("EB210106", now).unwrap() else { panic!("not there") };
    if stop == 0 {
        return;
    }
    if stop == 1 {
        // Killed among the answers: one is written, the judgement is not.
        let first = judged.deliveries.first().unwrap();
        let name = answer_name(first.due, &first.name);
        return exchange.answers.put(&name, &first.bytes).unwrap();
    }
    exchange.keep(judged, now).unwrap();
    let pending = exchange.pending.first().unwrap();
    let (entry, judgement): (String, Judgement) = (pending.entry.clone(), pending.judgement.clone());
    if stop >= 3 {
        exchange.outbox.move_new(&judgement.name, &exchange.sent, &judgement.sent_as).unwrap();
    }
    if stop >= 4 {
        assert!(exchange.move_to_sent(&judgement).unwrap());
    }
    if stop >= 5 {
        exchange.put_receipt(&judgement).unwrap();
    }
    if stop >= 6 {
        exchange.finish(&entry, &judgement).unwrap();
    }
}

#[test]
fn a_crash_after_any_step_changes_nothing_that_can_be_seen() {
    let rules = format!("{FAILS_THIRD}[[mischief]]\non = \"collection\"\ndo = \"duplicate\"\nminutes = 30\n");
    let play = |stop: Option<usize>| {
        let (world, mut exchange) = registered(&rules);
        world.publish("EB210106", &eb21("2026-01-06", &rows()));
        if let Some(stop) = stop {
            take_until(&mut exchange, stop);
            drop(exchange);
            exchange = world.open();
        }
        // The same instant again: the clock of a rehearsal has not moved.
        turn(&mut exchange, "2026-01-05 14:00");
        assert_eq!(turn(&mut exchange, "2026-01-07 03:00").1, ["EB220106"], "{stop:?}");
        fs::remove_file(world.channel().join("inbox/EB220106")).unwrap();
        // A crash between deliveries: the next is still given, the first not again.
        drop(exchange);
        exchange = world.open();
        assert_eq!(turn(&mut exchange, "2026-01-07 03:30").1, ["EB220106"], "{stop:?}");
        drop(exchange);
        world.tree()
    };
    let whole = play(None);
    assert_eq!(whole.keys().filter(|name| name.contains("answers/") || name.contains("taking/")).count(), 0);
    for stop in 0..=6 {
        let tree = play(Some(stop));
        assert_eq!(tree.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "stopped after {stop}");
        assert!(tree == whole, "stopped after {stop}: other bytes");
    }
}

#[test]
fn a_receipt_that_is_missing_comes_again() {
    let (world, exchange) = registered("");
    drop(exchange);
    let before = world.read("sent/EB130102.receipt");
    fs::remove_file(world.channel().join("sent/EB130102.receipt")).unwrap();
    world.open();
    assert_eq!(world.read("sent/EB130102.receipt"), before);
}

#[test]
fn a_file_taken_back_by_the_daemon_is_forgotten() {
    let (world, mut exchange) = registered(FAILS_THIRD);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    take_until(&mut exchange, 2);
    drop(exchange);
    for name in ["EB210106", "EB210106.ok"] {
        fs::remove_file(world.channel().join("outbox").join(name)).unwrap();
    }
    let mut exchange = world.open();
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00"), (false, vec![], None));
    // Mended, it comes again and is judged afresh.
    world.publish("EB210106", &eb21("2026-01-06", &rows()[..2]));
    turn(&mut exchange, "2026-01-05 15:00");
    assert_eq!(world.said("EB210106").0, "accepted");
}
