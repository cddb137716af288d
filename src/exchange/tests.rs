//! The exchange on real folders: good days, bad files, and a crash after every step.

use super::journal::Judgement;
use super::play::{Exchange, Setup, Turn};
use super::rules::Rules;
use super::tests_wire::{Row, SHORT_DAYS, applications, eb13, eb21, lines_of, plans, reading, stated};
use crate::bank::collection::Mode;
use crate::calendar::Calendar;
use crate::domain::{ApplicationKind, Instant};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A channel's folders, and the rules by which its exchange plays.
struct World {
    dir: tempfile::TempDir,
    rules: String,
}

impl World {
    fn new(rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for room in ["inbox", "outbox", "sent", "done"] {
            fs::create_dir_all(dir.path().join("channel").join(room)).unwrap();
        }
        Self { dir, rules: rules.to_string() }
    }

    fn channel(&self) -> PathBuf {
        self.dir.path().join("channel")
    }

    fn setup(&self) -> Setup {
        let bank = |code: &str, part| (code.parse().unwrap(), part);
        Setup {
            channel_folder: self.channel(),
            own_folder: self.dir.path().join("state/exchange/main"),
            institution: "9912345678".into(),
            services: plans(),
            banks: BTreeMap::from([bank("004", true), bank("088", true), bank("054", false)]),
            calendar: Arc::new(Calendar::new(Vec::new(), "2027-12-31".parse().unwrap())),
        }
    }

    fn rules(&self) -> Rules {
        Rules::from_toml("rules.toml", &self.rules).unwrap_or_else(|faults| panic!("{faults}"))
    }

    fn open(&self) -> Exchange {
        Exchange::open(self.setup(), self.rules()).unwrap()
    }

