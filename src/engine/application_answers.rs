//! Our answer to applications from banks (EB12): what we refuse, with its code; what is not listed is agreed to, and takes
//! effect in the very transaction in which the answer is built (product.md 3.4, E37, E39).
//!
//! Built from the archived file of applications, read back, and published as every file of ours. After the network's deadline
//! nothing is built: it has answered in our place, and a person says what (E40).

use super::applications::{Set, Target, UNDECIDED, sets};
use super::changing;
use super::desk::ApplicationDesk;
use super::emission::{seal, stands, step_out};
use super::lines::{Content, unreadable};
use super::result_collection::bug;
use super::{Engine, Failure};
use crate::bank::application::Line;
use crate::domain::{ChannelId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::ledger::{ApplicationRow, FileRow, MakeCharges, MandateFacts, MandateStep, OnlyFor, Tx};
use crate::machine::application::{Happening as Decision, Shape, State, step as decide};
use crate::machine::file::{Out, OutHappening};
use crate::machine::mandate::{EndReason, Happening, State as Mandate, step};
use crate::rules::bank_application::Effect;
use crate::spool::Sha256;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The alert of an end by force while our own application was out.
const ENDED_WHILE_ASKED: &str = "ended-while-asked";

/// The alert of an answer that was not out by the network's deadline.
pub(super) const LATE: &str = "application-answer-late";

impl Engine {
    /// Builds the answer to the applications of a date; the effects of what is agreed to come with it.
    pub(super) fn emit_answer(
        &mut self,
        channel: &ChannelId,
        date: Date,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(desk) = self.desks.on(channel, date).cloned() else { return Ok(()) };
        let Some(applications) = desk.applications.clone() else { return Ok(()) };
        let (owner, rule) = (desk.key(), &applications.rule);
        let Some(file) = self.ledger.begin()?.applied_file(&owner, &rule.received, date)? else {
            return Ok(());
        };
        let lines = self.lines_of(&applications, &file)?;
        let places = self.places_of(channel);
        let deadline = rule.deadline.instant(&self.config.calendar, date);
        let name = applications.answer.layout().file_name(date);
        let tx = self.ledger.begin()?;
        if stands(&tx, &owner, &rule.answer, date)? {
            return Ok(());
        }
        let answer_id = tx.plan_out(&owner, &rule.answer, &name, date, Some(deadline), now)?;
        if now > deadline {
            too_late(&tx, answer_id, &file, deadline, now)?;
            tx.commit()?;
            return Ok(());
        }
        let rows = rows_by_line(&tx, file.file_id)?;
        let mut codes: BTreeMap<u32, String> = BTreeMap::new();
        let effects = Effects { tx: &tx, file_id: file.file_id, now };
        for set in sets(&lines) {
            let Some(row) = rows.get(&set.first()) else { continue };
            if let Some(code) = effects.settle(&applications, channel, &set, row)? {
                codes.extend(set.lines.iter().map(|line| (line.serial, code.clone())));
            }
        }
        tx.answer_applications(file.file_id, answer_id)?;
        let activated = effects.activated(&rows)?;
        for place in &places {
            for (month, due) in place.reachable_months(now) {
                let (creditor, only) = (place.creditor.id, OnlyFor::Mandates(&activated));
                tx.make_charges(&MakeCharges { creditor, month, due: &due, only, at: now })?;
            }
        }
        let head = desk.head(applications.answer.layout(), date);
        let day = now.date();
        let listed: Vec<(&Line, &str)> =
            lines.iter().filter_map(|line| Some((line, codes.get(&line.serial)?.as_str()))).collect();
        let archived = self
            .spool
            .archive_built(day, |out| {
                let written = applications.answer.write(out, &head, listed.iter().copied());
                written.map(drop).map_err(|error| io::Error::other(error.to_string()))
            })
            .map_err(Failure::Spool)?;
        let input = self.spool.open_archived(day, &archived.sha256).map_err(Failure::Spool)?;
        let content = read_back(&applications, &head.name, &listed, input)?;
        // No answer comes to an answer.
        let built = (now, "all of it is decided");
        seal(&tx, answer_id, &archived, content, (day, &self.boot_id), None, built)?;
        tx.clear_alert(UNDECIDED, &file.subject(), now)?;
        tx.commit()?;
        tracing::info!(file = %name, refused = content.lines, "built");
        Ok(())
    }

    /// The lines of a file of applications, read again from the archive.
    pub(super) fn lines_of(
        &self,
        applications: &ApplicationDesk,
        file: &FileRow,
    ) -> Result<Vec<Line>, Failure> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else { return Ok(Vec::new()) };
        let input = self.spool.open_archived(day, &Sha256::from_bytes(sha256)).map_err(Failure::Spool)?;
        let received = applications.received.read(&file.name, input).map_err(Failure::Spool)?;
        if received.reading.faults.is_empty() {
            Ok(received.lines)
        } else {
            Err(unreadable(&file.name, &received.reading.faults))
        }
    }
}

