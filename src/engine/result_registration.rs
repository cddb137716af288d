//! A result of registrations and cancellations (EB14) comes in: proven complete, then applied, in one transaction.
//!
//! What is listed failed; what is absent from the proven list succeeded: registrations become active, cancelled
//! mandates end, all others of the file in one set operation.

use super::answering::{Answered, close};
use super::changing;
use super::desk::Desk;
use super::incoming::{Arrival, Decided};
use super::requesting::charges_of_activated;
use super::result_collection::{Listed, bug};
use super::{Engine, Failure, restoring};
use crate::bank::Verdict;
use crate::bank::matching::{SentRegistration, SentRegistrations};
use crate::bank::proof::{Bound, Expected, Proof};
use crate::bank::registration::ResultLine;
use crate::domain::{ApplicationKind, ChannelId, Won};
use crate::fault::{Faults, Trouble};
use crate::ledger::{FileRow, MandateStep, RegistrationAnswer, RegistrationRow, Tx};
use crate::machine::cancellation;
use crate::machine::file::In;
use crate::machine::mandate::{Happening, State, step};
use crate::seal::Opened;
use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

/// Lines that are fetched from the ledger at a time.
const CHUNK: usize = 4096;

impl Engine {
    /// Judges and applies a result of registrations.
    pub(super) fn registration_result(
        &mut self,
        channel: &ChannelId,
        desk: &Arc<Desk>,
        arrival: &Arrival,
        input: Opened<File>,
    ) -> Result<Decided, Failure> {
        let layouts = &desk.profile.layouts;
        let format = &desk.registration_result;
        let sent = match self.find_answered(
            desk,
            &layouts.registration_request,
            |file, input| format.read_head(file, input),
            arrival,
        )? {
            Answered::Ours(sent) => sent,
            other => {
                return self.unfit(arrival, &layouts.registration_result, other, |input| {
                    format.reader(&arrival.name, input).finish()
                });
            }
        };
        let places = self.places_of(channel);
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, &layouts.registration_result)?;
        let rows = sent_rows(&tx, &sent)?;
        let mut pass = Pass {
            tx: &tx,
            desk,
            arrival,
            file_id,
            sent: binder(&sent, &rows)?,
            rows: &rows,
            listed: Listed::default(),
            bound: Bound::default(),
            faults: Faults::default(),
            changes: changing::Answers::default(),
        };
        let mut reader = format.reader(&arrival.name, input);
        while let Some(line) = reader.next_line().map_err(Failure::Spool)? {
            pass.take(&line)?;
        }
        let mut reading = reader.finish().map_err(Failure::Spool)?;
        arrival.take_on(&mut reading);
        let Pass { listed, bound, faults, changes, .. } = pass;
        let expected = Expected {
            institution: desk.channel.institution_code.clone(),
            kind: layouts.registration_result.clone(),
            date: sent.date.unwrap_or(arrival.at.date()),
            lines_sent: u64::try_from(sent.lines).unwrap_or(0),
            won_sent: Won::ZERO,
        };
        let (proof, unproven) = Proof::new(Some(&expected), &reading, bound);
        let mut all = reading.faults;
        all.append(faults);
        all.append(unproven);
        if !all.is_empty() {
            drop(tx);
            return self.reject(arrival, &layouts.registration_result, &all);
        }
        let rest = tx.accept_rest(sent.file_id, arrival.at, arrival.at.date())?;
        changes.settle(&tx, &places, rows.values(), (sent.file_id, file_id), arrival.at)?;
        charges_of_activated(&tx, &places, sent.file_id, arrival.at)?;
        let report = format!(
            "반영 (applied): {} — {} 에 대한 결과\n신청 {}건, 불능 {}건\n목록에 없어 완료로 본 건 (success by absence): 등록 {}건, 해지 {}건\n\n{proof}",
            arrival.name, sent.name, sent.lines, listed.lines, rest.activated, rest.cancelled
        );
        close(tx, file_id, &sent, arrival, &proof, listed, &layouts.registration_result, &report)?;
        Ok(Decided::new(In::Applied, report))
    }
}

/// A refused cancellation gives the mandate back as it was: active, or suspended.
pub(super) fn cancel_refused(tx: &Tx<'_>, mandate_id: i64) -> Result<Happening, Failure> {
    let suspended = tx.suspended_under_cancellation(mandate_id)?;
    Ok(if suspended { Happening::CancelRefusedSuspended } else { Happening::CancelRefused })
}

/// Every line of our file, by its serial.
fn sent_rows(tx: &Tx<'_>, sent: &FileRow) -> Result<HashMap<u32, RegistrationRow>, Failure> {
    let mut rows = HashMap::new();
    let mut after = 0;
    loop {
        let page = tx.registration_lines(sent.file_id, after, CHUNK)?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = last.line_no;
        rows.extend(page.into_iter().filter_map(|row| Some((u32::try_from(row.line_no).ok()?, row))));
    }
}

fn binder(sent: &FileRow, rows: &HashMap<u32, RegistrationRow>) -> Result<SentRegistrations, Failure> {
    let lines = rows.iter().map(|(serial, row)| SentRegistration {
        serial: *serial,
        kind: row.kind,
        bank_payer_no: row.bank_payer_no.to_string(),
        account: row.account.reveal().to_string(),
    });
    SentRegistrations::new(&sent.name, lines)
        .map_err(|faults| Failure::Ledger(Trouble::new("read our own file's lines", faults.to_string())))
}

/// One pass over the listed lines.
struct Pass<'a> {
    tx: &'a Tx<'a>,
    desk: &'a Desk,
    arrival: &'a Arrival,
    file_id: i64,
    sent: SentRegistrations,
    rows: &'a HashMap<u32, RegistrationRow>,
    listed: Listed,
    bound: Bound,
    faults: Faults,
    changes: changing::Answers,
}

