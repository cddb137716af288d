//! `cash*`: the creditor took money itself (현금수납), or takes a payment back. Nothing is taken for a charge whose debit is
//! with the bank (E49), and a payment that a later debit was built on does not go back (E50).

use super::booking::keep;
use super::drops::Judged;
use super::place::Place;
use super::reckoning::{Reckoned, take_back};
use super::result_collection::bug;
use super::{Failure, refunding};
use crate::books::{Entry, post};
use crate::domain::{Date, Instant, Won};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::cash::{self, CashDeed, CashRow};
use crate::ledger::{ChargeFacts, ChargeKey, ChargeStep, NewCash, ToBook, Tx};
use crate::machine::charge::{Balance, Happening, step};
use crate::rules::cash::{Attempt, CancelFacts, CashFacts, Payment};
use crate::rules::{self, Name, Refused};

/// Judges and applies all rows; what they moved is posted once.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let mut till = Till { tx, place, file_id, now, taken: (Won::ZERO, 0), returned: (Won::ZERO, 0) };
    let mut verdicts = Vec::new();
    for row in list.rows() {
        let line = i64::try_from(row.no()).ok();
        verdicts.push(match cash::parse(row) {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => match till.row(&row, line)? {
                Ok(text) => Verdict::Accepted(text),
                Err(refused) => Verdict::Refused(vec![refused]),
            },
        });
    }
    till.book()?;
    Ok(Judged { verdicts, goes_to: None })
}

/// Takes one payment back, for an order; what was done, or why not.
pub(super) fn cancel_one(
    tx: &Tx<'_>,
    place: &Place,
    cash_id: i64,
    why: &str,
    file_id: i64,
    now: Instant,
) -> Result<Result<String, Refused>, Failure> {
    let mut till = Till { tx, place, file_id, now, taken: (Won::ZERO, 0), returned: (Won::ZERO, 0) };
    let done = till.cancel(cash_id, None, why, None)?;
    till.book()?;
    Ok(done)
}

/// The last day on which a payment of this day may be taken back: the n-th banking day of the month after it.
fn closes_on(place: &Place, paid_on: Date) -> Date {
    let calendar = &place.config.calendar;
    let first = calendar.following(paid_on.month().next().first_day());
    let more = i64::from(place.creditor.cash.close_banking_day).saturating_sub(1);
    calendar.shift(first, more)
}

struct Till<'a> {
    tx: &'a Tx<'a>,
    place: &'a Place,
    file_id: i64,
    now: Instant,
    /// What the rows took, and how many did.
    taken: (Won, i64),
    /// What the rows gave back, and how many did.
    returned: (Won, i64),
}

