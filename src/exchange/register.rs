//! What the banks know of our payers: who is registered with which account, and how often each was debited this month.
//!
//! Not stored: it follows from the registration files in `sent/` and the verdicts on them, played again in the order
//! in which they came.
//!
//! Must not: read files or judge lines.

use super::rules::Service;
use crate::domain::{BankCode, Date, Month, masked};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// An account registered for debits under a payer number.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) bank: BankCode,
    /// Digits.
    pub(crate) account: String,
    /// Date of the file that registered it: debits are possible on later dates.
    pub(crate) from: Date,
    /// Date of the file that cancelled it: no debits on later dates.
    pub(crate) until: Option<Date>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bank, account, from, until } = self;
        write!(f, "{bank} {} {from}..{until:?}", masked(account))
    }
}

/// What one file changes once it is accepted.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Payer numbers registered (or cancelled, with `until`) by the file.
    pub(crate) registrations: HashMap<String, Registration>,
    /// Debits asked for, per payer number.
    pub(crate) debits: HashMap<String, u32>,
    /// Payer numbers whose evidence came.
    pub(crate) evidence: Vec<String>,
}

/// The banks' memory.
#[derive(Debug, Default)]
pub(crate) struct Register {
    payers: HashMap<String, Registration>,
    debits: HashMap<String, (Month, u32)>,
    /// The date of the last file with evidence of a payer number.
    evidence: HashMap<String, Date>,
    accepted: BTreeMap<Service, u64>,
    received: BTreeSet<(String, Date)>,
    refused_by_rule: BTreeSet<(String, Date)>,
}

impl Register {
    /// The registration of a payer number that is not cancelled, whatever its date.
    pub(crate) fn current(&self, payer: &str) -> Option<&Registration> {
        self.payers.get(payer).filter(|r| r.until.is_none())
    }

    /// The registration of a payer number by which debits on `date` are possible.
    pub(crate) fn on(&self, payer: &str, date: Date) -> Option<&Registration> {
        self.payers.get(payer).filter(|r| r.from < date && r.until.is_none_or(|until| date <= until))
    }

    /// Whether evidence of a payer number came on this day or later.
    pub(crate) fn has_evidence(&self, payer: &str, since: Date) -> bool {
        self.evidence.get(payer).is_some_and(|date| *date >= since)
    }

    /// How many debits of a payer number were asked for in the month of `date`.
    pub(crate) fn debits_in_month(&self, payer: &str, date: Date) -> u32 {
        match self.debits.get(payer) {
            Some((month, count)) if *month == date.month() => *count,
            _ => 0,
        }
    }

    /// How many files of a service were accepted.
    pub(crate) fn files(&self, service: Service) -> u64 {
        self.accepted.get(&service).copied().unwrap_or(0)
    }

    /// Whether a file of this name and date was accepted.
    pub(crate) fn was_received(&self, name: &str, date: Date) -> bool {
        self.received.contains(&(name.to_string(), date))
    }

    /// Whether a rule refused a file of this name and date: it does so once.
    pub(crate) fn was_refused_by_rule(&self, name: &str, date: Date) -> bool {
        self.refused_by_rule.contains(&(name.to_string(), date))
    }

    /// Notes a refusal by a rule.
    pub(crate) fn refuse_by_rule(&mut self, name: &str, date: Date) {
        self.refused_by_rule.insert((name.to_string(), date));
    }

    /// Notes a change that no file of the institution brought.
    pub(crate) fn change(&mut self, changes: Changes) {
        self.payers.extend(changes.registrations);
    }

    /// Notes an accepted file and what it changes.
    pub(crate) fn accept(&mut self, service: Service, name: &str, date: Date, changes: Changes) {
        *self.accepted.entry(service).or_default() += 1;
        self.received.insert((name.to_string(), date));
        self.payers.extend(changes.registrations);
        self.evidence.extend(changes.evidence.into_iter().map(|payer| (payer, date)));
        for (payer, more) in changes.debits {
            let before = self.debits_in_month(&payer, date);
            self.debits.insert(payer, (date.month(), before.saturating_add(more)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_holds_between_its_dates() {
        let payer = "10000001000000000001".to_string();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let mut register = Register::default();
        let entry = Registration {
            bank: "004".parse().unwrap(),
            account: "1100000000001".into(),
            from: day("2026-01-05"),
            until: None,
        };
        let put = |register: &mut Register, entry: Registration, date| {
            let registrations = HashMap::from([(payer.clone(), entry)]);
            let changes = Changes { registrations, ..Changes::default() };
            register.accept(Service::Registration, "EB130105", date, changes);
        };
        put(&mut register, entry.clone(), day("2026-01-05"));
        assert!(register.on(&payer, day("2026-01-05")).is_none());
        assert!(register.on(&payer, day("2026-01-06")).is_some());
        put(&mut register, Registration { until: Some(day("2026-02-02")), ..entry }, day("2026-02-02"));
        assert!(register.on(&payer, day("2026-02-02")).is_some());
        assert!(register.on(&payer, day("2026-02-03")).is_none());
        assert!(register.current(&payer).is_none());
        assert_eq!(register.files(Service::Registration), 2);
    }

    #[test]
    fn debits_are_counted_within_a_month() {
        let payer = "1".to_string();
        let mut register = Register::default();
        for (date, before) in [("2026-01-05", 0), ("2026-01-15", 1), ("2026-02-05", 0)] {
            let date: Date = date.parse().unwrap();
            assert_eq!(register.debits_in_month(&payer, date), before, "{date}");
            let changes = Changes { debits: HashMap::from([(payer.clone(), 1)]), ..Changes::default() };
            register.accept(Service::Collection, "EB21", date, changes);
        }
    }
}