impl Pass<'_> {
    fn take(&mut self, line: &ResultLine) -> Result<(), Failure> {
        let row = match self.sent.bind(&self.arrival.name, line) {
            Ok(serial) => self.rows.get(&serial),
            Err(fault) => {
                self.bound.unbound += 1;
                self.faults.push(fault);
                return Ok(());
            }
        };
        let Some(row) = row else { return Ok(()) };
        self.bound.bound += 1;
        self.listed.lines += 1;
        if line.verdict == Verdict::Succeeded {
            return Ok(());
        }
        let blames = |code: &str| {
            let rule = self.desk.evidence.as_ref().map(|evidence| &evidence.rule);
            rule.is_some_and(|rule| rule.fault_codes.iter().any(|known| known == code))
        };
        if row.kind == ApplicationKind::Register && blames(&line.code) {
            self.tx.end_evidence(row.mandate_id, "refused", &line.code)?;
        }
        match (row.kind, row.change_id) {
            (_, Some(_)) => self.change_refused(row, line),
            (ApplicationKind::Register, None) => self.registration_refused(row, line),
            (ApplicationKind::Cancel, None) => self.cancellation_answered(row, line),
        }
    }

    /// A line of a change of account: what both lines come to is told when all of the answer is read.
    fn change_refused(&mut self, row: &RegistrationRow, line: &ResultLine) -> Result<(), Failure> {
        let gone = self.desk.codes.cancel_answer(&line.code).end_reason().is_some();
        let word = match row.kind {
            ApplicationKind::Register => State::Rejected.word(),
            ApplicationKind::Cancel if gone => cancellation::State::Done.word(),
            ApplicationKind::Cancel => cancellation::State::Refused.word(),
        };
        self.answer(row, word, line)?;
        let record = i64::try_from(line.record_no).unwrap_or(i64::MAX);
        self.changes.refused(row.registration_id, &line.code, record, gone);
        Ok(())
    }

    fn registration_refused(&mut self, row: &RegistrationRow, line: &ResultLine) -> Result<(), Failure> {
        let to = step(row.mandate_state, Happening::Refused).map_err(bug)?;
        self.answer(row, to.word(), line)?;
        self.step(row, row.mandate_state, to, Happening::Refused, None, line)?;
        let said = format!("등록불능 {} {}", line.code, self.desk.codes.ko(&line.code));
        restoring::tell_of_end(self.tx, row, &said, self.arrival.at)
    }

    /// The code decides what a refused cancellation means (product.md 3.2): in effect over, to be tried again, or our
    /// own mistake.
    fn cancellation_answered(&mut self, row: &RegistrationRow, line: &ResultLine) -> Result<(), Failure> {
        let answer = self.desk.codes.cancel_answer(&line.code);
        let state = cancellation::State::from_word(&row.state).unwrap_or(cancellation::State::Sent);
        if let Some(reason) = answer.end_reason() {
            let done = cancellation::step(state, cancellation::Happening::Confirmed).map_err(bug)?;
            self.answer(row, done.word(), line)?;
            let to = step(row.mandate_state, Happening::CancelConfirmed).map_err(bug)?;
            self.step(row, row.mandate_state, to, Happening::CancelConfirmed, Some(reason), line)?;
            self.tx.withdraw_for_mandate(
                row.mandate_id,
                "MANDATE_ENDED",
                self.arrival.at,
                Some(self.file_id),
                None,
            )?;
            return Ok(());
        }
        let refused = cancellation::step(state, cancellation::Happening::Refused).map_err(bug)?;
        self.answer(row, refused.word(), line)?;
        let happening = cancel_refused(self.tx, row.mandate_id)?;
        let back = step(row.mandate_state, happening).map_err(bug)?;
        self.step(row, row.mandate_state, back, happening, None, line)?;
        let (at, number) = (self.arrival.at, row.bank_payer_no.as_str());
        let said = format!("해지불능 {} {}", line.code, self.desk.codes.ko(&line.code));
        if answer.try_again() {
            let again = step(back, Happening::CancelRequested).map_err(bug)?;
            self.step(row, back, again, Happening::CancelRequested, None, line)?;
            self.tx.queue_registration(
                row.mandate_id,
                ApplicationKind::Cancel,
                at,
                Some(self.file_id),
                None,
            )?;
            self.tx.alert("cancel-failed", number, &format!("{said}: 다음 마감에 다시 신청합니다"), at)?;
        } else {
            self.tx.alert("cancel-refused", number, &format!("{said}: 신청 내용을 확인하십시오"), at)?;
        }
        Ok(())
    }

    fn answer(&self, row: &RegistrationRow, state_word: &str, line: &ResultLine) -> Result<(), Failure> {
        self.tx.registration_answered(&RegistrationAnswer {
            registration_id: row.registration_id,
            state_word,
            code: &line.code,
            result_file: self.file_id,
            result_line: i64::try_from(line.record_no).unwrap_or(i64::MAX),
        })?;
        Ok(())
    }

    fn step(
        &self,
        row: &RegistrationRow,
        from: State,
        to: State,
        happening: Happening,
        reason: Option<crate::machine::mandate::EndReason>,
        line: &ResultLine,
    ) -> Result<(), Failure> {
        self.tx.mandate_stepped(&MandateStep {
            mandate_id: row.mandate_id,
            from,
            to,
            happening,
            reason,
            active_on: None,
            at: self.arrival.at,
            file: Some(self.file_id),
            line: i64::try_from(line.record_no).ok(),
            code: &line.code,
            note: &self.desk.codes.ko(&line.code),
        })?;
        Ok(())
    }
}
