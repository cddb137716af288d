//! `sunap plan`, `sunap calendar what-if`, `sunap prove` and `sunap intake check` on the ledger of a demo: they tell what is true, and nothing
//! of the spool or the state is another byte afterwards.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "a test harms files that sunap keeps")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A demo that was played once for all tests of this file.
struct Played {
    temp: tempfile::TempDir,
}

impl Played {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let demo = temp.path().join("demo");
        let (code, said) = sunap(temp.path(), &["demo", "--into", demo.to_str().unwrap()]);
        assert_eq!(code, 0, "{said}");
        fs::create_dir(temp.path().join("work")).unwrap();
        Self { temp }
    }

    fn home(&self) -> PathBuf {
        self.temp.path().join("demo")
    }

    /// Runs a verb on the demo; exit code and output.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let config = self.home().join("config/sunap.toml");
        sunap(self.temp.path(), &[arguments, &["--config", config.to_str().unwrap()]].concat())
    }

    /// Every file of spool and state with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.home().join("spool"), self.home().join("state")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    // SQLite makes the shared memory and an empty log for whoever reads; what they hold is nothing.
                    let (name, bytes) = (path.to_string_lossy().into_owned(), fs::read(&path).unwrap());
                    let passing = name.ends_with("-shm") || (name.ends_with("-wal") && bytes.is_empty());
                    if !passing {
                        found.insert(path, bytes);
                    }
                }
            }
        }
        found
    }

    fn work(&self) -> String {
        self.temp.path().join("work").to_string_lossy().into_owned()
    }

    fn nothing_left_behind(&self) {
        assert_eq!(fs::read_dir(self.work()).unwrap().count(), 0, "the copy was not removed");
    }

    fn sql(&self, text: &str) {
        let ledger = rusqlite::Connection::open(self.home().join("state/ledger.sqlite")).unwrap();
        assert_eq!(ledger.execute(text, []).unwrap(), 1, "{text}");
    }
}

fn sunap(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_sunap"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("SUNAP_CONFIG")
        .env_remove("SUNAP_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap(), said)
}

/// The rows of a csv as cells; the demo's have no quoted commas in the first six columns.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let lines = csv.trim_start_matches('\u{feff}').lines().skip(1);
    lines.map(|line| line.split(',').map(|cell| cell.trim_matches('"').to_string()).collect()).collect()
}

#[test]
fn time_ahead_is_told_and_nothing_real_is_touched() {
    let demo = Played::new();
    let before = demo.files();
    let work = demo.work();

    let (code, plan) = demo.run(&["plan", "--until", "2026-02-13", "--format", "csv", "--work", &work]);
    assert_eq!(code, 0, "{plan}");
    let told = rows(&plan);
    let of = |what: &str| told.iter().filter(|row| row.get(2).is_some_and(|cell| cell == what)).count();
    // The requests that wait in the demo's ledger go out, and the bank of the plan answers each of them.
    let sent = told.iter().find(|row| row.get(3).is_some_and(|name| name == "EB210205")).unwrap();
    assert_eq!(
        sent[..6],
        ["2026-02-04", "14:00", "은행 전송", "EB210205", "31", "7230000"].map(String::from)
    );
    assert!(told.iter().any(|row| row.get(3).is_some_and(|name| name == "EB220205 (EB210205)")), "{plan}");
    let debits = |what: &str, kinds: [&str; 2]| {
        let named = |row: &&Vec<String>| kinds.iter().any(|kind| row[3].starts_with(kind));
        told.iter().filter(|row| row[2] == what).filter(named).count()
    };
    let (sent, answered) = (debits("은행 전송", ["EB21", "EC21"]), debits("은행 결과", ["EB22", "EC22"]));
    assert_eq!(sent, answered + 1, "the last file's result is due after the end: {plan}");
    assert!(of("은행 접수") > 5, "applications at banks come every banking day: {plan}");
    assert!(of("정산") > 0 && of("경보") == 0, "{plan}");

    let (code, silent) =
        demo.run(&["plan", "--until", "2026-02-13", "--silent", "--format", "csv", "--work", &work]);
    assert_eq!(code, 0, "{silent}");
    assert!(silent.contains("file-not-taken") && !silent.contains("은행 결과"), "{silent}");

    let (code, moved) = demo.run(&["calendar", "what-if", "2026-02-25", "closed", "--work", &work]);
    assert_eq!(code, 0, "{moved}");
    for row in ["은행 전송", "결과 도착", "정산", "2026-02-26"] {
        assert!(moved.contains(row), "{row}: {moved}");
    }
    let (_, same) = demo.run(&["calendar", "what-if", "2026-02-14", "closed", "--work", &work]);
    assert!(same.contains("2026-02-14 (토) is closed, and stays so: nothing moves"), "{same}");

    let after = demo.files();
    let changed: Vec<&PathBuf> =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "changed: {changed:?}");
    demo.nothing_left_behind();
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let demo = Played::new();
    let (code, said) = demo.run(&["plan", "--until", "2026-01-02"]);
    assert!(code == 64 && said.contains("2026-01-02 is over"), "{code} {said}");
    let (code, said) = demo.run(&["plan", "--until", "2027-12-30"]);
    assert!(code == 64 && said.contains("at most 400 days"), "{code} {said}");
    let (code, said) = demo.run(&["plan", "--until", "2026-02-13", "--format", "xlsx"]);
    assert!(code == 64 && said.contains("-o FILE.xlsx"), "{code} {said}");
    let (code, said) = demo.run(&["calendar", "what-if", "2060-01-02", "closed"]);
    assert!(code == 78 && said.contains("outside the days"), "{code} {said}");
}

