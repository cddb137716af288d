//! An amount that was changed behind the program's back is found by the seal of its file.

use super::*;

/// A published file of `n` lines.
fn sent(bench: &mut Bench, n: u64) -> i64 {
    bench.charged(n);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB21", "2026-12-07");
    let found = tx.candidates(&CandidateQuery { limit: 10_000, ..query() }).unwrap();
    tx.request(file, &all_of(&found, CollectionKind::Regular), at(3)).unwrap();
    let lines = tx.close_gaps(file).unwrap();
    let won = tx.sum(file).unwrap();
    publish(&tx, file, lines, won, 10);
    tx.commit().unwrap();
    file
}

#[test]
fn a_changed_amount_is_found_by_name() {
    // More than one run of the chain, and not a whole number of them.
    let mut bench = Bench::new();
    let file = sent(&mut bench, 2_500);
    assert_eq!(bench.audit(), []);
    bench.ledger.begin().unwrap().check_each_line(file, |_| Ok(())).unwrap();
    bench.ledger.connection().execute_batch("DROP TRIGGER collection_sealed").unwrap();
    for change in [
        // What one takes the other gives: count and sum of the file stay what they were.
        "UPDATE collection SET amount_won = amount_won + CASE line_no WHEN 700 THEN 1 WHEN 2100 THEN -1 ELSE 0 END",
        "UPDATE collection SET mandate_id = 1 WHERE line_no = 1025",
        "UPDATE collection SET line_no = 9999 WHERE line_no = 2500",
        "UPDATE file SET lines_mac = zeroblob(16)",
    ] {
        let tx = bench.ledger.begin().unwrap();
        tx.sql.execute(change, []).unwrap();
        let told = tx.check_each_line(file, |_| Ok(())).unwrap_err().to_string();
        assert!(told.contains("EB211207") && told.contains("is not what was sealed"), "{change}: {told}");
    }
    let sql = bench.ledger.connection();
    sql.execute("UPDATE collection SET amount_won = amount_won + (line_no = 7) - (line_no = 8)", []).unwrap();
    assert!(bench.audit().iter().any(|one| one.rule == "lines-seal" && one.text.contains("EB211207")));
}

#[test]
fn a_file_is_not_sealed_with_other_totals_than_its_lines_have() {
    let mut bench = Bench::new();
    bench.charged(3);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB21", "2026-12-07");
    let found = tx.candidates(&query()).unwrap();
    tx.request(file, &all_of(&found, CollectionKind::Regular), at(3)).unwrap();
    let sealed = Sealed {
        sha256: [7; 32],
        bytes: 100,
        lines: 3,
        won: Won::new(1),
        archive_day: date("2026-11-23"),
        boot_id: "boot-1",
        due_at: None,
    };
    assert!(tx.sealed(file, &sealed).unwrap_err().to_string().contains("3 lines"));
}
