//! Reports that a creditor's config plans: made at their hour, owed to its outbox in the commit that ends the step, so that
//! each period has one.
//!
//! Must not: decide what stands in a report (`report` does).

use super::due::row_done_with;
use super::start::LEDGER;
use super::{Engine, Failure};
use crate::config::{Config, Creditor, REGISTRATIONS, ReportForm, ReportPeriod, ReportPlan};
use crate::domain::{CreditorId, Date, Instant};
use crate::fault::Trouble;
use crate::ledger::{AccountsShown, Due, NewDue, Reader};
use crate::report::{self, CsvEncoding, Format, Report, ReportQuery};
use crate::spool::Owner;
use std::io::{self, Write};

/// The steps of a creditor's planned reports that belong to a banking day.
pub(super) fn steps(config: &Config, creditor: &Creditor, job: &str, date: Date) -> Vec<NewDue> {
    if !config.calendar.is_open(date) {
        return Vec::new();
    }
    let first = config.calendar.following(date.month().first_day()) == date;
    let plans = creditor.reports.iter().filter(|plan| plan.period == ReportPeriod::Day || first);
    let step = |plan: &ReportPlan| {
        let due_at = date.at(plan.at);
        NewDue {
            owner: format!("creditor/{}", creditor.id),
            job: format!("{job} {}", plan.key()),
            date,
            opens_at: due_at,
            due_at,
            deadline_at: None,
        }
    };
    plans.map(step).collect()
}

/// The step of the agent's 하루요약 of a banking day, where the configuration has one.
pub(super) fn agents(config: &Config, job: &str, date: Date) -> Option<NewDue> {
    let due_at = date.at(config.summary_at.filter(|_| config.calendar.is_open(date))?);
    let owner = Owner::Control.folder();
    Some(NewDue { owner, job: job.to_string(), date, opens_at: due_at, due_at, deadline_at: None })
}

impl Engine {
    /// Gives the agent's page of a day into the outbox of the operators; one that is planned no more is over.
    pub(super) fn summary_due(&mut self, row: &Due, now: Instant) -> Result<(), Failure> {
        let config = self.config.clone();
        if config.summary_at.is_none() {
            return self.done(row, now);
        }
        let reader = Reader::open(&config.state_dir.join(LEDGER), &self.ring)?;
        let page = report::summarise(&reader, &config, None, row.date)?;
        let archived = self
            .spool
            .archive_built(now.date(), |out| out.write_all(page.text.as_bytes()))
            .map_err(Failure::Spool)?;
        let name = format!("summary-{}.txt", row.date);
        let tx = self.ledger.begin()?;
        tx.owe_answer(None, &row.owner, &name, archived.sha256.as_bytes(), now.date())?;
        row_done_with(&tx, row, now, &name)?;
        tx.commit()?;
        Ok(())
    }

    /// Makes a planned report; one that is planned no more is over.
    pub(super) fn report_due(
        &mut self,
        creditor: CreditorId,
        key: &str,
        row: &Due,
        now: Instant,
    ) -> Result<bool, Failure> {
        let config = self.config.clone();
        let plans = config.creditors.get(&creditor).map_or(&[][..], |creditor| &creditor.reports);
        let Some(plan) = plans.iter().find(|plan| plan.key() == key) else {
            self.done(row, now)?;
            return Ok(true);
        };
        let (from, to) = match plan.period {
            // What was applied for after the last sheet was made stands in the next.
            ReportPeriod::Day if plan.name == REGISTRATIONS => {
                (config.calendar.shift(row.date, -1), row.date)
            }
            ReportPeriod::Day => (row.date, row.date),
            ReportPeriod::Month => {
                let month = row.date.month().previous();
                (month.first_day(), month.last_day())
            }
        };
        let reader = Reader::open(&config.state_dir.join(LEDGER), &self.ring)?;
        let period = Period { creditor, from, to, now };
        // Nothing to tell of registrations is no sheet.
        if plan.name == REGISTRATIONS
            && write(&reader, &config, plan, period, &mut io::sink()).map_err(unmade)? == 0
        {
            self.done(row, now)?;
            return Ok(true);
        }
        let archived = self
            .spool
            .archive_built(now.date(), |out| write(&reader, &config, plan, period, out).map(drop))
            .map_err(Failure::Spool)?;
        let of = match plan.period {
            ReportPeriod::Day => row.date.to_string(),
            ReportPeriod::Month => row.date.month().previous().to_string(),
        };
        let name = format!("report-{}-{of}.{}", plan.name, plan.ending());
        let tx = self.ledger.begin()?;
        let owner = format!("creditor/{creditor}");
        tx.owe_answer(None, &owner, &name, archived.sha256.as_bytes(), now.date())?;
        row_done_with(&tx, row, now, &name)?;
        tx.commit()?;
        Ok(true)
    }
}

/// Of whom a planned report is, for which days, and when it is made.
#[derive(Clone, Copy)]
struct Period {
    creditor: CreditorId,
    from: Date,
    to: Date,
    now: Instant,
}

fn unmade(error: io::Error) -> Failure {
    Failure::Spool(Trouble::new("make a planned report", error))
}

/// Writes the report; how many rows it has.
fn write(
    reader: &Reader,
    config: &Config,
    plan: &ReportPlan,
    Period { creditor, from, to, now }: Period,
    out: &mut dyn Write,
) -> io::Result<u64> {
    if plan.name == "summary" {
        let page = report::summarise(reader, config, Some(creditor), to).map_err(io::Error::other)?;
        return out.write_all(page.text.as_bytes()).map(|()| 1);
    }
    let which: Report = plan.name.parse().map_err(io::Error::other)?;
    let format = match plan.form {
        ReportForm::Xlsx => Format::Xlsx,
        ReportForm::Csv => Format::Csv(CsvEncoding::Utf8),
    };
    let (item, group, payer, status) = (None, None, None, None);
    let accounts = AccountsShown::Masked;
    let query = ReportQuery { creditor, from, to, item, group, payer, status, accounts, today: to, now };
    report::write(reader, config, which, &query, format, out).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PLANNED_REPORTS;
    use crate::engine::due::Job;

    #[test]
    fn every_step_of_the_schedule_has_its_words() {
        for job in Job::ALL {
            assert_ne!(report::step_ko(job.word()), Some(job.word()), "report/to_do.rs");
        }
    }

    #[test]
    fn what_may_be_planned_is_what_there_is() {
        let all: Vec<&str> = Report::ALL.into_iter().map(Report::word).collect();
        let planned: Vec<&str> = PLANNED_REPORTS.into_iter().filter(|name| *name != "summary").collect();
        assert_eq!(planned, all);
    }
}
