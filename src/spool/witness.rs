//! The witness: a file beside the ledger that only grows, with a line for every file of ours that was about to leave the
//! house and for every file that was taken in, and for what else moved the ledger: the instants at which it worked, the
//! starts, and what the bank's side was seen to do.
//!
//! A ledger can be put back from a backup that is older than files already sent or taken in; it would send them again, or
//! never know of a result. The witness is not in the ledger; a file's line is durable before the file can be seen by the peer, or
//! before the commit that applies it; each line holds the hash of all before it. Who compares the two at start sees what
//! the ledger has forgotten (faults.md 3.3), and `sunap restore` plays it again.
//!
//! `state/witness.log` may be a symbolic link to a file on another device; one that leads nowhere is a trouble.
//!
//! Must not: judge. What a difference means, the engine decides.

use super::{Dropper, Sha256};
use crate::domain::Instant;
use crate::fault::Trouble;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Its name in the state folder.
pub const WITNESS: &str = "witness.log";

/// The hash before the first line.
const FIRST: &str = "sunap witness 1";

/// A file that was witnessed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witnessed {
    /// Whose file: `channel/main`.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The hash of its bytes, in hexadecimal.
    pub sha256: String,
}

impl Witnessed {
    /// A file by its owner's folder, name and content.
    pub fn new(owner: &str, name: &str, sha256: &Sha256) -> Self {
        Self { owner: owner.to_string(), name: name.to_string(), sha256: sha256.to_string() }
    }
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The lines up to the next such one happened in a turn at this business time.
    Turn(Instant),
    /// The daemon started at this business time, with a configuration of this hash.
    Start(Instant, String),
    /// A configuration of this hash came into force while it ran.
    Config(Instant, String),
    /// A file of ours was about to leave.
    Sent(Witnessed),
    /// A file was taken in and was about to be judged.
    Taken {
        /// Which.
        file: Witnessed,
        /// Whose it was, by the system.
        dropper: Dropper,
        /// It was found in work, where a crash or a failing disk had left it, before anything else was done.
        left: bool,
    },
    /// The last line of this file taken in stands for nothing: it was not judged then. It follows once more.
    Undone(Witnessed),
    /// A file of ours was seen to be taken by the bank's side.
    Gone(String, String),
    /// A receipt for a file of ours was read: its folder, name, and the receipt's text.
    Heard(String, String, String),
    /// A file of ours is uncertain since the power failed while it was handed out.
    Doubt(String, String),
    /// What stands before was copied from the ledger, in the order of its files: when and how is not known.
    Anew,
}

impl Line {
    fn text(&self) -> String {
        let file =
            |kind: &str, one: &Witnessed| format!("{kind}\t{}\t{}\t{}", one.owner, one.name, one.sha256);
        match self {
            Self::Turn(at) => format!("turn\t{}", at.unix_ms()),
            Self::Start(at, config) => format!("start\t{}\t{config}", at.unix_ms()),
            Self::Config(at, config) => format!("config\t{}\t{config}", at.unix_ms()),
            Self::Sent(one) => file("sent", one),
            Self::Taken { file: one, dropper, left } => {
                let kind = if *left { "left" } else { "in" };
                format!("{}\t{}\t{}\t{:o}", file(kind, one), dropper.uid, dropper.gid, dropper.mode)
            }
            Self::Undone(one) => file("undone", one),
            Self::Gone(owner, name) => format!("gone\t{owner}\t{name}"),
            Self::Heard(owner, name, text) => {
                let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                format!("heard\t{owner}\t{name}\t{hex}")
            }
            Self::Doubt(owner, name) => format!("doubt\t{owner}\t{name}"),
            Self::Anew => "anew".to_string(),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('\t').collect();
        let file = |owner: &str, name: &str, sha256: &str| Witnessed {
            owner: owner.to_string(),
            name: name.to_string(),
            sha256: sha256.to_string(),
        };
        let at = |ms: &str| ms.parse().ok().map(Instant::from_unix_ms);
        Some(match *parts.as_slice() {
            ["turn", ms] => Self::Turn(at(ms)?),
            ["start", ms, config] => Self::Start(at(ms)?, config.to_string()),
            ["config", ms, config] => Self::Config(at(ms)?, config.to_string()),
            ["sent", owner, name, sha256] => Self::Sent(file(owner, name, sha256)),
            [kind @ ("in" | "left"), owner, name, sha256, uid, gid, mode] => Self::Taken {
                file: file(owner, name, sha256),
                dropper: Dropper {
                    uid: uid.parse().ok()?,
                    gid: gid.parse().ok()?,
                    mode: u32::from_str_radix(mode, 8).ok()?,
                },
                left: kind == "left",
            },
            ["undone", owner, name, sha256] => Self::Undone(file(owner, name, sha256)),
            ["gone", owner, name] => Self::Gone(owner.to_string(), name.to_string()),
            ["heard", owner, name, hex] => Self::Heard(owner.to_string(), name.to_string(), from_hex(hex)?),
            ["doubt", owner, name] => Self::Doubt(owner.to_string(), name.to_string()),
            ["anew"] => Self::Anew,
            // As it was before files taken in were witnessed: sent ones only, by their folder.
            [owner, name, sha256] if owner.contains('/') => Self::Sent(file(owner, name, sha256)),
            _ => return None,
        })
    }
}

fn from_hex(hex: &str) -> Option<String> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(pairs.iter().map(byte).collect::<Option<Vec<u8>>>()?).ok()
}

