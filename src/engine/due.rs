//! The schedule: which steps are due when, planned ahead as rows and done in date order (house.md 6).
//!
//! A row is one step of one owner for one business date. It is planned once and done once; a trigger that came twice
//! finds it done, and a night without power finds all of them waiting, in order. A window that passed while the
//! daemon was down is done while the exchange's own deadline is ahead, else its lines are missed, aloud.

use super::booking;
use super::desk::{DebitDesk, Desk, Desks};
use super::dormancy;
use super::messages;
use super::moved_days;
use super::outgoing::UNTAKEN;
use super::place::rolled_to;
use super::proposing;
use super::reporting;
use super::settlement;
use super::{Engine, Failure, retention};
use crate::config::{Config, RetryMode, WindowPlan};
use crate::domain::{ChannelId, CreditorId, Date, Instant, TimeOfDay};
use crate::ledger::{Due, DueState, FileState, NewDue, Tx};
use crate::machine::file::Out;

/// How far ahead steps are planned, in calendar days: the longest holiday with a month of debit days behind it.
const HORIZON_DAYS: i64 = 45;

/// 자동 의뢰: requests and retries that the config orders are made at 09:00 of the banking day before the debit date,
/// five hours before the creditor's window closes, so that a person can still take them back.
const REQUESTS_AT: (u32, u32) = (9, 0);

/// The steps of the schedule, by the word that the ledger keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    Charges,
    Propose,
    Request,
    Retry,
    EmitRegistrations,
    EmitCollections,
    EmitPayouts,
    EmitEvidence,
    DeadlineRegistrations,
    DeadlineCollections,
    DeadlinePayouts,
    OverdueRegistrations,
    OverdueCollections,
    OverduePayouts,
    ExpectApplications,
    RemindApplications,
    DecideApplications,
    DeadlineAnswers,
    DeadlineEvidence,
    Expire,
    Books,
    Settle,
    Messages,
    Report,
    Unused,
    Delete,
    Summary,
}

impl Job {
    pub(super) const ALL: [Self; 27] = [
        Self::Charges,
        Self::Propose,
        Self::Request,
        Self::Retry,
        Self::EmitRegistrations,
        Self::EmitCollections,
        Self::EmitPayouts,
        Self::EmitEvidence,
        Self::DeadlineRegistrations,
        Self::DeadlineCollections,
        Self::DeadlinePayouts,
        Self::OverdueRegistrations,
        Self::OverdueCollections,
        Self::OverduePayouts,
        Self::ExpectApplications,
        Self::RemindApplications,
        Self::DecideApplications,
        Self::DeadlineAnswers,
        Self::DeadlineEvidence,
        Self::Expire,
        Self::Books,
        Self::Settle,
        Self::Messages,
        Self::Report,
        Self::Unused,
        Self::Delete,
        Self::Summary,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Propose => "propose",
            Self::Request => "request",
            Self::Retry => "retry",
            Self::EmitRegistrations => "emit-registrations",
            Self::EmitCollections => "emit-collections",
            Self::EmitPayouts => "emit-payouts",
            Self::EmitEvidence => "emit-evidence",
            Self::DeadlineRegistrations => "deadline-registrations",
            Self::DeadlineCollections => "deadline-collections",
            Self::DeadlinePayouts => "deadline-payouts",
            Self::OverdueRegistrations => "overdue-registrations",
            Self::OverdueCollections => "overdue-collections",
            Self::OverduePayouts => "overdue-payouts",
            Self::ExpectApplications => "expect-applications",
            Self::RemindApplications => "remind-applications",
            Self::DecideApplications => "decide-applications",
            Self::DeadlineAnswers => "deadline-answers",
            Self::DeadlineEvidence => "deadline-evidence",
            Self::Expire => "expire",
            Self::Books => "books",
            Self::Settle => "settle",
            Self::Messages => "messages",
            Self::Report => "report",
            Self::Unused => "unused-mandates",
            Self::Delete => "delete",
            Self::Summary => "summary",
        }
    }

    /// The word of a step of one debit service, so that two services of a date never collide: the plain word for the
    /// first one, `emit-collections same-day` for another.
    fn word_for(self, desk: &Desk, debits: &DebitDesk) -> String {
        if debits.service.name == desk.debits.service.name {
            self.word().to_string()
        } else {
            format!("{} {}", self.word(), debits.service.name)
        }
    }

    /// The step, and the debit service that it is for; empty is the first one.
    pub(super) fn from_word(word: &str) -> Option<(Self, &str)> {
        let (word, service) = word.split_once(' ').unwrap_or((word, ""));
        Some((Self::ALL.into_iter().find(|job| job.word() == word)?, service))
    }
}

