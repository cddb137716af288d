//! The exchange itself: opened on the folders of a channel, it does all that is due at an instant.
//!
//! Must not: ask the time, or keep in memory what a start could not find again.

use super::applications::{ApplicationsPlan, Offers};
use super::centre::{Sitting, Terms};
use super::evidence::EvidencePlan;
use super::folders::{Folder, Lock, Moved};
use super::journal::{Judgement, parse_answer_name};
use super::receipt::Outcome;
use super::register::{Changes, Register};
use super::rules::{Rules, Service};
use super::taking::Pending;
use super::verdict::Banks;
use crate::bank::Revisions;
use crate::calendar::{Calendar, Offset};
use crate::domain::{BankCode, Date, Instant, Won};
use crate::fault::Trouble;
use crate::layout::ResultsListed;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// How long to wait when a result cannot be put into the inbox because its name is in use there.
const BLOCKED_MINUTES: i64 = 1;

/// What an exchange needs to know of a channel.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The channel's folder in the spool, with `inbox`, `outbox` and `sent`.
    pub channel_folder: PathBuf,
    /// The exchange's own folder, made where it is missing; on the same file system.
    pub own_folder: PathBuf,
    /// The channel's 기관코드, ten digits.
    pub institution: String,
    /// Which files the channel exchanges.
    pub services: Vec<ServicePlan>,
    /// Every bank of the network, aliases included, and whether it takes part in CMS.
    pub banks: BTreeMap<BankCode, bool>,
    /// Banking days.
    pub calendar: Arc<Calendar>,
    /// Evidence of consent, where the channel must send it.
    pub evidence: Option<EvidencePlan>,
    /// What comes in at banks, where the channel takes it.
    pub applications: Option<ApplicationsPlan>,
}

/// A request file of a channel and the result file that answers it.
#[derive(Debug, Clone)]
pub struct ServicePlan {
    /// What it is about.
    pub service: Service,
    /// The revisions of the request's layout, bound.
    pub request: Arc<Revisions>,
    /// Those of the result's.
    pub result: Arc<Revisions>,
    /// The exchange's deadline, counted from the file's date; at the instant itself it is too late.
    pub deadline: Offset,
    /// When the channel's profile expects the result.
    pub result_due: Offset,
    /// The least amount of a collection (facts/kftc.md 4, 0075); 0 for registrations.
    pub least: Won,
    /// Whether a debit needs a registration at the bank.
    pub needs_registration: bool,
    /// The banks for which it is the other way round.
    pub registration_exceptions: BTreeSet<BankCode>,
}

/// What was done at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whether anything was done.
    pub worked: bool,
    /// Result files put into the inbox, in order.
    pub delivered: Vec<PathBuf>,
    /// When there will be something to do, files that come meanwhile apart.
    pub next_due: Option<Instant>,
}

/// The simulated exchange of one channel.
#[derive(Debug)]
pub struct Exchange {
    pub(super) setup: Setup,
    pub(super) rules: Rules,
    pub(super) outbox: Folder,
    pub(super) sent: Folder,
    pub(super) inbox: Folder,
    pub(super) answers: Folder,
    pub(super) taking: Folder,
    pub(super) judged: Folder,
    pub(super) first_seen: Folder,
    pub(super) offers: Offers,
    pub(super) register: Register,
    pub(super) banks: Banks,
    /// Judgements in `taking/`, with what they change once they are carried out.
    pub(super) pending: Vec<Pending>,
    /// Answers to be delivered: due time, then name in `answers/`.
    pub(super) waiting: BTreeSet<(Instant, String)>,
    _lock: Lock,
}

impl Exchange {
    /// Opens the exchange, finishes what a crash left half done, and learns from `sent/` what is registered.
    pub fn open(setup: Setup, rules: Rules) -> Result<Self, Trouble> {
        let mut exchange = Self::open_folders(setup, rules)?;
        exchange.recover()?;
        Ok(exchange)
    }

