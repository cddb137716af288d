//! `charges*`: what single charges owe (변동금액, 일회성). A charge that is not there yet is made; one whose request still
//! waits is reckoned anew with it (E34); one that is with the bank stays as it is. The books follow each night.

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use super::reckoning::{Reckoned, take_back};
use crate::domain::{Instant, ItemCode, PayerNo, Won};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::charges::{self, ChargeDeed, ChargeRow};
use crate::ledger::{BilledFacts, ChargeFacts, ChargeKey, ChargeStep, MandateFacts, NewCharge, Tx};
use crate::machine::charge::{Balance, Happening, step};
use crate::machine::{collection, mandate};
use crate::rules::amount::{NewFacts, check, may_make, why_not};
use crate::rules::{Name, Refused};
use std::collections::{HashMap, HashSet};

type Key = (PayerNo, ItemCode);

/// Judges and applies all rows.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let parsed: Vec<_> = list.rows().map(|row| (row.no(), charges::parse(row))).collect();
    let keys: Vec<Key> = parsed
        .iter()
        .filter_map(|(_, row)| row.as_ref().ok())
        .map(|row| (row.payer_no.clone(), row.item.clone()))
        .collect();
    let desk = Charges {
        tx,
        place,
        file_id,
        now,
        mandates: tx.mandates(place.creditor.id, &keys)?,
        billed: tx.billed(place.creditor.id, &keys)?,
    };
    let mut seen = HashSet::new();
    let mut verdicts = Vec::with_capacity(parsed.len());
    for (no, row) in parsed {
        verdicts.push(match row {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) if !seen.insert((row.payer_no.clone(), row.item.clone(), row.month)) => {
                Verdict::Refused(vec![Refused::new(Name::DuplicateInFile)])
            }
            Ok(row) => match desk.row(&row, i64::try_from(no).ok())? {
                Ok(verdict) => verdict,
                Err(refused) => Verdict::Refused(vec![refused]),
            },
        });
    }
    Ok(Judged { verdicts, goes_to: None })
}

struct Charges<'a> {
    tx: &'a Tx<'a>,
    place: &'a Place,
    file_id: i64,
    now: Instant,
    mandates: HashMap<Key, MandateFacts>,
    billed: HashMap<Key, BilledFacts>,
}

