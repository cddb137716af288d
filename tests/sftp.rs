//! `sunap sftp` against the system's sshd on loopback, with temporary keys; left out (and said so) where there is no
//! sshd. A wrapper around `sftp` fails before or after the n-th run: the files must arrive once, whole.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests put files into folders as the daemon and the network would"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use sunap::domain::Instant;
use sunap::transfer::{AfterFetch, Broken, Sftp, SftpSettings, Store, Visit};

/// An sshd of our own, ended when dropped.
struct Server {
    dir: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn keygen(path: &Path) -> bool {
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(path).status();
    made.is_ok_and(|status| status.success())
}

fn start() -> Option<Server> {
    let sshd =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| Path::new(path).exists())?;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    if !["host", "user", "other"].iter().all(|name| keygen(&at(name))) {
        return None;
    }
    fs::copy(at("user.pub"), at("authorized")).unwrap();
    // Where sshd separates privileges it wants this folder; only root may make it.
    let _there = fs::create_dir_all("/run/sshd");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nUsePAM no\n\
         Subsystem sftp internal-sftp\n",
        at("host").display(),
        at("authorized").display()
    );
    fs::write(at("sshd_config"), config).unwrap();
    let mut child = Command::new(sshd)
        .args(["-D", "-e", "-f"])
        .arg(at("sshd_config"))
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut lines = BufReader::new(child.stderr.take()?).lines();
    let listens = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Server listening"));
    if !listens {
        return None;
    }
    // Its log must be read on, or it would stand still.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Some(Server { dir, child, port })
}

/// The server, or a word why the test is left out.
fn server() -> Option<Server> {
    let server = start();
    if server.is_none() {
        println!("left out: no sshd can be started here (apt-get install openssh-server)");
    }
    server
}

/// A channel and the far folders.
struct Place {
    dir: tempfile::TempDir,
}

