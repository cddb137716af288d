//! A result of debits (EB22, EC22) comes in: proven complete, then applied, in one transaction.
//!
//! The lines are streamed and joined to the lines that we sent, a batch at a time. They are applied inside the
//! transaction as they come, and the transaction is committed only when the completeness proof holds at the end: a
//! file that ends too early, or names a line that we never sent, moves not one record (product.md 3.8).

use super::answering::{Answered, close};
use super::desk::{DebitDesk, Desk};
use super::incoming::{Arrival, Decided};
use super::{Engine, Failure};
use crate::bank::Verdict;
use crate::bank::collection::ResultLine;
use crate::bank::matching::{self, SentCollection as SentLine};
use crate::bank::proof::{Bound, Expected, Proof};
use crate::bank::reading::SerialsSeen;
use crate::domain::{Allocation, Won};
use crate::fault::{Fault, Faults, Place, Trouble};
use crate::ledger::{Alike, FileRow, MandateStep, Outcome, SentCollection, Share, Tx};
use crate::machine::collection::{self, Happening};
use crate::machine::file::In;
use crate::machine::{charge, mandate};
use crate::seal::Opened;
use std::borrow::Cow;
use std::fs::File;

/// Result lines that are joined at a time: bounds memory whatever the file's size.
const CHUNK: usize = 4096;

/// What was listed, summed while streaming.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Listed {
    pub(super) lines: i64,
    pub(super) failed_won: Won,
    pub(super) partial_won: Won,
}

/// One pass over the lines of a result.
struct Pass<'a> {
    tx: &'a Tx<'a>,
    desk: &'a Desk,
    debits: &'a DebitDesk,
    arrival: &'a Arrival,
    sent: &'a FileRow,
    file_id: i64,
    /// Lines that wait to be joined: the first `waiting` of these. The others are room for the next.
    batch: Vec<ResultLine<'static>>,
    waiting: usize,
    rows: Vec<SentCollection>,
    listed: Listed,
    /// What the lines that came whole say alike, where the result lists all.
    alike: Option<Alike>,
    bound: Bound,
    seen: SerialsSeen,
    faults: Faults,
}

impl Engine {
    /// Judges and applies a result of debits.
    pub(super) fn collection_result(
        &mut self,
        desk: &Desk,
        debits: &DebitDesk,
        arrival: &Arrival,
        input: Opened<File>,
    ) -> Result<Decided, Failure> {
        let layouts = &debits.service;
        let format = &debits.result;
        let sent = match self.find_answered(
            desk,
            &layouts.request,
            |file, input| format.read_head(file, input),
            arrival,
        )? {
            Answered::Ours(sent) => sent,
            other => {
                return self.unfit(arrival, &layouts.result, other, |input| {
                    format.reader(&arrival.name, input).each(|_, _| Ok(()))
                });
            }
        };
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, &layouts.result)?;
        let mut pass = Pass::new(&tx, desk, debits, arrival, &sent, file_id);
        let mut stopped = None;
        let reading = format.reader(&arrival.name, input).each(|_, line| {
            pass.take(line).map_err(|failure| {
                stopped = Some(failure);
                Trouble::new("apply a result", "stopped")
            })
        });
        if let Some(failure) = stopped {
            return Err(failure);
        }
        let mut reading = reading.map_err(Failure::Spool)?;
        arrival.take_on(&mut reading);
        pass.flush()?;
        let Pass { listed, alike, bound, mut faults, .. } = pass;
        let expected = Expected {
            institution: desk.channel.institution_code.clone(),
            kind: layouts.result.clone(),
            date: sent.date.unwrap_or(arrival.at.date()),
            lines_sent: u64::try_from(sent.lines).unwrap_or(0),
            won_sent: sent.won,
        };
        let (proof, unproven) = Proof::new(Some(&expected), &reading, bound);
        let mut all = reading.faults;
        all.append(std::mem::take(&mut faults));
        all.append(unproven);
        if !all.is_empty() {
            drop(tx);
            return self.reject(arrival, &layouts.result, &all);
        }
        tx.let_go_of_rest(sent.file_id)?;
        if let Some(alike) = alike {
            tx.listed_alike(sent.file_id, &alike)?;
        }
        let report = report(arrival, &sent, &proof, listed);
        close(tx, file_id, &sent, arrival, &proof, listed, &layouts.result, &report)?;
        Ok(Decided::new(In::Applied, report))
    }
}

impl<'a> Pass<'a> {
    fn new(
        tx: &'a Tx<'a>,
        desk: &'a Desk,
        debits: &'a DebitDesk,
        arrival: &'a Arrival,
        sent: &'a FileRow,
        file_id: i64,
    ) -> Self {
        Self {
            tx,
            desk,
            debits,
            arrival,
            sent,
            file_id,
            batch: Vec::with_capacity(CHUNK),
            waiting: 0,
            rows: Vec::with_capacity(CHUNK),
            listed: Listed::default(),
            alike: None,
            bound: Bound::default(),
            seen: SerialsSeen::default(),
            faults: Faults::default(),
        }
    }

