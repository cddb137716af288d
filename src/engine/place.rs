//! Where a creditor's rows go: its contract, its channel's schedule and the dates that can still be asked for.

use super::desk::{DebitDesk, Desk, Desks};
use super::{Engine, Failure};
use crate::config::{Arrears, CashFirst, Config, Creditor, Profile};
use crate::domain::{BankPayerNo, ContractDay, CreditorId, Date, Instant, ItemCode, Month};
use crate::fault::Trouble;
use crate::ledger::{ByService, MakeCharges, OnlyFor, Tx};
use crate::rules::application::ItemFact;
use crate::rules::{Name, Refused};
use std::sync::Arc;

/// A creditor beside its channel: what its lists and its part of the schedule are judged by.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) config: Arc<Config>,
    pub(super) creditor: Arc<Creditor>,
    pub(super) profile: Arc<Profile>,
    /// The ledger's name of the channel: `channel/main`.
    pub(super) owner: String,
    /// How the file of debits of a date is called: made from the bound layout.
    pub(super) desk: Arc<Desk>,
    desks: Arc<Desks>,
    /// The debit service that is meant: the creditor's own, or as [`Place::by`] chose.
    pub(super) debits: Arc<DebitDesk>,
}

/// Which mandates a request by a service takes up by itself, by what they name.
pub(super) enum NamedBy {
    /// Those that name it.
    Only(String),
    /// All but those that name one of these.
    AllBut(Vec<String>),
}

impl NamedBy {
    /// As the ledger asks for it.
    pub(super) fn query(&self) -> ByService<'_> {
        match self {
            Self::Only(name) => ByService::Only(name),
            Self::AllBut(names) => ByService::AllBut(names),
        }
    }
}

/// Everything about one debit date.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The debit date D.
    pub(super) date: Date,
    /// The name of its file.
    pub(super) name: String,
    /// The last day on which a mandate must have become active (decisions.md 5).
    pub(super) gate: Date,
    /// When the creditors' window closes.
    pub(super) cutoff: Instant,
    /// When the exchange's own deadline is.
    pub(super) deadline: Instant,
}

impl Engine {
    /// The place of a creditor; `None` where the config does not know it or its channel.
    pub(super) fn place_of(&self, creditor: CreditorId) -> Option<Place> {
        let creditor = self.config.creditors.get(&creditor)?.clone();
        let desk = self.desks.any(&creditor.channel)?.clone();
        let debits = desk.debits_named(&creditor.service)?.clone();
        Some(Place {
            debits,
            config: self.config.clone(),
            profile: desk.profile.clone(),
            owner: desk.key(),
            desk,
            desks: self.desks.clone(),
            creditor,
        })
    }
}

impl Place {
    /// The same place, with debits by another service.
    pub(super) fn by(&self, debits: &Arc<DebitDesk>) -> Self {
        Self { debits: debits.clone(), ..self.clone() }
    }

    /// The same place by the service that a list or the ledger calls so, empty the creditor's own; `None` where the
    /// profile has none of that name.
    pub(super) fn called(&self, service: &str) -> Option<Self> {
        if service.is_empty() {
            return Some(self.clone());
        }
        self.desk.debits_named(service).map(|debits| self.by(debits))
    }

    /// The refusal of a 출금구분 that the profile does not have.
    pub(super) fn service_unknown(&self) -> Refused {
        let words = self.profile.services.words();
        Refused::at(Name::TextForm, "출금구분").with(format!("가능한 값 {words}"))
    }

    /// The mandates that a request by this service takes up by itself.
    pub(super) fn named_by(&self) -> NamedBy {
        let name = |debits: &Arc<DebitDesk>| debits.service.name.clone();
        let own = self.desk.debits_named(&self.creditor.service).map(name);
        let this = self.debits.service.name.clone();
        if own.as_ref() == Some(&this) {
            NamedBy::AllBut(self.desk.all_debits().map(name).filter(|name| *name != this).collect())
        } else {
            NamedBy::Only(this)
        }
    }

    /// A refusal for too little: with the least amounts of the other services beside it.
    pub(super) fn with_minimums(&self, refused: Refused) -> Refused {
        if refused.name != Name::AmountUnderMinimum || !self.profile.services.several() {
            return refused;
        }
        let mut detail = format!("{} ({})", refused.detail, self.debits.service.ko);
        for other in self.others() {
            detail.push_str(&format!(
                ", {} {}원",
                other.debits.service.ko, other.debits.service.min_amount_won
            ));
        }
        refused.with(detail)
    }

