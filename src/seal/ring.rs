//! The keys that are known, which of them seals, and what is derived from each: one subkey per purpose, by BLAKE3's
//! `derive_key`, so that no key is ever used for two things.
//!
//! Besides the sealing keys, which rotate, there is the *index* key, which does not: blind indexes and row MACs are made
//! under it, since a look-up and a check must find what was written years ago.
//!
//! Must not: hand a key out.

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// The length of a key in bytes.
pub(super) const KEY_BYTES: usize = 32;

/// A key as it is stored.
pub(super) type Secret = Zeroizing<[u8; KEY_BYTES]>;

/// The number of a sealing key: 1, 2, …; a later key has a higher one. It stands in everything that the key sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u16);

impl KeyId {
    /// A key number; nothing for 0.
    pub fn from_number(number: u16) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The number of the next key.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What one key is used for, derived once.
pub(super) struct Derived {
    pub(super) cipher: XChaCha20Poly1305,
    pub(super) nonce: Secret,
    pub(super) file: Secret,
    pub(super) file_nonce: Secret,
}

fn derived(purpose: &str, key: &Secret) -> Secret {
    Zeroizing::new(blake3::derive_key(purpose, key.as_slice()))
}

impl Derived {
    fn of(key: &Secret) -> Self {
        let value = derived("sunap 2026-11-23 a value of the ledger", key);
        Self {
            cipher: XChaCha20Poly1305::new((&*value).into()),
            nonce: derived("sunap 2026-11-23 the nonce of a value of the ledger", key),
            file: derived("sunap 2026-11-23 a file of the archive", key),
            file_nonce: derived("sunap 2026-11-23 the nonce of a file of the archive", key),
        }
    }
}

/// The keys. Made by [`KeyRing::load`]; its Debug shows numbers only.
pub struct KeyRing {
    pub(super) keys: BTreeMap<KeyId, Derived>,
    current: KeyId,
    blind: Secret,
    row: Secret,
    money: Secret,
    journal: Secret,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u16> = self.keys.keys().map(|id| id.0).collect();
        f.debug_struct("KeyRing")
            .field("current", &self.current.0)
            .field("keys", &ids)
            .finish_non_exhaustive()
    }
}

impl KeyRing {
    /// A ring of these keys; nothing where the current one is not among them.
    pub(super) fn of(keys: &BTreeMap<KeyId, Secret>, current: KeyId, index: &Secret) -> Option<Self> {
        keys.contains_key(&current).then(|| Self {
            keys: keys.iter().map(|(id, key)| (*id, Derived::of(key))).collect(),
            current,
            blind: derived("sunap 2026-11-23 a blind index", index),
            row: derived("sunap 2026-11-23 the seal of a row of money", index),
            money: derived("sunap 2026-11-23 the seal of an amount", index),
            journal: derived("sunap 2026-11-23 the chain of the journal", index),
        })
    }

    /// A ring with one known key, for tests and the demo: it protects nothing.
    pub fn for_tests() -> Self {
        let key: Secret = Zeroizing::new(DEMO_KEY);
        let keys = BTreeMap::from([(KeyId(1), Derived::of(&key))]);
        let index: Secret = Zeroizing::new(DEMO_INDEX_KEY);
        Self {
            keys,
            current: KeyId(1),
            blind: derived("sunap 2026-11-23 a blind index", &index),
            row: derived("sunap 2026-11-23 the seal of a row of money", &index),
            money: derived("sunap 2026-11-23 the seal of an amount", &index),
            journal: derived("sunap 2026-11-23 the chain of the journal", &index),
        }
    }

    /// The folder of [`KeyRing::for_tests`], file by file: name and text.
    pub fn demo_files() -> [(&'static str, &'static str); 3] {
        [("1.key", DEMO_KEY_HEX), (super::INDEX, DEMO_INDEX_KEY_HEX), (super::CURRENT, "1\n")]
    }

    /// The key that seals.
    pub fn current(&self) -> KeyId {
        self.current
    }

    /// Every key that opens, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.keys().copied()
    }

    /// A blind index: equal for equal texts of one `what` (`"mandate.account"`), and nothing else can be learned from it
    /// without the index key. Survives the change of the sealing key.
    pub fn blind(&self, what: &str, plain: &[u8]) -> [u8; 16] {
        keyed(&self.blind, &[what.as_bytes(), plain])
    }

    /// A hash of the journal's chain, to be filled part by part: `what` keeps a row's apart from a link's. Survives the
    /// change of the sealing key.
    pub fn journal_hash(&self, what: &str) -> JournalHash {
        let mut hash = JournalHash(blake3::Hasher::new_keyed(&self.journal));
        hash.part(what.as_bytes());
        hash
    }

    /// The seal of a row of money: `parts` are the row's numbers in a fixed order. Survives the change of the sealing key.
    pub fn row_mac(&self, table: &str, row: i64, parts: &[i64]) -> [u8; 16] {
        // Gathered first: the hash of kilobytes in one go costs a fraction of that of eight bytes at a time.
        let mut text = Vec::with_capacity(table.len() + 8 * (parts.len() + 2));
        text.extend_from_slice(&(table.len() as u64).to_le_bytes());
        text.extend_from_slice(table.as_bytes());
        text.extend_from_slice(&row.to_le_bytes());
        text.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
        first(blake3::keyed_hash(&self.row, &text).as_bytes())
    }

    /// The seal of a row of money whose table, keys and amounts are told, each with its length. Eight bytes: who would guess
    /// has no way to ask whether a guess fits. Survives the change of the sealing key.
    pub fn money_seal(&self, told: &[u8]) -> i64 {
        i64::from_le_bytes(first(blake3::keyed_hash(&self.money, told).as_bytes()))
    }
}

/// A keyed hash that is being filled.
#[derive(Debug, Clone)]
pub struct JournalHash(blake3::Hasher);

impl JournalHash {
    /// Takes a part, with its length before it.
    pub fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        self
    }

    /// The hash.
    pub fn finish(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

/// The sealing key of demos and tests.
const DEMO_KEY: [u8; KEY_BYTES] = *b"sunap demo: a key known to all!!";
const DEMO_KEY_HEX: &str = "73756e61702064656d6f3a2061206b6579206b6e6f776e20746f20616c6c2121\n";

/// The index key of demos and tests.
const DEMO_INDEX_KEY: [u8; KEY_BYTES] = *b"sunap demo: an index key for all";
const DEMO_INDEX_KEY_HEX: &str = "73756e61702064656d6f3a20616e20696e646578206b657920666f7220616c6c\n";

/// A keyed hash of parts, each with its length before it.
pub(super) fn keyed<const N: usize>(key: &Secret, parts: &[&[u8]]) -> [u8; N] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    first(hasher.finalize().as_bytes())
}

/// The first bytes of a hash; a hash has 32.
fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    hash.first_chunk::<N>().copied().unwrap_or([0; N])
}
