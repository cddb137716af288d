//! A creditor's list: read, judged row by row, applied in one transaction, answered (decisions.md 21).
//!
//! Every row gets its verdict: accepted, unchanged, or refused with all reasons; the others go on. The answer and the
//! summary are archived before the commit and owed by the ledger from it, so that a crash cannot lose them.

use super::incoming::{Arrival, Decided};
use super::place::Place;
use super::{
    DISK_FAILED, Engine, Failure, drop_cancels, drop_cash, drop_charges, drop_mandates, drop_payers,
    drop_requests, drop_terms,
};
use crate::domain::{CreditorId, Date, Instant};
use crate::fault::{Fault, Faults, Place as FaultPlace, Trouble};
use crate::intake::answer::{self, About, Verdict};
use crate::intake::evidence::is_evidence;
use crate::intake::{self, Kind, List};
use crate::ledger::{FileState, Tx};
use crate::machine::file::{In, InHappening};
use crate::report::{Cell, CellKind, Column, given_rows};
use crate::rules::{Name, Refused};
use crate::sheet::{self, Unread};
use crate::spool::Spool;
use std::io::Read;

/// What became of a list's rows.
pub(super) struct Judged {
    pub(super) verdicts: Vec<Verdict>,
    /// The window or debit date to which accepted rows go, where all go to one.
    pub(super) goes_to: Option<Date>,
}

impl Judged {
    fn refused(&self) -> usize {
        self.verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Refused(_))).count()
    }

    /// The same where no row may stand without the others.
    fn into_whole(self) -> Self {
        let verdicts = self.verdicts.into_iter().map(|verdict| match verdict {
            Verdict::Accepted(_) => Verdict::Refused(vec![Refused::new(Name::OtherRowsRefused)]),
            Verdict::Unchanged | Verdict::Refused(_) => verdict,
        });
        Self { verdicts: verdicts.collect(), goes_to: None }
    }
}

/// Judges and applies all rows of a list.
fn judge(tx: &Tx<'_>, place: &Place, list: &List, file_id: i64, at: Instant) -> Result<Judged, Failure> {
    match list.kind {
        Kind::Payers => drop_payers::judge(tx, place, list, file_id, at),
        Kind::Mandates => drop_mandates::judge(tx, place, list, file_id, at),
        Kind::Cancel => drop_cancels::judge(tx, place, list, file_id, at),
        Kind::Charges => drop_charges::judge(tx, place, list, file_id, at),
        Kind::Terms => drop_terms::judge(tx, place, list, file_id, at),
        Kind::Cash => drop_cash::judge(tx, place, list, file_id, at),
        Kind::Request | Kind::Retry => drop_requests::judge(tx, place, list, file_id, at),
    }
}

impl Engine {
    /// Judges and applies a creditor's list.
    pub(super) fn list(&mut self, creditor: CreditorId, arrival: &Arrival) -> Result<Decided, Failure> {
        if is_evidence(&arrival.name) {
            return self.evidence(creditor, arrival);
        }
        let bytes = self.archived_bytes(arrival)?;
        let about = About { file: &arrival.name, sha256: arrival.sha256.as_bytes() };
        let list = match read(&arrival.name, bytes)? {
            Ok(list) => list,
            Err(faults) => {
                let kind = Kind::of_name(&arrival.name).map_or("", Kind::word);
                let (name, text) = (answer::summary_name(&arrival.name), answer::rejection(&about, &faults));
                return self.reject_and_answer(arrival, kind, &faults, &[(&name, text.as_bytes())]);
            }
        };
        if let Some(fault) = self.must_read_first(creditor, list.kind, arrival)? {
            let faults = Faults::from(vec![fault]);
            let (name, text) = (answer::summary_name(&arrival.name), answer::rejection(&about, &faults));
            let answer = [(name.as_str(), text.as_bytes())];
            return self.reject_and_answer(arrival, list.kind.word(), &faults, &answer);
        }
        let Some(place) = self.place_of(creditor) else { return Err(Self::no_channel(arrival)) };
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, list.kind.word())?;
        let judged = judge(&tx, &place, &list, file_id, arrival.at)?;
        let whole = intake::whole_by_name(&arrival.name)
            .unwrap_or_else(|| place.creditor.whole_lists.iter().any(|word| word == list.kind.word()));
        if whole && judged.refused() > 0 {
            // Nothing of what was judged stays: its transaction is given up.
            drop(tx);
            return self.reject_rows(arrival, &list, judged, &about);
        }
        let summary = answer::summary(&about, &list, &judged.verdicts, judged.goes_to);
        let answers = [
            (answer::answer_name_of(&list), print(&list, &judged.verdicts)?),
            (answer::summary_name(&arrival.name), summary.clone().into_bytes()),
        ];
        for (name, bytes) in &answers {
            owe(&self.spool, &tx, arrival, Some(file_id), name, bytes)?;
        }
        let report = format!("{}\n{summary}", counts(&list, &judged));
        tx.set_lines(file_id, i64::try_from(judged.verdicts.len()).unwrap_or(i64::MAX))?;
        tx.set_report(file_id, &report)?;
        tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, "")?;
        arrival.clear_alerts(&tx)?;
        tx.commit()?;
        Ok(Decided::new(In::Applied, report))
    }

    /// Rejects a list that is taken as a whole or not at all, and tells its sender row by row why.
    fn reject_rows(
        &mut self,
        arrival: &Arrival,
        list: &List,
        judged: Judged,
        about: &About<'_>,
    ) -> Result<Decided, Failure> {
        let (refused, rows) = (judged.refused(), judged.verdicts.len());
        let judged = judged.into_whole();
        let summary = answer::summary(about, list, &judged.verdicts, None);
        let (answer, summary_name) = (answer::answer_name_of(list), answer::summary_name(&arrival.name));
        let fault = Fault::new(
            "list-rows-refused",
            FaultPlace::file(&arrival.name),
            format!(
                "every row good, since this list is taken as a whole or not at all; {refused} of {rows} are refused"
            ),
            format!("mend the rows that {answer} names, and drop the whole list again"),
        );
        let printed = print(list, &judged.verdicts)?;
        let answers = [(answer.as_str(), printed.as_slice()), (&summary_name, summary.as_bytes())];
        self.reject_and_answer(arrival, list.kind.word(), &Faults::from(vec![fault]), &answers)
    }

    /// The bytes of a list or order: small files, read whole.
    pub(super) fn archived_bytes(&self, arrival: &Arrival) -> Result<Vec<u8>, Failure> {
        let mut file = self.spool.open_archived(arrival.day, &arrival.sha256).map_err(Failure::Spool)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Failure::Spool(Trouble::new(format!("read {}", arrival.name), error)))?;
        Ok(bytes)
    }

    /// Gives every answer that is owed into its owner's outbox.
    pub(super) fn give_answers(&mut self, now: Instant) -> Result<bool, Failure> {
        let owed = self.ledger.begin()?.answers_owed()?;
        let mut worked = false;
        for answer in owed {
            let result = self.give(&answer, now);
            worked |= self.tell(result, &answer.name, now)?;
        }
        Ok(worked)
    }

    fn give(&mut self, owed: &crate::ledger::OwedAnswer, now: Instant) -> Result<bool, Failure> {
        let Some(owner) = self.owners.iter().find(|owner| owner.folder() == owed.owner).cloned() else {
            return Ok(false);
        };
        let sha256 = crate::spool::Sha256::from_bytes(owed.sha256);
        let mut bytes = Vec::new();
        self.spool
            .open_archived(owed.day, &sha256)
            .map_err(Failure::Spool)?
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::Spool(Trouble::new(format!("read the answer {}", owed.name), error)))?;
        self.spool.answer(&owner, &owed.name, &bytes).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        tx.answer_given(owed.answer_id)?;
        tx.clear_alert(DISK_FAILED, &owed.name, now)?;
        tx.commit()?;
        Ok(true)
    }
}

