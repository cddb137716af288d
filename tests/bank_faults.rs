//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "bank"`: the smallest input that produces the fault
//! of the folder's name, and the text that a person sees (`expected.txt`).
//!
//! `case.toml`:
//! - `what = "codes"`: `input.toml` is a code table.
//! - `what = "bind"`: `layout` of `formats/` is bound after `replace = [["from", "to"], …]`.
//! - `what = "result"` or `"request"`: the file `name` of `lines` (blanks at the end left out) is read by `layout` (after
//!   `replace`), its lines are bound to `sent`, and a result is proven against `awaited = { kind, date, lines }`
//!   (`institution` 9999999999). `cut` bytes are taken from the end.
//! - `what = "sent"`: the lines `sent` of a registration file are taken as a whole.
//!
//! `UPDATE_FAULTS=1 cargo test --test bank_faults` writes `expected.txt`: read the difference before committing it.
#![cfg(test)]

use std::fs::{File, read_dir, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use sunap::bank::codes::CodeTable;
use sunap::bank::matching::{
    SentCollection, SentRegistration, SentRegistrations, bind_collection, bind_payout,
};
use sunap::bank::proof::{Bound, Expected, Proof};
use sunap::bank::reading::FileReading;
use sunap::bank::{Format, collection, payout, registration};
use sunap::domain::{ApplicationKind, Won};
use sunap::fault::Faults;
use sunap::layout::{Layout, WriteError};

#[derive(Deserialize)]
struct Case {
    room: String,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bank {
    what: String,
    #[serde(default)]
    layout: String,
    #[serde(default)]
    replace: Vec<(String, String)>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    lines: Vec<String>,
    #[serde(default)]
    cut: usize,
    #[serde(default)]
    sent: Vec<Sent>,
    awaited: Option<Awaited>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    serial: u32,
    payer: String,
    account: String,
    #[serde(default)]
    won: i64,
    #[serde(default = "full_only")]
    mode: String,
    #[serde(default)]
    kind: String,
}

fn full_only() -> String {
    "full-only".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Awaited {
    kind: String,
    date: String,
    lines: u64,
}

fn bound(case: &Bank) -> Result<Format, Faults> {
    let file = format!("formats/{}", case.layout);
    let mut text = read_to_string(&file).unwrap();
    for (from, to) in &case.replace {
        assert!(text.contains(from), "{file} does not hold {from:?}");
        text = text.replace(from, to);
    }
    Format::bind(Arc::new(Layout::from_toml(&file, &text).unwrap_or_else(|faults| panic!("{faults}"))))
}

fn bytes(case: &Bank, record_bytes: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for line in &case.lines {
        assert!(line.is_ascii(), "{line}");
        let mut record = line.clone().into_bytes();
        record.resize(record_bytes, b' ');
        all.extend(record);
    }
    all.truncate(all.len() - case.cut);
    all
}

fn prove(case: &Bank, reading: &FileReading, bound: Bound) -> Faults {
    let expected = case.awaited.as_ref().map(|awaited| Expected {
        institution: "9999999999".into(),
        kind: awaited.kind.clone(),
        date: awaited.date.parse().unwrap(),
        lines_sent: awaited.lines,
        won_sent: Won::ZERO,
    });
    Proof::new(expected.as_ref(), reading, bound).1
}

fn collections(case: &Bank, format: &collection::ResultFormat, bytes: &[u8]) -> Faults {
    let (mut count, mut faults) = (Bound::default(), Faults::default());
    let reading = format
        .reader(&case.name, bytes)
        .each(|_, line| {
            let sent = case.sent.iter().find(|s| s.serial == line.serial).map(|s| SentCollection {
                serial: s.serial,
                bank_payer_no: &s.payer,
                account: &s.account,
                amount: Won::new(s.won),
                mode: collection::Mode::from_word(&s.mode).unwrap(),
            });
            match bind_collection(format.partial_amount(), &case.name, line, sent.as_ref()) {
                Ok(_) => count.bound += 1,
                Err(wrong) => {
                    count.unbound += 1;
                    faults.append(wrong);
                }
            }
            Ok(())
        })
        .unwrap();
    faults.append(reading.faults.clone());
    faults.append(prove(case, &reading, count));
    faults
}

fn payments(case: &Bank, format: &payout::ResultFormat, bytes: &[u8]) -> Faults {
    let (mut count, mut faults) = (Bound::default(), Faults::default());
    let bank = "004".parse().unwrap();
    let sent = case.sent.iter().map(|s| payout::Line {
        serial: s.serial,
        bank,
        account: s.account.clone(),
        amount: Won::new(s.won),
        passbook_text: String::new(),
        reference: s.payer.clone(),
    });
    let sent: Vec<_> = sent.collect();
    let reading = format
        .read(&case.name, bytes, |line| {
            match bind_payout(&case.name, &line, sent.iter().find(|s| s.serial == line.line.serial)) {
                Ok(()) => count.bound += 1,
                Err(wrong) => {
                    count.unbound += 1;
                    faults.append(wrong);
                }
            }
        })
        .unwrap();
    faults.append(reading.faults.clone());
    faults.append(prove(case, &reading, count));
    faults
}

fn sent_registrations(case: &Bank) -> Result<SentRegistrations, Faults> {
    let lines = case.sent.iter().map(|s| SentRegistration {
        serial: s.serial,
        kind: ApplicationKind::from_word(&s.kind).unwrap(),
        bank_payer_no: s.payer.clone(),
        account: s.account.clone(),
    });
    SentRegistrations::new("EB130706", lines)
}

fn registrations(case: &Bank, format: &registration::ResultFormat, bytes: &[u8]) -> Faults {
    let (mut count, mut faults) = (Bound::default(), Faults::default());
    let mut sent = sent_registrations(case).unwrap_or_else(|faults| panic!("{faults}"));
    let mut reader = format.reader(&case.name, bytes);
    while let Some(line) = reader.next_line().unwrap() {
        match sent.bind(&case.name, &line) {
            Ok(_) => count.bound += 1,
            Err(wrong) => {
                count.unbound += 1;
                faults.push(wrong);
            }
        }
    }
    let reading = reader.finish().unwrap();
    faults.append(reading.faults.clone());
    faults.append(prove(case, &reading, count));
    faults
}

fn read_file(case: &Bank) -> Faults {
    let format = bound(case).unwrap_or_else(|faults| panic!("{faults}"));
    let bytes = bytes(case, format.layout().record_bytes());
    match &format {
        Format::CollectionResult(format) => collections(case, format, &bytes),
        Format::RegistrationResult(format) => registrations(case, format, &bytes),
        Format::PayoutResult(format) => payments(case, format, &bytes),
        Format::BankApplication(format) => format.read(&case.name, bytes.as_slice()).unwrap().reading.faults,
        Format::BankApplicationAnswer(_) => panic!("no case reads our own answers"),
        Format::Evidence(_) => panic!("no case reads our own evidence"),
        Format::PayoutRequest(_) => panic!("no case reads our own payments"),
        Format::CollectionRequest(format) => {
            // Read, and written again: a sum that does not fit is found in writing.
            let mut faults = Faults::default();
            let mut head = None;
            let mut lines = Vec::new();
            let reading = format
                .reader(&case.name, bytes.as_slice())
                .each(|h, line| {
                    head = h.cloned();
                    lines.push(collection::Line {
                        account: line.account.to_string().into(),
                        id_no: line.id_no.to_string().into(),
                        passbook_text: line.passbook_text.to_string().into(),
                        bank_payer_no: line.bank_payer_no.to_string().into(),
                        phone: line.phone.to_string().into(),
                        ..line.clone()
                    } as collection::Line<'static>);
                    Ok(())
                })
                .unwrap();
            faults.append(reading.faults);
            if let Some(head) = head {
                let mut writer = format.writer(std::io::sink(), &head).unwrap();
                for line in &lines {
                    if let Err(WriteError::Fault(fault)) = writer.put(line) {
                        faults.push(*fault);
                    }
                }
            }
            faults
        }
        Format::RegistrationRequest(format) => {
            let mut reader = format.reader(&case.name, bytes.as_slice());
            while reader.next_line().unwrap().is_some() {}
            reader.finish().unwrap().faults
        }
        Format::Other(_) => panic!("{} carries no message", case.layout),
    }
}

fn faults(folder: &Path, case: &Bank) -> Faults {
    match case.what.as_str() {
        "codes" => {
            let text = read_to_string(folder.join("input.toml")).unwrap();
            CodeTable::from_toml("formats/codes/input.toml", &text).err().unwrap_or_default()
        }
        "bind" => bound(case).err().unwrap_or_default(),
        "sent" => sent_registrations(case).err().unwrap_or_default(),
        "result" | "request" => read_file(case),
        what => panic!("{}: what = {what:?}", folder.display()),
    }
}

#[test]
fn every_fault_of_the_room_is_told_as_expected() {
    let mut folders: Vec<PathBuf> = read_dir("tests/faults").unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let (mut wrong, mut ran) = (Vec::new(), 0);
    for folder in folders.iter().filter(|f| f.join("case.toml").exists()) {
        let text = read_to_string(folder.join("case.toml")).unwrap();
        let case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        if case.room != "bank" {
            continue;
        }
        ran += 1;
        let case: Bank = case.rest.try_into().unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let found = faults(folder, &case);
        let name = folder.file_name().unwrap().to_str().unwrap();
        if !found.kept().iter().any(|fault| fault.name == name) {
            wrong.push(format!("{} does not produce its fault, but\n{found}", folder.display()));
        }
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_FAULTS").is_some() {
            File::create(&expected).unwrap().write_all(found.to_string().as_bytes()).unwrap();
        } else if read_to_string(&expected).unwrap_or_default() != found.to_string() {
            wrong.push(format!("{} found\n{found}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= 35, "{ran} folders");
}