/// The network's deadline is over: nothing is sent, nothing takes effect, and a person is told.
fn too_late(
    tx: &Tx<'_>,
    answer_id: i64,
    file: &FileRow,
    deadline: Instant,
    now: Instant,
) -> Result<(), Failure> {
    let why = "the exchange's deadline passed";
    step_out(tx, answer_id, Out::Planned, OutHappening::Missed, now, why)?;
    let text = format!(
        "{} was not answered by {deadline}: the network answered in our place. Ask which applications it took, and order `sunap application accept` or `refuse` for each set",
        file.name
    );
    tx.alert(LATE, &file.subject(), &text, now)?;
    tx.clear_alert(UNDECIDED, &file.subject(), now)?;
    Ok(())
}

/// The rows of a file, by the serials of their lines.
pub(super) fn rows_by_line(tx: &Tx<'_>, file_id: i64) -> Result<BTreeMap<u32, ApplicationRow>, Failure> {
    Ok(tx.applications(file_id)?.into_iter().map(|row| (row.line_no, row)).collect())
}

/// Reads our own answer with the reader's code: every line is what was to be written.
fn read_back(
    applications: &ApplicationDesk,
    name: &str,
    listed: &[(&Line, &str)],
    input: impl Read,
) -> Result<Content, Failure> {
    let (received, codes) = applications.answer.read(name, input).map_err(Failure::Spool)?;
    let read = received.lines.iter().zip(&codes);
    let said =
        read.map(|(line, code)| (line.asked, &line.bank_payer_no, line.bank, &line.account, code.as_str()));
    let meant =
        listed.iter().map(|(line, code)| (line.asked, &line.bank_payer_no, line.bank, &line.account, *code));
    if !received.reading.faults.is_empty() {
        return Err(unreadable(name, &received.reading.faults));
    }
    if !said.eq(meant) {
        let why = "it is not what was decided";
        return Err(Failure::Ledger(Trouble::new(format!("read back {name}"), why)));
    }
    Ok(Content { lines: i64::try_from(listed.len()).unwrap_or(i64::MAX), won: Won::ZERO })
}

/// What agreed applications do to mandates.
pub(super) struct Effects<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) file_id: i64,
    pub(super) now: Instant,
}

