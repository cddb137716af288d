//! Bank days as scripts: `tests/days/*.day`. Adding a case is adding a file; this test finds it.
//!
//! A case has a temporary copy of the shipped config/ and formats/, the ordinary engine on a manual clock, and a bank
//! that is either simulated (`bank`) or played by hand (`take`, `receipt`, `answer`, `drop channel`). It is named by
//! the edge case that it shows (product.md 3.9): `E08-truncated-result.day`. Run one: `SUNAP_DAY=E08 cargo test --test days`.
//!
//! # The page
//!
//! One command a line. `#` begins a comment. Words are separated by blanks; `"two words"` is one, and so is `'a "quoted" one'`. A command that ends
//! with `<<<` is followed by text up to a line `>>>`. OWNER is `channel` (the only one of the shipped config),
//! `creditor/10000001` or `control`; ROOM is `inbox`, `work`, `done`, `rejected`, `held`, `outbox` or `sent`.
//!
//! | command | does |
//! |---|---|
//! | `config FILE replace "OLD" with "NEW"` | changes a file of the copied config/ or formats/; while the engine runs it counts from the next `restart` on; OLD must be there, `\n` is a new line |
//! | `layout FILE as OTHER` | copies a layout of formats/ under another file name: its next revision begins so |
//! | `bank <<< rules >>>` | a simulated exchange plays the bank by these rules (config/exchange/README.md), applications from banks included, which no profile expects without it; before the start. `bank <<<` `>>>` succeeds always |
//! | `at 2026-01-05 13:00` | business time goes there; everything due before is done at its own time. The first one starts the engine |
//! | `drop OWNER NAME [utf-8\|bom\|cp949\|payers\|zip\|LAYOUT] <<<` | a file is dropped and taken at once. `payers`: rows `A-0001 TUITION 50000 5` (payer, item, monthly won, due day) become a full list of mandates. `zip`: an archive of files, one a line: `NAME CONTENT`. LAYOUT (`EB22`): JSON objects as of `sunap read --json`, written with `--fill` |
//! | `drop OWNER NAME` | drops what `answer` and the edits below have made under that name |
//! | `answer OURS as NAME <<<` | makes the bank's result of our sent file: rows `A-0001 TUITION 0021` fail with that code; `A-0001 TUITION 0021 P 30000` is partial, so much not withdrawn; `A-0001 TUITION 0000 Y` succeeded, for a layout that lists all; `A-0001 TUITION 0012 register` fails one line of a change of account (or `cancel`); all others are absent. `answer OURS as NAME by eb21-b eb22-b` reads and writes by these files of formats/ |
//! | `cut NAME at BYTES` | truncates what was made |
//! | `patch NAME at BYTE "TEXT"` | overwrites bytes from BYTE (1-based) |
//! | `copy NAME as OTHER`, `copy OWNER/ROOM NAME` | what was made, under another name; or what lies there, as if made |
//! | `edit NAME s "OLD" "NEW"` | replaces ASCII text everywhere in it; OLD must be there |
//! | `take NAME` | the bank's side takes ours: outbox → sent, marker removed |
//! | `receipt NAME <<< toml >>>` | puts sent/NAME.receipt |
//! | `order VERB NAME "REASON"` | an operator's order about a file: `order file.hold EB130105 "wait"` |
//! | `order VERB CREDITOR PAYER ITEM "REASON"` | one about a mandate |
//! | `order VERB CREDITOR PAYER ITEM MONTH [WON\|PROOF] "REASON"` | one about a charge: `order write-off.charge 10000001 A-0001 TUITION 2026-01 "moved"` |
//! | `message take NAME` | the gateway takes a list of messages; `message receipt NAME STATE` puts its receipt file beside it: accepted or refused |
//! | `message send CREDITOR PAYER "TEXT"` | an order to send a message; `expect message CREDITOR PAYER EVENT STATE`, `expect no message CREDITOR PAYER EVENT`, `expect messages N`; their folders are `message/ROOM` |
//! | `message acknowledge CREDITOR NOTICE`, `message answer ID "TEXT"` | orders about a notice and a question |
//! | `entry KIND OWNER NAME` | puts a `folder`, `pipe`, `link` or `big` (larger than any limit) into an inbox |
//! | `users <<< toml >>>` | config/users.toml is this; while the engine runs, from the next `restart` on |
//! | `as UID[:GID] [mode BITS]` | files are dropped from this account from now on; a page with it needs root, and is left out without |
//! | `approve "REASON"`, `decline "REASON"` | an order that answers what the last order proposed; `sha256 DIGITS` behind it names another content, `of ORDER` another order |
//! | `closed DATE` | the operator declares a day off in config/calendar.toml; it counts from the next `restart` on |
//! | `leave OWNER/ROOM NAME <<<` | a file is left in a room, as by somebody else; nothing is done about it yet |
//! | `mode OWNER/ROOM BITS` | somebody changes the room's permissions (octal) |
//! | `remove OWNER/ROOM NAME` | somebody removes a file there |
//! | `ledger posted\|tampered\|mended <<< SQL >>>` | the SQL is done behind the engine's back; after `tampered` the audit is not looked at until `mended` |
//! | `age DAYS` | everything that happened, and the archive, is so many days older, as after years; the journal's chain does not fit any more |
//! | `expect traces N "TEXT"` | the bytes of the ledger and its log hold the text so often |
//! | `expect value N "SQL"`, `expect deleted` | the ledger says so; what was deleted is not in the archive, and all else is |
//! | `lose ledger` | ends the engine and removes its ledger |
//! | `keep ledger`, `put back ledger` | copies the ledger as it is now, between two turns; puts the copy in its place and ends the engine |
//! | `restore kept`, `restore nothing` | what the witness tells is played on the kept ledger, or on an empty one: the business state must be that of now; it is swapped in and the engine starts |
//! | `put older witness` | ends the engine and puts a witness there as it was before it told of files taken in |
//! | `restore refused "TEXT"` | that is refused, and says TEXT |
//! | `expect no start "TEXT"` | the engine does not start, and says TEXT |
//! | `rename OWNER/ROOM OLD NEW` | renames a file there |
//! | `restart` | ends the engine and starts it again |
//! | `reload`, `reload refused "TEXT"` | the engine reads its configuration anew while it runs; a simulated bank keeps the old one |
//! | `down` | ends the engine; the next `at` starts it. What is dropped or taken meanwhile lies there |
//! | `power lost NAME` | our file is in the stage again, as after a power failure right before its rename became durable; another boot starts |
//! | `in any order <<<` | the commands of the text run in every order, each time in a case of its own; once a page |
//! | `expect order "TEXT"` | the answer to the last order holds TEXT |
//! | `expect file OWNER/ROOM NAME`, `expect no file OWNER/ROOM NAME` | a file is there, or not |
//! | `expect text OWNER/ROOM NAME contains "TEXT"` | and holds TEXT (UTF-8 or CP949); `expect report` is the same for NAME.report.txt |
//! | `expect records OWNER/ROOM NAME N` | a bank file has N data records |
//! | `expect state NAME WORD` | the latest file of that name is in that state: answered, applied, duplicate, held, … |
//! | `expect same OWNER/ROOM NAME` | it has the bytes of what was made or copied under this name |
//! | `expect mandate CREDITOR PAYER ITEM WORD` | active, ended, … or a status word such as 계좌신청완료; `ended REASON` |
//! | `expect amount CREDITOR PAYER ITEM DATE WON` | what the latest line of that debit date asks for |
//! | `expect collection CREDITOR PAYER ITEM DATE WORD [CODE]` | the latest line of that debit date: requested, succeeded, failed, … |
//! | `expect no collection CREDITOR PAYER ITEM DATE` | there is none |
//! | `expect totals CREDITOR MONTH charges N amount W collected W open W` | any of the pairs |
//! | `expect settlement CREDITOR DATE collected W reversed W carried W fee W vat W net W payout STATE` | any of the pairs; its lines add up |
//! | `rows REPORT CREDITOR FROM TO [item=CODE] [group=CODE] [payer=NO] [status=WORD] <<<` | the report has exactly these rows, as csv without its heading, the sums at the end |
//! | `expect alert NAME`, `expect no alert [NAME]` | an alert is open, or not |
//! | `expect unchanged` | nothing in mandates, charges and collections moved since the last `remember` |
//! | `remember` | notes all states, for `expect unchanged` |
//!
//! With `SUNAP_RESTORED=1` every page ends with its ledger played again from nothing; what cannot be played is told.
//!
//! At every `at` and at the end the ledger's audit must be clean (I3 and the rules beside it).
#![cfg(test)]

