//! A zip of files of evidence, read entry by entry: never more than one of them in memory, and never more of it than
//! the network takes.
//!
//! Must not: open or write files. Names of entries are read, never used as paths.

use super::{HEAD_BYTES, Label, MAX_BYTES};
use crate::domain::{ItemCode, PayerNo};
use crate::rules::{Name, Refused};
use std::collections::HashSet;
use std::io::{Read, Seek};
use zip::ZipArchive;
use zip::read::ZipFile;

/// The most entries of one archive.
pub const MAX_ENTRIES: usize = 5_000;

/// An entry may be so many times as large as it is packed: pictures and sounds are packed already.
pub const MAX_RATIO: u64 = 100;

/// Why an archive as a whole is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is no whole zip archive.
    NotZip,
    /// It has more than [`MAX_ENTRIES`] entries.
    TooMany(usize),
}

/// One entry: its number from 1, its name as written, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the archive, from 1.
    pub no: u64,
    /// Its name, as it stands in the archive; for the answer only.
    pub name: String,
    /// Whose it is and its bytes, or why it is refused.
    pub found: Result<(Label, Vec<u8>), Refused>,
}

/// Reads every entry in the archive's order and hands it to `each`; an error of `each` ends the reading. Folders are
/// passed over; what lies in one is refused.
pub fn read<E>(
    input: impl Read + Seek,
    mut each: impl FnMut(Entry) -> Result<(), E>,
) -> Result<Result<(), E>, Unread> {
    let mut archive = ZipArchive::new(input).map_err(|_| Unread::NotZip)?;
    let entries = archive.len();
    if entries > MAX_ENTRIES {
        return Err(Unread::TooMany(entries));
    }
    let mut seen = HashSet::new();
    for index in 0..entries {
        let no = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
        let (name, found) = match archive.by_index(index) {
            Ok(entry) if entry.is_dir() => continue,
            Ok(mut entry) => match entry.name().map(|name| name.into_owned()) {
                Ok(name) => (name.clone(), one(&name, &mut entry, &mut seen)),
                Err(_) => (String::new(), Err(Refused::new(Name::EvidencePacked))),
            },
            Err(_) => (String::new(), Err(Refused::new(Name::EvidencePacked))),
        };
        if let Err(error) = each(Entry { no, name, found }) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn one<R: Read + ?Sized>(
    name: &str,
    entry: &mut ZipFile<'_, R>,
    seen: &mut HashSet<(PayerNo, ItemCode)>,
) -> Result<(Label, Vec<u8>), Refused> {
    let packed = || Refused::new(Name::EvidencePacked);
    if name.contains(['/', '\\', '\0', ':']) || name.contains("..") {
        return Err(packed());
    }
    let label = Label::of_name(name)?;
    let limit = entry.compressed_size().saturating_mul(MAX_RATIO);
    // What the directory says may be a lie: one byte more than the limit is asked for, and never more.
    let mut bytes = Vec::new();
    entry.take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| packed())?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > limit {
        return Err(packed());
    }
    let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
    label.check(head, length)?;
    if !seen.insert((label.payer_no.clone(), label.item.clone())) {
        return Err(Refused::new(Name::EvidenceTwice));
    }
    Ok((label, bytes))
}
