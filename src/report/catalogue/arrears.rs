//! 미납내역집계: what is still owed, since when, why, and on which day it can be asked for next (product.md F23).
//!
//! The day is found by the rules of requests and retries themselves (`rules::next_date`), by the mandate's own debit service.

use super::{CellKind, Column, From, ReportQuery, Words, cell as column, text, won};
use crate::config::{Config, Creditor, Profile};
use crate::domain::{BankCode, CandidateCharge, ContractDay, Date, Month, Won};
use crate::fault::Trouble;
use crate::ledger::{Listed, Pause, Reader};
use crate::machine::{charge, collection, mandate};
use crate::report::table::Cell;
use crate::rules::next_date::{self, By, Day};
use crate::rules::request::{CandidateFacts, CreditorFacts, DateFacts, Standing};
use crate::rules::retry::{RetryFacts, RetryRules};
use crate::rules::{DebitLimits, Refused, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a column tells that the listing does not have as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The next debit date for which it can be asked for.
    NextDate,
    /// By which list.
    NextBy,
    /// Why there is no such date.
    WhyNot,
}

pub(super) const ARREARS: &[(Column, From)] = &[
    text("payer_no", "납부자번호", 14, From::As(0)),
    text("payer_name", "납부자명", 14, From::As(1)),
    text("group", "그룹", 12, From::Group(2)),
    text("item", "집금항목", 12, From::Item(3)),
    column("month", "청구년월", CellKind::Month, From::As(4)),
    column("debit_date", "출금일", CellKind::Date, From::As(5)),
    won("charged_won", "청구금액", 6),
    won("paid_won", "수납금액", 7),
    won("open_won", "미납금액", 8),
    column("age_days", "경과일수", CellKind::Number, From::Age(5)),
    text("age", "미납기간", 12, From::Bucket(5)),
    column("failures", "불능횟수", CellKind::Number, From::As(9)),
    text("code", "불능코드", 8, From::As(10)),
    text("reason", "불능사유", 24, From::Code(10)),
    text("state", "상태", 16, From::State(11)),
    column("next_date", "다음이체가능일", CellKind::Date, From::Arrears(Told::NextDate)),
    text("next_by", "의뢰방법", 12, From::Arrears(Told::NextBy)),
    text("why_not", "이체불가사유", 32, From::Arrears(Told::WhyNot)),
];

/// The next date of a row and by which list, or why there is none.
pub(super) type Next = Result<(Date, By), Refused>;

/// How far ahead a date is looked for, in days: every contract day comes by twice.
const AHEAD_DAYS: i64 = 62;

/// What can be asked for from the day of the report on: worked out once for all rows.
pub(super) struct Asking<'c> {
    config: &'c Config,
    creditor: &'c Creditor,
    profile: &'c Arc<Profile>,
    /// The debit dates that can still be asked for, by the name of the debit service.
    days: BTreeMap<&'c str, Vec<Day>>,
}

impl<'c> Asking<'c> {
    /// `None` where the configuration does not know the creditor any more.
    pub(super) fn new(
        reader: &Reader,
        config: &'c Config,
        query: &ReportQuery,
    ) -> Result<Option<Self>, Trouble> {
        let (Some(creditor), Some(channel)) =
            (config.creditors.get(&query.creditor), config.channel_of(query.creditor))
        else {
            return Ok(None);
        };
        let (calendar, profile) = (&config.calendar, &channel.profile);
        let mut left: BTreeMap<Month, Won> = BTreeMap::new();
        let mut days: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
        for service in profile.services.iter() {
            let first = service.window.cutoff.first_open_after(calendar, query.now);
            let mut open = Vec::new();
            for date in (0..AHEAD_DAYS).map(|n| first.plus_days(n)) {
                if calendar.covers(date).is_err() || !calendar.is_open(date) {
                    continue;
                }
                let month = date.month();
                let month_left = match left.get(&month) {
                    Some(left) => *left,
                    None => {
                        let used = reader.requested_in_month(creditor.id, month)?;
                        creditor.limit_per_month.checked_sub(used).unwrap_or(Won::ZERO)
                    }
                };
                left.insert(month, month_left);
                let due = |month: Month, day: &ContractDay| calendar.debit_date(month, *day) == date;
                let allowed = creditor.days.iter().any(|day| due(month, day) || due(month.previous(), day));
                open.push(Day {
                    date: DateFacts {
                        debit_date: date,
                        gate: service.gate.date(calendar, date),
                        day_allowed: allowed,
                        window: Window::Open,
                    },
                    creditor: CreditorFacts { in_service: true, arrears: true, month_left: Some(month_left) },
                });
            }
            days.insert(&service.name, open);
        }
        Ok(Some(Self { config, creditor, profile, days }))
    }