/// The answer in the list's own form: text as the text was, a workbook for a workbook.
fn print(list: &List, verdicts: &[Verdict]) -> Result<Vec<u8>, Failure> {
    let name = answer::answer_name_of(list);
    if !name.ends_with(".xlsx") {
        return Ok(answer::print(list, verdicts));
    }
    let columns: Vec<Column> = answer::headings(list)
        .into_iter()
        .map(|ko| Column { key: ko, ko, kind: CellKind::Text, width: 16 })
        .collect();
    let mut bytes = Vec::new();
    let rows = answer::rows(list, verdicts).map(|row| row.into_iter().map(Cell::Text).collect());
    given_rows(&mut bytes, list.kind.ko(), &columns, rows).map_err(Failure::Spool)?;
    Ok(bytes)
}

/// The list of a file's bytes; a workbook becomes text first, in a process of its own.
fn read(name: &str, bytes: Vec<u8>) -> Result<Result<List, Faults>, Failure> {
    let lower = name.to_ascii_lowercase();
    let named_so = lower.ends_with(".xlsx") || lower.ends_with(".xls");
    let (true, true, Some(kind)) = (named_so, sheet::is_workbook(&bytes), Kind::of_name(name)) else {
        return Ok(intake::read_list(name, &bytes));
    };
    let program =
        std::env::current_exe().map_err(|error| Failure::Spool(Trouble::new("find this program", error)))?;
    match sheet::to_csv(&program, name, bytes) {
        Ok(sheet) => Ok(intake::read_sheet(name, kind, &sheet.csv, sheet.kinds)),
        Err(Unread::Faults(faults)) => Ok(Err(faults)),
        Err(Unread::Trouble(trouble)) => Err(Failure::Spool(trouble)),
    }
}

/// Archives an answer and lets the ledger owe it. The order matters: what is owed can be given.
pub(super) fn owe(
    spool: &Spool,
    tx: &Tx<'_>,
    arrival: &Arrival,
    file_id: Option<i64>,
    name: &str,
    bytes: &[u8],
) -> Result<(), Failure> {
    let day = arrival.at.date();
    let archived = spool.archive_built(day, |out| out.write_all(bytes)).map_err(Failure::Spool)?;
    tx.owe_answer(file_id, &arrival.owner_key, name, archived.sha256.as_bytes(), day)?;
    Ok(())
}

fn counts(list: &List, judged: &Judged) -> String {
    let count = |word: &str| judged.verdicts.iter().filter(|verdict| verdict.ko() == word).count();
    format!(
        "반영 (applied): {} — {} {}건 가운데 접수 {}, 변동없음 {}, 거절 {}",
        list.file,
        list.kind.ko(),
        judged.verdicts.len(),
        count("접수"),
        count("변동없음"),
        count("거절")
    )
}
