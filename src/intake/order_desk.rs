//! What an order of the collection desk (수납관리) is about: a charge by its payer, item and month, and what the deed needs
//! beside it. `docs/orders.md` shows each with an example.
//!
//! Must not: know whether the charge is there or whether the deed is allowed now.

use super::answer::line;
use super::order::Verb;
use crate::domain::{CreditorId, ItemCode, Month, PayerNo, Won};
use std::fmt::Write as _;

/// A charge, and what shall be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeTarget {
    /// 이용기관.
    pub creditor: CreditorId,
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 청구년월.
    pub month: Month,
    /// `amount_won`: what it shall owe, where the deed says an amount.
    pub amount: Option<Won>,
    /// `code`: the bank's code, where the deed has one; empty where nothing is known.
    pub code: String,
}

impl ChargeTarget {
    /// The keys of the order.
    pub(super) fn print_into(&self, out: &mut String) {
        line(out, "creditor", &self.creditor.to_string());
        line(out, "payer_no", self.payer_no.as_str());
        line(out, "item", self.item.as_str());
        line(out, "month", &self.month.to_string());
        if let Some(amount) = self.amount {
            // Writing to a string does not fail.
            let _infallible = writeln!(out, "amount_won = {}", amount.get());
        }
        if !self.code.is_empty() {
            line(out, "code", &self.code);
        }
    }
}

impl Verb {
    /// Whether the order names an amount.
    pub const fn wants_amount(self) -> bool {
        matches!(self, Self::CorrectAmount)
    }

    /// Whether the order may name a bank's code.
    pub const fn takes_code(self) -> bool {
        matches!(self, Self::Reverse)
    }
}
