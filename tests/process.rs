//! The program as a process: exit codes, the daemon's start and end, orders and their answers, the service manager.
//! Waits only for messages and for children, never for time.
#![cfg(test)]

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

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

/// A copy of config/ and formats/; the path of its sunap.toml.
fn place(temp: &Path) -> String {
    for folder in ["config", "formats"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        assert!(Command::new("cp").arg("-r").arg(from).arg(temp).status().unwrap().success());
    }
    let made = sunap(&["key", "new", "--config"]).arg(temp.join("config/sunap.toml")).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    temp.join("config/sunap.toml").to_string_lossy().into_owned()
}

struct Daemon {
    child: Child,
    /// What it tells the service manager. Taken from the socket at once, as systemd does: a dozen unread ones would block it.
    told: Receiver<String>,
}

/// Takes what comes to the socket until nobody wants it any more.
fn taken(manager: UnixDatagram) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = manager.recv(&mut buffer) {
            if tell.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).is_err() {
                return;
            }
        }
    });
    told
}

impl Daemon {
    /// Starts it and waits until it says that it is ready.
    fn start(temp: &Path, config: &str) -> Self {
        let socket = temp.join("notify");
        let manager = UnixDatagram::bind(&socket).unwrap();
        let mut command = sunap(&["run", "--config", config]);
        command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "60000000").env_remove("WATCHDOG_PID");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let daemon = Self { child, told: taken(manager) };
        daemon.wait_for("READY=1");
        daemon
    }

    fn wait_for(&self, message: &str) -> String {
        loop {
            let text = self
                .told
                .recv_timeout(Duration::from_secs(60))
                .unwrap_or_else(|error| panic!("{message} has not come: {error}"));
            if text.contains(message) {
                return text;
            }
        }
    }

    /// Has it read its configuration anew; what it tells the service manager in the end.
    fn reload(&self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        let reloading = self.wait_for("RELOADING=1");
        assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
        let ready = self.wait_for("READY=1");
        ready.lines().find_map(|line| line.strip_prefix("STATUS=")).unwrap_or_default().to_string()
    }

    fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.wait_for("STOPPING=1");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, unless an assertion failed before.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn the_daemon_starts_once_answers_orders_and_ends_on_sigterm() {
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    let order = |timeout: &str| {
        let arguments =
            ["file", "hold", "EB130105", "--reason", "wait", "--timeout", timeout, "--config", &config];
        sunap(&arguments).output().unwrap()
    };
    let before = order("1");
    assert_eq!(code(&before), 75, "{}", said(&before));
    assert_eq!(code(&sunap(&["status", "--config", &config]).output().unwrap()), 75);

    let daemon = Daemon::start(temp.path(), &config);
    daemon.wait_for("WATCHDOG=1");
    let second = sunap(&["run", "--config", &config]).output().unwrap();
    assert_eq!(code(&second), 75, "{}", said(&second));
    // There is no such file: the order is answered, and refused.
    let refused = order("60");
    assert_eq!(code(&refused), 65, "{}", said(&refused));
    assert!(said(&refused).contains("result = \"refused\""), "{}", said(&refused));
    // A mandate is named by its number or by its payer and item, not by half of it or both.
    let by_number: &[&str] = &["7"];
    let by_payer = &["--creditor", "10000001", "--payer", "A-0001", "--item", "TUITION"];
    for (named, expected) in [(by_number, 65), (by_payer, 65), (&by_payer[..4], 64), (&[], 64)] {
        let verb = ["mandate", "restore", "--reason", "복원 확인", "--timeout", "60", "--config", &config];
        let restored = sunap(&verb).args(named).output().unwrap();
        assert_eq!(code(&restored), expected, "{named:?}: {}", said(&restored));
        assert!(
            expected == 64 || said(&restored).contains("no such mandate is known"),
            "{}",
            said(&restored)
        );
    }
    let status = sunap(&["status", "--json", "--config", &config]).output().unwrap();
    assert!(matches!(code(&status), 0 | 2), "{}", said(&status));
    assert_eq!(daemon.stop(), Some(0));

    let rehearsal = sunap(&["run", "--clock", "2027-01-04 09:00", "--config", &config]).output().unwrap();
    assert_eq!(code(&rehearsal), 78, "a rehearsal does not run on a live ledger: {}", said(&rehearsal));
}

