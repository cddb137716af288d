//! `[settlement]` and `[fees]` of a creditor: when it is paid what was collected for it, and what it pays for that
//! (product.md F01, F24, E54).

use super::creditor::days;
use super::document::Section;
use crate::books::settle::Fees;
use crate::calendar::Calendar;
use crate::domain::{AccountNo, BankCode, ContractDay, Date, Won};

/// The most won of one fee: more is a slip of the pen.
const MOST_FEE: i64 = 1_000_000;

/// How long each step of a ramp lasts unless the contract says otherwise, in months.
const RAMP_MONTHS: i64 = 3;

/// How far back a settlement looks for its debit date, in calendar days: thirty banking days with a long holiday.
const LOOK_BACK: i64 = 60;

/// When a creditor is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementRule {
    /// So many banking days after the debit date (D+n).
    After(u32),
    /// On days of the month, rolled to a banking day: everything that was answered until then.
    Days(Vec<ContractDay>),
    /// D+3 for the first months of a contract, D+2 for as many, then D+1.
    Ramp {
        /// The first day of the contract.
        start: Date,
        /// How many months a step lasts.
        months: i32,
    },
}

impl SettlementRule {
    /// The last debit date that a settlement on `date` takes; `None` where there is no settlement on that day.
    pub fn takes_until(&self, calendar: &Calendar, date: Date) -> Option<Date> {
        if !calendar.is_open(date) {
            return None;
        }
        match self {
            Self::Days(days) => {
                let months = [date.month().previous(), date.month()];
                let falls = |day: &ContractDay| months.iter().any(|m| calendar.debit_date(*m, *day) == date);
                days.iter().any(falls).then_some(date)
            }
            Self::After(_) | Self::Ramp { .. } => (0..=LOOK_BACK)
                .map(|back| date.plus_days(-back))
                .find(|debit| calendar.is_open(*debit) && calendar.shift(*debit, self.distance(*debit)) <= date),
        }
    }

    /// Whether a settlement on `date` is the month's last.
    pub fn closes_month(&self, calendar: &Calendar, date: Date) -> bool {
        let left = date.month().last_day().days_since(date);
        !(1..=left).any(|ahead| self.takes_until(calendar, date.plus_days(ahead)).is_some())
    }

    /// How many banking days a debit of this day waits.
    fn distance(&self, debit: Date) -> i64 {
        match self {
            Self::After(days) => i64::from(*days),
            Self::Days(_) => 0,
            Self::Ramp { start, months } => {
                let step = |nth: i32| start.month().plus_months(months.saturating_mul(nth)).day_clamped(start.day());
                if debit < step(1) {
                    3
                } else if debit < step(2) {
                    2
                } else {
                    1
                }
            }
        }
    }
}

/// How a creditor is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// When.
    pub rule: SettlementRule,
    /// Into which bank.
    pub bank: BankCode,
    /// Into which account of it.
    pub account: AccountNo,
    /// Nothing is settled while this stands: the creditor is suspended or closed (휴폐업, E54).
    pub held: bool,
    /// What is kept of it.
    pub fees: Fees,
}

/// Reads both sections; `Some(None)` where there is none of them.
pub(super) fn read(file: &mut Section<'_>) -> Option<Option<Settlement>> {
    let (has_rule, has_fees) = (file.has("settlement"), file.has("fees"));
    if !has_rule && !has_fees {
        return Some(None);
    }
    // Fees without a settlement could never be taken: the missing section is told.
    let settled = file.section("settlement").and_then(settlement);
    let fees = if has_fees { file.section("fees").and_then(fees) } else { Some(Fees::default()) };
    let (rule, bank, account, held) = settled?;
    Some(Some(Settlement { rule, bank, account, held, fees: fees? }))
}

#[derive(Clone, Copy)]
enum Word {
    After,
    Days,
    Ramp,
}

