//! Books under random histories: whatever happens in whatever order, nothing is lost and nothing appears.

use super::settle::{Fees, Totals, settle};
use super::{Account, ChargeMoney, Entry, balances, conserved, post};
use crate::domain::Won;
use proptest::prelude::*;

fn won(n: i64) -> Won {
    Won::new(n)
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Collected(i64),
    Cash(i64),
    Reversed,
    WrittenOff,
    RefundPaid,
    RefundBounced,
}

/// A charge and its books, moved side by side.
struct Side {
    money: ChargeMoney,
    entries: Vec<Entry>,
    last: Won,
}

impl Side {
    fn take(&mut self, event: Event) {
        let open = self.money.open;
        match event {
            Event::Collected(n) => {
                let fits = open.min(won(n));
                let over = won(n).checked_sub(fits).unwrap();
                self.entries.extend(post::collected(fits, over));
                self.money.collected = self.money.collected.checked_add(won(n)).unwrap();
                self.money.open = open.checked_sub(fits).unwrap();
                self.money.overpaid = self.money.overpaid.checked_add(over).unwrap();
                self.last = fits;
            }
            Event::Cash(n) => {
                let fits = open.min(won(n));
                self.entries.extend(post::cash(fits, Won::ZERO));
                self.money.cash = self.money.cash.checked_add(fits).unwrap();
                self.money.open = open.checked_sub(fits).unwrap();
            }
            Event::Reversed if self.money.overpaid == Won::ZERO => {
                self.entries.extend(post::reversed(self.last));
                self.money.collected = self.money.collected.checked_sub(self.last).unwrap();
                self.money.open = open.checked_add(self.last).unwrap();
                self.last = Won::ZERO;
            }
            Event::Reversed => {}
            Event::WrittenOff => {
                self.entries.extend(post::written_off(open));
                self.money.written_off = self.money.written_off.checked_add(open).unwrap();
                self.money.open = Won::ZERO;
            }
            Event::RefundPaid => {
                self.entries.extend(post::refund_sent(self.money.overpaid));
                self.entries.extend(post::refund_paid(self.money.overpaid));
                self.money.returned = self.money.returned.checked_add(self.money.overpaid).unwrap();
                self.money.overpaid = Won::ZERO;
            }
            Event::RefundBounced => {
                self.entries.extend(post::refund_sent(self.money.overpaid));
                self.entries.extend(post::refund_bounced(self.money.overpaid));
            }
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..100_000i64).prop_map(Event::Collected),
        (1..100_000i64).prop_map(Event::Cash),
        Just(Event::Reversed),
        Just(Event::WrittenOff),
        Just(Event::RefundPaid),
        Just(Event::RefundBounced),
    ]
}

proptest! {
    #[test]
    fn any_history_balances_and_conserves(amount in 1..100_000i64, events in prop::collection::vec(event(), 0..40)) {
        let money = ChargeMoney { amount: won(amount), open: won(amount), ..ChargeMoney::default() };
        let mut side = Side { money, entries: post::charged(won(amount)), last: Won::ZERO };
        for event in events {
            side.take(event);
            prop_assert!(conserved(&side.money), "{:?} after {event:?}", side.money);
            let all = balances(&side.entries).unwrap();
            let at = |account| all.get(&account).copied().unwrap_or(Won::ZERO);
            prop_assert_eq!(Won::sum(all.values().copied()), Some(Won::ZERO));
            prop_assert_eq!(at(Account::PayerReceivable), side.money.open);
            prop_assert_eq!(at(Account::Overpayment).get(), -side.money.overpaid.get());
            prop_assert_eq!(at(Account::RefundInTransit), Won::ZERO);
            prop_assert_eq!(at(Account::Cash), Won::ZERO);
        }
    }

    #[test]
    fn a_settlement_shares_out_every_won(collected in 0..10_000_000i64, reversed in 0..1_000_000i64, requests in 0..500i64) {
        let fees = Fees { per_request: won(50), per_success: won(150), monthly_minimum: won(0), vat_percent: 10 };
        let totals = Totals { requests, successes: requests / 2, collected: won(collected), reversed: won(reversed), ..Totals::default() };
        let sheet = settle(&fees, &totals).unwrap();
        let parts = Won::sum([sheet.fee, sheet.vat, sheet.net]);
        prop_assert_eq!(parts, Some(won(collected - reversed)));
        prop_assert_eq!(sheet.carried_out, sheet.net.min(Won::ZERO));
    }
}

