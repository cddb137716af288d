//! Mandates: their terms, and the steps that were decided for them.

use super::column::{self, Doing, day, unfit};
use super::event::{self, Event, Subject};
use super::open::Tx;
use super::personal;
use crate::domain::{
    BankCode, BankPayerNo, ChannelId, ContractDay, CreditorId, Date, Instant, ItemCode, MandateTerms, Mode,
    Month, PayerNo,
};
use crate::fault::Trouble;
use crate::machine::mandate::{EndReason, Happening, State};
use crate::seal::KeyRing;
use rusqlite::{OptionalExtension, Params, Row, params};
use std::collections::HashMap;

/// A mandate that is already known: the live one of its payer and item, else the last that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateFacts {
    /// The key.
    pub mandate_id: i64,
    /// Where it stands, its registration's file included.
    pub state: State,
    /// Why it ended.
    pub reason: Option<EndReason>,
    /// What was agreed to.
    pub terms: MandateTerms,
    /// Its number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// Its channel.
    pub channel: ChannelId,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// A collection of it is batched, sent or acknowledged.
    pub in_flight_collections: bool,
    /// A collection of it is requested and its window is open.
    pub requested_collections: bool,
}

/// A mandate to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewMandate<'a> {
    /// Whose.
    pub payer_id: i64,
    /// The payer's creditor.
    pub creditor: CreditorId,
    /// The channel that it goes through.
    pub channel: &'a ChannelId,
    /// Its number on the wire, never used before in the channel.
    pub bank_payer_no: &'a BankPayerNo,
    /// What was agreed to.
    pub terms: &'a MandateTerms,
    /// Where it starts.
    pub state: State,
    /// Since when the bank has it, where it starts active.
    pub active_on: Option<Date>,
    /// When.
    pub at: Instant,
    /// The file that asked for it.
    pub file: Option<i64>,
    /// The row of that file.
    pub line: Option<i64>,
}

/// A step of one mandate, decided by `machine::mandate`.
#[derive(Debug, Clone)]
pub struct MandateStep<'a> {
    /// Which.
    pub mandate_id: i64,
    /// From where, its registration's file included.
    pub from: State,
    /// To where. The states that follow a file (batched, sent, acknowledged) are never stored: refused.
    pub to: State,
    /// What happened.
    pub happening: Happening,
    /// Why it ended; kept for `Ended` only.
    pub reason: Option<EndReason>,
    /// Since when the bank has it; for `to` = `Active`. `None` keeps the day stored before.
    pub active_on: Option<Date>,
    /// When.
    pub at: Instant,
    /// The file that caused it.
    pub file: Option<i64>,
    /// The line of that file.
    pub line: Option<i64>,
    /// The bank's code, as it came; empty where none.
    pub code: &'a str,
    /// A remark for people.
    pub note: &'a str,
}

/// What [`read`] takes, from `mandate_now AS m`.
pub(super) const COLUMNS: &str = "m.mandate_id, m.state_now, m.reason, m.bank_payer_no, m.channel, m.active_on, m.item, \
    m.limit_won, m.monthly_won, m.first_month, m.last_month, m.due_day, m.bank, m.account, m.holder, m.id_no, \
    m.no_retry, m.mode, m.service, EXISTS (SELECT 1 FROM charge h JOIN collection k ON k.collection_id = h.collection_id \
      JOIN file f ON f.file_id = k.file_id WHERE h.mandate_id = m.mandate_id AND k.state IS NULL \
      AND f.collection_state IN ('batched', 'sent', 'acknowledged')), \
    EXISTS (SELECT 1 FROM charge h JOIN collection k ON k.collection_id = h.collection_id \
      JOIN file f ON f.file_id = k.file_id WHERE h.mandate_id = m.mandate_id AND k.state IS NULL \
      AND f.collection_state = 'requested')";

