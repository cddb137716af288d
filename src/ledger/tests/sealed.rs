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
