//! The spool room as the engine uses it: real folders, no daemon. Nothing here waits or asks the time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench for tests: it stops at the first surprise")]

mod crash;
mod incoming;
mod outgoing;
mod recovery;
mod skeleton;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use sunap::domain::{ChannelId, Date};
use sunap::spool::{Limits, Owner, Room, Seen, Spool};

/// The keys of tests.
fn ring() -> std::sync::Arc<sunap::seal::KeyRing> {
    std::sync::Arc::new(sunap::seal::KeyRing::for_tests())
}

/// A spool in a folder of its own.
struct Bench {
    dir: tempfile::TempDir,
    spool: Spool,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits { channel_file_bytes: 10_000, creditor_file_bytes: 1_000, order_bytes: 100 };
        let spool =
            Spool::open(&dir.path().join("spool"), &dir.path().join("state"), &owners(), limits, &ring())
                .unwrap();
        Self { dir, spool }
    }

    fn path(&self, owner: &Owner, room: Room, name: &str) -> PathBuf {
        self.spool.path(owner, room).join(name)
    }

    /// Writes a file as a careless sender does: in place.
    fn put(&self, owner: &Owner, room: Room, name: &str, text: &str) {
        write(&self.path(owner, room, name), text.as_bytes());
    }

    fn text(&self, owner: &Owner, room: Room, name: &str) -> String {
        std::fs::read_to_string(self.path(owner, room, name)).unwrap()
    }

    fn seen(&self, owner: &Owner, name: &str) -> Seen {
        self.spool.scan(owner).unwrap().into_iter().find(|seen| seen.shown() == name).unwrap()
    }

    /// The names in a room, safe to print.
    fn names(&self, owner: &Owner, room: Room) -> Vec<String> {
        self.spool.look(owner, room).unwrap().iter().map(Seen::shown).collect()
    }

    fn archived(&self) -> Vec<String> {
        let mut names = Vec::new();
        for day in std::fs::read_dir(self.dir.path().join("state/archive")).unwrap() {
            let day = day.unwrap();
            assert!(day.file_type().unwrap().is_dir(), "left in the archive: {:?}", day.file_name());
            for file in std::fs::read_dir(day.path()).unwrap() {
                names.push(file.unwrap().file_name().into_string().unwrap());
            }
        }
        names
    }
}

fn owners() -> Vec<Owner> {
    vec![channel(), Owner::Creditor("00000012".parse().unwrap()), Owner::Control]
}

fn channel_id() -> ChannelId {
    "kftc-a".parse().unwrap()
}

fn channel() -> Owner {
    Owner::Channel(channel_id())
}

fn day() -> Date {
    "2026-01-05".parse().unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

fn rename(from: &Path, to: &Path) {
    rustix::fs::rename(from, to).unwrap();
}

fn mkdir(path: &Path) {
    std::fs::DirBuilder::new().mode(0o770).create(path).unwrap();
}
