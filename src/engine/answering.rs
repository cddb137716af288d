//! Which of our files a bank's file answers, and what becomes of one that answers none (decisions.md 17, 18 P4).

use super::booking::book_answer;
use super::desk::Desk;
use super::emission::step_out;
use super::incoming::{Arrival, Decided};
use super::outgoing::UNTAKEN;
use super::place::Place;
use super::result_collection::Listed;
use super::{Engine, Failure};
use crate::bank::FileHead;
use crate::bank::proof::Proof;
use crate::bank::reading::FileReading;
use crate::domain::{ChannelId, Date, Instant, Won};
use crate::fault::{Fault, Faults, Place as Spot, Trouble};
use crate::layout::{self, Layout};
use crate::ledger::{Description, FileRow, FileState, Tx};
use crate::machine::file::{In, InHappening, Out, OutHappening};
use crate::seal::Opened;
use std::fs::File;
use std::io::Read;

/// The note of a file that came before ours went out; it is judged when ours is.
pub(super) const EARLY: &str = "result-too-early";

/// Whether a file answers one of ours.
pub(super) enum Answered {
    /// This one, out and unanswered.
    Ours(Box<FileRow>),
    /// None, or its head cannot be read: rejected; the fault where the head says which.
    None(Option<Box<Fault>>),
    /// One of ours that is answered already, by other bytes: held. Which one answered it.
    Conflict(Box<FileRow>, Option<Box<FileRow>>),
    /// One of ours that is not out yet: held until it is.
    Early(Box<Fault>, Date),
}

impl Engine {
    /// A file in a channel's inbox: recognised by name and first bytes, judged by what its layout means.
    pub(super) fn bank_file(&mut self, channel: &ChannelId, arrival: &Arrival) -> Result<Decided, Failure> {
        let mut first = Vec::new();
        self.open_bytes(arrival)?
            .take(4096)
            .read_to_end(&mut first)
            .map_err(|error| Failure::Spool(Trouble::new(format!("read {}", arrival.name), error)))?;
        let found = {
            let mut known: Vec<&Layout> = self.desks.all(channel).flat_map(|desk| desk.received()).collect();
            // A layout that holds at all times stands in every desk.
            known.sort_unstable_by_key(|layout| std::ptr::from_ref(*layout));
            known.dedup_by_key(|layout| std::ptr::from_ref(*layout));
            layout::detect(known, &arrival.name, &first)
                .map(|found| (found.name().to_string(), layout::dated(found, &first)))
        };
        let (kind, date) = match found {
            Ok(found) => found,
            Err(fault) => return self.reject(arrival, "", &Faults::from(vec![fault])),
        };
        // It is read by the revisions of its own day (E65).
        let desk = self.desks.on(channel, date.unwrap_or(arrival.at.date())).cloned();
        let Some(desk) = desk else { return Err(Self::no_channel(arrival)) };
        if desk.applications.as_ref().is_some_and(|ours| ours.rule.received == kind) {
            return self.application_file(channel, &desk, arrival);
        }
        let input = self.open_bytes(arrival)?;
        if desk.profile.layouts.registration_result == kind {
            return self.registration_result(channel, &desk, arrival, input);
        }
        if desk.payouts.as_ref().is_some_and(|payouts| payouts.service.result == kind) {
            return self.payout_result(&desk, arrival, input);
        }
        let Some(debits) = desk.debits_of(&kind).cloned() else { return Err(Self::no_channel(arrival)) };
        self.collection_result(&desk, &debits, arrival, input)
    }

    /// The archived bytes of a file that came in: what is judged.
    pub(super) fn open_bytes(&self, arrival: &Arrival) -> Result<Opened<File>, Failure> {
        self.spool.open_archived(arrival.day, &arrival.sha256).map_err(Failure::Spool)
    }

    /// A folder without a channel or creditor in the config: cannot be, since folders are made from it.
    pub(super) fn no_channel(arrival: &Arrival) -> Failure {
        Failure::Spool(Trouble::new(
            format!("judge {}", arrival.name),
            "its folder belongs to nobody in the config",
        ))
    }