impl Charges<'_> {
    fn row(&self, row: &ChargeRow, line: Option<i64>) -> Result<Result<Verdict, Refused>, Failure> {
        if let ChargeDeed::Set(won) | ChargeDeed::Add(won) = row.deed
            && let Err(refused) = check(won)
        {
            return Ok(Err(refused));
        }
        if row.deed == ChargeDeed::Keep {
            return Ok(Ok(Verdict::Unchanged));
        }
        let named = (row.payer_no.clone(), row.item.clone());
        let billed = self.billed.get(&named);
        // What is charged without an account is meant before a mandate that is over.
        let mandate = self.mandates.get(&named).filter(|_| billed.is_none());
        let key = ChargeKey::Named {
            creditor: self.place.creditor.id,
            payer_no: &row.payer_no,
            item: &row.item,
            month: row.month,
        };
        match (self.tx.charge_facts(key)?, mandate, row.deed) {
            (Some(charge), _, _) => self.change(&charge, mandate, row, line),
            (None, None, _) if billed.is_none() => Ok(Err(Refused::new(Name::MandateUnknown))),
            (None, _, ChargeDeed::Keep) => Ok(Ok(Verdict::Unchanged)),
            (None, _, ChargeDeed::Cancel) => Ok(Err(Refused::at(Name::ChargeUnknown, "청구년월"))),
            (None, mandate, ChargeDeed::Set(won) | ChargeDeed::Add(won)) => {
                self.make(mandate, billed, row, won, line)
            }
        }
    }

    fn make(
        &self,
        mandate: Option<&MandateFacts>,
        billed: Option<&BilledFacts>,
        row: &ChargeRow,
        won: Won,
        line: Option<i64>,
    ) -> Result<Result<Verdict, Refused>, Failure> {
        let today = self.now.date().month();
        let (mandate_id, due_day, facts) = match (mandate, billed) {
            (Some(MandateFacts { mandate_id, state, terms, .. }), _) => {
                let (first, last) = (terms.first_month, terms.last_month);
                (*mandate_id, terms.due_day, NewFacts { mandate: *state, first, last, today })
            }
            (None, Some(BilledFacts { mandate_id, billing })) => {
                let (first, last) = (billing.first_month, billing.last_month);
                let facts = NewFacts { mandate: mandate::State::Billed, first, last, today };
                (*mandate_id, billing.due_day, facts)
            }
            (None, None) => return Ok(Err(Refused::new(Name::MandateUnknown))),
        };
        if let Err(refused) = may_make(&facts, row.month) {
            return Ok(Err(refused));
        }
        let debit_date = self.place.config.calendar.debit_date(row.month, due_day);
        self.tx.make_charge(&NewCharge {
            mandate_id,
            month: row.month,
            amount: won,
            debit_date,
            at: self.now,
            file: self.file_id,
            line,
            note: &row.note,
        })?;
        Ok(Ok(Verdict::Accepted(format!(
            "청구 {won}원, 이체예정일 {debit_date}{}",
            mandate.map_or_else(String::new, |mandate| self.above(mandate, won))
        ))))
    }

    fn change(
        &self,
        charge: &ChargeFacts,
        mandate: Option<&MandateFacts>,
        row: &ChargeRow,
        line: Option<i64>,
    ) -> Result<Result<Verdict, Refused>, Failure> {
        let (happening, wanted) = match row.deed {
            ChargeDeed::Set(won) if won == charge.amount => return Ok(Ok(Verdict::Unchanged)),
            ChargeDeed::Set(won) => (Happening::AmountChanged(won), won),
            ChargeDeed::Add(won) => {
                let sum = charge.amount.checked_add(won).unwrap_or(charge.amount);
                (Happening::AmountChanged(sum), sum)
            }
            ChargeDeed::Keep => return Ok(Ok(Verdict::Unchanged)),
            ChargeDeed::Cancel => (Happening::Cancelled, Won::ZERO),
        };
        let in_flight = charge.attempt.is_some_and(collection::State::in_flight);
        let balance = Balance { amount: charge.amount, paid: charge.paid_now };
        let (to, after) = match step(charge.state_now, balance, in_flight, happening) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(why_not(charge.state_now, charge.attempt, refusal.name))),
        };
        let waiting = match (charge.collection_id, charge.attempt) {
            (Some(id), Some(collection::State::Requested)) => {
                take_back(self.tx, id, "청구금액 변경", self.now, (self.file_id, line))?
            }
            _ => None,
        };
        let charge = self.tx.charge_facts(ChargeKey::Id(charge.charge_id))?.unwrap_or_else(|| charge.clone());
        self.tx.charge_stepped(&ChargeStep {
            charge: &charge,
            to,
            amount: after.amount,
            paid: charge.paid,
            let_go: false,
            failed: false,
            happening: if row.deed == ChargeDeed::Cancel { "cancelled" } else { "amount-changed" },
            at: self.now,
            file: Some(self.file_id),
            line,
            code: "",
            note: &format!("{}원 → {}원 {}", charge.amount, wanted, row.note),
        })?;
        let mut text = if row.deed == ChargeDeed::Cancel {
            format!("청구 {}원 취소", charge.amount)
        } else {
            let above = mandate.map_or(String::new(), |mandate| self.above(mandate, wanted));
            format!("청구 {}원 → {wanted}원{above}", charge.amount)
        };
        if let Some(waiting) = waiting {
            let most = self.most(mandate, waiting.date())?;
            text.push_str(&match waiting.again(
                self.tx,
                self.place,
                Some((charge.charge_id, most)),
                self.now,
            )? {
                Reckoned::Anew(amount) => format!(", 의뢰 금액 {amount}원으로 바뀜"),
                Reckoned::TakenBack => ", 의뢰를 거둠".to_string(),
            });
        }
        Ok(Ok(Verdict::Accepted(text)))
    }

    /// The most that one debit may take: by mandate, contract and what is left of the contract's month.
    fn most(&self, mandate: Option<&MandateFacts>, date: crate::domain::Date) -> Result<Won, Failure> {
        let creditor = &self.place.creditor;
        let used = self.tx.requested_in_month(creditor.id, date.month())?;
        let left = creditor.limit_per_month.checked_sub(used).unwrap_or(Won::ZERO);
        let limit = mandate.map_or(Won::ZERO, |mandate| mandate.terms.limit);
        Ok(limit.min(creditor.limit_per_debit).min(left))
    }

    /// What to know of an amount that one debit cannot take.
    fn above(&self, mandate: &MandateFacts, won: Won) -> String {
        let limit = mandate.terms.limit.min(self.place.creditor.limit_per_debit);
        if won > limit { format!(", 건당 한도 {limit}원까지 이체") } else { String::new() }
    }
}
