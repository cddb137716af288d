//! A result of payments (EB32) comes in: proven complete, then applied, in one transaction.
//!
//! What is listed failed; what is absent from the proven list was paid. Whether the trailer counts what was asked for or what
//! failed is not known (formats/eb32.toml): the proof rests on length, structure, serials, the count of records and the
//! binding of every line to ours.

use super::answering::{Answered, close};
use super::desk::Desk;
use super::incoming::{Arrival, Decided};
use super::payouts::{failed, line_of, paid, what_for};
use super::result_collection::Listed;
use super::{Engine, Failure};
use crate::bank::payout::{Line, ResultLine};
use crate::bank::proof::{Bound, Expected, Proof};
use crate::bank::reading::SerialsSeen;
use crate::bank::{Verdict, matching};
use crate::domain::Won;
use crate::fault::{Fault, Faults, Place};
use crate::ledger::PayoutLine;
use crate::machine::file::In;
use crate::seal::Opened;
use std::fs::File;

impl Engine {
    /// Judges and applies a result of payments.
    pub(super) fn payout_result(
        &mut self,
        desk: &Desk,
        arrival: &Arrival,
        input: Opened<File>,
    ) -> Result<Decided, Failure> {
        let Some(payouts) = desk.payouts.clone() else { return Err(Self::no_channel(arrival)) };
        let (format, service) = (&payouts.result, &payouts.service);
        let found =
            self.find_answered(desk, &service.request, |file, input| format.read_head(file, input), arrival)?;
        let sent = match found {
            Answered::Ours(sent) => sent,
            other => {
                return self
                    .unfit(arrival, &service.result, other, |input| format.read(&arrival.name, input, drop));
            }
        };
        let mut said: Vec<ResultLine> = Vec::new();
        let mut reading =
            format.read(&arrival.name, input, |line| said.push(line)).map_err(Failure::Spool)?;
        arrival.take_on(&mut reading);
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, &service.result)?;
        let rows = tx.payout_lines(sent.file_id)?;
        let (bound, listed, faults) = bind(&arrival.name, &said, &rows);
        let expected = Expected {
            institution: desk.channel.institution_code.clone(),
            kind: service.result.clone(),
            date: sent.date.unwrap_or(arrival.at.date()),
            lines_sent: u64::try_from(sent.lines).unwrap_or(0),
            won_sent: sent.won,
        };
        let (proof, unproven) = Proof::new(Some(&expected), &reading, bound);
        let mut all = reading.faults;
        all.append(faults);
        all.append(unproven);
        if !all.is_empty() {
            drop(tx);
            return self.reject(arrival, &service.result, &all);
        }
        for line in said.iter().filter(|line| line.verdict == Verdict::Failed) {
            let serial = i64::from(line.line.serial);
            for row in rows.iter().filter(|row| row.line_no == serial) {
                let why = desk.codes.ko(&line.code);
                failed(&tx, &row.row, &line.code, &why, (sent.file_id, Some(file_id)), arrival.at)?;
            }
        }
        let mut told = String::new();
        for row in &rows {
            // What failed is decided; the rest was paid.
            if paid(&tx, &row.row, (Some(sent.file_id), Some(file_id)), arrival.at)? {
                told.push_str(&format!("지급완료: {} {}원\n", what_for(&row.row), row.row.won));
            }
        }
        let report = format!(
            "반영 (applied): {} — {} 에 대한 결과\n지급의뢰 {}건 {}원, 불능 {}건 {}원\n{told}\n{proof}",
            arrival.name, sent.name, sent.lines, sent.won, listed.lines, listed.failed_won
        );
        close(tx, file_id, &sent, arrival, &proof, listed, &service.result, &report)?;
        Ok(Decided::new(In::Applied, report))
    }
}

/// Binds what the result says to the payments that we sent.
fn bind(file: &str, said: &[ResultLine], rows: &[PayoutLine]) -> (Bound, Listed, Faults) {
    let ours: Vec<Line> = rows.iter().map(line_of).collect();
    let (mut bound, mut listed, mut faults) = (Bound::default(), Listed::default(), Faults::default());
    let mut seen = SerialsSeen::default();
    for line in said {
        let sent = ours.iter().find(|sent| sent.serial == line.line.serial);
        match matching::bind_payout(file, line, sent) {
            Err(wrong) => {
                bound.unbound += 1;
                faults.append(wrong);
            }
            Ok(()) if !seen.note(line.line.serial) => {
                bound.unbound += 1;
                faults.push(Fault::new(
                    "result-listed-twice",
                    Place::Record { file: file.to_string(), record: line.record_no, first: 0, last: 0 },
                    format!("Line {:08} of ours is answered a second time here.", line.line.serial),
                    "ask the bank for a corrected file; the file is not applied",
                ));
            }
            Ok(()) => {
                bound.bound += 1;
                listed.lines += 1;
                let not_paid = if line.verdict == Verdict::Failed { line.line.amount } else { Won::ZERO };
                listed.failed_won = listed.failed_won.checked_add(not_paid).unwrap_or(listed.failed_won);
            }
        }
    }
    (bound, listed, faults)
}
