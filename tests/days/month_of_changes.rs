//! A month on both profiles at once (BankingPlus, and kftc with next-day and same-day debits): payers change accounts by their
//! creditors' lists, with every outcome, and at their banks; banks end mandates; debits come in part. At the end every charge adds
//! up, the books balance, every file of applications was answered on its day, and nobody was debited on an account that he had left.

use crate::script;
use crate::stage::Stage;
use std::fmt::Write as _;
use sunap::domain::{Date, Won};
use sunap::ledger::{FileQuery, FileRow, FileState, Reader};
use sunap::machine::file::{In, Out};
use sunap::machine::mandate::{EndReason, State};

/// Creditor, item, payers, contract days.
const CREDITORS: [(&str, &str, usize, &[u32]); 2] =
    [("10000001", "TUITION", 120, &[5, 15, 25]), ("10000004", "GAS", 120, &[7, 20])];

/// New accounts that end with 98 are refused, old ones that end with 3 are not cancelled at the first try.
const BANK: &str = r#"
seed = "a month of changes"
[[verdict]]
on = "registration"
kind = "register"
account_ends = "98"
code = "0012"
[[verdict]]
on = "registration"
kind = "cancel"
account_ends = "0013"
times = 1
code = "0041"
[[verdict]]
on = "registration"
kind = "cancel"
account_ends = "0016"
code = "0051"
[[verdict]]
on = "registration"
kind = "cancel"
account_ends = "0018"
code = "0051"
[[verdict]]
on = "collection"
amount_ends = "7"
percent = 40
code = "0021"
partial_percent = 40
[[verdict]]
on = "collection"
percent = 4
code = "0021"
[[verdict]]
on = "collection"
account_ends = "0031"
code = "0019"
[[verdict]]
on = "collection"
account_ends = "0032"
code = "0024"
"#;

/// What payers of the gas supplier apply for at their banks: number, day, what.
const AT_BANKS: [(usize, &str, &str); 6] = [
    (41, "2026-01-05", "change"),
    (42, "2026-01-06", "cancel"),
    (43, "2026-01-09", "change"),
    (44, "2026-01-09", "forced-cancel"),
    (45, "2026-01-21", "change"),
    (46, "2026-01-28", "cancel"),
];

fn rules() -> String {
    let mut text = BANK.to_string();
    for (payer, date, asks) in AT_BANKS {
        let _infallible = write!(
            text,
            "[[application]]\ndate = \"{date}\"\nasks = \"{asks}\"\nbank_payer_no = \"10000004{payer:012}\"\n"
        );
        if asks == "change" {
            let _infallible = write!(text, "bank = \"088\"\naccount = \"1100000{payer:04}9\"\n");
        }
    }
    text
}

fn account(creditor: &str, payer: usize, moved: &str) -> String {
    let digit = creditor.chars().last().unwrap();
    if moved.is_empty() {
        format!("98{digit}00000{payer:04}")
    } else {
        format!("97{digit}000{payer:04}{moved}")
    }
}

/// Rows of a list of mandates.
fn list(creditor: &str, item: &str, days: &[u32], payers: &[(usize, &str)]) -> String {
    let gas = creditor == "10000004";
    let mut text = "고객번호,고객명,휴대번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호".to_string();
    text.push_str(if gas { ",출금구분,출금형태\n" } else { "\n" });
    for (n, moved) in payers {
        let in_part = gas && n % 4 == 0;
        let won = 10_000 + n * 1_000 + if in_part { 7 } else { 0 };
        let _infallible = write!(
            text,
            "M-{n:05},가나다,010-0000-{n:04},{item},500000,{won},2026-01,{},국민은행,{},가나다,900101",
            days[n % days.len()],
            account(creditor, *n, moved)
        );
        text.push_str(match (gas, in_part) {
            (false, _) => "\n",
            (true, true) => ",당일,부분\n",
            (true, false) if n % 3 == 0 => ",당일,\n",
            (true, false) => ",,\n",
        });
    }
    text
}

fn play(stage: &mut Stage, text: &str) {
    for command in script::parse(text).unwrap() {
        stage.act(&command).unwrap_or_else(|why| panic!("{}: {why}", command.words.join(" ")));
    }
}

