//! Applications that came in at banks, and what was decided of them.
//!
//! Must not: decide, or keep an account: that stands in the archived file.

use super::column::{self, Doing};
use super::file::{self, FileRow};
use super::open::{Reader, Tx};
use crate::domain::Date;
use crate::fault::Trouble;
use crate::machine::application::{Asked, State};
use rusqlite::{Connection, Params, Row, params};

/// A line of a file of applications, as it is first kept.
#[derive(Debug, Clone)]
pub struct NewApplication<'a> {
    /// Its serial in the file.
    pub line_no: u32,
    /// The serial of the first line of its set.
    pub set_line: u32,
    /// 신청구분.
    pub asked: Asked,
    /// 납부자번호 as it stands.
    pub bank_payer_no: &'a str,
    /// Whose number that is.
    pub mandate_id: Option<i64>,
    /// What was decided.
    pub state: State,
    /// The code, where it is refused.
    pub code: &'a str,
    /// Why, for people.
    pub why: &'a str,
}

/// An application as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// The key.
    pub application_id: i64,
    /// The file that it came in.
    pub file_id: i64,
    /// Its serial there.
    pub line_no: u32,
    /// The serial of the first line of its set.
    pub set_line: u32,
    /// 신청구분.
    pub asked: Asked,
    /// 납부자번호 as it stands.
    pub bank_payer_no: String,
    /// Whose number that is.
    pub mandate_id: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// The code, where it is refused.
    pub code: String,
    /// Why, for people.
    pub why: String,
    /// Who decided; empty by rule.
    pub decided_by: String,
    /// Our answer, once it is built.
    pub answer_file: Option<i64>,
}

const COLUMNS: &str = "application_id, file_id, line_no, set_line, kind, bank_payer_no, mandate_id, state, code, why, \
    decided_by, answer_file";

fn read(row: &Row<'_>) -> rusqlite::Result<ApplicationRow> {
    Ok(ApplicationRow {
        application_id: row.get(0)?,
        file_id: row.get(1)?,
        line_no: row.get(2)?,
        set_line: row.get(3)?,
        asked: column::word(row, 4, Asked::from_word)?,
        bank_payer_no: row.get(5)?,
        mandate_id: row.get(6)?,
        state: column::word(row, 7, State::from_word)?,
        code: row.get(8)?,
        why: row.get(9)?,
        decided_by: row.get(10)?,
        answer_file: row.get(11)?,
    })
}

fn select(sql: &Connection, rest: &str, with: impl Params) -> Result<Vec<ApplicationRow>, Trouble> {
    let doing = "read applications";
    let text = format!("SELECT {COLUMNS} FROM application {rest}");
    let mut statement = sql.prepare_cached(&text).doing(doing)?;
    statement.query_map(with, read).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

impl Tx<'_> {
    /// Keeps a line of a file of applications.
    pub fn new_application(
        &self,
        channel: &str,
        file_id: i64,
        new: &NewApplication<'_>,
    ) -> Result<(), Trouble> {
        self.sql
            .prepare_cached(
                "INSERT INTO application (channel, file_id, line_no, set_line, kind, bank_payer_no, mandate_id, state,
                   code, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )
            .and_then(|mut s| {
                s.execute(params![
                    channel,
                    file_id,
                    new.line_no,
                    new.set_line,
                    new.asked.word(),
                    new.bank_payer_no,
                    new.mandate_id,
                    new.state.word(),
                    new.code,
                    new.why
                ])
            })
            .doing("keep an application")?;
        Ok(())
    }

    /// The applications of a file, in its order.
    pub fn applications(&self, file_id: i64) -> Result<Vec<ApplicationRow>, Trouble> {
        select(&self.sql, "WHERE file_id = ?1 ORDER BY line_no", [file_id])
    }

    /// One application.
    pub fn application(&self, application_id: i64) -> Result<Option<ApplicationRow>, Trouble> {
        Ok(select(&self.sql, "WHERE application_id = ?1", [application_id])?.pop())
    }

    /// Decides a whole set. Returns how many lines that were.
    pub fn decide_applications(
        &self,
        (file_id, set_line): (i64, u32),
        state: State,
        code: &str,
        why: &str,
        by: &str,
    ) -> Result<i64, Trouble> {
        let text = "UPDATE application SET state = ?3, code = ?4, why = ?5, decided_by = ?6
                    WHERE file_id = ?1 AND set_line = ?2";
        let with = params![file_id, set_line, state.word(), code, why, by];
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(column::count(changed.doing("decide an application")?))
    }

    /// Says which file of ours answers the applications of a file.
    pub fn answer_applications(&self, file_id: i64, answer_file: i64) -> Result<(), Trouble> {
        let text = "UPDATE application SET answer_file = ?2 WHERE file_id = ?1";
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id, answer_file]));
        changed.doing("say which file answers applications")?;
        Ok(())
    }

    /// The same for one set.
    pub fn answer_application_set(
        &self,
        (file_id, set_line): (i64, u32),
        answer_file: i64,
    ) -> Result<(), Trouble> {
        let text = "UPDATE application SET answer_file = ?3 WHERE file_id = ?1 AND set_line = ?2";
        let with = params![file_id, set_line, answer_file];
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        changed.doing("say which file answers an application")?;
        Ok(())
    }

    /// The file of this owner, kind and date that came in and was applied.
    pub fn applied_file(&self, owner: &str, kind: &str, date: Date) -> Result<Option<FileRow>, Trouble> {
        let rest = "WHERE date = ?1 AND owner = ?2 AND kind = ?3 AND way = 'in' AND state = 'applied'
                    ORDER BY file_id LIMIT 1";
        Ok(file::select(&self.sql, rest, params![date.to_epoch_days(), owner, kind])?.pop())
    }

    /// Files of applications of these dates and later that no file of ours answers, oldest first.
    pub fn unanswered_files(
        &self,
        owner: &str,
        (received, answer): (&str, &str),
        since: Date,
    ) -> Result<Vec<FileRow>, Trouble> {
        let rest = "WHERE date >= ?1 AND owner = ?2 AND kind = ?3 AND way = 'in' AND state = 'applied'
                    AND NOT EXISTS (SELECT 1 FROM file o WHERE o.date = file.date AND o.owner = file.owner
                      AND o.kind = ?4 AND o.way = 'out') ORDER BY date, file_id";
        file::select(&self.sql, rest, params![since.to_epoch_days(), owner, received, answer])
    }
}

impl Reader {
    /// Applications whose answer is not built, and the newest others up to a limit: for people.
    pub fn applications(&self, limit: usize) -> Result<Vec<ApplicationRow>, Trouble> {
        let rest = "ORDER BY answer_file IS NOT NULL, application_id DESC LIMIT ?1";
        select(&self.sql, rest, [column::page(limit)])
    }
}
