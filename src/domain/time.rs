//! Days, months and instants: the only room that names chrono, so that another calendar crate touches one file.
//!
//! A [`Date`] is a civil day in Korea. An [`Instant`] is UTC milliseconds, printed in KST (fixed +09:00, no
//! daylight saving since 1988). Business time is always handed in; nothing here asks a clock.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};
use std::fmt;
use std::str::FromStr;

/// Seconds by which Korean time is ahead of UTC.
pub const KST_SECONDS: i64 = 9 * 3600;

/// A civil day in Korea.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

/// Day of the week.
pub use chrono::Weekday;

impl Date {
    /// The day of a year, month (1-12) and day (1-31); `None` where there is no such day.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// Year, as in 2026.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Month, 1-12.
    pub fn month_no(self) -> u32 {
        self.0.month()
    }

    /// Day of the month, 1-31.
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// Day of the year, 1-366.
    pub fn day_of_year(self) -> u32 {
        self.0.ordinal()
    }

    /// The `nth` day (1-366) of a year.
    pub fn from_year_day(year: i32, nth: u32) -> Option<Self> {
        NaiveDate::from_yo_opt(year, nth).map(Self)
    }

    /// Day of the week.
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// The calendar month of this day.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }

    /// The day `n` calendar days later (earlier where negative), clamped to the range chrono can hold.
    pub fn plus_days(self, n: i64) -> Self {
        let days = Days::new(n.unsigned_abs());
        let moved = if n >= 0 { self.0.checked_add_days(days) } else { self.0.checked_sub_days(days) };
        Self(moved.unwrap_or(if n >= 0 { NaiveDate::MAX } else { NaiveDate::MIN }))
    }

    /// The next calendar day.
    pub fn next(self) -> Self {
        self.plus_days(1)
    }

    /// The calendar day before.
    pub fn previous(self) -> Self {
        self.plus_days(-1)
    }

    /// Calendar days from `earlier` to this day.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The instant at which the clock in Korea shows `time` on this day.
    pub fn at(self, time: TimeOfDay) -> Instant {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        Instant::from_unix_ms((midnight - KST_SECONDS + i64::from(time.seconds())) * 1000)
    }

    /// `YYMMDD`.
    pub fn yymmdd(self) -> String {
        self.0.format("%y%m%d").to_string()
    }

    /// `YYYYMMDD`.
    pub fn yyyymmdd(self) -> String {
        self.0.format("%Y%m%d").to_string()
    }

    /// `MMDD`.
    pub fn mmdd(self) -> String {
        self.0.format("%m%d").to_string()
    }

    /// Days since 1970-01-01: how the ledger stores a day.
    pub fn to_epoch_days(self) -> i64 {
        self.days_since(Self(NaiveDate::default()))
    }

    /// The inverse of [`Date::to_epoch_days`].
    pub fn from_epoch_days(days: i64) -> Self {
        Self(NaiveDate::default()).plus_days(days)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = String;

    /// Reads `YYYY-MM-DD` or `YYYYMMDD`, nothing else.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String = match text.len() {
            10 if text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-') => {
                text.replace('-', "")
            }
            8 => text.to_string(),
            _ => String::new(),
        };
        let digits: Option<u32> = (plain.len() == 8 && plain.bytes().all(|b| b.is_ascii_digit()))
            .then(|| plain.parse().ok())
            .flatten();
        digits
            .and_then(|n| Self::new(i32::try_from(n / 10_000).ok()?, n / 100 % 100, n % 100))
            .ok_or_else(|| format!("{text:?} is not a day: write YYYY-MM-DD"))
    }
}

/// A calendar month: what a charge is owed for (청구년월).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month (1-12) of a year.
    pub fn new(year: i32, month: u32) -> Option<Self> {
        Date::new(year, month, 1).map(Date::month)
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        Date(NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MIN))
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.next().first_day().previous()
    }

    /// The day `day` of this month; 29-31 clamp to the month's end (decisions.md 7).
    pub fn day_clamped(self, day: u32) -> Date {
        Date::new(self.year, self.month, day.max(1)).unwrap_or_else(|| self.last_day())
    }

    /// The month after.
    pub fn next(self) -> Self {
        self.plus_months(1)
    }

    /// The month before.
    pub fn previous(self) -> Self {
        self.plus_months(-1)
    }

    /// The month `n` months later.
    pub fn plus_months(self, n: i32) -> Self {
        Self::from_index(self.to_index() + i64::from(n))
    }

    /// Months since year 0: how the ledger stores a month.
    pub fn to_index(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    /// The inverse of [`Month::to_index`].
    pub fn from_index(index: i64) -> Self {
        let month = u32::try_from(index.rem_euclid(12)).unwrap_or(0) + 1;
        Self { year: i32::try_from(index.div_euclid(12)).unwrap_or(i32::MAX), month }
    }

    /// Year, as in 2026.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Month, 1-12.
    pub fn month_no(self) -> u32 {
        self.month
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = String;

    /// Reads `YYYY-MM` or `YYYYMM`, nothing else.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String = match text.len() {
            7 if text.as_bytes().get(4) == Some(&b'-') => text.replace('-', ""),
            6 => text.to_string(),
            _ => String::new(),
        };
        let digits: Option<u32> = (plain.len() == 6 && plain.bytes().all(|b| b.is_ascii_digit()))
            .then(|| plain.parse().ok())
            .flatten();
        digits
            .and_then(|n| Self::new(i32::try_from(n / 100).ok()?, n % 100))
            .ok_or_else(|| format!("{text:?} is not a month: write YYYY-MM"))
    }
}

