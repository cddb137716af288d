//! Payers, mandates, registrations.

use super::*;
use crate::machine::mandate::{EndReason, Happening};

fn step(mandate_id: i64, from: State, to: State, happening: Happening) -> MandateStep<'static> {
    MandateStep {
        mandate_id,
        from,
        to,
        happening,
        reason: None,
        active_on: None,
        at: at(50),
        file: None,
        line: None,
        code: "",
        note: "",
    }
}

fn state(tx: &Tx<'_>, mandate_id: i64) -> State {
    tx.mandate(mandate_id).unwrap().unwrap().state
}

fn queued(bench: &mut Bench, n: u64) -> Vec<i64> {
    let ids = bench.mandates(n, State::Queued);
    let tx = bench.ledger.begin().unwrap();
    for &id in &ids {
        tx.queue_registration(id, ApplicationKind::Register, at(5), None, None).unwrap();
    }
    tx.commit().unwrap();
    ids
}

#[test]
fn payers_are_saved_over_and_found() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    let id = tx.save_payer(creditor(), &payer(1), at(0)).unwrap();
    let moved = Payer { phone: "010-1111-1111".into(), ..payer(1) };
    assert_eq!(tx.save_payer(creditor(), &moved, at(1)).unwrap(), id);
    let other: CreditorId = "10000002".parse().unwrap();
    assert_ne!(tx.save_payer(other, &payer(1), at(1)).unwrap(), id, "numbers are each creditor's own");
    let found = tx.payers(creditor(), &[payer(1).payer_no, payer(2).payer_no]).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&payer(1).payer_no], PayerFacts { payer_id: id, payer: moved });
    tx.commit().unwrap();
    let reader = bench.ledger.reader().unwrap();
    assert_eq!(reader.find_payer(None, &payer(1).payer_no).unwrap().len(), 2);
    assert_eq!(reader.find_payer(Some(other), &payer(1).payer_no).unwrap().len(), 1);
}

#[test]
fn one_live_mandate_per_payer_and_item_and_numbers_are_never_reused() {
    let mut bench = Bench::new();
    let id = bench.mandates(1, State::Active)[0];
    let tx = bench.ledger.begin().unwrap();
    let key = (payer(1).payer_no, item());
    let payer_id = tx.payers(creditor(), std::slice::from_ref(&key.0)).unwrap()[&key.0].payer_id;
    let make = |number: &str| {
        tx.new_mandate(&NewMandate {
            payer_id,
            creditor: creditor(),
            channel: &channel(),
            bank_payer_no: &number.parse().unwrap(),
            terms: &terms(9),
            state: State::Draft,
            active_on: None,
            at: at(1),
            file: None,
            line: None,
        })
    };
    assert!(make("NEW").is_err(), "there is a live one");
    let end = MandateStep {
        reason: Some(EndReason::AtBank),
        ..step(id, State::Active, State::Ended, Happening::EndedElsewhere)
    };
    tx.mandate_stepped(&end).unwrap();
    assert!(tx.mandate_stepped(&end).is_err(), "a step whose `from` does not fit");
    let facts = &tx.mandates(creditor(), std::slice::from_ref(&key)).unwrap()[&key];
    assert_eq!((facts.mandate_id, facts.state, facts.reason), (id, State::Ended, Some(EndReason::AtBank)));
    assert!(make(facts.bank_payer_no.as_str()).is_err(), "the number was used");
    let second = make("NEW").unwrap();
    let facts = &tx.mandates(creditor(), std::slice::from_ref(&key)).unwrap()[&key];
    assert_eq!(
        (facts.mandate_id, facts.state, &facts.terms),
        (second, State::Draft, &terms(9)),
        "the live one counts"
    );
    let changed = MandateTerms { monthly: Won::new(1), account: "123456789".parse().unwrap(), ..terms(9) };
    tx.update_mandate(second, &changed).unwrap();
    assert_eq!(tx.mandate(second).unwrap().unwrap().terms, changed);
    let other = MandateTerms { item: "OTHER".parse().unwrap(), ..changed };
    assert!(tx.update_mandate(second, &other).is_err());
    assert_eq!(tx.mandates_on_wire(&channel(), &["NEW".parse().unwrap()]).unwrap().len(), 1);
    let sent = step(second, State::Draft, State::Sent, Happening::Published);
    assert!(tx.mandate_stepped(&sent).is_err(), "what follows a file is never stored");
}

