//! Names and texts of strangers on a terminal: whatever is dropped, asked or read, nothing that the program prints, logs or lays
//! beside a file holds a control, format or bidirectional character; no odd name leaves its folder, and none is passed over.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "files with impossible names are dropped as a stranger does it"
)]

#[path = "shipped/copy.rs"]
mod shipped;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const CLEAR: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}";
const BIDI: &str = "\u{202e}\u{2066}\u{61c}";
const C1: &str = "\u{9b}31m\u{7f}";

fn sunap<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, config: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.args(arguments).arg("--config").arg(config);
    command.env_remove("SUNAP_CONFIG").env("SUNAP_LOG", "sunap=debug").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
}

fn strange(c: char) -> bool {
    let format = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    (c.is_control() && c != '\n') || format
}

/// What was printed is text, and moves no cursor.
fn assert_plain(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    if let Some(line) = text.split('\n').find(|line| line.contains(strange)) {
        panic!("{what}: {line:?}");
    }
}

/// Names that a stranger can give to a file, and what to find in it.
fn odd_names() -> Vec<OsString> {
    let mut names: Vec<OsString> = [
        format!("mandates{CLEAR}.csv"),
        format!("mandates{BIDI}.csv"),
        format!("mandates{C1}.csv"),
        "mandates\nerror[forged]: all is well.csv".to_string(),
        "mandates\r.csv".to_string(),
        "%2e%2e%2f%2e%2e%2fmandates.csv".to_string(),
        "mandates\\..\\..\\x.csv".to_string(),
        "C:\\mandates.csv".to_string(),
        "-rf".to_string(),
        "--config=x.csv".to_string(),
        "%s%n%x.csv".to_string(),
        "$(reboot).csv".to_string(),
        "mandates .csv ".to_string(),
        format!("mandates{}.csv", "x".repeat(243)),
        format!("mandates{}.csv", "가".repeat(81)),
    ]
    .into_iter()
    .map(OsString::from)
    .collect();
    names.push(OsString::from_vec(b"mandates\xff\xfe\x1b[0m.csv".to_vec()));
    names.push(OsString::from_vec(b"EB22\xc0\xaf\x9b0105".to_vec()));
    names
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn is_report(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_bytes().ends_with(b".report.txt"))
}

/// Rows whose cells hold escapes and formulas, below a heading that is right.
fn evil_list() -> String {
    let head = "고객번호,고객명,고객구분,전화번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호";
    let account = "국민은행,00000000000001,홍길동,900101";
    format!(
        "{head}\nA{CLEAR},김{BIDI},-,-,FEE,100000,50000,2026-01,5,{account}\n\
         B1,김{C1},{CLEAR},{BIDI},FEE{CLEAR},100000,5{BIDI}0000,2026-01,5,{account}\n\
         C1,@SUM(A1),-,+82 2-000-0000,FEE,100000,50000,2026-01,5,은행{CLEAR},00000000000001{C1},=1+1,900101\n"
    )
}

#[test]
fn odd_names_in_every_inbox_are_answered_and_shown_as_text() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("place");
    shipped::shipped_into(&place);
    let config = place.join("config/sunap.toml");
    let run = |until: &str| sunap(["run", "--clock", "2026-01-05 09:00", "--until", until], &config);
    let first = run("2026-01-05 09:30");
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let inboxes: Vec<PathBuf> = ["control", "creditor/10000001", "channel/kftc-seoul"]
        .map(|owner| place.join("spool").join(owner).join("inbox"))
        .to_vec();
    for inbox in &inboxes {
        assert!(inbox.is_dir(), "{}", inbox.display());
        for name in odd_names() {
            fs::write(inbox.join(name), evil_list()).unwrap();
        }
    }
    let second = run("2026-01-06 09:00");
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    assert_plain("run, stdout", &second.stdout);
    assert_plain("run, log", &second.stderr);

    // Beside the place, nothing came into being; in it, every file was moved to its answer.
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    for inbox in &inboxes {
        assert_eq!(below(inbox), Vec::<PathBuf>::new(), "these stay");
        let owner = inbox.parent().unwrap();
        let answered: usize = ["rejected", "held", "done"]
            .iter()
            .map(|folder| below(&owner.join(folder)).iter().filter(|path| !is_report(path)).count())
            .sum();
        assert_eq!(answered, odd_names().len(), "{}", owner.display());
    }
    let written = below(&place.join("spool")).into_iter();
    for report in written
        .filter(|path| is_report(path) || path.parent().is_some_and(|folder| folder.ends_with("outbox")))
    {
        assert_plain(&format!("{report:?}"), &fs::read(&report).unwrap());
    }
    for verb in [
        &["status"][..],
        &["status", "--json"],
        &["log"],
        &["log", "--format", "json"],
        &["verify"],
        &["audit", "verify"],
        &["check"],
    ] {
        let said = sunap(verb, &config);
        assert_plain(&verb.join(" "), &said.stdout);
        assert_plain(&verb.join(" "), &said.stderr);
    }
}

#[test]
fn what_was_asked_for_is_repeated_as_text() {
    let temp = tempfile::tempdir().unwrap();
    shipped::shipped_into(temp.path());
    let config = temp.path().join("config/sunap.toml");
    let made = sunap(["run", "--clock", "2026-01-05 09:00", "--until", "2026-01-05 09:30"], &config);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = temp.path().join(format!("x{CLEAR}{BIDI}"));
    fs::write(&file, format!("{CLEAR}{BIDI}\n")).unwrap();
    let file = file.to_string_lossy().into_owned();
    let odd = format!("x{CLEAR}{BIDI}{C1}\n");
    let layout = temp.path().join("formats/eb22.toml").to_string_lossy().into_owned();
    let table: Vec<Vec<&str>> = vec![
        vec![&odd],
        vec!["show", &odd],
        vec!["show", &odd, &odd],
        vec!["show", "payer", &odd],
        vec!["show", "file", &odd],
        vec!["explain", &odd],
        vec!["status", &odd],
        vec!["report", &odd],
        vec!["log", &odd],
        vec!["read", &odd],
        vec!["read", &file],
        vec!["read", &file, "--layout", &layout],
        vec!["read", &file, "--json", "--layout", &layout],
        vec!["read", &file, "--layout", &file],
        vec!["write", "--layout", &file],
        vec!["check", &file],
        vec!["check", &odd],
        vec!["calendar", &odd],
        vec!["file", "hold", &odd, "--reason", &odd, "--timeout", "1"],
        vec!["approve", &odd],
        vec!["verify", &odd],
        vec!["run", "--clock", &odd],
    ];
    for arguments in table {
        let said = sunap(&arguments, &config);
        let what = format!("{arguments:?}");
        assert!(!said.status.success(), "{what}");
        assert!(!said.stderr.is_empty(), "{what} says nothing");
        assert_plain(&what, &said.stdout);
        assert_plain(&what, &said.stderr);
    }
}