impl Engine {
    /// Writes down the steps of the coming weeks, once a day. Refuses to plan past the declared calendar (E30).
    pub(super) fn plan_ahead(&mut self, now: Instant) -> Result<bool, Failure> {
        let today = now.date();
        if self.planned_on == Some(today) {
            return Ok(false);
        }
        let mut rows = Vec::new();
        // After a long rest the days in between are planned too: what passed is missed aloud, not forgotten.
        let first = self.planned_from.take().map_or(today, |seen| seen.min(today));
        let last = today.plus_days(HORIZON_DAYS);
        for date in
            std::iter::successors(Some(first), |date| Some(date.next())).take_while(|date| *date <= last)
        {
            if self.config.calendar.covers(date).is_err() {
                break;
            }
            for (_, desk) in self.desks.each() {
                plan_channel(&self.config, desk, date, &mut rows);
            }
            plan_creditors(&self.config, date, &mut rows);
            rows.push(booking::nightly(Job::Books.word(), date));
            rows.extend(self.config.retention.as_ref().map(|_| retention::nightly(Job::Delete.word(), date)));
            rows.extend(messages::daily(&self.config, Job::Messages.word(), date));
            rows.extend(reporting::agents(&self.config, Job::Summary.word(), date));
            rows.extend(dormancy::daily(&self.config, Job::Unused.word(), date));
        }
        rows.retain(|row| row.due_at >= self.opened_at);
        let left = self.config.calendar.days_left(today);
        let tx = self.ledger.begin()?;
        let planned = tx.plan_due(&rows)?;
        moved_days::follow(&tx, (&self.config, &self.desks), &rows, (today, last), now)?;
        if left <= 90 {
            let text = format!(
                "declared days are known for {left} more days; extend config/calendar.toml (declared_until)"
            );
            tx.alert("calendar-ends", "config/calendar.toml", &text, now)?;
        }
        tx.commit()?;
        self.planned_on = Some(today);
        Ok(planned > 0)
    }

    /// Does everything that is due, oldest first.
    pub(super) fn do_due(&mut self, now: Instant) -> Result<bool, Failure> {
        let mut worked = false;
        let due = {
            let tx = self.ledger.begin()?;
            tx.due(now)?
        };
        for row in due {
            let result = self.do_one(&row, now);
            worked |= self.tell(result, &format!("{} {} {}", row.owner, row.job, row.date), now)?;
            if self.troubled {
                // Later steps may build on this one: wait for it.
                break;
            }
        }
        Ok(worked)
    }

