//! Why a mandate has no charge of a month, and what to look at where it has one (product.md F17; decisions.md 10).

use super::DebitLimits;
use crate::domain::{ContractDay, Month, Won};
use crate::machine::mandate;

/// What decides whether there is a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthFacts<'a> {
    /// The month.
    pub month: Month,
    /// Where the mandate stands.
    pub state: mandate::State,
    /// What was agreed for a month.
    pub monthly: Won,
    /// Its first month.
    pub first: Month,
    /// Its last month.
    pub last: Option<Month>,
    /// It pauses in the month.
    pub paused: bool,
    /// Its contract day.
    pub due_day: ContractDay,
    /// The creditor's contract days.
    pub days: &'a [ContractDay],
}

/// Why no charge is made, in Korean; empty where nothing stands against one.
pub fn why_none(facts: &MonthFacts<'_>) -> String {
    if facts.month < facts.first {
        format!("최초이체년월 {} 전", facts.first)
    } else if let Some(last) = facts.last.filter(|last| facts.month > *last) {
        format!("최종이체년월 {last} 경과")
    } else if facts.paused {
        "휴지기간".to_string()
    } else if facts.state == mandate::State::Suspended {
        "이체정지".to_string()
    } else if !matches!(facts.state, mandate::State::Active | mandate::State::Billed) {
        facts.state.ko().to_string()
    } else if !facts.monthly.is_positive() {
        "월이체금액 0원".to_string()
    } else if !facts.days.contains(&facts.due_day) {
        format!("계약에 없는 이체예정일 {}", facts.due_day)
    } else {
        String::new()
    }
}

/// What to look at of a charge, in Korean; empty where it is as any other.
pub fn to_look_at(amount: Won, limits: &DebitLimits) -> String {
    if amount < limits.minimum {
        format!("최소 금액 {}원보다 작아 이체하지 않고 다음 달에 합쳐짐", limits.minimum)
    } else if amount > limits.most() {
        format!("건당 한도 {}원까지 이체, 나머지는 미납", limits.most())
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_by_itself() {
        let days = [ContractDay::new(5).unwrap()];
        let month = |text: &str| text.parse::<Month>().unwrap();
        let good = MonthFacts {
            month: month("2026-02"),
            state: mandate::State::Active,
            monthly: Won::new(50_000),
            first: month("2026-01"),
            last: None,
            paused: false,
            due_day: ContractDay::new(5).unwrap(),
            days: &days,
        };
        for (facts, told) in [
            (good, ""),
            (MonthFacts { first: month("2026-03"), ..good }, "최초이체년월 2026-03 전"),
            (MonthFacts { last: Some(month("2026-01")), ..good }, "최종이체년월 2026-01 경과"),
            (MonthFacts { last: Some(month("2026-02")), ..good }, ""),
            (MonthFacts { paused: true, ..good }, "휴지기간"),
            (MonthFacts { monthly: Won::ZERO, ..good }, "월이체금액 0원"),
            (MonthFacts { due_day: ContractDay::LAST, ..good }, "계약에 없는 이체예정일 last"),
        ] {
            assert_eq!(why_none(&facts), told);
        }
        let suspended = MonthFacts { state: mandate::State::Suspended, ..good };
        assert!(!why_none(&suspended).is_empty());
        let limits =
            DebitLimits { mandate: Won::new(100_000), contract: Won::new(80_000), minimum: Won::new(140) };
        assert_eq!(to_look_at(Won::new(140), &limits), "");
        assert!(to_look_at(Won::new(139), &limits).contains("최소 금액 140원"));
        assert_eq!(to_look_at(Won::new(80_000), &limits), "");
        assert!(to_look_at(Won::new(80_001), &limits).contains("한도 80,000원"));
    }
}
