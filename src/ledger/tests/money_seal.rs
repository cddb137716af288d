//! An amount that was changed behind the program's back is found and named, in every table that holds money.

use super::*;
use crate::ledger::money_seal::{RULE, TABLES};

/// A row in every table that is sealed: a mandate with a charge that is requested, cash for it, money moved, a settled line
/// and one that waits, and a payment.
fn rich() -> Bench {
    let mut bench = Bench::new();
    bench.charged(3);
    let tx = bench.ledger.begin().unwrap();
    let file = plan(&tx, "EB21", "2026-12-07");
    let found = tx.candidates(&query()).unwrap();
    tx.request(file, &all_of(&found, CollectionKind::Regular), at(3)).unwrap();
    let won = tx.sum(file).unwrap();
    publish(&tx, file, 3, won, 10);
    let result = claim(&tx, "EB22", "EB221207", 5, 20);
    answer(&tx, result, file, (0, 0, 0, 3), 21);
    let came = |won| NewCash {
        charge_id: 1,
        creditor: creditor(),
        won: Won::new(won),
        paid_on: date("2026-12-08"),
        receipt_no: "",
        note: "",
        cancels: None,
        at: at(30),
        file: result,
        line: None,
    };
    tx.add_cash(&came(700)).unwrap();
    let moved =
        ChargeMove { charge_id: 1, won: Won::new(-700), other: None, proof: "x", at: at(31), file: result };
    tx.move_money(&moved).unwrap();
    let waiting = tx.settlement_waiting(creditor(), date("2026-12-07"), date("2026-12-08")).unwrap();
    let row = SettlementRow {
        settlement_id: 0,
        creditor: creditor(),
        date: date("2026-12-08"),
        waiting,
        fee: Won::ZERO,
        vat: Won::ZERO,
        net: waiting.collected,
        fee_above: false,
        sheet: "s.csv".into(),
    };
    let id = tx.settle(&row, date("2026-12-07"), at(40)).unwrap();
    let account = "110234000001".parse().unwrap();
    let payout = NewPayout {
        of: PayoutFor::Settlement(id),
        creditor: creditor(),
        channel: &channel(),
        won: row.net,
        bank: "004".parse().unwrap(),
        account: &account,
        passbook_text: "정산금",
        pay_on: date("2026-12-09"),
        again_of: None,
    };
    tx.request_payout(&payout, at(41)).unwrap();
    tx.commit().unwrap();
    bench
}

fn altered(bench: &Bench) -> Vec<String> {
    bench.audit().into_iter().filter(|one| one.rule == RULE).map(|one| one.text).collect()
}

