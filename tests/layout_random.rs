//! Random values through two layouts: what is written is read as the same values, and read and written again it is the same
//! bytes. Random bytes in a good file: never a panic, never a record with a value that is not in the bytes.
#![cfg(test)]

use proptest::prelude::*;
use std::fs::read_to_string;
use std::path::Path;
use std::sync::LazyLock;
use sunap::domain::Date;
use sunap::layout::{Layout, copy_record, to_json, write_json};

fn layout(name: &str) -> Layout {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/layouts/{name}.toml"));
    Layout::from_toml(name, &read_to_string(path).unwrap()).unwrap()
}

static EB21: LazyLock<Layout> = LazyLock::new(|| layout("eb21"));
static CNAB400: LazyLock<Layout> = LazyLock::new(|| layout("cnab400"));

#[derive(Debug, Clone)]
struct Line {
    account: String,
    amount: i64,
    text: String,
    payer: String,
}

fn line() -> impl Strategy<Value = Line> {
    let text = prop_oneof!["[가-힣]{0,8}", "[ -~]{0,16}", "[가-힣]{1,3}[A-Za-z]{0,5}", "[㈜·…☆家金]{0,5}"];
    ("[0-9]{1,16}", 0_i64..500_000_000_000, text, "[A-Z0-9-]{1,20}")
        .prop_map(|(account, amount, text, payer)| Line { account, amount, text, payer })
}

/// Writes an EB21; `None` where some text has no place in it.
fn write_eb21(date: Date, lines: &[Line]) -> Option<Vec<u8>> {
    let layout = &*EB21;
    let record = |name: &str| layout.record(name).unwrap();
    let field = |of: &str, name: &str| layout.field(record(of), name).unwrap();
    let mut writer = layout.writer(Vec::new());
    let mut row = writer.record(record("header"));
    row.text(field("header", "institution_code"), "9999999999").unwrap();
    row.date(field("header", "debit_date"), date).unwrap();
    row.text(field("header", "main_branch"), "0040000").unwrap();
    row.text(field("header", "deposit_account"), "123").unwrap();
    row.finish().unwrap();
    for line in lines {
        let mut row = writer.record(record("data"));
        row.text(field("data", "bank_branch"), "0880000").unwrap();
        row.text(field("data", "account_no"), &line.account).unwrap();
        row.number(field("data", "amount_won"), line.amount).unwrap();
        row.text(field("data", "id_no"), "900101").unwrap();
        row.text(field("data", "payer_no"), &line.payer).unwrap();
        row.text(field("data", "passbook_text"), &line.text).ok()?;
        row.finish().unwrap();
    }
    writer.record(record("trailer")).finish().unwrap();
    let (summary, out) = writer.finish().unwrap();
    assert_eq!(summary.count(record("data")), lines.len() as u64);
    Some(out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(
        (year, day) in (2000_i32..2069, 1_u32..365),
        lines in prop::collection::vec(line(), 0..12),
    ) {
        let date = Date::from_year_day(year, day).unwrap();
        let Some(bytes) = write_eb21(date, &lines) else { return Ok(()) };
        let layout = &*EB21;
        let mut reader = layout.reader(&layout.file_name(date), bytes.as_slice());
        let mut again = layout.writer(Vec::new());
        let mut json = String::new();
        let mut nth = 0;
        while let Some(view) = reader.next_record().unwrap() {
            copy_record(&view, &mut again, true).unwrap();
            json.push_str(&format!("{}\n", to_json(&view)));
            if view.record_name() == "data" {
                let line = &lines[nth];
                let field = |name: &str| layout.field(view.record(), name).unwrap();
                prop_assert_eq!(view.number(field("amount_won")), Some(line.amount));
                prop_assert_eq!(view.text(field("account_no")).unwrap(), line.account.as_str());
                prop_assert_eq!(view.text(field("payer_no")).unwrap(), line.payer.as_str());
                let text = view.text(field("passbook_text")).unwrap_or_default();
                prop_assert_eq!(text.as_ref(), line.text.trim_end_matches(' '));
                nth += 1;
            }
        }
        let summary = reader.finish().unwrap();
        prop_assert!(summary.faults.is_empty(), "{}", summary.faults);
        prop_assert_eq!(&again.finish().unwrap().1, &bytes);
        prop_assert_eq!(&write_json(layout, "j", json.as_bytes(), Vec::new(), false).unwrap().1, &bytes);
    }

    #[test]
    fn changed_bytes_never_panic_and_what_still_reads_is_written_back(
        changes in prop::collection::vec((0_usize..310, any::<u8>()), 1..4),
    ) {
        let layout = &*CNAB400;
        let mut bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts/cnab400.dat")).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let mut reader = layout.reader("x", bytes.as_slice());
        let mut out = layout.writer(Vec::new());
        let mut copied = true;
        while let Some(view) = reader.next_record().unwrap() {
            copied &= copy_record(&view, &mut out, false).is_ok();
        }
        let summary = reader.finish().unwrap();
        let _ = summary.faults.to_string();
        if summary.faults.is_empty() {
            prop_assert!(copied);
            let zero_minus = bytes.windows(14).any(|w| w == b"-0000000000000");
            prop_assert!(zero_minus || out.finish().unwrap().1 == bytes);
        }
    }
}
