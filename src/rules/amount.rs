//! May the amount of one month's charge be made or changed by a list (변동금액, 일회성; product.md F17, E34)?

use super::{Name, Refused, may_debit};
use crate::domain::{Month, Won};
use crate::machine::{charge, collection, mandate};

/// The mandate under which a charge is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewFacts {
    /// Where the mandate stands.
    pub mandate: mandate::State,
    /// Its first month.
    pub first: Month,
    /// Its last month.
    pub last: Option<Month>,
    /// The month of today.
    pub today: Month,
}

/// How many months before and after today's a list may make a charge for.
const REACH: i64 = 12;

/// Whether a charge of `month` may be made.
pub fn may_make(facts: &NewFacts, month: Month) -> Result<(), Refused> {
    // What is only billed is charged as well, and paid by cash.
    if facts.mandate != mandate::State::Billed {
        may_debit(facts.mandate)?;
    }
    let away = month.to_index().saturating_sub(facts.today.to_index()).saturating_abs();
    let within = month >= facts.first && facts.last.is_none_or(|last| month <= last);
    if within && away <= REACH {
        return Ok(());
    }
    let last = facts.last.map_or(String::new(), |last| last.to_string());
    Err(Refused::at(Name::MonthNotAllowed, "청구년월").with(format!("이체년월 {}~{last}", facts.first)))
}

/// The amount that a charge shall owe: `None` in a row that cancels it.
pub fn check(won: Won) -> Result<(), Refused> {
    if won.is_positive() { Ok(()) } else { Err(Refused::at(Name::AmountZero, "금액")) }
}

/// Why a charge may not change, in the creditor's words: the machine has refused.
pub fn why_not(state: charge::State, attempt: Option<collection::State>, refusal: &'static str) -> Refused {
    use charge::State as S;
    if attempt.is_some_and(collection::State::is_live) {
        return Refused::new(Name::CollectionInFlight);
    }
    match state {
        S::WrittenOff | S::Cancelled => Refused::at(Name::ChargeEnded, "청구년월"),
        S::PartlyPaid if refusal == "LESS_THAN_PAID" || refusal == "NOT_FROM_HERE" => {
            Refused::at(Name::AmountUnderPaid, "금액")
        }
        S::Open | S::PartlyPaid | S::Paid | S::Overpaid => Refused::at(Name::ChargePaid, "청구년월"),
    }
}
