//! What the schedule will do by itself, told so that a person reads it at a glance: in Korean, one line for each moment and
//! kind of work, however many creditors it is for.
//!
//! Must not: tell the checks that the daemon makes of itself; where one finds something, that is an alert.

use crate::domain::{Date, Instant};
use crate::ledger::Due;
use std::collections::BTreeMap;

/// A step of the schedule in Korean; `None` for a check that nobody waits for. A word that is not known stays.
pub fn step_ko(job: &str) -> Option<&str> {
    match job {
        "charges" => Some("청구 생성"),
        "propose" => Some("의뢰예정 목록"),
        "request" => Some("자동 이체의뢰"),
        "retry" => Some("자동 재처리의뢰"),
        "emit-registrations" => Some("계좌신청 파일"),
        "emit-collections" => Some("출금의뢰 파일"),
        "emit-payouts" => Some("지급 파일"),
        "emit-evidence" => Some("동의증빙 파일"),
        "decide-applications" => Some("은행접수 신청 결정"),
        "settle" => Some("정산"),
        "messages" => Some("문자 안내"),
        "report" => Some("보고서"),
        "summary" => Some("하루요약"),
        "deadline-registrations"
        | "deadline-collections"
        | "deadline-payouts"
        | "deadline-answers"
        | "deadline-evidence"
        | "overdue-registrations"
        | "overdue-collections"
        | "overdue-payouts"
        | "expect-applications"
        | "remind-applications"
        | "expire"
        | "books"
        | "unused-mandates"
        | "delete" => None,
        unknown => Some(unknown),
    }
}

/// The lines, by time.
pub(super) fn lines(due: &[Due]) -> Vec<String> {
    // When, what, for which date and by when; whose.
    let mut steps: BTreeMap<(Instant, &str, Date, Option<Instant>), Vec<&str>> = BTreeMap::new();
    for row in due {
        let job = row.job.split(' ').next().unwrap_or_default();
        if let Some(ko) = step_ko(job) {
            let owner = row.owner.split_once('/').map_or(row.owner.as_str(), |(_, id)| id);
            steps.entry((row.due_at, ko, row.date, row.deadline_at)).or_default().push(owner);
        }
    }
    let told = |((at, ko, date, deadline), mut owners): (_, Vec<&str>)| {
        let (at, ko, date, deadline): (Instant, &str, Date, Option<Instant>) = (at, ko, date, deadline);
        owners.sort_unstable();
        owners.dedup();
        let whose = match owners.as_slice() {
            [one] => (*one).to_string(),
            several => format!("{}곳", several.len()),
        };
        let of_date = if date == at.date() { String::new() } else { format!(" {date}") };
        let until = deadline.map_or(String::new(), |until| format!(", 마감 {}", until.time()));
        format!("  {} {} {ko}{of_date} ({whose}{until})", at.date(), at.time())
    };
    steps.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::DueState;

    #[test]
    fn one_line_for_each_moment_and_kind_of_work() {
        let row = |owner: &str, job: &str, at: &str, deadline: Option<&str>| Due {
            due_id: 1,
            owner: owner.into(),
            job: job.into(),
            date: "2026-02-05".parse().unwrap(),
            opens_at: at.parse().unwrap(),
            due_at: at.parse().unwrap(),
            deadline_at: deadline.map(|at| at.parse().unwrap()),
            state: DueState::Waiting,
            done_at: None,
            note: String::new(),
        };
        let (at, until) = ("2026-02-04 14:00:00", "2026-02-04 17:00:00");
        let rows = [
            row("channel/main", "emit-collections", at, Some(until)),
            row("channel/main", "deadline-collections", until, Some(until)),
            row("creditor/10000002", "settle", "2026-02-05 15:00:00", None),
            row("creditor/10000001", "settle", "2026-02-05 15:00:00", None),
            row("creditor/10000001", "report cash-day-xlsx", "2026-02-05 18:00:00", None),
        ];
        let told = [
            "  2026-02-04 14:00 출금의뢰 파일 2026-02-05 (main, 마감 17:00)",
            "  2026-02-05 15:00 정산 (2곳)",
            "  2026-02-05 18:00 보고서 (10000001)",
        ];
        assert_eq!(lines(&rows), told);
    }
}
