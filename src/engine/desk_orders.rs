//! Orders of the collection desk: a request taken back, cash taken back, a charge given up or corrected, a debit that went
//! back. All checks come before the first change; everything is done in the commit that takes the order.

use super::booking::keep;
use super::drop_cash;
use super::place::Place;
use super::reversing::reverse;
use super::{Failure, refunding};
use crate::books::post;
use crate::domain::{CreditorId, Instant, Won};
use crate::intake::order::{Order, Outcome, Target, Verb};
use crate::intake::order_desk::ChargeTarget;
use crate::ledger::{ChargeFacts, ChargeKey, ChargeStep, ToBook, Tx};
use crate::machine::charge::{self, Balance, Happening};
use crate::machine::collection;
use crate::rules::request::{Leave, leave};

/// Whose charge or payment an order is about.
pub(super) fn creditor_of(order: &Order) -> Option<CreditorId> {
    match &order.target {
        Target::Charge(charge) => Some(charge.creditor),
        Target::Cash { creditor, .. } => Some(*creditor),
        Target::Message(message) => Some(message.creditor),
        Target::Notice { creditor, .. } => Some(*creditor),
        Target::Papers(papers) => Some(papers.creditor),
        Target::Reveal(report) => Some(report.creditor),
        _ => None,
    }
}

/// Judges an order of the desk and does it.
pub(super) fn carry_out(
    tx: &Tx<'_>,
    place: &Place,
    order: &Order,
    file_id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let why = format!("{} by {}: {}", order.verb.word(), order.by, order.reason);
    match &order.target {
        Target::Cash { id, .. } => {
            let done = drop_cash::cancel_one(tx, place, *id, &why, file_id, now)?;
            Ok(done.map_or_else(|refused| Outcome::Refused(refused.sentence()), Outcome::Done))
        }
        Target::Charge(target) => {
            let key = ChargeKey::Named {
                creditor: target.creditor,
                payer_no: &target.payer_no,
                item: &target.item,
                month: target.month,
            };
            let Some(charge) = tx.charge_facts(key)? else {
                return Ok(Outcome::Refused("CHARGE_UNKNOWN: there is no such charge".into()));
            };
            let deed = Deed { tx, charge: &charge, why: &why, file_id, now };
            match order.verb {
                Verb::RequestWithdraw => deed.withdraw(),
                Verb::Reverse => deed.reverse(&target.code),
                Verb::WriteOff => deed.end(Happening::WrittenOff, "written-off"),
                Verb::CorrectCancel => deed.end(Happening::Cancelled, "cancelled"),
                Verb::CorrectAmount => deed.amount(target),
                Verb::RefundRequest => refunding::request(tx, place, &charge, file_id, now),
                Verb::RefundByHand => refunding::by_hand(tx, &charge, (&target.proof, &why), file_id, now),
                Verb::OverpaymentApply => refunding::apply(tx, place, &charge, &why, file_id, now),
                _ => Ok(Outcome::Refused(format!("{} is not about a charge", order.verb.word()))),
            }
        }
        _ => Ok(Outcome::Refused(format!("{} is about a charge or a payment", order.verb.word()))),
    }
}

/// Why nothing is done to a charge whose money is going back already.
const REFUND_STANDS: &str =
    "REFUND_STANDS: a refund of the charge is on its way: the money would go back twice";

/// A deed on one charge.
struct Deed<'a> {
    tx: &'a Tx<'a>,
    charge: &'a ChargeFacts,
    why: &'a str,
    file_id: i64,
    now: Instant,
}

