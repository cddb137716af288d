//! The cancellation (계좌해지) of a mandate: queued, on a line, answered (product.md 3.2).

use super::mandate::EndReason;
use super::{Refusal, words};

words! {
    /// Where a cancellation stands.
    State {
        /// Waits for the next window.
        Queued = "queued",
        /// A line of a built file that has not gone out.
        Batched = "batched",
        /// Its file is with the exchange.
        Sent = "sent",
        /// The exchange took its file.
        Acknowledged = "acknowledged",
        /// Answered: the mandate is over.
        Done = "done",
        /// Answered: the mandate still stands.
        Refused = "refused",
        /// Taken back before it went out.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What the answer's code means for a cancellation (product.md 3.2; data in formats/codes).
    Answer {
        /// Done, or absent from a proven complete list of failures.
        Done = "done",
        /// The bank has no such registration: in effect cancelled.
        AlreadyGone = "already-gone",
        /// The account is closed.
        AccountClosed = "account-closed",
        /// A system failed: try again in the next window.
        Again = "again",
        /// Our line was wrong: the mandate stands, an alert tells.
        OurFault = "our-fault",
    }
}

words! {
    /// What can happen to a cancellation.
    Happening {
        /// The window closed and it was put on a line.
        Batched = "batched",
        /// Its file was published.
        Published = "published",
        /// Its file was taken by the exchange.
        Taken = "taken",
        /// The exchange refused the whole file, or the file was withdrawn.
        FileRefused = "file-refused",
        /// The exchange named this very line when it refused the file.
        LineRefused = "line-refused",
        /// The exchange's deadline passed before it went out.
        Missed = "missed",
        /// The answer says that the mandate is over.
        Confirmed = "confirmed",
        /// The answer says that it still stands.
        Refused = "refused",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
}

impl State {
    /// The manual's way of a word (decisions.md 25).
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Queued | Self::Batched => "계좌해지대기",
            Self::Sent | Self::Acknowledged => "계좌해지중",
            Self::Done => "계좌해지완료",
            Self::Refused | Self::Withdrawn => "계좌신청완료",
        }
    }

    /// Whether it is on a line of a file that is not answered.
    pub const fn in_flight(self) -> bool {
        matches!(self, Self::Batched | Self::Sent | Self::Acknowledged)
    }
}

impl Answer {
    /// How the mandate ends by this answer; `None` where it still stands.
    pub const fn end_reason(self) -> Option<EndReason> {
        match self {
            Self::Done => Some(EndReason::Creditor),
            Self::AlreadyGone => Some(EndReason::AlreadyGone),
            Self::AccountClosed => Some(EndReason::AccountClosed),
            Self::Again | Self::OurFault => None,
        }
    }

    /// Whether a new cancellation is queued for the next window.
    pub const fn try_again(self) -> bool {
        matches!(self, Self::Again)
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
        H::Batched => when(state == S::Queued, S::Batched),
        H::Published => when(state == S::Batched, S::Sent),
        H::Taken => when(matches!(state, S::Batched | S::Sent), S::Acknowledged),
        H::FileRefused => when(state.in_flight(), S::Queued),
        H::LineRefused => when(state.in_flight(), S::Refused),
        H::Missed => when(matches!(state, S::Queued | S::Batched), S::Queued),
        H::Confirmed => when(matches!(state, S::Sent | S::Acknowledged), S::Done),
        H::Refused => when(matches!(state, S::Sent | S::Acknowledged), S::Refused),
        H::Withdrawn => when(state == S::Queued, S::Withdrawn),
    }
}
