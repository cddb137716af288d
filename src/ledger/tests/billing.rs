//! What is charged without an account: seen by charges, never by what reads an account.

use super::*;
use crate::domain::{BankPayerNo, Billing, ContractDay};
use crate::ledger::{NewBilling, Resealed};

#[test]
fn what_has_no_account_is_charged_and_never_debited() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    let list = claim(&tx, "payers", "payers.csv", 1, 0);
    let payer_id = tx.save_payer(creditor(), &payer(7), at(0)).unwrap();
    let number: BankPayerNo = "10000001000000000007".parse().unwrap();
    let billing = Billing {
        item: item(),
        monthly: Won::new(50_000),
        first_month: month(),
        last_month: None,
        due_day: ContractDay::new(5).unwrap(),
    };
    let new = NewBilling {
        payer_id,
        creditor: creditor(),
        channel: &channel(),
        bank_payer_no: &number,
        billing: &billing,
        at: at(0),
        file: list,
        line: Some(2),
    };
    let id = tx.new_billing(&new).unwrap();
    assert!(tx.new_billing(&new).is_err(), "one of a payer and item");
    let keys = [(payer(7).payer_no, item())];
    assert_eq!(tx.billed(creditor(), &keys).unwrap()[&keys[0]].billing, billing);
    // Whoever looks for an account finds none.
    assert!(tx.mandate(id).unwrap().is_none());
    assert!(tx.mandates(creditor(), &keys).unwrap().is_empty());
    assert!(tx.mandates_on_wire(&channel(), &[number]).unwrap().is_empty());
    assert_eq!(make(&tx, month(), OnlyFor::All), 1);
    assert!(tx.candidates(&query()).unwrap().is_empty(), "no debit is proposed");
    assert!(tx.candidates_for(creditor(), &keys, month()).unwrap().is_empty());
    assert_eq!(tx.reseal(Resealed::default(), 10).unwrap(), None, "nothing is sealed that is not there");
    // An account that comes makes it a mandate.
    tx.update_mandate(id, &terms(7)).unwrap();
    tx.commit().unwrap();
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.mandate(id).unwrap().unwrap().terms, terms(7));
    drop(tx);
    let values = bench.ledger.reader().unwrap().sealed_values().unwrap();
    assert!(values.broken.is_empty(), "{:?}", values.broken);
}
