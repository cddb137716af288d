//! The mandate (이체정보): one per payer and charge item (product.md 3.1; decisions.md 23).
//!
//! Must not: know result codes. What a code does to a mandate is data (`formats/codes`), read by `bank::codes`
//! and handed in as an [`Effect`].

use super::{Refusal, words};

words! {
    /// Where a mandate stands.
    State {
        /// No account is known: charged each month and paid by cash, never in a file (고객등록 without 이체정보, product.md F11).
        Billed = "billed",
        /// Data or evidence missing, or given back for correction; never in a file.
        Draft = "draft",
        /// Waits for the next window; may still be edited.
        Queued = "queued",
        /// A line of a built file that has not gone out.
        Batched = "batched",
        /// Its file is with the exchange.
        Sent = "sent",
        /// The exchange took its file.
        Acknowledged = "acknowledged",
        /// The bank has it; debits may be requested.
        Active = "active",
        /// The bank refused it; the code says why.
        Rejected = "rejected",
        /// Kept, but nothing is requested on it.
        Suspended = "suspended",
        /// Another account was applied for; nothing is requested until the bank has answered (product.md 3.3).
        Changing = "changing",
        /// The bank ended the old account while our change was out: what is answered for the new one decides.
        Severed = "severed",
        /// A cancellation is on its way.
        Cancelling = "cancelling",
        /// Over; `EndReason` says why.
        Ended = "ended",
    }
}

words! {
    /// Why a mandate ended.
    EndReason {
        /// The creditor cancelled it.
        Creditor = "creditor",
        /// The bank had no such registration (0017), or it was cancelled before (A016).
        AlreadyGone = "already-gone",
        /// The bank ended it after a year without requests (0018).
        Dormant = "dormant",
        /// The payer or the bank ended it at the bank (0019).
        AtBank = "at-bank",
        /// The bank ended it for missing evidence (0020).
        NoEvidence = "no-evidence",
        /// The account moved to another bank (0024).
        Moved = "moved",
        /// The account was closed (0031).
        AccountClosed = "account-closed",
        /// The bank does not know the registration (0017 on a debit).
        NotRegistered = "not-registered",
        /// Its last month passed.
        Expired = "expired",
        /// Forced cancellation by the bank (kind 7).
        Forced = "forced",
    }
}

words! {
    /// What a result code of a debit does to the active mandate (decisions.md 23; data in formats/codes).
    Effect {
        /// Nothing; a retry may help.
        None = "none",
        /// Its data must be mended and registered anew.
        Mend = "mend",
        /// It is suspended, with an alert.
        Suspend = "suspend",
        /// It ended: dormant at the bank.
        EndDormant = "end-dormant",
        /// It ended at the bank.
        EndAtBank = "end-at-bank",
        /// It ended: no evidence.
        EndNoEvidence = "end-no-evidence",
        /// It ended: the account moved.
        EndMoved = "end-moved",
        /// It ended: the account was closed.
        EndAccountClosed = "end-account-closed",
        /// It ended: the bank has no registration.
        EndNotRegistered = "end-not-registered",
    }
}

words! {
    /// What can happen to a mandate.
    Happening {
        /// A valid application came (new, corrected, or anew after an end).
        Applied = "applied",
        /// The application was withdrawn, or its data became invalid.
        Spoiled = "spoiled",
        /// Its bank needs no registration.
        NotRequired = "not-required",
        /// The window closed and it was put on a line.
        Batched = "batched",
        /// Its file was published.
        Published = "published",
        /// Its file was taken by the exchange.
        Taken = "taken",
        /// Its file was withdrawn before the exchange took it.
        Withdrawn = "withdrawn",
        /// The exchange refused the whole file.
        FileRefused = "file-refused",
        /// The exchange named this very line when it refused the file.
        LineRefused = "line-refused",
        /// The exchange's deadline passed before it went out.
        Missed = "missed",
        /// Listed as accepted, or absent from a proven complete list of failures.
        Accepted = "accepted",
        /// Listed as failed.
        Refused = "refused",
        /// Suspended by order, pause or a result code.
        Suspended = "suspended",
        /// Taken up again.
        Resumed = "resumed",
        /// A result code says that its data is wrong.
        FoundWrong = "found-wrong",
        /// The creditor cancelled it.
        CancelRequested = "cancel-requested",
        /// The cancellation was answered: it is over.
        CancelConfirmed = "cancel-confirmed",
        /// The cancellation was answered: it still stands.
        CancelRefused = "cancel-refused",
        /// The cancellation was answered: it still stands, and it was suspended before or while the cancellation was on
        /// its way (the journal says so). Without this, a refused cancellation would undo a suspension.
        CancelRefusedSuspended = "cancel-refused-suspended",
        /// The creditor asked for another account: 해지 of the old one and 신규 of the new one.
        ChangeRequested = "change-requested",
        /// The new account is registered.
        Changed = "changed",
        /// The same, of a mandate that was suspended before or while the change was on its way (the journal says so).
        ChangedSuspended = "changed-suspended",
        /// The old account stays.
        ChangeRefused = "change-refused",
        /// The same, of a mandate that was suspended.
        ChangeRefusedSuspended = "change-refused-suspended",
        /// The old account ended at the bank (EB11) while our change of account is with the exchange.
        Severed = "severed",
        /// The bank ended it, or it expired.
        EndedElsewhere = "ended-elsewhere",
        /// The bank took its end back (복원), and the creditor said so.
        Restored = "restored",
        /// The payer registered it at the bank, and we agreed (EB11).
        RegisteredAtBank = "registered-at-bank",
        /// The payer moved it to another account at the bank, and we agreed (EB11).
        MovedAtBank = "moved-at-bank",
    }
}

