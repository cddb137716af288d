//! Tables of the rules: a good case, one change, the answer.

mod debit;

use super::application::{self, ApplicationFacts, BankFact, Decision, Existing, ItemFact, Operation};
use super::*;
use crate::domain::{Application, ContractDay, MandateTerms, Mode, Month, Payer};
use mandate::State;

fn payer() -> Payer {
    Payer {
        payer_no: "C-001".parse().unwrap(),
        name: "김철수".into(),
        phone: "010-0000-0001".into(),
        email: String::new(),
        group: String::new(),
        attributes: Vec::new(),
    }
}

fn terms() -> MandateTerms {
    MandateTerms {
        item: "FEE".parse().unwrap(),
        limit: Won::new(100_000),
        monthly: Won::new(50_000),
        first_month: month("2026-01"),
        last_month: None,
        due_day: ContractDay::new(5).unwrap(),
        bank: "004".parse().unwrap(),
        account: "12345678901234".parse().unwrap(),
        holder: "김철수".into(),
        id_no: "900101".parse().unwrap(),
        no_retry: false,
        mode: None,
        service: String::new(),
    }
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn words<T>(result: Result<T, Vec<Refused>>) -> String
where
    T: std::fmt::Debug,
{
    match result {
        Ok(value) => format!("{value:?}"),
        Err(refused) => refused.iter().map(|r| r.name.word()).collect::<Vec<_>>().join(" "),
    }
}

fn word<T: std::fmt::Debug>(result: Result<T, Refused>) -> String {
    words(result.map_err(|r| vec![r]))
}

type Change = fn(&mut Application, &mut ApplicationFacts<'static>);

fn judged(change: impl Fn(&mut Application, &mut ApplicationFacts<'static>)) -> String {
    let mut application = Application { payer: payer(), terms: terms() };
    let mut facts = ApplicationFacts {
        modes: &[Mode::FullOnly],
        operation: Operation::Any,
        limit_per_debit: Won::new(300_000),
        minimum: Won::new(140),
        days: Box::leak(Box::new([ContractDay::new(5).unwrap(), ContractDay::LAST])),
        this_month: month("2026-01"),
        item: ItemFact::Active,
        group_known: true,
        bank: BankFact::InService(&[12, 14]),
        encodes: &|text| !text.contains('똠'),
        payer: None,
        mandate: None,
        earlier_row: None,
    };
    change(&mut application, &mut facts);
    words(application::check(&application, &facts))
}

#[test]
fn application_checks() {
    let table: &[(Change, &str)] = &[
        (|_, _| (), "New"),
        (|a, _| a.terms.monthly = Won::ZERO, "AMOUNT_ZERO"),
        (|a, _| a.terms.monthly = Won::new(139), "AMOUNT_UNDER_MINIMUM"),
        (|a, _| a.terms.monthly = Won::new(140), "New"),
        (|a, _| a.terms.monthly = Won::new(100_000), "New"),
        (|a, _| a.terms.monthly = Won::new(100_001), "AMOUNT_OVER_LIMIT"),
        (|a, _| a.terms.limit = Won::new(300_001), "LIMIT_OVER_CONTRACT"),
        (|a, _| a.terms.limit = Won::ZERO, "AMOUNT_ZERO AMOUNT_OVER_LIMIT"),
        (|a, _| a.terms.due_day = ContractDay::new(6).unwrap(), "DUE_DAY_NOT_IN_CONTRACT"),
        (|a, _| a.terms.due_day = ContractDay::LAST, "New"),
        (|a, _| a.terms.last_month = Some(month("2025-12")), "MONTHS_REVERSED"),
        (
            |a, f| (a.terms.last_month, f.this_month) = (Some(month("2026-01")), month("2026-02")),
            "MONTHS_PASSED",
        ),
        (|_, f| f.item = ItemFact::Unknown, "ITEM_UNKNOWN"),
        (|_, f| f.item = ItemFact::Closed, "ITEM_CLOSED"),
        (|_, f| f.group_known = false, "GROUP_UNKNOWN"),
        (|_, f| f.bank = BankFact::Unknown, "BANK_UNKNOWN"),
        (|_, f| f.bank = BankFact::NotInService, "BANK_NOT_IN_SERVICE"),
        (|a, _| a.terms.account = "1234567890123".parse().unwrap(), "ACCOUNT_LENGTH"),
        (|_, f| f.bank = BankFact::InService(&[]), "New"),
        (|a, _| a.terms.holder = "똠방".into(), "HOLDER_NOT_ENCODABLE"),
        (|_, f| f.earlier_row = Some(2), "DUPLICATE_IN_FILE"),
        (|_, f| f.operation = Operation::Edit, "PAYER_UNKNOWN"),
        (
            |a, f| {
                a.terms.monthly = Won::ZERO;
                f.item = ItemFact::Unknown;
                f.bank = BankFact::Unknown;
            },
            "ITEM_UNKNOWN AMOUNT_ZERO BANK_UNKNOWN",
        ),
    ];
    for (i, (change, expected)) in table.iter().enumerate() {
        assert_eq!(&judged(*change), expected, "case {i}");
    }
}

/// Every state × what the row brings × 처리구분.
#[test]
fn dropping_a_row_again() {
    use Operation as O;
    let rows: &[(&str, [&str; 4])] = &[
        // state: the same data | another amount | another account | the same data, 재신청
        ("none", ["New", "New", "New", "New"]),
        ("billed", ["New", "New", "New", "New"]),
        ("draft", ["Unchanged", "Reapply", "Reapply", "Reapply"]),
        ("queued", ["Unchanged", "Edit", "Edit", "Unchanged"]),
        ("batched", ["Unchanged", "REGISTRATION_IN_FLIGHT", "ChangeLater", "Unchanged"]),
        ("sent", ["Unchanged", "REGISTRATION_IN_FLIGHT", "ChangeLater", "Unchanged"]),
        ("acknowledged", ["Unchanged", "REGISTRATION_IN_FLIGHT", "ChangeLater", "Unchanged"]),
        ("active", ["Unchanged", "Edit", "Change", "Unchanged"]),
        ("rejected", ["Unchanged", "Reapply", "Reapply", "Reapply"]),
        ("suspended", ["Unchanged", "Edit", "Change", "Unchanged"]),
        ("changing", ["Unchanged", "Edit", "CHANGE_IN_FLIGHT", "Unchanged"]),
        ("severed", ["Unchanged", "Edit", "CHANGE_IN_FLIGHT", "Unchanged"]),
        ("cancelling", ["CANCEL_IN_FLIGHT", "CANCEL_IN_FLIGHT", "CANCEL_IN_FLIGHT", "CANCEL_IN_FLIGHT"]),
        ("ended", ["New", "New", "New", "New"]),
    ];
    assert_eq!(rows.len(), State::ALL.len() + 1);
    for (state, expected) in rows {
        let state = State::from_word(state);
        for (i, expected) in expected.iter().enumerate() {
            let mut application = Application { payer: payer(), terms: terms() };
            if i == 1 {
                application.terms.monthly = Won::new(60_000);
            }
            if i == 2 {
                application.terms.account = "123456789012".parse().unwrap();
            }
            let operation = if i == 3 { O::Again } else { O::Any };
            assert_eq!(&against(&application, state, operation), expected, "{state:?} column {i}");
        }
    }
    let application = Application { payer: payer(), terms: terms() };
    let mut edited = application.clone();
    edited.payer.phone = "010-0000-0002".into();
    assert_eq!(against(&edited, Some(State::Active), O::New), "MANDATE_EXISTS");
    assert_eq!(against(&edited, Some(State::Active), O::Edit), "Edit");
    assert_eq!(against(&application, Some(State::Active), O::New), "Unchanged");
    assert_eq!(against(&application, Some(State::Ended), O::Edit), "MANDATE_ENDED");
    let known: fn(&mut ApplicationFacts<'static>, O) = |f, operation| {
        f.payer = Some(Box::leak(Box::new(payer())));
        f.operation = operation;
    };
    for (operation, expected) in
        [(O::New, "PAYER_EXISTS"), (O::Edit, "New"), (O::Any, "New"), (O::Again, "New")]
    {
        assert_eq!(judged(|_, f| known(f, operation)), expected, "another item of a known payer");
    }
}

fn against(application: &Application, state: Option<State>, operation: Operation) -> String {
    let (payer, terms) = (payer(), terms());
    let days = [ContractDay::new(5).unwrap()];
    let facts = ApplicationFacts {
        modes: &[Mode::FullOnly],
        operation,
        limit_per_debit: Won::new(300_000),
        minimum: Won::new(140),
        days: &days,
        this_month: month("2026-01"),
        item: ItemFact::Active,
        group_known: true,
        bank: BankFact::InService(&[12, 14]),
        encodes: &|_| true,
        payer: state.map(|_| &payer),
        mandate: state.map(|state| Existing { state, terms: &terms, debit: false, change: None }),
        earlier_row: None,
    };
    words(application::check(application, &facts))
}

#[test]
fn what_is_so_already_is_not_judged_by_todays_limits() {
    let (payer, terms) = (payer(), terms());
    let application = Application { payer: payer.clone(), terms: terms.clone() };
    let facts = ApplicationFacts {
        modes: &[Mode::FullOnly],
        operation: Operation::Any,
        limit_per_debit: Won::new(1),
        minimum: Won::new(140),
        days: &[],
        this_month: month("2026-01"),
        item: ItemFact::Closed,
        group_known: false,
        bank: BankFact::NotInService,
        encodes: &|_| false,
        payer: Some(&payer),
        mandate: Some(Existing { state: State::Active, terms: &terms, debit: false, change: None }),
        earlier_row: None,
    };
    assert_eq!(application::check(&application, &facts), Ok(Decision::Unchanged));
}

/// A row against a change of account that is not over: by the state, what the row names, and whether the change went out.
#[test]
fn a_row_against_a_change_that_is_not_over() {
    let (payer, old) = (payer(), terms());
    let to = |account: &str| MandateTerms { account: account.parse().unwrap(), ..terms() };
    let new = to("123456789012");
    let days = [ContractDay::new(5).unwrap()];
    for (state, sent, row, debit, expected) in [
        (State::Changing, false, new.clone(), false, "Unchanged"),
        (State::Changing, true, new.clone(), false, "Unchanged"),
        (State::Changing, true, MandateTerms { monthly: Won::new(60_000), ..new.clone() }, false, "Edit"),
        (State::Changing, false, to("123456789013"), false, "Change"),
        (State::Changing, true, to("123456789013"), false, "CHANGE_IN_FLIGHT"),
        (State::Changing, false, old.clone(), false, "ChangeBack"),
        (State::Changing, true, old.clone(), false, "CHANGE_IN_FLIGHT"),
        (State::Severed, true, new.clone(), false, "Unchanged"),
        (State::Severed, true, old.clone(), false, "CHANGE_IN_FLIGHT"),
        (State::Sent, false, new.clone(), false, "Unchanged"),
        (State::Sent, false, to("123456789013"), false, "ChangeLater"),
        (State::Sent, false, old.clone(), false, "ChangeBack"),
        (State::Queued, false, old.clone(), false, "Edit"),
        (State::Active, false, to("123456789013"), true, "CHANGE_WHILE_DEBIT"),
    ] {
        let change = (state != State::Active).then_some(application::Pending { terms: &new, sent });
        let facts = ApplicationFacts {
            modes: &[Mode::FullOnly],
            operation: Operation::Any,
            limit_per_debit: Won::new(300_000),
            minimum: Won::new(140),
            days: &days,
            this_month: month("2026-01"),
            item: ItemFact::Active,
            group_known: true,
            bank: BankFact::InService(&[12, 14]),
            encodes: &|_| true,
            payer: Some(&payer),
            mandate: Some(Existing { state, terms: &old, debit, change }),
            earlier_row: None,
        };
        let application = Application { payer: payer.clone(), terms: row };
        assert_eq!(words(application::check(&application, &facts)), expected, "{state} {sent}");
    }
}

#[test]
fn cancel_checks() {
    use super::cancel::{CancelFacts, check};
    let at = |mandate, debit_in_flight, after_current| {
        word(check(&CancelFacts { mandate, debit_in_flight, after_current }))
    };
    assert_eq!(at(None, false, None), "MANDATE_UNKNOWN");
    for (state, expected) in [
        (State::Billed, "AtOnce"),
        (State::Draft, "AtOnce"),
        (State::Queued, "AtOnce"),
        (State::Batched, "REGISTRATION_IN_FLIGHT"),
        (State::Sent, "REGISTRATION_IN_FLIGHT"),
        (State::Acknowledged, "REGISTRATION_IN_FLIGHT"),
        (State::Active, "Queue"),
        (State::Rejected, "AtOnce"),
        (State::Suspended, "Queue"),
        (State::Changing, "CHANGE_IN_FLIGHT"),
        (State::Cancelling, "CANCEL_IN_FLIGHT"),
        (State::Ended, "MANDATE_ENDED"),
    ] {
        assert_eq!(at(Some(state), false, None), expected, "{state}");
        // The rule and the machine agree on which states can be cancelled at all.
        let stepped = mandate::step(state, mandate::Happening::CancelRequested);
        assert_eq!(
            stepped.is_ok(),
            check(&CancelFacts { mandate: Some(state), debit_in_flight: false, after_current: None }).is_ok()
        );
    }
    assert_eq!(at(Some(State::Active), true, None), "AfterCurrent");
    assert_eq!(at(Some(State::Active), true, Some(true)), "AfterCurrent");
    assert_eq!(at(Some(State::Active), true, Some(false)), "Queue");
    assert_eq!(at(Some(State::Active), false, Some(true)), "Queue");
}
