//! How a file of ours is taken: judged, answers and judgement written, moved to sent, receipt given. Each step can be
//! done again after a crash with the same outcome.
//!
//! Must not: deliver answers.

use super::centre::{Findings, Sitting};
use super::folders::Moved;
use super::journal::{Judgement, answer_name};
use super::mischief::{Answer, Delivery, deliveries};
use super::play::{Exchange, ServicePlan};
use super::receipt::{Outcome, Receipt};
use super::rules::{Act, Check, Receipts, Service};
use crate::bank::FileHead;
use crate::calendar::Offset;
use crate::domain::{Date, Instant, TimeOfDay};
use crate::fault::{Fault, Faults, Place, Trouble};
use crate::spool::Sha256;
use std::fs::File;
use std::io::Seek;

/// A judgement in `taking/`.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) entry: String,
    pub(super) judgement: Judgement,
    /// What it changes; `None` after a start, when the whole history is played again.
    pub(super) findings: Option<Findings>,
}

/// A file as judged, before anything is written.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) judgement: Judgement,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) findings: Option<Findings>,
}

/// Why a file is refused as a whole.
struct Refusal {
    receipt: Box<Receipt>,
    by_rule: bool,
}

/// A file whose header could be read.
struct Known<'p> {
    plan: &'p ServicePlan,
    head: FileHead,
}

impl Exchange {
    /// Takes one file; whether it was there.
    pub(super) fn take(&mut self, name: &str, now: Instant) -> Result<bool, Trouble> {
        let Some(judged) = self.judge(name, now)? else { return Ok(false) };
        self.keep(judged, now)?;
        self.carry_out_pending()
    }

    /// Until when a file is left lying; `None` where it is taken at once.
    pub(super) fn lies_until(&mut self, name: &str, now: Instant) -> Result<Option<Instant>, Trouble> {
        let mut minutes = self.rules.taking.minutes;
        if self.rules.outgoings.iter().any(|rule| matches!(rule.act, Act::Slow(_)))
            && let Some(plan) = self.plan_of(name)
            && let Some(file) = self.outbox.read(name)?
            && let Some(head) = plan.head(name, file)?
            && let Some(Act::Slow(more)) = self.act(plan.service, name, head.date)
        {
            minutes = minutes.max(*more);
        }
        if minutes == 0 {
            return Ok(None);
        }
        let seen = match self.first_seen.text(name)?.and_then(|text| text.trim().parse().ok()) {
            Some(ms) => Instant::from_unix_ms(ms),
            None => {
                self.first_seen.put(name, format!("{}\n", now.unix_ms()).as_bytes())?;
                now
            }
        };
        Ok(Some(seen.plus_minutes(minutes)))
    }

    /// What the rules say is done with a file, other than to judge it.
    pub(super) fn act(&self, service: Service, name: &str, date: Date) -> Option<&Act> {
        let nth = self.register.files(service).saturating_add(1);
        let hits = self.rules.outgoings.iter().filter(|r| r.service == service && r.which.hits(date, nth));
        let refused = self.register.was_refused_by_rule(name, date);
        hits.map(|rule| &rule.act).find(|act| !(refused && matches!(act, Act::Refuse { .. })))
    }

