//! The witness: one line for every file of ours that was about to leave the house, in a file that only grows.
//!
//! A ledger can be put back from a backup that is older than files already sent; it would send them again. The witness
//! is not in the ledger, is written and made durable before a file can be seen by the peer, and each of its lines holds
//! the hash of all before it. Who compares the two at start sees what the ledger has forgotten (faults.md 3.3).
//!
//! `state/witness.log` may be a symbolic link to a file on another device; one that leads nowhere is a trouble.
//!
//! Must not: judge. What a difference means, the engine decides.

use super::Sha256;
use crate::fault::Trouble;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Its name in the state folder.
pub const WITNESS: &str = "witness.log";

/// The hash before the first line.
const FIRST: &str = "sunap witness 1";

/// A publication that was witnessed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witnessed {
    /// Whose file: `channel/main`.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The hash of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The log, open to be added to.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
    /// Bytes of whole lines: where the next one goes.
    length: u64,
    head: Sha256,
    seen: BTreeSet<Witnessed>,
}

/// What a look at the log found.
#[derive(Debug)]
pub enum WitnessLook {
    /// There is no such file.
    Missing,
    /// It reads well up to its last whole line.
    Sound(Witness),
    /// A line is not what was written there.
    Altered {
        /// The first such line, counted from 1.
        line: usize,
    },
}

impl Witness {
    /// Reads the log of a state folder and checks every line against those before it. Changes nothing. A last line
    /// without its end is one whose file never left: it is left out, and the next one takes its place.
    pub fn look(state_dir: &Path) -> Result<WitnessLook, Trouble> {
        let path = state_dir.join(WITNESS);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(WitnessLook::Missing),
            Err(error) => return Err(Trouble::at("read", &path, error)),
        }
        let mut witness = Self { path, length: 0, head: Sha256::of(FIRST.as_bytes()), seen: BTreeSet::new() };
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            if !witness.take(text) {
                return Ok(WitnessLook::Altered { line: at + 1 });
            }
            witness.length += line.len() as u64;
        }
        Ok(WitnessLook::Sound(witness))
    }

    /// Makes an empty log, durably. Never in place of one that is there, nor where a link leads nowhere.
    pub fn begin(state_dir: &Path) -> Result<Self, Trouble> {
        let path = state_dir.join(WITNESS);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o640)
            .open(&path)
            .and_then(|file| file.sync_all())
            .and_then(|()| File::open(state_dir)?.sync_all())
            .map_err(|error| Trouble::at("begin", &path, error))?;
        Ok(Self { path, length: 0, head: Sha256::of(FIRST.as_bytes()), seen: BTreeSet::new() })
    }

    /// Notes that a file is about to be published; when this returns, a power cut does not take it back. Repeatable.
    pub fn note(&mut self, owner: &str, name: &str, sha256: &Sha256) -> Result<(), Trouble> {
        let noted =
            Witnessed { owner: owner.to_string(), name: name.to_string(), sha256: sha256.to_string() };
        if self.seen.contains(&noted) {
            return Ok(());
        }
        let body = format!("{}\t{}\t{}", noted.owner, noted.name, noted.sha256);
        let head = self.chained(body.as_bytes());
        let line = format!("{body}\t{head}\n");
        self.append(line.as_bytes()).map_err(|error| Trouble::at("add a line to", &self.path, error))?;
        self.length += line.len() as u64;
        self.head = head;
        self.seen.insert(noted);
        Ok(())
    }

    /// All that it holds.
    pub fn seen(&self) -> &BTreeSet<Witnessed> {
        &self.seen
    }

    /// Writes behind the last whole line. After a failure the next try writes the same place anew, through another
    /// opening of the file: pages of a failed fsync are not trusted.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        if file.metadata()?.len() != self.length {
            file.set_len(self.length)?;
        }
        file.seek(SeekFrom::Start(self.length))?;
        file.write_all(line)?;
        file.sync_all()
    }

    fn chained(&self, body: &[u8]) -> Sha256 {
        let mut bytes = self.head.as_bytes().to_vec();
        bytes.extend_from_slice(body);
        Sha256::of(&bytes)
    }

    /// Takes a line that was read; whether it is sound.
    fn take(&mut self, line: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(line) else { return false };
        let Some((body, head)) = text.rsplit_once('\t') else { return false };
        let chained = self.chained(body.as_bytes());
        let mut parts = body.split('\t');
        let (Some(owner), Some(name), Some(sha256), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        if chained.to_string() != head {
            return false;
        }
        self.head = chained;
        self.seen.insert(Witnessed {
            owner: owner.to_string(),
            name: name.to_string(),
            sha256: sha256.to_string(),
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(dir: &Path) -> Witness {
        match Witness::look(dir).unwrap() {
            WitnessLook::Sound(witness) => witness,
            other => panic!("{other:?}"),
        }
    }

    fn put(dir: &Path, bytes: &[u8]) {
        let mut file = OpenOptions::new().write(true).truncate(true).open(dir.join(WITNESS)).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn three(dir: &Path) -> Vec<u8> {
        let mut witness = Witness::begin(dir).unwrap();
        for name in ["EB130105", "EB210105", "EB210106"] {
            witness.note("channel/main", name, &Sha256::of(name.as_bytes())).unwrap();
            witness.note("channel/main", name, &Sha256::of(name.as_bytes())).unwrap();
        }
        std::fs::read(dir.join(WITNESS)).unwrap()
    }

    #[test]
    fn holds_each_publication_once() {
        let temp = tempfile::tempdir().unwrap();
        assert!(matches!(Witness::look(temp.path()).unwrap(), WitnessLook::Missing));
        three(temp.path());
        assert_eq!(sound(temp.path()).seen().len(), 3);
        assert!(Witness::begin(temp.path()).is_err(), "never in place of one that is there");
    }

    #[test]
    fn a_torn_last_line_is_written_over() {
        let temp = tempfile::tempdir().unwrap();
        let whole = three(temp.path());
        for cut in [1, 20, 70] {
            put(temp.path(), &whole[..whole.len() - cut]);
            let mut witness = sound(temp.path());
            assert_eq!(witness.seen().len(), 2);
            witness.note("channel/main", "EB210106", &Sha256::of(b"EB210106")).unwrap();
            assert_eq!(std::fs::read(temp.path().join(WITNESS)).unwrap(), whole);
        }
    }

    #[test]
    fn names_the_first_altered_line() {
        let temp = tempfile::tempdir().unwrap();
        let whole = String::from_utf8(three(temp.path())).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        for (text, first) in [
            (whole.replacen("EB210105", "EB210107", 1), 2),
            (format!("{}{}", lines[0], lines[2]), 2),
            (format!("{}{}{}", lines[1], lines[0], lines[2]), 1),
            (format!("{whole}\n"), 4),
        ] {
            put(temp.path(), text.as_bytes());
            match Witness::look(temp.path()).unwrap() {
                WitnessLook::Altered { line } => assert_eq!(line, first),
                other => panic!("{other:?}"),
            }
        }
    }
}
