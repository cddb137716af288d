//! The proof that a result file is complete (product.md 3.8, decisions.md 18): only then is absence success.
//!
//! Must not: judge by anything but the reading of the file, the file expected, and how its lines were bound.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::reading::FileReading;
use crate::domain::{Date, Won};
use crate::fault::{Fault, Faults, Place};

/// The one published, unanswered file of ours that the result answers, and the name that its answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// 기관코드 of the channel.
    pub institution: String,
    /// The layout's name of the answer: `EB22`.
    pub kind: String,
    /// The date that the answer bears.
    pub date: Date,
    /// How many lines we sent.
    pub lines_sent: u64,
    /// Their sum, in won; 0 for registrations.
    pub won_sent: Won,
}

/// How the lines of the result found the lines that we sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bound {
    /// Lines that answer exactly one line of ours.
    pub bound: u64,
    /// Lines that do not.
    pub unbound: u64,
}

/// Whether a check holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// The file does not state it; the proof stands without it.
    NotStated,
    /// It does not, in a way that cannot hide a line, and two people took that on.
    Overridden,
}

impl Held {
    const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::Yes => "○ 성립",
            Self::No => "× 불성립",
            Self::NotStated => "- 없음",
            Self::Overridden => "! 승인",
        }
    }
}

/// One check of the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `P1` to `P7`.
    pub id: String,
    /// What is checked, in Korean and English.
    pub what: String,
    /// What must be.
    pub stated: String,
    /// What is.
    pub found: String,
    /// Whether it holds.
    pub holds: Held,
}

/// The certificate: what was checked, with the numbers, for the journal and for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The result file's name.
    pub file: String,
    /// The layout's name: `EB22`.
    pub kind: String,
    /// 기관코드 expected; empty where no file of ours awaits this answer.
    pub institution: String,
    /// The date expected, `2026-06-05`; empty where no file of ours awaits this answer.
    pub date: String,
    /// Lines sent.
    pub lines_sent: u64,
    /// Their sum in won.
    pub won_sent: i64,
    /// Lines listed.
    pub lines_listed: u64,
    /// P1 to P7.
    pub checks: Vec<Check>,
}

impl Proof {
    /// Proves that the file read is whole and answers the file expected. `expected` is `None` where not exactly one
    /// published, unanswered file of ours awaits an answer of this kind, date and institution. The faults name each
    /// check that does not hold; none exactly where [`Proof::holds`].
    pub fn new(expected: Option<&Expected>, reading: &FileReading, bound: Bound) -> (Self, Faults) {
        let checks = vec![
            p1_length(reading),
            p2_structure(reading),
            p3_serials(expected, reading),
            p4_answers(expected, reading),
            p5_totals(reading),
            p6_successes(expected, reading),
            p7_bound(reading, bound),
        ];
        let proof = Self {
            file: reading.file.clone(),
            kind: reading.kind.clone(),
            institution: expected.map(|e| e.institution.clone()).unwrap_or_default(),
            date: expected.map(|e| e.date.to_string()).unwrap_or_default(),
            lines_sent: expected.map_or(0, |e| e.lines_sent),
            won_sent: expected.map_or(0, |e| e.won_sent.get()),
            lines_listed: reading.lines,
            checks,
        };
        let faults = proof.faults();
        (proof, faults)
    }

    /// Whether absence from the file may count.
    pub fn holds(&self) -> bool {
        self.checks.len() == NAMES.len() && self.checks.iter().all(|c| c.holds != Held::No)
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        for check in self.checks.iter().filter(|c| c.holds == Held::No) {
            let Some((_, name, remedy)) = NAMES.iter().find(|(id, ..)| *id == check.id) else { continue };
            faults.push(Fault::new(
                name,
                Place::file(&self.file),
                format!(
                    "{}: {}\nmust be: {}\nis:      {}\nNo line of the file is applied, and none counts as succeeded.",
                    check.id, check.what, check.stated, check.found
                ),
                *remedy,
            ));
        }
        faults
    }
}

