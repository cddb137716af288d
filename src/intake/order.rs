//! Orders of the control inbox: one TOML file says one thing that a person wants done. The CLI prints them, the
//! engine reads them; both use this page, so that an order is always what was typed (decisions.md 26).
//!
//! Reading is strict: unknown keys, half a target or a missing reason are faults, and a faulty order does nothing.
//!
//! Must not: know whether the file or mandate exists, or whether the order is allowed now (that is `machine`).

pub use super::order_verb::{About, Verb};

use super::answer::line;
use super::order_desk::ChargeTarget;
use super::order_people::MessageTarget;
use super::order_print::{PaperTarget, RevealTarget};
use crate::domain::{ChannelId, CreditorId, Instant, ItemCode, PayerNo};
use crate::fault::{Fault, Faults, Place, printable};
use serde::Deserialize;
use std::fmt::Write as _;
use toml::Spanned;

/// Whose folder a file is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// `channel/<channel>`.
    Channel(ChannelId),
    /// `creditor/<creditor>`.
    Creditor(CreditorId),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Channel(id) => write!(f, "channel/{id}"),
            Self::Creditor(id) => write!(f, "creditor/{id}"),
        }
    }
}

impl std::str::FromStr for Owner {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some(("channel", id)) => id.parse().map(Self::Channel),
            Some(("creditor", id)) => id.parse().map(Self::Creditor),
            _ => Err(format!("{text:?} is neither channel/… nor creditor/…")),
        }
    }
}

/// What the order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file by its ledger id.
    FileId(i64),
    /// A file by its name: the latest of that name, in one owner's folder where one is named.
    FileName {
        /// Whose folder; `None` where the name is enough.
        owner: Option<Owner>,
        /// The name.
        name: String,
    },
    /// A mandate by its ledger id.
    MandateId(i64),
    /// A payout by its ledger id.
    PayoutId(i64),
    /// An application from a bank by its ledger id; all lines of its set are meant.
    ApplicationId(i64),
    /// The live mandate of a payer for an item.
    Mandate {
        /// 이용기관.
        creditor: CreditorId,
        /// 납부자번호.
        payer_no: PayerNo,
        /// 집금항목코드.
        item: ItemCode,
    },
    /// A payer, and what it is told.
    Message(MessageTarget),
    /// A notice that a creditor has read.
    Notice {
        /// 이용기관.
        creditor: CreditorId,
        /// The notice's id.
        notice: String,
    },
    /// A question, and its answer.
    Question {
        /// 질문번호.
        id: i64,
        /// The answer.
        text: String,
    },
    /// Which papers.
    Papers(PaperTarget),
    /// Which report shows account numbers.
    Reveal(RevealTarget),
    /// A charge, and what shall be done with it.
    Charge(ChargeTarget),
    /// A cash payment by its number (수납번호).
    Cash {
        /// 이용기관.
        creditor: CreditorId,
        /// The number that the answer to its list told.
        id: i64,
    },
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is to be done.
    pub verb: Verb,
    /// About what: a file, a mandate or a payout, as the verb says.
    pub target: Target,
    /// Why, in the person's words; never empty.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When it was given, by the clock of the machine on which it was typed. For the journal only.
    pub at: Instant,
}

/// The most characters of a reason or a name.
const MAX_TEXT_CHARS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) verb: Spanned<String>,
    pub(super) id: Option<Spanned<i64>>,
    pub(super) owner: Option<Spanned<String>>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) creditor: Option<Spanned<String>>,
    pub(super) payer_no: Option<Spanned<String>>,
    pub(super) item: Option<Spanned<String>>,
    pub(super) month: Option<Spanned<String>>,
    pub(super) amount_won: Option<Spanned<i64>>,
    pub(super) code: Option<Spanned<String>>,
    pub(super) proof: Option<Spanned<String>>,
    pub(super) text: Option<Spanned<String>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) all: Option<Spanned<bool>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) to: Option<Spanned<String>>,
    pub(super) status: Option<Spanned<String>>,
    pub(super) reason: Spanned<String>,
    pub(super) by: Spanned<String>,
    pub(super) at: Spanned<String>,
}

