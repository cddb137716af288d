//! May this row of a list of payers happen, and as what (고객등록 without 이체정보; product.md F11, F14)?
//!
//! A row is a payer, and where it names a charge item also what the payer is charged for it each month. No account stands in it:
//! what is charged is paid by cash until a list of mandates brings one. What a row says that is so already asks for nothing.

use super::application::{ItemFact, Operation};
use super::{Name, Refused};
use crate::domain::{Billing, ContractDay, Month, Payer};

/// What the payer has for the item of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nothing, or nothing any more.
    Nothing,
    /// It is charged without an account.
    Billed(&'a Billing),
    /// A mandate that is not over.
    Mandate(&'a Billing),
}

/// What must be known to judge a row.
#[derive(Debug, Clone, Copy)]
pub struct BillingFacts<'a> {
    /// 처리구분.
    pub operation: Operation,
    /// The contract days.
    pub days: &'a [ContractDay],
    /// The month of today.
    pub this_month: Month,
    /// The row's item; of no meaning where it names none.
    pub item: ItemFact,
    /// Whether the row's group is known (also where it names none).
    pub group_known: bool,
    /// The payer of that number, where there is one.
    pub payer: Option<&'a Payer>,
    /// What the payer has for the item.
    pub standing: Standing<'a>,
    /// An earlier row of the same file for the same payer and item.
    pub earlier_row: Option<u64>,
}

/// What a good row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The payer.
    pub payer: Deed,
    /// What is charged.
    pub billing: Deed,
}

/// What is done to one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It is made.
    New,
    /// It is changed, from the next charge.
    Edit,
    /// It is so already, or the row does not speak of it.
    Nothing,
}

impl Decision {
    /// Everything is so already (변동없음).
    pub fn is_nothing(self) -> bool {
        self.payer == Deed::Nothing && self.billing == Deed::Nothing
    }
}

/// What the row does, or everything that is wrong with it, in the order of the checks.
pub fn check(
    payer: &Payer,
    billing: Option<&Billing>,
    facts: &BillingFacts<'_>,
) -> Result<Decision, Vec<Refused>> {
    let mut refused: Vec<Refused> = facts.earlier_row.map(Refused::duplicate_of).into_iter().collect();
    let decision = decide(payer, billing, facts);
    if refused.is_empty()
        && let Ok(decision) = &decision
        && decision.is_nothing()
    {
        return Ok(*decision);
    }
    if let (Some(billing), Ok(Decision { billing: Deed::New | Deed::Edit, .. })) = (billing, &decision) {
        check_billing(billing, facts, &mut refused);
    }
    if !facts.group_known {
        refused.push(Refused::at(Name::GroupUnknown, "그룹코드"));
    }
    match decision {
        Ok(decision) if refused.is_empty() => Ok(decision),
        Ok(_) => Err(refused),
        Err(why) => {
            refused.push(why);
            Err(refused)
        }
    }
}

fn decide(payer: &Payer, billing: Option<&Billing>, facts: &BillingFacts<'_>) -> Result<Decision, Refused> {
    let payer = match (facts.payer, facts.operation) {
        (None, Operation::Edit) => return Err(Refused::at(Name::PayerUnknown, "고객번호")),
        (Some(_), Operation::New) => return Err(Refused::at(Name::PayerExists, "고객번호")),
        (None, Operation::Any | Operation::New | Operation::Again) => Deed::New,
        (Some(known), _) if known == payer => Deed::Nothing,
        (Some(_), _) => Deed::Edit,
    };
    let billing = match (billing, facts.standing) {
        (None, _) => Deed::Nothing,
        (Some(_), Standing::Nothing) => Deed::New,
        (Some(now), Standing::Billed(known) | Standing::Mandate(known)) if now == known => Deed::Nothing,
        (Some(_), Standing::Billed(_)) => Deed::Edit,
        (Some(_), Standing::Mandate(_)) => {
            return Err(Refused::at(Name::BilledByMandate, "집금항목코드"));
        }
    };
    Ok(Decision { payer, billing })
}

