//! Sealing: what makes account and identity numbers, archived files and rows of money unreadable or unchangeable without
//! the keys. Pure but for `folder`, which loads the keys.
//!
//! A value is sealed with XChaCha20-Poly1305 and bound to its place (table, column, row), so that a cell that was moved
//! to another row does not open. Its nonce is a keyed hash of the place and the value: the same ledger content under the
//! same key is the same bytes (decisions.md 13), and no nonce is ever used for two texts.
//!
//! Must not: know the ledger, the spool or the configuration; show a key, or a text that was sealed, in an error or Debug.

mod folder;
mod ring;
mod stream;
#[cfg(test)]
mod tests;
mod value;

pub use folder::{CURRENT, INDEX, OpenKeys, current_in, key_file};
pub use ring::{JournalHash, KeyId, KeyRing};
pub use stream::{CHUNK, Opened, Sealing, key_of_header};
pub use value::{Broken, Place, Why, key_of};