#[test]
fn a_debit_is_proven_and_a_harmed_one_is_not() {
    let demo = Played::new();
    let (code, said) = demo.run(&["prove", "1"]);
    assert!(code == 0 && said.contains("exactly one file") && said.ends_with("proven\n"), "{code} {said}");
    let (code, said) = demo.run(&["show", "settlement", "10000004", "2026-01-22"]);
    let traced = ["파일", "EC210120", "수납금액", "payout #", "지급완료 (paid)"];
    assert!(code == 0 && traced.iter().all(|word| said.contains(word)), "{code} {said}");
    let (code, said) = demo.run(&["show", "settlement", "10000004", "2026-01-23"]);
    assert!(code == 65 && said.contains("no such settlement"), "{code} {said}");
    let (code, said) = demo.run(&["prove", "999999"]);
    assert!(code == 64 && said.contains("there is no collection 999999"), "{code} {said}");

    // The ledger says another amount than the bytes that went out; its own guard has to go first.
    let ledger = rusqlite::Connection::open(demo.home().join("state/ledger.sqlite")).unwrap();
    ledger.execute_batch("DROP TRIGGER collection_sealed").unwrap();
    demo.sql("UPDATE collection SET amount_won = amount_won + 1 WHERE collection_id = 1");
    let (code, said) = demo.run(&["prove", "1"]);
    assert!(code == 65 && said.contains("WRONG  EB210105 asks payer"), "{code} {said}");
    demo.sql("UPDATE collection SET amount_won = amount_won - 1 WHERE collection_id = 1");

    // The ledger takes a failed line for a collected one.
    let failed: i64 = ledger
        .query_row("SELECT collection_id FROM collection WHERE state = 'failed' LIMIT 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(demo.run(&["prove", &failed.to_string()]).0, 0);
    demo.sql(&format!("UPDATE collection SET state = NULL WHERE collection_id = {failed}"));
    let (code, said) = demo.run(&["prove", &failed.to_string()]);
    assert!(code == 65 && said.contains("not proven"), "{code} {said}");

    // The witness has not seen it.
    let witness = demo.home().join("state/witness.log");
    fs::write(&witness, "").unwrap();
    let (code, said) = demo.run(&["prove", "1"]);
    assert!(code == 65 && said.contains("WRONG  the witness saw"), "{code} {said}");
}

/// A list of mandates: a good row, one that Excel harmed, one that changes nothing.
const MANDATES: &str = "고객번호,고객명,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호\n\
    A-9001,홍길동,TUITION,300000,150000,2026-03,25,088,110123456789,홍길동,900101\n\
    A-9002,홍길동,TUITION,300000,150000,2026-03,25,088,1.10E+11,홍길동,900101\n";

#[test]
fn a_list_is_judged_before_it_is_dropped() {
    let demo = Played::new();
    let before = demo.files();
    let list = demo.temp.path().join("mandates-new.csv");
    fs::write(&list, MANDATES).unwrap();
    let (list, work) = (list.to_str().unwrap(), demo.work());
    let answer = demo.temp.path().join("answer.csv");
    let check = |file: &str, more: &[&str]| {
        demo.run(&[&["intake", "check", file, "--creditor", "10000001", "--work", &work], more].concat())
    };

    let (code, said) = check(list, &["-o", answer.to_str().unwrap()]);
    assert!(code == 65 && said.contains("EXCEL_EXPONENT") && said.contains("accepted = 1"), "{code} {said}");
    assert!(fs::read_to_string(&answer).unwrap().contains("접수"));

    let good = demo.temp.path().join("mandates-good.csv");
    fs::write(&good, MANDATES.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let (code, said) = check(good.to_str().unwrap(), &[]);
    assert!(code == 0 && said.contains("accepted = 1"), "{code} {said}");

    let whole = demo.temp.path().join("mandates-new.all.csv");
    fs::write(&whole, MANDATES).unwrap();
    let (code, said) = check(whole.to_str().unwrap(), &[]);
    assert!(
        code == 65 && said.contains("list-rows-refused") && said.contains("EXCEL_EXPONENT"),
        "{code} {said}"
    );
    assert!(said.contains("OTHER_ROWS_REFUSED") && said.contains("accepted = 0"), "{said}");

    let empty = demo.temp.path().join("mandates-empty.csv");
    fs::write(&empty, MANDATES.lines().next().unwrap()).unwrap();
    let (code, said) = check(empty.to_str().unwrap(), &[]);
    assert!(code == 65 && said.contains("list-empty"), "{code} {said}");

    let (code, said) = check("thesis.csv", &[]);
    assert!(code == 65 && said.contains("begins with payers, mandates, cancel"), "{code} {said}");

    let template = demo.temp.path().join("mandates.xlsx");
    let (code, said) =
        demo.run(&["template", "mandates", "--creditor", "10000001", "-o", template.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = check(template.to_str().unwrap(), &[]);
    assert!(code == 65 && said.contains("list-empty"), "a template without rows: {code} {said}");

    assert!(demo.files() == before, "a byte of spool or state changed");
    demo.nothing_left_behind();
}
