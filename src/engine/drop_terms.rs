//! `terms*`: what was agreed for single mandates (수납조건): whether arrears join, and a pause. From then on; what is
//! requested already stays and may be taken back by a list.

use super::Failure;
use super::drops::Judged;
use super::place::Place;
use crate::domain::{Instant, ItemCode, PayerNo};
use crate::intake::List;
use crate::intake::answer::Verdict;
use crate::intake::terms::{self, ArrearsCell, TermsRow};
use crate::ledger::{ArrearsTerm, DeskTerms, MandateFacts, Pause, Tx};
use crate::machine::mandate;
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
    let parsed: Vec<_> = list.rows().map(|row| (row.no(), terms::parse(row))).collect();
    let keys: Vec<Key> = parsed
        .iter()
        .filter_map(|(_, row)| row.as_ref().ok())
        .map(|row| (row.payer_no.clone(), row.item.clone()))
        .collect();
    let known: HashMap<Key, MandateFacts> = tx.mandates(place.creditor.id, &keys)?;
    let billed = tx.billed(place.creditor.id, &keys)?;
    let mut seen = HashSet::new();
    let mut verdicts = Vec::with_capacity(parsed.len());
    for (no, row) in parsed {
        verdicts.push(match row {
            Err(refused) => Verdict::Refused(refused),
            Ok(row) => {
                let key = (row.payer_no.clone(), row.item.clone());
                let mandate = match (billed.get(&key), known.get(&key)) {
                    (Some(billed), _) => Some((billed.mandate_id, mandate::State::Billed)),
                    (None, mandate) => mandate.map(|facts| (facts.mandate_id, facts.state)),
                };
                if seen.insert(key) {
                    agree(tx, &row, mandate, now, (file_id, i64::try_from(no).ok()))?
                } else {
                    Verdict::Refused(vec![Refused::new(Name::DuplicateInFile)])
                }
            }
        });
    }
    Ok(Judged { verdicts, goes_to: None })
}

fn agree(
    tx: &Tx<'_>,
    row: &TermsRow,
    mandate: Option<(i64, mandate::State)>,
    now: Instant,
    from: (i64, Option<i64>),
) -> Result<Verdict, Failure> {
    let Some((mandate_id, state)) = mandate else {
        return Ok(Verdict::Refused(vec![Refused::new(Name::MandateUnknown)]));
    };
    if state == mandate::State::Ended {
        return Ok(Verdict::Refused(vec![Refused::new(Name::MandateEnded)]));
    }
    let was = tx.desk_terms(mandate_id)?;
    let word = |cell| match cell {
        ArrearsCell::Include => ArrearsTerm::Include,
        ArrearsCell::Exclude => ArrearsTerm::Exclude,
        ArrearsCell::Ask => ArrearsTerm::Ask,
    };
    let next = DeskTerms {
        arrears: row.arrears.map_or(was.arrears, |cell| cell.map(word)),
        pause: row.pause.map_or(was.pause, |cell| cell.map(|(first, last)| Pause { first, last })),
        no_message: row.messages.map_or(was.no_message, |wanted| !wanted),
    };
    if next == was {
        return Ok(Verdict::Unchanged);
    }
    let mut text = told(&next);
    if next.no_message && !was.no_message {
        let taken_back = tx.withdraw_messages(mandate_id, now)?;
        if taken_back > 0 {
            text.push_str(&format!(", 기다리던 문자 {taken_back}건 취소"));
        }
    }
    tx.set_desk_terms(mandate_id, &next, now, (Some(from.0), from.1), &format!("{text} {}", row.note))?;
    Ok(Verdict::Accepted(text))
}

fn told(terms: &DeskTerms) -> String {
    let arrears = match terms.arrears {
        None => "약정대로",
        Some(ArrearsTerm::Include) => "합산",
        Some(ArrearsTerm::Exclude) => "제외",
        Some(ArrearsTerm::Ask) => "확인",
    };
    let pause = terms.pause.map_or_else(
        || "정지 없음".to_string(),
        |pause| {
            let last = pause.last.map_or(String::new(), |last| last.to_string());
            format!("정지 {}~{last}", pause.first)
        },
    );
    let messages = if terms.no_message { ", 문자 거부" } else { "" };
    format!("미납 {arrears}, {pause}{messages}")
}