impl Order {
    /// The order of a dropped file.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Faults> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let expected = format!("UTF-8; byte {} is not", error.valid_up_to().saturating_add(1));
            one(Fault::new("order-syntax", Place::file(file), expected, "write the order again as UTF-8"))
        })?;
        let written: Written = toml::from_str(text).map_err(|error| {
            let place = place_of(file, text, error.span().map_or(0, |span| span.start));
            let remedy = "write it as docs/orders.md shows it";
            one(Fault::new("order-syntax", place, printable(error.message()), remedy))
        })?;
        Reading { file, text, faults: Faults::default() }.read(&written)
    }

    /// The order as a file; [`Order::parse`] reads it back to the same.
    pub fn print(&self) -> String {
        let mut out = String::new();
        line(&mut out, "verb", self.verb.word());
        match &self.target {
            Target::FileId(id) | Target::MandateId(id) | Target::PayoutId(id) | Target::ApplicationId(id) => {
                let _ = writeln!(out, "id = {id}");
            }
            Target::FileName { owner, name } => {
                if let Some(owner) = owner {
                    line(&mut out, "owner", &owner.to_string());
                }
                line(&mut out, "name", name);
            }
            Target::Mandate { creditor, payer_no, item } => {
                line(&mut out, "creditor", &creditor.to_string());
                line(&mut out, "payer_no", payer_no.as_str());
                line(&mut out, "item", item.as_str());
            }
            Target::Charge(charge) => charge.print_into(&mut out),
            Target::Papers(papers) => papers.print_into(&mut out),
            Target::Reveal(report) => report.print_into(&mut out),
            Target::Message(message) => message.print_into(&mut out),
            Target::Notice { creditor, notice } => {
                line(&mut out, "creditor", &creditor.to_string());
                line(&mut out, "name", notice);
            }
            Target::Question { id, text } => {
                let _ = writeln!(out, "id = {id}");
                line(&mut out, "text", text);
            }
            Target::Cash { creditor, id } => {
                let _ = writeln!(out, "id = {id}");
                line(&mut out, "creditor", &creditor.to_string());
            }
        }
        line(&mut out, "reason", &self.reason);
        line(&mut out, "by", &self.by);
        line(&mut out, "at", &self.at.to_string());
        out
    }

    /// The answer beside the order: the order itself and what became of it.
    pub fn answer(&self, outcome: &Outcome) -> String {
        let mut out = self.print();
        outcome.print_into(&mut out);
        out
    }
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; what changed.
    Done(String),
    /// Refused; why.
    Refused(String),
}

impl Outcome {
    /// The end of an answer: what became of it.
    pub(super) fn print_into(&self, out: &mut String) {
        let (word, text) = match self {
            Self::Done(text) => ("done", text),
            Self::Refused(text) => ("refused", text),
        };
        line(out, "result", word);
        line(out, "detail", text);
    }
}

/// The answer to an order whose very bytes were taken before: nothing is done again, the first one's answer counts.
pub fn duplicate(name: &str, earlier: &str, at: Instant) -> String {
    let mut out = String::new();
    line(&mut out, "order", name);
    line(&mut out, "result", "duplicate");
    let text = format!(
        "the same order was taken as {earlier} at {at}, and its answer counts; nothing was done again. To order it anew, say another at or reason"
    );
    line(&mut out, "detail", &text);
    out
}

/// The answer to an order that is none.
pub fn rejection(faults: &Faults) -> String {
    let mut out = String::new();
    line(&mut out, "result", "rejected");
    line(&mut out, "detail", &faults.to_string());
    out
}

fn one(fault: Fault) -> Faults {
    Faults::from(vec![fault])
}

pub(super) fn place_of(file: &str, text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    Place::Line { file: file.into(), line, column }
}

/// An order that is being read.
pub(super) struct Reading<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) faults: Faults,
}

