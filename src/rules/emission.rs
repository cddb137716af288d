//! The last look at a line before its file is built: mandates, limits and charges may have changed since the request
//! (product.md F13, E24, E34, E35, E37, E53). A line that fails is left out with the reason; the rest goes.

use super::{DebitLimits, Name, Refused, may_debit};
use crate::domain::{Date, Won};
use crate::machine::mandate;

/// What must be known of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFacts {
    /// Where the mandate stands now.
    pub mandate: mandate::State,
    /// The day on which it became active.
    pub active_on: Option<Date>,
    /// The last day by which it must have become active (decisions.md 5).
    pub gate: Date,
    /// Whether money is collected for the creditor (product.md E54).
    pub creditor_in_service: bool,
    /// Whether the bank takes part today.
    pub bank_in_service: bool,
    /// The limits that hold now.
    pub limits: DebitLimits,
    /// The line's amount.
    pub amount: Won,
    /// What is still open on the charges of the line, 0 where they were paid or ended meanwhile; nothing where the ledger was
    /// changed behind our back.
    pub open: Option<Won>,
}

/// Whether the line may go.
pub fn check(line: &LineFacts) -> Result<(), Refused> {
    if !line.creditor_in_service {
        return Err(Refused::new(Name::CreditorClosed));
    }
    may_debit(line.mandate)?;
    if !line.bank_in_service {
        return Err(Refused::new(Name::BankNotInService));
    }
    if line.active_on.is_none_or(|day| day > line.gate) {
        return Err(Refused::new(Name::ActiveTooLate));
    }
    line.limits.check(line.amount, "")?;
    let Some(open) = line.open else { return Err(Refused::new(Name::AmountAltered)) };
    if !open.is_positive() {
        return Err(Refused::new(Name::NothingOwed));
    }
    if line.amount > open {
        return Err(Refused::new(Name::AmountOverOpen).with(format!("남은 금액 {}원", open)));
    }
    Ok(())
}
