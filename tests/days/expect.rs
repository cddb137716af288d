//! What a day may expect: files, states, totals, alerts. Every `expect` asks the folders or the read-only ledger.

use crate::stage::{Done, Stage, equal, kind_of, state_word};
use crate::wire;
use std::borrow::Cow;
use sunap::domain::{CreditorId, Month};
use sunap::ledger::FileQuery;

impl Stage {
    pub(crate) fn expect(&mut self, what: &[&str]) -> Done {
        match what {
            ["file", room, name] => match self.has(room, name)? {
                true => Ok(()),
                false => Err(format!("there is {}", self.listing(room)?)),
            },
            ["no", "file", room, name] => match self.has(room, name)? {
                false => Ok(()),
                true => Err("it is there".to_string()),
            },
            ["no", "text", room, name, "contains", text] => match self.expect_text(room, name, text) {
                Ok(()) => Err("it does".to_string()),
                Err(_) => Ok(()),
            },
            ["same", room, name] => {
                let bytes = std::fs::read(self.room(room)?.join(name)).map_err(|error| error.to_string())?;
                let same = self.made.get(*name) == Some(&bytes);
                if same { Ok(()) } else { Err("the bytes differ from what was made".to_string()) }
            }
            ["text", room, name, "contains", text] => self.expect_text(room, name, text),
            ["report", room, name, "contains", text] => {
                self.expect_text(room, &format!("{name}.report.txt"), text)
            }
            ["no", "start", text] => match self.restart() {
                Ok(()) => Err("it starts".to_string()),
                Err(why) if why.contains(text) => Ok(()),
                Err(why) => Err(format!("it says: {why}")),
            },
            ["order", word @ ("done" | "refused")] => {
                self.expect_text("control/outbox", &self.order_answer, &format!("result = \"{word}\""))
            }
            ["order", text] => self.expect_text("control/outbox", &self.order_answer, text),
            ["records", room, name, n] => self.expect_records(room, name, n),
            ["state", name, word] => equal(&state_word(&self.file(name)?), word),
            ["mandate", creditor, payer, item, word] => self.expect_mandate(creditor, payer, item, word),
            ["mandate", creditor, payer, item, "ended", reason] => {
                let found = self.mandate(Some(creditor), payer, item)?;
                equal(found.reason.map_or("not ended", |reason| reason.word()), reason)
            }
            ["amount", creditor, payer, item, date, won] => {
                let line = self.line(creditor, payer, item, date)?.ok_or("there is none")?;
                equal(&line.amount.get().to_string(), won)
            }
            ["collection", creditor, payer, item, date, word, code @ ..] => {
                let line = self.line(creditor, payer, item, date)?.ok_or("there is none")?;
                equal(line.state.word(), word)?;
                code.first().map_or(Ok(()), |code| equal(&line.code, code))
            }
            ["no", "collection", creditor, payer, item, date] => {
                match self.line(creditor, payer, item, date)? {
                    None => Ok(()),
                    Some(line) => Err(format!("there is one: {}", line.state)),
                }
            }
            ["totals", creditor, month, pairs @ ..] => self.expect_totals(creditor, month, pairs),
            ["settlement", creditor, date, pairs @ ..] => self.expect_settlement(creditor, date, pairs),
            ["value" | "traces" | "deleted" | "unchanged", ..] => self.expect_kept(what),
            ["alert", name] => match self.alerts()?.iter().any(|alert| alert == name) {
                true => Ok(()),
                false => Err(format!("open alerts: {:?}", self.alerts()?)),
            },
            ["no", "alert", names @ ..] => {
                let open: Vec<String> = self
                    .alerts()?
                    .into_iter()
                    .filter(|alert| names.is_empty() || names.contains(&alert.as_str()))
                    .collect();
                if open.is_empty() { Ok(()) } else { Err(format!("open alerts: {open:?}")) }
            }
            _ => self.expect_message(what),
        }
    }

    fn expect_text(&self, room: &str, name: &str, text: &str) -> Done {
        let bytes = std::fs::read(self.room(room)?.join(name))
            .map_err(|error| format!("{error}; there is {}", self.listing(room).unwrap_or_default()))?;
        let content = String::from_utf8(bytes).or_else(|error| {
            let decoded =
                encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(error.as_bytes());
            decoded.map(Cow::into_owned).ok_or("neither UTF-8 nor CP949")
        })?;
        if content.contains(text) { Ok(()) } else { Err(format!("it says:\n{content}")) }
    }

