//! SHA-256 of a file's bytes: what names it in the archive and proves that two files are the same.
//!
//! Must not: be used for anything secret; it is not keyed.

use sha2::Digest as _;
use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

/// The SHA-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Of all that a reader gives, with the number of bytes.
    pub fn of_reader(from: impl Read) -> io::Result<(Self, u64)> {
        passed::<Naming>(from)
    }

    /// As the ledger stores it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the stored bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = String;

    /// Reads 64 lower case hexadecimal digits, nothing else.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a SHA-256: 64 digits 0-9 a-f");
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut out = [0_u8; 32];
        if pairs.len() != out.len() || !rest.is_empty() {
            return Err(wrong());
        }
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(wrong()),
        };
        for (byte, [high, low]) in out.iter_mut().zip(pairs) {
            *byte = digit(*high)? * 16 + digit(*low)?;
        }
        Ok(Self(out))
    }
}

/// The hash that names a file.
pub(super) type Naming = sha2::Sha256;

/// The hash that tells whether the disk gives back what it was given: nobody else sees it, and it takes a fifth of the time.
pub(super) type DiskCheck = blake3::Hasher;

/// A hash that runs over bytes as they pass.
pub(super) trait Running: Default {
    /// What it comes to.
    type Sum: Eq + Copy;
    fn take(&mut self, bytes: &[u8]);
    fn sum(self) -> Self::Sum;
}

impl Running for Naming {
    type Sum = Sha256;

    fn take(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn sum(self) -> Sha256 {
        Sha256(self.finalize().into())
    }
}

impl Running for DiskCheck {
    type Sum = blake3::Hash;

    fn take(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn sum(self) -> blake3::Hash {
        self.finalize()
    }
}

/// The hash of all that a reader gives, with the number of bytes.
pub(super) fn passed<R: Running>(mut from: impl Read) -> io::Result<(R::Sum, u64)> {
    let mut running = R::default();
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0_u64);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((running.sum(), bytes)),
            Ok(read) => {
                running.take(buffer.get(..read).unwrap_or_default());
                bytes = bytes.saturating_add(read as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A writer that hashes and counts what passes.
pub(super) struct Counted<W, R = Naming> {
    inner: W,
    running: R,
    bytes: u64,
}

impl<W: Write, R: Running> Counted<W, R> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, running: R::default(), bytes: 0 }
    }

    /// What passed.
    pub(super) fn finish(self) -> (R::Sum, u64) {
        self.into_parts().1
    }

    /// What it was passed on to, and what passed.
    pub(super) fn into_parts(self) -> (W, (R::Sum, u64)) {
        (self.inner, (self.running.sum(), self.bytes))
    }
}

impl<W: Write, R: Running> Write for Counted<W, R> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        if let Some(passed) = buf.get(..written) {
            self.running.take(passed);
        }
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_reads_back_its_own_text() {
        let abc = Sha256::of(b"abc");
        assert_eq!(abc.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(abc.to_string().parse::<Sha256>().unwrap(), abc);
        assert_eq!(Sha256::of_reader(&b"abc"[..]).unwrap(), (abc, 3));
        for wrong in ["", "ba78", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
            assert!(wrong.parse::<Sha256>().is_err(), "{wrong}");
        }
    }
}
