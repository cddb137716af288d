//! `evidence-<납부자번호>-<집금항목코드>.<ext>`, or a zip of such files: the evidence of consent (증빙자료) that a registration needs.
//!
//! Each file has its own answer. What is taken is archived under its hash, sealed; only one is in memory at a time.
//!
//! Must not: look into evidence beyond its first bytes, or send it (`evidence`).

use super::drops::owe;
use super::evidence::tell_missing;
use super::incoming::{Arrival, Decided};
use super::place::Place;
use super::{Engine, Failure};
use crate::domain::CreditorId;
use crate::fault::Trouble;
use crate::intake::answer::{self, About, Verdict};
use crate::intake::evidence::answer::{Judged, print, summary};
use crate::intake::evidence::{HEAD_BYTES, Label, MAX_BYTES, bundle};
use crate::ledger::{FileState, NewEvidence, Tx};
use crate::machine::file::{In, InHappening};
use crate::machine::mandate::State;
use crate::rules::{Name, Refused};
use crate::spool::Spool;
use std::io::Read;

/// The kind of such files in the ledger.
pub(super) const KIND: &str = "evidence";

impl Engine {
    /// Takes evidence in.
    pub(super) fn evidence(&mut self, creditor: CreditorId, arrival: &Arrival) -> Result<Decided, Failure> {
        let Some(place) = self.place_of(creditor) else { return Err(Self::no_channel(arrival)) };
        let input = self.spool.open_archived(arrival.day, &arrival.sha256).map_err(Failure::Spool)?;
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, KIND)?;
        let desk = Desk { tx: &tx, spool: &self.spool, place: &place, arrival, file_id };
        let mut judged = Vec::new();
        if arrival.name.to_ascii_lowercase().ends_with(".zip") {
            let read = bundle::read(input, |entry| {
                let verdict = match entry.found {
                    Ok((label, bytes)) => desk.take(&label, &bytes)?,
                    Err(refused) => Verdict::Refused(vec![refused]),
                };
                judged.push(Judged { name: entry.name, verdict });
                Ok::<(), Failure>(())
            });
            match read {
                Ok(done) => done?,
                Err(bundle::Unread::NotZip | bundle::Unread::TooMany(_)) => {
                    let verdict = Verdict::Refused(vec![Refused::new(Name::EvidencePacked)]);
                    judged.push(Judged { name: arrival.name.clone(), verdict });
                }
            }
        } else {
            let verdict = desk.single(input)?;
            judged.push(Judged { name: arrival.name.clone(), verdict });
        }
        let about = About { file: &arrival.name, sha256: arrival.sha256.as_bytes() };
        let summary = summary(&about, &judged);
        let answers = [
            (answer::answer_name(&arrival.name), print(&judged)),
            (answer::summary_name(&arrival.name), summary.clone().into_bytes()),
        ];
        for (name, bytes) in &answers {
            owe(&self.spool, &tx, arrival, Some(file_id), name, bytes)?;
        }
        let report = format!("반영 (applied): {} — 증빙 {}건\n{summary}", arrival.name, judged.len());
        tx.set_lines(file_id, i64::try_from(judged.len()).unwrap_or(i64::MAX))?;
        tx.set_report(file_id, &report)?;
        tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, "")?;
        if place.desk.evidence.is_some() {
            tell_missing(&tx, &place.creditor.channel, &place.owner, arrival.at)?;
        }
        arrival.clear_alerts(&tx)?;
        tx.commit()?;
        Ok(Decided::new(In::Applied, report))
    }
}

/// What taking one evidence needs.
struct Desk<'a> {
    tx: &'a Tx<'a>,
    spool: &'a Spool,
    place: &'a Place,
    arrival: &'a Arrival,
    file_id: i64,
}

impl Desk<'_> {
    /// A file that is one evidence.
    fn single(&self, input: impl Read) -> Result<Verdict, Failure> {
        let refused = |refused| Ok(Verdict::Refused(vec![refused]));
        let label = match Label::of_name(&self.arrival.name) {
            Ok(label) => label,
            Err(why) => return refused(why),
        };
        let mut bytes = Vec::new();
        input
            .take(MAX_BYTES.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::Spool(Trouble::new(format!("read {}", self.arrival.name), error)))?;
        let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
        match label.check(head, self.arrival.bytes) {
            Ok(()) => self.take(&label, &bytes),
            Err(why) => refused(why),
        }
    }

    /// One evidence that is well formed: kept for its mandate, or refused.
    fn take(&self, label: &Label, bytes: &[u8]) -> Result<Verdict, Failure> {
        let refused = |name| Ok(Verdict::Refused(vec![Refused::new(name)]));
        let key = (label.payer_no.clone(), label.item.clone());
        let found = self.tx.mandates(self.place.creditor.id, std::slice::from_ref(&key))?;
        let Some(mandate) = found.get(&key) else { return refused(Name::MandateUnknown) };
        if mandate.state == State::Ended {
            return refused(Name::MandateEnded);
        }
        let day = self.arrival.at.date();
        let archived = self.spool.archive_built(day, |out| out.write_all(bytes)).map_err(Failure::Spool)?;
        let kept = self.tx.keep_evidence(&NewEvidence {
            mandate_id: mandate.mandate_id,
            sha256: *archived.sha256.as_bytes(),
            day,
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            kind: label.file_type.usual_kind().word(),
            extension: label.file_type.extension(),
            at: self.arrival.at,
            file: self.file_id,
        })?;
        Ok(if kept { Verdict::Accepted("증빙 접수".into()) } else { Verdict::Unchanged })
    }
}
