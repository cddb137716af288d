//! What payers apply for at their banks (은행접수): every banking day a file goes out (EB11), also without a line; what the
//! institution refuses comes back (EB12), and what it does not refuse takes effect at the banks. When no answer comes by
//! the deadline the network answers in its place (대행응답): ends stand, a change or a new registration does not (0079).
//!
//! The bytes of every file that went out are kept in `offered/` under its date, and a stand-in answer as a judgement without a
//! file. So a start finds all of it again.
//!
//! Must not: answer for the institution, or know what it does with an application.

use super::centre::Findings;
use super::folders::Folder;
use super::journal::{Judgement, answer_name};
use super::play::Exchange;
use super::receipt::{Outcome, Receipt};
use super::register::{Changes, Registration};
use super::rules::{Act, AppliedFor, Check, Service};
use super::taking::Judged;
use super::wire::unread;
use crate::bank::application::{ApplicationFormat, Applied, Line, Received};
use crate::bank::{FileHead, Format, Revisions};
use crate::calendar::Offset;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use crate::machine::application::Asked;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

/// How far the next banking day may lie ahead.
const NEXT_DAYS: i64 = 30;

/// The code of a stand-in answer (facts/kftc.md 4, 0079), kept with it.
const STAND_IN: &str = "0079";

/// The files of applications of a channel, and their times.
#[derive(Debug, Clone)]
pub struct ApplicationsPlan {
    /// The format of the file that goes out, bound.
    pub received: Arc<Revisions>,
    /// The format of the answer, bound.
    pub answer: Arc<Revisions>,
    /// When it goes out, counted from its banking day.
    pub arrives: Offset,
    /// Until when the answer is taken.
    pub deadline: Offset,
}

impl ApplicationsPlan {
    fn received(&self, date: Date) -> Option<&ApplicationFormat> {
        match self.received.on(date) {
            Format::BankApplication(format) => Some(format),
            _ => None,
        }
    }

    /// Reads an answer by the revision of its date; nothing where the layout is not that of answers.
    fn read_answer(&self, name: &str, file: impl Read) -> Result<Option<Received>, Trouble> {
        match self.answer.of(file).map_err(|error| unread(name, error))? {
            (Format::BankApplicationAnswer(format), file) => Ok(Some(format.read(name, file)?.0)),
            _ => Ok(None),
        }
    }

    /// Whether both formats are those of applications.
    pub(super) fn fits(&self) -> bool {
        self.received.all().all(|format| matches!(format, Format::BankApplication(_)))
            && self.answer.all().all(|format| matches!(format, Format::BankApplicationAnswer(_)))
    }

    fn answer_name(&self, date: Date) -> String {
        self.answer.file_name(date)
    }
}

/// What went out, and what was answered in the institution's place.
#[derive(Debug)]
pub(super) struct Offers {
    pub(super) folder: Folder,
    /// The dates of the files that went out.
    sent: BTreeSet<Date>,
    /// The dates that the network answered itself.
    stood_in: BTreeSet<Date>,
    /// The first date, before anything went out: that of the first look.
    first: Option<Date>,
}

impl Offers {
    pub(super) fn new(folder: Folder) -> Self {
        Self { folder, sent: BTreeSet::new(), stood_in: BTreeSet::new(), first: None }
    }

    fn key(date: Date) -> String {
        date.to_string()
    }
}

impl Exchange {
    /// After a start: which files went out, and which of them still wait to be delivered.
    pub(super) fn recover_offers(&mut self) -> Result<Vec<String>, Trouble> {
        let Some(plan) = self.setup.applications.clone() else { return Ok(Vec::new()) };
        self.offers.sent = self.offers.folder.names()?.iter().filter_map(|name| name.parse().ok()).collect();
        self.offers.stood_in = BTreeSet::new();
        let entry = |date: &Date| {
            let due = plan.arrives.instant(&self.setup.calendar, *date);
            answer_name(due, &plan.received.file_name(*date))
        };
        Ok(self.offers.sent.iter().map(entry).collect())
    }

    /// Makes the files of all banking days whose time has come; whether there was one.
    pub(super) fn offer(&mut self, now: Instant) -> Result<bool, Trouble> {
        let Some(plan) = self.setup.applications.clone() else { return Ok(false) };
        let first = *self.offers.first.get_or_insert(now.date());
        let mut date = self.offers.sent.last().map_or(first, |last| last.next());
        let mut worked = false;
        while date <= now.date() {
            let due = plan.arrives.instant(&self.setup.calendar, date);
            if self.setup.calendar.is_open(date) && due <= now {
                let name = plan.received.file_name(date);
                let bytes = self.applications_of(&plan, &name, date)?;
                let entry = answer_name(due, &name);
                self.answers.put(&entry, &bytes)?;
                self.offers.folder.put(&Offers::key(date), &bytes)?;
                self.offers.sent.insert(date);
                self.waiting.insert((due, entry));
                worked = true;
            }
            date = date.next();
        }
        Ok(worked)
    }

