//! A bank of its own, which knows nothing of sunap but the files: it takes them, debits accounts, and answers as real
//! networks do on bad days. What it debited is the truth that the ledger is held against.

use crate::dice::Dice;
use crate::wire::{self, Failure};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use sunap::calendar::Calendar;
use sunap::daemon::rehearsal::{Acted, Outside};
use sunap::domain::{Date, Instant, TimeOfDay};
use sunap::fault::Trouble;
use sunap::layout::Layout;

/// What the bank has done, for the world to ask.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// Debits by the payer's number on the wire: when the right result is given, and won.
    pub(crate) debited: BTreeMap<String, Vec<(Instant, i64)>>,
    /// Won paid out, by our number of the payment.
    pub(crate) paid: BTreeMap<String, i64>,
    /// Payers that were registered at some time.
    registered: BTreeSet<String>,
    /// Files accepted, by name and date: one of each.
    accepted: BTreeSet<(String, Date)>,
    /// What no bank should ever see.
    pub(crate) complaints: Vec<String>,
    /// Files taken, results given, and what went wrong with them on purpose.
    pub(crate) taken: u64,
    pub(crate) mischief: u64,
}

/// One channel's bank.
pub(crate) struct Bank {
    pub(crate) channel: PathBuf,
    pub(crate) layouts: Rc<BTreeMap<String, Layout>>,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) dice: Dice,
    pub(crate) accounts: Rc<RefCell<Accounts>>,
    /// Files that were seen and are taken later.
    pub(crate) takes_at: BTreeMap<String, Instant>,
    /// Results to give, the earliest first.
    pub(crate) results: BTreeMap<(Instant, u64), (String, Vec<u8>)>,
    pub(crate) made: u64,
    /// Nothing goes wrong any more.
    pub(crate) tired: Rc<RefCell<bool>>,
}

impl std::fmt::Debug for Bank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the bank of {}", self.channel.display())
    }
}

/// Codes of failures that leave a mandate as it is.
const CODES: [&str; 3] = ["0021", "0031", "0014"];

fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble::new("play the bank", error.to_string())
}

fn at(date: Date, hour: u32, minute: u32) -> Instant {
    date.at(TimeOfDay::new(hour, minute, 0).unwrap())
}

impl Outside for Bank {
    fn turn(&mut self, now: Instant) -> Result<Acted, Trouble> {
        let mut acted = Acted::default();
        for name in self.ready()? {
            let (dice, tired) = (&mut self.dice, *self.tired.borrow());
            let when = *self.takes_at.entry(name.clone()).or_insert_with(|| {
                let late = if tired || dice.per_mille(700) { 0 } else { dice.below(100) };
                now.plus_minutes(i64::try_from(late).unwrap())
            });
            if when > now {
                acted.next_due = Some(acted.next_due.map_or(when, |next| next.min(when)));
                continue;
            }
            self.takes_at.remove(&name);
            self.take(&name, now)?;
            acted.worked = true;
        }
        while let Some(entry) = self.results.first_entry().filter(|entry| entry.key().0 <= now) {
            let (name, bytes) = entry.remove();
            let path = self.channel.join("inbox").join(&name);
            if path.exists() {
                // A name in use: the sender waits.
                self.put_off(now, name, bytes);
                continue;
            }
            put(&path, &bytes)?;
            acted.delivered.push(path);
            acted.worked = true;
        }
        let next = self.results.keys().next().map(|(when, _)| *when);
        acted.next_due = [acted.next_due, next].into_iter().flatten().min();
        Ok(acted)
    }
}

impl Bank {
    fn ready(&self) -> Result<Vec<String>, Trouble> {
        let mut names: Vec<String> = std::fs::read_dir(self.channel.join("outbox"))
            .map_err(trouble)?
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let marked = |name: &String| names.contains(&format!("{name}.ok"));
        Ok(names.iter().filter(|name| !name.ends_with(".ok") && marked(name)).cloned().collect())
    }

    fn put_off(&mut self, now: Instant, name: String, bytes: Vec<u8>) {
        self.made += 1;
        self.results.insert((now.plus_minutes(1), self.made), (name, bytes));
    }

    fn take(&mut self, name: &str, now: Instant) -> Result<(), Trouble> {
        let (outbox, sent) = (self.channel.join("outbox"), self.channel.join("sent"));
        let bytes = std::fs::read(outbox.join(name)).map_err(trouble)?;
        std::fs::hard_link(outbox.join(name), sent.join(name)).map_err(trouble)?;
        std::fs::remove_file(outbox.join(name)).map_err(trouble)?;
        std::fs::remove_file(outbox.join(format!("{name}.ok"))).map_err(trouble)?;
        self.accounts.borrow_mut().taken += 1;
        let receipt = sent.join(format!("{name}.receipt"));
        if !*self.tired.borrow() && self.dice.per_mille(25) {
            self.accounts.borrow_mut().mischief += 1;
            return put(&receipt, b"result = \"refused\"\ncode = \"A040\"\nwhy = \"closed\"\n");
        }
        if self.dice.per_mille(600) {
            put(&receipt, b"result = \"accepted\"\n")?;
        }
        self.work_on(name, &bytes, now)
    }

