//! A file of ours on its way out: built → staged → published → taken, and what follows from a receipt
//! (house.md 5; the table of allowed pairs is `spool::recovery`).
//!
//! Publishing *is* recovery: each turn asks, for every file that is not at rest, what the ledger says and where the
//! file is, and does the one step that follows. So a crash at any point is continued by the very code that would
//! have gone on.

use super::changing;
use super::desk::Carries;
use super::emission::step_out;
use super::evidence;
use super::messages;
use super::payouts;
use super::result_collection::bug;
use super::result_registration::cancel_refused;
use super::{Engine, Failure};
use crate::bank::receipt::{Receipt, Verdict};
use crate::domain::{ApplicationKind, ChannelId, Date, Instant};
use crate::fault::Trouble;
use crate::ledger::{FileRow, FileState, MandateStep, RegistrationRow, Tx, file_subject};
use crate::machine::file::{Out, OutHappening};
use crate::machine::{cancellation, mandate};
use crate::spool::recovery::{self, Boot, HoldReason, OutgoingState, Peer, RecoveryStep};
use crate::spool::{Owner, PublishError, Room, Sha256, WitnessLine};

/// The alert of a file of ours that nobody had taken when the exchange's deadline came.
pub(super) const UNTAKEN: &str = "file-not-taken";

/// The alert of a file of ours, or of its receipt, that is not as it should be.
const ASTRAY: &str = "file-astray";

/// Where one file of ours is kept: what every step of it needs.
struct Outgoing {
    file_id: i64,
    channel: ChannelId,
    name: String,
    sha256: Sha256,
    day: Date,
}

impl Outgoing {
    /// The subject of alerts about it.
    fn subject(&self) -> String {
        file_subject(&Owner::Channel(self.channel.clone()).folder(), &self.name)
    }

    /// What the witness is told of a receipt for it.
    fn heard(&self, text: &str) -> WitnessLine {
        let owner = Owner::Channel(self.channel.clone()).folder();
        WitnessLine::Heard(owner, self.name.clone(), text.to_string())
    }
}

impl Engine {
    /// Brings every file of ours as far as it can go.
    pub(super) fn look_after_outgoing(&mut self, now: Instant) -> Result<bool, Failure> {
        let mut channels: Vec<ChannelId> = self.desks.each().map(|(channel, _)| channel.clone()).collect();
        channels.extend(self.config.message_channel());
        let mut worked = false;
        let stopped = self.must_not_send(false, now)?;
        for channel in channels {
            let owner = Owner::Channel(channel.clone()).folder();
            let mut open = self.ledger.begin()?.open_out_files(&owner)?;
            open.extend(self.ledger.begin()?.unretired(&owner)?);
            for file in open {
                if stopped && file.state == FileState::Out(Out::Built) {
                    continue;
                }
                let name = file.name.clone();
                let result = self.advance_file(&channel, file, now);
                worked |= self.tell(result, &name, now)?;
            }
        }
        Ok(worked)
    }

    /// Takes one file as many steps as follow at once.
    fn advance_file(&mut self, channel: &ChannelId, file: FileRow, now: Instant) -> Result<bool, Failure> {
        let FileState::Out(mut state) = file.state else { return Ok(false) };
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else { return Ok(false) };
        let out = Outgoing {
            file_id: file.file_id,
            channel: channel.clone(),
            name: file.name.clone(),
            sha256: Sha256::from_bytes(sha256),
            day,
        };
        let boot =
            if file.boot_id.as_deref() == Some(self.boot_id.as_str()) { Boot::Same } else { Boot::Other };
        // Only a file that was already staged when the machine went down is in doubt.
        let mut boot = boot;
        let mut worked = false;
        while let Some(recovered) = recovery_state(state) {
            let place = self.spool.where_is(channel, &out.name, &out.sha256).map_err(Failure::Spool)?;
            let step = recovery::outgoing(recovered, place, boot, self.peer(channel));
            let next = match step {
                RecoveryStep::Nothing => None,
                RecoveryStep::StageAgain => {
                    boot = Boot::Same;
                    Some(self.stage(&out, state, now)?)
                }
                RecoveryStep::Publish => self.publish(&out, state, now)?,
                RecoveryStep::MarkPublished => Some(self.step(&out, state, OutHappening::Published, now)?),
                RecoveryStep::MarkOk => {
                    self.spool.mark_ok(channel, &out.name).map_err(Failure::Spool)?;
                    None
                }
                RecoveryStep::MarkTaken => {
                    self.mention(WitnessLine::Gone(file.owner.clone(), out.name.clone()));
                    Some(self.step(&out, state, OutHappening::Taken, now)?)
                }
                RecoveryStep::Hold(reason) => self.hold_out(&out, state, reason, now)?,
                RecoveryStep::Retire => {
                    self.retire(&out)?;
                    None
                }
                RecoveryStep::Alarm(why) => {
                    self.alarm(&out, &format!("{why}: state {state}, found {place}"), now)?
                }
            };
            let Some(next) = next else { break };
            state = next;
            worked = true;
        }
        worked |= self.hear_receipt(&out, state, now)?;
        Ok(worked)
    }

