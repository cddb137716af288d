//! Evidence of consent (증빙자료) goes to the network before the registrations that need it: its file is built at a time of its own,
//! and a registration is let through once the network has it (facts/kftc.md 3, EI13; code 0078).
//!
//! A registration without evidence waits and is told; it is never sent without.
//!
//! Must not: look into evidence; hold more than one in memory.

use super::desk::{Desk, EvidenceDesk};
use super::emission::{CLOSED, seal, stands, step_out};
use super::lines::{Content, unreadable};
use super::{Engine, Failure};
use crate::bank::FileHead;
use crate::bank::evidence::Line;
use crate::domain::{ChannelId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::layout::WriteError;
use crate::ledger::{Due, EvidenceGate, EvidenceRow, FileRow, FileState, Tx, file_subject};
use crate::machine::file::{Out, OutHappening};
use crate::spool::{Sha256, Spool};
use std::io::{self, Read, Write};

/// The alert of registrations that wait for evidence.
const MISSING: &str = "evidence-missing";

/// The alert of evidence that the network has not accepted by its deadline.
const UNACCEPTED: &str = "evidence-not-accepted";

/// Evidence counts for registrations of its own banking day and of the next (within 24 hours; product.md 1).
const COUNTS_BANKING_DAYS: i64 = -1;

impl Engine {
    /// Which registrations of a banking day may go.
    pub(super) fn evidence_gate(&self, desk: &Desk, date: Date) -> EvidenceGate {
        match &desk.evidence {
            None => EvidenceGate::Open,
            Some(evidence) => EvidenceGate::Accepted {
                since: self.config.calendar.shift(date, COUNTS_BANKING_DAYS),
                taken: evidence.rule.taken_is_accepted,
            },
        }
    }

    /// The time of evidence of banking day `date` came: all that is there for queued registrations goes out in one file.
    pub(super) fn emit_evidence(
        &mut self,
        channel: &ChannelId,
        date: Date,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(desk) = self.desks.on(channel, date).cloned() else { return Ok(()) };
        let Some(evidence) = desk.evidence.clone() else { return Ok(()) };
        let (owner, rule) = (desk.key(), &evidence.rule);
        let calendar = &self.config.calendar;
        let (cutoff, deadline) = (rule.cutoff.instant(calendar, date), rule.deadline.instant(calendar, date));
        let since = calendar.shift(date, COUNTS_BANKING_DAYS);
        let name = evidence.format.layout().file_name(date);
        let tx = self.ledger.begin()?;
        tell_missing(&tx, channel, &owner, now)?;
        let rows = tx.evidence_to_send(channel, cutoff, since)?;
        if rows.is_empty() || stands(&tx, &owner, &evidence.request, date)? {
            tx.commit()?;
            return Ok(());
        }
        if now > deadline {
            let count = rows.len();
            let text = format!(
                "evidence of {count} registrations missed the exchange's deadline {deadline}; it goes with the next banking day's"
            );
            tx.alert("window-missed", &file_subject(&owner, &name), &text, now)?;
            tx.commit()?;
            return Ok(());
        }
        let file_id = tx.plan_out(&owner, &evidence.request, &name, date, Some(deadline), now)?;
        for (line_no, row) in (1..).zip(&rows) {
            tx.evidence_on_line(file_id, line_no, row)?;
        }
        let head = desk.head(evidence.format.layout(), date);
        let day = now.date();
        let bytes_of = |row: &EvidenceRow| evidence_bytes(&self.spool, row);
        let archived = self
            .spool
            .archive_built(day, |out| {
                write(&evidence, &head, date, &rows, bytes_of, out).map_err(io::Error::other)
            })
            .map_err(Failure::Spool)?;
        let input = self.spool.open_archived(day, &archived.sha256).map_err(Failure::Spool)?;
        let lines = read_back(&evidence, &head, date, &rows, input)?;
        // A receipt says that it was accepted; no result comes to it.
        let content = Content { lines, won: Won::ZERO };
        seal(&tx, file_id, &archived, content, (day, &self.boot_id), None, (now, CLOSED))?;
        tx.commit()?;
        tracing::info!(file = %name, lines, "built");
        Ok(())
    }

    /// The network's deadline for evidence: what it accepted is over; what it has not is told, while a telephone may help.
    pub(super) fn close_evidence(
        &mut self,
        row: &Due,
        channel: &ChannelId,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(evidence) = self.desks.on(channel, row.date).and_then(|desk| desk.evidence.clone()) else {
            return Ok(());
        };
        let tx = self.ledger.begin()?;
        if let Some(file) = tx.out_file(&row.owner, &evidence.request, row.date)?
            && let FileState::Out(state) = file.state
            && state.is_open()
        {
            let accepted = state == Out::Taken
                && (evidence.rule.taken_is_accepted || tx.is_acknowledged(file.file_id)?);
            if accepted {
                step_out(
                    &tx,
                    file.file_id,
                    state,
                    OutHappening::Answered,
                    now,
                    "accepted; no result comes to it",
                )?;
                tx.clear_alert(UNACCEPTED, &file.subject(), now)?;
            } else {
                let text = format!(
                    "{} with evidence of {} registrations is {state} and not accepted by the exchange's deadline {}: they wait for the next window; ask the bank",
                    file.name, file.lines, row.due_at
                );
                tx.alert(UNACCEPTED, &file.subject(), &text, now)?;
            }
        }
        tx.commit()?;
        Ok(())
    }
}

/// The bytes of one evidence, as they were archived.
fn evidence_bytes(spool: &Spool, row: &EvidenceRow) -> Result<Vec<u8>, Trouble> {
    let sha256 = Sha256::from_bytes(row.sha256);
    let mut bytes = Vec::new();
    spool
        .open_archived(row.day, &sha256)?
        .read_to_end(&mut bytes)
        .map_err(|error| Trouble::new(format!("read evidence of {}", row.bank_payer_no), error))?;
    if Sha256::of(&bytes) != sha256 {
        return Err(Trouble::new(
            format!("read evidence of {}", row.bank_payer_no),
            "its bytes are not those of its hash",
        ));
    }
    Ok(bytes)
}

/// Tells how many registrations wait for evidence, or that none does.
pub(super) fn tell_missing(
    tx: &Tx<'_>,
    channel: &ChannelId,
    owner: &str,
    now: Instant,
) -> Result<(), Failure> {
    let waiting = tx.without_evidence(channel)?;
    if waiting == 0 {
        tx.clear_alert(MISSING, owner, now)?;
        return Ok(());
    }
    let text = format!(
        "{waiting} new registrations have no evidence (동의 증빙) and do not go out: the creditor drops evidence-<납부자번호>-<집금항목코드>.jpg"
    );
    tx.alert(MISSING, owner, &text, now)?;
    Ok(())
}

/// The centre named a line of a file of evidence: that evidence is not used again. How many lines the others are.
pub(super) fn line_refused(
    tx: &Tx<'_>,
    file: &FileRow,
    named: Option<i64>,
    code: &str,
) -> Result<i64, Failure> {
    if let Some(line) = named {
        tx.refuse_evidence(file.file_id, line, code)?;
    }
    Ok(tx.evidence_lines(file.file_id)?.saturating_sub(i64::from(named.is_some())))
}

fn line(date: Date, line_no: u32, row: &EvidenceRow) -> Line {
    Line {
        serial: line_no,
        bank_payer_no: row.bank_payer_no.to_string(),
        bank: row.bank,
        account: row.account.reveal().to_string(),
        applied: date,
        kind: row.kind.clone(),
        extension: row.extension.clone(),
    }
}

fn write(
    evidence: &EvidenceDesk,
    head: &FileHead,
    date: Date,
    rows: &[EvidenceRow],
    bytes_of: impl Fn(&EvidenceRow) -> Result<Vec<u8>, Trouble>,
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut writer = evidence.format.writer(out, head, count)?;
    for (line_no, row) in (1..).zip(rows) {
        writer.put(&line(date, line_no, row), &bytes_of(row)?)?;
    }
    writer.finish()
}

/// Reads a built file with the reader's code, and holds every line and the hash of its evidence against the rows.
fn read_back(
    evidence: &EvidenceDesk,
    head: &FileHead,
    date: Date,
    rows: &[EvidenceRow],
    input: impl Read,
) -> Result<i64, Failure> {
    let mut wanted = (1..).zip(rows);
    let mut lines = 0_i64;
    let reading = evidence
        .format
        .read(&head.name, input, |read, bytes| {
            let same = wanted.next().is_some_and(|(line_no, row)| {
                read == line(date, line_no, row) && Sha256::of(bytes) == Sha256::from_bytes(row.sha256)
            });
            lines = lines.saturating_add(1);
            if same { Ok(()) } else { Err(super::lines::differing(&head.name, lines)) }
        })
        .map_err(Failure::Spool)?;
    if !reading.faults.is_empty() {
        return Err(unreadable(&head.name, &reading.faults));
    }
    if wanted.next().is_some() {
        return Err(Failure::Spool(super::lines::differing(&head.name, lines.saturating_add(1))));
    }
    Ok(lines)
}
