//! 수납조건 of single mandates: what the desk agreed with one payer beside the creditor's rules. Few mandates have any.

use super::column::{self, Doing};
use super::event::{self, Event, Subject};
use super::open::Tx;
use crate::domain::{CreditorId, Instant, ItemCode, Month};
use crate::fault::Trouble;
use crate::machine::words;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashMap;

words! {
    /// Whether open charges of earlier months join a debit of the mandate.
    ArrearsTerm {
        /// They do.
        Include = "include",
        /// They do not.
        Exclude = "exclude",
        /// A person says it each time.
        Ask = "ask",
    }
}

/// The months of a pause, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// From this month.
    pub first: Month,
    /// To this one; `None` until further notice.
    pub last: Option<Month>,
}

impl Pause {
    /// Whether it holds in a month.
    pub fn covers(self, month: Month) -> bool {
        month >= self.first && self.last.is_none_or(|last| month <= last)
    }
}

/// What was agreed for one mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeskTerms {
    /// Whether arrears join; `None` is the creditor's rule.
    pub arrears: Option<ArrearsTerm>,
    /// When nothing is charged or requested.
    pub pause: Option<Pause>,
    /// 문자수신 N: no messages are made for it.
    pub no_message: bool,
}

fn terms_from(row: &Row<'_>, at: usize) -> rusqlite::Result<DeskTerms> {
    let word: String = row.get(at)?;
    let first: Option<i64> = row.get(at + 1)?;
    let last: Option<i64> = row.get(at + 2)?;
    let pause =
        first.map(|first| Pause { first: Month::from_index(first), last: last.map(Month::from_index) });
    let arrears = if word.is_empty() { None } else { Some(column::word(row, at, ArrearsTerm::from_word)?) };
    Ok(DeskTerms { arrears, pause, no_message: row.get(at + 3)? })
}

impl Tx<'_> {
    /// All mandates of a creditor for which something was agreed.
    pub fn desk_terms_of(&self, creditor: CreditorId) -> Result<HashMap<i64, DeskTerms>, Trouble> {
        let doing = "read what was agreed for single mandates";
        let text = "SELECT d.mandate_id, d.arrears, d.pause_first, d.pause_last, d.no_message
            FROM desk_terms d CROSS JOIN mandate m ON m.mandate_id = d.mandate_id WHERE m.creditor = ?1";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([creditor.get()], |row| Ok((row.get(0)?, terms_from(row, 1)?)));
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// What was agreed for a mandate.
    pub fn desk_terms(&self, mandate_id: i64) -> Result<DeskTerms, Trouble> {
        let text =
            "SELECT arrears, pause_first, pause_last, no_message FROM desk_terms WHERE mandate_id = ?1";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([mandate_id], |row| terms_from(row, 0)).optional());
        Ok(found.doing("read what was agreed for a mandate")?.unwrap_or_default())
    }

    /// A payer who wanted no messages wants none of the mandate that follows either until the payer says
    /// otherwise. What else was agreed ended with the old one.
    pub(super) fn keep_no_message(
        &self,
        mandate_id: i64,
        (payer_id, item): (i64, &ItemCode),
        at: Instant,
        from: (Option<i64>, Option<i64>),
    ) -> Result<(), Trouble> {
        let text = "SELECT coalesce((SELECT coalesce(d.no_message, 0) FROM mandate m
            LEFT JOIN desk_terms d ON d.mandate_id = m.mandate_id
            WHERE m.payer_id = ?1 AND m.item = ?2 AND m.mandate_id < ?3 ORDER BY m.mandate_id DESC LIMIT 1), 0)";
        let with = params![payer_id, item.as_str(), mandate_id];
        let before: bool = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row(with, |row| row.get(0)))
            .doing("look whether a payer wants messages")?;
        if !before {
            return Ok(());
        }
        let terms = DeskTerms { no_message: true, ..DeskTerms::default() };
        self.set_desk_terms(mandate_id, &terms, at, from, "문자 거부 (이전 이체정보에서)")
    }

    /// Agrees on something for a mandate, and journals it.
    pub fn set_desk_terms(
        &self,
        mandate_id: i64,
        terms: &DeskTerms,
        at: Instant,
        (file, line): (Option<i64>, Option<i64>),
        note: &str,
    ) -> Result<(), Trouble> {
        let text =
            "INSERT INTO desk_terms (mandate_id, arrears, pause_first, pause_last, no_message)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (mandate_id) DO UPDATE SET arrears = ?2, pause_first = ?3, pause_last = ?4, no_message = ?5";
        let with = params![
            mandate_id,
            terms.arrears.map_or("", ArrearsTerm::word),
            terms.pause.map(|pause| pause.first.to_index()),
            terms.pause.and_then(|pause| pause.last).map(Month::to_index),
            terms.no_message
        ];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.doing("agree on something for a mandate")?;
        let event = Event {
            subject: Subject::Mandate,
            id: mandate_id,
            at,
            happening: "terms-agreed",
            from: "",
            to: "",
            file,
            line,
            code: "",
            note,
        };
        event::write(&self.sql, &event)
    }
}
