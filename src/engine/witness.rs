//! Ledger and witness, held against each other: a ledger put back from a backup that is older than what was sent would
//! send it again, and one older than what was taken in would never know of it, so the daemon does not start on it
//! (faults.md 3.3, E62).
//!
//! Must not: mend either of the two; which one is right, a person says.

use super::incoming::Arrival;
use super::{Engine, Failure, StartError};
use crate::config::Config;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::{FileQuery, FileRow, FileState, Ledger, Reader, Subject};
use crate::machine::file::{Out, OutHappening};
use crate::spool::{Dropper, Sha256, Witness, WitnessLine as Line, WitnessLook, Witnessed};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many differences a refusal names.
const NAMED: usize = 10;

/// Every difference between the ledger and the witness, in words, and how many files were witnessed. Changes nothing.
/// A daemon may work meanwhile: what differs is looked at twice.
pub fn witness_findings(
    state_dir: &Path,
    spool_dir: &Path,
    reader: &Reader,
) -> Result<(usize, Vec<String>), Trouble> {
    let first = findings(state_dir, spool_dir, reader)?;
    if first.1.is_empty() { Ok(first) } else { findings(state_dir, spool_dir, reader) }
}

fn findings(state_dir: &Path, spool_dir: &Path, reader: &Reader) -> Result<(usize, Vec<String>), Trouble> {
    let known = Known::of(reader)?;
    match Witness::look(state_dir)? {
        WitnessLook::Missing if known.is_empty() => Ok((0, Vec::new())),
        WitnessLook::Missing => {
            Ok((0, vec!["the witness is missing, but files were sent or taken in".to_string()]))
        }
        WitnessLook::Altered { line } => Ok((0, vec![format!("line {line} is not what was written there")])),
        WitnessLook::Sound(witness) => {
            let count = witness.seen().len().saturating_add(witness.taken().values().sum());
            Ok((count, differences(spool_dir, &witness, &known)))
        }
    }
}

/// Begins a witness that knows what `reader`'s ledger has sent and taken in: for a copy that is worked on elsewhere
/// (`sunap plan`).
pub fn witness_for_copy(state_dir: &Path, reader: &Reader) -> Result<(), Trouble> {
    let lines = Known::of(reader)?.lines();
    Witness::begin(state_dir)?.note_all(lines)
}

/// The witness that a starting daemon adds to. Refuses where it and the ledger tell different stories.
pub(super) fn open(config: &Config, ledger: &mut Ledger, now: Instant) -> Result<Witness, StartError> {
    let known = Known::of(&ledger.reader()?)?;
    let state_dir = &config.state_dir;
    let mut witness = match Witness::look(state_dir)? {
        WitnessLook::Sound(witness) => witness,
        WitnessLook::Missing if known.is_empty() => Witness::begin(state_dir)?,
        WitnessLook::Missing => {
            return Err(StartError::Ledger(
                "state/witness.log is missing, but files were sent or taken in: put it back from where the last one is.\n  \
                 → only if it is lost for good, and this ledger is known to be the newest: make an empty file of that name"
                    .to_string(),
            ));
        }
        WitnessLook::Altered { line } => {
            return Err(StartError::Ledger(format!(
                "state/witness.log was altered: line {line} is not what was written there. Nothing is sent until a person has put it right"
            )));
        }
    };
    if witness.read().is_empty() && !known.is_empty() {
        seed(&mut witness, ledger, &known, now)?;
    }
    if witness.tells_of_sent_only() && differences(&config.spool_dir, &witness, &known.sent_only()).is_empty()
    {
        witness.note_all(known.taken_lines().chain([Line::Anew]).collect())?;
    }
    let found = differences(&config.spool_dir, &witness, &known);
    if found.is_empty() {
        return Ok(witness);
    }
    let told: Vec<&str> = found.iter().take(NAMED).map(String::as_str).collect();
    Err(StartError::Ledger(format!(
        "ledger and witness differ in {} files; was an older ledger put back? Nothing is sent until they agree:\n  {}\n  \
         → put the newest ledger back, or bring this one to where it was: sunap restore (docs/reliability.md)",
        found.len(),
        told.join("\n  ")
    )))
}

/// A person made an empty witness anew: what the ledger knows is written into it, aloud.
fn seed(witness: &mut Witness, ledger: &mut Ledger, known: &Known, now: Instant) -> Result<(), StartError> {
    let tx = ledger.begin()?;
    let text = "the witness was empty and was made anew from the ledger: what an older ledger has forgotten, it cannot tell";
    tx.alert("witness-made-anew", "witness.log", text, now)?;
    tx.commit()?;
    Ok(witness.note_all(known.lines())?)
}

/// What a ledger knows of the files that a witness tells of.
pub(super) struct Known {
    /// Files of ours, and whether each was ever staged.
    ours: BTreeMap<Witnessed, bool>,
    /// Those of them that were published, oldest first.
    published: Vec<Witnessed>,
    /// Files that were taken in, oldest first.
    taken: Vec<Witnessed>,
}

impl Known {
    pub(super) fn of(reader: &Reader) -> Result<Self, Trouble> {
        let mut rows = reader.files(&FileQuery { limit: usize::MAX, ..FileQuery::default() })?;
        rows.sort_by_key(|row| row.file_id);
        let by_order = reader.files_judged_by_order()?;
        let mut known = Self { ours: BTreeMap::new(), published: Vec::new(), taken: Vec::new() };
        for row in &rows {
            let Some(key) = key(row) else { continue };
            match row.state {
                // The witness saw the order come in, not the file once more.
                FileState::In(_) if by_order.contains(&row.file_id) => {}
                FileState::In(_) => known.taken.push(key),
                FileState::Out(state) => {
                    if row.published_at.is_some() {
                        known.published.push(key.clone());
                    }
                    *known.ours.entry(key).or_default() |= was_staged(reader, row, state)?;
                }
            }
        }
        Ok(known)
    }

