//! May cash be recorded for a charge, and may a payment be taken back (현금수납; product.md F19, F21, 3.6, D7, D8, E49, E50)?

use super::{Name, Refused};
use crate::domain::{Date, Won};
use crate::machine::{charge, collection, mandate};

/// Where the charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashFacts {
    /// The charge, an attached success counted.
    pub charge: charge::State,
    /// The attempt that holds it.
    pub attempt: Option<collection::State>,
    /// An attempt was made and is over without having brought all.
    pub tried: bool,
    /// Its debit date can be asked for no more.
    pub date_passed: bool,
    /// Its mandate.
    pub mandate: mandate::State,
    /// What is open.
    pub open: Won,
    /// The creditor takes cash only where a debit was tried or cannot be (D8).
    pub only_after_failure: bool,
}

/// The payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// How much.
    pub won: Won,
    /// 수납일.
    pub paid_on: Date,
    /// Today.
    pub today: Date,
    /// The standing payment that has its receipt number already.
    pub receipt_used_by: Option<i64>,
}

/// What becomes of the attempt that holds the charge when cash is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// There is none that waits.
    Nothing,
    /// It is requested and on no file that went out: reckoned anew.
    ReckonAnew,
}

/// Whether the payment may be recorded.
pub fn take(facts: &CashFacts, payment: &Payment) -> Result<Attempt, Refused> {
    let money = "금액";
    if facts.attempt.is_some_and(collection::State::in_flight) {
        return Err(Refused::new(Name::CashInFlight));
    }
    match facts.charge {
        charge::State::Paid | charge::State::Overpaid => {
            return Err(Refused::at(Name::ChargePaid, "청구년월"));
        }
        charge::State::WrittenOff | charge::State::Cancelled => {
            return Err(Refused::at(Name::ChargeEnded, "청구년월"));
        }
        charge::State::Open | charge::State::PartlyPaid => {}
    }
    let debit_may_come = !facts.tried && !facts.date_passed && facts.mandate == mandate::State::Active;
    if facts.only_after_failure && debit_may_come {
        return Err(Refused::new(Name::CashBeforeDebit));
    }
    if payment.paid_on > payment.today {
        return Err(Refused::at(Name::CashDate, "수납일"));
    }
    if let Some(used) = payment.receipt_used_by {
        return Err(Refused::at(Name::CashReceiptUsed, "영수증번호").with(format!("수납번호 {used}")));
    }
    if !payment.won.is_positive() {
        return Err(Refused::at(Name::AmountZero, money));
    }
    if payment.won > facts.open {
        return Err(Refused::at(Name::CashOverOpen, money).with(format!("남은 금액 {}원", facts.open)));
    }
    let waits = facts.attempt == Some(collection::State::Requested);
    Ok(if waits { Attempt::ReckonAnew } else { Attempt::Nothing })
}

/// A payment that shall be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelFacts {
    /// It is a cancellation itself, or was taken back already.
    pub over: bool,
    /// The last day on which it may be taken back.
    pub until: Date,
    /// Today.
    pub today: Date,
    /// The attempt that holds the charge.
    pub attempt: Option<collection::State>,
    /// A later debit brought money for the charge (E50).
    pub debited_since: bool,
    /// A refund of the charge is on its way or done.
    pub refunded: bool,
}

/// Whether the payment may be taken back.
pub fn cancel(facts: &CancelFacts) -> Result<(), Refused> {
    if facts.over {
        return Err(Refused::new(Name::CashCancelled));
    }
    if facts.attempt.is_some_and(collection::State::is_live) {
        return Err(Refused::new(Name::CollectionInFlight));
    }
    if facts.debited_since {
        return Err(Refused::new(Name::CashDebited));
    }
    if facts.refunded {
        return Err(Refused::new(Name::CashRefunded));
    }
    if facts.today > facts.until {
        return Err(Refused::new(Name::CashMonthClosed).with(format!("취소 기한 {}", facts.until)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn facts() -> CashFacts {
        CashFacts {
            charge: charge::State::Open,
            attempt: None,
            tried: true,
            date_passed: true,
            mandate: mandate::State::Active,
            open: Won::new(50_000),
            only_after_failure: true,
        }
    }

    fn payment(won: i64) -> Payment {
        let today = day("2026-01-10");
        Payment { won: Won::new(won), paid_on: today, today, receipt_used_by: None }
    }

    fn told(facts: &CashFacts, payment: &Payment) -> String {
        match take(facts, payment) {
            Ok(attempt) => format!("{attempt:?}"),
            Err(refused) => refused.name.word().to_string(),
        }
    }

    #[test]
    fn cash_is_taken_after_failure_and_never_beside_a_debit() {
        use collection::State as S;
        let fresh = CashFacts { tried: false, date_passed: false, ..facts() };
        let with = |attempt| CashFacts { attempt: Some(attempt), ..facts() };
        let late = Payment { paid_on: day("2026-01-11"), ..payment(1) };
        let twice = Payment { receipt_used_by: Some(7), ..payment(1) };
        for (facts, payment, expected) in [
            (facts(), payment(50_000), "Nothing"),
            (facts(), payment(1), "Nothing"),
            (facts(), payment(0), "AMOUNT_ZERO"),
            (facts(), payment(50_001), "CASH_OVER_OPEN"),
            (facts(), late, "CASH_DATE"),
            (facts(), twice, "CASH_RECEIPT_USED"),
            (fresh, payment(1), "CASH_BEFORE_DEBIT"),
            (CashFacts { only_after_failure: false, ..fresh }, payment(1), "Nothing"),
            (CashFacts { mandate: mandate::State::Ended, ..fresh }, payment(1), "Nothing"),
            (CashFacts { date_passed: true, ..fresh }, payment(1), "Nothing"),
            (with(S::Batched), payment(1), "CASH_IN_FLIGHT"),
            (with(S::Sent), payment(1), "CASH_IN_FLIGHT"),
            (with(S::Acknowledged), payment(1), "CASH_IN_FLIGHT"),
            (with(S::Requested), payment(1), "ReckonAnew"),
            (CashFacts { charge: charge::State::Paid, ..facts() }, payment(1), "CHARGE_PAID"),
            (CashFacts { charge: charge::State::WrittenOff, ..facts() }, payment(1), "CHARGE_ENDED"),
        ] {
            assert_eq!(told(&facts, &payment), expected, "{facts:?} {payment:?}");
        }
    }

    #[test]
    fn e50_a_payment_goes_back_only_while_nothing_was_built_on_it() {
        use collection::State as S;
        let good = CancelFacts {
            over: false,
            until: day("2026-02-06"),
            today: day("2026-01-10"),
            attempt: None,
            debited_since: false,
            refunded: false,
        };
        let told = |facts: &CancelFacts| cancel(facts).map_err(|refused| refused.name);
        assert_eq!(told(&good), Ok(()));
        assert_eq!(told(&CancelFacts { attempt: Some(S::Succeeded), ..good }), Ok(()));
        for (facts, name) in [
            (CancelFacts { over: true, ..good }, Name::CashCancelled),
            (CancelFacts { attempt: Some(S::Requested), ..good }, Name::CollectionInFlight),
            (CancelFacts { attempt: Some(S::Sent), ..good }, Name::CollectionInFlight),
            (CancelFacts { debited_since: true, ..good }, Name::CashDebited),
            (CancelFacts { refunded: true, ..good }, Name::CashRefunded),
            (CancelFacts { today: day("2026-02-07"), ..good }, Name::CashMonthClosed),
        ] {
            assert_eq!(told(&facts), Err(name));
        }
    }
}