fn check_billing(billing: &Billing, facts: &BillingFacts<'_>, refused: &mut Vec<Refused>) {
    refused.extend(facts.item.check().err());
    if !billing.monthly.is_positive() {
        refused.push(Refused::at(Name::AmountZero, "월이체금액"));
    }
    refused
        .extend(super::application::months(billing.first_month, billing.last_month, facts.this_month).err());
    refused.extend(super::application::contract_day(billing.due_day, facts.days).err());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Won;

    fn payer(name: &str) -> Payer {
        Payer {
            payer_no: "A-1".parse().unwrap(),
            name: name.into(),
            phone: String::new(),
            email: String::new(),
            group: String::new(),
            attributes: Vec::new(),
        }
    }

    fn billing(won: i64) -> Billing {
        Billing {
            item: "TUITION".parse().unwrap(),
            monthly: Won::new(won),
            first_month: "2026-01".parse().unwrap(),
            last_month: None,
            due_day: ContractDay::new(5).unwrap(),
        }
    }

    fn told(now: (&str, Option<i64>), facts: &BillingFacts<'_>) -> String {
        let billing = now.1.map(billing);
        match check(&payer(now.0), billing.as_ref(), facts) {
            Ok(done) => format!("{:?} {:?}", done.payer, done.billing),
            Err(refused) => refused.iter().map(|r| r.name.word()).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn each_row_against_what_is_there() {
        let (known, at_fifty) = (payer("홍길동"), billing(50));
        let days = [ContractDay::new(5).unwrap()];
        let new = BillingFacts {
            operation: Operation::Any,
            days: &days,
            this_month: "2026-01".parse().unwrap(),
            item: ItemFact::Active,
            group_known: true,
            payer: None,
            standing: Standing::Nothing,
            earlier_row: None,
        };
        let there = BillingFacts { payer: Some(&known), ..new };
        let billed = BillingFacts { standing: Standing::Billed(&at_fifty), ..there };
        let debited = BillingFacts { standing: Standing::Mandate(&at_fifty), ..there };
        let other_days = [ContractDay::LAST];
        for (row, facts, expected) in [
            (("홍길동", None), new, "New Nothing"),
            (("홍길동", Some(50)), new, "New New"),
            (("홍길동", Some(0)), new, "AMOUNT_ZERO"),
            (("홍길동", Some(50)), BillingFacts { item: ItemFact::Closed, ..new }, "ITEM_CLOSED"),
            (("홍길동", Some(50)), BillingFacts { days: &other_days, ..new }, "DUE_DAY_NOT_IN_CONTRACT"),
            (("홍길동", None), BillingFacts { item: ItemFact::Unknown, ..new }, "New Nothing"),
            (("홍길동", None), BillingFacts { operation: Operation::Edit, ..new }, "PAYER_UNKNOWN"),
            (("홍길동", None), BillingFacts { operation: Operation::New, ..there }, "PAYER_EXISTS"),
            (("홍길동", None), there, "Nothing Nothing"),
            (("홍길순", None), there, "Edit Nothing"),
            (("홍길순", None), BillingFacts { group_known: false, ..there }, "GROUP_UNKNOWN"),
            (("홍길동", Some(50)), there, "Nothing New"),
            (("홍길동", Some(50)), billed, "Nothing Nothing"),
            (("홍길동", Some(60)), billed, "Nothing Edit"),
            (("홍길동", Some(50)), BillingFacts { earlier_row: Some(2), ..billed }, "DUPLICATE_IN_FILE"),
            (("홍길동", Some(50)), debited, "Nothing Nothing"),
            (("홍길순", Some(50)), debited, "Edit Nothing"),
            (("홍길동", Some(60)), debited, "BILLED_BY_MANDATE"),
        ] {
            assert_eq!(told(row, &facts), expected, "{row:?}");
        }
    }
}
