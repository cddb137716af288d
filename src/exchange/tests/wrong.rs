//! Files of ours that are refused, and results that are harmed.

use super::*;

#[test]
fn whole_files_that_are_refused() {
    let good = || eb21("2026-01-06", &rows());
    let table: [(&str, &str, Vec<u8>, &str, &str); 8] = [
        ("unknown name", "EB990106", good(), "2026-01-05 14:00", "631"),
        ("not the header's date", "EB210107", good(), "2026-01-05 14:00", "632"),
        ("no banking day", "EB210110", eb21("2026-01-10", &rows()), "2026-01-05 14:00", "A011"),
        ("at the deadline", "EB210106", good(), "2026-01-05 17:00", "634"),
        ("just in time", "EB210106", good(), "2026-01-05 16:59:59", ""),
        ("empty", "EB210106", Vec::new(), "2026-01-05 14:00", "800"),
        ("cut", "EB210106", good().split_at(200).0.to_vec(), "2026-01-05 14:00", "800"),
        ("other", "EB210106", replaced(&good(), "9912345678", "9912345679"), "2026-01-05 14:00", "310"),
    ];
    for (what, name, bytes, now, code) in table {
        let (world, mut exchange) = registered("");
        world.publish(name, &bytes);
        let (worked, _, next) = turn(&mut exchange, now);
        let result = if code.is_empty() { "accepted" } else { "refused" };
        assert_eq!(world.said(name), (result.to_string(), code.to_string()), "{what}");
        assert_eq!((worked, next.is_some()), (true, code.is_empty()), "{what}");
        assert_eq!(world.read(&format!("sent/{name}")), bytes, "{what}");
        assert_eq!(world.names("outbox"), [""; 0], "{what}");
    }
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    text.replace(from, to).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn the_same_file_again_was_already_received() {
    let (world, mut exchange) = registered(FAILS_THIRD);
    for _ in 0..2 {
        world.publish("EB210106", &eb21("2026-01-06", &rows()));
        turn(&mut exchange, "2026-01-05 14:00");
    }
    assert_eq!(world.said("EB210106"), ("accepted".to_string(), String::new()));
    assert_eq!(world.said("EB210106.2"), ("refused".to_string(), "630".to_string()));
    assert_eq!(turn(&mut exchange, "2026-01-07 03:00").1, ["EB220106"]);
    drop(exchange);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut world.open(), "2026-01-05 14:00");
    assert_eq!(world.said("EB210106.3").1, "630");
}

#[test]
fn a_cut_file_then_the_right_one() {
    let rules = format!(
        "{FAILS_THIRD}[[mischief]]\non = \"collection\"\nnth = 1\ndo = \"truncated\"\nthen = \"corrected\"\n"
    );
    let (world, mut exchange) = registered(&rules);
    world.publish("EB210106", &eb21("2026-01-06", &rows()));
    turn(&mut exchange, "2026-01-05 14:00");
    let (_, delivered, next) = turn(&mut exchange, "2026-01-07 03:00");
    assert_eq!((delivered, next), (vec!["EB220106".to_string()], some("2026-01-07 04:00:00")));
    let cut = world.read("inbox/EB220106");
    // The daemon has not taken the first one: the second waits for the name.
    assert_eq!(turn(&mut exchange, "2026-01-07 04:00"), (false, vec![], some("2026-01-07 04:01:00")));
    fs::remove_file(world.channel().join("inbox/EB220106")).unwrap();
    assert_eq!(turn(&mut exchange, "2026-01-07 04:01"), (true, vec!["EB220106".to_string()], None));
    let right = world.read("inbox/EB220106");
    assert!(right.starts_with(&cut) && cut.len() < right.len());
    assert_eq!(lines_of(&right), [(3, "0021".to_string())]);
    // The next file of the service is the second: the rule is about the first.
    world.publish("EB210107", &eb21("2026-01-07", &rows()));
    turn(&mut exchange, "2026-01-06 14:00");
    assert_eq!(turn(&mut exchange, "2026-01-08 03:00").2, None);
}