    fn work_on(&mut self, name: &str, bytes: &[u8], now: Instant) -> Result<(), Trouble> {
        let kind = name.get(..4).unwrap_or_default().to_string();
        let layouts = Rc::clone(&self.layouts);
        let request = &layouts[&kind];
        let records = wire::read(request, name, bytes).map_err(trouble)?;
        let date = date_of(&records[0]);
        if !self.accounts.borrow_mut().accepted.insert((name.to_string(), date)) {
            let text = format!("{name} of {date} was given twice");
            self.accounts.borrow_mut().complaints.push(text);
        }
        let (field, result, due) = match kind.as_str() {
            "EB13" => ("bank_payer_no", "EB14", at(self.calendar.shift(date, 1), 10, 30)),
            "EB21" => ("bank_payer_no", "EB22", at(date.next(), 3, 0)),
            "EC21" => ("bank_payer_no", "EC22", at(date, 22, 0)),
            "EB31" => ("institution_use", "EB32", at(self.calendar.shift(date, 1), 10, 30)),
            other => return Err(trouble(format!("{other} is no file for this bank"))),
        };
        let (mut failures, mut debits) = (BTreeMap::new(), Vec::new());
        for record in records.iter().filter(|record| record["record"] == "data") {
            let fields = &record["fields"];
            let key = fields[field].as_str().unwrap_or_default().to_string();
            if self.dice.per_mille(80) {
                let code = if kind == "EB31" { "0022" } else { self.dice.one_of(&CODES) };
                failures.insert(key, Failure { code: code.to_string(), flag: "failed", partial: None });
                continue;
            }
            let won: i64 = fields["amount_won"].as_str().map_or(0, |text| text.parse().unwrap());
            let mut accounts = self.accounts.borrow_mut();
            match kind.as_str() {
                "EB13" => {
                    accounts.registered.insert(key);
                }
                "EB31" => {
                    if accounts.paid.insert(key.clone(), won).is_some() {
                        accounts.complaints.push(format!("{key} was paid twice"));
                    }
                }
                _ => {
                    if !accounts.registered.contains(&key) {
                        accounts
                            .complaints
                            .push(format!("{key} is debited in {name} and was never registered"));
                    }
                    debits.push((key, won));
                }
            }
        }
        let answer = format!("{result}{}", name.get(4..).unwrap_or_default());
        let made = if kind == "EB31" {
            wire::answer_by(request, &layouts[result], name, bytes, "institution_use", &failures)
        } else {
            wire::answer(request, &layouts[result], name, bytes, &failures)
        };
        let right_at = self.give(&answer, made.map_err(trouble)?, due.max(now.plus_minutes(5)));
        let mut accounts = self.accounts.borrow_mut();
        for (key, won) in debits {
            accounts.debited.entry(key).or_default().push((right_at, won));
        }
        Ok(())
    }

    /// The result, now and then with what can happen to one. When the right one is given.
    fn give(&mut self, name: &str, right: Vec<u8>, due: Instant) -> Instant {
        let name = name.to_string();
        let mut give = |minutes: i64, name: &str, bytes: Vec<u8>| {
            self.made += 1;
            self.results.insert((due.plus_minutes(minutes), self.made), (name.to_string(), bytes));
        };
        if *self.tired.borrow() || !self.dice.per_mille(200) {
            give(0, &name, right);
            return due;
        }
        self.accounts.borrow_mut().mischief += 1;
        let long = right.len() as u64;
        let (first, again) = match self.dice.below(8) {
            0 => {
                let cut = usize::try_from(self.dice.below(long)).unwrap();
                (Some((name.clone(), right[..cut].to_vec())), 60)
            }
            1 => {
                let mut other = right.clone();
                let byte = usize::try_from(self.dice.below(long)).unwrap();
                other[byte] = if other[byte] == b'1' { b'2' } else { b'1' };
                (Some((name.clone(), other)), 60)
            }
            2 => {
                give(120, &name, right.clone());
                (None, 0)
            }
            3 => {
                give(60, &format!("{name}.copy"), right.clone());
                (None, 0)
            }
            4 => (None, 24 * 60),
            5 => (Some((name.clone(), Vec::new())), 30),
            6 => {
                // The last data record is missing, and the trailer still counts it.
                let mut other = right.clone();
                if other.len() > 450 {
                    other.drain(other.len() - 300..other.len() - 150);
                } else {
                    other.truncate(150);
                }
                (Some((name.clone(), other)), 90)
            }
            _ => (None, 3 * 24 * 60),
        };
        if let Some((name, bytes)) = first {
            give(0, &name, bytes);
        }
        give(again, &name, right);
        due.plus_minutes(again)
    }
}

/// The date in a header.
fn date_of(header: &serde_json::Value) -> Date {
    ["debit_date", "application_date", "deposit_date"]
        .iter()
        .find_map(|field| header["fields"][field].as_str())
        .map(|text| text.parse().unwrap())
        .unwrap()
}

/// Puts a file in by a rename.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let temp = path.with_file_name(format!(".{}.part", path.file_name().unwrap().to_string_lossy()));
    std::fs::write(&temp, bytes).map_err(trouble)?;
    std::fs::rename(&temp, path).map_err(trouble)
}
