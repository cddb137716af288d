//! From charge to collection to result, and every way out of a file.

use super::*;
use crate::machine::{charge, collection};

fn requested(tx: &Tx<'_>, kind: &str, day: &str) -> (i64, Vec<Candidate>) {
    let file = plan(tx, kind, day);
    let found = tx.candidates(&query()).unwrap();
    let lines = all_of(&found, CollectionKind::Regular);
    assert_eq!(tx.request(file, &lines, at(3)).unwrap(), lines.len() as i64);
    (file, found)
}

fn outcome(collection_id: i64, state: collection::State, code: &str, line: i64) -> Outcome {
    Outcome {
        collection_id,
        state,
        code: code.into(),
        collected: Won::ZERO,
        result_line: line,
        shares: Vec::new(),
    }
}

#[test]
fn charges_are_made_once_for_active_mandates_that_run() {
    let mut bench = Bench::new();
    let ids = bench.mandates(5, State::Active);
    let tx = bench.ledger.begin().unwrap();
    let change = |n: usize, terms: MandateTerms| tx.update_mandate(ids[n], &terms).unwrap();
    change(0, MandateTerms { first_month: month().next(), ..terms(1) });
    change(1, MandateTerms { last_month: Some(month().previous()), ..terms(2) });
    change(2, MandateTerms { due_day: ContractDay::LAST, ..terms(3) });
    change(3, MandateTerms { monthly: Won::ZERO, ..terms(4) });
    assert_eq!(make(&tx, month(), OnlyFor::Mandates(&ids[..4])), 0);
    assert_eq!(make(&tx, month(), OnlyFor::All), 1);
    assert_eq!(make(&tx, month(), OnlyFor::All), 0, "not twice");
    let charge = &tx.candidates(&query()).unwrap()[0];
    assert_eq!((charge.mandate_id, charge.charges[0].debit_date), (ids[4], date("2026-12-07")));
    assert_eq!(charge.active_on, Some(date("2026-11-02")));
}

#[test]
fn candidates_page_by_mandate_and_respect_days_arrears_and_attempts() {
    let mut bench = Bench::new();
    let ids = bench.charged(5);
    let tx = bench.ledger.begin().unwrap();
    make(&tx, month().previous(), OnlyFor::Mandates(&ids[..2]));
    make(&tx, month().next(), OnlyFor::All);
    let page = |after, limit| {
        let found = tx.candidates(&CandidateQuery { after_mandate: after, limit, ..query() }).unwrap();
        found.iter().map(|c| (c.mandate_id, c.charges.len())).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3), [(ids[0], 2), (ids[1], 2), (ids[2], 1)]);
    assert_eq!(page(ids[2], 3), [(ids[3], 1), (ids[4], 1)]);
    let found = tx.candidates(&query()).unwrap();
    assert!(found[0].charges[0].month < found[0].charges[1].month, "oldest first");
    let only_month = tx.candidates(&CandidateQuery { arrears: false, ..query() }).unwrap();
    assert!(only_month.iter().all(|c| c.charges.len() == 1 && c.charges[0].month == month()));
    let days = [ContractDay::LAST];
    assert_eq!(tx.candidates(&CandidateQuery { days: &days, ..query() }).unwrap(), []);
    let days = [ContractDay::new(5).unwrap(), ContractDay::LAST];
    assert_eq!(tx.candidates(&CandidateQuery { days: &days, ..query() }).unwrap().len(), 5);
    assert_eq!(tx.candidates(&CandidateQuery { kind: CollectionKind::Retry, ..query() }).unwrap(), []);
    let other = "10000002".parse().unwrap();
    assert_eq!(tx.candidates(&CandidateQuery { creditor: other, ..query() }).unwrap(), []);
}

