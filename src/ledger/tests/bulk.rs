//! A month of a hundred thousand mandates. No time is asserted: the test shows that nothing grows with the square.

use super::*;
use crate::machine::collection;

#[test]
fn a_hundred_thousand_lines_go_out_and_are_answered() {
    const N: u64 = 100_000;
    let mut bench = Bench::new();
    bench.charged(N);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB21", "2026-12-07");
    let mut after = 0;
    loop {
        let page = tx.candidates(&CandidateQuery { after_mandate: after, limit: 10_000, ..query() }).unwrap();
        let Some(last) = page.last() else { break };
        after = last.mandate_id;
        tx.request(file, &all_of(&page, CollectionKind::Regular), at(3)).unwrap();
    }
    let out: Vec<(i64, String)> = (1..=10).map(|n| (n * 9_001, "over the limit".to_string())).collect();
    tx.exclude(&out, at(4)).unwrap();
    let lines = tx.close_gaps(file).unwrap();
    assert_eq!(lines, N as i64 - 10);
    let won = tx.sum(file).unwrap();
    publish(&tx, file, lines, won, 10);
    tx.commit().unwrap();

    let tx = bench.ledger.begin().unwrap();
    let result = claim(&tx, "EB22", "EB221207", 5, 40);
    let serials: Vec<u32> = (1..=lines as u32).filter(|n| n % 4 == 0).collect();
    let mut sent = Vec::new();
    for run in serials.chunks(5_000) {
        let run: Vec<(u32, &str)> = run.iter().map(|serial| (*serial, "")).collect();
        tx.sent_collections(file, &run, &mut sent).unwrap();
    }
    assert_eq!(sent.len(), serials.len());
    let outcomes: Vec<Outcome> = (1..)
        .zip(&sent)
        .map(|(line, s)| Outcome {
            collection_id: s.collection_id,
            state: collection::State::Failed,
            code: "0021".into(),
            collected: Won::ZERO,
            result_line: line,
            shares: Vec::new(),
        })
        .collect();
    tx.outcomes(result, &outcomes).unwrap();
    let failed = sent.len() as i64;
    answer(&tx, result, file, (failed, failed * 50_000, 0, lines - failed), 50);
    tx.commit().unwrap();
    assert_eq!(bench.audit(), []);
    let reader = bench.ledger.reader().unwrap();
    let totals = reader.creditor_totals(month()).unwrap().remove(0);
    assert_eq!(totals.collected.get(), (lines - failed) * 50_000);
    assert_eq!(totals.failed, failed);
}
