//! Measures the ledger's part of two steps on invented people, in a temporary folder: the request of N debits, and the
//! result that lists all of them (or 3 %). Prints the CPU time of each step; `benches/README.md` has the commands.
//!
//! ```text
//! ledger N          all lines listed: eight of a hundred failed (as in the kit's result), the others succeeded
//! ledger N half     all lines listed: half failed
//! ledger N 3        three of a hundred listed, all failed
//! ```
//! Not in it: parsing the result, the proof, and publishing; the engine adds these.

mod common;

use common::{Said, Watch};
use sunap::domain::{
    Allocation, ChannelId, CollectionKind, ContractDay, CreditorId, Date, Instant, MandateTerms, Month,
    Payer, TimeOfDay, Won,
};
use sunap::ledger::{
    CandidateQuery, Create, FileState, Ledger, MakeCharges, NewCollection, NewIn, NewMandate, OnlyFor,
    Outcome, Sealed,
};
use sunap::machine::{collection, file::Out, mandate};

/// Rows that are asked for at a time, as the engine does.
const CHUNK: usize = 4096;

/// What the result lists.
#[derive(Clone, Copy)]
enum Mix {
    /// Every line; so many of a hundred failed.
    Listed(u32),
    /// So many lines of a hundred, all failed.
    FailuresOnly(u32),
}

impl Mix {
    fn lists(self, serial: u32) -> bool {
        matches!(self, Self::Listed(_)) || self.fails(serial)
    }

    /// Spread by a multiplier, so that failures lie on all pages.
    fn fails(self, serial: u32) -> bool {
        let (Self::Listed(percent) | Self::FailuresOnly(percent)) = self;
        serial.wrapping_mul(37) % 100 < percent
    }
}

