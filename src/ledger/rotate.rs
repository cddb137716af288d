//! A change of keys: what an older key sealed is opened and sealed again with the current one, batch by batch.
//!
//! A value names the key that sealed it, so there is no progress to keep: a batch that was killed is found again.
//!
//! Must not: make keys, or decide when.

use super::column::Doing;
use super::open::{Ledger, Reader, Tx};
use super::personal::{COLUMNS, Column};
use crate::fault::Trouble;
use crate::seal::{KeyRing, key_of};
use rusqlite::params;
use std::sync::Arc;

/// How far a look through the sealed values came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resealed {
    /// The column that comes next, by its place in the list of sealed columns.
    column: usize,
    /// The last row of it that was looked at.
    after: i64,
    /// How many values were sealed again.
    pub values: u64,
}

impl Ledger {
    /// The keys that it works with from now on. Connections for reading that are open keep the old ones.
    pub fn change_keys(&mut self, ring: &Arc<KeyRing>) {
        self.ring = Arc::clone(ring);
    }
}

impl Reader {
    /// The keys that it opens with.
    pub fn keys(&self) -> &KeyRing {
        &self.ring
    }
}

impl Tx<'_> {
    /// Looks at up to `rows` values after what was looked at, and seals again with the current key what another one
    /// sealed. Nothing when all was looked at. A value that does not open stays as it is: `sealed_values` tells it.
    pub fn reseal(&self, done: Resealed, rows: usize) -> Result<Option<Resealed>, Trouble> {
        let Some(column) = COLUMNS.get(done.column).copied() else { return Ok(None) };
        let batch = self.sealed_after(column, done.after, rows)?;
        let Some(after) = batch.last().map(|(row, _)| *row) else {
            return Ok(Some(Resealed { column: done.column.saturating_add(1), after: 0, ..done }));
        };
        let Column { table, name, key } = column;
        let doing = "seal again what an older key sealed";
        let text = format!("UPDATE {table} SET {name} = ?2 WHERE {key} = ?1");
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let mut values = done.values;
        for (row, sealed) in batch.iter().filter(|(_, sealed)| key_of(sealed) != Some(self.ring.current())) {
            if let Ok(plain) = self.ring.open(column.of_row(*row), sealed) {
                statement.execute(params![row, self.ring.seal(column.of_row(*row), &plain)]).doing(doing)?;
                values = values.saturating_add(1);
            }
        }
        Ok(Some(Resealed { after, values, ..done }))
    }

    fn sealed_after(&self, column: Column, after: i64, rows: usize) -> Result<Vec<(i64, Vec<u8>)>, Trouble> {
        let Column { table, name, key } = column;
        let doing = "read what is sealed";
        let text = format!("SELECT {key}, {name} FROM {table} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2");
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let with = params![after, super::column::page(rows)];
        let rows = statement.query_map(with, |row| Ok((row.get(0)?, row.get(1)?))).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
