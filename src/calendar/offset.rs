//! The short texts in which a profile says when something is due: `D-1BD 14:00`, `X+1BD 11:00`, `D 12:00`, `D+1 03:00`.
//!
//! The letter names the day it is counted from: `D` a debit date, `M` the first day of a month, `P` a deposit date, `X` the banking day of
//! a registration file. `BD`
//! counts banking days, its absence calendar days (facts/calendar.md: D±n differs per channel and file).
//!
//! Must not: decide what happens at the instant.

use super::{Calendar, FIRST_YEAR, LAST_YEAR};
use crate::domain::{Date, Instant, TimeOfDay};
use std::fmt;
use std::str::FromStr;

/// How far a distance may be written. More is a slip of the pen.
const MOST_DAYS: i64 = 60;

/// A distance in days from a day of reference: `D-2BD`, `X`, `D+1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayOffset {
    anchor: char,
    days: i64,
    banking: bool,
}

impl DayOffset {
    /// The letter of the day it is counted from: `D`, `M`, `P` or `X`.
    pub fn anchor(self) -> char {
        self.anchor
    }

    /// The number of days, negative before the reference.
    pub fn days(self) -> i64 {
        self.days
    }

    /// Whether banking days are counted.
    pub fn counts_banking_days(self) -> bool {
        self.banking
    }

    /// The day at this distance from `reference`. A distance of nothing is the day itself.
    pub fn date(self, calendar: &Calendar, reference: Date) -> Date {
        if self.banking { calendar.shift(reference, self.days) } else { reference.plus_days(self.days) }
    }
}

impl fmt::Display for DayOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.anchor)?;
        if self.days != 0 {
            write!(f, "{:+}{}", self.days, if self.banking { "BD" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for DayOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DayOffset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a distance in days: write D-2BD, D+1, M, P or X");
        let anchor = text.chars().next().filter(|c| matches!(c, 'D' | 'M' | 'P' | 'X')).ok_or_else(wrong)?;
        let rest = text.strip_prefix(anchor).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Self { anchor, days: 0, banking: false });
        }
        let (number, banking) = rest.strip_suffix("BD").map_or((rest, false), |number| (number, true));
        let digits = number.strip_prefix(['+', '-']).ok_or_else(wrong)?;
        if !(1..=3).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let days: i64 = number.parse().map_err(|_| wrong())?;
        if days.abs() > MOST_DAYS {
            return Err(format!("{text:?} is more than {MOST_DAYS} days away"));
        }
        Ok(Self { anchor, days, banking: banking && days != 0 })
    }
}

/// A distance in days with a time of that day: `D-1BD 14:00`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Offset {
    day: DayOffset,
    time: TimeOfDay,
}

impl Offset {
    /// The distance in days.
    pub fn day(self) -> DayOffset {
        self.day
    }

    /// The time of that day, in Korea.
    pub fn time(self) -> TimeOfDay {
        self.time
    }

    /// The day at this distance from `reference`.
    pub fn date(self, calendar: &Calendar, reference: Date) -> Date {
        self.day.date(calendar, reference)
    }

    /// The instant at this distance from `reference`.
    pub fn instant(self, calendar: &Calendar, reference: Date) -> Instant {
        self.date(calendar, reference).at(self.time)
    }

    /// Read as a cut-off: the first banking day whose instant is still to come at `now`. At the very instant the
    /// window is closed (product.md D1). This is the "next possible date" of a late record (decisions.md 8).
    pub fn first_open_after(self, calendar: &Calendar, now: Instant) -> Date {
        // Two days more than the distance is surely a day whose instant has passed, whatever is closed between.
        let back = self.day.days.saturating_neg().saturating_sub(2);
        let mut day = if self.day.banking {
            calendar.preceding(calendar.shift(now.date(), back))
        } else {
            calendar.preceding(now.date().plus_days(back))
        };
        while self.instant(calendar, day) <= now && (FIRST_YEAR..=LAST_YEAR).contains(&day.year()) {
            day = calendar.shift(day, 1);
        }
        day
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.day, self.time)
    }
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (day, time) = text.split_once(' ').ok_or_else(|| {
            format!("{text:?} is not a distance with a time: write D-1BD 14:00, X+1BD 11:00 or D+1 03:00")
        })?;
        Ok(Self { day: day.parse()?, time: time.parse()? })
    }
}
