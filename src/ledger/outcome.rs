//! What a result says of the lines of a file that we sent: written once, into room that the row kept free for it.
//!
//! Must not: decide anything. States, shares and money come from `machine` and `rules`; a line that went its own way
//! before is a trouble, so nothing counts twice.
//!
//! A million lines may be listed, so a line costs one statement by its key and no look-up: the row keeps its size
//! (column `room`), no index of `collection` holds what is written, and the charges of a line that failed are found
//! along its allocations.

use super::column::{Doing, unfit};
use super::open::Tx;
use crate::domain::Won;
use crate::fault::Trouble;
use crate::machine::{charge, collection};
use rusqlite::{CachedStatement, params};

/// What a listed line says of one collection, decided by `machine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub collection_id: i64,
    /// `Failed`, `Partial` or `Succeeded`.
    pub state: collection::State,
    /// The bank's code, as it came.
    pub code: String,
    /// What came, in won.
    pub collected: Won,
    /// The line of the result file.
    pub result_line: i64,
    /// For `Partial`: every charge of the collection.
    pub shares: Vec<Share>,
}

/// What of a partly collected line is for one charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which charge.
    pub charge_id: i64,
    /// What came for it; may be 0.
    pub won: Won,
    /// Where the charge stands then.
    pub state: charge::State,
    /// What is paid of it in all then.
    pub paid: Won,
}

/// What all those lines of an answer say alike that came whole. It stands once, at our file: they keep following it
/// (ARCHITECTURE.md 3), and their history tells code and line all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The code, as it came.
    pub code: String,
    /// The record of the answer that would be that of our line 0: line n is answered by record n + `from`.
    pub from: i64,
}

/// Bytes that `collection.room` keeps free (the default in the schema).
const ROOM: usize = 20;

/// Writes the outcome of a line that still follows its file.
const OUTCOME: &str =
    "UPDATE collection SET state = ?2, code = ?3, collected_won = ?4, result_file = ?5, result_line = ?6, room = ?7
    WHERE collection_id = ?1 AND state IS NULL";

/// The charges of a line.
const CHARGES: &str = "SELECT charge_id FROM allocation WHERE collection_id = ?1";

/// Lets go of a charge whose attempt did not bring all, and counts the attempt.
const FAILED: &str =
    "UPDATE charge SET collection_id = NULL, attached_won = NULL, fails = fails + 1, last_code = ?2
    WHERE charge_id = ?3 AND collection_id = ?1";

/// What a part that came makes of one charge.
const SHARED: &str = "UPDATE charge SET collection_id = NULL, attached_won = NULL, paid_won = ?3, state = ?4,
      fails = fails + (?3 < amount_won), last_code = CASE WHEN ?3 < amount_won THEN ?5 ELSE last_code END
    WHERE charge_id = ?2 AND collection_id = ?1 AND paid_won + ?6 = ?3";

/// What of a line's money came for one charge.
const ALLOCATED: &str =
    "UPDATE allocation SET collected_won = ?3 WHERE collection_id = ?1 AND charge_id = ?2";

/// Whether a charge of the line still says that the line holds it.
const HELD: &str = "SELECT 1 FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
    WHERE a.collection_id = ?1 AND h.collection_id = ?1";

/// The statements of one pass.
struct Pass<'a> {
    line: CachedStatement<'a>,
    charges: CachedStatement<'a>,
    failed: CachedStatement<'a>,
    shared: CachedStatement<'a>,
    allocated: CachedStatement<'a>,
    held: CachedStatement<'a>,
}

