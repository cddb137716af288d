//! `cancel*`: the creditor ends mandates (manual, 계좌해지).

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use super::result_collection::bug;
use crate::domain::{ApplicationKind, Instant, ItemCode, PayerNo};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::cancels::{self, CancelRow};
use crate::ledger::{MandateFacts, MandateStep, Tx};
use crate::machine::mandate::{EndReason, Happening, State, step};
use crate::rules::cancel::{self, CancelFacts, Decision};
use crate::rules::{Name, Refused};
use std::collections::{HashMap, HashSet};

/// Judges and applies all rows.
pub(super) fn judge(
    tx: &Tx<'_>,
    place: &Place,
    list: &List,
    file_id: i64,
    now: Instant,
) -> Result<Judged, Failure> {
    let parsed: Vec<(u64, Result<CancelRow, Vec<Refused>>)> =
        list.rows().map(|row| (row.no(), cancels::parse(row))).collect();
    let keys: Vec<(PayerNo, ItemCode)> = parsed
        .iter()
        .filter_map(|(_, row)| row.as_ref().ok())
        .map(|row| (row.payer_no.clone(), row.item.clone()))
        .collect();
    let known: HashMap<(PayerNo, ItemCode), MandateFacts> = tx.mandates(place.creditor.id, &keys)?;
    let billed = tx.billed(place.creditor.id, &keys)?;
    let mut seen = HashSet::new();
    let mut verdicts = Vec::with_capacity(parsed.len());
    for (no, row) in parsed {
        verdicts.push(match row {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => {
                let key = (row.payer_no.clone(), row.item.clone());
                let (mandate, billed) = (known.get(&key), billed.get(&key));
                if !seen.insert(key) {
                    Verdict::Refused(vec![Refused::new(Name::DuplicateInFile)])
                } else if let Some(billed) = billed {
                    let from = (Some(file_id), i64::try_from(no).ok());
                    end(tx, billed.mandate_id, State::Billed, &row.reason, now, from)?;
                    Verdict::Accepted("청구 종료, 남은 청구는 현금으로 수납".into())
                } else {
                    judge_row(tx, place, &row, mandate, file_id, no, now)?
                }
            }
        });
    }
    Ok(Judged { verdicts, goes_to: Some(place.registration_date(now)) })
}

fn judge_row(
    tx: &Tx<'_>,
    place: &Place,
    row: &CancelRow,
    mandate: Option<&MandateFacts>,
    file_id: i64,
    no: u64,
    now: Instant,
) -> Result<Verdict, Failure> {
    let facts = CancelFacts {
        mandate: mandate.map(|facts| facts.state),
        debit_in_flight: mandate.is_some_and(|facts| facts.in_flight_collections),
        after_current: row.after_current,
    };
    let decision = match cancel::check(&facts) {
        Ok(decision) => decision,
        Err(refused) => return Ok(Verdict::Refused(vec![refused])),
    };
    let Some(mandate) = mandate else {
        return Ok(Verdict::Refused(vec![Refused::new(Name::MandateUnknown)]));
    };
    let (id, line) = (mandate.mandate_id, i64::try_from(no).ok());
    end(tx, id, mandate.state, &row.reason, now, (Some(file_id), line))?;
    tx.withdraw_for_mandate(id, "MANDATE_CANCELLED", now, Some(file_id), line)?;
    Ok(Verdict::Accepted(match decision {
        Decision::AtOnce => {
            tx.withdraw_registrations(id)?;
            super::changing::withdraw(tx, id)?;
            "신청 전 취소, 은행에 보내지 않음".into()
        }
        Decision::Queue => {
            tx.queue_registration(id, ApplicationKind::Cancel, now, Some(file_id), line)?;
            format!("해지, {} 신청", place.registration_date(now))
        }
        Decision::AfterCurrent => {
            let registration =
                tx.queue_registration(id, ApplicationKind::Cancel, now, Some(file_id), line)?;
            tx.wait_for_debits(registration)?;
            "해지, 진행 중인 출금의 결과 후 신청".into()
        }
    }))
}

/// The step that the creditor's word takes: over at once, or a cancellation on its way.
fn end(
    tx: &Tx<'_>,
    mandate_id: i64,
    from: State,
    reason: &str,
    at: Instant,
    (file, line): (Option<i64>, Option<i64>),
) -> Result<(), Failure> {
    let to = step(from, Happening::CancelRequested).map_err(bug)?;
    tx.mandate_stepped(&MandateStep {
        mandate_id,
        from,
        to,
        happening: Happening::CancelRequested,
        reason: (to == State::Ended).then_some(EndReason::Creditor),
        active_on: None,
        at,
        file,
        line,
        code: "",
        note: reason,
    })?;
    Ok(())
}
