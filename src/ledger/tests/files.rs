//! Files in and out, due rows, alerts.

use super::*;

#[test]
fn one_outgoing_file_per_kind_and_date_until_it_is_refused() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    let first = plan(&tx, "EB21", "2026-12-07");
    assert_eq!(plan(&tx, "EB21", "2026-12-07"), first);
    assert_ne!(plan(&tx, "EB21", "2026-12-08"), first);
    publish(&tx, first, 0, Won::ZERO, 10);
    let again =
        |tx: &Tx<'_>| tx.plan_out("channel/main", "EB21", "EB211207", date("2026-12-07"), None, at(20));
    assert!(again(&tx).is_err(), "the date is taken");
    tx.file_stepped(first, "refused", FileState::Out(Out::Refused), at(12), "receipt").unwrap();
    let second = again(&tx).unwrap();
    assert_ne!(second, first);
    assert_eq!(tx.out_file("channel/main", "EB21", date("2026-12-07")).unwrap().unwrap().file_id, second);
    let open: Vec<i64> = tx.open_out_files("channel/main").unwrap().iter().map(|f| f.file_id).collect();
    assert_eq!(open.len(), 2);
    assert!(!open.contains(&first));
    let row = tx.file(first).unwrap().unwrap();
    assert_eq!(
        (row.published_at, row.taken_at, row.boot_id.as_deref()),
        (Some(at(10)), Some(at(11)), Some("boot-1"))
    );
    assert!(
        tx.sealed(
            first,
            &Sealed {
                sha256: [1; 32],
                bytes: 1,
                lines: 1,
                won: Won::ZERO,
                archive_day: date("2026-12-07"),
                boot_id: "b",
                due_at: None
            }
        )
        .is_err()
    );
}

#[test]
fn the_same_bytes_are_recognised_by_owner_and_state() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    let first = claim(&tx, "EB22", "EB221207", 1, 0);
    assert_eq!(tx.file_seen("channel/main", None, &[1; 32]).unwrap().unwrap().file_id, first);
    assert_eq!(tx.file_seen("channel/main", Some("no such kind"), &[1; 32]).unwrap(), None);
    assert_eq!(tx.file_seen("channel/other", None, &[1; 32]).unwrap(), None);
    assert_eq!(tx.claimed_files("channel/main").unwrap().len(), 1);
    tx.file_stepped(first, "rejected", FileState::In(In::Rejected), at(1), "").unwrap();
    assert_eq!(tx.file_seen("channel/main", None, &[1; 32]).unwrap(), None, "a rejected file may come again");
    let second = claim(&tx, "EB22", "EB221207", 1, 2);
    assert_eq!(tx.files_named("channel/main", "EB221207").unwrap().len(), 2);
    assert!(tx.file_stepped(second, "built", FileState::Out(Out::Built), at(3), "").is_err(), "wrong way");
    assert!(tx.file_stepped(99, "applied", FileState::In(In::Applied), at(3), "").is_err());
    tx.commit().unwrap();
    let reader = bench.ledger.reader().unwrap();
    assert_eq!(reader.find_file("010101").unwrap().len(), 2);
    assert_eq!(reader.find_file("EB221207").unwrap().len(), 2);
    assert_eq!(reader.find_file("2").unwrap()[0].file_id, second);
    assert_eq!(reader.files(&FileQuery { way: Some(Way::Out), ..FileQuery::default() }).unwrap(), []);
    let told: Vec<String> =
        reader.history(Subject::File, first).unwrap().into_iter().map(|l| l.happening).collect();
    assert_eq!(told, ["claimed", "rejected"]);
}

#[test]
fn due_rows_come_once_and_in_order() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    let row = |job: &str, minute| NewDue {
        owner: "channel/main".into(),
        job: job.into(),
        date: date("2026-12-07"),
        opens_at: at(0),
        due_at: at(minute),
        deadline_at: None,
    };
    let rows = [row("expect EB22", 90), row("emit EB21", 30), row("emit EB13", 30)];
    assert_eq!(tx.plan_due(&rows).unwrap(), 3);
    assert_eq!(tx.plan_due(&rows).unwrap(), 0);
    assert_eq!(tx.next_due().unwrap(), Some(at(30)));
    assert_eq!(tx.due(at(29)).unwrap(), []);
    let due = tx.due(at(30)).unwrap();
    assert_eq!(due.iter().map(|d| d.job.as_str()).collect::<Vec<_>>(), ["emit EB13", "emit EB21"]);
    tx.due_done(due[0].due_id, DueState::Done, at(31), "").unwrap();
    tx.due_done(due[1].due_id, DueState::Missed, at(31), "the exchange had closed").unwrap();
    assert!(tx.due_done(due[1].due_id, DueState::Done, at(32), "").is_err(), "done once");
    assert_eq!(tx.next_due().unwrap(), Some(at(90)));
    tx.commit().unwrap();
    let reader = bench.ledger.reader().unwrap();
    assert_eq!(reader.due_rows(Some(DueState::Missed), 10).unwrap().len(), 1);
    assert_eq!(reader.due_rows(None, 10).unwrap().len(), 3);
    assert_eq!(reader.history(Subject::Due, due[1].due_id).unwrap()[0].note, "the exchange had closed");
}

#[test]
fn an_alert_is_open_once() {
    let mut bench = Bench::new();
    let tx = bench.ledger.begin().unwrap();
    assert!(tx.alert("result-overdue", "EB211207", "the result is late", at(1)).unwrap());
    assert!(!tx.alert("result-overdue", "EB211207", "the result is very late", at(2)).unwrap());
    tx.commit().unwrap();
    let board = bench.ledger.reader().unwrap().board(at(3)).unwrap();
    assert_eq!((board.alerts.len(), board.alerts[0].raised_at), (1, at(1)));
    assert_eq!(board.alerts[0].text, "the result is very late");
    let tx = bench.ledger.begin().unwrap();
    assert!(tx.clear_alert("result-overdue", "EB211207", at(4)).unwrap());
    assert!(!tx.clear_alert("result-overdue", "EB211207", at(4)).unwrap());
    assert!(tx.alert("result-overdue", "EB211207", "again", at(5)).unwrap());
}
