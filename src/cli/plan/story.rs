//! What happened in a copy that was let run on, as rows in the order of time.
//!
//! Must not: know more than the copy's ledger.

use crate::cli::Failed;
use crate::config::Config;
use crate::domain::{Date, Instant, TimeOfDay, Won};
use crate::ledger::{FileQuery, FileRow, FileState, Mark, Reader, Way};
use crate::machine::file::{In, Out};
use crate::report::{Cell, CellKind, Column};
use std::collections::BTreeMap;

/// The operators' own folder: daily roots and answers to orders are no business.
const CONTROL: &str = "control";

/// The columns of a plan. Numbers are of many kinds: nothing is added up.
pub(super) const COLUMNS: [Column; 7] = [
    Column { key: "date", ko: "일자", kind: CellKind::Date, width: 10 },
    Column { key: "time", ko: "시각", kind: CellKind::Text, width: 8 },
    Column { key: "what", ko: "구분", kind: CellKind::Text, width: 14 },
    Column { key: "subject", ko: "대상", kind: CellKind::Text, width: 32 },
    Column { key: "count", ko: "건수", kind: CellKind::Number, width: 8 },
    Column { key: "won", ko: "금액", kind: CellKind::Number, width: 14 },
    Column { key: "note", ko: "비고", kind: CellKind::Text, width: 40 },
];

/// What sort of thing happens; the order within an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Charges,
    Sent,
    Missed,
    Answered,
    Received,
    Settled,
    List,
    Alert,
}

impl What {
    fn ko(self) -> &'static str {
        match self {
            Self::Charges => "청구 생성",
            Self::Sent => "은행 전송",
            Self::Missed => "마감 놓침",
            Self::Answered => "은행 결과",
            Self::Received => "은행 접수",
            Self::Settled => "정산",
            Self::List => "이용기관 목록",
            Self::Alert => "경보",
        }
    }
}

/// One thing that would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    date: Date,
    /// `None` where only the day is known.
    time: Option<TimeOfDay>,
    what: What,
    subject: String,
    count: Option<i64>,
    won: Option<Won>,
    note: String,
}

impl Row {
    fn at(at: Instant, what: What, subject: String) -> Self {
        Self {
            date: at.date(),
            time: Some(at.time()),
            what,
            subject,
            count: None,
            won: None,
            note: String::new(),
        }
    }

    /// As a table's row.
    pub(super) fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Date(self.date),
            Cell::Text(self.time.map_or(String::new(), |time| time.to_string())),
            Cell::Text(self.what.ko().to_string()),
            Cell::Text(self.subject.clone()),
            self.count.map_or(Cell::Empty, Cell::Number),
            self.won.map_or(Cell::Empty, Cell::Won),
            Cell::Text(self.note.clone()),
        ]
    }
}

/// Everything that happened after `mark`.
pub(super) fn rows(reader: &Reader, mark: Mark, config: &Config) -> Result<Vec<Row>, Failed> {
    let mut rows = Vec::new();
    for made in reader.charges_since(mark)? {
        let subject = named(config, &format!("creditor/{}", made.creditor));
        rows.push(Row {
            count: Some(made.charges),
            won: Some(made.won),
            note: format!("{}월분", made.month),
            ..Row::at(made.at, What::Charges, subject)
        });
    }
    let files = reader.files(&FileQuery { limit: usize::MAX, ..FileQuery::default() })?;
    let ours: BTreeMap<i64, &FileRow> = files.iter().map(|file| (file.file_id, file)).collect();
    for file in &files {
        let answered = file.answers.and_then(|id| ours.get(&id).copied());
        rows.extend(of_file(file, answered, mark, config));
    }
    for settlement in reader.settlements_since(mark)? {
        rows.push(Row {
            date: settlement.date,
            time: None,
            what: What::Settled,
            subject: named(config, &format!("creditor/{}", settlement.creditor)),
            count: Some(settlement.waiting.successes),
            won: Some(settlement.net),
            note: format!(
                "수납 {}원, 수수료 {}원 (부가세 {}원 별도)",
                settlement.waiting.collected, settlement.fee, settlement.vat
            ),
        });
    }
    for answer in reader.answers_since(mark)?.into_iter().filter(|answer| answer.owner != CONTROL) {
        rows.push(Row {
            date: answer.day,
            time: None,
            what: What::List,
            subject: answer.name,
            count: None,
            won: None,
            note: named(config, &answer.owner),
        });
    }
    for alert in reader.alerts_since(mark)? {
        rows.push(Row { note: alert.text, ..Row::at(alert.raised_at, What::Alert, alert.name) });
    }
    // What is known by its day alone comes at the day's end.
    let order = |row: &Row| (row.date, row.time.is_none(), row.time, row.what);
    rows.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.subject.cmp(&b.subject)));
    Ok(rows)
}

/// What a file did after `mark`; `answered` is the file of ours that it answers.
fn of_file(file: &FileRow, answered: Option<&FileRow>, mark: Mark, config: &Config) -> Option<Row> {
    let row = |at, what| Row::at(at, what, file.name.clone());
    let (lines, won) = (Some(file.lines), Some(file.won));
    match (file.way, file.state) {
        (Way::Out, FileState::Out(Out::Missed)) if mark.before_file(file.file_id) => {
            let at = file.deadline_at.unwrap_or(file.created_at);
            Some(Row { note: named(config, &file.owner), ..row(at, What::Missed) })
        }
        (Way::Out, _) => {
            let at = file.published_at.filter(|_| mark.before_file(file.file_id))?;
            let until = file.deadline_at.map_or(String::new(), |at| format!(", 마감 {at}"));
            let note = format!("{}{until}", named(config, &file.owner));
            Some(Row { count: lines, won, note, ..row(at, What::Sent) })
        }
        (Way::In, FileState::In(In::Applied))
            if file.owner.starts_with("channel/") && mark.before_file(file.file_id) =>
        {
            let Some(ours) = answered else {
                // What payers applied for at their banks answers nothing of ours.
                let note = named(config, &file.owner);
                return Some(Row { count: lines, note, ..row(file.created_at, What::Received) });
            };
            let subject = format!("{} ({})", file.name, ours.name);
            Some(Row {
                count: Some(ours.lines),
                won: ours.won.checked_sub(file.failed_won).and_then(|won| won.checked_sub(file.partial_won)),
                note: format!("불능·부분 {}건", file.listed_lines),
                ..Row::at(file.created_at, What::Answered, subject)
            })
        }
        (Way::In, _) => None,
    }
}

/// An owner with the name that people know it by.
fn named(config: &Config, owner: &str) -> String {
    let creditor = owner.strip_prefix("creditor/").and_then(|id| id.parse().ok());
    match creditor.and_then(|id| config.creditors.get(&id)) {
        Some(creditor) => format!("{} {}", creditor.id, creditor.name),
        None => owner.to_string(),
    }
}
