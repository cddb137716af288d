//! Applications at banks: out every banking day, answered or answered for, found again after a start.

use super::super::applications::ApplicationsPlan;
use super::wire::shipped;
use super::{World, put, rows, some, turn};
use crate::bank::FileHead;
use crate::bank::Format;
use crate::bank::application::Received;
use crate::exchange::Exchange;
use std::fs;

const ASKED: &str = r#"
[[application]]
date = "2026-01-06"
asks = "change"
bank_payer_no = "10000001000000000001"
bank = "088"
account = "110000000091"
[[application]]
date = "2026-01-06"
asks = "cancel"
bank_payer_no = "10000001000000000002"
[[application]]
date = "2026-01-06"
asks = "forced-cancel"
bank_payer_no = "10000001000000000003"
[[application]]
date = "2026-01-06"
asks = "cancel"
bank_payer_no = "10000001000000000099"
"#;

fn plan() -> ApplicationsPlan {
    ApplicationsPlan {
        received: shipped("EB11"),
        answer: shipped("EB12"),
        arrives: "X 11:00".parse().unwrap(),
        deadline: "X+1BD 15:00".parse().unwrap(),
    }
}

fn open(world: &World) -> Exchange {
    let mut setup = world.setup();
    setup.applications = Some(plan());
    Exchange::open(setup, world.rules()).unwrap()
}

fn began() -> (World, Exchange) {
    let world = World::new(ASKED);
    let mut exchange = open(&world);
    world.publish("EB130102", &super::eb13("2026-01-02", &rows()));
    turn(&mut exchange, "2026-01-02 10:00");
    (world, exchange)
}

fn read(world: &World, path: &str) -> Received {
    let revisions = shipped("EB11");
    let Format::BankApplication(format) = revisions.newest() else { panic!("no applications") };
    format.read("EB110106", world.read(path).as_slice()).unwrap()
}

fn answer(world: &World, name: &str, date: &str, refused: &[&str]) {
    let revisions = shipped("EB12");
    let Format::BankApplicationAnswer(format) = revisions.newest() else { panic!("no answers") };
    let lines = if refused.is_empty() { Vec::new() } else { read(world, "inbox/EB110106").lines };
    let head = FileHead::new(format.layout(), "9912345678", date.parse().unwrap(), "", "");
    let listed = lines.iter().filter(|line| refused.iter().any(|end| line.bank_payer_no.ends_with(end)));
    world.publish(name, &format.write(Vec::new(), &head, listed.map(|line| (line, "A017"))).unwrap());
}

fn account(exchange: &Exchange, payer: u32) -> Option<String> {
    exchange.register.current(&format!("10000001{payer:012}")).map(|known| known.account.clone())
}

#[test]
fn a_file_goes_out_on_every_banking_day_and_none_on_others() {
    let (world, mut exchange) = began();
    let (worked, files, next) = turn(&mut exchange, "2026-01-02 11:00");
    assert_eq!((worked, files), (true, vec!["EB110102".to_string()]));
    assert!(next.is_some());
    assert!(read(&world, "inbox/EB110102").lines.is_empty());
    // A weekend has none; what lay down for days sends each.
    assert!(turn(&mut exchange, "2026-01-04 12:00").1.is_empty());
    let files = turn(&mut exchange, "2026-01-07 12:00").1;
    assert!(["EB110105", "EB110106", "EB110107"].iter().all(|name| files.contains(&(*name).to_string())));
    // Another start sends none of them again.
    drop(exchange);
    let mut exchange = open(&world);
    assert_eq!(turn(&mut exchange, "2026-01-07 12:00").1, Vec::<String>::new());
}

#[test]
fn what_is_not_refused_takes_effect_after_a_start_too() {
    let (world, mut exchange) = began();
    turn(&mut exchange, "2026-01-06 11:00");
    // Of a payer who is not registered nothing goes out.
    assert_eq!(read(&world, "inbox/EB110106").lines.len(), 4);
    answer(&world, "EB120106", "2026-01-06", &["0002"]);
    turn(&mut exchange, "2026-01-06 11:10");
    assert_eq!(world.said("EB120106"), ("accepted".to_string(), String::new()));
    for start in [false, true] {
        if start {
            drop(exchange);
            exchange = open(&world);
        }
        assert_eq!(account(&exchange, 1), some("110000000091"));
        assert!(account(&exchange, 2).is_some(), "its cancellation was refused");
        assert_eq!(account(&exchange, 3), None);
    }
    // The same answer again, and one for a day of which nothing went out.
    answer(&world, "EB120106", "2026-01-06", &[]);
    turn(&mut exchange, "2026-01-06 11:20");
    assert_eq!(world.said("EB120106.2").0, "refused");
    answer(&world, "EB120108", "2026-01-08", &[]);
    turn(&mut exchange, "2026-01-06 11:30");
    assert_eq!(world.said("EB120108").0, "refused");
}

#[test]
fn without_an_answer_the_network_answers_itself() {
    let (world, mut exchange) = began();
    turn(&mut exchange, "2026-01-06 11:00");
    let before = account(&exchange, 1);
    assert!(before.is_some());
    turn(&mut exchange, "2026-01-07 15:00");
    for start in [false, true] {
        if start {
            drop(exchange);
            exchange = open(&world);
        }
        assert_eq!(account(&exchange, 1), before, "0079: a change is not done");
        assert_eq!((account(&exchange, 2), account(&exchange, 3)), (None, None));
    }
    answer(&world, "EB120106", "2026-01-06", &[]);
    turn(&mut exchange, "2026-01-07 15:10");
    assert_eq!(world.said("EB120106").0, "refused");
}

#[test]
fn an_answer_that_does_not_read_or_fit_is_refused() {
    let (world, mut exchange) = began();
    turn(&mut exchange, "2026-01-06 11:00");
    world.publish("EB120106", b"no header");
    turn(&mut exchange, "2026-01-06 11:05");
    assert_eq!(world.said("EB120106").0, "refused");
    answer(&world, "EB120106", "2026-01-06", &["0001"]);
    let path = world.channel().join("outbox/EB120106");
    let bytes = fs::read(&path).unwrap();
    let text = String::from_utf8(bytes).unwrap().replace("10000001000000000001", "10000001000000000077");
    fs::remove_file(&path).unwrap();
    put(&path, text.as_bytes());
    turn(&mut exchange, "2026-01-06 11:10");
    assert_eq!(world.said("EB120106.2").0, "refused");
    assert!(account(&exchange, 1).is_some());
}
