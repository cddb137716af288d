//! Measures the engine's whole way on invented people: the charges of a month, their request, the emission of the file to its
//! publication, and its result, from the drop to the report. Prints the CPU time of each turn that took long, and the peak
//! memory since the people were there. `benches/README.md` has the commands.
//!
//! ```text
//! engine                        100,000 people, failures only, in a temporary folder: what `cargo bench` runs
//! engine FOLDER N PERCENT       failures only: so many of a hundred lines are listed
//! engine FOLDER N all           every line listed, 8 of a hundred failed (the layout is told to list all)
//! engine FOLDER N PERCENT M     M months with retries and settlements; a line for each month
//! engine FOLDER N left          ends after the request as if killed, with all of the ledger's log left behind
//! ```
//! FOLDER must not exist; a copy of config/ and formats/ of the working directory is made in it. Where it is kept, the
//! daemon can be started on it (`benches/ready.py FOLDER`).

#![expect(
    clippy::disallowed_methods,
    reason = "it plays the outside: the sender, the bank and the folder of a trial"
)]

mod common;

use common::{Said, Watch};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use sunap::bank::collection::{RequestFormat, ResultFormat};
use sunap::bank::{FileHead, Verdict};
use sunap::config::Config;
use sunap::domain::{
    ChannelId, ContractDay, CreditorId, Date, Instant, MandateTerms, Month, Payer, TimeOfDay, Won,
};
use sunap::engine::{Engine, LEDGER};
use sunap::fault::Trouble;
use sunap::layout::Layout;
use sunap::ledger::{Create, Ledger, NewMandate, Reader, Tx};
use sunap::machine::mandate;
use sunap::report::{self, Format, Report, ReportQuery};
use sunap::seal::KeyRing;

/// Before the charges of December 2026 are made.
const START: &str = "2026-11-29 12:00";

/// What is tried.
struct Trial {
    n: u64,
    /// Of a hundred lines so many fail.
    percent: u32,
    /// The result lists every line.
    all: bool,
    months: u32,
    left: bool,
}

fn main() -> Result<(), Said> {
    let arguments = common::arguments();
    if let [word, folder, n] = arguments.as_slice()
        && word == "make"
    {
        return people(Path::new(folder), n.parse()?);
    }
    let [folder, n, rest @ ..] = arguments.as_slice() else {
        let folder = std::env::temp_dir().join(format!("sunap-bench-engine-{}", std::process::id()));
        let done = run(&folder, &Trial { n: 100_000, percent: 3, all: false, months: 0, left: false });
        fs::remove_dir_all(&folder)?;
        return done;
    };
    let mix = rest.first().map_or("3", String::as_str);
    let (all, left) = (mix == "all", mix == "left");
    let percent = if all || left { 8 } else { mix.parse()? };
    let months = rest.get(1).map_or(Ok(0), |months| months.parse())?;
    run(Path::new(folder), &Trial { n: n.parse()?, percent, all, months, left })
}

fn run(folder: &Path, trial: &Trial) -> Result<(), Said> {
    fs::create_dir(folder)?;
    prepare(folder, trial.all)?;
    let config = Arc::new(Config::load(&folder.join("config/sunap.toml")).map_err(|e| e.to_string())?);
    let start: Instant = START.parse()?;
    drop(Engine::open(Arc::clone(&config), start).map_err(|e| e.to_string())?);
    let path = config.state_dir.join(LEDGER);
    let ring = Arc::new(KeyRing::for_tests());
    // In a process of its own: what it takes does not count as memory of the engine.
    let made = Command::new(std::env::current_exe()?)
        .args(["make".as_ref(), folder.as_os_str()])
        .arg(trial.n.to_string())
        .status()?;
    if !made.success() {
        return Err("the people could not be made".into());
    }
    let mut watch = Watch::start()?;
    let engine = Engine::open(Arc::clone(&config), start).map_err(|e| e.to_string())?;
    watch.tell("start to ready")?;
    let bank =
        Bank { formats: formats(folder)?, percent: trial.percent, all: trial.all, folder, sent: Vec::new() };
    let spool = config.spool_dir.join("channel/bankingplus-seoul");
    let mut play = Play { engine, bank, spool, now: start, monotonic: 0, long: 20, by_time: BTreeMap::new() };
    if trial.left {
        // A reader that stands keeps the log from being written back; a killed process writes nothing back either.
        let reader = rusqlite::Connection::open(&path)?;
        reader.execute_batch("BEGIN; SELECT count(*) FROM file;")?;
        play.until("2026-12-04 12:00".parse()?)?;
        std::process::exit(0);
    }
    if trial.months > 0 {
        return year(&mut play, trial.months, &path, &ring, &config);
    }
    play.until("2026-12-07 20:02".parse()?)?;
    if play.spool.join("done/EB221207").exists() { Ok(()) } else { Err("the result was not applied".into()) }
}

