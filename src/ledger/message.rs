//! Messages to payers (SMS관리): who is to be told of what, what was written, in which list it went, what came back.
//!
//! Must not: word a message, or decide whether or when one may go.

use super::column::{self, Doing};
use super::open::{Reader, Tx};
use super::personal;
use crate::domain::{CreditorId, Date, Instant, ItemCode, MessageEvent, Month, PayerNo, Won};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::{OptionalExtension, Row, Statement, named_params, params};

/// Somebody who is to be told of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToTell {
    /// What it is about, as the key of the message says it: `collection 12`.
    pub about: String,
    /// The key of the charge or collection: where the next page begins.
    pub after: i64,
    /// Whom.
    pub payer_id: i64,
    /// By which name.
    pub payer_name: String,
    /// At which phone; empty where unknown. Personal.
    pub phone: String,
    /// For what.
    pub item: ItemCode,
    /// For which month.
    pub month: Option<Month>,
    /// How much is asked for, or came.
    pub won: Won,
    /// The debit date.
    pub date: Date,
    /// The bank's code; empty where none.
    pub code: String,
}

/// Which of a creditor's payers are to be told.
#[derive(Debug, Clone, Copy)]
pub enum Tell {
    /// Whose open charge is to be debited from one day to another, both included.
    Coming(Date, Date),
    /// Whose debit failed by a result that was applied since.
    Failed(Instant),
    /// Whose debit came, whole or in part, by a result that was applied since.
    Came(Instant),
}

impl Tell {
    /// The event.
    pub const fn event(self) -> MessageEvent {
        match self {
            Self::Coming(..) => MessageEvent::PreNotification,
            Self::Failed(_) => MessageEvent::Failed,
            Self::Came(_) => MessageEvent::Paid,
        }
    }
}

/// A message to keep.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage<'a> {
    /// Why.
    pub event: MessageEvent,
    /// About what.
    pub about: &'a str,
    /// Whose payer.
    pub creditor: CreditorId,
    /// To whom.
    pub payer_id: i64,
    /// The digits of the phone; stored sealed.
    pub phone: &'a str,
    /// The words.
    pub text: &'a str,
    /// When it is made.
    pub at: Instant,
    /// Not to go before.
    pub send_at: Instant,
}

/// A line of a list of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageLine {
    /// The key: 문자번호.
    pub message_id: i64,
    /// Why.
    pub event: MessageEvent,
    /// Whose payer.
    pub creditor: CreditorId,
    /// The digits of the phone. Personal.
    pub phone: String,
    /// The words.
    pub text: String,
}

/// A message as people look at it: without its phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The key: 문자번호.
    pub message_id: i64,
    /// Why.
    pub event: MessageEvent,
    /// Whose payer.
    pub creditor: CreditorId,
    /// To whom.
    pub payer_no: PayerNo,
    /// The words.
    pub text: String,
    /// When it was made.
    pub made_at: Instant,
    /// Not to go before.
    pub send_at: Instant,
    /// The list; empty where it waits for one.
    pub list: String,
    /// Where it stands: waiting, in the list's state, delivered, failed, refused, withdrawn.
    pub state: String,
    /// The gateway's word.
    pub code: String,
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Kept.
    New,
    /// It was known already.
    Known,
    /// Another verdict stands.
    Otherwise,
    /// No such message went out.
    Unknown,
}

