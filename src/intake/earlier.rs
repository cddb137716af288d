//! Rows of one list that mean the same thing twice: the first counts, the others are refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// The keys met so far (payer and item, and the month for requests) and the rows where they stood.
#[derive(Debug, Clone)]
pub struct Earlier<K>(HashMap<K, u64>);

impl<K> Default for Earlier<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Earlier<K> {
    /// The earlier row of this key; the first time it is noted and `None`. Ask once per row that parsed.
    pub fn row_of(&mut self, key: K, row: u64) -> Option<u64> {
        match self.0.entry(key) {
            Entry::Occupied(earlier) => Some(*earlier.get()),
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }
}
