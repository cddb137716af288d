//! Sealing and opening: the good way, the wrong place, every flipped bit, cut and lengthened files, unknown keys, and
//! the folder of keys with everything that can be wrong with it.
#![expect(clippy::disallowed_methods, reason = "the folder of keys is a file tree")]

use super::ring::Secret;
use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

fn place(row: i64) -> Place {
    Place { table: "mandate", column: "account", row }
}

fn two_keys(current: u16) -> KeyRing {
    let secret = |byte: u8| -> Secret { Zeroizing::new([byte; 32]) };
    let id = |n| KeyId::from_number(n).unwrap();
    let keys = BTreeMap::from([(id(1), secret(1)), (id(2), secret(2))]);
    KeyRing::of(&keys, id(current), &secret(9)).unwrap()
}

#[test]
fn a_value_opens_at_its_place_only() {
    let ring = KeyRing::for_tests();
    let sealed = ring.seal(place(7), b"11023456789012");
    assert_eq!(sealed, ring.seal(place(7), b"11023456789012"), "the same bytes again");
    assert_ne!(sealed, ring.seal(place(8), b"11023456789012"));
    assert_eq!(ring.open(place(7), &sealed).unwrap().as_slice(), b"11023456789012");
    let moved = ring.open(place(8), &sealed).unwrap_err();
    assert_eq!(
        moved.to_string(),
        "mandate.account of row 8 does not open: it was changed, or moved here from another place"
    );
    assert!(ring.open(Place { column: "id_no", ..place(7) }, &sealed).is_err());
    assert_eq!(ring.open(place(7), b"11023456789012").unwrap_err().why, Why::Form);
    assert!(!sealed.windows(6).any(|part| part == b"110234"));
}

#[test]
fn a_value_is_known_without_opening_it() {
    let ring = two_keys(1);
    let sealed = ring.seal(place(7), b"11023456789012");
    assert!(two_keys(2).is_of(place(7), &sealed, b"11023456789012"), "also after the key changed");
    assert!(!ring.is_of(place(8), &sealed, b"11023456789012"), "another row");
    assert!(!ring.is_of(place(7), &sealed, b"11023456789013"), "another value");
    assert!(!ring.is_of(place(7), &sealed, b""), "nothing");
    assert!(!ring.is_of(place(7), b"11023456789012", b"11023456789012"), "not sealed");
    assert!(!KeyRing::for_tests().is_of(place(7), &sealed, b"11023456789012"), "another key 1");
    for at in 0..27 {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        assert!(!ring.is_of(place(7), &flipped, b"11023456789012"), "byte {at}");
    }
    assert!(!ring.is_of(place(7), &sealed[..sealed.len() - 1], b"11023456789012"), "cut");
}

