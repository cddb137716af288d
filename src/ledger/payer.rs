//! Payers: what a creditor's list says of its customers.

use super::column::{self, Doing};
use super::open::Tx;
use super::personal;
use crate::domain::{CreditorId, Instant, Payer, PayerNo};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashMap;

/// A payer that is already known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerFacts {
    /// The key.
    pub payer_id: i64,
    /// What is stored.
    pub payer: Payer,
}

/// The columns that [`read`] takes, from `payer AS p`.
pub(super) const COLUMNS: &str =
    "p.payer_id, p.payer_no, p.name, p.phone, p.email, p.payer_group, p.attributes";

/// A payer of a creditor by its number.
pub(super) const BY_NUMBER: &str = "p.creditor = ?1 AND p.payer_no = ?2";

/// A payer from the columns of [`COLUMNS`].
pub(super) fn read(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<PayerFacts> {
    let payer_id = row.get(0)?;
    let payer = Payer {
        payer_no: column::parsed(row, 1, "payer number")?,
        name: row.get(2)?,
        phone: personal::phone(ring, row, 3, payer_id)?,
        email: personal::email(ring, row, 4, payer_id)?,
        group: row.get(5)?,
        attributes: column::through(row, 6, |json: String| serde_json::from_str(&json).ok())?,
    };
    Ok(PayerFacts { payer_id, payer })
}

impl Tx<'_> {
    /// The payers of a creditor with these numbers, as far as they are known.
    pub fn payers(
        &self,
        creditor: CreditorId,
        numbers: &[PayerNo],
    ) -> Result<HashMap<PayerNo, PayerFacts>, Trouble> {
        let doing = "look payers up";
        let text = format!("SELECT {COLUMNS} FROM payer p WHERE {BY_NUMBER}");
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let mut found = HashMap::new();
        for number in numbers {
            let facts = statement
                .query_row(params![creditor.get(), number.as_str()], |row| read(self.ring, row))
                .optional();
            if let Some(facts) = facts.doing(doing)? {
                found.insert(number.clone(), facts);
            }
        }
        Ok(found)
    }

    /// Makes the payer or overwrites what is stored of it. Returns the key.
    pub fn save_payer(&self, creditor: CreditorId, payer: &Payer, at: Instant) -> Result<i64, Trouble> {
        let doing = "save a payer";
        let known = self
            .sql
            .prepare_cached("SELECT payer_id FROM payer WHERE creditor = ?1 AND payer_no = ?2")
            .and_then(|mut s| {
                s.query_row(params![creditor.get(), payer.payer_no.as_str()], |row| row.get(0)).optional()
            });
        // What is sealed is bound to its row: the key is known before. Rows are never deleted, so it is a new one.
        let payer_id = match known.doing(doing)? {
            Some(known) => known,
            None => self.next_key("SELECT coalesce(max(payer_id), 0) + 1 FROM payer")?,
        };
        let (phone, email) = personal::sealed_contact(self.ring, payer_id, &payer.phone, &payer.email);
        let attributes = serde_json::to_string(&payer.attributes).map_err(|e| Trouble::new(doing, e))?;
        self.sql
            .prepare_cached(
                "INSERT INTO payer (creditor, payer_no, name, phone, email, payer_group, attributes, made_at,
                   changed_at, payer_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)
                 ON CONFLICT (creditor, payer_no) DO UPDATE SET name = excluded.name, phone = excluded.phone,
                   email = excluded.email, payer_group = excluded.payer_group, attributes = excluded.attributes,
                   changed_at = excluded.changed_at
                 RETURNING payer_id",
            )
            .and_then(|mut s| {
                s.query_row(
                    params![
                        creditor.get(),
                        payer.payer_no.as_str(),
                        payer.name,
                        phone,
                        email,
                        payer.group,
                        attributes,
                        at.unix_ms(),
                        payer_id
                    ],
                    |row| row.get(0),
                )
            })
            .doing(doing)
    }
}
