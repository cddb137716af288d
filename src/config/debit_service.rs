//! The debit services of a profile (출금 서비스): next-day and same-day debits stand side by side, each with files, times
//! and limits of its own (facts/kftc.md 2; decisions.md 4-6).
//!
//! A profile has one `[collection]`, whose layouts, gate and least amount stand where they stand for the whole profile,
//! or several `[[collection]]`, which carry their own. The first is the one that is taken where nobody says which.

use super::document::Section;
use super::profile::{Known, LayoutRoles, MOST_WON, WindowPlan, check_gate, refer, window};
use crate::calendar::DayOffset;
use crate::domain::Won;
use std::collections::BTreeSet;

/// One debit service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebitService {
    /// Its name in config files, and what the ledger keeps: `same-day`.
    pub name: String,
    /// How creditors' lists and answers call it: `당일`.
    pub ko: String,
    /// Its times, counted from the debit date `D`.
    pub window: WindowPlan,
    /// The last day on which a mandate must be active to be collected on `D`, in banking days.
    pub gate: DayOffset,
    /// The least amount of one collection.
    pub min_amount_won: Won,
    /// The layout of 출금의뢰: also the kind of its planned file in the ledger.
    pub request: String,
    /// The layout of its result.
    pub result: String,
}

/// The services of a profile: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    /// The one that is taken where nobody says which.
    pub first: DebitService,
    /// The others.
    pub further: Vec<DebitService>,
}

impl Services {
    /// All of them, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &DebitService> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// The service that a config file, a list or the ledger calls so; an empty text is the first one.
    pub fn find(&self, text: &str) -> Option<&DebitService> {
        if text.is_empty() {
            return Some(&self.first);
        }
        self.iter().find(|service| service.name == text || service.ko == text)
    }

    /// Whether there is a choice.
    pub fn several(&self) -> bool {
        !self.further.is_empty()
    }

    /// All of them as people write them, for a refusal: `익일, 당일`.
    pub fn words(&self) -> String {
        let words: Vec<&str> = self.iter().map(|service| service.ko.as_str()).collect();
        words.join(", ")
    }
}

/// What stands once for the whole profile where there is one `[collection]`.
pub(super) struct Whole {
    pub(super) gate: Option<DayOffset>,
    pub(super) min_amount: Option<Won>,
    pub(super) layouts: Option<LayoutRoles>,
}

/// Reads one `[collection]`.
pub(super) fn single(section: Section<'_>, known: &Known<'_>, whole: Whole) -> Option<Services> {
    let window = window(section, 'D', known.calendar);
    let Whole { gate, min_amount, layouts } = whole;
    let (request, result) = layouts?.collection?;
    Some(Services {
        first: DebitService {
            name: "debit".to_string(),
            ko: "출금".to_string(),
            window: window?,
            gate: gate?,
            min_amount_won: min_amount?,
            request,
            result,
        },
        further: Vec::new(),
    })
}

/// Reads `[[collection]]`, each with a name, a Korean word and layouts that no other of them has.
pub(super) fn several(sections: Vec<Section<'_>>, known: &Known<'_>) -> Option<Services> {
    let mut taken = BTreeSet::new();
    let read: Vec<Option<DebitService>> =
        sections.into_iter().map(|section| service(section, known, &mut taken)).collect();
    let mut all = read.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    Some(Services { first: all.next()?, further: all.collect() })
}

fn service(
    mut section: Section<'_>,
    known: &Known<'_>,
    taken: &mut BTreeSet<String>,
) -> Option<DebitService> {
    let document = section.document();
    let name = section.words("name", 32);
    let ko = section.words("ko", 10);
    let request = section.text("request");
    let result = section.text("result");
    for (key, layout) in [("request", &request), ("result", &result)] {
        if let Some(layout) = layout {
            refer(document, key, layout, known.layouts, "the name of a layout in formats");
        }
    }
    let words = [&name, &ko].into_iter().flatten().map(|word| (word.value.as_str(), word.span.clone()));
    let layouts = [&request, &result].into_iter().flatten().map(|word| (word.value, word.span.clone()));
    for (word, span) in words.chain(layouts) {
        if !taken.insert(word.to_string()) {
            let remedy = "give each [[collection]] a name, a Korean word and layouts of its own";
            document.fault(
                "config-id-twice",
                span,
                format!("{word:?} stands in [[collection]] twice"),
                remedy,
            );
        }
    }
    let gate = section.parsed::<DayOffset>("gate");
    if let Some(gate) = &gate {
        check_gate(document, gate);
    }
    let min_amount = section.number("min_amount_won", 1..=MOST_WON);
    let window = window(section, 'D', known.calendar);
    Some(DebitService {
        name: name?.value,
        ko: ko?.value,
        window: window?,
        gate: gate?.value,
        min_amount_won: Won::new(min_amount?.value),
        request: request?.value.to_string(),
        result: result?.value.to_string(),
    })
}
