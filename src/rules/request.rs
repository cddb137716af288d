//! What a debit of one mandate takes on one date: for the automatic request and for a creditor's list alike
//! (product.md F17, D5, D9; decisions.md 5, 8, 22).

use super::{DebitLimits, Name, Proposal, Refused, Window, may_debit};
use crate::domain::{Allocation, CandidateCharge, Date, Month, Won};
use crate::machine::{charge, collection, mandate};

/// Where the charge that a list names stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No charge of that month.
    Unknown,
    /// On its way in a collection.
    InFlight,
    /// Not on its way; where it stands.
    At(charge::State),
}

impl Standing {
    pub(super) fn check(self) -> Result<(), Refused> {
        use charge::State as S;
        let column = "청구년월";
        match self {
            Self::Unknown => Err(Refused::at(Name::ChargeUnknown, column)),
            Self::InFlight => Err(Refused::new(Name::CollectionInFlight)),
            Self::At(S::Paid | S::Overpaid) => Err(Refused::at(Name::ChargePaid, column)),
            Self::At(S::WrittenOff | S::Cancelled) => Err(Refused::at(Name::ChargeEnded, column)),
            Self::At(S::Open | S::PartlyPaid) => Ok(()),
        }
    }
}

/// A mandate that may be debited, and what is open on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateFacts<'a> {
    /// Where the mandate stands.
    pub state: mandate::State,
    /// The day on which it became active.
    pub active_on: Option<Date>,
    /// Its limits.
    pub limits: DebitLimits,
    /// Whether its bank takes part in debits today.
    pub bank_in_service: bool,
    /// A debit of these charges is on its way (product.md I2).
    pub has_live: bool,
    /// Open charges that are on no live collection, oldest first.
    pub charges: &'a [CandidateCharge],
}

/// The date that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateFacts {
    /// The debit date: a banking day.
    pub debit_date: Date,
    /// The last day by which the mandate must have become active (decisions.md 5: D-2 banking days).
    pub gate: Date,
    /// Whether the contract allows the date (a contract day of the creditor, rolled).
    pub day_allowed: bool,
    /// Whether the date can still be asked for.
    pub window: Window,
}

/// The creditor's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditorFacts {
    /// Whether money is collected for it (product.md E54).
    pub in_service: bool,
    /// Whether open charges of earlier months join the debit.
    pub arrears: bool,
    /// What is left of the contract's limit for the month; `None` where it has none.
    pub month_left: Option<Won>,
}

/// What a list asks for; the automatic request asks for nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Where the charge of the named month stands.
    pub standing: Standing,
    /// 금액; `None` takes what is open.
    pub amount: Option<Won>,
}

/// What is asked: charges of which month (and, where arrears join, of earlier ones), and what a list says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// 청구년월.
    pub month: Month,
    /// What the list says; `None` for the automatic request.
    pub listed: Option<Asked>,
    /// 미납: whether open charges of earlier months join; `None` is the creditor's rule.
    pub arrears: Option<bool>,
    /// Nobody said whether arrears join, and somebody has to (arrears = "ask", cash first): the refusal where there
    /// are some.
    pub unanswered: Option<Name>,
}

