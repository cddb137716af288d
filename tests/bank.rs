//! Messages through layouts: what is written reads back, results bind to the lines sent, and the completeness proof
//! holds for a whole file and for nothing less.
#![cfg(test)]

use std::borrow::Cow;
use std::fs::read;
use std::sync::Arc;

use sunap::bank::collection::{self, Line, Mode};
use sunap::bank::matching::{SentCollection, SentRegistration, SentRegistrations, bind_collection};
use sunap::bank::proof::{Bound, Expected, Held, Proof};
use sunap::bank::{FileHead, Format, Verdict, passbook_fits, registration};
use sunap::domain::{ApplicationKind, Date, Won};
use sunap::fault::Faults;
use sunap::layout::Layout;

fn layout(id: &str) -> Arc<Layout> {
    let file = format!("formats/{id}.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    Arc::new(Layout::from_toml(&file, &text).unwrap_or_else(|faults| panic!("{faults}")))
}

fn eb13() -> registration::RequestFormat {
    registration::RequestFormat::bind(layout("eb13")).unwrap()
}

fn eb14() -> registration::ResultFormat {
    registration::ResultFormat::bind(layout("eb14")).unwrap()
}

fn eb21() -> collection::RequestFormat {
    collection::RequestFormat::bind(layout("eb21")).unwrap()
}

fn eb22() -> collection::ResultFormat {
    collection::ResultFormat::bind(layout("eb22")).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn head(layout: &Layout, day: &str) -> FileHead {
    let (branch, account) =
        if layout.record_bytes() == 150 { ("0040000", "000000000009999") } else { ("", "") };
    FileHead::new(layout, "9999999999", date(day), branch, account)
}

fn line<'a>(serial: u32, payer: &'a str, account: &'a str, won: i64, mode: Mode) -> Line<'a> {
    Line {
        serial,
        bank: "004".parse().unwrap(),
        account: Cow::Borrowed(account),
        amount: Won::new(won),
        id_no: Cow::Borrowed("900101"),
        passbook_text: Cow::Borrowed("7월회비"),
        bank_payer_no: Cow::Borrowed(payer),
        mode,
        phone: Cow::Borrowed(""),
    }
}

/// Three debits sent on 2026-07-06: 50,000 full only, 30,000 and 20,000 where a part may be taken.
fn sent() -> Vec<Line<'static>> {
    vec![
        line(1, "PAYER0001", "0040000000000001", 50_000, Mode::FullOnly),
        line(2, "PAYER0002", "0040000000000002", 30_000, Mode::Partial),
        line(3, "PAYER0003", "0040000000000003", 20_000, Mode::Units1000),
    ]
}

fn expected() -> Expected {
    Expected {
        institution: "9999999999".into(),
        kind: "EB22".into(),
        date: date("2026-07-06"),
        lines_sent: 3,
        won_sent: Won::new(100_000),
    }
}

/// A result of `sent()`: serial, verdict, code, stated amount.
fn result(rows: &[(usize, Verdict, &str, i64)]) -> Vec<u8> {
    let (format, sent) = (eb22(), sent());
    let mut writer = format.writer(Vec::new(), &head(format.layout(), "2026-07-06")).unwrap();
    for (serial, verdict, code, stated) in rows {
        writer.put(&sent[serial - 1], *verdict, code, Won::new(*stated)).unwrap();
    }
    writer.finish().unwrap().1
}

/// Reads, binds and proves a result of `sent()`. The outcomes are (serial, collected won).
fn judge(name: &str, bytes: &[u8], expected: Option<&Expected>) -> (Vec<(u32, i64)>, Proof, Faults) {
    let (format, sent) = (eb22(), sent());
    let (mut bound, mut faults, mut outcomes) = (Bound::default(), Faults::default(), Vec::new());
    let reading = format
        .reader(name, bytes)
        .each(|_, line| {
            let ours = sent.iter().find(|s| s.serial == line.serial).map(|s| SentCollection {
                serial: s.serial,
                bank_payer_no: &s.bank_payer_no,
                account: &s.account,
                amount: s.amount,
                mode: s.mode,
            });
            match bind_collection(format.partial_amount(), name, line, ours.as_ref()) {
                Ok(outcome) => {
                    bound.bound += 1;
                    outcomes.push((line.serial, outcome.collected.get()));
                }
                Err(wrong) => {
                    bound.unbound += 1;
                    faults.append(wrong);
                }
            }
            Ok(())
        })
        .unwrap();
    let (proof, failed) = Proof::new(expected, &reading, bound);
    faults.append(reading.faults);
    faults.append(failed);
    (outcomes, proof, faults)
}

fn names(faults: &Faults) -> Vec<&'static str> {
    faults.kept().iter().map(|f| f.name).collect()
}

