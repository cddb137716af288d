//! Layouts of several countries (`tests/layouts/*.toml`) with sample files (`*.dat`, invented): what is read is written
//! back byte for byte, from values and from JSON; a file that is cut anywhere or changed anywhere is never taken for whole.

#![cfg(test)]

use std::path::Path;
use sunap::fault::Faults;
use sunap::layout::{Layout, ReadSummary, copy_record, describe, detect, to_json, write_json};

/// Names of the fixtures, and the name under which the sample arrived.
const FIXTURES: [(&str, &str); 7] = [
    ("eb21", "EB210605"),
    ("eb22", "EB220605"),
    ("ei13", "EI130601"),
    ("nacha", "ACH260105.txt"),
    ("zengin", "ZENGIN.DAT"),
    ("cnab240", "CB0501.REM"),
    ("cnab400", "C426005.REM"),
];

fn read_fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).unwrap()
}

fn layout(name: &str) -> Layout {
    let file = format!("layouts/{name}.toml");
    let text = String::from_utf8(read_fixture(&file)).unwrap();
    Layout::from_toml(&file, &text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn summary(layout: &Layout, name: &str, bytes: &[u8]) -> ReadSummary {
    let mut reader = layout.reader(name, bytes);
    while reader.next_record().unwrap().is_some() {}
    reader.finish().unwrap()
}

fn faults(layout: &Layout, name: &str, bytes: &[u8]) -> Faults {
    summary(layout, name, bytes).faults
}

fn copy(layout: &Layout, name: &str, bytes: &[u8], computing: bool) -> Vec<u8> {
    let found = faults(layout, name, bytes);
    assert!(found.is_empty(), "{name}: {found}");
    let mut reader = layout.reader(name, bytes);
    let mut writer = layout.writer(Vec::new());
    while let Some(view) = reader.next_record().unwrap() {
        copy_record(&view, &mut writer, computing).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let summary = reader.finish().unwrap();
    assert!(summary.checks.iter().all(|check| check.holds), "{:?}", summary.checks);
    writer.finish().unwrap_or_else(|error| panic!("{name}: {error}")).1
}

/// Equal bytes, or the first place where they are not.
fn same(found: &[u8], wanted: &[u8], what: &str) {
    let at = found.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    let near = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[at.min(bytes.len())..bytes.len().min(at + 40)]).into_owned()
    };
    assert!(found == wanted, "{what}: byte {}: {:?} for {:?}", at + 1, near(found), near(wanted));
}

fn json_lines(layout: &Layout, name: &str, bytes: &[u8]) -> String {
    let mut reader = layout.reader(name, bytes);
    let mut lines = String::new();
    while let Some(view) = reader.next_record().unwrap() {
        assert!(!describe(&view).is_empty());
        lines.push_str(&to_json(&view).to_string());
        lines.push('\n');
    }
    lines
}

#[test]
fn read_and_written_back_the_bytes_are_the_same() {
    for (name, file) in FIXTURES {
        let layout = layout(name);
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        for computing in [true, false] {
            same(&copy(&layout, file, &bytes, computing), &bytes, &format!("{name}, computing {computing}"));
        }
    }
}

#[test]
fn json_and_back_the_bytes_are_the_same() {
    for (name, file) in FIXTURES {
        let layout = layout(name);
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        let lines = json_lines(&layout, file, &bytes);
        for fill in [false, true] {
            let (_, out) = write_json(&layout, "in.jsonl", lines.as_bytes(), Vec::new(), fill)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            same(&out, &bytes, &format!("{name}, fill {fill}\n{lines}"));
        }
    }
}

#[test]
fn json_that_leaves_out_what_can_be_computed_is_filled() {
    let computed = ["serial_no", "total_count", "full_count", "full_sum_won", "file_name"];
    let layout = layout("eb21");
    let bytes = read_fixture("layouts/eb21.dat");
    let mut lines = String::new();
    for line in json_lines(&layout, "EB210605", &bytes).lines() {
        let mut object: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = object["fields"].as_object_mut().unwrap();
        fields.retain(|key, _| !computed.contains(&key.as_str()));
        lines.push_str(&object.to_string());
        lines.push('\n');
    }
    let (_, out) = write_json(&layout, "in.jsonl", lines.as_bytes(), Vec::new(), true).unwrap();
    same(&out, &bytes, "eb21, filled");
    let error = write_json(&layout, "in.jsonl", lines.as_bytes(), Vec::new(), false).unwrap_err();
    assert!(error.to_string().contains("field-not-set"), "{error}");
}

#[test]
fn a_wrong_sum_in_json_is_a_fault() {
    let layout = layout("eb21");
    let lines = json_lines(&layout, "EB210605", &read_fixture("layouts/eb21.dat"));
    let wrong = lines.replace("\"full_sum_won\":\"0", "\"full_sum_won\":\"1");
    for fill in [false, true] {
        let error = write_json(&layout, "in.jsonl", wrong.as_bytes(), Vec::new(), fill).unwrap_err();
        assert!(error.to_string().contains("sum-differs"), "{error}");
    }
}

#[test]
fn json_is_as_decided() {
    let layout = layout("eb22");
    let lines = json_lines(&layout, "EB220605", &read_fixture("layouts/eb22.dat"));
    let second: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["record"], "data");
    assert_eq!(second["no"], 2);
    assert_eq!(second["at_byte"], 151);
    let fields = second["fields"].as_object().unwrap();
    assert_eq!(fields["record_kind"], "R");
    assert_eq!(fields["result"], "failed");
    assert_eq!(fields["result_code"], "0021");
    assert_eq!(fields["passbook_text"], "렌탈료");
    assert_eq!(fields["serial_no"], "00000002");
    assert_eq!(fields["amount_won"], "0000000123456");
    assert_eq!(fields["bank_branch"], "0880000");
    assert!(!fields.contains_key("phone_no") && !fields.contains_key("filler"));
}

