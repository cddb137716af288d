//! The day of the month on which a creditor may debit (약정일): 1 to 31, or the last.
//!
//! Must not: roll over closed days; that is [`super::Calendar::debit_date`].

use crate::domain::{Date, Month};
use std::fmt;
use std::str::FromStr;

/// A contract day: 1-31 or the last day of the month. 29-31 clamp to the month's end (decisions.md 7). Ordered as in a
/// month of 31 days, the last day after the 31st.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractDay(Nth);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Nth {
    Day(u8),
    Last,
}

impl ContractDay {
    /// The last day of every month (말일).
    pub const LAST: Self = Self(Nth::Last);

    /// The `day`-th of every month; `None` unless 1-31.
    pub fn new(day: u32) -> Option<Self> {
        u8::try_from(day).ok().filter(|day| (1..=31).contains(day)).map(|day| Self(Nth::Day(day)))
    }

    /// The number by which rules such as "the 25th or later" compare: 1-31, and 31 for the last day.
    pub fn number(self) -> u32 {
        match self.0 {
            Nth::Day(day) => u32::from(day),
            Nth::Last => 31,
        }
    }

    /// The calendar day in `month`, clamped, not yet rolled.
    pub fn in_month(self, month: Month) -> Date {
        month.day_clamped(self.number())
    }
}

impl fmt::Display for ContractDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Nth::Day(day) => write!(f, "{day}"),
            Nth::Last => f.write_str("last"),
        }
    }
}

impl fmt::Debug for ContractDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContractDay {
    type Err = String;

    /// Reads `1` to `31`, `last` and, from a creditor's list, `말일`.
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
