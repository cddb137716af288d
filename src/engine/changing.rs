//! Changes of account by the creditor (계좌변경, product.md 3.3): 해지 of the old account and 신규 of the new one go out in one
//! file; what their answers come to is done here. Nothing is requested from the moment a change is queued until its answer.
//!
//! A change that was asked for while the registration is with the bank waits for that answer (E36).

use super::Failure;
use super::place::Place;
use super::result_collection::bug;
use crate::domain::{ApplicationKind, Instant, MandateTerms, masked};
use crate::ledger::{ChangeRow, MandateFacts, MandateStep, NewChange, RegistrationRow, Tx};
use crate::machine::change::{Outcome, State as Change, outcome, outcome_when_severed};
use crate::machine::mandate::{EndReason, Happening, State, step};
use std::collections::BTreeMap;

/// The alert of a change that was refused: the old account stays.
const KEPT: &str = "account-change-refused";

/// The alert of a change that left the payer without an account.
pub(super) const ENDED: &str = "account-change-ended";

/// The alert of an old account that could not be cancelled, twice.
const OLD_STANDS: &str = "old-account-not-cancelled";

/// What a step is owed to.
#[derive(Clone, Copy)]
pub(super) struct Cause<'a> {
    pub(super) at: Instant,
    pub(super) file: Option<i64>,
    pub(super) line: Option<i64>,
    pub(super) code: &'a str,
}

/// Gives a mandate the terms that are wanted, but for its account, which only the bank's answer changes.
pub(super) fn update_other_terms(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    wanted: &MandateTerms,
) -> Result<(), Failure> {
    let now = &mandate.terms;
    let terms = MandateTerms {
        bank: now.bank,
        account: now.account.clone(),
        id_no: now.id_no.clone(),
        holder: now.holder.clone(),
        ..wanted.clone()
    };
    if terms != *now {
        tx.update_mandate(mandate.mandate_id, &terms)?;
    }
    Ok(())
}

/// `004 ********0001 → 088 ********0002`: what history keeps of an account.
fn told(change: &ChangeRow) -> String {
    format!(
        "{} {} → {} {}",
        change.old_bank,
        masked(change.old_account.reveal()),
        change.new_bank,
        masked(change.new_account.reveal())
    )
}

/// A list asks for another account: other terms hold at once, the account with the answer. A change that has not gone out
/// is replaced.
pub(super) fn asked(
    tx: &Tx<'_>,
    place: &Place,
    mandate: &MandateFacts,
    wanted: &MandateTerms,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    withdraw(tx, mandate.mandate_id)?;
    update_other_terms(tx, mandate, wanted)?;
    let new = new_change(mandate, wanted, Change::Asked, cause);
    let change = ChangeRow::just_kept(tx.new_change(&new)?, place.creditor.id, &new);
    send(tx, Some(place), mandate, &change, cause)
}

/// The same while the registration is with the bank: it waits for the answer (E36).
pub(super) fn asked_later(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    wanted: &MandateTerms,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    withdraw(tx, mandate.mandate_id)?;
    tx.new_change(&new_change(mandate, wanted, Change::Waiting, cause))?;
    Ok(())
}

fn new_change<'a>(
    mandate: &'a MandateFacts,
    wanted: &'a MandateTerms,
    state: Change,
    cause: Cause<'_>,
) -> NewChange<'a> {
    let Cause { at, file, line, .. } = cause;
    NewChange { mandate_id: mandate.mandate_id, state, old: &mandate.terms, new: wanted, at, file, line }
}

/// A list names the registered account again: the change that has not gone out is taken back.
pub(super) fn taken_back(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    wanted: &MandateTerms,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    withdraw(tx, mandate.mandate_id)?;
    update_other_terms(tx, mandate, wanted)?;
    if mandate.state == State::Changing {
        let happening = kept_as(tx, mandate.mandate_id)?;
        moved(tx, mandate, happening, None, cause, "계좌변경 취소")?;
    }
    Ok(())
}

/// The change that is not over ends without effect.
pub(super) fn withdraw(tx: &Tx<'_>, mandate_id: i64) -> Result<(), Failure> {
    if let Some(open) = tx.open_change(mandate_id)? {
        tx.withdraw_change_lines(open.change_id, None)?;
        tx.change_stepped(open.change_id, Change::Withdrawn)?;
    }
    Ok(())
}