#[test]
fn cut_anywhere_a_file_is_never_whole() {
    for (name, file) in FIXTURES {
        let layout = layout(name);
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        // Only the byte 0x1A, which may be missing, and the last line end, where it may be missing, can be lost unnoticed.
        let spare = match name {
            "zengin" => 1,
            "cnab240" => 2,
            _ => 0,
        };
        let step = if name == "ei13" { 37 } else { 1 };
        for end in (0..bytes.len() - spare).step_by(step) {
            let found = faults(&layout, file, &bytes[..end]);
            let cr_left = name == "cnab240" && end == bytes.len() - 1;
            assert!(!found.is_empty() || cr_left, "{name} cut at {end}");
        }
    }
}

#[test]
fn lines_doubled_or_lost_are_found() {
    for (name, file) in FIXTURES.iter().filter(|(name, _)| !matches!(*name, "ei13")) {
        let layout = layout(name);
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        let line = if name.starts_with("eb") {
            layout.record_bytes()
        } else {
            bytes.iter().position(|b| *b == b'\n').unwrap() + 1
        };
        let lines: Vec<&[u8]> = bytes.chunks(line).collect();
        for at in 0..lines.len() {
            let is_fill = lines[at].iter().all(|b| *b == b'9' || *b == b'\n') || lines[at].len() < line;
            let mut lost = lines.clone();
            lost.remove(at);
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            for changed in [lost.concat(), doubled.concat()] {
                assert!(is_fill || !faults(&layout, file, &changed).is_empty(), "{name} line {at}");
            }
        }
    }
}

#[test]
fn other_line_ends_are_read_where_accepted_and_written_by_the_book() {
    let eb21 = layout("eb21");
    let bytes = read_fixture("layouts/eb21.dat");
    for end in [&b"\n"[..], b"\r\n"] {
        let with_ends: Vec<u8> = bytes.chunks(150).flat_map(|record| [record, end].concat()).collect();
        same(&copy(&eb21, "EB210605", &with_ends, true), &bytes, "eb21 with line ends");
        let mut mixed = with_ends.clone();
        mixed.splice(150..150 + end.len(), if end.len() == 1 { b"\r\n".to_vec() } else { b"\n".to_vec() });
        assert!(!faults(&eb21, "EB210605", &mixed).is_empty(), "mixed line ends");
    }
    let eb22 = layout("eb22");
    let bytes = read_fixture("layouts/eb22.dat");
    let with_ends: Vec<u8> = bytes.chunks(150).flat_map(|record| [record, b"\n"].concat()).collect();
    assert!(!faults(&eb22, "EB220605", &with_ends).is_empty(), "eb22 accepts no line ends");
}

