//! What each event posts. An amount of 0 posts nothing; amounts are sums over all lines of one file and creditor.

use super::account::Account as A;
use super::entry::Entry;
use super::settle::Sheet;
use crate::domain::Won;

/// Entries without those that move nothing.
fn list<const N: usize>(entries: [(A, A, Won); N]) -> Vec<Entry> {
    entries.into_iter().filter_map(|(debit, credit, won)| Entry::new(debit, credit, won)).collect()
}

/// 청구: charges were made.
pub fn charged(won: Won) -> Vec<Entry> {
    list([(A::PayerReceivable, A::Expected, won)])
}

/// 출금 완료, 부분출금: a network collected, by the answer to a file. `won` is for charges, `over` above them.
pub fn collected(won: Won, over: Won) -> Vec<Entry> {
    list([
        (A::ChannelClearing, A::CreditorPayable, won),
        (A::Expected, A::PayerReceivable, won),
        (A::ChannelClearing, A::Overpayment, over),
    ])
}

/// 현금수납: the creditor took it itself, so that nothing is payable to it.
pub fn cash(won: Won, over: Won) -> Vec<Entry> {
    list([(A::Cash, A::PayerReceivable, won), (A::Expected, A::Cash, won), (A::Cash, A::Overpayment, over)])
}

/// A late reversal after success (E46): the charge is open again, the network takes its money back.
pub fn reversed(won: Won) -> Vec<Entry> {
    collected(won, Won::ZERO).into_iter().map(Entry::reversed).collect()
}

/// 미납종료: what is open is given up.
pub fn written_off(won: Won) -> Vec<Entry> {
    charged(won).into_iter().map(Entry::reversed).collect()
}

/// A refund was approved and sent.
pub fn refund_sent(won: Won) -> Vec<Entry> {
    list([(A::Overpayment, A::RefundInTransit, won)])
}

/// The refund reached its account.
pub fn refund_paid(won: Won) -> Vec<Entry> {
    list([(A::RefundInTransit, A::ChannelClearing, won)])
}

/// The creditor gave an overpayment back itself: it is the creditor's now.
pub fn refunded_by_creditor(won: Won) -> Vec<Entry> {
    list([(A::Overpayment, A::CreditorPayable, won)])
}

/// The refund bounced (E51): the charge stays overpaid.
pub fn refund_bounced(won: Won) -> Vec<Entry> {
    refund_sent(won).into_iter().map(Entry::reversed).collect()
}

/// What came turned out to be above what is owed (a correction): it is the payer's, not the creditor's. The rows take
/// back what [`collected`] said of that part.
pub fn overpaid(won: Won) -> Vec<Entry> {
    list([(A::CreditorPayable, A::Overpayment, won), (A::PayerReceivable, A::Expected, won)])
}

/// An overpayment pays a later charge: from now on it is the creditor's.
pub fn overpayment_applied(won: Won) -> Vec<Entry> {
    list([(A::Overpayment, A::CreditorPayable, won), (A::Expected, A::PayerReceivable, won)])
}

/// 정산: fees and VAT are kept, the net is on its way. A net below 0 moves fees only, and the rest is carried.
pub fn settled(sheet: &Sheet) -> Vec<Entry> {
    let net = if sheet.net.is_positive() { sheet.net } else { Won::ZERO };
    list([
        (A::CreditorPayable, A::FeeIncome, sheet.fee),
        (A::CreditorPayable, A::VatPayable, sheet.vat),
        (A::CreditorPayable, A::PayoutInTransit, net),
    ])
}

/// The payout reached the creditor's account.
pub fn paid_out(won: Won) -> Vec<Entry> {
    list([(A::PayoutInTransit, A::ChannelClearing, won)])
}

/// The bank refused the payout: it is owed to the creditor again, in transit with the next try.
pub fn payout_failed(won: Won) -> Vec<Entry> {
    list([(A::PayoutInTransit, A::CreditorPayable, won)])
}
