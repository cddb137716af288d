//! What came into an inbox: claim, archive, recognise, decide, commit, settle (house.md 5).
//!
//! The archived bytes are what is judged. One transaction commits the file's row, everything that follows from it
//! and the answers it owes; then the file is settled into done/, rejected/ or held/ with its report beside it. A
//! crash in between is finished at the next start by the row (`start`), never by judging twice.

use super::drops::owe;
use super::notices::Letter;
use super::rights::answer_name;
use super::{Engine, Failure};
use crate::config::Who;
use crate::domain::{Date, Instant};
use crate::fault::{Fault, Faults, Place};
use crate::intake::evidence::is_evidence;
use crate::intake::{Kind, order};
use crate::ledger::{FileRow, FileState, NewIn, Tx, file_subject};
use crate::machine::file::{In, InHappening};
use crate::spool::{Archived, ClaimError, Claimed, Dropper, Outcome, Owner, Seen, Sha256, Skip};

/// The alert of a file that was rejected: over when one of its name is applied.
const REJECTED: &str = "file-rejected";

/// The alert of a file that is held: over when it is judged, or one of its name is applied.
pub(super) const HELD: &str = "file-held";

/// A file whose bytes are in the archive, to be judged.
pub(super) struct Arrival {
    pub(super) owner: Owner,
    /// The ledger's name of its folder: `channel/main`.
    pub(super) owner_key: String,
    /// Its name, safe to print.
    pub(super) name: String,
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
    /// The day under which the archive keeps it.
    pub(super) day: Date,
    /// When it is judged: business time.
    pub(super) at: Instant,
    /// Its row, where it was held and is judged again.
    pub(super) held: Option<i64>,
    /// Who dropped it.
    pub(super) who: Who,
    /// Its owner as the system says; `None` where a held file is judged again.
    pub(super) dropper: Option<Dropper>,
    /// Who takes it on although its trailer states less than it lists: the order that said so.
    pub(super) taken_on: Option<String>,
    /// Who approved it as the second person.
    pub(super) approved_by: Option<String>,
}

/// What was decided about a file, already committed.
pub(super) struct Decided {
    pub(super) state: In,
    pub(super) report: String,
}

impl Decided {
    /// A decision with its report.
    pub(super) fn new(state: In, report: impl Into<String>) -> Self {
        Self { state, report: report.into() }
    }
}

/// In which room a file of a state rests.
pub(super) fn room_of(state: In) -> Option<Outcome> {
    match state {
        In::Claimed => None,
        In::Applied | In::Duplicate => Some(Outcome::Done),
        In::Rejected => Some(Outcome::Rejected),
        In::Held => Some(Outcome::Held),
    }
}

impl Engine {
    /// Takes every settled file of every inbox, in the order of folders and names. Answers whether anything changed
    /// and whether a file is still growing.
    pub(super) fn take_inboxes(&mut self, now: Instant, monotonic_ms: u64) -> Result<(bool, bool), Failure> {
        let (mut worked, mut growing) = (false, false);
        for owner in self.owners.clone() {
            let seen = match self.spool.scan(&owner) {
                Ok(seen) => seen,
                Err(trouble) => {
                    self.tell(Err(Failure::Spool(trouble)), &owner.folder(), now)?;
                    continue;
                }
            };
            self.quiet.forget_gone(&owner, &seen);
            self.look_at_left_alone(&owner, &seen, now, monotonic_ms)?;
            for entry in seen {
                let result = self.take_entry(&owner, &entry, now, monotonic_ms, &mut growing);
                worked |= self.tell(result, &entry.shown(), now)?;
                // Orders are taken in their order: those behind one on which the disk failed wait with it.
                if self.troubled && owner == Owner::Control {
                    break;
                }
            }
        }
        Ok((worked, growing))
    }

