//! What files of ours on their way were seen to hold: so that a turn looks at a file and does not read it again.
//!
//! A hash is believed while device, inode, length and both times of the file stand as they stood when it was read. File
//! systems keep times by ticks of some milliseconds: a write in the same tick as the look before it leaves no trace.
//! So a hash counts only if the file had been seen standing for [`SETTLED_MS`] when it was read, and for [`BELIEVED_MS`]
//! at most; by the monotonic time that the engine hands in.
//!
//! Must not: vouch for the bytes of the archive.

use super::folder::{Entry, Folder, Identity};
use super::{Sha256, Spool};
use crate::fault::Trouble;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::{Mutex, PoisonError};

/// How long a file must have stood before its bytes were read.
const SETTLED_MS: u64 = 1_000;

/// How long a hash is believed: a disk may rot, and a mapped file may be written to late.
const BELIEVED_MS: u64 = 600_000;

/// Files that are remembered at most; there are a few dozen on their way.
const MOST: usize = 4_096;

/// How a file stood.
type Stamp = (Identity, i128);

#[derive(Debug, Clone, Copy)]
struct Hashed {
    stamp: Stamp,
    /// Since when it was seen to stand so.
    since_ms: u64,
    read_at_ms: u64,
    sha256: Sha256,
}

impl Hashed {
    /// Whether the hash may be believed for a file that stands so at `now_ms`.
    fn holds(&self, stamp: Stamp, now_ms: u64) -> bool {
        self.stamp == stamp
            && self.read_at_ms.saturating_sub(self.since_ms) >= SETTLED_MS
            && now_ms.saturating_sub(self.read_at_ms) < BELIEVED_MS
    }
}

/// The memory, by device and inode.
#[derive(Debug, Default)]
pub(super) struct Known {
    now_ms: u64,
    files: HashMap<(u64, u64), Hashed>,
}

impl Known {
    fn believed(&self, stamp: Stamp) -> Option<Sha256> {
        let hashed = self.files.get(&(stamp.0.dev, stamp.0.ino))?;
        hashed.holds(stamp, self.now_ms).then_some(hashed.sha256)
    }

    fn note(&mut self, stamp: Stamp, sha256: Sha256) {
        if self.files.len() >= MOST {
            self.files.clear();
        }
        let now_ms = self.now_ms;
        let fresh = Hashed { stamp, since_ms: now_ms, read_at_ms: now_ms, sha256 };
        let hashed = self.files.entry((stamp.0.dev, stamp.0.ino)).or_insert(fresh);
        // The same bytes must be found by both looks, or it was written to between them.
        let since_ms =
            if hashed.stamp == stamp && hashed.sha256 == sha256 { hashed.since_ms } else { now_ms };
        *hashed = Hashed { since_ms, ..fresh };
    }
}

impl Spool {
    /// Tells the monotonic time of the looks that follow.
    pub fn looking_at(&self, monotonic_ms: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).now_ms = monotonic_ms;
    }

    /// The hash of an entry that was looked at, read or believed.
    pub(super) fn hash_on_its_way(
        &self,
        folder: &Folder,
        name: &OsStr,
        entry: &Entry,
    ) -> Result<Sha256, Trouble> {
        let stamp = (entry.identity, entry.ctime_ns);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sha256) = known().believed(stamp) {
            return Ok(sha256);
        }
        let (sha256, _) = folder.hash(name)?;
        let after = folder.entry(name)?.map(|entry| (entry.identity, entry.ctime_ns));
        if after == Some(stamp) {
            known().note(stamp, sha256);
        }
        Ok(sha256)
    }
}

/// The memory of one spool.
pub(super) type Memory = Mutex<Known>;

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = (Identity { dev: 1, ino: 2, size: 3, mtime_ns: 4 }, 5);

    fn look(known: &mut Known, at: u64, stamp: Stamp, bytes: &[u8]) -> bool {
        known.now_ms = at;
        let believed = known.believed(stamp);
        if believed.is_none() {
            known.note(stamp, Sha256::of(bytes));
        }
        believed.is_some()
    }

    #[test]
    fn a_hash_is_believed_once_the_file_stood_and_until_anything_differs() {
        let mut known = Known::default();
        let mut other_time = STAMP;
        other_time.1 = 6;
        for (at, stamp, bytes, believed) in [
            (0, STAMP, b"a", false),
            (500, STAMP, b"a", false),
            (1_000, STAMP, b"a", false),
            (1_001, STAMP, b"a", true),
            (600_999, STAMP, b"a", true),
            (601_000, STAMP, b"a", false),
            (601_001, STAMP, b"a", true),
            (601_002, other_time, b"a", false),
            (602_001, other_time, b"a", false),
            (602_002, other_time, b"a", false),
            (602_003, other_time, b"a", true),
        ] {
            assert_eq!(look(&mut known, at, stamp, bytes), believed, "at {at}");
        }
    }

    #[test]
    fn other_bytes_under_the_same_times_begin_anew() {
        let mut known = Known::default();
        assert!(!look(&mut known, 0, STAMP, b"a"));
        assert!(!look(&mut known, 1_000, STAMP, b"b"));
        assert!(!look(&mut known, 1_001, STAMP, b"b"));
        assert!(!look(&mut known, 2_001, STAMP, b"b"));
        assert!(look(&mut known, 2_002, STAMP, b"b"));
    }
}
