//! Whether a dropped file is complete: left alone for long enough, renamed in, or marked.
//!
//! Pure: it is handed what was seen and how much monotonic time went by. File times are compared, never read.
//!
//! Must not: look at folders or ask a clock.

use super::{Owner, Seen};
use crate::spool::Identity;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};

#[derive(Debug)]
struct Watched {
    identity: Identity,
    since_ms: u64,
    whole: bool,
}

/// Remembers since when each entry has not changed.
#[derive(Debug, Default)]
pub struct Quiet {
    watched: BTreeMap<Owner, HashMap<OsString, Watched>>,
    renamed: HashSet<(Owner, OsString)>,
}

impl Quiet {
    /// A memory of nothing: after a start every file must be quiet anew.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file event says that this entry was renamed into place, so it was written elsewhere and is whole. Believed
    /// for the file found there next, for as long as its identity holds.
    pub fn renamed_in(&mut self, owner: &Owner, name: &OsStr) {
        self.renamed.insert((owner.clone(), name.to_os_string()));
    }

    /// Whether the entry may be claimed: its identity has not changed for `quiet_ms`, or it was renamed in, or its
    /// marker lies beside it. An empty file is always given the quiet time: its writer may just have made it.
    ///
    /// `mono_ms` is [`crate::clock::Clock::monotonic_ms`].
    pub fn settled(&mut self, owner: &Owner, seen: &Seen, mono_ms: u64, quiet_ms: u64) -> bool {
        let renamed = self.renamed.remove(&(owner.clone(), seen.name.clone()));
        let fresh = Watched { identity: seen.identity, since_ms: mono_ms, whole: renamed };
        let names = self.watched.entry(owner.clone()).or_default();
        let watched = names.entry(seen.name.clone()).or_insert_with(|| fresh);
        if watched.identity != seen.identity {
            *watched = Watched { identity: seen.identity, since_ms: mono_ms, whole: renamed };
        }
        watched.whole |= renamed;
        let said_whole = (watched.whole || seen.marker.is_some()) && seen.size() > 0;
        said_whole || mono_ms.saturating_sub(watched.since_ms) >= quiet_ms
    }

    /// For how long, in ms, an entry has been seen unchanged; what is left alone for too long needs a person.
    pub fn unchanged_ms(&self, owner: &Owner, name: &OsStr, mono_ms: u64) -> Option<u64> {
        let watched = self.watched.get(owner)?.get(name)?;
        Some(mono_ms.saturating_sub(watched.since_ms))
    }

    /// Forgets entries of this owner that are no longer there. To be called with each whole scan.
    pub fn forget_gone(&mut self, owner: &Owner, scan: &[Seen]) {
        let there: HashSet<&OsStr> = scan.iter().map(|seen| seen.name.as_os_str()).collect();
        if let Some(names) = self.watched.get_mut(owner) {
            names.retain(|name, _| there.contains(name.as_os_str()));
        }
        self.renamed.retain(|(of, name)| of != owner || there.contains(name.as_os_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Kind;

    fn seen(size: u64, mtime_ns: i128) -> Seen {
        Seen {
            name: "EB220105".into(),
            kind: Kind::Regular,
            identity: Identity { dev: 1, ino: 7, size, mtime_ns },
            dropper: crate::spool::Dropper::default(),
            links: 1,
            skip: None,
            marker: None,
        }
    }

    #[test]
    fn a_growing_file_is_not_settled_until_it_rests() {
        let (mut quiet, owner) = (Quiet::new(), Owner::Control);
        for (mono, file, expected) in [
            (0, seen(10, 1), false),
            (900, seen(10, 1), false),
            (1_000, seen(20, 2), false),
            (1_900, seen(20, 3), false),
            (2_800, seen(20, 3), false),
            (2_900, seen(20, 3), true),
            (3_000, seen(21, 3), false),
        ] {
            assert_eq!(quiet.settled(&owner, &file, mono, 1_000), expected, "at {mono}");
        }
        assert_eq!(quiet.unchanged_ms(&owner, OsStr::new("EB220105"), 3_500), Some(500));
        quiet.forget_gone(&owner, &[]);
        assert_eq!(quiet.unchanged_ms(&owner, OsStr::new("EB220105"), 3_500), None);
    }

    #[test]
    fn renamed_in_is_believed_while_the_identity_holds() {
        let (mut quiet, owner) = (Quiet::new(), Owner::Control);
        quiet.renamed_in(&owner, OsStr::new("EB220105"));
        assert!(quiet.settled(&owner, &seen(10, 1), 0, 1_000));
        assert!(quiet.settled(&owner, &seen(10, 1), 1, 1_000), "still whole at the next look");
        assert!(!quiet.settled(&owner, &seen(12, 2), 2, 1_000), "written to since");
    }

    #[test]
    fn renamed_in_over_a_file_that_was_growing() {
        let (mut quiet, owner) = (Quiet::new(), Owner::Control);
        assert!(!quiet.settled(&owner, &seen(10, 1), 0, 1_000));
        quiet.renamed_in(&owner, OsStr::new("EB220105"));
        let mut other = seen(30, 5);
        other.identity.ino = 8;
        assert!(quiet.settled(&owner, &other, 1, 1_000));
    }

    #[test]
    fn a_marker_settles_but_an_empty_file_waits() {
        let (mut quiet, owner) = (Quiet::new(), Owner::Control);
        let marked = Seen { marker: Some("EB220105.ok".into()), ..seen(10, 1) };
        assert!(quiet.settled(&owner, &marked, 0, 1_000));
        let empty = Seen { marker: Some("EB220105.ok".into()), ..seen(0, 2) };
        assert!(!quiet.settled(&owner, &empty, 0, 1_000));
        assert!(quiet.settled(&owner, &empty, 1_000, 1_000));
    }
}