    fn take_entry(
        &mut self,
        owner: &Owner,
        seen: &Seen,
        now: Instant,
        monotonic_ms: u64,
        growing: &mut bool,
    ) -> Result<bool, Failure> {
        match seen.skip {
            Some(Skip::Unfinished | Skip::Hidden | Skip::Marker) => return Ok(false),
            None => {}
        }
        if !self.quiet.settled(owner, seen, monotonic_ms, self.config.quiet_ms) {
            *growing = true;
            return Ok(false);
        }
        let claimed = match self.spool.claim(owner, seen) {
            Ok(claimed) => claimed,
            Err(ClaimError::Gone | ClaimError::Busy) => return Ok(false),
            Err(ClaimError::Changed) => {
                *growing = true;
                return Ok(false);
            }
            Err(ClaimError::Trouble(trouble)) => return Err(Failure::Spool(trouble)),
            Err(ClaimError::Unreadable) => return self.tell_unreadable(owner, seen, now),
            Err(why @ (ClaimError::NotAFile(_) | ClaimError::TooLarge { .. })) => {
                return self.refuse(owner, seen, &why, now);
            }
        };
        self.decide_and_settle(claimed, false, now)?;
        Ok(true)
    }

    /// Archives, decides, commits and settles one claimed file. `left`: it lay in work since before.
    pub(super) fn decide_and_settle(
        &mut self,
        claimed: Claimed,
        left: bool,
        now: Instant,
    ) -> Result<(), Failure> {
        let archived = self.spool.archive(&claimed, now.date()).map_err(Failure::Spool)?;
        let dropper = self.dropper_of(&claimed);
        let arrival = Arrival::new(&claimed, &archived, (dropper, self.who(dropper)), now);
        if archived.repaired {
            let tx = self.ledger.begin()?;
            let text = "the archive held other bytes under this hash (a damaged disk); they were replaced";
            tx.alert("archive-damaged", &arrival.subject(), text, now)?;
            tx.commit()?;
        }
        self.witness_taking(&arrival, left)?;
        let decided = match self.same_bytes(&arrival)? {
            Some(earlier) => self.duplicate(&arrival, &earlier)?,
            None => self.decide(&arrival)?,
        };
        tracing::info!(file = %arrival.name, owner = %arrival.owner_key, state = decided.state.word(), "taken");
        self.settle(&claimed, decided.state, &decided.report)
    }

    pub(super) fn decide(&mut self, arrival: &Arrival) -> Result<Decided, Failure> {
        if let Some(fault) = self.may_not_drop(arrival) {
            return self.turn_away(arrival, fault);
        }
        if let (Owner::Creditor(_), Some((deed, _))) = (&arrival.owner, self.right_of(arrival)) {
            let kind = Kind::of_name(&arrival.name).map_or("", Kind::word);
            if let Some(waits) = self.propose(arrival, deed, kind)? {
                return Ok(waits);
            }
        }
        match arrival.owner.clone() {
            Owner::Channel(channel) if self.config.message_channel().as_ref() == Some(&channel) => {
                self.message_receipts(arrival)
            }
            Owner::Channel(channel) => self.bank_file(&channel, arrival),
            Owner::Creditor(creditor) => match Letter::of_name(&arrival.name) {
                Some(letter) => self.letter(creditor, letter, arrival),
                None => self.list(creditor, arrival),
            },
            Owner::Control => self.order(arrival),
        }
    }

    /// Moves a decided file to its room, and notes where it rests.
    pub(super) fn settle(&mut self, claimed: &Claimed, state: In, report: &str) -> Result<(), Failure> {
        let Some(outcome) = room_of(state) else { return Ok(()) };
        self.spool.settle(claimed, outcome, Some(report)).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        tx.settled(&claimed.owner().folder(), &claimed.shown())?;
        tx.commit()?;
        Ok(())
    }

    fn same_bytes(&mut self, arrival: &Arrival) -> Result<Option<FileRow>, Failure> {
        // That a notice was read is said anew when its text has changed.
        let letter = Letter::of_name(&arrival.name) == Some(Letter::Acknowledgement);
        if letter && matches!(arrival.owner, Owner::Creditor(_)) {
            return Ok(None);
        }
        // What a list asks for stands in its name alone: a retry in the words of an earlier request is another file.
        let kind = match arrival.owner {
            Owner::Creditor(_) => Kind::of_name(&arrival.name).map(Kind::word),
            Owner::Channel(_) | Owner::Control => None,
        };
        let seen = self.ledger.begin()?.file_seen(&arrival.owner_key, kind, arrival.sha256.as_bytes())?;
        // One scan may be the evidence of several payers: whose it is stands in its name.
        let by_name = matches!(arrival.owner, Owner::Creditor(_)) && is_evidence(&arrival.name);
        Ok(seen.filter(|earlier| !by_name || earlier.name == arrival.name))
    }

