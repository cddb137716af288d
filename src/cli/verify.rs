//! `sunap verify`: is all that the ledger names still there, byte for byte, and do its books agree with themselves?
//!
//! Reads everything; changes nothing. May run beside the daemon.
//!
//! Must not: mend. What it finds is for a person.

use super::settings::{ConfigArgument, open_keys, open_reader};
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::Date;
use crate::engine::{journal_findings, ledger_findings, witness_findings};
use crate::fault::Trouble;
use crate::ledger::{ArchivedKey, FileQuery, FileRow, PageCheck, Reader};
use crate::seal::KeyRing;
use crate::spool::{Kept, Sha256, hash_archived};
use clap::Args;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// How many findings are printed; all are counted.
const PRINTED: usize = 200;

/// Check every archived file, the books, the pages of the ledger, and the witness.
///
/// Exit 0: all is well. Exit 65: something is not, and each finding is a line. It prints a hash of the business state, too:
/// two ledgers with the same hash hold the same payers, mandates, charges, collections and files.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Check the indexes, too (slower).
    #[arg(long)]
    whole: bool,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    let (reader, ring) = (open_reader(&config)?, open_keys(&config)?);
    let check = if arguments.whole { PageCheck::Whole } else { PageCheck::Quick };
    let mut found = ledger_findings(&reader, check)?;
    let rows = reader.files(&FileQuery { limit: usize::MAX, ..FileQuery::default() })?;
    let shelf = Shelf { config: &config, ring: &ring, retired: reader.retired()? };
    let evidence = evidence(&shelf, &reader, &mut found)?;
    let archived = archive(&shelf, &rows, &mut found)?.saturating_add(evidence);
    let answers = answers(&shelf, &reader, &mut found)?;
    shelf.look_for_retired(&mut found)?;
    let witnessed = witness(&config, &reader, &mut found)?;
    let journal = journal_findings(&config.state_dir, &reader)?;
    found.extend(journal.findings.into_iter().map(|text| format!("journal: {text}")));
    for line in found.iter().take(PRINTED) {
        screen.line(line)?;
    }
    screen.line(format_args!(
        "{archived} archived files, {answers} answers, {witnessed} witnessed files, {} findings",
        found.len()
    ))?;
    screen.line(format_args!("state {}", hex(&reader.final_state_digest()?)))?;
    Ok(if found.is_empty() { Exit::Done } else { Exit::Data })
}

/// The archive, and what was deleted from it when its time was over.
struct Shelf<'a> {
    config: &'a Config,
    ring: &'a KeyRing,
    retired: BTreeSet<ArchivedKey>,
}

impl Shelf<'_> {
    /// What lies under a hash; nothing is looked for where it was deleted.
    fn kept(&self, day: Date, sha256: [u8; 32]) -> Result<Option<Kept>, Trouble> {
        if self.retired.contains(&(day, sha256)) {
            return Ok(None);
        }
        let named = Sha256::from_bytes(sha256);
        hash_archived(&self.config.state_dir, self.ring, day, &named).map(Some)
    }

    /// What was to be deleted and still lies there. The daemon removes it in its next night.
    fn look_for_retired(&self, found: &mut Vec<String>) -> Result<(), Trouble> {
        for (day, sha256) in &self.retired {
            let named = Sha256::from_bytes(*sha256);
            if hash_archived(&self.config.state_dir, self.ring, *day, &named)? != Kept::Nothing {
                found.push(format!("archive: {named} of {day} was to be deleted and still lies there"));
            }
        }
        Ok(())
    }
}

/// Every file that the ledger has a hash of, held against the archive; how many there are.
fn archive(shelf: &Shelf<'_>, rows: &[FileRow], found: &mut Vec<String>) -> Result<usize, Trouble> {
    let mut count = 0;
    for row in rows {
        let (Some(sha256), Some(day)) = (row.sha256, row.archive_day) else { continue };
        count += 1;
        let named = Sha256::from_bytes(sha256);
        let Some(kept) = shelf.kept(day, sha256)? else { continue };
        let told = match kept {
            Kept::Whole(hash, bytes) if hash == named && i64::try_from(bytes) == Ok(row.bytes) => continue,
            Kept::Whole(hash, bytes) => {
                format!("has {bytes} bytes with the hash {hash}; the ledger says {}, {named}", row.bytes)
            }
            Kept::Broken(why) => format!("does not open: {why}"),
            Kept::Nothing => "is not in the archive".to_string(),
        };
        found.push(format!(
            "archive: file #{} {} of {}, kept under {day}, {told}",
            row.file_id, row.name, row.owner
        ));
    }
    Ok(count)
}

/// Every evidence of consent (동의 증빙), held against the archive; how many there are.
fn evidence(shelf: &Shelf<'_>, reader: &Reader, found: &mut Vec<String>) -> Result<usize, Trouble> {
    let kept = reader.evidence_archived(false)?;
    for one in &kept {
        let named = Sha256::from_bytes(one.sha256);
        let Some(kept) = shelf.kept(one.day, one.sha256)? else { continue };
        if !matches!(kept, Kept::Whole(hash, bytes) if hash == named && i64::try_from(bytes) == Ok(one.bytes))
        {
            let (id, day) = (one.evidence_id, one.day);
            found.push(format!("archive: evidence #{id}, kept under {day} as {named}, is not there whole"));
        }
    }
    Ok(kept.len())
}

/// Every answer to a creditor or operator, held against the archive; how many there are.
fn answers(shelf: &Shelf<'_>, reader: &Reader, found: &mut Vec<String>) -> Result<usize, Trouble> {
    let kept = reader.answers_kept()?;
    for answer in &kept {
        let (owner, name, day) = (&answer.owner, &answer.name, answer.day);
        let named = Sha256::from_bytes(answer.sha256);
        let Some(kept) = shelf.kept(day, answer.sha256)? else { continue };
        if !matches!(kept, Kept::Whole(hash, _) if hash == named) {
            found.push(format!(
                "archive: the answer {name} to {owner}, kept under {day} as {named}, is not there whole"
            ));
        }
    }
    Ok(kept.len())
}

fn witness(config: &Config, reader: &Reader, found: &mut Vec<String>) -> Result<usize, Failed> {
    let (witnessed, findings) = witness_findings(&config.state_dir, &config.spool_dir, reader)?;
    found.extend(findings.into_iter().map(|text| format!("witness: {text}")));
    Ok(witnessed)
}

/// A hash as people write it.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// A ledger by itself, checked whole: used for copies.
pub(super) fn check_copy(path: &Path, ring: &Arc<KeyRing>) -> Result<(Vec<String>, [u8; 32]), Trouble> {
    let reader = Reader::open(path, ring)?;
    Ok((ledger_findings(&reader, PageCheck::Whole)?, reader.final_state_digest()?))
}
