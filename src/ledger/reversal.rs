//! A debit that had come and went back later (이체취소(사후), product.md E46): what it brought, and its end.
//!
//! Must not: decide whether it may be reversed.

use super::column::{self, Doing, unfit};
use super::event::{self, Event, Subject};
use super::open::Tx;
use crate::domain::{CreditorId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::machine::collection;
use rusqlite::{OptionalExtension, params};

/// A collection that brought money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The key.
    pub collection_id: i64,
    /// The file of ours.
    pub file_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The debit date.
    pub date: Date,
    /// `Succeeded` or `Partial`.
    pub state: collection::State,
    /// What it brought.
    pub won: Won,
    /// For which charges.
    pub shares: Vec<CameFor>,
}

/// What a collection brought for one charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameFor {
    /// Which.
    pub charge_id: i64,
    /// How much.
    pub won: Won,
}

impl Tx<'_> {
    /// The latest collection that brought money for a charge.
    pub fn latest_came(&self, charge_id: i64) -> Result<Option<Came>, Trouble> {
        let doing = "look for the debit that brought the money";
        let text = "SELECT k.collection_id, k.file_id, k.creditor, k.debit_date, k.state_now, k.collected_now
            FROM allocation a CROSS JOIN collection_now k ON k.collection_id = a.collection_id
            WHERE a.charge_id = ?1 AND k.state_now IN ('succeeded', 'partial') AND coalesce(a.collected_won, a.won) > 0
            ORDER BY k.debit_date DESC, k.collection_id DESC LIMIT 1";
        let found = self.sql.prepare_cached(text).and_then(|mut s| {
            s.query_row([charge_id], |row| {
                Ok(Came {
                    collection_id: row.get(0)?,
                    file_id: row.get(1)?,
                    creditor: column::through(row, 2, CreditorId::from_number)?,
                    date: column::date(row, 3)?,
                    state: column::word(row, 4, collection::State::from_word)?,
                    won: column::won(row, 5)?,
                    shares: Vec::new(),
                })
            })
            .optional()
        });
        let Some(mut came) = found.doing(doing)? else { return Ok(None) };
        let text = "SELECT charge_id, coalesce(collected_won, won) FROM allocation
                    WHERE collection_id = ?1 AND coalesce(collected_won, won) > 0 ORDER BY charge_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([came.collection_id], |row| {
            Ok(CameFor { charge_id: row.get(0)?, won: column::won(row, 1)? })
        });
        came.shares = rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?;
        Ok(Some(came))
    }

    /// Whether money of the charge is on its way back to the payer. What arrived is off the charge already.
    pub fn refund_stands(&self, charge_id: i64) -> Result<bool, Trouble> {
        let text =
            "SELECT EXISTS (SELECT 1 FROM payout WHERE charge_id = ?1 AND state IN ('requested', 'sent'))";
        let found =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([charge_id], |row| row.get(0)));
        found.doing("look for a refund")
    }

    /// A success that holds a charge says what it brought for it, so that it may let go.
    pub fn write_share(&self, collection_id: i64, charge_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE allocation SET collected_won = won WHERE collection_id = ?1 AND charge_id = ?2";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([collection_id, charge_id]));
        done.map(drop).doing("write what a collection brought")
    }

    /// The collection went back; what it had brought stays written on it. Its charges are stepped by the caller.
    pub fn collection_reversed(
        &self,
        came: &Came,
        at: Instant,
        file: i64,
        (code, note): (&str, &str),
    ) -> Result<(), Trouble> {
        let doing = "reverse a collection";
        let text = "UPDATE collection SET state = 'reversed', collected_won = ?2, code = ?3
            WHERE collection_id = ?1 AND (state IS NULL OR state IN ('succeeded', 'partial'))
              AND (SELECT f.state FROM file f WHERE f.file_id = collection.file_id) = 'answered'";
        let with = params![came.collection_id, came.won.get(), code];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if done != 1 {
            return Err(unfit(doing, format!("collection {} brought nothing", came.collection_id)));
        }
        let to = collection::State::Reversed.word();
        let event = Event {
            subject: Subject::Collection,
            id: came.collection_id,
            at,
            happening: to,
            from: came.state.word(),
            to,
            file: Some(file),
            line: None,
            code,
            note,
        };
        event::write(&self.sql, &event)
    }
}
