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
    /// The new account of our own change that is not over.
    pub change: Option<OpenChange<'a>>,
    /// The account that is to end is one that the mandate left by a change that is over.
    pub left_before: bool,
}

/// Our own change of account that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenChange<'a> {
    /// The account that it moves to.
    pub new: (BankCode, &'a str),
    /// It is on a file: what the bank says to it will come, whatever we do.
    pub out: bool,
}

/// What a set does that is agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it is so already, or the answer to a file of ours that is out says so.
    Nothing,
    /// The bank ends by force what we are registering: the answer to our file decides, and somebody is told.
    Watch,
    /// The mandate ends, and a change of its account with it.
    End,
    /// The old account ends while our change is out: the answer for the new account decides.
    Sever,
    /// It is registered.
    Register,
    /// It moves to another account.
    Move,
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
    /// Our own change of its account is on its way, and a second one cannot be.
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

/// What a set does if it is agreed to, or why it is refused. A set is judged as one, so its lines are answered alike.
///
/// A forced end of a number of ours is never refused.
pub fn check(
    shape: Shape,
    accounts: Accounts<'_>,
    facts: Option<&ApplicationFacts<'_>>,
) -> Result<Effect, Unfit> {
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
    match shape {
        Shape::Odd => Err(Unfit::Odd),
        Shape::ForcedCancel => Ok(forced(accounts, facts)),
        Shape::Cancel => ends(accounts, facts),
        Shape::Change => moves(accounts, facts),
        Shape::Register => match facts.state {
            State::Draft | State::Rejected => Ok(Effect::Register),
            // Its number was never on the wire: the engine does not find it by one.
            State::Billed => Err(Unfit::NotActive),
            State::Ended => Err(Unfit::Ended),
            State::Changing | State::Severed => Err(Unfit::Changing),
            State::Queued | State::Batched | State::Sent | State::Acknowledged => Err(Unfit::Double),
            State::Active | State::Suspended | State::Cancelling => Err(Unfit::Double),
        },
    }
}

/// The bank ends it, whatever we think.
fn forced(accounts: Accounts<'_>, facts: &ApplicationFacts<'_>) -> Effect {
    if facts.left_before && accounts.old != Some(facts.account) {
        return Effect::Nothing;
    }
    match facts.state {
        // Our own cancellation is on its way, and its answer ends the mandate.
        State::Ended | State::Cancelling => Effect::Nothing,
        State::Batched | State::Sent | State::Acknowledged => Effect::Watch,
        State::Changing | State::Severed => ends_changing(accounts, facts),
        State::Billed | State::Draft | State::Queued | State::Rejected => Effect::End,
        State::Active | State::Suspended => Effect::End,
    }
}

/// An end while our own change of account is not over: of its new account nothing is left; of its old one, the new one is left
/// where the change is out, and nothing where it had not gone.
fn ends_changing(accounts: Accounts<'_>, facts: &ApplicationFacts<'_>) -> Effect {
    match facts.change {
        Some(change) if accounts.old == Some(change.new) => Effect::End,
        Some(_) if facts.state == State::Severed => Effect::Nothing,
        Some(change) if change.out => Effect::Sever,
        Some(_) | None => Effect::End,
    }
}

/// The payer ends the account that is registered.
fn ends(accounts: Accounts<'_>, facts: &ApplicationFacts<'_>) -> Result<Effect, Unfit> {
    match facts.state {
        State::Ended => return Err(Unfit::Double),
        State::Changing | State::Severed => {
            let new = facts.change.map(|change| change.new);
            if accounts.old != Some(facts.account) && (new.is_none() || accounts.old != new) {
                return Err(Unfit::OtherAccount);
            }
            return match ends_changing(accounts, facts) {
                Effect::Nothing => Err(Unfit::Double),
                effect => Ok(effect),
            };
        }
        State::Active | State::Suspended | State::Cancelling => {}
        _ => return Err(Unfit::NotActive),
    }
    if accounts.old != Some(facts.account) {
        return Err(Unfit::OtherAccount);
    }
    // Our own cancellation is on its way, and its answer ends the mandate.
    Ok(if facts.state == State::Cancelling { Effect::Nothing } else { Effect::End })
}