    pub(super) fn open_folders(setup: Setup, rules: Rules) -> Result<Self, Trouble> {
        if let Some(plan) = setup.services.iter().find(|plan| !plan.fits()) {
            let (request, result) =
                (plan.request.newest().layout().name(), plan.result.newest().layout().name());
            let doing = format!("play {} with {request} and {result}", plan.service.word());
            return Err(Trouble::new(doing, "the messages of these layouts are not those of the service"));
        }
        if setup.applications.as_ref().is_some_and(|plan| !plan.fits()) {
            let cause = "the messages of these layouts are not those of applications";
            return Err(Trouble::new("play applications at banks", cause));
        }
        let theirs = |name: &str| Folder::open(setup.channel_folder.join(name));
        let (outbox, sent, inbox) = (theirs("outbox")?, theirs("sent")?, theirs("inbox")?);
        Folder::make(setup.own_folder.clone())?;
        let lock = Lock::take(&setup.own_folder)?;
        let own = |name: &str| Folder::make(setup.own_folder.join(name));
        let answers = own("answers")?;
        if answers.device()? != inbox.device()? {
            let cause = "it must be on the file system of the spool, because results are given by rename";
            return Err(Trouble::at("use the folder", &setup.own_folder, cause));
        }
        Ok(Self {
            banks: Banks::new(&rules),
            taking: own("taking")?,
            judged: own("judged")?,
            first_seen: own("seen")?,
            offers: Offers::new(own("offered")?),
            outbox,
            sent,
            inbox,
            answers,
            register: Register::default(),
            pending: Vec::new(),
            waiting: BTreeSet::new(),
            setup,
            rules,
            _lock: lock,
        })
    }

    /// Does all that is due at `now`: takes and judges our files, delivers results.
    pub fn turn(&mut self, now: Instant) -> Result<Turn, Trouble> {
        let mut worked = self.carry_out_pending()?;
        let mut next_due: Option<Instant> = None;
        for name in self.ready()? {
            match self.lies_until(&name, now)? {
                Some(until) if until > now => next_due = Some(next_due.map_or(until, |at| at.min(until))),
                _ => worked |= self.take(&name, now)?,
            }
        }
        worked |= self.stand_in(now)?;
        worked |= self.offer(now)?;
        let (delivered, blocked) = self.deliver(now)?;
        worked |= !delivered.is_empty();
        let retry = blocked.then(|| now.plus_minutes(BLOCKED_MINUTES));
        let first = self.waiting.iter().map(|(due, _)| *due).find(|due| *due > now);
        let next_due = [next_due, retry, first, self.next_offer(now)].into_iter().flatten().min();
        Ok(Turn { worked, delivered, next_due })
    }

    /// Files of the outbox whose marker is there, sorted: registrations (EB13) before collections (EB21).
    fn ready(&self) -> Result<Vec<String>, Trouble> {
        let names = self.outbox.names()?;
        let marked =
            |name: &String| !name.ends_with(".ok") && names.binary_search(&format!("{name}.ok")).is_ok();
        Ok(names.iter().filter(|name| marked(name)).cloned().collect())
    }

    /// Puts what is due into the inbox. The second value says that a name is still in use there.
    fn deliver(&mut self, now: Instant) -> Result<(Vec<PathBuf>, bool), Trouble> {
        let due: Vec<(Instant, String)> =
            self.waiting.iter().take_while(|(due, _)| *due <= now).cloned().collect();
        let (mut delivered, mut blocked) = (Vec::new(), BTreeSet::new());
        for (at, entry) in due {
            let name = parse_answer_name(&entry).map_or(entry.as_str(), |(_, name)| name).to_string();
            if blocked.contains(&name) {
                continue;
            }
            match self.answers.move_new(&entry, &self.inbox, &name)? {
                Moved::Taken => {
                    blocked.insert(name);
                    continue;
                }
                Moved::Done => delivered.push(self.inbox.path_of(&name)),
                Moved::Gone => {}
            }
            self.waiting.remove(&(at, entry));
        }
        Ok((delivered, !blocked.is_empty()))
    }