    /// The creditors of a channel, each beside it.
    pub(super) fn places_of(&self, channel: &ChannelId) -> Vec<Place> {
        let ids: Vec<_> = self.config.creditors_of(channel).map(|creditor| creditor.id).collect();
        ids.into_iter().filter_map(|id| self.place_of(id)).collect()
    }

    /// Every creditor's place.
    pub(super) fn all_places(&self) -> Vec<Place> {
        self.config.creditors.keys().filter_map(|id| self.place_of(*id)).collect()
    }

    /// Finds the file of ours that a result answers: the same kind of request, institution and date (P4).
    pub(super) fn find_answered(
        &mut self,
        desk: &Desk,
        request: &str,
        read_head: impl FnOnce(&str, Opened<File>) -> Result<Option<FileHead>, Trouble>,
        arrival: &Arrival,
    ) -> Result<Answered, Failure> {
        let spot = || Spot::file(&arrival.name);
        let Some(head) = read_head(&arrival.name, self.open_bytes(arrival)?).map_err(Failure::Spool)? else {
            return Ok(Answered::None(None));
        };
        if head.institution != desk.channel.institution_code {
            let fault = Fault::new(
                "result-of-other-institution",
                spot(),
                format!(
                    "기관코드 (institution_code) is {:?}; this channel's is {:?}",
                    head.institution, desk.channel.institution_code
                ),
                "it is another institution's file: move it to its channel, and tell the sender",
            );
            return Ok(Answered::None(Some(Box::new(fault))));
        }
        let tx = self.ledger.begin()?;
        let ours = tx.out_file(&desk.key(), request, head.date)?;
        let not_ours = || Answered::None(Some(Box::new(not_ours(spot(), request, head.date))));
        let Some(ours) = ours else { return Ok(not_ours()) };
        let FileState::Out(state) = ours.state else { return Ok(not_ours()) };
        Ok(match state {
            Out::Published | Out::Taken | Out::Uncertain => Answered::Ours(Box::new(ours)),
            Out::Answered => {
                let by = ours.answered_by.map(|id| tx.file(id)).transpose()?.flatten();
                Answered::Conflict(Box::new(ours), by.map(Box::new))
            }
            Out::Planned | Out::Built | Out::Staged | Out::Held => Answered::Early(
                Box::new(Fault::new(
                    EARLY,
                    spot(),
                    format!("it answers {} of {}, which is not out yet ({state})", ours.name, head.date),
                    "it is kept and judged when our file is out; if our file went out by hand, `sunap file mark-sent` it",
                )),
                head.date,
            ),
            Out::Missed | Out::Emptied | Out::Refused => not_ours(),
        })
    }

    /// A file that answers none of ours now: rejected with everything that is wrong with it, or held.
    pub(super) fn unfit(
        &mut self,
        arrival: &Arrival,
        layout: &str,
        answered: Answered,
        read: impl FnOnce(Opened<File>) -> Result<FileReading, Trouble>,
    ) -> Result<Decided, Failure> {
        let reading = read(self.open_bytes(arrival)?).map_err(Failure::Spool)?;
        match answered {
            Answered::Ours(_) => self.reject(arrival, layout, &reading.faults),
            Answered::None(fault) => {
                let mut faults = Faults::default();
                faults.extend(fault.map(|fault| *fault));
                faults.append(reading.faults);
                self.reject(arrival, layout, &faults)
            }
            Answered::Early(fault, date) => self.hold(arrival, layout, Some(date), &fault),
            // A damaged second file is no answer at all: rejected, not a conflict to think about.
            Answered::Conflict(..) if !reading.faults.is_empty() => {
                self.reject(arrival, layout, &reading.faults)
            }
            Answered::Conflict(ours, by) => {
                let fault = conflict(Spot::file(&arrival.name), &ours, by.as_deref(), &reading);
                self.hold(arrival, layout, ours.date, &fault)
            }
        }
    }

    /// Files that came before ours went out, taken up again once it is out (E17).
    pub(super) fn judge_early(&mut self, now: Instant) -> Result<bool, Failure> {
        let waiting = self.ledger.begin()?.held_in(EARLY)?;
        let mut worked = false;
        for file in waiting {
            let ready = self.is_out(&file)?;
            if ready {
                let result = self.judge_held(&file, now);
                worked |= self.tell(result, &file.name, now)?;
            }
        }
        Ok(worked)
    }

