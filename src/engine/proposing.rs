//! 의뢰 예정 목록: what may be requested for a debit date, shown to the creditor before its window closes. It comes back
//! as a request with Y or N in 의뢰 (product.md F17); until then nothing is requested by it.
//!
//! Every candidate stands there with the month's amount, its arrears and what the debit would take; one that may not go
//! has N and the reason. The sheet is made by the same rules as the request itself, so that what says Y passes as long as
//! nothing changes.

use super::due::row_done;
use super::place::{Place, rolled_to};
use super::requesting::Batch;
use super::{Engine, Failure};
use crate::config::{Arrears, CashFirst, Config, Creditor};
use crate::domain::{CollectionKind, ContractDay, CreditorId, Date, Instant, Month, Won};
use crate::ledger::{Candidate, CandidateQuery, Due, Tx};
use crate::report::{Cell, CellKind, Column, CsvEncoding, given_csv, given_xlsx};
use crate::rules::{Proposal, Refused};
use std::collections::HashSet;

/// Mandates that are fetched at a time.
const CHUNK: usize = 2048;

/// A proposal comes so long after the charges of its month were made at the earliest.
const AFTER_CHARGES_MINUTES: i64 = 30;

/// The columns: those of a request, and between them what only tells (`intake::columns::PROPOSAL_HEADINGS`).
const COLUMNS: [Column; 15] = [
    column("payer_no", "납부자번호", CellKind::Text, 14),
    column("payer_name", "납부자명", CellKind::Text, 14),
    column("item", "집금항목코드", CellKind::Text, 12),
    column("month", "청구년월", CellKind::Text, 10),
    column("debit_date", "이체예정일", CellKind::Text, 12),
    column("service", "출금구분", CellKind::Text, 8),
    column("month_won", "이달금액", CellKind::Won, 12),
    column("arrears_won", "미납금액", CellKind::Won, 12),
    column("arrears_months", "미납월수", CellKind::Count, 8),
    column("total_won", "합계", CellKind::Won, 12),
    column("amount_won", "금액", CellKind::Won, 12),
    column("arrears", "미납", CellKind::Text, 6),
    column("wanted", "의뢰", CellKind::Text, 6),
    column("refused", "제외사유", CellKind::Text, 40),
    column("warnings", "주의", CellKind::Text, 40),
];

const fn column(key: &'static str, ko: &'static str, kind: CellKind, width: u16) -> Column {
    Column { key, ko, kind, width }
}

/// When the proposal of a creditor for a debit date is given: as its plan says, but not before the charges of the month
/// are made. `None` where it has no plan or no contract day falls on the date.
pub(super) fn due_at(config: &Config, creditor: &Creditor, date: Date) -> Option<Instant> {
    let plan = creditor.proposal?;
    let latest = rolled_to(config, &creditor.days, date).into_iter().map(|(month, _)| month).max()?;
    Some(
        plan.at
            .instant(&config.calendar, date)
            .max(creditor.charges_of(&config.calendar, latest).plus_minutes(AFTER_CHARGES_MINUTES)),
    )
}

impl Engine {
    /// Gives the proposal of a creditor for a debit date; after the window closed there is nothing to propose.
    pub(super) fn propose_due(
        &mut self,
        creditor: CreditorId,
        row: &Due,
        now: Instant,
    ) -> Result<(), Failure> {
        let date = row.date;
        let Some(place) = self.place_of(creditor) else { return self.done(row, now) };
        let tx = self.ledger.begin()?;
        let mut sheet = Sheet { rows: Vec::new(), seen: HashSet::new() };
        for place in place.by_each().into_iter().filter(|place| place.is_open(date, now)) {
            sheet.propose(&tx, &place, date, now)?;
        }
        let proposed = sheet.rows.len();
        if proposed > 0 {
            let (mut xlsx, mut csv) = (Vec::new(), Vec::new());
            given_xlsx(&mut xlsx, "의뢰예정", &COLUMNS, &sheet.rows)?;
            given_csv(&mut csv, CsvEncoding::Utf8, &COLUMNS, &sheet.rows)?;
            let day = now.date();
            for (ending, bytes) in [("xlsx", xlsx), ("csv", csv)] {
                let archived =
                    self.spool.archive_built(day, |out| out.write_all(&bytes)).map_err(Failure::Spool)?;
                let (owner, name) = (format!("creditor/{creditor}"), format!("proposal-{date}.{ending}"));
                tx.owe_answer(None, &owner, &name, archived.sha256.as_bytes(), day)?;
            }
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        tracing::info!(%creditor, %date, proposed, "proposed");
        Ok(())
    }
}

struct Sheet {
    rows: Vec<Vec<Cell>>,
    /// One row per mandate and date, as there is one line.
    seen: HashSet<i64>,
}

impl Sheet {
    /// The candidates of one debit service, by mandate.
    fn propose(&mut self, tx: &Tx<'_>, place: &Place, date: Date, now: Instant) -> Result<(), Failure> {
        let rolled = place.rolled_to(&place.creditor.days, date);
        let mut months: Vec<Month> = rolled.iter().map(|(month, _)| *month).collect();
        months.sort_unstable();
        months.dedup();
        let mut batch = Batch::new(tx, place, date, now, CollectionKind::Regular)?;
        let declined = tx.declined(date)?;
        let named_by = place.named_by();
        for month in months {
            let days: Vec<ContractDay> =
                rolled.iter().filter(|(m, _)| *m == month).map(|(_, day)| *day).collect();
            let mut after = 0;
            loop {
                let page = tx.candidates(&CandidateQuery {
                    creditor: place.creditor.id,
                    days: &days,
                    month,
                    arrears: true,
                    by: named_by.query(),
                    kind: CollectionKind::Regular,
                    after_mandate: after,
                    limit: CHUNK,
                })?;
                let Some(last) = page.last() else { break };
                after = last.mandate_id;
                let ids: Vec<i64> = page.iter().map(|candidate| candidate.mandate_id).collect();
                let names = tx.names_of_payers(&ids)?;
                for candidate in page.iter().filter(|candidate| self.seen.insert(candidate.mandate_id)) {
                    let proposal = batch.propose(candidate, &batch.ask(candidate, month), true);
                    if let Ok(proposal) = &proposal {
                        batch.spent(date.month(), proposal.amount);
                    }
                    let name = names.get(&candidate.mandate_id).map_or("", String::as_str);
                    let ask = batch.ask(candidate, month);
                    let joins = ask.arrears.unwrap_or(place.creditor.arrears != Arrears::Exclude);
                    let asked = ask.unanswered.is_some() && ask.arrears.is_none();
                    // What stays with its own month is not this date's affair.
                    if !joins && !asked && candidate.charges.iter().all(|charge| charge.month < month) {
                        continue;
                    }
                    let line = Line { place, candidate, month, date, name, joins, asked };
                    self.rows.push(line.cells(&proposal, declined.contains(&candidate.mandate_id)));
                }
            }
        }
        Ok(())
    }
}

/// One candidate of a proposal.
struct Line<'a> {
    place: &'a Place,
    candidate: &'a Candidate,
    month: Month,
    date: Date,
    name: &'a str,
    /// Arrears join, unless a person says no.
    joins: bool,
    /// A person has to say whether they join.
    asked: bool,
}

