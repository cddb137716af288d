//! The history of one record, told in order from three sources.

use super::*;
use crate::machine::collection;
use crate::machine::mandate::Happening;

/// Two lines that a list asked for; the first failed and its mandate was suspended. Returns the mandates and the list.
fn a_month(bench: &mut Bench) -> (Vec<i64>, i64) {
    let ids = bench.charged(2);
    let tx = bench.ledger.begin().unwrap();
    let list = claim(&tx, "request", "12월.csv", 3, 2);
    let file = plan(&tx, "EB21", "2026-12-07");
    let mut lines = all_of(&tx.candidates(&query()).unwrap(), CollectionKind::Regular);
    for (line, new) in (2..).zip(&mut lines) {
        (new.request_file, new.request_line) = (Some(list), Some(line));
    }
    tx.request(file, &lines, at(3)).unwrap();
    tx.file_stepped(list, "applied", FileState::In(In::Applied), at(3), "").unwrap();
    publish(&tx, file, 2, Won::new(100_000), 10);
    let result = claim(&tx, "EB22", "EB221207", 5, 40);
    let failed = Outcome {
        collection_id: 1,
        state: collection::State::Failed,
        code: "0021".into(),
        collected: Won::ZERO,
        result_line: 1,
        shares: Vec::new(),
    };
    tx.outcomes(result, &[failed]).unwrap();
    tx.mandate_stepped(&MandateStep {
        mandate_id: ids[0],
        from: State::Active,
        to: State::Suspended,
        happening: Happening::Suspended,
        reason: None,
        active_on: None,
        at: at(50),
        file: Some(result),
        line: Some(1),
        code: "0034",
        note: "stopped by law",
    })
    .unwrap();
    answer(&tx, result, file, (1, 50_000, 0, 1), 50);
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    (ids, list)
}

#[test]
fn a_collection_tells_its_way_with_causes() {
    let mut bench = Bench::new();
    a_month(&mut bench);
    let reader = bench.ledger.reader().unwrap();
    let told = |id| -> Vec<String> {
        let lines = reader.history(Subject::Collection, id).unwrap();
        lines
            .iter()
            .map(|l| format!("{} {}→{} [{}] {}", l.happening, l.from, l.to, l.cause, l.code))
            .collect()
    };
    let way = [
        "built requested→batched [window] ",
        "published batched→sent [window] ",
        "taken sent→acknowledged [] ",
    ];
    let first = [
        &["requested →requested [12월.csv line 2] "],
        &way[..],
        &["failed acknowledged→failed [EB221207 line 1] 0021"],
    ]
    .concat();
    assert_eq!(told(1), first);
    let second = [
        &["requested →requested [12월.csv line 3] "],
        &way[..],
        &["succeeded acknowledged→succeeded [EB221207] "],
    ]
    .concat();
    assert_eq!(told(2), second);
}

#[test]
fn charge_mandate_and_list_tell_theirs() {
    let mut bench = Bench::new();
    let (ids, list) = a_month(&mut bench);
    let reader = bench.ledger.reader().unwrap();
    let times: Vec<Instant> = reader.history(Subject::Charge, 1).unwrap().iter().map(|l| l.at).collect();
    assert!(times.is_sorted() && times.len() == 6);
    let last = reader.history(Subject::Mandate, ids[0]).unwrap().pop().unwrap();
    assert_eq!(
        (last.happening.as_str(), last.cause.as_str(), last.note.as_str()),
        ("suspended", "EB221207 line 1", "stopped by law")
    );
    assert_eq!(
        reader.asked_for_by(list).unwrap().iter().map(|l| l.request_line).collect::<Vec<_>>(),
        [Some(2), Some(3)]
    );
    let found = reader.find_mandate("10000001000000000002").unwrap();
    assert_eq!(
        (found.len(), found[0].mandate_id, found[0].account.clone().unwrap().1),
        (1, ids[1], "*********0002".to_string())
    );
    assert_eq!(reader.find_mandate("1").unwrap()[0].state, State::Suspended);
    assert_eq!(reader.find_payer(None, &payer(1).payer_no).unwrap()[0].mandates, [ids[0]]);
}