fn drop_list(stage: &mut Stage, creditor: usize, name: &str, payers: &[(usize, &str)], contains: &str) {
    let (id, item, _, days) = CREDITORS[creditor];
    let text = list(id, item, days, payers);
    play(
        stage,
        &format!(
            "drop creditor/{id} {name}.csv <<<\n{text}>>>\n\
             expect text creditor/{id}/outbox {name}.csv.answer.csv contains \"{contains}\"\n"
        ),
    );
    if id == "10000004" {
        // The kftc channel registers no account without evidence of consent.
        let files = payers.iter().fold(String::new(), |mut text, (n, moved)| {
            let _infallible =
                writeln!(text, "evidence-M-{n:05}-{item}.gif GIF89a consent of M-{n:05} {moved}");
            text
        });
        play(stage, &format!("drop creditor/{id} evidence-{name}.zip zip <<<\n{files}>>>\n"));
    }
}

#[test]
fn a_month_of_changes_on_both_profiles() {
    let mut stage = Stage::new();
    play(
        &mut stage,
        "config creditors/10000001.toml replace \"limit_per_month_won = 100000000\" with \"limit_per_month_won = 900000000\"\n",
    );
    play(&mut stage, &format!("bank <<<{}>>>\nat 2025-12-26 09:00\n", rules()));
    for (at, (.., payers, _)) in CREDITORS.iter().enumerate() {
        let all: Vec<(usize, &str)> = (1..=*payers).map(|n| (n, "")).collect();
        drop_list(&mut stage, at, "mandates", &all, "신규");
    }
    play(&mut stage, "at 2025-12-26 15:00\n");
    // E36: one who changes while his registration is with the bank.
    drop_list(&mut stage, 0, "mandates-early", &[(20, "20")], "등록 결과가 나온 뒤");
    play(&mut stage, "at 2026-01-08 09:00\n");
    // Changes with every outcome: good; the new account refused; the old one at the second try, or never; neither.
    let changes: &[(usize, &str)] = &[(10, "10"), (11, "98"), (13, "13"), (16, "16"), (17, "17"), (18, "98")];
    for creditor in [0, 1] {
        drop_list(&mut stage, creditor, "mandates-changes", changes, "계좌변경");
    }
    play(&mut stage, "at 2026-01-22 09:00\n");
    // Somebody who is debited on the 25th or the 20th changes late, and one whose account was refused applies anew.
    for creditor in [0, 1] {
        drop_list(&mut stage, creditor, "mandates-again", &[(11, "11"), (19, "19")], "신청");
    }
    play(
        &mut stage,
        "at 2026-02-04 12:00\nexpect no alert books-out-of-balance application-missing application-answer-late\n",
    );
    let reader = stage.reader().unwrap();
    accounts_are_what_they_should_be(&reader);
    applications_were_answered_in_time(&reader);
    let told = charges_add_up(&reader);
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    let violations = reader.audit().unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
    stage.end().unwrap();
}

/// The mandate of a payer, the last one where there were several.
fn mandate(reader: &Reader, creditor: &str, payer: usize) -> (State, Option<EndReason>, String) {
    let (creditor, payer_no) = (creditor.parse().unwrap(), format!("M-{payer:05}").parse().unwrap());
    let payers = reader.find_payer(Some(creditor), &payer_no).unwrap();
    let id = payers[0].mandates.iter().max().unwrap();
    let found = reader.find_mandate(&id.to_string()).unwrap();
    let found = found.iter().find(|found| found.mandate_id == *id).unwrap();
    (found.state, found.reason, found.account.as_ref().map(|(_, masked)| masked.clone()).unwrap())
}