    fn do_one(&mut self, row: &Due, now: Instant) -> Result<bool, Failure> {
        let Some((job, service)) = Job::from_word(&row.job) else { return self.missed(row, now) };
        let sends = matches!(
            job,
            Job::EmitRegistrations | Job::EmitCollections | Job::EmitPayouts | Job::EmitEvidence
        );
        let in_time = row.deadline_at.is_none_or(|deadline| now <= deadline);
        if sends && in_time && self.must_not_send(true, now)? {
            return Ok(false);
        }
        if matches!(job, Job::EmitPayouts | Job::Settle) && in_time && self.altered_money(now)? {
            return Ok(false);
        }
        match (job, channel_of(&row.owner), creditor_of(&row.owner)) {
            (Job::Books, ..) => return self.check_books(row, now).map(|()| true),
            (Job::Report, _, Some(creditor)) => return self.report_due(creditor, service, row, now),
            (Job::Messages, ..) => return self.make_messages(row, now),
            (Job::Summary, ..) => return self.summary_due(row, now).map(|()| true),
            (Job::Delete, ..) => return self.delete_what_is_due(row, now),
            (Job::Unused, ..) => return self.tell_unused(row, now).map(|()| true),
            (Job::EmitRegistrations, Some(channel), _) => {
                self.emit_registrations(&channel, row.date, row.due_at, now)?;
            }
            (Job::EmitCollections, Some(channel), _) => {
                let desk = self.desks.on(&channel, row.date);
                let debits = desk.and_then(|desk| desk.debits_named(service).cloned());
                let Some(debits) = debits else { return self.missed(row, now) };
                if !self.emit_collections(&channel, &debits, row.date, now)? {
                    return Ok(false);
                }
            }
            (Job::ExpectApplications, Some(channel), _) => self.note_no_applications(row, &channel, now)?,
            (Job::RemindApplications, Some(channel), _) => self.remind_of_applications(row, &channel, now)?,
            (Job::DecideApplications, Some(channel), _) => self.decide_by_fallback(row, &channel, now)?,
            (Job::EmitPayouts, Some(channel), _) => self.emit_payouts(&channel, row.date, now)?,
            (Job::EmitEvidence, Some(channel), _) => self.emit_evidence(&channel, row.date, now)?,
            (Job::DeadlineEvidence, Some(channel), _) => self.close_evidence(row, &channel, now)?,
            (Job::OverdueRegistrations | Job::OverdueCollections | Job::OverduePayouts, Some(channel), _) => {
                self.note_overdue(row, &request_layout(&self.desks, &channel, job, service), now)?;
            }
            (
                Job::DeadlineRegistrations
                | Job::DeadlineCollections
                | Job::DeadlinePayouts
                | Job::DeadlineAnswers,
                Some(channel),
                _,
            ) => {
                self.note_untaken(row, &request_layout(&self.desks, &channel, job, service), now)?;
            }
            // Not repeatable: done and noted as done in one commit.
            (Job::Charges, _, Some(creditor)) => {
                return self.make_charges(creditor, row.date.month(), row, now).map(|()| true);
            }
            (Job::Propose, _, Some(creditor)) => return self.propose_due(creditor, row, now).map(|()| true),
            (Job::Request, _, Some(creditor)) => return self.request_due(creditor, row, now).map(|()| true),
            (Job::Settle, _, Some(creditor)) => {
                return self.settle_creditor(creditor, row, now).map(|()| true);
            }
            (Job::Retry, _, Some(creditor)) => return self.retry_due(creditor, row, now).map(|()| true),
            (Job::Expire, _, Some(creditor)) => {
                let tx = self.ledger.begin()?;
                tx.expire_mandates(creditor, row.date.month(), now)?;
                row_done(&tx, row, now)?;
                tx.commit()?;
                return Ok(true);
            }
            _ => return self.missed(row, now),
        }
        self.done(row, now).map(|()| true)
    }

