//! May this cancellation happen, and when (product.md F16, 3.2)?

use super::{Name, Refused};
use crate::machine::mandate::State;

/// What must be known to judge a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelFacts {
    /// The mandate's state; `None` where there is none.
    pub mandate: Option<State>,
    /// A debit of it is with the exchange, or is on a line of a file that is made.
    pub debit_in_flight: bool,
    /// 현재건후(Y/N); `None` where the row says nothing.
    pub after_current: Option<bool>,
}

/// How a cancellation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The bank never had it: the mandate ends at once, nothing is sent.
    AtOnce,
    /// Queued for the next window.
    Queue,
    /// Queued when the debits on their way are answered: the default while there are any.
    AfterCurrent,
}

/// How the cancellation goes on, or why not.
pub fn check(facts: &CancelFacts) -> Result<Decision, Refused> {
    match facts.mandate {
        None => Err(Refused::new(Name::MandateUnknown)),
        Some(State::Ended) => Err(Refused::new(Name::MandateEnded)),
        Some(State::Changing | State::Severed) => Err(Refused::new(Name::ChangeInFlight)),
        Some(State::Cancelling) => Err(Refused::new(Name::CancelInFlight)),
        Some(State::Batched | State::Sent | State::Acknowledged) => {
            Err(Refused::new(Name::RegistrationInFlight))
        }
        Some(State::Billed | State::Draft | State::Queued | State::Rejected) => Ok(Decision::AtOnce),
        Some(State::Active | State::Suspended) => {
            let wait = facts.debit_in_flight && facts.after_current != Some(false);
            Ok(if wait { Decision::AfterCurrent } else { Decision::Queue })
        }
    }
}