    /// Same bytes again, under whatever name (E03, E05, E63): noted, no other effect.
    fn duplicate(&mut self, arrival: &Arrival, earlier: &FileRow) -> Result<Decided, Failure> {
        let report = format!(
            "중복 (duplicate): {} 은(는) {} 에 처리된 {} 과(와) 같은 파일입니다. 다시 반영하지 않았습니다.\nThe same bytes were taken as {} at {}; nothing was applied again.\n",
            arrival.name, earlier.created_at, earlier.name, earlier.name, earlier.created_at
        );
        let cause = format!("same bytes as {} of {}", earlier.name, earlier.created_at);
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, &earlier.kind)?;
        arrival.leave(&tx, file_id, InHappening::Duplicate, In::Duplicate, &cause, &report)?;
        if arrival.owner == Owner::Control {
            // Whoever gave the order waits for its answer under its own name.
            let answer = order::duplicate(&arrival.name, &earlier.name, earlier.created_at);
            owe(&self.spool, &tx, arrival, Some(file_id), &answer_name(&arrival.name), answer.as_bytes())?;
        }
        tx.commit()?;
        Ok(Decided::new(In::Duplicate, report))
    }

    /// Rejects a file with all its faults: nothing of it was or will be applied.
    pub(super) fn reject(
        &mut self,
        arrival: &Arrival,
        kind: &str,
        faults: &Faults,
    ) -> Result<Decided, Failure> {
        self.reject_and_answer(arrival, kind, faults, &[])
    }

    /// Rejects a file, and owes its sender answers (name and bytes) from the same commit on.
    pub(super) fn reject_and_answer(
        &mut self,
        arrival: &Arrival,
        kind: &str,
        faults: &Faults,
        answers: &[(&str, &[u8])],
    ) -> Result<Decided, Failure> {
        let names: Vec<&str> = faults.kept().iter().map(|fault| fault.name).take(3).collect();
        let cause = format!("{} faults: {}", faults.total(), names.join(", "));
        let report = format!(
            "반려 (rejected): {} — 오류 {}건, 한 건도 반영하지 않았습니다.\n{} faults; no record of the file was applied. The file was moved to rejected/.\n\n{faults}",
            arrival.name,
            faults.total(),
            faults.total()
        );
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, kind)?;
        for (name, bytes) in answers {
            owe(&self.spool, &tx, arrival, Some(file_id), name, bytes)?;
        }
        arrival.leave(&tx, file_id, InHappening::Rejected, In::Rejected, &cause, &report)?;
        tx.alert(REJECTED, &arrival.subject(), &cause, arrival.at)?;
        tx.commit()?;
        Ok(Decided::new(In::Rejected, report))
    }

    /// Holds a file for a person, or until its predecessor is out.
    pub(super) fn hold(
        &mut self,
        arrival: &Arrival,
        kind: &str,
        date: Option<Date>,
        why: &Fault,
    ) -> Result<Decided, Failure> {
        let report = format!("보류 (held): {}\n\n{why}", arrival.name);
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, kind)?;
        if let Some(date) = date {
            tx.set_date(file_id, date)?;
        }
        arrival.leave(&tx, file_id, InHappening::Held, In::Held, why.name, &report)?;
        tx.alert(HELD, &arrival.subject(), &why.expected, arrival.at)?;
        tx.commit()?;
        Ok(Decided::new(In::Held, report))
    }

    fn tell_unreadable(&mut self, owner: &Owner, seen: &Seen, now: Instant) -> Result<bool, Failure> {
        let text = "sunap is not allowed to read it; it stays in the inbox until its owner or mode is mended";
        let tx = self.ledger.begin()?;
        let new =
            tx.alert("file-unreadable", &format!("{}/inbox/{}", owner.folder(), seen.shown()), text, now)?;
        tx.commit()?;
        Ok(new)
    }

    /// A folder, pipe, link, device or oversized file: moved aside with a report, never opened.
    fn refuse(
        &mut self,
        owner: &Owner,
        seen: &Seen,
        why: &ClaimError,
        now: Instant,
    ) -> Result<bool, Failure> {
        let fault = Fault::new(
            "inbox-entry-unfit",
            Place::file(format!("{}/inbox/{}", owner.folder(), seen.shown())),
            format!("an inbox takes plain files only; {why}"),
            "drop a plain file, written under another name (name.tmp) and then renamed",
        );
        let report = format!("반려 (rejected): {}\n\n{fault}", seen.shown());
        self.spool.refuse_entry(owner, seen, &report).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        tx.alert(
            "inbox-entry-unfit",
            &format!("{}/inbox/{}", owner.folder(), seen.shown()),
            &fault.expected,
            now,
        )?;
        tx.commit()?;
        Ok(true)
    }
}

