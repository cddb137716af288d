//! Creditors who drop lists, good ones and bad ones, and an operator who does what the alerts ask for.

use crate::bank::put;
use crate::dice::Dice;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use sunap::daemon::Stop;
use sunap::daemon::rehearsal::{Acted, Outside};
use sunap::domain::{CreditorId, Instant, Month};
use sunap::fault::Trouble;
use sunap::intake::order::{Order, Target, Verb};
use sunap::ledger::{FileQuery, FileState, Reader};
use sunap::machine::file::{In, Out};
use sunap::seal::KeyRing;

/// What a creditor asked for, by (creditor, payer number): the most that the payer may ever be debited is known from it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) monthly: i64,
    pub(crate) first: Month,
}

/// Creditor, item, contract days.
const CREDITORS: [(&str, &str, &[&str]); 4] = [
    ("10000001", "TUITION", &["5", "15", "25"]),
    ("10000002", "MAINT", &["20"]),
    ("10000003", "GIFT", &["10", "15", "20"]),
    ("10000004", "GAS", &["7", "20"]),
];

const HEAD: &str = "고객번호,고객명,휴대번호,집금항목코드,건당출금한도,월이체금액,최초이체년월,이체예정일,이체은행,계좌번호,예금주명,생년월일/사업자번호\n";

/// Everybody who drops files.
pub(crate) struct People {
    pub(crate) root: PathBuf,
    pub(crate) dice: Dice,
    pub(crate) wanted: Rc<RefCell<BTreeMap<(String, String), Wanted>>>,
    pub(crate) ledger: PathBuf,
    pub(crate) next: Instant,
    pub(crate) made: u64,
    pub(crate) earlier: Vec<(PathBuf, Vec<u8>)>,
    pub(crate) tired: Rc<RefCell<bool>>,
    /// Where a crash comes from: the rehearsal stops between two steps.
    pub(crate) stop: Stop,
    pub(crate) stops_in: Option<u64>,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "people, {} lists so far", self.made)
    }
}

impl Outside for People {
    fn turn(&mut self, now: Instant) -> Result<Acted, Trouble> {
        if let Some(left) = self.stops_in.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.stop.tell();
            }
        }
        if self.next > now {
            return Ok(Acted { next_due: Some(self.next), ..Acted::default() });
        }
        let delivered = if *self.tired.borrow() { self.operate(now)? } else { self.work(now)? };
        self.next = now.plus_minutes(20 + i64::try_from(self.dice.below(400)).unwrap());
        Ok(Acted { worked: !delivered.is_empty(), delivered, next_due: Some(self.next) })
    }
}

impl People {
    fn work(&mut self, now: Instant) -> Result<Vec<PathBuf>, Trouble> {
        match self.dice.below(10) {
            0..=3 => self.mandates(now),
            4 => self.again(),
            5 => self.garbage(),
            6 => self.cancel(),
            7 => self.request(now),
            _ => self.operate(now),
        }
    }

    fn drop_list(&mut self, creditor: &str, kind: &str, text: &[u8]) -> Result<Vec<PathBuf>, Trouble> {
        self.made += 1;
        let inbox = self.root.join("spool/creditor").join(creditor).join("inbox");
        let path = inbox.join(format!("{kind}-{}.csv", self.made));
        put(&path, text)?;
        self.earlier.push((path.clone(), text.to_vec()));
        Ok(vec![path])
    }

    fn mandates(&mut self, now: Instant) -> Result<Vec<PathBuf>, Trouble> {
        let (creditor, item, days) = *self.dice.one_of(&CREDITORS);
        let mut text = HEAD.to_string();
        for _ in 0..=self.dice.below(3) {
            let number = self.dice.below(60);
            let monthly = 1_000 + i64::try_from(self.dice.below(300)).unwrap() * 1_000;
            let payer = format!("P-{number:04}");
            let day = self.dice.one_of(days);
            let month = now.date().month();
            let mut wanted = self.wanted.borrow_mut();
            // Who is there keeps what was agreed first; the world only looks at upper bounds.
            let entry = wanted
                .entry((creditor.to_string(), payer.clone()))
                .or_insert(Wanted { monthly, first: month });
            entry.monthly = entry.monthly.max(monthly);
            text.push_str(&format!(
                "{payer},가나다,010-0000-{number:04},{item},1000000,{monthly},{month},{day},국민은행,99{number:010},가나다,900101\n"
            ));
        }
        self.drop_list(creditor, "mandates", text.as_bytes())
    }