const COMING: &str = "
  SELECT 'charge ' || h.charge_id || ' ' || h.debit_date, h.charge_id, p.payer_id, p.name, p.phone, m.item, h.month,
    CASE WHEN h.attempt_state IN ('requested', 'batched', 'sent', 'acknowledged')
      THEN (SELECT k.amount_won FROM collection k WHERE k.collection_id = h.collection_id)
      ELSE h.amount_won - h.paid_now END, h.debit_date, ''
  FROM charge_now h CROSS JOIN mandate_now m ON m.mandate_id = h.mandate_id
  CROSS JOIN payer p ON p.payer_id = m.payer_id
  LEFT JOIN desk_terms d ON d.mandate_id = m.mandate_id
  WHERE h.creditor = :creditor AND h.debit_date BETWEEN :from AND :to AND h.month BETWEEN :first AND :last
    AND h.state_now IN ('open', 'partly-paid') AND m.state_now = 'active' AND coalesce(d.no_message, 0) = 0
    AND NOT EXISTS (SELECT 1 FROM decline n WHERE n.debit_date = h.debit_date AND n.mandate_id = m.mandate_id)
    AND NOT coalesce(d.pause_first <= h.month AND coalesce(d.pause_last >= h.month, 1), 0)
    AND NOT EXISTS (SELECT 1 FROM message x WHERE x.event = 'pre-notification'
      AND x.about = 'charge ' || h.charge_id || ' ' || h.debit_date AND x.payer_id = p.payer_id)
    AND h.charge_id > :after ORDER BY h.charge_id LIMIT :limit";

/// Debits whose result came since; `{states}` and `{event}` are put in by [`Tx::to_tell`].
const ANSWERED: &str = "
  SELECT 'collection ' || k.collection_id, k.collection_id, p.payer_id, p.name, p.phone, m.item,
    (SELECT max(h.month) FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
      WHERE a.collection_id = k.collection_id),
    CASE k.state_now WHEN 'failed' THEN k.amount_won ELSE k.collected_now END, k.debit_date, k.code_now
  FROM file f CROSS JOIN collection_now k ON k.file_id = f.file_id
  CROSS JOIN mandate m ON m.mandate_id = k.mandate_id CROSS JOIN payer p ON p.payer_id = m.payer_id
  LEFT JOIN desk_terms d ON d.mandate_id = m.mandate_id
  WHERE f.way = 'out' AND f.state = 'answered' AND f.answered_at >= :since AND k.creditor = :creditor
    AND k.state_now IN ({states}) AND coalesce(d.no_message, 0) = 0
    AND NOT EXISTS (SELECT 1 FROM message x WHERE x.event = '{event}'
      AND x.about = 'collection ' || k.collection_id AND x.payer_id = p.payer_id)
    AND k.collection_id > :after ORDER BY k.collection_id LIMIT :limit";

