//! Overpayments (과오납; product.md 3.7, F28): what came above what is owed is the payer's. It goes back by a payment of ours, was
//! given back by the creditor itself with a proof, or pays the next charge. Nothing goes back twice.

use super::Failure;
use super::booking::keep;
use super::payouts::{FAILED, reference};
use super::place::Place;
use super::reckoning::{Reckoned, take_back};
use super::result_collection::bug;
use crate::books::{Entry, post};
use crate::domain::{Instant, Won};
use crate::intake::order::Outcome;
use crate::ledger::{ChargeFacts, ChargeKey, ChargeMove, ChargeStep, NewPayout, PayoutFor, ToBook, Tx};
use crate::machine::charge::{self, Balance, Happening};
use crate::machine::collection;

/// 통장기재내용 of a refund.
const PASSBOOK: &str = "과오납반환";

/// What came above what is owed.
pub(super) fn over(balance: Balance) -> Won {
    balance.paid.checked_sub(balance.amount).unwrap_or(Won::ZERO).max(Won::ZERO)
}

/// Books what is overpaid more, or less, than before: the payer's, not the creditor's.
pub(super) fn book_over(
    tx: &Tx<'_>,
    charge: &ChargeFacts,
    after: Balance,
    file_id: i64,
    now: Instant,
) -> Result<(), Failure> {
    let before = Balance { amount: charge.amount, paid: charge.paid_now };
    let moved = over(after).checked_sub(over(before)).unwrap_or(Won::ZERO);
    let about = ToBook { creditor: charge.creditor, month: None, won: moved, lines: 1 };
    let what = format!("charge {} overpaid", charge.charge_id);
    let entries = if moved.is_positive() {
        post::overpaid(moved)
    } else {
        let back = Won::ZERO.checked_sub(moved).unwrap_or(Won::ZERO);
        post::overpaid(back).into_iter().map(Entry::reversed).collect()
    };
    keep(tx, "overpaid", &about, &entries, (None, Some(file_id)), &what, now)
}

/// Money came to a charge or left it by hand: stepped as `machine` says. A success that holds the charge is written on
/// it and lets go.
pub(super) fn step(
    tx: &Tx<'_>,
    charge: &ChargeFacts,
    happening: Happening,
    (word, note): (&str, &str),
    file: Option<i64>,
    now: Instant,
) -> Result<(), Failure> {
    let balance = Balance { amount: charge.amount, paid: charge.paid_now };
    let (to, after) = charge::step(charge.state_now, balance, false, happening).map_err(bug)?;
    let holds = charge.attempt == Some(collection::State::Succeeded);
    if let Some(collection_id) = charge.collection_id.filter(|_| holds) {
        tx.write_share(collection_id, charge.charge_id)?;
    }
    tx.charge_stepped(&ChargeStep {
        charge,
        to,
        amount: after.amount,
        paid: after.paid,
        let_go: holds,
        failed: false,
        happening: word,
        at: now,
        file,
        line: None,
        code: "",
        note,
    })?;
    Ok(())
}

/// The refund of a charge reached the payer.
pub(super) fn refunded(
    tx: &Tx<'_>,
    charge_id: i64,
    won: Won,
    file: Option<i64>,
    now: Instant,
) -> Result<(), Failure> {
    let Some(charge) = tx.charge_facts(ChargeKey::Id(charge_id))? else { return Ok(()) };
    let note = format!("과오납 반환 {won}원");
    step(tx, &charge, Happening::Returned(won), ("refunded", &note), file, now)
}

/// What may go back of a charge, or why nothing may: it is not overpaid, or a refund is on its way.
fn to_give(tx: &Tx<'_>, charge: &ChargeFacts) -> Result<Result<Won, Outcome>, Failure> {
    let won = over(Balance { amount: charge.amount, paid: charge.paid_now });
    if !won.is_positive() {
        let told = format!("NOT_OVERPAID: the charge is {}", charge.state_now);
        return Ok(Err(Outcome::Refused(told)));
    }
    let refund = tx.refund_now(charge.charge_id)?;
    let stands = refund.filter(|refund| matches!(refund.state.as_str(), "requested" | "sent"));
    Ok(match stands {
        None => Ok(won),
        Some(refund) => {
            let (id, won) = (refund.payout_id, refund.won);
            Err(Outcome::Refused(format!("REFUND_STANDS: {won} won go back already by {}", reference(id))))
        }
    })
}

