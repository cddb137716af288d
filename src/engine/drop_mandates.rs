//! `mandates*`: payers and what they agreed to. New ones are registered by themselves (manual, 계좌등록).

use super::Failure;
use super::changing::{self, Cause};
use super::drops::Judged;
use super::evidence::tell_missing;
use super::place::Place;
use super::result_collection::bug;
use crate::domain::{Application, ApplicationKind, Instant, ItemCode, PayerNo};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::evidence::ConsentKind;
use crate::intake::mandates::{self, BankName, MandateRow, ParseFacts};
use crate::ledger::{
    BilledFacts, ChangeRow, Event, MandateFacts, MandateStep, NewMandate, PayerFacts, Subject, Tx,
};
use crate::machine::mandate::{Happening, State, step};
use crate::rules::application::{self, ApplicationFacts, BankFact, Decision, Existing, Pending};
use std::collections::HashMap;

type Key = (PayerNo, ItemCode);

/// What is known before the first row is applied.
struct Known {
    payers: HashMap<PayerNo, PayerFacts>,
    mandates: HashMap<Key, MandateFacts>,
    billed: HashMap<Key, BilledFacts>,
}

/// Judges and applies all rows.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let bank = |name: &str| find_bank(place, name);
    // Parsed twice: a hundred thousand parsed rows take more memory than the list itself.
    let facts = ParseFacts { bank: &bank };
    let keys: Vec<Key> = list
        .rows()
        .filter_map(|row| mandates::parse(row, &facts).ok())
        .map(|row| (row.payer_no().clone(), row.item().clone()))
        .collect();
    let known = known(tx, place, keys)?;
    let mut seen: HashMap<Key, u64> = HashMap::new();
    let mut verdicts = Vec::with_capacity(list.rows().len());
    for row in list.rows() {
        let no = row.no();
        verdicts.push(match mandates::parse(row, &facts) {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => {
                let key = (row.payer_no().clone(), row.item().clone());
                let earlier = seen.get(&key).copied();
                seen.entry(key.clone()).or_insert(no);
                let applied = Row { tx, place, known: &known, file_id, no, now };
                let consent = row.consent();
                let verdict = applied.judge(row, &key, earlier)?;
                if let (Some((on, kind)), false) = (consent, matches!(verdict, Verdict::Refused(_))) {
                    tx.set_consent(place.creditor.id, &key, on, kind.map(ConsentKind::word))?;
                }
                verdict
            }
        });
    }
    if place.desk.evidence.is_some() {
        tell_missing(tx, &place.creditor.channel, &place.owner, now)?;
    }
    Ok(Judged { verdicts, goes_to: Some(place.registration_date(now)) })
}

fn known(tx: &Tx<'_>, place: &Place, keys: Vec<Key>) -> Result<Known, Failure> {
    let numbers: Vec<PayerNo> = keys.iter().map(|(payer_no, _)| payer_no.clone()).collect();
    Ok(Known {
        payers: tx.payers(place.creditor.id, &numbers)?,
        mandates: tx.mandates(place.creditor.id, &keys)?,
        billed: tx.billed(place.creditor.id, &keys)?,
    })
}

/// A bank by code, alias or name, as a creditor writes it.
fn find_bank(place: &Place, text: &str) -> Option<BankName> {
    let by_code = text.parse().ok().and_then(|code| place.config.banks.find(code));
    let bank = by_code.or_else(|| place.config.banks.iter().find(|bank| bank.name == text))?;
    Some(BankName { code: bank.code, account_lengths: bank.account_lengths.clone() })
}

/// One row on its way into the ledger.
struct Row<'a> {
    tx: &'a Tx<'a>,
    place: &'a Place,
    known: &'a Known,
    file_id: i64,
    no: u64,
    now: Instant,
}