    /// When the next file goes out, or an answer is due that is not there.
    pub(super) fn next_offer(&self, now: Instant) -> Option<Instant> {
        let plan = self.setup.applications.as_ref()?;
        let calendar = &self.setup.calendar;
        let mut date = self.offers.sent.last().map_or(now.date(), |last| last.next()).max(now.date());
        let mut next = None;
        for _ in 0..NEXT_DAYS {
            if calendar.covers(date).is_err() {
                break;
            }
            let due = plan.arrives.instant(calendar, date);
            if calendar.is_open(date) && due > now {
                next = Some(due);
                break;
            }
            date = date.next();
        }
        let open = self.offers.sent.iter().rev().take(10).filter(|date| !self.is_answered(plan, **date));
        let deadlines = open.map(|date| plan.deadline.instant(calendar, *date)).filter(|due| *due > now);
        deadlines.chain(next).min()
    }

    fn is_answered(&self, plan: &ApplicationsPlan, date: Date) -> bool {
        self.offers.stood_in.contains(&date) || self.register.was_received(&plan.answer_name(date), date)
    }

    /// The lines that the rules give to a date: only of payers who are registered, where something ends.
    fn applications_of(&self, plan: &ApplicationsPlan, name: &str, date: Date) -> Result<Vec<u8>, Trouble> {
        let Some(format) = plan.received(date) else { return Ok(Vec::new()) };
        let mut lines = Vec::new();
        for rule in self.rules.applications.iter().filter(|rule| rule.date == date) {
            let known = self.register.current(&rule.bank_payer_no);
            let line = |asked, bank, account: &str| Applied {
                asked,
                bank_payer_no: rule.bank_payer_no.clone(),
                bank,
                account: account.to_string(),
                id_no: rule.id_no.clone(),
            };
            let ends = |asked| known.map(|known| line(asked, known.bank, &known.account));
            let begins = || Some(line(Asked::Register, rule.bank?, rule.account.as_deref()?));
            match rule.asks {
                AppliedFor::Cancel => lines.extend(ends(Asked::Cancel)),
                AppliedFor::ForcedCancel => lines.extend(ends(Asked::ForcedCancel)),
                AppliedFor::Register => lines.extend(begins()),
                AppliedFor::Change => {
                    lines.extend(ends(Asked::Cancel).zip(begins()).into_iter().flat_map(|(a, b)| [a, b]));
                }
            }
        }
        let head = FileHead::new(format.layout(), &self.setup.institution, date, "", "");
        format
            .write(Vec::new(), &head, &lines)
            .map_err(|error| Trouble::new(format!("write {name}"), error.to_string()))
    }

    /// The lines that went out on a date.
    fn offered(&self, plan: &ApplicationsPlan, date: Date) -> Result<Vec<Line>, Trouble> {
        let (Some(format), Some(file)) = (plan.received(date), self.offers.folder.read(&Offers::key(date))?)
        else {
            return Ok(Vec::new());
        };
        Ok(format.read(&format.layout().file_name(date), file)?.lines)
    }

    /// What changes at the banks: every payer's lines that `stands` lets through, as a set.
    fn changes_of(&self, lines: &[Line], date: Date, stands: impl Fn(&[&Line]) -> bool) -> Changes {
        let mut sets: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in lines {
            sets.entry(&line.bank_payer_no).or_default().push(line);
        }
        let mut changes = Changes::default();
        for (number, set) in sets.into_iter().filter(|(_, set)| stands(set)) {
            let begins = set.iter().find(|line| line.asked == Asked::Register);
            let entry = match begins {
                Some(line) => {
                    let (bank, account) = (line.bank, line.account.clone());
                    Some(Registration { bank, account, from: date, until: None })
                }
                None => {
                    self.register.current(number).cloned().map(|r| Registration { until: Some(date), ..r })
                }
            };
            changes.registrations.extend(entry.map(|entry| (number.to_string(), entry)));
        }
        changes
    }

    /// What an answer that was taken changes: nothing for a payer of whom any line is refused (E40). `None` where it speaks of
    /// a line that never went out, or does not read.
    fn changes_by(
        &self,
        plan: &ApplicationsPlan,
        name: &str,
        file: impl Read,
    ) -> Result<Option<Changes>, Trouble> {
        let Some(received) = plan.read_answer(name, file)? else { return Ok(None) };
        let Some(head) = received.reading.head.filter(|_| received.reading.faults.is_empty()) else {
            return Ok(None);
        };
        let lines = self.offered(plan, head.date)?;
        let key = |line: &Line| (line.asked, line.bank_payer_no.clone(), line.account.clone());
        if !received.lines.iter().all(|refused| lines.iter().any(|line| key(line) == key(refused))) {
            return Ok(None);
        }
        let refused: BTreeSet<&str> = received.lines.iter().map(|line| line.bank_payer_no.as_str()).collect();
        let stands = |set: &[&Line]| set.iter().all(|line| !refused.contains(line.bank_payer_no.as_str()));
        Ok(Some(self.changes_of(&lines, head.date, stands)))
    }

    /// Whether a file of the outbox answers applications.
    pub(super) fn is_application_answer(&self, name: &str) -> bool {
        let plan = self.setup.applications.as_ref();
        plan.is_some_and(|plan| plan.answer.is_name_of(name))
    }

