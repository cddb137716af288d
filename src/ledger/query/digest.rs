//! One hash over what the business would call the result: for tests that stop the program anywhere and start it again.
//!
//! What is sealed is opened first, so that a change of keys changes nothing. Left out: instants, boots, causes, alerts, and the steps of files, which tell how the result was reached.
//!
//! Files of different folders may be claimed in either order: a disk that kept one bank's result for a turn lets the
//! other's go first. So a file counts by folder, direction, name and bytes in the place of its row number, wherever it is
//! named, and what is made while a file is applied (messages, applications, orders) by its own key. All other rows keep
//! their numbers.

use crate::fault::Trouble;
use crate::ledger::column::Doing;
use crate::ledger::open::Reader;
use crate::ledger::personal::{COLUMNS, Column};
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The columns that name a file by its row number.
const FILE_COLUMNS: &[&str] =
    &["file_id", "answers", "answered_by", "result_file", "request_file", "answer_file", "told_by"];

/// A column of this name only opens what is sealed beside it: the number came by the order of files.
const ONLY_OPENS: &str = "message_id";

/// What a file is known by.
const FILE_KEYS: &str = "SELECT file_id, owner, way, kind, name, date, sha256 FROM file";

/// What is hashed, in this order.
const PARTS: &[&str] = &[
    "SELECT file_id, way, owner, kind, name, date, state, sha256, bytes, lines, won, listed_lines, failed_won,
       partial_won, absent_lines, listed_code, listed_from, answers, answered_by FROM file
     ORDER BY owner, way, kind, name, date, sha256, state, lines",
    "SELECT payer_id, creditor, payer_no, name, phone, email, payer_group, attributes FROM payer ORDER BY payer_id",
    "SELECT * FROM serial ORDER BY channel",
    "SELECT mandate_id, payer_id, creditor, channel, bank_payer_no, item, state, reason, active_on, registration_id,
       limit_won, monthly_won, first_month, last_month, due_day, bank, account, id_no, holder, no_retry, service, request_file,
       request_line FROM mandate ORDER BY mandate_id",
    "SELECT registration_id, mandate_id, channel, kind, file_id, line_no, state, code, result_file, result_line,
       request_file, request_line, again_of, change_id FROM registration ORDER BY registration_id",
    "SELECT charge_id, mandate_id, creditor, month, amount_won, paid_won, state, debit_date, collection_id,
       attached_won, fails, last_code FROM charge ORDER BY charge_id",
    "SELECT collection_id, file_id, line_no, mandate_id, creditor, kind, amount_won, state, collected_won, code, reason,
       result_file, result_line, request_file, request_line, again_of FROM collection ORDER BY collection_id",
    "SELECT collection_id, charge_id, won, collected_won FROM allocation ORDER BY collection_id, charge_id",
    "SELECT subject, id, happening, from_state, to_state, file_id, line, code FROM event
     WHERE subject NOT IN ('file', 'due', 'key', 'order') ORDER BY subject, id, event_id",
    // Of an order the subject is its file.
    "SELECT e.id AS file_id, e.happening, e.from_state, e.to_state, e.line, e.code FROM event e
     LEFT JOIN file f ON f.file_id = e.id WHERE e.subject = 'order' ORDER BY f.owner, f.name, f.sha256, e.event_id",
    "SELECT settlement_id, creditor, date, requests, successes, collected_won, reversed_won, carried_in_won, fee_won,
       vat_won, net_won, sheet FROM settlement ORDER BY settlement_id",
    "SELECT payout_id, kind, creditor, won, bank, account, pay_on, state, code FROM payout ORDER BY payout_id",
    "SELECT a.channel, a.file_id, a.line_no, a.set_line, a.kind, a.bank_payer_no, a.mandate_id, a.state, a.code, a.answer_file
     FROM application a JOIN file f ON f.file_id = a.file_id ORDER BY f.owner, f.name, f.sha256, a.line_no",
    "SELECT message_id, phone, event, about, creditor, payer_id, text, file_id, told_by, state, code FROM message
     ORDER BY payer_id, event, about",
    "SELECT change_id, mandate_id, state, old_bank, old_account, old_id_no, new_bank, new_account, new_id_no, new_holder,
       request_file, request_line FROM account_change ORDER BY change_id",
    "SELECT creditor, kind, year, number, payer_no, content, won, again FROM paper ORDER BY creditor, kind, year, number",
    "SELECT owner, job, date, due_at, state FROM due ORDER BY owner, job, date",
];

impl Reader {
    /// The hash of every business row, in order.
    pub fn final_state_digest(&self) -> Result<[u8; 32], Trouble> {
        let doing = "hash the ledger";
        let tx = self.sql.unchecked_transaction().doing(doing)?;
        let files = file_keys(&tx).doing(doing)?;
        let mut hash = Sha256::new();
        for part in PARTS {
            let mut statement = tx.prepare(part).doing(doing)?;
            let names: Vec<String> = statement.column_names().map(String::from).collect();
            let sealed = sealed_columns(&names);
            let mut rows = statement.query([]).doing(doing)?;
            while let Some(row) = rows.next().doing(doing)? {
                for (at, name) in names.iter().enumerate() {
                    let value = row.get_ref(at).doing(doing)?;
                    if name == ONLY_OPENS {
                        continue;
                    }
                    if let (true, ValueRef::Integer(id)) = (FILE_COLUMNS.contains(&name.as_str()), value)
                        && let Some(key) = files.get(&id)
                    {
                        take(&mut hash, ValueRef::Blob(key));
                        continue;
                    }
                    if let (Some((_, column)), ValueRef::Blob(blob)) =
                        (sealed.iter().find(|(place, _)| *place == at), value)
                    {
                        // A value that does not open counts as it stands; `sealed_values` tells it.
                        if let Ok(plain) = self.ring.open(column.of_row(row.get(0).doing(doing)?), blob) {
                            take(&mut hash, ValueRef::Text(&plain));
                            continue;
                        }
                    }
                    take(&mut hash, value);
                }
            }
            hash.update([0xff]);
        }
        Ok(hash.finalize().into())
    }
}

/// The hash of what each file is known by.
fn file_keys(tx: &rusqlite::Connection) -> rusqlite::Result<HashMap<i64, [u8; 32]>> {
    let mut statement = tx.prepare(FILE_KEYS)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut keys = HashMap::new();
    while let Some(row) = rows.next()? {
        let mut hash = Sha256::new();
        for at in 1..columns {
            take(&mut hash, row.get_ref(at)?);
        }
        keys.insert(row.get(0)?, hash.finalize().into());
    }
    Ok(keys)
}

/// Which columns of a part are sealed; the row's key is its first column.
fn sealed_columns(names: &[String]) -> Vec<(usize, Column)> {
    let key = names.first().map(String::as_str).unwrap_or_default();
    let place = |name: &str| names.iter().position(|other| other == name);
    let of_table = COLUMNS.into_iter().filter(|column| column.key == key);
    of_table.filter_map(|column| Some((place(column.name)?, column))).collect()
}

/// Hashes one value with its kind and length, so that no two rows look alike.
fn take(hash: &mut Sha256, value: ValueRef<'_>) {
    let (kind, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(n) => (1, &n.to_be_bytes()),
        ValueRef::Real(x) => (2, &x.to_be_bytes()),
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(blob) => (4, blob),
    };
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