    /// A list that was dropped before, under its own name or another.
    fn again(&mut self) -> Result<Vec<PathBuf>, Trouble> {
        if self.earlier.is_empty() {
            return Ok(Vec::new());
        }
        let (path, bytes) = self.dice.one_of(&self.earlier.clone()).clone();
        let other = path.with_file_name(format!("{}.csv", path.file_stem().unwrap().to_string_lossy()));
        put(&other, &bytes)?;
        Ok(vec![other])
    }

    fn garbage(&mut self) -> Result<Vec<PathBuf>, Trouble> {
        let (creditor, ..) = *self.dice.one_of(&CREDITORS);
        let length = self.dice.below(400);
        let text: Vec<u8> = (0..length).map(|_| (self.dice.next() & 0xff) as u8).collect();
        let kind = *self.dice.one_of(&["mandates", "request", "cancel", "retry", "cash", "charges", "other"]);
        self.made += 1;
        let path = self
            .root
            .join("spool/creditor")
            .join(creditor)
            .join("inbox")
            .join(format!("{kind}-{}.csv", self.made));
        put(&path, &text)?;
        Ok(vec![path])
    }

    fn cancel(&mut self) -> Result<Vec<PathBuf>, Trouble> {
        let known: Vec<_> = self.wanted.borrow().keys().cloned().collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let (creditor, payer) = self.dice.one_of(&known).clone();
        let item = CREDITORS.iter().find(|(id, ..)| *id == creditor).unwrap().1;
        self.drop_list(&creditor, "cancel", format!("고객번호,집금항목코드\n{payer},{item}\n").as_bytes())
    }

    fn request(&mut self, now: Instant) -> Result<Vec<PathBuf>, Trouble> {
        let known: Vec<_> = self.wanted.borrow().keys().cloned().collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let (creditor, payer) = self.dice.one_of(&known).clone();
        let item = CREDITORS.iter().find(|(id, ..)| *id == creditor).unwrap().1;
        let date = now.date().plus_days(1 + i64::try_from(self.dice.below(6)).unwrap());
        let kind = *self.dice.one_of(&["request", "retry"]);
        let text = format!("고객번호,집금항목코드,이체일\n{payer},{item},{date}\n");
        self.drop_list(&creditor, kind, text.as_bytes())
    }

    /// The operator: refused files go again, uncertain ones are asked for at the bank, held ones are decided.
    fn operate(&mut self, now: Instant) -> Result<Vec<PathBuf>, Trouble> {
        let reader = Reader::open(&self.ledger, &Arc::new(KeyRing::for_tests()))
            .map_err(|error| Trouble::new("look at the ledger", error.to_string()))?;
        let files = reader.files(&FileQuery { limit: 10_000, ..FileQuery::default() })?;
        let mut delivered = Vec::new();
        for file in files {
            let channel = self.root.join("spool").join(&file.owner);
            let verb = match file.state {
                FileState::Out(Out::Refused) => Verb::FileRelease,
                FileState::Out(Out::Uncertain) if channel.join("sent").join(&file.name).exists() => {
                    Verb::FileMarkSent
                }
                FileState::Out(Out::Uncertain) => Verb::FileRelease,
                FileState::In(In::Held) => Verb::FileReject,
                _ => continue,
            };
            let recent = file.date.is_none_or(|date| date.plus_days(6) > now.date());
            if !recent && verb == Verb::FileRelease {
                continue;
            }
            self.made += 1;
            let order = Order {
                verb,
                target: Target::FileId(file.file_id),
                reason: "as the alert asks".to_string(),
                by: "operator".to_string(),
                at: now,
            };
            let path = self.root.join("spool/control/inbox").join(format!("order-{}.toml", self.made));
            put(&path, order.print().as_bytes())?;
            delivered.push(path);
        }
        Ok(delivered)
    }
}

/// Every creditor of the world.
pub(crate) fn creditors() -> impl Iterator<Item = CreditorId> {
    CREDITORS.iter().map(|(id, ..)| id.parse().unwrap())
}