impl Arrival {
    /// The subject of alerts about it.
    pub(super) fn subject(&self) -> String {
        file_subject(&self.owner_key, &self.name)
    }

    /// A file that was just claimed and archived.
    fn new(claimed: &Claimed, archived: &Archived, (dropper, who): (Dropper, Who), at: Instant) -> Self {
        Self {
            owner: claimed.owner().clone(),
            owner_key: claimed.owner().folder(),
            name: claimed.shown(),
            sha256: archived.sha256,
            bytes: archived.bytes,
            day: at.date(),
            at,
            held: None,
            who,
            dropper: Some(dropper),
            approved_by: None,
            taken_on: None,
        }
    }

    /// A held file, judged again.
    pub(super) fn again(
        file: &FileRow,
        owner: Owner,
        sha256: Sha256,
        day: Date,
        who: Who,
        at: Instant,
    ) -> Self {
        Self {
            owner_key: owner.folder(),
            owner,
            name: file.name.clone(),
            sha256,
            bytes: u64::try_from(file.bytes).unwrap_or(0),
            day,
            at,
            held: Some(file.file_id),
            who,
            dropper: None,
            approved_by: None,
            taken_on: None,
        }
    }

    /// The file's row in the ledger, claimed: a new one, or the one of a held file taken up again.
    pub(super) fn enter(&self, tx: &Tx<'_>, kind: &str) -> Result<i64, Failure> {
        if let Some(file_id) = self.held {
            let happening = InHappening::Released.word();
            tx.file_stepped(file_id, happening, FileState::In(In::Claimed), self.at, "judged again")?;
            tx.judged_in_held(file_id)?;
            return Ok(file_id);
        }
        if let Some(user) = &self.who.user {
            tx.user_seen(&user.id, self.at)?;
        }
        Ok(tx.file_in(&NewIn {
            owner: &self.owner_key,
            kind,
            name: &self.name,
            sha256: *self.sha256.as_bytes(),
            bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            archive_day: self.day,
            dropped_by: &self.who.key,
            cause: self.taken_on.as_deref().unwrap_or_default(),
            at: self.at,
        })?)
    }

    /// What was told of an earlier file of this name, rejected or held, is over: this one was applied.
    pub(super) fn clear_alerts(&self, tx: &Tx<'_>) -> Result<(), Failure> {
        for alert in [REJECTED, HELD] {
            tx.clear_alert(alert, &self.subject(), self.at)?;
        }
        Ok(())
    }

    /// Closes the row of a file that is not applied: its state, why, and the report for its folder.
    pub(super) fn leave(
        &self,
        tx: &Tx<'_>,
        file_id: i64,
        happening: InHappening,
        to: In,
        cause: &str,
        report: &str,
    ) -> Result<(), Failure> {
        tx.set_note(file_id, cause)?;
        tx.set_report(file_id, report)?;
        tx.file_stepped(file_id, happening.word(), FileState::In(to), self.at, cause)?;
        Ok(())
    }
}
