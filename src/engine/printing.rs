//! Orders about what people are shown: papers with their numbers (출력), and account numbers in the clear.
//!
//! The number of a paper is taken, the PDF owed and the order answered in one commit: after a crash before it the order
//! is judged again and takes the same numbers. What an order to reveal does is the line of the journal: nothing is shown
//! before it is written, and nothing in the clear ever lies in the spool.
//!
//! Must not: decide what stands on a paper (`report` does).

use super::incoming::{Arrival, Decided};
use super::orders::answered;
use super::start::LEDGER;
use super::{Engine, Failure};
use crate::config::Creditor;
use crate::domain::{Date, ItemCode, Paper, PayerNo};
use crate::intake::order::{Order, Outcome};
use crate::intake::order_print::{PaperTarget, RevealTarget};
use crate::ledger::{AccountsShown, NewPaper, PaperNumber, Reader, Tx};
use crate::report::{
    PaperError, PaperOf, PaperStyle, Report, ReportQuery, Standing, draw_papers, gather_papers, paper_period,
};

/// The most papers of one order: the engine does nothing else meanwhile.
const MOST_PAPERS: usize = 2_000;

/// The most numbers that the answer tells one by one.
const TOLD: usize = 10;

impl Engine {
    /// Numbers papers, prints them, and owes the PDF beside the answer.
    pub(super) fn order_of_papers(
        &mut self,
        arrival: &Arrival,
        order: &Order,
        target: &PaperTarget,
        note: &str,
    ) -> Result<Decided, Failure> {
        let config = self.config.clone();
        let day = arrival.at.date();
        let Some(creditor) = config.creditors.get(&target.creditor) else {
            return self.refuse_order(arrival, order, note, "no such creditor is configured".into());
        };
        let (from, to) = paper_period(target.paper, target.month, day);
        let query = ReportQuery {
            creditor: target.creditor,
            from,
            to,
            item: target.item.clone(),
            group: target.group.clone(),
            payer: target.payer_no.clone(),
            status: None,
            accounts: AccountsShown::Masked,
            today: day,
            now: arrival.at,
        };
        let reader = Reader::open(&config.state_dir.join(LEDGER), &self.ring)?;
        let papers = gather_papers(&reader, &config, target.paper, &query)?;
        let ko = target.paper.ko();
        if papers.is_empty() {
            let told = format!("NOTHING_TO_PRINT: nobody gets a {ko}: the ledger has nothing to print");
            return self.refuse_order(arrival, order, note, told);
        }
        if papers.len() > MOST_PAPERS {
            let told = format!(
                "TOO_MANY_PAPERS: {} papers; at most {MOST_PAPERS} at once: narrow them by item, group or month",
                papers.len()
            );
            return self.refuse_order(arrival, order, note, told);
        }
        let style = match PaperStyle::read(&config, creditor, day) {
            Ok(style) => style,
            Err(error) => return self.refuse_or_fail(arrival, order, note, error),
        };
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, "order")?;
        let numbered = number(&tx, target.paper, creditor, papers, (day, file_id))?;
        let made = match draw_papers(target.paper, creditor, &numbered, &style.0) {
            Ok(made) => made,
            Err(error) => {
                drop(tx);
                return self.refuse_or_fail(arrival, order, note, error);
            }
        };
        let name = pdf_name(&arrival.name);
        let archived =
            self.spool.archive_built(day, |out| out.write_all(&made.pdf)).map_err(Failure::Spool)?;
        tx.owe_answer(Some(file_id), &arrival.owner_key, &name, archived.sha256.as_bytes(), day)?;
        let mut told = format!("{ko} {}매 {}쪽, {} → {name}", made.papers, made.pages, numbers(&numbered));
        if let Some(missing) = style.1 {
            told = format!("{told}; {missing}");
        }
        let outcome = Outcome::Done(told);
        answered(&self.spool, tx, arrival, file_id, note, &order.answer(&outcome), &outcome)
    }

    /// Journals that somebody is shown account numbers in the clear; showing them is the asker's next step.
    pub(super) fn order_to_reveal(
        &mut self,
        arrival: &Arrival,
        order: &Order,
        target: &RevealTarget,
        note: &str,
    ) -> Result<Decided, Failure> {
        let known = self.config.creditors.contains_key(&target.creditor);
        let report = target.report.parse::<Report>();
        let outcome = match report {
            Ok(_) if !known => Outcome::Refused("no such creditor is configured".into()),
            Ok(report) if !report.has_accounts() => Outcome::Refused(format!(
                "NO_ACCOUNTS: {} ({}) shows no account numbers",
                report.word(),
                report.ko()
            )),
            Ok(report) => Outcome::Done(format!(
                "{} ({}) of {}, {} ~ {}{}{}{}{}: account numbers in the clear",
                report.word(),
                report.ko(),
                target.creditor,
                target.from,
                target.to,
                narrowed("payer", target.payer_no.as_ref().map(PayerNo::as_str)),
                narrowed("item", target.item.as_ref().map(ItemCode::as_str)),
                narrowed("group", target.group.as_ref().map(ItemCode::as_str)),
                narrowed("status", target.status.as_deref()),
            )),
            Err(unknown) => Outcome::Refused(unknown),
        };
        self.answer_order(arrival, note, &order.answer(&outcome), &outcome)
    }

    fn refuse_order(
        &mut self,
        arrival: &Arrival,
        order: &Order,
        note: &str,
        told: String,
    ) -> Result<Decided, Failure> {
        let outcome = Outcome::Refused(told);
        self.answer_order(arrival, note, &order.answer(&outcome), &outcome)
    }

    /// A fault of the font, the stamp or a text is the answer; a failing disk is tried again.
    fn refuse_or_fail(
        &mut self,
        arrival: &Arrival,
        order: &Order,
        note: &str,
        error: PaperError,
    ) -> Result<Decided, Failure> {
        match error {
            PaperError::Fault(fault) => {
                let told = fault.to_string().replace('\n', " ");
                self.refuse_order(arrival, order, note, told)
            }
            PaperError::Trouble(trouble) => Err(Failure::Spool(trouble)),
        }
    }
}