#[path = "days/expect.rs"]
mod expect;
#[path = "days/month.rs"]
mod month;
#[path = "days/month_of_changes.rs"]
mod month_of_changes;
#[path = "days/orders.rs"]
mod orders;
#[path = "days/script.rs"]
mod script;
#[path = "days/stage.rs"]
mod stage;
#[path = "days/wire.rs"]
mod wire;

use std::path::Path;

/// What papers are printed with.
const NANUM: &str = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf";

#[test]
fn every_day_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/days");
    let only = std::env::var("SUNAP_DAY").unwrap_or_default();
    let mut cases: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "day"))
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&only))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case begins with {only:?}");
    // A case mostly waits for its disk, and knows nothing of the others.
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(path) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Err(why) = run(path) {
                        failures.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(failures.is_empty(), "{} of {} days:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn run(path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let commands = script::parse(&text).map_err(|(line, why)| format!("{name}:{line}: {why}"))?;
    if commands.iter().any(|command| command.words.first().is_some_and(|word| word == "as"))
        && !stage::people::may_chown()
    {
        eprintln!("{name}: left out: only root can give files to other accounts");
        return Ok(());
    }
    let prints = |command: &script::Command| {
        command.block.as_deref().is_some_and(|block| block.contains("paper.issue"))
    };
    if commands.iter().any(prints) && !Path::new(NANUM).exists() {
        eprintln!("{name}: left out: install fonts-nanum to make papers");
        return Ok(());
    }
    for commands in
        orders::pages(commands).map_err(|(line, why)| format!("{name}: in any order, {line}: {why}"))?
    {
        let mut stage = stage::Stage::new();
        for command in &commands {
            stage
                .act(command)
                .map_err(|why| format!("{name}:{}: {}: {why}", command.line, command.words.join(" ")))?;
        }
        stage.end().map_err(|why| format!("{name}: at the end: {why}"))?;
    }
    Ok(())
}

#[test]
fn the_page_refuses_what_it_does_not_know() {
    for (text, line) in [("at", 1), ("\nfly 2026", 2), ("at 2026-13-01", 1), ("expect moon full", 1)] {
        let commands = script::parse(text).unwrap();
        let mut stage = stage::Stage::new();
        let error = commands.iter().find_map(|command| stage.act(command).err().map(|_| command.line));
        assert_eq!(error, Some(line), "{text:?}");
    }
    assert_eq!(script::parse("drop channel A <<<\nno end").unwrap_err().0, 1);
    assert_eq!(script::parse("config \"a").unwrap_err().0, 1);
}
