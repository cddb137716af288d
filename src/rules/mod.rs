//! Named checks of a message against facts, in a fixed order: may this row, request, line or order happen?
//!
//! Facts in, verdict out. The engine reads the facts (one read per file), asks here, and journals the answer. Every
//! reason has a stable name with its Korean wording and advice in [`names`]. All checks of a row are made, so that a
//! creditor sees everything that is wrong with it at once; where a check makes the next ones meaningless it ends them.
//!
//! Must not: do I/O, log, know bytes or files, ask the time (days are handed in).
#![deny(clippy::arithmetic_side_effects)]

pub mod amount;
pub mod application;
pub mod bank_application;
pub mod billing;
pub mod cancel;
pub mod cash;
pub mod emission;
pub mod generation;
pub mod names;
pub mod next_date;
pub mod request;
pub mod restore;
pub mod retry;
pub mod share;

pub use names::Name;

use crate::domain::{Allocation, Date, Won};
use crate::machine::mandate;

/// A row, request or line that reads well but may not happen. The other rows go on (house.md 5, "two kinds of wrong").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub name: Name,
    /// The heading of the column that is meant; empty where the row as a whole is.
    pub column: &'static str,
    /// What belongs to this case, in Korean (a limit, the next possible date); empty where nothing does. Never a
    /// personal number.
    pub detail: String,
}

impl Refused {
    /// A refusal of a whole row or line.
    pub fn new(name: Name) -> Self {
        Self { name, column: "", detail: String::new() }
    }

    /// A refusal because of one column.
    pub fn at(name: Name, column: &'static str) -> Self {
        Self { name, column, detail: String::new() }
    }

    /// A row whose like stands earlier in the same file.
    pub fn duplicate_of(row: u64) -> Self {
        Self::new(Name::DuplicateInFile).with(format!("{row}번째 줄"))
    }

    /// The same refusal with what belongs to this case.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The reason as the creditor reads it: `월이체금액: 건당출금한도보다 큽니다, 한도 50,000원 (AMOUNT_OVER_LIMIT)`.
    pub fn sentence(&self) -> String {
        let mut out = String::new();
        if !self.column.is_empty() {
            out.push_str(self.column);
            out.push_str(": ");
        }
        out.push_str(&self.reason());
        out.push_str(" (");
        out.push_str(self.name.word());
        out.push(')');
        out
    }

    /// The reason alone, where no column of a list is meant: `건당출금한도보다 큽니다, 한도 50,000원`.
    pub fn reason(&self) -> String {
        if self.detail.is_empty() {
            self.name.ko().to_string()
        } else {
            format!("{}, {}", self.name.ko(), self.detail)
        }
    }
}

/// What a new collection takes and for which charges, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The amount of the line, in won: the sum of the allocations.
    pub amount: Won,
    /// Which charge gets how much, oldest first (decisions.md 22).
    pub allocations: Vec<Allocation>,
}

/// Whether the window of a debit date still takes requests (decisions.md 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Before the cut-off.
    Open,
    /// Over. `next` is the next date that can still be asked for; `None` where the calendar ends before one.
    Closed {
        /// The next possible debit date.
        next: Option<Date>,
    },
}

impl Window {
    fn check(self) -> Result<(), Refused> {
        match self {
            Self::Open => Ok(()),
            Self::Closed { next: Some(date) } => {
                Err(Refused::new(Name::LateForWindow).with(format!("다음 가능 이체일 {date}")))
            }
            Self::Closed { next: None } => Err(Refused::new(Name::LateForWindow)),
        }
    }
}

/// The limits that hold for every debit of one mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebitLimits {
    /// 건당출금한도 of the mandate.
    pub mandate: Won,
    /// The creditor's contract: the most that one debit may take.
    pub contract: Won,
    /// The smallest amount that the channel carries (decisions.md 4: 140 won next-day, 300 same-day).
    pub minimum: Won,
}

impl DebitLimits {
    /// The most that one debit may take.
    pub fn most(&self) -> Won {
        self.mandate.min(self.contract)
    }

    /// Refuses amounts that the network or the mandate would not take (facts/kftc.md 4: 0061, 0062, 0075).
    pub fn check(&self, amount: Won, column: &'static str) -> Result<(), Refused> {
        if !amount.is_positive() {
            return Err(Refused::at(Name::AmountZero, column));
        }
        if amount < self.minimum {
            let detail = format!("최소 {}원", self.minimum);
            return Err(Refused::at(Name::AmountUnderMinimum, column).with(detail));
        }
        if amount > self.mandate {
            let detail = format!("한도 {}원", self.mandate);
            return Err(Refused::at(Name::AmountOverLimit, column).with(detail));
        }
        if amount > self.contract {
            let detail = format!("계약 한도 {}원", self.contract);
            return Err(Refused::at(Name::LimitOverContract, column).with(detail));
        }
        Ok(())
    }
}

/// Whether money may be requested on a mandate in this state; the reason where not.
fn may_debit(state: mandate::State) -> Result<(), Refused> {
    use mandate::State as S;
    match state {
        S::Active => Ok(()),
        S::Billed => Err(Refused::new(Name::NoAccount)),
        S::Suspended => Err(Refused::new(Name::MandateSuspended)),
        S::Changing | S::Severed => Err(Refused::new(Name::ChangeInFlight)),
        S::Cancelling => Err(Refused::new(Name::CancelInFlight)),
        S::Ended => Err(Refused::new(Name::MandateEnded)),
        S::Draft | S::Queued | S::Batched | S::Sent | S::Acknowledged | S::Rejected => {
            Err(Refused::new(Name::MandateNotActive).with(state.ko()))
        }
    }
}

#[cfg(test)]
mod tests;
