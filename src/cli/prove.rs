//! `sunap prove`: that a debit stands in exactly one file that went to the bank, once, with its amount, and what the bank
//! answered to it (product.md N8, I4). Every step is read again: ledger, archived bytes, witness, result.
//!
//! Must not: take the ledger's word for what the archived bytes say.

use super::settings::{ConfigArgument, open_keys, open_reader};
use super::words::{collection_ko, file_state_text};
use super::{Exit, Failed, Screen};
use crate::bank::{Format, Verdict};
use crate::config::Config;
use crate::domain::Won;
use crate::fault::{Faults, Trouble};
use crate::ledger::{Attempt, FileRow, FileState, LineRow, Reader};
use crate::machine::collection::State;
use crate::machine::file::Out;
use crate::seal::KeyRing;
use crate::spool::{Sha256, Witness, WitnessLook, read_archived};
use clap::Args;

/// Prove that a debit is in exactly one file that went to the bank, once, with its amount, and what the bank answered.
///
/// The archived file is read again and held against the ledger, the witness of what was sent, and the result that answered
/// it. Exit 0: it is proven, or it has not gone out and stands in no file that has. Exit 65: a step does not hold.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The ledger's number of the collection (이체의뢰); `sunap show payer` and `sunap report requests` have it.
    id: i64,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    let reader = open_reader(&config)?;
    let Some(found) = reader.find_collection(arguments.id)? else {
        return Err(Failed::told(Exit::Usage, format!("there is no collection {}", arguments.id)));
    };
    let attempts = reader.attempts_of(arguments.id)?;
    let mut proof =
        Proof { config: &config, ring: &*open_keys(&config)?, reader: &reader, steps: Vec::new() };
    let line = &found.line;
    screen.line(format_args!(
        "collection {}: {} {} of {}, {} won, {}",
        arguments.id,
        line.payer_no,
        line.payer_name,
        line.creditor,
        line.amount,
        collection_ko(line.state)
    ))?;
    proof.one_file(&attempts)?;
    proof.one_claim(&attempts)?;
    if let Some(sent) = attempts.iter().find(|attempt| attempt.same_request && went_out(attempt.state)) {
        proof.sent(sent)?;
    }
    for step in &proof.steps {
        screen.line(format_args!("  {} {}", if step.holds { "holds " } else { "WRONG " }, step.text))?;
    }
    let holds = proof.steps.iter().all(|step| step.holds);
    screen.line(if holds {
        "proven"
    } else {
        "not proven: keep ledger and archive as they are, and ask for help"
    })?;
    Ok(if holds { Exit::Done } else { Exit::Data })
}

/// Whether the bank has, or may have, a line in this state.
fn went_out(state: State) -> bool {
    match state {
        State::Sent
        | State::Acknowledged
        | State::Succeeded
        | State::Partial
        | State::Failed
        | State::Reversed => true,
        State::Requested | State::Batched | State::Excluded | State::Withdrawn | State::Missed => false,
    }
}

#[derive(Debug)]
struct Step {
    holds: bool,
    text: String,
}

struct Proof<'a> {
    config: &'a Config,
    ring: &'a KeyRing,
    reader: &'a Reader,
    steps: Vec<Step>,
}