impl Tx<'_> {
    /// What the lines say alike for which [`Tx::outcomes`] was not asked, of an answer that lists every line of ours.
    pub fn listed_alike(&self, file_id: i64, alike: &Alike) -> Result<(), Trouble> {
        let doing = "record what the lines of a result say alike";
        let text = "UPDATE file SET listed_code = ?2, listed_from = ?3 WHERE file_id = ?1 AND way = 'out'";
        let with = params![file_id, alike.code, alike.from];
        match self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)? {
            1 => Ok(()),
            _ => Err(unfit(doing, format!("file {file_id} is not one of ours"))),
        }
    }

    /// What the listed lines of a result say. A failed line lets go of its charges and counts as an attempt; a partial
    /// one leaves each charge its share and lets go; one listed as succeeded keeps them. A line that went its own way
    /// before is a trouble: nothing counts twice.
    pub fn outcomes(&self, result_file: i64, outcomes: &[Outcome]) -> Result<(), Trouble> {
        let doing = "record the results of collections";
        let prepare = |text| self.sql.prepare_cached(text).doing(doing);
        let mut pass = Pass {
            line: prepare(OUTCOME)?,
            charges: prepare(CHARGES)?,
            failed: prepare(FAILED)?,
            shared: prepare(SHARED)?,
            allocated: prepare(ALLOCATED)?,
            held: prepare(HELD)?,
        };
        for outcome in outcomes {
            let id = outcome.collection_id;
            let (state, collected) = (outcome.state.word(), outcome.collected.get());
            let taken = state.len() + outcome.code.len() + width(collected) + width(result_file);
            let left = ROOM.saturating_sub(taken + width(outcome.result_line));
            let room = ZEROS.get(..left).unwrap_or_default();
            let with = params![id, state, outcome.code, collected, result_file, outcome.result_line, room];
            if pass.line.execute(with).doing(doing)? != 1 {
                return Err(unfit(doing, format!("collection {id} went its own way before")));
            }
            match outcome.state {
                collection::State::Failed => pass.let_go(outcome)?,
                collection::State::Partial => {
                    pass.share_out(outcome)?;
                    if pass.held.exists([id]).doing(doing)? {
                        return Err(unfit(doing, format!("a charge of collection {id} has no share")));
                    }
                }
                collection::State::Succeeded => {}
                other => return Err(unfit(doing, format!("{other} is no result"))),
            }
        }
        Ok(())
    }
}

impl Pass<'_> {
    /// The charges of a line that failed are free again.
    fn let_go(&mut self, outcome: &Outcome) -> Result<(), Trouble> {
        let doing = "let go of the charges of a collection that failed";
        let mut rows = self.charges.query([outcome.collection_id]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let charge_id: i64 = row.get(0).doing(doing)?;
            self.failed.execute(params![outcome.collection_id, outcome.code, charge_id]).doing(doing)?;
        }
        Ok(())
    }

    /// Writes the shares of a part that came, and checks that they are all of it.
    fn share_out(&mut self, outcome: &Outcome) -> Result<(), Trouble> {
        let doing = "share out what a collection brought";
        let id = outcome.collection_id;
        if Won::sum(outcome.shares.iter().map(|s| s.won)) != Some(outcome.collected) {
            return Err(unfit(doing, format!("the shares of collection {id} are not what came")));
        }
        for share in &outcome.shares {
            let (charge, won, paid) = (share.charge_id, share.won.get(), share.paid.get());
            let booked = self.allocated.execute([id, charge, won]).doing(doing)?;
            let with = params![id, charge, paid, share.state.word(), outcome.code, won];
            if booked != 1 || self.shared.execute(with).doing(doing)? != 1 {
                return Err(unfit(
                    doing,
                    format!("charge {charge} is not held by collection {id} as the share says"),
                ));
            }
        }
        Ok(())
    }
}

/// What the room is made of.
const ZEROS: [u8; ROOM] = [0; ROOM];

/// Bytes that SQLite takes for a number in a row (its file format, 2.1).
const fn width(n: i64) -> usize {
    match n {
        0 | 1 => 0,
        -0x80..=0x7f => 1,
        -0x8000..=0x7fff => 2,
        -0x80_0000..=0x7f_ffff => 3,
        -0x8000_0000..=0x7fff_ffff => 4,
        -0x8000_0000_0000..=0x7fff_ffff_ffff => 6,
        _ => 8,
    }
}