    /// A refused file leaves sent/, so that its name is free for the next one.
    fn retire(&mut self, out: &Outgoing) -> Result<(), Failure> {
        self.spool.retire_refused(&out.channel, &out.name, &out.sha256).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        tx.retired(out.file_id)?;
        tx.commit()?;
        Ok(())
    }

    /// What the lines of a file of ours are.
    pub(super) fn carries(&self, file: &FileRow) -> Carries {
        if self.config.message_channel().is_some_and(|id| Owner::Channel(id).folder() == file.owner) {
            return Carries::Messages;
        }
        self.desks.of_owner(&file.owner).map_or(Carries::Debits, |(_, desk)| desk.carries(&file.kind))
    }

    fn peer(&self, channel: &ChannelId) -> Peer {
        let refuses = self.desks.any(channel).is_some_and(|desk| desk.profile.peer_refuses_duplicates);
        if refuses { Peer::RefusesDuplicates } else { Peer::MayTakeTwice }
    }

    fn step(
        &mut self,
        out: &Outgoing,
        state: Out,
        happening: OutHappening,
        now: Instant,
    ) -> Result<Out, Failure> {
        let tx = self.ledger.begin()?;
        let next = step_out(&tx, out.file_id, state, happening, now, "")?;
        if next == Out::Taken {
            tx.clear_alert(UNTAKEN, &out.subject(), now)?;
        }
        tx.commit()?;
        tracing::info!(file = %out.name, state = next.word(), "our file");
        Ok(next)
    }

    /// The stored bytes into the stage; then `staged` with this boot's id, which the publication counts on.
    fn stage(&mut self, out: &Outgoing, state: Out, now: Instant) -> Result<Out, Failure> {
        self.spool.stage_archived(&out.channel, &out.name, out.day, &out.sha256).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        tx.staged_in(out.file_id, &self.boot_id)?;
        let next = step_out(&tx, out.file_id, state, OutHappening::Staged, now, "")?;
        tx.commit()?;
        Ok(next)
    }

    fn publish(&mut self, out: &Outgoing, state: Out, now: Instant) -> Result<Option<Out>, Failure> {
        self.witness_sending(&format!("channel/{}", out.channel), &out.name, &out.sha256)?;
        match self.spool.publish(&out.channel, &out.name) {
            Ok(()) => {}
            Err(PublishError::NameTaken(Room::Sent)) => {
                return self.clear_old_name(out, state, now);
            }
            Err(PublishError::NameTaken(room)) => {
                let text = format!("another file of this name lies in {}/", room.folder());
                self.alarm(out, &text, now)?;
                return Ok(None);
            }
            Err(PublishError::NotStaged) => return Ok(None),
            Err(PublishError::Trouble(trouble)) => return Err(Failure::Spool(trouble)),
        }
        let next = self.step(out, state, OutHappening::Published, now)?;
        self.spool.mark_ok(&out.channel, &out.name).map_err(Failure::Spool)?;
        Ok(Some(next))
    }

    /// Bank file names come again each year, and after a refusal: an old one in sent/ that is over is put away.
    fn clear_old_name(&mut self, out: &Outgoing, state: Out, now: Instant) -> Result<Option<Out>, Failure> {
        let owner = format!("channel/{}", out.channel);
        let named = self.ledger.begin()?.files_named(&owner, &out.name)?;
        let open = named.iter().any(|file| {
            file.file_id != out.file_id && matches!(file.state, FileState::Out(state) if state.is_open())
        });
        if open {
            self.alarm(out, "an earlier file of this name in sent/ is not answered yet", now)?;
            return Ok(None);
        }
        self.spool.put_away_sent(&out.channel, &out.name).map_err(Failure::Spool)?;
        Ok(Some(state))
    }