impl State {
    /// The manual's word (decisions.md 25).
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Billed => "이체정보없음",
            Self::Draft | Self::Rejected => "계좌신청미완료",
            Self::Queued | Self::Batched => "계좌신청대기",
            Self::Sent | Self::Acknowledged => "계좌신청중",
            Self::Active | Self::Suspended => "계좌신청완료",
            Self::Changing | Self::Severed => "계좌변경중",
            Self::Cancelling => "계좌해지중",
            Self::Ended => "계좌해지완료",
        }
    }

    /// Whether it is on a line of a file that is not answered.
    pub const fn in_flight(self) -> bool {
        matches!(self, Self::Batched | Self::Sent | Self::Acknowledged)
    }

    /// Whether it counts as the one live mandate of its payer and item (product.md I2).
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Ended)
    }
}

impl EndReason {
    /// Why, as a creditor reads it.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Creditor => "이용기관 해지",
            Self::AlreadyGone => "은행에 등록이 없어 해지",
            Self::Dormant => "1년간 출금 없음, 은행 해지",
            Self::AtBank => "은행에서 해지",
            Self::NoEvidence => "동의 증빙 없음, 은행 해지",
            Self::Moved => "계좌 이동",
            Self::AccountClosed => "계좌 해지(폐쇄)",
            Self::NotRegistered => "은행에 등록 없음",
            Self::Expired => "최종이체년월 경과",
            Self::Forced => "은행 직권 해지",
        }
    }

    /// Whether the creditor wanted the end, or agreed to it beforehand.
    pub const fn is_wanted(self) -> bool {
        matches!(self, Self::Creditor | Self::AlreadyGone | Self::Expired)
    }

    /// Whether the end was the bank's, the payer's at the bank, or the network's: these can be taken back there.
    pub const fn is_taken_back(self) -> bool {
        matches!(self, Self::AtBank | Self::Forced | Self::NoEvidence | Self::Dormant)
    }
}

impl Effect {
    /// What a debit's result code does to a mandate in `state`. Codes speak of the registration that was debited: one
    /// that was given back, corrected or applied for anew since is another one and is left alone (decisions.md 23,
    /// "the active mandate"; product.md E45).
    pub const fn on(self, state: State) -> Option<(Happening, Option<EndReason>)> {
        match state {
            State::Active | State::Suspended | State::Cancelling => self.happening(),
            // The answer to the change says what stands.
            State::Changing | State::Severed => None,
            State::Draft | State::Queued | State::Batched | State::Sent => None,
            State::Billed | State::Acknowledged | State::Rejected | State::Ended => None,
        }
    }

    /// What happens to an active mandate, and with what reason where it ends.
    pub const fn happening(self) -> Option<(Happening, Option<EndReason>)> {
        match self {
            Self::None => None,
            Self::Mend => Some((Happening::FoundWrong, None)),
            Self::Suspend => Some((Happening::Suspended, None)),
            Self::EndDormant => Some((Happening::EndedElsewhere, Some(EndReason::Dormant))),
            Self::EndAtBank => Some((Happening::EndedElsewhere, Some(EndReason::AtBank))),
            Self::EndNoEvidence => Some((Happening::EndedElsewhere, Some(EndReason::NoEvidence))),
            Self::EndMoved => Some((Happening::EndedElsewhere, Some(EndReason::Moved))),
            Self::EndAccountClosed => Some((Happening::EndedElsewhere, Some(EndReason::AccountClosed))),
            Self::EndNotRegistered => Some((Happening::EndedElsewhere, Some(EndReason::NotRegistered))),
        }
    }
}

