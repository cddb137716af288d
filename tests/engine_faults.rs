//! Runs the folders of `tests/faults/` whose `case.toml` says `room = "engine"`: `case.day` is a bank day (the page stands
//! in tests/days.rs) that produces the fault and says what a person then reads. And the entries of an inbox that are no
//! files, which a day cannot make.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests write plain files; nothing here must outlive a power cut"
)]

#[path = "days/expect.rs"]
mod expect;
#[path = "days/orders.rs"]
mod orders;
#[path = "days/script.rs"]
mod script;
#[path = "days/stage.rs"]
mod stage;
#[path = "days/wire.rs"]
mod wire;

use stage::shipped::shipped_into;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sunap::config::Config;
use sunap::engine::Engine;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn is_ours(folder: &Path) -> bool {
    fs::read_to_string(folder.join("case.toml")).is_ok_and(|text| text.contains("room = \"engine\""))
}

fn play(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(folder.join("case.day")).map_err(|error| format!("{name}: {error}"))?;
    let commands = script::parse(&text).map_err(|(line, why)| format!("{name}:{line}: {why}"))?;
    if commands.iter().any(|command| command.words.first().is_some_and(|word| word == "as"))
        && !stage::people::may_chown()
    {
        eprintln!("{name}: left out: only root can give files to other accounts");
        return Ok(());
    }
    for commands in orders::pages(commands).map_err(|(line, why)| format!("{name}:{line}: {why}"))? {
        let mut stage = stage::Stage::new();
        for command in &commands {
            stage.act(command).map_err(|why| format!("{name}:{}: {why}", command.line))?;
        }
        stage.end().map_err(|why| format!("{name}: at the end: {why}"))?;
    }
    Ok(())
}

#[test]
fn every_fault_is_told_as_written() {
    let mut cases: Vec<PathBuf> = fs::read_dir(root().join("tests/faults"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| is_ours(folder) && folder.join("case.day").exists())
        .collect();
    cases.sort();
    assert!(cases.len() >= 4, "cases of the engine are missing");
    let failures: Vec<String> = cases.iter().filter_map(|folder| play(folder).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// `inbox-entry-unfit`: a folder, a link, a pipe and an oversized order are moved aside with a report, are never
/// opened, and do not stop the good file beside them.
#[test]
fn entries_that_are_no_files_are_moved_aside() {
    let temp = tempfile::tempdir().unwrap();
    shipped_into(temp.path());
    let config = Arc::new(Config::load(&temp.path().join("config/sunap.toml")).unwrap());
    let now = "2026-01-05 10:00".parse().unwrap();
    let mut engine = Engine::open(config, now).unwrap();
    let inbox = temp.path().join("spool/control/inbox");
    fs::create_dir(inbox.join("a-folder")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", inbox.join("a-link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(inbox.join("a-pipe")).status().unwrap().success());
    fs::File::create(inbox.join("large.toml")).unwrap().set_len(1 << 40).unwrap();
    fs::write(inbox.join("order.toml.tmp"), "verb =").unwrap();
    fs::write(inbox.join("order.toml"), "verb = \"file.hold\"\nname = \"EB130105\"\nreason = \"r\"\nby = \"b\"\nat = \"2026-01-05 10:00:00\"\n").unwrap();
    for n in 0..5 {
        engine.turn(now, n * 60_000).unwrap();
    }
    let rejected = temp.path().join("spool/control/rejected");
    let expected = fs::read_to_string(root().join("tests/faults/inbox-entry-unfit/expected.txt")).unwrap();
    for name in ["a-folder", "a-link", "a-pipe", "large.toml"] {
        let report = fs::read_to_string(rejected.join(format!("{name}.report.txt"))).unwrap();
        let told = report.contains("error[inbox-entry-unfit]") && report.contains(expected.trim());
        assert!(told, "{name}: {report}");
    }
    assert!(inbox.join("order.toml.tmp").exists(), "a file still being written is left alone");
    let answer = fs::read_to_string(temp.path().join("spool/control/outbox/order.answer.toml")).unwrap();
    assert!(answer.contains("result = \"refused\""), "{answer}");
}

/// E64: what goes to a creditor's own system is owed by the ledger until it lies in the outbox. While the outbox is not there it is told and tried
/// again, other work goes on, and in the end each answer lies there once.
#[test]
fn e64_answers_are_owed_until_they_lie_in_the_outbox() {
    let temp = tempfile::tempdir().unwrap();
    shipped_into(temp.path());
    let config = Arc::new(Config::load(&temp.path().join("config/sunap.toml")).unwrap());
    let at = |text: &str| text.parse::<sunap::domain::Instant>().unwrap();
    let mut engine = Engine::open(config, at("2025-12-29 09:00")).unwrap();
    engine.turn(at("2025-12-29 09:00"), 0).unwrap();
    let creditor = temp.path().join("spool/creditor/10000001");
    let list = "고객번호,고객명,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호\n\
        A-0001,가나다,TUITION,100000,50000,2026-01,5,국민은행,990000000001,가나다,900101\n";
    let dropped = creditor.join("inbox/mandates.csv");
    fs::rename(creditor.join("outbox"), temp.path().join("away")).unwrap();
    fs::write(&dropped, list).unwrap();
    engine.renamed_in(&dropped);
    for minute in 0..3 {
        let turn = engine.turn(at("2025-12-29 09:01").plus_minutes(minute), 60_000).unwrap();
        assert!(turn.look_again, "it is not given up");
    }
    assert!(creditor.join("done/mandates.csv").exists(), "judged all the same");
    engine.turn(at("2025-12-29 14:00"), 120_000).unwrap();
    let bank = temp.path().join("spool/channel/bankingplus-seoul/outbox");
    assert!(bank.join("EB131229").exists(), "the bank's file does not wait for a creditor's folder");
    let told = || -> i64 {
        let sql = rusqlite::Connection::open(temp.path().join("state").join(sunap::engine::LEDGER)).unwrap();
        let open = "SELECT count(*) FROM alert WHERE name = 'disk-failed' AND subject LIKE 'mandates.csv.%' AND cleared_at IS NULL";
        sql.query_row(open, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(told(), 2, "each is told");
    fs::rename(temp.path().join("away"), creditor.join("outbox")).unwrap();
    engine.turn(at("2025-12-29 14:01"), 180_000).unwrap();
    assert!(!engine.turn(at("2025-12-29 14:02"), 240_000).unwrap().look_again);
    assert_eq!(told(), 0, "and over when they lie there");
    let mut names: Vec<String> = fs::read_dir(creditor.join("outbox"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("mandates"))
        .collect();
    names.sort();
    assert_eq!(names, ["mandates.csv.answer.csv", "mandates.csv.summary.toml"]);
}
