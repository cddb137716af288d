//! Charges: what is owed for one month, made for many mandates at once.

use super::column::{self, Doing};
use super::event::{Event, Subject};
use super::open::Tx;
use crate::domain::{ContractDay, CreditorId, Date, Instant, Month, Won};
use crate::fault::Trouble;
use rusqlite::params;

/// For which mandates charges are made.
#[derive(Debug, Clone, Copy)]
pub enum OnlyFor<'a> {
    /// All active ones of the creditor.
    All,
    /// Those that a registration file of ours has made active.
    ActivatedBy(i64),
    /// These.
    Mandates(&'a [i64]),
}

/// Charges of one creditor and month.
#[derive(Debug, Clone, Copy)]
pub struct MakeCharges<'a> {
    /// Whose.
    pub creditor: CreditorId,
    /// For which month.
    pub month: Month,
    /// The rolled debit date of each contract day; mandates of other days get none.
    pub due: &'a [(ContractDay, Date)],
    /// Which mandates.
    pub only: OnlyFor<'a>,
    /// When.
    pub at: Instant,
}

/// One charge that a list asks for.
#[derive(Debug, Clone, Copy)]
pub struct NewCharge<'a> {
    /// On which mandate.
    pub mandate_id: i64,
    /// For which month, which has none yet.
    pub month: Month,
    /// What is owed.
    pub amount: Won,
    /// Its debit date, rolled.
    pub debit_date: Date,
    /// When.
    pub at: Instant,
    /// The list.
    pub file: i64,
    /// Its row.
    pub line: Option<i64>,
    /// A remark for people.
    pub note: &'a str,
}

/// Mandates of a creditor that are looked at in one statement: SQLite keeps its rows in memory until they are written.
const RUN: i64 = 1 << 16;

/// The mandates of [`OnlyFor::All`]; `?5` is not used.
pub(super) const ALL: &str = "mandate m WHERE ?5 IS NULL";
/// The mandates of [`OnlyFor::ActivatedBy`]; `?5` is the file.
pub(super) const ACTIVATED: &str = "registration r CROSS JOIN mandate m ON m.mandate_id = r.mandate_id
    WHERE r.file_id = ?5 AND r.kind = 'register' AND (r.state IS NULL OR r.state = 'active')";
/// The mandates of [`OnlyFor::Mandates`]; `?5` is a JSON list.
pub(super) const THESE: &str = "json_each(?5) j CROSS JOIN mandate m ON m.mandate_id = j.value WHERE true";

/// The statement that makes charges for the mandates that `which` selects, with keys from `?6` to `?7`.
pub(super) fn making(which: &str) -> String {
    format!(
        "WITH due (day, date) AS MATERIALIZED
           (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?3))
         INSERT INTO charge (mandate_id, creditor, month, amount_won, debit_date, made_at, mac)
         SELECT mandate_id, ?1, ?2, monthly_won, debit_date, ?4, money_seal('charge', mandate_id, ?2, monthly_won) FROM
           (SELECT m.mandate_id, m.monthly_won,
              (SELECT d.date FROM due d WHERE d.day = m.due_day) AS debit_date
            FROM {which} AND m.mandate_id BETWEEN ?6 AND ?7 AND NOT EXISTS (SELECT 1 FROM desk_terms d WHERE d.mandate_id = m.mandate_id
                AND d.pause_first <= ?2 AND (d.pause_last IS NULL OR d.pause_last >= ?2))
              AND m.creditor = ?1 AND m.state IN ('active', 'changing', 'severed', 'billed') AND m.monthly_won > 0
              AND m.mac = money_seal('mandate', m.bank_payer_no, m.channel, m.limit_won, m.monthly_won)
              AND m.first_month <= ?2 AND (m.last_month IS NULL OR m.last_month >= ?2)
            ORDER BY m.mandate_id)
         WHERE debit_date IS NOT NULL
         ON CONFLICT (mandate_id, month) DO NOTHING"
    )
}

impl Tx<'_> {
    /// Makes one charge and journals it; its key.
    pub fn make_charge(&self, new: &NewCharge<'_>) -> Result<i64, Trouble> {
        let doing = "make a charge";
        let text = "INSERT INTO charge (mandate_id, creditor, month, amount_won, debit_date, made_at, mac)
            VALUES (?1, (SELECT creditor FROM mandate WHERE mandate_id = ?1), ?2, ?3, ?4, ?5,
              money_seal('charge', ?1, ?2, ?3))";
        let with = params![
            new.mandate_id,
            new.month.to_index(),
            new.amount.get(),
            new.debit_date.to_epoch_days(),
            new.at.unix_ms()
        ];
        let charge_id = self.sql.prepare_cached(text).and_then(|mut s| s.insert(with)).doing(doing)?;
        self.event(&Event {
            subject: Subject::Charge,
            id: charge_id,
            at: new.at,
            happening: "made",
            from: "",
            to: "open",
            file: Some(new.file),
            line: new.line,
            code: "",
            note: new.note,
        })?;
        Ok(charge_id)
    }

    /// Makes the charge of one month for every active mandate, and everything that is billed without one, that runs in it and does not pause, owes something, has one
    /// of the contract days, and has no charge of that month yet. Returns how many are new.
    pub fn make_charges(&self, make: &MakeCharges<'_>) -> Result<i64, Trouble> {
        let doing = "make charges";
        let due: Vec<(u32, i64)> =
            make.due.iter().map(|(day, date)| (day.number(), date.to_epoch_days())).collect();
        let due = serde_json::to_string(&due).map_err(|e| Trouble::new(doing, e))?;
        let (which, with) = match make.only {
            OnlyFor::All => (ALL, None),
            OnlyFor::ActivatedBy(file_id) => (ACTIVATED, Some(file_id.to_string())),
            OnlyFor::Mandates(ids) => {
                (THESE, Some(serde_json::to_string(ids).map_err(|e| Trouble::new(doing, e))?))
            }
        };
        let (creditor, month, at) = (make.creditor.get(), make.month.to_index(), make.at.unix_ms());
        let mut statement = self.sql.prepare_cached(&making(which)).doing(doing)?;
        let mut run = |first: i64, last: i64| {
            statement.execute(params![creditor, month, due, at, with, first, last]).doing(doing)
        };
        if !matches!(make.only, OnlyFor::All) {
            return Ok(column::count(run(0, i64::MAX)?));
        }
        let (mut first, mut made) = (0, 0);
        let last = self.last_mandate()?;
        while first <= last {
            made += run(first, first.saturating_add(RUN - 1))?;
            first = first.saturating_add(RUN);
        }
        Ok(column::count(made))
    }

    fn last_mandate(&self) -> Result<i64, Trouble> {
        let text = "SELECT coalesce(max(mandate_id), 0) FROM mandate";
        self.sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .doing("find the last mandate")
    }
}
