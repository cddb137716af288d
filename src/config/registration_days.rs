//! What a profile's days mean for one mandate: until when it must be applied for to make its next debit, and when the bank ends
//! one that is not used (product.md F15, E42).
//!
//! Must not: know a mandate; its contract day and the days that count are handed in.

use super::document::Section;
use super::profile::Profile;
use crate::calendar::Calendar;
use crate::domain::{ContractDay, Date, Instant};

/// After how many months without a request the bank ends a mandate (result code 0018), and when that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dormancy {
    /// It is told after so many months.
    pub warn_months: i32,
    /// The bank ends it after so many.
    pub end_months: i32,
}

impl Default for Dormancy {
    /// KFTC: after a year; told two months before.
    fn default() -> Self {
        Self { warn_months: 10, end_months: 12 }
    }
}

impl Dormancy {
    /// A mandate without a request since this day or an earlier one is told today.
    pub fn told_since(self, today: Date) -> Date {
        today.month().plus_months(self.warn_months.saturating_neg()).day_clamped(today.day())
    }

    /// The day on which the bank ends a mandate whose last request was on this one.
    pub fn ends_on(self, last_request: Date) -> Date {
        last_request.month().plus_months(self.end_months).day_clamped(last_request.day())
    }
}

/// Reads `[dormancy]`.
pub(super) fn dormancy(mut section: Section<'_>) -> Option<Dormancy> {
    let warn = section.number("warn_months", 1..=60);
    let end = section.number("end_months", 1..=60);
    let document = section.document();
    section.finish();
    let (warn, end) = (warn?, end?);
    if warn.value >= end.value {
        document.fault(
            "config-value-wrong",
            warn.span,
            format!("warn_months = {} is not before end_months = {}", warn.value, end.value),
            "let the warning come before the end, such as 10 and 12",
        );
        return None;
    }
    Some(Dormancy {
        warn_months: i32::try_from(warn.value).ok()?,
        end_months: i32::try_from(end.value).ok()?,
    })
}

/// The last instant for an application, and the debit date that it still makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairBy {
    /// Before this instant, the cut-off of a registration file (and of its evidence), it must have come.
    pub before: Instant,
    /// The debit date.
    pub debit_date: Date,
}

impl Profile {
    /// Until when a mandate of this contract day must be applied for, to be active at the gate of the next debit date that can
    /// still be made; `None` where the calendar ends before one.
    pub fn repair_by(
        &self,
        calendar: &Calendar,
        service: &str,
        day: ContractDay,
        now: Instant,
    ) -> Option<RepairBy> {
        let service = self.services.find(service).unwrap_or(&self.services.first);
        let first = now.date().month().previous();
        (0..6).map(|n| first.plus_months(n)).find_map(|month| {
            let debit_date = calendar.debit_date(month, day);
            calendar.covers(debit_date).ok()?;
            let before = self.last_window(calendar, service.gate.date(calendar, debit_date))?;
            (before > now).then_some(RepairBy { before, debit_date })
        })
    }

    /// The cut-off of the last registration file whose answer is due by a day.
    fn last_window(&self, calendar: &Calendar, gate: Date) -> Option<Instant> {
        let days = (0..60).map(|n| gate.plus_days(-n)).filter(|day| calendar.is_open(*day));
        let mut answered = days.filter(|day| self.registration.result_due.date(calendar, *day) <= gate);
        let file = answered.next()?;
        let cutoff = self.registration.cutoff.instant(calendar, file);
        let evidence = self.evidence.as_ref().map(|rule| rule.cutoff.instant(calendar, file));
        Some(evidence.map_or(cutoff, |evidence| evidence.min(cutoff)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    fn repair(profile: &str, day: &str, now: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = Config::load(&root.join("config/sunap.toml")).unwrap();
        let channel = config.channels.values().find(|channel| channel.profile.name == profile).unwrap();
        let day = day.parse().unwrap();
        match channel.profile.repair_by(&config.calendar, "", day, now.parse().unwrap()) {
            Some(found) => format!("{} for {}", found.before, found.debit_date),
            None => "none".to_string(),
        }
    }

    #[test]
    fn the_last_window_whose_answer_makes_the_gate() {
        for (profile, day, now, expected) in [
            // Monday the 5th; the gate is Wednesday the 31st of December, the answer of the 30th is due that day.
            ("bankingplus", "5", "2025-12-29 09:00:00", "2025-12-30 14:00:00 for 2026-01-05"),
            ("bankingplus", "5", "2025-12-30 13:59:59", "2025-12-30 14:00:00 for 2026-01-05"),
            ("bankingplus", "5", "2025-12-30 14:00:00", "2026-02-02 14:00:00 for 2026-02-05"),
            ("bankingplus", "last", "2026-01-06 09:00:00", "2026-01-28 14:00:00 for 2026-02-02"),
        ] {
            assert_eq!(repair(profile, day, now), expected, "{profile} {day} {now}");
        }
    }

    #[test]
    fn ten_months_and_a_year() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let rule = Dormancy::default();
        assert_eq!(rule.told_since(day("2026-11-05")), day("2026-01-05"));
        assert_eq!(rule.told_since(day("2026-12-31")), day("2026-02-28"));
        assert_eq!(rule.ends_on(day("2026-01-05")), day("2027-01-05"));
        assert_eq!(rule.ends_on(day("2024-02-29")), day("2025-02-28"));
    }
}
