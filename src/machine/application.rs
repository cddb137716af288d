//! An application that came in at a bank (은행접수 신청, EB11): received, decided, answered (product.md 3.4).
//!
//! Lines of one payer number are one set, and a set is decided and answered alike.

use super::{Refusal, words};

words! {
    /// What a line asks for (신청구분; facts/kftc.md 3, EB11 R 26). The words are the names of the layout's codes.
    Asked {
        /// 신규.
        Register = "register",
        /// 해지.
        Cancel = "cancel",
        /// 임의해지: the bank ends it, whatever we think.
        ForcedCancel = "forced-cancel",
    }
}

words! {
    /// What the lines of one payer number ask for together.
    Shape {
        /// A new registration.
        Register = "register",
        /// An end.
        Cancel = "cancel",
        /// An end by force.
        ForcedCancel = "forced-cancel",
        /// 계좌변경: the old account ends and a new one begins.
        Change = "change",
        /// Lines that make no sense together.
        Odd = "odd",
    }
}

words! {
    /// Where an application stands.
    State {
        /// Waits for a person.
        Undecided = "undecided",
        /// Will be, or was, answered with consent: by absence from our answer.
        Accepted = "accepted",
        /// Will be, or was, refused with a code.
        Refused = "refused",
    }
}

words! {
    /// What can happen to an application.
    Happening {
        /// Decided for, by the policy or a person.
        Accepted = "accepted",
        /// Decided against.
        Refused = "refused",
        /// Looked at again when the answer is built: what was true is true no more.
        FoundUnfit = "found-unfit",
    }
}

impl State {
    /// The word for people.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Undecided => "미결정",
            Self::Accepted => "승인",
            Self::Refused => "거부",
        }
    }
}

/// What the lines of one payer number in one file are together.
pub fn shape(asked: &[Asked]) -> Shape {
    match asked {
        [Asked::Register] => Shape::Register,
        [Asked::Cancel] => Shape::Cancel,
        [Asked::ForcedCancel] => Shape::ForcedCancel,
        [Asked::Cancel, Asked::Register] | [Asked::Register, Asked::Cancel] => Shape::Change,
        _ => Shape::Odd,
    }
}

/// The state that follows, or why none does. Until the answer is built, a person may decide otherwise.
pub fn step(state: State, happening: Happening) -> Result<State, Refusal> {
    use Happening as H;
    use State as S;
    match (state, happening) {
        (S::Undecided | S::Accepted | S::Refused, H::Accepted) => Ok(S::Accepted),
        (S::Undecided | S::Accepted | S::Refused, H::Refused) => Ok(S::Refused),
        (S::Accepted, H::FoundUnfit) => Ok(S::Refused),
        (S::Undecided | S::Refused, H::FoundUnfit) => Err(Refusal::not_from(state, happening)),
    }
}