/// The mandate ended at its bank, and its change with it: what has not gone out stays here.
pub(super) fn over(tx: &Tx<'_>, change: &ChangeRow) -> Result<(), Failure> {
    tx.withdraw_change_lines(change.change_id, None)?;
    tx.change_stepped(change.change_id, Change::Ended)?;
    Ok(())
}

/// Queues the lines of a change: 해지 first, as the network wants the set. A bank that needs no registration has no line.
fn send(
    tx: &Tx<'_>,
    place: Option<&Place>,
    mandate: &MandateFacts,
    change: &ChangeRow,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    let mut mandate = mandate.clone();
    if mandate.state != State::Changing {
        mandate.state = moved(tx, &mandate, Happening::ChangeRequested, None, cause, &told(change))?;
    }
    let needed = |bank| place.is_none_or(|place| place.profile.registration_needed(bank));
    let (old, new) = (needed(change.old_bank), needed(change.new_bank));
    if old {
        tx.queue_change_line(change, ApplicationKind::Cancel, !new, cause.at)?;
    }
    if new {
        tx.queue_change_line(change, ApplicationKind::Register, true, cause.at)?;
        // Another account needs another consent: what was sent with the old one does not speak for it.
        tx.spend_evidence(mandate.mandate_id)?;
    }
    tx.clear_alert(KEPT, mandate.bank_payer_no.as_str(), cause.at)?;
    if !old && !new {
        switch(tx, &mandate, change, cause)?;
    }
    Ok(())
}

fn moved(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    happening: Happening,
    reason: Option<EndReason>,
    cause: Cause<'_>,
    note: &str,
) -> Result<State, Failure> {
    let to = step(mandate.state, happening).map_err(bug)?;
    let opens = matches!(happening, Happening::Changed | Happening::ChangedSuspended);
    tx.mandate_stepped(&MandateStep {
        mandate_id: mandate.mandate_id,
        from: mandate.state,
        to,
        happening,
        reason,
        active_on: opens.then(|| cause.at.date()),
        at: cause.at,
        file: cause.file,
        line: cause.line,
        code: cause.code,
        note,
    })?;
    Ok(to)
}

/// The happening by which the old account stays: active, or suspended as it was.
fn kept_as(tx: &Tx<'_>, mandate_id: i64) -> Result<Happening, Failure> {
    let suspended = tx.suspended_under_cancellation(mandate_id)?;
    Ok(if suspended { Happening::ChangeRefusedSuspended } else { Happening::ChangeRefused })
}

/// The new account is the mandate's from now on.
fn switch(tx: &Tx<'_>, mandate: &MandateFacts, change: &ChangeRow, cause: Cause<'_>) -> Result<(), Failure> {
    tx.update_mandate(mandate.mandate_id, &change.onto(&mandate.terms))?;
    let suspended = tx.suspended_under_cancellation(mandate.mandate_id)?;
    let happening = if suspended { Happening::ChangedSuspended } else { Happening::Changed };
    moved(tx, mandate, happening, None, cause, &told(change))?;
    tx.change_stepped(change.change_id, Change::Switched)?;
    Ok(())
}

/// What was said of both lines of a change in one file.
#[derive(Default)]
struct Lines {
    old_gone: Option<bool>,
    new_registered: Option<bool>,
    /// The code and the result's line of what was refused.
    said: Vec<(String, Option<i64>)>,
}

/// The answers to the lines of changes in one file: every listed one by its registration.
#[derive(Default)]
pub(super) struct Answers {
    listed: BTreeMap<i64, Refusal>,
}

struct Refusal {
    code: String,
    line: i64,
    gone: bool,
}

impl Answers {
    /// A line of a change is listed as failed; `gone` = its old account is not registered, whatever the words.
    pub(super) fn refused(&mut self, registration_id: i64, code: &str, line: i64, gone: bool) {
        self.listed.insert(registration_id, Refusal { code: code.to_string(), line, gone });
    }