#[test]
fn fees_and_vat_to_the_won() {
    let fees = Fees { per_request: won(33), per_success: won(101), monthly_minimum: won(0), vat_percent: 10 };
    let totals = Totals { requests: 7, successes: 5, collected: won(100_000), ..Totals::default() };
    let sheet = settle(&fees, &totals).unwrap();
    // 7 × 33 + 5 × 101 = 736; its VAT 73.6 is cut to 73.
    assert_eq!((sheet.fee, sheet.vat, sheet.net), (won(736), won(73), won(99_191)));
    assert!(!sheet.fee_above_amount);
}

#[test]
fn the_monthly_minimum_is_made_up_for_once() {
    let fees =
        Fees { per_request: won(100), per_success: won(0), monthly_minimum: won(5_000), vat_percent: 10 };
    let open = Totals { requests: 10, collected: won(50_000), ..Totals::default() };
    assert_eq!(settle(&fees, &open).unwrap().fee, won(1_000));
    let closing = Totals { closes_month: true, fees_before: won(1_000), ..open };
    assert_eq!(settle(&fees, &closing).unwrap().fee, won(4_000));
    let plenty = Totals { fees_before: won(9_000), ..closing };
    assert_eq!(settle(&fees, &plenty).unwrap().fee, won(1_000));
}

#[test]
fn e55_a_fee_above_the_amount_is_flagged_and_a_negative_net_is_carried() {
    let fees = Fees { per_request: won(300), per_success: won(0), monthly_minimum: won(0), vat_percent: 10 };
    let totals = Totals { requests: 10, collected: won(1_000), ..Totals::default() };
    let sheet = settle(&fees, &totals).unwrap();
    assert!(sheet.fee_above_amount);
    assert_eq!((sheet.net, sheet.carried_out), (won(-2_300), won(-2_300)));
    let next = Totals { collected: won(10_000), carried_in: sheet.carried_out, ..Totals::default() };
    assert_eq!(settle(&fees, &next).unwrap().net, won(7_700));
}

#[test]
fn e46_a_reversal_after_settlement_is_taken_from_the_next() {
    let fees = Fees::default();
    let totals = Totals { collected: won(50_000), reversed: won(20_000), ..Totals::default() };
    assert_eq!(settle(&fees, &totals).unwrap().net, won(30_000));
}

#[test]
fn an_entry_moves_something_between_two() {
    assert_eq!(Entry::new(Account::Cash, Account::Cash, won(1)), None);
    assert_eq!(Entry::new(Account::Cash, Account::Suspense, won(0)), None);
    assert_eq!(Entry::new(Account::Cash, Account::Suspense, won(-1)), None);
    for account in Account::ALL {
        assert_eq!(account.word().parse(), Ok(account));
    }
}

#[test]
fn a_payout_that_fails_is_owed_again() {
    let sheet = settle(&Fees::default(), &Totals { collected: won(9_000), ..Totals::default() }).unwrap();
    let mut entries = post::collected(won(9_000), Won::ZERO);
    entries.extend(post::settled(&sheet));
    entries.extend(post::payout_failed(won(9_000)));
    let all = balances(&entries).unwrap();
    assert_eq!(all.get(&Account::CreditorPayable), Some(&won(-9_000)));
    assert_eq!(all.get(&Account::PayoutInTransit), Some(&Won::ZERO));
}
