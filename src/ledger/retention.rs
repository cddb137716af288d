//! What may be deleted since its time is over (보존기간), and its deletion: archived files, answers and evidence by hash, account
//! and identity numbers, names and addresses by row.
//!
//! Kept, whatever its age: what belongs to a creditor on hold, to a mandate that lives, to a file that is not at rest, or to
//! a charge with open money or a refund on its way; and every row itself with its amounts, states and hashes.
//!
//! Must not: remove files, or know why a time is as long as it is.

use super::column::{self, Doing, page};
use super::open::{Reader, Tx};
use super::personal;
use crate::domain::{CreditorId, Date, Instant, TimeOfDay};
use crate::fault::Trouble;
use rusqlite::params;
use std::collections::BTreeSet;

/// The last days of what is due to be deleted, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptUntil {
    /// Files and answers in the archive that came or went by then.
    pub files: Date,
    /// Evidence of mandates that ended by then.
    pub evidence: Date,
    /// Personal data of mandates that ended by then.
    pub personal: Date,
}

/// Something in the archive, by the day and hash under which it lies.
pub type ArchivedKey = (Date, [u8; 32]);

/// When a mandate came to its end: the last that was journaled of it or of a file that carried it. Later news keep it longer.
const ENDED_AT: &str = "max(coalesce((SELECT max(at) FROM event WHERE subject = 'mandate' AND id = m.mandate_id), m.made_at),
    coalesce((SELECT max(s.at) FROM registration r JOIN file_step s ON s.file_id = r.file_id WHERE r.mandate_id = m.mandate_id), 0))";

/// Something is owed on the mandate or to its payer, or money is on its way.
const OPEN_MONEY: &str = "EXISTS (SELECT 1 FROM charge_now h WHERE h.mandate_id = m.mandate_id
      AND (h.state_now IN ('open', 'partly-paid', 'overpaid')
        OR h.attempt_state IN ('requested', 'batched', 'sent', 'acknowledged')
        OR EXISTS (SELECT 1 FROM payout p WHERE p.charge_id = h.charge_id AND p.state IN ('requested', 'sent'))))";

/// Every file of the archive that some row needs or needed, with whether one of them still does. `?1` the last day of files,
/// `?2` the instant before which a mandate must have ended, `?3` the creditors on hold.
fn objects() -> String {
    let held = "EXISTS (SELECT 1 FROM json_each(?3) j WHERE o.owner = printf('creditor/%08d', j.value)
        OR EXISTS (SELECT 1 FROM mandate n WHERE n.creditor = j.value AND o.owner = 'channel/' || n.channel))";
    let open = |by: &str| {
        format!(
            "EXISTS (SELECT 1 FROM collection k JOIN allocation a ON a.collection_id = k.collection_id
               JOIN charge_now h ON h.charge_id = a.charge_id
               WHERE {by} AND h.state_now IN ('open', 'partly-paid', 'overpaid'))"
        )
    };
    format!(
        "SELECT o.archive_day AS day, o.sha256, o.archive_day > ?1 OR {held}
           OR o.state NOT IN ('answered', 'refused', 'missed', 'emptied', 'applied', 'rejected', 'duplicate')
           OR {} OR {} OR {} AS needed
         FROM file o WHERE o.sha256 IS NOT NULL
         UNION ALL SELECT o.day, o.sha256, o.day > ?1 OR o.given = 0 OR {held} FROM answer o
         UNION ALL SELECT e.day, e.sha256, m.state <> 'ended' OR {ENDED_AT} >= ?2 OR {OPEN_MONEY}
           OR m.creditor IN (SELECT j.value FROM json_each(?3) j)
         FROM evidence e JOIN mandate m ON m.mandate_id = e.mandate_id",
        open("k.file_id = o.file_id"),
        open("k.file_id = o.answers"),
        open("k.request_file = o.file_id"),
    )
}

/// The end of a day, as instants are kept.
fn end_of(date: Date) -> i64 {
    date.next().at(TimeOfDay::MIDNIGHT).unix_ms()
}

fn json(hold: &BTreeSet<CreditorId>) -> String {
    let ids: Vec<String> = hold.iter().map(|id| id.get().to_string()).collect();
    format!("[{}]", ids.join(","))
}