impl Reading<'_> {
    fn read(mut self, written: &Written) -> Result<Order, Faults> {
        let verb = self.verb(&written.verb);
        let target = verb.and_then(|verb| self.target(verb, written));
        let reason = self.words(&written.reason, "reason");
        let by = self.words(&written.by, "by");
        let at = self.value(&written.at);
        match (verb, target, reason, by, at) {
            (Some(verb), Some(target), Some(reason), Some(by), Some(at)) if self.faults.is_empty() => {
                Ok(Order { verb, target, reason, by, at })
            }
            _ => Err(self.faults),
        }
    }

    pub(super) fn fault(
        &mut self,
        name: &'static str,
        offset: usize,
        expected: impl Into<String>,
        remedy: &str,
    ) {
        let place = place_of(self.file, self.text, offset);
        self.faults.push(Fault::new(name, place, expected, remedy));
    }

    fn verb(&mut self, written: &Spanned<String>) -> Option<Verb> {
        let found = Verb::ALL.into_iter().find(|verb| verb.word() == written.get_ref());
        if found.is_none() {
            let known = Verb::ALL.map(Verb::word).join(", ");
            self.fault(
                "order-verb-unknown",
                written.span().start,
                format!("one of {known}"),
                "mend the verb",
            );
        }
        found
    }

    pub(super) fn value<T: std::str::FromStr<Err = String>>(
        &mut self,
        written: &Spanned<String>,
    ) -> Option<T> {
        match written.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault("order-value", written.span().start, printable(&error), "mend the value");
                None
            }
        }
    }

    /// A text for people: one line, not empty.
    pub(super) fn words(&mut self, written: &Spanned<String>, key: &str) -> Option<String> {
        let text = written.get_ref();
        let well =
            !text.trim().is_empty() && printable(text) == *text && text.chars().count() <= MAX_TEXT_CHARS;
        if !well {
            let expected = format!("{key}: 1 to {MAX_TEXT_CHARS} characters on one line");
            self.fault("order-value", written.span().start, expected, "say why and who, for the journal");
        }
        well.then(|| text.clone())
    }

    fn target(&mut self, verb: Verb, written: &Written) -> Option<Target> {
        let of_file = [written.owner.is_some(), written.name.is_some()];
        let of_mandate = [written.creditor.is_some(), written.payer_no.is_some(), written.item.is_some()];
        let id = written.id.as_ref().map(|id| *id.get_ref());
        if verb.about() == About::Print {
            return self.print(verb, written);
        }
        if let Some(offset) = written.of_print() {
            self.fault("order-target", offset, "no such key for this verb", "take the line out");
            return None;
        }
        if verb.about() == About::Desk {
            return self.desk(verb, id, written);
        }
        if verb.about() == About::People {
            return self.people(verb, id, written);
        }
        if let Some(text) = &written.text {
            self.fault("order-target", text.span().start, "no text for this verb", "take the line out");
            return None;
        }
        if let Some(month) = &written.month {
            self.fault("order-target", month.span().start, "no month for this verb", "take the line out");
            return None;
        }
        let none = |keys: &[bool]| keys.iter().all(|there| !there);
        let about = verb.about();
        if about == About::File && none(&of_mandate) {
            match (id, &written.name) {
                (Some(id), None) if none(&of_file) && id > 0 => return Some(Target::FileId(id)),
                (None, Some(name)) => return self.file_name(written.owner.as_ref(), name),
                _ => {}
            }
        }
        if let (About::Payout | About::Application, Some(id)) = (about, id)
            && none(&of_file)
            && none(&of_mandate)
            && id > 0
        {
            let payout = about == About::Payout;
            return Some(if payout { Target::PayoutId(id) } else { Target::ApplicationId(id) });
        }
        if about == About::Mandate && none(&of_file) {
            match (id, &written.creditor, &written.payer_no, &written.item) {
                (Some(id), None, None, None) if id > 0 => return Some(Target::MandateId(id)),
                (None, Some(creditor), Some(payer_no), Some(item)) => {
                    let (creditor, payer_no, item) =
                        (self.value(creditor), self.value(payer_no), self.value(item));
                    return Some(Target::Mandate { creditor: creditor?, payer_no: payer_no?, item: item? });
                }
                _ => {}
            }
        }
        let expected = match about {
            About::Desk | About::People | About::Print => {
                "a charge, a cash payment, a payer, a notice, a question or papers"
            }
            About::File => "one file: `id`, or `name` (with `owner` where two have that name)",
            About::Mandate => "one mandate: `id`, or `creditor`, `payer_no` and `item`",
            About::Payout => "one payout: `id`",
            About::Application => "one application: `id`",
        };
        self.fault("order-target", written.verb.span().start, expected, "name exactly one thing");
        None
    }

    fn file_name(&mut self, owner: Option<&Spanned<String>>, name: &Spanned<String>) -> Option<Target> {
        let text = name.get_ref();
        let well = !text.is_empty()
            && text.len() <= 255
            && !text.contains('/')
            && printable(text) == *text
            && !matches!(text.as_str(), "." | "..");
        if !well {
            let expected = "the name of a file, without folders";
            self.fault("order-value", name.span().start, expected, "write the name as the folder shows it");
        }
        let owner = match owner {
            Some(owner) => Some(self.value(owner)?),
            None => None,
        };
        well.then(|| Target::FileName { owner, name: text.clone() })
    }
}

#[cfg(test)]
mod tests;
