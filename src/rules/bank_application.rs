//! May what a payer applied for at a bank happen (product.md 3.4, E39)?
//!
//! Looked at when the file comes, and again when our answer is built: a debit may have gone out meanwhile.

use crate::domain::BankCode;
use crate::machine::application::Shape;
use crate::machine::mandate::State;

/// What is known of the mandate with the number of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationFacts<'a> {
    /// Where it stands.
    pub state: State,
    /// Its bank and account.
    pub account: (BankCode, &'a str),
    /// A debit of it is on its way.
    pub debit_in_flight: bool,
}

/// Why a set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// 납부자번호 상이: the number is none of ours.
    UnknownPayer,
    /// 이중신청: it is so already.
    Double,
    /// 출금요청중: a debit of the old account is on its way.
    DebitInFlight,
    /// The account that ends is not the one that we have.
    OtherAccount,
    /// The account is no account's number.
    NoAccount,
    /// The bank has no such registration of ours: it was never active, or is on its way.
    NotActive,
    /// Our own change of its account is on its way.
    Changing,
    /// Its mandate ended; the payer applies with the creditor.
    Ended,
    /// Lines of one number that make no sense together.
    Odd,
}

impl Unfit {
    /// For people.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::UnknownPayer => "납부자번호 상이: 등록된 번호가 아닙니다",
            Self::Double => "이중신청: 이미 그렇게 되어 있습니다",
            Self::DebitInFlight => "출금요청중: 결과가 온 뒤에 변경할 수 있습니다",
            Self::OtherAccount => "해지 계좌가 등록된 계좌와 다릅니다",
            Self::NoAccount => "계좌번호가 올바르지 않습니다",
            Self::NotActive => "등록이 완료된 계좌가 아닙니다",
            Self::Changing => "이용기관이 신청한 계좌변경이 진행 중입니다",
            Self::Ended => "해지된 납부자입니다: 이용기관에 다시 신청해야 합니다",
            Self::Odd => "같은 납부자번호의 신청이 서로 맞지 않습니다",
        }
    }
}

/// The accounts of a set: the one that ends and the one that begins, as far as its shape has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounts<'a> {
    /// Of the line that ends.
    pub old: Option<(BankCode, &'a str)>,
    /// Of the line that registers.
    pub new: Option<(BankCode, &'a str)>,
}

/// Whether a set may be accepted, or why not. A set is judged as one, so its lines are answered alike.
pub fn check(
    shape: Shape,
    accounts: Accounts<'_>,
    facts: Option<&ApplicationFacts<'_>>,
) -> Result<(), Unfit> {
    if shape == Shape::Odd {
        return Err(Unfit::Odd);
    }
    let Some(facts) = facts else { return Err(Unfit::UnknownPayer) };
    let whole = |account: &str| {
        (7..=16).contains(&account.len()) && account.bytes().all(|byte| byte.is_ascii_digit())
    };
    if accounts.new.is_some_and(|(_, account)| !whole(account)) {
        return Err(Unfit::NoAccount);
    }
    if facts.state == State::Changing {
        return Err(Unfit::Changing);
    }
    match shape {
        Shape::Odd => Err(Unfit::Odd),
        Shape::ForcedCancel => match facts.state {
            State::Ended => Err(Unfit::Double),
            state if state.in_flight() => Err(Unfit::NotActive),
            _ => Ok(()),
        },
        Shape::Cancel | Shape::Change => ends(shape, accounts, facts),
        Shape::Register => match facts.state {
            State::Draft | State::Rejected => Ok(()),
            // Its number was never on the wire: the engine does not find it by one.
            State::Billed => Err(Unfit::NotActive),
            State::Ended => Err(Unfit::Ended),
            State::Queued | State::Batched | State::Sent | State::Acknowledged => Err(Unfit::Double),
            State::Active | State::Suspended | State::Changing | State::Cancelling => Err(Unfit::Double),
        },
    }
}

/// The account that is registered ends, alone or for another one.
fn ends(shape: Shape, accounts: Accounts<'_>, facts: &ApplicationFacts<'_>) -> Result<(), Unfit> {
    match facts.state {
        State::Ended => return Err(Unfit::Double),
        State::Cancelling if shape == Shape::Change => return Err(Unfit::Double),
        State::Active | State::Suspended | State::Cancelling => {}
        _ => return Err(Unfit::NotActive),
    }
    if accounts.new == Some(facts.account) {
        return Err(Unfit::Double);
    }
    if accounts.old != Some(facts.account) {
        return Err(Unfit::OtherAccount);
    }
    if shape == Shape::Change && facts.debit_in_flight {
        return Err(Unfit::DebitInFlight);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_and_state_is_answered() {
        let bank = BankCode::from_number(4).unwrap();
        let (ours, other) = ((bank, "990000000001"), (bank, "990000000002"));
        let facts = |state, flying| ApplicationFacts { state, account: ours, debit_in_flight: flying };
        let ends = |old| Accounts { old: Some(old), new: None };
        let change = |old, new| Accounts { old: Some(old), new: Some(new) };
        let new = |account| Accounts { old: None, new: Some(account) };
        let (active, ended) = (facts(State::Active, false), facts(State::Ended, false));
        let flying = facts(State::Active, true);
        for (shape, accounts, facts, expected) in [
            (Shape::Cancel, ends(ours), None, Err(Unfit::UnknownPayer)),
            (Shape::Cancel, ends(ours), Some(&active), Ok(())),
            // A debit that is on its way does not hold an end back (E37), but a change (E39).
            (Shape::Cancel, ends(ours), Some(&flying), Ok(())),
            (Shape::Change, change(ours, other), Some(&flying), Err(Unfit::DebitInFlight)),
            (Shape::Change, change(ours, other), Some(&active), Ok(())),
            (Shape::Change, change(other, ours), Some(&active), Err(Unfit::Double)),
            (Shape::Change, change(other, other), Some(&active), Err(Unfit::OtherAccount)),
            (Shape::Change, change(ours, (bank, "12")), Some(&active), Err(Unfit::NoAccount)),
            (Shape::Cancel, ends(other), Some(&active), Err(Unfit::OtherAccount)),
            (Shape::Cancel, ends(ours), Some(&ended), Err(Unfit::Double)),
            (Shape::ForcedCancel, ends(other), Some(&flying), Ok(())),
            (Shape::ForcedCancel, ends(ours), Some(&ended), Err(Unfit::Double)),
            (Shape::Register, new(other), Some(&active), Err(Unfit::Double)),
            (Shape::Register, new(other), Some(&ended), Err(Unfit::Ended)),
            (Shape::Register, new(other), Some(&facts(State::Rejected, false)), Ok(())),
            (Shape::Register, new(other), Some(&facts(State::Sent, false)), Err(Unfit::Double)),
            (Shape::Cancel, ends(ours), Some(&facts(State::Sent, false)), Err(Unfit::NotActive)),
            (Shape::Odd, ends(ours), Some(&active), Err(Unfit::Odd)),
            (Shape::Cancel, ends(ours), Some(&facts(State::Changing, false)), Err(Unfit::Changing)),
            (Shape::ForcedCancel, ends(ours), Some(&facts(State::Changing, false)), Err(Unfit::Changing)),
        ] {
            assert_eq!(check(shape, accounts, facts), expected, "{shape} {facts:?}");
        }
    }
}
