//! An older ledger is brought back to the truth (E62): in a copy beside, what the witness tells is played again; only when
//! all of it fits, and the checks find nothing, the ledger that came out takes the place of the old one.
//!
//! The folder of the copy stands in the state folder. A crash leaves it there and nothing else changed; the next attempt begins
//! anew.
//!
//! Must not: change the real spool or witness; remove the ledger that was there.

use super::journal::journal_findings;
use super::replay::{Replay, ReplayFailed, Replayed};
use super::start::{LEDGER, limits, owners_of};
use super::witness::{witness_findings, witness_for_copy};
use super::{StartError, start};
use crate::config::Config;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::{Create, FileQuery, FileState, Ledger, OpenError, PageCheck, Reader, Way, open_copy};
use crate::machine::file::Out;
use crate::seal::KeyRing;
use crate::spool::{
    Lock, Owner, Room, Roots, Sha256, Spool, Witness, WitnessLine, WitnessLook, Witnessed, anew,
    link_archive, remove_anew, swap_in,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of the copy, in the state folder.
const FOLDER: &str = "restoring";

/// The name of the new ledger until it is swapped in.
const NEW: &str = "ledger.sqlite.restored";

/// What is played on.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// The ledger in the state folder.
    Present,
    /// A backup.
    Backup(&'a Path),
    /// Nothing: the ledger is lost.
    Nothing,
}

/// A ledger that is ready to take its place.
#[derive(Debug)]
pub struct Rebuilt {
    /// How much was played.
    pub replayed: Replayed,
    /// The hash of its business state.
    pub digest: [u8; 32],
    state_dir: PathBuf,
    copy: PathBuf,
    ring: Arc<KeyRing>,
    _lock: Lock,
}

/// What the swap did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swapped {
    /// The name under which the ledger that was there is kept.
    pub kept: Option<String>,
    /// Days whose root of the journal came out as another; the old ones are kept beside.
    pub roots_anew: Vec<String>,
}

/// What a ledger says against itself: pages, sealed values, books.
pub fn ledger_findings(reader: &Reader, check: PageCheck) -> Result<Vec<String>, Trouble> {
    let pages = reader.check_pages(check)?;
    let mut found: Vec<String> = pages.into_iter().map(|text| format!("page: {text}")).collect();
    found.extend(reader.sealed_values()?.broken.into_iter().map(|text| format!("sealed: {text}")));
    found.extend(reader.audit()?.into_iter().map(|wrong| format!("audit: {}: {}", wrong.rule, wrong.text)));
    Ok(found)
}

/// Builds the ledger of now in a copy. Changes nothing that counts; the daemon must not run.
pub fn rebuild(
    mut config: Config,
    base: Base<'_>,
    any_config: bool,
    stopped: &dyn Fn() -> bool,
) -> Result<Rebuilt, ReplayFailed> {
    let lock = start::lock(&config)?;
    let ring = start::keys(&config)?;
    let witness = match Witness::look(&config.state_dir)? {
        WitnessLook::Sound(witness) => witness,
        WitnessLook::Missing => {
            return Err(ReplayFailed::Differs(
                "there is no state/witness.log: without it nobody knows what is to be played.\n  → put it back from where the last one is".to_string(),
            ));
        }
        WitnessLook::Altered { line } => {
            return Err(ReplayFailed::Differs(format!(
                "state/witness.log was altered: line {line} is not what was written there.\n  → put it back from where the last one is"
            )));
        }
    };
    let copy = anew(&config.state_dir, FOLDER)?;
    let (spool_dir, state_dir) = (config.spool_dir.clone(), config.state_dir.clone());
    config.spool_dir = copy.join("spool");
    config.state_dir = copy.join("state");
    let place = Copy { spool_dir: &spool_dir, state_dir: &state_dir, dir: &copy, ring: &ring };
    let played = place.play(config, base, (witness.read(), any_config), stopped);
    let (replayed, digest) = played.inspect_err(|_| {
        // A copy that came to nothing; the next attempt would remove it too.
        let _left = remove_anew(&copy);
    })?;
    Ok(Rebuilt { replayed, digest, state_dir, copy, ring, _lock: lock })
}

