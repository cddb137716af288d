//! Every sealed value of the ledger, opened: does it, and which keys are still named?
//!
//! Must not: give a value out.

use crate::fault::Trouble;
use crate::ledger::column::Doing;
use crate::ledger::open::Reader;
use crate::ledger::personal::COLUMNS;
use crate::seal::{KeyId, key_of};
use std::collections::BTreeMap;

/// How many broken values are told.
const TOLD: usize = 100;

/// What a look through the sealed values found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealedValues {
    /// How many values each key sealed.
    pub by_key: BTreeMap<KeyId, u64>,
    /// The values that do not open, by table, column and row, with the reason; the first hundred.
    pub broken: Vec<String>,
}

impl Reader {
    /// Opens every sealed value once.
    pub fn sealed_values(&self) -> Result<SealedValues, Trouble> {
        let doing = "open what is sealed in the ledger";
        let mut found = SealedValues::default();
        for column in COLUMNS {
            let text = format!(
                "SELECT {0}, {1} FROM {2} WHERE {1} IS NOT NULL ORDER BY 1",
                column.key, column.name, column.table
            );
            let mut statement = self.sql.prepare(&text).doing(doing)?;
            let mut rows = statement.query([]).doing(doing)?;
            while let Some(row) = rows.next().doing(doing)? {
                let sealed = row.get_ref(1).doing(doing)?.as_bytes().unwrap_or_default();
                if let Some(id) = key_of(sealed) {
                    let count = found.by_key.entry(id).or_default();
                    *count = count.saturating_add(1);
                }
                if let Err(broken) = self.ring.open(column.of_row(row.get(0).doing(doing)?), sealed)
                    && found.broken.len() < TOLD
                {
                    found.broken.push(broken.to_string());
                }
            }
        }
        Ok(found)
    }
}
