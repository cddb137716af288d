//! Operators' orders: files of TOML in `control/inbox`, each answered in `control/outbox`, journaled with who and why.
//!
//! An order about a file moves the file first where that takes it out of the peer's reach, and is safe to repeat: a
//! crash in between leaves the order in work, and it is judged again.

use super::approval::SECOND;
use super::drops::owe;
use super::emission::step_out;
use super::incoming::{Arrival, Decided, HELD, room_of};
use super::outgoing::{UNTAKEN, lines_refused};
use super::rights::answer_name;
use super::{Engine, Failure, desk_orders, messages, notices, payouts, restoring};
use crate::domain::{ChannelId, Instant};
use crate::intake::approval::Approval;
use crate::intake::order::{self, About, Order, Outcome, Target, Verb};
use crate::ledger::{Event, FileRow, FileState, MandateFacts, MandateStep, Subject, Tx};
use crate::machine::file::{In, InHappening, Out, OutHappening, step_in, step_out as file_step};
use crate::machine::mandate::{Happening, step};
use crate::spool::{Owner, Sha256, Spool};
use std::ffi::OsStr;

impl Engine {
    /// Judges an order, does it, answers it.
    pub(super) fn order(&mut self, arrival: &Arrival) -> Result<Decided, Failure> {
        let bytes = self.archived_bytes(arrival)?;
        if Approval::is_one(&bytes) {
            return self.answer_proposal(arrival, &bytes);
        }
        let answer_name = answer_name(&arrival.name);
        let order = match Order::parse(&arrival.name, &bytes) {
            Ok(order) => order,
            Err(faults) => {
                let text = order::rejection(&faults);
                return self.reject_and_answer(arrival, "order", &faults, &[(&answer_name, text.as_bytes())]);
            }
        };
        if let Some(fault) = self.may_not_order(arrival, &order) {
            return self.turn_away(arrival, fault);
        }
        if let Some(waits) = self.propose(arrival, order.verb.word(), "order")? {
            return Ok(waits);
        }
        let order = Order { by: self.signed_by_two(arrival, &order.by), ..order };
        let note = format!("{} by {}: {}", order.verb.word(), order.by, order.reason);
        if order.verb.about() == About::File {
            if let Some(noted) = self.take_note(&order, arrival, &note)? {
                return Ok(noted);
            }
            let outcome = self.carry_out(&order, arrival.at)?;
            return self.answer_order(arrival, &note, &order.answer(&outcome), &outcome);
        }
        // What moves money is done in the commit that takes the order: judged again after a crash, it is not done twice.
        match &order.target {
            Target::ApplicationId(id) => return self.order_of_application(arrival, &order, *id, &note),
            Target::Papers(target) => return self.order_of_papers(arrival, &order, target, &note),
            Target::Reveal(target) => return self.order_to_reveal(arrival, &order, target, &note),
            _ => {}
        }
        let place = desk_orders::creditor_of(&order).and_then(|creditor| self.place_of(creditor));
        let config = self.config.clone();
        let restores = order.verb == Verb::MandateRestore;
        let places = if restores { self.all_places() } else { Vec::new() };
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, "order")?;
        let outcome = match (&order.target, place) {
            (Target::Mandate { .. } | Target::MandateId(_), _) if restores => {
                restoring::order(&tx, &places, mandate_of(&tx, &order)?, &note, arrival.at)?
            }
            (Target::Mandate { .. } | Target::MandateId(_), _) => order_of_mandate(&tx, &order, arrival.at)?,
            (Target::Message(to), _) => {
                let about = (to.creditor, &to.payer_no, to.text.as_str());
                messages::by_hand(&tx, config.notify.as_ref(), about, file_id, arrival.at)?
            }
            (Target::Notice { creditor, notice }, _) => {
                let from = (order.by.as_str(), arrival.at, file_id);
                let told = notices::acknowledge(&tx, &config, *creditor, notice, from)?;
                told.map_or_else(Outcome::Refused, Outcome::Done)
            }
            (Target::Question { id, text }, _) => {
                notices::answer(&self.spool, &tx, (*id, text, &order.by), arrival.at)?
            }
            (Target::PayoutId(id), _) => payouts::carry_out(&tx, &config, &order, *id, arrival.at)?,
            (_, Some(place)) => desk_orders::carry_out(&tx, &place, &order, file_id, arrival.at)?,
            (_, None) => Outcome::Refused("no such creditor is configured".into()),
        };
        answered(&self.spool, tx, arrival, file_id, &note, &order.answer(&outcome), &outcome)
    }

    /// Journals what became of an order, and owes its answer.
    pub(super) fn answer_order(
        &mut self,
        arrival: &Arrival,
        note: &str,
        text: &str,
        outcome: &Outcome,
    ) -> Result<Decided, Failure> {
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, "order")?;
        answered(&self.spool, tx, arrival, file_id, note, text, outcome)
    }

    fn carry_out(&mut self, order: &Order, now: Instant) -> Result<Outcome, Failure> {
        match order.verb.about() {
            About::File => {}
            About::Mandate
            | About::Payout
            | About::Desk
            | About::Application
            | About::People
            | About::Print => {
                return Ok(Outcome::Refused("it is done with its answer".into()));
            }
        }
        let meant = self.file_meant(&order.target, order.verb)?;
        let Some(file) = meant else {
            return Ok(Outcome::Refused(
                "no file of that name or id is known, or none in a state that fits".into(),
            ));
        };
        let cause = format!("{} by {}: {}", order.verb.word(), order.by, order.reason);
        // A crash between the deed and its answer: the order lies in work, and is judged again.
        if self.ledger.begin()?.last_cause(file.file_id)?.as_deref() == Some(cause.as_str()) {
            return Ok(Outcome::Done(format!("{}: {}", file.name, order.verb.word())));
        }
        match file.state {
            FileState::Out(state) => self.order_of_our_file(order.verb, &file, state, &cause, now),
            FileState::In(state) => self.order_of_their_file(order.verb, &file, state, &cause, now),
        }
    }

    /// `file.reject` of what is over already (a rejected or missed file, an entry that was no file) takes note of it:
    /// its alerts end in the commit that answers, nothing else changes. `None`: it is another order.
    fn take_note(
        &mut self,
        order: &Order,
        arrival: &Arrival,
        note: &str,
    ) -> Result<Option<Decided>, Failure> {
        if order.verb != Verb::FileReject {
            return Ok(None);
        }
        let file = self.file_meant(&order.target, order.verb)?;
        let over = file.as_ref().is_none_or(|file| {
            matches!(file.state, FileState::In(In::Rejected) | FileState::Out(Out::Missed | Out::Emptied))
        });
        if !over {
            return Ok(None);
        }
        let tx = self.ledger.begin()?;
        let (name, ended) = match (&order.target, file) {
            (_, Some(file)) => (file.name.clone(), tx.clear_alerts_of(&file.subject(), arrival.at)?),
            (Target::FileName { name, .. }, None) => (name.clone(), tx.clear_alerts_named(name, arrival.at)?),
            (_, None) => return Ok(None),
        };
        if ended == 0 {
            return Ok(None);
        }
        let outcome = Outcome::Done(format!("{name}: {ended} alerts acknowledged"));
        let file_id = arrival.enter(&tx, "order")?;
        answered(&self.spool, tx, arrival, file_id, note, &order.answer(&outcome), &outcome).map(Some)
    }

    /// The file that an order means: by id, or the latest of its name whose state can take the verb.
    fn file_meant(&mut self, target: &Target, verb: Verb) -> Result<Option<FileRow>, Failure> {
        let owners: Vec<String> = self.owners.iter().map(Owner::folder).collect();
        let tx = self.ledger.begin()?;
        let (owner, name) = match target {
            Target::FileId(id) => return Ok(tx.file(*id)?),
            Target::FileName { owner, name } => (owner.as_ref().map(ToString::to_string), name),
            _ => return Ok(None),
        };
        let mut found = Vec::new();
        for folder in owners.iter().filter(|folder| owner.as_ref().is_none_or(|owner| owner == *folder)) {
            found.extend(tx.files_named(folder, name)?);
        }
        found.sort_by_key(|file| file.file_id);
        let fits = found.iter().rposition(|file| takes(file.state, verb));
        Ok(match fits {
            Some(index) => Some(found.swap_remove(index)),
            None => found.pop(),
        })
    }

    fn order_of_our_file(
        &mut self,
        verb: Verb,
        file: &FileRow,
        state: Out,
        cause: &str,
        now: Instant,
    ) -> Result<Outcome, Failure> {
        let Some(channel) = file.owner.strip_prefix("channel/").and_then(|id| id.parse::<ChannelId>().ok())
        else {
            return Ok(Outcome::Refused("the file belongs to no channel".into()));
        };
        if verb == Verb::FileRelease && state == Out::Refused {
            return self.release_refused(file, now);
        }
        let Some(happening) = happening_of(verb) else {
            return Ok(Outcome::Refused("not an order for a file".into()));
        };
        if let Err(refusal) = file_step(state, happening) {
            return Ok(Outcome::Refused(refusal.to_string()));
        }
        if verb == Verb::FileRelease && file.deadline_at.is_some_and(|deadline| now > deadline) {
            return Ok(Outcome::Refused(
                "the exchange's deadline is over: mark it as sent if the bank has it, else reject it".into(),
            ));
        }
        let carries = self.carries(file);
        let sha256 = file.sha256.map(Sha256::from_bytes);
        if let Some(sha256) = sha256 {
            match verb {
                Verb::FileRelease => {
                    self.spool.release_outgoing(&channel, &file.name, &sha256).map_err(Failure::Spool)?;
                }
                Verb::FileMarkSent => {
                    self.spool.mark_sent(&channel, &file.name, &sha256).map_err(Failure::Spool)?;
                }
                _ => {}
            }
        }
        let tx = self.ledger.begin()?;
        step_out(&tx, file.file_id, state, happening, now, cause)?;
        if verb == Verb::FileReject {
            let late = file.deadline_at.is_some_and(|deadline| now > deadline);
            lines_refused(&tx, file, carries, None, "", late, now)?;
        }
        for alert in ["file-uncertain", UNTAKEN] {
            tx.clear_alert(alert, &file.subject(), now)?;
        }
        tx.commit()?;
        Ok(Outcome::Done(format!("{}: {}", file.name, happening.word())))
    }

    /// A file that the centre refused without naming a line: its lines go out again, in a new file.
    fn release_refused(&mut self, file: &FileRow, now: Instant) -> Result<Outcome, Failure> {
        if file.deadline_at.is_some_and(|deadline| now > deadline) {
            return Ok(Outcome::Refused(
                "the exchange's deadline is over; request the records for another date".into(),
            ));
        }
        self.emit_again(file, now)?;
        let tx = self.ledger.begin()?;
        tx.clear_alert("file-refused", &file.subject(), now)?;
        tx.commit()?;
        Ok(Outcome::Done(format!("{}: its lines go out again", file.name)))
    }

    fn order_of_their_file(
        &mut self,
        verb: Verb,
        file: &FileRow,
        state: In,
        cause: &str,
        now: Instant,
    ) -> Result<Outcome, Failure> {
        match verb {
            Verb::FileReject => {
                let to = match step_in(state, InHappening::Rejected) {
                    Ok(to) => to,
                    Err(refusal) => return Ok(Outcome::Refused(refusal.to_string())),
                };
                let tx = self.ledger.begin()?;
                let happening = InHappening::Rejected.word();
                tx.file_stepped(file.file_id, happening, FileState::In(to), now, cause)?;
                tx.set_report(file.file_id, cause)?;
                tx.judged_in_held(file.file_id)?;
                tx.clear_alert(HELD, &file.subject(), now)?;
                tx.clear_alert(SECOND, &file.subject(), now)?;
                tx.commit()?;
                self.bring_to_rest(file, to, cause, now)?;
                Ok(Outcome::Done(format!("{}: rejected", file.name)))
            }
            Verb::FileRelease if state == In::Held => {
                let after = self.judge_held(file, now)?;
                Ok(if after {
                    Outcome::Done(format!("{}: judged again", file.name))
                } else {
                    Outcome::Refused(format!("{}: judged again, and held for the same reason", file.name))
                })
            }
            Verb::FileAccept if state == In::Rejected => self.accept(file, cause, now),
            _ => Ok(Outcome::Refused(format!("{} cannot be done to a file that is {state}", verb.word()))),
        }
    }

    /// Judges a held file again; whether it is held no more.
    pub(super) fn judge_held(&mut self, file: &FileRow, now: Instant) -> Result<bool, Failure> {
        Ok(self.judge_held_as(file, None, now)?.is_some())
    }

    /// Judges a held file again, approved or not; what was decided, unless it is held still.
    pub(super) fn judge_held_as(
        &mut self,
        file: &FileRow,
        approved_by: Option<String>,
        now: Instant,
    ) -> Result<Option<Decided>, Failure> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else { return Ok(None) };
        let Some(owner) = self.owners.iter().find(|owner| owner.folder() == file.owner).cloned() else {
            return Ok(None);
        };
        let who = self.config.users.of_key(&file.dropped_by);
        let mut arrival = Arrival::again(file, owner.clone(), Sha256::from_bytes(sha256), day, who, now);
        arrival.approved_by = approved_by;
        let decided = self.decide(&arrival)?;
        self.bring_to_rest(file, decided.state, &decided.report, now)?;
        Ok((decided.state != In::Held).then_some(decided))
    }

    /// Moves a judged file from held/ to where its state belongs, then notes it. Repeatable: a crash or a failed disk
    /// between the judgement and the move leaves it to `finish_held`.
    fn bring_to_rest(
        &mut self,
        file: &FileRow,
        state: In,
        report: &str,
        now: Instant,
    ) -> Result<(), Failure> {
        let owner = self.owners.iter().find(|owner| owner.folder() == file.owner).cloned();
        if let (Some(owner), Some(outcome), Some(sha256)) = (owner, room_of(state), file.sha256) {
            let sha256 = Sha256::from_bytes(sha256);
            self.spool
                .settle_held(&owner, OsStr::new(&file.name), &sha256, outcome, Some(report))
                .map_err(Failure::Spool)?;
        }
        let tx = self.ledger.begin()?;
        if state != In::Held {
            tx.clear_alert(HELD, &file.subject(), now)?;
        }
        tx.rests(file.file_id)?;
        tx.commit()?;
        Ok(())
    }

    /// Finishes what a crash or a failed disk left: files that are judged and still lie in held/.
    pub(super) fn finish_held(&mut self, now: Instant) -> Result<bool, Failure> {
        let left = self.ledger.begin()?.not_at_rest()?;
        let mut worked = false;
        for (file, report) in left {
            let FileState::In(state) = file.state else { continue };
            let result = self.bring_to_rest(&file, state, &report, now).map(|()| true);
            worked |= self.tell(result, &file.name, now)?;
        }
        Ok(worked)
    }
}

