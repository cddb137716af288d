//! Does a line of a result answer the line that we sent (decisions.md 19 and 20)?
//!
//! Pure functions over small values that the engine fills from ledger rows. Must not: parse bytes, look anything up,
//! or decide what follows; a line that does not fit its request rejects the whole file (decisions.md 18).

use std::collections::HashMap;

use super::{Verdict, collection, payout, registration};
use crate::domain::{ApplicationKind, Won, masked};
use crate::fault::{Fault, Faults, Place};
use crate::layout::PartialAmount;

/// What of a line of our collection file a result is held against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SentCollection<'a> {
    /// Its serial in the file sent, from 1.
    pub serial: u32,
    /// The payer's number on the wire.
    pub bank_payer_no: &'a str,
    /// The debited account, digits.
    pub account: &'a str,
    /// 출금의뢰금액, in won.
    pub amount: Won,
    /// 출금형태 as sent.
    pub mode: collection::Mode,
}

/// What a result line says of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectionOutcome {
    /// Failed, partial or succeeded.
    pub verdict: Verdict,
    /// The money that came, in won: 0 where failed, all where succeeded.
    pub collected: Won,
}

/// What came of `requested`, by the layout's rule for the amount of a result line; `None` where the amount is
/// impossible: a partial line says 0 < amount < requested, a full failure says all of it (or, where amounts are those
/// withdrawn, 0), and a success all of it.
pub fn collected(rule: PartialAmount, verdict: Verdict, requested: Won, stated: Won) -> Option<Won> {
    let within = stated.is_positive() && stated < requested;
    match (verdict, rule) {
        (Verdict::Failed, PartialAmount::NotWithdrawn) => (stated == requested).then_some(Won::ZERO),
        (Verdict::Failed, PartialAmount::Withdrawn) => {
            (stated == requested || stated == Won::ZERO).then_some(Won::ZERO)
        }
        (Verdict::Partial, PartialAmount::NotWithdrawn) => {
            if within {
                requested.checked_sub(stated)
            } else {
                None
            }
        }
        (Verdict::Partial, PartialAmount::Withdrawn) => within.then_some(stated),
        (Verdict::Succeeded, _) => (stated == requested).then_some(requested),
    }
}

/// Holds a line of a collection result against the line sent under its serial (`None`: there is none).
/// `file` is the result's name, for faults; `rule` is the layout's `partial_amount`.
pub fn bind_collection(
    rule: PartialAmount,
    file: &str,
    line: &collection::ResultLine<'_>,
    sent: Option<&SentCollection<'_>>,
) -> Result<CollectionOutcome, Faults> {
    let place = || whole(file, line.record_no);
    let Some(sent) = sent.filter(|sent| sent.serial == line.serial) else {
        return Err(one(never_sent(place(), &format!("serial {:08}", line.serial))));
    };
    let mut faults = Faults::default();
    if line.bank_payer_no != sent.bank_payer_no {
        faults.push(differs(
            "result-payer-differs",
            place(),
            "납부자번호 (bank_payer_no)",
            &line.bank_payer_no,
            sent.bank_payer_no,
        ));
    }
    if line.account != sent.account {
        faults.push(differs(
            "result-account-differs",
            place(),
            "계좌번호 (account)",
            &masked(&line.account),
            &masked(sent.account),
        ));
    }
    if line.verdict == Verdict::Partial && !sent.mode.allows_partial() {
        faults.push(Fault::new(
            "partial-of-full-only",
            place(),
            format!(
                "Line {} was sent as 전액출금 (full only); a part of it cannot have been withdrawn.",
                sent.serial
            ),
            "ask the bank which of the two is true; the file is not applied",
        ));
    }
    let collected = collected(rule, line.verdict, sent.amount, line.amount);
    if let (Verdict::Partial, Some(part), Some(step)) = (line.verdict, collected, sent.mode.step_won())
        && !sent.mode.allows(part)
    {
        faults.push(Fault::new(
            "partial-not-in-steps",
            place(),
            format!(
                "Line {} was sent as {}: a part is taken in steps of {step} won; {part} won is none.",
                sent.serial, sent.mode
            ),
            "ask the bank for a corrected file; the file is not applied",
        ));
    }
    match collected {
        Some(collected) if faults.is_empty() => Ok(CollectionOutcome { verdict: line.verdict, collected }),
        Some(_) => Err(faults),
        None => {
            faults.push(impossible_amount(rule, place(), line, sent));
            Err(faults)
        }
    }
}

fn impossible_amount(
    rule: PartialAmount,
    place: Place,
    line: &collection::ResultLine<'_>,
    sent: &SentCollection<'_>,
) -> Fault {
    let requested = sent.amount;
    let stated = line.amount;
    let remedy = "ask the bank for a corrected file; the file is not applied";
    if stated > requested {
        let expected = format!("The line states {stated} won, more than the {requested} won requested.");
        return Fault::new("result-amount-above-requested", place, expected, remedy);
    }
    let what = match rule {
        PartialAmount::NotWithdrawn => "not withdrawn (출금불능금액)",
        PartialAmount::Withdrawn => "withdrawn (출금금액)",
    };
    let (name, expected) = match line.verdict {
        Verdict::Partial => (
            "partial-amount-impossible",
            format!(
                "Of {requested} won, the amount {what} of a partial debit is more than 0 and less than all; it is {stated} won."
            ),
        ),
        Verdict::Failed => (
            "failed-amount-differs",
            format!("A full failure states the {requested} won requested; it states {stated} won."),
        ),
        Verdict::Succeeded => (
            "succeeded-amount-differs",
            format!("A success states the {requested} won requested; it states {stated} won."),
        ),
    };
    Fault::new(name, place, expected, remedy)
}

