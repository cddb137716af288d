//! Collections as lines of a file of ours, and what the bank answered to them.

use super::column::{self, Doing, page, unfit};
use super::open::Tx;
use super::personal;
use crate::domain::{
    AccountNo, BankCode, BankPayerNo, CollectionKind, CreditorId, Date, IdNo, ItemCode, Month, Won,
};
use crate::fault::Trouble;
use crate::machine::{charge, collection, mandate};
use crate::seal::KeyRing;
use rusqlite::{CachedStatement, Row, params};

/// A line of a planned file, with all that its record needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionRow {
    /// The key.
    pub collection_id: i64,
    /// 1-based place in the file.
    pub line_no: i64,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// What is collected for.
    pub item: ItemCode,
    /// The number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// Birth date or business number of the holder.
    pub id_no: IdNo,
    /// What is requested.
    pub amount: Won,
    /// The most that one debit may take.
    pub limit: Won,
    /// Where the mandate stands.
    pub mandate_state: mandate::State,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// First attempt or another.
    pub kind: CollectionKind,
    /// What is still open on the charges that it holds; 0 where they were paid or ended meanwhile.
    pub open: Won,
}

/// A line that we sent, to which a line of a result is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCollection {
    /// The key.
    pub collection_id: i64,
    /// Its serial number in the file.
    pub line_no: u32,
    /// The mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// What was requested.
    pub amount: Won,
}

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

/// A charge of a sent collection, so that a part that came can be shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocatedCharge {
    /// Which charge.
    pub charge_id: i64,
    /// For which month.
    pub month: Month,
    /// What of the collection is for it.
    pub won: Won,
    /// What is owed.
    pub amount: Won,
    /// What is recorded as paid by itself, this collection not counted.
    pub paid: Won,
    /// The charge's own word.
    pub state: charge::State,
}

/// Lines of a file that still follow it, with all that a record needs.
pub(super) const PLANNED: &str =
    "SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, m.item, m.bank_payer_no, m.bank, m.account, m.id_no,
       k.amount_won, m.limit_won, m.state_now, m.active_on, k.kind,
       (SELECT coalesce(sum(h.amount_won - h.paid_won), 0) FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
        WHERE a.collection_id = k.collection_id AND h.collection_id = k.collection_id)
     FROM collection k CROSS JOIN mandate_now m ON m.mandate_id = k.mandate_id
     WHERE k.file_id = ?1 AND k.line_no > ?2 AND k.state IS NULL ORDER BY k.line_no LIMIT ?3";

/// A run of lines of a file that we sent, in line order.
pub(super) const SENT: &str =
    "SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, m.bank_payer_no, m.bank, m.account, k.amount_won
     FROM collection k CROSS JOIN mandate m ON m.mandate_id = k.mandate_id
     WHERE k.file_id = ?1 AND k.line_no BETWEEN ?2 AND ?3 ORDER BY k.line_no";

/// Lets go of the charges of a collection whose attempt did not bring all, and counts the attempt.
const FAILED: &str =
    "UPDATE charge SET collection_id = NULL, attached_won = NULL, fails = fails + 1, last_code = ?2
    WHERE collection_id = ?1";

/// What a part that came makes of one charge.
const SHARED: &str = "UPDATE charge SET collection_id = NULL, attached_won = NULL, paid_won = ?3, state = ?4,
      fails = fails + (?3 < amount_won), last_code = CASE WHEN ?3 < amount_won THEN ?5 ELSE last_code END
    WHERE charge_id = ?2 AND collection_id = ?1 AND paid_won + ?6 = ?3";

