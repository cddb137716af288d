//! Settlements (정산): the lines that wait for one, what they add up to, and what was settled.
//!
//! A line stands for all of a creditor's records in one file, or for one posting, never for one record.
//!
//! Must not: decide when a creditor is settled or what it pays for that.

use super::column::{self, Doing, unfit};
use super::open::{Reader, Tx};
use crate::domain::{CreditorId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::machine::collection;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

/// The lines of a settlement must add up to it, and the books must have moved what it says.
pub(super) const RULES: &[(&str, &str)] = &[(
    "settlement-lines",
    "SELECT 'settlement ' || s.settlement_id || ': its lines are ' || l.won || ' won, it says '
       || (s.collected_won - s.reversed_won)
     FROM settlement s LEFT JOIN (SELECT settlement_id, sum(won) AS won FROM settlement_line
         WHERE settlement_id IS NOT NULL GROUP BY settlement_id) l ON l.settlement_id = s.settlement_id
     WHERE coalesce(l.won, 0) <> s.collected_won - s.reversed_won",
), (
    "settlement-posted",
    "SELECT 'creditor ' || s.creditor || ': settlements move ' || s.won || ' won, the books say ' || coalesce(p.won, 0)
     FROM (SELECT creditor, sum(fee_won + vat_won + max(net_won, 0)) AS won FROM settlement GROUP BY creditor) s
     LEFT JOIN (SELECT creditor, sum(won) AS won FROM posting WHERE event = 'settled' GROUP BY creditor) p
       ON p.creditor = s.creditor
     WHERE s.won <> coalesce(p.won, 0)",
), (
    "settlement-tally",
    "SELECT 'file ' || l.file_id || ', creditor ' || l.creditor || ': settled as ' || l.won || ' won, booked as '
       || coalesce(p.won, 0)
     FROM settlement_line l LEFT JOIN (SELECT file_id, creditor, sum(won) AS won FROM posting
         WHERE event = 'collected' AND credit = 'creditor-payable' GROUP BY file_id, creditor) p
       ON p.file_id = l.file_id AND p.creditor = l.creditor
     WHERE l.event = 'collected' AND l.won <> coalesce(p.won, 0)",
)];

/// What waits for a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many lines.
    pub lines: i64,
    /// Records that were sent and answered.
    pub requests: i64,
    /// Records that brought money.
    pub successes: i64,
    /// What came.
    pub collected: Won,
    /// What went back; 0 or more.
    pub reversed: Won,
    /// The net of the settlement before where it was below 0, else 0.
    pub carried_in: Won,
    /// Fees without VAT of the same month's settlements before.
    pub fees_before: Won,
}

/// A settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementRow {
    /// The key; 0 before it is kept.
    pub settlement_id: i64,
    /// Whose.
    pub creditor: CreditorId,
    /// The day of it.
    pub date: Date,
    /// What it adds up.
    pub waiting: Waiting,
    /// Fees without VAT.
    pub fee: Won,
    /// VAT on them.
    pub vat: Won,
    /// What the creditor gets; below 0: nothing, and it is carried.
    pub net: Won,
    /// Whether the fee with VAT was more than what came (E55).
    pub fee_above: bool,
    /// The name of its sheet.
    pub sheet: String,
}

/// A line of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementLine {
    /// collected, reversed, and what else moved the creditor's money.
    pub event: String,
    /// The debit date, or the day of the posting.
    pub date: Date,
    /// The file of ours: key and name.
    pub file: Option<(i64, String)>,
    /// The posting, where it is not of a file's answer.
    pub posting_id: Option<i64>,
    /// Records that were sent and answered.
    pub requests: i64,
    /// Records that brought money.
    pub successes: i64,
    /// How much; below 0 where it went back.
    pub won: Won,
}

/// A line may be settled: its debit date is reached, or it is a posting of its own.
const DUE: &str = "settlement_id IS NULL AND creditor = ?1 AND (posting_id IS NOT NULL OR date <= ?2)";

