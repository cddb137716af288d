//! A mandate that ended at its bank: why a new application of the same account is refused (E41), and the order that takes it
//! up again when the bank has (복원 after 민원해지).

use super::Failure;
use super::place::Place;
use super::result_collection::bug;
use crate::domain::{Instant, masked};
use crate::intake::order::Outcome;
use crate::ledger::{MakeCharges, MandateFacts, MandateStep, OnlyFor, RegistrationRow, Tx};
use crate::machine::mandate::{EndReason, Happening, State, step};
use crate::rules::restore::{RestoreFacts, check};

/// The alert of an application that was refused for an account that ended at the bank.
const ENDED_THERE: &str = "account-ended-at-bank";

/// An application was refused: where the same account ended at the bank before, that is why, and the way out is told.
pub(super) fn tell_of_end(
    tx: &Tx<'_>,
    row: &RegistrationRow,
    said: &str,
    now: Instant,
) -> Result<(), Failure> {
    let Some(ended) = tx.ended_at_bank_before(row.mandate_id)? else { return Ok(()) };
    let day = tx.ended_when(ended.mandate_id)?.map_or_else(String::new, |at| at.date().to_string());
    let text = format!(
        "{} {}: {said}. 이 계좌의 이체정보 {}은(는) {day} 은행에서 해지되었습니다: 다른 계좌로 신청하거나, 은행에서 해지가 복원된 뒤 mandate.restore 지시를 내리십시오",
        row.bank,
        masked(row.account.reveal()),
        ended.bank_payer_no
    );
    tx.alert(ENDED_THERE, row.bank_payer_no.as_str(), &text, now)?;
    Ok(())
}

/// `mandate.restore`: the bank has taken the end back. The payer's mandate may have been followed by an application that was
/// refused; that one is given up.
pub(super) fn order(
    tx: &Tx<'_>,
    places: &[Place],
    named: Option<MandateFacts>,
    note: &str,
    now: Instant,
) -> Result<Outcome, Failure> {
    let Some(named) = named else { return Ok(Outcome::Refused("no such mandate is known".into())) };
    // By payer and item the refused application is meant first: it stands for the one that ended before it.
    let refused = matches!(named.state, State::Draft | State::Rejected);
    let (ended, other) = match tx.ended_at_bank_before(named.mandate_id)?.filter(|_| refused) {
        Some(ended) => (ended, Some(named)),
        None => {
            let other = tx.live_beside(named.mandate_id)?;
            (named, other)
        }
    };
    let days = tx
        .ended_when(ended.mandate_id)?
        .map(|at| now.date().to_epoch_days().saturating_sub(at.date().to_epoch_days()));
    let facts = RestoreFacts {
        state: ended.state,
        reason: ended.reason,
        ended_days: days,
        other: other.as_ref().map(|other| other.state),
    };
    let gives_up = match check(&facts) {
        Ok(gives_up) => gives_up,
        Err(why) => return Ok(Outcome::Refused(why)),
    };
    if let Some(other) = other.filter(|_| gives_up) {
        moved(tx, &other, Happening::CancelRequested, Some(EndReason::Creditor), note, now)?;
        tx.clear_alert(ENDED_THERE, other.bank_payer_no.as_str(), now)?;
    }
    let to = moved(tx, &ended, Happening::Restored, None, note, now)?;
    for place in places {
        for (month, due) in place.reachable_months(now) {
            let (creditor, only) = (place.creditor.id, OnlyFor::Mandates(&[ended.mandate_id]));
            tx.make_charges(&MakeCharges { creditor, month, due: &due, only, at: now })?;
        }
    }
    Ok(Outcome::Done(format!("{}: {to}", ended.bank_payer_no)))
}

fn moved(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    happening: Happening,
    reason: Option<EndReason>,
    note: &str,
    now: Instant,
) -> Result<State, Failure> {
    let to = step(mandate.state, happening).map_err(bug)?;
    tx.mandate_stepped(&MandateStep {
        mandate_id: mandate.mandate_id,
        from: mandate.state,
        to,
        happening,
        reason,
        active_on: (to == State::Active).then(|| now.date()),
        at: now,
        file: None,
        line: None,
        code: "",
        note,
    })?;
    Ok(to)
}