#[test]
fn a_registration_follows_its_file_until_it_is_answered() {
    let mut bench = Bench::new();
    let ids = queued(&mut bench, 3);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB13", "2026-11-23");
    assert!(
        tx.queue_registration(ids[0], ApplicationKind::Register, at(5), None, None).is_err(),
        "waits already"
    );
    assert_eq!(
        tx.batch_registrations(&channel(), file, at(5), EvidenceGate::Open).unwrap(),
        Batched::default(),
        "queued at the cut-off"
    );
    assert_eq!(
        tx.batch_registrations(&channel(), file, at(6), EvidenceGate::Open).unwrap(),
        Batched { register: 3, cancel: 0 }
    );
    assert_eq!(state(&tx, ids[0]), State::Queued);
    publish(&tx, file, 3, Won::ZERO, 10);
    assert_eq!(state(&tx, ids[0]), State::Acknowledged);
    let lines = tx.registration_lines(file, 0, 2).unwrap();
    assert_eq!(
        lines.iter().map(|l| (l.line_no, l.mandate_id, l.state.as_str())).collect::<Vec<_>>(),
        [(1, ids[0], "acknowledged"), (2, ids[1], "acknowledged")]
    );
    assert_eq!(tx.registration_lines(file, 2, 2).unwrap().len(), 1);
    assert!(!format!("{lines:?}").contains("1102340"), "accounts are masked in Debug");

    let result = claim(&tx, "EB14", "EB141123", 4, 20);
    let number = lines[1].bank_payer_no.clone();
    let listed = tx.registration_lines_of(file, &[number, "NONE".parse().unwrap()]).unwrap();
    assert_eq!(listed.len(), 1);
    let no = RegistrationAnswer {
        registration_id: listed[0].registration_id,
        state_word: "rejected",
        code: "0014",
        result_file: result,
        result_line: 1,
    };
    tx.registration_answered(&no).unwrap();
    assert!(tx.registration_answered(&no).is_err(), "answered once");
    let refused = MandateStep {
        code: "0014",
        file: Some(result),
        line: Some(1),
        ..step(ids[1], State::Acknowledged, State::Rejected, Happening::Refused)
    };
    tx.mandate_stepped(&refused).unwrap();
    let accepted = tx.accept_rest(file, at(50), date("2026-11-24")).unwrap();
    assert_eq!(accepted, Accepted { activated: 2, cancelled: 0, withdrawn: 0 });
    answer(&tx, result, file, (1, 0, 0, 2), 50);
    assert_eq!(
        tx.accept_rest(file, at(51), date("2026-11-25")).unwrap(),
        Accepted::default(),
        "twice is nothing"
    );
    assert_eq!(make(&tx, month(), OnlyFor::ActivatedBy(file)), 2);
    assert_eq!(tx.mandate(ids[0]).unwrap().unwrap().active_on, Some(date("2026-11-24")));
    assert_eq!(state(&tx, ids[1]), State::Rejected);
    assert_eq!(tx.registration_lines(file, 0, 1).unwrap()[0].state, "active");
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    let reader = bench.ledger.reader().unwrap();
    assert_eq!(reader.creditors_of(file).unwrap(), [creditor()]);
    let became = reader.registrations(file, Some(creditor()), 0, 9).unwrap();
    let became: Vec<_> = became.iter().map(|r| (r.state.as_str(), r.code.as_str())).collect();
    assert_eq!(became, [("active", ""), ("rejected", "0014"), ("active", "")]);
    let charges = reader.charges_of(ids[0]).unwrap();
    assert_eq!((charges.len(), charges[0].state), (1, crate::machine::charge::State::Open));
}

#[test]
fn a_file_that_did_not_stand_gives_its_lines_back_in_order() {
    let mut bench = Bench::new();
    let ids = queued(&mut bench, 3);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB13", "2026-11-23");
    tx.batch_registrations(&channel(), file, at(6), EvidenceGate::Open).unwrap();
    publish(&tx, file, 3, Won::ZERO, 10);
    let bad = tx.registration_lines(file, 1, 1).unwrap()[0].registration_id;
    tx.file_stepped(file, "refused", FileState::Out(Out::Refused), at(12), "receipt").unwrap();
    assert_eq!(state(&tx, ids[0]), State::Queued);
    tx.registration_line_refused(bad, "draft", "A011").unwrap();
    assert!(tx.registration_line_refused(bad, "draft", "A011").is_err(), "once");
    tx.mandate_stepped(&step(ids[1], State::Queued, State::Draft, Happening::LineRefused)).unwrap();
    assert_eq!(tx.unbatch(file, at(13)).unwrap(), 2);
    assert_eq!(tx.unbatch(file, at(13)).unwrap(), 0);
    let again = plan(&tx, "EB13", "2026-11-23");
    assert_eq!(
        tx.batch_registrations(&channel(), again, at(6), EvidenceGate::Open).unwrap().register,
        2,
        "with their old place in time"
    );
    let lines = tx.registration_lines(again, 0, 9).unwrap();
    assert_eq!(lines.iter().map(|l| l.mandate_id).collect::<Vec<_>>(), [ids[0], ids[2]]);
    publish(&tx, again, 2, Won::ZERO, 20);
    assert_eq!(state(&tx, ids[0]), State::Acknowledged);
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    let told: Vec<String> = bench
        .ledger
        .reader()
        .unwrap()
        .history(Subject::Mandate, ids[0])
        .unwrap()
        .into_iter()
        .map(|l| l.happening)
        .collect();
    assert_eq!(
        told,
        [
            "made",
            "register-queued",
            "register-queued",
            "built",
            "published",
            "taken",
            "refused",
            "built",
            "published",
            "taken"
        ]
    );
}