    /// Judges an answer: taken by the deadline, once, for a file that went out.
    pub(super) fn judge_answer(
        &self,
        mut judgement: Judgement,
        file: impl Fn() -> Result<File, Trouble>,
        now: Instant,
    ) -> Result<Judged, Trouble> {
        let name = judgement.name.clone();
        judgement.service = Some(Service::Application);
        let found = self.check_answer(&name, &mut judgement, file, now)?;
        let findings = match found {
            Ok(changes) => {
                let banks = self.banks.clone();
                Some(Findings { listed: Vec::new(), changes, banks, lines: 0 })
            }
            Err(receipt) => {
                judgement.receipt = receipt;
                None
            }
        };
        Ok(Judged { judgement, deliveries: Vec::new(), findings })
    }

    fn check_answer(
        &self,
        name: &str,
        judgement: &mut Judgement,
        file: impl Fn() -> Result<File, Trouble>,
        now: Instant,
    ) -> Result<Result<Changes, Receipt>, Trouble> {
        let centre = &self.rules.centre;
        let refuse = |check, why: String| Ok(Err(Receipt::refused(centre.code(check), why, now)));
        let Some(plan) = &self.setup.applications else {
            return refuse(Check::UnknownFile, "no applications go out on this channel".into());
        };
        let head = plan.read_answer(name, file()?)?.and_then(|received| received.reading.head);
        let Some(head) = head else {
            return refuse(Check::Format, "its first record is no header".into());
        };
        let date = head.date;
        judgement.date = date.to_string();
        if head.institution != self.setup.institution {
            return refuse(Check::Institution, "기관코드: not that of this channel".into());
        }
        if !name.starts_with(&plan.answer_name(date)) || !self.offers.sent.contains(&date) {
            return refuse(Check::FileName, format!("no applications of {date} wait for {name}"));
        }
        if self.register.was_received(name, date) {
            return refuse(Check::AlreadyReceived, format!("{name} of {date} was received before"));
        }
        let deadline = plan.deadline.instant(&self.setup.calendar, date);
        if now >= deadline || self.offers.stood_in.contains(&date) {
            return refuse(Check::Late, format!("the deadline was {deadline}: answered in your place"));
        }
        if let Some(Act::Refuse { code, record, why }) = self.act(Service::Application, name, date) {
            judgement.by_rule = true;
            return Ok(Err(Receipt { record: *record, ..Receipt::refused(code, why.clone(), now) }));
        }
        match self.changes_by(plan, name, file()?)? {
            Some(changes) => Ok(Ok(changes)),
            None => refuse(Check::Format, "it does not answer what went out".into()),
        }
    }

    /// Answers in the institution's place what it has not answered by the deadline; whether there was one.
    pub(super) fn stand_in(&mut self, now: Instant) -> Result<bool, Trouble> {
        let Some(plan) = self.setup.applications.clone() else { return Ok(false) };
        let over = |date: &Date| plan.deadline.instant(&self.setup.calendar, *date) <= now;
        let late: Vec<Date> = self
            .offers
            .sent
            .iter()
            .copied()
            .filter(|date| over(date) && !self.is_answered(&plan, *date))
            .collect();
        for date in &late {
            let why = "대행응답: no answer came by the deadline".to_string();
            let judgement = Judgement {
                name: plan.answer_name(*date),
                sent_as: String::new(),
                sha256: String::new(),
                service: Some(Service::Application),
                date: date.to_string(),
                by_rule: false,
                shown: false,
                answers: Vec::new(),
                receipt: Receipt::refused(STAND_IN, why, now),
            };
            judgement.store(&self.judged, &judgement.entry_name(now))?;
            self.stood_in(&plan, *date)?;
        }
        Ok(!late.is_empty())
    }

    fn stood_in(&mut self, plan: &ApplicationsPlan, date: Date) -> Result<(), Trouble> {
        let lines = self.offered(plan, date)?;
        let ends_only = |set: &[&Line]| set.iter().all(|line| line.asked != Asked::Register);
        let changes = self.changes_of(&lines, date, ends_only);
        self.register.change(changes);
        self.offers.stood_in.insert(date);
        Ok(())
    }

    /// Plays a judged answer, or one that was given in the institution's place, again after a start.
    pub(super) fn learn_answer(&mut self, judgement: &Judgement, date: Date) -> Result<(), Trouble> {
        let Some(plan) = self.setup.applications.clone() else { return Ok(()) };
        if judgement.receipt.result == Outcome::Refused {
            if judgement.sha256.is_empty() {
                self.stood_in(&plan, date)?;
            } else if judgement.by_rule {
                self.register.refuse_by_rule(&judgement.name, date);
            }
            return Ok(());
        }
        let changes = match self.find_taken(judgement)? {
            Some(file) => self.changes_by(&plan, &judgement.name, file)?,
            None => {
                let cause = "the exchange must read it to know what is registered; put it back";
                return Err(Trouble::at("find", &self.sent.path_of(&judgement.sent_as), cause));
            }
        };
        self.register.accept(Service::Application, &judgement.name, date, changes.unwrap_or_default());
        Ok(())
    }
}
