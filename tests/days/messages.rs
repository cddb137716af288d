//! Messages to payers: the gateway's side, played by hand, and what the ledger says of them.

use super::{Done, Stage, equal, put};
use sunap::domain::CreditorId;
use sunap::intake::order::Target;
use sunap::intake::order_people::MessageTarget;
use sunap::ledger::MessageRow;

impl Stage {
    /// `message take NAME`, `message receipt NAME accepted|refused`, `message send CREDITOR PAYER TEXT`.
    pub(crate) fn message(&mut self, words: &[&str]) -> Done {
        match words {
            ["message", "take", name] => self.take_from("message", name),
            ["message", "receipt", name, result] => {
                let path = self.room("message/sent")?.join(format!("{name}.receipt"));
                put(&path, format!("result = \"{result}\"\ncode = \"G1\"\nwhy = \"gateway\"\n").as_bytes())?;
                self.play()
            }
            ["message", "send", creditor, payer, text] => {
                let target = MessageTarget {
                    creditor: creditor.parse()?,
                    payer_no: payer.parse()?,
                    text: (*text).to_string(),
                };
                self.order("sms.send", Target::Message(target), "고객 문의")
            }
            ["message", "acknowledge", creditor, notice] => {
                let target = Target::Notice { creditor: creditor.parse()?, notice: (*notice).to_string() };
                self.order("notice.acknowledge", target, "전화로 확인")
            }
            ["message", "answer", id, text] => {
                let id = id.parse().map_err(|_| "the number of a question")?;
                self.order("question.answer", Target::Question { id, text: (*text).to_string() }, "답변")
            }
            _ => Err("message take|receipt|send|acknowledge|answer".to_string()),
        }
    }

    fn messages(&self, creditor: Option<CreditorId>) -> Result<Vec<MessageRow>, String> {
        self.reader()?.messages(creditor, 10_000).map_err(|error| error.to_string())
    }

    fn messages_of(&self, creditor: &str, payer: &str, event: &str) -> Result<Vec<MessageRow>, String> {
        let mut all = self.messages(Some(creditor.parse()?))?;
        all.retain(|row| row.payer_no.as_str() == payer && row.event.word() == event);
        Ok(all)
    }

    /// `message CREDITOR PAYER EVENT STATE`, `no message CREDITOR PAYER EVENT`, `messages N`.
    pub(crate) fn expect_message(&self, what: &[&str]) -> Done {
        match what {
            ["messages", n] => equal(&self.messages(None)?.len().to_string(), n),
            ["message", creditor, payer, event, state] => {
                let found = self.messages_of(creditor, payer, event)?;
                equal(&found.first().ok_or("there is none")?.state, state)
            }
            ["no", "message", creditor, payer, event] => {
                match self.messages_of(creditor, payer, event)?.first() {
                    None => Ok(()),
                    Some(row) => Err(format!("there is one: {}", row.text)),
                }
            }
            _ => Err("no such expectation; the head of tests/days.rs lists them".to_string()),
        }
    }
}
