//! Names, types, limits and archives of evidence: the good way and every refusal.

use super::bundle::{self, Entry, MAX_ENTRIES, Unread};
use super::{ConsentKind, FileType, Label, MAX_BYTES, is_evidence};
use crate::rules::Name;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

const JPG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F'];

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn unpacked(bytes: Vec<u8>) -> Vec<Entry> {
    let mut found = Vec::new();
    bundle::read(Cursor::new(bytes), |entry| {
        found.push(entry);
        Ok::<(), ()>(())
    })
    .unwrap()
    .unwrap();
    found
}

fn reason(entry: &Entry) -> Option<Name> {
    entry.found.as_ref().err().map(|refused| refused.name)
}

#[test]
fn a_name_says_whose_it_is() {
    let label = Label::of_name("Evidence-A-0001-FEE.JPG").unwrap();
    assert_eq!((label.payer_no.as_str(), label.item.as_str()), ("A-0001", "FEE"));
    assert_eq!(label.file_type, FileType::Jpg);
    assert!(is_evidence("EVIDENCE-2026.zip") && !is_evidence("mandates.csv"));
}

#[test]
fn a_name_that_does_not_say_so_is_refused() {
    for (name, why) in [
        ("evidence.jpg", Name::EvidenceName),
        ("evidence-A0001.jpg", Name::EvidenceName),
        ("evidence--FEE.jpg", Name::EvidenceName),
        ("evidence-A0001-FEE", Name::EvidenceName),
        ("scan-A0001-FEE.jpg", Name::EvidenceName),
        ("evidence-A0001-FEE.pdf", Name::EvidenceType),
        ("evidence-A0001-FEE.jpg.exe", Name::EvidenceName),
    ] {
        let refused = Label::of_name(name).unwrap_err().name;
        // A double extension is refused for either reason: the item cannot hold a dot, or the type is unknown.
        assert!(refused == why || name.ends_with(".exe"), "{name}: {refused:?}");
    }
}

#[test]
fn each_type_is_told_by_its_first_bytes() {
    let asf = [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c];
    let heads: [(FileType, &[u8]); 7] = [
        (FileType::Jpg, JPG),
        (FileType::Jpeg, JPG),
        (FileType::Gif, b"GIF89a"),
        (FileType::Tif, b"II*\0"),
        (FileType::Mp3, &[0xff, 0xfb, 0x90, 0]),
        (FileType::Wav, b"RIFF\0\0\0\0WAVE"),
        (FileType::Wma, &asf),
    ];
    for (file_type, head) in heads {
        assert!(file_type.begins(head), "{file_type:?}");
        assert_eq!(FileType::of_extension(file_type.extension()), Some(file_type));
        assert!(!file_type.begins(b"%PDF-1.7") && !file_type.begins(b"") && !file_type.begins(b"MZ"));
    }
    assert!(!FileType::Mp3.begins(JPG), "a picture is no sound");
    assert_eq!(FileType::Wav.usual_kind(), ConsentKind::Recording);
    for kind in ConsentKind::ALL {
        assert_eq!(ConsentKind::of_ko(kind.ko()), Some(kind));
    }
}

#[test]
fn the_limit_is_300_kb_and_nothing_is_no_evidence() {
    let label = Label::of_name("evidence-A0001-FEE.jpg").unwrap();
    assert!(label.check(JPG, MAX_BYTES).is_ok());
    assert_eq!(label.check(JPG, MAX_BYTES + 1).unwrap_err().name, Name::EvidenceTooLarge);
    assert_eq!(label.check(b"", 0).unwrap_err().name, Name::EvidenceEmpty);
    assert_eq!(label.check(b"GIF89a", 6).unwrap_err().name, Name::EvidenceContent);
}

#[test]
fn an_archive_gives_every_entry_its_own_answer() {
    let found = unpacked(zipped(&[
        ("evidence-A0001-FEE.jpg", JPG),
        ("../evidence-A0002-FEE.jpg", JPG),
        ("folder/evidence-A0003-FEE.jpg", JPG),
        ("evidence-A0001-FEE.jpeg", JPG),
        ("evidence-A0004-FEE.gif", JPG),
        ("readme.txt", b"hello"),
    ]));
    let reasons: Vec<Option<Name>> = found.iter().map(reason).collect();
    assert_eq!(
        reasons,
        [
            None,
            Some(Name::EvidencePacked),
            Some(Name::EvidencePacked),
            Some(Name::EvidenceTwice),
            Some(Name::EvidenceContent),
            Some(Name::EvidenceName),
        ]
    );
    assert_eq!(found[0].found.as_ref().unwrap().1, JPG);
    assert_eq!(found[5].no, 6);
}

#[test]
fn a_bomb_is_refused_and_the_next_entry_read() {
    let mut bomb = JPG.to_vec();
    bomb.resize(50_000_000, 0);
    let mut blown = JPG.to_vec();
    blown.resize(300_000, 0);
    let found = unpacked(zipped(&[
        ("evidence-A0001-FEE.jpg", &bomb),
        ("evidence-A0002-FEE.jpg", &blown),
        ("evidence-A0003-FEE.jpg", JPG),
    ]));
    assert!(matches!(reason(&found[0]), Some(Name::EvidencePacked | Name::EvidenceTooLarge)));
    assert_eq!(reason(&found[1]), Some(Name::EvidencePacked));
    assert_eq!(reason(&found[2]), None);
}

#[test]
fn an_archive_that_is_none_or_has_too_many_entries_is_not_read() {
    let none = |bytes: Vec<u8>| bundle::read(Cursor::new(bytes), |_| Ok::<(), ()>(())).unwrap_err();
    assert_eq!(none(JPG.to_vec()), Unread::NotZip);
    let whole = zipped(&[("evidence-A0001-FEE.jpg", JPG)]);
    assert_eq!(none(whole[..whole.len() - 10].to_vec()), Unread::NotZip);
    let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("evidence-A{n}-FEE.jpg")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), JPG)).collect();
    assert_eq!(none(zipped(&many)), Unread::TooMany(MAX_ENTRIES + 1));
}
