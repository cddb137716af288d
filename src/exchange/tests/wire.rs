//! Files of the shipped layouts, for the exchange's tests: requests written, results read.

use crate::bank::collection::Mode;
use crate::bank::{FileHead, Format, Revisions, collection, registration};
use crate::domain::{ApplicationKind, Date, Won};
use crate::exchange::{Service, ServicePlan};
use crate::layout::Layout;
use std::sync::Arc;

/// Two files of debits: name, date, and when each is sent.
pub(super) const SHORT_DAYS: [(&str, &str, &str); 2] =
    [("EB210106", "2026-01-06", "2026-01-05 14:00"), ("EB210107", "2026-01-07", "2026-01-06 14:00")];

/// An invented payer; account, payer number and passbook text follow from the number.
#[derive(Debug, Clone)]
pub(super) struct Row {
    n: u32,
    won: i64,
    mode: Mode,
}

impl Row {
    pub(super) fn new(n: u32, won: i64) -> Self {
        Self { n, won, mode: Mode::FullOnly }
    }

    pub(super) fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    fn account(&self) -> String {
        format!("1100000000{:03}", self.n)
    }

    fn payer(&self) -> String {
        format!("10000001{:012}", self.n)
    }
}

/// A shipped format.
pub(super) fn shipped(name: &str) -> Arc<Revisions> {
    Arc::new(Revisions::new(Format::clone(&format(name))))
}

fn format(name: &str) -> Arc<Format> {
    let (file, text) = match name {
        "EB11" => ("formats/eb11.toml", include_str!("../../../formats/eb11.toml")),
        "EB12" => ("formats/eb12.toml", include_str!("../../../formats/eb12.toml")),
        "EB13" => ("formats/eb13.toml", include_str!("../../../formats/eb13.toml")),
        "EB14" => ("formats/eb14.toml", include_str!("../../../formats/eb14.toml")),
        "EB21" => ("formats/eb21.toml", include_str!("../../../formats/eb21.toml")),
        _ => ("formats/eb22.toml", include_str!("../../../formats/eb22.toml")),
    };
    let layout = Layout::from_toml(file, text).unwrap_or_else(|faults| panic!("{faults}"));
    Arc::new(Format::bind(Arc::new(layout)).unwrap_or_else(|faults| panic!("{faults}")))
}

pub(super) fn plans() -> Vec<ServicePlan> {
    let plan = |service, request, result, deadline: &str, due: &str, least| ServicePlan {
        service,
        request: shipped(request),
        result: shipped(result),
        deadline: deadline.parse().unwrap(),
        result_due: due.parse().unwrap(),
        least: Won::new(least),
        needs_registration: true,
        registration_exceptions: std::collections::BTreeSet::new(),
    };
    vec![
        plan(Service::Registration, "EB13", "EB14", "X 17:00", "X+1BD 11:00", 0),
        plan(Service::Collection, "EB21", "EB22", "D-1BD 17:00", "D+1BD 11:00", 140),
    ]
}

fn head(format: &Format, date: Date) -> FileHead {
    FileHead::new(format.layout(), "9912345678", date, "0040000", "11000000000999")
}

pub(super) fn eb13(date: &str, rows: &[Row]) -> Vec<u8> {
    applications(date, rows, ApplicationKind::Register)
}

pub(super) fn applications(date: &str, rows: &[Row], kind: ApplicationKind) -> Vec<u8> {
    let (date, bound) = (date.parse().unwrap(), format("EB13"));
    let Format::RegistrationRequest(format) = &*bound else { panic!("EB13") };
    let mut writer = format.writer(Vec::new(), &head(&bound, date)).unwrap();
    for (serial, row) in (1..).zip(rows) {
        let line = registration::Line {
            serial,
            kind,
            application_date: date,
            bank_payer_no: row.payer().parse().unwrap(),
            bank: "004".parse().unwrap(),
            account: row.account().parse().unwrap(),
            id_no: Some("900101".into()),
        };
        writer.put(&line).unwrap();
    }
    writer.finish().unwrap().1
}

pub(super) fn eb21(date: &str, rows: &[Row]) -> Vec<u8> {
    let (date, bound) = (date.parse().unwrap(), format("EB21"));
    let Format::CollectionRequest(format) = &*bound else { panic!("EB21") };
    let mut writer = format.writer(Vec::new(), &head(&bound, date)).unwrap();
    for (serial, row) in (1..).zip(rows) {
        let line = collection::Line {
            serial,
            bank: "004".parse().unwrap(),
            account: row.account().into(),
            amount: Won::new(row.won),
            id_no: "900101".into(),
            passbook_text: "한별학원".into(),
            bank_payer_no: row.payer().into(),
            mode: row.mode,
            phone: "".into(),
        };
        writer.put(&line).unwrap();
    }
    writer.finish().unwrap().1
}

/// Serial and code of each line of a result that reads without a fault.
pub(super) fn lines_of(bytes: &[u8]) -> Vec<(u32, String)> {
    stated(bytes).into_iter().map(|(serial, code, _)| (serial, code)).collect()
}

/// Serial, code and stated amount of each line of a result that reads without a fault.
pub(super) fn stated(bytes: &[u8]) -> Vec<(u32, String, i64)> {
    let name: String = bytes.iter().skip(19).take(8).map(|b| char::from(*b)).collect();
    let (lines, faults) = reading(&name, bytes);
    assert!(faults.is_empty(), "{faults:?}");
    lines
}

/// The lines of a result that read, and the names of its faults.
pub(super) fn reading(name: &str, bytes: &[u8]) -> (Vec<(u32, String, i64)>, Vec<&'static str>) {
    let mut lines = Vec::new();
    let bound = format(name.get(..4).unwrap());
    let read = match &*bound {
        Format::RegistrationResult(format) => {
            let mut reader = format.reader(name, bytes);
            while let Some(line) = reader.next_line().unwrap() {
                lines.push((line.serial, line.code, 0));
            }
            reader.finish().unwrap()
        }
        Format::CollectionResult(format) => format
            .reader(name, bytes)
            .each(|_, line| {
                lines.push((line.serial, line.code.to_string(), line.amount.get()));
                Ok(())
            })
            .unwrap(),
        _ => panic!("{name} is no result"),
    };
    (lines, read.faults.kept().iter().map(|fault| fault.name).collect())
}
