//! One charge at a time: where it stands with all that holds it, and a step of it that `machine::charge` decided. For
//! what people do to single charges (cash, reversal, write-off, correction), never for a bank's file.
//!
//! Must not: decide anything.

use super::column::{self, Doing, unfit};
use super::event::{self, Event, Subject};
use super::open::Tx;
use crate::domain::{CollectionKind, CreditorId, Date, Instant, ItemCode, Month, PayerNo, Won};
use crate::fault::Trouble;
use crate::machine::{charge, collection, mandate};
use rusqlite::{OptionalExtension, Row, params};

/// Which charge.
#[derive(Debug, Clone, Copy)]
pub enum ChargeKey<'a> {
    /// By its key.
    Id(i64),
    /// The charge of a payer's item for a month; where an ended mandate has one too, the one that is open.
    Named {
        /// 이용기관.
        creditor: CreditorId,
        /// 납부자번호.
        payer_no: &'a PayerNo,
        /// 집금항목.
        item: &'a ItemCode,
        /// 청구년월.
        month: Month,
    },
}

/// A charge and what holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeFacts {
    /// The key.
    pub charge_id: i64,
    /// Its mandate.
    pub mandate_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// What is collected for.
    pub item: ItemCode,
    /// For which month.
    pub month: Month,
    /// What is owed.
    pub amount: Won,
    /// What is recorded as paid on the charge itself.
    pub paid: Won,
    /// What came in all: an attached success counts on top.
    pub paid_now: Won,
    /// The charge's own word.
    pub state: charge::State,
    /// The word with an attached success counted.
    pub state_now: charge::State,
    /// The attempt that holds it.
    pub collection_id: Option<i64>,
    /// Where that attempt stands.
    pub attempt: Option<collection::State>,
    /// Its regular debit date.
    pub debit_date: Date,
    /// Whether an attempt was made and is over without having brought all: failed, partial, missed, left out, taken back.
    pub tried: bool,
    /// Where its mandate stands.
    pub mandate: mandate::State,
}

/// A step of one charge.
#[derive(Debug, Clone, Copy)]
pub struct ChargeStep<'a> {
    /// Which, as it stood.
    pub charge: &'a ChargeFacts,
    /// Where it stands then.
    pub to: charge::State,
    /// What is owed then.
    pub amount: Won,
    /// What is recorded as paid on the charge itself then.
    pub paid: Won,
    /// Whether the attempt that holds it lets go.
    pub let_go: bool,
    /// Whether an attempt failed by it: counted, with the code.
    pub failed: bool,
    /// What happened, past tense.
    pub happening: &'a str,
    /// When.
    pub at: Instant,
    /// The file that caused it.
    pub file: Option<i64>,
    /// The line of that file.
    pub line: Option<i64>,
    /// The bank's code; empty where none.
    pub code: &'a str,
    /// A remark for people; no personal numbers.
    pub note: &'a str,
}

/// A request that waits in a planned file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    /// The planned file.
    pub file_id: i64,
    /// Its kind: the layout of the file.
    pub file_kind: String,
    /// The debit date.
    pub date: Date,
    /// Its mandate.
    pub mandate_id: i64,
    /// A first attempt or another one.
    pub kind: CollectionKind,
    /// The creditor's file that asked for it.
    pub request_file: Option<i64>,
    /// The row of that file.
    pub request_line: Option<i64>,
}

const FACTS: &str =
    "SELECT h.charge_id, h.mandate_id, h.creditor, p.payer_no, m.item, h.month, h.amount_won, h.paid_won, h.paid_now,
       h.state, h.state_now, h.collection_id, h.attempt_state, h.debit_date, h.fails > 0 OR EXISTS (SELECT 1 FROM allocation a
         CROSS JOIN collection k ON k.collection_id = a.collection_id WHERE a.charge_id = h.charge_id AND k.state IS NOT NULL),
       m.state_now
     FROM charge_now h CROSS JOIN mandate_now m ON m.mandate_id = h.mandate_id
     CROSS JOIN payer p ON p.payer_id = m.payer_id";

const NAMED: &str = "FROM payer p CROSS JOIN mandate m ON m.payer_id = p.payer_id
     CROSS JOIN charge_now h ON h.mandate_id = m.mandate_id
     WHERE p.creditor = ?1 AND p.payer_no = ?2 AND m.item = ?3 AND h.month = ?4
     ORDER BY h.state_now IN ('open', 'partly-paid') DESC, h.charge_id DESC LIMIT 1";