#[test]
fn a_charge_has_one_live_attempt() {
    let mut bench = Bench::new();
    bench.charged(2);
    let tx = bench.ledger.begin().unwrap();
    let (file, found) = requested(&tx, "EB21", "2026-12-07");
    assert_eq!(tx.candidates(&query()).unwrap(), []);
    assert!(tx.request(file, &all_of(&found, CollectionKind::Regular), at(4)).is_err(), "held");
    drop(tx);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB21", "2026-12-07");
    let mut more = all_of(&found[..1], CollectionKind::Regular);
    more[0].amount = Won::new(50_001);
    assert!(tx.request(file, &more, at(4)).is_err(), "the shares are not the amount");
    more[0].allocations[0].won = Won::new(50_001);
    assert!(tx.request(file, &more, at(4)).is_err(), "more than is owed");
    let mut foreign = all_of(&found[..1], CollectionKind::Regular);
    foreign[0].mandate_id = found[1].mandate_id;
    assert!(tx.request(file, &foreign, at(4)).is_err(), "another mandate's charge");
}

/// Six mandates, the fourth with arrears; the second left out, the fifth taken back; published.
fn emitted(bench: &mut Bench) -> (Vec<i64>, i64, Vec<CollectionRow>) {
    let ids = bench.charged(6);
    let tx = bench.ledger.begin().unwrap();
    make(&tx, month().previous(), OnlyFor::Mandates(&ids[3..4]));
    let (file, _) = requested(&tx, "EB21", "2026-12-07");
    let rows = tx.planned_lines(file, 0, 100).unwrap();
    assert_eq!(rows.iter().map(|r| r.line_no).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((rows[3].amount, rows[3].mandate_state), (Won::new(100_000), State::Active));
    tx.exclude(&[(rows[1].collection_id, "not active by D-2".into())], at(8)).unwrap();
    assert!(tx.exclude(&[(rows[1].collection_id, "again".into())], at(8)).is_err());
    let out = [rows[4].collection_id, rows[1].collection_id];
    assert_eq!(tx.withdraw(&out, "the creditor", at(8), None, None).unwrap(), 1);
    assert_eq!((tx.close_gaps(file).unwrap(), tx.sum(file).unwrap()), (4, Won::new(250_000)));
    let lines = tx.planned_lines(file, 0, 100).unwrap();
    let placed = lines.iter().map(|r| (r.line_no, r.mandate_id)).collect::<Vec<_>>();
    assert_eq!(placed, [(1, ids[0]), (2, ids[2]), (3, ids[3]), (4, ids[5])]);
    assert_eq!(tx.close_gaps(file).unwrap(), 4, "nothing to close");
    publish(&tx, file, 4, Won::new(250_000), 10);
    tx.commit().unwrap();
    (ids, file, lines)
}

/// The second line fails, the third brings 60,000 of 100,000 won. Returns the result and the part.
fn answered(bench: &mut Bench, file: i64, lines: &[CollectionRow]) -> (i64, Outcome) {
    let tx = bench.ledger.begin().unwrap();
    let charges = tx.collection_charges(lines[2].collection_id).unwrap();
    assert!(charges[0].month < charges[1].month);
    let share = |n: usize, won: i64, state| Share {
        charge_id: charges[n].charge_id,
        won: Won::new(won),
        state,
        paid: Won::new(won),
    };
    let part = Outcome {
        collected: Won::new(60_000),
        shares: vec![share(0, 50_000, charge::State::Paid), share(1, 10_000, charge::State::PartlyPaid)],
        ..outcome(lines[2].collection_id, collection::State::Partial, "0021", 2)
    };
    let result = claim(&tx, "EB22", "EB221207", 5, 40);
    let failed = outcome(lines[1].collection_id, collection::State::Failed, "0021", 1);
    tx.outcomes(result, &[failed.clone(), part.clone()]).unwrap();
    assert!(tx.outcomes(result, &[failed]).is_err(), "nothing counts twice");
    answer(&tx, result, file, (2, 50_000, 40_000, 2), 50);
    tx.commit().unwrap();
    (result, part)
}

#[test]
fn what_is_sent_is_found_by_serial_and_cannot_be_changed() {
    let mut bench = Bench::new();
    let (ids, file, lines) = emitted(&mut bench);
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.withdraw(&[lines[0].collection_id], "too late", at(12), None, None).unwrap(), 0);
    assert!(tx.close_gaps(file).is_err() && tx.request(file, &[], at(12)).is_err(), "it is gone");
    assert!(tx.mandate(ids[0]).unwrap().unwrap().in_flight_collections);
    let mut sent = Vec::new();
    tx.sent_collections(file, &[(2, ""), (3, lines[2].account.reveal())], &mut sent).unwrap();
    tx.sent_collections(file, &[(4, "1234567"), (90_000, "")], &mut sent).unwrap();
    tx.sent_collections(file, &[], &mut sent).unwrap();
    assert_eq!(sent.iter().map(|s| s.line_no).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(sent[1].account, lines[2].account, "said, and so it is");
    assert_eq!(sent[2].account, lines[3].account, "whatever is said");
    assert_eq!((&sent[0].bank_payer_no, sent[0].amount), (&lines[1].bank_payer_no, Won::new(50_000)));
    assert!(tx.sent_collections(file, &[(3, ""), (2, "")], &mut sent).is_err());
    drop(tx);
    assert_eq!(bench.audit(), []);
}

#[test]
fn a_part_must_be_shared_out_whole() {
    let mut bench = Bench::new();
    let (_, _, lines) = emitted(&mut bench);
    let tx = bench.ledger.begin().unwrap();
    let result = claim(&tx, "EB22", "EB221207", 5, 40);
    let charges = tx.collection_charges(lines[2].collection_id).unwrap();
    let all = |shares: &[(usize, i64, i64)]| Outcome {
        collected: Won::new(50_000),
        shares: shares
            .iter()
            .map(|&(n, won, paid)| Share {
                charge_id: charges[n].charge_id,
                won: Won::new(won),
                state: charge::State::Open,
                paid: Won::new(paid),
            })
            .collect(),
        ..outcome(lines[2].collection_id, collection::State::Partial, "0021", 1)
    };
    for (why, wrong) in [
        ("a charge without a share", all(&[(0, 50_000, 50_000)])),
        ("less than came", all(&[(0, 40_000, 40_000), (1, 0, 0)])),
        ("a balance that does not follow", all(&[(0, 50_000, 40_000), (1, 0, 0)])),
    ] {
        let before = point(&tx);
        assert!(tx.outcomes(result, &[wrong]).is_err(), "{why}");
        before.back(&tx);
    }
    tx.outcomes(result, &[all(&[(0, 50_000, 50_000), (1, 0, 0)])]).unwrap();
}

/// A point to which a transaction goes back, so that one test can try several wrong things.
struct Point;

fn point(tx: &Tx<'_>) -> Point {
    tx.sql.execute_batch("SAVEPOINT before").unwrap();
    Point
}

impl Point {
    fn back(self, tx: &Tx<'_>) {
        tx.sql.execute_batch("ROLLBACK TO before; RELEASE before").unwrap();
    }
}

#[test]
fn failures_and_parts_count_once_and_absence_is_success() {
    use collection::State as S;
    let mut bench = Bench::new();
    let (_, file, lines) = emitted(&mut bench);
    let (result, part) = answered(&mut bench, file, &lines);
    assert_eq!(bench.audit(), []);
    let reader = bench.ledger.reader().unwrap();
    let row = reader.find_file("EB211207").unwrap().remove(0);
    assert_eq!((row.answered_by, row.failed_won, row.absent_lines), (Some(result), Won::new(50_000), 2));
    let states: Vec<_> = reader
        .lines(file, Some(creditor()), 0, 100)
        .unwrap()
        .iter()
        .map(|l| (l.state, l.collected.get()))
        .collect();
    assert_eq!(
        states,
        [(S::Succeeded, 50_000), (S::Failed, 0), (S::Partial, 60_000), (S::Succeeded, 50_000)]
    );
    let out: Vec<_> = reader.left_out(file).unwrap().iter().map(|l| l.state).collect();
    assert_eq!(out, [S::Excluded, S::Withdrawn]);
    let totals = reader.creditor_totals(month()).unwrap().remove(0);
    let sums =
        (totals.charges, totals.amount.get(), totals.collected.get(), totals.open.get(), totals.failed);
    assert_eq!(sums, (6, 300_000, 110_000, 190_000, 2));
    let days = reader.days(date("2026-12-07"), date("2026-12-07")).unwrap();
    let days: Vec<_> = days.iter().map(|d| (d.way, d.lines, d.failed_won.get())).collect();
    assert_eq!(days, [(Way::Out, 4, 90_000), (Way::In, 2, 90_000)]);
    let found = reader.find_collection(part.collection_id).unwrap().unwrap();
    assert_eq!(found.allocations.iter().map(|a| a.3.get()).collect::<Vec<_>>(), [50_000, 10_000]);
}

#[test]
fn what_failed_is_free_again_and_what_is_not_can_say_why() {
    use collection::State as S;
    let mut bench = Bench::new();
    let (ids, file, lines) = emitted(&mut bench);
    answered(&mut bench, file, &lines);
    let tx = bench.ledger.begin().unwrap();
    let retry = tx.candidates(&CandidateQuery { kind: CollectionKind::Retry, ..query() }).unwrap();
    let open: Vec<_> = retry
        .iter()
        .map(|c| {
            (c.mandate_id, c.charges[0].open.get(), c.charges[0].attempts, c.charges[0].last_code.as_str())
        })
        .collect();
    assert_eq!(open, [(ids[2], 50_000, 1, "0021"), (ids[3], 40_000, 1, "0021")]);
    let key = |n| (payer(n).payer_no, item());
    let named = tx.candidates_for(creditor(), &[key(1), key(3), key(99)], month()).unwrap();
    assert_eq!(named.len(), 2);
    let paid = &named[&key(1)];
    assert_eq!((paid.candidate.charges.len(), paid.attached[0].charge_state), (0, charge::State::Paid));
    assert_eq!((paid.attached[0].state, paid.attached[0].paid), (Some(S::Succeeded), Won::new(50_000)));
    assert_eq!((named[&key(3)].candidate.charges.len(), named[&key(3)].attached.len()), (1, 0));
    let again = plan(&tx, "EB21", "2026-12-08");
    tx.request(again, &all_of(&retry, CollectionKind::Retry), at(60)).unwrap();
    let named = tx.candidates_for(creditor(), &[key(3)], month()).unwrap();
    assert_eq!(named[&key(3)].attached[0].state, Some(S::Requested));
    assert!(named[&key(3)].candidate.has_live);
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
}

#[test]
fn an_answer_moves_no_line_that_it_does_not_list() {
    let mut bench = Bench::new();
    bench.charged(3);
    let tx = bench.ledger.begin().unwrap();
    let (file, _) = requested(&tx, "EB21", "2026-12-07");
    publish(&tx, file, 3, Won::new(150_000), 10);
    let lines = tx.planned_lines(file, 0, 9).unwrap();
    let result = claim(&tx, "GR24", "GR24", 5, 40);
    let listed = Outcome {
        collected: Won::new(50_000),
        ..outcome(lines[0].collection_id, collection::State::Succeeded, "0000", 1)
    };
    tx.outcomes(result, &[listed]).unwrap();
    assert!(
        tx.outcomes(result, &[outcome(lines[1].collection_id, collection::State::Missed, "", 1)]).is_err()
    );
    drop(tx);
    let rows: i64 = bench
        .ledger
        .connection()
        .query_row("SELECT count(*) FROM collection WHERE state IS NOT NULL", [], |r| r.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn lines_of_a_refused_file_go_on_in_another() {
    let mut bench = Bench::new();
    let ids = bench.charged(3);
    let tx = bench.ledger.begin().unwrap();
    let (file, _) = requested(&tx, "EB21", "2026-12-07");
    publish(&tx, file, 3, Won::new(150_000), 10);
    let old = tx.planned_lines(file, 0, 9).unwrap();
    tx.file_stepped(file, "refused", FileState::Out(Out::Refused), at(12), "receipt").unwrap();
    tx.exclude(&[(old[1].collection_id, "A011".into())], at(12)).unwrap();
    let again = plan(&tx, "EB21", "2026-12-07");
    assert_eq!(tx.move_lines(file, again, at(13)).unwrap(), 2);
    assert_eq!(tx.move_lines(file, again, at(13)).unwrap(), 0);
    assert!(tx.move_lines(again, file, at(13)).is_err(), "only onto a planned file");
    let new = tx.planned_lines(again, 0, 9).unwrap();
    assert_eq!(new.iter().map(|l| (l.line_no, l.mandate_id)).collect::<Vec<_>>(), [(1, ids[0]), (2, ids[2])]);
    let free: Vec<i64> = tx.candidates(&query()).unwrap().iter().map(|c| c.mandate_id).collect();
    assert_eq!(free, [ids[1]], "the excluded line let go, the others are held by the new lines");
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    let told: Vec<String> = bench
        .ledger
        .reader()
        .unwrap()
        .history(Subject::Charge, 1)
        .unwrap()
        .into_iter()
        .map(|l| format!("{} {}", l.happening, l.to))
        .collect();
    assert_eq!(
        told,
        [
            "made open",
            "requested requested",
            "built batched",
            "published sent",
            "taken acknowledged",
            "refused missed",
            "moved requested"
        ]
    );
}

#[test]
fn missed_lines_let_go_of_their_charges() {
    let mut bench = Bench::new();
    bench.charged(3);
    let tx = bench.ledger.begin().unwrap();
    let (file, found) = requested(&tx, "EB21", "2026-12-07");
    assert_eq!(tx.withdraw_for_mandate(found[0].mandate_id, "paused", at(4), None, None).unwrap(), 1);
    assert_eq!(tx.mark_missed(file, at(70)).unwrap(), 2);
    tx.file_stepped(file, "missed", FileState::Out(Out::Missed), at(70), "deadline").unwrap();
    assert_eq!(tx.candidates(&query()).unwrap().len(), 3);
    assert_eq!(tx.candidates(&query()).unwrap()[1].charges[0].attempts, 0, "not an attempt");
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    let last = bench.ledger.reader().unwrap().history(Subject::Collection, 2).unwrap().pop().unwrap();
    assert_eq!(
        (last.happening.as_str(), last.to.as_str(), last.cause.as_str()),
        ("missed", "missed", "deadline")
    );
}

#[test]
fn the_audit_finds_what_must_never_be() {
    let mut bench = Bench::new();
    bench.charged(2);
    let tx = bench.ledger.begin().unwrap();
    let (file, _) = requested(&tx, "EB21", "2026-12-07");
    publish(&tx, file, 2, Won::new(100_000), 10);
    tx.commit().unwrap();
    let clean = bench.ledger.reader().unwrap().final_state_digest().unwrap();
    assert_eq!(bench.audit(), []);
    for (rule, change) in [
        ("I3", "UPDATE charge SET paid_won = 1, state = 'partly-paid' WHERE charge_id = 1"),
        ("held", "UPDATE charge SET collection_id = NULL, attached_won = NULL WHERE charge_id = 1"),
        ("let-go", "UPDATE collection SET state = 'failed' WHERE collection_id = 1"),
        ("charge-state", "UPDATE charge SET state = 'paid' WHERE charge_id = 1"),
        ("file-lines", "UPDATE file SET won = 99999 WHERE file_id = 1"),
        ("file-lines", "UPDATE collection SET line_no = 9 WHERE collection_id = 2"),
        ("answered-by", "UPDATE file SET state = 'answered' WHERE file_id = 1"),
        ("file-sum", "UPDATE file SET state = 'answered', failed_won = 1 WHERE file_id = 1"),
    ] {
        let sql = bench.ledger.connection();
        sql.execute(change, []).unwrap();
        let found = bench.audit();
        assert!(found.iter().any(|v| v.rule == rule), "{rule}: {found:?}");
        assert_ne!(bench.ledger.reader().unwrap().final_state_digest().unwrap(), clean, "{change}");
        sql.execute_batch(
            "UPDATE charge SET paid_won = 0, state = 'open', collection_id = charge_id, attached_won = 50000;
             UPDATE collection SET state = NULL, line_no = collection_id;
             UPDATE file SET won = 100000, state = 'taken', failed_won = 0;",
        )
        .unwrap();
        assert_eq!(
            bench.ledger.reader().unwrap().final_state_digest().unwrap(),
            clean,
            "mended after {change}"
        );
    }
}
