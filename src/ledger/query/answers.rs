//! Lists for the creditors' answers: what became of lines, mandates and charges.

use super::{ChargeFound, RegistrationFound};
use crate::domain::{ApplicationKind, BankCode, CreditorId};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing, page};
use crate::ledger::open::Reader;
use crate::ledger::personal;
use crate::machine::{charge, collection};
use crate::seal::KeyRing;
use rusqlite::{Row, params};

/// Creditors with lines in a collection file.
const CREDITORS_COLLECTING: &str =
    "SELECT DISTINCT creditor FROM collection WHERE file_id = ?1 ORDER BY creditor";

/// Creditors with lines in a registration file.
const CREDITORS_REGISTERING: &str = "SELECT DISTINCT m.creditor FROM registration r
    CROSS JOIN mandate m ON m.mandate_id = r.mandate_id WHERE r.file_id = ?1 ORDER BY m.creditor";

/// Lines of a registration file with what became of them.
const REGISTRATIONS: &str =
    "SELECT r.registration_id, r.line_no, r.mandate_id, m.creditor, p.payer_no, p.name, m.item,
      r.kind, r.state_now, r.code, coalesce(CASE r.kind WHEN 'cancel' THEN c.old_bank ELSE c.new_bank END, m.bank),
      coalesce(CASE r.kind WHEN 'cancel' THEN c.old_account ELSE c.new_account END, m.account), r.request_file,
      r.request_line, r.change_id
    FROM registration_now r CROSS JOIN mandate m ON m.mandate_id = r.mandate_id
    CROSS JOIN payer p ON p.payer_id = m.payer_id LEFT JOIN account_change c ON c.change_id = r.change_id
    WHERE r.file_id = ?1 AND r.line_no > ?2 AND (?3 IS NULL OR m.creditor = ?3) ORDER BY r.line_no LIMIT ?4";

/// The charges of a mandate.
const CHARGES: &str =
    "SELECT charge_id, month, amount_won, paid_now, state_now, debit_date, collection_id, attempt_state,
      fails, last_code,
      coalesce((SELECT sum(CASE WHEN c.cancels IS NULL THEN c.won ELSE -c.won END) FROM cash c
        WHERE c.charge_id = charge_now.charge_id), 0),
      coalesce((SELECT o.state FROM payout o WHERE o.charge_id = charge_now.charge_id
        ORDER BY o.payout_id DESC LIMIT 1), '')
    FROM charge_now WHERE mandate_id = ?1 ORDER BY month";

fn registration_from(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<RegistrationFound> {
    let kind = column::word(row, 7, ApplicationKind::from_word)?;
    let account = match row.get(14)? {
        Some(change) => personal::change_account(ring, row, 11, change, kind == ApplicationKind::Register)?,
        None => personal::account(ring, row, 11, row.get(2)?)?,
    };
    Ok(RegistrationFound {
        registration_id: row.get(0)?,
        line_no: row.get(1)?,
        mandate_id: row.get(2)?,
        creditor: column::through(row, 3, CreditorId::from_number)?,
        payer_no: column::parsed(row, 4, "payer number")?,
        payer_name: row.get(5)?,
        item: column::parsed(row, 6, "item")?,
        kind,
        state: row.get(8)?,
        code: row.get(9)?,
        bank: column::through(row, 10, BankCode::from_number)?,
        account_masked: account.masked(),
        request_file: row.get(12)?,
        request_line: row.get(13)?,
    })
}

impl Reader {
    /// The creditors with lines in a file of ours.
    pub fn creditors_of(&self, file_id: i64) -> Result<Vec<CreditorId>, Trouble> {
        let doing = "read the creditors of a file";
        let mut found = Vec::new();
        for text in [CREDITORS_COLLECTING, CREDITORS_REGISTERING] {
            let mut statement = self.sql.prepare_cached(text).doing(doing)?;
            let rows = statement.query_map([file_id], |row| column::through(row, 0, CreditorId::from_number));
            for row in rows.doing(doing)? {
                found.push(row.doing(doing)?);
            }
        }
        Ok(found)
    }

    /// Lines of a registration file after one of them, in line order; of one creditor only where one is given.
    pub fn registrations(
        &self,
        file_id: i64,
        creditor: Option<CreditorId>,
        after_line: i64,
        limit: usize,
    ) -> Result<Vec<RegistrationFound>, Trouble> {
        let doing = "read what became of registrations";
        let mut statement = self.sql.prepare_cached(REGISTRATIONS).doing(doing)?;
        let with = params![file_id, after_line, creditor.map(CreditorId::get), page(limit)];
        let rows = statement.query_map(with, |row| registration_from(&self.ring, row)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The charges of a mandate, oldest month first.
    pub fn charges_of(&self, mandate_id: i64) -> Result<Vec<ChargeFound>, Trouble> {
        let doing = "read the charges of a mandate";
        let mut statement = self.sql.prepare_cached(CHARGES).doing(doing)?;
        let rows = statement.query_map([mandate_id], |row| {
            Ok(ChargeFound {
                charge_id: row.get(0)?,
                month: column::month(row, 1)?,
                amount: column::won(row, 2)?,
                paid: column::won(row, 3)?,
                state: column::word(row, 4, charge::State::from_word)?,
                debit_date: column::date(row, 5)?,
                collection_id: row.get(6)?,
                attempt: column::opt_word(row, 7, collection::State::from_word)?,
                fails: row.get(8)?,
                last_code: row.get(9)?,
                cash: column::won(row, 10)?,
                refund: row.get(11)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