fn facts_from(row: &Row<'_>) -> rusqlite::Result<ChargeFacts> {
    Ok(ChargeFacts {
        charge_id: row.get(0)?,
        mandate_id: row.get(1)?,
        creditor: column::through(row, 2, CreditorId::from_number)?,
        payer_no: column::parsed(row, 3, "payer number")?,
        item: column::parsed(row, 4, "item")?,
        month: column::month(row, 5)?,
        amount: column::won(row, 6)?,
        paid: column::won(row, 7)?,
        paid_now: column::won(row, 8)?,
        state: column::word(row, 9, charge::State::from_word)?,
        state_now: column::word(row, 10, charge::State::from_word)?,
        collection_id: row.get(11)?,
        attempt: column::opt_word(row, 12, collection::State::from_word)?,
        debit_date: column::date(row, 13)?,
        tried: row.get(14)?,
        mandate: column::word(row, 15, mandate::State::from_word)?,
    })
}

impl Tx<'_> {
    /// A charge with all that holds it.
    pub fn charge_facts(&self, key: ChargeKey<'_>) -> Result<Option<ChargeFacts>, Trouble> {
        let doing = "look a charge up";
        let id = match key {
            ChargeKey::Id(id) => Some(id),
            ChargeKey::Named { creditor, payer_no, item, month } => {
                let with = params![creditor.get(), payer_no.as_str(), item.as_str(), month.to_index()];
                let text = format!("SELECT h.charge_id {NAMED}");
                let found = self.sql.prepare_cached(&text);
                found.and_then(|mut s| s.query_row(with, |row| row.get(0)).optional()).doing(doing)?
            }
        };
        let Some(id) = id else { return Ok(None) };
        let one = format!("{FACTS} WHERE h.charge_id = ?1");
        let found = self.sql.prepare_cached(&one);
        found.and_then(|mut s| s.query_row([id], facts_from).optional()).doing(doing)
    }

    /// Steps one charge and journals it. A charge that is not as it was looked up is a trouble.
    pub fn charge_stepped(&self, step: &ChargeStep<'_>) -> Result<(), Trouble> {
        let doing = "step a charge";
        let was = step.charge;
        let text = "UPDATE charge SET state = ?2, amount_won = ?3, paid_won = ?4,
              mac = CASE WHEN ?3 = ?7 THEN mac ELSE money_seal('charge', mandate_id, month, ?3) END,
              collection_id = CASE WHEN ?5 THEN NULL ELSE collection_id END,
              attached_won = CASE WHEN ?5 THEN NULL ELSE attached_won END,
              fails = fails + ?10, last_code = CASE WHEN ?10 THEN ?11 ELSE last_code END
            WHERE charge_id = ?1 AND state = ?6 AND amount_won = ?7 AND paid_won = ?8 AND collection_id IS ?9";
        let with = params![
            was.charge_id,
            step.to.word(),
            step.amount.get(),
            step.paid.get(),
            step.let_go,
            was.state.word(),
            was.amount.get(),
            was.paid.get(),
            was.collection_id,
            step.failed,
            step.code
        ];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if done != 1 {
            return Err(unfit(doing, format!("charge {} moved meanwhile", was.charge_id)));
        }
        let event = Event {
            subject: Subject::Charge,
            id: was.charge_id,
            at: step.at,
            happening: step.happening,
            from: was.state_now.word(),
            to: step.to.word(),
            file: step.file,
            line: step.line,
            code: step.code,
            note: step.note,
        };
        event::write(&self.sql, &event)
    }

    /// The request of a collection that still waits in a planned file.
    pub fn waiting_request(&self, collection_id: i64) -> Result<Option<WaitingRequest>, Trouble> {
        let text = "SELECT f.file_id, f.kind, f.date, k.mandate_id, k.kind, k.request_file, k.request_line
            FROM collection k CROSS JOIN file f ON f.file_id = k.file_id
            WHERE k.collection_id = ?1 AND k.state IS NULL AND f.state = 'planned'";
        let found = self.sql.prepare_cached(text).and_then(|mut s| {
            s.query_row([collection_id], |row| {
                Ok(WaitingRequest {
                    file_id: row.get(0)?,
                    file_kind: row.get(1)?,
                    date: column::date(row, 2)?,
                    mandate_id: row.get(3)?,
                    kind: column::word(row, 4, CollectionKind::from_word)?,
                    request_file: row.get(5)?,
                    request_line: row.get(6)?,
                })
            })
            .optional()
        });
        found.doing("look up a request that waits")
    }
}