/// A creditor's contract day (이체예정일): a day of the month, or its last day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractDay(u32);

impl ContractDay {
    /// The month's last day.
    pub const LAST: Self = Self(99);

    /// A day of the month, 1-31; days that a month lacks clamp to its end (decisions.md 7).
    pub fn new(day: u32) -> Option<Self> {
        (1..=31).contains(&day).then_some(Self(day))
    }

    /// This day in a month, before any roll to a banking day.
    pub fn in_month(self, month: Month) -> Date {
        if self == Self::LAST { month.last_day() } else { month.day_clamped(self.0) }
    }

    /// 1-31, or 99 for the last day: how the ledger stores it.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The inverse of [`ContractDay::number`].
    pub fn from_number(number: u32) -> Option<Self> {
        if number == Self::LAST.0 { Some(Self::LAST) } else { Self::new(number) }
    }
}

impl fmt::Display for ContractDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::LAST { f.write_str("last") } else { write!(f, "{}", self.0) }
    }
}

impl fmt::Debug for ContractDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContractDay {
    type Err = String;

    /// Reads `1` to `31`, `last` or `말일`.
    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text, "last" | "말일") {
            return Ok(Self::LAST);
        }
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| text.parse().ok().and_then(Self::new))
            .flatten()
            .ok_or_else(|| format!("{text:?} is not a contract day (약정일): 1 to 31, or last"))
    }
}

/// A time of the day in Korea, to the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// 00:00:00.
    pub const MIDNIGHT: Self = Self(0);

    /// A time of hour (0-23), minute and second (0-59).
    pub fn new(hour: u32, minute: u32, second: u32) -> Option<Self> {
        (hour < 24 && minute < 60 && second < 60).then(|| Self(hour * 3600 + minute * 60 + second))
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, m, s) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if s == 0 { write!(f, "{h:02}:{m:02}") } else { write!(f, "{h:02}:{m:02}:{s:02}") }
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    /// Reads `HH:MM` or `HH:MM:SS`, nothing else.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a time of day: write HH:MM");
        let mut parts = [0_u32; 3];
        let pieces: Vec<&str> = text.split(':').collect();
        if !(2..=3).contains(&pieces.len()) {
            return Err(wrong());
        }
        for (part, piece) in parts.iter_mut().zip(&pieces) {
            if piece.len() != 2 || !piece.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong());
            }
            *part = piece.parse().map_err(|_| wrong())?;
        }
        let [hour, minute, second] = parts;
        Self::new(hour, minute, second).ok_or_else(wrong)
    }
}

/// An instant: milliseconds since 1970-01-01 UTC. Shown in KST.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From milliseconds since 1970-01-01 UTC.
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01 UTC: how the ledger stores an instant.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// The day in Korea.
    pub fn date(self) -> Date {
        Date::from_epoch_days((self.0.div_euclid(1000) + KST_SECONDS).div_euclid(86_400))
    }

    /// The time of day in Korea, fractions of a second dropped.
    pub fn time(self) -> TimeOfDay {
        let second = (self.0.div_euclid(1000) + KST_SECONDS).rem_euclid(86_400);
        TimeOfDay(u32::try_from(second).unwrap_or(0))
    }

    /// The instant `ms` milliseconds later (earlier where negative).
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The instant `minutes` minutes later.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_ms(minutes.saturating_mul(60_000))
    }
}

impl fmt::Display for Instant {
    /// `2026-01-05 14:00:00` in KST; milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time();
        let (h, m, s) = (time.0 / 3600, time.0 / 60 % 60, time.0 % 60);
        write!(f, "{} {h:02}:{m:02}:{s:02}", self.date())?;
        match self.0.rem_euclid(1000) {
            0 => Ok(()),
            ms => write!(f, ".{ms:03}"),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = String;

    /// Reads a Korean wall time: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]`, with a blank or a `T` between.
    fn from_str(text: &str) -> Result<Self, String> {
        let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
        let time = time.trim_end_matches("+09:00");
        Ok(day.parse::<Date>()?.at(time.parse()?))
    }
}

/// An instant as chrono's civil time in UTC, for the sheet and log libraries that want one.
pub fn to_naive_utc(at: Instant) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_millis(at.0).map(|t| t.naive_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kst_is_nine_hours_ahead_whatever_the_host_says() {
        let at: Instant = "2026-01-01 08:59:59".parse().unwrap();
        assert_eq!(at.unix_ms(), 1_767_225_599_000);
        assert_eq!((at.date().to_string(), at.time().to_string()), ("2026-01-01".into(), "08:59:59".into()));
        assert_eq!(at.to_string(), "2026-01-01 08:59:59");
    }

    #[test]
    fn days_29_to_31_clamp_to_the_months_end() {
        let month: Month = "2025-02".parse().unwrap();
        assert_eq!(month.day_clamped(31).to_string(), "2025-02-28");
        assert_eq!("202402".parse::<Month>().unwrap().day_clamped(30).to_string(), "2024-02-29");
    }

    #[test]
    fn refuses_what_is_not_a_day_month_or_time() {
        for text in ["2026-13-01", "2026-02-29", "20260", "2026/01/01", "+2260101", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in ["2026-13", "202600", "26-01", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
        for text in ["24:00", "14", "14:0", "14:00:60", "+1:00"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn stored_forms_come_back() {
        for n in [-1_000, 0, 20_000, 40_000] {
            assert_eq!(Date::from_epoch_days(n).to_epoch_days(), n);
            assert_eq!(Month::from_index(n).to_index(), n);
        }
        assert_eq!("2026-01".parse::<Month>().unwrap().previous().to_string(), "2025-12");
    }
}