    /// How often each file was taken in.
    pub(super) fn taken_counts(&self) -> BTreeMap<&Witnessed, usize> {
        let mut counts = BTreeMap::new();
        self.taken.iter().for_each(|one| *counts.entry(one).or_default() += 1);
        counts
    }

    fn is_empty(&self) -> bool {
        self.published.is_empty() && self.taken.is_empty()
    }

    /// Without what was taken in.
    fn sent_only(&self) -> Self {
        Self { ours: self.ours.clone(), published: self.published.clone(), taken: Vec::new() }
    }

    fn taken_lines(&self) -> impl Iterator<Item = Line> {
        let dropper = Dropper { uid: 0, gid: 0, mode: 0 };
        self.taken.iter().map(move |file| Line::Taken { file: file.clone(), dropper, left: false })
    }

    /// The lines of a witness that was made of it.
    fn lines(&self) -> Vec<Line> {
        self.taken_lines().chain(self.published.iter().cloned().map(Line::Sent)).chain([Line::Anew]).collect()
    }
}

/// Both ways: what was witnessed and the ledger does not know, and what the ledger knows unwitnessed.
fn differences(spool_dir: &Path, witness: &Witness, known: &Known) -> Vec<String> {
    let mut found = Vec::new();
    for one in witness.seen() {
        let behind = match known.ours.get(one) {
            None => "the ledger has no such file",
            Some(false) => "its ledger row has not come so far",
            Some(true) => continue,
        };
        found.push(format!("{} {} (sha256 {}) was sent, but {behind}", one.owner, one.name, one.sha256));
    }
    let unwitnessed: BTreeSet<&Witnessed> =
        known.published.iter().filter(|one| !witness.seen().contains(*one)).collect();
    found.extend(
        unwitnessed
            .iter()
            .map(|one| format!("{} {} was sent, but the witness does not say so", one.owner, one.name)),
    );
    let mut rows = known.taken_counts();
    for (one, lines) in witness.taken() {
        let mut known = rows.remove(one).unwrap_or(0);
        // A crash came between its line and its commit: it lies in work still, and is judged now.
        if known.checked_add(1) == Some(*lines) && lies_in_work(spool_dir, one) {
            known = *lines;
        }
        if known < *lines {
            let (owner, name, sha256) = (&one.owner, &one.name, &one.sha256);
            found.push(format!(
                "{owner} {name} (sha256 {sha256}) was taken in, but the ledger does not know of it"
            ));
        } else if known > *lines {
            rows.insert(one, known);
        }
    }
    found.extend(
        rows.keys()
            .map(|one| format!("{} {} was taken in, but the witness does not say so", one.owner, one.name)),
    );
    found
}

fn lies_in_work(spool_dir: &Path, one: &Witnessed) -> bool {
    spool_dir.join(&one.owner).join("work").join(&one.name).exists()
}

/// Whether the ledger has ever staged a file. One that a person released stands as `built` once more.
fn was_staged(reader: &Reader, row: &FileRow, state: Out) -> Result<bool, Trouble> {
    match state {
        Out::Planned => Ok(false),
        Out::Built => {
            let steps = reader.history(Subject::File, row.file_id)?;
            Ok(steps.iter().any(|step| step.happening == OutHappening::Staged.word()))
        }
        _ => Ok(true),
    }
}

fn key(row: &FileRow) -> Option<Witnessed> {
    Some(Witnessed::new(&row.owner, &row.name, &Sha256::from_bytes(row.sha256?)))
}

/// One hash of all texts of a configuration: is it the one of then?
pub(super) fn config_hash(config: &Config) -> String {
    let mut all = Vec::new();
    for source in &config.texts {
        for part in [source.file.as_bytes(), source.text.as_bytes()] {
            all.extend_from_slice(Sha256::of(part).as_bytes());
        }
    }
    Sha256::of(&all).to_string()
}

impl Engine {
    /// Before a file can be seen by the peer, and before anything else speaks of it as sent.
    pub(super) fn witness_sending(
        &mut self,
        owner: &str,
        name: &str,
        sha256: &Sha256,
    ) -> Result<(), Failure> {
        self.witness.note(owner, name, sha256).map_err(Failure::Spool)
    }

    /// Before a file that was taken in is judged. `left`: it lay in work since before.
    pub(super) fn witness_taking(&mut self, arrival: &Arrival, left: bool) -> Result<(), Failure> {
        let Some(dropper) = arrival.dropper else { return Ok(()) };
        let file = Witnessed::new(&arrival.owner_key, &arrival.name, &arrival.sha256);
        // Only what lay in work can have a line that stands for nothing.
        let lines = self.witness.taken().get(&file).copied().unwrap_or(0);
        let undone = left && self.rows_of(&file)? < lines;
        self.witness.note_taken(file, dropper, left, undone).map_err(Failure::Spool)
    }

    pub(super) fn rows_of(&mut self, one: &Witnessed) -> Result<usize, Failure> {
        let rows = self.ledger.begin()?.files_named(&one.owner, &one.name)?;
        Ok(rows
            .iter()
            .filter(|row| matches!(row.state, FileState::In(_)) && key(row).as_ref() == Some(one))
            .count())
    }

    /// Notes what was seen; a disk that does not take it is told, and is no reason to stop.
    pub(super) fn mention(&mut self, line: Line) {
        if let Err(error) = self.witness.mention(line) {
            tracing::error!(%error, "the witness could not be written; will try again with the next line");
        }
    }
}
