//! Signatures ahead of their bodies; removed by the next commits.
#![expect(missing_docs, unused_variables, reason = "signatures first")]
use super::*;
use crate::domain::*;
use crate::fault::Trouble;
use std::collections::HashMap;
use std::path::Path;
type R<T> = Result<T, Trouble>;
impl Ledger {
    pub fn open(path: &Path, create: Create) -> Result<Self, OpenError> {
        todo!()
    }
    pub fn begin(&mut self) -> R<Tx<'_>> {
        todo!()
    }
    pub fn reader(&self) -> R<Reader> {
        todo!()
    }
}
impl Tx<'_> {
    pub fn commit(self) -> R<()> {
        todo!()
    }
    // files
    pub fn file_in(&self, new: &NewIn<'_>) -> R<i64> {
        todo!()
    }
    pub fn file_stepped(
        &self,
        file_id: i64,
        happening: &str,
        to: FileState,
        at: Instant,
        cause: &str,
    ) -> R<()> {
        todo!()
    }
    pub fn file_seen(&self, owner: &str, sha256: &[u8; 32]) -> R<Option<FileRow>> {
        todo!()
    }
    pub fn files_named(&self, owner: &str, name: &str) -> R<Vec<FileRow>> {
        todo!()
    }
    pub fn file(&self, file_id: i64) -> R<Option<FileRow>> {
        todo!()
    }
    pub fn describe_in(&self, file_id: i64, is: &Description<'_>) -> R<()> {
        todo!()
    }
    pub fn plan_out(
        &self,
        owner: &str,
        kind: &str,
        name: &str,
        date: Date,
        deadline_at: Option<Instant>,
        at: Instant,
    ) -> R<i64> {
        todo!()
    }
    pub fn out_file(&self, owner: &str, kind: &str, date: Date) -> R<Option<FileRow>> {
        todo!()
    }
    pub fn open_out_files(&self, owner: &str) -> R<Vec<FileRow>> {
        todo!()
    }
    pub fn claimed_files(&self, owner: &str) -> R<Vec<FileRow>> {
        todo!()
    }
    pub fn sealed(&self, file_id: i64, sealed: &Sealed<'_>) -> R<()> {
        todo!()
    }
    pub fn mark_overdue(&self, file_id: i64, overdue: bool) -> R<()> {
        todo!()
    }
    // payers, mandates
    pub fn payers(&self, creditor: CreditorId, numbers: &[PayerNo]) -> R<HashMap<PayerNo, PayerFacts>> {
        todo!()
    }
    pub fn mandates(
        &self,
        creditor: CreditorId,
        keys: &[(PayerNo, ItemCode)],
    ) -> R<HashMap<(PayerNo, ItemCode), MandateFacts>> {
        todo!()
    }
    pub fn mandates_on_wire(
        &self,
        channel: &ChannelId,
        numbers: &[BankPayerNo],
    ) -> R<HashMap<BankPayerNo, MandateFacts>> {
        todo!()
    }
    pub fn mandate(&self, mandate_id: i64) -> R<Option<MandateFacts>> {
        todo!()
    }
    pub fn save_payer(&self, creditor: CreditorId, payer: &Payer, at: Instant) -> R<i64> {
        todo!()
    }
    pub fn new_mandate(&self, new: &NewMandate<'_>) -> R<i64> {
        todo!()
    }
    pub fn update_mandate(&self, mandate_id: i64, terms: &MandateTerms) -> R<()> {
        todo!()
    }
    pub fn next_serial(&self, channel: &ChannelId) -> R<u64> {
        todo!()
    }
    pub fn mandate_stepped(&self, step: &MandateStep<'_>) -> R<()> {
        todo!()
    }
    // registrations
    pub fn queue_registration(
        &self,
        mandate_id: i64,
        kind: ApplicationKind,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> R<i64> {
        todo!()
    }
    pub fn withdraw_registrations(&self, mandate_id: i64) -> R<i64> {
        todo!()
    }
    pub fn batch_registrations(
        &self,
        channel: &ChannelId,
        file_id: i64,
        queued_before: Instant,
    ) -> R<Batched> {
        todo!()
    }
    pub fn registration_lines(&self, file_id: i64, after_line: i64, limit: usize) -> R<Vec<RegistrationRow>> {
        todo!()
    }
    pub fn registration_lines_of(&self, file_id: i64, numbers: &[BankPayerNo]) -> R<Vec<RegistrationRow>> {
        todo!()
    }
    pub fn registration_answered(&self, answer: &RegistrationAnswer<'_>) -> R<()> {
        todo!()
    }
    pub fn accept_rest(&self, file_id: i64, at: Instant, active_on: Date) -> R<Accepted> {
        todo!()
    }
    pub fn unbatch(&self, file_id: i64, at: Instant) -> R<i64> {
        todo!()
    }
    // charges
    pub fn make_charges(&self, make: &MakeCharges<'_>) -> R<i64> {
        todo!()
    }
    pub fn candidates(&self, query: &CandidateQuery<'_>) -> R<Vec<Candidate>> {
        todo!()
    }
    pub fn candidates_for(
        &self,
        creditor: CreditorId,
        keys: &[(PayerNo, ItemCode)],
        month: Month,
    ) -> R<HashMap<(PayerNo, ItemCode), Named>> {
        todo!()
    }
    // collections: requested
    pub fn request(&self, file_id: i64, collections: &[NewCollection], at: Instant) -> R<i64> {
        todo!()
    }
    pub fn withdraw(
        &self,
        collection_ids: &[i64],
        reason: &str,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> R<i64> {
        todo!()
    }
    pub fn withdraw_for_mandate(
        &self,
        mandate_id: i64,
        reason: &str,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> R<i64> {
        todo!()
    }
    pub fn exclude(&self, lines: &[(i64, String)], at: Instant) -> R<()> {
        todo!()
    }
    pub fn move_lines(&self, from: i64, to: i64, at: Instant) -> R<i64> {
        todo!()
    }
    pub fn mark_missed(&self, file_id: i64, at: Instant) -> R<i64> {
        todo!()
    }
    pub fn close_gaps(&self, file_id: i64) -> R<i64> {
        todo!()
    }
    pub fn sum(&self, file_id: i64) -> R<Won> {
        todo!()
    }
    // collections: emitted and answered
    pub fn planned_lines(&self, file_id: i64, after_line: i64, limit: usize) -> R<Vec<CollectionRow>> {
        todo!()
    }
    pub fn sent_collections(&self, file_id: i64, serials: &[u32], out: &mut Vec<SentCollection>) -> R<()> {
        todo!()
    }
    pub fn collection_charges(&self, collection_id: i64) -> R<Vec<AllocatedCharge>> {
        todo!()
    }
    pub fn outcomes(&self, result_file: i64, outcomes: &[Outcome]) -> R<()> {
        todo!()
    }
    // due, alerts, time
    pub fn plan_due(&self, rows: &[NewDue]) -> R<i64> {
        todo!()
    }
    pub fn due(&self, now: Instant) -> R<Vec<Due>> {
        todo!()
    }
    pub fn next_due(&self) -> R<Option<Instant>> {
        todo!()
    }
    pub fn due_done(&self, due_id: i64, state: DueState, at: Instant, note: &str) -> R<()> {
        todo!()
    }
    pub fn alert(&self, name: &str, subject: &str, text: &str, at: Instant) -> R<bool> {
        todo!()
    }
    pub fn clear_alert(&self, name: &str, subject: &str, at: Instant) -> R<bool> {
        todo!()
    }
    pub fn advance(&self, now: Instant) -> R<Instant> {
        todo!()
    }
    pub fn event(&self, event: &Event<'_>) -> R<()> {
        todo!()
    }
}
impl Reader {
    pub fn open(path: &Path) -> R<Self> {
        todo!()
    }
    pub fn board(&self, now: Instant) -> R<Board> {
        todo!()
    }
    pub fn open_alerts(&self) -> R<Vec<AlertRow>> {
        todo!()
    }
    pub fn due_rows(&self, state: Option<DueState>, limit: usize) -> R<Vec<Due>> {
        todo!()
    }
    pub fn files(&self, query: &FileQuery<'_>) -> R<Vec<FileRow>> {
        todo!()
    }
    pub fn find_file(&self, text: &str) -> R<Vec<FileRow>> {
        todo!()
    }
    pub fn find_payer(&self, creditor: Option<CreditorId>, payer_no: &PayerNo) -> R<Vec<PayerFound>> {
        todo!()
    }
    pub fn find_mandate(&self, text: &str) -> R<Vec<MandateFound>> {
        todo!()
    }
    pub fn find_collection(&self, collection_id: i64) -> R<Option<CollectionFound>> {
        todo!()
    }
    pub fn lines(
        &self,
        file_id: i64,
        creditor: Option<CreditorId>,
        after_line: i64,
        limit: usize,
    ) -> R<Vec<LineRow>> {
        todo!()
    }
    pub fn history(&self, subject: Subject, id: i64) -> R<Vec<HistoryLine>> {
        todo!()
    }
    pub fn creditor_totals(&self, month: Month) -> R<Vec<CreditorTotals>> {
        todo!()
    }
    pub fn days(&self, from: Date, to: Date) -> R<Vec<DayTotals>> {
        todo!()
    }
    pub fn audit(&self) -> R<Vec<Violation>> {
        todo!()
    }
    pub fn final_state_digest(&self) -> R<[u8; 32]> {
        todo!()
    }
}
