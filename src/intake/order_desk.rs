//! What an order of the collection desk (수납관리) is about: a charge by its payer, item and month, and what the deed needs
//! beside it. `docs/orders.md` shows each with an example.
//!
//! Must not: know whether the charge is there or whether the deed is allowed now.

use super::answer::line;
use super::order::{Reading, Target, Verb, Written};
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
    /// `proof`: what shows that it was done, where the deed needs one; else empty.
    pub proof: String,
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
        if !self.proof.is_empty() {
            line(out, "proof", &self.proof);
        }
    }
}

impl Verb {
    /// Whether the order names an amount.
    pub const fn wants_amount(self) -> bool {
        matches!(self, Self::CorrectAmount)
    }

    /// Whether the order must say what shows that it was done.
    pub const fn wants_proof(self) -> bool {
        matches!(self, Self::RefundByHand)
    }

    /// Whether the order may name a bank's code.
    pub const fn takes_code(self) -> bool {
        matches!(self, Self::Reverse)
    }
}

impl Reading<'_> {
    /// A cash payment by its creditor and number, or a charge by payer, item and month.
    pub(super) fn desk(&mut self, verb: Verb, id: Option<i64>, written: &Written) -> Option<Target> {
        let of_file = written.owner.is_some() || written.name.is_some();
        let extra = (written.amount_won.is_some() == verb.wants_amount())
            && (written.proof.is_some() == verb.wants_proof())
            && (written.code.is_none() || verb.takes_code());
        if !of_file && extra {
            match (verb, id, &written.creditor, &written.payer_no, &written.item, &written.month) {
                (Verb::CashCancel, Some(id), Some(creditor), None, None, None) if id > 0 => {
                    return Some(Target::Cash { creditor: self.value(creditor)?, id });
                }
                (Verb::CashCancel, ..) => {}
                (_, None, Some(creditor), Some(payer_no), Some(item), Some(month)) => {
                    let (creditor, payer_no) = (self.value(creditor), self.value(payer_no));
                    let (item, month) = (self.value(item), self.value(month));
                    let proof = match &written.proof {
                        Some(proof) => self.words(proof, "proof")?,
                        None => String::new(),
                    };
                    return Some(Target::Charge(ChargeTarget {
                        creditor: creditor?,
                        payer_no: payer_no?,
                        item: item?,
                        month: month?,
                        amount: written.amount_won.as_ref().map(|won| Won::new(*won.get_ref())),
                        proof,
                        code: written.code.as_ref().map_or_else(String::new, |code| code.get_ref().clone()),
                    }));
                }
                _ => {}
            }
        }
        let expected = if verb == Verb::CashCancel {
            "one cash payment: `creditor` and `id` (수납번호)"
        } else if verb.wants_amount() {
            "one charge: `creditor`, `payer_no`, `item`, `month`, and `amount_won`"
        } else if verb.wants_proof() {
            "one charge: `creditor`, `payer_no`, `item`, `month`, and `proof`"
        } else {
            "one charge: `creditor`, `payer_no`, `item` and `month`"
        };
        self.fault("order-target", written.verb.span().start, expected, "name exactly one thing");
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What an order of the desk may be about.
    pub(in crate::intake) fn targets(verb: Verb) -> Vec<Target> {
        let creditor: CreditorId = "00000012".parse().unwrap();
        if verb == Verb::CashCancel {
            return vec![Target::Cash { creditor, id: 7 }];
        }
        vec![Target::Charge(ChargeTarget {
            creditor,
            payer_no: "가-1".parse().unwrap(),
            item: "FEE".parse().unwrap(),
            month: "2026-01".parse().unwrap(),
            amount: verb.wants_amount().then(|| Won::new(1)),
            code: if verb.takes_code() { "0031".into() } else { String::new() },
            proof: if verb.wants_proof() { "이체번호 7".into() } else { String::new() },
        })]
    }
}