impl Till<'_> {
    fn row(&mut self, row: &CashRow, line: Option<i64>) -> Result<Result<String, Refused>, Failure> {
        let key = ChargeKey::Named {
            creditor: self.place.creditor.id,
            payer_no: &row.payer_no,
            item: &row.item,
            month: row.month,
        };
        match row.deed {
            CashDeed::Take(won) => match self.tx.charge_facts(key)? {
                Some(charge) => self.take(&charge, row, won, line),
                None => Ok(Err(Refused::at(Name::ChargeUnknown, "청구년월"))),
            },
            CashDeed::Cancel(cash_id) => {
                let of = self.tx.charge_facts(key)?.map_or(0, |charge| charge.charge_id);
                self.cancel(cash_id, Some(of), &row.note, line)
            }
        }
    }

    fn take(
        &mut self,
        charge: &ChargeFacts,
        row: &CashRow,
        won: Won,
        line: Option<i64>,
    ) -> Result<Result<String, Refused>, Failure> {
        let (tx, now, today) = (self.tx, self.now, self.now.date());
        let (paid_on, creditor) = (row.paid_on.unwrap_or(today), self.place.creditor.id);
        let facts = CashFacts {
            charge: charge.state_now,
            attempt: charge.attempt,
            tried: charge.tried,
            date_passed: !self.place.is_open(charge.debit_date, now),
            mandate: charge.mandate,
            open: charge.amount.checked_sub(charge.paid_now).unwrap_or(Won::ZERO),
            only_after_failure: self.place.creditor.cash.only_after_failure,
        };
        let receipt_used_by = tx.cash_by_receipt(creditor, &row.receipt_no)?;
        let attempt = match rules::cash::take(&facts, &Payment { won, paid_on, today, receipt_used_by }) {
            Ok(attempt) => attempt,
            Err(refused) => return Ok(Err(refused)),
        };
        let from = (self.file_id, line);
        let waiting = match (attempt, charge.collection_id) {
            (Attempt::ReckonAnew, Some(id)) => take_back(tx, id, "현금수납", now, from)?,
            _ => None,
        };
        let new = NewCash {
            charge_id: charge.charge_id,
            creditor,
            won,
            paid_on,
            receipt_no: &row.receipt_no,
            note: &row.note,
            cancels: None,
            at: now,
            file: self.file_id,
            line,
        };
        let cash_id = tx.add_cash(&new)?;
        let charge = tx.charge_facts(ChargeKey::Id(charge.charge_id))?.unwrap_or_else(|| charge.clone());
        let note = format!("현금수납 {won}원, 수납번호 {cash_id}, 수납일 {paid_on}");
        self.step(&charge, Happening::Collected(won), "cash-received", &note, line)?;
        add(&mut self.taken, won);
        let open = facts.open.checked_sub(won).unwrap_or(Won::ZERO);
        let mut text = format!("현금수납 {won}원, 수납번호 {cash_id}, 남은 금액 {open}원");
        if let Some(waiting) = waiting {
            text.push_str(&match waiting.again(tx, self.place, None, now)? {
                Reckoned::Anew(amount) => format!(", 의뢰 금액 {amount}원으로 바뀜"),
                Reckoned::TakenBack => ", 의뢰를 거둠".to_string(),
            });
        }
        Ok(Ok(text))
    }

    /// Takes a payment back; `of` is the charge that the row names.
    fn cancel(
        &mut self,
        cash_id: i64,
        of: Option<i64>,
        why: &str,
        line: Option<i64>,
    ) -> Result<Result<String, Refused>, Failure> {
        let unknown = || Ok(Err(Refused::at(Name::CashUnknown, "수납번호")));
        let Some(paid) = self.tx.cash(cash_id)? else { return unknown() };
        let Some(charge) = self.tx.charge_facts(ChargeKey::Id(paid.charge_id))? else { return unknown() };
        if paid.creditor != self.place.creditor.id || of.is_some_and(|of| of != paid.charge_id) {
            return unknown();
        }
        let facts = CancelFacts {
            over: paid.is_cancellation || paid.cancelled,
            until: closes_on(self.place, paid.paid_on),
            today: self.now.date(),
            attempt: charge.attempt,
            debited_since: paid.debited_since,
            // What came was given back by hand, or pays another charge.
            refunded: paid.refunded || charge.paid < paid.won,
        };
        if let Err(refused) = rules::cash::cancel(&facts) {
            return Ok(Err(refused));
        }
        self.tx.add_cash(&NewCash {
            charge_id: paid.charge_id,
            creditor: paid.creditor,
            won: paid.won,
            paid_on: self.now.date(),
            receipt_no: &paid.receipt_no,
            note: why,
            cancels: Some(cash_id),
            at: self.now,
            file: self.file_id,
            line,
        })?;
        let left = charge.paid_now.checked_sub(paid.won).unwrap_or(Won::ZERO);
        let after = Balance { amount: charge.amount, paid: left };
        refunding::book_over(self.tx, &charge, after, self.file_id, self.now)?;
        let note = format!("현금수납 취소 {}원, 수납번호 {cash_id}: {why}", paid.won);
        self.step(&charge, Happening::Returned(paid.won), "cash-cancelled", &note, line)?;
        add(&mut self.returned, paid.won);
        Ok(Ok(format!("현금수납 취소 {}원, 수납번호 {cash_id}", paid.won)))
    }

    fn step(
        &self,
        charge: &ChargeFacts,
        happening: Happening,
        word: &str,
        note: &str,
        line: Option<i64>,
    ) -> Result<(), Failure> {
        let balance = Balance { amount: charge.amount, paid: charge.paid };
        let (to, after) = step(charge.state, balance, false, happening).map_err(bug)?;
        self.tx.charge_stepped(&ChargeStep {
            charge,
            to,
            amount: after.amount,
            paid: after.paid,
            let_go: false,
            failed: false,
            happening: word,
            at: self.now,
            file: Some(self.file_id),
            line,
            code: "",
            note,
        })?;
        Ok(())
    }

    /// One entry per list and pair of accounts, not per row.
    fn book(&self) -> Result<(), Failure> {
        let post = |event, (won, lines): (Won, i64), entries: Vec<Entry>| {
            let about = ToBook { creditor: self.place.creditor.id, month: None, won, lines };
            let what = format!("rows of file {}", self.file_id);
            keep(self.tx, event, &about, &entries, (None, Some(self.file_id)), &what, self.now)
        };
        post("cash", self.taken, post::cash(self.taken.0, Won::ZERO))?;
        let back = post::cash(self.returned.0, Won::ZERO).into_iter().map(Entry::reversed).collect();
        post("cash-cancelled", self.returned, back)
    }
}

fn add(sum: &mut (Won, i64), won: Won) {
    *sum = (sum.0.checked_add(won).unwrap_or(sum.0), sum.1.saturating_add(1));
}
