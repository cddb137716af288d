//! 공지사항 that creditors were given and have acknowledged, and their questions (Q&A).
//!
//! Must not: decide whether a notice keeps somebody from something.

use super::column::{self, Doing};
use super::open::{Reader, Tx};
use crate::domain::{CreditorId, Date, Instant};
use crate::fault::Trouble;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A question as it is kept; its text is the archived file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionRow {
    /// The key: 질문번호.
    pub question_id: i64,
    /// Who asks.
    pub creditor: CreditorId,
    /// The file's name.
    pub name: String,
    /// Its hash.
    pub sha256: Option<[u8; 32]>,
    /// The day under which the archive keeps it.
    pub day: Option<Date>,
    /// When.
    pub asked_at: Instant,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// The answer; empty where there is none.
    pub answer: String,
}

const QUESTIONS: &str =
    "SELECT q.question_id, q.creditor, f.name, f.sha256, f.archive_day, q.asked_at, q.answered_at, q.answer
  FROM question q CROSS JOIN file f ON f.file_id = q.file_id";

fn question(row: &Row<'_>) -> rusqlite::Result<QuestionRow> {
    Ok(QuestionRow {
        question_id: row.get(0)?,
        creditor: column::through(row, 1, CreditorId::from_number)?,
        name: row.get(2)?,
        sha256: row.get(3)?,
        day: column::opt_date(row, 4)?,
        asked_at: column::instant(row, 5)?,
        answered_at: column::opt_instant(row, 6)?,
        answer: row.get(7)?,
    })
}

fn is_read(sql: &Connection, notice: &str, sha256: &[u8; 32], creditor: CreditorId) -> Result<bool, Trouble> {
    let text = "SELECT EXISTS (SELECT 1 FROM notice WHERE notice = ?1 AND sha256 = ?2 AND creditor = ?3
                AND read_at IS NOT NULL)";
    let with = params![notice, sha256, creditor.get()];
    let found = sql.prepare_cached(text).and_then(|mut s| s.query_row(with, |row| row.get(0)));
    found.doing("look whether a notice was acknowledged")
}

impl Tx<'_> {
    /// A notice is given to a creditor; whether it was not yet.
    pub fn give_notice(
        &self,
        notice: &str,
        sha256: &[u8; 32],
        creditor: CreditorId,
        at: Instant,
    ) -> Result<bool, Trouble> {
        let text = "INSERT INTO notice (notice, sha256, creditor, given_at) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (notice, sha256, creditor) DO NOTHING";
        let with = params![notice, sha256, creditor.get(), at.unix_ms()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(done.doing("give a notice")? > 0)
    }

    /// A creditor acknowledges a notice; whether it had not before.
    pub fn acknowledge_notice(
        &self,
        (notice, sha256): (&str, &[u8; 32]),
        creditor: CreditorId,
        by: &str,
        (at, file_id): (Instant, i64),
    ) -> Result<bool, Trouble> {
        let text = "INSERT INTO notice (notice, sha256, creditor, given_at, read_at, read_by, file_id)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
             ON CONFLICT (notice, sha256, creditor) DO UPDATE SET read_at = ?4, read_by = ?5, file_id = ?6
             WHERE read_at IS NULL";
        let with = params![notice, sha256, creditor.get(), at.unix_ms(), by, file_id];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(done.doing("acknowledge a notice")? > 0)
    }

    /// Whether a creditor has acknowledged a notice with this text.
    pub fn notice_is_read(
        &self,
        notice: &str,
        sha256: &[u8; 32],
        creditor: CreditorId,
    ) -> Result<bool, Trouble> {
        is_read(&self.sql, notice, sha256, creditor)
    }

    /// Keeps a question; its number.
    pub fn ask(&self, creditor: CreditorId, file_id: i64, at: Instant) -> Result<i64, Trouble> {
        let text = "INSERT INTO question (creditor, file_id, asked_at) VALUES (?1, ?2, ?3)";
        let with = params![creditor.get(), file_id, at.unix_ms()];
        self.sql.prepare_cached(text).and_then(|mut s| s.insert(with)).doing("keep a question")
    }

    /// A question.
    pub fn question(&self, question_id: i64) -> Result<Option<QuestionRow>, Trouble> {
        let text = format!("{QUESTIONS} WHERE q.question_id = ?1");
        let found =
            self.sql.prepare_cached(&text).and_then(|mut s| s.query_row([question_id], question).optional());
        found.doing("look a question up")
    }

    /// A question is answered, once.
    pub fn answer_question(
        &self,
        question_id: i64,
        answer: &str,
        by: &str,
        at: Instant,
    ) -> Result<bool, Trouble> {
        let text = "UPDATE question SET answer = ?2, answered_by = ?3, answered_at = ?4
                    WHERE question_id = ?1 AND answered_at IS NULL";
        let with = params![question_id, answer, by, at.unix_ms()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(done.doing("answer a question")? > 0)
    }
}

impl Reader {
    /// Whether a creditor has acknowledged a notice with this text.
    pub fn notice_is_read(
        &self,
        notice: &str,
        sha256: &[u8; 32],
        creditor: CreditorId,
    ) -> Result<bool, Trouble> {
        is_read(&self.sql, notice, sha256, creditor)
    }

    /// Questions: those that are open, or the newest of all; oldest first.
    pub fn questions(&self, all: bool) -> Result<Vec<QuestionRow>, Trouble> {
        let doing = "read the questions";
        let text = format!("{QUESTIONS} WHERE ?1 OR q.answered_at IS NULL ORDER BY q.question_id");
        let mut statement = self.sql.prepare(&text).doing(doing)?;
        let rows = statement.query_map([all], question).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
