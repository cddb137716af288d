//! The stage of a day: a temporary spool, the engine on a manual clock, a bank; and what each command does there.

#[path = "kept.rs"]
mod kept;
#[path = "messages.rs"]
mod messages;
#[path = "mishap.rs"]
mod mishap;
#[path = "people.rs"]
pub(crate) mod people;
#[path = "restored.rs"]
mod restored;
#[path = "rows.rs"]
mod rows;
#[path = "../canary/search.rs"]
mod search;
#[path = "../shipped/copy.rs"]
pub(crate) mod shipped;

use crate::script::Command;
use crate::wire::{self, Failure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sunap::cli::bank_side::BankSide;
use sunap::config::Config;
use sunap::daemon::Stop;
use sunap::daemon::rehearsal::{Idle, Outside, Patience, Rehearsal};
use sunap::domain::{CreditorId, Date, Instant, ItemCode, PayerNo};
use sunap::engine::Engine;
use sunap::exchange::Rules;
use sunap::intake::order::{Order, Target, Verb};
use sunap::ledger::{FileQuery, FileRow, FileState, LineRow, MandateFound, Reader};

/// The profile that waits for applications from banks.
const APPLICATIONS: &str = "profiles/kftc.toml";

/// The only channel of the shipped config.
const CHANNEL: &str = "channel/bankingplus-seoul";

pub(crate) type Done = Result<(), String>;

/// Monotonic time: passes when somebody waits, and with the time of the page.
#[derive(Debug, Default, Clone)]
struct Manual(Arc<AtomicU64>);

impl Patience for Manual {
    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn wait(&mut self, _at_least: Duration) {
        self.0.fetch_add(1_000, Ordering::Relaxed);
    }
}

/// One case under way.
pub(crate) struct Stage {
    temp: tempfile::TempDir,
    rules: Option<Rules>,
    parts: Option<Rehearsal<Manual>>,
    patience: Manual,
    config: Option<Arc<Config>>,
    now: Option<Instant>,
    pub(crate) made: BTreeMap<String, Vec<u8>>,
    pub(crate) remembered: Vec<String>,
    pub(crate) invented: u64,
    /// The answer that the last order gets.
    pub(crate) order_answer: String,
    /// The answer that the last order but approvals gets.
    pub(crate) proposal: String,
    /// What dropped files are like.
    hand: people::Hand,
    /// The configuration is read again at the next start.
    reconfigured: bool,
    /// The business state of the ledger in whose place an older one was put.
    lost: Option<[u8; 32]>,
    /// The engine is stopped, and the next `at` starts it.
    down: bool,
    /// The ledger was made wrong on purpose: its audit is not looked at.
    pub(crate) tampered: bool,
}

impl Stage {
    /// A fresh copy of config and formats.
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        shipped::shipped_into(temp.path());
        let mut stage = Self {
            temp,
            rules: None,
            parts: None,
            patience: Manual::default(),
            config: None,
            now: None,
            made: BTreeMap::new(),
            remembered: Vec::new(),
            invented: 0,
            order_answer: String::new(),
            proposal: String::new(),
            hand: people::Hand::default(),
            reconfigured: false,
            lost: None,
            down: false,
            tampered: false,
        };
        // Nobody sends what comes in at banks, until a page says that a bank is simulated.
        stage.change_config(APPLICATIONS, "expected = true", "expected = false").unwrap();
        stage
    }

    /// Does one command.
    pub(crate) fn act(&mut self, command: &Command) -> Done {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let block = command.block.as_deref();
        match (words.as_slice(), block) {
            ([word, ..], _) if mishap::WORDS.contains(word) => self.mishap(&words, block),
            ([word, ..], None) if restored::WORDS.contains(word) => self.older(&words),
            (["reload" | "rows" | "as" | "users" | "approve" | "decline", ..], _) => {
                self.people(&words, block)
            }
            (["message", ..], None) => self.message(&words),
            (["config", file, "replace", old, "with", new], None) => self.change_config(file, old, new),
            (["layout", file, "as", to], None) => self.copy_layout(file, to),
            (["bank"], Some(rules)) => self.simulate_bank(rules),
            (["at", time @ ..], None) => self.go(&time.join(" ")),
            (["drop", owner, name], None) => self.drop_made(owner, name),
            (["drop", owner, name, form @ ..], Some(text)) if form.len() < 2 => {
                self.drop_text(owner, name, form.first().copied().unwrap_or("utf-8"), text)
            }
            (["answer", ours, "as", name], Some(rows)) => {
                self.answer(ours, name, (kind_of(ours), kind_of(name)), rows)
            }
            (["answer", ours, "as", name, "by", request, result], Some(rows)) => {
                self.answer(ours, name, (request, result), rows)
            }
            (["copy", what @ ..], None) => self.copy(what),
            (["cut", name, "at", bytes], None) => self.edit(name, |made| {
                made.truncate(bytes.parse().map_err(|_| "not a number")?);
                Ok(())
            }),
            (["patch", name, "at", byte, text], None) => self.patch(name, byte, text),
            (["edit", name, "s", old, new], None) => self.edit(name, |made| replace(made, old, new)),
            (["take", name], None) => self.take(name),
            (["receipt", name], Some(toml)) => {
                put(&self.room("channel/sent")?.join(format!("{name}.receipt")), toml.as_bytes())?;
                self.play()
            }
            (["order", verb, id, reason], None) if verb.starts_with("application.") => {
                self.order(verb, Target::ApplicationId(id.parse().map_err(|_| "an id")?), reason)
            }
            (["order", verb, id, reason], None) if verb.starts_with("payout.") => {
                self.order(verb, Target::PayoutId(id.parse().map_err(|_| "the id of a payout")?), reason)
            }
            (["order", verb, name, reason], None) => {
                self.order(verb, Target::FileName { owner: None, name: (*name).to_string() }, reason)
            }
            (["order", verb, creditor, payer, item, reason], None) => {
                let (creditor, payer_no, item) = (creditor.parse()?, payer.parse()?, item.parse()?);
                self.order(verb, Target::Mandate { creditor, payer_no, item }, reason)
            }
            (["order", verb, creditor, payer, item, month, more @ .., reason], None) if more.len() < 2 => {
                let target = people::charge_target([creditor, payer, item, month], more.first())?;
                self.order(verb, target, reason)
            }
            (["restart"], None) => self.restart(),
            (["down"], None) => {
                self.stop();
                Ok(())
            }
            (["remember"], None) => {
                self.remembered = self.states()?;
                Ok(())
            }
            (["expect", what @ ..], None) => self.expect(what),
            _ => Err("no such command; the head of tests/days.rs lists them".to_string()),
        }
    }

    fn copy(&mut self, what: &[&str]) -> Done {
        let (name, bytes) = match what {
            [name, "as", other] => {
                (other, self.made.get(*name).ok_or("nothing was made under this name")?.clone())
            }
            [room, name] => {
                (name, std::fs::read(self.room(room)?.join(name)).map_err(|error| error.to_string())?)
            }
            _ => return Err("copy NAME as OTHER, or copy OWNER/ROOM NAME".to_string()),
        };
        self.made.insert((*name).to_string(), bytes);
        Ok(())
    }

    fn stop(&mut self) {
        self.parts = None;
        self.down = true;
    }

    /// The last look.
    pub(crate) fn end(&mut self) -> Done {
        let known = search::canaries(&self.temp.path().join("spool/creditor"));
        let leaked = search::below(&self.temp.path().join("state"), &["exchange"], &known);
        if !leaked.is_empty() {
            return Err(format!("personal numbers in the clear: {leaked:#?}"));
        }
        if self.parts.is_some() {
            self.audit()?;
        }
        self.played_from_nothing()
    }

    fn copy_layout(&mut self, file: &str, to: &str) -> Done {
        let folder = self.temp.path();
        std::fs::copy(folder.join(file), folder.join(to))
            .map(drop)
            .map_err(|error| format!("{file}: {error}"))
    }

    fn change_config(&mut self, file: &str, old: &str, new: &str) -> Done {
        let (old, new) = (&*old.replace("\\n", "\n"), new.replace("\\n", "\n"));
        let root = if file.starts_with("formats/") {
            self.temp.path().to_path_buf()
        } else {
            self.temp.path().join("config")
        };
        let path = root.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains(old) {
            return Err(format!("{file} does not hold {old:?}"));
        }
        std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        self.reconfigured = true;
        put(&path, text.replace(old, &new).as_bytes())
    }

    fn simulate_bank(&mut self, rules: &str) -> Done {
        if self.parts.is_some() {
            return Err("the engine runs already".to_string());
        }
        let seeded =
            if rules.contains("seed") { rules.to_string() } else { format!("seed = \"day\"\n{rules}") };
        self.rules = Some(Rules::from_toml("rules", &seeded).map_err(|faults| faults.to_string())?);
        self.change_config(APPLICATIONS, "expected = false", "expected = true")
    }

    fn go(&mut self, time: &str) -> Done {
        let target: Instant = time.parse()?;
        if self.down {
            self.now = Some(target);
            return self.restart().and_then(|()| self.audit());
        }
        if self.parts.is_none() {
            let path = self.temp.path().join("config/sunap.toml");
            self.config = Some(Arc::new(Config::load(&path).map_err(|error| error.to_string())?));
            self.now = Some(target);
            self.open(target)?;
            return self.play();
        }
        if self.now.is_some_and(|now| target < now) {
            return Err("time goes forward only".to_string());
        }
        self.play_until(target)?;
        self.audit()
    }

    fn open(&mut self, now: Instant) -> Done {
        let config = self.config()?;
        let engine = Engine::open(Arc::clone(&config), now).map_err(|error| error.to_string())?;
        let mut outside: Vec<Box<dyn Outside>> = Vec::new();
        if let Some(rules) = &self.rules {
            for channel in config.channels.values() {
                let bank = BankSide::with_rules(&config, channel, rules.clone())
                    .map_err(|error| error.to_string())?;
                outside.push(Box::new(bank));
            }
        }
        self.parts = Some(Rehearsal::new(engine, outside, self.patience.clone(), Stop::default()));
        Ok(())
    }

    pub(crate) fn restart(&mut self) -> Done {
        self.parts = None;
        self.down = false;
        if std::mem::take(&mut self.reconfigured) {
            let path = self.temp.path().join("config/sunap.toml");
            self.config = Some(Arc::new(Config::load(&path).map_err(|error| error.to_string())?));
        }
        self.open(self.now.ok_or("nothing runs yet")?)?;
        self.play()
    }

    /// Everything at the present instant.
    pub(crate) fn play(&mut self) -> Done {
        if self.down {
            return Ok(());
        }
        let now = self.now.ok_or("nothing runs yet: begin with `at`")?;
        self.play_once(now).map(drop)
    }

    fn play_once(&mut self, now: Instant) -> Result<Option<Instant>, String> {
        let parts = self.parts.as_mut().ok_or("nothing runs yet: begin with `at`")?;
        match parts.play(now).map_err(|error| error.to_string())? {
            Idle::Until(next) => Ok(next),
            Idle::Stopped => Err("stopped".to_string()),
        }
    }

    fn play_until(&mut self, target: Instant) -> Done {
        let mut now = self.now.ok_or("nothing runs yet: begin with `at`")?;
        let passes = u64::try_from(target.unix_ms() - now.unix_ms()).map_err(|error| error.to_string())?;
        while let Some(next) = self.play_once(now)?.filter(|next| *next <= target) {
            now = next;
        }
        self.now = Some(target);
        self.patience.0.fetch_add(passes, Ordering::Relaxed);
        self.play()
    }

    fn drop_text(&mut self, owner: &str, name: &str, form: &str, text: &str) -> Done {
        let bytes = match form {
            "utf-8" => text.as_bytes().to_vec(),
            "bom" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            "cp949" => cp949(text)?,
            "payers" => self.payers(text)?.into_bytes(),
            "zip" => zipped(text)?,
            layout => wire::write(&self.layout(layout)?, text)?,
        };
        self.deliver(owner, name, &bytes)
    }

    fn drop_made(&mut self, owner: &str, name: &str) -> Done {
        let bytes = self.made.get(name).ok_or("nothing was made under this name")?.clone();
        self.deliver(owner, name, &bytes)
    }

    fn deliver(&mut self, owner: &str, name: &str, bytes: &[u8]) -> Done {
        let path = self.room(&format!("{owner}/inbox"))?.join(name);
        put(&path, bytes)?;
        self.hand.touch(&path)?;
        if let Some(parts) = self.parts.as_mut() {
            parts.engine.renamed_in(&path);
        }
        self.play()
    }

    /// A list of mandates with invented people: `payer item monthly day` a row.
    fn payers(&mut self, rows: &str) -> Result<String, String> {
        let mut list = "고객번호,고객명,휴대번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호\n"
            .to_string();
        for row in rows.lines().filter(|row| !row.trim().is_empty()) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            let [payer, item, monthly, day, more @ ..] = cells.as_slice() else {
                return Err(format!("{row:?}: payer, item, monthly won and due day"));
            };
            self.invented += 1;
            let first = more.first().copied().unwrap_or("2026-01");
            let account = more
                .get(1)
                .map_or_else(|| format!("99{:010}", self.invented), |account| (*account).to_string());
            list.push_str(&format!(
                "{payer},가나다,010-0000-{:04},{item},1000000,{monthly},{first},{day},국민은행,{account},가나다,900101\n",
                self.invented
            ));
        }
        Ok(list)
    }

    fn answer(&mut self, ours: &str, name: &str, (request, result): (&str, &str), rows: &str) -> Done {
        let mut failures = BTreeMap::new();
        for row in rows.lines().filter(|row| !row.trim().is_empty()) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            let (payer, item, code, flag, partial) = match cells.as_slice() {
                [payer, item, code] => (payer, item, code, "failed", None),
                [payer, item, code, "Y"] => (payer, item, code, "succeeded", None),
                // One line of a change of account: register or cancel.
                [payer, item, code, kind @ ("register" | "cancel")] => {
                    let number = self.mandate(None, payer, item)?.bank_payer_no;
                    let failure = Failure { code: (*code).to_string(), flag: "failed", partial: None };
                    failures.insert(format!("{number} {kind}"), failure);
                    continue;
                }
                [payer, item, code, "P", won] => {
                    (payer, item, code, "partial", Some(won.parse().map_err(|_| "not a number")?))
                }
                _ => return Err(format!("{row:?}: payer, item, code [Y | P won]")),
            };
            let mandate = self.mandate(None, payer, item)?;
            let code = if *code == "-" { String::new() } else { (*code).to_string() };
            failures.insert(mandate.bank_payer_no.to_string(), Failure { code, flag, partial });
        }
        let bytes = ["channel/sent", "channel/outbox", "channel/held"]
            .iter()
            .find_map(|room| std::fs::read(self.room(room).ok()?.join(ours)).ok())
            .ok_or("our file is neither in outbox nor in sent")?;
        let made = wire::answer(&self.layout(request)?, &self.layout(result)?, ours, &bytes, &failures)?;
        self.made.insert(name.to_string(), made);
        Ok(())
    }

    fn edit(&mut self, name: &str, edit: impl FnOnce(&mut Vec<u8>) -> Done) -> Done {
        edit(self.made.get_mut(name).ok_or("nothing was made under this name")?)
    }

    fn patch(&mut self, name: &str, byte: &str, text: &str) -> Done {
        let at: usize = byte.parse().map_err(|_| "not a number")?;
        self.edit(name, |made| {
            let place = made.get_mut(at - 1..at - 1 + text.len()).ok_or("the file is shorter")?;
            place.copy_from_slice(text.as_bytes());
            Ok(())
        })
    }

    fn take(&mut self, name: &str) -> Done {
        self.take_from("channel", name)
    }

    /// The other side takes a file of ours: outbox → sent, marker removed.
    pub(crate) fn take_from(&mut self, owner: &str, name: &str) -> Done {
        let (outbox, sent) = (self.room(&format!("{owner}/outbox"))?, self.room(&format!("{owner}/sent"))?);
        std::fs::hard_link(outbox.join(name), sent.join(name)).map_err(|error| error.to_string())?;
        std::fs::remove_file(outbox.join(name)).map_err(|error| error.to_string())?;
        std::fs::remove_file(outbox.join(format!("{name}.ok"))).map_err(|error| error.to_string())?;
        self.play()
    }

    pub(crate) fn order(&mut self, verb: &str, target: Target, reason: &str) -> Done {
        let verb = Verb::ALL.into_iter().find(|known| known.word() == verb).ok_or("no such order")?;
        let at = self.now.ok_or("nothing runs yet: begin with `at`")?;
        self.invented += 1;
        let order = Order { verb, target, reason: reason.to_string(), by: "tester".to_string(), at };
        let text = order.print();
        self.order_answer = format!("order-{}.answer.toml", self.invented);
        self.proposal = self.order_answer.clone();
        self.deliver("control", &format!("order-{}.toml", self.invented), text.as_bytes())
    }

    pub(crate) fn mandate(
        &self,
        creditor: Option<&str>,
        payer: &str,
        item: &str,
    ) -> Result<MandateFound, String> {
        let reader = self.reader()?;
        let creditor: Option<CreditorId> = creditor.map(str::parse).transpose()?;
        let (payer, item): (PayerNo, ItemCode) = (payer.parse()?, item.parse()?);
        let payers = reader.find_payer(creditor, &payer).map_err(|error| error.to_string())?;
        let ids = payers.iter().flat_map(|payer| payer.mandates.iter().rev());
        for id in ids {
            let found = reader.find_mandate(&id.to_string()).map_err(|error| error.to_string())?;
            if let Some(mandate) =
                found.into_iter().find(|mandate| mandate.mandate_id == *id && mandate.item == item)
            {
                return Ok(mandate);
            }
        }
        Err("there is no such mandate".to_string())
    }

    pub(crate) fn line(
        &self,
        creditor: &str,
        payer: &str,
        item: &str,
        date: &str,
    ) -> Result<Option<LineRow>, String> {
        let (creditor, date): (CreditorId, Date) = (creditor.parse()?, date.parse()?);
        let reader = self.reader()?;
        let mut last: Option<LineRow> = None;
        for file in self.files(&FileQuery { date: Some(date), ..FileQuery::default() })? {
            let lines =
                reader.lines(file.file_id, Some(creditor), 0, 100_000).map_err(|error| error.to_string())?;
            for line in
                lines.into_iter().filter(|line| line.payer_no.as_str() == payer && line.item.as_str() == item)
            {
                if last.as_ref().is_none_or(|last| last.collection_id < line.collection_id) {
                    last = Some(line);
                }
            }
        }
        Ok(last)
    }

    pub(crate) fn file(&self, name: &str) -> Result<FileRow, String> {
        let files = self.files(&FileQuery::default())?;
        let named = files.into_iter().filter(|file| file.name == name);
        named.max_by_key(|file| file.file_id).ok_or_else(|| "the ledger knows no such file".to_string())
    }

    pub(crate) fn files(&self, query: &FileQuery<'_>) -> Result<Vec<FileRow>, String> {
        self.reader()?.files(query).map_err(|error| error.to_string())
    }

    pub(crate) fn alerts(&self) -> Result<Vec<String>, String> {
        let alerts = self.reader()?.open_alerts().map_err(|error| error.to_string())?;
        Ok(alerts.into_iter().map(|alert| alert.name).collect())
    }

    fn audit(&self) -> Done {
        if self.tampered {
            return Ok(());
        }
        let config = self.config()?;
        let journal = sunap::engine::journal_findings(&config.state_dir, &self.reader()?)
            .map_err(|error| error.to_string())?;
        if !journal.findings.is_empty() {
            return Err(format!("the journal does not hold: {:#?}", journal.findings));
        }
        let violations = self.reader()?.audit().map_err(|error| error.to_string())?;
        if violations.is_empty() { Ok(()) } else { Err(format!("the audit is not clean: {violations:#?}")) }
    }

    pub(crate) fn reader(&self) -> Result<Reader, String> {
        let ring = Arc::new(sunap::seal::KeyRing::for_tests());
        Reader::open(&self.config()?.state_dir.join("ledger.sqlite"), &ring)
            .map_err(|error| error.to_string())
    }

    pub(crate) fn config(&self) -> Result<Arc<Config>, String> {
        self.config.clone().ok_or_else(|| "nothing runs yet: begin with `at`".to_string())
    }

    pub(crate) fn layout(&self, name: &str) -> Result<sunap::layout::Layout, String> {
        wire::layout(&self.temp.path().join("formats"), name)
    }

    /// `channel/sent` → its folder.
    pub(crate) fn room(&self, room: &str) -> Result<PathBuf, String> {
        let path = room
            .strip_prefix("channel/")
            .map(|room| format!("{CHANNEL}/{room}"))
            .or_else(|| room.strip_prefix("message/").map(|room| format!("channel/message/{room}")))
            .unwrap_or_else(|| room.to_string());
        let path = self.temp.path().join("spool").join(path);
        if path.is_dir() { Ok(path) } else { Err(format!("there is no folder {room}")) }
    }

    pub(crate) fn has(&self, room: &str, name: &str) -> Result<bool, String> {
        Ok(self.room(room)?.join(name).exists())
    }

    pub(crate) fn listing(&self, room: &str) -> Result<String, String> {
        let mut names: Vec<String> = std::fs::read_dir(self.room(room)?)
            .map_err(|error| error.to_string())?
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(format!("{names:?}"))
    }
}

