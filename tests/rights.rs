//! Two people at one daemon, as processes of their own accounts: who may order, who may approve, what the log says of it,
//! and that a changed journal is found. Needs root, to be two people; without, it says so and does the rest.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests write plain files; nothing here must outlive a power cut"
)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const USERS: &str = r#"
unmapped = "none"
second_person = ["file.hold"]

[[role]]
name = "operator"
rights = ["file.*"]

[[role]]
name = "approver"
rights = ["approve.file.*"]

[[user]]
id = "kim"
name = "김운영"
accounts = [6003]
roles = ["operator", "approver"]

[[user]]
id = "lee"
name = "이책임"
accounts = [6006]
roles = ["approver"]
"#;

/// The group that may write into the control inbox.
const OPERATORS: u32 = 6000;

fn sunap(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.args(arguments).env_remove("SUNAP_CONFIG").env_remove("SUNAP_LOG").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn mode(path: &Path, bits: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

/// A copy of config/ and formats/ that others may read; the path of its sunap.toml.
fn place(temp: &Path) -> String {
    mode(temp, 0o755);
    for folder in ["config", "formats"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        assert!(Command::new("cp").arg("-r").arg(from).arg(temp).status().unwrap().success());
    }
    assert!(Command::new("chmod").args(["-R", "a+rX,go-w"]).arg(temp).status().unwrap().success());
    let config = temp.join("config/sunap.toml").to_string_lossy().into_owned();
    let made = sunap(&["key", "new", "--config", &config]).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    config
}

struct Daemon(Child, PathBuf);

impl Daemon {
    /// Starts it and waits until it says that it is ready.
    fn start(temp: &Path, config: &str) -> Self {
        let socket = temp.join("notify");
        let _old = std::fs::remove_file(&socket);
        let manager = UnixDatagram::bind(&socket).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut command = sunap(&["run", "--config", config]);
        command.env("NOTIFY_SOCKET", &socket);
        let log = std::fs::File::create(temp.join("daemon.log")).unwrap();
        let daemon =
            Self(command.stdout(Stdio::null()).stderr(log).spawn().unwrap(), temp.join("daemon.log"));
        let mut buffer = [0; 4096];
        loop {
            let length = manager.recv(&mut buffer).unwrap();
            if String::from_utf8_lossy(&buffer[..length]).contains("READY=1") {
                // The socket goes: what the daemon says from now on need not be read.
                return daemon;
            }
        }
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let ended = self.0.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", std::fs::read_to_string(&self.1).unwrap());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The words between quotes after a key in an answer.
fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap_or_default();
    line.trim_matches('"')
}

#[test]
fn two_people_and_a_log_of_both() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("left out: only root can run a command as another account");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    std::fs::write(temp.path().join("config/users.toml"), USERS).unwrap();
    let daemon = Daemon::start(temp.path(), &config);
    let control = temp.path().join("spool/control");
    // As docs/rights.md has it: the group of the operators, kept by all that is made in these folders.
    for folder in [temp.path().join("spool"), control.clone()] {
        mode(&folder, 0o755);
    }
    for room in ["inbox", "work", "outbox"] {
        std::os::unix::fs::chown(control.join(room), None, Some(OPERATORS)).unwrap();
        mode(&control.join(room), if room == "inbox" { 0o2770 } else { 0o2750 });
    }

    let as_account = |uid: u32, arguments: &[&str]| {
        let mut command = sunap(arguments);
        command.args(["--config", &config]).uid(uid).gid(OPERATORS).current_dir("/");
        command.output().unwrap()
    };
    // Nobody's account: turned away. One's own name counts, whatever the environment says.
    let nobody = as_account(6999, &["file", "hold", "EB130105", "--reason", "wait"]);
    assert_eq!(code(&nobody), 65, "{}", said(&nobody));
    assert!(said(&nobody).contains("right-missing"), "{}", said(&nobody));
    let claims = as_account(6003, &["file", "hold", "EB130105", "--reason", "wait", "--by", "lee"]);
    assert!(said(&claims).contains("order-claims-another"), "{}", said(&claims));

    let proposed = as_account(6003, &["file", "hold", "EB130105", "--reason", "wait"]);
    assert_eq!(code(&proposed), 75, "{}", said(&proposed));
    let text = said(&proposed);
    assert_eq!(value(&text, "result"), "proposed", "{text}");
    let (id, sha256) = (value(&text, "approval").to_string(), value(&text, "sha256").to_string());
    let status = sunap(&["status", "--config", &config]).output().unwrap();
    assert!(said(&status).contains(&format!("sunap approve {id} --sha256")), "{}", said(&status));
    let answer = |uid, verb| as_account(uid, &[verb, &id, "--sha256", &sha256, "--reason", "확인함"]);
    let own = answer(6003, "approve");
    assert!(said(&own).contains("제안한 사람은 승인할 수 없습니다"), "{}", said(&own));
    // It is done as proposed; that there is no such file is what the order says.
    let other = answer(6006, "approve");
    assert_eq!(code(&other), 65, "{}", said(&other));
    assert!(said(&other).contains("approved, but"), "{}", said(&other));
    assert!(said(&other).contains("no file of that name or id is known"), "{}", said(&other));
    daemon.stop();

    let log = |more: &[&str]| {
        let output = sunap(&["log", "--config", &config]).args(more).output().unwrap();
        assert_eq!(code(&output), 0, "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let lees = log(&["--user", "lee", "--format", "csv"]);
    assert!(lees.starts_with("\u{feff}일시,사용자,대상,업무,이전,이후,근거 파일,내용"), "{lees}");
    assert!(lees.contains("file.hold proposed by kim"), "{lees}");
    assert!(!lees.contains(",kim,") && !lees.contains(",sunap,"), "{lees}");
    let nobodys = log(&["--user", "6999", "--format", "json"]);
    assert!(nobodys.contains("right-missing") && nobodys.contains("\"who\":\"uid:6999\""), "{nobodys}");
    assert!(log(&["--object", "proposal"]).contains("approved"));
    assert!(!log(&["--since", "2999-01-01"]).contains("lee"));
}

#[test]
fn changes_of_the_configuration_and_of_the_journal_are_told() {
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    Daemon::start(temp.path(), &config).stop();
    let creditor = temp.path().join("config/creditors/10000001.toml");
    let text = std::fs::read_to_string(&creditor).unwrap();
    let name = text.lines().find(|line| line.starts_with("name = ")).unwrap().to_string();
    std::fs::write(&creditor, text.replacen(&name, "name = \"다른 이름\"", 1)).unwrap();
    std::fs::write(temp.path().join("config/users.toml"), USERS).unwrap();
    Daemon::start(temp.path(), &config).stop();
    let log = |object: &str| {
        let output =
            sunap(&["log", "--config", &config, "--object", object, "--format", "csv"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let creditors = log("config config/creditors/10000001.toml");
    assert!(creditors.contains(",first-read,") && creditors.contains("~base.name"), "{creditors}");
    assert!(!creditors.contains("다른 이름"), "a value was kept: {creditors}");
    let users = log("config config/users.toml");
    assert!(users.contains("+user[kim].roles") && users.contains("~unmapped"), "{users}");
    assert_eq!(log("config config/banks.toml").lines().count(), 3, "heading, first reading, count");

    let audit = || sunap(&["audit", "verify", "--config", &config]).output().unwrap();
    let clean = audit();
    assert_eq!(code(&clean), 0, "{}", said(&clean));
    assert!(said(&clean).contains(" 0 findings"), "{}", said(&clean));
    let ledger = rusqlite::Connection::open(temp.path().join("state/ledger.sqlite")).unwrap();
    ledger
        .execute_batch(
            "DROP TRIGGER config_change_kept_u;
             UPDATE config_change SET by_whom = 'somebody' WHERE file = 'config/users.toml' AND old_sha256 IS NOT NULL",
        )
        .unwrap();
    drop(ledger);
    let found = audit();
    assert_eq!(code(&found), 65, "{}", said(&found));
    assert!(said(&found).contains("was altered (link "), "{}", said(&found));
    assert!(said(&found).starts_with("config_change #"), "{}", said(&found));
    let verify = sunap(&["verify", "--config", &config]).output().unwrap();
    assert_eq!(code(&verify), 65, "{}", said(&verify));
    assert!(said(&verify).contains("journal: config_change #"), "{}", said(&verify));
}