/// The state that follows, or why none does.
pub fn step(state: State, happening: Happening) -> Result<State, Refusal> {
    use Happening as H;
    use State as S;
    let when = |holds: bool, next: S| {
        if holds { Ok(next) } else { Err(Refusal::not_from(state, happening)) }
    };
    match happening {
        H::Applied => applied(state),
        H::Spoiled => when(matches!(state, S::Draft | S::Queued), S::Draft),
        H::NotRequired => when(matches!(state, S::Billed | S::Draft | S::Queued), S::Active),
        H::Batched => when(state == S::Queued, S::Batched),
        H::Published => when(state == S::Batched, S::Sent),
        H::Taken => when(matches!(state, S::Batched | S::Sent), S::Acknowledged),
        H::Withdrawn => when(state == S::Batched, S::Queued),
        H::FileRefused => when(state.in_flight(), S::Queued),
        H::LineRefused => when(state.in_flight(), S::Draft),
        H::Missed => when(matches!(state, S::Queued | S::Batched), S::Queued),
        H::Accepted => when(matches!(state, S::Sent | S::Acknowledged), S::Active),
        H::Refused => when(matches!(state, S::Sent | S::Acknowledged), S::Rejected),
        // A cancellation or change on its way goes on whatever else is learnt; its answer decides.
        H::Suspended | H::FoundWrong if matches!(state, S::Changing | S::Severed | S::Cancelling) => {
            Ok(state)
        }
        H::Suspended => when(matches!(state, S::Active | S::Suspended), S::Suspended),
        H::FoundWrong => when(matches!(state, S::Active | S::Suspended), S::Draft),
        H::Resumed => when(state == S::Suspended, S::Active),
        H::CancelRequested => cancel_requested(state),
        H::CancelConfirmed => when(state == S::Cancelling, S::Ended),
        H::CancelRefused => when(state == S::Cancelling, S::Active),
        H::CancelRefusedSuspended => when(state == S::Cancelling, S::Suspended),
        H::ChangeRequested => when(matches!(state, S::Active | S::Suspended), S::Changing),
        H::Severed => when(state == S::Changing, S::Severed),
        H::Changed => when(matches!(state, S::Changing | S::Severed), S::Active),
        H::ChangedSuspended => when(matches!(state, S::Changing | S::Severed), S::Suspended),
        // Of a severed mandate no account stays: it ends instead.
        H::ChangeRefused => when(state == S::Changing, S::Active),
        H::ChangeRefusedSuspended => when(state == S::Changing, S::Suspended),
        H::RegisteredAtBank => when(matches!(state, S::Draft | S::Rejected), S::Active),
        H::Restored => when(state == S::Ended, S::Active),
        H::MovedAtBank => when(matches!(state, S::Active | S::Suspended), state),
        H::EndedElsewhere => when(state.is_live() && !state.in_flight(), S::Ended),
    }
}

fn applied(state: State) -> Result<State, Refusal> {
    match state {
        State::Billed | State::Draft | State::Queued | State::Rejected | State::Ended => Ok(State::Queued),
        State::Batched | State::Sent | State::Acknowledged => Err(Refusal::new(
            "REGISTRATION_IN_FLIGHT",
            "the application is with the bank: wait for its answer",
        )),
        State::Active | State::Suspended | State::Changing | State::Severed | State::Cancelling => {
            Err(Refusal::new("MANDATE_EXISTS", "the payer already has a mandate for this item"))
        }
    }
}

fn cancel_requested(state: State) -> Result<State, Refusal> {
    match state {
        State::Billed | State::Draft | State::Queued | State::Rejected => Ok(State::Ended),
        State::Active | State::Suspended => Ok(State::Cancelling),
        State::Batched | State::Sent | State::Acknowledged => Err(Refusal::new(
            "REGISTRATION_IN_FLIGHT",
            "the application is with the bank: cancel after its answer",
        )),
        State::Changing | State::Severed => Err(Refusal::new(
            "CHANGE_IN_FLIGHT",
            "a change of account is on its way: cancel after its answer",
        )),
        State::Cancelling => Err(Refusal::new("CANCEL_IN_FLIGHT", "a cancellation is already on its way")),
        State::Ended => Err(Refusal::new("MANDATE_ENDED", "the mandate is over already")),
    }
}
