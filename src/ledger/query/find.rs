//! Finding one record by what a person knows of it.

use super::{CollectionFound, LineRow, MandateFound, PayerFound};
use crate::domain::{BankCode, CollectionKind, ContractDay, CreditorId, PayerNo};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing, page};
use crate::ledger::file::{self, FileRow};
use crate::ledger::open::Reader;
use crate::ledger::{payer, personal};
use crate::machine::{collection, mandate};
use crate::seal::KeyRing;
use rusqlite::{OptionalExtension, Params, Row, params};

/// What [`line_from`] takes, and the tables; `debit_date` is the file's.
const LINE: &str =
    "SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, p.payer_no, p.name, m.item, k.kind,
      (SELECT min(h.month) FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
       WHERE a.collection_id = k.collection_id),
      k.amount_won, k.collected_now, k.state_now, k.code_now, k.reason, k.debit_date, k.request_line, k.file_id
    FROM collection_now k CROSS JOIN mandate m ON m.mandate_id = k.mandate_id
    CROSS JOIN payer p ON p.payer_id = m.payer_id";

/// The lines of a file after one of them.
pub(in crate::ledger) fn lines_of_file() -> String {
    format!(
        "{LINE} WHERE k.file_id = ?1 AND k.line_no > ?2 AND (?3 IS NULL OR k.creditor = ?3) ORDER BY k.line_no LIMIT ?4"
    )
}

/// The lines that a creditor's file asked for.
pub(in crate::ledger) fn lines_asked_for() -> String {
    format!("{LINE} WHERE k.request_file = ?1 ORDER BY k.request_line, k.collection_id")
}

/// The lines that left a file before it was built.
pub(in crate::ledger) fn lines_left_out() -> String {
    format!("{LINE} WHERE k.file_id = ?1 AND k.line_no IS NULL ORDER BY k.collection_id")
}

/// One line.
pub(in crate::ledger) fn one_line() -> String {
    format!("{LINE} WHERE k.collection_id = ?1")
}

/// The mandates with a key or a number on the wire.
pub(in crate::ledger) fn mandates_by_text() -> String {
    let columns =
        "m.mandate_id, m.creditor, p.payer_no, p.name, m.channel, m.bank_payer_no, m.item, m.state_now,
        m.reason, m.active_on, m.limit_won, m.monthly_won, m.due_day, m.bank, m.account";
    format!(
        "SELECT {columns} FROM mandate_now m CROSS JOIN payer p ON p.payer_id = m.payer_id
         WHERE m.mandate_id IN (SELECT mandate_id FROM mandate WHERE bank_payer_no = ?1 UNION SELECT ?2)
         ORDER BY m.mandate_id"
    )
}

/// The payers with a number, of one creditor or of all.
pub(in crate::ledger) fn payers_by_number() -> String {
    format!(
        "SELECT {}, p.creditor FROM payer p WHERE p.payer_no = ?1 AND (?2 IS NULL OR p.creditor = ?2)
         ORDER BY p.creditor",
        payer::COLUMNS
    )
}

fn line_from(row: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        collection_id: row.get(0)?,
        line_no: row.get(1)?,
        mandate_id: row.get(2)?,
        creditor: column::through(row, 3, CreditorId::from_number)?,
        payer_no: column::parsed(row, 4, "payer number")?,
        payer_name: row.get(5)?,
        item: column::parsed(row, 6, "item")?,
        kind: column::word(row, 7, CollectionKind::from_word)?,
        month: row.get::<_, Option<i64>>(8)?.map(crate::domain::Month::from_index),
        amount: column::won(row, 9)?,
        collected: column::won(row, 10)?,
        state: column::word(row, 11, collection::State::from_word)?,
        code: row.get(12)?,
        reason: row.get(13)?,
        date: column::opt_date(row, 14)?,
        request_line: row.get(15)?,
    })
}

