//! A copy of business to let time run on in: the ledger, the archived bytes that an engine may still ask for, and the
//! files that lie with the bank. In a folder of its own, removed when it goes.
//!
//! Nothing of the real spool or state is locked, changed or waited for; the daemon may work beside it.
//!
//! Must not: copy keys; the copy is sealed with the same ones, read where they are.

use super::Failed;
use super::bank_side::BankSide;
use super::run::Play;
use super::settings::{open_keys, start_log_for_demo};
use super::status::time_of;
use crate::clock::Fast;
use crate::config::{Channel, Config};
use crate::daemon::rehearsal::Outside;
use crate::daemon::{Broken, Stop, stop_on_signals};
use crate::domain::{Date, Instant};
use crate::engine::{Engine, LEDGER, witness_for_copy};
use crate::exchange::Rules;
use crate::fault::Trouble;
use crate::ledger::{FileQuery, FileRow, FileState, Mark, Reader, Way};
use crate::machine::file::Out;
use crate::seal::KeyRing;
use crate::spool::{Sha256, read_archived};
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many days back a file of the bank may still be read again (an EB11 whose answer is due).
const BACK_DAYS: i64 = 14;

/// What a simulated bank is told in a plan: whoever the real bank knows, it knows.
const ALL_GOOD: &str = "seed = \"plan\"\n[centre]\nregistered_before = true\n";

/// What time it is for business: what the clock says, but never before what the ledger has seen.
pub(super) fn business_now(config: &Config, reader: &Reader) -> Result<Instant, Failed> {
    Ok(time_of(config, reader)?.max(reader.business_time()?.unwrap_or(Instant::from_unix_ms(0))))
}

/// The copy.
#[derive(Debug)]
pub(super) struct Scratch {
    dir: PathBuf,
    ring: Arc<KeyRing>,
    stop: Stop,
    /// Where the copied ledger stood.
    pub(super) mark: Mark,
}

/// The bank's side of every channel, and what it delivered before the engine began.
pub(super) struct Banks {
    pub(super) sides: Vec<Box<dyn Outside>>,
    pub(super) delivered: Vec<PathBuf>,
}

impl Scratch {
    /// Copies `real`, whose configuration is `config`, into a new folder below `work`, and turns the configuration to it.
    /// From now on a signal ends what is played, not the process, so that the copy goes.
    pub(super) fn make(config: &mut Config, real: Reader, work: Option<&Path>) -> Result<Self, Failed> {
        start_log_for_demo();
        let stop = stop_on_signals()?;
        let ring = open_keys(config)?;
        let scratch = Self::copied(config, &real, ring, stop, work.unwrap_or(&std::env::temp_dir()))?;
        config.spool_dir = scratch.spool();
        config.state_dir = scratch.state();
        Ok(scratch)
    }

    fn copied(
        real: &Config,
        reader: &Reader,
        ring: Arc<KeyRing>,
        stop: Stop,
        work: &Path,
    ) -> Result<Self, Failed> {
        let dir = new_folder(work)?;
        // From here on a failure removes it.
        let mut scratch = Self { dir, ring, stop, mark: reader.mark()? };
        for folder in [scratch.state(), scratch.spool()] {
            make_folder(&folder)?;
        }
        reader.copy_into(&scratch.ledger())?;
        let copy = scratch.reader()?;
        scratch.mark = copy.mark()?;
        witness_for_copy(&scratch.state(), &copy)?;
        scratch.copy_archive(&real.state_dir, &copy)?;
        Ok(scratch)
    }

    /// The copy's ledger, for reading.
    pub(super) fn reader(&self) -> Result<Reader, Trouble> {
        Reader::open(&self.ledger(), &self.ring)
    }