    /// Commits why it is held, then moves it out of the peer's reach.
    fn hold_out(
        &mut self,
        out: &Outgoing,
        state: Out,
        reason: HoldReason,
        now: Instant,
    ) -> Result<Option<Out>, Failure> {
        let (next, report) = match reason {
            HoldReason::Uncertain if state == Out::Staged => {
                let owner = Owner::Channel(out.channel.clone()).folder();
                self.mention(WitnessLine::Doubt(owner, out.name.clone()));
                let text = "불확실 (uncertain): the power failed where the bank may already have taken this file. Ask the bank whether it has it; then `sunap file mark-sent` (it has) or `sunap file release` (it has not: the same bytes go out).";
                let tx = self.ledger.begin()?;
                tx.alert("file-uncertain", &out.subject(), text, now)?;
                let next =
                    step_out(&tx, out.file_id, state, OutHappening::PowerLost, now, "boot id differs")?;
                tx.commit()?;
                (Some(next), text)
            }
            HoldReason::Uncertain => (None, "불확실 (uncertain)"),
            HoldReason::Ordered => (None, "보류 (held) by an order"),
        };
        self.spool.hold_outgoing(&out.channel, &out.name, &out.sha256, report).map_err(Failure::Spool)?;
        Ok(next)
    }

    fn alarm(&mut self, out: &Outgoing, text: &str, now: Instant) -> Result<Option<Out>, Failure> {
        let tx = self.ledger.begin()?;
        tx.alert(ASTRAY, &out.subject(), text, now)?;
        tx.commit()?;
        Ok(None)
    }

    /// A receipt of the taker: acknowledged, or refused as a whole.
    fn hear_receipt(&mut self, out: &Outgoing, state: Out, now: Instant) -> Result<bool, Failure> {
        if !matches!(state, Out::Published | Out::Taken | Out::Uncertain) {
            return Ok(false);
        }
        let found = self.spool.receipt_of(&out.channel, &out.name).map_err(Failure::Spool)?;
        let Some(found) = found else { return Ok(false) };
        match Receipt::from_toml(&format!("{}.receipt", out.name), &found.text) {
            Err(fault) => {
                self.alarm(out, &fault.to_string(), now)?;
                Ok(false)
            }
            Ok(receipt) if receipt.result == Verdict::Refused => {
                self.mention(out.heard(&found.text));
                self.refused(out, state, &receipt, now)
            }
            Ok(_) => self.acknowledge(out, state, &found.text, now),
        }
    }

    fn acknowledge(&mut self, out: &Outgoing, state: Out, text: &str, now: Instant) -> Result<bool, Failure> {
        let tx = self.ledger.begin()?;
        let new = tx.acknowledged(out.file_id, now)?;
        tx.clear_alert(UNTAKEN, &out.subject(), now)?;
        if new {
            tx.clear_alert(ASTRAY, &out.subject(), now)?;
        }
        if state != Out::Taken {
            step_out(&tx, out.file_id, state, OutHappening::Taken, now, "receipt")?;
        }
        tx.commit()?;
        if new {
            self.mention(out.heard(text));
        }
        Ok(new)
    }

    /// The centre refused the file: not one of its lines was taken. The line that it names is set aside with the
    /// reason; the others go back to be sent again while the exchange's deadline is ahead, else they are missed (E23).
    fn refused(
        &mut self,
        out: &Outgoing,
        state: Out,
        receipt: &Receipt,
        now: Instant,
    ) -> Result<bool, Failure> {
        let file = self.ledger.begin()?.file(out.file_id)?;
        let Some(file) = file else {
            return Err(Failure::Ledger(Trouble::new("find a file of ours", "its row is gone")));
        };
        let carries = self.carries(&file);
        let cause = format!("refused by the centre: {} {}", receipt.code, receipt.why);
        let tx = self.ledger.begin()?;
        step_out(&tx, out.file_id, state, OutHappening::Refused, now, cause.trim_end())?;
        let late = file.deadline_at.is_some_and(|deadline| now > deadline);
        // A line that the file does not have is no line to set aside: the same bytes would go and be refused again.
        let named = receipt.line_no().filter(|line| *line <= file.lines);
        let moved = lines_refused(&tx, &file, carries, named, receipt.code.trim(), late, now)?;
        let after = match (late, named) {
            (true, _) => "the exchange's deadline is over: its lines are missed".to_string(),
            (false, Some(line)) => {
                format!("line {line} is set aside; the other {moved} lines go out again at once")
            }
            (false, None) => format!(
                "{moved} lines wait: mend the cause, then `sunap file release {}` before the exchange's deadline",
                out.name
            ),
        };
        tx.alert("file-refused", &out.subject(), &format!("{cause}; {after}"), now)?;
        for alert in [UNTAKEN, ASTRAY] {
            tx.clear_alert(alert, &out.subject(), now)?;
        }
        tx.commit()?;
        self.retire(out)?;
        if !late && named.is_some() {
            self.emit_again(&file, now)?;
        }
        Ok(true)
    }
}

