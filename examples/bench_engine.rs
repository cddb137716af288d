//! Measures the engine's whole way on invented people: the request of N debits, the emission of their file to its
//! publication, and the result, from the drop to the report. Prints the CPU time of each turn that took long, and the
//! peak memory. `benches/README.md` has the commands.
//!
//! ```text
//! bench_engine FOLDER N [PERCENT] failures only, PERCENT (3) of a hundred lines listed
//! bench_engine FOLDER N all       every line listed, 8 of a hundred failed (the layout is told to list all)
//! ```
//! FOLDER must not exist; a copy of config/ and formats/ of the working directory is made in it.

#![expect(
    clippy::disallowed_methods,
    reason = "it plays the outside: the sender, the bank and the folder of a trial"
)]

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time;
use sunap::bank::collection::{RequestFormat, ResultFormat};
use sunap::bank::{FileHead, Verdict};
use sunap::config::Config;
use sunap::domain::{
    ChannelId, ContractDay, CreditorId, Date, Instant, MandateTerms, Month, Payer, TimeOfDay, Won,
};
use sunap::engine::{Engine, LEDGER};
use sunap::fault::Trouble;
use sunap::layout::Layout;
use sunap::ledger::{Create, Ledger, MakeCharges, NewMandate, OnlyFor, Tx};
use sunap::machine::mandate;
use sunap::seal::KeyRing;

/// Whatever went wrong, in words.
struct Said(String);

impl<E: fmt::Display> From<E> for Said {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// CPU time of this thread by the kernel's account, in milliseconds.
fn cpu_ms() -> Result<u64, Said> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<u64>()? / 1_000_000)
}

fn tell(step: &str, cpu: u64, wall: time::Instant) -> Result<(), Said> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim();
    let wall = wall.elapsed().as_millis();
    writeln!(io::stdout(), "{step:<36} cpu_ms={cpu} wall_ms={wall} peak={peak}")?;
    Ok(())
}

fn main() -> Result<(), Said> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("FOLDER N [PERCENT|all]")?;
    let n: u64 = arguments.next().ok_or("FOLDER N [PERCENT|all]")?.parse()?;
    let mix = arguments.next().unwrap_or_else(|| "3".to_string());
    let folder = Path::new(&folder);
    fs::create_dir(folder)?;
    prepare(folder, mix == "all")?;
    let config = Arc::new(Config::load(&folder.join("config/sunap.toml")).map_err(|e| e.to_string())?);
    let opened: Instant = "2026-11-30 12:00".parse()?;
    drop(Engine::open(Arc::clone(&config), opened).map_err(|e| e.to_string())?);
    let mut ledger =
        Ledger::open(&config.state_dir.join(LEDGER), Create::Refused, &Arc::new(KeyRing::for_tests()))
            .map_err(|e| e.to_string())?;
    people(&mut ledger, n, opened)?;
    drop(ledger);
    let (start, cpu) = (time::Instant::now(), cpu_ms()?);
    let mut engine = Engine::open(Arc::clone(&config), opened).map_err(|e| e.to_string())?;
    tell("start to ready", cpu_ms()? - cpu, start)?;
    until(&mut engine, opened, "2026-12-04 14:00".parse()?)?;
    let spool = config.spool_dir.join("channel/bankingplus-seoul");
    let sent = spool.join("sent/EB211207");
    fs::rename(spool.join("outbox/EB211207"), &sent)?;
    fs::remove_file(spool.join("outbox/EB211207.ok"))?;
    let evening: Instant = "2026-12-07 20:00".parse()?;
    until(&mut engine, "2026-12-04 14:00".parse()?, evening)?;
    let percent = if mix == "all" { 8 } else { mix.parse()? };
    answer(folder, &sent, percent, mix == "all", &spool.join("inbox/EB221207"))?;
    until(&mut engine, evening, "2026-12-07 20:01".parse()?)?;
    until(&mut engine, "2026-12-07 20:01".parse()?, "2026-12-07 20:02".parse()?)?;
    if !spool.join("done/EB221207").exists() {
        return Err("the result was not applied".into());
    }
    Ok(())
}

/// Turns at every due time up to `to`; each that takes more than 20 ms of CPU is told.
fn until(engine: &mut Engine, from: Instant, to: Instant) -> Result<(), Said> {
    let mut now = from;
    let mut monotonic = 0;
    loop {
        monotonic += 5_000;
        let (start, cpu) = (time::Instant::now(), cpu_ms()?);
        let turn = engine.turn(now, monotonic).map_err(|e| e.to_string())?;
        let took = cpu_ms()? - cpu;
        if took > 20 {
            tell(&format!("turn at {now}"), took, start)?;
        }
        if turn.worked || turn.look_again {
            continue;
        }
        match turn.next_due.filter(|due| *due <= to) {
            Some(due) if due > now => now = due,
            _ if now < to => now = to,
            _ => return Ok(()),
        }
    }
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

/// N active mandates, each with a charge for the month.
fn people(ledger: &mut Ledger, n: u64, at: Instant) -> Result<(), Said> {
    let creditor: CreditorId = "10000001".parse()?;
    let channel: ChannelId = "bankingplus-seoul".parse()?;
    let tx = ledger.begin()?;
    for serial in 1..=n {
        person(&tx, creditor, &channel, serial, at)?;
    }
    let month = Month::new(2026, 12).ok_or("month")?;
    let due = [(ContractDay::new(5).ok_or("day")?, month.day_clamped(7))];
    tx.make_charges(&MakeCharges { creditor, month, due: &due, only: OnlyFor::All, at })?;
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

/// The result that answers `sent`, renamed into the inbox.
fn answer(folder: &Path, sent: &Path, percent: u32, all: bool, to: &Path) -> Result<(), Said> {
    let load = |name: &str| -> Result<Arc<Layout>, Said> {
        let text = fs::read_to_string(folder.join(format!("formats/{name}.toml")))?;
        Ok(Arc::new(Layout::from_toml(name, &text).map_err(|faults| faults.to_string())?))
    };
    let request = RequestFormat::bind(load("eb21")?).map_err(|faults| faults.to_string())?;
    let result = ResultFormat::bind(load("eb22")?).map_err(|faults| faults.to_string())?;
    let made = folder.join("result");
    let head = request.read_head("EB211207", fs::File::open(sent)?)?.ok_or("no head")?;
    let head = FileHead { name: "EB221207".to_string(), ..head };
    let mut writer = result.writer(io::BufWriter::new(fs::File::create(&made)?), &head)?;
    let reading = request.reader("EB211207", fs::File::open(sent)?).each(|_, line| {
        let failed = line.serial.wrapping_mul(37) % 100 < percent;
        let (verdict, code) = if failed { (Verdict::Failed, "0021") } else { (Verdict::Succeeded, "0000") };
        if all || failed {
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
