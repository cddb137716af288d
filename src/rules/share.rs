//! How what was collected is divided among the charges of a collection: the oldest is filled first (decisions.md 22).

use crate::domain::{Allocation, Won};
use crate::machine::Refusal;

/// What one charge gets of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The ledger's key of the charge.
    pub charge_id: i64,
    /// What it gets, in won; 0 where nothing was left for it.
    pub won: Won,
}

/// One share per allocation, in their order (oldest first). More than was asked for, or less than nothing, is refused:
/// then the result and the request do not belong together.
pub fn share(allocations: &[Allocation], collected: Won) -> Result<Vec<Share>, Refusal> {
    if collected < Won::ZERO {
        return Err(Refusal::new("COLLECTED_NEGATIVE", "less than 0 won was collected"));
    }
    let mut rest = collected;
    let mut shares = Vec::with_capacity(allocations.len());
    for allocation in allocations {
        let won = allocation.won.min(rest);
        rest = rest.checked_sub(won).unwrap_or(Won::ZERO);
        shares.push(Share { charge_id: allocation.charge_id, won });
    }
    if rest == Won::ZERO {
        Ok(shares)
    } else {
        Err(Refusal::new("MORE_THAN_REQUESTED", format!("{rest} won more were collected than requested")))
    }
}