impl Proof<'_> {
    fn step(&mut self, holds: bool, text: String) {
        self.steps.push(Step { holds, text });
    }

    /// The request is in one file that went out, or in none.
    fn one_file(&mut self, attempts: &[Attempt]) -> Result<(), Failed> {
        let same = attempts.iter().filter(|attempt| attempt.same_request);
        let sent: Vec<&Attempt> = same.clone().filter(|attempt| went_out(attempt.state)).collect();
        let mut told = Vec::new();
        for attempt in same {
            let file = self.file(attempt.file_id)?;
            let line = attempt.line_no.map_or("no line".to_string(), |line| format!("line {line}"));
            told.push(format!("{line} of {} ({})", file.name, file_state_text(file.state)));
        }
        let told = told.join(", ");
        let text = match sent.len() {
            0 => format!("it stands in no file that went to the bank: {told}"),
            1 => format!("it stands in exactly one file that went to the bank: {told}"),
            many => format!("it stands in {many} files that went to the bank: {told}"),
        };
        self.step(sent.len() <= 1, text);
        Ok(())
    }

    /// No second line about the same charges is with the bank at the same time.
    fn one_claim(&mut self, attempts: &[Attempt]) -> Result<(), Failed> {
        let with_bank =
            attempts.iter().filter(|a| matches!(a.state, State::Sent | State::Acknowledged)).count();
        let mut others = Vec::new();
        for attempt in attempts.iter().filter(|attempt| !attempt.same_request) {
            let file = self.file(attempt.file_id)?;
            others.push(format!(
                "#{} in {} {}",
                attempt.collection_id,
                file.name,
                collection_ko(attempt.state)
            ));
        }
        let others = if others.is_empty() { "none".to_string() } else { others.join(", ") };
        self.step(
            with_bank <= 1,
            format!("at most one line about its charges is with the bank; other attempts: {others}"),
        );
        Ok(())
    }

    /// The file that went out: its bytes, its line, its witness, its answer.
    fn sent(&mut self, attempt: &Attempt) -> Result<(), Failed> {
        let file = self.file(attempt.file_id)?;
        let line = self.line(attempt.collection_id)?;
        let number = self.wire_number(line.mandate_id)?;
        self.bytes(&file)?;
        self.line_in_bytes(&file, attempt, &line, &number)?;
        self.witnessed(&file)?;
        let at = |at: Option<crate::domain::Instant>| at.map_or("-".to_string(), |at| at.to_string());
        let (out, taken) = (at(file.published_at), at(file.taken_at));
        let holds = matches!(
            file.state,
            FileState::Out(Out::Published | Out::Taken | Out::Answered | Out::Uncertain)
        );
        self.step(holds, format!("published {out}, taken {taken}"));
        match file.answered_by {
            Some(result) => self.answered(&self.file(result)?, attempt, &line),
            None => {
                self.step(
                    file.state != FileState::Out(Out::Answered),
                    "no result has been applied".to_string(),
                );
                Ok(())
            }
        }
    }

    fn bytes(&mut self, file: &FileRow) -> Result<(), Failed> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else {
            self.step(false, format!("{} has no archived bytes", file.name));
            return Ok(());
        };
        let named = Sha256::from_bytes(sha256);
        let kept = read_archived(&self.config.state_dir, self.ring, day, &named).and_then(|bytes| {
            Sha256::of_reader(bytes).map_err(|error| Trouble::new("read the archive", error))
        });
        let holds =
            matches!(&kept, Ok((hash, bytes)) if *hash == named && i64::try_from(*bytes) == Ok(file.bytes));
        let why = kept.err().map_or(String::new(), |trouble| format!(": {trouble}"));
        self.step(holds, format!("archive/{day}/{named}: {} bytes with that hash{why}", file.bytes));
        Ok(())
    }

    /// The revision of a file's layout that holds on its date.
    fn format(&self, file: &FileRow) -> Option<Format> {
        self.config.format(&file.kind, file.date?).cloned()
    }

    /// The line of the archived bytes says what the ledger says, and no other line of the file is about the same payer.
    fn line_in_bytes(
        &mut self,
        file: &FileRow,
        attempt: &Attempt,
        line: &LineRow,
        number: &str,
    ) -> Result<(), Failed> {
        let Some(Format::CollectionRequest(format)) = self.format(file) else {
            self.step(false, format!("no layout {} reads debit requests", file.kind));
            return Ok(());
        };
        let mut found: Vec<(i64, Won)> = Vec::new();
        let reading = format.reader(&file.name, self.open(file)?).each(|_, read| {
            if read.bank_payer_no == number {
                found.push((i64::from(read.serial), read.amount));
            }
            Ok(())
        })?;
        self.readable(&file.name, &reading.faults);
        let wanted = attempt.line_no.map(|no| (no, line.amount));
        let shown: Vec<String> = found.iter().map(|(no, won)| format!("line {no}, {won} won")).collect();
        let shown = if shown.is_empty() { "no line".to_string() } else { shown.join("; ") };
        let holds = matches!(found.as_slice(), [only] if Some(*only) == wanted);
        self.step(holds, format!("{} asks payer {number} for: {shown}", file.name));
        Ok(())
    }

    fn witnessed(&mut self, file: &FileRow) -> Result<(), Failed> {
        let sha256 = file.sha256.map(|bytes| Sha256::from_bytes(bytes).to_string()).unwrap_or_default();
        let (holds, why) = match Witness::look(&self.config.state_dir)? {
            WitnessLook::Sound(witness) => {
                let names = |w: &&crate::spool::Witnessed| w.owner == file.owner && w.name == file.name;
                let same = witness.seen().iter().filter(names).filter(|w| w.sha256 == sha256).count();
                (same == 1, String::new())
            }
            WitnessLook::Missing => (false, ": the witness is missing".to_string()),
            WitnessLook::Altered { line } => (false, format!(": the witness was altered at line {line}")),
        };
        self.step(holds, format!("the witness saw these bytes leave as {}{why}", file.name));
        Ok(())
    }

    /// What the result says of the line, listed or absent, is what the ledger holds.
    fn answered(&mut self, result: &FileRow, attempt: &Attempt, line: &LineRow) -> Result<(), Failed> {
        let Some(Format::CollectionResult(format)) = self.format(result) else {
            self.step(false, format!("no layout {} reads debit results", result.kind));
            return Ok(());
        };
        self.bytes(result)?;
        let mut said: Vec<(Verdict, String)> = Vec::new();
        let reading = format.reader(&result.name, self.open(result)?).each(|_, read| {
            if Some(i64::from(read.serial)) == attempt.line_no {
                said.push((read.verdict, read.code.to_string()));
            }
            Ok(())
        })?;
        self.readable(&result.name, &reading.faults);
        let (holds, told) = match said.as_slice() {
            [] => (
                matches!(line.state, State::Succeeded | State::Reversed),
                "does not list it: collected".to_string(),
            ),
            [(verdict, code)] => {
                let fits = match verdict {
                    Verdict::Succeeded => matches!(line.state, State::Succeeded | State::Reversed),
                    Verdict::Failed => line.state == State::Failed && line.code == *code,
                    Verdict::Partial => matches!(line.state, State::Partial | State::Reversed),
                };
                (fits, format!("says {verdict} {code}"))
            }
            many => (false, format!("lists it {} times", many.len())),
        };
        let collected = line.collected;
        self.step(
            holds,
            format!(
                "{} {told}; the ledger holds {}, {collected} won",
                result.name,
                collection_ko(line.state)
            ),
        );
        Ok(())
    }

    fn readable(&mut self, name: &str, faults: &Faults) {
        if !faults.is_empty() {
            self.step(false, format!("the archived {name} does not read by its layout: {faults}"));
        }
    }

    fn open(&self, file: &FileRow) -> Result<impl std::io::Read, Trouble> {
        let (Some(sha256), Some(day)) = (file.sha256, file.archive_day) else {
            return Err(Trouble::new(format!("open {}", file.name), "it was never archived"));
        };
        read_archived(&self.config.state_dir, self.ring, day, &Sha256::from_bytes(sha256))
    }

    fn file(&self, file_id: i64) -> Result<FileRow, Trouble> {
        let rows = self.reader.find_file(&file_id.to_string())?;
        rows.into_iter()
            .find(|row| row.file_id == file_id)
            .ok_or_else(|| Trouble::new(format!("look for file {file_id}"), "the ledger has lost it"))
    }

    fn line(&self, collection_id: i64) -> Result<LineRow, Trouble> {
        let found = self.reader.find_collection(collection_id)?;
        found.map(|found| found.line).ok_or_else(|| {
            Trouble::new(format!("look for collection {collection_id}"), "the ledger has lost it")
        })
    }

    fn wire_number(&self, mandate_id: i64) -> Result<String, Trouble> {
        let rows = self.reader.find_mandate(&mandate_id.to_string())?;
        rows.into_iter()
            .find(|row| row.mandate_id == mandate_id)
            .map(|row| row.bank_payer_no.to_string())
            .ok_or_else(|| Trouble::new(format!("look for mandate {mandate_id}"), "the ledger has lost it"))
    }
}
