//! Late reversal after success (E46): the bank took back what a debit had brought. The collection is 이체취소(사후), its
//! charges are open again, the books and the next settlement take the money back.

use super::booking::keep;
use super::result_collection::bug;
use super::{Failure, refunding};
use crate::books::post;
use crate::domain::{Instant, Won};
use crate::ledger::{Came, ChargeKey, ChargeStep, ToBook, Tx};
use crate::machine::charge::{self, Balance};
use crate::machine::collection::{self, Happening};

/// Reverses a collection that brought money: each of its charges, then itself, then the books.
pub(super) fn reverse(
    tx: &Tx<'_>,
    came: &Came,
    (code, note): (&str, &str),
    file_id: i64,
    now: Instant,
) -> Result<(), Failure> {
    collection::step(came.state, Happening::Reversed).map_err(bug)?;
    for share in &came.shares {
        let Some(charge) = tx.charge_facts(ChargeKey::Id(share.charge_id))? else { continue };
        // A success that holds its charge counts on top of what the charge says itself; a part that came is in it.
        let holds = charge.collection_id == Some(came.collection_id);
        let balance = Balance { amount: charge.amount, paid: charge.paid };
        let (to, after) = if holds {
            let ended = matches!(charge.state, charge::State::WrittenOff | charge::State::Cancelled);
            (if ended { charge.state } else { balance.state() }, balance)
        } else {
            charge::step(charge.state, balance, false, charge::Happening::Returned(share.won)).map_err(bug)?
        };
        let left = charge.paid_now.checked_sub(share.won).unwrap_or(Won::ZERO);
        let whole = Balance { amount: charge.amount, paid: left };
        refunding::book_over(tx, &charge, whole, file_id, now)?;
        tx.charge_stepped(&ChargeStep {
            charge: &charge,
            to,
            amount: after.amount,
            paid: after.paid,
            let_go: holds,
            failed: true,
            happening: "reversed",
            at: now,
            file: Some(file_id),
            line: None,
            code,
            note,
        })?;
    }
    tx.collection_reversed(came, now, file_id, (code, note))?;
    let sum = Won::sum(came.shares.iter().map(|share| share.won)).unwrap_or(came.won);
    let about = ToBook { creditor: came.creditor, month: None, won: sum, lines: 1 };
    let what = format!("collection {} went back", came.collection_id);
    let from = (Some(came.file_id), Some(file_id));
    keep(tx, "reversed", &about, &post::reversed(sum), from, &what, now)
}