impl Tx<'_> {
    /// Counts an answered file: one line per creditor. Once for each file. The same pass holds its lines against their seal:
    /// a trouble where an amount, a mandate or a line is not what was sent.
    ///
    /// Added up here and not by GROUP BY, which would sort a million lines in memory for a handful of creditors.
    pub fn tally_answer(&self, file_id: i64) -> Result<(), Trouble> {
        let doing = "count what a file brought";
        let mut tallies: BTreeMap<i64, (i64, i64, Won)> = BTreeMap::new();
        self.check_each_line(file_id, |row| {
            let state = column::opt_word(row, 5, collection::State::from_word).doing(doing)?;
            let won: i64 = match state {
                // It follows its file, which is answered.
                None | Some(collection::State::Succeeded) => row.get(3).doing(doing)?,
                Some(collection::State::Partial) => row.get(6).doing(doing)?,
                Some(collection::State::Failed) => 0,
                Some(other) => return Err(unfit(doing, format!("a line of file {file_id} is {other}"))),
            };
            let (requests, successes, sum) = tallies.entry(row.get(4).doing(doing)?).or_default();
            *requests += 1;
            *successes += i64::from(won > 0);
            *sum = sum.checked_add(Won::new(won)).ok_or_else(|| unfit(doing, "the sum does not fit"))?;
            Ok(())
        })?;
        let line = "INSERT INTO settlement_line (creditor, event, file_id, date, requests, successes, won, mac)
            SELECT ?2, 'collected', file_id, date, ?3, ?4, ?5,
              money_seal('settlement_line', ?2, 'collected', file_id, date, NULL, ?3, ?4, ?5) FROM file WHERE file_id = ?1";
        let mut statement = self.sql.prepare_cached(line).doing(doing)?;
        for (creditor, (requests, successes, won)) in tallies {
            statement.execute(params![file_id, creditor, requests, successes, won.get()]).doing(doing)?;
        }
        Ok(())
    }

    /// Postings that moved a creditor's money by another way than a file's answer become lines, too.
    pub fn gather_settlement(&self, creditor: CreditorId) -> Result<(), Trouble> {
        let text = "INSERT INTO settlement_line (creditor, event, file_id, date, posting_id, requests, successes, won, mac)
            SELECT creditor, event, file_id, day, posting_id, 0, 0, signed,
              money_seal('settlement_line', creditor, event, file_id, day, posting_id, 0, 0, signed)
            FROM (SELECT *, (at + 32400000) / 86400000 AS day,
                CASE credit WHEN 'creditor-payable' THEN won ELSE -won END AS signed FROM posting)
            WHERE creditor = ?1 AND 'creditor-payable' IN (debit, credit)
              AND event NOT IN ('collected', 'settled', 'payout-failed', 'payout-again')
              AND posting_id > coalesce((SELECT max(through_posting) FROM settlement WHERE creditor = ?1), 0)
              AND posting_id NOT IN (SELECT posting_id FROM settlement_line WHERE posting_id IS NOT NULL)
            ORDER BY posting_id";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([creditor.get()]));
        done.map(drop).doing("gather what is to be settled")
    }

    /// What waits for a settlement on `date` that takes debit dates up to `until`.
    pub fn settlement_waiting(
        &self,
        creditor: CreditorId,
        until: Date,
        date: Date,
    ) -> Result<Waiting, Trouble> {
        let doing = "add up what is to be settled";
        let text = format!(
            "SELECT count(*), coalesce(sum(requests), 0), coalesce(sum(successes), 0),
               coalesce(sum(won) FILTER (WHERE won > 0), 0), coalesce(-sum(won) FILTER (WHERE won < 0), 0),
               coalesce((SELECT min(net_won, 0) FROM settlement WHERE creditor = ?1 ORDER BY date DESC LIMIT 1), 0),
               coalesce((SELECT sum(fee_won) FROM settlement WHERE creditor = ?1 AND date BETWEEN ?3 AND ?4), 0)
             FROM settlement_line WHERE {DUE}"
        );
        let (first, last) = (date.month().first_day().to_epoch_days(), date.to_epoch_days());
        let with = params![creditor.get(), until.to_epoch_days(), first, last];
        self.sql.prepare_cached(&text).and_then(|mut s| s.query_row(with, |row| waiting(row, 0))).doing(doing)
    }

    /// Whether debits that came are counted and wait for the day of their settlement.
    pub fn collected_waits(&self, creditor: CreditorId) -> Result<bool, Trouble> {
        let text = "SELECT EXISTS (SELECT 1 FROM settlement_line
                    WHERE settlement_id IS NULL AND creditor = ?1 AND event = 'collected' AND won > 0)";
        let found =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([creditor.get()], |row| row.get(0)));
        found.doing("look for what waits for its settlement")
    }

    /// Whether the creditor was ever settled.
    pub fn settled_before(&self, creditor: CreditorId) -> Result<bool, Trouble> {
        let text = "SELECT EXISTS (SELECT 1 FROM settlement WHERE creditor = ?1)";
        let found =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([creditor.get()], |row| row.get(0)));
        found.doing("look for an earlier settlement")
    }

    /// Keeps a settlement with the lines that it takes; its key.
    pub fn settle(&self, row: &SettlementRow, until: Date, at: Instant) -> Result<i64, Trouble> {
        let doing = "keep a settlement";
        let text = "INSERT INTO settlement (creditor, date, requests, successes, collected_won, reversed_won,
                      carried_in_won, fee_won, vat_won, net_won, fee_above, through_posting, sheet, at, mac)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                      (SELECT coalesce(max(posting_id), 0) FROM posting), ?12, ?13,
                      money_seal('settlement', ?1, ?2, ?5, ?6, ?7, ?8, ?9, ?10))";
        let with = params![
            row.creditor.get(),
            row.date.to_epoch_days(),
            row.waiting.requests,
            row.waiting.successes,
            row.waiting.collected.get(),
            row.waiting.reversed.get(),
            row.waiting.carried_in.get(),
            row.fee.get(),
            row.vat.get(),
            row.net.get(),
            row.fee_above,
            row.sheet,
            at.unix_ms()
        ];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        let settlement_id = self.sql.last_insert_rowid();
        let text = format!("UPDATE settlement_line SET settlement_id = ?3 WHERE {DUE}");
        let with = params![row.creditor.get(), until.to_epoch_days(), settlement_id];
        let taken = self.sql.prepare_cached(&text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if column::count(taken) != row.waiting.lines {
            return Err(column::unfit(doing, format!("{taken} lines taken, {} added up", row.waiting.lines)));
        }
        Ok(settlement_id)
    }

    /// The lines of a settlement, oldest first.
    pub fn settlement_lines(&self, settlement_id: i64) -> Result<Vec<SettlementLine>, Trouble> {
        lines(&self.sql, settlement_id)
    }
}

