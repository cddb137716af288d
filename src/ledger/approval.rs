//! What one user proposed and another decides, and which users the journal knows.

use super::column::{self, Doing};
use super::open::{Reader, Tx};
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::machine::words;
use rusqlite::{Connection, Params, Row, params};

words! {
    /// Where a proposal stands.
    ApprovalState {
        /// It waits for its second person.
        Proposed = "proposed",
        /// Another user has approved it.
        Approved = "approved",
        /// Another user has declined it, or its own has withdrawn it.
        Declined = "declined",
        /// Nobody approved it in time.
        Expired = "expired",
    }
}

/// What waits for a second person.
#[derive(Debug, Clone, Copy)]
pub struct NewApproval<'a> {
    /// The proposed file.
    pub file_id: i64,
    /// The right that it asks for.
    pub deed: &'a str,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Who proposed it.
    pub by: &'a str,
    /// When.
    pub at: Instant,
    /// From when on it can be approved no more.
    pub expires_at: Instant,
}

/// A proposal as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Its number.
    pub approval_id: i64,
    /// The proposed file.
    pub file_id: i64,
    /// The right that it asks for.
    pub deed: String,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Instant,
    /// From when on it can be approved no more.
    pub expires_at: Instant,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who decided; empty while it waits.
    pub decided_by: String,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// The bytes of the order that decided.
    pub decided_sha256: Option<[u8; 32]>,
}

/// How a proposal was decided.
#[derive(Debug, Clone, Copy)]
pub struct ApprovalDecision<'a> {
    /// What it is now; not proposed.
    pub state: ApprovalState,
    /// By whom; empty where nobody did in time.
    pub by: &'a str,
    /// When.
    pub at: Instant,
    /// The bytes of the order that said so.
    pub sha256: Option<[u8; 32]>,
}

const COLUMNS: &str = "approval_id, file_id, deed, sha256, proposed_by, proposed_at, expires_at, state, decided_by, \
    decided_at, decided_sha256";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ApprovalRow> {
    Ok(ApprovalRow {
        approval_id: row.get(0)?,
        file_id: row.get(1)?,
        deed: row.get(2)?,
        sha256: row.get(3)?,
        proposed_by: row.get(4)?,
        proposed_at: column::instant(row, 5)?,
        expires_at: column::instant(row, 6)?,
        state: column::word(row, 7, ApprovalState::from_word)?,
        decided_by: row.get(8)?,
        decided_at: column::opt_instant(row, 9)?,
        decided_sha256: row.get(10)?,
    })
}

fn select(sql: &Connection, rest: &str, with: impl Params) -> Result<Vec<ApprovalRow>, Trouble> {
    let doing = "read what waits for a second person";
    let mut statement = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM approval {rest}")).doing(doing)?;
    statement.query_map(with, from_row).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

impl Tx<'_> {
    /// Keeps what was proposed. Returns its number.
    pub fn propose(&self, new: &NewApproval<'_>) -> Result<i64, Trouble> {
        let (at, until) = (new.at.unix_ms(), new.expires_at.unix_ms());
        self.sql
            .prepare_cached(
                "INSERT INTO approval (file_id, deed, sha256, proposed_by, proposed_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut s| s.insert(params![new.file_id, new.deed, new.sha256, new.by, at, until]))
            .doing("keep a proposal")
    }

    /// A proposal by its number.
    pub fn approval(&self, approval_id: i64) -> Result<Option<ApprovalRow>, Trouble> {
        Ok(select(&self.sql, "WHERE approval_id = ?1", [approval_id])?.pop())
    }

    /// The proposal that a file made.
    pub fn approval_of(&self, file_id: i64) -> Result<Option<ApprovalRow>, Trouble> {
        Ok(select(&self.sql, "WHERE file_id = ?1", [file_id])?.pop())
    }

    /// Decides a proposal that waits; one that is decided stays as it is. Whether it waited.
    pub fn decide_approval(
        &self,
        approval_id: i64,
        decision: &ApprovalDecision<'_>,
    ) -> Result<bool, Trouble> {
        let text = "UPDATE approval SET state = ?2, decided_by = ?3, decided_at = ?4, decided_sha256 = ?5,
                      decision_no = (SELECT coalesce(max(decision_no), 0) + 1 FROM approval WHERE decision_no IS NOT NULL)
                    WHERE approval_id = ?1 AND state = 'proposed'";
        let with =
            params![approval_id, decision.state.word(), decision.by, decision.at.unix_ms(), decision.sha256];
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(changed.doing("decide a proposal")? > 0)
    }

    /// Proposals whose time is over.
    pub fn approvals_over(&self, now: Instant) -> Result<Vec<ApprovalRow>, Trouble> {
        let rest = "WHERE state = 'proposed' AND expires_at <= ?1 ORDER BY expires_at";
        select(&self.sql, rest, [now.unix_ms()])
    }

    /// Notes that the journal knows a user from now on.
    pub fn user_seen(&self, user_id: &str, at: Instant) -> Result<(), Trouble> {
        let text = "INSERT OR IGNORE INTO known_user (user_id, since) VALUES (?1, ?2)";
        let noted = self.sql.prepare_cached(text).and_then(|mut s| s.execute(params![user_id, at.unix_ms()]));
        noted.doing("note a user")?;
        Ok(())
    }

    /// Every user whom the journal knows.
    pub fn users_seen(&self) -> Result<Vec<String>, Trouble> {
        let doing = "read which users are known";
        let mut statement =
            self.sql.prepare_cached("SELECT user_id FROM known_user ORDER BY user_id").doing(doing)?;
        statement.query_map([], |row| row.get(0)).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }
}

impl Reader {
    /// What waits for a second person, the oldest first.
    pub fn approvals_open(&self) -> Result<Vec<ApprovalRow>, Trouble> {
        select(&self.sql, "WHERE state = 'proposed' ORDER BY approval_id", [])
    }

    /// A proposal by its number.
    pub fn approval(&self, approval_id: i64) -> Result<Option<ApprovalRow>, Trouble> {
        Ok(select(&self.sql, "WHERE approval_id = ?1", [approval_id])?.pop())
    }
}
