//! The second person (2인 승인): an order or list that needs one is held as a proposal, and done exactly as it was dropped
//! when another user approves it.
//!
//! Which deeds need one is a list of patterns (`intake::approval::SECOND_PERSON`, users.toml): nothing else is to be done
//! for a new one. The proposal is the held file itself: its bytes are in the archive under the hash that the approval
//! names, and approving judges it again (`Arrival::again`) with the approver beside.
//!
//! Must not: know what any deed does.

use super::drops::owe;
use super::incoming::{Arrival, Decided, room_of};
use super::rights::answer_name;
use super::{Engine, Failure};
use crate::domain::{CreditorId, Instant, TimeOfDay};
use crate::intake::approval::{Answer, Approval, waiting};
use crate::intake::order::{self, Outcome};
use crate::ledger::{
    ApprovalDecision, ApprovalRow, ApprovalState, Event, FileRow, FileState, NewApproval, Subject,
};
use crate::machine::file::{In, InHappening};
use crate::spool::Sha256;
use std::ffi::OsStr;

/// The alert of a proposal: over when it is decided.
pub(super) const SECOND: &str = "second-person";

impl Engine {
    /// Holds a file as a proposal, where what it asks for needs a second person and none has approved it. `None`: go on.
    pub(super) fn propose(
        &mut self,
        arrival: &Arrival,
        deed: &str,
        kind: &str,
    ) -> Result<Option<Decided>, Failure> {
        if arrival.approved_by.is_some() || !self.config.users.needs_second(deed) {
            return Ok(None);
        }
        if let Some(file_id) = arrival.held {
            // Judged again without an approval: it waits as before.
            let waits = self.ledger.begin()?.approval_of(file_id)?.is_some();
            return Ok(waits.then(|| Decided::new(In::Held, "")));
        }
        let expires_at = self.end_of_banking_day(arrival.at);
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, kind)?;
        let approval_id = tx.propose(&NewApproval {
            file_id,
            deed,
            sha256: *arrival.sha256.as_bytes(),
            by: &arrival.who.key,
            at: arrival.at,
            expires_at,
        })?;
        let sha256 = arrival.sha256.to_string();
        let text = waiting(&arrival.name, approval_id, &sha256, expires_at);
        owe(&self.spool, &tx, arrival, Some(file_id), &answer_name(&arrival.name), text.as_bytes())?;
        let note = format!("{deed} by {} waits as number {approval_id} until {expires_at}", arrival.who.key);
        tx.event(&of_proposal(file_id, "proposed", &note, Some(file_id), arrival.at))?;
        let report = format!("승인 대기 (waits for a second person): {}\n\n{text}", arrival.name);
        arrival.leave(&tx, file_id, InHappening::Held, In::Held, SECOND, &report)?;
        let short = sha256.get(..12).unwrap_or_default();
        let told =
            format!("{note}: `sunap approve {approval_id} --sha256 {short} --reason …` by another user");
        tx.alert(SECOND, &arrival.subject(), &told, arrival.at)?;
        tx.commit()?;
        Ok(Some(Decided::new(In::Held, report)))
    }

    /// The end of the banking day: midnight after the first open day from now on.
    fn end_of_banking_day(&self, now: Instant) -> Instant {
        self.config.calendar.following(now.date()).next().at(TimeOfDay::MIDNIGHT)
    }

    /// Judges an order that approves or declines a proposal.
    pub(super) fn answer_proposal(&mut self, arrival: &Arrival, bytes: &[u8]) -> Result<Decided, Failure> {
        let approval = match Approval::parse(&arrival.name, bytes) {
            Ok(approval) => approval,
            Err(faults) => {
                let (name, text) = (answer_name(&arrival.name), order::rejection(&faults));
                return self.reject_and_answer(arrival, "order", &faults, &[(&name, text.as_bytes())]);
            }
        };
        if let Some(fault) = self.claims_another(arrival, &approval.by) {
            return self.turn_away(arrival, fault);
        }
        let approval = Approval { by: self.signed(arrival, &approval.by), ..approval };
        let tx = self.ledger.begin()?;
        let found = match tx.approval(approval.id)? {
            Some(row) => tx.file(row.file_id)?.map(|file| (row, file)),
            None => None,
        };
        drop(tx);
        let outcome = match found {
            None => Outcome::Refused("no proposal has this number".into()),
            Some((row, file)) => {
                let withdraws = approval.answer == Answer::Decline && row.proposed_by == arrival.who.key;
                let right = format!("approve.{}", row.deed);
                let fault = self.lacks(arrival, &right, creditor_of(&file));
                if let Some(fault) = fault.filter(|_| !withdraws) {
                    return self.turn_away(arrival, fault);
                }
                self.decide_proposal(&approval, &row, &file, arrival)?
            }
        };
        let note =
            format!("{} {} by {}: {}", approval.answer.word(), approval.id, approval.by, approval.reason);
        self.answer_order(arrival, &note, &approval.answer(&outcome), &outcome)
    }

    fn decide_proposal(
        &mut self,
        approval: &Approval,
        row: &ApprovalRow,
        file: &FileRow,
        arrival: &Arrival,
    ) -> Result<Outcome, Failure> {
        let sha256 = Sha256::from_bytes(row.sha256).to_string();
        if !sha256.starts_with(&approval.sha256) {
            return Ok(Outcome::Refused(format!(
                "제안된 내용이 다릅니다: proposal {} is {} with sha256 {sha256}, not what was named",
                row.approval_id, file.name
            )));
        }
        // A crash between the decision and its deed: this very order goes on.
        let again = row.decided_sha256 == Some(*arrival.sha256.as_bytes());
        if !again {
            if let Some(why) = refusal(approval.answer, row, file, arrival) {
                return Ok(Outcome::Refused(why));
            }
            let state = match approval.answer {
                Answer::Approve => ApprovalState::Approved,
                Answer::Decline => ApprovalState::Declined,
            };
            let sha256 = Some(*arrival.sha256.as_bytes());
            let tx = self.ledger.begin()?;
            tx.decide_approval(
                row.approval_id,
                &ApprovalDecision { state, by: &arrival.who.key, at: arrival.at, sha256 },
            )?;
            tx.clear_alert(SECOND, &file.subject(), arrival.at)?;
            tx.commit()?;
        }
        match approval.answer {
            Answer::Approve => self.do_approved(row, file, &arrival.who.key, arrival.at),
            Answer::Decline => {
                let cause = format!("declined by {}: {}", approval.by, approval.reason);
                self.give_up(file, &cause, arrival.at)?;
                Ok(Outcome::Done(format!("{}: declined", file.name)))
            }
        }
    }

    /// Does what was approved: the proposed file is judged as it lies in the archive.
    fn do_approved(
        &mut self,
        row: &ApprovalRow,
        file: &FileRow,
        by: &str,
        now: Instant,
    ) -> Result<Outcome, Failure> {
        if file.state != FileState::In(In::Held) {
            return Ok(Outcome::Done(format!("{}: done as {} proposed it", file.name, row.proposed_by)));
        }
        let Some(decided) = self.judge_held_as(file, Some(by.to_string()), now)? else {
            return Ok(Outcome::Refused(format!("{}: judged, and held", file.name)));
        };
        let answer = decided.report.parse::<toml::Table>().ok();
        let word = |key: &str| answer.as_ref().and_then(|table| table.get(key)?.as_str());
        let detail = match word("detail") {
            Some(detail) => detail.to_string(),
            None => decided.report.lines().next().unwrap_or_default().to_string(),
        };
        let refused = word("result") == Some("refused") || decided.state != In::Applied;
        Ok(if refused {
            Outcome::Refused(format!("approved, but {}: {detail}", file.name))
        } else {
            Outcome::Done(format!("{} as {} proposed it: {detail}", file.name, row.proposed_by))
        })
    }

    /// Rejects a proposal that will not be done: first where it lies, then in the ledger, so that a crash repeats both.
    fn give_up(&mut self, file: &FileRow, cause: &str, now: Instant) -> Result<(), Failure> {
        if file.state != FileState::In(In::Held) {
            return Ok(());
        }
        let owner = self.owners.iter().find(|owner| owner.folder() == file.owner).cloned();
        if let (Some(owner), Some(outcome), Some(sha256)) = (owner, room_of(In::Rejected), file.sha256) {
            let sha256 = Sha256::from_bytes(sha256);
            self.spool
                .settle_held(&owner, OsStr::new(&file.name), &sha256, outcome, Some(cause))
                .map_err(Failure::Spool)?;
        }
        let tx = self.ledger.begin()?;
        let happening = InHappening::Rejected.word();
        tx.file_stepped(file.file_id, happening, FileState::In(In::Rejected), now, cause)?;
        tx.clear_alert(SECOND, &file.subject(), now)?;
        tx.commit()?;
        Ok(())
    }

    /// Ends every proposal that nobody approved in time.
    pub(super) fn expire_proposals(&mut self, now: Instant) -> Result<bool, Failure> {
        let over = self.ledger.begin()?.approvals_over(now)?;
        let mut worked = false;
        for row in over {
            let Some(file) = self.ledger.begin()?.file(row.file_id)? else { continue };
            let cause = format!("nobody approved it until {}", row.expires_at);
            let result = self.give_up(&file, &cause, now).map(|()| true);
            if self.tell(result, &file.name, now)? {
                let decision =
                    ApprovalDecision { state: ApprovalState::Expired, by: "", at: now, sha256: None };
                let tx = self.ledger.begin()?;
                tx.decide_approval(row.approval_id, &decision)?;
                tx.event(&of_proposal(row.file_id, "expired", &cause, None, now))?;
                tx.commit()?;
                worked = true;
            }
        }
        Ok(worked)
    }
}

