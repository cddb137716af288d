//! One month in a minute: three creditors, 5,000 payers, both channels, next-day and same-day debits; 3 of 100 debits fail and a
//! few are taken in part; one result is cut and comes again whole, one comes twice; a holiday is declared late; cash, a
//! correction with its refund, a write-off, settlements and their payments. At the end the books balance to the won and
//! every charge is explained.

use crate::script;
use crate::stage::Stage;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sunap::domain::{CreditorId, Date, Won};
use sunap::ledger::{FileQuery, FileRow, FileState, LineRow, Reader};
use sunap::machine::collection;
use sunap::machine::file::{In, Out};
use sunap::machine::mandate::State;

/// Creditor, item, payers, contract days.
const CREDITORS: [(&str, &str, usize, &[u32]); 3] = [
    ("10000001", "TUITION", 2_000, &[5, 15, 25]),
    ("10000002", "MAINT", 1_500, &[20]),
    ("10000004", "GAS", 1_500, &[7, 20]),
];

const BANK: &str = r#"
seed = "one month"
[[verdict]]
on = "registration"
percent = 1
code = "0014"
[[verdict]]
on = "collection"
amount_ends = "7"
percent = 17
code = "0021"
partial_percent = 40
[[verdict]]
on = "collection"
percent = 3
code = "0021"
[[mischief]]
on = "collection"
date = "2026-01-05"
do = "truncated"
then = "corrected"
after_minutes = 60
[[mischief]]
on = "collection"
date = "2026-01-16"
do = "duplicate"
minutes = 120
"#;

/// A list of mandates. Every tenth payer of the gas supplier may be debited in part, and by the day itself.
fn list(creditor: &str, item: &str, payers: usize, days: &[u32]) -> String {
    let gas = creditor == "10000004";
    let mut text = "고객번호,고객명,휴대번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호".to_string();
    text.push_str(if gas { ",출금구분,출금형태\n" } else { "\n" });
    for n in 1..=payers {
        let in_part = gas && n % 10 == 0;
        // Only who may be debited in part owes a sum that ends with 7.
        let won = 10_000 + (n % 90) * 1_000 + if in_part { 7 } else { 0 };
        let (day, digit) = (days[n % days.len()], creditor.chars().last().unwrap());
        let _infallible = write!(
            text,
            "M-{n:05},가나다,010-0{:03}-{:04},{item},500000,{won},2026-01,{day},국민은행,98{digit}{n:09},가나다,900101",
            n % 1_000,
            7_777 - n
        );
        text.push_str(match (gas, in_part, n % 3 == 0) {
            (false, ..) => "\n",
            (true, true, _) => ",당일,부분\n",
            (true, false, true) => ",당일,\n",
            (true, false, false) => ",,\n",
        });
    }
    text
}

/// Evidence of every payer's consent, as the files of one archive.
fn evidence(item: &str, payers: usize) -> String {
    (1..=payers).fold(String::new(), |mut text, n| {
        let _infallible = writeln!(text, "evidence-M-{n:05}-{item}.gif GIF89a consent of M-{n:05}");
        text
    })
}

fn play(stage: &mut Stage, text: &str) {
    for command in script::parse(text).unwrap() {
        stage.act(&command).unwrap_or_else(|why| panic!("{}: {why}", command.words.join(" ")));
    }
}

fn files(reader: &Reader) -> Vec<FileRow> {
    reader.files(&FileQuery { limit: 10_000, ..FileQuery::default() }).unwrap()
}

/// Lines of our answered files of a date that went a certain way.
fn lines(stage: &Stage, creditor: &str, date: &str, state: collection::State) -> Vec<LineRow> {
    let (creditor, date): (CreditorId, Date) = (creditor.parse().unwrap(), date.parse().unwrap());
    let reader = stage.reader().unwrap();
    let ours = files(&reader).into_iter().filter(|file| file.date == Some(date));
    ours.flat_map(|file| reader.lines(file.file_id, Some(creditor), 0, 100_000).unwrap())
        .filter(|line| line.state == state)
        .collect()
}