    /// The next date for a row of the listing, or why there is none.
    pub(super) fn next(&self, words: &Words<'_>, listed: &[Listed]) -> Option<Next> {
        let row = Row::of(listed)?;
        let named = if row.service.is_empty() { &self.creditor.service } else { row.service };
        let service = self.profile.services.find(named).unwrap_or(&self.profile.services.first);
        let charges = std::slice::from_ref(&row.charge);
        let candidate = CandidateFacts {
            state: row.mandate,
            active_on: row.active_on,
            limits: DebitLimits {
                mandate: row.limit,
                contract: self.creditor.limit_per_debit,
                minimum: service.min_amount_won,
            },
            bank_in_service: row
                .bank
                .is_some_and(|bank| self.config.banks.find(bank).is_some_and(|bank| bank.takes_part)),
            has_live: false,
            charges,
        };
        let (rule, policy, code) = (&self.profile.retry, &self.creditor.retry, &row.charge.last_code);
        let retry = RetryFacts {
            rules: RetryRules {
                same_month: rule.same_month,
                window_months: rule.window_months,
                last_regular_day: rule.last_regular_day,
                max: policy.max,
            },
            due_day: row.due_day,
            standing: row.standing,
            charge: Some(&row.charge),
            retryable: words.codes().is_some_and(|codes| codes.retryable(code)) && policy.wants(code),
            on_regular_day: false,
            no_retry: false,
            automatic: false,
            amount: None,
        };
        let days = self.days.get(service.name.as_str()).map_or(&[][..], Vec::as_slice);
        let regular = |date: Date| self.config.calendar.debit_date(date.month(), row.due_day) == date;
        let paused = |date: Date| {
            row.pause.is_some_and(|pause| pause.covers(date.month()) || pause.covers(row.charge.month))
        };
        Some(next_date::find(&candidate, &row.charge, &retry, days, regular, paused))
    }
}

/// A row, read.
struct Row<'r> {
    charge: CandidateCharge,
    standing: Standing,
    mandate: mandate::State,
    active_on: Option<Date>,
    limit: Won,
    bank: Option<BankCode>,
    due_day: ContractDay,
    service: &'r str,
    pause: Option<Pause>,
}

impl<'r> Row<'r> {
    /// `None` where the row is not one of the listing.
    fn of(listed: &'r [Listed]) -> Option<Self> {
        let word = |at: usize| match listed.get(at) {
            Some(Listed::Text(text) | Listed::State(text)) => text.as_str(),
            _ => "",
        };
        let count = |at: usize| match listed.get(at) {
            Some(Listed::Count(Some(number))) => u32::try_from(*number).ok(),
            _ => None,
        };
        let month = |at: usize| match listed.get(at) {
            Some(Listed::Month(month)) => *month,
            _ => None,
        };
        let date = |at: usize| match listed.get(at) {
            Some(Listed::Date(date)) => *date,
            _ => None,
        };
        let won = |at: usize| match listed.get(at) {
            Some(Listed::Won(won)) => Some(*won),
            _ => None,
        };
        let live = collection::State::from_word(word(11)).is_some_and(collection::State::is_live);
        Some(Self {
            charge: CandidateCharge {
                charge_id: 0,
                month: month(4)?,
                open: won(8)?,
                debit_date: date(5)?,
                attempts: count(9)?,
                last_code: word(10).to_string(),
            },
            standing: if live { Standing::InFlight } else { Standing::At(charge::State::Open) },
            mandate: mandate::State::from_word(word(12))?,
            active_on: date(13),
            limit: won(14)?,
            bank: word(15).parse().ok(),
            due_day: count(16).and_then(ContractDay::from_number)?,
            service: word(17),
            pause: month(18).map(|first| Pause { first, last: month(19) }),
        })
    }
}

/// A cell of a row.
pub(super) fn cell(next: &Next, told: Told) -> Cell {
    match (next, told) {
        (Ok((date, _)), Told::NextDate) => Cell::Date(*date),
        (Ok((_, By::Retry)), Told::NextBy) => Cell::Text("재처리의뢰".to_string()),
        (Ok((_, By::Request)), Told::NextBy) => Cell::Text("이체의뢰".to_string()),
        (Err(refused), Told::WhyNot) => Cell::Text(refused.reason()),
        (Ok(_) | Err(_), Told::NextDate | Told::NextBy | Told::WhyNot) => Cell::Empty,
    }
}

/// 미납기간: how long ago the debit date was.
pub(super) fn bucket(days: i64) -> &'static str {
    match days {
        ..=30 => "30일 이내",
        31..=60 => "31-60일",
        61..=90 => "61-90일",
        91..=180 => "91-180일",
        _ => "180일 초과",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_fall_into_their_buckets() {
        for (days, word) in [
            (0, "30일 이내"),
            (30, "30일 이내"),
            (31, "31-60일"),
            (90, "61-90일"),
            (91, "91-180일"),
            (181, "180일 초과"),
        ] {
            assert_eq!(bucket(days), word);
        }
    }
}
