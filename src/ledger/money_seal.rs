//! The seal of a row of money: a keyed hash over its amounts and what they belong to, in a column of the row. An amount that
//! was changed in the file or with another program no longer fits, and who can write the ledger cannot make a seal that does.
//!
//! One for each row and not one for each set, as the lines of a built file have (`lines_mac`): these rows are made and changed
//! one by one, and the finding names the row. SQLite calls the hash as a function of the connection, so that a statement for a
//! million rows stays one statement. Schema and views cannot call it, and no other program has it.
//!
//! What is paid of a charge is not sealed: the audit adds it up from rows that are (I3), as it does the lines of a file
//! from their allocations.
//!
//! Must not: mend anything, or seal again what does not fit.

use super::column::Doing;
use super::open::Tx;
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use std::sync::Arc;

/// The rule of a finding.
pub(super) const RULE: &str = "money-seal";

/// What is sealed in each table: its name, the key by which people call a row, its amounts, and the seal that its columns give.
/// What writes a row says the same with its own values; a statement that says otherwise makes a row that [`RULES`] finds.
pub(super) const TABLES: [(&str, &str, &str, &str); 8] = [
    (
        "mandate",
        "mandate_id",
        "monthly_won || ', at most ' || limit_won",
        "money_seal('mandate', bank_payer_no, channel, limit_won, monthly_won)",
    ),
    ("charge", "charge_id", "amount_won", "money_seal('charge', mandate_id, month, amount_won)"),
    (
        "allocation",
        "collection_id || ' to charge ' || charge_id",
        "won",
        "money_seal('allocation', collection_id, charge_id, won)",
    ),
    ("cash", "cash_id", "won", "money_seal('cash', charge_id, creditor, won, paid_on, cancels, at)"),
    ("charge_move", "move_id", "won", "money_seal('charge_move', charge_id, won, what, other_charge, at)"),
    (
        "settlement_line",
        "settlement_line_id",
        "won",
        "money_seal('settlement_line', creditor, event, file_id, date, posting_id, requests, successes, won)",
    ),
    (
        "settlement",
        "settlement_id",
        "net_won",
        "money_seal('settlement', creditor, date, collected_won, reversed_won, carried_in_won, fee_won, vat_won, net_won)",
    ),
    (
        "payout",
        "payout_id",
        "won",
        "money_seal('payout', payout_id, creditor, channel, settlement_id, charge_id, won, bank, pay_on)",
    ),
];

/// Gives a connection the hash.
pub(super) fn install(connection: &Connection, ring: &Arc<KeyRing>) -> Result<()> {
    let ring = Arc::clone(ring);
    // Equal arguments, equal hash; and never called from what the file itself says.
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("money_seal", -1, flags, move |called| {
        // Most rows have a table's name and three numbers: no memory is asked for.
        let mut text = Told { bytes: [0; 128], len: 0, more: Vec::new() };
        for at in 0..called.len() {
            match called.get_raw(at) {
                ValueRef::Null => text.put(b"n"),
                ValueRef::Integer(n) => {
                    text.put(b"i");
                    text.put(&n.to_le_bytes());
                }
                ValueRef::Real(n) => {
                    text.put(b"r");
                    text.put(&n.to_bits().to_le_bytes());
                }
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    text.put(b"t");
                    text.put(&(bytes.len() as u64).to_le_bytes());
                    text.put(bytes);
                }
            }
        }
        Ok(ring.money_seal(text.all()))
    })
}

/// What the hash is of: on the stack where it is short.
struct Told {
    bytes: [u8; 128],
    len: usize,
    more: Vec<u8>,
}

impl Told {
    fn put(&mut self, part: &[u8]) {
        let end = self.len.saturating_add(part.len());
        if self.more.is_empty()
            && let Some(room) = self.bytes.get_mut(self.len..end)
        {
            room.copy_from_slice(part);
            self.len = end;
            return;
        }
        if self.more.is_empty() {
            self.more.extend(self.bytes.iter().take(self.len));
        }
        self.more.extend_from_slice(part);
    }

    fn all(&self) -> &[u8] {
        if self.more.is_empty() { self.bytes.get(..self.len).unwrap_or_default() } else { &self.more }
    }
}

/// The rows of a table whose seal does not fit, one text each. `such` is what else must hold of them.
pub(super) fn altered((table, key, amounts, seal): (&str, &str, &str, &str), such: &str) -> String {
    format!(
        "SELECT '{table} ' || {key} || ': ' || {amounts} || ' won, which is not what sunap wrote' FROM {table}
         WHERE mac IS NOT {seal}{such}"
    )
}

impl Tx<'_> {
    /// Payments that wait for a file and settlement lines that wait for a settlement whose amounts are not what was written:
    /// to be asked before either is taken. One text each.
    pub fn altered_before_paying(&self) -> std::result::Result<Vec<String>, Trouble> {
        let doing = "hold money that waits to be paid against its seals";
        let mut found = Vec::new();
        for row in TABLES {
            let such = match row.0 {
                "payout" => " AND state = 'requested'",
                "settlement_line" => " AND settlement_id IS NULL",
                _ => continue,
            };
            let mut statement = self.sql.prepare_cached(&altered(row, such)).doing(doing)?;
            let rows = statement.query_map([], |row| row.get(0)).doing(doing)?;
            found.extend(rows.collect::<Result<Vec<String>>>().doing(doing)?);
        }
        Ok(found)
    }
}