#[test]
fn one_month_in_a_minute() {
    let mut stage = Stage::new();
    play(
        &mut stage,
        "config creditors/10000001.toml replace \"limit_per_month_won = 100000000\" with \"limit_per_month_won = 900000000\"\nconfig creditors/10000002.toml replace \"auto_request = false\" with \"auto_request = true\"\n",
    );
    play(&mut stage, &format!("bank <<<{BANK}>>>\nat 2025-12-26 09:00\n"));
    for (creditor, item, payers, days) in CREDITORS {
        let text = list(creditor, item, payers, days);
        play(
            &mut stage,
            &format!(
                "drop creditor/{creditor} mandates.csv <<<\n{text}>>>\n\
                 expect text creditor/{creditor}/outbox mandates.csv.summary.toml contains \"accepted = {payers}\"\n"
            ),
        );
        if creditor == "10000004" {
            // The kftc channel registers nobody without evidence of consent.
            let files = evidence(item, payers);
            play(&mut stage, &format!("drop creditor/{creditor} evidence.zip zip <<<\n{files}>>>\n"));
        }
    }
    play(&mut stage, "at 2026-01-06 12:00\n");
    cash(&mut stage);
    play(&mut stage, "closed 2026-01-15\nat 2026-01-08 09:00\nrestart\nat 2026-01-22 09:00\n");
    correct_and_refund(&mut stage);
    play(&mut stage, "at 2026-01-29 09:00\n");
    write_off(&mut stage);
    play(&mut stage, "at 2026-02-04 12:00\nexpect no alert books-out-of-balance\n");
    let reader = stage.reader().unwrap();
    everything_happened(&stage, &reader);
    files_add_up(&reader);
    charges_are_explained(&reader);
    let violations = reader.audit().unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    stage.end().unwrap();
}

/// Ten payers whose debit failed pay at the counter.
fn cash(stage: &mut Stage) {
    let failed = lines(stage, "10000001", "2026-01-05", collection::State::Failed);
    assert!(failed.len() > 10, "{} failed: {:#?}", failed.len(), files(&stage.reader().unwrap()));
    let mut text = "납부자번호,집금항목코드,청구년월,금액\n".to_string();
    for line in failed.iter().take(10) {
        let _infallible = writeln!(text, "{},TUITION,2026-01,{}", line.payer_no.as_str(), line.amount.get());
    }
    play(stage, &format!("drop creditor/10000001 cash-1.csv <<<\n{text}>>>\n"));
}

/// Three bills were too high: what was paid too much goes back by file.
fn correct_and_refund(stage: &mut Stage) {
    let paid = lines(stage, "10000004", "2026-01-07", collection::State::Succeeded);
    for line in paid.iter().take(3) {
        let payer = line.payer_no.as_str();
        let less = line.amount.get() - 5_000;
        play(
            stage,
            &format!(
                "order correction.amount 10000004 {payer} GAS 2026-01 {less} \"검침 오류\"\nexpect order overpaid\n\
                 order refund.request 10000004 {payer} GAS 2026-01 \"돌려드림\"\nexpect order \"5,000 won go back\"\n"
            ),
        );
    }
}

/// Two that failed to the end are given up.
fn write_off(stage: &mut Stage) {
    let reader = stage.reader().unwrap();
    let failed = lines(stage, "10000002", "2026-01-20", collection::State::Failed);
    let still_open = |line: &&LineRow| {
        let charges = reader.charges_of(line.mandate_id).unwrap();
        charges.iter().any(|charge| charge.month == line.month.unwrap() && charge.paid == Won::ZERO)
    };
    let open: Vec<_> = failed.iter().filter(still_open).take(2).collect();
    for line in open {
        let payer = line.payer_no.as_str();
        play(
            stage,
            &format!("order write-off.charge 10000002 {payer} MAINT 2026-01 \"이사\"\nexpect order done\n"),
        );
    }
}

