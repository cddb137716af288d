//! Collections as lines of a file of ours, and what the bank answered to them.

use super::column::{self, Doing, page, unfit};
use super::open::Tx;
use super::personal;
use crate::domain::{
    AccountNo, BankCode, BankPayerNo, CollectionKind, CreditorId, Date, IdNo, ItemCode, Mode, Month, Won,
};
use crate::fault::Trouble;
use crate::machine::{charge, mandate};
use crate::seal::KeyRing;
use rusqlite::{Row, params};

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
    /// What is still open on the charges that it holds; 0 where they were paid or ended meanwhile. Nothing where its amount,
    /// or that of a charge, is not what was written (`ledger/money_seal.rs`).
    pub open: Option<Won>,
    /// 출금형태 as it was requested; `None` is the channel's.
    pub mode: Option<Mode>,
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
    /// 출금형태 as it was requested; `None` is the channel's.
    pub mode: Option<Mode>,
    /// Whether it follows its file: no result was written on it.
    pub follows: bool,
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

/// Lines of a file that still follow it, with all that a record needs. A mandate that waits for its registration is
/// asked for what that says (view `mandate_now`); all others say it themselves.
pub(super) const PLANNED: &str =
    "SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, m.item, m.bank_payer_no, m.bank, m.account, m.id_no,
       k.amount_won, m.limit_won,
       CASE m.state WHEN 'queued' THEN (SELECT n.state_now FROM mandate_now n WHERE n.mandate_id = k.mandate_id)
         ELSE m.state END,
       m.active_on, k.kind,
       (SELECT CASE WHEN sum(a.won) = k.amount_won AND min(a.mac = money_seal('allocation', a.collection_id, a.charge_id, a.won)
            AND h.mac = money_seal('charge', h.mandate_id, h.month, h.amount_won))
          THEN sum(CASE h.collection_id WHEN k.collection_id THEN h.amount_won - h.paid_won ELSE 0 END) END
        FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id WHERE a.collection_id = k.collection_id), k.mode
     FROM collection k CROSS JOIN mandate m ON m.mandate_id = k.mandate_id
     WHERE k.file_id = ?1 AND k.line_no > ?2 AND k.state IS NULL ORDER BY k.line_no LIMIT ?3";

/// A run of lines of a file that we sent, in line order.
pub(super) const SENT: &str =
    "SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, m.bank_payer_no, m.bank, m.account, k.amount_won, k.mode,
       k.state IS NULL
     FROM collection k CROSS JOIN mandate m ON m.mandate_id = k.mandate_id
     WHERE k.file_id = ?1 AND k.line_no BETWEEN ?2 AND ?3 ORDER BY k.line_no";

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
        open: row.get::<_, Option<i64>>(14)?.map(Won::new),
        mode: column::opt_word(row, 15, Mode::from_word)?,
    })
}

fn sent_from(ring: &KeyRing, row: &Row<'_>, account: &str) -> rusqlite::Result<SentCollection> {
    let mandate_id = row.get(2)?;
    Ok(SentCollection {
        collection_id: row.get(0)?,
        line_no: row.get(1)?,
        mandate_id,
        creditor: column::through(row, 3, CreditorId::from_number)?,
        bank_payer_no: column::parsed(row, 4, "bank payer number")?,
        bank: column::through(row, 5, BankCode::from_number)?,
        account: personal::account_said(ring, row, 6, mandate_id, account)?,
        amount: column::won(row, 7)?,
        mode: column::opt_word(row, 8, Mode::from_word)?,
        follows: row.get(9)?,
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
    /// read in one go, else line by line. With each serial stands the account that somebody says it has (empty where
    /// nobody does): the row's own is told in any case, but one that is the same need not be opened.
    pub fn sent_collections(
        &self,
        file_id: i64,
        asked: &[(u32, &str)],
        out: &mut Vec<SentCollection>,
    ) -> Result<(), Trouble> {
        let doing = "read lines that we sent";
        let (Some(&(first, _)), Some(&(last, _))) = (asked.first(), asked.last()) else { return Ok(()) };
        if !asked.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(unfit(doing, "the serials are not in ascending order"));
        }
        let mut statement = self.sql.prepare_cached(SENT).doing(doing)?;
        let run = i64::from(last) - i64::from(first) + 1;
        let many = i64::try_from(asked.len()).unwrap_or(i64::MAX);
        if many.saturating_mul(3) < run {
            for &(serial, account) in asked {
                let mut rows = statement.query(params![file_id, serial, serial]).doing(doing)?;
                if let Some(row) = rows.next().doing(doing)? {
                    out.push(sent_from(self.ring, row, account).doing(doing)?);
                }
            }
            return Ok(());
        }
        let mut wanted = asked.iter().copied().peekable();
        let mut rows = statement.query(params![file_id, first, last]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let line_no: u32 = row.get(1).doing(doing)?;
            while wanted.next_if(|&(serial, _)| serial < line_no).is_some() {}
            if let Some((_, account)) = wanted.next_if(|&(serial, _)| serial == line_no) {
                out.push(sent_from(self.ring, row, account).doing(doing)?);
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
}