    /// Does what the answers to the changes of a file come to; then asks for the changes that waited for its registrations.
    pub(super) fn settle<'r>(
        &self,
        tx: &Tx<'_>,
        places: &[Place],
        rows: impl Iterator<Item = &'r RegistrationRow>,
        files: (i64, i64),
        at: Instant,
    ) -> Result<(), Failure> {
        let (sent_file, result_file) = files;
        let mut changes: BTreeMap<i64, Lines> = BTreeMap::new();
        let mut rows: Vec<&RegistrationRow> = rows.filter(|row| row.change_id.is_some()).collect();
        rows.sort_by_key(|row| row.line_no);
        for row in rows {
            let Some(change) = row.change_id else { continue };
            let lines = changes.entry(change).or_default();
            let listed = self.listed.get(&row.registration_id);
            lines.said.extend(listed.map(|refusal| (refusal.code.clone(), Some(refusal.line))));
            match row.kind {
                ApplicationKind::Cancel => {
                    lines.old_gone = Some(listed.is_none_or(|refusal| refusal.gone));
                }
                ApplicationKind::Register => lines.new_registered = Some(listed.is_none()),
            }
        }
        for (change_id, lines) in changes {
            let (Some(change), file) = (tx.account_change(change_id)?, Some(result_file)) else { continue };
            let Some(mandate) = tx.mandate(change.mandate_id)? else { continue };
            let (code, line) = lines.said.first().cloned().unwrap_or_default();
            let cause = Cause { at, file, line, code: &code };
            if change.state == Change::Asked {
                answered(tx, place_of(places, &change), &mandate, &change, &lines, cause)?;
            } else {
                cancelled_again(tx, &mandate, &change, lines.old_gone != Some(false), cause)?;
            }
        }
        for change in tx.changes_waiting_for(sent_file)? {
            let Some(mandate) = tx.mandate(change.mandate_id)? else { continue };
            let cause = Cause { at, file: Some(result_file), line: None, code: "" };
            after_registration(tx, place_of(places, &change), &mandate, &change, cause)?;
        }
        Ok(())
    }
}

fn place_of<'p>(places: &'p [Place], change: &ChangeRow) -> Option<&'p Place> {
    places.iter().find(|place| place.creditor.id == change.creditor)
}

/// The table of product.md 3.3.
fn answered(
    tx: &Tx<'_>,
    place: Option<&Place>,
    mandate: &MandateFacts,
    change: &ChangeRow,
    lines: &Lines,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    let number = mandate.bank_payer_no.as_str();
    let codes: Vec<&str> = lines.said.iter().map(|(code, _)| code.as_str()).collect();
    let said = format!("{} ({})", told(change), codes.join(", "));
    let severed = mandate.state == State::Severed;
    let outcome = if severed {
        outcome_when_severed(lines.new_registered)
    } else {
        outcome(lines.old_gone, lines.new_registered)
    };
    match outcome {
        Outcome::Switched => switch(tx, mandate, change, cause),
        Outcome::OldStands => {
            switch(tx, mandate, change, cause)?;
            tx.queue_change_line(change, ApplicationKind::Cancel, false, cause.at)?;
            Ok(())
        }
        Outcome::Kept => {
            moved(tx, mandate, kept_as(tx, mandate.mandate_id)?, None, cause, &said)?;
            tx.change_stepped(change.change_id, Change::Kept)?;
            let text = format!("{said}: 계좌변경이 거절되어 이전 계좌에서 계속 출금합니다");
            tx.alert(KEPT, number, &text, cause.at)?;
            Ok(())
        }
        Outcome::NothingStands => {
            let reason = mandate.reason.filter(|_| severed).unwrap_or(EndReason::Moved);
            moved(tx, mandate, Happening::EndedElsewhere, Some(reason), cause, &said)?;
            tx.change_stepped(change.change_id, Change::Ended)?;
            let until = place.map(|place| reapply_until(place, mandate, cause.at)).unwrap_or_default();
            let text =
                format!("{said}: 이전 계좌는 해지되고 새 계좌는 거절되어 등록된 계좌가 없습니다. {until}");
            tx.alert(ENDED, number, &text, cause.at)?;
            Ok(())
        }
    }
}

/// By when a new application has to be registered so that the next debit is not lost.
fn reapply_until(place: &Place, mandate: &MandateFacts, now: Instant) -> String {
    let calendar = &place.config.calendar;
    let window = &place.profile.registration;
    let place = place.called(&mandate.terms.service).unwrap_or_else(|| place.clone());
    let sent = place.registration_date(now);
    let known = window.result_due.instant(calendar, sent).date();
    let mut month = now.date().month().previous();
    for _ in 0..4 {
        let target = place.target(calendar.debit_date(month, mandate.terms.due_day));
        if target.gate >= known && calendar.covers(target.date).is_ok() {
            return format!(
                "다음 이체일 {}에 출금하려면 {}까지 등록이 끝나야 합니다: 새 계좌로 다시 신청하십시오",
                target.date, target.gate
            );
        }
        month = month.next();
    }
    "새 계좌로 다시 신청하십시오".into()
}

