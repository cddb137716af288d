//! What is new in a ledger since a moment that was marked: for `sunap plan`, which lets a copy run on and tells what
//! happened in it.
//!
//! Must not: be asked on the live ledger while the daemon works; it reads whole tables.

use super::AlertRow;
use crate::domain::{CreditorId, Date, Instant, Month, Won};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::open::Reader;
use crate::ledger::settlement::SettlementRow;
use crate::ledger::settling::{OwedAnswer, answers};

/// The last key of each table at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    file: i64,
    answer: i64,
    charge: i64,
    alert: i64,
    settlement: i64,
}

impl Mark {
    /// Whether a file came after it.
    pub fn before_file(self, file_id: i64) -> bool {
        file_id > self.file
    }
}

/// Charges that were made at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargesMade {
    /// When.
    pub at: Instant,
    /// Whose.
    pub creditor: CreditorId,
    /// For which month.
    pub month: Month,
    /// How many.
    pub charges: i64,
    /// What they come to.
    pub won: Won,
}

/// Charges of one creditor and month that are debited on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargesOn {
    /// Whose.
    pub creditor: CreditorId,
    /// Of which month.
    pub month: Month,
    /// Their debit date.
    pub debit_date: Date,
    /// How many.
    pub charges: i64,
    /// What they come to.
    pub won: Won,
}

impl Reader {
    /// Marks this moment.
    pub fn mark(&self) -> Result<Mark, Trouble> {
        let text = "SELECT (SELECT coalesce(max(file_id), 0) FROM file), (SELECT coalesce(max(answer_id), 0) FROM answer),
            (SELECT coalesce(max(charge_id), 0) FROM charge), (SELECT coalesce(max(alert_id), 0) FROM alert),
            (SELECT coalesce(max(settlement_id), 0) FROM settlement)";
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Mark {
                file: row.get(0)?,
                answer: row.get(1)?,
                charge: row.get(2)?,
                alert: row.get(3)?,
                settlement: row.get(4)?,
            })
        };
        self.sql.query_row(text, [], row).doing("mark where the ledger stands")
    }

    /// The lists and papers that were made for creditors and operators.
    pub fn answers_since(&self, mark: Mark) -> Result<Vec<OwedAnswer>, Trouble> {
        answers(&self.sql, &format!("WHERE answer_id > {}", mark.answer))
    }

    /// The charges that were made, by moment, creditor and month.
    pub fn charges_since(&self, mark: Mark) -> Result<Vec<ChargesMade>, Trouble> {
        let doing = "read the charges that were made";
        let text =
            "SELECT made_at, creditor, month, count(*), sum(amount_won) FROM charge WHERE charge_id > ?1
                    GROUP BY made_at, creditor, month ORDER BY made_at, creditor, month";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let rows = statement.query_map([mark.charge], |row| {
            Ok(ChargesMade {
                at: column::instant(row, 0)?,
                creditor: column::through(row, 1, CreditorId::from_number)?,
                month: Month::from_index(row.get(2)?),
                charges: row.get(3)?,
                won: column::won(row, 4)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The alerts that were raised, whether they stand or not.
    pub fn alerts_since(&self, mark: Mark) -> Result<Vec<AlertRow>, Trouble> {
        let doing = "read the alerts that were raised";
        let text = "SELECT name, subject, text, raised_at FROM alert WHERE alert_id > ?1 ORDER BY alert_id";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let rows = statement.query_map([mark.alert], |row| {
            Ok(AlertRow {
                name: row.get(0)?,
                subject: row.get(1)?,
                text: row.get(2)?,
                raised_at: column::instant(row, 3)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The settlements that were made, oldest first.
    pub fn settlements_since(&self, mark: Mark) -> Result<Vec<SettlementRow>, Trouble> {
        let doing = "read the settlements that were made";
        let mut statement =
            self.sql.prepare("SELECT settlement_id FROM settlement WHERE settlement_id > ?1").doing(doing)?;
        let ids = statement.query_map([mark.settlement], |row| row.get::<_, i64>(0)).doing(doing)?;
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(self.settlement(id.doing(doing)?)?);
        }
        Ok(rows)
    }

    /// The charges of these debit dates, by creditor, month and day.
    pub fn charges_on(&self, from: Date, to: Date) -> Result<Vec<ChargesOn>, Trouble> {
        let doing = "read the debit dates of charges";
        let text = "SELECT creditor, month, debit_date, count(*), sum(amount_won) FROM charge
                    WHERE debit_date BETWEEN ?1 AND ?2 AND state <> 'cancelled'
                    GROUP BY creditor, month, debit_date ORDER BY creditor, month, debit_date";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let rows = statement.query_map([from.to_epoch_days(), to.to_epoch_days()], |row| {
            Ok(ChargesOn {
                creditor: column::through(row, 0, CreditorId::from_number)?,
                month: Month::from_index(row.get(1)?),
                debit_date: column::date(row, 2)?,
                charges: row.get(3)?,
                won: column::won(row, 4)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