impl Reader {
    /// A settlement.
    pub fn settlement(&self, settlement_id: i64) -> Result<Option<SettlementRow>, Trouble> {
        let text = format!("{SETTLEMENT} WHERE settlement_id = ?1");
        let row = self.sql.query_row(&text, [settlement_id], settlement).optional();
        row.doing("read a settlement")
    }

    /// A creditor's settlements of these days, oldest first.
    pub fn settlements(
        &self,
        creditor: CreditorId,
        from: Date,
        to: Date,
    ) -> Result<Vec<SettlementRow>, Trouble> {
        let doing = "read settlements";
        let text = format!("{SETTLEMENT} WHERE creditor = ?1 AND date BETWEEN ?2 AND ?3 ORDER BY date");
        let with = params![creditor.get(), from.to_epoch_days(), to.to_epoch_days()];
        let mut statement = self.sql.prepare(&text).doing(doing)?;
        let rows = statement.query_map(with, settlement).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The lines of a settlement, oldest first.
    pub fn settlement_lines(&self, settlement_id: i64) -> Result<Vec<SettlementLine>, Trouble> {
        lines(&self.sql, settlement_id)
    }
}

const SETTLEMENT: &str = "SELECT settlement_id, creditor, date, fee_won, vat_won, net_won, fee_above, sheet,
    (SELECT count(*) FROM settlement_line l WHERE l.settlement_id = settlement.settlement_id), requests, successes,
    collected_won, reversed_won, carried_in_won, 0 FROM settlement";

fn settlement(row: &Row<'_>) -> rusqlite::Result<SettlementRow> {
    Ok(SettlementRow {
        settlement_id: row.get(0)?,
        creditor: column::through(row, 1, |id: i64| format!("{id:08}").parse().ok())?,
        date: column::date(row, 2)?,
        fee: column::won(row, 3)?,
        vat: column::won(row, 4)?,
        net: column::won(row, 5)?,
        fee_above: row.get(6)?,
        sheet: row.get(7)?,
        waiting: waiting(row, 8)?,
    })
}

fn waiting(row: &Row<'_>, from: usize) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        lines: row.get(from)?,
        requests: row.get(from + 1)?,
        successes: row.get(from + 2)?,
        collected: column::won(row, from + 3)?,
        reversed: column::won(row, from + 4)?,
        carried_in: column::won(row, from + 5)?,
        fees_before: column::won(row, from + 6)?,
    })
}

fn lines(sql: &Connection, settlement_id: i64) -> Result<Vec<SettlementLine>, Trouble> {
    let doing = "read the lines of a settlement";
    let text = "SELECT l.event, l.date, l.file_id, f.name, l.posting_id, l.requests, l.successes, l.won
        FROM settlement_line l LEFT JOIN file f ON f.file_id = l.file_id
        WHERE l.settlement_id = ?1 ORDER BY l.date, l.settlement_line_id";
    let mut statement = sql.prepare_cached(text).doing(doing)?;
    let rows = statement.query_map([settlement_id], |row| {
        let file: Option<i64> = row.get(2)?;
        Ok(SettlementLine {
            event: row.get(0)?,
            date: column::date(row, 1)?,
            file: file.map(|id| Ok::<_, rusqlite::Error>((id, row.get(3)?))).transpose()?,
            posting_id: row.get(4)?,
            requests: row.get(5)?,
            successes: row.get(6)?,
            won: column::won(row, 7)?,
        })
    });
    rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}
