//! Candidates: mandates with charges that a request may take up.

use super::column::{self, Doing, page};
use super::mandate::BY_PAYER;
use super::open::Tx;
use crate::domain::{
    BankCode, CandidateCharge, ChannelId, CollectionKind, ContractDay, CreditorId, Date, ItemCode, Month,
    PayerNo, Won,
};
use crate::fault::Trouble;
use crate::machine::{charge, collection, mandate};
use rusqlite::{OptionalExtension, Row, named_params, params};
use std::collections::HashMap;

/// Which mandates by the debit service that they name.
#[derive(Debug, Clone, Copy)]
pub enum ByService<'a> {
    /// Those that name this one.
    Only(&'a str),
    /// All but those that name one of these: what names none, or one that the profile no longer has, is with the
    /// creditor's own.
    AllBut(&'a [String]),
}

/// Which mandates are looked for, a page at a time.
#[derive(Debug, Clone, Copy)]
pub struct CandidateQuery<'a> {
    /// Whose.
    pub creditor: CreditorId,
    /// Of which contract days; empty means all.
    pub days: &'a [ContractDay],
    /// The month that is requested.
    pub month: Month,
    /// Older months too.
    pub arrears: bool,
    /// Which mandates by their debit service.
    pub by: ByService<'a>,
    /// `Retry` takes only charges with an attempt that did not bring all.
    pub kind: CollectionKind,
    /// Go on after this mandate; 0 at the start.
    pub after_mandate: i64,
    /// At most so many mandates.
    pub limit: usize,
}

/// A mandate and its charges that may be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The key.
    pub mandate_id: i64,
    /// The creditor's number of the payer.
    pub payer_no: PayerNo,
    /// What is collected for.
    pub item: ItemCode,
    /// Its channel.
    pub channel: ChannelId,
    /// Where it stands, its registration's file included.
    pub state: mandate::State,
    /// Since when the bank has it.
    pub active_on: Option<Date>,
    /// The most that one debit may take.
    pub limit: Won,
    /// The bank.
    pub bank: BankCode,
    /// The payer wants no automatic retry.
    pub no_retry: bool,
    /// The contract day.
    pub due_day: ContractDay,
    /// The debit service; empty is the creditor's own.
    pub service: String,
    /// Unattached, open, oldest first, none later than the month asked for.
    pub charges: Vec<CandidateCharge>,
    /// A collection of the mandate is requested or in flight.
    pub has_live: bool,
}

/// A charge that a request may not take up, and the attempt that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedCharge {
    /// The key.
    pub charge_id: i64,
    /// For which month.
    pub month: Month,
    /// What is owed.
    pub amount: Won,
    /// What came, the attempt's success included.
    pub paid: Won,
    /// The attempt that holds it; `None` where it is settled by itself.
    pub collection_id: Option<i64>,
    /// Where that attempt stands; `None` where there is none.
    pub state: Option<collection::State>,
    /// The charge's own word: `paid`, `written-off`, ….
    pub charge_state: charge::State,
}

/// A mandate asked for by payer and item: also what may not be requested, so that a refusal can say why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The mandate and what may be requested; `charges` may be empty.
    pub candidate: Candidate,
    /// Charges up to the month that may not be requested: paid, ended, or held by an attempt; oldest first. Of months
    /// before the one asked for, only those that a live attempt holds.
    pub attached: Vec<AttachedCharge>,
}

/// What [`mandate_from`] takes, from `mandate_now AS m` and `payer AS p`.
pub(super) const MANDATE: &str = "m.mandate_id, p.payer_no, m.item, m.channel, m.state_now, m.active_on, m.limit_won, m.bank, \
    m.no_retry, m.due_day, EXISTS (SELECT 1 FROM charge a JOIN collection k ON k.collection_id = a.collection_id \
      JOIN file f ON f.file_id = k.file_id WHERE a.mandate_id = m.mandate_id AND k.state IS NULL \
      AND f.collection_state IN ('requested', 'batched', 'sent', 'acknowledged')), m.service";
/// How many columns [`MANDATE`] has.
const MANDATE_COLUMNS: usize = 12;

/// What [`charge_from`] takes, from `charge AS h`.
const CHARGE: &str = "h.charge_id, h.month, h.amount_won - h.paid_won, h.debit_date, h.fails, h.last_code";

/// A charge that no attempt holds and that is owed: the partial index `charge_free` says the same.
const FREE: &str = "h.collection_id IS NULL AND h.state IN ('open', 'partly-paid')";

fn mandate_from(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        mandate_id: row.get(0)?,
        payer_no: column::parsed(row, 1, "payer number")?,
        item: column::parsed(row, 2, "item")?,
        channel: column::parsed(row, 3, "channel")?,
        state: column::word(row, 4, mandate::State::from_word)?,
        active_on: column::opt_date(row, 5)?,
        limit: column::won(row, 6)?,
        bank: column::through(row, 7, BankCode::from_number)?,
        no_retry: row.get(8)?,
        due_day: column::through(row, 9, ContractDay::from_number)?,
        charges: Vec::new(),
        has_live: row.get(10)?,
        service: row.get(11)?,
    })
}

fn charge_from(row: &Row<'_>, at: usize) -> rusqlite::Result<CandidateCharge> {
    Ok(CandidateCharge {
        charge_id: row.get(at)?,
        month: column::month(row, at + 1)?,
        open: column::won(row, at + 2)?,
        debit_date: column::date(row, at + 3)?,
        attempts: row.get(at + 4)?,
        last_code: row.get(at + 5)?,
    })
}