/// The copy in which it is played.
struct Copy<'a> {
    /// The real spool.
    spool_dir: &'a Path,
    /// The real state.
    state_dir: &'a Path,
    dir: &'a Path,
    ring: &'a Arc<KeyRing>,
}

impl Copy<'_> {
    fn play(
        &self,
        config: Config,
        base: Base<'_>,
        (lines, any_config): (&[WitnessLine], bool),
        stopped: &dyn Fn() -> bool,
    ) -> Result<(Replayed, [u8; 32]), ReplayFailed> {
        for folder in ["spool", "state"] {
            anew(self.dir, folder)?;
        }
        let ledger = config.state_dir.join(LEDGER);
        self.put_base(base, &ledger)?;
        let known = Reader::open(&ledger, self.ring)?;
        sound(&known, "the ledger to begin with")?;
        link_archive(self.state_dir, &config.state_dir)?;
        if !matches!(base, Base::Nothing) {
            witness_for_copy(&config.state_dir, &known)?;
            self.lay_open_files(&config, &known, lines)?;
            self.put_roots(&config.state_dir, &known)?;
        }
        let config = Arc::new(config);
        let replayed = Replay { config: &config, lines, any_config, stopped }.play(&known)?;
        drop(known);
        self.check(&ledger).map(|digest| (replayed, digest))
    }

    fn put_base(&self, base: Base<'_>, ledger: &Path) -> Result<(), ReplayFailed> {
        match base {
            Base::Present => {
                let there = self.state_dir.join(LEDGER);
                if !there.exists() {
                    return Err(ReplayFailed::Differs(format!(
                        "there is no {}.\n  → name a backup with --from, or play all from the beginning with --from-nothing",
                        there.display()
                    )));
                }
                // Nobody else has it open: its log is whole.
                for ending in ["", "-wal"] {
                    let from = self.state_dir.join(format!("{LEDGER}{ending}"));
                    if ending.is_empty() || from.exists() {
                        open_copy(&from, &ledger.with_file_name(format!("{LEDGER}{ending}")), self.ring)?;
                    }
                }
            }
            Base::Backup(path) => open_copy(path, ledger, self.ring)?,
            Base::Nothing => {}
        }
        let create = if matches!(base, Base::Nothing) { Create::Allowed } else { Create::Refused };
        // One of an older version is brought up to date here, in the copy.
        let opened = Ledger::open(ledger, create, self.ring);
        opened.map(drop).map_err(|error| match error {
            OpenError::Trouble(trouble) => StartError::Trouble(trouble).into(),
            other => StartError::Ledger(other.to_string()).into(),
        })
    }

    /// The roots of the days that are over for the ledger to begin with; those after come out of the replay.
    fn put_roots(&self, copy: &Path, known: &Reader) -> Result<(), ReplayFailed> {
        let roots = Roots::open(copy)?;
        let today = known.business_time()?.map(Instant::date);
        for (date, text) in Roots::read(self.state_dir)?.roots {
            if Some(date) < today {
                roots.put(date, &text)?;
            }
        }
        Ok(())
    }

    /// Files of ours lie in the copy where the ledger to begin with says that they are; one that was staged, where the
    /// witness says that it went on from there.
    fn lay_open_files(
        &self,
        config: &Config,
        known: &Reader,
        lines: &[WitnessLine],
    ) -> Result<(), ReplayFailed> {
        let owners = owners_of(config);
        let spool = Spool::open(&config.spool_dir, &config.state_dir, &owners, limits(config), self.ring)?;
        let query = FileQuery { way: Some(Way::Out), limit: usize::MAX, ..FileQuery::default() };
        for file in known.files(&query)? {
            let (Some(sha256), Some(day)) = (file.sha256.map(Sha256::from_bytes), file.archive_day) else {
                continue;
            };
            let left = WitnessLine::Sent(Witnessed::new(&file.owner, &file.name, &sha256));
            let room = match file.state {
                FileState::Out(Out::Staged) if lines.contains(&left) => {
                    // Handed out right after: its line came before, as it does.
                    if let WitnessLook::Sound(mut witness) = Witness::look(&config.state_dir)? {
                        witness.note(&file.owner, &file.name, &sha256)?;
                    }
                    Room::Outbox
                }
                FileState::Out(Out::Staged) => Room::Stage,
                FileState::Out(Out::Published) => Room::Outbox,
                FileState::Out(Out::Taken) => Room::Sent,
                FileState::Out(Out::Held | Out::Uncertain) => Room::Held,
                FileState::Out(_) | FileState::In(_) => continue,
            };
            let Some(owner) = owners.iter().find(|owner| owner.folder() == file.owner) else { continue };
            let mut bytes = spool.open_archived(day, &sha256)?;
            spool.lay(owner, room, &file.name, &mut bytes)?;
            if let (Room::Outbox, Owner::Channel(channel)) = (room, owner) {
                spool.mark_ok(channel, &file.name)?;
            }
        }
        Ok(())
    }

    /// Copies what came out beside the real ledger, and checks it as a ledger of this state folder. Its business state.
    fn check(&self, ledger: &Path) -> Result<[u8; 32], ReplayFailed> {
        let new = self.state_dir.join(NEW);
        remove_anew(&new)?;
        let played = Reader::open(ledger, self.ring)?;
        played.copy_into(&new)?;
        let reader = Reader::open(&new, self.ring)?;
        sound(&reader, "the rebuilt ledger")?;
        let (_, mut found) = witness_findings(self.state_dir, self.spool_dir, &reader)?;
        found.extend(journal_findings(&self.dir.join("state"), &reader)?.findings);
        let digest = reader.final_state_digest()?;
        if digest != played.final_state_digest()? {
            found.push("the copy is not what was played".to_string());
        }
        if found.is_empty() { Ok(digest) } else { unsound("the rebuilt ledger", &found) }
    }
}