    /// Judges a file of the outbox. Writes nothing.
    pub(super) fn judge(&self, name: &str, now: Instant) -> Result<Option<Judged>, Trouble> {
        let Some(file) = self.outbox.read(name)? else { return Ok(None) };
        let (sha256, _) =
            Sha256::of_reader(&file).map_err(|e| Trouble::at("read", &self.outbox.path_of(name), e))?;
        let mut judgement = Judgement {
            name: name.to_string(),
            sent_as: self.free_name(name)?,
            sha256: sha256.to_string(),
            service: None,
            date: String::new(),
            by_rule: false,
            shown: self.rules.taking.receipts == Receipts::Always,
            answers: Vec::new(),
            receipt: Receipt::accepted(now),
        };
        if self.is_evidence(name) {
            return self.judge_evidence(judgement, rewound(&file)?, now).map(Some);
        }
        if self.is_application_answer(name) {
            return self.judge_answer(judgement, || rewound(&file), now).map(Some);
        }
        let mut judged = (Vec::new(), None);
        let known = self.known(name, rewound(&file)?, now)?;
        if let Ok(known) = &known {
            judgement.service = Some(known.plan.service);
            judgement.date = known.head.date.to_string();
        }
        let accepted = match known {
            Err(refusal) => Err(refusal),
            Ok(known) => match self.gate(name, &known, now) {
                Err(refusal) => Err(refusal),
                Ok(()) => self.work(name, rewound(&file)?, &known, now)?,
            },
        };
        match accepted {
            Ok((deliveries, findings)) => judged = (deliveries, Some(findings)),
            Err(refusal) => {
                judgement.receipt = *refusal.receipt;
                judgement.by_rule = refusal.by_rule;
                judgement.shown = self.rules.taking.receipts != Receipts::Never;
            }
        }
        if let (Some(service), Some(date)) = (judgement.service, judgement.date())
            && matches!(self.act(service, name, date), Some(Act::NoReceipt))
        {
            judgement.shown = false;
        }
        Ok(Some(Judged { judgement, deliveries: judged.0, findings: judged.1 }))
    }

    /// The name under which it goes to sent: never that of another file there.
    fn free_name(&self, name: &str) -> Result<String, Trouble> {
        let mut sent_as = name.to_string();
        let mut n = 1_u32;
        while self.sent.has(&sent_as)? {
            n = n.saturating_add(1);
            sent_as = format!("{name}.{n}");
        }
        Ok(sent_as)
    }

