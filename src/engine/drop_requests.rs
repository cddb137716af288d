//! `request*` and `retry*`: the creditor asks for debits (manual, 이체의뢰 and 재처리의뢰).
//!
//! A row without a date takes the charge's own debit date while that can be asked for, else the next possible one, and
//! the answer says which. A row that names a date gets that date or a refusal with the next one; nothing is moved.

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use super::requesting::Batch;
use crate::domain::{CandidateCharge, CollectionKind, Date, Instant, ItemCode, Month, PayerNo};
use crate::intake::answer::Verdict;
use crate::intake::requests::{self, RequestRow};
use crate::intake::{Kind, List};
use crate::ledger::{AttachedCharge, Named, Tx};
use crate::machine::collection;
use crate::rules::request::{Ask, Asked, Leave, Standing, leave};
use crate::rules::{Name, Refused};
use std::collections::{BTreeMap, HashMap, HashSet};

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
    let mut desk =
        Requests { tx, place, kind, file_id, now, batches: BTreeMap::new(), taken: HashSet::new() };
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
    let dates: Vec<Date> = desk.batches.keys().copied().collect();
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
    batches: BTreeMap<Date, Batch<'a>>,
    /// Mandates that an earlier row of this list has taken.
    taken: HashSet<i64>,
}

impl<'a> Requests<'a> {
    fn judge(
        &mut self,
        row: &RequestRow,
        key: &Key,
        found: Option<&Named>,
        no: u64,
    ) -> Result<Verdict, Failure> {
        let _ = key;
        let Some(found) = found else {
            return Ok(Verdict::Refused(vec![Refused::new(Name::MandateUnknown)]));
        };
        let mandate_id = found.candidate.mandate_id;
        let charge = found.candidate.charges.iter().find(|charge| charge.month == row.month);
        let attached = found.attached.iter().find(|charge| charge.month == row.month);
        let line = i64::try_from(no).ok();
        if !row.wanted {
            return self.leave(attached, line);
        }
        if self.taken.contains(&mandate_id) {
            return Ok(Verdict::Refused(vec![Refused::new(Name::DuplicateInFile)]));
        }
        let Some(date) = self.date(row, charge) else {
            return Ok(Verdict::Refused(vec![Refused::new(Name::LateForWindow)]));
        };
        if !self.place.config.calendar.is_open(date) {
            let next = self.place.config.calendar.following(date);
            let refused = Refused::at(Name::DayNotAllowed, "이체예정일").with(format!("다음 영업일 {next}"));
            return Ok(Verdict::Refused(vec![refused]));
        }
        let standing = standing(charge, attached);
        let (tx, place, now, kind) = (self.tx, self.place, self.now, self.kind);
        let batch = match self.batches.entry(date) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Batch::new(tx, place, date, now, kind)?)
            }
        };
        let proposal = match kind {
            CollectionKind::Regular => {
                let ask = Ask { month: row.month, listed: Some(Asked { standing, amount: row.amount }) };
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
                Ok(Verdict::Accepted(format!("{date} 출금 {amount}원")))
            }
        }
    }

    /// The date that the row means: its own, or the charge's while that can be asked for, or the next possible one.
    fn date(&self, row: &RequestRow, charge: Option<&CandidateCharge>) -> Option<Date> {
        if row.debit_date.is_some() {
            return row.debit_date;
        }
        match self.kind {
            CollectionKind::Retry => self.place.next_possible(self.now),
            CollectionKind::Regular => {
                let own = charge.map(|charge| charge.debit_date);
                let open = own.filter(|date| self.place.is_open(*date, self.now));
                open.or_else(|| self.place.next_contract_date(self.now))
            }
        }
    }

    /// 의뢰 = N: a requested debit is taken back while its window is open (product.md D11).
    fn leave(&self, attached: Option<&AttachedCharge>, line: Option<i64>) -> Result<Verdict, Failure> {
        match leave(attached.and_then(|charge| charge.state)) {
            Err(refused) => Ok(Verdict::Refused(vec![refused])),
            Ok(Leave::Unchanged) => Ok(Verdict::Unchanged),
            Ok(Leave::Withdraw) => {
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
