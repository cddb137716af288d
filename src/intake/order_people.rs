//! What an order about people is about: a payer, and the message that it is sent (docs/messages.md).
//!
//! Must not: know whether the payer is there, or may be told anything.

use super::answer::line;
use super::order::{Reading, Target, Written};
use crate::domain::{CreditorId, PayerNo};

/// A payer, and what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTarget {
    /// 이용기관.
    pub creditor: CreditorId,
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// The words.
    pub text: String,
}

impl MessageTarget {
    /// The keys of the order.
    pub(super) fn print_into(&self, out: &mut String) {
        line(out, "creditor", &self.creditor.to_string());
        line(out, "payer_no", self.payer_no.as_str());
        line(out, "text", &self.text);
    }
}

impl Reading<'_> {
    /// A payer by its creditor and number, and a text; nothing else.
    pub(super) fn message(&mut self, id: Option<i64>, written: &Written) -> Option<Target> {
        let more = [
            id.is_some(),
            written.owner.is_some(),
            written.name.is_some(),
            written.item.is_some(),
            written.month.is_some(),
            written.amount_won.is_some(),
            written.code.is_some(),
            written.proof.is_some(),
        ];
        if let (Some(creditor), Some(payer_no), Some(text)) =
            (&written.creditor, &written.payer_no, &written.text)
            && more.iter().all(|there| !there)
        {
            let (creditor, payer_no) = (self.value(creditor), self.value(payer_no));
            let text = self.words(text, "text")?;
            return Some(Target::Message(MessageTarget { creditor: creditor?, payer_no: payer_no?, text }));
        }
        let expected = "one payer and a text: `creditor`, `payer_no` and `text`";
        self.fault("order-target", written.verb.span().start, expected, "name exactly one thing");
        None
    }
}