    /// Which service the file asks for, and its header.
    fn known(&self, name: &str, file: File, now: Instant) -> Result<Result<Known<'_>, Refusal>, Trouble> {
        let refuse = |check, why: &str| Ok(Err(self.refusal(check, why, now)));
        let Some(plan) = self.plan_of(name) else {
            return refuse(Check::UnknownFile, "no request of this channel has such a name");
        };
        if let Some(head) = plan.head(name, &file)? {
            return Ok(Ok(Known { plan, head }));
        }
        // Why it does not read is told by the reading of the whole.
        let faults = plan.lines(name, rewound(&file)?, &mut |_| {})?;
        match first_of(&faults) {
            Some(fault) => Ok(Err(self.misformed(plan, fault, now))),
            None => refuse(Check::Format, "its first record is no header"),
        }
    }

    /// What must hold before the lines are looked at.
    fn gate(&self, name: &str, known: &Known<'_>, now: Instant) -> Result<(), Refusal> {
        let Known { plan, head } = known;
        let calendar = &self.setup.calendar;
        let refuse = |check, why: String| Err(self.refusal(check, &why, now));
        if head.institution != self.setup.institution {
            return refuse(Check::Institution, "기관코드: not that of this channel".into());
        }
        if !name.starts_with(&plan.request_name(head.date)) {
            return refuse(Check::FileName, format!("File 이름: {name} is not the name for {}", head.date));
        }
        if self.register.was_received(name, head.date) {
            return refuse(Check::AlreadyReceived, format!("{name} of {} was received before", head.date));
        }
        if !calendar.is_open(head.date) {
            return refuse(Check::NotABankingDay, format!("{} is no banking day", head.date));
        }
        let deadline = plan.deadline.instant(calendar, head.date);
        if now >= deadline {
            return refuse(Check::Late, format!("the deadline was {deadline}"));
        }
        if let Some(Act::Refuse { code, record, why }) = self.act(plan.service, name, head.date) {
            let receipt = Receipt { record: *record, ..Receipt::refused(code, why.clone(), now) };
            return Err(Refusal { receipt: receipt.into(), by_rule: true });
        }
        Ok(())
    }

    /// Judges the lines and makes the answers.
    fn work(
        &self,
        name: &str,
        file: File,
        known: &Known<'_>,
        now: Instant,
    ) -> Result<Result<(Vec<Delivery>, Findings), Refusal>, Trouble> {
        let Known { plan, head } = known;
        let mut sitting = Sitting::new(self.terms(plan, head.date), &self.register, self.banks.clone());
        let faults = plan.lines(name, file, &mut |line| sitting.line(line))?;
        if let Some(fault) = first_of(&faults) {
            return Ok(Err(self.misformed(plan, fault, now)));
        }
        let mut findings = sitting.close();
        let nth = self.register.files(plan.service).saturating_add(1);
        let mut mischiefs = self.rules.mischiefs.iter();
        let mischief = mischiefs.find(|m| m.service == plan.service && m.which.hits(head.date, nth));
        let any_bank = self.setup.banks.iter().find(|(_, part)| **part).map(|(bank, _)| *bank);
        let answer = Answer {
            service: plan.service,
            any_bank,
            institution: head.institution.clone(),
            date: head.date,
            due: self.answer_due(plan, head.date),
            listed: std::mem::take(&mut findings.listed),
            lines_sent: findings.lines,
        };
        let write =
            |institution: &str, date, listed: &[_]| plan.write_result(head, institution, date, listed);
        let deliveries = deliveries(&answer, &plan.result_name(head.date), mischief, &write)?;
        Ok(Ok((deliveries, findings)))
    }

    /// When the result of a file of `date` is given: as the rules file says; else `result_due` less the lead, and for
    /// collections 03:00 of the calendar day after the debit, where that is earlier (facts/kftc.md 2, EB22).
    fn answer_due(&self, plan: &ServicePlan, date: Date) -> Instant {
        let said: Option<Offset> = match plan.service {
            Service::Registration => self.rules.registration_answer,
            Service::Collection => self.rules.collection_answer,
            Service::Payout | Service::Evidence | Service::Application => None,
        };
        if let Some(offset) = said {
            return offset.instant(&self.setup.calendar, date);
        }
        let led = plan.result_due.instant(&self.setup.calendar, date).plus_minutes(-self.rules.lead_minutes);
        match (plan.service, TimeOfDay::new(3, 0, 0)) {
            (Service::Collection, Some(three)) => led.min(date.next().at(three)),
            _ => led,
        }
    }

    fn refusal(&self, check: Check, why: &str, now: Instant) -> Refusal {
        Refusal { receipt: Receipt::refused(self.rules.centre.code(check), why, now).into(), by_rule: false }
    }

    /// The refusal for a fault that the layout found.
    fn misformed(&self, plan: &ServicePlan, fault: &Fault, now: Instant) -> Refusal {
        let field = match fault.place {
            Place::Record { first, .. } => plan.field_at(first),
            _ => None,
        };
        let code = self.rules.centre.code_of_fault(fault.name, field);
        let mut receipt = Receipt::refused(code, format!("{}: {}", fault.name, fault.expected), now);
        if let Place::Record { record, first, last, .. } = &fault.place {
            receipt.record = Some(*record);
            if *first > 0 {
                receipt.bytes = format!("{first}-{last}");
            }
        }
        Refusal { receipt: receipt.into(), by_rule: false }
    }

    /// Writes the answers, then the judgement that names them.
    pub(super) fn keep(&mut self, judged: Judged, now: Instant) -> Result<(), Trouble> {
        let Judged { mut judgement, deliveries, findings } = judged;
        for Delivery { mut due, name, bytes } in deliveries {
            while self.waiting.contains(&(due, answer_name(due, &name)))
                || judgement.answers.contains(&answer_name(due, &name))
            {
                due = due.plus_ms(1);
            }
            let answer = answer_name(due, &name);
            self.answers.put(&answer, &bytes)?;
            judgement.answers.push(answer);
        }
        let entry = judgement.entry_name(now);
        judgement.store(&self.taking, &entry)?;
        self.pending.push(Pending { entry, judgement, findings });
        Ok(())
    }

    /// Carries out every judgement in `taking/`; whether there was one.
    pub(super) fn carry_out_pending(&mut self) -> Result<bool, Trouble> {
        let mut worked = false;
        while let Some(pending) = self.pending.first() {
            let (entry, judgement) = (pending.entry.clone(), pending.judgement.clone());
            worked = true;
            // A refused file may have been retired by the daemon before we noted that it has its receipt.
            if self.move_to_sent(&judgement)? || judgement.receipt.result == Outcome::Refused {
                self.put_receipt(&judgement)?;
                self.finish(&entry, &judgement)?;
                let done = self.pending.remove(0);
                self.apply(done);
            } else {
                self.forget(&entry, &judgement)?;
                self.pending.remove(0);
            }
        }
        Ok(worked)
    }

    /// Moves the judged file to sent and removes its marker; `false` where somebody took it away meanwhile.
    pub(super) fn move_to_sent(&self, judgement: &Judgement) -> Result<bool, Trouble> {
        let Judgement { name, sent_as, sha256, .. } = judgement;
        if !self.sent.has(sent_as)? {
            if !self.outbox.holds(name, sha256)? {
                return Ok(false);
            }
            match self.outbox.move_new(name, &self.sent, sent_as)? {
                Moved::Done => {}
                Moved::Gone => return Ok(false),
                Moved::Taken => {
                    let cause = "another file came to have the name";
                    return Err(Trouble::at("move to", &self.sent.path_of(sent_as), cause));
                }
            }
        }
        if !self.outbox.has(name)? {
            self.outbox.remove(&format!("{name}.ok"))?;
        }
        Ok(true)
    }

    /// Puts the receipt beside the file in sent, where one is due, missing, and the file is still there.
    pub(super) fn put_receipt(&self, judgement: &Judgement) -> Result<(), Trouble> {
        let name = format!("{}.receipt", judgement.sent_as);
        if judgement.shown && self.sent.has(&judgement.sent_as)? && !self.sent.has(&name)? {
            self.sent.put(&name, judgement.receipt_text()?.as_bytes())?;
        }
        Ok(())
    }

    /// Moves the judgement to `judged/`: from here its answers may be delivered.
    pub(super) fn finish(&self, entry: &str, judgement: &Judgement) -> Result<(), Trouble> {
        self.taking.move_new(entry, &self.judged, entry)?;
        self.first_seen.remove(&judgement.name)?;
        Ok(())
    }

    /// Forgets a judgement on a file that is no longer what was judged.
    fn forget(&self, entry: &str, judgement: &Judgement) -> Result<(), Trouble> {
        for answer in &judgement.answers {
            self.answers.remove(answer)?;
        }
        self.taking.remove(entry)?;
        self.taking.sync()
    }

    /// Takes over into memory what a carried-out judgement changes.
    fn apply(&mut self, pending: Pending) {
        let Pending { judgement, findings, .. } = pending;
        let (Some(service), Some(date)) = (judgement.service, judgement.date()) else { return };
        match (judgement.receipt.result, findings) {
            (Outcome::Refused, _) if judgement.by_rule => self.register.refuse_by_rule(&judgement.name, date),
            (Outcome::Accepted, Some(findings)) => {
                self.banks = findings.banks;
                self.register.accept(service, &judgement.name, date, findings.changes);
            }
            _ => {}
        }
        let due = |answer: &String| super::journal::parse_answer_name(answer).map(|(due, _)| due);
        self.waiting.extend(judgement.answers.iter().filter_map(|a| due(a).map(|at| (at, a.clone()))));
    }
}

/// The fault that stands first in the file; those of the file as a whole come last.
pub(super) fn first_of(faults: &Faults) -> Option<&Fault> {
    faults.kept().iter().min_by_key(|fault| match fault.place {
        Place::Record { record, .. } => record,
        _ => u64::MAX,
    })
}

/// A second hand on the same file, at its beginning.
fn rewound(mut file: &File) -> Result<File, Trouble> {
    let again = file.rewind().and_then(|()| file.try_clone());
    again.map_err(|e| Trouble::new("read a file of the outbox again", e))
}