#[test]
fn the_real_sample_reads_but_has_no_trailer() {
    let layout = layout("eb22");
    let bytes = read_fixture("data/EB221015");
    let mut reader = layout.reader("inbox/EB221015", bytes.as_slice());
    let header = reader.next_record().unwrap().unwrap();
    let date = layout.field(header.record(), "debit_date").unwrap();
    assert_eq!(header.date(date).unwrap().to_string(), "2015-10-15");
    let data = reader.next_record().unwrap().unwrap();
    let field = |name: &str| layout.field(data.record(), name).unwrap();
    assert_eq!(data.number(field("serial_no")), Some(2));
    assert_eq!(data.number(field("amount_won")), Some(96_400));
    assert_eq!(data.code(field("result")), Some("failed"));
    assert_eq!(data.code(field("result_code")), None, "a blank 불능코드");
    assert_eq!(data.text(field("bank_branch")).unwrap(), "0040000");
    assert_eq!(data.text(field("passbook_text")).unwrap(), "넥센타이어");
    assert_eq!(data.text(field("payer_no")).unwrap(), "D15000000527");
    assert_eq!(data.code(field("debit_mode")), Some("3"), "not listed, kept as it is");
    assert_eq!(data.tolerated().collect::<Vec<_>>(), ["space-for-zeros"]);
    let summary = reader.finish().unwrap();
    assert_eq!(summary.faults.kept()[0].name, "file-ends-early");
    assert_eq!(summary.faults.total(), 1);
    assert_eq!(summary.tolerated[0].tolerance, "space-for-zeros");
    assert_eq!(summary.date.unwrap().to_string(), "2015-10-15");
}

#[test]
fn padding_of_either_kind_is_read_and_a_lone_half_blank_only_where_tolerated() {
    let eb21 = layout("eb21");
    let bytes = read_fixture("layouts/eb21.dat");
    let at = bytes.windows(10).position(|w| w == b"RENTAL FEE").unwrap();
    let mut wide = bytes.clone();
    wide[at + 10..at + 16].fill(0xa1);
    same(&copy(&eb21, "EB210605", &wide, true), &bytes, "ASCII text is padded with ASCII blanks");
    let mut odd = bytes.clone();
    odd[at + 9..at + 16].fill(0xa1);
    let read = summary(&eb21, "EB210605", &odd);
    assert!(read.faults.is_empty(), "{}", read.faults);
    assert_eq!((read.tolerated[0].tolerance, read.tolerated[0].count), ("odd-a1", 1));
}

#[test]
fn a_name_of_another_day_is_a_fault_and_a_free_name_is_not() {
    let layout = layout("eb22");
    let bytes = read_fixture("layouts/eb22.dat");
    assert_eq!(faults(&layout, "inbox/EB220606", &bytes).kept()[0].name, "file-name-differs");
    assert!(faults(&layout, "copy of result.dat", &bytes).is_empty());
}

#[test]
fn detects_by_name_and_by_first_record() {
    let layouts: Vec<Layout> = FIXTURES.iter().map(|(name, _)| layout(name)).collect();
    for (at, (name, file)) in FIXTURES.iter().enumerate() {
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        assert_eq!(detect(&layouts, file, &bytes).unwrap().name(), layouts[at].name());
        assert_eq!(detect(&layouts, "unknown.dat", &bytes).unwrap().name(), layouts[at].name(), "{name}");
    }
    assert_eq!(detect(&layouts, "x", b"").unwrap_err().name, "layout-not-found");
    assert_eq!(detect(&layouts, "EB210105_2026", b"").unwrap().name(), "EB21");
}

#[test]
fn faulty_records_are_skipped_and_ten_thousand_faults_are_counted() {
    let layout = layout("eb21");
    let bytes = read_fixture("layouts/eb21.dat");
    let mut many = bytes[..150].to_vec();
    for _ in 0..10_000 {
        let mut record = bytes[150..300].to_vec();
        record[50] = b' ';
        many.extend_from_slice(&record);
    }
    let mut reader = layout.reader("EB210605", many.as_slice());
    assert!(reader.next_record().unwrap().is_some());
    assert!(reader.next_record().unwrap().is_none(), "no faulty record is given out");
    let found = reader.finish().unwrap().faults;
    assert!(found.total() > 10_000);
    assert_eq!(found.kept().len(), Faults::CAP);
}

#[test]
fn personal_numbers_are_masked_in_faults() {
    let layout = layout("eb21");
    let mut bytes = read_fixture("layouts/eb21.dat");
    bytes[150 + 45] = b'x';
    bytes[300 + 30] = b'-';
    let text = faults(&layout, "EB210605", &bytes).to_string();
    for number in ["000000000000001", "0000000000002", "900101", "1234567890"] {
        assert!(!text.contains(number), "{number} in\n{text}");
    }
}

