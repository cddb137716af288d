//! Conservation of money over one charge (product.md I3).

use crate::domain::Won;

/// The money of one charge, added up from what is recorded of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChargeMoney {
    /// What is owed.
    pub amount: Won,
    /// What debits brought, those that were reversed left out.
    pub collected: Won,
    /// What came in cash, cancelled payments left out.
    pub cash: Won,
    /// What was taken from an overpayment of another charge.
    pub carried_in: Won,
    /// What was given up (미납종료).
    pub written_off: Won,
    /// What is still owed.
    pub open: Won,
    /// What came above the amount and is still here.
    pub overpaid: Won,
    /// What was above it and went back, or to another charge.
    pub returned: Won,
}

/// Whether nothing got lost and nothing appeared: what came and what was given up and what is open is the amount and
/// what came too much. A charge is never open and overpaid at once.
pub fn conserved(charge: &ChargeMoney) -> bool {
    let came = Won::sum([charge.collected, charge.cash, charge.carried_in, charge.written_off, charge.open]);
    let owed = Won::sum([charge.amount, charge.overpaid, charge.returned]);
    let parts = [
        charge.amount,
        charge.collected,
        charge.cash,
        charge.carried_in,
        charge.written_off,
        charge.open,
        charge.overpaid,
        charge.returned,
    ];
    came.is_some()
        && came == owed
        && parts.iter().all(|won| *won >= Won::ZERO)
        && !(charge.open.is_positive() && charge.overpaid.is_positive())
}