fn mandate_from(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<MandateFound> {
    Ok(MandateFound {
        mandate_id: row.get(0)?,
        creditor: column::through(row, 1, CreditorId::from_number)?,
        payer_no: column::parsed(row, 2, "payer number")?,
        payer_name: row.get(3)?,
        channel: column::parsed(row, 4, "channel")?,
        bank_payer_no: column::parsed(row, 5, "bank payer number")?,
        item: column::parsed(row, 6, "item")?,
        state: column::word(row, 7, mandate::State::from_word)?,
        reason: column::opt_word(row, 8, mandate::EndReason::from_word)?,
        active_on: column::opt_date(row, 9)?,
        limit: column::won(row, 10)?,
        monthly: column::won(row, 11)?,
        due_day: column::through(row, 12, ContractDay::from_number)?,
        account: match row.get::<_, Option<i64>>(13)? {
            None => None,
            Some(_) => Some((
                column::through(row, 13, BankCode::from_number)?,
                personal::account(ring, row, 14, row.get(0)?)?.masked(),
            )),
        },
    })
}

impl Reader {
    fn line_rows(&self, text: &str, with: impl Params) -> Result<Vec<LineRow>, Trouble> {
        let doing = "read lines of collections";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        statement.query_map(with, line_from).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// Files with this name, this key, or a hash that starts so (six hex digits at least); newest first.
    pub fn find_file(&self, text: &str) -> Result<Vec<FileRow>, Trouble> {
        let hash = text.len() >= 6 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let prefix = hash.then(|| format!("{}%", text.to_ascii_uppercase()));
        let rest = "WHERE name = ?1 OR file_id = ?2 OR hex(sha256) LIKE ?3 ORDER BY file_id DESC LIMIT 100";
        file::select(&self.sql, rest, params![text, text.parse::<i64>().ok(), prefix])
    }

    /// The payers with this number, of one creditor or of all.
    pub fn find_payer(
        &self,
        creditor: Option<CreditorId>,
        payer_no: &PayerNo,
    ) -> Result<Vec<PayerFound>, Trouble> {
        let doing = "look for a payer";
        let mut statement = self.sql.prepare_cached(&payers_by_number()).doing(doing)?;
        let with = params![payer_no.as_str(), creditor.map(CreditorId::get)];
        let rows = statement.query_map(with, |row| {
            Ok((payer::read(&self.ring, row)?, column::through(row, 7, CreditorId::from_number)?))
        });
        let mut found = Vec::new();
        let text = "SELECT mandate_id FROM mandate WHERE payer_id = ?1 ORDER BY mandate_id";
        let mut mandates = self.sql.prepare_cached(text).doing(doing)?;
        for row in rows.doing(doing)? {
            let (facts, creditor) = row.doing(doing)?;
            let ids = mandates.query_map([facts.payer_id], |row| row.get(0)).doing(doing)?;
            let ids = ids.collect::<rusqlite::Result<_>>().doing(doing)?;
            found.push(PayerFound { payer_id: facts.payer_id, creditor, payer: facts.payer, mandates: ids });
        }
        Ok(found)
    }

    /// The mandates with this key or this number on the wire.
    pub fn find_mandate(&self, text: &str) -> Result<Vec<MandateFound>, Trouble> {
        let doing = "look for a mandate";
        let mut statement = self.sql.prepare_cached(&mandates_by_text()).doing(doing)?;
        let rows = statement
            .query_map(params![text, text.parse::<i64>().ok()], |row| mandate_from(&self.ring, row))
            .doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// One collection with its charges.
    pub fn find_collection(&self, collection_id: i64) -> Result<Option<CollectionFound>, Trouble> {
        let doing = "look for a collection";
        let mut statement = self.sql.prepare_cached(&one_line()).doing(doing)?;
        let found = statement
            .query_row([collection_id], |row| Ok((line_from(row)?, row.get::<_, i64>(16)?)))
            .optional()
            .doing(doing)?;
        let Some((line, file_id)) = found else { return Ok(None) };
        let text = "SELECT h.charge_id, h.month, a.won, CASE k.state_now
              WHEN 'succeeded' THEN coalesce(a.collected_won, a.won) WHEN 'partial' THEN a.collected_won ELSE 0 END
            FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
            CROSS JOIN collection_now k ON k.collection_id = a.collection_id
            WHERE a.collection_id = ?1 ORDER BY h.month, h.charge_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([collection_id], |row| {
            Ok((row.get(0)?, column::month(row, 1)?, column::won(row, 2)?, column::won(row, 3)?))
        });
        let allocations = rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?;
        Ok(Some(CollectionFound { line, file_id, allocations }))
    }

    /// Lines of a collection file after one of them, in line order; of one creditor only where one is given.
    pub fn lines(
        &self,
        file_id: i64,
        creditor: Option<CreditorId>,
        after_line: i64,
        limit: usize,
    ) -> Result<Vec<LineRow>, Trouble> {
        let with = params![file_id, after_line, creditor.map(CreditorId::get), page(limit)];
        self.line_rows(&lines_of_file(), with)
    }

    /// Lines that left the file before it was built, excluded or withdrawn, in the order of their request.
    pub fn left_out(&self, file_id: i64) -> Result<Vec<LineRow>, Trouble> {
        self.line_rows(&lines_left_out(), [file_id])
    }

    /// The lines that a creditor's file asked for, in that file's order.
    pub fn asked_for_by(&self, request_file: i64) -> Result<Vec<LineRow>, Trouble> {
        self.line_rows(&lines_asked_for(), [request_file])
    }
}
