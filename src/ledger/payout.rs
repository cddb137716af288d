//! Payouts (지급): money that goes out, a settlement to a creditor or a refund to a payer. One row is one line of one
//! file of payments; what failed is paid again by a new row.
//!
//! Must not: decide who is paid or what is posted for it.

use super::column::{self, Doing};
use super::open::{Reader, Tx};
use super::personal;
use crate::domain::{AccountNo, BankCode, ChannelId, CreditorId, Date, Instant, Won};
use crate::fault::Trouble;
use rusqlite::{Row, params};

/// What a payout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutFor {
    /// A settlement (정산금 지급), by its key.
    Settlement(i64),
    /// The refund of an overpaid charge (과오납 반환), by the charge's key.
    Refund(i64),
}

/// A payout to make.
#[derive(Debug)]
pub struct NewPayout<'a> {
    /// What for.
    pub of: PayoutFor,
    /// Whose money it is, or whose payer's.
    pub creditor: CreditorId,
    /// The channel whose file carries it.
    pub channel: &'a ChannelId,
    /// How much; above 0.
    pub won: Won,
    /// The bank of the account.
    pub bank: BankCode,
    /// The account that gets it; stored sealed.
    pub account: &'a AccountNo,
    /// 통장기재내용, at most 16 bytes in the file.
    pub passbook_text: &'a str,
    /// Not before this day.
    pub pay_on: Date,
    /// The failed payout whose place it takes.
    pub again_of: Option<i64>,
}

/// A payout as it is kept, without its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRow {
    /// The key.
    pub payout_id: i64,
    /// What for.
    pub of: PayoutFor,
    /// Whose.
    pub creditor: i64,
    /// How much.
    pub won: Won,
    /// The bank of the account.
    pub bank: BankCode,
    /// Not before this day.
    pub pay_on: Date,
    /// requested, sent, paid, failed.
    pub state: String,
    /// The bank's code, where it failed.
    pub code: String,
}

/// A payout as a line of a file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutLine {
    /// Its place in the file, from 1.
    pub line_no: i64,
    /// The payout, without its account.
    pub row: PayoutRow,
    /// The account that gets it.
    pub account: AccountNo,
    /// 통장기재내용.
    pub passbook_text: String,
}

