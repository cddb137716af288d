//! Sixteen bytes of a record seen as one number, and a set of bytes: what the quick ways are made of.
//!
//! Must not: know of fields or of what is right.

/// Up to sixteen bytes of a record where they stand among their neighbours: the first is the lowest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// Where sixteen bytes are loaded: at the field, or before it where the record ends too soon.
    at: usize,
    /// All bits of the field's bytes.
    pub(crate) mask: u128,
    /// The lowest bit of the first of them.
    pub(crate) low: u128,
}

/// The low four bits of every byte: the value of a digit.
const DIGITS: u128 = u128::from_le_bytes([0x0f; Word::BYTES]);

impl Word {
    /// Bytes of a word.
    pub(crate) const BYTES: usize = 16;

    /// The `len` bytes from `start` (0-based; 1 to 16 of them) of records that have `record_bytes`, at least sixteen.
    pub(crate) fn new(start: usize, len: usize, record_bytes: usize) -> Self {
        let at = start.min(record_bytes.saturating_sub(Self::BYTES));
        let bits = |bytes: usize| u32::try_from(bytes * 8).unwrap_or(u32::MAX);
        // A field that begins behind the record (a layout that is refused) has no bytes.
        let mask = u128::MAX.checked_shr(bits(Self::BYTES.saturating_sub(len))).unwrap_or(0);
        let mask = mask.checked_shl(bits(start - at)).unwrap_or(0);
        Self { at, mask, low: mask & mask.wrapping_neg() }
    }

    /// The bytes in their places, all else zero; `None` where the record is too short.
    #[inline]
    pub(crate) fn load(&self, record: &[u8]) -> Option<u128> {
        let bytes = record.get(self.at..)?.first_chunk::<{ Self::BYTES }>()?;
        Some(u128::from_le_bytes(*bytes) & self.mask)
    }

    /// The bytes, the first of them lowest, as [`Word::of`] sees them.
    #[inline]
    pub(crate) fn value(&self, record: &[u8]) -> Option<u128> {
        Some(self.load(record)? >> self.low.trailing_zeros())
    }

    /// The number that the bytes say; they must be digits.
    #[inline]
    pub(crate) fn number(&self, record: &[u8]) -> Option<u64> {
        let digits = (self.load(record)? & DIGITS) << self.mask.leading_zeros();
        let last = eight((digits >> 64) as u64);
        Some(if digits as u64 == 0 { last } else { eight(digits as u64) * 100_000_000 + last })
    }

    /// At most sixteen bytes on their own.
    pub(crate) fn of(bytes: &[u8]) -> Option<u128> {
        let mut word = [0; Self::BYTES];
        word.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(u128::from_le_bytes(word))
    }
}

/// The number of eight digits, each a byte from 0 to 9, the first the lowest.
#[inline]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// A set of byte values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes256([u64; 4]);

impl Bytes256 {
    /// The set of these.
    pub(crate) fn new(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut bits = [0; 4];
        for byte in bytes {
            if let Some(word) = bits.get_mut(usize::from(byte >> 6)) {
                *word |= 1_u64 << (byte & 63);
            }
        }
        Self(bits)
    }

    /// Whether a byte is in it.
    #[inline]
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|bits| bits >> (byte & 63) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_and_place() {
        let record = b"98765432101234567890555500004321";
        for len in 1..=16 {
            for start in 0..=record.len() - len {
                let want: u64 = std::str::from_utf8(&record[start..start + len]).unwrap().parse().unwrap();
                let word = Word::new(start, len, record.len());
                assert_eq!(word.number(record), Some(want), "{len} from {start}");
                assert_eq!(word.value(record), Word::of(&record[start..start + len]), "{len} from {start}");
            }
        }
        assert_eq!(Word::new(30, 2, 32).load(b"too short"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Bytes256::new(*b"\x00 YN\xff");
        assert_eq!((0..=255).filter(|byte| set.has(*byte)).collect::<Vec<u8>>(), b"\x00 NY\xff");
    }
}
