//! Charges of a month, and the requests and retries that the config orders (decisions.md 7-10; product.md F17, F18).
//!
//! Whether a charge may go, and with how much, is `rules::request` and `rules::retry`; this file carries candidates to
//! them and their proposals to the ledger, in one transaction per creditor and debit date.

use super::due::row_done;
use super::place::{Place, Target};
use super::{Engine, Failure, generating};
use crate::config::Arrears;
use crate::domain::{CollectionKind, ContractDay, CreditorId, Date, Instant, Month, Won};
use crate::ledger::{
    ArrearsTerm, Candidate, CandidateQuery, DeskTerms, Due, Event, MakeCharges, NewCollection, OnlyFor,
    Subject, Tx,
};
use crate::rules::request::{self, Ask, CandidateFacts, CreditorFacts, DateFacts, Standing};
use crate::rules::retry::{self, RetryFacts, RetryRules};
use crate::rules::{DebitLimits, Name, Proposal, Refused, Window};
use std::collections::{HashMap, HashSet};

/// Mandates that are fetched at a time.
const CHUNK: usize = 2048;

impl Engine {
    /// Makes the charges of a month for every mandate that is active now (decisions.md 10).
    pub(super) fn make_charges(
        &mut self,
        creditor: CreditorId,
        month: Month,
        row: &Due,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(config) = self.config.creditors.get(&creditor) else { return self.done(row, now) };
        let due: Vec<(ContractDay, Date)> =
            config.days.iter().map(|day| (*day, self.config.calendar.debit_date(month, *day))).collect();
        let place = self.place_of(creditor);
        let tx = self.ledger.begin()?;
        let only = OnlyFor::All;
        let made = tx.make_charges(&MakeCharges { creditor, month, due: &due, only, at: now })?;
        if let Some(place) = &place {
            generating::give(&self.spool, &tx, place, month, now)?;
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        tracing::info!(%creditor, %month, made, "charges made");
        Ok(())
    }

    /// The automatic request of a creditor for a debit date: every candidate whose contract day falls on it.
    pub(super) fn request_due(
        &mut self,
        creditor: CreditorId,
        row: &Due,
        now: Instant,
    ) -> Result<(), Failure> {
        let date = row.date;
        let Some(place) = self.place_of(creditor) else { return self.done(row, now) };
        let rolled = place.rolled_to(&place.creditor.days, date);
        let tx = self.ledger.begin()?;
        let mut requested = 0;
        for place in place.by_each() {
            let mut batch = Batch::new(&tx, &place, date, now, CollectionKind::Regular)?.due_at(row.due_at);
            for month in months_of(&rolled) {
                let days: Vec<ContractDay> =
                    rolled.iter().filter(|(m, _)| *m == month).map(|(_, day)| *day).collect();
                batch.take(month, &days)?;
            }
            requested += batch.finish()?;
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        tracing::info!(%creditor, %date, requested, "requested");
        Ok(())
    }

    /// The automatic retry of a creditor for a debit date (product.md F18).
    pub(super) fn retry_due(&mut self, creditor: CreditorId, row: &Due, now: Instant) -> Result<(), Failure> {
        let date = row.date;
        let Some(place) = self.place_of(creditor) else { return self.done(row, now) };
        let rolled = place.rolled_to(&place.creditor.retry.days, date);
        let tx = self.ledger.begin()?;
        let mut requested = 0;
        for place in place.by_each() {
            let mut batch = Batch::new(&tx, &place, date, now, CollectionKind::Retry)?.due_at(row.due_at);
            for month in months_of(&rolled) {
                batch.take(month, &[])?;
            }
            requested += batch.finish()?;
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        tracing::info!(%creditor, %date, requested, "retries requested");
        Ok(())
    }
}

/// The charges of mandates that became active by an answered registration file, where the debit date can still be
/// reached (decisions.md 10).
pub(super) fn charges_of_activated(
    tx: &Tx<'_>,
    places: &[Place],
    file_id: i64,
    now: Instant,
) -> Result<(), Failure> {
    for place in places {
        for (month, due) in place.reachable_months(now) {
            let (creditor, only) = (place.creditor.id, OnlyFor::ActivatedBy(file_id));
            tx.make_charges(&MakeCharges { creditor, month, due: &due, only, at: now })?;
        }
    }
    Ok(())
}

fn months_of(rolled: &[(Month, ContractDay)]) -> Vec<Month> {
    let mut months: Vec<Month> = rolled.iter().map(|(month, _)| *month).collect();
    months.sort_unstable();
    months.dedup();
    months
}

/// The lines of one creditor on the file of one debit date, as they are requested.
pub(super) struct Batch<'a> {
    tx: &'a Tx<'a>,
    pub(super) place: Place,
    pub(super) target: Target,
    now: Instant,
    /// When it was asked for, which the window is held against: now, or the due time of a step of the schedule.
    asked_at: Instant,
    /// The exchange's deadline is over: what would be requested is counted and told, and stays open.
    missed: Option<i64>,
    kind: CollectionKind,
    file_id: Option<i64>,
    /// What the contract still allows in the month of the debit date.
    month_left: Won,
    lines: Vec<NewCollection>,
    requested: i64,
    /// Mandates on which the creditor wants nothing requested for this date.
    declined: HashSet<i64>,
    /// What was agreed for single mandates.
    terms: HashMap<i64, DeskTerms>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        tx: &'a Tx<'a>,
        place: &Place,
        date: Date,
        now: Instant,
        kind: CollectionKind,
    ) -> Result<Self, Failure> {
        let used = tx.requested_in_month(place.creditor.id, date.month())?;
        let month_left = place.creditor.limit_per_month.checked_sub(used).unwrap_or(Won::ZERO);
        let target = place.target(date);
        Ok(Self {
            tx,
            place: place.clone(),
            target,
            now,
            asked_at: now,
            missed: None,
            kind,
            file_id: None,
            month_left,
            lines: Vec::new(),
            requested: 0,
            declined: tx.declined(date)?,
            terms: tx.desk_terms_of(place.creditor.id)?,
        })
    }

    /// A step of the schedule that may come late, because the daemon was down: it is done as at its time while the
    /// exchange's deadline is ahead, else what it would have requested is missed (house.md 6; E19).
    fn due_at(mut self, due_at: Instant) -> Self {
        self.asked_at = due_at;
        self.missed = (self.now > self.target.deadline).then_some(0);
        self
    }

    /// Takes every candidate of a month; those that may not go are journaled with the reason.
    fn take(&mut self, month: Month, days: &[ContractDay]) -> Result<(), Failure> {
        let mut after = 0;
        let named_by = self.place.named_by();
        loop {
            let page = self.tx.candidates(&CandidateQuery {
                creditor: self.place.creditor.id,
                days,
                month,
                arrears: self.may_join() || self.kind == CollectionKind::Retry,
                by: named_by.query(),
                kind: self.kind,
                after_mandate: after,
                limit: CHUNK,
            })?;
            let Some(last) = page.last() else { break };
            after = last.mandate_id;
            for candidate in &page {
                self.take_candidate(candidate, month)?;
            }
            self.flush()?;
        }
        Ok(())
    }

    fn take_candidate(&mut self, candidate: &Candidate, month: Month) -> Result<(), Failure> {
        let proposals = match self.kind {
            CollectionKind::Regular if self.declined.contains(&candidate.mandate_id) => {
                vec![Err(Refused::new(Name::Declined))]
            }
            CollectionKind::Regular => {
                vec![self.propose(candidate, &self.ask(candidate, month), true)]
            }
            CollectionKind::Retry => {
                // Another agent's rule reaches back: what is too old is refused, and said, by the rule.
                let same_month = self.place.profile.retry.same_month;
                let failed = candidate.charges.iter().filter(|charge| {
                    charge.attempts > 0
                        && if same_month { charge.month == month } else { charge.month <= month }
                });
                failed
                    .map(|charge| {
                        self.propose_retry(
                            candidate,
                            Standing::At(crate::machine::charge::State::Open),
                            Some(charge),
                            true,
                            None,
                        )
                    })
                    .collect()
            }
        };
        // One line per mandate and file: a second one would meet its own first. The oldest that may go, goes.
        let fit = proposals.iter().position(Result::is_ok).unwrap_or(0);
        for proposal in proposals.into_iter().skip(fit).take(1) {
            match (proposal, &mut self.missed) {
                (Ok(_), Some(missed)) => {
                    *missed += 1;
                    self.note(candidate.mandate_id, &Refused::new(Name::LateForWindow))?;
                }
                (Ok(proposal), None) => self.add(candidate.mandate_id, proposal, None, None),
                // Only what stays with its own month is open: nothing to tell of this date.
                (Err(refused), _) if refused.name == Name::NothingOwed => {}
                (Err(refused), _) => self.note(candidate.mandate_id, &refused)?,
            }
        }
        Ok(())
    }

    /// What the automatic request of a month asks for of a candidate.
    pub(super) fn ask(&self, candidate: &Candidate, month: Month) -> Ask {
        let (arrears, unanswered) = self.arrears_of(candidate.mandate_id);
        Ask { month, listed: None, arrears, unanswered }
    }

    /// Whether arrears of a mandate join, as agreed for it, and the refusal where somebody has to say it.
    pub(super) fn arrears_of(&self, mandate_id: i64) -> (Option<bool>, Option<Name>) {
        match self.terms.get(&mandate_id).and_then(|terms| terms.arrears) {
            None => (None, self.place.unanswered()),
            Some(ArrearsTerm::Exclude) => (Some(false), None),
            Some(ArrearsTerm::Include) => {
                (self.place.cash_first().is_none().then_some(true), self.place.cash_first())
            }
            Some(ArrearsTerm::Ask) => (None, Some(Name::ArrearsAsk)),
        }
    }

    /// Whether earlier months are to be looked at for any candidate.
    fn may_join(&self) -> bool {
        let joins = |terms: &DeskTerms| terms.arrears.is_some_and(|term| term != ArrearsTerm::Exclude);
        self.place.creditor.arrears != Arrears::Exclude || self.terms.values().any(joins)
    }

    /// The refusal of a mandate that pauses in the month of the charge or of the debit.
    fn paused(&self, mandate_id: i64, month: Month) -> Result<(), Refused> {
        match self.terms.get(&mandate_id).and_then(|terms| terms.pause) {
            Some(pause) if pause.covers(month) || pause.covers(self.target.date.month()) => {
                let last = pause.last.map_or(String::new(), |last| last.to_string());
                Err(Refused::new(Name::Paused).with(format!("{}~{last}", pause.first)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The regular debit of a candidate. Dates of the automatic request are contract days by how they were found.
    pub(super) fn propose(
        &self,
        candidate: &Candidate,
        ask: &Ask,
        day_allowed: bool,
    ) -> Result<Proposal, Refused> {
        self.paused(candidate.mandate_id, ask.month)?;
        request::propose(&self.facts(candidate), &self.date(day_allowed), &self.creditor(), ask)
            .map_err(|refused| self.told(refused))
    }

    /// The retry of one failed charge.
    pub(super) fn propose_retry(
        &self,
        candidate: &Candidate,
        standing: Standing,
        charge: Option<&crate::domain::CandidateCharge>,
        automatic: bool,
        amount: Option<Won>,
    ) -> Result<Proposal, Refused> {
        let codes = &self.place.desk.codes;
        self.paused(candidate.mandate_id, charge.map_or(self.target.date.month(), |charge| charge.month))?;
        let facts = RetryFacts {
            rules: RetryRules {
                same_month: self.place.profile.retry.same_month,
                window_months: self.place.profile.retry.window_months,
                last_regular_day: self.place.profile.retry.last_regular_day,
                max: self.place.creditor.retry.max,
            },
            due_day: candidate.due_day,
            standing,
            charge,
            retryable: charge.is_some_and(|charge| {
                codes.retryable(&charge.last_code) && self.place.creditor.retry.wants(&charge.last_code)
            }),
            on_regular_day: self
                .place
                .config
                .calendar
                .debit_date(self.target.date.month(), candidate.due_day)
                == self.target.date,
            no_retry: candidate.no_retry,
            automatic,
            amount,
        };
        retry::propose(&self.facts(candidate), &self.date(true), &self.creditor(), &facts)
            .map_err(|refused| self.told(refused))
    }

    /// A refusal with what the other debit services of the channel would do.
    fn told(&self, refused: Refused) -> Refused {
        let next = self.next_date();
        let refused = self.place.with_minimums(refused);
        self.place.with_services(refused, self.target.date, next, self.now, |other| self.next_date_by(other))
    }

    /// Another batch of the list has taken so much of the contract's limit of the month.
    pub(super) fn spent(&mut self, month: Month, won: Won) {
        if month == self.target.date.month() {
            self.month_left = self.month_left.checked_sub(won).unwrap_or(Won::ZERO);
        }
    }

    fn facts<'c>(&self, candidate: &'c Candidate) -> CandidateFacts<'c> {
        let bank = self.place.config.banks.find(candidate.bank);
        CandidateFacts {
            state: candidate.state,
            active_on: candidate.active_on,
            limits: self.limits(candidate.limit),
            bank_in_service: bank.is_some_and(|bank| bank.takes_part),
            has_live: candidate.has_live && candidate.charges.is_empty(),
            charges: &candidate.charges,
        }
    }

    fn limits(&self, mandate: Won) -> DebitLimits {
        DebitLimits {
            mandate,
            contract: self.place.creditor.limit_per_debit,
            minimum: self.place.debits.service.min_amount_won,
        }
    }

    fn date(&self, day_allowed: bool) -> DateFacts {
        let window = if self.place.is_open(self.target.date, self.asked_at) {
            Window::Open
        } else {
            Window::Closed { next: self.next_date() }
        };
        DateFacts { debit_date: self.target.date, gate: self.target.gate, day_allowed, window }
    }

    /// The next date that would be taken: a contract day for a request, a day of the same month for a retry (E32).
    fn next_date(&self) -> Option<Date> {
        self.next_date_by(&self.place)
    }

    fn next_date_by(&self, place: &Place) -> Option<Date> {
        match self.kind {
            CollectionKind::Regular => place.next_contract_date(self.now),
            CollectionKind::Retry => place
                .next_possible(self.now)
                .filter(|date| !place.profile.retry.same_month || date.month() == self.target.date.month()),
        }
    }

    fn creditor(&self) -> CreditorFacts {
        CreditorFacts {
            in_service: true,
            arrears: self.place.creditor.arrears == Arrears::Include,
            month_left: Some(self.month_left),
        }
    }

    pub(super) fn add(
        &mut self,
        mandate_id: i64,
        proposal: Proposal,
        request_file: Option<i64>,
        request_line: Option<i64>,
    ) {
        self.month_left = self.month_left.checked_sub(proposal.amount).unwrap_or(Won::ZERO);
        self.lines.push(NewCollection {
            mandate_id,
            kind: self.kind,
            amount: proposal.amount,
            allocations: proposal.allocations,
            request_file,
            request_line,
        });
    }

    /// Why a candidate was left out: in its history, so that `show` can say it.
    fn note(&self, mandate_id: i64, refused: &Refused) -> Result<(), Failure> {
        self.tx.event(&Event {
            subject: Subject::Mandate,
            id: mandate_id,
            at: self.now,
            happening: "not-requested",
            from: "",
            to: "",
            file: None,
            line: None,
            code: "",
            note: &format!("{} {}", self.target.date, refused.sentence()),
        })?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let file_id = match self.file_id {
            Some(file_id) => file_id,
            None => {
                let kind = &self.place.debits.service.request;
                let Target { name, date, deadline, .. } = &self.target;
                self.tx.plan_out(&self.place.owner, kind, name, *date, Some(*deadline), self.now)?
            }
        };
        self.file_id = Some(file_id);
        self.requested += self.tx.request(file_id, &self.lines, self.now)?;
        self.lines.clear();
        Ok(())
    }

    /// Hands the rest to the ledger; how many lines were requested.
    pub(super) fn finish(mut self) -> Result<i64, Failure> {
        self.flush()?;
        if let Some(missed) = self.missed.filter(|missed| *missed > 0) {
            let Target { name, date, deadline, .. } = &self.target;
            let text = format!(
                "{missed} debits of {date} were not requested: the daemon was down until after the exchange's deadline {deadline}; they may be requested for another date"
            );
            let subject = format!("{name} {}", self.place.creditor.id);
            self.tx.alert("window-missed", &subject, &text, self.now)?;
        }
        Ok(self.requested)
    }
}