impl Line<'_> {
    fn cells(&self, proposal: &Result<Proposal, Refused>, declined: bool) -> Vec<Cell> {
        let charges = &self.candidate.charges;
        let (older, own): (Vec<_>, Vec<_>) = charges.iter().partition(|charge| charge.month < self.month);
        let sum = |of: &[&_]| Won::sum(of.iter().map(|c: &&crate::domain::CandidateCharge| c.open));
        let (month_won, arrears_won) = (sum(&own).unwrap_or(Won::ZERO), sum(&older).unwrap_or(Won::ZERO));
        let total = month_won.checked_add(arrears_won).unwrap_or(month_won);
        let text = |text: &str| Cell::Text(text.to_string());
        let month = charges.last().map_or(self.month, |charge| charge.month);
        let (amount, reason) = match proposal {
            Ok(proposal) => (Cell::Won(proposal.amount), String::new()),
            Err(refused) => (Cell::Empty, refused.sentence()),
        };
        let wanted = proposal.is_ok() && !declined;
        let several = self.place.profile.services.several();
        vec![
            text(self.candidate.payer_no.as_str()),
            text(self.name),
            text(self.candidate.item.as_str()),
            Cell::Text(month.to_string()),
            Cell::Text(self.date.to_string()),
            text(if several { self.place.debits.service.ko.as_str() } else { "" }),
            Cell::Won(month_won),
            Cell::Won(arrears_won),
            Cell::Number(i64::try_from(older.len()).unwrap_or(i64::MAX)),
            Cell::Won(total),
            amount,
            text(self.arrears_word(older.is_empty())),
            text(if wanted { "Y" } else { "N" }),
            Cell::Text(reason),
            Cell::Text(self.warnings(proposal, total, arrears_won, declined)),
        ]
    }

    /// 미납 as the creditor's rule has it; empty where a person has to say it, or there is nothing to say.
    fn arrears_word(&self, none: bool) -> &'static str {
        match self.joins {
            _ if none || self.asked => "",
            true => "Y",
            false => "N",
        }
    }

    /// The manual's red notes: what a person should look at before saying Y.
    fn warnings(
        &self,
        proposal: &Result<Proposal, Refused>,
        total: Won,
        arrears: Won,
        declined: bool,
    ) -> String {
        let mut notes = Vec::new();
        if declined {
            notes.push("의뢰하지 않기로 한 이체일".to_string());
        }
        if arrears.is_positive() {
            notes.push(if self.joins {
                format!("미납 {arrears}원 포함")
            } else {
                format!("미납 {arrears}원은 합치지 않음")
            });
            if self.joins && self.place.creditor.cash.first != CashFirst::Off {
                notes.push("현금으로 받은 미납은 의뢰 전에 현금수납으로 올릴 것".to_string());
            }
        }
        let wanted = if self.joins { total } else { total.checked_sub(arrears).unwrap_or(total) };
        if let Ok(proposal) = proposal
            && let Some(rest) = wanted.checked_sub(proposal.amount).filter(|rest| rest.is_positive())
        {
            notes.push(format!("한도로 {rest}원은 남음"));
        }
        if let Some(failed) = self.candidate.charges.iter().rev().find(|charge| charge.attempts > 0) {
            notes.push(format!("{} 불능 {}회 {}", failed.month, failed.attempts, failed.last_code));
        }
        notes.join("; ")
    }
}