    fn take(&mut self, line: &ResultLine<'_>) -> Result<(), Failure> {
        match self.batch.get_mut(self.waiting) {
            Some(room) => keep(line, room),
            None => self.batch.push(owned(line)),
        }
        self.waiting += 1;
        if self.waiting < CHUNK { Ok(()) } else { self.flush() }
    }

    /// Joins a batch, in serial order, to the lines that we sent, and applies what it says.
    fn flush(&mut self) -> Result<(), Failure> {
        let mut room = std::mem::take(&mut self.batch);
        let batch = room.get_mut(..self.waiting).unwrap_or_default();
        batch.sort_by_key(|line| line.serial);
        let mut asked: Vec<(u32, &str)> =
            batch.iter().map(|line| (line.serial, line.account.as_ref())).collect();
        asked.dedup_by_key(|line| line.0);
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        self.tx.sent_collections(self.sent.file_id, &asked, &mut rows)?;
        let mut outcomes = Vec::new();
        let mut next = 0;
        for line in &*batch {
            while rows.get(next).is_some_and(|row| row.line_no < line.serial) {
                next += 1;
            }
            let row = rows.get(next).filter(|row| row.line_no == line.serial);
            self.join(line, row, &mut outcomes)?;
        }
        if self.faults.is_empty() {
            self.tx.outcomes(self.file_id, &outcomes)?;
        }
        self.waiting = 0;
        self.batch = room;
        self.rows = rows;
        Ok(())
    }

