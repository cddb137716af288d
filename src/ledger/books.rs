//! Postings of the books: what is to be booked, the rows, what the accounts stand at, and the rules they must keep.
//!
//! Set-oriented: an answer to a million lines is one row per creditor and pair of accounts, and names the file and the
//! lines that it stands for. Accounts and events are words of `books`; this room only keeps them.

use super::column::Doing;
use super::open::{Reader, Tx};
use crate::domain::{CreditorId, Instant, Won};
use crate::fault::Trouble;
use rusqlite::{Row, params};

/// What money the books say a file brought, against what its lines say; and a month's charges against theirs.
pub(super) const RULES: &[(&str, &str)] = &[(
    "books-clearing",
    "SELECT 'file ' || l.file_id || ', creditor ' || l.creditor || ': its lines brought ' || l.won || ', the books say '
       || coalesce(p.won, 0)
     FROM (SELECT k.file_id, k.creditor, sum(CASE coalesce(k.state, 'succeeded') WHEN 'succeeded' THEN k.amount_won
           WHEN 'partial' THEN k.collected_won WHEN 'reversed' THEN coalesce(k.collected_won, k.amount_won) ELSE 0 END) AS won
         FROM file f CROSS JOIN collection k ON k.file_id = f.file_id
         WHERE f.way = 'out' AND f.state = 'answered' AND (f.answered_at >= :since OR f.file_id % 7 = :seventh)
         GROUP BY k.file_id, k.creditor) l
     LEFT JOIN (SELECT file_id, creditor, sum(won) AS won FROM posting
         WHERE event = 'collected' AND debit = 'channel-clearing' GROUP BY file_id, creditor) p
       ON p.file_id = l.file_id AND p.creditor = l.creditor
     WHERE l.won <> coalesce(p.won, 0)",
), (
    "books-unanswered",
    "SELECT 'file ' || f.file_id || ' ' || f.name || ': booked as collected, but it is ' || f.state
     FROM posting p CROSS JOIN file f ON f.file_id = p.file_id
     WHERE p.event = 'collected' AND f.state <> 'answered' GROUP BY f.file_id",
)];

/// An amount that the books do not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBook {
    /// Whose money it is.
    pub creditor: CreditorId,
    /// The month of the charges, as the ledger counts months; `None` for debits.
    pub month: Option<i64>,
    /// How much; below 0 where the books say too much.
    pub won: Won,
    /// How many lines or charges it stands for.
    pub lines: i64,
}

/// One entry to keep.
#[derive(Debug, Clone)]
pub struct NewPosting<'a> {
    /// What happened: `charged`, `collected`, `reversed`.
    pub event: &'a str,
    /// Whose money, how much and for how many lines.
    pub about: &'a ToBook,
    /// The account that is debited.
    pub debit: &'a str,
    /// The account that is credited.
    pub credit: &'a str,
    /// How much; above 0.
    pub won: Won,
    /// The file of ours whose lines it stands for.
    pub file: Option<i64>,
    /// The file that made it so.
    pub cause: Option<i64>,
    /// Which lines it stands for, in words of the ledger.
    pub what: &'a str,
    /// When.
    pub at: Instant,
}

/// One entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRow {
    /// The key.
    pub posting_id: i64,
    /// What happened.
    pub event: String,
    /// Whose money.
    pub creditor: i64,
    /// The account that is debited.
    pub debit: String,
    /// The account that is credited.
    pub credit: String,
    /// How much.
    pub won: Won,
    /// For how many lines or charges.
    pub lines: i64,
    /// The file of ours whose lines it stands for.
    pub file: Option<i64>,
    /// The file that made it so.
    pub cause: Option<i64>,
    /// Which lines.
    pub what: String,
}

/// What one account of one creditor stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBalance {
    /// Whose.
    pub creditor: i64,
    /// The account's word.
    pub account: String,
    /// The sum of its debits.
    pub debits: Won,
    /// The sum of its credits.
    pub credits: Won,
}