#[test]
fn a_changed_amount_is_found_in_every_table() {
    let changes = [
        ("mandate 2", "UPDATE mandate SET monthly_won = monthly_won + 1 WHERE mandate_id = 2"),
        ("mandate 2", "UPDATE mandate SET limit_won = limit_won * 10 WHERE mandate_id = 2"),
        ("charge 2", "UPDATE charge SET amount_won = 1 WHERE charge_id = 2"),
        ("charge 2", "UPDATE charge SET month = month + 1 WHERE charge_id = 2"),
        ("allocation 2 to charge 2", "UPDATE allocation SET won = 49999 WHERE collection_id = 2"),
        ("cash 1", "UPDATE cash SET won = 70000"),
        ("cash 1", "UPDATE cash SET charge_id = 2"),
        ("charge_move 1", "UPDATE charge_move SET won = -7"),
        ("settlement_line 1", "UPDATE settlement_line SET won = won + 1"),
        ("settlement_line 1", "UPDATE settlement_line SET successes = 2"),
        ("settlement 1", "UPDATE settlement SET fee_won = 100, net_won = net_won - 100"),
        ("payout 1", "UPDATE payout SET won = won * 2"),
        ("payout 1", "UPDATE payout SET bank = 88"),
        // A row that another program made, with the seal of another row.
        (
            "cash 2",
            "INSERT INTO cash SELECT 2, charge_id, creditor, 900, paid_on, '', '', NULL, at, file_id, NULL, mac FROM cash",
        ),
    ];
    let tables: std::collections::BTreeSet<&str> =
        changes.iter().filter_map(|(row, _)| row.split(' ').next()).collect();
    assert_eq!(tables, TABLES.iter().map(|table| table.0).collect());
    for (row, change) in changes {
        let mut bench = rich();
        assert_eq!(altered(&bench), Vec::<String>::new());
        let triggers: Vec<String> = {
            let sql = bench.ledger.connection();
            let mut all = sql.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
            all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        for name in triggers {
            bench.ledger.connection().execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        assert_eq!(bench.ledger.connection().execute(change, []).unwrap(), 1, "{change}");
        let found = altered(&bench);
        assert_eq!(found.len(), 1, "{change}: {found:?}");
        assert!(found[0].starts_with(&format!("{row}: ")), "{change}: {found:?}");
        let nightly = bench.ledger.begin().unwrap().audit_money(Some(at(42))).unwrap();
        assert!(nightly.iter().any(|one| one.rule == RULE), "{change}");
    }
}

#[test]
fn a_line_whose_amounts_were_changed_has_nothing_open() {
    for (change, whole) in [
        ("SELECT 1", true),
        ("UPDATE charge SET amount_won = 40000 WHERE charge_id = 2", false),
        ("UPDATE allocation SET won = 40000 WHERE collection_id = 2", false),
        ("UPDATE collection SET amount_won = 40000 WHERE collection_id = 2", false),
        // The three agree, and still nobody but sunap wrote them.
        (
            "UPDATE collection SET amount_won = 40000 WHERE collection_id = 2;
             UPDATE allocation SET won = 40000 WHERE collection_id = 2;
             UPDATE charge SET amount_won = 40000, attached_won = 40000 WHERE charge_id = 2",
            false,
        ),
        ("DELETE FROM allocation WHERE collection_id = 2", false),
    ] {
        let mut bench = Bench::new();
        bench.charged(3);
        let tx = bench.ledger.begin().unwrap();
        let file = plan(&tx, "EB21", "2026-12-07");
        let found = tx.candidates(&query()).unwrap();
        tx.request(file, &all_of(&found, CollectionKind::Regular), at(3)).unwrap();
        tx.sql
            .execute_batch(
                "DROP TRIGGER allocation_sealed; DROP TRIGGER collection_sealed; DROP TRIGGER allocation_kept;",
            )
            .unwrap();
        tx.sql.execute_batch(change).unwrap();
        let open: Vec<Option<i64>> =
            tx.planned_lines(file, 0, 10).unwrap().iter().map(|row| row.open.map(Won::get)).collect();
        assert_eq!(open, [Some(50_000), whole.then_some(50_000), Some(50_000)], "{change}");
    }
}

#[test]
fn money_that_waits_to_be_paid_is_asked_for_before() {
    let mut bench = rich();
    assert_eq!(bench.ledger.begin().unwrap().altered_before_paying().unwrap(), Vec::<String>::new());
    bench
        .ledger
        .connection()
        .execute_batch("DROP TRIGGER payout_sealed; UPDATE payout SET won = won + 1")
        .unwrap();
    let found = bench.ledger.begin().unwrap().altered_before_paying().unwrap();
    assert!(matches!(found.as_slice(), [one] if one.starts_with("payout 1: ")), "{found:?}");
}

/// No other program has the function, and the file cannot call it: a trigger put into it cannot seal what it changes.
#[test]
fn the_file_itself_cannot_seal() {
    let bench = rich();
    let sql = bench.ledger.connection();
    sql.execute_batch(
        "DROP TRIGGER cash_kept_u; CREATE TRIGGER forge AFTER UPDATE OF note ON cash BEGIN
           UPDATE cash SET mac = money_seal('cash', charge_id, creditor, won, paid_on, cancels, at); END",
    )
    .unwrap();
    let error = sql.execute("UPDATE cash SET note = 'x', won = 5", []).unwrap_err().to_string();
    assert!(error.contains("unsafe use of money_seal"), "{error}");
}

/// Nights from `day` days after the bench's first on, in each of which `rule` is found (true) or not.
fn week(bench: &mut Bench, day: i64, rule: &str) -> Vec<bool> {
    let night = |n: i64| at((day + n) * 24 * 60 + 10);
    let tx = bench.ledger.begin().unwrap();
    (0..7).map(|n| tx.audit_money(Some(night(n))).unwrap().iter().any(|one| one.rule == rule)).collect()
}

#[test]
fn what_is_old_is_looked_at_once_a_week_and_the_night_after_something_happened_to_it() {
    let mut bench = rich();
    bench
        .ledger
        .connection()
        .execute("UPDATE charge SET paid_won = paid_won + 1 WHERE charge_id = 2", [])
        .unwrap();
    assert_eq!(week(&mut bench, 0, "I3"), [true; 7], "young");
    let old = week(&mut bench, 100, "I3");
    assert_eq!(old.iter().filter(|found| **found).count(), 1, "{old:?}");
    assert!(bench.audit().iter().any(|one| one.rule == "I3"), "verify looks at everything");
    assert!(
        !bench.ledger.begin().unwrap().audit_money(None).unwrap().is_empty(),
        "and so does a night with the alert"
    );
    // An event about the charge on the hundredth day: found that night, whatever its seventh.
    let tell = "INSERT INTO event (subject, id, at, happening, from_state, to_state, code, note)
        VALUES ('charge', 2, ?1, 'corrected', 'open', 'open', '', '')";
    bench.ledger.connection().execute(tell, [at(100 * 24 * 60).unix_ms()]).unwrap();
    let touched = week(&mut bench, 100, "I3");
    assert_eq!(touched.get(..3), Some([true; 3].as_slice()), "{touched:?}");
}