impl Tx<'_> {
    /// Decides what of the archive is to go, at most `most` at a time. How many.
    pub fn retire(
        &self,
        until: &KeptUntil,
        hold: &BTreeSet<CreditorId>,
        at: Instant,
        most: usize,
    ) -> Result<i64, Trouble> {
        let text = format!(
            "INSERT INTO retired (day, sha256, decided_at)
             SELECT day, sha256, ?4 FROM ({}) o WHERE NOT EXISTS
               (SELECT 1 FROM retired t WHERE t.day = o.day AND t.sha256 = o.sha256)
             GROUP BY day, sha256 HAVING max(needed) = 0 ORDER BY day, sha256 LIMIT ?5",
            objects()
        );
        let with = params![
            until.files.to_epoch_days(),
            end_of(until.evidence),
            json(hold),
            at.unix_ms(),
            page(most)
        ];
        let done = self.sql.prepare_cached(&text).and_then(|mut s| s.execute(with));
        done.map(column::count).doing("look for what the archive need not keep")
    }

    /// What was decided to go and may still lie there.
    pub fn to_remove(&self) -> Result<Vec<ArchivedKey>, Trouble> {
        retired(&self.sql, "WHERE gone = 0")
    }

    /// It lies there no more.
    pub fn removed(&self, (day, sha256): &ArchivedKey) -> Result<(), Trouble> {
        let text = "UPDATE retired SET gone = 1 WHERE day = ?1 AND sha256 = ?2";
        let done =
            self.sql.prepare_cached(text).and_then(|mut s| s.execute(params![day.to_epoch_days(), sha256]));
        done.map(drop).doing("note that it was deleted")
    }

    /// Erases account, identity number and holder of mandates that ended long ago, and of payers of whom no mandate is left that
    /// has any; at most `most` mandates at a time. How many.
    pub fn erase_personal(
        &self,
        until: &KeptUntil,
        hold: &BTreeSet<CreditorId>,
        most: usize,
    ) -> Result<i64, Trouble> {
        let doing = "erase what is personal of ended mandates";
        let text = format!(
            "SELECT m.mandate_id, m.payer_id FROM mandate m WHERE m.state = 'ended' AND m.account IS NOT NULL
               AND {ENDED_AT} < ?1 AND NOT {OPEN_MONEY}
               AND m.creditor NOT IN (SELECT j.value FROM json_each(?2) j) ORDER BY m.mandate_id LIMIT ?3"
        );
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let rows = statement.query_map(params![end_of(until.personal), json(hold), page(most)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        let found: Vec<(i64, i64)> = rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?;
        for (mandate_id, _) in &found {
            self.erase_mandate(*mandate_id)?;
        }
        for payer_id in found.iter().map(|(_, payer_id)| *payer_id).collect::<BTreeSet<_>>() {
            self.erase_payer(payer_id)?;
        }
        Ok(column::count(found.len()))
    }

    fn erase_mandate(&self, mandate_id: i64) -> Result<(), Trouble> {
        let doing = "erase what is personal of a mandate";
        let text =
            "UPDATE mandate SET bank = NULL, account = NULL, id_no = NULL, holder = '' WHERE mandate_id = ?1";
        self.sql.prepare_cached(text).and_then(|mut s| s.execute([mandate_id])).doing(doing)?;
        let text = "UPDATE account_change SET new_holder = '' WHERE mandate_id = ?1";
        self.sql.prepare_cached(text).and_then(|mut s| s.execute([mandate_id])).doing(doing)?;
        for column in personal::OF_CHANGE {
            self.blank(column, "mandate_id = ?1", mandate_id)?;
        }
        let refunds = "charge_id IN (SELECT charge_id FROM charge WHERE mandate_id = ?1)";
        self.blank(personal::PAYOUT, refunds, mandate_id)
    }

    /// Nothing is left of a payer but its number, once no mandate has an account and none lives.
    fn erase_payer(&self, payer_id: i64) -> Result<(), Trouble> {
        let doing = "erase what is personal of a payer";
        let text = "UPDATE payer SET name = '', payer_group = '', attributes = '[]' WHERE payer_id = ?1
            AND NOT EXISTS (SELECT 1 FROM mandate m WHERE m.payer_id = ?1 AND (m.state <> 'ended' OR m.account IS NOT NULL))";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([payer_id])).doing(doing)?;
        if done == 1 {
            let text = "UPDATE message SET text = '' WHERE payer_id = ?1";
            self.sql.prepare_cached(text).and_then(|mut s| s.execute([payer_id])).doing(doing)?;
            for column in [personal::PHONE, personal::EMAIL, personal::MESSAGE] {
                self.blank(column, "payer_id = ?1", payer_id)?;
            }
        }
        Ok(())
    }

    /// Seals a value that says nothing in the place of each that stands there.
    fn blank(&self, column: personal::Column, which: &str, id: i64) -> Result<(), Trouble> {
        let doing = "erase a sealed value";
        let personal::Column { table, name, key } = column;
        let mut rows =
            self.sql.prepare_cached(&format!("SELECT {key} FROM {table} WHERE {which}")).doing(doing)?;
        let keys: Vec<i64> = rows
            .query_map([id], |row| row.get(0))
            .and_then(Iterator::collect::<rusqlite::Result<_>>)
            .doing(doing)?;
        let text = format!("UPDATE {table} SET {name} = ?2 WHERE {key} = ?1");
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        for row in keys {
            statement.execute(params![row, personal::blank(self.ring, column, row)]).doing(doing)?;
        }
        Ok(())
    }
}

impl Reader {
    /// Everything that was deleted from the archive, or is about to be.
    pub fn retired(&self) -> Result<BTreeSet<ArchivedKey>, Trouble> {
        Ok(retired(&self.sql, "")?.into_iter().collect())
    }
}

fn retired(sql: &rusqlite::Connection, which: &str) -> Result<Vec<ArchivedKey>, Trouble> {
    let doing = "look for what was deleted from the archive";
    let text = format!("SELECT day, sha256 FROM retired {which} ORDER BY day, sha256");
    let mut statement = sql.prepare_cached(&text).doing(doing)?;
    let rows = statement.query_map([], |row| Ok((column::date(row, 0)?, row.get(1)?)));
    rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}
