//! What an order about what is shown to people is about: papers that get their numbers (docs/papers.md), and a report in
//! which account numbers stand in the clear (docs/reports.md).
//!
//! Must not: know what a report is called, or whether there is anything to print.

use super::answer::line;
use super::order::{Reading, Target, Verb, Written};
use crate::domain::{CreditorId, Date, ItemCode, Month, Paper, PayerNo};

/// Which papers. For one payer, for what a month brought, for both, or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperTarget {
    /// 이용기관.
    pub creditor: CreditorId,
    /// `name`: the kind.
    pub paper: Paper,
    /// Only of this payer.
    pub payer_no: Option<PayerNo>,
    /// Only what was or is to be debited in this month.
    pub month: Option<Month>,
    /// Only of this 집금항목.
    pub item: Option<ItemCode>,
    /// Only of this group.
    pub group: Option<ItemCode>,
}

impl PaperTarget {
    /// The keys of the order.
    pub(super) fn print_into(&self, out: &mut String) {
        line(out, "creditor", &self.creditor.to_string());
        line(out, "name", self.paper.word());
        if self.payer_no.is_none() && self.month.is_none() {
            out.push_str("all = true\n");
        }
        optional(out, "payer_no", self.payer_no.as_ref().map(PayerNo::as_str));
        optional(out, "month", self.month.map(|month| month.to_string()).as_deref());
        optional(out, "item", self.item.as_ref().map(ItemCode::as_str));
        optional(out, "group", self.group.as_ref().map(ItemCode::as_str));
    }
}

/// A report of a creditor, for a period, in which account numbers are not masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevealTarget {
    /// 이용기관.
    pub creditor: CreditorId,
    /// `name`: the report's English word.
    pub report: String,
    /// From this day.
    pub from: Date,
    /// To this day, itself included.
    pub to: Date,
    /// Only of this payer.
    pub payer_no: Option<PayerNo>,
    /// Only of this 집금항목.
    pub item: Option<ItemCode>,
    /// Only of this group.
    pub group: Option<ItemCode>,
    /// Only rows in this state.
    pub status: Option<String>,
}

impl RevealTarget {
    /// The keys of the order.
    pub(super) fn print_into(&self, out: &mut String) {
        line(out, "creditor", &self.creditor.to_string());
        line(out, "name", &self.report);
        line(out, "from", &self.from.to_string());
        line(out, "to", &self.to.to_string());
        optional(out, "payer_no", self.payer_no.as_ref().map(PayerNo::as_str));
        optional(out, "item", self.item.as_ref().map(ItemCode::as_str));
        optional(out, "group", self.group.as_ref().map(ItemCode::as_str));
        optional(out, "status", self.status.as_deref());
    }
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(out, key, value);
    }
}

impl Written {
    /// Where the first key stands that only orders of this page have.
    pub(super) fn of_print(&self) -> Option<usize> {
        let texts = [&self.group, &self.from, &self.to, &self.status];
        let texts = texts.into_iter().flatten().map(|text| text.span().start);
        texts.chain(self.all.as_ref().map(|all| all.span().start)).min()
    }
}

impl Reading<'_> {
    /// The creditor and the name, and what narrows them down.
    pub(super) fn print(&mut self, verb: Verb, written: &Written) -> Option<Target> {
        let other = written.id.is_some()
            || written.owner.is_some()
            || written.amount_won.is_some()
            || written.code.is_some()
            || written.proof.is_some()
            || written.text.is_some();
        let papers = verb == Verb::PaperIssue;
        if let (false, Some(creditor), Some(name)) = (other, &written.creditor, &written.name) {
            let creditor = self.value(creditor);
            let payer_no = written.payer_no.as_ref().map(|value| self.value(value));
            let item = written.item.as_ref().map(|value| self.value(value));
            let group = written.group.as_ref().map(|value| self.value(value));
            let whole = [payer_no.is_some(), written.month.is_some()].iter().all(|there| !there);
            let all = written.all.as_ref().map(|all| *all.get_ref());
            match (papers, &written.from, &written.to, &written.month, all) {
                (true, None, None, month, all)
                    if written.status.is_none() && all == whole.then_some(true) =>
                {
                    let paper = self.value(name);
                    let month = month.as_ref().map(|value| self.value(value));
                    return Some(Target::Papers(PaperTarget {
                        creditor: creditor?,
                        paper: paper?,
                        payer_no: told(payer_no)?,
                        month: told(month)?,
                        item: told(item)?,
                        group: told(group)?,
                    }));
                }
                (false, Some(from), Some(to), None, None) => {
                    let (from, to) = (self.value::<Date>(from), self.value::<Date>(to));
                    let report = self.words(name, "name");
                    let status = written.status.as_ref().map(|value| self.words(value, "status"));
                    return Some(Target::Reveal(RevealTarget {
                        creditor: creditor?,
                        report: report?,
                        from: from?,
                        to: to?,
                        payer_no: told(payer_no)?,
                        item: told(item)?,
                        group: told(group)?,
                        status: told(status)?,
                    }));
                }
                _ => {}
            }
        }
        let expected = if papers {
            "papers of a creditor: `creditor`, `name` (receipt, …), and `payer_no`, `month` or `all = true`"
        } else {
            "a report of a creditor: `creditor`, `name` (requests, …), `from` and `to`"
        };
        self.fault("order-target", written.verb.span().start, expected, "name exactly one thing");
        None
    }
}

/// What was read of an optional key: nothing where it is not there, no answer where it does not read.
fn told<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What an order of this page may be about.
    pub(in crate::intake) fn targets(verb: Verb) -> Vec<Target> {
        let creditor: CreditorId = "00000012".parse().unwrap();
        let (payer_no, item) = ("가-1".parse::<PayerNo>().unwrap(), "FEE".parse::<ItemCode>().unwrap());
        if verb == Verb::PersonalReveal {
            let (from, to) = ("2026-01-01".parse().unwrap(), "2026-01-31".parse().unwrap());
            let report = "requests".to_string();
            let bare = RevealTarget {
                creditor,
                report,
                from,
                to,
                payer_no: None,
                item: None,
                group: None,
                status: None,
            };
            let status = Some("이체처리미완료".to_string());
            let narrow = RevealTarget {
                payer_no: Some(payer_no),
                item: Some(item.clone()),
                group: Some(item),
                status,
                ..bare.clone()
            };
            return vec![Target::Reveal(bare), Target::Reveal(narrow)];
        }
        let bare = PaperTarget {
            creditor,
            paper: Paper::Receipt,
            payer_no: None,
            month: None,
            item: None,
            group: None,
        };
        let month = Some("2026-01".parse().unwrap());
        let of_one = PaperTarget {
            payer_no: Some(payer_no),
            item: Some(item.clone()),
            paper: Paper::Refund,
            ..bare.clone()
        };
        let of_month = PaperTarget { month, group: Some(item), ..bare.clone() };
        [bare, of_one, of_month].map(Target::Papers).to_vec()
    }
}