impl Row<'_> {
    fn judge(&self, row: MandateRow, key: &Key, earlier: Option<u64>) -> Result<Verdict, Failure> {
        let payer = self.known.payers.get(&key.0).map(|facts| &facts.payer);
        let mandate = self.known.mandates.get(key);
        let operation = row.operation();
        let live = mandate.filter(|facts| facts.state.is_live()).map(|facts| &facts.terms);
        let change = self.open_change(mandate)?;
        let pending = live.zip(change.as_ref()).map(|(terms, change)| change.onto(terms));
        // Cells that are left empty mean what was last asked for.
        let mut application = row.onto(payer, pending.as_ref().or(live));
        let place = match self.place.called(&application.terms.service) {
            Some(place) => place,
            // The profile had it when the mandate was made: it stays with the creditor's own.
            None if live.is_some_and(|terms| terms.service == application.terms.service) => {
                self.place.clone()
            }
            None => return Ok(Verdict::Refused(vec![self.place.service_unknown()])),
        };
        if !application.terms.service.is_empty() {
            application.terms.service.clone_from(&place.debits.service.name);
        }
        let bank = self.place.config.banks.find(application.terms.bank);
        let lengths = bank.map(|bank| bank.account_lengths.as_slice()).unwrap_or_default();
        let facts = ApplicationFacts {
            operation,
            limit_per_debit: self.place.creditor.limit_per_debit,
            minimum: place.debits.service.min_amount_won,
            days: &self.place.creditor.days,
            modes: &self.place.desk.profile.modes,
            this_month: self.now.date().month(),
            item: self.place.item(&key.1),
            group_known: self.place.group_known(&application.payer.group),
            bank: match bank {
                None => BankFact::Unknown,
                Some(bank) if !bank.takes_part => BankFact::NotInService,
                Some(_) => BankFact::InService(lengths),
            },
            encodes: &|text| self.place.desk.encodes(text),
            payer,
            mandate: mandate.map(|facts| Existing {
                state: facts.state,
                terms: &facts.terms,
                debit: facts.in_flight_collections || facts.requested_collections,
                change: pending.as_ref().zip(change.as_ref()).map(|(terms, change)| Pending {
                    terms,
                    // A severed one has nothing to go back to, also while its lines wait again.
                    sent: change.sent || facts.state == State::Severed,
                }),
            }),
            earlier_row: earlier,
        };
        match application::check(&application, &facts) {
            Err(refused) => Ok(Verdict::Refused(
                refused.into_iter().map(|refused| place.with_minimums(refused)).collect(),
            )),
            Ok(Decision::Unchanged) => Ok(Verdict::Unchanged),
            Ok(Decision::Edit) => self.edit(&application, mandate),
            Ok(Decision::New) => self.new_mandate(&application),
            Ok(Decision::Reapply) => self.reapply(&application, mandate),
            Ok(decision @ (Decision::Change | Decision::ChangeLater | Decision::ChangeBack)) => {
                self.change(&application, mandate, decision)
            }
        }
    }

    /// The change of account that is not over, where the mandate's state allows for one.
    fn open_change(&self, mandate: Option<&MandateFacts>) -> Result<Option<ChangeRow>, Failure> {
        let may = |facts: &&MandateFacts| {
            matches!(facts.state, State::Changing | State::Severed | State::Queued) || facts.state.in_flight()
        };
        match mandate.filter(may) {
            Some(facts) => Ok(self.tx.open_change(facts.mandate_id)?),
            None => Ok(None),
        }
    }

    fn change(
        &self,
        application: &Application,
        mandate: Option<&MandateFacts>,
        decision: Decision,
    ) -> Result<Verdict, Failure> {
        let Some(facts) = mandate else { return self.new_mandate(application) };
        self.tx.save_payer(self.place.creditor.id, &application.payer, self.now)?;
        let cause = Cause { at: self.now, file: Some(self.file_id), line: self.line(), code: "" };
        let terms = &application.terms;
        Ok(Verdict::Accepted(match decision {
            Decision::ChangeLater => {
                changing::asked_later(self.tx, facts, terms, cause)?;
                "계좌변경, 등록 결과가 나온 뒤 신청".into()
            }
            Decision::ChangeBack => {
                changing::taken_back(self.tx, facts, terms, cause)?;
                "계좌변경 취소, 은행에 보내지 않음".into()
            }
            _ => {
                changing::asked(self.tx, self.place, facts, terms, cause)?;
                format!("계좌변경, {} 신청", self.place.registration_date(self.now))
            }
        }))
    }

    fn line(&self) -> Option<i64> {
        i64::try_from(self.no).ok()
    }

    fn new_mandate(&self, application: &Application) -> Result<Verdict, Failure> {
        let channel = &self.place.creditor.channel;
        let payer_id = self.tx.save_payer(self.place.creditor.id, &application.payer, self.now)?;
        let needed = self.place.profile.registration_needed(application.terms.bank);
        if let Some(billed) = self.known.billed.get(&key_of(application)) {
            return self.account_came(billed, application, needed);
        }
        let bank_payer_no = self.place.next_number(self.tx)?;
        let mandate_id = self.tx.new_mandate(&NewMandate {
            payer_id,
            creditor: self.place.creditor.id,
            channel,
            bank_payer_no: &bank_payer_no,
            terms: &application.terms,
            state: if needed { State::Queued } else { State::Active },
            active_on: (!needed).then(|| self.now.date()),
            at: self.now,
            file: Some(self.file_id),
            line: self.line(),
        })?;
        self.registered(mandate_id, application, needed, "신규")
    }

    /// A payer who was charged without an account has one now: what is open goes on under it.
    fn account_came(
        &self,
        billed: &BilledFacts,
        application: &Application,
        needed: bool,
    ) -> Result<Verdict, Failure> {
        let happening = if needed { Happening::Applied } else { Happening::NotRequired };
        self.tx.update_mandate(billed.mandate_id, &application.terms)?;
        self.tx.mandate_stepped(&MandateStep {
            mandate_id: billed.mandate_id,
            from: State::Billed,
            to: step(State::Billed, happening).map_err(bug)?,
            happening,
            reason: None,
            active_on: (!needed).then(|| self.now.date()),
            at: self.now,
            file: Some(self.file_id),
            line: self.line(),
            code: "",
            note: "이체정보 등록",
        })?;
        self.registered(billed.mandate_id, application, needed, "이체정보 등록")
    }

    fn registered(
        &self,
        mandate_id: i64,
        application: &Application,
        needed: bool,
        what: &str,
    ) -> Result<Verdict, Failure> {
        if needed {
            self.queue(mandate_id)?;
            let date = self.place.registration_date(self.now);
            let what = match &self.place.desk.evidence {
                None => format!("{what}, {date} 신청"),
                Some(_) => format!(
                    "{what}, 동의 증빙 필요: evidence-{}-{}.jpg",
                    application.payer.payer_no, application.terms.item
                ),
            };
            return Ok(Verdict::Accepted(what));
        }
        self.place.charge_at_once(self.tx, mandate_id, self.now)?;
        Ok(Verdict::Accepted(format!("{what}, 등록 불필요 은행")))
    }

    fn reapply(&self, application: &Application, mandate: Option<&MandateFacts>) -> Result<Verdict, Failure> {
        let Some(facts) = mandate else { return self.new_mandate(application) };
        self.tx.save_payer(self.place.creditor.id, &application.payer, self.now)?;
        self.tx.update_mandate(facts.mandate_id, &application.terms)?;
        let to = step(facts.state, Happening::Applied).map_err(bug)?;
        self.tx.mandate_stepped(&MandateStep {
            mandate_id: facts.mandate_id,
            from: facts.state,
            to,
            happening: Happening::Applied,
            reason: None,
            active_on: None,
            at: self.now,
            file: Some(self.file_id),
            line: self.line(),
            code: "",
            note: "재신청",
        })?;
        if facts.state != State::Queued {
            self.queue(facts.mandate_id)?;
        }
        Ok(Verdict::Accepted(format!("재신청, {} 신청", self.place.registration_date(self.now))))
    }

    fn edit(&self, application: &Application, mandate: Option<&MandateFacts>) -> Result<Verdict, Failure> {
        let payer_id = self.tx.save_payer(self.place.creditor.id, &application.payer, self.now)?;
        let (subject, id) = match mandate {
            Some(facts) if matches!(facts.state, State::Changing | State::Severed) => {
                // The registered account stays until the bank has answered.
                changing::update_other_terms(self.tx, facts, &application.terms)?;
                (Subject::Mandate, facts.mandate_id)
            }
            Some(facts) => {
                // Of one that waits, the row names the account with which it goes out.
                changing::withdraw(self.tx, facts.mandate_id)?;
                let (now, before) = (&application.terms, &facts.terms);
                if (now.bank, &now.account) != (before.bank, &before.account) {
                    self.tx.evidence_stale(facts.mandate_id)?;
                }
                self.tx.update_mandate(facts.mandate_id, &application.terms)?;
                (Subject::Mandate, facts.mandate_id)
            }
            None => (Subject::Payer, payer_id),
        };
        self.tx.event(&Event {
            subject,
            id,
            at: self.now,
            happening: "edited",
            from: "",
            to: "",
            file: Some(self.file_id),
            line: self.line(),
            code: "",
            note: "",
        })?;
        Ok(Verdict::Accepted("변경, 다음 청구부터".into()))
    }

    fn queue(&self, mandate_id: i64) -> Result<(), Failure> {
        let kind = ApplicationKind::Register;
        self.tx.queue_registration(mandate_id, kind, self.now, Some(self.file_id), self.line())?;
        Ok(())
    }
}

fn key_of(application: &Application) -> Key {
    (application.payer.payer_no.clone(), application.terms.item.clone())
}
