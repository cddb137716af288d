//! Opening: fresh, again, newer, foreign, damaged, gone.

use super::*;
use rusqlite::Connection;
use std::fs;

#[test]
fn a_fresh_ledger_opens_again_and_keeps_what_was_committed() {
    let mut bench = Bench::new();
    let path = bench.folder.path().join("ledger.db");
    bench.mandates(2, State::Active);
    drop(bench.ledger);
    bench.ledger = Ledger::open(&path, Create::Refused, &ring()).unwrap();
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.next_serial(&channel()).unwrap(), 3);
    drop(tx);
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.next_serial(&channel()).unwrap(), 3, "a dropped transaction takes everything back");
    let left: Vec<String> = fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_a_crash_left_of_the_first_start_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::File::create(folder.path().join("ledger.db.new")).unwrap();
    assert!(Ledger::open(&path, Create::Allowed, &ring()).is_ok());
}

#[test]
fn a_missing_ledger_is_not_made_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    assert!(matches!(Ledger::open(&path, Create::Refused, &ring()), Err(OpenError::Missing(_))));
    assert!(!path.exists());
    assert!(Reader::open(&path, &ring()).is_err());
}

#[test]
fn a_log_without_its_ledger_is_not_answered_by_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::File::create(folder.path().join("ledger.db-wal")).unwrap();
    let error = Ledger::open(&path, Create::Allowed, &ring()).unwrap_err();
    assert!(matches!(error, OpenError::NotALedger { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage");
    let empty = folder.path().join("empty");
    let foreign = folder.path().join("foreign");
    let bytes: Vec<u8> = (0..9000_u32).map(|n| (n % 251) as u8).collect();
    fs::File::create(&empty).unwrap();
    std::io::Write::write_all(&mut fs::File::create(&garbage).unwrap(), &bytes).unwrap();
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for path in [garbage.clone(), empty, foreign] {
        let error = Ledger::open(&path, Create::Allowed, &ring()).unwrap_err();
        assert!(matches!(error, OpenError::NotALedger { .. }), "{}: {error}", path.display());
    }
    assert_eq!(fs::read(garbage).unwrap(), bytes);
}

#[test]
fn a_newer_ledger_is_refused() {
    let bench = Bench::new();
    let path = bench.folder.path().join("ledger.db");
    drop(bench.ledger);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(
        Ledger::open(&path, Create::Allowed, &ring()),
        Err(OpenError::Newer { found: 99, known: 2 })
    ));
}

#[test]
fn a_damaged_first_page_is_refused() {
    let bench = Bench::new();
    let path = bench.folder.path().join("ledger.db");
    drop(bench.ledger);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..600].fill(0xa5);
    std::io::Write::write_all(&mut fs::File::create(&path).unwrap(), &bytes).unwrap();
    let error = Ledger::open(&path, Create::Allowed, &ring()).unwrap_err();
    assert!(matches!(error, OpenError::NotALedger { .. }), "{error}");
}

#[test]
fn a_reader_cannot_write_and_sees_commits() {
    let mut bench = Bench::new();
    let reader = bench.ledger.reader().unwrap();
    assert!(reader.sql.execute("UPDATE meta SET business_ms = 1", []).is_err());
    assert_eq!(reader.business_time().unwrap(), None);
    let tx = bench.ledger.begin().unwrap();
    assert_eq!(tx.advance(at(5)).unwrap(), at(5));
    assert_eq!(tx.advance(at(3)).unwrap(), at(5), "business time never goes back");
    tx.commit().unwrap();
    assert_eq!(reader.business_time().unwrap(), Some(at(5)));
}

#[test]
fn the_words_of_the_schema_are_those_of_the_machines() {
    let bench = Bench::new();
    for &state in Out::ALL {
        let text =
            "INSERT INTO file (way, owner, kind, name, state, created_at) VALUES ('out', 'o', ?1, 'n', ?1, 0)
                    RETURNING collection_state";
        let word: String =
            bench.ledger.connection().query_row(text, [state.word()], |row| row.get(0)).unwrap();
        assert_eq!(word, crate::machine::collection::of_file(state).word(), "{state}");
    }
    for &state in In::ALL {
        let text = "INSERT INTO file (way, owner, kind, name, state, created_at) VALUES ('in', 'o', 'k', 'n', ?1, 0)";
        bench.ledger.connection().execute(text, [state.word()]).unwrap();
    }
    let wrong = "INSERT INTO file (way, owner, kind, name, state, created_at) VALUES ('in', 'o', 'k', 'n', 'built', 0)";
    assert!(bench.ledger.connection().execute(wrong, []).is_err());
}