/// The lines of a file that the centre refused: the named one is set aside with the reason, the others wait for the
/// next file of the same date, or are missed where the exchange's deadline is over. How many.
pub(super) fn lines_refused(
    tx: &Tx<'_>,
    file: &FileRow,
    carries: Carries,
    named: Option<i64>,
    code: &str,
    late: bool,
    now: Instant,
) -> Result<i64, Failure> {
    if carries == Carries::Payouts {
        return payouts::line_refused(tx, file, named, code, now);
    }
    if carries == Carries::Messages {
        return messages::list_refused(tx, file, code, now);
    }
    if carries == Carries::Answers {
        // Its lines are applications, which wait for nothing: the answer is built again when a person orders it.
        return Ok(0);
    }
    if carries == Carries::Evidence {
        return evidence::line_refused(tx, file, named, code);
    }
    if carries == Carries::Registrations {
        if let Some(row) = named.map(|line| tx.registration_lines(file.file_id, line - 1, 1)).transpose()? {
            for row in row.iter().filter(|row| Some(row.line_no) == named) {
                refuse_registration(tx, row, file, code, now)?;
            }
        }
        return Ok(tx.unbatch(file.file_id, now)?);
    }
    if let Some(rows) = named.map(|line| tx.planned_lines(file.file_id, line - 1, 1)).transpose()? {
        let reason = format!("CENTRE_REFUSED {code}");
        let named: Vec<(i64, String)> = rows
            .iter()
            .filter(|row| Some(row.line_no) == named)
            .map(|row| (row.collection_id, reason.trim_end().to_string()))
            .collect();
        tx.exclude(&named, now)?;
    }
    let Some(date) = file.date.filter(|_| !late) else { return Ok(tx.mark_missed(file.file_id, now)?) };
    let to = tx.plan_out(&file.owner, &file.kind, &file.name, date, file.deadline_at, now)?;
    Ok(tx.move_lines(file.file_id, to, now)?)
}

/// The centre named this line: an application goes back for correction, a cancellation is taken back.
fn refuse_registration(
    tx: &Tx<'_>,
    row: &RegistrationRow,
    file: &FileRow,
    code: &str,
    now: Instant,
) -> Result<(), Failure> {
    if let Some(change) = row.change_id {
        let cause = changing::Cause { at: now, file: Some(file.file_id), line: Some(row.line_no), code };
        return changing::line_refused(tx, row, change, cause);
    }
    let (word, happening) = match row.kind {
        ApplicationKind::Register => (mandate::State::Draft.word(), mandate::Happening::LineRefused),
        ApplicationKind::Cancel => (cancellation::State::Refused.word(), cancel_refused(tx, row.mandate_id)?),
    };
    tx.registration_line_refused(row.registration_id, word, code)?;
    // The file is refused already, so its lines follow it back to where they waited; the machine is asked from there.
    let from = match row.kind {
        ApplicationKind::Register => mandate::State::Acknowledged,
        ApplicationKind::Cancel => row.mandate_state,
    };
    let to = mandate::step(from, happening).map_err(bug)?;
    tx.mandate_stepped(&MandateStep {
        mandate_id: row.mandate_id,
        from: row.mandate_state,
        to,
        happening,
        reason: None,
        active_on: None,
        at: now,
        file: Some(file.file_id),
        line: Some(row.line_no),
        code,
        note: "센터 거부",
    })?;
    // A change of account that waited for this registration is applied for with the new account.
    if let (Some(change), Some(mandate)) = (tx.open_change(row.mandate_id)?, tx.mandate(row.mandate_id)?) {
        let cause = changing::Cause { at: now, file: Some(file.file_id), line: Some(row.line_no), code };
        changing::after_registration(tx, None, &mandate, &change, cause)?;
    }
    Ok(())
}

/// The recovery table's word for a state; `None` for the states in which no bytes are out.
fn recovery_state(state: Out) -> Option<OutgoingState> {
    match state {
        Out::Built => Some(OutgoingState::Built),
        Out::Staged => Some(OutgoingState::Staged),
        Out::Published => Some(OutgoingState::Published),
        Out::Taken => Some(OutgoingState::Taken),
        Out::Answered => Some(OutgoingState::Answered),
        Out::Uncertain => Some(OutgoingState::Uncertain),
        Out::Refused => Some(OutgoingState::Refused),
        Out::Held => Some(OutgoingState::Held),
        Out::Planned | Out::Missed | Out::Emptied => None,
    }
}