    /// A refusal for coming too late: with the service, and with another one that takes the date, or an earlier one
    /// than `next`, the next possible of this service.
    pub(super) fn with_services(
        &self,
        refused: Refused,
        date: Date,
        next: Option<Date>,
        now: Instant,
        possible: impl Fn(&Self) -> Option<Date>,
    ) -> Refused {
        if refused.name != Name::LateForWindow || !self.profile.services.several() {
            return refused;
        }
        let mut detail = format!("{} ({})", refused.detail, self.debits.service.ko);
        for other in self.others() {
            let reached = if other.is_open(date, now) { Some(date) } else { possible(&other) };
            if let Some(reached) = reached.filter(|reached| next.is_none_or(|next| *reached < next)) {
                detail.push_str(&format!(", 출금구분 {}: {reached}", other.debits.service.ko));
            }
        }
        refused.with(detail)
    }

    /// The same place by each other service.
    fn others(&self) -> Vec<Self> {
        let this = &self.debits.service.name;
        self.by_each().into_iter().filter(|place| place.debits.service.name != *this).collect()
    }

    /// The same place by each debit service of the channel.
    pub(super) fn by_each(&self) -> Vec<Self> {
        self.desk.all_debits().map(|debits| self.by(debits)).collect()
    }

    /// The refusal of a request that would take up arrears while nobody has said that they are really open: `None`
    /// where the creditor's rule decides.
    pub(super) fn unanswered(&self) -> Option<Name> {
        match self.creditor.arrears {
            Arrears::Ask => Some(Name::ArrearsAsk),
            Arrears::Include => self.cash_first(),
            Arrears::Exclude => None,
        }
    }

    /// The refusal of a request with arrears where cash comes first; `None` where it does not.
    pub(super) fn cash_first(&self) -> Option<Name> {
        (self.creditor.cash.first == CashFirst::Block).then_some(Name::CashFirst)
    }

    /// Everything about a debit date.
    pub(super) fn target(&self, date: Date) -> Target {
        let (calendar, window) = (&self.config.calendar, &self.debits.service.window);
        Target {
            date,
            name: self.debits_on(date).request.layout().file_name(date),
            gate: self.debits.service.gate.date(calendar, date),
            cutoff: window.cutoff.instant(calendar, date),
            deadline: window.deadline.instant(calendar, date),
        }
    }

    /// The debit service as it is for files of a date (E65).
    fn debits_on(&self, date: Date) -> &DebitDesk {
        let desk = self.desks.on(&self.creditor.channel, date);
        let debits = desk.and_then(|desk| desk.debits_named(&self.debits.service.name));
        debits.unwrap_or(&self.debits)
    }

    /// Whether a debit date can still be asked for at `now` (decisions.md 8).
    pub(super) fn is_open(&self, date: Date, now: Instant) -> bool {
        now < self.target(date).cutoff
    }

    /// The first banking day whose window is open at `now`.
    pub(super) fn next_possible(&self, now: Instant) -> Option<Date> {
        let calendar = &self.config.calendar;
        let date = self.debits.service.window.cutoff.first_open_after(calendar, now);
        calendar.covers(date).is_ok().then_some(date)
    }

    /// The first debit date on one of the creditor's contract days whose window is open at `now`.
    pub(super) fn next_contract_date(&self, now: Instant) -> Option<Date> {
        let first = self.next_possible(now)?;
        (0..62)
            .map(|n| first.plus_days(n))
            .find(|date| self.config.calendar.covers(*date).is_ok() && self.is_contract_date(*date))
    }

    /// Whether a contract day of the creditor, rolled, falls on `date`.
    pub(super) fn is_contract_date(&self, date: Date) -> bool {
        !self.rolled_to(&self.creditor.days, date).is_empty()
    }

    /// The (month, contract day) pairs whose debit date, rolled, is `date`: there may be several (E26), and of the
    /// month before, too (E27).
    pub(super) fn rolled_to(&self, days: &[ContractDay], date: Date) -> Vec<(Month, ContractDay)> {
        rolled_to(&self.config, days, date)
    }

