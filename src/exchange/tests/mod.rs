//! The exchange on real folders, with files of the shipped layouts.

mod applications;
mod crash;
mod days;
mod wire;
mod wrong;

use super::play::{Exchange, Setup, Turn};
use super::rules::Rules;
use crate::bank::collection::Mode;
use crate::calendar::Calendar;
use crate::domain::{ApplicationKind, Instant};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::{Row, SHORT_DAYS, applications, eb13, eb21, lines_of, plans, reading, stated};

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
            evidence: None,
            applications: None,
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