impl Effects<'_> {
    /// Looks at a set once more and does what it asks for; the code where it is refused. A set that was answered before (in
    /// a file that did not stand) has had its effect.
    fn settle(
        &self,
        applications: &ApplicationDesk,
        channel: &ChannelId,
        set: &Set<'_>,
        row: &ApplicationRow,
    ) -> Result<Option<String>, Failure> {
        if row.state == State::Refused {
            return Ok(Some(row.code.clone()));
        }
        if row.answer_file.is_some() {
            return Ok(None);
        }
        let known = set.target(self.tx, channel)?;
        match (set.check(known.as_ref()), known) {
            (Err(unfit), _) => {
                let to = decide(row.state, Decision::FoundUnfit).map_err(bug)?;
                let code = applications.code(unfit);
                self.tx.decide_applications((self.file_id, row.set_line), to, code, unfit.ko(), "")?;
                Ok(Some(code.to_string()))
            }
            (Ok(effect), Some(known)) => self.take_effect(set, &known, effect).map(|()| None),
            (Ok(_), None) => Ok(None),
        }
    }

    /// Does what an agreed set asks for: an end, a new account, or a registration.
    pub(super) fn take_effect(&self, set: &Set<'_>, target: &Target, effect: Effect) -> Result<(), Failure> {
        let known = &target.mandate;
        let reason = if set.shape == Shape::ForcedCancel { EndReason::Forced } else { EndReason::AtBank };
        match effect {
            Effect::Nothing => Ok(()),
            Effect::Watch => {
                let text = "은행이 임의해지를 알려 왔으나 우리 신청이 진행 중입니다: 결과가 등록 완료이면 은행에 확인하십시오";
                self.tx.alert(ENDED_WHILE_ASKED, known.bank_payer_no.as_str(), text, self.now)?;
                Ok(())
            }
            Effect::End => {
                if let Some(change) = &target.open {
                    changing::over(self.tx, change)?;
                    let text = format!(
                        "은행접수 {}로 계좌변경도 끝났습니다: 계속하려면 다시 신청하십시오",
                        reason.ko()
                    );
                    self.tx.alert(changing::ENDED, known.bank_payer_no.as_str(), &text, self.now)?;
                }
                self.end(set, known, reason)
            }
            Effect::Sever => self.step(
                set,
                known,
                Happening::Severed,
                Some(reason),
                "은행접수 해지: 새 계좌의 결과를 기다림",
            ),
            Effect::Register => self.switch(set, known, Happening::RegisteredAtBank),
            Effect::Move => self.switch(set, known, Happening::MovedAtBank),
        }
    }

    fn end(&self, set: &Set<'_>, known: &MandateFacts, reason: EndReason) -> Result<(), Failure> {
        self.step(set, known, Happening::EndedElsewhere, Some(reason), "은행접수 해지")?;
        self.tx.withdraw_registrations(known.mandate_id)?;
        let line = Some(i64::from(set.first()));
        self.tx.withdraw_for_mandate(
            known.mandate_id,
            "MANDATE_ENDED",
            self.now,
            Some(self.file_id),
            line,
        )?;
        Ok(())
    }

    /// The mandate's account is the one of the line that registers from now on.
    fn switch(&self, set: &Set<'_>, known: &MandateFacts, happening: Happening) -> Result<(), Failure> {
        let Some(line) = set.new_line() else { return Ok(()) };
        let told = format!(
            "은행접수: {} {} → {} {}",
            known.terms.bank,
            crate::domain::masked(known.terms.account.reveal()),
            line.bank,
            crate::domain::masked(&line.account)
        );
        let wrong = |_| Failure::Ledger(Trouble::new("take an account over", "it is no account's number"));
        let mut terms = known.terms.clone();
        terms.bank = line.bank;
        terms.account = line.account.parse().map_err(wrong)?;
        if let Ok(id_no) = line.id_no.parse() {
            terms.id_no = id_no;
        }
        self.tx.update_mandate(known.mandate_id, &terms)?;
        self.step(set, known, happening, None, &told)
    }

    fn step(
        &self,
        set: &Set<'_>,
        known: &MandateFacts,
        happening: Happening,
        reason: Option<EndReason>,
        note: &str,
    ) -> Result<(), Failure> {
        let to = step(known.state, happening).map_err(bug)?;
        let opens = happening == Happening::RegisteredAtBank;
        self.tx.mandate_stepped(&MandateStep {
            mandate_id: known.mandate_id,
            from: known.state,
            to,
            happening,
            reason,
            active_on: opens.then(|| self.now.date()),
            at: self.now,
            file: Some(self.file_id),
            line: Some(i64::from(set.first())),
            code: "",
            note,
        })?;
        self.tx.clear_alert("mandate-suspended", known.bank_payer_no.as_str(), self.now)?;
        Ok(())
    }

    /// Of the mandates that these applications speak of, those that are active now: charges are made for them.
    pub(super) fn activated(&self, rows: &BTreeMap<u32, ApplicationRow>) -> Result<Vec<i64>, Failure> {
        let mut active = Vec::new();
        for id in rows.values().filter_map(|row| row.mandate_id) {
            let now = self.tx.mandate(id)?.is_some_and(|mandate| mandate.state == Mandate::Active);
            if now && !active.contains(&id) {
                active.push(id);
            }
        }
        Ok(active)
    }
}
