//! Account and identity numbers, phones and e-mail addresses at rest: the one place that seals and opens
//! `mandate.account`, `mandate.id_no`, `payer.phone`, `payer.email`, `payout.account`, `message.phone` and the accounts of `account_change` (src/seal).
//!
//! Must not: be passed by. Whatever protects these columns is put in here and nowhere else.

use crate::domain::{AccountNo, IdNo, MandateTerms};
use crate::seal::{Broken, KeyRing, Place};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use std::str::FromStr;

/// A sealed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    /// The key of the table.
    pub(super) key: &'static str,
}

/// Every sealed column of the ledger.
pub(super) const COLUMNS: [Column; 10] =
    [ACCOUNT, ID_NO, PHONE, EMAIL, PAYOUT, MESSAGE, OLD_ACCOUNT, OLD_ID_NO, NEW_ACCOUNT, NEW_ID_NO];

const ACCOUNT: Column = Column { table: "mandate", name: "account", key: "mandate_id" };
const ID_NO: Column = Column { table: "mandate", name: "id_no", key: "mandate_id" };
pub(super) const PHONE: Column = Column { table: "payer", name: "phone", key: "payer_id" };
pub(super) const EMAIL: Column = Column { table: "payer", name: "email", key: "payer_id" };
pub(super) const PAYOUT: Column = Column { table: "payout", name: "account", key: "payout_id" };
pub(super) const MESSAGE: Column = Column { table: "message", name: "phone", key: "message_id" };
const OLD_ACCOUNT: Column = Column { table: "account_change", name: "old_account", key: "change_id" };
const OLD_ID_NO: Column = Column { table: "account_change", name: "old_id_no", key: "change_id" };
const NEW_ACCOUNT: Column = Column { table: "account_change", name: "new_account", key: "change_id" };
const NEW_ID_NO: Column = Column { table: "account_change", name: "new_id_no", key: "change_id" };

/// The sealed columns of a change of account.
pub(super) const OF_CHANGE: [Column; 4] = [OLD_ACCOUNT, OLD_ID_NO, NEW_ACCOUNT, NEW_ID_NO];

/// What stands in the place of an erased value: it still reads as one.
pub(super) fn blank(ring: &KeyRing, column: Column, row: i64) -> Vec<u8> {
    let text = match column {
        OLD_ACCOUNT | NEW_ACCOUNT | PAYOUT => "0",
        OLD_ID_NO | NEW_ID_NO => "000000",
        _ => "",
    };
    ring.seal(column.of_row(row), text.as_bytes())
}

impl Column {
    /// Where the value of a row stands.
    pub(super) fn of_row(self, row: i64) -> Place {
        Place { table: self.table, column: self.name, row }
    }
}

/// Account and identity number as they are stored with a mandate.
pub(super) fn sealed_terms(ring: &KeyRing, mandate_id: i64, terms: &MandateTerms) -> (Vec<u8>, Vec<u8>) {
    (
        ring.seal(ACCOUNT.of_row(mandate_id), terms.account.reveal().as_bytes()),
        ring.seal(ID_NO.of_row(mandate_id), terms.id_no.reveal().as_bytes()),
    )
}

/// Phone and e-mail address as they are stored with a payer.
pub(super) fn sealed_contact(ring: &KeyRing, payer_id: i64, phone: &str, email: &str) -> (Vec<u8>, Vec<u8>) {
    (ring.seal(PHONE.of_row(payer_id), phone.as_bytes()), ring.seal(EMAIL.of_row(payer_id), email.as_bytes()))
}

/// The account of a payout as it is stored.
pub(super) fn sealed_payout(ring: &KeyRing, payout_id: i64, account: &AccountNo) -> Vec<u8> {
    ring.seal(PAYOUT.of_row(payout_id), account.reveal().as_bytes())
}

/// The account of a payout, in column `at`.
pub(super) fn payout_account(ring: &KeyRing, row: &Row<'_>, at: usize, payout_id: i64) -> Result<AccountNo> {
    opened(ring, row, at, PAYOUT, payout_id)
}