fn sound(reader: &Reader, which: &str) -> Result<(), ReplayFailed> {
    let found = ledger_findings(reader, PageCheck::Whole)?;
    if found.is_empty() { Ok(()) } else { unsound(which, &found) }
}

fn unsound<T>(which: &str, found: &[String]) -> Result<T, ReplayFailed> {
    Err(ReplayFailed::Differs(format!(
        "{which} is not sound; nothing was changed:\n  {}",
        found.join("\n  ")
    )))
}

impl Rebuilt {
    /// Leaves everything as it was.
    pub fn give_up(self) -> Result<(), Trouble> {
        remove_anew(&self.state_dir.join(NEW))?;
        remove_anew(&self.copy)
    }

    /// Puts it in its place. What was there is kept beside.
    pub fn swap_in(self) -> Result<Swapped, Trouble> {
        let copy = self.copy.join("state");
        // First what the new ledger names and the archive does not have; the archive may hold more than a ledger knows.
        link_archive(&copy, &self.state_dir)?;
        let reader = Reader::open(&self.state_dir.join(NEW), &self.ring)?;
        let mut roots_anew = Vec::new();
        if !journal_findings(&self.state_dir, &reader)?.findings.is_empty() {
            roots_anew = Roots::renew(&self.state_dir, &copy)?;
        }
        drop(reader);
        for ending in ["-wal", "-shm"] {
            remove_anew(&self.state_dir.join(format!("{NEW}{ending}")))?;
        }
        let kept = swap_in(&self.state_dir, NEW, LEDGER, &["-wal", "-shm"])?;
        remove_anew(&self.copy)?;
        Ok(Swapped { kept, roots_anew })
    }
}
