//! What is due when, alerts, and business time.

use super::column::{self, Doing, ms, unfit};
use super::open::Tx;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use crate::machine::words;
use rusqlite::{Connection, Params, Row, params};

words! {
    /// Where a due row stands.
    DueState {
        /// Its time has not come, or it was not done yet.
        Waiting = "waiting",
        /// Done.
        Done = "done",
        /// Its deadline passed before it was done.
        Missed = "missed",
    }
}

/// A job of the bank's day to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDue {
    /// Whose day: `channel/main`.
    pub owner: String,
    /// What is to be done: `emit EB21`.
    pub job: String,
    /// The business date that it is for.
    pub date: Date,
    /// From when it may be done.
    pub opens_at: Instant,
    /// When it is done.
    pub due_at: Instant,
    /// After which it is missed; `None` where it never is.
    pub deadline_at: Option<Instant>,
}

/// A planned job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The key.
    pub due_id: i64,
    /// Whose day.
    pub owner: String,
    /// What is to be done.
    pub job: String,
    /// The business date that it is for.
    pub date: Date,
    /// From when it may be done.
    pub opens_at: Instant,
    /// When it is done.
    pub due_at: Instant,
    /// After which it is missed.
    pub deadline_at: Option<Instant>,
    /// Where it stands.
    pub state: DueState,
    /// When it was done or missed.
    pub done_at: Option<Instant>,
    /// A remark for people.
    pub note: String,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        due_id: row.get(0)?,
        owner: row.get(1)?,
        job: row.get(2)?,
        date: column::date(row, 3)?,
        opens_at: column::instant(row, 4)?,
        due_at: column::instant(row, 5)?,
        deadline_at: column::opt_instant(row, 6)?,
        state: column::word(row, 7, DueState::from_word)?,
        done_at: column::opt_instant(row, 8)?,
        note: row.get(9)?,
    })
}