/// The mandate that an order names.
fn mandate_of(tx: &Tx<'_>, order: &Order) -> Result<Option<MandateFacts>, Failure> {
    Ok(match &order.target {
        Target::MandateId(id) => tx.mandate(*id)?,
        Target::Mandate { creditor, payer_no, item } => {
            let key = (payer_no.clone(), item.clone());
            tx.mandates(*creditor, std::slice::from_ref(&key))?.remove(&key)
        }
        _ => None,
    })
}

/// Does an order about a mandate in the transaction that answers it: judged again after a crash, it is done once.
fn order_of_mandate(tx: &Tx<'_>, order: &Order, now: Instant) -> Result<Outcome, Failure> {
    let Some(mandate) = mandate_of(tx, order)? else {
        return Ok(Outcome::Refused("no such mandate is known".into()));
    };
    let happening =
        if order.verb == Verb::MandateSuspend { Happening::Suspended } else { Happening::Resumed };
    let to = match step(mandate.state, happening) {
        Ok(to) => to,
        Err(refusal) => return Ok(Outcome::Refused(refusal.to_string())),
    };
    let note = format!("{} by {}: {}", order.verb.word(), order.by, order.reason);
    tx.mandate_stepped(&MandateStep {
        mandate_id: mandate.mandate_id,
        from: mandate.state,
        to,
        happening,
        reason: None,
        active_on: None,
        at: now,
        file: None,
        line: None,
        code: "",
        note: &note,
    })?;
    tx.clear_alert("mandate-suspended", mandate.bank_payer_no.as_str(), now)?;
    Ok(Outcome::Done(format!("{}: {to}", mandate.bank_payer_no)))
}