fn accounts_are_what_they_should_be(reader: &Reader) {
    for (creditor, ..) in CREDITORS {
        for (payer, ends) in [(10, "10"), (13, "13"), (16, "16"), (17, "17"), (11, "11"), (19, "19")] {
            let (state, _, account) = mandate(reader, creditor, payer);
            assert_eq!(state, State::Active, "{creditor} {payer}");
            assert!(account.ends_with(&format!("{payer:02}{ends}")), "{creditor} {payer} {account}");
        }
        // Neither the old account was cancelled nor the new one registered.
        let (state, _, account) = mandate(reader, creditor, 18);
        assert!(state == State::Active && account.ends_with("0018"), "{creditor} {state} {account}");
        for (payer, reason) in [(31, EndReason::AtBank), (32, EndReason::Moved)] {
            let (state, found, _) = mandate(reader, creditor, payer);
            assert_eq!((state, found), (State::Ended, Some(reason)), "{creditor} {payer}");
        }
    }
    assert_eq!(mandate(reader, "10000001", 20).0, State::Active);
    for (payer, _, asks) in AT_BANKS {
        let (state, reason, account) = mandate(reader, "10000004", payer);
        match asks {
            "change" => assert!(
                state == State::Active && account.ends_with(&format!("{payer:02}9")),
                "{payer} {state} {account}"
            ),
            "cancel" => assert_eq!(reason, Some(EndReason::AtBank), "{payer}"),
            _ => assert_eq!(reason, Some(EndReason::Forced), "{payer}"),
        }
    }
}

fn files(reader: &Reader) -> Vec<FileRow> {
    reader.files(&FileQuery { limit: 10_000, ..FileQuery::default() }).unwrap()
}

/// Every banking day brought a file of applications, and each was answered on its day.
fn applications_were_answered_in_time(reader: &Reader) {
    let all = files(reader);
    let of = |kind: &str, state: FileState| -> Vec<&FileRow> {
        all.iter().filter(|file| file.kind == kind && file.state == state).collect()
    };
    let came = of("EB11", FileState::In(In::Applied));
    let first: Date = "2025-12-26".parse().unwrap();
    let days = (0..41).map(|n| first.plus_days(n)).filter(|day| {
        let weekday = format!("{:?}", day.weekday());
        !matches!(weekday.as_str(), "Sat" | "Sun") && day.to_string() != "2026-01-01"
    });
    assert_eq!(came.len(), days.count(), "a banking day is without its file");
    for file in came {
        let answer = all.iter().find(|answer| answer.kind == "EB12" && answer.date == file.date).unwrap();
        let taken = [FileState::Out(Out::Taken), FileState::Out(Out::Answered)].contains(&answer.state);
        assert!(taken, "{} is {}", answer.name, answer.state.word());
        assert_eq!(answer.published_at.unwrap().date(), file.date.unwrap(), "{}", answer.name);
    }
}

/// Every answered file of debits brought what was requested less what failed; every charge is paid, or says why not.
fn charges_add_up(reader: &Reader) -> String {
    let debits = |file: &&FileRow| {
        file.state == FileState::Out(Out::Answered) && matches!(file.kind.as_str(), "EB21" | "EC21")
    };
    let (mut requested, mut partly) = (Won::ZERO, 0);
    for file in files(reader).iter().filter(debits) {
        let lines = reader.lines(file.file_id, None, 0, 100_000).unwrap();
        let counted = lines.iter().filter(|line| line.line_no.is_some());
        let came = Won::sum(counted.map(|line| line.collected)).unwrap();
        let failed = file.failed_won.checked_add(file.partial_won).unwrap();
        assert_eq!(file.won.checked_sub(failed), Some(came), "{} of {:?}", file.name, file.date);
        requested = requested.checked_add(came).unwrap();
        // The banks know no account that somebody has left: none was asked for.
        assert!(
            lines.iter().all(|line| line.code != "0017"),
            "{} debits an account that was left",
            file.name
        );
        partly += lines.iter().filter(|line| line.state.word() == "partial").count();
    }
    let mut paid = Won::ZERO;
    let mut open = 0;
    for id in 1..=260 {
        for charge in reader.charges_of(id).unwrap() {
            paid = paid.checked_add(charge.paid).unwrap();
            if charge.month == "2026-01".parse().unwrap() && charge.paid != charge.amount {
                open += 1;
            }
        }
    }
    assert_eq!(paid, requested, "what came and what was paid differ");
    assert!(partly > 3 && open < 40, "{partly} in part, {open} open");
    format!(
        "240 payers, two profiles, 18 changes of account: {paid} won came, {partly} debits in part, {open} charges of January open\n"
    )
}