fn to_tell(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<ToTell> {
    let payer_id = row.get(2)?;
    Ok(ToTell {
        about: row.get(0)?,
        after: row.get(1)?,
        payer_id,
        payer_name: row.get(3)?,
        phone: personal::phone(ring, row, 4, payer_id)?,
        item: column::parsed(row, 5, "item")?,
        month: row.get::<_, Option<i64>>(6)?.map(Month::from_index),
        won: column::won(row, 7)?,
        date: column::date(row, 8)?,
        code: row.get(9)?,
    })
}

const NOW: &str = "
  SELECT x.message_id, x.event, x.creditor, p.payer_no, x.text, x.made_at, x.send_at, coalesce(f.name, ''),
    coalesce(x.state, f.state, 'waiting'), x.code
  FROM message x CROSS JOIN payer p ON p.payer_id = x.payer_id LEFT JOIN file f ON f.file_id = x.file_id";

fn message_row(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    Ok(MessageRow {
        message_id: row.get(0)?,
        event: column::word(row, 1, MessageEvent::from_word)?,
        creditor: column::through(row, 2, CreditorId::from_number)?,
        payer_no: column::parsed(row, 3, "payer number")?,
        text: row.get(4)?,
        made_at: column::instant(row, 5)?,
        send_at: column::instant(row, 6)?,
        list: row.get(7)?,
        state: row.get(8)?,
        code: row.get(9)?,
    })
}

impl Tx<'_> {
    /// A page of the payers of a creditor who are to be told and have not been.
    pub fn to_tell(
        &self,
        creditor: CreditorId,
        tell: Tell,
        after: i64,
        limit: usize,
    ) -> Result<Vec<ToTell>, Trouble> {
        let doing = "look for payers who are to be told";
        let (creditor, limit) = (creditor.get(), column::page(limit));
        let read = |row: &Row<'_>| to_tell(self.ring, row);
        let answered = |states: &str, since: Instant| -> Result<Vec<ToTell>, Trouble> {
            let text = ANSWERED.replace("{states}", states).replace("{event}", tell.event().word());
            let mut statement: Statement<'_> = self.sql.prepare(&text).doing(doing)?;
            let with = named_params! {
                ":since": since.unix_ms(), ":creditor": creditor, ":after": after, ":limit": limit
            };
            let rows = statement.query_map(with, read).doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)
        };
        match tell {
            Tell::Failed(since) => answered("'failed'", since),
            Tell::Came(since) => answered("'succeeded', 'partial'", since),
            Tell::Coming(from, to) => {
                let mut statement = self.sql.prepare_cached(COMING).doing(doing)?;
                let with = named_params! {
                    ":creditor": creditor,
                    ":from": from.to_epoch_days(),
                    ":to": to.to_epoch_days(),
                    ":first": from.month().previous().to_index(),
                    ":last": to.month().next().to_index(),
                    ":after": after,
                    ":limit": limit,
                };
                let rows = statement.query_map(with, read).doing(doing)?;
                rows.collect::<rusqlite::Result<_>>().doing(doing)
            }
        }
    }

    /// Whether a payer has said that no messages shall come (수납조건, 문자수신 N), for any item. What was said of a mandate stands
    /// until it is said otherwise of it or of the one that follows it.
    pub fn wants_no_messages(&self, payer_id: i64) -> Result<bool, Trouble> {
        let text =
            "SELECT EXISTS (SELECT 1 FROM mandate m CROSS JOIN desk_terms d ON d.mandate_id = m.mandate_id
                    WHERE m.payer_id = ?1 AND d.no_message = 1 AND NOT EXISTS (SELECT 1 FROM mandate n
                      WHERE n.payer_id = m.payer_id AND n.item = m.item AND n.mandate_id > m.mandate_id))";
        let found = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([payer_id], |row| row.get(0)));
        found.doing("look whether a payer wants messages")
    }

    /// Takes back what waits for the payer of a mandate and is in no list; how many.
    pub fn withdraw_messages(&self, mandate_id: i64, at: Instant) -> Result<i64, Trouble> {
        let text = "UPDATE message SET state = 'withdrawn', told_at = ?2
                    WHERE payer_id = (SELECT payer_id FROM mandate WHERE mandate_id = ?1) AND file_id IS NULL AND state IS NULL";
        let with = params![mandate_id, at.unix_ms()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(column::count).doing("take back the messages of a payer")
    }

    /// Keeps a message; its number, or `None` where this payer was told of this already.
    pub fn add_message(&self, new: &NewMessage<'_>) -> Result<Option<i64>, Trouble> {
        let doing = "keep a message";
        let message_id = self.next_key("SELECT coalesce(max(message_id), 0) + 1 FROM message")?;
        let text = "INSERT INTO message (message_id, event, about, creditor, payer_id, phone, text, made_at, send_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (event, about, payer_id) DO NOTHING";
        let with = params![
            message_id,
            new.event.word(),
            new.about,
            new.creditor.get(),
            new.payer_id,
            personal::sealed_message(self.ring, message_id, new.phone),
            new.text,
            new.at.unix_ms(),
            new.send_at.unix_ms()
        ];
        let added = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        Ok((added > 0).then_some(message_id))
    }

    /// How many messages wait for a list and may go now.
    pub fn messages_due(&self, now: Instant) -> Result<i64, Trouble> {
        let text = "SELECT count(*) FROM message WHERE file_id IS NULL AND state IS NULL AND send_at <= ?1";
        let found =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([now.unix_ms()], |row| row.get(0)));
        found.doing("count the messages that may go")
    }

    /// When the next message may go.
    pub fn next_message(&self) -> Result<Option<Instant>, Trouble> {
        let text = "SELECT min(send_at) FROM message WHERE file_id IS NULL AND state IS NULL";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([], |row| column::opt_instant(row, 0)));
        found.doing("look when the next message may go")
    }

    /// Puts every message that may go now into a list; how many.
    pub fn list_messages(&self, file_id: i64, now: Instant) -> Result<i64, Trouble> {
        let text =
            "UPDATE message SET file_id = ?1 WHERE file_id IS NULL AND state IS NULL AND send_at <= ?2";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(params![file_id, now.unix_ms()]));
        done.map(column::count).doing("put messages into a list")
    }

    /// Lines of a list, after one of them.
    pub fn message_lines(&self, file_id: i64, after: i64, limit: usize) -> Result<Vec<MessageLine>, Trouble> {
        let doing = "read the lines of a list of messages";
        let text = "SELECT message_id, event, creditor, phone, text FROM message
                    WHERE file_id = ?1 AND message_id > ?2 ORDER BY message_id LIMIT ?3";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map(params![file_id, after, column::page(limit)], |row| {
            let message_id = row.get(0)?;
            Ok(MessageLine {
                message_id,
                event: column::word(row, 1, MessageEvent::from_word)?,
                creditor: column::through(row, 2, CreditorId::from_number)?,
                phone: personal::message_phone(self.ring, row, 3, message_id)?,
                text: row.get(4)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The gateway refused a list: none of it goes, and none of it goes again by itself. How many.
    pub fn messages_refused(&self, file_id: i64, code: &str, at: Instant) -> Result<i64, Trouble> {
        let text = "UPDATE message SET state = 'refused', code = ?2, told_at = ?3 WHERE file_id = ?1 AND state IS NULL";
        let with = params![file_id, code, at.unix_ms()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(column::count).doing("note that a list of messages was refused")
    }

    /// What a receipt says of a message; the first one stands.
    pub fn message_told(
        &self,
        message_id: i64,
        delivered: bool,
        code: &str,
        (at, by): (Instant, i64),
    ) -> Result<Told, Trouble> {
        let doing = "note a receipt of a message";
        let word = if delivered { "delivered" } else { "failed" };
        let text = "UPDATE message SET state = ?2, code = ?3, told_at = ?4, told_by = ?5
                    WHERE message_id = ?1 AND state IS NULL AND file_id IN
                      (SELECT file_id FROM file WHERE state IN ('published', 'taken', 'answered', 'uncertain'))";
        let with = params![message_id, word, code, at.unix_ms(), by];
        if self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)? > 0 {
            return Ok(Told::New);
        }
        let text = "SELECT state FROM message WHERE message_id = ?1 AND state IS NOT NULL";
        let known: Option<String> = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([message_id], |row| row.get(0)).optional())
            .doing(doing)?;
        Ok(match known {
            None => Told::Unknown,
            Some(known) if known == word => Told::Known,
            Some(_) => Told::Otherwise,
        })
    }

    /// The lists of an owner that were taken and of which nothing more is expected: every line has its receipt, or they are
    /// older than `before`.
    pub fn message_lists_over(&self, owner: &str, before: Instant) -> Result<Vec<i64>, Trouble> {
        let doing = "look for lists of messages that are over";
        let text = "SELECT f.file_id FROM file f WHERE f.owner = ?1 AND f.way = 'out' AND f.state = 'taken'
              AND (coalesce(f.published_at, f.created_at) < ?2 OR NOT EXISTS (SELECT 1 FROM message x WHERE x.file_id = f.file_id AND x.state IS NULL))
            ORDER BY f.file_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map(params![owner, before.unix_ms()], |row| row.get(0)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}

impl Reader {
    /// The newest messages, of one creditor where one is named; the newest first.
    pub fn messages(&self, creditor: Option<CreditorId>, limit: usize) -> Result<Vec<MessageRow>, Trouble> {
        let doing = "read the messages";
        let text = format!("{NOW} WHERE ?1 IS NULL OR x.creditor = ?1 ORDER BY x.message_id DESC LIMIT ?2");
        let mut statement = self.sql.prepare(&text).doing(doing)?;
        let with = params![creditor.map(CreditorId::get), column::page(limit)];
        let rows = statement.query_map(with, message_row).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
