//! Messages to payers (SMS관리, F09): made once a day at the hour of notify.toml, or by an order; handed to the gateway as a
//! list in `spool/channel/message/outbox`, on the same way as a bank's file; receipts come back in its inbox.
//!
//! Exactly once: a message has the key event + what it is about + payer in the ledger, and belongs to one list; the list
//! goes out by the table of `spool::recovery`, and is held as uncertain where nobody can know whether it was taken.
//!
//! Must not: send anything itself, or log a phone number.

use super::due::row_done_with;
use super::emission::{seal, step_out};
use super::incoming::{Arrival, Decided};
use super::lines::Content;
use super::place::Place;
use super::{Engine, Failure};
use crate::config::{Config, Notify, NotifyRule};
use crate::domain::{CreditorId, Date, Instant, MessageEvent, PayerNo};
use crate::intake::message::{LIST_HEADING, list_line, mobile, receipts};
use crate::intake::order::Outcome;
use crate::ledger::{Due, FileRow, FileState, NewDue, NewMessage, Tell, ToTell, Told, Tx, file_subject};
use crate::machine::file::{In, InHappening, Out, OutHappening};
use crate::spool::Owner;
use std::io::{self, Write};

/// The kind of a list of messages, and of its receipts.
const LIST: &str = "messages";
const RECEIPT: &str = "message-receipt";

/// The alert of receipts that name what never went out, or say otherwise than one before.
const STRANGE: &str = "message-receipt-strange";

/// The alert of a list that the gateway refused.
const REFUSED: &str = "message-list-refused";

/// Payers, and lines of a list, that are fetched at a time.
const CHUNK: usize = 1024;

/// How long a result may have been applied before its message is made: the daemon was down for a weekend. An older one
/// would tell nobody anything.
const LATE_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// How long receipts of a list are waited for.
const RECEIPTS_MS: i64 = 3 * 24 * 60 * 60 * 1000;

impl Engine {
    /// Makes the messages of a day, in the commit that ends the step.
    pub(super) fn make_messages(&mut self, row: &Due, now: Instant) -> Result<bool, Failure> {
        let config = self.config.clone();
        let Some(notify) = &config.notify else {
            self.done(row, now)?;
            return Ok(true);
        };
        let places: Vec<Place> = config.creditors.keys().filter_map(|id| self.place_of(*id)).collect();
        let tx = self.ledger.begin()?;
        let (mut made, mut unreachable) = (0_u64, 0_u64);
        for place in &places {
            let creditor = &place.creditor;
            for event in MessageEvent::AUTOMATIC {
                let Some(rule) = notify.rule(creditor.id, event) else { continue };
                let tell = match event {
                    MessageEvent::PreNotification => {
                        let last = config.calendar.shift(now.date(), i64::from(rule.days_before));
                        Tell::Coming(now.date().next(), last)
                    }
                    MessageEvent::Failed => Tell::Failed(now.plus_ms(-LATE_MS)),
                    MessageEvent::Paid | MessageEvent::ByHand => Tell::Came(now.plus_ms(-LATE_MS)),
                };
                let writer = Writer { place: place.clone(), notify, rule, now };
                let (more, without) = writer.write_all(&tx, tell)?;
                made = made.saturating_add(more);
                unreachable = unreachable.saturating_add(without);
            }
        }
        let note = match (made, unreachable) {
            (0, 0) => String::new(),
            (made, 0) => format!("{made} messages"),
            (made, without) => format!("{made} messages; {without} payers have no mobile phone"),
        };
        row_done_with(&tx, row, now, &note)?;
        tx.commit()?;
        Ok(true)
    }

    /// Puts the messages that may go now into a list, which then goes out like any file of ours.
    pub(super) fn hand_out_messages(&mut self, now: Instant) -> Result<bool, Failure> {
        let Some(channel) = self.config.message_channel() else { return Ok(false) };
        self.close_message_lists(now)?;
        let may_go = self.config.notify.as_ref().is_some_and(|notify| notify.may_go(now) == now);
        if !may_go || self.ledger.begin()?.messages_due(now)? == 0 || self.must_not_send(true, now)? {
            return Ok(false);
        }
        let owner = Owner::Channel(channel).folder();
        let day = now.date();
        let tx = self.ledger.begin()?;
        let mut name = String::new();
        for nth in 1_u32.. {
            name = format!("messages-{}-{nth}.csv", day.yyyymmdd());
            if tx.files_named(&owner, &name)?.is_empty() {
                break;
            }
        }
        let file_id = tx.plan_out(&owner, LIST, &name, day, None, now)?;
        let lines = tx.list_messages(file_id, now)?;
        let archived =
            self.spool.archive_built(day, |out| write_list(&tx, file_id, out)).map_err(Failure::Spool)?;
        let content = Content { lines, won: crate::domain::Won::ZERO };
        seal(&tx, file_id, &archived, content, (day, &self.boot_id), None, (now, "messages may go"))?;
        tx.commit()?;
        tracing::info!(file = %name, lines, "list of messages built");
        self.look_after_outgoing(now)?;
        Ok(true)
    }

