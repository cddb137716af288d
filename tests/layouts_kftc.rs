//! Every layout of `formats/` for KFTC's files, held against the table of positions in `tests/data/kftc-layouts.json`
//! (an independent compilation of the manual's tables): each record, each field, position and length, no field more.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use sunap::bank::Format;
use sunap::layout::{FieldKind, Layout};

const IDS: [&str; 15] = [
    "EB11", "EB12", "EB13", "EB14", "EB21", "EB22", "EC21", "EC22", "EB31", "EB32", "EI13", "EA13", "EA14",
    "EA21", "EA22",
];

/// Tables that several layouts share.
const SHARED: [(&str, [&str; 3]); 2] =
    [("GR20-22", ["GR20", "GR21", "GR22"]), ("GR23-25", ["GR23", "GR24", "GR25"])];

fn layout(id: &str) -> Layout {
    let file = format!("formats/{}.toml", id.to_lowercase());
    let text = std::fs::read_to_string(&file).unwrap();
    Layout::from_toml(&file, &text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Record letter → (at, len) of its fields, from the layout.
fn ours(layout: &Layout) -> BTreeMap<&'static str, Vec<(usize, usize)>> {
    let letters: [(&str, &'static str); 3] = [("header", "H"), ("data", "R"), ("trailer", "T")];
    letters
        .into_iter()
        .map(|(name, letter)| {
            let record = layout.record(name).unwrap();
            let spans = layout.fields(record).map(|field| {
                let spec = layout.field_spec(record, field).unwrap();
                (spec.at, spec.len)
            });
            (letter, spans.collect())
        })
        .collect()
}

fn table() -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("data/kftc-layouts.json")).unwrap();
    let mut table = Vec::new();
    for one in all {
        let shared = SHARED.iter().find(|(id, _)| one["id"] == *id).map(|(_, names)| names.as_slice());
        for name in shared.unwrap_or(&[one["id"].as_str().unwrap()]) {
            let mut one = one.clone();
            one["id"] = (*name).into();
            table.push(one);
        }
    }
    table
}

#[test]
fn every_field_stands_where_the_table_says() {
    let table = table();
    let shared = SHARED.iter().flat_map(|(_, names)| names).copied();
    let ids: Vec<&str> = IDS.into_iter().chain(shared).collect();
    assert_eq!(table.iter().map(|l| l["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    for theirs in &table {
        let id = theirs["id"].as_str().unwrap();
        let layout = layout(id);
        assert_eq!(
            (layout.name(), layout.record_bytes() as u64),
            (id, theirs["record_length"].as_u64().unwrap())
        );
        let ours = ours(&layout);
        for record in theirs["records"].as_array().unwrap() {
            let letter = match record["record"].as_str().unwrap() {
                "11" => "H",
                "22" => "R",
                "33" => "T",
                "header" => "H",
                "data" => "R",
                "trailer" => "T",
                letter => letter,
            };
            let span = |f: &Value| (f["pos"].as_u64().unwrap() as usize, f["len"].as_u64().unwrap() as usize);
            let mut spans: Vec<_> = record["fields"].as_array().unwrap().iter().map(span).collect();
            if (id, letter) == ("EI13", "R") {
                // The table shows one block; the layout's payload has no fixed length.
                spans.last_mut().unwrap().1 = 0;
            }
            assert_eq!(ours[letter], spans, "{id} {letter}");
        }
    }
}

#[test]
fn labels_are_the_manuals() {
    for theirs in &table() {
        let id = theirs["id"].as_str().unwrap();
        let layout = layout(id);
        for (theirs, name) in theirs["records"].as_array().unwrap().iter().zip(["header", "data", "trailer"])
        {
            let record = layout.record(name).unwrap();
            for (field, theirs) in layout.fields(record).zip(theirs["fields"].as_array().unwrap()) {
                let spec = layout.field_spec(record, field).unwrap();
                assert_eq!(spec.ko, theirs["ko"].as_str().unwrap(), "{id} {name} {}", spec.name);
            }
        }
    }
}

#[test]
fn personal_numbers_are_marked_and_every_layout_binds() {
    for id in IDS {
        let layout = layout(id);
        for record in layout.records() {
            for field in layout.fields(record) {
                let spec = layout.field_spec(record, field).unwrap();
                let personal = ["account", "id_no", "phone", "collection_account", "funding_account"]
                    .contains(&spec.name);
                assert_eq!(spec.sensitive, personal, "{id} {}", spec.name);
                if spec.name.starts_with("filler") {
                    assert_eq!(spec.kind, FieldKind::Filler, "{id}");
                }
            }
        }
        let bound = Format::bind(Arc::new(layout)).unwrap_or_else(|faults| panic!("{faults}"));
        let expected = match id {
            "EB13" => matches!(bound, Format::RegistrationRequest(_)),
            "EB14" => matches!(bound, Format::RegistrationResult(_)),
            "EB21" | "EC21" => matches!(bound, Format::CollectionRequest(_)),
            "EB22" | "EC22" => matches!(bound, Format::CollectionResult(_)),
            "EI13" => matches!(bound, Format::Evidence(_)),
            "EB11" => matches!(bound, Format::BankApplication(_)),
            "EB12" => matches!(bound, Format::BankApplicationAnswer(_)),
            "EB31" => matches!(bound, Format::PayoutRequest(_)),
            "EB32" => matches!(bound, Format::PayoutResult(_)),
            _ => matches!(bound, Format::Other(_)),
        };
        assert!(expected, "{id}: {bound:?}");
    }
}