/// A fixture changed in places, each of which must be there.
fn changed(name: &str, changes: &[(&str, &str)]) -> Layout {
    let file = format!("layouts/{name}.toml");
    let mut text = String::from_utf8(read_fixture(&file)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    Layout::from_toml(&file, &text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A small layout of one field between a mark and an end, for the table below.
fn one_field(field: &str) -> Layout {
    let text = format!(
        "name = \"T\"\nko = \"시험\"\nencoding = \"ks-x-1001\"\nrecord_bytes = 8\nfile_name = \"T\"\norder = [\"d+\"]\n\
         [[record]]\nname = \"d\"\nfields = [{{ name = \"mark\", ko = \"표\", at = 1, len = 1, type = \"code\", codes = {{ \"A\" = \"a\", \"B\" = \"b\" }} }},\n\
         {{ name = \"x\", ko = \"값\", at = 2, len = 7, {field} }}]\n"
    );
    Layout::from_toml("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Field, record, what is read: number, text, code or the fault; and the tolerance used.
const FIELDS: [(&str, &str, &str); 31] = [
    ("type = \"number\"", "A0000050", "50"),
    ("type = \"number\"", "A     50", "number-must-be-digits"),
    ("type = \"number\"", "A       ", "value-missing"),
    ("type = \"number\", optional = true", "A       ", "-"),
    ("type = \"number\", tolerate = [\"space-before-number\"]", "A     50", "50 space-before-number"),
    ("type = \"number\", tolerate = [\"blank-is-zero\"]", "A       ", "0 blank-is-zero"),
    ("type = \"number\", tolerate = [\"space-for-zeros\"]", "A004    ", "40000 space-for-zeros"),
    ("type = \"number\", tolerate = [\"space-for-zeros\"]", "A0 4    ", "number-must-be-digits"),
    ("type = \"number\", sign = \"leading\"", "A-000005", "-5"),
    ("type = \"number\", sign = \"trailing\", plus = \"0\"", "A0000500", "50"),
    ("type = \"number\", sign = \"trailing\"", "A0000500", "sign-expected"),
    ("type = \"digits\"", "A12     ", "12"),
    ("type = \"digits\"", "A  12   ", "digits-expected"),
    ("type = \"digits\"", "A1 2    ", "digits-expected"),
    ("type = \"digits\", tolerate = [\"leading-space\"]", "A  12   ", "12 leading-space"),
    ("type = \"digits\", align = \"right\"", "A0000012", "12"),
    ("type = \"ascii\"", "Aa-1    ", "a-1"),
    ("type = \"ascii\"", "Aa 1    ", "character-not-allowed"),
    ("type = \"ascii\", chars = \"alnum\"", "Aa-1    ", "character-not-allowed"),
    ("type = \"ascii\", chars = \"printable\"", "Aa 1    ", "a 1"),
    ("type = \"ascii\", align = \"right\"", "A     a1", "a1"),
    ("type = \"filler\", tolerate = [\"any-filler\"]", "A  x    ", "x any-filler"),
    ("type = \"filler\", value = \"0\"", "A0000000", "0000000"),
    ("type = \"filler\", value = \"0\"", "A0000 00", "filler-differs"),
    ("type = \"code\", open = true", "AE21    ", "E21"),
    ("type = \"code\", codes = { \" \" = \"none\", \"X\" = \"ex\" }", "A       ", "none"),
    ("type = \"digits\", blank_unless = { field = \"mark\", is = \"b\" }", "A       ", "-"),
    ("type = \"digits\", blank_unless = { field = \"mark\", is = \"b\" }", "A1      ", "value-must-be-blank"),
    ("type = \"digits\", blank_unless = { field = \"mark\", is = \"b\" }", "B       ", "value-missing"),
    (
        "type = \"digits\", optional = true, required_when = { field = \"mark\", in = [\"b\"] }",
        "A       ",
        "-",
    ),
    (
        "type = \"digits\", optional = true, required_when = { field = \"mark\", in = [\"b\"] }",
        "B       ",
        "value-missing",
    ),
];

#[test]
fn table_of_fields() {
    for (field, record, wanted) in FIELDS {
        let layout = one_field(field);
        let mut reader = layout.reader("T", record.as_bytes());
        let mut found = String::new();
        if let Some(view) = reader.next_record().unwrap() {
            let ix = layout.field(view.record(), "x").unwrap();
            let number = view.number(ix).map(|n| n.to_string());
            let text = view.text(ix).map(|text| text.into_owned());
            let code = view.code(ix).map(str::to_string);
            found = code
                .or(number)
                .or(text)
                .filter(|_| !view.is_blank(ix) || field.contains("none"))
                .unwrap_or("-".into());
            if field.contains("filler") {
                found = view.text(ix).unwrap().into_owned();
            }
            for used in view.tolerated() {
                found = format!("{found} {used}");
            }
        }
        let faults = reader.finish().unwrap().faults;
        if let Some(fault) = faults.kept().first() {
            found = fault.name.to_string();
        }
        assert_eq!(found, wanted, "{field} / {record}");
    }
}

#[test]
fn serials_ascending_and_counted_by_scope() {
    let serial = |rule: &str| one_field(&format!("type = \"serial\", serial = \"{rule}\""));
    for (rule, numbers, good) in [
        ("consecutive", [1, 2, 3], true),
        ("consecutive", [2, 3, 4], false),
        ("ascending", [2, 5, 9], true),
        ("ascending", [2, 2, 9], false),
        ("unique", [9, 2, 5], true),
        ("unique", [9, 2, 9], false),
        ("free", [9, 9, 1], true),
    ] {
        let bytes: String = numbers.iter().map(|n| format!("A{n:07}")).collect();
        assert_eq!(faults(&serial(rule), "T", bytes.as_bytes()).is_empty(), good, "{rule} {numbers:?}");
    }
}

#[test]
fn ends_of_files() {
    let bytes = read_fixture("layouts/eb21.dat");
    let with = |tail: &[u8]| [bytes.as_slice(), tail].concat();
    let tolerant = changed(
        "eb21",
        &[("accept = [\"lf\", \"crlf\"]", "tolerate = [\"final-newline\"]\ntrailing_1a = \"accepted\"")],
    );
    let strict = layout("eb21");
    for tail in [&b"\n"[..], b"\r\n", b"\x1a", b"\n\x1a"] {
        assert!(faults(&tolerant, "EB210605", &with(tail)).is_empty(), "{tail:?}");
        assert!(!faults(&strict, "EB210605", &with(tail)).is_empty(), "{tail:?}");
    }
    for tail in [&b"\n\n\n"[..], b"\x1a\x1a", b"x"] {
        assert!(!faults(&tolerant, "EB210605", &with(tail)).is_empty(), "{tail:?}");
    }
}

/// Gives one byte at a time, then fails.
struct Drip<'a>(&'a [u8], bool);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else {
            return if self.1 { Err(std::io::Error::other("the disk is gone")) } else { Ok(0) };
        };
        out[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

#[test]
fn bytes_that_come_one_by_one_are_the_same_file_and_a_failing_disk_is_no_verdict() {
    for (name, file) in FIXTURES {
        let layout = layout(name);
        let bytes = read_fixture(&format!("layouts/{name}.dat"));
        let read = layout.reader(file, Drip(&bytes, false)).finish().unwrap();
        assert!(read.faults.is_empty(), "{name}: {}", read.faults);
        assert_eq!(read.bytes, bytes.len() as u64);
        assert!(layout.reader(file, Drip(&bytes, true)).finish().is_err(), "{name}: trouble, not faults");
    }
}

/// E65: two revisions of one file kind, by dates without overlap: a file of either time is read by its own.
#[test]
fn e65_a_file_is_of_the_revision_that_held_on_its_date() {
    let text = std::fs::read_to_string("tests/layouts/eb21.toml").unwrap();
    let with = |key: &str, name: &str| {
        let text = text.replacen("name = \"EB21\"", &format!("name = \"{name}\"\n{key}"), 1);
        Layout::from_toml(name, &text).unwrap_or_else(|faults| panic!("{faults}"))
    };
    let old = with("effective_until = 2026-06-04", "EB21-old");
    let new = with("effective_from = 2026-06-05", "EB21-new");
    let sample = |date: &str| {
        let bytes = std::fs::read("tests/layouts/eb21.dat").unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let at = text.find("260605").unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + 6].copy_from_slice(date.as_bytes());
        let name = bytes.windows(8).position(|w| w == b"EB210605").unwrap();
        bytes[name + 4..name + 8].copy_from_slice(&date.as_bytes()[2..]);
        bytes
    };
    for (date, file, name) in [("260604", "EB210604", "EB21-old"), ("260605", "EB210605", "EB21-new")] {
        let found = detect([&old, &new], file, &sample(date)).unwrap();
        assert_eq!(found.name(), name, "{date}");
    }
}