    /// The exchange's deadline came and nobody has taken the file of ours: told while a telephone may still help (E22).
    fn note_untaken(&mut self, row: &Due, kind: &str, now: Instant) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        if let Some(file) = tx.out_file(&row.owner, kind, row.date)?
            && let FileState::Out(state) = file.state
            && state.is_open()
            && !matches!(state, Out::Planned | Out::Taken)
        {
            let text = format!(
                "nobody took {} before the exchange's deadline {} (it is {state}): see to the transfer program, ask the bank; then mark it as sent, or hold and reject it",
                file.name, row.due_at
            );
            tx.alert(UNTAKEN, &file.subject(), &text, now)?;
        }
        tx.commit()?;
        Ok(())
    }

    /// The result of a file of ours did not come in time: told, and shown on the board; its records stay as they are,
    /// and never count as succeeded (E01, E02).
    fn note_overdue(&mut self, row: &Due, kind: &str, now: Instant) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        if let Some(file) = tx.out_file(&row.owner, kind, row.date)?
            && matches!(file.state, FileState::Out(state) if state.is_open())
        {
            tx.mark_overdue(file.file_id, true)?;
            let due = file.due_at.map_or_else(String::new, |due| format!(", due {due}"));
            let text = format!(
                "no result of {} has come{due}; ask the bank. Its records stay as they are.",
                file.name
            );
            tx.alert("result-overdue", &file.subject(), &text, now)?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Notes a step that may be repeated, or that there was nothing to do for, as done.
    pub(super) fn done(&mut self, row: &Due, now: Instant) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        row_done(&tx, row, now)?;
        tx.commit()?;
        Ok(())
    }

    fn missed(&mut self, row: &Due, now: Instant) -> Result<bool, Failure> {
        let tx = self.ledger.begin()?;
        tx.due_done(row.due_id, DueState::Missed, now, "")?;
        tx.commit()?;
        Ok(true)
    }

    /// The next instant at which a step is due.
    pub(super) fn next_due(&mut self) -> Result<Option<Instant>, Failure> {
        let due = self.ledger.begin()?.next_due()?;
        let message = self.next_message()?;
        Ok(due.into_iter().chain(message).min())
    }
}

/// The layout of the file of ours that a step looks after.
pub(super) fn request_layout(desks: &Desks, channel: &ChannelId, job: Job, service: &str) -> String {
    let name = desks.any(channel).and_then(|desk| match job {
        Job::EmitRegistrations | Job::DeadlineRegistrations | Job::OverdueRegistrations => {
            Some(&desk.profile.layouts.registration_request)
        }
        Job::DeadlineAnswers => desk.applications.as_ref().map(|ours| &ours.rule.answer),
        Job::EmitPayouts | Job::DeadlinePayouts | Job::OverduePayouts => {
            desk.payouts.as_ref().map(|payouts| &payouts.service.request)
        }
        _ => desk.debits_named(service).map(|debits| &debits.service.request),
    });
    name.cloned().unwrap_or_default()
}

/// Notes a step as done, in the transaction that does it.
pub(super) fn row_done(tx: &Tx<'_>, row: &Due, now: Instant) -> Result<(), Failure> {
    row_done_with(tx, row, now, "")
}

/// As [`row_done`], with what came of it, for people.
pub(super) fn row_done_with(tx: &Tx<'_>, row: &Due, now: Instant, note: &str) -> Result<(), Failure> {
    Ok(tx.due_done(row.due_id, DueState::Done, now, note)?)
}

/// The steps of a channel for one day: its registration window of that banking day, and the windows and overdue
/// marks of the debit date.
fn plan_channel(config: &Config, desk: &Desk, date: Date, rows: &mut Vec<NewDue>) {
    let calendar = &config.calendar;
    if !calendar.is_open(date) {
        return;
    }
    let owner = desk.key();
    let mut push = |job: String, due_at: Instant, deadline_at: Instant| {
        rows.push(NewDue {
            owner: owner.clone(),
            job,
            date,
            opens_at: due_at,
            due_at,
            deadline_at: Some(deadline_at),
        });
    };
    let grace = desk.profile.result_grace_minutes;
    let mut plan = |window: &WindowPlan, [emit, deadline, overdue]: [String; 3]| {
        let last = window.deadline.instant(calendar, date);
        push(emit, window.cutoff.instant(calendar, date), last);
        push(deadline, last, last);
        let late = window.result_due.instant(calendar, date).plus_minutes(grace);
        push(overdue, late, late);
    };
    let jobs = [Job::EmitRegistrations, Job::DeadlineRegistrations, Job::OverdueRegistrations];
    plan(&desk.profile.registration, jobs.map(|job| job.word().to_string()));
    if let Some(payouts) = &desk.payouts {
        let jobs = [Job::EmitPayouts, Job::DeadlinePayouts, Job::OverduePayouts];
        plan(&payouts.service.window, jobs.map(|job| job.word().to_string()));
    }
    for debits in desk.all_debits() {
        let jobs = [Job::EmitCollections, Job::DeadlineCollections, Job::OverdueCollections];
        plan(&debits.service.window, jobs.map(|job| job.word_for(desk, debits)));
    }
    if let Some(evidence) = &desk.evidence {
        let last = evidence.rule.deadline.instant(calendar, date);
        push(Job::EmitEvidence.word().to_string(), evidence.rule.cutoff.instant(calendar, date), last);
        push(Job::DeadlineEvidence.word().to_string(), last, last);
    }
    plan_applications(config, desk, date, rows);
}

