//! A file of applications from banks (EB11) comes in: read as strictly as a result, each set of lines checked against the
//! ledger and decided by the policy; what the policy leaves open waits for a person (product.md 3.4).
//!
//! Nothing takes effect here: it does with our answer (`application_answers`), so that the network's view and ours change
//! together.

use super::desk::{ApplicationDesk, Desk};
use super::emission::step_out;
use super::incoming::{Arrival, Decided};
use super::{Engine, Failure};
use crate::bank::FileHead;
use crate::bank::application::{Line, Received};
use crate::config::{ApplicationRule, Config, Policies, Policy};
use crate::domain::{BankPayerNo, ChannelId, Date, Instant, Won};
use crate::fault::{Fault, Place as Spot};
use crate::ledger::{
    ApplicationRow, ChangeRow, Description, Due, FileState, MandateFacts, NewApplication, Tx,
};
use crate::machine::application::{Asked, Shape, State, shape};
use crate::machine::change::State as Change;
use crate::machine::file::{In, InHappening, Out, OutHappening};
use crate::rules::bank_application::{Accounts, ApplicationFacts, Effect, OpenChange, Unfit, check};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The alert of a day without its file of applications.
pub(super) const MISSING: &str = "application-missing";

/// The alert of applications that a person has to decide.
pub(super) const UNDECIDED: &str = "application-undecided";

/// The mandate with the number of a set, with its own changes of account.
pub(super) struct Target {
    pub(super) mandate: MandateFacts,
    /// The one that is asked for.
    pub(super) open: Option<ChangeRow>,
    /// Those by which it left its accounts.
    left: Vec<ChangeRow>,
}

/// The lines of one payer number in a file.
pub(super) struct Set<'l> {
    pub(super) shape: Shape,
    pub(super) lines: Vec<&'l Line>,
}

impl<'l> Set<'l> {
    fn new(lines: Vec<&'l Line>) -> Self {
        let asked: Vec<Asked> = lines.iter().map(|line| line.asked).collect();
        Self { shape: shape(&asked), lines }
    }

    /// The serial of its first line: how the ledger names the set.
    pub(super) fn first(&self) -> u32 {
        self.lines.first().map_or(1, |line| line.serial)
    }

    fn number(&self) -> Option<BankPayerNo> {
        self.lines.first()?.bank_payer_no.parse().ok()
    }

    /// The line that registers.
    pub(super) fn new_line(&self) -> Option<&'l Line> {
        self.lines.iter().copied().find(|line| line.asked == Asked::Register)
    }

    /// Whose number it is.
    pub(super) fn target(&self, tx: &Tx<'_>, channel: &ChannelId) -> Result<Option<Target>, Failure> {
        let Some(number) = self.number() else { return Ok(None) };
        let found = tx.mandates_on_wire(channel, std::slice::from_ref(&number))?.remove(&number);
        let Some(mandate) = found else { return Ok(None) };
        let open = tx.open_change(mandate.mandate_id)?.filter(|change| change.state == Change::Asked);
        let left = tx.switched_changes(mandate.mandate_id)?;
        Ok(Some(Target { mandate, open, left }))
    }

    /// What it does if it is agreed to as things stand now, or why it is refused.
    pub(super) fn check(&self, target: Option<&Target>) -> Result<Effect, Unfit> {
        let account = |line: &&'l Line| (line.bank, line.account.as_str());
        let old = self.lines.iter().find(|line| line.asked != Asked::Register).map(account);
        let accounts = Accounts { old, new: self.new_line().as_ref().map(account) };
        let facts = target.map(|Target { mandate, open, left }| ApplicationFacts {
            state: mandate.state,
            account: (mandate.terms.bank, mandate.terms.account.reveal()),
            debit_in_flight: mandate.in_flight_collections,
            change: open.as_ref().map(|change| OpenChange {
                new: (change.new_bank, change.new_account.reveal()),
                out: change.sent,
            }),
            left_before: left
                .iter()
                .any(|change| old == Some((change.old_bank, change.old_account.reveal()))),
        });
        check(self.shape, accounts, facts.as_ref())
    }
}

/// The sets of a file, in the order of their first lines.
pub(super) fn sets(lines: &[Line]) -> Vec<Set<'_>> {
    let mut by_number: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        by_number.entry(&line.bank_payer_no).or_default().push(line);
    }
    let mut sets: Vec<Set<'_>> = by_number.into_values().map(Set::new).collect();
    sets.sort_by_key(Set::first);
    sets
}