fn failed(proof: &Proof) -> Vec<&str> {
    proof.checks.iter().filter(|c| c.holds == Held::No).map(|c| c.id.as_str()).collect()
}

#[test]
fn applications_are_written_as_the_golden_file_and_read_back() {
    let format = eb13();
    let apply = |serial, kind, bank: &str, account: &str, id_no: Option<&str>| registration::Line {
        serial,
        kind,
        application_date: date("2026-07-15"),
        bank_payer_no: "10000001000000000007".parse().unwrap(),
        bank: bank.parse().unwrap(),
        account: account.parse().unwrap(),
        id_no: id_no.map(str::to_string),
    };
    let lines = [
        apply(1, ApplicationKind::Cancel, "004", "0040000000000007", None),
        apply(2, ApplicationKind::Register, "020", "1002000000007", Some("900101")),
    ];
    let mut writer = format.writer(Vec::new(), &head(format.layout(), "2026-07-15")).unwrap();
    for line in &lines {
        writer.put(line).unwrap();
    }
    let (written, bytes) = writer.finish().unwrap();
    assert_eq!((written.lines, written.register, written.cancel), (2, 1, 1));
    assert_eq!(bytes, read("tests/golden/eb13/account-change-pair/EB130715").unwrap());

    let mut reader = format.reader("EB130715", bytes.as_slice());
    let mut back = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        back.push(line);
    }
    assert_eq!(back, lines);
    assert_eq!(reader.head(), Some(&head(format.layout(), "2026-07-15")));
    let reading = reader.finish().unwrap();
    assert!(reading.faults.is_empty(), "{}", reading.faults);
    assert_eq!((reading.lines, reading.registers, reading.cancels), (2, 1, 1));
    assert!(format!("{lines:?}").contains("************0007") && !format!("{lines:?}").contains("900101"));
}

#[test]
fn a_registration_without_identity_number_is_refused_when_written() {
    let format = eb13();
    let mut writer = format.writer(Vec::new(), &head(format.layout(), "2026-07-15")).unwrap();
    let line = registration::Line {
        serial: 1,
        kind: ApplicationKind::Register,
        application_date: date("2026-07-15"),
        bank_payer_no: "PAYER0001".parse().unwrap(),
        bank: "004".parse().unwrap(),
        account: "0040000000000001".parse().unwrap(),
        id_no: None,
    };
    assert!(writer.put(&line).is_err());
}

#[test]
fn debits_are_written_as_the_golden_file_and_read_back() {
    let format = eb21();
    let bytes = read("tests/golden/eb21/hangul-of-odd-length/EB210706").unwrap();
    let mut out = Vec::new();
    let mut writer = format.writer(&mut out, &head(format.layout(), "2026-07-06")).unwrap();
    let reading = format
        .reader("EB210706", bytes.as_slice())
        .each(|head, line| {
            assert_eq!(head.unwrap().date, date("2026-07-06"));
            writer.put(line).unwrap();
            Ok(())
        })
        .unwrap();
    let (written, _) = writer.finish().unwrap();
    assert!(reading.faults.is_empty(), "{}", reading.faults);
    assert_eq!((written.lines, Some(written.won)), (reading.lines, reading.won));
    assert_eq!(out, bytes);
    let head = format.read_head("EB210706", bytes.as_slice()).unwrap().unwrap();
    assert_eq!((head.name.as_str(), head.branch.as_str()), ("EB210706", "0040000"));
    assert!(!format!("{head:?}").contains("000009999"));
}

#[test]
fn what_cannot_be_sent_is_refused_and_never_cut() {
    let format = eb21();
    for (text, fits) in [
        ("", true),
        ("가나다라마바사아", true),
        ("가나다라마바사아a", false),
        ("1234567890123456", true),
        ("12345678901234567", false),
        ("똠방각하", false),
        ("회비\n", false),
        ("회비🙂", false),
    ] {
        assert_eq!(passbook_fits(format.layout(), text).is_ok(), fits, "{text:?}");
    }
    assert!(passbook_fits(&layout("eb13"), "똠").is_ok());
    let mut writer = format.writer(Vec::new(), &head(format.layout(), "2026-07-06")).unwrap();
    assert!(
        writer.put(&line(1, "PAYER0001", "0040000000000001", 10_000_000_000_000, Mode::FullOnly)).is_err()
    );
}