fn read(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<MandateFacts> {
    let mandate_id = row.get(0)?;
    Ok(MandateFacts {
        mandate_id,
        state: column::word(row, 1, State::from_word)?,
        reason: column::opt_word(row, 2, EndReason::from_word)?,
        bank_payer_no: column::parsed(row, 3, "bank payer number")?,
        channel: column::parsed(row, 4, "channel")?,
        active_on: column::opt_date(row, 5)?,
        terms: MandateTerms {
            item: column::parsed(row, 6, "item")?,
            limit: column::won(row, 7)?,
            monthly: column::won(row, 8)?,
            first_month: column::month(row, 9)?,
            last_month: row.get::<_, Option<i64>>(10)?.map(Month::from_index),
            due_day: column::through(row, 11, ContractDay::from_number)?,
            bank: column::through(row, 12, BankCode::from_number)?,
            account: personal::account(ring, row, 13, mandate_id)?,
            holder: row.get(14)?,
            id_no: personal::id_no(ring, row, 15, mandate_id)?,
            no_retry: row.get(16)?,
            mode: column::opt_word(row, 17, Mode::from_word)?,
            service: row.get(18)?,
        },
        in_flight_collections: row.get(19)?,
        requested_collections: row.get(20)?,
    })
}

/// The mandate of a payer and item: the live one, else the last that ended. Where only bills are sent there is none.
pub(super) const BY_PAYER: &str = "FROM payer p JOIN mandate_now m ON m.payer_id = p.payer_id \
    WHERE p.creditor = ?1 AND p.payer_no = ?2 AND m.item = ?3 AND m.bank IS NOT NULL ORDER BY m.state = 'ended', m.mandate_id DESC LIMIT 1";

/// The mandate with a number on the wire.
pub(super) const BY_NUMBER: &str =
    "FROM mandate_now m WHERE m.channel = ?1 AND m.bank_payer_no = ?2 AND m.bank IS NOT NULL";

/// One mandate.
pub(super) const BY_KEY: &str = "FROM mandate_now m WHERE m.mandate_id = ?1 AND m.bank IS NOT NULL";

impl Tx<'_> {
    fn one_mandate(&self, rest: &str, with: impl Params) -> Result<Option<MandateFacts>, Trouble> {
        let doing = "look a mandate up";
        let mut statement = self.sql.prepare_cached(&format!("SELECT {COLUMNS} {rest}")).doing(doing)?;
        statement.query_row(with, |row| read(self.ring, row)).optional().doing(doing)
    }

    /// The mandates of these payers and items, as far as they are known.
    pub fn mandates(
        &self,
        creditor: CreditorId,
        keys: &[(PayerNo, ItemCode)],
    ) -> Result<HashMap<(PayerNo, ItemCode), MandateFacts>, Trouble> {
        let mut found = HashMap::new();
        for key in keys {
            let with = params![creditor.get(), key.0.as_str(), key.1.as_str()];
            if let Some(facts) = self.one_mandate(BY_PAYER, with)? {
                found.insert(key.clone(), facts);
            }
        }
        Ok(found)
    }

    /// The mandates with these numbers on the wire.
    pub fn mandates_on_wire(
        &self,
        channel: &ChannelId,
        numbers: &[BankPayerNo],
    ) -> Result<HashMap<BankPayerNo, MandateFacts>, Trouble> {
        let mut found = HashMap::new();
        for number in numbers {
            if let Some(facts) = self.one_mandate(BY_NUMBER, [channel.as_str(), number.as_str()])? {
                found.insert(number.clone(), facts);
            }
        }
        Ok(found)
    }

    /// One mandate.
    pub fn mandate(&self, mandate_id: i64) -> Result<Option<MandateFacts>, Trouble> {
        self.one_mandate(BY_KEY, [mandate_id])
    }

    /// The next key of a table, asked for by `text`.
    pub(super) fn next_key(&self, text: &str) -> Result<i64, Trouble> {
        let one = |row: &Row<'_>| row.get(0);
        self.sql.prepare_cached(text).and_then(|mut s| s.query_row([], one)).doing("reserve the key of a row")
    }

    /// Makes a mandate. A second live one of the payer and item, or a number that was used before, is a trouble.
    pub fn new_mandate(&self, new: &NewMandate<'_>) -> Result<i64, Trouble> {
        let terms = new.terms;
        // What is sealed is bound to its row: the key is known before. Rows are never deleted, so it is a new one.
        let mandate_id = self.next_key("SELECT coalesce(max(mandate_id), 0) + 1 FROM mandate")?;
        let (account, id_no) = personal::sealed_terms(self.ring, mandate_id, terms);
        let last_month = terms.last_month.map(Month::to_index);
        let made = self
            .sql
            .prepare_cached(
                "INSERT INTO mandate (payer_id, creditor, channel, bank_payer_no, item, state, active_on, limit_won,
                   monthly_won, first_month, last_month, due_day, bank, account, holder, id_no, no_retry, made_at,
                   request_file, request_line, mandate_id, mode, service, mac)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                   ?22, ?23, money_seal('mandate', ?4, ?3, ?8, ?9))",
            )
            .and_then(|mut s| {
                s.insert(params![
                    new.payer_id,
                    new.creditor.get(),
                    new.channel.as_str(),
                    new.bank_payer_no.as_str(),
                    terms.item.as_str(),
                    new.state.word(),
                    day(new.active_on),
                    terms.limit.get(),
                    terms.monthly.get(),
                    terms.first_month.to_index(),
                    last_month,
                    terms.due_day.number(),
                    terms.bank.get(),
                    account,
                    terms.holder,
                    id_no,
                    terms.no_retry,
                    new.at.unix_ms(),
                    new.file,
                    new.line,
                    mandate_id,
                    terms.mode.map(Mode::word),
                    terms.service
                ])
            })
            .doing("make a mandate")?;
        self.keep_no_message(made, (new.payer_id, &terms.item), new.at, (new.file, new.line))?;
        Ok(made)
    }

    /// Overwrites what was agreed to. The item stays: another item is another mandate.
    pub fn update_mandate(&self, mandate_id: i64, terms: &MandateTerms) -> Result<(), Trouble> {
        let doing = "change the terms of a mandate";
        let (account, id_no) = personal::sealed_terms(self.ring, mandate_id, terms);
        let last_month = terms.last_month.map(Month::to_index);
        let changed = self
            .sql
            .prepare_cached(
                "UPDATE mandate SET limit_won = ?2, monthly_won = ?3, first_month = ?4, last_month = ?5, due_day = ?6,
                   bank = ?7, account = ?8, holder = ?9, id_no = ?10, no_retry = ?11, mode = ?13, service = ?14,
                   mac = money_seal('mandate', bank_payer_no, channel, ?2, ?3)
                 WHERE mandate_id = ?1 AND item = ?12",
            )
            .and_then(|mut s| {
                s.execute(params![
                    mandate_id,
                    terms.limit.get(),
                    terms.monthly.get(),
                    terms.first_month.to_index(),
                    last_month,
                    terms.due_day.number(),
                    terms.bank.get(),
                    account,
                    terms.holder,
                    id_no,
                    terms.no_retry,
                    terms.item.as_str(),
                    terms.mode.map(Mode::word),
                    terms.service
                ])
            })
            .doing(doing)?;
        let item = terms.item.as_str();
        if changed == 1 {
            Ok(())
        } else {
            Err(unfit(doing, format!("there is no mandate {mandate_id} of {item}")))
        }
    }

    /// The next serial for a number on the wire: 1, 2, …; durable with the transaction, never given twice.
    pub fn next_serial(&self, channel: &ChannelId) -> Result<u64, Trouble> {
        let doing = "count a serial number up";
        let next: i64 = self
            .sql
            .prepare_cached(
                "INSERT INTO serial (channel, last) VALUES (?1, 1)
                 ON CONFLICT (channel) DO UPDATE SET last = last + 1 RETURNING last",
            )
            .and_then(|mut s| s.query_row([channel.as_str()], |row| row.get(0)))
            .doing(doing)?;
        u64::try_from(next).map_err(|e| Trouble::new(doing, e))
    }

    /// A step of one mandate: its state and its line in the journal. A `from` that does not fit is a trouble.
    pub fn mandate_stepped(&self, step: &MandateStep<'_>) -> Result<(), Trouble> {
        let doing = "record the step of a mandate";
        let changed = self
            .sql
            .prepare_cached(
                "UPDATE mandate SET state = ?3,
                   reason = CASE ?3 WHEN 'ended' THEN ?4 WHEN 'severed' THEN coalesce(?4, reason) END,
                   active_on = CASE WHEN ?3 = 'active' THEN coalesce(?5, active_on) ELSE active_on END
                 WHERE mandate_id = ?1
                   AND (state = ?2 OR (state = 'queued' AND ?2 IN ('batched', 'sent', 'acknowledged')))",
            )
            .and_then(|mut s| {
                let reason = step.reason.map(EndReason::word);
                s.execute(params![
                    step.mandate_id,
                    step.from.word(),
                    step.to.word(),
                    reason,
                    day(step.active_on)
                ])
            })
            .doing(doing)?;
        if changed != 1 {
            return Err(unfit(doing, format!("mandate {} is not {}", step.mandate_id, step.from)));
        }
        event::write(
            &self.sql,
            &Event {
                subject: Subject::Mandate,
                id: step.mandate_id,
                at: step.at,
                happening: step.happening.word(),
                from: step.from.word(),
                to: step.to.word(),
                file: step.file,
                line: step.line,
                code: step.code,
                note: step.note,
            },
        )
    }

    /// Whose mandate it is.
    pub fn creditor_of_mandate(&self, mandate_id: i64) -> Result<CreditorId, Trouble> {
        let text = "SELECT creditor FROM mandate WHERE mandate_id = ?1";
        let read = |row: &rusqlite::Row<'_>| column::through(row, 0, CreditorId::from_number);
        self.sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([mandate_id], read))
            .doing("look up the creditor of a mandate")
    }

    /// Whether the cancellation or change that is on its way found the mandate suspended, or saw it suspended since: a refused
    /// one then leaves it suspended. The journal says so.
    pub fn suspended_under_cancellation(&self, mandate_id: i64) -> Result<bool, Trouble> {
        self.sql
            .prepare_cached(UNDER_CANCELLATION)
            .and_then(|mut s| s.exists([mandate_id]))
            .doing("look a suspension up in the journal")
    }
}

/// The journal of a mandate since its last cancellation or change was asked for, where it speaks of a suspension.
const UNDER_CANCELLATION: &str = "SELECT 1 FROM event WHERE subject = 'mandate' AND id = ?1
    AND event_id >= (SELECT max(event_id) FROM event
      WHERE subject = 'mandate' AND id = ?1 AND happening IN ('cancel-requested', 'change-requested'))
    AND (happening = 'suspended' OR (happening IN ('cancel-requested', 'change-requested') AND from_state = 'suspended'))";