/// What a reader finds wrong with a result after each mischief that changes its bytes.
#[test]
fn harmed_results_are_wrong_as_they_should_be() {
    let table = [
        ("do = \"truncated\"", "file-ends-early"),
        ("do = \"truncated\"\nkeep_bytes = 200", "record-cut-short"),
        ("do = \"truncated\"\nkeep_records = 1", "file-ends-early"),
        ("do = \"wrong-count\"", "count-differs count-differs"),
        ("do = \"wrong-sum\"", "sum-differs"),
        ("do = \"wrong-charset\"\ncharset = \"cut-hangul\"", "text-half-character"),
        ("do = \"wrong-date\"", "file-name-differs"),
        // These read well: only who knows what was sent sees that they are wrong.
        ("do = \"other-institution\"\ninstitution = \"9900000001\"", ""),
        ("do = \"foreign-line\"", ""),
        ("do = \"wrong-payer\"", ""),
        // And these are right.
        ("do = \"shuffled\"", ""),
        ("do = \"crlf\"", ""),
    ];
    for (mischief, expected) in table {
        let rules = format!(
            "[[verdict]]\non = \"collection\"\ncode = \"0021\"\n[[mischief]]\non = \"collection\"\n{mischief}\n"
        );
        let (world, mut exchange) = registered(&rules);
        world.publish("EB210106", &eb21("2026-01-06", &rows()));
        turn(&mut exchange, "2026-01-05 14:00");
        turn(&mut exchange, "2026-01-07 03:00");
        let (lines, faults) = reading("EB220106", &world.read("inbox/EB220106"));
        assert_eq!(faults.join(" "), expected, "{mischief}: {lines:?}");
    }
}

/// One byte of a good EB21 or EB13 is changed: which code the receipt has, and where it points.
#[test]
fn a_wrong_byte_has_the_centres_code() {
    let table: [(&str, usize, usize, u8, &str, i64, &str); 13] = [
        // file, record (from 0), byte (from 1), the new byte, code, record and bytes of the receipt
        ("EB21", 1, 1, b'X', "0081", 2, ""),
        ("EB21", 2, 9, b'7', "0081", 3, "2-9"),
        ("EB21", 1, 30, b'x', "0088", 2, "27-42"),
        ("EB21", 1, 50, b' ', "0088", 2, "43-55"),
        ("EB21", 2, 22, b'Z', "0011", 3, "20-26"),
        ("EB21", 1, 75, 0x20, "0087", 2, "74-89"),
        ("EB21", 1, 74, 0x07, "0068", 2, "74-89"),
        ("EB21", 1, 117, b'9', "0075", 2, "117-117"),
        ("EB21", 1, 150, b'x', "0089", 2, "130-150"),
        ("EB21", 4, 35, b'9', "800", 5, "28-35"),
        ("EB13", 1, 26, b'9', "A012", 2, "26-26"),
        ("EB13", 1, 26, b'7', "A012", 2, "26-26"),
        ("EB13", 1, 22, b'9', "A011", 2, "20-25"),
    ];
    for (kind, record, byte, new, code, at_record, at_bytes) in table {
        let (world, mut exchange) = registered("");
        let rows = [rows(), vec![Row::new(4, 1_000)]].concat();
        let (name, mut bytes, length) = match kind {
            "EB21" => ("EB210106", eb21("2026-01-06", &rows[..3]), 150),
            _ => ("EB130105", eb13("2026-01-05", &rows[3..]), 120),
        };
        bytes[record * length + byte - 1] = new;
        world.publish(name, &bytes);
        turn(&mut exchange, "2026-01-05 14:00");
        let receipt = world.receipt(name);
        let text = |key: &str| receipt.get(key).map_or("", |v| v.as_str().unwrap()).to_string();
        let record = receipt.get("record").and_then(toml::Value::as_integer);
        let what = format!("{kind} byte {byte}: {}", text("why"));
        assert_eq!((text("code").as_str(), record), (code, Some(at_record)), "{what}");
        assert_eq!(text("bytes"), at_bytes, "{what}");
    }
}
