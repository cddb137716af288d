//! `request*` and `retry*`: the creditor asks for debits (manual, 이체의뢰 and 재처리의뢰).
//!
//! A row without a date takes the charge's own debit date while that can be asked for, else the next possible one, and
//! the answer says which. A row that names a date gets that date or a refusal with the next one; nothing is moved.

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use super::requesting::Batch;
use crate::domain::{CandidateCharge, CollectionKind, Date, Instant, ItemCode, Month, PayerNo, Won};
use crate::intake::answer::Verdict;
use crate::intake::requests::{self, RequestRow};
use crate::intake::{Kind, List};
use crate::ledger::{AttachedCharge, BilledFacts, Named, Tx};
use crate::machine::collection;
use crate::rules::request::{Ask, Asked, Leave, Standing, leave};
use crate::rules::{Name, Refused};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

type Key = (PayerNo, ItemCode);

/// Judges and applies all rows.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let kind = if list.kind == Kind::Retry { CollectionKind::Retry } else { CollectionKind::Regular };
    let parsed: Vec<(u64, Result<RequestRow, Vec<Refused>>)> =
        list.rows().map(|row| (row.no(), requests::parse(row))).collect();
    let named = named(tx, place, &parsed)?;
    let keys: Vec<Key> = parsed
        .iter()
        .filter_map(|(_, row)| row.as_ref().ok())
        .map(|row| (row.payer_no.clone(), row.item.clone()))
        .collect();
    let mut desk = Requests {
        tx,
        place,
        kind,
        file_id,
        now,
        batches: BTreeMap::new(),
        spent: BTreeMap::new(),
        taken: HashSet::new(),
        billed: tx.billed(place.creditor.id, &keys)?,
    };
    let mut verdicts = Vec::with_capacity(parsed.len());
    for (no, row) in parsed {
        verdicts.push(match row {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => {
                let key = (row.payer_no.clone(), row.item.clone());
                let found = named.get(&row.month).and_then(|by_key| by_key.get(&key));
                desk.judge(&row, &key, found, no)?
            }
        });
    }
    let dates: BTreeSet<Date> = desk.batches.keys().map(|(date, _)| *date).collect();
    let dates: Vec<Date> = dates.into_iter().collect();
    for batch in std::mem::take(&mut desk.batches).into_values() {
        batch.finish()?;
    }
    let goes_to = match dates.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    Ok(Judged { verdicts, goes_to })
}

/// The mandates that the rows name, by the month asked for.
fn named(
    tx: &Tx<'_>,
    place: &Place,
    parsed: &[(u64, Result<RequestRow, Vec<Refused>>)],
) -> Result<HashMap<Month, HashMap<Key, Named>>, Failure> {
    let mut keys: BTreeMap<Month, Vec<Key>> = BTreeMap::new();
    for row in parsed.iter().filter_map(|(_, row)| row.as_ref().ok()) {
        keys.entry(row.month).or_default().push((row.payer_no.clone(), row.item.clone()));
    }
    let mut named = HashMap::new();
    for (month, keys) in keys {
        named.insert(month, tx.candidates_for(place.creditor.id, &keys, month)?);
    }
    Ok(named)
}

struct Requests<'a> {
    tx: &'a Tx<'a>,
    place: &'a Place,
    kind: CollectionKind,
    file_id: i64,
    now: Instant,
    /// By debit date and debit service.
    batches: BTreeMap<(Date, String), Batch<'a>>,
    /// What this list has taken of the contract's limit of a month.
    spent: BTreeMap<Month, Won>,
    /// Mandates that an earlier row of this list has taken.
    taken: HashSet<i64>,
    /// What is charged without an account.
    billed: HashMap<Key, BilledFacts>,
}