impl Deed<'_> {
    fn withdraw(&self) -> Result<Outcome, Failure> {
        let (Some(id), Some(state)) = (self.charge.collection_id, self.charge.attempt) else {
            return Ok(Outcome::Refused("nothing is requested for this charge".into()));
        };
        match leave(Some(state)) {
            Err(refused) => Ok(Outcome::Refused(refused.sentence())),
            Ok(Leave::Unchanged) => Ok(Outcome::Refused(format!("its debit is over already: {state}"))),
            Ok(Leave::Withdraw) => {
                // The automatic request of the date may be still to come: it leaves the payer out.
                if let Some(waits) = self.tx.waiting_request(id)? {
                    let from = (self.file_id, None);
                    self.tx.decline(self.charge.mandate_id, waits.date, self.now, from)?;
                }
                self.tx.withdraw(&[id], self.why, self.now, Some(self.file_id), None)?;
                Ok(Outcome::Done("taken back: 이체의뢰취소".into()))
            }
        }
    }

    /// The latest debit that brought money for the charge went back.
    fn reverse(&self, code: &str) -> Result<Outcome, Failure> {
        let Some(came) = self.tx.latest_came(self.charge.charge_id)? else {
            return Ok(Outcome::Refused("no debit brought money for this charge".into()));
        };
        for share in &came.shares {
            let paid = self.tx.charge_facts(ChargeKey::Id(share.charge_id))?.map(|charge| charge.paid_now);
            if paid.is_some_and(|paid| paid < share.won) {
                let told = "MORE_THAN_PAID: a part of it was given back or pays another charge already";
                return Ok(Outcome::Refused(told.into()));
            }
            if self.tx.refund_stands(share.charge_id)? {
                return Ok(Outcome::Refused(REFUND_STANDS.into()));
            }
        }
        reverse(self.tx, &came, (code, self.why), self.file_id, self.now)?;
        let (won, date, charges) = (came.won, came.date, came.shares.len());
        Ok(Outcome::Done(format!(
            "the debit of {date} went back: {won} won, {charges} charges open again; 이체취소(사후)"
        )))
    }

    /// The charge is given up, or never should have been.
    fn end(&self, happening: Happening, word: &str) -> Result<Outcome, Failure> {
        let charge = self.charge;
        let live = charge.attempt.is_some_and(collection::State::is_live);
        let balance = Balance { amount: charge.amount, paid: charge.paid_now };
        let to = match charge::step(charge.state_now, balance, live, happening) {
            Ok((to, _)) => to,
            Err(refusal) => return Ok(Outcome::Refused(refusal.to_string())),
        };
        let open = charge.amount.checked_sub(charge.paid_now).unwrap_or(Won::ZERO);
        self.step(to, charge.amount, word)?;
        self.book(word, Won::ZERO.checked_sub(open).unwrap_or(Won::ZERO))?;
        Ok(Outcome::Done(format!("{}: {to}, {open} won given up", charge.month)))
    }

    /// What the charge owes is another amount. Below what came, it is overpaid, and the rest is the payer's.
    fn amount(&self, target: &ChargeTarget) -> Result<Outcome, Failure> {
        let charge = self.charge;
        let live = charge.attempt.is_some_and(collection::State::is_live);
        let Some(amount) = target.amount else {
            return Ok(Outcome::Refused("the order says no amount_won".into()));
        };
        let balance = Balance { amount: charge.amount, paid: charge.paid_now };
        let to = match charge::step(charge.state_now, balance, live, Happening::Corrected(amount)) {
            Ok((to, _)) => to,
            Err(refusal) => return Ok(Outcome::Refused(refusal.to_string())),
        };
        if self.tx.refund_stands(charge.charge_id)? {
            return Ok(Outcome::Refused(REFUND_STANDS.into()));
        }
        self.step(to, amount, "amount-corrected")?;
        let moved = amount.checked_sub(charge.amount).unwrap_or(Won::ZERO);
        self.book("amount-corrected", moved)?;
        let after = Balance { amount, ..balance };
        refunding::book_over(self.tx, charge, after, self.file_id, self.now)?;
        Ok(Outcome::Done(format!("{}: {} → {amount} won, {to}", charge.month, charge.amount)))
    }

    /// Steps the charge. A success that holds it is written on it first and lets go, so that what is left, if anything,
    /// may be requested.
    fn step(&self, to: charge::State, amount: Won, word: &str) -> Result<(), Failure> {
        let charge = self.charge;
        if let Some(collection_id) = charge.collection_id {
            self.tx.write_share(collection_id, charge.charge_id)?;
        }
        self.tx.charge_stepped(&ChargeStep {
            charge,
            to,
            amount,
            paid: charge.paid_now,
            let_go: charge.collection_id.is_some(),
            failed: false,
            happening: word,
            at: self.now,
            file: Some(self.file_id),
            line: None,
            code: "",
            note: self.why,
        })?;
        Ok(())
    }

    /// What is owed changed by so much: the memorandum of the charge's month.
    fn book(&self, event: &str, moved: Won) -> Result<(), Failure> {
        let month = Some(self.charge.month.to_index());
        let about = ToBook { creditor: self.charge.creditor, month, won: moved, lines: 1 };
        let entries = if moved.is_positive() {
            post::charged(moved)
        } else {
            post::written_off(Won::ZERO.checked_sub(moved).unwrap_or(Won::ZERO))
        };
        let what = format!("charge {}", self.charge.charge_id);
        keep(self.tx, event, &about, &entries, (None, Some(self.file_id)), &what, self.now)
    }
}