/// The phone of a message as it is stored.
pub(super) fn sealed_message(ring: &KeyRing, message_id: i64, phone: &str) -> Vec<u8> {
    ring.seal(MESSAGE.of_row(message_id), phone.as_bytes())
}

/// The phone of a message, in column `at`.
pub(super) fn message_phone(ring: &KeyRing, row: &Row<'_>, at: usize, message_id: i64) -> Result<String> {
    opened(ring, row, at, MESSAGE, message_id)
}

/// Account and identity number as they are stored with a change: of the old account, or of the new one.
pub(super) fn sealed_change(
    ring: &KeyRing,
    change_id: i64,
    new: bool,
    terms: &MandateTerms,
) -> (Vec<u8>, Vec<u8>) {
    let (account, id_no) = if new { (NEW_ACCOUNT, NEW_ID_NO) } else { (OLD_ACCOUNT, OLD_ID_NO) };
    (
        ring.seal(account.of_row(change_id), terms.account.reveal().as_bytes()),
        ring.seal(id_no.of_row(change_id), terms.id_no.reveal().as_bytes()),
    )
}

/// The account of a change, in column `at`: the new one or the old one.
pub(super) fn change_account(
    ring: &KeyRing,
    row: &Row<'_>,
    at: usize,
    change_id: i64,
    new: bool,
) -> Result<AccountNo> {
    opened(ring, row, at, if new { NEW_ACCOUNT } else { OLD_ACCOUNT }, change_id)
}

/// The identity number of a change, in column `at`: with the new account or with the old one.
pub(super) fn change_id_no(
    ring: &KeyRing,
    row: &Row<'_>,
    at: usize,
    change_id: i64,
    new: bool,
) -> Result<IdNo> {
    opened(ring, row, at, if new { NEW_ID_NO } else { OLD_ID_NO }, change_id)
}

fn failed(at: usize, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::FromSqlConversionFailure(at, Type::Blob, why.into())
}

fn opened<T: FromStr>(ring: &KeyRing, row: &Row<'_>, at: usize, column: Column, key: i64) -> Result<T> {
    let sealed = row.get_ref(at)?.as_blob()?;
    let place = column.of_row(key);
    let plain = ring.open(place, sealed).map_err(|broken: Broken| failed(at, broken))?;
    // The value itself is not repeated in the error: it is personal.
    let text = std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok());
    text.ok_or_else(|| failed(at, format!("{place} opens, but holds no {}", column.name)))
}

/// The account of a mandate, in column `at`.
pub(super) fn account(ring: &KeyRing, row: &Row<'_>, at: usize, mandate_id: i64) -> Result<AccountNo> {
    opened(ring, row, at, ACCOUNT, mandate_id)
}

/// The account of a mandate, in column `at`, where somebody says what it is: believed without opening where the sealed
/// value is that of the same digits.
pub(super) fn account_said(
    ring: &KeyRing,
    row: &Row<'_>,
    at: usize,
    mandate_id: i64,
    said: &str,
) -> Result<AccountNo> {
    let sealed = row.get_ref(at)?.as_blob()?;
    if ring.is_of(ACCOUNT.of_row(mandate_id), sealed, said.as_bytes())
        && let Ok(account) = said.parse()
    {
        return Ok(account);
    }
    account(ring, row, at, mandate_id)
}

/// The identity number of a mandate, in column `at`.
pub(super) fn id_no(ring: &KeyRing, row: &Row<'_>, at: usize, mandate_id: i64) -> Result<IdNo> {
    opened(ring, row, at, ID_NO, mandate_id)
}

/// The phone of a payer, in column `at`; empty where unknown.
pub(super) fn phone(ring: &KeyRing, row: &Row<'_>, at: usize, payer_id: i64) -> Result<String> {
    opened(ring, row, at, PHONE, payer_id)
}

/// The e-mail address of a payer, in column `at`; empty where unknown.
pub(super) fn email(ring: &KeyRing, row: &Row<'_>, at: usize, payer_id: i64) -> Result<String> {
    opened(ring, row, at, EMAIL, payer_id)
}
