//! `[[report]]` of a creditor: reports (집계) that come by themselves into its outbox, each once for its day or month.
//!
//! Must not: make a report, or know what stands in one.

use super::document::Section;
use crate::domain::{Date, TimeOfDay};
use std::collections::BTreeSet;

/// The reports that may be planned: those of `sunap report`. A test of the engine holds the two together.
pub const PLANNED_REPORTS: [&str; 9] = [
    "requests",
    "transactions",
    "arrears",
    "overpaid",
    "failures",
    "cash",
    "settlements",
    REGISTRATIONS,
    "summary",
];

/// The report that comes each banking day without being planned (F15).
pub const REGISTRATIONS: &str = "registrations";

/// For which time a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportPeriod {
    /// Each banking day, for itself.
    Day,
    /// The first banking day of a month, for the month before.
    Month,
}

/// The bytes of a planned report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// .xlsx
    Xlsx,
    /// .csv, UTF-8 with a mark.
    Csv,
}

/// A report that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPlan {
    /// Which: `arrears`.
    pub name: &'static str,
    /// For which time.
    pub period: ReportPeriod,
    /// When on that day.
    pub at: TimeOfDay,
    /// In which form; the summary is a text in any case.
    pub form: ReportForm,
}

impl ReportPlan {
    /// Which plan of a creditor it is, for the schedule: `arrears-day-xlsx`.
    pub fn key(&self) -> String {
        let period = if self.period == ReportPeriod::Day { "day" } else { "month" };
        format!("{}-{period}-{}", self.name, self.ending())
    }

    /// How its file ends.
    pub fn ending(&self) -> &'static str {
        match (self.name, self.form) {
            ("summary", _) => "txt",
            (_, ReportForm::Xlsx) => "xlsx",
            (_, ReportForm::Csv) => "csv",
        }
    }
}

/// So many minutes after the bank's answer is due the sheet of registrations is made.
const AFTER_ANSWER_MINUTES: i64 = 30;

/// The sheet of registrations that every creditor gets each banking day, unless it plans that report itself.
fn registrations(answer_due: TimeOfDay) -> ReportPlan {
    let noon = Date::from_epoch_days(0).at(answer_due).plus_minutes(AFTER_ANSWER_MINUTES);
    ReportPlan { name: REGISTRATIONS, period: ReportPeriod::Day, at: noon.time(), form: ReportForm::Xlsx }
}

/// Reads the `[[report]]` of a creditor; `answer_due` is when the bank answers registrations.
pub(super) fn read(file: &mut Section<'_>, answer_due: Option<TimeOfDay>) -> Vec<ReportPlan> {
    let document = file.document();
    let words: Vec<(&str, &'static str)> = PLANNED_REPORTS.iter().map(|name| (*name, *name)).collect();
    let mut plans: Vec<ReportPlan> = Vec::new();
    let mut seen = BTreeSet::new();
    for mut section in file.sections("report") {
        let span = section.span();
        let name = section.choice("name", &words);
        let period = section.choice("every", &[("day", ReportPeriod::Day), ("month", ReportPeriod::Month)]);
        let at = section.parsed::<TimeOfDay>("at");
        let form = if section.has("format") {
            section
                .choice("format", &[("xlsx", ReportForm::Xlsx), ("csv", ReportForm::Csv)])
                .map(|form| form.value)
        } else {
            Some(ReportForm::Xlsx)
        };
        section.finish();
        let (Some(name), Some(period), Some(at), Some(form)) = (name, period, at, form) else { continue };
        let plan = ReportPlan { name: name.value, period: period.value, at: at.value, form };
        if !seen.insert(plan.key()) {
            let expected = format!("{} stands twice", plan.key());
            document.fault("config-id-twice", span, expected, "take one of the two out");
            continue;
        }
        plans.push(plan);
    }
    if !plans.iter().any(|plan| plan.name == REGISTRATIONS) {
        plans.extend(answer_due.map(registrations));
    }
    plans
}