/// The month was as bad as it was meant to be.
fn everything_happened(stage: &Stage, reader: &Reader) {
    let all = files(reader);
    let count = |state: FileState| all.iter().filter(|file| file.state == state).count();
    assert!(count(FileState::In(In::Rejected)) >= 1, "no result was cut");
    let told: Vec<_> = all.iter().filter_map(|f| Some((&f.name, f.date?, f.state, f.lines))).collect();
    assert!(count(FileState::In(In::Duplicate)) >= 1, "no result came twice: {told:?}");
    let on = |date: &str| {
        let date: Date = date.parse().unwrap();
        all.iter().filter(|file| file.date == Some(date) && file.kind == "EB21").count()
    };
    assert_eq!((on("2026-01-15"), on("2026-01-16")), (0, 1), "the holiday did not move the debit");
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for (creditor, ..) in CREDITORS {
        for date in ["2026-01-05", "2026-01-07", "2026-01-16", "2026-01-20", "2026-01-26"] {
            for state in [collection::State::Failed, collection::State::Partial, collection::State::Succeeded]
            {
                *states.entry(state.word()).or_default() += lines(stage, creditor, date, state).len();
            }
        }
    }
    let [failed, partial, succeeded] = ["failed", "partial", "succeeded"].map(|word| states[word]);
    // Of all lines, retries included: 3 in a hundred fail, 5 in a thousand bring a part.
    let per_mille = |some: usize| some * 1000 / (failed + partial + succeeded);
    assert!((25..=45).contains(&per_mille(failed)) && (3..=7).contains(&per_mille(partial)), "{states:?}");
    let payouts = reader.settlements(
        "10000004".parse().unwrap(),
        "2026-01-01".parse().unwrap(),
        "2026-02-04".parse().unwrap(),
    );
    let paid = payouts.unwrap().iter().any(|settled| {
        reader.payouts_of(settled.settlement_id).unwrap().iter().any(|payout| payout.state == "paid")
    });
    assert!(paid, "no settlement was paid by file");
}

/// Every answered file of debits: requested less failed is what its lines brought.
fn files_add_up(reader: &Reader) {
    let debits = |file: &&FileRow| {
        file.state == FileState::Out(Out::Answered) && matches!(file.kind.as_str(), "EB21" | "EC21")
    };
    for file in files(reader).iter().filter(debits) {
        let lines = reader.lines(file.file_id, None, 0, 100_000).unwrap();
        let counted = lines.iter().filter(|line| line.line_no.is_some());
        let came = Won::sum(counted.map(|line| line.collected)).unwrap();
        let failed = file.failed_won.checked_add(file.partial_won).unwrap();
        // A line that the bank took back later still came with this file.
        assert_eq!(file.won.checked_sub(failed), Some(came), "{} of {:?}", file.name, file.date);
    }
}

/// The bank refused its registration, so nothing was asked for.
fn never_registered(reader: &Reader, mandate: i64) -> bool {
    let found = reader.find_mandate(&mandate.to_string()).unwrap();
    found.iter().any(|found| found.mandate_id == mandate && found.state != State::Active)
}

/// A charge of January is paid, or it says why not: tried and failed, or given up.
fn charges_are_explained(reader: &Reader) {
    let (mut paid, mut failed, mut ended, mut unregistered) = (0, 0, 0, 0);
    for mandate in 1..=5_000 {
        for charge in reader.charges_of(mandate).unwrap() {
            if charge.month != "2026-01".parse().unwrap() {
                continue;
            }
            let state = charge.state.word();
            if charge.paid == charge.amount {
                paid += 1;
            } else if matches!(state, "written-off" | "cancelled") {
                ended += 1;
            } else if charge.fails == 0 && never_registered(reader, mandate) {
                unregistered += 1;
            } else {
                assert!(charge.fails > 0 && !charge.last_code.is_empty(), "unexplained: {charge:?}");
                failed += 1;
            }
        }
    }
    assert!(paid > 4_700 && ended == 2, "{paid} paid, {failed} failed, {ended} given up");
    let told = format!(
        "5,000 payers, January: {paid} paid, {failed} failed to the end, {ended} given up, {unregistered} never registered\n"
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
}
