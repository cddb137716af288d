//! Sealed columns: nothing readable in the file, a swapped or altered value named by its row, a missing key named.

use super::*;
use crate::seal::KeyRing;

#[test]
fn what_is_sealed_stands_nowhere_in_the_file() {
    let mut bench = Bench::new();
    bench.mandates(3, State::Active);
    let path = bench.folder.path().join("ledger.db");
    for name in ["ledger.db", "ledger.db-wal"] {
        let bytes = std::fs::read(path.with_file_name(name)).unwrap_or_default();
        for canary in ["1102340", "010-0000-0000"] {
            let found = bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!found, "{canary} stands in {name}");
        }
    }
    let values = bench.ledger.reader().unwrap().sealed_values().unwrap();
    assert!(values.broken.is_empty(), "{:?}", values.broken);
    assert_eq!(values.by_key.values().sum::<u64>(), 12, "two values of each mandate, two of each payer");
}

#[test]
fn a_value_that_was_moved_or_altered_is_named() {
    let mut bench = Bench::new();
    let ids = bench.mandates(3, State::Active);
    let sql = bench.ledger.connection();
    sql.execute("UPDATE mandate SET account = (SELECT account FROM mandate WHERE mandate_id = ?1) WHERE mandate_id = ?2", [
        ids[0], ids[1],
    ])
    .unwrap();
    let value: Vec<u8> =
        sql.query_row("SELECT id_no FROM mandate WHERE mandate_id = ?1", [ids[2]], |row| row.get(0)).unwrap();
    let last = value.len() - 1;
    let mut altered = value;
    altered[last] ^= 1;
    sql.execute("UPDATE mandate SET id_no = ?2 WHERE mandate_id = ?1", rusqlite::params![ids[2], altered])
        .unwrap();
    let told = bench.ledger.begin().unwrap().mandate(ids[1]).unwrap_err().to_string();
    assert!(told.contains("mandate.account of row 2 does not open"), "{told}");
    assert!(bench.ledger.begin().unwrap().mandate(ids[0]).is_ok());
    let broken = bench.ledger.reader().unwrap().sealed_values().unwrap().broken;
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[1].starts_with("mandate.id_no of row 3"), "{broken:?}");
}

#[test]
fn the_same_content_has_one_digest() {
    let digest = || {
        let mut bench = Bench::new();
        bench.mandates(2, State::Active);
        let key: Vec<u8> = bench
            .ledger
            .connection()
            .query_row("SELECT account FROM mandate WHERE mandate_id = 2", [], |row| row.get(0))
            .unwrap();
        (bench.ledger.reader().unwrap().final_state_digest().unwrap(), key)
    };
    assert_eq!(digest(), digest());
    assert_eq!(KeyRing::for_tests().current().number(), 1);
}

#[test]
fn the_order_in_which_two_banks_results_came_does_not_count_and_nothing_else_is_let_through() {
    // Claims two results, in either order; the file of ours is answered by the one that is named.
    let digest = |claimed: [(&str, u8); 2], answers: &str| {
        let mut bench = Bench::new();
        let tx = bench.ledger.begin().unwrap();
        let ours = plan(&tx, "EB21", "2026-12-07");
        publish(&tx, ours, 0, Won::ZERO, 10);
        for (name, bytes) in claimed {
            let result = claim(&tx, "EB22", name, bytes, 40);
            let (subject, state) = (Subject::Payer, FileState::In(In::Applied));
            if name == answers {
                let told = Event {
                    subject,
                    id: 1,
                    file: Some(result),
                    ..Event::of_file(result, at(50), "told", "")
                };
                tx.event(&told).unwrap();
                answer(&tx, result, ours, (0, 0, 0, 0), 50);
            } else {
                tx.file_stepped(result, "applied", state, at(50), "").unwrap();
            }
        }
        tx.commit().unwrap();
        bench.ledger.reader().unwrap().final_state_digest().unwrap()
    };
    let wanted = digest([("EB221207", 1), ("EB22A207", 2)], "EB221207");
    assert_eq!(digest([("EB22A207", 2), ("EB221207", 1)], "EB221207"), wanted);
    for (why, claimed, answers) in [
        ("answered by the other", [("EB221207", 1), ("EB22A207", 2)], "EB22A207"),
        ("the same, in the other order", [("EB22A207", 2), ("EB221207", 1)], "EB22A207"),
        ("other bytes", [("EB22A207", 2), ("EB221207", 3)], "EB221207"),
        ("another name", [("EB22B207", 2), ("EB221207", 1)], "EB221207"),
    ] {
        assert_ne!(digest(claimed, answers), wanted, "{why}");
    }
}
