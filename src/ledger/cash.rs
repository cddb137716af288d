//! Cash (현금수납): payments that a creditor took itself, and their cancellations. Rows are written once.
//!
//! Must not: decide whether a payment may be taken or cancelled (that is `rules::cash`).

use super::column::{self, Doing};
use super::open::Tx;
use crate::domain::{CreditorId, Date, Instant, Won};
use crate::fault::Trouble;
use rusqlite::{OptionalExtension, params};

/// A payment to record.
#[derive(Debug, Clone, Copy)]
pub struct NewCash<'a> {
    /// For which charge.
    pub charge_id: i64,
    /// Who took it.
    pub creditor: CreditorId,
    /// How much; above 0.
    pub won: Won,
    /// 수납일.
    pub paid_on: Date,
    /// The creditor's own receipt number; empty where none.
    pub receipt_no: &'a str,
    /// A remark.
    pub note: &'a str,
    /// The payment that this takes back.
    pub cancels: Option<i64>,
    /// When it was recorded.
    pub at: Instant,
    /// The list or order that says so.
    pub file: i64,
    /// Its row.
    pub line: Option<i64>,
}

/// A payment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashRow {
    /// The key: 수납번호.
    pub cash_id: i64,
    /// For which charge.
    pub charge_id: i64,
    /// Who took it.
    pub creditor: CreditorId,
    /// How much.
    pub won: Won,
    /// 수납일.
    pub paid_on: Date,
    /// The creditor's own receipt number.
    pub receipt_no: String,
    /// It is itself a cancellation.
    pub is_cancellation: bool,
    /// A later row takes it back.
    pub cancelled: bool,
    /// A debit of the charge was requested after it, and brought money that is still there.
    pub debited_since: bool,
    /// An approved refund of the charge is on its way or done.
    pub refunded: bool,
}

/// What holds the cash that was recorded against the books (`audit`).
pub(super) const RULES: &[(&str, &str)] = &[(
    "books-cash",
    "SELECT 'creditor ' || c.creditor || ': cash of ' || c.won || ', the books say ' || coalesce(p.won, 0)
     FROM (SELECT creditor, sum(CASE WHEN cancels IS NULL THEN won ELSE -won END) AS won FROM cash GROUP BY creditor) c
     LEFT JOIN (SELECT creditor, sum(CASE debit WHEN 'cash' THEN won ELSE -won END) AS won FROM posting
         WHERE (debit = 'cash' AND credit = 'payer-receivable') OR (credit = 'cash' AND debit = 'payer-receivable')
         GROUP BY creditor) p ON p.creditor = c.creditor
     WHERE c.won <> coalesce(p.won, 0)",
), (
    // What is above what is owed stands in the books as the payer's, whether it is on its way back or not.
    "books-overpaid",
    "SELECT 'creditor ' || creditor || ': overpaid ' || sum(over) || ', the books say ' || sum(booked) FROM (
       SELECT creditor, paid_now - amount_won AS over, 0 AS booked FROM charge_now WHERE charge_id IN
           (SELECT charge_id FROM charge INDEXED BY charge_over
            WHERE creditor > 0 AND amount_won < paid_won + coalesce(attached_won, 0))
         AND paid_now > amount_won
       UNION ALL SELECT creditor, 0, CASE WHEN credit IN ('overpayment', 'refund-in-transit') THEN won ELSE 0 END
         - CASE WHEN debit IN ('overpayment', 'refund-in-transit') THEN won ELSE 0 END FROM posting
         WHERE 'overpayment' IN (debit, credit) OR 'refund-in-transit' IN (debit, credit))
     GROUP BY creditor HAVING sum(over) <> sum(booked)",
)];

impl Tx<'_> {
    /// Records a payment or a cancellation; its number.
    pub fn add_cash(&self, cash: &NewCash<'_>) -> Result<i64, Trouble> {
        let text = "INSERT INTO cash (charge_id, creditor, won, paid_on, receipt_no, note, cancels, at, file_id, line, mac)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                      money_seal('cash', ?1, ?2, ?3, ?4, ?7, ?8))";
        let with = params![
            cash.charge_id,
            cash.creditor.get(),
            cash.won.get(),
            cash.paid_on.to_epoch_days(),
            cash.receipt_no,
            cash.note,
            cash.cancels,
            cash.at.unix_ms(),
            cash.file,
            cash.line
        ];
        self.sql.prepare_cached(text).and_then(|mut s| s.insert(with)).doing("record cash")
    }

    /// A payment.
    pub fn cash(&self, cash_id: i64) -> Result<Option<CashRow>, Trouble> {
        let text = "SELECT c.cash_id, c.charge_id, c.creditor, c.won, c.paid_on, c.receipt_no, c.cancels IS NOT NULL,
              EXISTS (SELECT 1 FROM cash r WHERE r.cancels = c.cash_id),
              EXISTS (SELECT 1 FROM allocation a CROSS JOIN collection_now k ON k.collection_id = a.collection_id
                WHERE a.charge_id = c.charge_id AND k.requested_at >= c.at AND k.state_now IN ('succeeded', 'partial')),
              EXISTS (SELECT 1 FROM payout o WHERE o.charge_id = c.charge_id AND o.state <> 'failed')
            FROM cash c WHERE c.cash_id = ?1";
        let found = self.sql.prepare_cached(text).and_then(|mut s| {
            s.query_row([cash_id], |row| {
                Ok(CashRow {
                    cash_id: row.get(0)?,
                    charge_id: row.get(1)?,
                    creditor: column::through(row, 2, CreditorId::from_number)?,
                    won: column::won(row, 3)?,
                    paid_on: column::date(row, 4)?,
                    receipt_no: row.get(5)?,
                    is_cancellation: row.get(6)?,
                    cancelled: row.get(7)?,
                    debited_since: row.get(8)?,
                    refunded: row.get(9)?,
                })
            })
            .optional()
        });
        found.doing("look a cash payment up")
    }

    /// The standing payment of a creditor with this receipt number.
    pub fn cash_by_receipt(&self, creditor: CreditorId, receipt_no: &str) -> Result<Option<i64>, Trouble> {
        let text = "SELECT c.cash_id FROM cash c WHERE c.creditor = ?1 AND c.receipt_no = ?2 AND c.receipt_no <> ''
                    AND c.cancels IS NULL AND NOT EXISTS (SELECT 1 FROM cash r WHERE r.cancels = c.cash_id) LIMIT 1";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row(params![creditor.get(), receipt_no], |row| row.get(0)).optional());
        found.doing("look for a receipt number")
    }
}