    /// A list of which nothing more is expected is over.
    fn close_message_lists(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(channel) = self.config.message_channel() else { return Ok(()) };
        let tx = self.ledger.begin()?;
        let over = tx.message_lists_over(&Owner::Channel(channel).folder(), now.plus_ms(-RECEIPTS_MS))?;
        for file_id in &over {
            step_out(
                &tx,
                *file_id,
                Out::Taken,
                OutHappening::Answered,
                now,
                "no more receipts are expected",
            )?;
        }
        if !over.is_empty() {
            tx.commit()?;
        }
        Ok(())
    }

    /// When the next message may go: the turn comes then.
    pub(super) fn next_message(&mut self) -> Result<Option<Instant>, Failure> {
        let Some(notify) = &self.config.notify else { return Ok(None) };
        let next = self.ledger.begin()?.next_message()?;
        Ok(next.map(|at| notify.may_go(at)))
    }

    /// A file of receipts of the gateway.
    pub(super) fn message_receipts(&mut self, arrival: &Arrival) -> Result<Decided, Failure> {
        let bytes = self.archived_bytes(arrival)?;
        let read = match receipts(&arrival.name, &bytes) {
            Ok(read) => read,
            Err(faults) => return self.reject(arrival, RECEIPT, &faults),
        };
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, RECEIPT)?;
        let (mut new, mut known) = (0_u64, 0_u64);
        let mut strange = Vec::new();
        for receipt in &read {
            match tx.message_told(receipt.id, receipt.delivered, &receipt.code, (arrival.at, file_id))? {
                Told::New => new = new.saturating_add(1),
                Told::Known => known = known.saturating_add(1),
                Told::Otherwise => {
                    strange.push(format!("{}: 다른 결과가 이미 있음 (another result stands)", receipt.id))
                }
                Told::Unknown => strange.push(format!("{}: 보낸 적 없는 문자 (never went out)", receipt.id)),
            }
        }
        let mut report = format!(
            "반영 (applied): {} — 문자 결과 {}건, 새로 반영 {new}, 이미 반영 {known}, 확인 필요 {}\n",
            arrival.name,
            read.len(),
            strange.len()
        );
        for line in strange.iter().take(100) {
            report.push_str(&format!("  {line}\n"));
        }
        arrival.clear_alerts(&tx)?;
        if strange.is_empty() {
            tx.clear_alert(STRANGE, &arrival.owner_key, arrival.at)?;
        } else {
            let text = format!(
                "{} receipts of {} name messages that never went out, or say otherwise than before; nothing was changed by them: see its report in done/. The next file of receipts without any ends this.",
                strange.len(),
                arrival.name
            );
            tx.alert(STRANGE, &arrival.owner_key, &text, arrival.at)?;
        }
        tx.set_lines(file_id, i64::try_from(read.len()).unwrap_or(i64::MAX))?;
        tx.set_report(file_id, &report)?;
        tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, "")?;
        tx.commit()?;
        Ok(Decided::new(In::Applied, report))
    }
}

/// A message written by a person, in the commit that takes the order.
pub(super) fn by_hand(
    tx: &Tx<'_>,
    notify: Option<&Notify>,
    (creditor, payer_no, text): (CreditorId, &PayerNo, &str),
    file_id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let Some(notify) = notify else {
        return Ok(Outcome::Refused("MESSAGES_OFF: there is no config/notify.toml".into()));
    };
    let known = tx.payers(creditor, std::slice::from_ref(payer_no))?;
    let Some(facts) = known.get(payer_no) else {
        return Ok(Outcome::Refused("PAYER_UNKNOWN: there is no such payer".into()));
    };
    if tx.wants_no_messages(facts.payer_id)? {
        let why = "NO_MESSAGES_WANTED: 문자수신 거부 (the payer wants no messages: terms*, 문자수신 N)";
        return Ok(Outcome::Refused(why.into()));
    }
    let Some(phone) = mobile(&facts.payer.phone) else {
        return Ok(Outcome::Refused("NO_MOBILE_PHONE: the payer has no mobile phone (휴대번호)".into()));
    };
    let send_at = notify.may_go(now);
    let number = tx.add_message(&NewMessage {
        event: MessageEvent::ByHand,
        about: &format!("order {file_id}"),
        creditor,
        payer_id: facts.payer_id,
        phone: &phone,
        text,
        at: now,
        send_at,
    })?;
    Ok(match number {
        Some(number) => Outcome::Done(format!("문자번호 {number}, 발송 {send_at} (message {number})")),
        None => Outcome::Refused("this order has made its message already".into()),
    })
}