#[test]
fn the_head_must_be_right_when_written() {
    let format = eb21();
    let mut wrong = head(format.layout(), "2026-07-06");
    wrong.institution = "12345678901".into();
    assert!(format.writer(Vec::new(), &wrong).is_err());
}

#[test]
fn a_whole_result_proves_the_rest_succeeded() {
    let bytes = result(&[(3, Verdict::Partial, "0021", 5_000), (1, Verdict::Failed, "0031", 50_000)]);
    let (outcomes, proof, faults) = judge("EB220706", &bytes, Some(&expected()));
    assert!(faults.is_empty(), "{faults}");
    assert_eq!(outcomes, [(3, 15_000), (1, 0)]);
    assert!(proof.holds(), "{proof}");
    assert_eq!(
        proof.checks.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(),
        ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    );
    assert_eq!(proof.checks[5].holds, Held::NotStated);
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<Proof>(&json).unwrap(), proof);
    assert_eq!(proof.to_string(), include_str!("data/proof-holds.txt"));
}

#[test]
fn a_file_without_failures_proves_that_all_succeeded() {
    let (outcomes, proof, faults) = judge("EB220706", &result(&[]), Some(&expected()));
    assert!(outcomes.is_empty() && faults.is_empty() && proof.holds(), "{proof}{faults}");
}

#[test]
fn a_file_cut_anywhere_proves_nothing() {
    let bytes = result(&[(1, Verdict::Failed, "0021", 50_000), (2, Verdict::Partial, "0021", 1)]);
    for cut in 0..bytes.len() {
        let (_, proof, faults) = judge("EB220706", &bytes[..cut], Some(&expected()));
        assert!(!proof.holds() && !faults.is_empty(), "cut at {cut}");
        if cut % 150 == 0 && cut > 0 {
            assert!(
                failed(&proof).contains(&"P2") && failed(&proof).contains(&"P5"),
                "cut at {cut}: {proof}"
            );
        }
    }
    let doubled = [bytes.clone(), bytes].concat();
    assert!(!judge("EB220706", &doubled, Some(&expected())).1.holds());
}

#[test]
fn a_line_taken_out_added_or_unreadable_proves_nothing() {
    let bytes = result(&[(1, Verdict::Failed, "0021", 50_000), (2, Verdict::Partial, "0021", 1)]);
    let records: Vec<&[u8]> = bytes.chunks(150).collect();
    let without = [records[0], records[1], records[3]].concat();
    assert!(failed(&judge("EB220706", &without, Some(&expected())).1).contains(&"P5"));
    let twice = [records[0], records[1], records[1], records[2], records[3]].concat();
    let (_, proof, _) = judge("EB220706", &twice, Some(&expected()));
    assert!(!proof.holds());
    // A flag that the layout does not know: the line is not handed on, and must not pass for absent.
    let mut odd = bytes.clone();
    odd[150 + 68] = b'Q';
    assert!(!judge("EB220706", &odd, Some(&expected())).1.holds());
}

#[test]
fn only_the_awaited_file_proves_anything() {
    let bytes = result(&[(1, Verdict::Failed, "0021", 50_000)]);
    for wrong in [
        Expected { institution: "8888888888".into(), ..expected() },
        Expected { date: date("2026-07-07"), ..expected() },
        Expected { kind: "EC22".into(), ..expected() },
    ] {
        assert_eq!(failed(&judge("EB220706", &bytes, Some(&wrong)).1), ["P4"]);
    }
    let (_, proof, faults) = judge("EB220706", &bytes, None);
    assert_eq!(failed(&proof), ["P3", "P4"]);
    assert_eq!(names(&faults), ["proof-serials", "proof-not-awaited"]);
    let fewer = Expected { lines_sent: 0, ..expected() };
    assert_eq!(failed(&judge("EB220706", &bytes, Some(&fewer)).1), ["P3"]);
    // The name that it arrived under must fit its header.
    assert!(!judge("EB220707", &bytes, Some(&expected())).1.holds());
}