fn settlement(mut section: Section<'_>) -> Option<(SettlementRule, BankCode, AccountNo, bool)> {
    let document = section.document();
    let word = section.choice("rule", &[("after", Word::After), ("days", Word::Days), ("ramp", Word::Ramp)]);
    let bank = section.parsed::<BankCode>("bank");
    let account = section.parsed::<AccountNo>("account");
    let held = section.flag_or("held", false);
    let Some(word) = word else {
        // Which other keys may stand here follows from the rule: they are not judged without it.
        return None;
    };
    let rule = match word.value {
        Word::After => section
            .number("after_days", 1..=30)
            .and_then(|days| Some(SettlementRule::After(u32::try_from(days.value).ok()?))),
        Word::Days => days(&mut section, "days").and_then(|days| {
            if days.value.is_empty() {
                let remedy = "write the days of the month (정산일), such as days = [10, \"last\"]";
                document.fault("config-list-empty", days.span, "days has no day to settle on", remedy);
                return None;
            }
            Some(SettlementRule::Days(days.value))
        }),
        Word::Ramp => {
            let start = section.parsed::<Date>("contract_start");
            let months = if section.has("ramp_months") {
                section.number("ramp_months", 1..=24).map(|months| months.value)
            } else {
                Some(RAMP_MONTHS)
            };
            start.and_then(|start| {
                Some(SettlementRule::Ramp { start: start.value, months: i32::try_from(months?).ok()? })
            })
        }
    };
    section.finish();
    Some((rule?, bank?.value, account?.value, held?))
}

fn fees(mut section: Section<'_>) -> Option<Fees> {
    let mut won = |key: &'static str, most: i64| -> Option<Won> {
        if section.has(key) { section.number(key, 0..=most).map(|won| Won::new(won.value)) } else { Some(Won::ZERO) }
    };
    let per_request = won("per_request_won", MOST_FEE);
    let per_success = won("per_success_won", MOST_FEE);
    let monthly_minimum = won("monthly_minimum_won", MOST_FEE.saturating_mul(1000));
    let vat = if section.has("vat_percent") {
        section.number("vat_percent", 0..=50).map(|vat| vat.value)
    } else {
        Some(10)
    };
    section.finish();
    Some(Fees {
        per_request: per_request?,
        per_success: per_success?,
        monthly_minimum: monthly_minimum?,
        vat_percent: u8::try_from(vat?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn calendar() -> Calendar {
        Calendar::new(Vec::new(), day("2027-12-31"))
    }

    #[test]
    fn so_many_banking_days_after_the_debit() {
        let (rule, calendar) = (SettlementRule::After(2), calendar());
        for (date, takes) in [
            ("2026-01-07", Some("2026-01-05")),
            ("2026-01-08", Some("2026-01-06")),
            // Over a weekend: Thursday's debits on Monday.
            ("2026-01-12", Some("2026-01-08")),
            ("2026-01-10", None),
            // Over Seollal (16 to 18 February 2026): Friday the 13th's debits on Friday the 20th.
            ("2026-02-17", None),
            ("2026-02-19", Some("2026-02-12")),
            ("2026-02-20", Some("2026-02-13")),
        ] {
            assert_eq!(rule.takes_until(&calendar, day(date)), takes.map(day), "{date}");
        }
    }

    #[test]
    fn days_of_the_month_roll_to_a_banking_day() {
        let rule = SettlementRule::Days(vec!["10".parse().unwrap(), "last".parse().unwrap()]);
        let calendar = calendar();
        for (date, settles) in [
            ("2026-01-09", false),
            ("2026-01-10", false),
            ("2026-01-12", true),
            ("2026-01-30", false),
            // 31 January is a Saturday: the last day rolls into February.
            ("2026-02-02", true),
        ] {
            assert_eq!(rule.takes_until(&calendar, day(date)).is_some(), settles, "{date}");
        }
        assert!(rule.closes_month(&calendar, day("2026-01-12")));
        assert!(!rule.closes_month(&calendar, day("2026-03-10")));
        assert!(rule.closes_month(&calendar, day("2026-03-31")));
    }

    #[test]
    fn a_new_creditor_waits_longer() {
        let rule = SettlementRule::Ramp { start: day("2026-01-05"), months: 3 };
        let calendar = calendar();
        for (date, takes) in [
            ("2026-01-08", "2026-01-05"),
            ("2026-04-06", "2026-04-01"),
            // The debits of 3 April (D+3) and of 6 April (D+2) come together.
            ("2026-04-08", "2026-04-06"),
            ("2026-07-07", "2026-07-06"),
        ] {
            assert_eq!(rule.takes_until(&calendar, day(date)), Some(day(takes)), "{date}");
        }
    }
}