const OUT: &[u8] = b"H our file T";
const IN: &[u8] = b"H their file T";

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Store::make_folders(&dir.path().join("channel")).unwrap();
        for name in ["own", "up", "down"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let place = Self { dir };
        fs::write(place.at("channel/outbox/EB211124"), OUT).unwrap();
        fs::write(place.at("channel/outbox/EB211124.ok"), "").unwrap();
        fs::write(place.at("down/EB221120"), IN).unwrap();
        fs::write(place.at("down/.EB221121"), "not for us").unwrap();
        fs::write(place.at("down/readme"), "not for us").unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sftp(&self, server: &Server, program: &Path) -> Sftp {
        let text = include_str!("../config/sftp/bankingplus-seoul.toml");
        let mut settings = SftpSettings::from_toml("t", text).unwrap();
        let host_key = fs::read_to_string(server.dir.path().join("host.pub")).unwrap();
        settings.host_key = host_key.trim().to_string();
        settings.host = "127.0.0.1".into();
        settings.port = server.port;
        settings.user = whoami();
        settings.upload = self.at("up").display().to_string();
        settings.download = self.at("down").display().to_string();
        Sftp {
            settings,
            store: Store::open(&self.at("channel"), &self.at("own"), 180).unwrap(),
            key: server.dir.path().join("user"),
            own: self.at("own"),
            longest: 1 << 30,
            program: program.to_path_buf(),
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn arrived_once(&self, seen: &str) {
        assert_eq!(self.names("up"), ["EB211124"], "{seen}");
        assert_eq!(fs::read(self.at("up/EB211124")).unwrap(), OUT, "{seen}");
        assert_eq!(self.names("channel/outbox"), Vec::<String>::new(), "{seen}");
        assert_eq!(self.names("channel/sent"), ["EB211124", "EB211124.receipt"], "{seen}");
        assert_eq!(self.names("channel/inbox"), ["EB221120"], "{seen}");
        assert_eq!(fs::read(self.at("channel/inbox/EB221120")).unwrap(), IN, "{seen}");
        assert_eq!(self.names("down"), [".EB221121", "readme"], "{seen}");
    }
}

fn whoami() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_string()
}

fn now() -> Instant {
    "2026-11-23 10:00:00".parse().unwrap()
}

#[test]
fn one_visit_moves_both_ways_and_the_next_has_nothing_to_do() {
    let Some(server) = server() else { return };
    let place = Place::new();
    let visit = place.sftp(&server, Path::new("sftp")).visit(now()).unwrap();
    assert_eq!(visit, Visit { sent: vec!["EB211124".into()], fetched: vec!["EB221120".into()] });
    place.arrived_once("first");
    assert_eq!(place.sftp(&server, Path::new("sftp")).visit(now()).unwrap(), Visit::default());
    place.arrived_once("second");
    let receipt = fs::read_to_string(place.at("channel/sent/EB211124.receipt")).unwrap();
    assert!(
        receipt.contains("result = \"accepted\"") && receipt.contains("2026-11-23 10:00:00"),
        "{receipt}"
    );
}

#[test]
fn a_failure_before_or_after_every_run_of_sftp_changes_nothing_in_the_end() {
    let Some(server) = server() else { return };
    let mut through = false;
    for at in 0..20 {
        for after in [false, true] {
            let place = Place::new();
            let script = format!(
                "#!/bin/sh\nn=$(cat {0} 2>/dev/null || echo 0); echo $((n+1)) > {0}\n\
                 if [ $n -eq {at} ] && [ {after} = false ]; then echo cut >&2; exit 255; fi\n\
                 sftp \"$@\"; rc=$?\nif [ $n -eq {at} ]; then echo cut >&2; exit 255; fi\nexit $rc\n",
                place.at("count").display()
            );
            let program = place.at("wrapper");
            fs::write(&program, script).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            let first = place.sftp(&server, &program).visit(now());
            through = first.is_ok();
            if at > 3 && after {
                // The far side takes our file away meanwhile: it must not come a second time.
                let taken = place.at("up/EB211124");
                if taken.exists() {
                    fs::rename(&taken, place.at("taken")).unwrap();
                }
            }
            place.sftp(&server, Path::new("sftp")).visit(now()).unwrap();
            if place.at("taken").exists() {
                assert_eq!(place.names("up"), Vec::<String>::new(), "{at} {after}: sent twice");
                fs::rename(place.at("taken"), place.at("up/EB211124")).unwrap();
            }
            place.arrived_once(&format!("{at} {after} {first:?}"));
        }
        if through {
            return;
        }
    }
    panic!("never through");
}

#[test]
fn no_other_host_key_no_other_key_and_no_replacing() {
    let Some(server) = server() else { return };
    let person = |visit: Result<Visit, Broken>| match visit {
        Err(Broken::Person { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let place = Place::new();
    let mut sftp = place.sftp(&server, Path::new("sftp"));
    let other = fs::read_to_string(server.dir.path().join("other.pub")).unwrap();
    sftp.settings.host_key = other.trim().to_string();
    assert!(person(sftp.visit(now())).contains("Host key verification failed"));
    drop(sftp);
    let mut sftp = place.sftp(&server, Path::new("sftp"));
    sftp.key = server.dir.path().join("other");
    assert!(person(sftp.visit(now())).contains("Permission denied"));
    drop(sftp);
    fs::write(place.at("up/EB211124"), "theirs").unwrap();
    let what = person(place.sftp(&server, Path::new("sftp")).visit(now()));
    assert!(what.contains("lies there already"), "{what}");
    assert_eq!(fs::read(place.at("up/EB211124")).unwrap(), b"theirs");
    assert!(place.at("channel/outbox/EB211124.ok").exists());
}

#[test]
fn markers_kept_files_and_lengths() {
    let Some(server) = server() else { return };
    let place = Place::new();
    fs::remove_file(place.at("channel/outbox/EB211124.ok")).unwrap();
    let with = |change: fn(&mut SftpSettings)| {
        let mut sftp = place.sftp(&server, Path::new("sftp"));
        sftp.settings.after_fetch = AfterFetch::Keep;
        change(&mut sftp.settings);
        sftp.visit(now())
    };
    // Without its mark it is not complete.
    assert_eq!(with(|s| s.marker = ".ok".into()).unwrap(), Visit::default());
    fs::write(place.at("down/EB221120.ok"), "").unwrap();
    assert_eq!(with(|s| s.marker = ".ok".into()).unwrap().fetched, ["EB221120"]);
    // Kept there, it does not come again; of another length it needs a person.
    assert_eq!(with(|_| {}).unwrap(), Visit::default());
    fs::write(place.at("down/EB221120"), "another").unwrap();
    assert!(matches!(with(|_| {}), Err(Broken::Person { .. })));
    // The server is down: later again.
    assert!(matches!(with(|s| s.port = 1), Err(Broken::Cut(_))));
}
