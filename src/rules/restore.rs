//! May a mandate that ended at its bank be taken up again (복원 after 민원해지 or 임의해지, product.md 4.2)?
//!
//! An end at the bank closes the account for the same payer number: a new application of the same account is refused (E41).
//! When the payer agrees again, the bank or the network takes the end back; then, and not before, it is restored here.

use crate::machine::mandate::{EndReason, State};

/// How many days after its end a mandate may be restored. Later the consent is stale, and is asked for anew.
pub const WITHIN_DAYS: i64 = 60;

/// What must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreFacts {
    /// Where it stands.
    pub state: State,
    /// Why it ended.
    pub reason: Option<EndReason>,
    /// How many days ago it ended.
    pub ended_days: Option<i64>,
    /// Where the other live mandate of its payer and item stands.
    pub other: Option<State>,
}

/// Why it may not be restored. `Ok(true)`: the refused application that took its place is given up.
pub fn check(facts: &RestoreFacts) -> Result<bool, String> {
    let RestoreFacts { state, reason, ended_days, other } = *facts;
    if state != State::Ended {
        return Err(format!("it is {state}: only a mandate that ended can be restored"));
    }
    match reason {
        Some(reason) if reason.is_taken_back() => {}
        Some(reason) => {
            return Err(format!("it ended ({reason}), not at the bank: the payer applies anew"));
        }
        None => return Err("nobody knows why it ended: the payer applies anew".into()),
    }
    if ended_days.is_none_or(|days| days > WITHIN_DAYS) {
        return Err(format!("it ended more than {WITHIN_DAYS} days ago: the payer applies anew"));
    }
    match other {
        None => Ok(false),
        Some(State::Draft | State::Rejected) => Ok(true),
        Some(state) => Err(format!("the payer has another mandate for the item, and it is {state}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recent_end_at_the_bank_is_taken_back() {
        let good = RestoreFacts {
            state: State::Ended,
            reason: Some(EndReason::AtBank),
            ended_days: Some(3),
            other: None,
        };
        assert_eq!(check(&good), Ok(false));
        assert_eq!(check(&RestoreFacts { other: Some(State::Rejected), ..good }), Ok(true));
        for reason in EndReason::ALL {
            let stands = check(&RestoreFacts { reason: Some(*reason), ..good }).is_ok();
            assert_eq!(stands, ["at-bank", "forced", "no-evidence", "dormant"].contains(&reason.word()));
        }
        for (facts, why) in [
            (RestoreFacts { state: State::Active, reason: None, ..good }, "it is active"),
            (RestoreFacts { reason: None, ..good }, "nobody knows"),
            (RestoreFacts { ended_days: Some(61), ..good }, "more than 60 days"),
            (RestoreFacts { ended_days: None, ..good }, "more than 60 days"),
            (RestoreFacts { other: Some(State::Queued), ..good }, "another mandate"),
            (RestoreFacts { other: Some(State::Active), ..good }, "another mandate"),
        ] {
            assert!(check(&facts).unwrap_err().contains(why), "{facts:?}");
        }
    }
}
