//! 계좌신청내역: what became of each application, what is to be done about it, and until when, so that the next debit is made
//! (product.md F15, E42).
//!
//! A row is a line of a registration file. Where it is its mandate's last one, the mandate's own state is told: a result code of a debit
//! may have stopped it since.

use super::{CellKind, Column, From, ReportQuery, Words, cell as column, state_ko, text};
use crate::config::{Config, Profile};
use crate::domain::{ContractDay, Date};
use crate::ledger::{Listed, Unfinished};
use crate::machine::mandate::{EndReason, State};
use crate::report::table::Cell;
use std::sync::Arc;

/// What a column tells that the listing does not have as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The status word.
    Status,
    /// Why it is so.
    Reason,
    /// What is to be done.
    Action,
    /// The last day for it.
    RepairBy,
    /// The debit that is then made.
    NextDebit,
    /// The day on which the bank ends it for want of requests, where that is near.
    DormantOn,
}

pub(super) const REGISTRATIONS: &[(Column, From)] = &[
    column("queued_at", "신청일시", CellKind::Time, From::As(0)),
    text("payer_no", "납부자번호", 14, From::As(1)),
    text("payer_name", "납부자명", 14, From::As(2)),
    text("group", "그룹", 12, From::Group(3)),
    text("item", "집금항목", 12, From::Item(4)),
    text("bank", "은행", 12, From::Bank(5)),
    text("account", "계좌번호", 16, From::As(6)),
    text("kind", "신청구분", 10, From::State(7)),
    text("state", "상태", 16, From::Registration(Told::Status)),
    text("code", "불능코드", 8, From::As(9)),
    text("reason", "사유", 24, From::Registration(Told::Reason)),
    text("action", "조치", 40, From::Registration(Told::Action)),
    text("repair_by", "조치기한", 20, From::Registration(Told::RepairBy)),
    column("next_debit", "다음이체일", CellKind::Date, From::Registration(Told::NextDebit)),
    column("dormant_on", "휴면예정일", CellKind::Date, From::Registration(Told::DormantOn)),
    text("file", "파일", 12, From::As(10)),
    column("line", "줄번호", CellKind::Number, From::As(11)),
];

/// What is unfinished stands in the list, too, where it goes up to today.
pub(super) fn unfinished(config: &Config, query: &ReportQuery) -> Option<Unfinished> {
    let (channel, today) = (config.channel_of(query.creditor)?, query.now.date());
    (query.to >= today).then(|| Unfinished { unused_since: channel.profile.dormancy.told_since(today) })
}

/// A row, read.
struct Row<'r> {
    is_registration: bool,
    /// The line's own state.
    line: &'r str,
    code: &'r str,
    /// The mandate's state, where this is its last line.
    mandate: Option<State>,
    ended: Option<EndReason>,
    day: Option<ContractDay>,
    service: &'r str,
    last_used: Option<Date>,
    /// It is on no file, and its evidence goes first.
    waits_for_evidence: bool,
}

impl<'r> Row<'r> {
    fn of(listed: &'r [Listed], needs_evidence: bool) -> Self {
        let word = |at: usize| match listed.get(at) {
            Some(Listed::Text(text) | Listed::State(text)) => text.as_str(),
            _ => "",
        };
        let day = match listed.get(14) {
            Some(Listed::Count(Some(number))) => u32::try_from(*number).ok(),
            _ => None,
        };
        let last_used = match listed.get(16) {
            Some(Listed::Date(date)) => *date,
            _ => None,
        };
        Self {
            is_registration: word(7) == "register",
            line: word(8),
            code: word(9),
            mandate: State::from_word(word(12)),
            ended: EndReason::from_word(word(13)),
            day: day.and_then(ContractDay::from_number),
            service: word(15),
            last_used,
            waits_for_evidence: needs_evidence && word(10).is_empty(),
        }
    }

    /// Whether the creditor must do something for debits to begin or go on.
    fn must_be_repaired(&self) -> bool {
        match self.mandate {
            Some(State::Draft | State::Rejected) => true,
            Some(State::Queued) => self.waits_for_evidence,
            Some(State::Ended) => self.ended.is_some_and(|reason| !reason.is_wanted()),
            _ => false,
        }
    }

