//! Sums for people: by day, by creditor.

use super::{CreditorTotals, DayTotals};
use crate::domain::{CreditorId, Date, Month};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::file::Way;
use crate::ledger::open::Reader;

/// What the charges of one month came to, by creditor.
pub(in crate::ledger) const CREDITORS: &str = "SELECT creditor, count(*), sum(amount_won), sum(paid_now),
      sum(CASE WHEN state_now IN ('open', 'partly-paid') THEN amount_won - paid_now ELSE 0 END),
      sum(collection_id IS NULL AND fails > 0 AND state_now IN ('open', 'partly-paid'))
    FROM charge_now WHERE month = ?1 GROUP BY creditor ORDER BY creditor";

impl Reader {
    /// What the charges of one month came to, by creditor.
    pub fn creditor_totals(&self, month: Month) -> Result<Vec<CreditorTotals>, Trouble> {
        let doing = "add the charges of a month up";
        let mut statement = self.sql.prepare_cached(CREDITORS).doing(doing)?;
        let rows = statement.query_map([month.to_index()], |row| {
            Ok(CreditorTotals {
                creditor: column::through(row, 0, CreditorId::from_number)?,
                charges: row.get(1)?,
                amount: column::won(row, 2)?,
                collected: column::won(row, 3)?,
                open: column::won(row, 4)?,
                failed: row.get(5)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The files of these business dates, by date, way and kind.
    pub fn days(&self, from: Date, to: Date) -> Result<Vec<DayTotals>, Trouble> {
        let doing = "add the files of days up";
        let text = "SELECT date, way, kind, count(*), sum(lines), sum(won), sum(listed_lines),
              sum(failed_won + partial_won)
            FROM file WHERE date BETWEEN ?1 AND ?2 AND state NOT IN ('rejected', 'duplicate', 'emptied', 'missed')
            GROUP BY date, way, kind ORDER BY date, way DESC, kind";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([from.to_epoch_days(), to.to_epoch_days()], |row| {
            Ok(DayTotals {
                date: column::date(row, 0)?,
                way: column::word(row, 1, Way::from_word)?,
                kind: row.get(2)?,
                files: row.get(3)?,
                lines: row.get(4)?,
                won: column::won(row, 5)?,
                listed_lines: row.get(6)?,
                failed_won: column::won(row, 7)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