impl<'a> Requests<'a> {
    fn judge(
        &mut self,
        row: &RequestRow,
        key: &Key,
        found: Option<&Named>,
        no: u64,
    ) -> Result<Verdict, Failure> {
        // What is charged without an account is meant before a mandate that is over.
        if self.billed.contains_key(key) {
            return Ok(Verdict::Refused(vec![Refused::new(Name::NoAccount)]));
        }
        let Some(found) = found else {
            return Ok(Verdict::Refused(vec![Refused::new(Name::MandateUnknown)]));
        };
        let mandate_id = found.candidate.mandate_id;
        let charge = found.candidate.charges.iter().find(|charge| charge.month == row.month);
        let attached = found.attached.iter().find(|charge| charge.month == row.month);
        let line = i64::try_from(no).ok();
        if !row.wanted {
            return self.leave(row, found, line);
        }
        if self.taken.contains(&mandate_id) {
            return Ok(Verdict::Refused(vec![Refused::new(Name::DuplicateInFile)]));
        }
        let Some(place) = self.place_by(row, found) else {
            return Ok(Verdict::Refused(vec![self.place.service_unknown()]));
        };
        let Some(date) = self.date(&place, row, charge) else {
            return Ok(Verdict::Refused(vec![Refused::new(Name::LateForWindow)]));
        };
        if !self.place.config.calendar.is_open(date) {
            let next = self.place.config.calendar.following(date);
            let refused = Refused::at(Name::DayNotAllowed, "이체예정일").with(format!("다음 영업일 {next}"));
            return Ok(Verdict::Refused(vec![refused]));
        }
        let standing = standing(charge, attached);
        let (tx, now, kind, month) = (self.tx, self.now, self.kind, date.month());
        let batch = match self.batches.entry((date, place.debits.service.name.clone())) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let batch = entry.insert(Batch::new(tx, &place, date, now, kind)?);
                batch.spent(month, self.spent.get(&month).copied().unwrap_or(Won::ZERO));
                batch
            }
        };
        let proposal = match kind {
            CollectionKind::Regular => {
                let (agreed, unanswered) = batch.arrears_of(mandate_id);
                let listed = Some(Asked { standing, amount: row.amount });
                let ask = Ask { month: row.month, listed, arrears: row.arrears.or(agreed), unanswered };
                batch.propose(&found.candidate, &ask, place.is_contract_date(date))
            }
            CollectionKind::Retry => {
                batch.propose_retry(&found.candidate, standing, charge, false, row.amount)
            }
        };
        match proposal {
            Err(refused) => Ok(Verdict::Refused(vec![refused])),
            Ok(proposal) => {
                let amount = proposal.amount;
                batch.add(mandate_id, proposal, Some(self.file_id), line);
                self.taken.insert(mandate_id);
                self.spend(date, &place, amount);
                let service = if place.profile.services.several() {
                    format!("{} ", place.debits.service.ko)
                } else {
                    String::new()
                };
                Ok(Verdict::Accepted(format!("{date} {service}출금 {amount}원")))
            }
        }
    }

    /// The debit service of a row: its own, else the mandate's, else the creditor's. A service of the mandate that
    /// the profile no longer has is the creditor's, as in the automatic request.
    fn place_by(&self, row: &RequestRow, found: &Named) -> Option<Place> {
        if row.service.is_empty() {
            let named = self.place.called(&found.candidate.service);
            Some(named.unwrap_or_else(|| self.place.clone()))
        } else {
            self.place.called(&row.service)
        }
    }

    /// What one batch takes of the contract's limit of a month, the others of this list do not have any more.
    fn spend(&mut self, date: Date, place: &Place, won: Won) {
        let month = date.month();
        let spent = self.spent.entry(month).or_insert(Won::ZERO);
        *spent = spent.checked_add(won).unwrap_or(*spent);
        for ((other, service), batch) in &mut self.batches {
            if (*other, service) != (date, &place.debits.service.name) {
                batch.spent(month, won);
            }
        }
    }

    /// The date that the row means: its own, or the charge's while that can be asked for, or the next possible one.
    fn date(&self, place: &Place, row: &RequestRow, charge: Option<&CandidateCharge>) -> Option<Date> {
        if row.debit_date.is_some() {
            return row.debit_date;
        }
        match self.kind {
            CollectionKind::Retry => place.next_possible(self.now),
            CollectionKind::Regular => {
                let own = charge.map(|charge| charge.debit_date);
                let open = own.filter(|date| place.is_open(*date, self.now));
                open.or_else(|| place.next_contract_date(self.now))
            }
        }
    }

    /// 의뢰 = N: a requested debit is taken back while its window is open (product.md D11).
    /// Before the automatic request, the date is declined: else it would be requested all the same.
    fn leave(&self, row: &RequestRow, found: &Named, line: Option<i64>) -> Result<Verdict, Failure> {
        let attached = found.attached.iter().find(|charge| charge.month == row.month);
        match leave(attached.and_then(|charge| charge.state)) {
            Err(refused) => Ok(Verdict::Refused(vec![refused])),
            Ok(Leave::Unchanged) => {
                let charge = found.candidate.charges.iter().find(|charge| charge.month == row.month);
                let date = row.debit_date.or(charge.map(|charge| charge.debit_date));
                match date
                    .filter(|date| self.place.creditor.auto_request && self.place.is_open(*date, self.now))
                {
                    Some(date) => {
                        self.tx.decline(found.candidate.mandate_id, date, self.now, (self.file_id, line))?;
                        Ok(Verdict::Accepted(format!("{date} 의뢰하지 않음")))
                    }
                    None => Ok(Verdict::Unchanged),
                }
            }
            Ok(Leave::Withdraw) => {
                // The automatic request of the date may be still to come: it leaves the payer out.
                if let Some(id) = attached.and_then(|charge| charge.collection_id)
                    && let Some(waits) = self.tx.waiting_request(id)?
                {
                    self.tx.decline(
                        found.candidate.mandate_id,
                        waits.date,
                        self.now,
                        (self.file_id, line),
                    )?;
                }
                let ids: Vec<i64> = attached.and_then(|charge| charge.collection_id).into_iter().collect();
                self.tx.withdraw(&ids, "의뢰 취소", self.now, Some(self.file_id), line)?;
                Ok(Verdict::Accepted("의뢰 취소".into()))
            }
        }
    }
}

fn standing(charge: Option<&CandidateCharge>, attached: Option<&AttachedCharge>) -> Standing {
    use crate::machine::charge::State;
    match (charge, attached) {
        (Some(_), _) => Standing::At(State::Open),
        (None, Some(held)) => match held.state {
            Some(state) if state.is_live() => Standing::InFlight,
            Some(collection::State::Succeeded) => Standing::At(State::Paid),
            Some(_) | None => Standing::At(held.charge_state),
        },
        (None, None) => Standing::Unknown,
    }
}