/// The steps that look after the applications from banks of one banking day.
fn plan_applications(config: &Config, desk: &Desk, date: Date, rows: &mut Vec<NewDue>) {
    let Some(applications) = &desk.applications else { return };
    let (calendar, rule) = (&config.calendar, &applications.rule);
    let arrives = rule.arrives.instant(calendar, date).plus_minutes(desk.profile.result_grace_minutes);
    let deadline = rule.deadline.instant(calendar, date);
    let steps = [
        (Job::ExpectApplications, arrives),
        (Job::RemindApplications, rule.remind_at.instant(calendar, date)),
        (Job::DecideApplications, rule.decide_by.instant(calendar, date)),
        (Job::DeadlineAnswers, deadline),
    ];
    for (job, due_at) in steps.into_iter().filter(|(job, _)| rule.expected || *job != Job::ExpectApplications)
    {
        rows.push(NewDue {
            owner: desk.key(),
            job: job.word().to_string(),
            date,
            opens_at: due_at,
            due_at,
            deadline_at: Some(deadline.max(due_at)),
        });
    }
}

/// The steps of all creditors that belong to one day: charges of a month as the creditor has them made, automatic
/// requests and retries for a debit date.
fn plan_creditors(config: &Config, date: Date, rows: &mut Vec<NewDue>) {
    let calendar = &config.calendar;
    for creditor in config.creditors.values() {
        rows.extend(reporting::steps(config, creditor, Job::Report.word(), date));
        rows.extend(settlement::step(config, creditor, Job::Settle.word(), date));
        let owner = format!("creditor/{}", creditor.id);
        let mut push = |job: Job, date: Date, due_at: Instant| {
            rows.push(NewDue {
                owner: owner.clone(),
                job: job.word().to_string(),
                date,
                opens_at: due_at,
                due_at,
                deadline_at: None,
            });
        };
        if date.day() == 1 {
            push(Job::Charges, date, creditor.charges_of(calendar, date.month()));
            push(Job::Expire, date, date.at(TimeOfDay::MIDNIGHT));
        }
        if !calendar.is_open(date) {
            continue;
        }
        if let Some(at) = proposing::due_at(config, creditor, date) {
            push(Job::Propose, date, at);
        }
        let at = calendar.shift(date, -1).at(time(REQUESTS_AT));
        if creditor.auto_request && !rolled_to(config, &creditor.days, date).is_empty() {
            push(Job::Request, date, at);
        }
        let automatic = creditor.retry.mode == RetryMode::Auto;
        if automatic && !rolled_to(config, &creditor.retry.days, date).is_empty() {
            push(Job::Retry, date, at);
        }
    }
}

fn time((hour, minute): (u32, u32)) -> TimeOfDay {
    TimeOfDay::new(hour, minute, 0).unwrap_or(TimeOfDay::MIDNIGHT)
}

pub(super) fn channel_of(owner: &str) -> Option<ChannelId> {
    owner.strip_prefix("channel/")?.parse().ok()
}

fn creditor_of(owner: &str) -> Option<CreditorId> {
    owner.strip_prefix("creditor/")?.parse().ok()
}