fn row_from(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<CollectionRow> {
    let mandate_id = row.get(2)?;
    Ok(CollectionRow {
        collection_id: row.get(0)?,
        line_no: row.get(1)?,
        mandate_id,
        creditor: column::through(row, 3, CreditorId::from_number)?,
        item: column::parsed(row, 4, "item")?,
        bank_payer_no: column::parsed(row, 5, "bank payer number")?,
        bank: column::through(row, 6, BankCode::from_number)?,
        account: personal::account(ring, row, 7, mandate_id)?,
        id_no: personal::id_no(ring, row, 8, mandate_id)?,
        amount: column::won(row, 9)?,
        limit: column::won(row, 10)?,
        mandate_state: column::word(row, 11, mandate::State::from_word)?,
        active_on: column::opt_date(row, 12)?,
        kind: column::word(row, 13, CollectionKind::from_word)?,
        open: column::won(row, 14)?,
    })
}

fn sent_from(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<SentCollection> {
    let mandate_id = row.get(2)?;
    Ok(SentCollection {
        collection_id: row.get(0)?,
        line_no: row.get(1)?,
        mandate_id,
        creditor: column::through(row, 3, CreditorId::from_number)?,
        bank_payer_no: column::parsed(row, 4, "bank payer number")?,
        bank: column::through(row, 5, BankCode::from_number)?,
        account: personal::account(ring, row, 6, mandate_id)?,
        amount: column::won(row, 7)?,
    })
}

/// Says on the share that it came, of charges of a file whose attempt came and is smaller than what was open.
const BOOK_SHORT: &str = "UPDATE allocation SET collected_won = won WHERE (collection_id, charge_id) IN
      (SELECT h.collection_id, h.charge_id FROM charge h INDEXED BY charge_short
       CROSS JOIN collection k ON k.collection_id = h.collection_id
       WHERE h.collection_id IS NOT NULL AND h.attached_won < h.amount_won - h.paid_won
         AND k.file_id = ?1 AND (k.state IS NULL OR k.state = 'succeeded'))";

/// Books the share on those charges and lets them go.
const FREE_SHORT: &str =
    "UPDATE charge SET paid_won = paid_won + attached_won, state = 'partly-paid', collection_id = NULL,
      attached_won = NULL WHERE charge_id IN
      (SELECT h.charge_id FROM charge h INDEXED BY charge_short
       CROSS JOIN collection k ON k.collection_id = h.collection_id
       WHERE h.collection_id IS NOT NULL AND h.attached_won < h.amount_won - h.paid_won
         AND k.file_id = ?1 AND (k.state IS NULL OR k.state = 'succeeded'))";

impl Tx<'_> {
    /// Lines of a file after one of them that still follow it, in line order.
    pub fn planned_lines(
        &self,
        file_id: i64,
        after_line: i64,
        limit: usize,
    ) -> Result<Vec<CollectionRow>, Trouble> {
        let doing = "read the lines of a planned file";
        let mut statement = self.sql.prepare_cached(PLANNED).doing(doing)?;
        let rows = statement
            .query_map(params![file_id, after_line, page(limit)], |row| row_from(self.ring, row))
            .doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The lines of a file that we sent with these serials (ascending, no serial twice), put behind what `out` holds.
    /// Serials that the file does not have are left out: the caller compares. Where most of a run is asked for it is
    /// read in one go, else line by line.
    pub fn sent_collections(
        &self,
        file_id: i64,
        serials: &[u32],
        out: &mut Vec<SentCollection>,
    ) -> Result<(), Trouble> {
        let doing = "read lines that we sent";
        let (Some(&first), Some(&last)) = (serials.first(), serials.last()) else { return Ok(()) };
        if !serials.is_sorted_by(|a, b| a < b) {
            return Err(unfit(doing, "the serials are not in ascending order"));
        }
        let mut statement = self.sql.prepare_cached(SENT).doing(doing)?;
        let run = i64::from(last) - i64::from(first) + 1;
        let asked = i64::try_from(serials.len()).unwrap_or(i64::MAX);
        if asked.saturating_mul(3) < run {
            for &serial in serials {
                let mut rows = statement.query(params![file_id, serial, serial]).doing(doing)?;
                if let Some(row) = rows.next().doing(doing)? {
                    out.push(sent_from(self.ring, row).doing(doing)?);
                }
            }
            return Ok(());
        }
        let mut wanted = serials.iter().copied().peekable();
        let mut rows = statement.query(params![file_id, first, last]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let line_no: u32 = row.get(1).doing(doing)?;
            while wanted.next_if(|&serial| serial < line_no).is_some() {}
            if wanted.next_if_eq(&line_no).is_some() {
                out.push(sent_from(self.ring, row).doing(doing)?);
            }
        }
        Ok(())
    }

    /// All debits of the file that were not answered otherwise came: a charge of which one took a part only, because
    /// of the limit of one debit, is let go with that part paid, so that the rest may be requested (product.md E52).
    /// To be called before the file is answered. Returns how many charges that were.
    pub fn let_go_of_rest(&self, file_id: i64) -> Result<i64, Trouble> {
        let doing = "let go of what the limit left open";
        let booked =
            self.sql.prepare_cached(BOOK_SHORT).and_then(|mut s| s.execute([file_id])).doing(doing)?;
        let freed =
            self.sql.prepare_cached(FREE_SHORT).and_then(|mut s| s.execute([file_id])).doing(doing)?;
        if booked == freed {
            Ok(column::count(freed))
        } else {
            Err(unfit(doing, format!("{booked} shares of {freed} charges")))
        }
    }

    /// The charges of one collection, oldest month first.
    pub fn collection_charges(&self, collection_id: i64) -> Result<Vec<AllocatedCharge>, Trouble> {
        let doing = "read the charges of a collection";
        let text = "SELECT h.charge_id, h.month, a.won, h.amount_won, h.paid_won, h.state
                    FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
                    WHERE a.collection_id = ?1 ORDER BY h.month, h.charge_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([collection_id], |row| {
            Ok(AllocatedCharge {
                charge_id: row.get(0)?,
                month: column::month(row, 1)?,
                won: column::won(row, 2)?,
                amount: column::won(row, 3)?,
                paid: column::won(row, 4)?,
                state: column::word(row, 5, charge::State::from_word)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// What the listed lines of a result say. A failed line lets go of its charges and counts as an attempt; a partial
    /// one leaves each charge its share and lets go; one listed as succeeded keeps them. A line that went its own way
    /// before is a trouble: nothing counts twice.
    pub fn outcomes(&self, result_file: i64, outcomes: &[Outcome]) -> Result<(), Trouble> {
        let doing = "record the results of collections";
        let mut line = self
            .sql
            .prepare_cached(
                "UPDATE collection SET state = ?2, code = ?3, collected_won = ?4, result_file = ?5, result_line = ?6
                 WHERE collection_id = ?1 AND state IS NULL",
            )
            .doing(doing)?;
        let mut failed = self.sql.prepare_cached(FAILED).doing(doing)?;
        let mut shared = self.sql.prepare_cached(SHARED).doing(doing)?;
        let held = "SELECT 1 FROM charge WHERE collection_id = ?1";
        let mut held = self.sql.prepare_cached(held).doing(doing)?;
        let mut allocated = self
            .sql
            .prepare_cached(
                "UPDATE allocation SET collected_won = ?3 WHERE collection_id = ?1 AND charge_id = ?2",
            )
            .doing(doing)?;
        for outcome in outcomes {
            let id = outcome.collection_id;
            let (state, collected) = (outcome.state.word(), outcome.collected.get());
            let with = params![id, state, outcome.code, collected, result_file, outcome.result_line];
            if line.execute(with).doing(doing)? != 1 {
                return Err(unfit(doing, format!("collection {id} went its own way before")));
            }
            match outcome.state {
                collection::State::Failed => {
                    failed.execute(params![id, outcome.code]).doing(doing)?;
                }
                collection::State::Partial => {
                    share_out(outcome, &mut shared, &mut allocated)?;
                    if held.exists([id]).doing(doing)? {
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

/// Writes the shares of a part that came, and checks that they are all of it.
fn share_out(
    outcome: &Outcome,
    shared: &mut CachedStatement<'_>,
    allocated: &mut CachedStatement<'_>,
) -> Result<(), Trouble> {
    let doing = "share out what a collection brought";
    let id = outcome.collection_id;
    if Won::sum(outcome.shares.iter().map(|s| s.won)) != Some(outcome.collected) {
        return Err(unfit(doing, format!("the shares of collection {id} are not what came")));
    }
    for share in &outcome.shares {
        let (charge, won, paid) = (share.charge_id, share.won.get(), share.paid.get());
        let booked = allocated.execute([id, charge, won]).doing(doing)?;
        let with = params![id, charge, paid, share.state.word(), outcome.code, won];
        if booked != 1 || shared.execute(with).doing(doing)? != 1 {
            return Err(unfit(
                doing,
                format!("charge {charge} is not held by collection {id} as the share says"),
            ));
        }
    }
    Ok(())
}
