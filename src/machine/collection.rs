//! The collection (이체의뢰): one attempt, one line of one file (product.md 3.5).

use super::{Refusal, words};

words! {
    /// Where a collection stands.
    State {
        /// Left out, with a reason; an attempt that never was.
        Excluded = "excluded",
        /// Asked for; its window is open.
        Requested = "requested",
        /// Taken back before the cut-off.
        Withdrawn = "withdrawn",
        /// A line of a built file that has not gone out.
        Batched = "batched",
        /// Its file is with the exchange.
        Sent = "sent",
        /// The exchange took its file.
        Acknowledged = "acknowledged",
        /// The exchange's deadline passed without a file.
        Missed = "missed",
        /// The money came: listed so, or absent from a proven complete list of failures.
        Succeeded = "succeeded",
        /// A part of the money came.
        Partial = "partial",
        /// Nothing came; the code says why.
        Failed = "failed",
        /// The money came and was taken back later.
        Reversed = "reversed",
    }
}

words! {
    /// What can happen to a collection.
    Happening {
        /// Left out at request or emission, with a reason.
        Excluded = "excluded",
        /// Taken back by the creditor.
        Withdrawn = "withdrawn",
        /// The window closed and it was put on a line.
        Batched = "batched",
        /// Its file was published.
        Published = "published",
        /// Its file was taken by the exchange.
        Taken = "taken",
        /// The whole file was refused or withdrawn while the exchange's deadline is ahead.
        FileRefusedInTime = "file-refused-in-time",
        /// The whole file was refused or withdrawn and the exchange's deadline is over.
        FileRefusedLate = "file-refused-late",
        /// The exchange named this very line when it refused the file.
        LineRefused = "line-refused",
        /// The exchange's deadline passed before it went out.
        Missed = "missed",
        /// The whole amount came.
        Succeeded = "succeeded",
        /// A part came (P).
        PartlyCollected = "partly-collected",
        /// Nothing came (N).
        Failed = "failed",
        /// The bank took the money back after success.
        Reversed = "reversed",
    }
}

impl State {
    /// The manual's word (decisions.md 25).
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Requested | Self::Batched => "이체의뢰대기",
            Self::Sent | Self::Acknowledged => "이체의뢰중",
            Self::Succeeded => "이체처리완료",
            Self::Partial => "부분수납",
            Self::Failed | Self::Missed => "이체처리미완료",
            Self::Excluded => "이체제외",
            Self::Withdrawn => "이체의뢰취소",
            Self::Reversed => "이체취소(사후)",
        }
    }

    /// Whether an attempt of the same charge must wait for it (product.md I2, requested ones included).
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Requested | Self::Batched | Self::Sent | Self::Acknowledged)
    }

    /// Whether it is on a line of a file that is not answered.
    pub const fn in_flight(self) -> bool {
        matches!(self, Self::Batched | Self::Sent | Self::Acknowledged)
    }
}

/// The state of a collection that follows its file: what is true of all lines of a file stands once, at the file.
/// A line that went its own way (failed, partial, withdrawn, …) carries its own state, and that one counts.
pub const fn of_file(file: super::file::Out) -> State {
    use super::file::Out as F;
    match file {
        F::Planned => State::Requested,
        F::Built | F::Staged | F::Uncertain | F::Held => State::Batched,
        F::Published => State::Sent,
        F::Taken => State::Acknowledged,
        F::Answered => State::Succeeded,
        // Its lines are moved to another file or carry their own state; a line left here never went out.
        F::Refused | F::Missed | F::Emptied => State::Missed,
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
        H::Excluded => when(state == S::Requested, S::Excluded),
        H::Withdrawn => when(state == S::Requested, S::Withdrawn),
        H::Batched => when(state == S::Requested, S::Batched),
        H::Published => when(state == S::Batched, S::Sent),
        H::Taken => when(matches!(state, S::Batched | S::Sent), S::Acknowledged),
        H::FileRefusedInTime => when(state.in_flight(), S::Requested),
        H::FileRefusedLate => when(state.in_flight(), S::Missed),
        H::LineRefused => when(state.in_flight(), S::Excluded),
        H::Missed => when(matches!(state, S::Requested | S::Batched), S::Missed),
        H::Succeeded => when(matches!(state, S::Sent | S::Acknowledged), S::Succeeded),
        H::PartlyCollected => when(matches!(state, S::Sent | S::Acknowledged), S::Partial),
        H::Failed => when(matches!(state, S::Sent | S::Acknowledged), S::Failed),
        H::Reversed => when(matches!(state, S::Succeeded | S::Partial), S::Reversed),
    }
}