/// The checks, the faults of those that fail, and what to do.
const NAMES: &[(&str, &str, &str)] = &[
    ("P1", "proof-length", "the transfer broke off or added bytes: fetch the file again"),
    ("P2", "proof-structure", "fetch the file again; if it is the same, send the faults above to the bank"),
    ("P3", "proof-serials", "tell the bank that serials repeat or are not ours"),
    (
        "P4",
        "proof-not-awaited",
        "see which file is awaited: sunap status; a file for another day or institution is not ours",
    ),
    ("P5", "proof-totals", "fetch the file again; if it is the same, send both numbers to the bank"),
    ("P6", "proof-successes", "ask the bank which lines it has counted"),
    ("P7", "proof-line-unbound", "tell the bank which lines are not ours or do not fit ours"),
];

fn check(id: &str, what: &str, stated: String, found: String, holds: Held) -> Check {
    Check { id: id.into(), what: what.into(), stated, found, holds }
}

fn p1_length(reading: &FileReading) -> Check {
    let of_records = reading.records.checked_mul(reading.record_bytes);
    let extra = of_records.and_then(|n| reading.bytes.checked_sub(n));
    // Line ends (at most two bytes a record) and one 0x1A, where the layout allows them; else the layout has refused them.
    let holds = extra.is_some_and(|extra| extra <= reading.records.saturating_mul(2).saturating_add(1))
        && reading.records > 0;
    check(
        "P1",
        "파일 길이는 레코드 길이의 배수 / whole records",
        format!("{} x {} bytes", reading.records, reading.record_bytes),
        format!("{} bytes", reading.bytes),
        Held::of(holds),
    )
}

fn p2_structure(reading: &FileReading) -> Check {
    let faults = reading.faults.total();
    check(
        "P2",
        "헤더로 시작하고 트레일러로 끝나며 모든 레코드가 읽힘 / header first, trailer last, every record reads",
        "header 1, trailer 1, faults 0".into(),
        format!("header {}, trailer {}, faults {faults}", reading.headers, reading.trailers),
        Held::of(reading.headers == 1 && reading.trailers == 1 && faults == 0 && reading.head.is_some()),
    )
}

fn p3_serials(expected: Option<&Expected>, reading: &FileReading) -> Check {
    let sent = expected.map_or(0, |e| e.lines_sent);
    let serials = &reading.serials;
    let within = serials.lowest.is_none_or(|n| n >= 1)
        && serials.highest.is_none_or(|n| u64::from(n) <= sent)
        && serials.repeated == 0;
    let found = match (serials.lowest, serials.highest) {
        (Some(low), Some(high)) => format!("{low} to {high}, {} repeated", serials.repeated),
        _ => "none listed".into(),
    };
    let stated = format!("each once, within 1 to {sent}");
    check("P3", "일련번호 / serials unique, within the lines sent", stated, found, Held::of(within))
}

fn p4_answers(expected: Option<&Expected>, reading: &FileReading) -> Check {
    let found = match &reading.head {
        Some(head) => format!("{} {} of {}", reading.kind, head.date, head.institution),
        None => "no header".into(),
    };
    let (stated, holds) = match (expected, &reading.head) {
        (Some(e), Some(head)) => (
            format!("{} {} of {}", e.kind, e.date, e.institution),
            e.kind == reading.kind && e.date == head.date && e.institution == head.institution,
        ),
        (Some(e), None) => (format!("{} {} of {}", e.kind, e.date, e.institution), false),
        (None, _) => ("exactly one published file without an answer".into(), false),
    };
    check("P4", "기다리던 답 / answers one file of ours", stated, found, Held::of(holds))
}