pub(crate) fn state_word(file: &FileRow) -> String {
    match file.state {
        FileState::Out(state) => state.word().to_string(),
        FileState::In(state) => state.word().to_string(),
    }
}

/// `EB220105` → `EB22`.
pub(crate) fn kind_of(name: &str) -> &str {
    name.get(..4).unwrap_or(name)
}

pub(crate) fn equal(found: &str, expected: &str) -> Done {
    if found == expected { Ok(()) } else { Err(format!("it is {found}")) }
}

fn replace(made: &mut Vec<u8>, old: &str, new: &str) -> Done {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let mut found = false;
    let mut at = 0;
    while let Some(next) =
        made.get(at..).and_then(|rest| rest.windows(old.len()).position(|window| window == old))
    {
        made.splice(at + next..at + next + old.len(), new.iter().copied());
        at += next + new.len();
        found = true;
    }
    if found { Ok(()) } else { Err("the text is not in it".to_string()) }
}

fn cp949(text: &str) -> Result<Vec<u8>, String> {
    let mut encoder = encoding_rs::EUC_KR.new_encoder();
    let mut bytes =
        Vec::with_capacity(encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(0));
    match encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true).0 {
        encoding_rs::EncoderResult::InputEmpty => Ok(bytes),
        other => Err(format!("not in CP949: {other:?}")),
    }
}

/// As everybody should drop a file: written under a hidden name, then renamed.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Done {
    if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
        return mishap::write(path, bytes);
    }
    sunap::spool::drop_file(path.parent().unwrap(), &path.file_name().unwrap().to_string_lossy(), bytes)
        .map_err(|error| error.to_string())
}

/// An archive of files, one a line: the name, a blank, the content.
fn zipped(text: &str) -> Result<Vec<u8>, String> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for line in text.lines() {
        let (name, content) = line.split_once(' ').ok_or("NAME CONTENT")?;
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).map_err(|error| error.to_string())?;
        std::io::Write::write_all(&mut archive, content.as_bytes()).map_err(|error| error.to_string())?;
    }
    archive.finish().map(std::io::Cursor::into_inner).map_err(|error| error.to_string())
}