/// A line of our registration file, as a result is held against it.
#[derive(Clone, PartialEq, Eq)]
pub struct SentRegistration {
    /// Its serial in the file sent, from 1.
    pub serial: u32,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// The payer's number on the wire.
    pub bank_payer_no: String,
    /// The account, digits.
    pub account: String,
}

/// The lines of one registration file that we sent, found by payer number and kind: whether a result keeps the
/// request's serials is not established (facts/kftc.md 1 and 10).
pub struct SentRegistrations {
    lines: HashMap<(String, ApplicationKind), Vec<(SentRegistration, bool)>>,
}

impl SentRegistrations {
    /// The lines of the file named `file`. Payer number, kind and account are unique in it, else its answers could not
    /// be told apart: an old account may be cancelled beside the one that followed it.
    pub fn new(file: &str, lines: impl IntoIterator<Item = SentRegistration>) -> Result<Self, Faults> {
        let mut by_key: HashMap<_, Vec<(SentRegistration, bool)>> = HashMap::new();
        let mut faults = Faults::default();
        for line in lines {
            let of_key = by_key.entry((line.bank_payer_no.clone(), line.kind)).or_default();
            let serial = line.serial;
            let Some((earlier, _)) = of_key.iter().find(|(sent, _)| sent.account == line.account) else {
                of_key.push((line, false));
                continue;
            };
            faults.push(Fault::new(
                "sent-twice-in-one-file",
                Place::file(file),
                format!(
                    "Lines {} and {serial} both ask to {} payer {}; their answers could not be told apart.",
                    earlier.serial,
                    earlier.kind.word(),
                    earlier.bank_payer_no
                ),
                "leave one of them for the next window",
            ));
        }
        if faults.is_empty() { Ok(Self { lines: by_key }) } else { Err(faults) }
    }

    /// The serial of the line that `line` answers. Each line is answered once.
    pub fn bind(&mut self, file: &str, line: &registration::ResultLine) -> Result<u32, Fault> {
        let place = whole(file, line.record_no);
        let key = (line.bank_payer_no.clone(), line.kind);
        let of_key = self.lines.get_mut(&key).map(Vec::as_mut_slice).unwrap_or_default();
        let at = of_key.iter().position(|(sent, _)| sent.account == line.account).unwrap_or(0);
        let Some((sent, answered)) = of_key.get_mut(at) else {
            let what = format!("a line to {} payer {}", line.kind.word(), line.bank_payer_no);
            return Err(never_sent(place, &what));
        };
        if line.account != sent.account {
            let (found, ours) = (masked(&line.account), masked(&sent.account));
            return Err(differs("result-account-differs", place, "계좌번호 (account)", &found, &ours));
        }
        if std::mem::replace(answered, true) {
            return Err(Fault::new(
                "result-listed-twice",
                place,
                format!("Line {} of ours is answered a second time here.", sent.serial),
                "ask the bank for a corrected file; the file is not applied",
            ));
        }
        Ok(sent.serial)
    }
}

/// Holds a line of a result of payments against the payment sent under its serial (`None`: there is none). Nothing is
/// paid in part, so a line says the amount that was asked for.
pub fn bind_payout(file: &str, line: &payout::ResultLine, sent: Option<&payout::Line>) -> Result<(), Faults> {
    let place = || whole(file, line.record_no);
    let Some(sent) = sent.filter(|sent| sent.serial == line.line.serial) else {
        return Err(one(never_sent(place(), &format!("serial {:08}", line.line.serial))));
    };
    let mut faults = Faults::default();
    if line.line.account != sent.account {
        let (found, ours) = (masked(&line.line.account), masked(&sent.account));
        faults.push(differs("result-account-differs", place(), "입금계좌번호 (account)", &found, &ours));
    }
    let (amount, asked) = (line.line.amount.to_string(), sent.amount.to_string());
    let reference = (&line.line.reference, &sent.reference);
    for (field, found, ours) in [
        ("입금의뢰금액 (amount_won)", &amount, &asked),
        ("이용기관 사용영역 (institution_use)", reference.0, reference.1),
    ] {
        if found != ours {
            faults.push(differs(
                "payout-differs",
                place(),
                field,
                &format!("{found:?}"),
                &format!("{ours:?}"),
            ));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn whole(file: &str, record: u64) -> Place {
    Place::Record { file: file.to_string(), record, first: 0, last: 0 }
}

fn one(fault: Fault) -> Faults {
    Faults::from(vec![fault])
}

fn never_sent(place: Place, what: &str) -> Fault {
    Fault::new(
        "line-never-sent",
        place,
        format!("The file that this answers has no line such as {what}."),
        "tell the bank that it lists a line which is not ours; the file is not applied",
    )
}

fn differs(name: &'static str, place: Place, field: &str, found: &str, ours: &str) -> Fault {
    Fault::new(
        name,
        place,
        format!("{field} is {found}; the line that we sent has {ours}."),
        "ask the bank for a corrected file; the file is not applied",
    )
}