/// Why a proposal cannot be answered so.
fn refusal(answer: Answer, row: &ApprovalRow, file: &FileRow, arrival: &Arrival) -> Option<String> {
    let id = row.approval_id;
    if row.state != ApprovalState::Proposed {
        let by = if row.decided_by.is_empty() { "nobody" } else { &row.decided_by };
        return Some(format!("proposal {id} is {} already (by {by})", row.state));
    }
    if arrival.at >= row.expires_at {
        return Some(format!("proposal {id} could be approved until {}", row.expires_at));
    }
    if answer == Answer::Approve && row.proposed_by == arrival.who.key {
        return Some(format!(
            "제안한 사람은 승인할 수 없습니다: {} proposed it, and another user must approve it",
            row.proposed_by
        ));
    }
    (file.state != FileState::In(In::Held))
        .then(|| format!("{} waits no more: it is {}", file.name, file.state.word()))
}

/// The creditor in whose folder a proposal came; `None`: it concerns the agent.
fn creditor_of(file: &FileRow) -> Option<CreditorId> {
    file.owner.strip_prefix("creditor/").and_then(|id| id.parse().ok())
}

fn of_proposal<'a>(
    file_id: i64,
    happening: &'a str,
    note: &'a str,
    file: Option<i64>,
    at: Instant,
) -> Event<'a> {
    let subject = Subject::File;
    Event { subject, id: file_id, at, happening, from: "", to: "", file, line: None, code: "", note }
}
