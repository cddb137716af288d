//! What a month's charges came to, mandate by mandate: the charge, or that there is none, with what decides it.
//!
//! Must not: say why there is none (that is `rules::generation`).

use super::column::{self, Doing};
use super::open::Tx;
use crate::domain::{ContractDay, CreditorId, Date, ItemCode, Month, PayerNo, Won};
use crate::fault::Trouble;
use crate::machine::mandate;
use rusqlite::params;

/// One mandate that is not over, and its charge of the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthRow {
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// The payer's name.
    pub payer_name: String,
    /// What is collected for.
    pub item: ItemCode,
    /// Where the mandate stands.
    pub state: mandate::State,
    /// What was agreed for a month.
    pub monthly: Won,
    /// The most that one debit may take.
    pub limit: Won,
    /// Its first month.
    pub first: Month,
    /// Its last month.
    pub last: Option<Month>,
    /// Its contract day.
    pub due_day: ContractDay,
    /// It pauses in the month.
    pub paused: bool,
    /// What the charge owes, and its debit date; `None` where there is none.
    pub charge: Option<(Won, Date)>,
}

impl Tx<'_> {
    /// Every mandate of a creditor that is not over, with its charge of a month, by payer.
    pub fn month_rows(&self, creditor: CreditorId, month: Month) -> Result<Vec<MonthRow>, Trouble> {
        let doing = "read what was charged for a month";
        let text = "SELECT p.payer_no, p.name, m.item, m.state_now, m.monthly_won, m.limit_won, m.first_month, m.last_month,
              m.due_day, EXISTS (SELECT 1 FROM desk_terms d WHERE d.mandate_id = m.mandate_id
                AND d.pause_first <= ?2 AND (d.pause_last IS NULL OR d.pause_last >= ?2)), h.amount_won, h.debit_date
            FROM mandate_now m CROSS JOIN payer p ON p.payer_id = m.payer_id
            LEFT JOIN charge h ON h.mandate_id = m.mandate_id AND h.month = ?2 AND h.state <> 'cancelled'
            WHERE m.creditor = ?1 AND m.state <> 'ended' ORDER BY p.payer_no, m.item";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map(params![creditor.get(), month.to_index()], |row| {
            let amount: Option<i64> = row.get(10)?;
            let date = column::opt_date(row, 11)?;
            Ok(MonthRow {
                payer_no: column::parsed(row, 0, "payer number")?,
                payer_name: row.get(1)?,
                item: column::parsed(row, 2, "item")?,
                state: column::word(row, 3, mandate::State::from_word)?,
                monthly: column::won(row, 4)?,
                limit: column::won(row, 5)?,
                first: column::month(row, 6)?,
                last: row.get::<_, Option<i64>>(7)?.map(Month::from_index),
                due_day: column::through(row, 8, ContractDay::from_number)?,
                paused: row.get(9)?,
                charge: amount.map(Won::new).zip(date),
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