/// What the debit takes, or why there is none. Without an asked amount it takes what is open, oldest first, up to
/// the limit (D5); the rest stays open. Oldest first also where a list names an amount (decisions.md 22).
pub fn propose(
    candidate: &CandidateFacts<'_>,
    date: &DateFacts,
    creditor: &CreditorFacts,
    ask: &Ask,
) -> Result<Proposal, Refused> {
    check_mandate(candidate, date, creditor)?;
    if !date.day_allowed {
        return Err(Refused::at(Name::DayNotAllowed, "이체예정일"));
    }
    date.window.check()?;
    if let Some(asked) = ask.listed {
        asked.standing.check()?;
    }
    if candidate.has_live {
        return Err(Refused::new(Name::CollectionInFlight));
    }
    if let (Some(name), None) = (ask.unanswered, ask.arrears)
        && candidate.charges.iter().any(|charge| charge.open.is_positive() && charge.month < ask.month)
    {
        return Err(Refused::at(name, "미납"));
    }
    let arrears = ask.arrears.unwrap_or(creditor.arrears);
    let wanted = |charge: &&CandidateCharge| {
        charge.open.is_positive()
            && if arrears { charge.month <= ask.month } else { charge.month == ask.month }
    };
    let charges: Vec<&CandidateCharge> = candidate.charges.iter().filter(wanted).collect();
    // A second try in the charge's own month is a retry, with the retry's rules (product.md F18).
    let failed = |c: &&CandidateCharge| c.month == ask.month && c.attempts > 0;
    if ask.month == date.debit_date.month() && ask.listed.is_some() && charges.iter().any(failed) {
        return Err(Refused::at(Name::RetryInstead, "청구년월"));
    }
    let amount = ask.listed.and_then(|asked| asked.amount);
    let proposal = fill(&charges, amount, &candidate.limits)?;
    match creditor.month_left {
        Some(left) if proposal.amount > left => {
            Err(Refused::new(Name::MonthLimit).with(format!("이달 남은 한도 {left}원")))
        }
        Some(_) | None => Ok(proposal),
    }
}

pub(super) fn check_mandate(
    candidate: &CandidateFacts<'_>,
    date: &DateFacts,
    creditor: &CreditorFacts,
) -> Result<(), Refused> {
    if !creditor.in_service {
        return Err(Refused::new(Name::CreditorClosed));
    }
    may_debit(candidate.state)?;
    if !candidate.bank_in_service {
        return Err(Refused::new(Name::BankNotInService));
    }
    // An active mandate without a day of it is taken for one of today: it waits rather than risks code 0017.
    match candidate.active_on {
        Some(day) if day <= date.gate => Ok(()),
        Some(day) => Err(Refused::new(Name::ActiveTooLate).with(format!("등록일 {day}"))),
        None => Err(Refused::new(Name::ActiveTooLate)),
    }
}

/// Takes from the charges in order until the amount is reached.
pub(super) fn fill(
    charges: &[&CandidateCharge],
    asked: Option<Won>,
    limits: &DebitLimits,
) -> Result<Proposal, Refused> {
    let column = if asked.is_some() { "금액" } else { "" };
    // A sum that does not fit an i64 is above every limit; what fits is all that can be taken.
    let open = Won::sum(charges.iter().map(|c| c.open)).unwrap_or(Won::new(i64::MAX));
    if !open.is_positive() {
        return Err(Refused::new(Name::NothingOwed));
    }
    let amount = asked.unwrap_or(open.min(limits.most()));
    limits.check(amount, column)?;
    if amount > open {
        let detail = format!("남은 금액 {open}원");
        return Err(Refused::at(Name::AmountOverOpen, column).with(detail));
    }
    let mut rest = amount;
    let mut allocations = Vec::new();
    for charge in charges {
        let won = charge.open.min(rest);
        if !won.is_positive() {
            break;
        }
        allocations.push(Allocation { charge_id: charge.charge_id, won });
        rest = rest.checked_sub(won).unwrap_or(Won::ZERO);
    }
    Ok(Proposal { amount, allocations })
}

/// What a row with 의뢰 = N does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// A requested debit is taken back.
    Withdraw,
    /// Nothing is requested, so nothing changes.
    Unchanged,
}

/// What "do not request" means for the charge's collection in its present state (product.md D11: until the cut-off).
pub fn leave(live: Option<collection::State>) -> Result<Leave, Refused> {
    match live {
        Some(collection::State::Requested) => Ok(Leave::Withdraw),
        Some(state) if state.in_flight() => Err(Refused::new(Name::CollectionInFlight)),
        Some(_) | None => Ok(Leave::Unchanged),
    }
}