impl Tx<'_> {
    /// How many payouts of a channel wait for a file of this deposit date.
    pub fn payouts_waiting(&self, channel: &ChannelId, date: Date) -> Result<i64, Trouble> {
        let text = "SELECT count(*) FROM payout WHERE channel = ?1 AND state = 'requested' AND pay_on <= ?2";
        let with = params![channel.as_str(), date.to_epoch_days()];
        let found = self.sql.prepare_cached(text).and_then(|mut s| s.query_row(with, |row| row.get(0)));
        found.doing("count payouts that wait")
    }

    /// Puts them into a file, numbered in the order in which they were asked for.
    pub fn batch_payouts(&self, channel: &ChannelId, file_id: i64, date: Date) -> Result<i64, Trouble> {
        let text = "UPDATE payout SET state = 'sent', file_id = ?1, line_no = n.line FROM
              (SELECT payout_id AS id, row_number() OVER (ORDER BY payout_id) AS line FROM payout
               WHERE channel = ?2 AND state = 'requested' AND pay_on <= ?3) n
            WHERE payout_id = n.id";
        let with = params![file_id, channel.as_str(), date.to_epoch_days()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(column::count).doing("put payouts into a file")
    }

    /// The payouts of a file that did not stand wait for another one. How many.
    pub fn unbatch_payouts(&self, file_id: i64) -> Result<i64, Trouble> {
        let text = "UPDATE payout SET state = 'requested', file_id = NULL, line_no = NULL
                    WHERE file_id = ?1 AND state = 'sent'";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id]));
        done.map(column::count).doing("take payouts out of a file")
    }

    /// The lines of a file of payments, in their order, decided ones too.
    pub fn payout_lines(&self, file_id: i64) -> Result<Vec<PayoutLine>, Trouble> {
        let doing = "read the lines of a file of payments";
        let text = format!(
            "SELECT {COLUMNS}, line_no, account, passbook_text FROM payout WHERE file_id = ?1 ORDER BY line_no"
        );
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let rows = statement.query_map([file_id], |row| {
            let payout_id = row.get(0)?;
            Ok(PayoutLine {
                row: payout_row(row)?,
                line_no: row.get(9)?,
                account: personal::payout_account(self.ring, row, 10, payout_id)?,
                passbook_text: row.get(11)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// Asks for a payout; its key. Post it to the books in the same commit (`books::post::settled`, `refund_sent`).
    pub fn request_payout(&self, payout: &NewPayout<'_>, at: Instant) -> Result<i64, Trouble> {
        let doing = "ask for a payout";
        let payout_id: i64 = self
            .sql
            .query_row("SELECT coalesce(max(payout_id), 0) + 1 FROM payout", [], |row| row.get(0))
            .doing(doing)?;
        let (kind, settlement, charge) = match payout.of {
            PayoutFor::Settlement(id) => ("settlement", Some(id), None),
            PayoutFor::Refund(id) => ("refund", None, Some(id)),
        };
        let text = "INSERT INTO payout (payout_id, kind, creditor, channel, settlement_id, charge_id, won, bank, account,
                      passbook_text, pay_on, again_of, requested_at, mac)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                      money_seal('payout', ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?11))";
        let with = params![
            payout_id,
            kind,
            payout.creditor.get(),
            payout.channel.as_str(),
            settlement,
            charge,
            payout.won.get(),
            payout.bank.get(),
            personal::sealed_payout(self.ring, payout_id, payout.account),
            payout.passbook_text,
            payout.pay_on.to_epoch_days(),
            payout.again_of,
            at.unix_ms()
        ];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        Ok(payout_id)
    }

    /// The outcome of a payout, told by a file or by a person; whether it was open until now.
    pub fn payout_decided(
        &self,
        payout_id: i64,
        paid: bool,
        code: &str,
        at: Instant,
    ) -> Result<bool, Trouble> {
        let text = "UPDATE payout SET state = ?2, code = ?3, decided_at = ?4
                    WHERE payout_id = ?1 AND state IN ('requested', 'sent')";
        let state = if paid { "paid" } else { "failed" };
        let with = params![payout_id, state, code, at.unix_ms()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(done.doing("note what became of a payout")? > 0)
    }

    /// A payout.
    pub fn payout(&self, payout_id: i64) -> Result<Option<PayoutRow>, Trouble> {
        Ok(rows(&self.sql, "payout_id = ?1", payout_id)?.pop())
    }
}

impl Tx<'_> {
    /// Whether another payout took the place of this one.
    pub fn paid_again(&self, payout_id: i64) -> Result<bool, Trouble> {
        let text = "SELECT EXISTS (SELECT 1 FROM payout WHERE again_of = ?1)";
        let found =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([payout_id], |row| row.get(0)));
        found.doing("look for a later payout")
    }
}

impl Reader {
    /// The payouts that wait, are on their way, or failed and were not asked for again; oldest first.
    pub fn open_payouts(&self) -> Result<Vec<PayoutRow>, Trouble> {
        rows(
            &self.sql,
            "?1 = 0 AND (state IN ('requested', 'sent')
               OR state = 'failed' AND NOT EXISTS (SELECT 1 FROM payout a WHERE a.again_of = payout.payout_id))",
            0,
        )
    }

    /// The payouts of a settlement, oldest first.
    pub fn payouts_of(&self, settlement_id: i64) -> Result<Vec<PayoutRow>, Trouble> {
        payout_rows_of(&self.sql, settlement_id)
    }
}

/// The number of a payment as we call it in files, alerts and postings, of its key; for SQLite's `printf`.
pub(super) const REFERENCE: &str = "SUNAP-%012d";

/// The payouts of a settlement, oldest first.
pub(super) fn payout_rows_of(
    sql: &rusqlite::Connection,
    settlement_id: i64,
) -> Result<Vec<PayoutRow>, Trouble> {
    rows(sql, "settlement_id = ?1", settlement_id)
}

/// What [`payout_row`] reads.
const COLUMNS: &str = "payout_id, settlement_id, charge_id, creditor, won, bank, pay_on, state, code";

fn rows(sql: &rusqlite::Connection, rest: &str, key: i64) -> Result<Vec<PayoutRow>, Trouble> {
    let doing = "read payouts";
    let text = format!("SELECT {COLUMNS} FROM payout WHERE {rest} ORDER BY payout_id");
    let mut statement = sql.prepare_cached(&text).doing(doing)?;
    let rows = statement.query_map([key], payout_row).doing(doing)?;
    rows.collect::<rusqlite::Result<_>>().doing(doing)
}

fn payout_row(row: &Row<'_>) -> rusqlite::Result<PayoutRow> {
    let of = match row.get(1)? {
        Some(settlement) => PayoutFor::Settlement(settlement),
        None => PayoutFor::Refund(row.get(2)?),
    };
    Ok(PayoutRow {
        payout_id: row.get(0)?,
        of,
        creditor: row.get(3)?,
        won: Won::new(row.get(4)?),
        bank: column::through(row, 5, BankCode::from_number)?,
        pay_on: column::date(row, 6)?,
        state: row.get(7)?,
        code: row.get(8)?,
    })
}