    fn publish(&self, name: &str, bytes: &[u8]) {
        put(&self.channel().join("outbox").join(name), bytes);
        put(&self.channel().join("outbox").join(format!("{name}.ok")), b"");
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.channel().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    fn receipt(&self, name: &str) -> toml::Table {
        String::from_utf8(self.read(&format!("sent/{name}.receipt"))).unwrap().parse().unwrap()
    }

    /// `result`, `code` of a receipt.
    fn said(&self, name: &str) -> (String, String) {
        let receipt = self.receipt(name);
        let text = |key: &str| receipt.get(key).map_or("", |v| v.as_str().unwrap()).to_string();
        (text("result"), text("code"))
    }

    /// Every file below the world, with its bytes.
    fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.dir.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let shown = path.strip_prefix(self.dir.path()).unwrap().to_str().unwrap().to_string();
                    files.insert(shown, fs::read(path).unwrap());
                }
            }
        }
        files
    }

    fn names(&self, room: &str) -> Vec<String> {
        let entries = fs::read_dir(self.channel().join(room)).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn put(path: &Path, bytes: &[u8]) {
    std::io::Write::write_all(&mut fs::File::create(path).unwrap(), bytes).unwrap();
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn turn(exchange: &mut Exchange, now: &str) -> (bool, Vec<String>, Option<String>) {
    let Turn { worked, delivered, next_due } = exchange.turn(at(now)).unwrap();
    let names = delivered.iter().map(|p| p.file_name().unwrap().to_str().unwrap().to_string()).collect();
    (worked, names, next_due.map(|due| due.to_string()))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_string())
}

/// Three payers; the third has an account that the rules of a test may fail.
fn rows() -> Vec<Row> {
    vec![Row::new(1, 50_000), Row::new(2, 30_000), Row::new(3, 70_000)]
}

const FAILS_THIRD: &str = "[[verdict]]\non = \"collection\"\naccount_ends = \"003\"\ncode = \"0021\"\n";

/// A world in which the three payers are registered since 2026-01-02.
fn registered(rules: &str) -> (World, Exchange) {
    let world = World::new(rules);
    let mut exchange = world.open();
    world.publish("EB130102", &eb13("2026-01-02", &rows()));
    turn(&mut exchange, "2026-01-02 14:00");
    turn(&mut exchange, "2026-01-05 10:30");
    fs::remove_file(world.channel().join("inbox/EB140102")).unwrap();
    (world, exchange)
}

#[test]
fn a_good_day() {
    let world = World::new(
        "[[verdict]]\non = \"registration\"\naccount_ends = \"002\"\ncode = \"0014\"\n\
         [[verdict]]\non = \"collection\"\namount_ends = \"70000\"\ncode = \"0021\"\n",
    );
    let mut exchange = world.open();
    assert_eq!(turn(&mut exchange, "2026-01-02 13:59"), (false, vec![], None));
    put(&world.channel().join("outbox/EB130102"), &eb13("2026-01-02", &rows()));
    assert!(!turn(&mut exchange, "2026-01-02 14:00").0, "without its marker a file is not complete");
    world.publish("EB130102", &eb13("2026-01-02", &rows()));
    assert_eq!(turn(&mut exchange, "2026-01-02 14:00"), (true, vec![], some("2026-01-05 10:30:00")));
    assert_eq!(world.names("outbox"), [""; 0]);
    assert_eq!(world.names("sent"), ["EB130102", "EB130102.receipt"]);
    let receipt = String::from_utf8(world.read("sent/EB130102.receipt")).unwrap();
    assert_eq!(receipt, "result = \"accepted\"\nat = \"2026-01-02 14:00:00\"\n");

    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    let (worked, delivered, next) = turn(&mut exchange, "2026-01-05 14:00");
    assert_eq!((worked, delivered, next), (true, vec!["EB140102".to_string()], some("2026-01-07 03:00:00")));
    assert_eq!(lines_of(&world.read("inbox/EB140102")), [(2, "0014".to_string())]);

    assert_eq!(turn(&mut exchange, "2026-01-07 02:59"), (false, vec![], some("2026-01-07 03:00:00")));
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00"), (true, vec!["EB220106".to_string()], None));
    // The second payer is not registered; the third has no balance.
    let expected = [(2, "0017".to_string()), (3, "0021".to_string())];
    assert_eq!(lines_of(&world.read("inbox/EB220106")), expected);
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00"), (false, vec![], None));
}

#[test]
fn a_day_without_failures_has_a_file_all_the_same() {
    let (world, mut exchange) = registered("");
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:00");
    turn(&mut exchange, "2026-01-07 03:00");
    assert_eq!(lines_of(&world.read("inbox/EB220106")), []);
}

#[test]
fn whole_files_that_are_refused() {
    let good = || eb21("2026-01-06", &rows());
    let table: [(&str, &str, Vec<u8>, &str, &str); 8] = [
        ("unknown name", "EB990106", good(), "2026-01-05 14:00", "631"),
        ("not the header's date", "EB210107", good(), "2026-01-05 14:00", "632"),
        ("no banking day", "EB210110", eb21("2026-01-10", &rows()), "2026-01-05 14:00", "A011"),
        ("at the deadline", "EB210106", good(), "2026-01-05 17:00", "634"),
        ("just in time", "EB210106", good(), "2026-01-05 16:59:59", ""),
        ("empty", "EB210106", Vec::new(), "2026-01-05 14:00", "800"),
        ("cut", "EB210106", good().split_at(200).0.to_vec(), "2026-01-05 14:00", "800"),
        ("other", "EB210106", replaced(&good(), "9912345678", "9912345679"), "2026-01-05 14:00", "310"),
    ];
    for (what, name, bytes, now, code) in table {
        let (world, mut exchange) = registered("");
        world.publish(name, &bytes);
        let (worked, _, next) = turn(&mut exchange, now);
        let result = if code.is_empty() { "accepted" } else { "refused" };
        assert_eq!(world.said(name), (result.to_string(), code.to_string()), "{what}");
        assert_eq!((worked, next.is_some()), (true, code.is_empty()), "{what}");
        assert_eq!(world.read(&format!("sent/{name}")), bytes, "{what}");
        assert_eq!(world.names("outbox"), [""; 0], "{what}");
    }
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    text.replace(from, to).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn the_same_file_again_was_already_received() {
    let (world, mut exchange) = registered(FAILS_THIRD);
    for _ in 0..2 {
        world.publish("EB210106", &eb21("2026-01-06", &rows()));
        turn(&mut exchange, "2026-01-05 14:00");
    }
    assert_eq!(world.said("EB210106"), ("accepted".to_string(), String::new()));
    assert_eq!(world.said("EB210106.2"), ("refused".to_string(), "630".to_string()));
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00").1, ["EB220106"]);
    drop(exchange);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut world.open(), "2026-01-05 14:00");
    assert_eq!(world.said("EB210106.3").1, "630");
}

#[test]
fn rules_about_our_files() {
    let rules = "[[outgoing]]\non = \"collection\"\nnth = 1\ndo = \"refuse\"\ncode = \"0081\"\nrecord = 2\n\
                 [[outgoing]]\non = \"collection\"\ndate = \"2026-01-07\"\ndo = \"no-receipt\"\n\
                 [[outgoing]]\non = \"collection\"\ndate = \"2026-01-08\"\ndo = \"slow\"\nminutes = 30\n";
    let (world, mut exchange) = registered(rules);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:00");
    assert_eq!(world.said("EB210106"), ("refused".to_string(), "0081".to_string()));
    assert_eq!(world.receipt("EB210106").get("record").unwrap().as_integer(), Some(2));
    // The daemon puts the refused one away and sends the mended one; the exchange was started anew meanwhile.
    for name in ["EB210106", "EB210106.receipt"] {
        fs::remove_file(world.channel().join("sent").join(name)).unwrap();
    }
    drop(exchange);
    let mut exchange = world.open();
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:30");
    assert_eq!(world.said("EB210106").0, "accepted");

    world.publish("EB210107", &eb21("2026-01-07", &rows()));
    turn(&mut exchange, "2026-01-06 14:00");
    assert!(world.names("sent").contains(&"EB210107".to_string()));
    assert!(!world.names("sent").contains(&"EB210107.receipt".to_string()));

    world.publish("EB210108", &eb21("2026-01-08", &rows()));
    let (worked, _, next) = turn(&mut exchange, "2026-01-07 14:00");
    assert_eq!((worked, next), (true, some("2026-01-07 14:30:00")));
    assert_eq!(world.names("outbox"), ["EB210108", "EB210108.ok"]);
    drop(exchange);
    let mut exchange = world.open();
    assert!(!turn(&mut exchange, "2026-01-07 14:29").0);
    assert!(turn(&mut exchange, "2026-01-07 14:30").0);
    assert_eq!(world.names("outbox"), [""; 0]);
}

#[test]
fn receipts_can_be_left_out() {
    for (receipts, on_good, on_bad) in [("refusals", false, true), ("never", false, false)] {
        let world = World::new(&format!("[taking]\nreceipts = \"{receipts}\"\n"));
        let mut exchange = world.open();
        world.publish("EB130102", &eb13("2026-01-02", &rows()));
        world.publish("EB140102", b"x");
        turn(&mut exchange, "2026-01-02 14:00");
        let has = |name: &str| world.names("sent").contains(&format!("{name}.receipt"));
        assert_eq!((has("EB130102"), has("EB140102")), (on_good, on_bad), "{receipts}");
    }
}

#[test]
fn a_cut_file_then_the_right_one() {
    let rules = format!(
        "{FAILS_THIRD}[[mischief]]\non = \"collection\"\nnth = 1\ndo = \"truncated\"\nthen = \"corrected\"\n"
    );
    let (world, mut exchange) = registered(&rules);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:00");
    let (_, delivered, next) = turn(&mut exchange, "2026-01-07 03:00");
    assert_eq!((delivered, next), (vec!["EB220106".to_string()], some("2026-01-07 04:00:00")));
    let cut = world.read("inbox/EB220106");
    // The daemon has not taken the first one: the second waits for the name.
    assert_eq!(turn(&mut exchange, "2026-01-07 04:00"), (false, vec![], some("2026-01-07 04:01:00")));
    fs::remove_file(world.channel().join("inbox/EB220106")).unwrap();
    assert_eq!(turn(&mut exchange, "2026-01-07 04:01"), (true, vec!["EB220106".to_string()], None));
    let right = world.read("inbox/EB220106");
    assert!(right.starts_with(&cut) && cut.len() < right.len());
    assert_eq!(lines_of(&right), [(3, "0021".to_string())]);
    // The next file of the service is the second: the rule is about the first.
    world.publish("EB210107", &eb21("2026-01-07", &rows()));
    turn(&mut exchange, "2026-01-06 14:00");
    assert_eq!(turn(&mut exchange, "2026-01-08 03:00").2, None);
}

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
        let name = super::journal::answer_name(first.due, &first.name);
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

#[test]
fn the_same_inputs_and_clock_give_the_same_bytes() {
    let rules = "seed = \"s\"\n[[verdict]]\non = \"collection\"\npercent = 40\ncode = \"0021\"\n\
                 [[mischief]]\non = \"collection\"\nnth = 2\ndo = \"wrong-charset\"\n";
    let play = || {
        let world = World::new(rules);
        let mut exchange = world.open();
        let rows: Vec<Row> = (1..=60).map(|n| Row::new(n, 1_000 * i64::from(n))).collect();
        world.publish("EB130102", &eb13("2026-01-02", &rows));
        turn(&mut exchange, "2026-01-02 14:00");
        for (name, date, sent) in SHORT_DAYS {
            world.publish(name, &eb21(date, &rows));
            turn(&mut exchange, sent);
        }
        turn(&mut exchange, "2026-02-01 00:00");
        drop(exchange);
        world.tree()
    };
    let (first, second) = (play(), play());
    assert!(first.contains_key("channel/inbox/EB220107"));
    assert!(first == second);
}

#[test]
fn partial_debits_state_what_was_not_taken() {
    let rules = "[[verdict]]\non = \"collection\"\npartial_percent = 55\ncode = \"0021\"\n";
    let (world, mut exchange) = registered(rules);
    let [one, two, three] = rows().try_into().unwrap();
    let rows = [one, two.with_mode(Mode::Partial), three.with_mode(Mode::Units5000)];
    world.publish("EB210106", &eb21("2026-01-06", &rows));
    turn(&mut exchange, "2026-01-05 14:00");
    turn(&mut exchange, "2026-01-07 03:00");
    let no = "0021".to_string();
    let expected = [(1, no.clone(), 50_000), (2, no.clone(), 30_000 - 16_500), (3, no, 70_000 - 35_000)];
    assert_eq!(stated(&world.read("inbox/EB220106")), expected);
}

#[test]
fn a_cancelled_payer_is_no_longer_debited() {
    let (world, mut exchange) = registered("");
    world.publish("EB130105", &applications("2026-01-05", &rows()[..2], ApplicationKind::Cancel));
    turn(&mut exchange, "2026-01-05 14:00");
    world.publish("EB130106", &applications("2026-01-06", &rows(), ApplicationKind::Cancel));
    world.publish("EB210107", &eb21("2026-01-07", &rows()));
    turn(&mut exchange, "2026-01-06 14:00");
    turn(&mut exchange, "2026-01-08 03:00");
    assert_eq!(lines_of(&world.read("inbox/EB140105")), []);
    // Two were cancelled before; the third is cancelled by the file of the day before the debit.
    let codes = |name: &str| lines_of(&world.read(name)).into_iter().map(|(n, _)| n).collect::<Vec<u32>>();
    assert_eq!(codes("inbox/EB140106"), [1, 2]);
    assert_eq!(codes("inbox/EB220107"), [1, 2, 3]);
}

/// What a reader finds wrong with a result after each mischief that changes its bytes.
#[test]
fn harmed_results_are_wrong_as_they_should_be() {
    let table: [(&str, &str); 12] = [
        ("do = \"truncated\"", "?"),
        ("do = \"truncated\"\nkeep_bytes = 200", "?"),
        ("do = \"truncated\"\nkeep_records = 1", "?"),
        ("do = \"wrong-count\"", "?"),
        ("do = \"wrong-sum\"", "?"),
        ("do = \"wrong-charset\"", "?"),
        ("do = \"wrong-charset\"\ncharset = \"cut-hangul\"", "?"),
        ("do = \"wrong-date\"", ""),
        ("do = \"other-institution\"\ninstitution = \"9900000001\"", ""),
        ("do = \"foreign-line\"", ""),
        ("do = \"wrong-payer\"", ""),
        ("do = \"shuffled\"", ""),
    ];
    for (mischief, expected) in table {
        let rules = format!(
            "[[verdict]]\non = \"collection\"\ncode = \"0021\"\n[[mischief]]\non = \"collection\"\n{mischief}\n"
        );
        let (world, mut exchange) = registered(&rules);
        world.publish("EB210106", &eb21("2026-01-06", &rows()));
        turn(&mut exchange, "2026-01-05 14:00");
        turn(&mut exchange, "2026-01-07 03:00");
        let (lines, faults) = reading(&world.read("inbox/EB220106"));
        assert_eq!(faults.join(" "), expected, "{mischief}: {lines:?}");
    }
}
