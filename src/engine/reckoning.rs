//! A request that waits in a planned file is reckoned anew when its charge changed before the cut-off: cash came, or the
//! amount was changed (product.md 3.6, E34). The old line is taken back, and a new one asks for what is left.

use super::Failure;
use super::place::Place;
use crate::domain::{Allocation, Instant, Won};
use crate::ledger::{NewCollection, Tx};
use crate::machine::charge;

/// What became of the request.
pub(super) enum Reckoned {
    /// A new line asks for so much.
    Anew(Won),
    /// Nothing is left to ask for, or too little for the network.
    TakenBack,
}

/// The request that is about to be reckoned anew: taken back, with what it was for. To be called before the charge is
/// stepped; [`TakenBack::again`] after it.
pub(super) struct TakenBack {
    request: crate::ledger::WaitingRequest,
    allocations: Vec<Allocation>,
}

/// Takes a waiting request back; `None` where it waits no more.
pub(super) fn take_back(
    tx: &Tx<'_>,
    collection_id: i64,
    reason: &str,
    now: Instant,
    (file, line): (i64, Option<i64>),
) -> Result<Option<TakenBack>, Failure> {
    let Some(request) = tx.waiting_request(collection_id)? else { return Ok(None) };
    let charges = tx.collection_charges(collection_id)?;
    let allocations =
        charges.iter().map(|charge| Allocation { charge_id: charge.charge_id, won: charge.won }).collect();
    tx.withdraw(&[collection_id], reason, now, Some(file), line)?;
    Ok(Some(TakenBack { request, allocations }))
}

impl TakenBack {
    /// The debit date that it was for.
    pub(super) fn date(&self) -> crate::domain::Date {
        self.request.date
    }

    /// Asks for what is left of the same charges, at most what was asked for; for a changed charge (`changed`) all that is
    /// open now, as far as the line's most (beside it) goes.
    pub(super) fn again(
        self,
        tx: &Tx<'_>,
        place: &Place,
        changed: Option<(i64, Won)>,
        now: Instant,
    ) -> Result<Reckoned, Failure> {
        let mut left = Vec::new();
        let others = self.allocations.iter().filter(|a| changed.is_some_and(|(id, _)| id != a.charge_id));
        let others = Won::sum(others.map(|allocation| allocation.won)).unwrap_or(Won::ZERO);
        for allocation in &self.allocations {
            let Some(charge) = tx.charge_facts(crate::ledger::ChargeKey::Id(allocation.charge_id))? else {
                continue;
            };
            // Given up or cancelled: nothing is asked for any more.
            if !matches!(charge.state, charge::State::Open | charge::State::PartlyPaid) {
                continue;
            }
            let open = charge.amount.checked_sub(charge.paid_now).unwrap_or(Won::ZERO);
            let most = match changed {
                Some((id, most)) if id == allocation.charge_id => {
                    most.checked_sub(others).unwrap_or(Won::ZERO)
                }
                _ => allocation.won,
            };
            let won = open.min(most);
            if won.is_positive() {
                left.push(Allocation { charge_id: allocation.charge_id, won });
            }
        }
        let amount = Won::sum(left.iter().map(|allocation| allocation.won)).unwrap_or(Won::ZERO);
        let debits = place.desk.debits_of(&self.request.file_kind);
        let least = debits.map_or(Won::ZERO, |debits| debits.service.min_amount_won);
        if !amount.is_positive() || amount < least {
            return Ok(Reckoned::TakenBack);
        }
        let line = NewCollection {
            mandate_id: self.request.mandate_id,
            kind: self.request.kind,
            amount,
            allocations: left,
            request_file: self.request.request_file,
            request_line: self.request.request_line,
        };
        tx.request(self.request.file_id, &[line], now)?;
        Ok(Reckoned::Anew(amount))
    }
}