    /// After a start: finish, tidy, learn.
    pub(super) fn recover(&mut self) -> Result<(), Trouble> {
        for entry in self.taking.names()? {
            let judgement = Judgement::load(&self.taking, &entry)?;
            self.pending.push(Pending { entry, judgement, findings: None });
        }
        self.carry_out_pending()?;
        let kept: BTreeSet<String> = self.answers.names()?.into_iter().collect();
        let mut wanted: BTreeSet<String> = self.recover_offers()?.into_iter().collect();
        self.register = Register::default();
        self.banks = Banks::new(&self.rules);
        for entry in self.judged.names()? {
            let judgement = Judgement::load(&self.judged, &entry)?;
            self.put_receipt(&judgement)?;
            self.learn(&judgement)?;
            wanted.extend(judgement.answers);
        }
        for answer in kept.difference(&wanted) {
            self.answers.remove(answer)?;
        }
        let left = kept.intersection(&wanted);
        self.waiting = left.filter_map(|a| parse_answer_name(a).map(|(due, _)| (due, a.clone()))).collect();
        Ok(())
    }

    /// Plays a judged file again: what it registered, what it used of rules that count.
    fn learn(&mut self, judgement: &Judgement) -> Result<(), Trouble> {
        let (Some(service), Some(date)) = (judgement.service, judgement.date()) else { return Ok(()) };
        if service == Service::Application {
            return self.learn_answer(judgement, date);
        }
        if judgement.receipt.result == Outcome::Refused {
            if judgement.by_rule {
                self.register.refuse_by_rule(&judgement.name, date);
            }
            return Ok(());
        }
        if service == Service::Evidence {
            return self.learn_evidence(judgement, date);
        }
        let mut changes = Changes::default();
        if service == Service::Registration || Banks::remember(&self.rules) {
            let plan = self.plan_of(&judgement.name).cloned();
            let (Some(plan), Some(file)) = (plan, self.find_taken(judgement)?) else {
                let cause = "the exchange must read it to know what is registered; put it back";
                return Err(Trouble::at("find", &self.sent.path_of(&judgement.sent_as), cause));
            };
            let mut sitting = Sitting::new(self.terms(&plan, date), &self.register, self.banks.clone());
            plan.lines(&judgement.name, file, &mut |line| sitting.line(line))?;
            let findings = sitting.close();
            changes = findings.changes;
            self.banks = findings.banks;
        }
        self.register.accept(service, &judgement.name, date, changes);
        Ok(())
    }

    /// Finds a file that was taken: in sent, or in done, to which the daemon puts an old one away when its name comes
    /// again the next year.
    pub(super) fn find_taken(&self, judgement: &Judgement) -> Result<Option<File>, Trouble> {
        let Judgement { name, sent_as, sha256, .. } = judgement;
        if self.sent.holds(sent_as, sha256)? {
            return self.sent.read(sent_as);
        }
        let Ok(done) = Folder::open(self.setup.channel_folder.join("done")) else { return Ok(None) };
        for entry in done.names()? {
            if entry.starts_with(name.as_str()) && done.holds(&entry, sha256)? {
                return done.read(&entry);
            }
        }
        Ok(None)
    }

    /// The service whose request has this file name.
    pub(super) fn plan_of(&self, name: &str) -> Option<&ServicePlan> {
        self.setup.services.iter().find(|plan| plan.takes(name))
    }

    /// What holds for a file of a service and date.
    pub(super) fn terms<'e>(&'e self, plan: &'e ServicePlan, date: Date) -> Terms<'e> {
        Terms {
            rules: &self.rules,
            banks: &self.setup.banks,
            service: plan.service,
            date,
            least: plan.least,
            evidence_since: self.evidence_since(date),
            needs_registration: plan.needs_registration,
            registration_exceptions: &plan.registration_exceptions,
            lists_all: plan.result.on(date).layout().results() == ResultsListed::All,
        }
    }
}
