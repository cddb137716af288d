//! Papers that were issued (출력): their numbers, and how often they were printed again.
//!
//! Must not: decide what stands on a paper.

use super::column::{self, Doing};
use super::open::Tx;
use crate::domain::{CreditorId, Date, Paper, Won};
use crate::fault::Trouble;
use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

/// A paper that is to be printed.
#[derive(Debug, Clone, Copy)]
pub struct NewPaper<'a> {
    /// Whose.
    pub creditor: CreditorId,
    /// Its kind.
    pub kind: Paper,
    /// For whom: 납부자번호.
    pub payer_no: &'a str,
    /// All that tells it from another paper for the same payer.
    pub content: &'a str,
    /// The charges that stand on it, where the kind binds them.
    pub charges: &'a [i64],
    /// What it comes to.
    pub won: Won,
    /// The day of printing.
    pub day: Date,
    /// The order that asks for it.
    pub file_id: i64,
}

/// A number of a series: of a creditor, a kind of paper and a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaperNumber {
    /// The year.
    pub year: i64,
    /// Counted from 1.
    pub number: i64,
}

impl std::fmt::Display for PaperNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:06}", self.year, self.number)
    }
}

/// A paper with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedPaper {
    /// Its number.
    pub number: PaperNumber,
    /// The day on which it was printed first.
    pub issued_on: Date,
    /// How often it was printed again, this time included; 0: it is new.
    pub again: i64,
    /// For each of its charges the first earlier paper of the kind on which it stands.
    pub earlier: Vec<Option<PaperNumber>>,
}

impl Tx<'_> {
    /// Gives a paper the next number of its series, or the one that it has. To be printed before the commit.
    pub fn issue_paper(&self, paper: &NewPaper<'_>) -> Result<IssuedPaper, Trouble> {
        let doing = "number a paper";
        let hash: [u8; 32] = Sha256::digest(paper.content.as_bytes()).into();
        let text = "UPDATE paper SET again = again + 1
            WHERE creditor = ?1 AND kind = ?2 AND payer_no = ?3 AND content = ?4
            RETURNING paper_id, year, number, issued_on, again";
        let with = params![paper.creditor.get(), paper.kind.word(), paper.payer_no, hash];
        let known = self.sql.prepare_cached(text).and_then(|mut s| s.query_row(with, issued).optional());
        let (paper_id, mut issued) = match known.doing(doing)? {
            Some(known) => known,
            None => self.new_paper(paper, &hash)?,
        };
        for charge in paper.charges {
            let text =
                "SELECT p.year, p.number FROM paper_line l CROSS JOIN paper p ON p.paper_id = l.paper_id
                WHERE l.charge_id = ?1 AND l.paper_id < ?2 AND p.kind = ?3 ORDER BY l.paper_id LIMIT 1";
            let with = params![charge, paper_id, paper.kind.word()];
            let number = |row: &Row<'_>| Ok(PaperNumber { year: row.get(0)?, number: row.get(1)? });
            let found = self.sql.prepare_cached(text).and_then(|mut s| s.query_row(with, number).optional());
            issued.earlier.push(found.doing(doing)?);
        }
        Ok(issued)
    }

    fn new_paper(&self, paper: &NewPaper<'_>, hash: &[u8; 32]) -> Result<(i64, IssuedPaper), Trouble> {
        let doing = "keep a paper";
        let text =
            "INSERT INTO paper (creditor, kind, year, number, payer_no, content, won, issued_on, file_id)
            VALUES (?1, ?2, ?3, 1 + coalesce((SELECT max(number) FROM paper
                WHERE creditor = ?1 AND kind = ?2 AND year = ?3), 0), ?4, ?5, ?6, ?7, ?8)
            RETURNING paper_id, year, number, issued_on, again";
        let with = params![
            paper.creditor.get(),
            paper.kind.word(),
            paper.day.year(),
            paper.payer_no,
            hash,
            paper.won.get(),
            paper.day.to_epoch_days(),
            paper.file_id
        ];
        let made = self.sql.prepare_cached(text).and_then(|mut s| s.query_row(with, issued)).doing(doing)?;
        for charge in paper.charges {
            let text = "INSERT INTO paper_line (charge_id, paper_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([*charge, made.0]));
            done.doing(doing)?;
        }
        Ok(made)
    }
}

fn issued(row: &Row<'_>) -> rusqlite::Result<(i64, IssuedPaper)> {
    let number = PaperNumber { year: row.get(1)?, number: row.get(2)? };
    let issued_on = column::date(row, 3)?;
    Ok((row.get(0)?, IssuedPaper { number, issued_on, again: row.get(4)?, earlier: Vec::new() }))
}
