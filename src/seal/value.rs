//! One value of the ledger, sealed: version (1 byte), key number (2, big-endian), nonce (24), text and tag (16 more).
//!
//! Must not: tell what a broken value held.

use super::ring::{KeyId, KeyRing, keyed};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};
use std::fmt;
use zeroize::Zeroizing;

/// The one version of the form.
const VERSION: u8 = 1;

/// Version and key number.
const HEAD: usize = 3;

/// Head and nonce.
const BEFORE_TEXT: usize = HEAD + 24;

/// The tag behind the text.
const TAG: usize = 16;

/// Where a sealed value stands. It opens there and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The key of the row.
    pub row: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of row {}", self.table, self.column, self.row)
    }
}

/// A sealed value that does not open: where it stands, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub place: Place,
    /// Why.
    pub why: Why,
}

/// Why a sealed value or file does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is not in the form of a sealed value.
    Form,
    /// It was sealed with a key that is not there.
    UnknownKey(KeyId),
    /// It was changed, or moved here from another place.
    Altered,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("it is not in the form of something sealed"),
            Self::UnknownKey(id) => {
                write!(f, "it was sealed with key {id}, which is not there: put {id}.key back")
            }
            Self::Altered => f.write_str("it was changed, or moved here from another place"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not open: {}", self.place, self.why)
    }
}

impl std::error::Error for Broken {}

/// Head, table, column and row: what the tag vouches for besides the text.
fn bound(head: &[u8], place: Place) -> Vec<u8> {
    let mut aad = Vec::with_capacity(64);
    aad.extend_from_slice(head);
    for name in [place.table, place.column] {
        aad.extend_from_slice(&(name.len() as u64).to_le_bytes());
        aad.extend_from_slice(name.as_bytes());
    }
    aad.extend_from_slice(&place.row.to_le_bytes());
    aad
}

/// The key that a value names; nothing where it is no sealed value.
pub fn key_of(sealed: &[u8]) -> Option<KeyId> {
    match sealed.first_chunk::<HEAD>()? {
        [VERSION, high, low] => KeyId::from_number(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

impl KeyRing {
    /// Seals a value for its place, with the current key. The same value at the same place gives the same bytes.
    pub fn seal(&self, place: Place, plain: &[u8]) -> Vec<u8> {
        let id = self.current();
        let [high, low] = id.number().to_be_bytes();
        let head = [VERSION, high, low];
        let aad = bound(&head, place);
        let mut sealed = Vec::with_capacity(BEFORE_TEXT + plain.len() + 16);
        sealed.extend_from_slice(&head);
        if let Some(key) = self.keys.get(&id) {
            let nonce: [u8; 24] = keyed(&key.nonce, &[&aad, plain]);
            sealed.extend_from_slice(&nonce);
            // Fails only for texts of 256 GiB. A value without its text never opens again, so nothing is lost unseen.
            if let Ok(text) = key.cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }) {
                sealed.extend_from_slice(&text);
            }
        }
        sealed
    }

    /// Whether a sealed value is that of `plain` at this place, without opening it: its nonce is a keyed hash of both, so
    /// nobody makes an equal one without the key. `false` says nothing yet: what is sealed may be broken.
    ///
    /// Compares in whatever time it takes: the nonce is no secret, and one that is asked for is never handed out.
    pub fn is_of(&self, place: Place, sealed: &[u8], plain: &[u8]) -> bool {
        let key = key_of(sealed).and_then(|id| self.keys.get(&id));
        let (Some(key), Some((head, rest))) = (key, sealed.split_at_checked(HEAD)) else { return false };
        let Some((nonce, text)) = rest.split_first_chunk::<24>() else { return false };
        text.len() == plain.len().saturating_add(TAG)
            && keyed::<24>(&key.nonce, &[&bound(head, place), plain]) == *nonce
    }

    /// Opens a value at its place.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
        let broken = |why| Broken { place, why };
        let id = key_of(sealed).ok_or(broken(Why::Form))?;
        let key = self.keys.get(&id).ok_or(broken(Why::UnknownKey(id)))?;
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(broken(Why::Form))?;
        let (nonce, text) = rest.split_first_chunk::<24>().ok_or(broken(Why::Form))?;
        let aad = bound(head, place);
        let plain = key.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &aad });
        plain.map(Zeroizing::new).map_err(|_| broken(Why::Altered))
    }
}