#[test]
fn a_caller_who_stops_early_proves_nothing() {
    let format = eb14();
    let bytes = read("tests/golden/eb14/serials-out-of-order/EB140603").unwrap();
    let mut reader = format.reader("EB140603", bytes.as_slice());
    reader.next_line().unwrap();
    let reading = reader.finish().unwrap();
    let awaited = Expected { kind: "EB14".into(), date: date("2026-06-03"), lines_sent: 9, ..expected() };
    let (proof, _) = Proof::new(Some(&awaited), &reading, Bound { bound: 1, unbound: 0 });
    assert!(!proof.holds());
}

#[test]
fn lines_that_do_not_fit_their_request_reject_the_file() {
    type Row = (usize, Verdict, &'static str, i64);
    let table: [(Row, &[&str]); 7] = [
        ((1, Verdict::Failed, "0021", 49_999), &["failed-amount-differs", "proof-line-unbound"]),
        ((1, Verdict::Failed, "0021", 50_001), &["result-amount-above-requested", "proof-line-unbound"]),
        ((1, Verdict::Partial, "0021", 10_000), &["partial-of-full-only", "proof-line-unbound"]),
        ((2, Verdict::Partial, "0021", 30_000), &["partial-amount-impossible", "proof-line-unbound"]),
        ((2, Verdict::Partial, "0021", 0), &["partial-amount-impossible", "proof-line-unbound"]),
        ((2, Verdict::Partial, "", 29_999), &[]),
        ((3, Verdict::Failed, "ZZ99", 20_000), &[]),
    ];
    for (row, expected_names) in table {
        let (_, proof, faults) = judge("EB220706", &result(&[row]), Some(&expected()));
        assert_eq!(names(&faults), expected_names, "{row:?}\n{faults}");
        assert_eq!(proof.holds(), expected_names.is_empty());
    }
}

#[test]
fn a_foreign_payer_account_or_serial_rejects_the_file() {
    let bytes = result(&[(1, Verdict::Failed, "0021", 50_000)]);
    for (at, replacement, name) in [
        (91, "PAYER0009", "result-payer-differs"),
        (26, "0040000000000009", "result-account-differs"),
        (1, "00000002", "result-payer-differs"),
        (1, "00000009", "line-never-sent"),
    ] {
        let mut odd = bytes.clone();
        odd[150 + at..150 + at + replacement.len()].copy_from_slice(replacement.as_bytes());
        let (_, proof, faults) = judge("EB220706", &odd, Some(&expected()));
        assert_eq!(names(&faults)[0], name, "{faults}");
        assert!(failed(&proof).contains(&"P7"));
        assert!(!faults.to_string().contains("0040000000000009"), "{faults}");
    }
}

#[test]
fn answers_to_applications_bind_by_payer_kind_and_account() {
    let sent = |serial, kind, payer: &str, account: &str| SentRegistration {
        serial,
        kind,
        bank_payer_no: payer.into(),
        account: account.into(),
    };
    let pair = || {
        SentRegistrations::new(
            "EB130603",
            [
                sent(1, ApplicationKind::Cancel, "PAYER0002", "0880000000000002"),
                sent(2, ApplicationKind::Register, "PAYER0002", "0040000000000002"),
                sent(3, ApplicationKind::Register, "PAYER0007", "0040000000000007"),
            ],
        )
        .unwrap()
    };
    let format = eb14();
    let bytes = read("tests/golden/eb14/serials-out-of-order/EB140603").unwrap();
    let mut lines = Vec::new();
    let mut reader = format.reader("EB140603", bytes.as_slice());
    while let Some(line) = reader.next_line().unwrap() {
        lines.push(line);
    }
    let reading = reader.finish().unwrap();
    let mut ours = pair();
    assert_eq!(lines.iter().map(|l| ours.bind("EB140603", l).unwrap()).collect::<Vec<_>>(), [3, 1]);
    let awaited = Expected {
        kind: "EB14".into(),
        date: date("2026-06-03"),
        lines_sent: 7,
        won_sent: Won::ZERO,
        ..expected()
    };
    let (proof, faults) = Proof::new(Some(&awaited), &reading, Bound { bound: 2, unbound: 0 });
    assert!(proof.holds() && faults.is_empty(), "{proof}");

    let mut ours = pair();
    let mut bind = |line: &registration::ResultLine| ours.bind("EB140603", line).map_err(|f| f.name);
    assert_eq!(bind(&lines[0]), Ok(3));
    assert_eq!(bind(&lines[0]), Err("result-listed-twice"));
    let other_account = registration::ResultLine { account: "0040000000000003".into(), ..lines[1].clone() };
    assert_eq!(bind(&other_account), Err("result-account-differs"));
    let foreign = registration::ResultLine { bank_payer_no: "PAYER0099".into(), ..lines[1].clone() };
    assert_eq!(bind(&foreign), Err("line-never-sent"));

    let twice = [1, 2].map(|serial| sent(serial, ApplicationKind::Cancel, "PAYER0002", "0880000000000002"));
    assert_eq!(names(&SentRegistrations::new("EB130603", twice).err().unwrap()), ["sent-twice-in-one-file"]);
}

#[test]
fn a_result_of_applications_is_written_from_the_request() {
    let (request, result) = (eb13(), eb14());
    let bytes = read("tests/golden/eb13/account-change-pair/EB130715").unwrap();
    let mut reader = request.reader("EB130715", bytes.as_slice());
    let mut writer = result.writer(Vec::new(), &head(result.layout(), "2026-07-15")).unwrap();
    while let Some(line) = reader.next_line().unwrap() {
        writer.put(&line, Verdict::Failed, if line.serial == 1 { "" } else { "0012" }).unwrap();
    }
    let (written, out) = writer.finish().unwrap();
    assert_eq!((written.lines, written.register, written.cancel), (2, 1, 1));
    let mut reader = result.reader("EB140715", out.as_slice());
    let (first, second) = (reader.next_line().unwrap().unwrap(), reader.next_line().unwrap().unwrap());
    assert_eq!(
        (first.kind, first.code.as_str(), second.code.as_str()),
        (ApplicationKind::Cancel, "", "0012")
    );
    assert!(reader.finish().unwrap().faults.is_empty());
}

#[test]
fn the_other_meaning_of_a_partial_amount_is_a_matter_of_the_layout() {
    let text = std::fs::read_to_string("formats/eb22.toml").unwrap();
    let text = text
        .replace("\"not-withdrawn\"", "\"withdrawn\"")
        .replace("results = \"failures\"", "results = \"all\"");
    let text = text.replace("{ \"N\" = \"failed\", ", "{ \"Y\" = \"succeeded\", \"N\" = \"failed\", ");
    let format =
        collection::ResultFormat::bind(Arc::new(Layout::from_toml("eb22w.toml", &text).unwrap())).unwrap();
    let sent = sent();
    let mut writer = format.writer(Vec::new(), &head(format.layout(), "2026-07-06")).unwrap();
    writer.put(&sent[0], Verdict::Succeeded, "", Won::new(50_000)).unwrap();
    writer.put(&sent[1], Verdict::Partial, "0021", Won::new(1_000)).unwrap();
    let (_, bytes) = writer.finish().unwrap();
    let mut collected = Vec::new();
    let reading = format
        .reader("EB220706", bytes.as_slice())
        .each(|_, line| {
            let s = &sent[line.serial as usize - 1];
            let ours = SentCollection {
                serial: s.serial,
                bank_payer_no: &s.bank_payer_no,
                account: &s.account,
                amount: s.amount,
                mode: s.mode,
            };
            collected.push(
                bind_collection(format.partial_amount(), "EB220706", line, Some(&ours)).unwrap().collected,
            );
            Ok(())
        })
        .unwrap();
    assert_eq!(collected, [Won::new(50_000), Won::new(1_000)]);
    assert_eq!((reading.lines, reading.lines_not_succeeded), (2, 1));
    // A file that lists every line and leaves one out is not whole.
    let bound = Bound { bound: 2, unbound: 0 };
    assert_eq!(failed(&Proof::new(Some(&expected()), &reading, bound).0), ["P6"]);
    let two = Expected { lines_sent: 2, ..expected() };
    assert!(Proof::new(Some(&two), &reading, bound).0.holds());
}

#[test]
fn every_format_says_its_layout() {
    for id in ["eb13", "eb14", "eb21", "eb22", "eb11"] {
        let format = Format::bind(layout(id)).unwrap();
        assert_eq!(format.layout().name().to_lowercase(), id);
    }
}