/// Changes a file of the copied configuration: a new file takes the place of the old one.
fn rewrite(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::remove_file(path).unwrap();
    let (folder, name) = (path.parent().unwrap(), path.file_name().unwrap().to_string_lossy());
    sunap::spool::drop_file(folder, &name, change(text).as_bytes()).unwrap();
}

#[test]
fn a_reload_takes_the_whole_configuration_or_none_of_it() {
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    let creditors = temp.path().join("config/creditors");
    let first = creditors.join("10000001.toml");
    let ask = |arguments: &[&str]| said(&sunap(arguments).args(["--config", &config]).output().unwrap());
    let daemon = Daemon::start(temp.path(), &config);

    // A creditor more: its folders are there, and an order about it is judged by the new configuration.
    let new = std::fs::read_to_string(&first).unwrap().replace("10000001", "10000009");
    sunap::spool::drop_file(&creditors, "10000009.toml", new.as_bytes()).unwrap();
    // Orders of one second and the same words would be one order.
    let unknown = |reason: &str| {
        let arguments =
            ["cash", "cancel", "7", "--creditor", "10000009", "--reason", reason, "--timeout", "60"];
        ask(&arguments)
    };
    let before = unknown("before");
    assert!(before.contains("no such creditor is configured"), "{before}");
    assert_eq!(daemon.reload(), "configuration read anew");
    assert!(temp.path().join("spool/creditor/10000009/inbox").is_dir());
    let after = unknown("there");
    assert!(after.contains("refused") && !after.contains("no such creditor"), "{after}");
    let log = ask(&["log", "--object", "config", "--format", "csv"]);
    assert!(log.contains("creditors/10000009.toml"), "{log}");

    // One fault, and none of what changed counts; the fault is told until it is mended.
    rewrite(&first, |text| text.replace("days = [5, 15", "days = [5, 35"));
    std::fs::remove_file(creditors.join("10000009.toml")).unwrap();
    let refused = daemon.reload();
    assert!(refused.starts_with("configuration refused, the old one stays"), "{refused}");
    rewrite(&first, |text| text.replace("days = [5, 35", "days = [5, 15"));
    let after = unknown("kept");
    assert!(after.contains("refused") && !after.contains("no such creditor"), "the old one stays: {after}");

    // What only a restart may change.
    let channel = temp.path().join("config/channels/bankingplus-seoul.toml");
    let code = std::fs::read_to_string(&channel).unwrap();
    let code = code.lines().find(|line| line.starts_with("institution_code")).unwrap().to_string();
    rewrite(&channel, |text| text.replace(&code, "institution_code = \"9990007777\""));
    let refused = daemon.reload();
    assert!(refused.contains("institution_code") && refused.contains("restart"), "{refused}");
    let status = ask(&["status", "--json"]);
    assert!(status.contains("config-refused"), "{status}");
    rewrite(&channel, |text| text.replace("institution_code = \"9990007777\"", &code));
    assert_eq!(daemon.reload(), "configuration read anew");
    assert!(unknown("gone").contains("no such creditor"), "the creditor is gone");
    let status = ask(&["status", "--json"]);
    assert!(!status.contains("config-refused"), "{status}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_rehearsal_runs_to_its_end() {
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    let rules = temp.path().join("config/exchange/demo.toml").to_string_lossy().into_owned();
    let arguments = ["run", "--clock", "2026-01-05 09:00", "--until", "2026-01-20", "--exchange", &rules];
    let run = sunap(&arguments).args(["--config", &config]).output().unwrap();
    assert_eq!(code(&run), 0, "{}", said(&run));
    let status = sunap(&["status", "--json", "--config", &config]).output().unwrap();
    assert!(said(&status).contains("\"business_time\":\"2026-01-20 00:00:00\""), "{}", said(&status));
}

#[test]
fn check_tells_all_faults_and_the_next_due_times() {
    let temp = tempfile::tempdir().unwrap();
    let config = place(temp.path());
    let good = sunap(&["check", "--at", "2026-01-02 13:00", "--config", &config]).output().unwrap();
    assert_eq!(code(&good), 0, "{}", said(&good));
    for text in [
        "EB13 of 2026-01-02: cut-off 2026-01-02 14:00:00",
        "EB22 due 2026-01-06 11:00:00",
        "EB11 of 2025-12-31: comes 2025-12-31 11:00:00, decided by 2026-01-02 14:00:00, EB12 due 2026-01-02 15:00:00",
        "debit date 2026-01-05",
    ] {
        assert!(said(&good).contains(text), "{text:?} is not in:\n{}", said(&good));
    }
    let replace = |file: &str, old: &str, new: &str| {
        let path = temp.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file}");
        std::fs::remove_file(&path).unwrap();
        sunap::spool::drop_file(
            path.parent().unwrap(),
            &path.file_name().unwrap().to_string_lossy(),
            text.replace(old, new).as_bytes(),
        )
        .unwrap();
    };
    replace("config/creditors/10000001.toml", "days = [5, 15", "days = [5, 35");
    replace("formats/eb21.toml", "record_bytes = 150", "record_bytes = 151");
    let bad = sunap(&["check", "--config", &config]).output().unwrap();
    assert_eq!(code(&bad), 78, "{}", said(&bad));
    for text in ["config/creditors/10000001.toml", "formats/eb21.toml"] {
        assert!(said(&bad).contains(text), "{text:?} is not in:\n{}", said(&bad));
    }
    let layout = temp.path().join("formats/eb22.toml").to_string_lossy().into_owned();
    assert_eq!(code(&sunap(&["check", &layout]).output().unwrap()), 0);
}