/// The log, open to be added to.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
    /// Bytes of whole lines that are known to be durable: where `tail` begins.
    synced: u64,
    /// Lines behind them, written but not known to be durable.
    tail: Vec<u8>,
    /// How many bytes of `tail` were written.
    written: usize,
    head: Sha256,
    /// The turn under way that has no line yet.
    turn: Option<Instant>,
    seen: BTreeSet<Witnessed>,
    taken: BTreeMap<Witnessed, usize>,
    read: Vec<Line>,
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
    fn empty(path: PathBuf) -> Self {
        Self {
            path,
            synced: 0,
            tail: Vec::new(),
            written: 0,
            head: Sha256::of(FIRST.as_bytes()),
            turn: None,
            seen: BTreeSet::new(),
            taken: BTreeMap::new(),
            read: Vec::new(),
        }
    }

    /// Reads the log of a state folder and checks every line against those before it. Changes nothing. A last line
    /// without its end is one whose file never left and was never judged: it is left out, and the next one takes its place.
    pub fn look(state_dir: &Path) -> Result<WitnessLook, Trouble> {
        let path = state_dir.join(WITNESS);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(WitnessLook::Missing),
            Err(error) => return Err(Trouble::at("read", &path, error)),
        }
        let mut witness = Self::empty(path);
        for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            if !witness.take(text) {
                return Ok(WitnessLook::Altered { line: at + 1 });
            }
            witness.synced += line.len() as u64;
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
        Ok(Self::empty(path))
    }

    /// Notes that a file is about to be published; when this returns, a power cut does not take it back. Repeatable.
    pub fn note(&mut self, owner: &str, name: &str, sha256: &Sha256) -> Result<(), Trouble> {
        let noted = Witnessed::new(owner, name, sha256);
        if self.seen.contains(&noted) {
            return Ok(());
        }
        self.add(vec![Line::Sent(noted)], true)
    }

    /// Notes that a file is about to be judged, durably as [`Witness::note`]. `undone`: it was noted
    /// before and not judged then.
    pub fn note_taken(
        &mut self,
        file: Witnessed,
        dropper: Dropper,
        left: bool,
        undone: bool,
    ) -> Result<(), Trouble> {
        let before = undone.then(|| Line::Undone(file.clone()));
        self.add(before.into_iter().chain([Line::Taken { file, dropper, left }]).collect(), true)
    }

    /// Notes lines that are durable together, as one step.
    pub fn note_all(&mut self, lines: Vec<Line>) -> Result<(), Trouble> {
        self.add(lines, true)
    }

    /// Notes what need not be durable by itself: it is with the next line that is.
    pub fn mention(&mut self, line: Line) -> Result<(), Trouble> {
        self.add(vec![line], false)
    }

    /// A turn begins at `now`; it gets its line with the first thing that is noted in it.
    pub fn begin_turn(&mut self, now: Instant) {
        self.turn = Some(now);
    }

    /// A turn ends; one that worked has a line even where nothing else was noted.
    pub fn end_turn(&mut self, worked: bool) -> Result<(), Trouble> {
        let wanting = worked && self.turn.is_some();
        let noted = if wanting { self.add(Vec::new(), false) } else { Ok(()) };
        self.turn = None;
        noted
    }

    /// The files that were about to leave.
    pub fn seen(&self) -> &BTreeSet<Witnessed> {
        &self.seen
    }

    /// The files that were taken in and judged, and how often each.
    pub fn taken(&self) -> &BTreeMap<Witnessed, usize> {
        &self.taken
    }

    /// What was read when it was looked at, in order.
    pub fn read(&self) -> &[Line] {
        &self.read
    }

    /// Whether it is one of before: it has never told of files taken in.
    pub fn tells_of_sent_only(&self) -> bool {
        !self.read.is_empty() && self.read.iter().all(|line| matches!(line, Line::Sent(_)))
    }

    /// Adds lines behind the last whole one, with the line of the turn before them where that has none yet. What could
    /// not be written is as if never asked for.
    fn add(&mut self, lines: Vec<Line>, durably: bool) -> Result<(), Trouble> {
        let before = (self.tail.len(), self.head, self.turn);
        let turn = self.turn.take().map(Line::Turn);
        for line in turn.iter().chain(&lines) {
            let body = line.text();
            self.head = self.chained(body.as_bytes());
            self.tail.extend_from_slice(format!("{body}\t{}\n", self.head).as_bytes());
        }
        if let Err(error) = self.append(durably) {
            self.tail.truncate(before.0);
            self.written = self.written.min(before.0);
            (self.head, self.turn) = (before.1, before.2);
            return Err(Trouble::at("add a line to", &self.path, error));
        }
        lines.into_iter().for_each(|line| self.count(line));
        Ok(())
    }

    /// Writes behind the last whole line. What must be durable is written from the last durable line on, through another
    /// opening of the file: pages of a failed fsync are not trusted.
    fn append(&mut self, durably: bool) -> io::Result<()> {
        let from = if durably { 0 } else { self.written };
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        let at = self.synced + from as u64;
        if file.metadata()?.len() > at {
            file.set_len(at)?;
        }
        file.seek(SeekFrom::Start(at))?;
        file.write_all(self.tail.get(from..).unwrap_or_default())?;
        self.written = self.tail.len();
        if durably {
            file.sync_all()?;
            self.synced += self.tail.len() as u64;
            self.tail.clear();
            self.written = 0;
        }
        Ok(())
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
        let Some(line) = Line::from_text(body).filter(|_| chained.to_string() == head) else { return false };
        self.head = chained;
        self.count(line.clone());
        self.read.push(line);
        true
    }

    fn count(&mut self, line: Line) {
        match line {
            Line::Sent(one) => {
                self.seen.insert(one);
            }
            Line::Taken { file, .. } => {
                *self.taken.entry(file).or_default() += 1;
            }
            Line::Undone(file) => {
                if let Some(count) = self.taken.get_mut(&file) {
                    *count = count.saturating_sub(1);
                }
            }
            Line::Turn(_)
            | Line::Start(..)
            | Line::Config(..)
            | Line::Gone(..)
            | Line::Heard(..)
            | Line::Doubt(..)
            | Line::Anew => {}
        }
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
    fn holds_what_was_taken_in_with_its_turns() {
        let temp = tempfile::tempdir().unwrap();
        let mut witness = Witness::begin(temp.path()).unwrap();
        let at = Instant::from_unix_ms(1_767_225_600_123);
        let dropper = Dropper { uid: 1001, gid: 7, mode: 0o640 };
        let file = Witnessed::new("control", "order.toml", &Sha256::of(b"order"));
        let taken = Line::Taken { file: file.clone(), dropper, left: false };
        let again = Line::Taken { file: file.clone(), dropper, left: true };
        witness.begin_turn(at);
        witness.note_taken(file.clone(), dropper, false, false).unwrap();
        witness.mention(Line::Gone("channel/main".into(), "EB130105".into())).unwrap();
        witness.end_turn(true).unwrap();
        witness.begin_turn(at);
        witness.end_turn(false).unwrap();
        witness.begin_turn(at);
        witness.note_taken(file.clone(), dropper, true, true).unwrap();
        witness
            .mention(Line::Heard("channel/main".into(), "EB130105".into(), "code = \"확인\"\n".into()))
            .unwrap();
        let read = sound(temp.path());
        let gone = Line::Gone("channel/main".into(), "EB130105".into());
        let heard = Line::Heard("channel/main".into(), "EB130105".into(), "code = \"확인\"\n".into());
        let turn = Line::Turn(at);
        assert_eq!(read.read(), [turn.clone(), taken, gone, turn, Line::Undone(file.clone()), again, heard]);
        assert_eq!(read.taken().get(&file), Some(&1), "{:?}", read.taken());
        let all = [
            Line::Start(at, "ab".into()),
            Line::Config(at, "cd".into()),
            Line::Doubt("channel/main".into(), "EB130105".into()),
            Line::Anew,
        ];
        for line in all {
            assert_eq!(Line::from_text(&line.text()), Some(line));
        }
    }

    /// Lines that nobody waited for are written again with the next one that must be durable, and never twice.
    #[test]
    fn a_line_that_failed_is_as_if_never_asked_for() {
        let temp = tempfile::tempdir().unwrap();
        let mut witness = Witness::begin(temp.path()).unwrap();
        let path = temp.path().join(WITNESS);
        let sha256 = Sha256::of(b"1");
        witness.begin_turn(Instant::from_unix_ms(1));
        std::fs::remove_file(&path).unwrap();
        assert!(witness.note("channel/main", "EB130105", &sha256).is_err());
        assert!(witness.mention(Line::Anew).is_err());
        std::fs::File::create(&path).unwrap();
        witness.mention(Line::Anew).unwrap();
        witness.note("channel/main", "EB130105", &sha256).unwrap();
        let sent = Line::Sent(Witnessed::new("channel/main", "EB130105", &sha256));
        assert_eq!(sound(temp.path()).read(), [Line::Turn(Instant::from_unix_ms(1)), Line::Anew, sent]);
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
        // One of before, as it was written then.
        let mut head = Sha256::of(FIRST.as_bytes());
        let body = format!("channel/main\tEB130105\t{}", Sha256::of(b"1"));
        head = Sha256::of(&[head.as_bytes(), body.as_bytes()].concat());
        put(temp.path(), format!("{body}\t{head}\n").as_bytes());
        let before = sound(temp.path());
        assert!(before.tells_of_sent_only() && before.seen().len() == 1);
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