    /// The banking day X in whose registration file something queued at `now` goes out.
    pub(super) fn registration_date(&self, now: Instant) -> Date {
        self.profile.registration.cutoff.first_open_after(&self.config.calendar, now)
    }
}

/// The (month, contract day) pairs whose debit date, rolled, is `date`.
pub(super) fn rolled_to(config: &Config, days: &[ContractDay], date: Date) -> Vec<(Month, ContractDay)> {
    [date.month().previous(), date.month(), date.month().next()]
        .into_iter()
        .flat_map(|month| days.iter().map(move |day| (month, *day)))
        .filter(|(month, day)| config.calendar.debit_date(*month, *day) == date)
        .collect()
}

impl Place {
    /// This month and the next (once its charges are made), each with the contract days whose debit date a mandate
    /// that becomes active at `now` can still reach: the window is open and the gate has not passed
    /// (decisions.md 5, 10).
    pub(super) fn reachable_months(&self, now: Instant) -> Vec<(Month, Vec<(ContractDay, Date)>)> {
        let this = now.date().month();
        let calendar = &self.config.calendar;
        let mut months = vec![this.previous(), this];
        if now >= self.creditor.charges_of(calendar, this.next()) {
            months.push(this.next());
        }
        months
            .into_iter()
            .map(|month| {
                let days = self.creditor.days.iter().map(|day| (*day, calendar.debit_date(month, *day)));
                let reachable = days.filter(|(_, date)| {
                    let target = self.target(*date);
                    now < target.cutoff && now.date() <= target.gate
                });
                (month, reachable.collect())
            })
            .collect()
    }

    /// The same for what is paid by cash: no bank's window stands before the contract day.
    fn billable_months(&self, now: Instant) -> Vec<(Month, Vec<(ContractDay, Date)>)> {
        let (this, calendar) = (now.date().month(), &self.config.calendar);
        let next = (now >= self.creditor.charges_of(calendar, this.next())).then(|| this.next());
        std::iter::once(this)
            .chain(next)
            .map(|month| {
                let days = self.creditor.days.iter().map(|day| (*day, calendar.debit_date(month, *day)));
                (month, days.filter(|(_, date)| *date >= now.date()).collect())
            })
            .collect()
    }

    /// A mandate that is active at once gets the charges whose debit date it can still reach (decisions.md 10).
    pub(super) fn charge_at_once(&self, tx: &Tx<'_>, mandate_id: i64, now: Instant) -> Result<(), Failure> {
        self.charge(tx, mandate_id, self.reachable_months(now), now)
    }

    /// What is billed gets the charges whose contract day is still to come.
    pub(super) fn bill_at_once(&self, tx: &Tx<'_>, mandate_id: i64, now: Instant) -> Result<(), Failure> {
        self.charge(tx, mandate_id, self.billable_months(now), now)
    }

    fn charge(
        &self,
        tx: &Tx<'_>,
        mandate_id: i64,
        months: Vec<(Month, Vec<(ContractDay, Date)>)>,
        now: Instant,
    ) -> Result<(), Failure> {
        for (month, due) in months {
            let only = OnlyFor::Mandates(&[mandate_id]);
            tx.make_charges(&MakeCharges { creditor: self.creditor.id, month, due: &due, only, at: now })?;
        }
        Ok(())
    }

    /// A number on the wire that was never given before.
    pub(super) fn next_number(&self, tx: &Tx<'_>) -> Result<BankPayerNo, Failure> {
        let serial = tx.next_serial(&self.creditor.channel)?;
        self.profile.bank_payer_no.print(self.creditor.id, serial).ok_or_else(|| {
            let why = "the template has no number for this serial";
            Failure::Ledger(Trouble::new("give a bank payer number", why))
        })
    }

    /// Where a charge item stands with the creditor.
    pub(super) fn item(&self, item: &ItemCode) -> ItemFact {
        match self.creditor.items.get(item) {
            None => ItemFact::Unknown,
            Some(item) if !item.active => ItemFact::Closed,
            Some(_) => ItemFact::Active,
        }
    }

    /// Whether a payer may be put into a group; no group at all is one.
    pub(super) fn group_known(&self, group: &str) -> bool {
        let offered = |code| self.creditor.groups.get(&code).is_some_and(|group| group.moved_to.is_none());
        group.is_empty() || group.parse().is_ok_and(offered)
    }
}
