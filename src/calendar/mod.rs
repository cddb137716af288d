//! Korean banking days and what is due when. Pure: it is told the declared days and `now`, and asks nobody.
//!
//! `holiday` holds the rules of law with their effective dates, `lunar` the lunar days, [`offset`] the short texts in
//! which a profile states its windows (`D-1BD 14:00`). The source of every rule is facts/calendar.md.
//!
//! Must not: read files or the clock, or know of channels and creditors.

mod holiday;
mod lunar;
mod offset;

pub use holiday::{ClosedKind, ClosedReason, Declared, DeclaredKind};
pub use offset::{DayOffset, Offset};

use crate::domain::{ContractDay, Date, Month, Weekday};
use std::collections::BTreeMap;
use std::fmt;

/// The first year whose closed days are known.
pub const FIRST_YEAR: i32 = 2004;

/// The last year whose closed days are known: the official lunar table ends here (facts/calendar.md, Lunar).
pub const LAST_YEAR: i32 = 2050;

/// From how many days before the end of the declared days a person is warned (decisions.md 11).
pub const COVERAGE_WARNING_DAYS: i64 = 90;

/// The banking days of Korea: rules of law plus the days a person declared (elections, temporary holidays).
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Closed days that are no mere weekend, with every reason, for `FIRST_YEAR..=LAST_YEAR`.
    closed: BTreeMap<Date, Vec<ClosedReason>>,
    declared_until: Date,
}

/// A day for which nothing may be planned, since its closed days are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverageEnd {
    /// The day that was asked for.
    pub date: Date,
    /// The first day that is covered.
    pub first: Date,
    /// The last day that is covered.
    pub last: Date,
}

impl fmt::Display for CoverageEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is outside the days the calendar covers, {} to {}: elections and temporary holidays (임시공휴일) after \
             that are not declared yet",
            self.date, self.first, self.last
        )
    }
}

impl std::error::Error for CoverageEnd {}

impl Calendar {
    /// The calendar of the rules and the declared days, which are complete up to and including `declared_until`.
    /// Computes all years once, so that later questions are look-ups.
    pub fn new(declared: Vec<Declared>, declared_until: Date) -> Self {
        let mut closed: BTreeMap<Date, Vec<ClosedReason>> = BTreeMap::new();
        for year in FIRST_YEAR..=LAST_YEAR {
            for (date, reason) in holiday::of_year(year, &declared) {
                closed.entry(date).or_default().push(reason);
            }
        }
        Self { closed, declared_until }
    }

    /// The same calendar, but for one day that a person thinks of as closed, or as open.
    #[must_use]
    pub fn with_day(mut self, date: Date, open: bool) -> Self {
        self.closed.remove(&date);
        if !open {
            self.closed.insert(date, vec![ClosedReason::new("가정", ClosedKind::Temporary)]);
        }
        self
    }

    /// Every reason for which banks are closed on `date`; empty on a banking day. Outside the known years only
    /// weekends are told: ask [`Calendar::covers`] first.
    pub fn closed(&self, date: Date) -> Vec<ClosedReason> {
        let weekend = match date.weekday() {
            Weekday::Sat => Some(ClosedReason::new("토요일", ClosedKind::Weekend)),
            Weekday::Sun => Some(ClosedReason::new("일요일", ClosedKind::Weekend)),
            _ => None,
        };
        weekend.into_iter().chain(self.closed.get(&date).into_iter().flatten().cloned()).collect()
    }

    /// Whether `date` is a banking day (영업일): neither weekend nor holiday nor declared. 12-31 is one.
    pub fn is_open(&self, date: Date) -> bool {
        !is_weekend(date) && !self.closed.contains_key(&date)
    }

    /// The `n`-th banking day strictly after (`n > 0`) or before (`n < 0`) `date`; `shift(date, 0)` is `date`, open or
    /// not (decisions.md 11). The walk ends one day outside the known years, which [`Calendar::covers`] refuses.
    pub fn shift(&self, date: Date, n: i64) -> Date {
        let step = n.signum();
        let mut left = n.unsigned_abs();
        let mut day = date;
        while left > 0 && (FIRST_YEAR..=LAST_YEAR).contains(&day.year()) {
            day = day.plus_days(step);
            if self.is_open(day) {
                left -= 1;
            }
        }
        day
    }

    /// `date` itself if open, else the next banking day: the rule for a debit date (이체예정일).
    pub fn following(&self, date: Date) -> Date {
        if self.is_open(date) { date } else { self.shift(date, 1) }
    }

    /// `date` itself if open, else the banking day before.
    pub fn preceding(&self, date: Date) -> Date {
        if self.is_open(date) { date } else { self.shift(date, -1) }
    }

    /// As [`Calendar::following`], but `preceding` where that would leave the month.
    pub fn modified_following(&self, date: Date) -> Date {
        let following = self.following(date);
        if following.month() == date.month() { following } else { self.preceding(date) }
    }

    /// Whether `date` may be planned: within the known years and not after the last declared day.
    pub fn covers(&self, date: Date) -> Result<(), CoverageEnd> {
        let (first, last) = self.coverage();
        if (first..=last).contains(&date) { Ok(()) } else { Err(CoverageEnd { date, first, last }) }
    }

    /// The first and the last day that may be planned.
    pub fn coverage(&self) -> (Date, Date) {
        let first = first_of_year(FIRST_YEAR);
        (first, self.declared_until.min(first_of_year(LAST_YEAR + 1).previous()))
    }

    /// Calendar days from `today` to the last covered day; negative once it has passed.
    pub fn days_left(&self, today: Date) -> i64 {
        self.coverage().1.days_since(today)
    }

    /// Whether it is time to declare the next year's days (decisions.md 11).
    pub fn should_warn(&self, today: Date) -> bool {
        self.days_left(today) <= COVERAGE_WARNING_DAYS
    }

    /// All closed days of a year that are no mere weekend, in date order, one entry per day and reason. Holidays that
    /// fall on a weekend are among them. Empty outside the known years.
    pub fn holidays(&self, year: i32) -> Vec<(Date, ClosedReason)> {
        let range = first_of_year(year)..first_of_year(year.saturating_add(1));
        self.closed
            .range(range)
            .flat_map(|(date, reasons)| reasons.iter().map(|reason| (*date, reason.clone())))
            .collect()
    }

    /// The debit date of a charge of `month`: the contract day clamped to the month's end, then rolled `following`
    /// (decisions.md 7). It may lie in the next month; the charge keeps its own.
    pub fn debit_date(&self, month: Month, day: ContractDay) -> Date {
        self.following(day.in_month(month))
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// 1 January; years that cannot be held clamp to 1970, which no calendar covers.
fn first_of_year(year: i32) -> Date {
    Date::new(year, 1, 1).unwrap_or_else(|| Date::from_epoch_days(0))
}

#[cfg(test)]
mod tests;
