//! Files on their way out and in (decisions.md 14; house.md 5).

use super::{Refusal, words};

words! {
    /// Where a file of ours stands.
    Out {
        /// Lines gather; its window is open.
        Planned = "planned",
        /// Bytes and lines are committed.
        Built = "built",
        /// The bytes are durable in the stage folder.
        Staged = "staged",
        /// Renamed into the outbox.
        Published = "published",
        /// The peer took it.
        Taken = "taken",
        /// Its answer was applied.
        Answered = "answered",
        /// The power failed where the peer may or may not have taken it: held until a person decides.
        Uncertain = "uncertain",
        /// The exchange refused it as a whole.
        Refused = "refused",
        /// Kept back by an order.
        Held = "held",
        /// The exchange's deadline passed before it went out.
        Missed = "missed",
        /// No line was left when its window closed.
        Emptied = "emptied",
    }
}

words! {
    /// What can happen to a file of ours.
    OutHappening {
        /// Its window closed; bytes and lines are committed.
        Built = "built",
        /// The exchange's deadline passed before it went out.
        Missed = "missed",
        /// No line was left when its window closed.
        Emptied = "emptied",
        /// The bytes are durable in the stage folder.
        Staged = "staged",
        /// It is in the outbox.
        Published = "published",
        /// It is in `sent`, or a receipt says accepted.
        Taken = "taken",
        /// A receipt says refused.
        Refused = "refused",
        /// The answering file was applied.
        Answered = "answered",
        /// Staged under another boot: the peer may have it.
        PowerLost = "power-lost",
        /// Kept back by an order.
        Held = "held",
        /// Let go by an order, with the same bytes.
        Released = "released",
        /// A person says that the bank has it.
        MarkedSent = "marked-sent",
        /// A person says that it will never go.
        Rejected = "rejected",
    }
}

words! {
    /// Where a file that came to us stands.
    In {
        /// In work, not decided.
        Claimed = "claimed",
        /// Applied.
        Applied = "applied",
        /// Not what it claims to be: nothing of it was applied.
        Rejected = "rejected",
        /// Waits for a person or for its predecessor.
        Held = "held",
        /// The same bytes were applied before.
        Duplicate = "duplicate",
    }
}

words! {
    /// What can happen to a file that came to us.
    InHappening {
        /// Applied whole.
        Applied = "applied",
        /// Faults were found.
        Rejected = "rejected",
        /// A conflict, or too early.
        Held = "held",
        /// The same bytes were seen before.
        Duplicate = "duplicate",
        /// Taken up again by order, or because its predecessor came.
        Released = "released",
    }
}

impl Out {
    /// Whether its lines are with the exchange or may be (I2: no other attempt may go).
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Planned
                | Self::Built
                | Self::Staged
                | Self::Published
                | Self::Taken
                | Self::Uncertain
                | Self::Held
        )
    }
}

/// The state that follows for a file of ours, or why none does.
pub fn step_out(state: Out, happening: OutHappening) -> Result<Out, Refusal> {
    use Out as S;
    use OutHappening as H;
    let when = |holds: bool, next: S| {
        if holds { Ok(next) } else { Err(Refusal::not_from(state, happening)) }
    };
    match happening {
        H::Built => when(state == S::Planned, S::Built),
        // A staged file of this boot is proven not to have gone out (house.md 5), so it may be missed too.
        H::Missed => when(matches!(state, S::Planned | S::Built | S::Staged | S::Held), S::Missed),
        H::Emptied => when(state == S::Planned, S::Emptied),
        H::Staged => when(state == S::Built, S::Staged),
        H::Published => when(matches!(state, S::Staged | S::Uncertain), S::Published),
        H::Taken => when(matches!(state, S::Staged | S::Published | S::Uncertain | S::Held), S::Taken),
        H::Refused => when(matches!(state, S::Published | S::Taken | S::Uncertain), S::Refused),
        // An answer to an uncertain or held file proves that the exchange has it: `taken` is stepped first, so that
        // its lines are with the exchange before their results come.
        H::Answered => when(matches!(state, S::Published | S::Taken), S::Answered),
        H::PowerLost => when(state == S::Staged, S::Uncertain),
        H::Held => when(matches!(state, S::Built | S::Staged | S::Published), S::Held),
        H::Released => when(matches!(state, S::Held | S::Uncertain), S::Built),
        H::MarkedSent => {
            when(matches!(state, S::Built | S::Staged | S::Published | S::Uncertain | S::Held), S::Taken)
        }
        H::Rejected => when(matches!(state, S::Built | S::Held | S::Uncertain), S::Refused),
    }
}

/// The state that follows for a file that came to us, or why none does.
pub fn step_in(state: In, happening: InHappening) -> Result<In, Refusal> {
    use In as S;
    use InHappening as H;
    let when = |holds: bool, next: S| {
        if holds { Ok(next) } else { Err(Refusal::not_from(state, happening)) }
    };
    match happening {
        // What is held goes on only through `released`, so that nothing is applied past a person.
        H::Applied => when(state == S::Claimed, S::Applied),
        H::Rejected => when(matches!(state, S::Claimed | S::Held), S::Rejected),
        H::Held => when(state == S::Claimed, S::Held),
        H::Duplicate => when(state == S::Claimed, S::Duplicate),
        H::Released => when(state == S::Held, S::Claimed),
    }
}
