//! The charge (청구): what is owed for one month. Only the balance and explicit endings decide its state
//! (product.md 3.5, I3): amount = paid + open balance, always.

use super::{Refusal, words};
use crate::domain::Won;

words! {
    /// Where a charge stands.
    State {
        /// Nothing is paid.
        Open = "open",
        /// A part is paid.
        PartlyPaid = "partly-paid",
        /// All is paid.
        Paid = "paid",
        /// More is paid than owed.
        Overpaid = "overpaid",
        /// The creditor gave up the rest (미납종료).
        WrittenOff = "written-off",
        /// It never should have been.
        Cancelled = "cancelled",
    }
}

/// What is owed and what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What is owed, in won.
    pub amount: Won,
    /// What came, in won: debits and cash, less refunds and reversals.
    pub paid: Won,
}

impl Balance {
    /// What is still owed; negative where too much came. `None` only where it does not fit an `i64`.
    pub fn open(self) -> Option<Won> {
        self.amount.checked_sub(self.paid)
    }

    /// The state that the balance alone gives.
    pub fn state(self) -> State {
        if self.paid > self.amount {
            State::Overpaid
        } else if self.paid == self.amount {
            State::Paid
        } else if self.paid.is_positive() {
            State::PartlyPaid
        } else {
            State::Open
        }
    }
}

/// What can happen to a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Money came for it, by debit or cash: a positive amount.
    Collected(Won),
    /// Money that had come went back: a positive amount, at most what came.
    Returned(Won),
    /// The amount owed changed while nothing is on its way: more than 0 won, at least what came.
    AmountChanged(Won),
    /// A person corrects the amount owed, also below what came (then it is overpaid), while nothing is on its way: more
    /// than 0 won.
    Corrected(Won),
    /// The creditor gives up the rest.
    WrittenOff,
    /// It never should have been.
    Cancelled,
}

impl std::fmt::Display for Happening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Collected(won) => write!(f, "collected {won}"),
            Self::Returned(won) => write!(f, "returned {won}"),
            Self::AmountChanged(won) => write!(f, "amount-changed {won}"),
            Self::Corrected(won) => write!(f, "corrected {won}"),
            Self::WrittenOff => f.write_str("written-off"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// The balance and state that follow, or why none do. Money that comes for an ended charge still counts: it is
/// then overpaid or stays ended, and nothing is lost.
pub fn step(
    state: State,
    balance: Balance,
    in_flight: bool,
    happening: Happening,
) -> Result<(State, Balance), Refusal> {
    let too_much = || Refusal::new("AMOUNT_TOO_LARGE", "the sum does not fit");
    let ended = matches!(state, State::WrittenOff | State::Cancelled);
    let refuse = || Err(Refusal::not_from(state, happening));
    match happening {
        Happening::Collected(won)
        | Happening::Returned(won)
        | Happening::AmountChanged(won)
        | Happening::Corrected(won)
            if !won.is_positive() =>
        {
            Err(Refusal::new("AMOUNT_NOT_POSITIVE", "an amount that moves or is owed is more than 0 won"))
        }
        Happening::Collected(won) => {
            let paid = balance.paid.checked_add(won).ok_or_else(too_much)?;
            let next = Balance { paid, ..balance };
            let overpaid = next.state() == State::Overpaid;
            Ok((if ended && !overpaid { state } else { next.state() }, next))
        }
        Happening::Returned(won) if won > balance.paid => {
            Err(Refusal::new("MORE_THAN_PAID", "more would go back than came"))
        }
        Happening::Returned(won) => {
            let paid = balance.paid.checked_sub(won).ok_or_else(too_much)?;
            let next = Balance { paid, ..balance };
            Ok((if ended { state } else { next.state() }, next))
        }
        Happening::AmountChanged(_) | Happening::Corrected(_) if in_flight => {
            Err(Refusal::new("COLLECTION_IN_FLIGHT", "a debit of this charge is on its way"))
        }
        Happening::AmountChanged(amount) => match state {
            State::Open | State::PartlyPaid if amount < balance.paid => {
                Err(Refusal::new("LESS_THAN_PAID", "more came already than would be owed"))
            }
            State::Open | State::PartlyPaid => {
                let next = Balance { amount, ..balance };
                Ok((next.state(), next))
            }
            // What is settled stays: a change then belongs to the next charge (product.md E34).
            State::Paid | State::Overpaid | State::WrittenOff | State::Cancelled => refuse(),
        },
        Happening::Corrected(amount) => match state {
            State::Open | State::PartlyPaid | State::Paid | State::Overpaid => {
                let next = Balance { amount, ..balance };
                Ok((next.state(), next))
            }
            State::WrittenOff | State::Cancelled => refuse(),
        },
        Happening::WrittenOff | Happening::Cancelled if in_flight => {
            Err(Refusal::new("COLLECTION_IN_FLIGHT", "a debit of this charge is on its way"))
        }
        Happening::WrittenOff => match state {
            State::Open | State::PartlyPaid => Ok((State::WrittenOff, balance)),
            State::Paid | State::Overpaid | State::WrittenOff | State::Cancelled => refuse(),
        },
        Happening::Cancelled => match state {
            State::Open => Ok((State::Cancelled, balance)),
            State::PartlyPaid | State::Paid | State::Overpaid => refuse(),
            State::WrittenOff | State::Cancelled => refuse(),
        },
    }
}