    /// The ordinary engine on the copy, with a clock that jumps to what is due, beside these banks.
    pub(super) fn play(&self, config: &Arc<Config>, banks: Banks, now: Instant) -> Result<Play, Failed> {
        let engine = Engine::open(Arc::clone(config), now).map_err(Broken::from)?;
        let mut play = Play::new(engine, banks.sides, Fast::new(now, None), self.stop.clone())?;
        banks.delivered.iter().for_each(|path| play.renamed_in(path));
        Ok(play)
    }

    /// Puts what the bank has of ours, or could take, where a simulated bank finds it, and lets it take what was
    /// taken, at the time at which it was.
    pub(super) fn banks(&self, config: &Config, rules: Option<&Path>) -> Result<Banks, Failed> {
        let open = open_files(&self.reader()?)?;
        let mut banks = Banks { sides: Vec::new(), delivered: Vec::new() };
        for channel in config.channels.values() {
            let mut side = match rules {
                Some(path) => BankSide::open(config, channel, path)?,
                None => BankSide::with_rules(config, channel, all_good()?)?,
            };
            let answers = channel.profile.applications.as_ref().map(|rule| rule.answer.as_str());
            for file in open.iter().filter(|file| file.owner == owner_of(channel)) {
                // An answer to what came in at banks is over for a bank that has not asked.
                if answers == Some(file.kind.as_str()) && is_with_bank(file) {
                    self.put(file, "sent")?;
                } else if self.put_back(file)?
                    && let (FileState::Out(Out::Taken), Some(at)) = (file.state, file.published_at)
                {
                    banks.delivered.extend(side.turn(at)?.delivered);
                }
            }
            banks.sides.push(Box::new(side));
        }
        Ok(banks)
    }

    /// The same without a bank: files lie where they lay.
    pub(super) fn without_banks(&self) -> Result<Banks, Failed> {
        for file in open_files(&self.reader()?)? {
            self.put_back(&file)?;
        }
        Ok(Banks { sides: Vec::new(), delivered: Vec::new() })
    }

    /// Puts a file of ours where its state says that it is. Whether it lies in the outbox.
    fn put_back(&self, file: &FileRow) -> Result<bool, Trouble> {
        let room = match file.state {
            FileState::Out(Out::Published | Out::Taken) => "outbox",
            FileState::Out(Out::Held | Out::Uncertain) => "held",
            FileState::Out(_) | FileState::In(_) => return Ok(false),
        };
        Ok(self.put(file, room)? && room == "outbox")
    }

