//! `payers*`: payers without an account (고객등록), and what they are charged each month. What is charged so is paid by cash, until
//! a list of mandates brings an account: then what is open goes on under it.

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use crate::domain::{Billing, Instant, ItemCode, MandateTerms, Payer, PayerNo};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::payers::{self, PayerRow};
use crate::ledger::{BilledFacts, Event, MandateFacts, NewBilling, PayerFacts, Subject, Tx};
use crate::rules::Refused;
use crate::rules::application::ItemFact;
use crate::rules::billing::{BillingFacts, Decision, Deed, Standing, check};
use std::collections::HashMap;

type Key = (PayerNo, ItemCode);

/// Judges and applies all rows.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let parsed: Vec<(u64, Result<PayerRow, Vec<Refused>>)> =
        list.rows().map(|row| (row.no(), payers::parse(row))).collect();
    let rows = || parsed.iter().filter_map(|(_, row)| row.as_ref().ok());
    let numbers: Vec<PayerNo> = rows().map(|row| row.payer_no().clone()).collect();
    let keys: Vec<Key> =
        rows().filter_map(|row| Some((row.payer_no().clone(), row.item()?.clone()))).collect();
    let creditor = place.creditor.id;
    let desk = Register {
        tx,
        place,
        file_id,
        now,
        payers: tx.payers(creditor, &numbers)?,
        billed: tx.billed(creditor, &keys)?,
        mandates: tx.mandates(creditor, &keys)?,
    };
    let mut seen: HashMap<(PayerNo, Option<ItemCode>), u64> = HashMap::new();
    let mut verdicts = Vec::with_capacity(parsed.len());
    for (no, row) in parsed {
        verdicts.push(match row {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => {
                let key = (row.payer_no().clone(), row.item().cloned());
                let earlier = seen.get(&key).copied();
                seen.entry(key).or_insert(no);
                desk.row(row, earlier, i64::try_from(no).ok())?
            }
        });
    }
    Ok(Judged { verdicts, goes_to: None })
}

/// What is known before the first row is applied.
struct Register<'a> {
    tx: &'a Tx<'a>,
    place: &'a Place,
    file_id: i64,
    now: Instant,
    payers: HashMap<PayerNo, PayerFacts>,
    billed: HashMap<Key, BilledFacts>,
    mandates: HashMap<Key, MandateFacts>,
}

impl Register<'_> {
    fn row(&self, row: PayerRow, earlier: Option<u64>, line: Option<i64>) -> Result<Verdict, Failure> {
        let known = self.payers.get(row.payer_no()).map(|facts| &facts.payer);
        let key = row.item().map(|item| (row.payer_no().clone(), item.clone()));
        let billed = key.as_ref().and_then(|key| self.billed.get(key));
        let mandate = key.as_ref().and_then(|key| self.mandates.get(key));
        let agreed = mandate.filter(|facts| facts.state.is_live()).map(|facts| billing_of(&facts.terms));
        let operation = row.operation();
        let (payer, billing) = row.onto(known, billed.map(|facts| &facts.billing).or(agreed.as_ref()));
        let facts = BillingFacts {
            operation,
            days: &self.place.creditor.days,
            this_month: self.now.date().month(),
            item: billing.as_ref().map_or(ItemFact::Active, |billing| self.place.item(&billing.item)),
            group_known: self.place.group_known(&payer.group),
            payer: known,
            standing: match (billed, &agreed) {
                (Some(billed), _) => Standing::Billed(&billed.billing),
                (None, Some(agreed)) => Standing::Mandate(agreed),
                (None, None) => Standing::Nothing,
            },
            earlier_row: earlier,
        };
        match check(&payer, billing.as_ref(), &facts) {
            Err(refused) => Ok(Verdict::Refused(refused)),
            Ok(decision) if decision.is_nothing() => Ok(Verdict::Unchanged),
            Ok(decision) => self.apply(&payer, billing.as_ref(), billed, decision, line),
        }
    }

    fn apply(
        &self,
        payer: &Payer,
        billing: Option<&Billing>,
        billed: Option<&BilledFacts>,
        decision: Decision,
        line: Option<i64>,
    ) -> Result<Verdict, Failure> {
        let payer_id = self.tx.save_payer(self.place.creditor.id, payer, self.now)?;
        let mut done = Vec::new();
        match decision.payer {
            Deed::New => {
                self.tell(Subject::Payer, payer_id, "registered", line)?;
                done.push("고객 등록".to_string());
            }
            Deed::Edit => {
                self.tell(Subject::Payer, payer_id, "edited", line)?;
                done.push("고객 자료 변경".to_string());
            }
            Deed::Nothing => {}
        }
        match (decision.billing, billing, billed) {
            (Deed::New, Some(billing), _) => {
                self.bill(payer_id, billing, line)?;
                done.push(format!("청구 등록 {} 월 {}원, 현금수납", billing.item, billing.monthly));
            }
            (Deed::Edit, Some(billing), Some(billed)) => {
                self.tx.change_billing(billed.mandate_id, billing)?;
                self.tell(Subject::Mandate, billed.mandate_id, "edited", line)?;
                done.push("청구 변경, 다음 청구부터".to_string());
            }
            (Deed::New | Deed::Edit | Deed::Nothing, _, _) => {}
        }
        Ok(Verdict::Accepted(done.join(", ")))
    }

    fn bill(&self, payer_id: i64, billing: &Billing, line: Option<i64>) -> Result<(), Failure> {
        let bank_payer_no = self.place.next_number(self.tx)?;
        let mandate_id = self.tx.new_billing(&NewBilling {
            payer_id,
            creditor: self.place.creditor.id,
            channel: &self.place.creditor.channel,
            bank_payer_no: &bank_payer_no,
            billing,
            at: self.now,
            file: self.file_id,
            line,
        })?;
        self.tell(Subject::Mandate, mandate_id, "billed", line)?;
        self.place.bill_at_once(self.tx, mandate_id, self.now)
    }

    fn tell(&self, subject: Subject, id: i64, happening: &str, line: Option<i64>) -> Result<(), Failure> {
        self.tx.event(&Event {
            subject,
            id,
            at: self.now,
            happening,
            from: "",
            to: "",
            file: Some(self.file_id),
            line,
            code: "",
            note: "",
        })?;
        Ok(())
    }
}

/// What a mandate charges, as a bill would.
fn billing_of(terms: &MandateTerms) -> Billing {
    Billing {
        item: terms.item.clone(),
        monthly: terms.monthly,
        first_month: terms.first_month,
        last_month: terms.last_month,
        due_day: terms.due_day,
    }
}
