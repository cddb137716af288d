//! `sunap transfer` as a process: killed with SIGKILL at messages of a session, turned away, told what is missing. The
//! other side is a station in the test, on loopback.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the tests put files into folders as the daemon would")]

#[path = "line/mod.rs"]
#[expect(dead_code, reason = "transfer.rs uses all of it")]
mod line;

use line::{Accident, carry};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use sunap::clock::System;
use sunap::transfer::{Role, Secret, Settings, Station, Store, Wire};
use tokio::io::duplex;
use tokio::net::TcpListener;

const CHANNEL: &str = "bankingplus-seoul";

struct Place {
    dir: tempfile::TempDir,
    port: u16,
}

impl Place {
    fn new(port: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self { dir, port };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["config", "formats"] {
            copy_folder(&root.join(folder), &place.at(folder));
        }
        let path = place.at(&format!("config/transfer/{CHANNEL}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        let text =
            text.replace("127.0.0.1:4100", &format!("127.0.0.1:{port}")).replace("tries = 5", "tries = 1");
        fs::write(&path, text).unwrap();
        let channel = format!("spool/channel/{CHANNEL}");
        Store::make_folders(&place.at(&channel)).unwrap();
        Store::make_folders(&place.at("centre")).unwrap();
        fs::create_dir(place.at("credentials")).unwrap();
        fs::write(place.at("credentials/transfer-member"), "ABC123\n").unwrap();
        fs::write(place.at(&channel).join("outbox/EB211124"), file()).unwrap();
        fs::write(place.at(&channel).join("outbox/EB211124.ok"), "").unwrap();
        fs::write(place.at("centre/outbox/EB221120"), file()).unwrap();
        fs::write(place.at("centre/outbox/EB221120.ok"), "").unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn spool(&self, name: &str) -> PathBuf {
        self.at(&format!("spool/channel/{CHANNEL}")).join(name)
    }

    fn sunap(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_sunap"))
            .args(["transfer", "--once", "--channel", CHANNEL, "--config"])
            .arg(self.at("config/sunap.toml"))
            .arg("--credentials")
            .arg(self.at("credentials"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn centre(&self) -> Station {
        let text = fs::read_to_string(self.at(&format!("config/transfer/{CHANNEL}.toml"))).unwrap();
        let layout = fs::read_to_string(self.at("formats/transfer/kftc.toml")).unwrap();
        Station {
            role: Role::Centre,
            settings: Settings::from_toml("t", &text).unwrap(),
            wire: Arc::new(Wire::from_toml("k", &layout, "direct").unwrap()),
            store: Store::open(&self.at("centre"), &self.at("centre.own"), 180).unwrap(),
            clock: Arc::new(System::new()),
            ours: None,
            theirs: Secret::new("ABC123"),
            longest: 1 << 30,
        }
    }

    fn claim(&self, inbox: &Path, name: &str) {
        if inbox.join(name).exists() {
            let claimed = self.at(&format!("{name}.claimed"));
            assert!(!claimed.exists(), "{name} arrived twice");
            fs::rename(inbox.join(name), claimed).unwrap();
        }
    }

    fn claim_all(&self) {
        self.claim(&self.at("centre/inbox"), "EB211124");
        self.claim(&self.spool("inbox"), "EB221120");
    }
}

/// Two blocks of 27 records a message, and a rest.
fn file() -> Vec<u8> {
    (0..150 * (27 * 100 + 40)).map(|n: usize| b'A' + u8::try_from(n * 11 % 26).unwrap()).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Lets the process run, and kills it when message `kill_at` has been seen, counted over its sessions. Returns its exit
/// code (`None` where killed) and what it said.
async fn run(place: &Place, listener: &TcpListener, kill_at: Option<usize>) -> (Option<i32>, String) {
    let mut child = place.sunap();
    // Its stderr ends when it does, however it does.
    let stderr = child.stderr.take().unwrap();
    let mut told = tokio::task::spawn_blocking(move || std::io::read_to_string(stderr).unwrap());
    let centre = place.centre();
    let mut seen = 0;
    loop {
        // It calls, or it has ended.
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            told = &mut told => return (child.wait().unwrap().code(), told.unwrap()),
        };
        let (near, near_line) = duplex(1 << 16);
        let (far, far_line) = duplex(1 << 16);
        let accident = kill_at
            .and_then(|at| at.checked_sub(seen))
            .map_or(Accident::None, |at| Accident::Cut { at, part: None });
        let (mut from, mut to) = (stream, near);
        let pipe = async {
            let _cut = tokio::io::copy_bidirectional(&mut from, &mut to).await;
        };
        let line = async {
            let messages = carry(near_line, far_line, accident).await.len();
            if kill_at.is_some_and(|at| seen + messages > at) {
                child.kill().unwrap();
            }
            messages
        };
        let (_, messages, _) = tokio::join!(pipe, line, centre.answer(far));
        seen += messages;
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn killed_at_messages_of_both_directions_the_files_arrive_once() {
    // 0600 0610 0630 0640 DATA… of block 1 (4-103) 0620 0300 block 2 (106-145) 0620 0300 0600 0610 0600 0610, then as much
    // the other way: the turns of the protocol, and some of what lies between.
    for kill_at in [
        0, 1, 2, 3, 4, 50, 103, 104, 105, 106, 130, 146, 147, 148, 149, 150, 151, 152, 153, 155, 156, 200,
        257, 258, 299, 300, 301, 302, 303,
    ] {
        let (listener, port) = listen().await;
        let place = Place::new(port);
        let first = run(&place, &listener, Some(kill_at)).await;
        place.claim_all();
        let (code, told) = run(&place, &listener, None).await;
        assert_eq!(code, Some(0), "{kill_at} {first:?} {told}");
        place.claim_all();
        for name in ["EB211124", "EB221120"] {
            assert!(
                fs::read(place.at(&format!("{name}.claimed"))).is_ok_and(|b| b == file()),
                "{kill_at} {name}"
            );
        }
        assert_eq!(fs::read(place.spool("sent/EB211124")).unwrap(), file(), "{kill_at}");
        assert!(place.spool("sent/EB211124.receipt").exists() && !place.spool("outbox/EB211124.ok").exists());
        assert!(place.at("centre/sent/EB221120.receipt").exists(), "{kill_at}");
        assert_eq!(place.port, port);
    }
}

#[tokio::test]
async fn exit_codes_say_what_is_to_be_done_and_no_password_is_told() {
    let (listener, port) = listen().await;
    let place = Place::new(port);
    fs::write(place.at("credentials/transfer-member"), "XYZ789").unwrap();
    let (code, told) = run(&place, &listener, None).await;
    assert_eq!(code, Some(78), "{told}");
    assert!(told.contains("320") && !told.contains("XYZ789"), "{told}");
    fs::write(place.at("credentials/transfer-member"), "short").unwrap();
    let (code, told) = run(&place, &listener, None).await;
    assert!(code == Some(74) && told.contains("six characters") && !told.contains("short\""), "{told}");
    drop(listener);
    fs::write(place.at("credentials/transfer-member"), "ABC123").unwrap();
    let output = place.sunap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "nobody listens");
    assert!(place.spool("outbox/EB211124.ok").exists());
}
