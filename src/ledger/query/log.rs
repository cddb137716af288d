//! The log of work (로그관리, F10): what was done, by whom, to what, over all tables of the journal, in the order of time.
//!
//! Who is the owner of the file that caused it; what the schedule or the bank caused is sunap's own.
//!
//! Must not: decide who somebody is: the ledger keeps keys, and they are shown as kept.

use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::open::Reader;
use crate::ledger::query::Take;
use rusqlite::{Row, named_params};

/// Which rows of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogQuery<'q> {
    /// From this instant.
    pub since: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
    /// Only of this user: an id, or the name of an account.
    pub user: Option<&'q str>,
    /// Only about things whose name holds this.
    pub object: Option<&'q str>,
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// When.
    pub at: Instant,
    /// Who; `sunap` where nobody dropped anything for it.
    pub who: String,
    /// About what: `mandate 3 A-0001 TUITION`, `file EB210105`, `config config/users.toml`.
    pub object: String,
    /// What happened.
    pub happening: String,
    /// From where; empty where there is no before.
    pub from: String,
    /// To where.
    pub to: String,
    /// The file that caused it.
    pub cause: String,
    /// A remark, or the bank's code.
    pub note: String,
}

const LOG: &str = "
  SELECT at, who, object, happening, from_state, to_state, cause, note FROM (
    SELECT e.at AS at, CASE WHEN f.dropped_by IS NULL OR f.dropped_by = '' OR f.owner LIKE 'channel/%' THEN 'sunap'
        ELSE f.dropped_by END AS who,
      CASE e.subject
        WHEN 'mandate' THEN coalesce((SELECT 'mandate ' || m.mandate_id || ' ' || p.payer_no || ' ' || m.item
            FROM mandate m JOIN payer p ON p.payer_id = m.payer_id WHERE m.mandate_id = e.id), 'mandate ' || e.id)
        WHEN 'payer' THEN coalesce((SELECT 'payer ' || p.payer_no FROM payer p WHERE p.payer_id = e.id), 'payer ' || e.id)
        WHEN 'file' THEN coalesce((SELECT 'file ' || t.name FROM file t WHERE t.file_id = e.id), 'file ' || e.id)
        WHEN 'order' THEN coalesce((SELECT 'order ' || t.name FROM file t WHERE t.file_id = e.id), 'order ' || e.id)
        ELSE e.subject || ' ' || e.id END AS object,
      e.happening AS happening, e.from_state AS from_state, e.to_state AS to_state, coalesce(f.name, '') AS cause,
      CASE WHEN e.code = '' THEN e.note WHEN e.note = '' THEN e.code ELSE e.code || ' ' || e.note END AS note,
      1 AS source, e.event_id AS key
    FROM event e LEFT JOIN file f ON f.file_id = e.file_id AND f.way = 'in'
    WHERE e.at >= :since AND e.at < :until
    UNION ALL
    SELECT s.at, CASE WHEN f.way = 'out' OR f.dropped_by = '' OR f.owner LIKE 'channel/%' THEN 'sunap' ELSE f.dropped_by END,
      'file ' || f.name, s.happening, s.from_state, s.to_state, f.owner, s.cause, 2, s.file_step_id
    FROM file_step s JOIN file f ON f.file_id = s.file_id WHERE s.at >= :since AND s.at < :until
    UNION ALL
    SELECT a.decided_at, CASE WHEN a.decided_by = '' THEN 'sunap' ELSE a.decided_by END,
      'proposal ' || a.approval_id || ' ' || f.name, a.state, 'proposed', a.state, f.name, a.deed || ' proposed by ' || a.proposed_by,
      3, a.decision_no
    FROM approval a JOIN file f ON f.file_id = a.file_id WHERE a.decided_at >= :since AND a.decided_at < :until
    UNION ALL
    SELECT c.at, CASE WHEN c.by_whom = '' THEN 'unknown' ELSE c.by_whom END, 'config ' || c.file,
      CASE WHEN c.new_sha256 IS NULL THEN 'taken-away' WHEN c.old_sha256 IS NULL THEN 'first-read' ELSE 'changed' END,
      lower(hex(substr(c.old_sha256, 1, 6))), lower(hex(substr(c.new_sha256, 1, 6))), '', c.keys, 4, c.config_change_id
    FROM config_change c WHERE c.at >= :since AND c.at < :until)
  WHERE (:user IS NULL OR who = :user OR instr(who, '(' || :user || ')') > 0 OR who = 'uid:' || :user
      OR who LIKE 'uid:' || :user || ' %')
    AND (:object IS NULL OR instr(object, :object) > 0)
  ORDER BY at, source, key";

fn from_row(row: &Row<'_>) -> rusqlite::Result<LogRow> {
    Ok(LogRow {
        at: column::instant(row, 0)?,
        who: row.get(1)?,
        object: row.get(2)?,
        happening: row.get(3)?,
        from: row.get(4)?,
        to: row.get(5)?,
        cause: row.get(6)?,
        note: row.get(7)?,
    })
}

impl Reader {
    /// Gives every row of the log that is asked for, in the order of time.
    pub fn log<E: From<Trouble>>(
        &self,
        query: &LogQuery<'_>,
        mut take: impl FnMut(LogRow) -> Result<Take, E>,
    ) -> Result<(), E> {
        let doing = "read the log of work";
        let mut statement = self.sql.prepare(LOG).doing(doing)?;
        let with = named_params! {
            ":since": query.since.map_or(i64::MIN, Instant::unix_ms),
            ":until": query.until.map_or(i64::MAX, Instant::unix_ms),
            ":user": query.user,
            ":object": query.object,
        };
        let rows = statement.query_map(with, from_row).doing(doing)?;
        for row in rows {
            if take(row.doing(doing)?)? == Take::Enough {
                break;
            }
        }
        Ok(())
    }
}