#[test]
fn the_journal_and_the_records_are_kept() {
    let mut bench = Bench::new();
    bench.charged(1);
    let tx = bench.ledger.begin().unwrap();
    let file_id = plan(&tx, "EB21", "2026-12-07");
    let found = tx.candidates(&query()).unwrap();
    tx.request(file_id, &all_of(&found, CollectionKind::Regular), at(3)).unwrap();
    tx.event(&Event {
        subject: Subject::Payer,
        id: 1,
        at: at(1),
        happening: "noted",
        from: "",
        to: "",
        file: None,
        line: None,
        code: "",
        note: "",
    })
    .unwrap();
    tx.commit().unwrap();
    let sql = bench.ledger.connection();
    for table in ["event", "file_step", "file", "payer", "mandate", "charge", "collection", "allocation"] {
        assert!(sql.execute(&format!("DELETE FROM {table}"), []).is_err(), "{table}");
    }
    for change in [
        "UPDATE event SET note = 'x'",
        "UPDATE file_step SET cause = 'x'",
        "UPDATE mandate SET bank_payer_no = 'x'",
        "UPDATE collection SET amount_won = 1",
        "UPDATE allocation SET won = 1",
        "UPDATE charge SET amount_won = 0",
        "UPDATE charge SET state = 'lost'",
        "UPDATE mandate SET state = 'sent'",
    ] {
        assert!(sql.execute(change, []).is_err(), "{change}");
    }
    // No foreign key on these two (they would cost every result line a journal of its own): the audit looks.
    sql.execute("UPDATE charge SET collection_id = 99", []).unwrap();
    sql.execute("UPDATE collection SET result_file = 99", []).unwrap();
    let found = bench.audit();
    assert_eq!(found.iter().filter(|one| one.rule == "points-nowhere").count(), 2, "{found:?}");
}

/// A ledger of version 1, as a program before this one left it: the steps since are taken back.
fn of_version_1(bench: Bench) -> (tempfile::TempDir, std::path::PathBuf) {
    let path = bench.folder.path().join("ledger.db");
    let folder = bench.folder;
    drop(bench.ledger);
    let sql = Connection::open(&path).unwrap();
    let now: String = sql
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'collection_now'", [], |row| row.get(0))
        .unwrap();
    let (before, _) = now.split_once(" AS collected_now,").unwrap();
    sql.execute_batch(&format!(
        "DROP INDEX charge_over; DROP INDEX file_step_by_order; DROP VIEW collection_now; {before} AS collected_now
           FROM collection k JOIN file f ON f.file_id = k.file_id;
         ALTER TABLE file DROP COLUMN listed_code; ALTER TABLE file DROP COLUMN listed_from; PRAGMA user_version = 1;"
    ))
    .unwrap();
    (folder, path)
}

fn shape(path: &std::path::Path) -> Vec<(String, String)> {
    let sql = Connection::open(path).unwrap();
    let mut all = sql.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_older_ledger_is_kept_and_brought_up_to_date() {
    let mut bench = Bench::new();
    bench.charged(3);
    let digest = bench.ledger.reader().unwrap().final_state_digest().unwrap();
    let fresh = shape(&bench.folder.path().join("ledger.db"));
    let (folder, path) = of_version_1(bench);
    let old = shape(&path);
    assert_ne!(old, fresh);
    // What only reads does not change it, and says what to do.
    let told = Reader::open(&path, &ring()).unwrap_err().to_string();
    assert!(told.contains("version 1") && told.contains("start the daemon once"), "{told}");
    // What an earlier start left half made is in nobody's way.
    fs::File::create(folder.path().join("ledger.db.v1.new")).unwrap();
    drop(Ledger::open(&path, Create::Refused, &ring()).unwrap());
    assert_eq!(shape(&path), fresh);
    assert_eq!(Reader::open(&path, &ring()).unwrap().final_state_digest().unwrap(), digest);
    assert_eq!(Reader::open(&path, &ring()).unwrap().audit().unwrap(), []);
    let kept = folder.path().join("ledger.db.v1");
    assert_eq!(shape(&kept), old);
    let left = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.contains(".v1")).collect::<Vec<_>>(), ["ledger.db.v1"]);
    // Nothing more is done at the next start.
    let time = fs::metadata(&kept).unwrap().modified().unwrap();
    drop(Ledger::open(&path, Create::Refused, &ring()).unwrap());
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), time);
}

#[test]
fn a_step_that_fails_leaves_the_older_ledger_as_it_was() {
    let mut bench = Bench::new();
    bench.charged(3);
    let (_folder, path) = of_version_1(bench);
    // Something is in the way of the last statement of the step.
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE charge_over (x)").unwrap();
    let old = shape(&path);
    assert!(Ledger::open(&path, Create::Refused, &ring()).is_err());
    assert_eq!(shape(&path), old);
}
