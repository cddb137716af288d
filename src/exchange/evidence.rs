//! Evidence of consent (EI13): read as strictly as the centre does; what was accepted lets registrations of its day and of the next
//! banking day through (0078).
//!
//! Must not: look into evidence, or answer in a result: a receipt is all that comes to it.

use super::centre::Findings;
use super::journal::Judgement;
use super::play::Exchange;
use super::receipt::Receipt;
use super::register::Changes;
use super::rules::{Act, Check, Service};
use super::taking::{Judged, first_of};
use super::wire::unread;
use crate::bank::{Format, Revisions};
use crate::calendar::Offset;
use crate::domain::{Date, Instant};
use crate::fault::{Place, Trouble};
use std::fs::File;
use std::sync::Arc;

/// How a channel's evidence comes.
#[derive(Debug, Clone)]
pub struct EvidencePlan {
    /// Its format, bound.
    pub format: Arc<Revisions>,
    /// Until when it is taken, counted from the file's date.
    pub deadline: Offset,
}

impl Exchange {
    /// Whether a file of this name is evidence.
    pub(super) fn is_evidence(&self, name: &str) -> bool {
        let plan = self.setup.evidence.as_ref();
        plan.is_some_and(|plan| plan.format.is_name_of(name))
    }

    /// The first day of which evidence counts for registrations of `date`; `None` where none is needed.
    pub(super) fn evidence_since(&self, date: Date) -> Option<Date> {
        self.setup.evidence.as_ref().map(|_| self.setup.calendar.shift(date, -1))
    }

    /// Judges a file of evidence.
    pub(super) fn judge_evidence(
        &self,
        mut judgement: Judgement,
        file: File,
        now: Instant,
    ) -> Result<Judged, Trouble> {
        let name = judgement.name.clone();
        let mut payers = Vec::new();
        let refused = |mut judgement: Judgement, receipt: Receipt, by_rule| {
            judgement.receipt = receipt;
            judgement.by_rule = by_rule;
            Ok(Judged { judgement, deliveries: Vec::new(), findings: None })
        };
        let Some(plan) = &self.setup.evidence else {
            return refused(
                judgement,
                self.refuse(Check::UnknownFile, "no evidence is taken here", now),
                false,
            );
        };
        let (format, file) = plan.format.of(file).map_err(|error| unread(&name, error))?;
        let Format::Evidence(format) = format else {
            return Err(Trouble::new("play evidence", "the layout's message is not that of evidence"));
        };
        let reading = format.read(&name, file, |line, _| {
            payers.push(line.bank_payer_no);
            Ok(())
        })?;
        if let Some(fault) = first_of(&reading.faults) {
            let code = self.rules.centre.code_of_fault(fault.name, None);
            let mut receipt = Receipt::refused(code, format!("{}: {}", fault.name, fault.expected), now);
            if let Place::Record { record, .. } = &fault.place {
                receipt.record = Some(*record);
            }
            return refused(judgement, receipt, false);
        }
        let Some(head) = reading.head else {
            return refused(
                judgement,
                self.refuse(Check::Format, "its first record is no header", now),
                false,
            );
        };
        judgement.service = Some(Service::Evidence);
        judgement.date = head.date.to_string();
        let deadline = plan.deadline.instant(&self.setup.calendar, head.date);
        let check = if head.institution != self.setup.institution {
            Some((Check::Institution, "기관코드: not that of this channel".to_string()))
        } else if self.register.was_received(&name, head.date) {
            Some((Check::AlreadyReceived, format!("{name} of {} was received before", head.date)))
        } else if !self.setup.calendar.is_open(head.date) {
            Some((Check::NotABankingDay, format!("{} is no banking day", head.date)))
        } else if now >= deadline {
            Some((Check::Late, format!("the deadline was {deadline}")))
        } else {
            None
        };
        if let Some((check, why)) = check {
            return refused(judgement, self.refuse(check, &why, now), false);
        }
        if let Some(Act::Refuse { code, record, why }) = self.act(Service::Evidence, &name, head.date) {
            let receipt = Receipt { record: *record, ..Receipt::refused(code, why.clone(), now) };
            return refused(judgement, receipt, true);
        }
        let lines = u32::try_from(payers.len()).unwrap_or(u32::MAX);
        let changes = Changes { evidence: payers, ..Changes::default() };
        let findings = Findings { listed: Vec::new(), changes, banks: self.banks.clone(), lines };
        Ok(Judged { judgement, deliveries: Vec::new(), findings: Some(findings) })
    }

    fn refuse(&self, check: Check, why: &str, now: Instant) -> Receipt {
        Receipt::refused(self.rules.centre.code(check), why, now)
    }

    /// Plays an accepted file again: whose evidence it was.
    pub(super) fn learn_evidence(&mut self, judgement: &Judgement, date: Date) -> Result<(), Trouble> {
        let mut payers = Vec::new();
        let revisions = self.setup.evidence.as_ref().map(|plan| Arc::clone(&plan.format));
        if let (Some(revisions), Some(file)) = (revisions, self.find_taken(judgement)?)
            && let (Format::Evidence(format), file) =
                revisions.of(file).map_err(|error| unread(&judgement.name, error))?
        {
            format.read(&judgement.name, file, |line, _| {
                payers.push(line.bank_payer_no);
                Ok(())
            })?;
        }
        let changes = Changes { evidence: payers, ..Changes::default() };
        self.register.accept(Service::Evidence, &judgement.name, date, changes);
        Ok(())
    }
}
