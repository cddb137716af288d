//! No statement of the daily way reads a large table from end to end.

use super::*;
use crate::ledger::query::find;
use crate::ledger::{candidate, charge, mandate, payer, registration};

/// The sources whose statements are checked. The audit and the digest read everything on purpose.
const SOURCES: &[(&str, &str)] = &[
    ("candidate.rs", include_str!("../candidate.rs")),
    ("charge.rs", include_str!("../charge.rs")),
    ("collection.rs", include_str!("../collection.rs")),
    ("due.rs", include_str!("../due.rs")),
    ("emission.rs", include_str!("../emission.rs")),
    ("event.rs", include_str!("../event.rs")),
    ("file.rs", include_str!("../file.rs")),
    ("lines_mac.rs", include_str!("../lines_mac.rs")),
    ("mandate.rs", include_str!("../mandate.rs")),
    ("outcome.rs", include_str!("../outcome.rs")),
    ("payer.rs", include_str!("../payer.rs")),
    ("registration.rs", include_str!("../registration.rs")),
    ("query/answers.rs", include_str!("../query/answers.rs")),
    ("query/board.rs", include_str!("../query/board.rs")),
    ("query/find.rs", include_str!("../query/find.rs")),
    ("query/history.rs", include_str!("../query/history.rs")),
    ("query/totals.rs", include_str!("../query/totals.rs")),
];

/// Small tables by name or alias, rows made by the statement itself, a covering index that the board counts along, and one of few rows.
const MAY_SCAN: &[&str] = &[
    "file",
    "f",
    "due",
    "alert",
    "meta",
    "json_each",
    "d",
    "j",
    "numbered",
    "picked",
    "CONSTANT",
    "(subquery",
    "mandate USING COVERING INDEX mandate_standing",
    "file_step USING INDEX file_step_by_order",
];

/// The string literals of a source, escapes of line ends undone.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('"') {
        let mut text = String::new();
        let mut chars = rest.split_at(start + 1).1.char_indices();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    end = start + 1 + at + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, '\n')) => text.push(' '),
                    Some((_, other)) => text.push(other),
                    None => {}
                },
                _ => text.push(c),
            }
        }
        found.push(text);
        rest = rest.split_at(end).1;
    }
    found
}

/// Statements that are put together from parts.
fn assembled() -> Vec<String> {
    let facts = |rest: &str| format!("SELECT {} {rest}", mandate::COLUMNS);
    vec![
        facts(mandate::BY_PAYER),
        facts(mandate::BY_NUMBER),
        facts(mandate::BY_KEY),
        format!("SELECT {} {}", candidate::MANDATE, mandate::BY_PAYER),
        candidate::looking(),
        candidate::free_of_mandate(),
        charge::making(charge::ALL),
        charge::making(charge::ACTIVATED),
        charge::making(charge::THESE),
        format!("SELECT {} FROM payer p WHERE {}", payer::COLUMNS, payer::BY_NUMBER),
        registration::lines_of_file(),
        registration::lines_of_numbers(),
        find::lines_of_file(),
        find::lines_left_out(),
        find::lines_asked_for(),
        find::one_line(),
        find::mandates_by_text(),
        find::payers_by_number(),
    ]
}

fn is_statement(text: &str) -> bool {
    // What holds a brace is a pattern; parts without a table are columns.
    let whole = !text.contains('{') && (!text.starts_with("SELECT") || text.contains("FROM"));
    whole
        && !text.starts_with("SELECT k.collection_id, k.line_no, k.mandate_id, k.creditor, p.payer_no")
        && ["SELECT ", "UPDATE ", "INSERT ", "WITH "].iter().any(|word| text.starts_with(word))
}

#[test]
fn large_tables_are_searched_not_scanned() {
    let bench = Bench::new();
    let sql = bench.ledger.connection();
    let mut statements: Vec<(String, String)> = Vec::new();
    for (name, source) in SOURCES {
        let source = source.replace("'\"'", "");
        for text in literals(&source).into_iter().filter(|text| is_statement(text)) {
            statements.push(((*name).to_string(), text));
        }
    }
    let plain = statements.len();
    assert!(plain > 50, "only {plain} statements found");
    statements.extend(assembled().into_iter().map(|text| ("assembled".to_string(), text)));
    let mut wrong = Vec::new();
    for (name, text) in &statements {
        let explained = sql.prepare(&format!("EXPLAIN QUERY PLAN {text}"));
        let mut statement = explained.unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
        let count = statement.parameter_count();
        for n in 1..=count {
            statement.raw_bind_parameter(n, rusqlite::types::Null).unwrap();
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let detail: String = row.get(3).unwrap();
            if let Some(scanned) = detail.strip_prefix("SCAN ")
                && !MAY_SCAN.iter().any(|may| {
                    scanned == *may
                        || scanned.starts_with(&format!("{may} "))
                        || may.starts_with('(') && scanned.starts_with(may)
                })
            {
                wrong.push(format!("{name}: {detail}: {text}"));
            }
            if detail.contains("AUTOMATIC") {
                wrong.push(format!("{name}: {detail}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