impl ApplicationDesk {
    /// The code with which our answer gives a reason.
    pub(super) fn code(&self, unfit: Unfit) -> &str {
        match unfit {
            Unfit::UnknownPayer => &self.rule.unknown_payer,
            Unfit::Double => &self.rule.double,
            Unfit::DebitInFlight => &self.rule.debit_in_flight,
            Unfit::OtherAccount
            | Unfit::NoAccount
            | Unfit::NotActive
            | Unfit::Changing
            | Unfit::Ended
            | Unfit::Odd => &self.rule.other,
        }
    }
}

impl Engine {
    /// Judges a file of applications and decides what the policy decides.
    pub(super) fn application_file(
        &mut self,
        channel: &ChannelId,
        desk: &Arc<Desk>,
        arrival: &Arrival,
    ) -> Result<Decided, Failure> {
        let Some(applications) = desk.applications.clone() else { return Err(Self::no_channel(arrival)) };
        let kind = applications.rule.received.clone();
        let input = self.open_bytes(arrival)?;
        let Received { lines, reading } =
            applications.received.read(&arrival.name, input).map_err(Failure::Spool)?;
        let mut faults = reading.faults;
        let head = reading.head.clone();
        faults.extend(
            head.as_ref().and_then(|head| self.head_fault(&desk.channel.institution_code, head, arrival)),
        );
        let Some(head) = head.filter(|_| faults.is_empty()) else {
            return self.reject(arrival, &kind, &faults);
        };
        let earlier = self.ledger.begin()?.applied_file(&desk.key(), &kind, head.date)?;
        if let Some(earlier) = earlier {
            let fault = Fault::new(
                "application-file-twice",
                Spot::file(&arrival.name),
                format!(
                    "{} of {} was taken at {}; this file has other bytes ({} records there, {} here)",
                    earlier.name,
                    head.date,
                    earlier.created_at,
                    earlier.lines,
                    lines.len()
                ),
                "ask the network which of both counts; the first one stands, and is what is answered",
            );
            return self.hold(arrival, &kind, Some(head.date), &fault);
        }
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, &kind)?;
        let mut told = Told::default();
        for set in sets(&lines) {
            let known = set.target(&tx, channel)?;
            let mandate = known.as_ref().map(|target| target.mandate.mandate_id);
            let policies = policies(&tx, &self.config, &applications.rule, mandate)?;
            told.take(&tx, (channel, file_id), (&applications, policies), &set, known.as_ref())?;
        }
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let about = Description {
            kind: &kind,
            date: Some(head.date),
            lines: count,
            won: Won::ZERO,
            answers: None,
            proof: None,
            note: "",
            listed_lines: 0,
            failed_won: Won::ZERO,
            partial_won: Won::ZERO,
            absent_lines: 0,
        };
        tx.describe_in(file_id, &about)?;
        let deadline = applications.rule.deadline.instant(&self.config.calendar, head.date);
        let report = format!(
            "접수 (taken): {} — 은행접수 신청 {count}건: 승인 {}, 거부 {}, 미결정 {}\n회신 마감 (answer due): {deadline}\n{}",
            arrival.name, told.accepted, told.refused, told.undecided, told.text
        );
        tx.set_report(file_id, &report)?;
        tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, "")?;
        arrival.clear_alerts(&tx)?;
        tx.clear_alert(MISSING, &missing_subject(channel, &kind, head.date), arrival.at)?;
        tx.commit()?;
        Ok(Decided::new(In::Applied, report))
    }

    /// What is wrong with the head: another institution's file, or a day that has not come.
    fn head_fault(&self, ours: &str, head: &FileHead, arrival: &Arrival) -> Option<Fault> {
        let spot = || Spot::file(&arrival.name);
        if head.institution != ours {
            return Some(Fault::new(
                "application-of-other-institution",
                spot(),
                format!("기관코드 (institution_code) is {:?}; this channel's is {ours:?}", head.institution),
                "it is another institution's file: move it to its channel, and tell the sender",
            ));
        }
        if head.date > arrival.at.date() || !self.config.calendar.is_open(head.date) {
            return Some(Fault::new(
                "application-date-wrong",
                spot(),
                format!(
                    "신청일자 (application_date) is {}; it must be a banking day, and not after today ({})",
                    head.date,
                    arrival.at.date()
                ),
                "ask the network for a file of the right date",
            ));
        }
        None
    }

    /// How a channel takes applications from banks.
    fn applications_of(&self, channel: &ChannelId) -> Option<Arc<ApplicationDesk>> {
        self.desks.any(channel)?.applications.clone()
    }

    /// The file of a banking day has not come by its time: told, and over when it comes.
    pub(super) fn note_no_applications(
        &mut self,
        row: &Due,
        channel: &ChannelId,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(applications) = self.applications_of(channel) else { return Ok(()) };
        let kind = &applications.rule.received;
        let tx = self.ledger.begin()?;
        if tx.applied_file(&row.owner, kind, row.date)?.is_none() {
            let text = format!(
                "no {kind} of {} has come, and one comes every banking day, also without a record: ask the network for it; its answer is due {}",
                row.date,
                applications.rule.deadline.instant(&self.config.calendar, row.date)
            );
            tx.alert(MISSING, &missing_subject(channel, kind, row.date), &text, now)?;
            tx.commit()?;
        }
        Ok(())
    }

    /// Somebody still has to decide: told two hours before the network's deadline, as the profile says.
    pub(super) fn remind_of_applications(
        &mut self,
        row: &Due,
        channel: &ChannelId,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(applications) = self.applications_of(channel) else { return Ok(()) };
        let rule = &applications.rule;
        let tx = self.ledger.begin()?;
        let Some(file) = tx.applied_file(&row.owner, &rule.received, row.date)? else { return Ok(()) };
        let rows = tx.applications(file.file_id)?;
        let open = rows.iter().filter(|row| row.state == State::Undecided).count();
        if open > 0 {
            let text = format!(
                "{open} applications of {} are undecided: `sunap application list`, then accept or refuse; at {} they are {}",
                file.name,
                rule.decide_by.instant(&self.config.calendar, row.date),
                fallback_word(&tx, &self.config, rule, &rows)?
            );
            tx.alert(UNDECIDED, &file.subject(), &text, now)?;
            tx.commit()?;
        }
        Ok(())
    }

    /// Nobody decided in time: the profile's fallback does, and it is told.
    pub(super) fn decide_by_fallback(
        &mut self,
        row: &Due,
        channel: &ChannelId,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(applications) = self.applications_of(channel) else { return Ok(()) };
        let rule = &applications.rule;
        let tx = self.ledger.begin()?;
        let Some(file) = tx.applied_file(&row.owner, &rule.received, row.date)? else { return Ok(()) };
        let rows = tx.applications(file.file_id)?;
        let word = fallback_word(&tx, &self.config, rule, &rows)?;
        let mut decided = 0;
        for open in rows.iter().filter(|row| row.state == State::Undecided && row.line_no == row.set_line) {
            let set = (file.file_id, open.set_line);
            let why = "기한까지 결정하지 않아 정해진 대로 처리";
            decided += if policies(&tx, &self.config, rule, open.mandate_id)?.fallback_accepts {
                tx.decide_applications(set, State::Accepted, "", why, "")?
            } else {
                tx.decide_applications(set, State::Refused, &rule.other, why, "")?
            };
        }
        if decided > 0 {
            tx.clear_alert(UNDECIDED, &file.subject(), now)?;
            let text = format!("nobody decided {decided} applications of {}: they are {word}", file.name);
            tx.alert("application-fallback", &file.subject(), &text, now)?;
            tx.commit()?;
        }
        Ok(())
    }

    /// Builds every answer for which nothing is undecided.
    pub(super) fn answer_applications(&mut self, now: Instant) -> Result<bool, Failure> {
        let mut worked = false;
        let desks: Vec<_> = self.desks.each().map(|(id, desk)| (id.clone(), desk.clone())).collect();
        for (channel, desk) in desks {
            let Some(applications) = desk.applications.clone() else { continue };
            let rule = &applications.rule;
            let kinds = (rule.received.as_str(), rule.answer.as_str());
            let open =
                self.ledger.begin()?.unanswered_files(&desk.key(), kinds, now.date().plus_days(-60))?;
            for file in open {
                let Some(date) = file.date else { continue };
                let undecided = self.ledger.begin()?.applications(file.file_id)?;
                if undecided.iter().any(|row| row.state == State::Undecided)
                    || self.must_not_send(true, now)?
                {
                    continue;
                }
                let result = self.emit_answer(&channel, date, now).map(|()| true);
                worked |= self.tell(result, &file.name, now)?;
            }
        }
        Ok(worked)
    }

    /// Answers that the network has taken are over when its deadline is: nothing comes back to them.
    pub(super) fn close_answers(&mut self, now: Instant) -> Result<bool, Failure> {
        let mut worked = false;
        let desks: Vec<_> = self.desks.each().map(|(_, desk)| desk.clone()).collect();
        for desk in desks {
            let Some(applications) = &desk.applications else { continue };
            let tx = self.ledger.begin()?;
            for file in tx.open_out_files(&desk.key())? {
                let over = file.deadline_at.is_some_and(|deadline| now > deadline);
                if file.kind != applications.rule.answer || file.state != FileState::Out(Out::Taken) || !over
                {
                    continue;
                }
                let why = "no answer comes to this file";
                step_out(&tx, file.file_id, Out::Taken, OutHappening::Answered, now, why)?;
                worked = true;
            }
            if worked {
                tx.commit()?;
            }
        }
        Ok(worked)
    }
}