/// A refund is approved: the payer's money goes out with the next file of payments, to the account of the mandate.
pub(super) fn request(
    tx: &Tx<'_>,
    place: &Place,
    charge: &ChargeFacts,
    file_id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let won = match to_give(tx, charge)? {
        Ok(won) => won,
        Err(refused) => return Ok(refused),
    };
    let Some(mandate) = tx.mandate(charge.mandate_id)? else {
        let why = "no account is known for it: give the money back by hand (charge refunded) or apply it to another charge";
        return Ok(Outcome::Refused(why.into()));
    };
    // One that bounced (E51): this takes its place.
    let bounced = tx.refund_now(charge.charge_id)?.filter(|refund| refund.state == "failed");
    if let Some(bounced) = &bounced {
        tx.clear_alert(FAILED, &reference(bounced.payout_id), now)?;
    }
    let payout_id = tx.request_payout(
        &NewPayout {
            of: PayoutFor::Refund(charge.charge_id),
            creditor: charge.creditor,
            channel: &place.creditor.channel,
            won,
            bank: mandate.terms.bank,
            account: &mandate.terms.account,
            passbook_text: PASSBOOK,
            pay_on: now.date(),
            again_of: bounced.map(|bounced| bounced.payout_id),
        },
        now,
    )?;
    let about = ToBook { creditor: charge.creditor, month: None, won, lines: 1 };
    let from = (None, Some(file_id));
    keep(tx, "refund-sent", &about, &post::refund_sent(won), from, &reference(payout_id), now)?;
    Ok(Outcome::Done(format!("{won} won go back to the payer by {}", reference(payout_id))))
}

/// The creditor gave the overpayment back itself: the agent owes it to the creditor, no longer to the payer.
pub(super) fn by_hand(
    tx: &Tx<'_>,
    charge: &ChargeFacts,
    (proof, why): (&str, &str),
    file_id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let won = match to_give(tx, charge)? {
        Ok(won) => won,
        Err(refused) => return Ok(refused),
    };
    if let Some(bounced) = tx.refund_now(charge.charge_id)?.filter(|refund| refund.state == "failed") {
        tx.clear_alert(FAILED, &reference(bounced.payout_id), now)?;
    }
    let left = Won::ZERO.checked_sub(won).unwrap_or(Won::ZERO);
    tx.move_money(&ChargeMove {
        charge_id: charge.charge_id,
        won: left,
        other: None,
        proof,
        at: now,
        file: file_id,
    })?;
    let note = format!("{why}; {proof}");
    step(tx, charge, Happening::Returned(won), ("refunded-by-hand", &note), Some(file_id), now)?;
    let about = ToBook { creditor: charge.creditor, month: None, won, lines: 1 };
    let what = format!("charge {}: {proof}", charge.charge_id);
    keep(tx, "refund-by-hand", &about, &post::refunded_by_creditor(won), (None, Some(file_id)), &what, now)?;
    Ok(Outcome::Done(format!("{won} won went back by hand: {proof}")))
}

/// The overpayment pays the oldest open charge of the same mandate, as far as it goes.
pub(super) fn apply(
    tx: &Tx<'_>,
    place: &Place,
    charge: &ChargeFacts,
    why: &str,
    file_id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let most = match to_give(tx, charge)? {
        Ok(won) => won,
        Err(refused) => return Ok(refused),
    };
    let open = match tx.oldest_open(charge.mandate_id, charge.charge_id)? {
        Some(id) => tx.charge_facts(ChargeKey::Id(id))?,
        None => None,
    };
    let Some(open) = open else {
        return Ok(Outcome::Refused(
            "NO_OPEN_CHARGE: no other charge of this mandate can be paid now".into(),
        ));
    };
    let waiting = match (open.collection_id, open.attempt) {
        (Some(id), Some(collection::State::Requested)) => {
            take_back(tx, id, "과오납 충당", now, (file_id, None))?
        }
        _ => None,
    };
    let open = tx.charge_facts(ChargeKey::Id(open.charge_id))?.unwrap_or(open);
    let owed = open.amount.checked_sub(open.paid_now).unwrap_or(Won::ZERO);
    let won = most.min(owed);
    let left = Won::ZERO.checked_sub(won).unwrap_or(Won::ZERO);
    let (from, to) = (charge.charge_id, open.charge_id);
    let moved = |charge_id, won, other| ChargeMove {
        charge_id,
        won,
        other: Some(other),
        proof: "",
        at: now,
        file: file_id,
    };
    tx.move_money(&moved(from, left, to))?;
    tx.move_money(&moved(to, won, from))?;
    step(tx, charge, Happening::Returned(won), ("applied-to-other", why), Some(file_id), now)?;
    step(tx, &open, Happening::Collected(won), ("paid-by-overpayment", why), Some(file_id), now)?;
    let about = ToBook { creditor: charge.creditor, month: None, won, lines: 1 };
    let what = format!("charge {from} pays charge {to}");
    let entries = post::overpayment_applied(won);
    keep(tx, "overpayment-applied", &about, &entries, (None, Some(file_id)), &what, now)?;
    let mut text = format!("{won} won of {} pay {}", charge.month, open.month);
    if let Some(waiting) = waiting {
        text.push_str(&match waiting.again(tx, place, None, now)? {
            Reckoned::Anew(amount) => format!("; the request asks for {amount} won now"),
            Reckoned::TakenBack => "; the request was taken back".to_string(),
        });
    }
    Ok(Outcome::Done(text))
}