    /// Whether the file of ours that an early result waits for is out.
    fn is_out(&mut self, early: &FileRow) -> Result<bool, Failure> {
        let Some(date) = early.date else { return Ok(false) };
        let desk = self.desks.of_owner(&early.owner);
        let Some(request) = desk.and_then(|(_, desk)| desk.request_of(&early.kind)) else { return Ok(false) };
        let ours = self.ledger.begin()?.out_file(&early.owner, &request, date)?;
        Ok(ours.is_some_and(|file| {
            matches!(file.state, FileState::Out(Out::Published | Out::Taken | Out::Uncertain))
        }))
    }
}

fn not_ours(spot: Spot, request: &str, date: Date) -> Fault {
    Fault::new(
        "result-without-request",
        spot,
        format!(
            "no {request} of {date} is out and unanswered, so there is nothing that this file can answer"
        ),
        "check the date in its header; tell the sender that the file is not ours",
    )
}

/// Another answer to a file of ours that has its answer: a person must look (E04).
fn conflict(spot: Spot, ours: &FileRow, by: Option<&FileRow>, reading: &FileReading) -> Fault {
    let name =
        by.map_or_else(|| "another file".to_string(), |file| format!("{} ({})", file.name, file.created_at));
    let applied = by.map_or(0, |file| file.listed_lines);
    let stated = by.and_then(|file| file.failed_won.checked_add(file.partial_won)).unwrap_or(Won::ZERO);
    let found = reading.won.map_or_else(|| "?".to_string(), |won| won.to_string());
    Fault::new(
        "result-conflict",
        spot,
        format!(
            "{} was answered by {name}; this file has other bytes.\n  applied: {applied} lines listed, {stated} won not collected\n  this:    {} lines listed, {found} won stated",
            ours.name, reading.lines
        ),
        "compare both with `sunap read` (the applied one lies in done/); if this one is right, have the bank say so in writing, and correct its records by hand",
    )
}

/// Closes both files in one commit: ours is answered, theirs is applied, with its proof.
#[expect(clippy::too_many_arguments, reason = "what is known of the two files at the end of the pass")]
pub(super) fn close(
    tx: Tx<'_>,
    file_id: i64,
    sent: &FileRow,
    arrival: &Arrival,
    proof: &Proof,
    listed: Listed,
    kind: &str,
    report: &str,
) -> Result<(), Failure> {
    let proof = serde_json::to_string(proof)
        .map_err(|error| Failure::Ledger(Trouble::new("write down the proof", error)))?;
    tx.describe_in(
        file_id,
        &Description {
            kind,
            date: sent.date,
            lines: listed.lines,
            won: Won::ZERO,
            answers: Some(sent.file_id),
            proof: Some(&proof),
            note: "",
            listed_lines: listed.lines,
            failed_won: listed.failed_won,
            partial_won: listed.partial_won,
            absent_lines: sent.lines.saturating_sub(listed.lines),
        },
    )?;
    let FileState::Out(mut state) = sent.state else { return Ok(()) };
    if state == Out::Uncertain {
        // The answer proves that the exchange has it.
        state = step_out(&tx, sent.file_id, state, OutHappening::Taken, arrival.at, &arrival.name)?;
    }
    step_out(&tx, sent.file_id, state, OutHappening::Answered, arrival.at, &arrival.name)?;
    tx.mark_overdue(sent.file_id, false)?;
    for alert in ["file-uncertain", UNTAKEN] {
        tx.clear_alert(alert, &sent.subject(), arrival.at)?;
    }
    book_answer(&tx, sent.file_id, file_id, arrival.at)?;
    tx.set_report(file_id, report)?;
    let applied = FileState::In(In::Applied);
    tx.file_stepped(file_id, InHappening::Applied.word(), applied, arrival.at, &sent.name)?;
    tx.clear_alert("result-overdue", &sent.subject(), arrival.at)?;
    for settled in ["file-rejected", "file-held"] {
        tx.clear_alert(settled, &arrival.subject(), arrival.at)?;
    }
    tx.commit()?;
    Ok(())
}