/// What happens to the applications of a mandate that pass all checks: what its creditor says, else the profile.
fn policies(
    tx: &Tx<'_>,
    config: &Config,
    rule: &ApplicationRule,
    mandate: Option<i64>,
) -> Result<Policies, Failure> {
    let Some(mandate) = mandate else { return Ok(rule.policies) };
    let creditor = config.creditors.get(&tx.creditor_of_mandate(mandate)?);
    Ok(creditor.map_or(rule.policies, |creditor| creditor.applications.onto(rule.policies)))
}

/// What becomes of what nobody decides, in a word.
fn fallback_word(
    tx: &Tx<'_>,
    config: &Config,
    rule: &ApplicationRule,
    rows: &[ApplicationRow],
) -> Result<&'static str, Failure> {
    let (mut accepted, mut refused) = (false, false);
    for row in rows.iter().filter(|row| row.state == State::Undecided) {
        let accepts = policies(tx, config, rule, row.mandate_id)?.fallback_accepts;
        accepted |= accepts;
        refused |= !accepts;
    }
    Ok(match (accepted, refused) {
        (true, false) => "accepted",
        (true, true) => "accepted or refused, as their creditors' `fallback` says",
        (false, _) => "refused",
    })
}

/// What the report says of a file's sets.
#[derive(Default)]
struct Told {
    accepted: usize,
    refused: usize,
    undecided: usize,
    text: String,
}

