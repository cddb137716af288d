//! A file, sealed in chunks: magic (8 bytes), key number (2, big-endian), nonce (24), then chunks of [`CHUNK`] bytes of
//! text, each with its tag. The last chunk is marked as such in what its tag vouches for, and may be empty: a file that
//! was cut, lengthened, or whose chunks were exchanged does not open.
//!
//! The nonce is a keyed hash of the plain text's own hash, so the same text sealed again gives the same bytes.
//!
//! ChaCha20-Poly1305 of `ring`, whose assembly seals kilobytes at four times the speed of the code that `value` uses for thirty bytes
//! (benches/README.md, "Sealing"). Every file has a key of its own, so the number of a chunk is nonce enough.
//!
//! Must not: hand out a byte of a chunk before its tag was checked.

use super::ring::{KeyId, KeyRing, Secret, keyed};
use super::value::Why;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use zeroize::Zeroizing;

/// Bytes of text in a chunk.
pub const CHUNK: usize = 1 << 16;

const TAG: usize = 16;
const MAGIC: [u8; 8] = *b"SUNAPSF2";
const HEADER: usize = 34;

/// The cipher of one file and how far it got.
struct Chunks {
    cipher: LessSafeKey,
    header: [u8; HEADER],
    at: u64,
}

impl Chunks {
    /// The key of a file is made from its header, so every chunk's number is nonce enough.
    fn new(root: &Secret, header: [u8; HEADER]) -> io::Result<Self> {
        let key: Secret = Zeroizing::new(keyed(root, &[&header]));
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice());
        let key = key.map_err(|_| io::Error::other("the key of a file could not be made"))?;
        Ok(Self { cipher: LessSafeKey::new(key), header, at: 0 })
    }

    fn bound(&mut self, last: bool) -> (Nonce, Aad<[u8; HEADER + 9]>) {
        let [a, b, c, d, e, f, g, h] = self.at.to_le_bytes();
        let mut nonce = [0; NONCE_LEN];
        let mut aad = [0; HEADER + 9];
        let numbered = [a, b, c, d, e, f, g, h, u8::from(last)];
        nonce.iter_mut().zip(numbered).for_each(|(to, byte)| *to = byte);
        let bytes = self.header.iter().copied().chain(numbered);
        aad.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
        self.at = self.at.saturating_add(1);
        (Nonce::assume_unique_for_key(nonce), Aad::from(aad))
    }

    /// Seals a chunk in its place.
    fn seal(&mut self, text: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let (nonce, aad) = self.bound(last);
        let sealed = self.cipher.seal_in_place_append_tag(nonce, aad, text);
        sealed.map_err(|_| io::Error::other("a chunk could not be sealed"))
    }

    /// Opens a chunk in its place.
    fn open(&mut self, sealed: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let (nonce, aad) = self.bound(last);
        let plain = self.cipher.open_in_place(nonce, aad, sealed).map_err(|_| broken(Why::Altered))?.len();
        sealed.truncate(plain);
        Ok(())
    }
}

/// What a sealed file is told as: never as end of file or another error of the disk.
fn broken(why: Why) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.to_string())
}

fn header(id: KeyId, nonce: [u8; 24]) -> [u8; HEADER] {
    let bytes = MAGIC.into_iter().chain(id.number().to_be_bytes()).chain(nonce);
    let mut header = [0; HEADER];
    header.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    header
}

/// The key that a file's beginning names; nothing where it is no sealed file.
pub fn key_of_header(begin: &[u8]) -> Option<KeyId> {
    let rest = begin.strip_prefix(&MAGIC)?;
    let (id, nonce) = rest.split_first_chunk::<2>()?;
    nonce.first_chunk::<24>()?;
    KeyId::from_number(u16::from_be_bytes(*id))
}

/// Seals what is written to it. [`Sealing::finish`] must be called: without the last chunk nothing opens.
pub struct Sealing<W> {
    to: W,
    chunks: Chunks,
    text: Zeroizing<Vec<u8>>,
}

impl<W> fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("chunk", &self.chunks.at).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Begins a sealed file with the current key; `plain_hash` is the SHA-256 of the whole plain text.
    pub fn sealing<W: Write>(&self, plain_hash: &[u8; 32], mut to: W) -> io::Result<Sealing<W>> {
        let id = self.current();
        let key = self.keys.get(&id).ok_or_else(|| broken(Why::UnknownKey(id)))?;
        let header = header(id, keyed(&key.file_nonce, &[plain_hash]));
        to.write_all(&header)?;
        Ok(Sealing {
            to,
            chunks: Chunks::new(&key.file, header)?,
            text: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
        })
    }

    /// Opens a sealed file: what is read from it is the plain text, each chunk checked before.
    pub fn opened<R: Read>(&self, mut from: R) -> io::Result<Opened<R>> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => broken(Why::Form),
            _ => e,
        })?;
        let id = key_of_header(&header).ok_or_else(|| broken(Why::Form))?;
        let key = self.keys.get(&id).ok_or_else(|| broken(Why::UnknownKey(id)))?;
        let mut opened = Opened {
            from,
            chunks: Chunks::new(&key.file, header)?,
            ahead: Zeroizing::default(),
            text: Zeroizing::default(),
            given: 0,
            base: 0,
            ended: false,
        };
        opened.fetch()?;
        Ok(opened)
    }
}