/// The old account was cancelled once more: done, or told.
fn cancelled_again(
    tx: &Tx<'_>,
    mandate: &MandateFacts,
    change: &ChangeRow,
    gone: bool,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    let number = mandate.bank_payer_no.as_str();
    if gone {
        tx.clear_alert(OLD_STANDS, number, cause.at)?;
        return Ok(());
    }
    let text = format!(
        "{} {} 해지를 다시 신청하였으나 거절되었습니다 ({}): 은행에 확인하십시오. 이 계좌에서는 출금하지 않습니다",
        change.old_bank,
        masked(change.old_account.reveal()),
        cause.code
    );
    tx.alert(OLD_STANDS, number, &text, cause.at)?;
    Ok(())
}

/// The registration for which a change waited is answered: an active one changes its account; one that was refused is
/// applied for with the new account (E36).
pub(super) fn after_registration(
    tx: &Tx<'_>,
    place: Option<&Place>,
    mandate: &MandateFacts,
    change: &ChangeRow,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    match mandate.state {
        State::Active | State::Suspended => {
            tx.change_asked(change.change_id)?;
            send(tx, place, mandate, change, cause)
        }
        State::Draft | State::Rejected => {
            tx.update_mandate(mandate.mandate_id, &change.onto(&mandate.terms))?;
            tx.spend_evidence(mandate.mandate_id)?;
            moved(tx, mandate, Happening::Applied, None, cause, &told(change))?;
            tx.change_stepped(change.change_id, Change::Switched)?;
            let (at, kind) = (cause.at, ApplicationKind::Register);
            tx.queue_registration(mandate.mandate_id, kind, at, change.request_file, change.request_line)?;
            Ok(())
        }
        State::Ended => Ok(tx.change_stepped(change.change_id, Change::Withdrawn)?),
        // Its file did not stand, and it waits again.
        State::Queued | State::Batched | State::Sent | State::Acknowledged => Ok(()),
        State::Billed | State::Changing | State::Severed | State::Cancelling => Ok(()),
    }
}

/// The centre named a line of a change when it refused the file: the whole change is given back, and the mandate stays as it
/// was. A second cancellation of an old account is told.
pub(super) fn line_refused(
    tx: &Tx<'_>,
    row: &RegistrationRow,
    change_id: i64,
    cause: Cause<'_>,
) -> Result<(), Failure> {
    let word = match row.kind {
        ApplicationKind::Register => State::Draft.word(),
        ApplicationKind::Cancel => crate::machine::cancellation::State::Refused.word(),
    };
    tx.registration_line_refused(row.registration_id, word, cause.code)?;
    let (change, mandate) = (tx.account_change(change_id)?, tx.mandate(row.mandate_id)?);
    let (Some(change), Some(mandate)) = (change, mandate) else { return Ok(()) };
    tx.withdraw_change_lines(change_id, cause.file)?;
    if change.state != Change::Asked {
        return cancelled_again(tx, &mandate, &change, false, cause);
    }
    let said = format!("{} (센터 거부 {})", told(&change), cause.code);
    if mandate.state == State::Severed {
        moved(tx, &mandate, Happening::EndedElsewhere, mandate.reason, cause, &said)?;
        tx.change_stepped(change_id, Change::Ended)?;
        let text = format!("{said}: 이전 계좌는 은행에서 해지되어 등록된 계좌가 없습니다. 다시 신청하십시오");
        tx.alert(ENDED, mandate.bank_payer_no.as_str(), &text, cause.at)?;
        return Ok(());
    }
    moved(tx, &mandate, kept_as(tx, mandate.mandate_id)?, None, cause, &said)?;
    tx.change_stepped(change_id, Change::Kept)?;
    let text = format!("{said}: 신청 내용을 확인하십시오. 이전 계좌에서 계속 출금합니다");
    tx.alert(KEPT, mandate.bank_payer_no.as_str(), &text, cause.at)?;
    Ok(())
}