    fn join(
        &mut self,
        line: &ResultLine<'static>,
        row: Option<&SentCollection>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<(), Failure> {
        let sent = row.map(|row| SentLine {
            serial: row.line_no,
            bank_payer_no: row.bank_payer_no.as_str(),
            account: row.account.reveal(),
            amount: row.amount,
            mode: row.mode.unwrap_or(self.desk.mode),
        });
        let rule = self.debits.result.partial_amount();
        let matched = matching::bind_collection(rule, &self.arrival.name, line, sent.as_ref());
        let (outcome, row) = match (matched, row) {
            (Ok(outcome), Some(row)) => (outcome, row),
            (Ok(_), None) => return Ok(()),
            (Err(faults), _) => {
                self.bound.unbound += 1;
                self.faults.append(faults);
                return Ok(());
            }
        };
        if !self.seen.note(line.serial) {
            self.bound.unbound += 1;
            self.faults.push(listed_twice(&self.arrival.name, line));
            return Ok(());
        }
        self.bound.bound += 1;
        self.listed.count(line.verdict, row.amount, outcome.collected);
        if !row.follows {
            let said = format!("collection {} went its own way before", row.collection_id);
            return Err(Failure::Ledger(Trouble::new("record the results of collections", said)));
        }
        if !self.says_the_same(line) {
            outcomes.push(self.outcome(row, line, outcome.collected)?);
        }
        self.mandate_effect(row, line)
    }

    /// Whether a line came whole and says what the others that came whole say: the same code, and its record is as far
    /// from its serial. Then nothing is written on it, since its file says it. Only where the result lists every line:
    /// else a line of which nothing is written would be one that it does not list.
    fn says_the_same(&mut self, line: &ResultLine<'_>) -> bool {
        if line.verdict != Verdict::Succeeded || !self.debits.result.lists_all() {
            return false;
        }
        let Ok(record) = i64::try_from(line.record_no) else { return false };
        let from = record - i64::from(line.serial);
        match &self.alike {
            Some(alike) => alike.from == from && alike.code == line.code,
            None => {
                self.alike = Some(Alike { code: line.code.to_string(), from });
                true
            }
        }
    }

    /// What a matched line does to its collection and charges.
    fn outcome(
        &self,
        row: &SentCollection,
        line: &ResultLine<'static>,
        collected: Won,
    ) -> Result<Outcome, Failure> {
        let (happening, shares) = match line.verdict {
            Verdict::Failed => (Happening::Failed, Vec::new()),
            Verdict::Partial => (Happening::PartlyCollected, shares(self.tx, row, collected)?),
            Verdict::Succeeded => (Happening::Succeeded, Vec::new()),
        };
        Ok(Outcome {
            collection_id: row.collection_id,
            state: collection::step(collection::State::Sent, happening).map_err(bug)?,
            code: line.code.to_string(),
            collected,
            result_line: i64::try_from(line.record_no).unwrap_or(i64::MAX),
            shares,
        })
    }

    /// What the line's code does to the active mandate (decisions.md 23): data in formats/codes. A mandate that is
    /// not in a state to which it applies stays as it is.
    fn mandate_effect(&self, row: &SentCollection, line: &ResultLine<'static>) -> Result<(), Failure> {
        let codes = &self.desk.codes;
        let effect = codes.effect(&line.code);
        if effect == mandate::Effect::None {
            return Ok(());
        }
        let Some(known) = self.tx.mandate(row.mandate_id)? else { return Ok(()) };
        let Some((happening, reason)) = effect.on(known.state) else { return Ok(()) };
        let Ok(to) = mandate::step(known.state, happening) else { return Ok(()) };
        if to == known.state {
            return Ok(());
        }
        let (at, note) = (self.arrival.at, codes.ko(&line.code));
        let result_line = i64::try_from(line.record_no).ok();
        self.tx.mandate_stepped(&MandateStep {
            mandate_id: row.mandate_id,
            from: known.state,
            to,
            happening,
            reason,
            active_on: None,
            at,
            file: Some(self.file_id),
            line: result_line,
            code: &line.code,
            note: &note,
        })?;
        if happening == mandate::Happening::Suspended {
            let text = format!("{} {}: {note}", row.bank_payer_no, line.code);
            self.tx.alert("mandate-suspended", row.bank_payer_no.as_str(), &text, at)?;
        }
        if to != mandate::State::Active {
            let reason = if to == mandate::State::Ended { "MANDATE_ENDED" } else { "MANDATE_NOT_ACTIVE" };
            self.tx.withdraw_for_mandate(row.mandate_id, reason, at, Some(self.file_id), result_line)?;
        }
        Ok(())
    }
}

fn listed_twice(file: &str, line: &ResultLine<'_>) -> Fault {
    Fault::new(
        "result-listed-twice",
        Place::Record { file: file.to_string(), record: line.record_no, first: 0, last: 0 },
        format!("Line {:08} of ours is answered a second time here.", line.serial),
        "ask the bank for a corrected file; the file is not applied",
    )
}

/// A line that outlives the record that it was read from.
fn owned(line: &ResultLine<'_>) -> ResultLine<'static> {
    ResultLine {
        record_no: line.record_no,
        serial: line.serial,
        bank: line.bank,
        account: Cow::Owned(line.account.to_string()),
        bank_payer_no: Cow::Owned(line.bank_payer_no.to_string()),
        amount: line.amount,
        verdict: line.verdict,
        code: Cow::Owned(line.code.to_string()),
    }
}

/// The same in the room of an earlier one: a million lines ask for no memory.
fn keep(line: &ResultLine<'_>, room: &mut ResultLine<'static>) {
    let ResultLine { record_no, serial, bank, account, bank_payer_no, amount, verdict, code } = room;
    (*record_no, *serial, *bank, *amount, *verdict) =
        (line.record_no, line.serial, line.bank, line.amount, line.verdict);
    for (to, from) in [(account, &line.account), (bank_payer_no, &line.bank_payer_no), (code, &line.code)] {
        let to = to.to_mut();
        to.clear();
        to.push_str(from);
    }
}

/// A part came: it fills the oldest charge first (decisions.md 22).
fn shares(tx: &Tx<'_>, row: &SentCollection, collected: Won) -> Result<Vec<Share>, Failure> {
    let charges = tx.collection_charges(row.collection_id)?;
    let allocations: Vec<_> =
        charges.iter().map(|charge| Allocation { charge_id: charge.charge_id, won: charge.won }).collect();
    let split = crate::rules::share::share(&allocations, collected).map_err(bug)?;
    let mut shares = Vec::with_capacity(charges.len());
    for (part, facts) in split.into_iter().zip(charges) {
        let balance = charge::Balance { amount: facts.amount, paid: facts.paid };
        let (state, paid) = if part.won.is_positive() {
            let happening = charge::Happening::Collected(part.won);
            let (state, after) = charge::step(facts.state, balance, true, happening).map_err(bug)?;
            (state, after.paid)
        } else {
            (facts.state, facts.paid)
        };
        shares.push(Share { charge_id: part.charge_id, won: part.won, state, paid });
    }
    Ok(shares)
}

impl Listed {
    fn count(&mut self, verdict: Verdict, requested: Won, collected: Won) {
        let missing = requested.checked_sub(collected).unwrap_or(Won::ZERO);
        let add = |sum: Won| sum.checked_add(missing).unwrap_or(sum);
        self.lines += 1;
        match verdict {
            Verdict::Failed => self.failed_won = add(self.failed_won),
            Verdict::Partial => self.partial_won = add(self.partial_won),
            Verdict::Succeeded => {}
        }
    }
}

/// A refusal by a machine where the engine has already checked: a bug, and no reason to go on.
pub(super) fn bug(refusal: crate::machine::Refusal) -> Failure {
    Failure::Ledger(Trouble::new("take a step that was checked before", refusal.to_string()))
}

fn report(arrival: &Arrival, sent: &FileRow, proof: &Proof, listed: Listed) -> String {
    let collected = [listed.failed_won, listed.partial_won]
        .into_iter()
        .try_fold(sent.won, Won::checked_sub)
        .unwrap_or(Won::ZERO);
    format!(
        "반영 (applied): {} — {} 에 대한 결과\n의뢰 {}건 {}원, 불능 {}원, 부분출금 미출금 {}원, 수납 {}원\n목록에 없어 완료로 본 건 (success by absence): {}\n\n{proof}",
        arrival.name,
        sent.name,
        sent.lines,
        sent.won,
        listed.failed_won,
        listed.partial_won,
        collected,
        sent.lines.saturating_sub(listed.lines)
    )
}