/// The due rows that `rest` (everything after FROM due) selects.
pub(super) fn select(sql: &Connection, rest: &str, with: impl Params) -> Result<Vec<Due>, Trouble> {
    let doing = "read what is due";
    let text = format!(
        "SELECT due_id, owner, job, date, opens_at, due_at, deadline_at, state, done_at, note FROM due {rest}"
    );
    let mut statement = sql.prepare_cached(&text).doing(doing)?;
    statement.query_map(with, from_row).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

/// The earliest instant at which something is due.
pub(super) fn next(sql: &Connection) -> Result<Option<Instant>, Trouble> {
    let text = "SELECT due_at FROM due WHERE state = 'waiting' ORDER BY due_at LIMIT 1";
    let doing = "read when something is due next";
    let mut statement = sql.prepare_cached(text).doing(doing)?;
    let mut rows = statement.query([]).doing(doing)?;
    rows.next().and_then(|row| row.map(|row| column::instant(row, 0)).transpose()).doing(doing)
}

impl Tx<'_> {
    /// Plans jobs. One that waits already is kept, with its times as they are planned now: a calendar or a profile that was
    /// changed moves what has not been done. Returns how many are new or moved.
    pub fn plan_due(&self, rows: &[NewDue]) -> Result<i64, Trouble> {
        let doing = "plan what is due";
        let mut statement = self
            .sql
            .prepare_cached(
                "INSERT INTO due (owner, job, date, opens_at, due_at, deadline_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (owner, job, date) DO UPDATE SET opens_at = excluded.opens_at, due_at = excluded.due_at,
                   deadline_at = excluded.deadline_at
                 WHERE state = 'waiting' AND (due_at <> excluded.due_at OR deadline_at IS NOT excluded.deadline_at)",
            )
            .doing(doing)?;
        let mut new = 0;
        for row in rows {
            let times = (row.opens_at.unix_ms(), row.due_at.unix_ms(), ms(row.deadline_at));
            let with = params![row.owner, row.job, row.date.to_epoch_days(), times.0, times.1, times.2];
            new += i64::from(statement.execute(with).doing(doing)? == 1);
        }
        Ok(new)
    }

    /// What waits for dates from one to another, both included.
    pub fn waiting_for(&self, from: Date, to: Date) -> Result<Vec<Due>, Trouble> {
        let rest = "WHERE state = 'waiting' AND date BETWEEN ?1 AND ?2 ORDER BY date, owner, job";
        select(&self.sql, rest, [from.to_epoch_days(), to.to_epoch_days()])
    }

    /// Takes a job that waits out of the plan: its day is no banking day any more.
    pub fn unplan(&self, due_id: i64) -> Result<(), Trouble> {
        let text = "DELETE FROM due WHERE due_id = ?1 AND state = 'waiting'";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([due_id]));
        done.map(drop).doing("take a job out of the plan")
    }

    /// What is due by `now` and not done, in the order in which it must be done.
    pub fn due(&self, now: Instant) -> Result<Vec<Due>, Trouble> {
        let rest = "WHERE state = 'waiting' AND due_at <= ?1 ORDER BY due_at, owner, job, date";
        select(&self.sql, rest, [now.unix_ms()])
    }

    /// When something is due next.
    pub fn next_due(&self) -> Result<Option<Instant>, Trouble> {
        next(&self.sql)
    }

    /// A job was done, or missed.
    pub fn due_done(&self, due_id: i64, state: DueState, at: Instant, note: &str) -> Result<(), Trouble> {
        let doing = "record that a job is done";
        let text =
            "UPDATE due SET state = ?2, done_at = ?3, note = ?4 WHERE due_id = ?1 AND state = 'waiting'";
        let with = params![due_id, state.word(), at.unix_ms(), note];
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if changed == 1 { Ok(()) } else { Err(unfit(doing, format!("job {due_id} does not wait"))) }
    }

    /// Raises an alert, or renews the text of the open one. Returns whether it is new.
    pub fn alert(&self, name: &str, subject: &str, text: &str, at: Instant) -> Result<bool, Trouble> {
        let doing = "raise an alert";
        let renew = "UPDATE alert SET text = ?3 WHERE name = ?1 AND subject = ?2 AND cleared_at IS NULL";
        let renewed = self.sql.prepare_cached(renew).and_then(|mut s| s.execute([name, subject, text]));
        if renewed.doing(doing)? > 0 {
            return Ok(false);
        }
        let raise = "INSERT INTO alert (name, subject, text, raised_at) VALUES (?1, ?2, ?3, ?4)";
        self.sql
            .prepare_cached(raise)
            .and_then(|mut s| s.execute(params![name, subject, text, at.unix_ms()]))
            .doing(doing)?;
        Ok(true)
    }

    /// The subjects of the open alerts of a name that begin with `folder`.
    pub fn alerts_about(&self, name: &str, folder: &str) -> Result<Vec<String>, Trouble> {
        let doing = "look for alerts about a folder";
        let text = "SELECT subject FROM alert WHERE name = ?1 AND cleared_at IS NULL
                    AND substr(subject, 1, length(?2)) = ?2 ORDER BY subject";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([name, folder], |row| row.get(0)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// Clears an alert. Returns whether there was one.
    pub fn clear_alert(&self, name: &str, subject: &str, at: Instant) -> Result<bool, Trouble> {
        let text = "UPDATE alert SET cleared_at = ?3 WHERE name = ?1 AND subject = ?2 AND cleared_at IS NULL";
        let with = params![name, subject, at.unix_ms()];
        let cleared = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(cleared.doing("clear an alert")? > 0)
    }

    /// Moves business time forward to `now`, never back (decisions.md 12). Returns business time.
    pub fn advance(&self, now: Instant) -> Result<Instant, Trouble> {
        let text = "UPDATE meta SET business_ms = max(coalesce(business_ms, ?1), ?1) WHERE only_row = 1
                    RETURNING business_ms";
        let stored = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([now.unix_ms()], |row| column::instant(row, 0)));
        stored.doing("move business time forward")
    }
}