/// Journals what became of an order and owes its answer, in the transaction that ends with it.
pub(super) fn answered(
    spool: &Spool,
    tx: Tx<'_>,
    arrival: &Arrival,
    file_id: i64,
    note: &str,
    text: &str,
    outcome: &Outcome,
) -> Result<Decided, Failure> {
    owe(spool, &tx, arrival, Some(file_id), &answer_name(&arrival.name), text.as_bytes())?;
    let (happening, said) = match outcome {
        Outcome::Done(text) => ("done", text),
        Outcome::Refused(text) => ("refused", text),
    };
    let note = format!("{note} — {said}");
    tx.event(&Event {
        subject: Subject::Order,
        id: file_id,
        at: arrival.at,
        happening,
        from: "",
        to: "",
        file: Some(file_id),
        line: None,
        code: "",
        note: &note,
    })?;
    tx.set_report(file_id, text)?;
    tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, &note)?;
    tx.commit()?;
    tracing::info!(order = %arrival.name, happening, "order");
    Ok(Decided::new(In::Applied, text))
}

/// What an order means for a file of ours.
fn happening_of(verb: Verb) -> Option<OutHappening> {
    match verb {
        Verb::FileHold => Some(OutHappening::Held),
        Verb::FileRelease => Some(OutHappening::Released),
        Verb::FileReject => Some(OutHappening::Rejected),
        Verb::FileMarkSent => Some(OutHappening::MarkedSent),
        _ => None,
    }
}

/// Whether a file in this state can take the verb: which of several of one name an order means.
fn takes(state: FileState, verb: Verb) -> bool {
    match state {
        FileState::In(In::Rejected) => verb == Verb::FileAccept,
        FileState::In(state) => state == In::Held && matches!(verb, Verb::FileRelease | Verb::FileReject),
        FileState::Out(Out::Refused) => verb == Verb::FileRelease,
        FileState::Out(state) => {
            happening_of(verb).is_some_and(|happening| file_step(state, happening).is_ok())
        }
    }
}