#[test]
fn read_and_write_are_inverse_and_faults_exit_65() {
    let temp = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let layout = root.join("formats/eb22.toml").to_string_lossy().into_owned();
    let config = root.join("config/sunap.toml").to_string_lossy().into_owned();
    let file = temp.path().join("EB220605");
    let lines = concat!(
        r#"{"record":"header","fields":{"institution_code":"9990001234","debit_date":"2026-06-05","main_bank_branch":"0040000","collection_account":"999901"}}"#,
        "\n",
        r#"{"record":"trailer","fields":{"institution_code":"9990001234"}}"#,
        "\n"
    );
    let write = |arguments: &[&str], lines: &str| {
        use std::io::Write;
        let mut child = sunap(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let path = file.to_string_lossy().into_owned();
    let written = write(&["write", "--layout", &layout, "--fill", "--out", &path], lines);
    assert_eq!(code(&written), 0, "{}", said(&written));
    let again = write(&["write", "--layout", &layout, "--fill", "--out", &path], lines);
    assert_eq!(code(&again), 64, "nothing is written over");

    let json = sunap(&["read", &path, "--json", "--config", &config]).output().unwrap();
    assert_eq!(code(&json), 0, "{}", said(&json));
    let back = write(&["write", "--layout", &layout], &String::from_utf8_lossy(&json.stdout));
    assert_eq!(back.stdout, std::fs::read(&file).unwrap(), "{}", said(&back));
    let text = sunap(&["read", &path, "--layout", &layout]).output().unwrap();
    assert!(said(&text).contains("기관코드"), "{}", said(&text));

    let mut cut = std::fs::read(&file).unwrap();
    cut.truncate(200);
    let folder = temp.path().join("cut");
    std::fs::create_dir(&folder).unwrap();
    sunap::spool::drop_file(&folder, "EB220605", &cut).unwrap();
    let faulty =
        sunap(&["read", &folder.join("EB220605").to_string_lossy(), "--layout", &layout]).output().unwrap();
    assert_eq!(code(&faulty), 65, "{}", said(&faulty));
    let wrong = write(&["write", "--layout", &layout], "{\"record\":\"nothing\"}\n");
    assert_eq!(code(&wrong), 65, "{}", said(&wrong));
}

#[test]
fn banking_days_and_usage() {
    let config =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sunap.toml").to_string_lossy().into_owned();
    let ask = |arguments: &[&str]| sunap(arguments).args(["--config", &config]).output().unwrap();
    let shifted = ask(&["calendar", "shift", "2026-02-13", "1"]);
    assert_eq!((code(&shifted), said(&shifted).trim()), (0, "2026-02-19"), "over Seollal");
    assert_eq!(said(&ask(&["calendar", "shift", "2026-01-02", "-1"])).trim(), "2025-12-31");
    let year = ask(&["calendar", "--year", "2026"]);
    assert!(said(&year).contains("2026-01-01,목,N,신정,fixed\n2026-01-02,금,Y,,"), "{}", said(&year));
    assert_eq!(said(&year).lines().count(), 366);
    assert_eq!(code(&ask(&["calendar", "--year", "1999"])), 64);
    assert_eq!(code(&sunap(&["fly"]).output().unwrap()), 64);
    assert_eq!(code(&sunap(&["--version"]).output().unwrap()), 0);
    assert_eq!(code(&sunap(&["check", "--config", "/nonexistent/sunap.toml"]).output().unwrap()), 78);
}
