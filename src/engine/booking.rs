//! The books are kept: an answer is booked in the commit that applies it, charges and the check of all come at night.
//!
//! When the books do not add up, `books-out-of-balance` is raised, and while it stands no file is built or handed out:
//! what the ledger says about money may then be wrong, and a file cannot be called back. The next night's check that
//! finds all well ends it. A file that is staged already goes on: the outside may have it.

use super::due::row_done;
use super::{Engine, Failure};
use crate::books::{Entry, post};
use crate::domain::{Date, Instant, TimeOfDay, Won};
use crate::ledger::{Due, NewDue, NewPosting, ToBook, Tx};
use crate::rules::Name;

/// The alert that stops sending.
const OUT_OF_BALANCE: &str = "books-out-of-balance";

/// Whose the nightly step and its alert are.
const OWNER: &str = "books";

/// How many findings an alert tells; `sunap verify` tells all.
const TOLD: usize = 3;

/// The nightly step, at 00:10: after the day's last result, before the first charge is made.
pub(super) fn nightly(job: &str, date: Date) -> NewDue {
    let at = date.at(TimeOfDay::new(0, 10, 0).unwrap_or(TimeOfDay::MIDNIGHT));
    NewDue {
        owner: OWNER.to_string(),
        job: job.to_string(),
        date,
        opens_at: at,
        due_at: at,
        deadline_at: None,
    }
}

/// Books what an answer brought: one entry per creditor and pair of accounts.
pub(super) fn book_answer(tx: &Tx<'_>, file_id: i64, answer: i64, at: Instant) -> Result<(), Failure> {
    for about in tx.collected_to_book(file_id)? {
        let what = format!("lines of file {file_id} that brought money, by file {answer}");
        let from = (Some(file_id), Some(answer));
        keep(tx, "collected", &about, &post::collected(about.won, Won::ZERO), from, &what, at)?;
    }
    Ok(())
}

/// Books charges that were made, changed or given up since.
fn book_charges(tx: &Tx<'_>, at: Instant) -> Result<(), Failure> {
    for about in tx.charges_to_book()? {
        let (event, entries) = if about.won.is_positive() {
            ("charged", post::charged(about.won))
        } else {
            let less = Won::ZERO.checked_sub(about.won).unwrap_or(Won::ZERO);
            ("charge-changed", post::written_off(less))
        };
        keep(tx, event, &about, &entries, (None, None), "charges of the creditor and month", at)?;
    }
    Ok(())
}

/// Keeps the entries of one event.
pub(super) fn keep(
    tx: &Tx<'_>,
    event: &str,
    about: &ToBook,
    entries: &[Entry],
    (file, cause): (Option<i64>, Option<i64>),
    what: &str,
    at: Instant,
) -> Result<(), Failure> {
    for entry in entries {
        let (debit, credit) = (entry.debit().word(), entry.credit().word());
        tx.post(&NewPosting { event, about, debit, credit, won: entry.won(), file, cause, what, at })?;
    }
    Ok(())
}

/// Raises the alert that stops sending.
fn stop_sending(tx: &Tx<'_>, found: &[String], now: Instant) -> Result<(), Failure> {
    let told: Vec<&str> = found.iter().take(TOLD).map(String::as_str).collect();
    let text = format!(
        "the books do not add up; no file is sent while this stands ({} findings): {}. Run `sunap verify`, keep the ledger as it is, and ask for help",
        found.len(),
        told.join("; ")
    );
    tx.alert(OUT_OF_BALANCE, OWNER, &text, now)?;
    Ok(())
}

/// Lines that were left out since their amount is not what was written stop sending: the file was built without them, and is
/// not handed out either, before a person has looked.
pub(super) fn tell_altered(tx: &Tx<'_>, left_out: &[(i64, String)], now: Instant) -> Result<(), Failure> {
    let found: Vec<String> = left_out
        .iter()
        .filter(|(_, reason)| reason == Name::AmountAltered.word())
        .map(|(collection_id, _)| {
            format!("collection {collection_id}: its amount or that of its charge is not what sunap wrote")
        })
        .collect();
    if found.is_empty() { Ok(()) } else { stop_sending(tx, &found, now) }
}

impl Engine {
    /// Whether money that is about to be settled or paid is not what was written; then sending stops, and the step waits.
    pub(super) fn altered_money(&mut self, now: Instant) -> Result<bool, Failure> {
        let tx = self.ledger.begin()?;
        let found = tx.altered_before_paying()?;
        if found.is_empty() {
            return Ok(false);
        }
        stop_sending(&tx, &found, now)?;
        tx.commit()?;
        Ok(true)
    }

    /// Whether the books forbid to send.
    pub(super) fn books_stop_sending(&mut self) -> Result<bool, Failure> {
        Ok(self.ledger.begin()?.alert_stands(OUT_OF_BALANCE)?)
    }

    /// Adds up what the night looks at, and everything while the alert stands that stops sending; raises or ends that.
    pub(super) fn check_books(&mut self, row: &Due, now: Instant) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        book_charges(&tx, now)?;
        let stands = tx.alert_stands(OUT_OF_BALANCE)?;
        let found = tx.audit_money((!stands).then_some(now))?;
        let found: Vec<String> =
            found.into_iter().map(|wrong| format!("{}: {}", wrong.rule, wrong.text)).collect();
        if found.is_empty() {
            tx.clear_alert(OUT_OF_BALANCE, OWNER, now)?;
        } else {
            stop_sending(&tx, &found, now)?;
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        Ok(())
    }
}