#[test]
fn every_flipped_bit_is_seen() {
    let ring = KeyRing::for_tests();
    let sealed = ring.seal(place(7), b"900101");
    for at in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(ring.open(place(7), &flipped).is_err(), "bit {at}");
    }
    for cut in 0..sealed.len() {
        assert!(ring.open(place(7), &sealed[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn an_old_key_opens_and_a_missing_one_is_named() {
    let (old, new) = (two_keys(1), two_keys(2));
    let sealed = old.seal(place(1), b"900101");
    assert_eq!(key_of(&sealed).unwrap().number(), 1);
    assert_eq!(new.open(place(1), &sealed).unwrap().as_slice(), b"900101");
    assert_eq!(key_of(&new.seal(place(1), b"900101")).unwrap().number(), 2);
    let by_two = new.seal(place(1), b"900101");
    let told = KeyRing::for_tests().open(place(1), &by_two).unwrap_err().to_string();
    assert!(told.contains("sealed with key 2"), "{told}");
    assert_eq!(old.blind("account", b"1"), new.blind("account", b"1"), "the index outlives a change of key");
    assert_eq!(old.row_mac("charge", 1, &[2, 3]), new.row_mac("charge", 1, &[2, 3]));
    assert_ne!(old.row_mac("charge", 1, &[2, 3]), new.row_mac("charge", 1, &[3, 2]));
    assert_ne!(old.blind("account", b"1"), old.blind("id_no", b"1"));
    assert_eq!(format!("{new:?}"), "KeyRing { current: 2, keys: [1, 2], .. }");
}

fn sealed_file(ring: &KeyRing, text: &[u8]) -> Vec<u8> {
    let mut sealing = ring.sealing(&[5; 32], Vec::new()).unwrap();
    sealing.write_all(text).unwrap();
    sealing.finish().unwrap()
}

fn opened_file(ring: &KeyRing, sealed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    ring.opened(sealed)?.read_to_end(&mut text)?;
    Ok(text)
}

#[test]
fn a_file_of_any_length_comes_back() {
    let ring = KeyRing::for_tests();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
        let text: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let sealed = sealed_file(&ring, &text);
        assert_eq!(sealed, sealed_file(&ring, &text));
        assert_eq!(key_of_header(&sealed).unwrap().number(), 1);
        assert!(opened_file(&ring, &sealed).unwrap() == text, "{length}");
    }
}

#[test]
fn a_file_that_was_cut_lengthened_or_reordered_does_not_open() {
    let ring = KeyRing::for_tests();
    let text: Vec<u8> = (0..3 * CHUNK).map(|n| (n % 251) as u8).collect();
    let sealed = sealed_file(&ring, &text);
    let chunk = CHUNK + 16;
    let head = sealed.len() - 3 * chunk;
    for cut in [0, 1, head - 1, head, head + 1, head + chunk, head + 2 * chunk, sealed.len() - 1] {
        assert!(opened_file(&ring, &sealed[..cut]).is_err(), "cut at {cut}");
    }
    let longer = [sealed.clone(), vec![0]].concat();
    assert!(opened_file(&ring, &longer).is_err());
    let twice = [&sealed[..], &sealed[head..]].concat();
    assert!(opened_file(&ring, &twice).is_err());
    let (first, second) = (&sealed[head..head + chunk], &sealed[head + chunk..head + 2 * chunk]);
    let swapped = [&sealed[..head], second, first, &sealed[head + 2 * chunk..]].concat();
    assert!(opened_file(&ring, &swapped).is_err());
    for at in [0, 9, 20, head, head + chunk + 5, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        assert!(opened_file(&ring, &flipped).is_err(), "flipped {at}");
    }
}

fn put(folder: &Path, name: &str, text: &str, mode: u32) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn keys_are_loaded_and_everything_wrong_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("keys");
    let told =
        |folder: &Path| KeyRing::load(folder).map(|ring| format!("{ring:?}")).map_err(|e| e.to_string());
    assert!(told(&folder).unwrap_err().contains("sunap key new"));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(told(&folder).unwrap_err().contains("chmod 0700"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(told(&folder).unwrap_err().contains("sunap key new"));
    put(&folder, "current", "2\n", 0o600);
    assert!(told(&folder).unwrap_err().contains("index.key is not there"));
    put(&folder, "index.key", &format!("{}\n", "0b".repeat(32)), 0o400);
    put(&folder, "1.key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n", 0o600);
    assert!(told(&folder).unwrap_err().contains("2.key is not there"));
    put(&folder, "2.key", "0102", 0o600);
    assert!(told(&folder).unwrap_err().contains("holds no key"));
    put(&folder, "2.key", &"0c".repeat(32), 0o640);
    assert!(told(&folder).unwrap_err().contains("mode 0640"));
    put(&folder, "2.key", &"0c".repeat(32), 0o600);
    assert_eq!(told(&folder).unwrap(), "KeyRing { current: 2, keys: [1, 2], .. }");
    put(&folder, "current", "two", 0o600);
    assert!(told(&folder).unwrap_err().contains("number of a key"));
}

#[test]
fn a_sealed_file_is_read_from_any_place() {
    use std::io::{Cursor, Read, Seek, SeekFrom};
    let ring = KeyRing::for_tests();
    for length in [0_usize, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 77] {
        let plain: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let mut sealing = ring.sealing(&[7; 32], Vec::new()).unwrap();
        std::io::Write::write_all(&mut sealing, &plain).unwrap();
        let sealed = sealing.finish().unwrap();
        let mut opened = ring.opened(Cursor::new(sealed)).unwrap();
        assert_eq!(opened.seek(SeekFrom::End(0)).unwrap(), length as u64, "{length}");
        for at in [0, 1, length / 2, CHUNK.min(length), length.saturating_sub(3), length] {
            opened.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut two = Vec::new();
            opened.by_ref().take(2).read_to_end(&mut two).unwrap();
            let at = at.min(length);
            assert_eq!(two, plain[at..(at + 2).min(length)], "{length} at {at}");
            let here = opened.stream_position().unwrap();
            assert_eq!(here, (at + 2).min(length) as u64, "{length} at {at}");
            let mut rest = Vec::new();
            opened.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, plain[(at + 2).min(length)..], "{length} at {at}");
        }
    }
}

#[test]
fn nothing_comes_after_a_chunk_that_does_not_open() {
    let ring = KeyRing::for_tests();
    let text = vec![7; 3 * CHUNK];
    let mut sealed = sealed_file(&ring, &text);
    let second = sealed.len() - 2 * (CHUNK + 16);
    sealed[second] ^= 1;
    let mut opened = ring.opened(&sealed[..]).unwrap();
    let mut first = vec![0; CHUNK];
    opened.read_exact(&mut first).unwrap();
    for _ in 0..4 {
        assert!(opened.read(&mut first).is_err());
    }
}