impl<W: Write> Sealing<W> {
    /// Seals the text at hand as a chunk and writes it.
    fn put(&mut self, last: bool) -> io::Result<()> {
        self.chunks.seal(&mut self.text, last)?;
        self.to.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// Writes the last chunk and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() >= CHUNK {
            self.put(false)?;
        }
        let room = CHUNK.saturating_sub(self.text.len());
        let (taken, _) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.text.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// A chunk is written when it is full; a shorter one would be the last.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The plain text of a sealed file.
pub struct Opened<R> {
    from: R,
    chunks: Chunks,
    /// The sealed chunk after the one that is being given.
    ahead: Zeroizing<Vec<u8>>,
    text: Zeroizing<Vec<u8>>,
    given: usize,
    /// Where `text` begins in the plain text.
    base: u64,
    ended: bool,
}

impl<R> fmt::Debug for Opened<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("chunk", &self.chunks.at).finish_non_exhaustive()
    }
}

impl<R: Read> Opened<R> {
    /// Reads the next sealed chunk ahead; nothing where the file ends.
    fn fetch(&mut self) -> io::Result<()> {
        self.ahead.clear();
        self.ahead.reserve_exact(CHUNK + TAG);
        let most = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
        self.from.by_ref().take(most).read_to_end(&mut self.ahead).map(drop)
    }

    /// Opens the chunk that was read ahead, in its place; the room of the text that was given is for the next.
    fn next_chunk(&mut self) -> io::Result<()> {
        std::mem::swap(&mut self.text, &mut self.ahead);
        self.given = 0;
        // Less than a full one can only be the last; a full one is, if nothing follows.
        if self.text.len() < CHUNK + TAG {
            self.ahead.clear();
        } else {
            self.fetch()?;
        }
        self.ended = self.ahead.is_empty();
        self.base = self.chunks.at.saturating_mul(CHUNK as u64);
        self.chunks.open(&mut self.text, self.ended)
    }
}

impl<R: Read + Seek> Seek for Opened<R> {
    /// Goes to a byte of the plain text: the chunk that holds it is the next that is opened and checked.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let outside =
            || io::Error::new(ErrorKind::InvalidInput, "a place before the file or too far behind it");
        let (chunk, sealed) = (CHUNK as u64, (CHUNK + TAG) as u64);
        let before = HEADER as u64;
        let from = match to {
            SeekFrom::Start(at) => i64::try_from(at).map_err(|_| outside())?,
            SeekFrom::End(by) => {
                let body = self.from.seek(SeekFrom::End(0))?.saturating_sub(before);
                let plain = body.saturating_sub(body.div_ceil(sealed).saturating_mul(TAG as u64));
                i64::try_from(plain).ok().and_then(|end| end.checked_add(by)).ok_or_else(outside)?
            }
            SeekFrom::Current(by) => {
                let here = self.base.saturating_add(self.given as u64);
                i64::try_from(here).ok().and_then(|here| here.checked_add(by)).ok_or_else(outside)?
            }
        };
        let at = u64::try_from(from).map_err(|_| outside())?;
        let nth = at / chunk;
        self.from.seek(SeekFrom::Start(nth.saturating_mul(sealed).saturating_add(before)))?;
        self.chunks.at = nth;
        self.text.clear();
        self.given = 0;
        self.base = nth.saturating_mul(chunk);
        self.fetch()?;
        self.ended = self.ahead.is_empty();
        let mut left = at % chunk;
        let mut passed = [0; 4096];
        while left > 0 {
            let most = usize::try_from(left.min(passed.len() as u64)).unwrap_or(passed.len());
            let read = self.read(passed.get_mut(..most).unwrap_or_default())?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read as u64);
        }
        Ok(at)
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_chunk().inspect_err(|_| {
                // Nothing opens from here on, whatever is asked for after an error.
                self.text.clear();
                self.ahead.clear();
                self.ended = false;
            })?;
        }
        let left = self.text.get(self.given..).unwrap_or_default();
        let taken = left.len().min(into.len());
        if let (Some(into), Some(left)) = (into.get_mut(..taken), left.get(..taken)) {
            into.copy_from_slice(left);
        }
        self.given = self.given.saturating_add(taken);
        Ok(taken)
    }
}
