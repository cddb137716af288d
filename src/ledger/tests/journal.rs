//! The chain of the journal: every way to change it behind the program's back is found, and the first row is named.

use super::*;

/// Three days with rows in every table of the journal that a list makes; the roots of the first two, and the head.
fn three_days() -> (Bench, Outside) {
    let mut bench = Bench::new();
    for day in 0..3_i64 {
        for minute in 0..3_i64 {
            let tx = bench.ledger.begin().unwrap();
            let now = at(day * 1440 + minute * 60);
            tx.advance(now).unwrap();
            let n = u8::try_from(10 * day + minute + 1).unwrap();
            let file =
                claim(&tx, "mandates", &format!("list-{day}-{minute}.csv"), n, day * 1440 + minute * 60);
            tx.event(&Event::of_file(file, now, "noted", "one")).unwrap();
            tx.event(&Event::of_file(file, now, "noted", "two")).unwrap();
            tx.commit().unwrap();
        }
        let tx = bench.ledger.begin().unwrap();
        tx.close_days(date("2026-11-23").plus_days(day)).unwrap();
        tx.commit().unwrap();
    }
    let outside = outside(&mut bench);
    (bench, outside)
}

fn outside(bench: &mut Bench) -> Outside {
    let tx = bench.ledger.begin().unwrap();
    let roots = tx.roots_unwritten().unwrap();
    Outside {
        roots: roots.into_iter().map(|root| (root.date, root.to_string())).collect(),
        head: tx.journal_head().unwrap(),
    }
}

fn found(bench: &Bench, outside: &Outside) -> Vec<String> {
    bench.ledger.reader().unwrap().verify_journal(outside).unwrap().findings
}

/// What somebody does who may write the file: the guards are no hindrance.
fn tamper(bench: &Bench, sql: &str) {
    for table in ["event", "file_step", "link"] {
        for end in ["u", "d"] {
            bench
                .ledger
                .connection()
                .execute_batch(&format!("DROP TRIGGER IF EXISTS {table}_kept_{end}"))
                .unwrap();
        }
    }
    let more =
        "DROP TRIGGER IF EXISTS root_sealed; DROP TRIGGER IF EXISTS root_kept; PRAGMA foreign_keys = OFF;";
    bench.ledger.connection().execute_batch(more).unwrap();
    bench.ledger.connection().execute_batch(sql).unwrap();
}

#[test]
fn an_untouched_journal_holds() {
    let (bench, outside) = three_days();
    let check = bench.ledger.reader().unwrap().verify_journal(&outside).unwrap();
    assert_eq!(check.findings, Vec::<String>::new());
    assert_eq!((check.links, check.roots), (9, 2));
    assert_eq!(check.rows, 27);
}

#[test]
fn a_commit_that_journals_nothing_adds_no_link() {
    let (mut bench, outside) = three_days();
    let tx = bench.ledger.begin().unwrap();
    tx.advance(at(9999)).unwrap();
    tx.commit().unwrap();
    assert_eq!(bench.ledger.begin().unwrap().journal_head().unwrap(), outside.head);
}

#[test]
fn the_first_row_that_differs_is_named() {
    for (sql, told) in [
        ("UPDATE event SET note = 'none' WHERE event_id = 7", "event #7 was altered (link 4"),
        ("UPDATE event SET note = 'x' WHERE event_id IN (16, 9, 12)", "event #9 was altered (link 5"),
        ("UPDATE file_step SET cause = 'x' WHERE file_step_id = 9", "file_step #9 was altered (link 9"),
        ("DELETE FROM event WHERE event_id = 5", "1 rows are missing before event #6"),
        ("DELETE FROM event WHERE event_id = 6", "1 rows are missing before file_step #3"),
        ("DELETE FROM file_step WHERE file_step_id = 3", "1 rows are missing after event #6"),
        (
            "UPDATE event SET event_id = 100 WHERE event_id = 7; UPDATE event SET event_id = 7 WHERE event_id = 8;
             UPDATE event SET event_id = 8 WHERE event_id = 100",
            "event #7 was altered",
        ),
        ("UPDATE link SET at = at + 1 WHERE link_id = 4", "chain: link 4 itself was altered"),
        ("UPDATE link SET date = date + 1 WHERE link_id = 6", "chain: link 6 itself was altered"),
        ("DELETE FROM link WHERE link_id = 3", "chain: link 3 is missing before link 4"),
        (
            "INSERT INTO event (subject, id, at, happening, from_state, to_state, code, note)
             VALUES ('file', 1, 0, 'invented', '', '', '', '')",
            "event #19: it is in no link",
        ),
    ] {
        let (bench, outside) = three_days();
        tamper(&bench, sql);
        let found = found(&bench, &outside);
        assert!(found.first().is_some_and(|first| first.starts_with(told)), "{sql}\n{found:#?}");
    }
}