    fn status(&self) -> &'r str {
        match (self.mandate, self.is_registration, self.line) {
            (Some(State::Suspended), ..) => "이체정지",
            (Some(State::Ended), true, _) => "계좌해지완료",
            (Some(state), true, _) => state.ko(),
            (_, true, line) => state_ko(line),
            (_, false, "queued" | "batched") => "계좌해지대기",
            (_, false, "sent" | "acknowledged") => "계좌해지중",
            (_, false, "done") => "계좌해지완료",
            (_, false, line) => state_ko(line),
        }
    }

    /// When the bank ends it, where that is to be told.
    fn dormant_on(&self, profile: &Profile, today: Date) -> Option<Date> {
        let used = self.last_used.filter(|_| self.mandate == Some(State::Active))?;
        (used <= profile.dormancy.told_since(today)).then(|| profile.dormancy.ends_on(used))
    }

    fn action(&self, words: &Words<'_>, dormant: bool) -> String {
        let to_mend = || {
            let sentence = words.code_sentence(self.code);
            if sentence.is_empty() {
                "자료를 고쳐 이체정보(mandates) 목록을 다시 올리십시오".into()
            } else {
                sentence
            }
        };
        match self.mandate {
            Some(State::Active) if dormant => {
                "휴면예정일 전에 이체를 의뢰하지 않으면 은행이 해지합니다".into()
            }
            Some(State::Draft | State::Rejected) => to_mend(),
            Some(State::Suspended) => "정지 사유를 확인하고 대행사에 해제 또는 해지를 요청하십시오".into(),
            Some(State::Ended) if self.must_be_repaired() => {
                "계속하려면 이체정보(mandates) 목록으로 다시 신청하십시오".into()
            }
            Some(State::Queued) if self.waits_for_evidence => {
                "동의 증빙이 은행에 가면 신청 파일로 나갑니다: 아직이면 증빙 파일을 올리십시오".into()
            }
            Some(State::Queued) => "다음 신청 파일로 나갑니다".into(),
            Some(
                State::Batched
                | State::Sent
                | State::Acknowledged
                | State::Changing
                | State::Severed
                | State::Cancelling,
            ) => "은행의 답을 기다립니다".into(),
            Some(State::Active | State::Ended | State::Billed) | None => String::new(),
        }
    }
}

/// A cell of a row.
pub(super) fn cell(words: &Words<'_>, listed: &[Listed], told: Told) -> Cell {
    let profile: Option<&Arc<Profile>> =
        words.config.channel_of(words.creditor).map(|channel| &channel.profile);
    let row = Row::of(listed, profile.is_some_and(|profile| profile.needs_evidence));
    let dormant_on = profile.and_then(|profile| row.dormant_on(profile, words.now.date()));
    let repair = || {
        let (profile, day) = (profile?, row.day.filter(|_| row.must_be_repaired())?);
        let usual = words.config.creditors.get(&words.creditor).map_or("", |creditor| &creditor.service);
        let service = if row.service.is_empty() { usual } else { row.service };
        profile.repair_by(&words.config.calendar, service, day, words.now)
    };
    match told {
        Told::Status => Cell::Text(row.status().to_string()),
        Told::Reason => Cell::Text(match row.ended.filter(|_| row.mandate == Some(State::Ended)) {
            Some(reason) => reason.ko().to_string(),
            None if dormant_on.is_some() => "오랫동안 이체의뢰가 없었습니다".to_string(),
            None => words.code_ko(row.code),
        }),
        Told::Action => Cell::Text(row.action(words, dormant_on.is_some())),
        Told::RepairBy => repair().map_or(Cell::Empty, |by| Cell::Text(format!("{} 전", by.before))),
        Told::NextDebit => repair().map_or(Cell::Empty, |by| Cell::Date(by.debit_date)),
        Told::DormantOn => dormant_on.map_or(Cell::Empty, Cell::Date),
    }
}