/// Takes the numbers, in the order of the papers.
fn number(
    tx: &Tx<'_>,
    paper: Paper,
    creditor: &Creditor,
    papers: Vec<PaperOf>,
    (day, file_id): (Date, i64),
) -> Result<Vec<(PaperOf, Standing)>, Failure> {
    let mut numbered = Vec::with_capacity(papers.len());
    for of in papers {
        let issued = tx.issue_paper(&NewPaper {
            creditor: creditor.id,
            kind: paper,
            payer_no: of.payer_no(),
            content: &of.content(paper, day),
            charges: &of.charges(),
            won: of.total()?,
            day,
            file_id,
        })?;
        numbered.push((of, Standing::Issued(issued)));
    }
    Ok(numbered)
}

/// Which numbers: new ones, and those printed again.
fn numbers(papers: &[(PaperOf, Standing)]) -> String {
    let (mut new, mut again): (Vec<PaperNumber>, Vec<PaperNumber>) = (Vec::new(), Vec::new());
    for (_, standing) in papers {
        match standing {
            Standing::Issued(issued) if issued.again > 0 => again.push(issued.number),
            Standing::Issued(issued) => new.push(issued.number),
            Standing::Sample => {}
        }
    }
    again.sort();
    let new = match (new.first(), new.last()) {
        (Some(first), Some(last)) if first != last => format!("번호 {first} ~ {last}"),
        (Some(only), _) => format!("번호 {only}"),
        (None, _) => String::new(),
    };
    let told: Vec<String> = again.iter().take(TOLD).map(ToString::to_string).collect();
    let more = again.len().saturating_sub(TOLD);
    let again = match (told.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!("재발행 {}", told.join(", ")),
        (false, more) => format!("재발행 {} 외 {more}매", told.join(", ")),
    };
    [new, again].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

fn narrowed(key: &str, value: Option<&str>) -> String {
    value.map_or(String::new(), |value| format!(", {key} {value}"))
}

/// The name of the PDF beside the answer to an order.
fn pdf_name(order: &str) -> String {
    format!("{}.pdf", order.trim_end_matches(".toml"))
}