fn main() -> Result<(), Said> {
    let mut arguments = common::arguments().into_iter();
    let n: u64 = arguments.next().map_or(Ok(100_000), |n| n.parse())?;
    let mix = match arguments.next().as_deref() {
        None => Mix::Listed(8),
        Some("half") => Mix::Listed(50),
        Some(percent) => Mix::FailuresOnly(percent.parse()?),
    };
    let folder = std::env::temp_dir().join(format!("sunap-bench-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let done = run(&folder.join("ledger.db"), n, mix);
    std::fs::remove_dir_all(&folder)?;
    done
}

fn run(path: &std::path::Path, n: u64, mix: Mix) -> Result<(), Said> {
    let mut ledger =
        Ledger::open(path, Create::Allowed, &std::sync::Arc::new(sunap::seal::KeyRing::for_tests()))
            .map_err(|error| error.to_string())?;
    let mut watch = Watch::start()?;
    let creditor: CreditorId = "10000001".parse()?;
    let day: Date = "2026-12-07".parse()?;
    let at = day.at(TimeOfDay::MIDNIGHT);
    people(&mut ledger, creditor, n, at)?;
    watch.tell(&format!("{n} mandates and charges"))?;
    let (file, rows) = request(&mut ledger, creditor, day, at)?;
    watch.tell(&format!("request, seal, commit {rows}"))?;
    let listed = result(&mut ledger, file, rows, mix, at)?;
    watch.tell(&format!("result, commit {listed}"))
}

/// N active mandates, each with a charge for the month.
fn people(ledger: &mut Ledger, creditor: CreditorId, n: u64, at: Instant) -> Result<(), Said> {
    let channel: ChannelId = "main".parse()?;
    let tx = ledger.begin()?;
    for serial in 1..=n {
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
            item: "FEE".parse()?,
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
        tx.new_mandate(&NewMandate {
            payer_id,
            creditor,
            channel: &channel,
            bank_payer_no: &format!("10000001{serial:012}").parse()?,
            terms: &terms,
            state: mandate::State::Active,
            active_on: Some("2026-11-02".parse()?),
            at,
            file: None,
            line: None,
        })?;
    }
    let month = Month::new(2026, 12).ok_or("month")?;
    let due = [(ContractDay::new(5).ok_or("day")?, month.day_clamped(7))];
    tx.make_charges(&MakeCharges { creditor, month, due: &due, only: OnlyFor::All, at })?;
    Ok(tx.commit()?)
}

/// One line for each charge, in a file that is published.
fn request(ledger: &mut Ledger, creditor: CreditorId, day: Date, at: Instant) -> Result<(i64, usize), Said> {
    let tx = ledger.begin()?;
    let file = tx.plan_out("channel/main", "EB21", "EB211207", day, Some(at), at)?;
    let month = Month::new(2026, 12).ok_or("month")?;
    let (mut after_mandate, mut rows) = (0, 0);
    loop {
        let kind = CollectionKind::Regular;
        let query = CandidateQuery {
            creditor,
            days: &[],
            month,
            arrears: true,
            by: sunap::ledger::ByService::AllBut(&[]),
            kind,
            after_mandate,
            limit: CHUNK,
        };
        let page = tx.candidates(&query)?;
        let Some(last) = page.last() else { break };
        after_mandate = last.mandate_id;
        let lines: Vec<NewCollection> = page
            .iter()
            .map(|candidate| {
                let charges = candidate.charges.iter();
                let allocations: Vec<Allocation> = charges
                    .map(|charge| Allocation { charge_id: charge.charge_id, won: charge.open })
                    .collect();
                let amount = Won::sum(allocations.iter().map(|one| one.won)).unwrap_or(Won::ZERO);
                NewCollection {
                    mandate_id: candidate.mandate_id,
                    kind,
                    amount,
                    allocations,
                    request_file: None,
                    request_line: None,
                }
            })
            .collect();
        tx.request(file, &lines, at)?;
        rows += lines.len();
    }
    let lines = tx.close_gaps(file)?;
    let won = tx.sum(file)?;
    let sealed = Sealed {
        sha256: [7; 32],
        bytes: 1,
        lines,
        won,
        archive_day: day,
        boot_id: "bench",
        due_at: Some(at),
    };
    tx.sealed(file, &sealed)?;
    for (happening, to) in
        [("built", Out::Built), ("staged", Out::Staged), ("published", Out::Published), ("taken", Out::Taken)]
    {
        tx.file_stepped(file, happening, FileState::Out(to), at, "")?;
    }
    tx.commit()?;
    Ok((file, rows))
}

/// Joins the listed serials to the lines sent and records what came of each, in one transaction.
fn result(ledger: &mut Ledger, file: i64, rows: usize, mix: Mix, at: Instant) -> Result<usize, Said> {
    let tx = ledger.begin()?;
    let sha256 = [9; 32];
    let (owner, kind, name) = ("channel/main", "EB22", "EB221207");
    let result = tx.file_in(&NewIn {
        owner,
        kind,
        name,
        sha256,
        bytes: 1,
        archive_day: at.date(),
        dropped_by: "",
        cause: "",
        at,
    })?;
    let serials: Vec<u32> = (1..=u32::try_from(rows)?).filter(|serial| mix.lists(*serial)).collect();
    let mut sent = Vec::with_capacity(CHUNK);
    for chunk in serials.chunks(CHUNK) {
        sent.clear();
        let asked: Vec<(u32, &str)> = chunk.iter().map(|serial| (*serial, "")).collect();
        tx.sent_collections(file, &asked, &mut sent)?;
        let outcomes: Vec<Outcome> = sent
            .iter()
            .map(|row| {
                let failed = mix.fails(row.line_no);
                let state = if failed { collection::State::Failed } else { collection::State::Succeeded };
                Outcome {
                    collection_id: row.collection_id,
                    state,
                    code: if failed { "0021" } else { "0000" }.into(),
                    collected: if failed { Won::ZERO } else { row.amount },
                    result_line: i64::from(row.line_no),
                    shares: Vec::new(),
                }
            })
            .collect();
        tx.outcomes(result, &outcomes)?;
    }
    tx.commit()?;
    Ok(serials.len())
}
