//! Tests of the ledger on real files, with invented people.

mod billing;
mod bulk;
mod collections;
mod files;
mod history;
mod journal;
mod lines_seal;
mod mandates;
mod money_seal;
mod opening;
mod plans;
mod sealed;

use super::*;
use crate::domain::*;
use crate::machine::file::{In, Out};
use crate::machine::mandate::State;

/// A ledger in a folder of its own, with one creditor.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) ledger: Ledger,
}

pub(super) fn creditor() -> CreditorId {
    "10000001".parse().unwrap()
}

pub(super) fn channel() -> ChannelId {
    "main".parse().unwrap()
}

pub(super) fn item() -> ItemCode {
    "FEE".parse().unwrap()
}

pub(super) fn month() -> Month {
    Month::new(2026, 12).unwrap()
}

pub(super) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Minutes after an instant of the tests' day.
pub(super) fn at(minutes: i64) -> Instant {
    date("2026-11-23").at(TimeOfDay::MIDNIGHT).plus_minutes(minutes)
}

pub(super) fn payer(n: u64) -> Payer {
    Payer {
        payer_no: format!("P{n:06}").parse().unwrap(),
        name: format!("홍길동{n}"),
        phone: "010-0000-0000".into(),
        email: String::new(),
        group: "A".into(),
        attributes: vec![("학년".into(), "3".into())],
    }
}

pub(super) fn terms(n: u64) -> MandateTerms {
    MandateTerms {
        item: item(),
        limit: Won::new(500_000),
        monthly: Won::new(50_000),
        first_month: Month::new(2026, 1).unwrap(),
        last_month: None,
        due_day: ContractDay::new(5).unwrap(),
        bank: "004".parse().unwrap(),
        account: format!("1102340{n:06}").parse().unwrap(),
        holder: format!("홍길동{n}"),
        id_no: "900101".parse().unwrap(),
        no_retry: false,
        mode: None,
        service: String::new(),
    }
}

/// The keys of tests.
pub(super) fn ring() -> std::sync::Arc<crate::seal::KeyRing> {
    std::sync::Arc::new(crate::seal::KeyRing::for_tests())
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db"), Create::Allowed, &ring()).unwrap();
        Self { folder, ledger }
    }

    /// Mandates 1..=n in a state, in one transaction.
    pub(super) fn mandates(&mut self, n: u64, state: State) -> Vec<i64> {
        let tx = self.ledger.begin().unwrap();
        let ids = (1..=n)
            .map(|_| {
                let serial = tx.next_serial(&channel()).unwrap();
                let payer_id = tx.save_payer(creditor(), &payer(serial), at(0)).unwrap();
                let bank_payer_no = format!("10000001{serial:012}").parse().unwrap();
                tx.new_mandate(&NewMandate {
                    payer_id,
                    creditor: creditor(),
                    channel: &channel(),
                    bank_payer_no: &bank_payer_no,
                    terms: &terms(serial),
                    state,
                    active_on: (state == State::Active).then(|| date("2026-11-02")),
                    at: at(0),
                    file: None,
                    line: None,
                })
                .unwrap()
            })
            .collect();
        tx.commit().unwrap();
        ids
    }

    /// n active mandates, each with a charge of 50,000 won for the month.
    pub(super) fn charged(&mut self, n: u64) -> Vec<i64> {
        let ids = self.mandates(n, State::Active);
        let tx = self.ledger.begin().unwrap();
        assert_eq!(make(&tx, month(), OnlyFor::All), n as i64);
        tx.commit().unwrap();
        ids
    }

    pub(super) fn audit(&self) -> Vec<Violation> {
        self.ledger.reader().unwrap().audit().unwrap()
    }
}

pub(super) fn make(tx: &Tx<'_>, month: Month, only: OnlyFor<'_>) -> i64 {
    let due = [(ContractDay::new(5).unwrap(), month.day_clamped(7))];
    tx.make_charges(&MakeCharges { creditor: creditor(), month, due: &due, only, at: at(1) }).unwrap()
}

