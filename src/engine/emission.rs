//! A window closes: the lines of its file are checked once more, numbered, written, read back and committed.
//!
//! The bytes go into the archive first (fsynced), then the ledger commits their hash with the state `built`; from
//! there `outgoing` publishes them. A crash before the commit leaves an archive object that nothing names and that
//! the next try writes again, byte for byte. What the peer may have seen is never built twice.

use super::booking;
use super::desk::{Carries, DebitDesk, Desk};
use super::lines::{Content, Lines, differs, serial, unreadable};
use super::{Engine, Failure};
use crate::bank::{FileHead, registration};
use crate::domain::{ChannelId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::layout::WriteError;
use crate::ledger::{FileRow, FileState, RegistrationRow, Sealed, Tx, file_subject};
use crate::machine::file::{Out, OutHappening};
use std::io::{self, Read, Write};

/// Lines that are fetched from the ledger at a time: bounds memory whatever the file's size.
const CHUNK: usize = 4096;

/// Why a file is built at the end of its window.
pub(super) const CLOSED: &str = "the window closed";

impl Engine {
    /// The registration window of banking day `date` closed (decisions.md 5): everything queued before the cut-off
    /// goes out in one file; nothing queued = no file, unless the profile says `send_empty`.
    pub(super) fn emit_registrations(
        &mut self,
        channel: &ChannelId,
        date: Date,
        cutoff: Instant,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(desk) = self.desks.on(channel, date).cloned() else { return Ok(()) };
        let owner = desk.key();
        let calendar = &self.config.calendar;
        let deadline = desk.profile.registration.deadline.instant(calendar, date);
        let layout = desk.profile.layouts.registration_request.clone();
        let format = desk.registration_request.layout();
        let name = format.file_name(date);
        let gate = self.evidence_gate(&desk, date);
        let tx = self.ledger.begin()?;
        if now > deadline {
            let waiting = tx.queued_registrations(channel, cutoff, gate)?;
            if waiting > 0 {
                let text = format!(
                    "{waiting} applications missed the exchange's deadline {deadline}; they wait for the next window"
                );
                tx.alert("window-missed", &file_subject(&owner, &name), &text, now)?;
                tx.commit()?;
            }
            return Ok(());
        }
        if stands(&tx, &owner, &layout, date)? {
            return Ok(());
        }
        if tx.queued_registrations(channel, cutoff, gate)? == 0 && !desk.profile.send_empty {
            return Ok(());
        }
        let file_id = tx.plan_out(&owner, &layout, &name, date, Some(deadline), now)?;
        tx.batch_registrations(channel, file_id, cutoff, gate)?;
        let head = desk.head(format, date);
        let day = now.date();
        let archived = self
            .spool
            .archive_built(day, |out| {
                write_registrations(&tx, &desk, &head, file_id, out).map_err(io::Error::other)
            })
            .map_err(Failure::Spool)?;
        let input = self.spool.open_archived(day, &archived.sha256).map_err(Failure::Spool)?;
        let content = read_back_registrations(&tx, &desk, &head, file_id, input)?;
        let due_at = desk.profile.registration.result_due.instant(&self.config.calendar, date);
        seal(&tx, file_id, &archived, content, (day, &self.boot_id), Some(due_at), (now, CLOSED))?;
        tx.commit()?;
        tracing::info!(file = %name, lines = content.lines, "built");
        Ok(())
    }

    /// The collection window of debit date `date` closed: the lines are checked again, gaps are closed, the file
    /// is built. After the exchange's deadline they are missed, listed and told (house.md 6). Whether this is over:
    /// a file with too many bad lines is stopped, told, and tried again until the deadline (E24).
    pub(super) fn emit_collections(
        &mut self,
        channel: &ChannelId,
        debits: &DebitDesk,
        date: Date,
        now: Instant,
    ) -> Result<bool, Failure> {
        let Some(desk) = self.desks.on(channel, date).cloned() else { return Ok(true) };
        let owner = desk.key();
        let tx = self.ledger.begin()?;
        let Some(file) = tx.out_file(&owner, &debits.service.request, date)? else {
            return Ok(true);
        };
        if file.state != FileState::Out(Out::Planned) {
            return Ok(true);
        }
        let deadline = debits.service.window.deadline.instant(&self.config.calendar, date);
        if now > deadline {
            let missed = tx.mark_missed(file.file_id, now)?;
            step_out(
                &tx,
                file.file_id,
                Out::Planned,
                OutHappening::Missed,
                now,
                "the exchange's deadline passed",
            )?;
            let text = format!(
                "{missed} requested debits of {date} missed the exchange's deadline {deadline}; they may be requested for another date"
            );
            tx.alert("window-missed", &file.subject(), &text, now)?;
            tx.clear_alert("too-many-bad-lines", &file.subject(), now)?;
            tx.commit()?;
            return Ok(true);
        }
        let gate = debits.service.gate.date(&self.config.calendar, date);
        let lines = Lines { tx: &tx, desk: &desk, debits, config: &self.config, file_id: file.file_id, gate };
        let head = desk.head(debits.request.layout(), date);
        let day = now.date();
        let mut written = None;
        let archived = self.spool.archive_built(day, |out| {
            let pass = written.insert(lines.write(&head, out).map_err(io::Error::other)?);
            let keep = pass.bad <= desk.profile.max_bad_lines && pass.content.lines > 0;
            if keep { Ok(()) } else { Err(io::Error::other("it is not to be kept")) }
        });
        let Some(written) = written else { return Err(Failure::Spool(unwritten(archived))) };
        if written.bad > desk.profile.max_bad_lines {
            let bad = written.bad;
            drop(tx);
            return self.stop_for_bad_lines(&file, bad, &desk, deadline, now);
        }
        tx.clear_alert("too-many-bad-lines", &file.subject(), now)?;
        tx.exclude(&written.unfit, now)?;
        booking::tell_altered(&tx, &written.unfit, now)?;
        // Their sum is held against the rows where the file is sealed.
        let numbered = tx.close_gaps(file.file_id)?;
        if numbered != written.content.lines {
            return Err(differs(&file.name, numbered.min(written.content.lines) + 1));
        }
        if numbered == 0 {
            step_out(&tx, file.file_id, Out::Planned, OutHappening::Emptied, now, "no line was left")?;
            tx.commit()?;
            return Ok(true);
        }
        let archived = archived.map_err(Failure::Spool)?;
        let open = || self.spool.open_archived(day, &archived.sha256).map_err(Failure::Spool);
        let content = lines.read_back(&head, written, open)?;
        let due_at = debits.service.window.result_due.instant(&self.config.calendar, date);
        seal(&tx, file.file_id, &archived, content, (day, &self.boot_id), Some(due_at), (now, CLOSED))?;
        tx.commit()?;
        tracing::info!(file = %file.name, lines = content.lines, won = content.won.get(), "built");
        Ok(true)
    }

    /// So many lines may not go that something else must be wrong: nothing is built, a person is told, and every
    /// look tries again until the exchange's deadline.
    fn stop_for_bad_lines(
        &mut self,
        file: &FileRow,
        bad: u64,
        desk: &Desk,
        deadline: Instant,
        now: Instant,
    ) -> Result<bool, Failure> {
        let tx = self.ledger.begin()?;
        let text = format!(
            "{bad} lines may not go as they stand, and max_bad_lines of the profile is {}: the file is stopped. Mend the cause, or raise max_bad_lines and start again, before {deadline}; then its lines are missed.",
            desk.profile.max_bad_lines
        );
        tx.alert("too-many-bad-lines", &file.subject(), &text, now)?;
        tx.commit()?;
        Ok(false)
    }
}

impl Engine {
    /// Sends the lines of a refused file again, in a new file of the same kind and date (E23).
    pub(super) fn emit_again(&mut self, file: &FileRow, now: Instant) -> Result<(), Failure> {
        let channel = file.owner.strip_prefix("channel/").and_then(|id| id.parse::<ChannelId>().ok());
        let (Some(channel), Some(date)) = (channel, file.date) else { return Ok(()) };
        let Some(desk) = self.desks.on(&channel, date).cloned() else { return Ok(()) };
        if desk.carries(&file.kind) == Carries::Payouts {
            self.emit_payouts(&channel, date, now)
        } else if desk.carries(&file.kind) == Carries::Answers {
            self.emit_answer(&channel, date, now)
        } else if desk.carries(&file.kind) == Carries::Evidence {
            self.emit_evidence(&channel, date, now)
        } else if file.kind == desk.profile.layouts.registration_request {
            let cutoff = desk.profile.registration.cutoff.instant(&self.config.calendar, date);
            self.emit_registrations(&channel, date, cutoff, now)
        } else if let Some(debits) = desk.debits_of(&file.kind) {
            self.emit_collections(&channel, debits, date, now).map(drop)
        } else {
            Ok(())
        }
    }
}

/// Why nothing was written.
fn unwritten<T>(archived: Result<T, Trouble>) -> Trouble {
    archived.err().unwrap_or_else(|| Trouble::new("write a file of debits", "it was not written"))
}

/// Whether a file of ours of this date stands. A refused one does not: its lines go in another one.
pub(super) fn stands(tx: &Tx<'_>, owner: &str, kind: &str, date: Date) -> Result<bool, Failure> {
    let file = tx.out_file(owner, kind, date)?;
    Ok(file.is_some_and(|file| file.state != FileState::Out(Out::Refused)))
}

/// Commits what was built: hash, counts, boot id, and the state `built` with its cause. Where no result comes to the file,
/// none is due.
pub(super) fn seal(
    tx: &Tx<'_>,
    file_id: i64,
    archived: &crate::spool::Archived,
    content: Content,
    (archive_day, boot_id): (Date, &str),
    due_at: Option<Instant>,
    (now, cause): (Instant, &str),
) -> Result<(), Failure> {
    tx.sealed(
        file_id,
        &Sealed {
            sha256: *archived.sha256.as_bytes(),
            bytes: i64::try_from(archived.bytes).unwrap_or(i64::MAX),
            lines: content.lines,
            won: content.won,
            archive_day,
            boot_id,
            due_at,
        },
    )?;
    step_out(tx, file_id, Out::Planned, OutHappening::Built, now, cause)?;
    Ok(())
}

/// One step of a file of ours, asked of the machine and written to the ledger.
pub(super) fn step_out(
    tx: &Tx<'_>,
    file_id: i64,
    from: Out,
    happening: OutHappening,
    now: Instant,
    cause: &str,
) -> Result<Out, Failure> {
    let to = crate::machine::file::step_out(from, happening)
        .map_err(|refusal| Failure::Ledger(Trouble::new("move a file of ours", refusal.to_string())))?;
    tx.file_stepped(file_id, happening.word(), FileState::Out(to), now, cause)?;
    Ok(to)
}

fn write_registrations(
    tx: &Tx<'_>,
    desk: &Desk,
    head: &FileHead,
    file_id: i64,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let written = |error: WriteError| Trouble::new(format!("write {}", head.name), error.to_string());
    let mut writer = desk.registration_request.writer(out, head).map_err(written)?;
    let mut after = 0;
    loop {
        let rows = tx.registration_lines(file_id, after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = last.line_no;
        for row in &rows {
            writer.put(&registration_line(row, head.date)).map_err(written)?;
        }
    }
    writer.finish().map_err(written)?;
    Ok(())
}

/// Reads our own file with the reader's code and holds every line against the ledger's row.
fn read_back_registrations(
    tx: &Tx<'_>,
    desk: &Desk,
    head: &FileHead,
    file_id: i64,
    input: impl Read,
) -> Result<Content, Failure> {
    let mut reader = desk.registration_request.reader(&head.name, input);
    let mut rows = Vec::new().into_iter();
    let (mut after, mut lines) = (0, 0);
    while let Some(line) = reader.next_line().map_err(Failure::Spool)? {
        let row: RegistrationRow = match rows.next() {
            Some(row) => row,
            None => {
                rows = tx.registration_lines(file_id, after, CHUNK)?.into_iter();
                rows.next().ok_or_else(|| differs(&head.name, after + 1))?
            }
        };
        after = row.line_no;
        if line != registration_line(&row, head.date) {
            return Err(differs(&head.name, after));
        }
        lines += 1;
    }
    let reading = reader.finish().map_err(Failure::Spool)?;
    let left = rows.next().is_some() || !tx.registration_lines(file_id, after, 1)?.is_empty();
    if left || !reading.faults.is_empty() {
        return Err(unreadable(&head.name, &reading.faults));
    }
    Ok(Content { lines, won: Won::ZERO })
}

fn registration_line(row: &RegistrationRow, date: Date) -> registration::Line {
    registration::Line {
        serial: serial(row.line_no),
        kind: row.kind,
        application_date: date,
        bank_payer_no: row.bank_payer_no.clone(),
        bank: row.bank,
        account: row.account.clone(),
        id_no: Some(row.id_no.reveal().to_string()),
    }
}
