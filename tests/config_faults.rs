//! Every fault of the config room, by folder: `tests/faults/<fault-name>/` with `case.toml` and `expected.txt`.
//!
//! `case.toml` says `room = "config"` (other rooms have runners of their own) and how the small good configuration of
//! `tests/data/small` is spoilt: `remove = ["config/banks.toml"]`, `[[add]] file, text`, `[[edit]] file, from, to` (`to_hex` for
//! bytes that are no text; `from` must stand there). `expected.txt` is what a person sees, whole. With
//! `SUNAP_BLESS=1` the texts are written anew: read them before you commit them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: the functions outside #[test] too may stop at once"
)]

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use sunap::config::{LoadError, Sources, compile};
use sunap::fault::Faults;

#[derive(Deserialize)]
struct AnyCase {
    room: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[expect(dead_code, reason = "told apart by AnyCase")]
    room: String,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    add: Vec<Add>,
    #[serde(default)]
    edit: Vec<Edit>,
    /// Files that everybody may write.
    #[serde(default)]
    world_writable: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    file: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    from: String,
    #[serde(default)]
    to: String,
    to_hex: Option<String>,
}

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The files of a folder tree by path below it.
fn tree(root: &Path, folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tree(root, &path, into);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_string();
            into.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(bytes).unwrap();
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let at = bytes.windows(from.len()).position(|window| window == from)?;
    Some([&bytes[..at], to, &bytes[at + from.len()..]].concat())
}

/// The small configuration, spoilt as the case says, as it lies in a folder.
fn spoilt(case: &Case, name: &str) -> tempfile::TempDir {
    let small = tests_folder().join("data/small");
    let mut files = BTreeMap::new();
    tree(&small, &small, &mut files);
    for file in &case.remove {
        assert!(files.remove(file).is_some(), "{name}: no file {file} to remove");
    }
    for add in &case.add {
        files.insert(add.file.clone(), add.text.clone().into_bytes());
    }
    for edit in &case.edit {
        let to = match &edit.to_hex {
            Some(hex) => {
                (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
            }
            None => edit.to.clone().into_bytes(),
        };
        let bytes = files.get_mut(&edit.file).unwrap_or_else(|| panic!("{name}: no file {}", edit.file));
        *bytes = replaced(bytes, edit.from.as_bytes(), &to)
            .unwrap_or_else(|| panic!("{name}: no {:?}", edit.from));
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in files {
        write(&folder.path().join(file), &bytes);
    }
    for file in &case.world_writable {
        use std::os::unix::fs::PermissionsExt;
        let everybody = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(folder.path().join(file), everybody).unwrap();
    }
    folder
}

fn faults_of(folder: &Path) -> Faults {
    match Sources::read(&folder.join("config/sunap.toml")) {
        Ok(sources) => compile(&sources).err().unwrap_or_default(),
        Err(LoadError::Faults(faults)) => faults,
        Err(LoadError::Trouble(trouble)) => panic!("{trouble}"),
    }
}

#[test]
fn the_small_configuration_is_good() {
    let case = Case {
        room: "config".into(),
        remove: Vec::new(),
        add: Vec::new(),
        edit: Vec::new(),
        world_writable: Vec::new(),
    };
    let folder = spoilt(&case, "small");
    assert_eq!(faults_of(folder.path()).to_string(), "");
}

#[test]
fn every_fault_is_told_as_expected() {
    let bless = std::env::var_os("SUNAP_BLESS").is_some();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(tests_folder().join("faults")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_string();
        let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
        if toml::from_str::<AnyCase>(&text).unwrap().room != "config" {
            continue;
        }
        cases += 1;
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = spoilt(&case, &name);
        let faults = faults_of(config.path());
        assert!(faults.kept().iter().any(|fault| fault.name == name), "{name} is not told, but:\n{faults}");
        let told = faults.to_string().replace(config.path().to_str().unwrap(), "…");
        if bless {
            write(&folder.join("expected.txt"), told.as_bytes());
        } else if std::fs::read_to_string(folder.join("expected.txt")).ok().as_deref() != Some(&told) {
            wrong.push(format!("--- {name}\n{told}"));
        }
    }
    assert!(cases > 0 && wrong.is_empty(), "told otherwise than expected:\n{}", wrong.join("\n"));
}

/// The names of all faults that the room's code can make have a folder, and no folder is left over.
#[test]
fn every_fault_of_the_room_has_a_case() {
    let mut made = BTreeSet::new();
    let mut sources = BTreeMap::new();
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
    tree(&room, &room, &mut sources);
    for text in sources.into_values() {
        let text = String::from_utf8(text).unwrap();
        for call in text
            .split(".fault(")
            .skip(1)
            .chain(text.split("file_fault(").skip(1))
            .chain(text.split("Fault::new(").skip(1))
        {
            let first = call.trim_start();
            if let Some(name) = first.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                made.insert(name.to_string());
            }
        }
    }
    let mut shown = BTreeSet::new();
    for entry in std::fs::read_dir(tests_folder().join("faults")).unwrap() {
        let folder = entry.unwrap().path();
        let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
        let room = toml::from_str::<AnyCase>(&text).unwrap().room;
        if matches!(room.as_str(), "config" | "load") {
            shown.insert(folder.file_name().unwrap().to_str().unwrap().to_string());
        }
    }
    assert_eq!(made, shown);
}