/// Month after month; what each took by the time of day of its turns, and how long a report of it takes.
fn year(
    play: &mut Play<'_>,
    months: u32,
    path: &Path,
    ring: &Arc<KeyRing>,
    config: &Config,
) -> Result<(), Said> {
    play.long = u64::MAX;
    let creditor: CreditorId = "10000001".parse()?;
    let mut month = Month::new(2026, 12).ok_or("month")?;
    for _ in 0..months {
        let last = month.last_day();
        play.until(last.at(TimeOfDay::MIDNIGHT))?;
        let by_time: Vec<String> =
            std::mem::take(&mut play.by_time).iter().map(|(at, ms)| format!("{at} {ms}")).collect();
        let mb = fs::metadata(path)?.len() >> 20;
        writeln!(
            io::stdout(),
            "{month} ledger_mib={mb} peak={} cpu_ms: {}",
            common::peak()?,
            by_time.join(", ")
        )?;
        let query = ReportQuery {
            creditor,
            from: month.first_day(),
            to: last,
            item: None,
            group: None,
            payer: None,
            status: None,
            accounts: Default::default(),
            today: last,
            now: play.now,
        };
        let (reader, mut watch) = (Reader::open(path, ring)?, Watch::start()?);
        let requests: Report = "requests".parse()?;
        report::write(&reader, config, requests, &query, Format::Json, &mut io::sink())?;
        watch.tell(&format!("{month} report of requests"))?;
        month = month.next();
    }
    Ok(())
}

/// The engine, the bank beside it, and the time.
struct Play<'a> {
    engine: Engine,
    bank: Bank<'a>,
    spool: PathBuf,
    now: Instant,
    monotonic: u64,
    /// A turn that takes longer is told, in milliseconds of CPU.
    long: u64,
    /// Milliseconds of CPU by the time of day of the turn.
    by_time: BTreeMap<String, u64>,
}

impl Play<'_> {
    /// Turns at every due time up to `to`, and whenever the bank answers.
    fn until(&mut self, to: Instant) -> Result<(), Said> {
        loop {
            self.monotonic += 5_000;
            let mut watch = Watch::start()?;
            let turn = self.engine.turn(self.now, self.monotonic).map_err(|e| e.to_string())?;
            let (took, _) = watch.took()?;
            if took > self.long {
                watch.tell(&format!("turn at {}", self.now))?;
            }
            let at = self.now.to_string().split(' ').nth(1).unwrap_or_default().chars().take(5).collect();
            *self.by_time.entry(at).or_default() += took;
            let moved = self.bank.take(&self.spool)? || self.bank.answer(&self.spool, self.now)?;
            if turn.worked || turn.look_again || moved {
                continue;
            }
            let answers = self.bank.sent.iter().map(|sent| sent.answer_at);
            match answers.chain(turn.next_due).filter(|due| *due > self.now).min() {
                Some(due) if due <= to => self.now = due,
                _ if self.now < to => self.now = to,
                _ => return Ok(()),
            }
        }
    }
}

/// A file that the bank has taken.
struct Sent {
    name: String,
    answer_at: Instant,
}

/// The bank: takes every file of debits at once, and answers it at 20:00 of its date.
struct Bank<'a> {
    formats: (RequestFormat, ResultFormat),
    percent: u32,
    all: bool,
    folder: &'a Path,
    sent: Vec<Sent>,
}

impl Bank<'_> {
    fn take(&mut self, spool: &Path) -> Result<bool, Said> {
        let mut moved = false;
        for entry in fs::read_dir(spool.join("outbox"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with("EB21") && !name.contains('.') {
                let sent = spool.join("sent").join(&name);
                fs::rename(spool.join("outbox").join(&name), &sent)?;
                fs::remove_file(spool.join("outbox").join(format!("{name}.ok")))?;
                let head = self.formats.0.read_head(&name, fs::File::open(&sent)?)?.ok_or("no head")?;
                let answer_at = head.date.at(TimeOfDay::new(20, 0, 0).ok_or("20:00")?);
                self.sent.push(Sent { name, answer_at });
                moved = true;
            }
        }
        Ok(moved)
    }

    fn answer(&mut self, spool: &Path, now: Instant) -> Result<bool, Said> {
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.sent).into_iter().partition(|sent| sent.answer_at <= now);
        self.sent = later;
        for sent in &due {
            let name = sent.name.replace("EB21", "EB22");
            // Names come again each year.
            let _none_before = fs::remove_file(spool.join("done").join(&name));
            self.result(&spool.join("sent").join(&sent.name), &spool.join("inbox").join(&name))?;
        }
        Ok(!due.is_empty())
    }

    /// The result that answers a file, renamed into the inbox.
    fn result(&self, sent: &Path, to: &Path) -> Result<(), Said> {
        let (request, result) = &self.formats;
        let name = to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let made = self.folder.join("result");
        let head = request.read_head(&name, fs::File::open(sent)?)?.ok_or("no head")?;
        let head = FileHead { name, ..head };
        let mut writer = result.writer(io::BufWriter::new(fs::File::create(&made)?), &head)?;
        let reading = request.reader("sent", fs::File::open(sent)?).each(|_, line| {
            let failed = line.serial.wrapping_mul(37) % 100 < self.percent;
            let (verdict, code) =
                if failed { (Verdict::Failed, "0021") } else { (Verdict::Succeeded, "0000") };
            if self.all || failed {
                let put = writer.put(line, verdict, code, line.amount);
                put.map_err(|error| Trouble::new("write the result", error.to_string()))?;
            }
            Ok(())
        })?;
        if !reading.faults.is_empty() {
            return Err(reading.faults.to_string().into());
        }
        let (_, mut out) = writer.finish()?;
        out.flush()?;
        Ok(fs::rename(&made, to)?)
    }
}

