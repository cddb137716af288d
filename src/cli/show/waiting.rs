//! What a record waits for and until when, by its state and the schedule that the daemon wrote down.
//!
//! Must not: guess. Where the schedule has no time, none is said.

use crate::cli::Failed;
use crate::config::{Channel, Config, WindowPlan};
use crate::domain::{Date, Instant};
use crate::ledger::{Due, DueState, FileRow, FileState, LineRow, MandateFound, Reader};
use crate::machine::{collection, file, mandate};

/// How many due rows are looked at.
const ROWS: usize = 10_000;

/// The schedule at an instant.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    config: &'a Config,
    now: Instant,
    due: Vec<Due>,
}

impl<'a> Waiting<'a> {
    /// The steps that are not done.
    pub(super) fn new(config: &'a Config, reader: &Reader, now: Instant) -> Result<Self, Failed> {
        Ok(Self { config, now, due: reader.due_rows(Some(DueState::Waiting), ROWS)? })
    }

    /// For a mandate.
    pub(super) fn of_mandate(&self, found: &MandateFound) -> Vec<String> {
        use mandate::State;
        let Some(channel) = self.config.channels.get(&found.channel) else {
            return vec![format!("channel {} is not configured any more", found.channel)];
        };
        match found.state {
            State::Billed => {
                vec!["is paid by cash; for debits drop a mandates list with its account".to_string()]
            }
            State::Queued if channel.profile.evidence.is_some() => {
                self.window(channel, "its registration goes out, if the network has its evidence (동의 증빙)")
            }
            State::Queued => self.window(channel, "its registration goes out"),
            State::Changing => {
                self.window(channel, "its change of account goes out, if it is not out already")
            }
            State::Severed => {
                vec!["the bank ended the old account: waits for the answer for the new one".to_string()]
            }
            State::Cancelling => self.window(channel, "its cancellation goes out, if it is not out already"),
            State::Batched | State::Sent | State::Acknowledged => {
                vec!["waits for the bank's answer; see `sunap show file` of its registration".to_string()]
            }
            State::Active => vec![self.next_debit(channel, found)],
            State::Suspended => vec!["waits for a person: resume or cancel it".to_string()],
            State::Draft | State::Rejected => {
                vec!["waits for corrected data: drop a mandates list with this payer again".to_string()]
            }
            State::Ended => Vec::new(),
        }
    }

    fn window(&self, channel: &Channel, what: &str) -> Vec<String> {
        let plan = &channel.profile.registration;
        let date = plan.cutoff.first_open_after(&self.config.calendar, self.now);
        vec![format!(
            "{what} at {}; {}",
            plan.cutoff.instant(&self.config.calendar, date),
            self.answer(plan, date)
        )]
    }

    fn answer(&self, plan: &WindowPlan, date: Date) -> String {
        format!("the answer is due at {}", plan.result_due.instant(&self.config.calendar, date))
    }

    /// The next debit date that can still be reached.
    fn next_debit(&self, channel: &Channel, found: &MandateFound) -> String {
        let creditor = self.config.creditors.values().find(|creditor| creditor.id == found.creditor);
        let services = &channel.profile.services;
        let service =
            creditor.and_then(|creditor| services.find(&creditor.service)).unwrap_or(&services.first);
        let (calendar, plan) = (&self.config.calendar, &service.window);
        let mut month = self.now.date().month().previous();
        for _ in 0..4 {
            let date = calendar.debit_date(month, found.due_day);
            let cutoff = plan.cutoff.instant(calendar, date);
            if cutoff > self.now && calendar.covers(date).is_ok() {
                return format!(
                    "next debit date {date}: requested until {cutoff}, {}",
                    self.answer(plan, date)
                );
            }
            month = month.next();
        }
        "no debit date within the declared calendar".to_string()
    }

    /// For a collection, by its file.
    pub(super) fn of_collection(&self, line: &LineRow, file: Option<&FileRow>) -> Vec<String> {
        use collection::State;
        match line.state {
            State::Requested | State::Batched | State::Sent | State::Acknowledged => {
                file.map_or_else(Vec::new, |file| self.of_file(file))
            }
            State::Failed
            | State::Partial
            | State::Missed
            | State::Excluded
            | State::Withdrawn
            | State::Reversed => {
                vec!["what is still open waits for a retry or the next request".to_string()]
            }
            State::Succeeded => Vec::new(),
        }
    }

    /// For a file.
    pub(super) fn of_file(&self, file: &FileRow) -> Vec<String> {
        use file::{In, Out};
        match file.state {
            FileState::Out(Out::Planned) => vec![self.emission(file)],
            FileState::Out(Out::Built | Out::Staged) => vec!["is on its way into the outbox".to_string()],
            FileState::Out(Out::Published) => vec!["waits to be taken from the outbox".to_string()],
            FileState::Out(Out::Taken) => vec![self.answer_of(file)],
            FileState::Out(Out::Uncertain) => vec![
                "waits for a person: ask the bank whether it has it, then `sunap file mark-sent` (it has) or `sunap \
                 file release` (it has not)"
                    .to_string(),
            ],
            FileState::Out(Out::Held) => {
                vec!["waits for a person: `sunap file release`, `reject` or `mark-sent`".to_string()]
            }
            FileState::In(In::Held) => vec!["waits for a person, or for the file that it follows".to_string()],
            FileState::In(In::Claimed) => vec!["is being read".to_string()],
            FileState::Out(Out::Answered | Out::Refused | Out::Missed | Out::Emptied)
            | FileState::In(In::Applied | In::Rejected | In::Duplicate) => Vec::new(),
        }
    }

    /// When a planned file goes out: the step of its owner and date.
    fn emission(&self, file: &FileRow) -> String {
        let step = self.due.iter().find(|due| {
            due.owner == file.owner && Some(due.date) == file.date && due.job.starts_with("emit-")
        });
        match step {
            Some(due) => format!("lines gather until {}; then it goes out", due.due_at),
            None => "lines gather until its window closes".to_string(),
        }
    }

    fn answer_of(&self, file: &FileRow) -> String {
        match file.due_at {
            Some(due) if due < self.now => format!("its answer was due at {due} and has not come"),
            Some(due) => format!("waits for its answer, due at {due}"),
            None => "waits for its answer".to_string(),
        }
    }
}