pub(super) fn query() -> CandidateQuery<'static> {
    CandidateQuery {
        by: crate::ledger::ByService::AllBut(&[]),
        creditor: creditor(),
        days: &[],
        month: month(),
        arrears: true,
        kind: CollectionKind::Regular,
        after_mandate: 0,
        limit: 1_000_000,
    }
}

/// Requests all charges of each candidate as one collection.
pub(super) fn all_of(candidates: &[Candidate], kind: CollectionKind) -> Vec<NewCollection> {
    let one = |c: &Candidate| {
        let allocations: Vec<Allocation> =
            c.charges.iter().map(|h| Allocation { charge_id: h.charge_id, won: h.open }).collect();
        NewCollection {
            mandate_id: c.mandate_id,
            kind,
            amount: Won::sum(allocations.iter().map(|a| a.won)).unwrap(),
            allocations,
            request_file: None,
            request_line: None,
        }
    };
    candidates.iter().map(one).collect()
}

pub(super) fn plan(tx: &Tx<'_>, kind: &str, day: &str) -> i64 {
    tx.plan_out("channel/main", kind, &format!("{kind}{}", date(day).mmdd()), date(day), Some(at(60)), at(2))
        .unwrap()
}

/// Builds and publishes a planned file.
pub(super) fn publish(tx: &Tx<'_>, file_id: i64, lines: i64, won: Won, minute: i64) {
    let sealed = Sealed {
        sha256: [7; 32],
        bytes: 100,
        lines,
        won,
        archive_day: date("2026-11-23"),
        boot_id: "boot-1",
        due_at: Some(at(999)),
    };
    tx.sealed(file_id, &sealed).unwrap();
    for (happening, to) in [("built", Out::Built), ("staged", Out::Staged), ("published", Out::Published)] {
        tx.file_stepped(file_id, happening, FileState::Out(to), at(minute), "window").unwrap();
    }
    tx.file_stepped(file_id, "taken", FileState::Out(Out::Taken), at(minute + 1), "").unwrap();
}

pub(super) fn claim(tx: &Tx<'_>, kind: &str, name: &str, byte: u8, minute: i64) -> i64 {
    tx.file_in(&NewIn {
        owner: "channel/main",
        kind,
        name,
        sha256: [byte; 32],
        bytes: 480,
        archive_day: date("2026-11-24"),
        dropped_by: "",
        cause: "",
        at: at(minute),
    })
    .unwrap()
}

/// Applies a result: what it lists is given as sums.
pub(super) fn answer(tx: &Tx<'_>, result: i64, ours: i64, sums: (i64, i64, i64, i64), minute: i64) {
    let (listed_lines, failed, partial, absent_lines) = sums;
    let file = tx.file(result).unwrap().unwrap();
    tx.describe_in(
        result,
        &Description {
            kind: &file.kind,
            date: tx.file(ours).unwrap().unwrap().date,
            lines: listed_lines,
            won: Won::new(failed + partial),
            answers: Some(ours),
            proof: Some("{\"p3\":true}"),
            note: "",
            listed_lines,
            failed_won: Won::new(failed),
            partial_won: Won::new(partial),
            absent_lines,
        },
    )
    .unwrap();
    tx.file_stepped(ours, "answered", FileState::Out(Out::Answered), at(minute), &file.name).unwrap();
    tx.file_stepped(result, "applied", FileState::In(In::Applied), at(minute), "").unwrap();
    book(tx, ours, result, minute);
}

/// Books what an answered file brought, as the engine does in the same commit.
fn book(tx: &Tx<'_>, ours: i64, result: i64, minute: i64) {
    for about in tx.collected_to_book(ours).unwrap() {
        tx.post(&NewPosting {
            event: "collected",
            about: &about,
            debit: "channel-clearing",
            credit: "creditor-payable",
            won: about.won,
            file: Some(ours),
            cause: Some(result),
            what: "lines that brought money",
            at: at(minute),
        })
        .unwrap();
    }
}
