//! The next debit date on which what is owed can still be asked for, and how; where there is none, why (product.md F23).
//!
//! It holds the very rules of a request and of a retry against one date after another, so that it never promises what a
//! list would then be refused.

use super::request::{self, Ask, Asked, CandidateFacts, CreditorFacts, DateFacts, Standing};
use super::retry::{self, RetryFacts};
use super::{Name, Refused, may_debit};
use crate::domain::{CandidateCharge, Date};

/// A banking day whose window is open, as a debit date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The date; `day_allowed` says whether a contract day of the creditor falls on it.
    pub date: DateFacts,
    /// The creditor's side in the date's month.
    pub creditor: CreditorFacts,
}

/// By which list the charge can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `retry*` (재처리의뢰).
    Retry,
    /// `request*` (이체의뢰).
    Request,
}

/// The first of these days, in their order, on which the charge can be asked for. `retry` says everything of the charge
/// but `on_regular_day`, which is asked for each day; `paused` says whether the mandate pauses on it.
pub fn find<'d>(
    candidate: &CandidateFacts<'_>,
    charge: &CandidateCharge,
    retry: &RetryFacts<'_>,
    days: impl IntoIterator<Item = &'d Day>,
    on_regular_day: impl Fn(Date) -> bool,
    paused: impl Fn(Date) -> bool,
) -> Result<(Date, By), Refused> {
    // What no date changes is said at once.
    may_debit(candidate.state)?;
    if !candidate.bank_in_service {
        return Err(Refused::new(Name::BankNotInService));
    }
    if retry.standing == Standing::InFlight {
        return Err(Refused::new(Name::CollectionInFlight));
    }
    let mut why = None;
    for day in days.into_iter().filter(|day| day.date.debit_date >= charge.debit_date) {
        let date = day.date.debit_date;
        if paused(date) {
            why = Some(Refused::new(Name::Paused));
            continue;
        }
        let facts = RetryFacts { on_regular_day: on_regular_day(date), ..*retry };
        // Any banking day is a retry's; a request is for contract days.
        let any_day = DateFacts { day_allowed: true, ..day.date };
        if retry::propose(candidate, &any_day, &day.creditor, &facts).is_ok() {
            return Ok((date, By::Retry));
        }
        let listed = Some(Asked { standing: retry.standing, amount: None });
        let ask = Ask { month: charge.month, listed, arrears: None, unanswered: None };
        match request::propose(candidate, &day.date, &day.creditor, &ask) {
            Ok(_) => return Ok((date, By::Request)),
            Err(refused) if refused.name == Name::DayNotAllowed => {}
            Err(refused) => why = Some(refused),
        }
    }
    Err(why.unwrap_or_else(|| Refused::new(Name::LateForWindow)))
}