/// The step that makes the messages of a day; none where there is no notify.toml.
pub(super) fn daily(config: &Config, job: &str, date: Date) -> Option<NewDue> {
    let notify = config.notify.as_ref().filter(|notify| notify.enabled)?;
    let due_at = date.at(notify.auto_send_at);
    let owner = Owner::Channel(config.message_channel()?).folder();
    Some(NewDue { owner, job: job.to_string(), date, opens_at: due_at, due_at, deadline_at: None })
}

/// The gateway refused a list as a whole. Nothing of it goes again by itself: the same bytes would be refused again.
pub(super) fn list_refused(tx: &Tx<'_>, file: &FileRow, code: &str, now: Instant) -> Result<i64, Failure> {
    let lines = tx.messages_refused(file.file_id, code, now)?;
    let text = format!(
        "{lines} messages were refused by the gateway ({code}) and do not go; write to the payers by `sunap message send` once its cause is mended"
    );
    tx.alert(REFUSED, &file_subject(&file.owner, &file.name), &text, now)?;
    Ok(lines)
}

/// Writes the messages of one event of one creditor.
struct Writer<'a> {
    place: Place,
    notify: &'a Notify,
    rule: &'a NotifyRule,
    now: Instant,
}

impl Writer<'_> {
    /// Writes them all; how many, and how many payers have no mobile phone.
    fn write_all(&self, tx: &Tx<'_>, tell: Tell) -> Result<(u64, u64), Failure> {
        let (mut made, mut without, mut after) = (0_u64, 0_u64, 0);
        loop {
            let page = tx.to_tell(self.place.creditor.id, tell, after, CHUNK)?;
            let Some(last) = page.last() else { return Ok((made, without)) };
            after = last.after;
            for one in &page {
                let Some(phone) = mobile(&one.phone) else {
                    without = without.saturating_add(1);
                    continue;
                };
                let text = self.rule.text.fill(|name| self.value(name, one));
                let number = tx.add_message(&NewMessage {
                    event: tell.event(),
                    about: &one.about,
                    creditor: self.place.creditor.id,
                    payer_id: one.payer_id,
                    phone: &phone,
                    text: &text,
                    at: self.now,
                    send_at: self.notify.may_go(self.now),
                })?;
                made = made.saturating_add(u64::from(number.is_some()));
            }
        }
    }

    /// What stands for a placeholder; notify.toml was checked to ask for nothing else.
    fn value(&self, name: &str, one: &ToTell) -> String {
        let base = &self.place.creditor.base;
        match name {
            "creditor" => base.name.clone(),
            "creditor_phone" => base.phone.clone().unwrap_or_default(),
            "payer" => one.payer_name.clone(),
            "item" => {
                let item = self.place.creditor.items.get(&one.item);
                item.map_or_else(|| one.item.to_string(), |item| item.name.clone())
            }
            "month" => one.month.map(|month| format!("{}월분", month.month_no())).unwrap_or_default(),
            "amount" => with_commas(one.won.get()),
            "date" => format!("{}월 {}일", one.date.month_no(), one.date.day()),
            "reason" => self.place.desk.codes.ko(&one.code).into_owned(),
            _ => String::new(),
        }
    }
}

/// An amount as people write it: 1,234,567.
fn with_commas(won: i64) -> String {
    let digits = won.unsigned_abs().to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if won < 0 { format!("-{text}") } else { text }
}

fn write_list(tx: &Tx<'_>, file_id: i64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(LIST_HEADING.as_bytes())?;
    let mut after = 0;
    loop {
        let lines = tx.message_lines(file_id, after, CHUNK).map_err(io::Error::other)?;
        let Some(last) = lines.last() else { return Ok(()) };
        after = last.message_id;
        for line in &lines {
            let creditor = line.creditor.to_string();
            let text = list_line(line.message_id, line.event.word(), &creditor, &line.phone, &line.text);
            out.write_all(text.as_bytes())?;
        }
    }
}