fn p5_totals(reading: &FileReading) -> Check {
    let stated: Vec<String> = reading.checks.iter().map(|c| format!("{} {}", c.name, c.stated)).collect();
    let mut wrong: Vec<String> = reading
        .checks
        .iter()
        .filter(|c| !c.holds)
        .map(|c| format!("{} states {}, counted {}", c.name, c.stated, c.counted))
        .collect();
    // A file whose last record is missing has stated nothing: that is no agreement. Nor has a line that did not read,
    // or that the caller left unread, agreed with anything.
    if reading.trailers != 1 {
        wrong.push(format!("{} trailers", reading.trailers));
    }
    if reading.lines != reading.data_records {
        wrong.push(format!("{} of {} lines read", reading.lines, reading.data_records));
    }
    let holds = match (&reading.accepted_by, wrong.is_empty()) {
        (_, true) => Held::Yes,
        (None, false) => Held::No,
        // Only what the trailer understates is ever taken on (`FileReading::accept_totals`).
        (Some(by), false) if reading.trailers == 1 && reading.lines == reading.data_records => {
            wrong.push(format!("taken on: {by}"));
            Held::Overridden
        }
        (Some(_), false) => Held::No,
    };
    check(
        "P5",
        "건수와 금액 = 트레일러 / counts and sums as stated",
        if stated.is_empty() { "no totals stated".into() } else { stated.join(", ") },
        if wrong.is_empty() { format!("{} lines, all agree", reading.lines) } else { wrong.join("; ") },
        holds,
    )
}

fn p6_successes(expected: Option<&Expected>, reading: &FileReading) -> Check {
    let what = "성공 건수 + 목록 = 보낸 건수 / successes and listed make the lines sent";
    let sent = expected.map_or(0, |e| e.lines_sent);
    let stated = format!("{sent} sent");
    let (accounted, found) = match (reading.stated_successes, reading.lists_all) {
        (None, false) => return check("P6", what, stated, "not stated by this file".into(), Held::NotStated),
        (None, true) => (Some(reading.lines), format!("{} listed, all lines", reading.lines)),
        (Some(successes), all) => {
            let sum = successes.checked_add(reading.lines_not_succeeded);
            let found = format!("{successes} succeeded + {} listed as not", reading.lines_not_succeeded);
            (sum.filter(|sum| !all || *sum == reading.lines), found)
        }
    };
    check("P6", what, stated, found, Held::of(expected.is_some() && accounted == Some(sent)))
}

fn p7_bound(reading: &FileReading, bound: Bound) -> Check {
    check(
        "P7",
        "모든 줄이 보낸 줄과 짝이 맞음 / every listed line answers a line of ours",
        format!("{} of {}", reading.lines, reading.lines),
        format!("{} bound, {} not", bound.bound, bound.unbound),
        Held::of(bound.unbound == 0 && bound.bound == reading.lines),
    )
}

impl fmt::Display for Proof {
    /// A page for a person: Korean first, English beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "완전성 증명 / proof of completeness: {}", crate::fault::printable(&self.file))?;
        if self.institution.is_empty() {
            writeln!(f, "  기다리던 파일 없음 / no file of ours awaits it")?;
        } else {
            let won = Won::new(self.won_sent);
            writeln!(
                f,
                "  기관 {} · {} {} · 보낸 줄 {} · {won}원",
                self.institution, self.kind, self.date, self.lines_sent
            )?;
        }
        writeln!(f, "  목록 {}줄 / lines listed", self.lines_listed)?;
        for check in &self.checks {
            writeln!(f, "  {} {}  {}", check.id, check.holds.mark(), check.what)?;
            writeln!(f, "       {}  ←  {}", check.found, check.stated)?;
        }
        let verdict = if self.holds() {
            "성립: 목록에 없는 줄은 성공 / holds: lines not listed succeeded"
        } else {
            "불성립: 한 줄도 반영하지 않음 / does not hold: no line is applied"
        };
        writeln!(f, "  {verdict}")
    }
}
