//! Overpayments (과오납): what is going back to payers, and what moved to another charge or was given back by hand.
//!
//! Must not: decide whether money may go back.

use super::column::{self, Doing};
use super::open::Tx;
use crate::domain::{Instant, Won};
use crate::fault::Trouble;
use rusqlite::{OptionalExtension, params};

/// How the latest refund of a charge stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundNow {
    /// The payout.
    pub payout_id: i64,
    /// Its word: requested, sent, paid, failed.
    pub state: String,
    /// How much.
    pub won: Won,
}

/// Money of a charge that moved by hand.
#[derive(Debug, Clone, Copy)]
pub struct ChargeMove<'a> {
    /// Which charge.
    pub charge_id: i64,
    /// How much; below 0 where it left.
    pub won: Won,
    /// The other charge, where it pays one or is paid by one; else it was given back by hand.
    pub other: Option<i64>,
    /// What shows it.
    pub proof: &'a str,
    /// When.
    pub at: Instant,
    /// The order.
    pub file: i64,
}

impl Tx<'_> {
    /// The latest refund of a charge.
    pub fn refund_now(&self, charge_id: i64) -> Result<Option<RefundNow>, Trouble> {
        let text =
            "SELECT payout_id, state, won FROM payout WHERE charge_id = ?1 ORDER BY payout_id DESC LIMIT 1";
        let found = self.sql.prepare_cached(text).and_then(|mut s| {
            s.query_row([charge_id], |row| {
                Ok(RefundNow { payout_id: row.get(0)?, state: row.get(1)?, won: column::won(row, 2)? })
            })
            .optional()
        });
        found.doing("look for a refund")
    }

    /// Keeps a move of money.
    pub fn move_money(&self, moved: &ChargeMove<'_>) -> Result<(), Trouble> {
        let text = "INSERT INTO charge_move (charge_id, won, what, other_charge, proof, at, file_id, mac)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, money_seal('charge_move', ?1, ?2, ?3, ?4, ?6))";
        let what = if moved.other.is_some() { "applied" } else { "refund-by-hand" };
        let with = params![
            moved.charge_id,
            moved.won.get(),
            what,
            moved.other,
            moved.proof,
            moved.at.unix_ms(),
            moved.file
        ];
        self.sql
            .prepare_cached(text)
            .and_then(|mut s| s.execute(with))
            .map(drop)
            .doing("keep a move of money")
    }

    /// The oldest charge of a mandate that is owed and on no file that went out, but for one.
    pub fn oldest_open(&self, mandate_id: i64, but: i64) -> Result<Option<i64>, Trouble> {
        let text = "SELECT charge_id FROM charge_now WHERE mandate_id = ?1 AND charge_id <> ?2
              AND state_now IN ('open', 'partly-paid') AND (attempt_state IS NULL OR attempt_state = 'requested')
            ORDER BY month, charge_id LIMIT 1";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([mandate_id, but], |row| row.get(0)).optional());
        found.doing("look for an open charge")
    }
}