    /// Puts the archived bytes of a file into a room of its owner; into the outbox with its marker. Whether it has bytes.
    fn put(&self, file: &FileRow, room: &str) -> Result<bool, Trouble> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else { return Ok(false) };
        let folder = self.spool().join(&file.owner).join(room);
        make_folder(&folder)?;
        let mut bytes = read_archived(&self.state(), &self.ring, day, &Sha256::from_bytes(sha256))?;
        put(&folder.join(&file.name), |out| io::copy(&mut bytes, out).map(drop))?;
        if room == "outbox" {
            put(&folder.join(format!("{}.ok", file.name)), |_| Ok(()))?;
        }
        Ok(true)
    }

    /// Puts a copy of a file into an inbox of the copy, whole, as its owner where this process may.
    pub(super) fn drop_into(&self, owner: &str, from: &Path, name: &str) -> Result<PathBuf, Trouble> {
        let to = self.spool().join(owner).join("inbox").join(name);
        let copied = std::fs::copy(from, &to).and_then(|_| std::fs::metadata(from));
        let about = copied.map_err(|error| Trouble::at("copy", from, error))?;
        // Who may not give files away drops it as oneself; the rights are then judged so.
        let _as_oneself = chown(&to, Some(about.uid()), Some(about.gid()));
        Ok(to)
    }

    /// Copies the archived bytes, sealed as they are, of all that is not over.
    fn copy_archive(&self, state_dir: &Path, copy: &Reader) -> Result<(), Trouble> {
        let from = copy.business_time()?.map(|at| at.date().plus_days(-BACK_DAYS));
        for file in copy.files(&FileQuery { limit: usize::MAX, ..FileQuery::default() })? {
            let wanted = match file.state {
                FileState::Out(state) => is_open(state),
                FileState::In(_) => {
                    file.owner.starts_with("channel/") && Some(file.created_at.date()) >= from
                }
            };
            if let (true, Some(sha256), Some(day)) = (wanted, file.sha256, file.archive_day) {
                self.copy_archived(state_dir, day, &Sha256::from_bytes(sha256))?;
            }
        }
        for evidence in copy.evidence_archived(true)? {
            self.copy_archived(state_dir, evidence.day, &Sha256::from_bytes(evidence.sha256))?;
        }
        for answer in copy.answers_owed()? {
            self.copy_archived(state_dir, answer.day, &Sha256::from_bytes(answer.sha256))?;
        }
        Ok(())
    }

    fn copy_archived(&self, state_dir: &Path, day: Date, sha256: &Sha256) -> Result<(), Trouble> {
        let below = PathBuf::from("archive").join(day.to_string());
        let folder = self.state().join(&below);
        make_folder(&folder)?;
        let (from, to) = (state_dir.join(&below).join(sha256.to_string()), folder.join(sha256.to_string()));
        std::fs::copy(&from, &to).map(drop).map_err(|error| Trouble::at("copy", &from, error))
    }

    fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    fn spool(&self) -> PathBuf {
        self.dir.join("spool")
    }

    fn ledger(&self) -> PathBuf {
        self.state().join(LEDGER)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            let dir = self.dir.display();
            crate::cli::tell(format_args!("sunap: the copy {dir} could not be removed ({error}); remove it"));
        }
    }
}

/// Files of ours on their way, oldest first.
fn open_files(reader: &Reader) -> Result<Vec<FileRow>, Trouble> {
    let query = FileQuery { way: Some(Way::Out), limit: usize::MAX, ..FileQuery::default() };
    let mut open = reader.files(&query)?;
    open.retain(|file| matches!(file.state, FileState::Out(state) if is_open(state)));
    open.sort_by_key(|file| (file.published_at.map(Instant::unix_ms), file.file_id));
    Ok(open)
}

/// Whether the bytes of a file of ours may be asked for again.
fn is_open(state: Out) -> bool {
    match state {
        Out::Built
        | Out::Staged
        | Out::Published
        | Out::Taken
        | Out::Uncertain
        | Out::Refused
        | Out::Held => true,
        Out::Planned | Out::Answered | Out::Missed | Out::Emptied => false,
    }
}

/// Whether the bank has it, or may take it at once.
fn is_with_bank(file: &FileRow) -> bool {
    matches!(file.state, FileState::Out(Out::Published | Out::Taken))
}

fn owner_of(channel: &Channel) -> String {
    format!("channel/{}", channel.id)
}

fn all_good() -> Result<Rules, Failed> {
    Ok(Rules::from_toml("the bank of a copy", ALL_GOOD).map_err(crate::config::LoadError::from)?)
}

/// A new folder that nobody else may look into.
fn new_folder(work: &Path) -> Result<PathBuf, Trouble> {
    let pid = std::process::id();
    for nth in 0..1000_u32 {
        let dir = work.join(format!("sunap-copy-{pid}-{nth}"));
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Trouble::at("make the folder", &dir, error)),
        }
    }
    Err(Trouble::at("make a folder in", work, "a thousand copies lie there; remove them"))
}

fn make_folder(dir: &Path) -> Result<(), Trouble> {
    let made = DirBuilder::new().recursive(true).mode(0o750).create(dir);
    made.map_err(|error| Trouble::at("make the folder", dir, error))
}

fn put(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Trouble> {
    let filled = File::create(path).and_then(|mut file| fill(&mut file));
    filled.map_err(|error| Trouble::at("write", path, error))
}
