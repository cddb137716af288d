//! The change of account (계좌변경): 해지 of the old account and 신규 of the new one, sent in one file and answered line
//! by line (product.md 3.3).
//!
//! Must not: know codes. Whether a line of an answer means that the old account is gone is data (`formats/codes`).

use super::words;

words! {
    /// Where a change of account stands.
    State {
        /// Asked for while the registration is with the bank; it goes out after the answer (E36).
        Waiting = "waiting",
        /// Its lines wait for a window or are with the bank.
        Asked = "asked",
        /// The new account is the mandate's.
        Switched = "switched",
        /// The old account stays.
        Kept = "kept",
        /// The old account is gone and the new one was refused: the mandate is over.
        Ended = "ended",
        /// Taken back, or replaced by another one, before it went out.
        Withdrawn = "withdrawn",
    }
}

/// What the answers to both lines come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Only the new account is registered.
    Switched,
    /// The new account is registered, and the old one still is: it is cancelled once more.
    OldStands,
    /// The old account is gone, the new one was refused: nothing is registered any more.
    NothingStands,
    /// The old account stays, the new one was refused.
    Kept,
}

/// The outcome of a change by its lines: whether the old account is gone, and whether the new one is registered. `None`
/// where its bank needs no registration, so that no line spoke of it.
pub const fn outcome(old_gone: Option<bool>, new_registered: Option<bool>) -> Outcome {
    match (old_gone, new_registered) {
        (Some(true) | None, Some(true) | None) => Outcome::Switched,
        (Some(false), Some(true) | None) => Outcome::OldStands,
        (Some(true), Some(false)) => Outcome::NothingStands,
        (Some(false) | None, Some(false)) => Outcome::Kept,
    }
}

/// The same after the old account ended at the bank while the change was out (EB11): it is gone whatever the answer to its line
/// says, which the bank no longer knows.
pub const fn outcome_when_severed(new_registered: Option<bool>) -> Outcome {
    outcome(Some(true), new_registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_to_both_lines() {
        for (old, new, expected) in [
            (Some(true), Some(true), Outcome::Switched),
            (Some(true), Some(false), Outcome::NothingStands),
            (Some(false), Some(true), Outcome::OldStands),
            (Some(false), Some(false), Outcome::Kept),
            (None, Some(true), Outcome::Switched),
            // No line ended it, so it can be debited as before.
            (None, Some(false), Outcome::Kept),
            (Some(true), None, Outcome::Switched),
            (Some(false), None, Outcome::OldStands),
            (None, None, Outcome::Switched),
        ] {
            assert_eq!(outcome(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn after_an_end_at_the_bank_the_new_account_decides() {
        assert_eq!(outcome_when_severed(Some(true)), Outcome::Switched);
        assert_eq!(outcome_when_severed(None), Outcome::Switched);
        assert_eq!(outcome_when_severed(Some(false)), Outcome::NothingStands);
    }
}