impl Told {
    /// Decides a set and keeps its lines.
    fn take(
        &mut self,
        tx: &Tx<'_>,
        (channel, file_id): (&ChannelId, i64),
        (applications, policies): (&ApplicationDesk, Policies),
        set: &Set<'_>,
        known: Option<&Target>,
    ) -> Result<(), Failure> {
        let (state, code, why) = match set.check(known) {
            Err(unfit) => (State::Refused, applications.code(unfit), unfit.ko()),
            Ok(_) if policies.policy(set.shape) == Policy::Ask => (State::Undecided, "", ""),
            Ok(_) => (State::Accepted, "", ""),
        };
        for line in &set.lines {
            let new = NewApplication {
                line_no: line.serial,
                set_line: set.first(),
                asked: line.asked,
                bank_payer_no: &line.bank_payer_no,
                mandate_id: known.map(|target| target.mandate.mandate_id),
                state,
                code,
                why,
            };
            tx.new_application(channel.as_str(), file_id, &new)?;
            let ko = state.ko();
            self.text.push_str(&format!(
                "{:08} {} {}: {ko} {code} {why}\n",
                line.serial,
                line.bank_payer_no,
                asked_ko(line.asked)
            ));
        }
        let count = match state {
            State::Accepted => &mut self.accepted,
            State::Refused => &mut self.refused,
            State::Undecided => &mut self.undecided,
        };
        *count += set.lines.len();
        Ok(())
    }
}

/// 신청구분 for people.
pub(super) fn asked_ko(asked: Asked) -> &'static str {
    match asked {
        Asked::Register => "신규",
        Asked::Cancel => "해지",
        Asked::ForcedCancel => "임의해지",
    }
}

fn missing_subject(channel: &ChannelId, kind: &str, date: Date) -> String {
    format!("{channel} {kind} {date}")
}
