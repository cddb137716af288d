//! The holidays of one year by the law in force on each day, and the substitutes they owe.
//!
//! Sources: 관공서의 공휴일에 관한 규정 제2조 and 제3조 with the decrees and effective dates of facts/calendar.md, Rules;
//! 근로자의 날 as a bank-only closing day until 2025.
//!
//! Must not: compute elections or temporary days. They are declared by a person.

use super::lunar;
use crate::domain::{Date, Weekday};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Why banks are closed on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedReason {
    /// The Korean name, as people know it: `대체공휴일(추석)`.
    pub name_ko: Cow<'static, str>,
    /// What sort of day it is.
    pub kind: ClosedKind,
}

impl ClosedReason {
    pub(super) fn new(name_ko: impl Into<Cow<'static, str>>, kind: ClosedKind) -> Self {
        Self { name_ko: name_ko.into(), kind }
    }
}

/// The sorts of closed days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClosedKind {
    /// Saturday or Sunday.
    Weekend,
    /// A holiday on a fixed day of the solar year.
    Fixed,
    /// A holiday by the lunar calendar.
    Lunar,
    /// 근로자의 날, 노동절: 1 May.
    Labour,
    /// 대체공휴일, owed by a holiday on a weekend or on another holiday.
    Substitute,
    /// 임시공휴일 by cabinet decision; declared.
    Temporary,
    /// An election day; declared.
    Election,
}

impl ClosedKind {
    /// The word in English, lower case, as config and data files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weekend => "weekend",
            Self::Fixed => "fixed",
            Self::Lunar => "lunar",
            Self::Labour => "labour",
            Self::Substitute => "substitute",
            Self::Temporary => "temporary",
            Self::Election => "election",
        }
    }
}

/// A day that no rule gives, declared in config/calendar.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The day.
    pub date: Date,
    /// Its Korean name.
    pub name: String,
    /// What sort of day it is.
    pub kind: DeclaredKind,
}

/// The sorts of days that must be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclaredKind {
    /// 임시공휴일 by cabinet decision (제11호).
    Temporary,
    /// An election day, of a term's end or of a vacancy.
    Election,
}

/// On which days a holiday owes a substitute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Substituted {
    /// Never: 1/1, 현충일, the bank-only 1 May.
    Never,
    /// On a Sunday or on another holiday, not on a Saturday: 설날, 추석.
    OnSunday,
    /// On a Saturday, a Sunday or another holiday.
    OnWeekend,
}

/// One holiday of one year, before substitutes.
struct Holiday {
    date: Date,
    name: &'static str,
    kind: ClosedKind,
    /// The name in `대체공휴일(…)`: one for the three days of 설날 and of 추석.
    feast: &'static str,
    substituted: Substituted,
    /// Whether the law counts it among the 공휴일 (the 1 May of banks before 2026 is none).
    public: bool,
}

/// A solar holiday: its day, the civil days between which it was one, and from when it has owed substitutes.
struct FixedRule {
    month: u32,
    day: u32,
    name: &'static str,
    /// First and last year in which it is a holiday.
    years: (i32, i32),
    /// The day on which the decree that gives substitutes came into force.
    substituted_from: Option<(i32, u32, u32)>,
}

const ALWAYS: (i32, i32) = (i32::MIN, i32::MAX);
/// 대통령령 24828.
const DECREE_2013: (i32, u32, u32) = (2013, 11, 5);
/// 대통령령 31930.
const DECREE_2021: (i32, u32, u32) = (2021, 8, 4);
/// 대통령령 33448.
const DECREE_2023: (i32, u32, u32) = (2023, 5, 4);
/// 대통령령 36290.
const DECREE_2026: (i32, u32, u32) = (2026, 4, 30);

/// 제2조 without lunar days. 제헌절 stands twice: it was off from 2008 (대통령령 18893) and came back in 2026.
const FIXED: [FixedRule; 11] = [
    FixedRule { month: 1, day: 1, name: "신정", years: ALWAYS, substituted_from: None },
    FixedRule { month: 3, day: 1, name: "3·1절", years: ALWAYS, substituted_from: Some(DECREE_2021) },
    FixedRule { month: 4, day: 5, name: "식목일", years: (i32::MIN, 2005), substituted_from: None },
    FixedRule { month: 5, day: 5, name: "어린이날", years: ALWAYS, substituted_from: Some(DECREE_2013) },
    FixedRule { month: 6, day: 6, name: "현충일", years: ALWAYS, substituted_from: None },
    FixedRule { month: 7, day: 17, name: "제헌절", years: (i32::MIN, 2007), substituted_from: None },
    FixedRule {
        month: 7,
        day: 17,
        name: "제헌절",
        years: (2026, i32::MAX),
        substituted_from: Some(DECREE_2026),
    },
    FixedRule { month: 8, day: 15, name: "광복절", years: ALWAYS, substituted_from: Some(DECREE_2021) },
    FixedRule { month: 10, day: 3, name: "개천절", years: ALWAYS, substituted_from: Some(DECREE_2021) },
    FixedRule {
        month: 10,
        day: 9,
        name: "한글날",
        years: (2013, i32::MAX),
        substituted_from: Some(DECREE_2021),
    },
    FixedRule {
        month: 12, day: 25, name: "기독탄신일", years: ALWAYS, substituted_from: Some(DECREE_2023)
    },
];

