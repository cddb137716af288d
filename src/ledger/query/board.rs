//! What stands now: alerts, due rows, open files.

use super::{AlertRow, Board, FileQuery, StateCount};
use crate::domain::{CreditorId, Date, Instant};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::due::{self, Due, DueState};
use crate::ledger::file::{self, FileRow, Way};
use crate::ledger::open::Reader;
use crate::machine::mandate;
use rusqlite::params;
use std::collections::HashSet;

/// How many mandates stand where: reads one covering index.
pub(in crate::ledger) const STANDING: &str =
    "SELECT creditor, state, count(*) FROM mandate GROUP BY creditor, state ORDER BY creditor, state";

/// How many files are listed where nothing else is asked for.
const FILES: usize = 1000;

impl Reader {
    /// What a person sees first, as of `now`.
    pub fn board(&self, now: Instant) -> Result<Board, Trouble> {
        let doing = "read the board";
        let waiting = "WHERE state = 'waiting' ORDER BY due_at, owner, job, date LIMIT 50";
        let mut statement = self.sql.prepare_cached(STANDING).doing(doing)?;
        let mandates = statement.query_map([], |row| {
            Ok(StateCount {
                creditor: column::through(row, 0, CreditorId::from_number)?,
                state: column::word(row, 1, mandate::State::from_word)?,
                count: row.get(2)?,
            })
        });
        let open = "WHERE way = 'out' AND state IN
            ('planned', 'built', 'staged', 'published', 'taken', 'uncertain', 'held') ORDER BY date, file_id";
        let held = "WHERE way = 'in' AND state = 'held' ORDER BY file_id";
        let due = due::select(&self.sql, waiting, [])?;
        Ok(Board {
            business_time: self.business_time()?,
            alerts: self.open_alerts()?,
            late: due.iter().filter(|row| row.due_at <= now).count(),
            due,
            open_files: file::select(&self.sql, open, [])?,
            held_files: file::select(&self.sql, held, [])?,
            mandates: mandates.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?,
        })
    }

    /// Business time as far as the ledger knows it.
    pub fn business_time(&self) -> Result<Option<Instant>, Trouble> {
        self.sql
            .prepare_cached("SELECT business_ms FROM meta")
            .and_then(|mut s| s.query_row([], |row| column::opt_instant(row, 0)))
            .doing("read business time")
    }

    /// Alerts that nobody has cleared, oldest first.
    pub fn open_alerts(&self) -> Result<Vec<AlertRow>, Trouble> {
        let doing = "read open alerts";
        let text = "SELECT name, subject, text, raised_at FROM alert WHERE cleared_at IS NULL
                    ORDER BY raised_at, alert_id";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([], |row| {
            Ok(AlertRow {
                name: row.get(0)?,
                subject: row.get(1)?,
                text: row.get(2)?,
                raised_at: column::instant(row, 3)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// Jobs of the bank's day, by due time; in one state only where one is given.
    pub fn due_rows(&self, state: Option<DueState>, limit: usize) -> Result<Vec<Due>, Trouble> {
        let rest = "WHERE ?1 IS NULL OR state = ?1 ORDER BY due_at, owner, job, date LIMIT ?2";
        due::select(&self.sql, rest, params![state.map(DueState::word), column::page(limit)])
    }

    /// When something is due next.
    pub fn next_due(&self) -> Result<Option<Instant>, Trouble> {
        due::next(&self.sql)
    }

    /// Files, newest first.
    pub fn files(&self, query: &FileQuery<'_>) -> Result<Vec<FileRow>, Trouble> {
        let rest =
            "WHERE (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR way = ?2) AND (?3 IS NULL OR date = ?3)
                    ORDER BY file_id DESC LIMIT ?4";
        let limit = if query.limit == 0 { FILES } else { query.limit };
        let (way, date) = (query.way.map(Way::word), query.date.map(Date::to_epoch_days));
        file::select(&self.sql, rest, params![query.owner, way, date, column::page(limit)])
    }

    /// Rows of files that did not come out of an inbox: archived bytes that an order had judged once more.
    pub fn files_judged_by_order(&self) -> Result<HashSet<i64>, Trouble> {
        let doing = "look for files that an order had judged again";
        let text = "SELECT file_id FROM file_step WHERE happening = 'claimed' AND cause <> ''";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([], |row| row.get(0)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }
}
