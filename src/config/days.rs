//! `calendar.toml`: the days that no rule gives (temporary holidays, elections) and until when they are known.

use super::document::Document;
use crate::calendar::{Calendar, Declared, DeclaredKind, FIRST_YEAR, LAST_YEAR};
use crate::domain::{Date, Weekday};
use std::collections::BTreeSet;

/// Reads and checks calendar.toml.
pub(super) fn read(document: &Document<'_>) -> Option<Calendar> {
    let mut file = document.root();
    let until = file.parsed::<Date>("declared_until");
    if let Some(until) = &until
        && !known(until.value)
    {
        document.fault(
            "declared-until-out-of-range",
            until.span.clone(),
            format!("lunar holidays are known for {FIRST_YEAR} to {LAST_YEAR} only"),
            "write the last day up to which every temporary and election day stands below",
        );
    }
    let mut seen = BTreeSet::new();
    let mut days = Vec::new();
    for mut section in file.sections("day") {
        let date = section.parsed::<Date>("date");
        let name = section.words("name", 60);
        let kind = section
            .choice("kind", &[("temporary", DeclaredKind::Temporary), ("election", DeclaredKind::Election)]);
        section.finish();
        let (Some(date), Some(name), Some(kind)) = (date, name, kind) else { continue };
        if !seen.insert(date.value) {
            document.fault(
                "config-id-twice",
                date.span.clone(),
                format!("{} stands twice", date.value),
                "take one of the two out",
            );
        } else if matches!(date.value.weekday(), Weekday::Sat | Weekday::Sun) {
            document.fault(
                "declared-day-on-weekend",
                date.span.clone(),
                format!("{} is a {:?}, on which banks are closed anyway", date.value, date.value.weekday()),
                "check the year and the day against the announcement",
            );
        } else if !known(date.value) {
            let expected = format!("declared days lie in {FIRST_YEAR} to {LAST_YEAR}");
            document.fault("config-value-wrong", date.span.clone(), expected, "correct the year");
        }
        days.push(Declared { date: date.value, name: name.value, kind: kind.value });
    }
    file.finish();
    Some(Calendar::new(days, until?.value))
}

fn known(date: Date) -> bool {
    (FIRST_YEAR..=LAST_YEAR).contains(&date.year())
}