fn formats(folder: &Path) -> Result<(RequestFormat, ResultFormat), Said> {
    let load = |name: &str| -> Result<Arc<Layout>, Said> {
        let text = fs::read_to_string(folder.join(format!("formats/{name}.toml")))?;
        Ok(Arc::new(Layout::from_toml(name, &text).map_err(|faults| faults.to_string())?))
    };
    let request = RequestFormat::bind(load("eb21")?).map_err(|faults| faults.to_string())?;
    let result = ResultFormat::bind(load("eb22")?).map_err(|faults| faults.to_string())?;
    Ok((request, result))
}

/// A copy of what is shipped, without the contract's limit in the way.
fn prepare(folder: &Path, all: bool) -> Result<(), Said> {
    for name in ["config", "formats"] {
        copy(Path::new(name), &folder.join(name))?;
    }
    let keys = folder.join("keys");
    fs::create_dir(&keys)?;
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o700))?;
    for (name, text) in KeyRing::demo_files() {
        fs::write(keys.join(name), text)?;
        fs::set_permissions(keys.join(name), fs::Permissions::from_mode(0o600))?;
    }
    replace(
        &folder.join("config/creditors/10000001.toml"),
        "limit_per_month_won = 100000000 ",
        "limit_per_month_won = 900000000000000 ",
    )?;
    // Ten million lines of a result.
    let sunap = folder.join("config/sunap.toml");
    replace(&sunap, "channel_file_bytes = 1073741824 ", "channel_file_bytes = 8000000000 ")?;
    if all {
        let eb22 = folder.join("formats/eb22.toml");
        replace(&eb22, "results = \"failures\"", "results = \"all\"")?;
        replace(
            &eb22,
            "codes = { \"N\" = \"failed\", \"P\" = \"partial\" }",
            "codes = { \"N\" = \"failed\", \"P\" = \"partial\", \"Y\" = \"succeeded\" }",
        )?;
    }
    Ok(())
}

fn replace(path: &Path, old: &str, new: &str) -> Result<(), Said> {
    let text = fs::read_to_string(path)?;
    if !text.contains(old) {
        return Err(format!("{} does not hold {old:?}", path.display()).into());
    }
    Ok(fs::write(path, text.replace(old, new))?)
}

fn copy(from: &Path, to: &Path) -> Result<(), Said> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)?
        } else {
            fs::write(to, fs::read(entry.path())?)?
        }
    }
    Ok(())
}

/// N active mandates; the engine makes their charges.
fn people(folder: &Path, n: u64) -> Result<(), Said> {
    let at: Instant = START.parse()?;
    let ring = Arc::new(KeyRing::for_tests());
    let mut ledger = Ledger::open(&folder.join("state").join(LEDGER), Create::Refused, &ring)
        .map_err(|e| e.to_string())?;
    let creditor: CreditorId = "10000001".parse()?;
    let channel: ChannelId = "bankingplus-seoul".parse()?;
    let tx = ledger.begin()?;
    for serial in 1..=n {
        person(&tx, creditor, &channel, serial, at)?;
    }
    Ok(tx.commit()?)
}

fn person(
    tx: &Tx<'_>,
    creditor: CreditorId,
    channel: &ChannelId,
    serial: u64,
    at: Instant,
) -> Result<(), Said> {
    let payer = Payer {
        payer_no: format!("P{serial:08}").parse()?,
        name: "홍길동".into(),
        phone: String::new(),
        email: String::new(),
        group: String::new(),
        attributes: Vec::new(),
    };
    let payer_id = tx.save_payer(creditor, &payer, at)?;
    let terms = MandateTerms {
        item: "TUITION".parse()?,
        limit: Won::new(500_000),
        monthly: Won::new(50_000),
        first_month: Month::new(2026, 1).ok_or("month")?,
        last_month: None,
        due_day: ContractDay::new(5).ok_or("day")?,
        bank: "004".parse()?,
        account: format!("11023{serial:08}").parse()?,
        holder: "홍길동".into(),
        id_no: "900101".parse().map_err(|_| "identity number")?,
        no_retry: false,
        mode: None,
        service: String::new(),
    };
    let active_on: Option<Date> = Some("2026-11-02".parse()?);
    tx.new_mandate(&NewMandate {
        payer_id,
        creditor,
        channel,
        bank_payer_no: &format!("10000001{serial:012}").parse()?,
        terms: &terms,
        state: mandate::State::Active,
        active_on,
        at: active_on.map_or(at, |day| day.at(TimeOfDay::MIDNIGHT)),
        file: None,
        line: None,
    })?;
    Ok(())
}
