//! One world: made of a seed, played day by day, looked at every evening.

use crate::bank::{Accounts, Bank};
use crate::dice::Dice;
use crate::people::{People, Wanted};
use crate::{people, shipped, wire};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use sunap::config::Config;
use sunap::daemon::Stop;
use sunap::daemon::rehearsal::{Idle, Outside, Patience, Rehearsal};
use sunap::domain::{Date, Instant, TimeOfDay, Won};
use sunap::engine::{Engine, LEDGER};
use sunap::layout::Layout;
use sunap::ledger::{FileQuery, FileState, Reader};
use sunap::machine::file::Out;
use sunap::seal::KeyRing;

/// Monotonic time that passes only when somebody waits.
#[derive(Debug, Default)]
struct Manual(u64);

impl Patience for Manual {
    fn monotonic_ms(&self) -> u64 {
        self.0
    }
    fn wait(&mut self, _at_least: Duration) {
        self.0 += 1_000;
    }
}

type Shared<T> = Rc<RefCell<T>>;

/// Everything that outlives a crash of the daemon.
pub(crate) struct World {
    temp: tempfile::TempDir,
    config: Arc<Config>,
    layouts: Rc<BTreeMap<String, Layout>>,
    dice: Dice,
    accounts: Shared<Accounts>,
    wanted: Shared<BTreeMap<(String, String), Wanted>>,
    tired: Shared<bool>,
    crashes: u64,
    power: u64,
    holidays: u64,
    seed: u64,
}