/// The year's holidays, substitutes and declared days, in date order.
pub(super) fn of_year(year: i32, declared: &[Declared]) -> Vec<(Date, ClosedReason)> {
    let mut holidays = fixed(year);
    holidays.extend(labour_day(year));
    holidays.extend(lunar_days(year));
    holidays.sort_by_key(|holiday| holiday.date);
    let declared: Vec<&Declared> = declared.iter().filter(|day| day.date.year() == year).collect();

    let mut all: Vec<(Date, ClosedReason)> = substitutes(&holidays, &declared);
    all.extend(holidays.iter().map(|h| (h.date, ClosedReason::new(h.name, h.kind))));
    all.extend(declared.into_iter().map(|day| {
        let kind = match day.kind {
            DeclaredKind::Temporary => ClosedKind::Temporary,
            DeclaredKind::Election => ClosedKind::Election,
        };
        (day.date, ClosedReason::new(day.name.clone(), kind))
    }));
    all.sort_by_key(|(date, reason)| (*date, reason.kind));
    all
}

fn fixed(year: i32) -> Vec<Holiday> {
    FIXED
        .iter()
        .filter(|rule| (rule.years.0..=rule.years.1).contains(&year))
        .filter_map(|rule| {
            let date = Date::new(year, rule.month, rule.day)?;
            let substituted = owed_from(rule.substituted_from, date, Substituted::OnWeekend);
            Some(Holiday {
                date,
                name: rule.name,
                kind: ClosedKind::Fixed,
                feast: rule.name,
                substituted,
                public: true,
            })
        })
        .collect()
}

/// `rule` once the decree is in force on `date`, else no substitute.
fn owed_from(decree: Option<(i32, u32, u32)>, date: Date, rule: Substituted) -> Substituted {
    let in_force = decree.and_then(|(y, m, d)| Date::new(y, m, d)).is_some_and(|from| from <= date);
    if in_force { rule } else { Substituted::Never }
}

/// 1 May: a closing day of banks only until 2025, 노동절 among the public holidays from 2026.
fn labour_day(year: i32) -> Option<Holiday> {
    let date = Date::new(year, 5, 1)?;
    let substituted = owed_from(Some(DECREE_2026), date, Substituted::OnWeekend);
    let public = substituted == Substituted::OnWeekend;
    let name = if public { "노동절" } else { "근로자의 날" };
    Some(Holiday { date, name, kind: ClosedKind::Labour, feast: name, substituted, public })
}

fn lunar_days(year: i32) -> Vec<Holiday> {
    let holiday = |date: Date, name, feast, decree, rule| Holiday {
        date,
        name,
        kind: ClosedKind::Lunar,
        feast,
        substituted: owed_from(Some(decree), date, rule),
        public: true,
    };
    let mut days = Vec::with_capacity(7);
    if let Some(day) = lunar::seollal(year) {
        days.push(holiday(day.previous(), "설날 전날", "설날", DECREE_2013, Substituted::OnSunday));
        days.push(holiday(day, "설날", "설날", DECREE_2013, Substituted::OnSunday));
        days.push(holiday(day.next(), "설날 다음 날", "설날", DECREE_2013, Substituted::OnSunday));
    }
    if let Some(day) = lunar::buddhas_birthday(year) {
        days.push(holiday(day, "부처님 오신 날", "부처님 오신 날", DECREE_2023, Substituted::OnWeekend));
    }
    if let Some(day) = lunar::chuseok(year) {
        days.push(holiday(day.previous(), "추석 전날", "추석", DECREE_2013, Substituted::OnSunday));
        days.push(holiday(day, "추석", "추석", DECREE_2013, Substituted::OnSunday));
        days.push(holiday(day.next(), "추석 다음 날", "추석", DECREE_2013, Substituted::OnSunday));
    }
    days
}

/// 제3조: the substitutes, in the order of the holidays that owe them. Each is the first day after its holiday that is
/// neither a public holiday (Sundays, declared days and earlier substitutes included) nor a Saturday.
///
/// On a weekend every eligible holiday owes one. On a weekday, k holidays that meet owe k-1 (official practice
/// 2017-10-06, 2025-05-06, 2028-10-05), provided that one of them is eligible; the day bears the name of 설날 or 추석
/// first, then of another lunar day. Two eligible holidays on one weekend day do not occur in 2014-2050.
fn substitutes(holidays: &[Holiday], declared: &[&Declared]) -> Vec<(Date, ClosedReason)> {
    let mut taken: BTreeSet<Date> = holidays.iter().filter(|h| h.public).map(|h| h.date).collect();
    taken.extend(declared.iter().map(|day| day.date));
    let mut owed = Vec::new();
    for same_day in holidays.chunk_by(|a, b| a.date == b.date) {
        let Some(date) = same_day.first().map(|h| h.date) else { continue };
        let mut eligible: Vec<&Holiday> =
            same_day.iter().filter(|h| h.substituted != Substituted::Never).collect();
        eligible.sort_by_key(|h| (h.substituted != Substituted::OnSunday, h.kind != ClosedKind::Lunar));
        let public = same_day.iter().filter(|h| h.public).count();
        let meeting = public.saturating_sub(1);
        let count = match date.weekday() {
            Weekday::Sun => eligible.len(),
            Weekday::Sat => {
                let weekend = eligible.iter().filter(|h| h.substituted == Substituted::OnWeekend).count();
                weekend.max(meeting)
            }
            _ => meeting,
        };
        for holiday in eligible.into_iter().take(count) {
            let mut day = date.next();
            while taken.contains(&day) || super::is_weekend(day) {
                day = day.next();
            }
            taken.insert(day);
            owed.push((
                day,
                ClosedReason::new(format!("대체공휴일({})", holiday.feast), ClosedKind::Substitute),
            ));
        }
    }
    owed
}
