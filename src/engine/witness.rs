//! Ledger and witness, held against each other: a ledger put back from a backup that is older than what was sent would
//! send it again, so the daemon does not start on it (faults.md 3.3, E62).
//!
//! Must not: mend either of the two; which one is right, a person says.

use super::{Engine, Failure, StartError};
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::{FileQuery, FileRow, FileState, Ledger, Reader, Subject, Way};
use crate::machine::file::{Out, OutHappening};
use crate::spool::{Sha256, Witness, WitnessLook, Witnessed};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many differences a refusal names.
const NAMED: usize = 10;

/// Every difference between the ledger and the witness of its state folder, in words, and how many publications were
/// witnessed. Changes nothing.
pub fn witness_findings(state_dir: &Path, reader: &Reader) -> Result<(usize, Vec<String>), Trouble> {
    match Witness::look(state_dir)? {
        WitnessLook::Missing if published(reader)?.is_empty() => Ok((0, Vec::new())),
        WitnessLook::Missing => Ok((0, vec!["the witness is missing, but files were sent".to_string()])),
        WitnessLook::Altered { line } => Ok((0, vec![format!("line {line} is not what was written there")])),
        WitnessLook::Sound(witness) => Ok((witness.seen().len(), differences(&witness, reader)?)),
    }
}

/// Begins a witness that knows what `reader`'s ledger has sent: for a copy that is worked on elsewhere (`sunap plan`).
pub fn witness_for_copy(state_dir: &Path, reader: &Reader) -> Result<(), Trouble> {
    let mut witness = Witness::begin(state_dir)?;
    for (sent, sha256) in published(reader)? {
        if let Some(sha256) = sha256 {
            witness.note(&sent.owner, &sent.name, &sha256)?;
        }
    }
    Ok(())
}

/// The witness that a starting daemon adds to. Refuses where it and the ledger tell different stories.
pub(super) fn open(state_dir: &Path, ledger: &mut Ledger, now: Instant) -> Result<Witness, StartError> {
    let reader = ledger.reader()?;
    let mut witness = match Witness::look(state_dir)? {
        WitnessLook::Sound(witness) => witness,
        WitnessLook::Missing if published(&reader)?.is_empty() => Witness::begin(state_dir)?,
        WitnessLook::Missing => {
            return Err(StartError::Ledger(
                "state/witness.log is missing, but files were sent: put it back from where the last one is.\n  \
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
    if witness.seen().is_empty() {
        seed(&mut witness, ledger, &reader, now)?;
    }
    let found = differences(&witness, &reader)?;
    if found.is_empty() {
        return Ok(witness);
    }
    let told: Vec<&str> = found.iter().take(NAMED).map(String::as_str).collect();
    Err(StartError::Ledger(format!(
        "ledger and witness differ in {} files; was an older ledger put back? Nothing is sent until they agree:\n  {}\n  \
         → put back the newest ledger (docs/reliability.md)",
        found.len(),
        told.join("\n  ")
    )))
}

/// A person made an empty witness anew: what the ledger knows to be sent is written into it, aloud.
fn seed(witness: &mut Witness, ledger: &mut Ledger, reader: &Reader, now: Instant) -> Result<(), StartError> {
    let sent = published(reader)?;
    if sent.is_empty() {
        return Ok(());
    }
    let tx = ledger.begin()?;
    let text = "the witness was empty and was made anew from the ledger: what an older ledger has forgotten, it cannot tell";
    tx.alert("witness-made-anew", "witness.log", text, now)?;
    tx.commit()?;
    for one in sent {
        let Some(sha256) = one.1 else { continue };
        witness.note(&one.0.owner, &one.0.name, &sha256)?;
    }
    Ok(())
}

/// Both ways: what was witnessed and the ledger never staged, and what the ledger published unwitnessed.
fn differences(witness: &Witness, reader: &Reader) -> Result<Vec<String>, Trouble> {
    let rows = ours(reader)?;
    let mut known: BTreeMap<Witnessed, &FileRow> = BTreeMap::new();
    for row in &rows {
        if let Some(key) = key(row) {
            known.insert(key, row);
        }
    }
    let mut found = Vec::new();
    for one in witness.seen() {
        let behind = match known.get(one) {
            None => Some("the ledger has no such file".to_string()),
            Some(row) if !was_staged(reader, row)? => Some("its ledger row has not come so far".to_string()),
            Some(_) => None,
        };
        if let Some(behind) = behind {
            found.push(format!("{} {} (sha256 {}) was sent, but {behind}", one.owner, one.name, one.sha256));
        }
    }
    let unwitnessed: BTreeSet<Witnessed> = rows
        .iter()
        .filter(|row| row.published_at.is_some())
        .filter_map(key)
        .filter(|key| !witness.seen().contains(key))
        .collect();
    found.extend(
        unwitnessed
            .iter()
            .map(|one| format!("{} {} was sent, but the witness does not say so", one.owner, one.name)),
    );
    Ok(found)
}

/// Whether the ledger has ever staged a file. One that a person released stands as `built` once more.
fn was_staged(reader: &Reader, row: &FileRow) -> Result<bool, Trouble> {
    match row.state {
        FileState::Out(Out::Planned) => Ok(false),
        FileState::Out(Out::Built) => {
            let steps = reader.history(Subject::File, row.file_id)?;
            Ok(steps.iter().any(|step| step.happening == OutHappening::Staged.word()))
        }
        _ => Ok(true),
    }
}

fn ours(reader: &Reader) -> Result<Vec<FileRow>, Trouble> {
    reader.files(&FileQuery { way: Some(Way::Out), limit: usize::MAX, ..FileQuery::default() })
}

fn published(reader: &Reader) -> Result<Vec<(Witnessed, Option<Sha256>)>, Trouble> {
    let rows = ours(reader)?;
    let sent = rows.iter().filter(|row| row.published_at.is_some()).rev();
    Ok(sent.filter_map(|row| Some((key(row)?, row.sha256.map(Sha256::from_bytes)))).collect())
}

fn key(row: &FileRow) -> Option<Witnessed> {
    let sha256 = Sha256::from_bytes(row.sha256?).to_string();
    Some(Witnessed { owner: row.owner.clone(), name: row.name.clone(), sha256 })
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
}