impl Tx<'_> {
    /// What an answered file brought each creditor, with how many lines did. Counts the file first.
    pub fn collected_to_book(&self, file_id: i64) -> Result<Vec<ToBook>, Trouble> {
        self.tally_answer(file_id)?;
        let text = "SELECT creditor, NULL, won, successes FROM settlement_line
                    WHERE file_id = ?1 AND event = 'collected' AND won > 0 ORDER BY creditor";
        self.to_book(text, params![file_id])
    }

    /// Charges that the books do not know yet, or know otherwise, by creditor and month. A charge that was cancelled or
    /// written off counts what came of it.
    pub fn charges_to_book(&self) -> Result<Vec<ToBook>, Trouble> {
        let text = "SELECT h.creditor, h.month, h.won - coalesce(p.won, 0), h.charges
            FROM (SELECT creditor, month, count(*) AS charges, sum(CASE WHEN state IN ('written-off', 'cancelled')
                THEN min(paid_won, amount_won) ELSE amount_won END) AS won FROM charge GROUP BY creditor, month) h
            LEFT JOIN (SELECT creditor, month, sum(CASE debit WHEN 'payer-receivable' THEN won ELSE -won END) AS won
                FROM posting WHERE month IS NOT NULL GROUP BY creditor, month) p
              ON p.creditor = h.creditor AND p.month = h.month
            WHERE h.won <> coalesce(p.won, 0) ORDER BY h.creditor, h.month";
        self.to_book(text, params![])
    }

    fn to_book(&self, text: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<ToBook>, Trouble> {
        let doing = "look for what is to be booked";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map(with, |row| {
            let creditor: i64 = row.get(0)?;
            Ok((creditor, row.get(1)?, Won::new(row.get(2)?), row.get(3)?))
        });
        let mut found = Vec::new();
        for row in rows.doing(doing)? {
            let (creditor, month, won, lines) = row.doing(doing)?;
            let creditor = format!("{creditor:08}").parse().map_err(|e| Trouble::new(doing, e))?;
            found.push(ToBook { creditor, month, won, lines });
        }
        Ok(found)
    }

    /// Keeps an entry.
    pub fn post(&self, posting: &NewPosting<'_>) -> Result<(), Trouble> {
        let text = "INSERT INTO posting (event, creditor, debit, credit, won, lines, file_id, cause_file, month, what, at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let about = posting.about;
        let with = params![
            posting.event,
            about.creditor.get(),
            posting.debit,
            posting.credit,
            posting.won.get(),
            about.lines,
            posting.file,
            posting.cause,
            about.month,
            posting.what,
            posting.at.unix_ms()
        ];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).map(drop).doing("post to the books")
    }

    /// Whether an alert of this name stands.
    pub fn alert_stands(&self, name: &str) -> Result<bool, Trouble> {
        let text = "SELECT EXISTS (SELECT 1 FROM alert WHERE name = ?1 AND cleared_at IS NULL)";
        let found = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([name], |row| row.get(0)));
        found.doing("look for an alert")
    }
}

impl Reader {
    /// What every account stands at, by creditor.
    pub fn account_balances(&self) -> Result<Vec<AccountBalance>, Trouble> {
        let doing = "read the accounts";
        let text = "SELECT creditor, account, sum(debits), sum(credits) FROM (
              SELECT creditor, debit AS account, won AS debits, 0 AS credits FROM posting
              UNION ALL SELECT creditor, credit, 0, won FROM posting)
            GROUP BY creditor, account ORDER BY creditor, account";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let rows = statement.query_map([], |row| {
            Ok(AccountBalance {
                creditor: row.get(0)?,
                account: row.get(1)?,
                debits: Won::new(row.get(2)?),
                credits: Won::new(row.get(3)?),
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// What was posted for the lines of a file of ours.
    pub fn postings_of_file(&self, file_id: i64) -> Result<Vec<PostingRow>, Trouble> {
        let doing = "read the postings of a file";
        let text = format!("SELECT {COLUMNS} FROM posting WHERE file_id = ?1 ORDER BY posting_id");
        let mut statement = self.sql.prepare(&text).doing(doing)?;
        let rows = statement.query_map([file_id], posting);
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}

/// What [`posting`] reads.
pub(super) const COLUMNS: &str =
    "posting_id, event, creditor, debit, credit, won, lines, file_id, cause_file, what";

pub(super) fn posting(row: &Row<'_>) -> rusqlite::Result<PostingRow> {
    Ok(PostingRow {
        posting_id: row.get(0)?,
        event: row.get(1)?,
        creditor: row.get(2)?,
        debit: row.get(3)?,
        credit: row.get(4)?,
        won: Won::new(row.get(5)?),
        lines: row.get(6)?,
        file: row.get(7)?,
        cause: row.get(8)?,
        what: row.get(9)?,
    })
}