#[test]
fn a_cancellation_ends_the_mandate_and_takes_back_what_was_requested() {
    let mut bench = Bench::new();
    let ids = bench.charged(2);
    let tx = bench.ledger.begin().unwrap();
    let debit = plan(&tx, "EB21", "2026-12-07");
    tx.request(debit, &all_of(&tx.candidates(&query()).unwrap(), CollectionKind::Regular), at(3)).unwrap();
    assert!(tx.mandate(ids[0]).unwrap().unwrap().requested_collections);
    tx.mandate_stepped(&step(ids[0], State::Active, State::Cancelling, Happening::CancelRequested)).unwrap();
    tx.queue_registration(ids[0], ApplicationKind::Cancel, at(5), None, None).unwrap();
    let file = plan(&tx, "EB13", "2026-11-23");
    assert_eq!(
        tx.batch_registrations(&channel(), file, at(6), EvidenceGate::Open).unwrap(),
        Batched { register: 0, cancel: 1 }
    );
    publish(&tx, file, 1, Won::ZERO, 10);
    assert_eq!(state(&tx, ids[0]), State::Cancelling);
    let result = claim(&tx, "EB14", "EB141123", 4, 20);
    assert_eq!(
        tx.accept_rest(file, at(50), date("2026-11-24")).unwrap(),
        Accepted { activated: 0, cancelled: 1, withdrawn: 1 }
    );
    answer(&tx, result, file, (0, 0, 0, 1), 50);
    let facts = tx.mandate(ids[0]).unwrap().unwrap();
    assert_eq!(
        (facts.state, facts.reason, facts.requested_collections),
        (State::Ended, Some(EndReason::Creditor), false)
    );
    assert_eq!(tx.close_gaps(debit).unwrap(), 1);
    assert_eq!(tx.candidates(&query()).unwrap(), [], "what is over is asked for by name only");
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
}

#[test]
fn what_waits_can_be_taken_back() {
    let mut bench = Bench::new();
    let ids = queued(&mut bench, 2);
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.withdraw_registrations(ids[0]).unwrap(), 1);
    assert_eq!(tx.withdraw_registrations(ids[0]).unwrap(), 0);
    let file = plan(&tx, "EB13", "2026-11-23");
    assert_eq!(tx.batch_registrations(&channel(), file, at(9), EvidenceGate::Open).unwrap().register, 1);
}

#[test]
fn a_suspension_under_a_cancellation_is_remembered() {
    let mut bench = Bench::new();
    let ids = bench.mandates(3, State::Active);
    let tx = bench.ledger.begin().unwrap();
    let go = |id, from, to, happening| tx.mandate_stepped(&step(id, from, to, happening)).unwrap();
    go(ids[0], State::Active, State::Cancelling, Happening::CancelRequested);
    go(ids[1], State::Active, State::Suspended, Happening::Suspended);
    go(ids[1], State::Suspended, State::Cancelling, Happening::CancelRequested);
    go(ids[2], State::Active, State::Suspended, Happening::Suspended);
    go(ids[2], State::Suspended, State::Active, Happening::Resumed);
    go(ids[2], State::Active, State::Cancelling, Happening::CancelRequested);
    let known: Vec<bool> = ids.iter().map(|&id| tx.suspended_under_cancellation(id).unwrap()).collect();
    assert_eq!(known, [false, true, false]);
    go(ids[0], State::Cancelling, State::Cancelling, Happening::Suspended);
    assert!(tx.suspended_under_cancellation(ids[0]).unwrap());
}
