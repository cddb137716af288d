//! What an order about people is about: a payer and the message that it is sent (docs/messages.md), a notice or a question
//! (docs/notices.md).
//!
//! Must not: know whether the payer is there, or may be told anything.

use super::answer::line;
use super::order::{Reading, Target, Verb, Written};
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
    /// A payer and a text, a creditor and a notice, or a question and a text; nothing else.
    pub(super) fn people(&mut self, verb: Verb, id: Option<i64>, written: &Written) -> Option<Target> {
        let more = [
            written.owner.is_some(),
            written.item.is_some(),
            written.month.is_some(),
            written.amount_won.is_some(),
            written.code.is_some(),
            written.proof.is_some(),
        ];
        let plain = more.iter().all(|there| !there);
        let (creditor, payer_no) = (&written.creditor, &written.payer_no);
        match (verb, id, creditor, payer_no, &written.name, &written.text) {
            (Verb::SmsSend, None, Some(creditor), Some(payer_no), None, Some(text)) if plain => {
                let (creditor, payer_no) = (self.value(creditor), self.value(payer_no));
                let text = self.words(text, "text")?;
                return Some(Target::Message(MessageTarget {
                    creditor: creditor?,
                    payer_no: payer_no?,
                    text,
                }));
            }
            (Verb::NoticeAcknowledge, None, Some(creditor), None, Some(name), None) if plain => {
                let (creditor, notice) = (self.value(creditor), self.words(name, "name"));
                return Some(Target::Notice { creditor: creditor?, notice: notice? });
            }
            (Verb::QuestionAnswer, Some(id), None, None, None, Some(text)) if plain && id > 0 => {
                return Some(Target::Question { id, text: self.words(text, "text")? });
            }
            _ => {}
        }
        let expected = match verb {
            Verb::SmsSend => "one payer and a text: `creditor`, `payer_no` and `text`",
            Verb::NoticeAcknowledge => "a creditor and a notice: `creditor` and `name`",
            _ => "a question and its answer: `id` and `text`",
        };
        self.fault("order-target", written.verb.span().start, expected, "name exactly one thing");
        None
    }
}
