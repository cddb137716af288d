//! The coding of the password field (facts/kftc.md 7.2). It hides nothing: whoever reads the line can undo it. The
//! protocol demands it; the line must be a closed one.
//!
//! Must not: let a password be printed.

use crate::domain::Date;
use crate::fault::Trouble;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Index 0-35 of the coding.
const ALPHABET: &[u8; 36] = b"9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA";
/// Length of the field and of the key.
const WIDTH: usize = 16;

/// A password of six characters 0-9 A-Z, wiped when dropped, never shown.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A password; `None` where it is not six characters 0-9 A-Z.
    pub fn new(text: &str) -> Option<Self> {
        let well = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        well.then(|| Self(Zeroizing::new(text.to_string())))
    }

    /// Reads the file of a systemd credential. A line end is left out.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        let text = std::fs::read_to_string(path).map_err(|e| Trouble::at("read the credential", path, e))?;
        let text = Zeroizing::new(text);
        let wrong = || Trouble::at("use the credential", path, "a password is six characters 0-9 A-Z");
        Self::new(text.trim_end_matches(['\r', '\n'])).ok_or_else(wrong)
    }
}

/// The 16 bytes of 송신자암호: (password repeated + key) mod 36, where the key is two characters of the institution
/// (first and eighth, or the last two of three), YYMMDD, and eight of the sender's name filled with Z.
/// `None` where institution or name hold other characters than 0-9 A-Z.
pub fn coded(secret: &Secret, institution: &str, date: Date, sender: &str) -> Option<Zeroizing<String>> {
    let org = institution.as_bytes();
    let two = match org.len() {
        0..=2 => None,
        3 => Some([*org.get(1)?, *org.get(2)?]),
        _ => Some([*org.first()?, *org.get(7)?]),
    }?;
    let mut key = Vec::with_capacity(WIDTH);
    key.extend_from_slice(&two);
    key.extend_from_slice(date.yymmdd().as_bytes());
    key.extend(sender.bytes().chain(std::iter::repeat(b'Z')).take(WIDTH - key.len()));
    let mut out = Zeroizing::new(String::with_capacity(WIDTH));
    for (plain, key) in secret.0.bytes().cycle().zip(key) {
        let sum = index(plain)?.checked_add(index(key)?)?;
        out.push(char::from(*ALPHABET.get(sum % ALPHABET.len())?));
    }
    Some(out)
}

fn index(byte: u8) -> Option<usize> {
    ALPHABET.iter().position(|has| *has == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_the_sources_do() {
        let secret = Secret::new("ABC123").unwrap();
        let date = Date::new(2026, 11, 23).unwrap();
        // A=35 B=34 C=33 1=8 2=7 3=6; key 9 2 261123 SUNAPZZZ = 0 7 7 3 8 8 7 6 17 15 22 35 20 10 10 10
        let sums = [35, 41, 40, 11, 15, 14, 42, 40, 50, 23, 29, 41, 55, 44, 43, 18];
        let wanted: String = sums.iter().map(|n| char::from(ALPHABET[n % 36])).collect();
        assert_eq!(coded(&secret, "99900012", date, "SUNAP").unwrap().as_str(), wanted);
        assert_eq!(coded(&secret, "012", date, "SUNAP").unwrap().len(), 16);
        assert!(coded(&secret, "99900012", date, "sunap").is_none());
        assert!(coded(&secret, "1", date, "SUNAP").is_none());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_password_is_six_characters() {
        for text in ["", "ABC12", "ABC1234", "abc123", "ABC12 ", "가나"] {
            assert!(Secret::new(text).is_none(), "{text}");
        }
    }
}