#[test]
fn a_cut_tail_is_found_by_the_head_and_the_roots() {
    // The last day, rows and links: the chain itself holds.
    let (bench, outside) = three_days();
    tamper(
        &bench,
        "DELETE FROM link WHERE link_id > 6; DELETE FROM event WHERE event_id > 12; DELETE FROM file_step WHERE file_step_id > 6",
    );
    let cut = found(&bench, &outside);
    assert_eq!(cut.len(), 1, "{cut:#?}");
    assert!(cut[0].starts_with("head: the journal went up to link 9"), "{cut:#?}");
    // And two days, with their roots in the ledger.
    tamper(
        &bench,
        "DELETE FROM root WHERE link_id > 3; DELETE FROM link WHERE link_id > 3; DELETE FROM event WHERE event_id > 6;
         DELETE FROM file_step WHERE file_step_id > 3",
    );
    let cut = found(&bench, &Outside { head: None, ..outside });
    assert!(
        cut[0].starts_with("root 2026-11-24: it lies in state/roots, but the ledger knows none"),
        "{cut:#?}"
    );
}

#[test]
fn swapped_days_are_found() {
    let (bench, outside) = three_days();
    let mut swapped = outside.clone();
    let days: Vec<Date> = outside.roots.keys().copied().collect();
    swapped.roots.insert(days[0], outside.roots[&days[1]].clone());
    swapped.roots.insert(days[1], outside.roots[&days[0]].clone());
    let told = found(&bench, &swapped);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("says something else"));
    // In the ledger: the two days' links and roots change places.
    tamper(
        &bench,
        "UPDATE root SET date = 1 WHERE link_id = 3; UPDATE root SET date = date - 1 WHERE link_id = 6;
         UPDATE root SET date = (SELECT max(date) FROM root) + 1 WHERE link_id = 3",
    );
    assert!(found(&bench, &outside)[0].contains("it is not what was sealed"));
}

#[test]
fn a_chain_that_was_written_anew_meets_its_old_roots() {
    let (mut bench, outside) = three_days();
    // Somebody who has the keys, too: alters a row of the first day, and chains all rows again.
    tamper(&bench, "UPDATE event SET note = 'none' WHERE event_id = 2; DELETE FROM root; DELETE FROM link");
    for day in 0..3 {
        let sql = format!("UPDATE meta SET business_ms = {}", at(day * 1440 + 120).unix_ms());
        tamper(&bench, &sql);
        // One link over the rows of the day stands for three: the walk itself cannot know.
        let tx = bench.ledger.begin().unwrap();
        if day == 0 {
            tx.chain_up().unwrap();
        }
        tx.close_days(date("2026-11-23").plus_days(day + 1)).unwrap();
        tx.commit().unwrap();
    }
    let told = found(&bench, &outside);
    assert!(told[0].starts_with("root 2026-11-23: its file in state/roots says something else"), "{told:#?}");
    assert!(told.iter().any(|told| told.starts_with("head:")), "{told:#?}");
    // Or leaves the roots as they were.
    let (bench, outside) = three_days();
    tamper(&bench, "UPDATE link SET hash = zeroblob(32) WHERE link_id = 3");
    let told = found(&bench, &outside);
    assert!(told[0].starts_with("chain: link 3 itself was altered"), "{told:#?}");
    assert!(told[1].contains("the chain was cut or written anew"), "{told:#?}");
}

#[test]
fn a_root_that_is_gone_is_found() {
    let (bench, outside) = three_days();
    let first = *outside.roots.keys().next().unwrap();
    let mut less = outside.clone();
    less.roots.remove(&first);
    assert_eq!(found(&bench, &less), ["root 2026-11-23: state/roots has no file of it"]);
    tamper(&bench, "DELETE FROM root WHERE link_id = 3");
    let told = found(&bench, &less);
    assert!(told[0].contains("does not follow the root before it"), "{told:#?}");
    assert!(told.iter().any(|told| told.contains("the day was journaled and has no root")), "{told:#?}");
}

/// A proposal and its decision are journaled, too: who approved cannot be changed afterwards.
#[test]
fn who_approved_is_in_the_chain() {
    let (mut bench, _) = three_days();
    let tx = bench.ledger.begin().unwrap();
    let new = NewApproval {
        file_id: 1,
        deed: "file.release",
        sha256: [7; 32],
        by: "kim",
        at: at(5000),
        expires_at: at(6000),
    };
    let id = tx.propose(&new).unwrap();
    tx.commit().unwrap();
    let tx = bench.ledger.begin().unwrap();
    let decision =
        ApprovalDecision { state: ApprovalState::Approved, by: "lee", at: at(5001), sha256: Some([8; 32]) };
    assert!(tx.decide_approval(id, &decision).unwrap());
    assert!(!tx.decide_approval(id, &decision).unwrap());
    tx.commit().unwrap();
    let outside = outside(&mut bench);
    assert_eq!(found(&bench, &outside), Vec::<String>::new());
    tamper(&bench, "DROP TRIGGER approval_decided; UPDATE approval SET decided_by = 'park'");
    assert!(
        found(&bench, &outside)[0].starts_with("decision #1 was altered"),
        "{:?}",
        found(&bench, &outside)
    );
    tamper(&bench, "DROP TRIGGER approval_sealed; UPDATE approval SET sha256 = zeroblob(32)");
    assert!(found(&bench, &outside)[0].starts_with("approval #1 was altered"));
}