/// Crashes per thousand instants, and power failures per thousand at which a file waits to be taken.
const CRASHES: u64 = 12;
const POWER: u64 = 120;

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let temp = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        shipped::shipped_into(temp.path());
        // The world's banks know nothing of evidence and of applications at banks.
        let profile = temp.path().join("config/profiles/kftc.toml");
        let text = std::fs::read_to_string(&profile).unwrap();
        let text = text.replace("needs_evidence = true", "needs_evidence = false");
        let text = text.replace("expected = true", "expected = false");
        std::fs::remove_file(&profile).unwrap();
        std::io::Write::write_all(&mut std::fs::File::create(&profile).unwrap(), text.as_bytes()).unwrap();
        let config = Arc::new(Config::load(&temp.path().join("config/sunap.toml")).unwrap());
        let layouts = ["EB13", "EB14", "EB21", "EB22", "EC21", "EC22", "EB31", "EB32"];
        let layouts =
            layouts.map(|name| (name.to_string(), wire::layout(&temp.path().join("formats"), name).unwrap()));
        Self {
            config,
            layouts: Rc::new(layouts.into()),
            dice: Dice::new(seed, 0),
            accounts: Shared::default(),
            wanted: Shared::default(),
            tired: Shared::default(),
            crashes: 0,
            power: 0,
            holidays: 0,
            seed,
            temp,
        }
    }

    fn ledger(&self) -> PathBuf {
        self.config.state_dir.join(LEDGER)
    }

    fn reader(&self) -> Result<Reader, String> {
        Reader::open(&self.ledger(), &Arc::new(KeyRing::for_tests())).map_err(|error| error.to_string())
    }

    /// Plays so many days, and then quiet ones until every answer is in. Files taken, answered badly, crashes, lists, won
    /// debited, power failures.
    pub(crate) fn play(mut self, days: u64) -> Result<[u64; 7], String> {
        let played = self.play_days(days);
        if played.is_err() && std::env::var_os("SUNAP_WORLD_SEED").is_some() {
            // Played again on purpose: its folders are kept to be looked into.
            let kept = self.temp.keep();
            return played.map_err(|why| format!("{why}\nits folders: {}", kept.display()));
        }
        played
    }

    fn play_days(&mut self, days: u64) -> Result<[u64; 7], String> {
        let start: Date = "2026-01-02".parse().unwrap();
        let start = start.plus_days(i64::try_from(self.dice.below(300)).unwrap());
        let mut now = start.at(TimeOfDay::MIDNIGHT);
        let mut outside = self.outside(now);
        let quiet = start.plus_days(i64::try_from(days).unwrap());
        let end = quiet.plus_days(14).at(TimeOfDay::MIDNIGHT);
        let mut looked = start;
        while now < end {
            if now.date() >= quiet {
                *self.tired.borrow_mut() = true;
            }
            now = self.until_a_crash(now, end, &mut outside).map_err(|why| format!("{now}: {why}"))?;
            if now.date() > looked {
                looked = now.date();
                self.look(now, false).map_err(|why| format!("the evening before {looked}: {why}"))?;
            }
        }
        self.look(now, true).map_err(|why| format!("at the end: {why}"))?;
        let accounts = self.accounts.borrow();
        let debited: i64 = accounts.debited.values().flatten().map(|(_, won)| won).sum();
        let lists = outside.lists;
        Ok([
            accounts.taken,
            accounts.mischief,
            self.crashes,
            lists,
            u64::try_from(debited).unwrap(),
            self.power,
            self.holidays,
        ])
    }

    fn outside(&self, now: Instant) -> Standing {
        let mut banks = Vec::new();
        for (nth, channel) in (1..).zip(self.config.channels.values()) {
            banks.push(Some(Bank {
                channel: self.config.spool_dir.join("channel").join(channel.id.as_str()),
                layouts: Rc::clone(&self.layouts),
                calendar: Arc::new(self.config.calendar.clone()),
                dice: Dice::new(self.seed, nth),
                accounts: Rc::clone(&self.accounts),
                takes_at: BTreeMap::new(),
                results: BTreeMap::new(),
                made: 0,
                tired: Rc::clone(&self.tired),
            }));
        }
        let people = People {
            root: self.temp.path().to_path_buf(),
            dice: Dice::new(self.seed, 100),
            wanted: Rc::clone(&self.wanted),
            ledger: self.ledger(),
            next: now,
            made: 0,
            earlier: Vec::new(),
            tired: Rc::clone(&self.tired),
            stop: Stop::default(),
            stops_in: None,
        };
        Standing { banks: Rc::new(RefCell::new((banks, people))), lists: 0 }
    }

    /// Starts the daemon and lets it work until it is killed, or until the end.
    fn until_a_crash(
        &mut self,
        mut now: Instant,
        end: Instant,
        outside: &mut Standing,
    ) -> Result<Instant, String> {
        let stop = Stop::default();
        {
            let mut all = outside.banks.borrow_mut();
            all.1.stop = stop.clone();
            all.1.stops_in = self.dice.per_mille(300).then(|| 1 + self.dice.below(200));
        }
        if self.dice.per_mille(60) {
            self.declare_a_holiday(now, outside)?;
        }
        let engine = Engine::open(Arc::clone(&self.config), now).map_err(|error| error.to_string())?;
        let parts: Vec<Box<dyn Outside>> = vec![Box::new(Everybody(Rc::clone(&outside.banks)))];
        let mut parts = Rehearsal::new(engine, parts, Manual::default(), stop);
        loop {
            let idle = parts.play(now).map_err(|error| error.to_string())?;
            outside.lists = outside.banks.borrow().1.made;
            match idle {
                Idle::Stopped => {
                    self.crashes += 1;
                    return Ok(now);
                }
                Idle::Until(next) => {
                    let next = next.unwrap_or(end);
                    if next >= end {
                        return Ok(end);
                    }
                    let new_day = next.date() > now.date();
                    now = next;
                    let waiting =
                        outside.banks.borrow().0.iter().flatten().any(|bank| !bank.takes_at.is_empty());
                    if waiting && self.dice.per_mille(POWER) {
                        drop(parts);
                        self.lose_power()?;
                        return Ok(now);
                    }
                    if new_day || self.dice.per_mille(CRASHES) {
                        self.crashes += u64::from(!new_day);
                        return Ok(now);
                    }
                }
            }
        }
    }

    /// The state declares a day off, some days ahead; the operator writes it down and starts the daemon again.
    fn declare_a_holiday(&mut self, now: Instant, outside: &mut Standing) -> Result<(), String> {
        let date = now.date().plus_days(3 + i64::try_from(self.dice.below(20)).unwrap());
        if !self.config.calendar.is_open(date) {
            return Ok(());
        }
        let path = self.temp.path().join("config/calendar.toml");
        let mut text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        text.push_str(&format!(
            "\n[[day]]\ndate = \"{date}\"\nname = \"임시공휴일\"\nkind = \"temporary\"\n"
        ));
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        let config = Config::load(&self.temp.path().join("config/sunap.toml"));
        self.config = Arc::new(config.map_err(|error| error.to_string())?);
        let calendar = Arc::new(self.config.calendar.clone());
        for bank in outside.banks.borrow_mut().0.iter_mut().flatten() {
            bank.calendar = Arc::clone(&calendar);
        }
        self.holidays += 1;
        Ok(())
    }

    /// A file that was just published is in the stage again, and the ledger says `staged`: what a power failure leaves that
    /// came before the rename was durable. Half of the time the bank had already taken it.
    fn lose_power(&mut self) -> Result<(), String> {
        let published = |file: &sunap::ledger::FileRow| file.state == FileState::Out(Out::Published);
        let files = self.reader()?.files(&FileQuery { limit: 1_000, ..FileQuery::default() });
        let files = files.map_err(|error| error.to_string())?;
        for file in files.iter().filter(|file| published(file)) {
            let channel = self.config.spool_dir.join(&file.owner);
            let (outbox, stage) = (channel.join("outbox"), channel.join(".stage"));
            if !outbox.join(&file.name).exists() {
                continue;
            }
            self.power += 1;
            std::fs::rename(outbox.join(&file.name), stage.join(&file.name)).map_err(|e| e.to_string())?;
            let _marker = std::fs::remove_file(outbox.join(format!("{}.ok", file.name)));
            let sql = rusqlite::Connection::open(self.ledger()).map_err(|error| error.to_string())?;
            sql.execute(
                "UPDATE file SET state = 'staged', published_at = NULL,
                   boot_id = '00000000-0000-0000-0000-000000000000' WHERE file_id = ?1",
                [file.file_id],
            )
            .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// All invariants, and the ledger beside the banks' own books.
    fn look(&self, now: Instant, all_is_in: bool) -> Result<(), String> {
        let reader = self.reader()?;
        let violations = reader.audit().map_err(|error| error.to_string())?;
        if let Some(first) = violations.first() {
            return Err(format!("{} violations, first {}: {}", violations.len(), first.rule, first.text));
        }
        let accounts = self.accounts.borrow();
        if let Some(first) = accounts.complaints.first() {
            return Err(format!("the bank complains: {first}"));
        }
        // Six hours for a result whose name was in use, and for the next look.
        let known = now.plus_minutes(-6 * 60);
        for (number, debits) in &accounts.debited {
            let sum = |until: Instant| -> i64 {
                debits.iter().filter(|(right_at, _)| *right_at <= until).map(|(_, won)| won).sum()
            };
            let (debited, told) = (sum(Instant::from_unix_ms(i64::MAX)), sum(known));
            let found = reader.find_mandate(number).map_err(|error| error.to_string())?;
            let mandate = found
                .iter()
                .find(|mandate| mandate.bank_payer_no.as_str() == number)
                .ok_or_else(|| format!("{number} was debited, and the ledger does not know it"))?;
            let charges = reader.charges_of(mandate.mandate_id).map_err(|error| error.to_string())?;
            let paid = Won::sum(charges.iter().map(|charge| charge.paid)).ok_or("sums do not fit")?.get();
            let owed = Won::sum(charges.iter().map(|charge| charge.amount)).ok_or("sums do not fit")?.get();
            if paid > debited {
                return Err(format!("{number}: {paid} won are booked, and the bank debited {debited}"));
            }
            if debited > owed {
                return Err(format!("{number}: {debited} won were debited, and {owed} are owed"));
            }
            if told > paid {
                return Err(format!("{number}: results of {told} won were given, and {paid} are booked"));
            }
            let wanted = self.wanted.borrow();
            let key = (mandate.creditor.to_string(), mandate.payer_no.to_string());
            let wanted = wanted.get(&key).ok_or_else(|| format!("{number} was never asked for"))?;
            let months = std::iter::successors(Some(wanted.first), |month| Some(month.next()));
            let months = months.take_while(|month| *month <= now.date().month().next()).count();
            let most = wanted.monthly * i64::try_from(months).unwrap();
            if debited > most {
                return Err(format!("{number}: {debited} won were debited, and at most {most} were agreed"));
            }
        }
        no_payment_twice(&reader, &accounts, now)?;
        if all_is_in {
            let open: Vec<_> = reader
                .files(&FileQuery { limit: 10_000, ..FileQuery::default() })
                .map_err(|error| error.to_string())?
                .into_iter()
                .filter(|file| {
                    let old = file.date.is_some_and(|date| date.plus_days(8) < now.date());
                    old && matches!(file.state, FileState::Out(Out::Published | Out::Taken))
                })
                .collect();
            if let Some(first) = open.first() {
                return Err(format!("{} of {:?} was never answered", first.name, first.date));
            }
        }
        Ok(())
    }
}

/// A settlement is paid once, with its net.
fn no_payment_twice(reader: &Reader, accounts: &Accounts, now: Instant) -> Result<(), String> {
    for creditor in people::creditors() {
        let (from, to) = ("2025-01-01".parse::<Date>()?, now.date());
        for settled in reader.settlements(creditor, from, to).map_err(|error| error.to_string())? {
            let payouts = reader.payouts_of(settled.settlement_id).map_err(|error| error.to_string())?;
            let by_bank: Vec<i64> = payouts
                .iter()
                .filter_map(|payout| accounts.paid.get(&format!("SUNAP-{:012}", payout.payout_id)).copied())
                .collect();
            if by_bank.len() > 1 || by_bank.iter().any(|won| *won != settled.net.get()) {
                return Err(format!("{creditor} {}: net {}, paid {by_bank:?}", settled.date, settled.net));
            }
        }
    }
    Ok(())
}

/// Banks and people, kept while the daemon dies and comes back.
struct Standing {
    banks: Shared<(Vec<Option<Bank>>, People)>,
    lists: u64,
}

/// All of them as one part of the rehearsal.
#[derive(Debug)]
struct Everybody(Shared<(Vec<Option<Bank>>, People)>);

impl Outside for Everybody {
    fn turn(&mut self, now: Instant) -> Result<sunap::daemon::rehearsal::Acted, sunap::fault::Trouble> {
        let mut all = self.0.borrow_mut();
        let (banks, people) = &mut *all;
        let mut sum = people.turn(now)?;
        for bank in banks.iter_mut().flatten() {
            let acted = bank.turn(now)?;
            sum.worked |= acted.worked;
            sum.delivered.extend(acted.delivered);
            sum.next_due = [sum.next_due, acted.next_due].into_iter().flatten().min();
        }
        Ok(sum)
    }
}

/// The world's creditors are those of the shipped config.
#[test]
fn the_creditors_are_configured() {
    let world = World::new(0);
    assert!(people::creditors().all(|id| world.config.creditors.contains_key(&id)));
}