    fn expect_settlement(&self, creditor: &str, date: &str, pairs: &[&str]) -> Done {
        let (id, day) = (creditor.parse()?, date.parse()?);
        let reader = self.reader()?;
        let found = reader.settlements(id, day, day).map_err(|error| error.to_string())?;
        let found = found.first().ok_or("there is none")?;
        let lines = reader.settlement_lines(found.settlement_id).map_err(|error| error.to_string())?;
        let sum: i64 = lines.iter().map(|line| line.won.get()).sum();
        equal(&sum.to_string(), &(found.waiting.collected.get() - found.waiting.reversed.get()).to_string())?;
        for pair in pairs.chunks(2) {
            let [key, wanted] = pair else { return Err("pairs of a word and a value".to_string()) };
            let has = match *key {
                "collected" => found.waiting.collected.get().to_string(),
                "reversed" => found.waiting.reversed.get().to_string(),
                "carried" => found.waiting.carried_in.get().to_string(),
                "fee" => found.fee.get().to_string(),
                "vat" => found.vat.get().to_string(),
                "net" => found.net.get().to_string(),
                "payout" => {
                    let payouts =
                        reader.payouts_of(found.settlement_id).map_err(|error| error.to_string())?;
                    let last = payouts.last().ok_or("there is no payout")?;
                    equal(&last.won.get().to_string(), &found.net.get().to_string())?;
                    last.state.clone()
                }
                "postings" => {
                    let posted = reader.postings_of_settlement(found.settlement_id);
                    let posted = posted.map_err(|error| error.to_string())?;
                    let mut events: Vec<String> = posted.into_iter().map(|row| row.event).collect();
                    events.dedup();
                    events.join(",")
                }
                other => return Err(format!("{other:?} is no figure of a settlement")),
            };
            equal(&has, wanted).map_err(|why| format!("{key}: {why}"))?;
        }
        Ok(())
    }

    fn expect_records(&self, room: &str, name: &str, n: &str) -> Done {
        let bytes = std::fs::read(self.room(room)?.join(name)).map_err(|error| error.to_string())?;
        let records = wire::read(&self.layout(kind_of(name))?, name, &bytes)?;
        equal(&records.iter().filter(|record| record["record"] == "data").count().to_string(), n)
    }

    fn expect_mandate(&self, creditor: &str, payer: &str, item: &str, word: &str) -> Done {
        let found = self.mandate(Some(creditor), payer, item)?;
        let state = found.state.word();
        let states: &[&str] = match word {
            "이체정보없음" => &["billed"],
            "계좌신청대기" => &["queued"],
            "계좌신청중" => &["batched", "sent", "acknowledged"],
            "계좌신청완료" => &["active"],
            "계좌신청미완료" => &["draft", "rejected"],
            "계좌변경중" => &["changing"],
            "계좌해지대기" | "계좌해지중" => &["cancelling"],
            "계좌해지완료" => &["ended"],
            word => return equal(state, word),
        };
        if states.contains(&state) { Ok(()) } else { Err(format!("it is {state}")) }
    }

    fn expect_totals(&self, creditor: &str, month: &str, pairs: &[&str]) -> Done {
        let (creditor, month): (CreditorId, Month) = (creditor.parse()?, month.parse()?);
        let all = self.reader()?.creditor_totals(month).map_err(|error| error.to_string())?;
        let found = all.iter().find(|totals| totals.creditor == creditor);
        for pair in pairs.chunks(2) {
            let [key, expected] = pair else { return Err("pairs of name and number".to_string()) };
            let value = found.map_or(0, |totals| match *key {
                "charges" => totals.charges,
                "amount" => totals.amount.get(),
                "collected" => totals.collected.get(),
                "open" => totals.open.get(),
                "failed" => totals.failed,
                _ => i64::MIN,
            });
            equal(&value.to_string(), expected).map_err(|why| format!("{key}: {why}"))?;
        }
        Ok(())
    }

    pub(super) fn expect_unchanged(&self) -> Done {
        let now = self.states()?;
        let moved: Vec<&String> = now.iter().filter(|state| !self.remembered.contains(state)).collect();
        if moved.is_empty() && now.len() == self.remembered.len() {
            Ok(())
        } else {
            Err(format!("moved: {moved:#?}"))
        }
    }

    /// The states of all mandates and collections, as text.
    pub(crate) fn states(&self) -> Result<Vec<String>, String> {
        let reader = self.reader()?;
        let mut states = Vec::new();
        for id in 1..=self.invented.max(1) * 2 {
            for found in reader.find_mandate(&id.to_string()).map_err(|error| error.to_string())? {
                states.push(format!("mandate {} {} {}", found.mandate_id, found.payer_no, found.state));
            }
        }
        for file in self.files(&FileQuery::default())? {
            for line in reader.lines(file.file_id, None, 0, 100_000).map_err(|error| error.to_string())? {
                let (id, state, came) = (line.collection_id, line.state, line.collected);
                states.push(format!("collection {id} {} {state} {came} {}", line.payer_no, line.code));
            }
        }
        states.sort();
        states.dedup();
        Ok(states)
    }
}