/// The statement of [`Tx::candidates`]: picks a page of mandates along the index of free charges, then reads them.
pub(super) fn looking() -> String {
    let fits = "h.month <= :month AND (:arrears OR h.month = :month) AND (NOT :retry OR h.fails > 0)";
    format!(
        "WITH picked AS MATERIALIZED (
           SELECT DISTINCT h.mandate_id AS id FROM charge h INDEXED BY charge_free
           CROSS JOIN mandate m ON m.mandate_id = h.mandate_id
           WHERE h.creditor = :creditor AND h.mandate_id > :after AND {FREE} AND {fits} AND m.state NOT IN ('ended', 'billed')
             AND (:days = '[]' OR m.due_day IN (SELECT value FROM json_each(:days)))
             AND CASE WHEN :only = '' THEN m.service NOT IN (SELECT value FROM json_each(:but)) ELSE m.service = :only END
           ORDER BY h.mandate_id LIMIT :limit)
         SELECT {MANDATE}, {CHARGE} FROM picked
         CROSS JOIN mandate_now m ON m.mandate_id = picked.id
         CROSS JOIN payer p ON p.payer_id = m.payer_id
         CROSS JOIN charge h INDEXED BY charge_free
           ON h.creditor = :creditor AND h.mandate_id = picked.id AND {FREE} AND {fits}
         ORDER BY picked.id, h.month"
    )
}

/// The charges of one mandate that may be requested.
pub(super) fn free_of_mandate() -> String {
    format!(
        "SELECT {CHARGE} FROM charge h WHERE h.mandate_id = ?1 AND h.month <= ?2 AND {FREE} ORDER BY h.month"
    )
}

/// The charges of one mandate that may not be requested.
pub(super) const HELD: &str =
    "SELECT charge_id, month, amount_won, paid_now, collection_id, attempt_state, state_now
    FROM charge_now WHERE mandate_id = ?1 AND month <= ?2
      AND NOT (collection_id IS NULL AND state IN ('open', 'partly-paid'))
      AND (month = ?2 OR attempt_state IN ('requested', 'batched', 'sent', 'acknowledged'))
    ORDER BY month";

impl Tx<'_> {
    /// A page of mandates with charges that may be requested, by mandate. Mandates that are over are not looked at:
    /// their open charges are asked for by name.
    pub fn candidates(&self, query: &CandidateQuery<'_>) -> Result<Vec<Candidate>, Trouble> {
        let doing = "look for what may be requested";
        let days: Vec<u32> = query.days.iter().map(|day| day.number()).collect();
        let days = serde_json::to_string(&days).map_err(|e| Trouble::new(doing, e))?;
        let (only, but) = match query.by {
            ByService::Only(name) => (name, [].as_slice()),
            ByService::AllBut(names) => ("", names),
        };
        let but = serde_json::to_string(but).map_err(|e| Trouble::new(doing, e))?;
        let mut statement = self.sql.prepare_cached(&looking()).doing(doing)?;
        let mut rows = statement
            .query(named_params! {
                ":creditor": query.creditor.get(),
                ":month": query.month.to_index(),
                ":arrears": query.arrears,
                ":retry": query.kind == CollectionKind::Retry,
                ":after": query.after_mandate,
                ":days": days,
                ":only": only,
                ":but": but,
                ":limit": page(query.limit),
            })
            .doing(doing)?;
        let mut found: Vec<Candidate> = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let charge = charge_from(row, MANDATE_COLUMNS).doing(doing)?;
            let mandate_id: i64 = row.get(0).doing(doing)?;
            match found.last_mut() {
                Some(last) if last.mandate_id == mandate_id => last.charges.push(charge),
                _ => {
                    let mut candidate = mandate_from(row).doing(doing)?;
                    candidate.charges.push(charge);
                    found.push(candidate);
                }
            }
        }
        Ok(found)
    }

    /// The mandates of these payers and items, with their charges up to the month: those that may be requested, and
    /// those that may not with the reason.
    pub fn candidates_for(
        &self,
        creditor: CreditorId,
        keys: &[(PayerNo, ItemCode)],
        month: Month,
    ) -> Result<HashMap<(PayerNo, ItemCode), Named>, Trouble> {
        let doing = "look up what may be requested";
        let one = format!("SELECT {MANDATE} {BY_PAYER}");
        let mut one = self.sql.prepare_cached(&one).doing(doing)?;
        let mut free = self.sql.prepare_cached(&free_of_mandate()).doing(doing)?;
        let mut held = self.sql.prepare_cached(HELD).doing(doing)?;
        let mut found = HashMap::with_capacity(keys.len());
        for key in keys {
            let with = params![creditor.get(), key.0.as_str(), key.1.as_str()];
            let Some(mut candidate) = one.query_row(with, mandate_from).optional().doing(doing)? else {
                continue;
            };
            let with = [candidate.mandate_id, month.to_index()];
            let charges = free.query_map(with, |row| charge_from(row, 0)).doing(doing)?;
            candidate.charges = charges.collect::<rusqlite::Result<_>>().doing(doing)?;
            let attached = held.query_map(with, attached_from).doing(doing)?;
            let attached = attached.collect::<rusqlite::Result<_>>().doing(doing)?;
            found.insert(key.clone(), Named { candidate, attached });
        }
        Ok(found)
    }
}

fn attached_from(row: &Row<'_>) -> rusqlite::Result<AttachedCharge> {
    Ok(AttachedCharge {
        charge_id: row.get(0)?,
        month: column::month(row, 1)?,
        amount: column::won(row, 2)?,
        paid: column::won(row, 3)?,
        collection_id: row.get(4)?,
        state: column::opt_word(row, 5, collection::State::from_word)?,
        charge_state: column::word(row, 6, charge::State::from_word)?,
    })
}
