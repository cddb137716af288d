//! May a failed charge be tried again on a date of its month (product.md F18, 3.6, D4; decisions.md 7-9)?

use super::request::{CandidateFacts, CreditorFacts, DateFacts, Standing, check_mandate, fill};
use super::{Name, Proposal, Refused};
use crate::domain::{CandidateCharge, ContractDay, Won};

/// The profile's and the creditor's rules of a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRules {
    /// Only in the charge's own month.
    pub same_month: bool,
    /// Where not in the same month: in the charge's month and so many after it; `None` is without end.
    pub window_months: Option<u32>,
    /// Contract days from this one on have no retry (decisions.md 9: 25; the month's last day counts as 99).
    pub last_regular_day: Option<u32>,
    /// How many retries a charge may have, the regular attempt not counted.
    pub max: u32,
}

/// What must be known of the charge besides its candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryFacts<'a> {
    /// The rules.
    pub rules: RetryRules,
    /// The mandate's contract day.
    pub due_day: ContractDay,
    /// Where the charge stands.
    pub standing: Standing,
    /// The charge, where it is open and on no live collection.
    pub charge: Option<&'a CandidateCharge>,
    /// Whether its last code says that a retry may help (`bank::codes`; unknown and blank codes never).
    pub retryable: bool,
    /// The date is the mandate's own regular debit date of another month: then the charge goes as arrears.
    pub on_regular_day: bool,
    /// The payer wants no automatic retry.
    pub no_retry: bool,
    /// Asked for by the schedule and not by a list.
    pub automatic: bool,
    /// 금액 of a list; `None` takes what is open, up to the limit.
    pub amount: Option<Won>,
}

/// What the retry takes, or why there is none. A retry takes one charge: the one that failed.
pub fn propose(
    candidate: &CandidateFacts<'_>,
    date: &DateFacts,
    creditor: &CreditorFacts,
    facts: &RetryFacts<'_>,
) -> Result<Proposal, Refused> {
    check_mandate(candidate, date, creditor)?;
    facts.standing.check()?;
    let Some(charge) = facts.charge else { return Err(Refused::new(Name::CollectionInFlight)) };
    if charge.attempts == 0 {
        return Err(Refused::new(Name::NothingFailed));
    }
    if facts.rules.last_regular_day.is_some_and(|day| facts.due_day.number() >= day) {
        return Err(Refused::new(Name::RegularDay25));
    }
    if facts.rules.same_month && charge.month != date.debit_date.month() {
        return Err(Refused::new(Name::NotSameMonth).with(format!("청구년월 {}", charge.month)));
    }
    let away = date.debit_date.month().to_index().saturating_sub(charge.month.to_index());
    if let Some(most) = facts.rules.window_months.filter(|most| away > i64::from(*most)) {
        return Err(
            Refused::new(Name::RetryWindowOver).with(format!("청구년월 {}, {most}개월", charge.month))
        );
    }
    if !facts.retryable {
        let detail = if charge.last_code.is_empty() {
            String::new()
        } else {
            format!("불능코드 {}", charge.last_code)
        };
        return Err(Refused::new(Name::CodeNotRetryable).with(detail));
    }
    // The first attempt was the regular one: `attempts` failed attempts are `attempts - 1` retries.
    if charge.attempts > facts.rules.max {
        return Err(Refused::new(Name::MaxAttempts).with(format!("최대 {}회", facts.rules.max)));
    }
    if facts.automatic && facts.no_retry {
        return Err(Refused::new(Name::OptedOut));
    }
    if candidate.has_live {
        return Err(Refused::new(Name::CollectionInFlight));
    }
    if !date.day_allowed || facts.on_regular_day || date.debit_date <= charge.debit_date {
        return Err(Refused::at(Name::DayNotAllowed, "이체예정일"));
    }
    date.window.check()?;
    fill_one(charge, facts.amount, candidate, creditor)
}

fn fill_one(
    charge: &CandidateCharge,
    amount: Option<Won>,
    candidate: &CandidateFacts<'_>,
    creditor: &CreditorFacts,
) -> Result<Proposal, Refused> {
    let proposal = fill(&[charge], amount, &candidate.limits)?;
    match creditor.month_left {
        Some(left) if proposal.amount > left => {
            Err(Refused::new(Name::MonthLimit).with(format!("이달 남은 한도 {left}원")))
        }
        Some(_) | None => Ok(proposal),
    }
}