/// The payer leaves the account that is registered for another one.
fn moves(accounts: Accounts<'_>, facts: &ApplicationFacts<'_>) -> Result<Effect, Unfit> {
    match facts.state {
        State::Ended | State::Cancelling => return Err(Unfit::Double),
        State::Changing | State::Severed => return Err(Unfit::Changing),
        State::Active | State::Suspended => {}
        _ => return Err(Unfit::NotActive),
    }
    if accounts.new == Some(facts.account) {
        return Err(Unfit::Double);
    }
    if accounts.old != Some(facts.account) {
        return Err(Unfit::OtherAccount);
    }
    if facts.debit_in_flight {
        return Err(Unfit::DebitInFlight);
    }
    Ok(Effect::Move)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_and_state_is_answered() {
        let bank = BankCode::from_number(4).unwrap();
        let (ours, other) = ((bank, "990000000001"), (bank, "990000000002"));
        let facts = |state, flying| ApplicationFacts {
            state,
            account: ours,
            debit_in_flight: flying,
            change: None,
            left_before: false,
        };
        let ends = |old| Accounts { old: Some(old), new: None };
        let change = |old, new| Accounts { old: Some(old), new: Some(new) };
        let new = |account| Accounts { old: None, new: Some(account) };
        let (active, ended) = (facts(State::Active, false), facts(State::Ended, false));
        let flying = facts(State::Active, true);
        let cancelling = facts(State::Cancelling, false);
        for (shape, accounts, facts, expected) in [
            (Shape::Cancel, ends(ours), None, Err(Unfit::UnknownPayer)),
            (Shape::ForcedCancel, ends(ours), None, Err(Unfit::UnknownPayer)),
            (Shape::Cancel, ends(ours), Some(&active), Ok(Effect::End)),
            // A debit that is on its way does not hold an end back (E37), but a change (E39).
            (Shape::Cancel, ends(ours), Some(&flying), Ok(Effect::End)),
            (Shape::Change, change(ours, other), Some(&flying), Err(Unfit::DebitInFlight)),
            (Shape::Change, change(ours, other), Some(&active), Ok(Effect::Move)),
            (Shape::Change, change(other, ours), Some(&active), Err(Unfit::Double)),
            (Shape::Change, change(other, other), Some(&active), Err(Unfit::OtherAccount)),
            (Shape::Change, change(ours, (bank, "12")), Some(&active), Err(Unfit::NoAccount)),
            (Shape::Cancel, ends(other), Some(&active), Err(Unfit::OtherAccount)),
            (Shape::Cancel, ends(ours), Some(&ended), Err(Unfit::Double)),
            (Shape::Cancel, ends(ours), Some(&cancelling), Ok(Effect::Nothing)),
            (Shape::ForcedCancel, ends(other), Some(&flying), Ok(Effect::End)),
            (Shape::ForcedCancel, ends(ours), Some(&ended), Ok(Effect::Nothing)),
            (Shape::ForcedCancel, ends(ours), Some(&cancelling), Ok(Effect::Nothing)),
            (Shape::ForcedCancel, ends(ours), Some(&facts(State::Sent, false)), Ok(Effect::Watch)),
            (Shape::Register, new(other), Some(&active), Err(Unfit::Double)),
            (Shape::Register, new(other), Some(&ended), Err(Unfit::Ended)),
            (Shape::Register, new(other), Some(&facts(State::Rejected, false)), Ok(Effect::Register)),
            (Shape::Register, new(other), Some(&facts(State::Sent, false)), Err(Unfit::Double)),
            (Shape::Cancel, ends(ours), Some(&facts(State::Sent, false)), Err(Unfit::NotActive)),
            (Shape::Odd, ends(ours), Some(&active), Err(Unfit::Odd)),
        ] {
            assert_eq!(check(shape, accounts, facts), expected, "{shape} {facts:?}");
        }
    }

    #[test]
    fn an_end_while_our_own_change_is_not_over() {
        let bank = BankCode::from_number(4).unwrap();
        let (old, new, third) = ((bank, "990000000001"), (bank, "990000000002"), (bank, "990000000003"));
        let (ends, forced) = (Shape::Cancel, Shape::ForcedCancel);
        for (state, out, shape, account, expected) in [
            (State::Changing, true, ends, old, Ok(Effect::Sever)),
            (State::Changing, true, ends, new, Ok(Effect::End)),
            (State::Changing, true, ends, third, Err(Unfit::OtherAccount)),
            (State::Changing, true, forced, old, Ok(Effect::Sever)),
            (State::Changing, true, forced, new, Ok(Effect::End)),
            (State::Changing, true, forced, third, Ok(Effect::Sever)),
            (State::Changing, false, ends, old, Ok(Effect::End)),
            (State::Changing, false, forced, old, Ok(Effect::End)),
            (State::Severed, true, ends, old, Err(Unfit::Double)),
            (State::Severed, true, ends, new, Ok(Effect::End)),
            (State::Severed, true, forced, old, Ok(Effect::Nothing)),
            (State::Severed, true, forced, new, Ok(Effect::End)),
        ] {
            let change = Some(OpenChange { new, out });
            let facts =
                ApplicationFacts { state, account: old, debit_in_flight: false, change, left_before: false };
            let accounts = Accounts { old: Some(account), new: None };
            assert_eq!(check(shape, accounts, Some(&facts)), expected, "{state} {out} {shape}");
            // A second change, or a registration, cannot be while ours is out.
            let accounts = Accounts { old: Some(old), new: Some(third) };
            assert_eq!(check(Shape::Change, accounts, Some(&facts)), Err(Unfit::Changing));
        }
        // The change is over, and the bank ends the account that was left.
        let facts = ApplicationFacts {
            state: State::Active,
            account: new,
            debit_in_flight: false,
            change: None,
            left_before: true,
        };
        for (account, expected) in [(old, Effect::Nothing), (new, Effect::End)] {
            let accounts = Accounts { old: Some(account), new: None };
            assert_eq!(check(Shape::ForcedCancel, accounts, Some(&facts)), Ok(expected));
        }
    }
}
