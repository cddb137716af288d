//! Evidence of consent (증빙자료): what was given, which file carried it for which registration, and whether the network has it.
//!
//! Must not: hold the bytes, or decide when evidence goes out.

use super::column::{self, Doing};
use super::open::{Reader, Tx};
use super::personal;
use crate::domain::{
    AccountNo, BankCode, BankPayerNo, ChannelId, CreditorId, Date, Instant, ItemCode, PayerNo,
};
use crate::fault::Trouble;
use rusqlite::{Connection, OptionalExtension, params};

/// Which registrations may go without asking for their evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceGate {
    /// All: the profile needs none.
    Open,
    /// Those whose evidence the network has, in a file of this day or later.
    Accepted {
        /// The first day that counts.
        since: Date,
        /// Whether a file that was taken counts without a receipt.
        taken: bool,
    },
}

/// The condition of a queued registration `r`; its parameters are ?5 (whether it is asked for), ?6 (since) and ?7 (whether taken is
/// enough). An old account is cancelled together with the new one, so it waits for the same evidence; asked once more (the new
/// one is registered), it waits for none.
pub(super) const GATE: &str = "(NOT ?5 OR (r.kind = 'cancel' AND r.change_id IS NULL)
    OR EXISTS (SELECT 1 FROM evidence_line l JOIN file f ON f.file_id = l.file_id
      WHERE l.registration_id = CASE r.kind WHEN 'register' THEN r.registration_id
          ELSE (SELECT n.registration_id FROM registration n
            WHERE n.change_id = r.change_id AND n.kind = 'register' AND n.state IS NULL LIMIT 1) END
        AND NOT l.stale AND f.state IN ('taken', 'answered') AND f.date >= ?6
        AND (?7 OR f.acknowledged_at IS NOT NULL))
    OR (r.kind = 'cancel' AND r.change_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM registration n
      WHERE n.change_id = r.change_id AND n.kind = 'register' AND n.file_id IS NULL AND n.state IS NULL)))";

impl EvidenceGate {
    /// The values of ?5, ?6 and ?7 of [`GATE`].
    pub(super) fn values(self) -> (bool, i64, bool) {
        match self {
            Self::Open => (false, 0, false),
            Self::Accepted { since, taken } => (true, since.to_epoch_days(), taken),
        }
    }
}

/// Evidence as it came.
#[derive(Debug, Clone, Copy)]
pub struct NewEvidence<'a> {
    /// Whose.
    pub mandate_id: i64,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// The day under which the archive keeps them.
    pub day: Date,
    /// How many.
    pub bytes: i64,
    /// The kind of consent, by the layout's word.
    pub kind: &'a str,
    /// The extension.
    pub extension: &'a str,
    /// When it came.
    pub at: Instant,
    /// The file that brought it.
    pub file: i64,
}

/// Evidence that is to go out for a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// The evidence.
    pub evidence_id: i64,
    /// The registration that it is for.
    pub registration_id: i64,
    /// The mandate's number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank that is to be registered.
    pub bank: BankCode,
    /// The account that is to be registered.
    pub account: AccountNo,
    /// The kind of consent.
    pub kind: String,
    /// The extension.
    pub extension: String,
    /// The hash of the bytes.
    pub sha256: [u8; 32],
    /// The day under which the archive keeps them.
    pub day: Date,
}

/// A queued registration is to be sent with evidence, unless that is on its way or accepted already.
const TO_SEND: &str = "SELECT e.evidence_id, r.registration_id, m.bank_payer_no,
      coalesce(c.new_bank, m.bank), coalesce(c.new_account, m.account), r.change_id, m.mandate_id,
      coalesce(o.kind, e.kind), e.extension, e.sha256, e.day
    FROM registration r JOIN mandate m ON m.mandate_id = r.mandate_id
    JOIN evidence e ON e.mandate_id = r.mandate_id AND e.state = 'kept'
    LEFT JOIN account_change c ON c.change_id = r.change_id
    LEFT JOIN consent o ON o.mandate_id = r.mandate_id
    WHERE r.channel = ?1 AND r.file_id IS NULL AND r.state IS NULL AND r.kind = 'register' AND r.queued_at < ?2
      AND NOT EXISTS (SELECT 1 FROM evidence_line l JOIN file f ON f.file_id = l.file_id
        WHERE l.registration_id = r.registration_id AND l.evidence_id = e.evidence_id AND NOT l.stale AND f.date >= ?3
          AND f.state NOT IN ('refused', 'missed', 'emptied'))
    ORDER BY r.registration_id";

/// How many queued registrations have no evidence.
const WITHOUT: &str = "SELECT count(*) FROM registration r
    WHERE r.channel = ?1 AND r.file_id IS NULL AND r.state IS NULL AND r.kind = 'register'
      AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.mandate_id = r.mandate_id AND e.state = 'kept')";

/// Evidence of a mandate, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFound {
    /// The word of its state.
    pub state: String,
    /// The kind of consent.
    pub kind: String,
    /// The extension.
    pub extension: String,
    /// Its length.
    pub bytes: i64,
    /// When it came.
    pub at: Instant,
    /// The network's code, where it blames it.
    pub code: String,
    /// The last file that carried it, where one did.
    pub file: Option<String>,
}

impl Tx<'_> {
    /// Keeps evidence; an earlier one of the mandate is replaced. `false`: the same one is kept already.
    pub fn keep_evidence(&self, new: &NewEvidence<'_>) -> Result<bool, Trouble> {
        let doing = "keep evidence";
        let same = "SELECT 1 FROM evidence WHERE mandate_id = ?1 AND state = 'kept' AND sha256 = ?2";
        let found =
            self.sql.prepare_cached(same).and_then(|mut s| s.exists(params![new.mandate_id, new.sha256]));
        if found.doing(doing)? {
            return Ok(false);
        }
        self.end_evidence(new.mandate_id, "replaced", "")?;
        let text = "INSERT INTO evidence (mandate_id, sha256, day, bytes, kind, extension, at, request_file)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let with = params![
            new.mandate_id,
            new.sha256,
            new.day.to_epoch_days(),
            new.bytes,
            new.kind,
            new.extension,
            new.at.unix_ms(),
            new.file
        ];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).map(drop).doing(doing)?;
        Ok(true)
    }

    /// Evidence that went out speaks for the account that it went out with: another account needs another one. What came since and
    /// has not gone out is for the new account.
    pub fn spend_evidence(&self, mandate_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE evidence SET state = 'spent' WHERE mandate_id = ?1 AND state = 'kept'
                    AND evidence_id IN (SELECT l.evidence_id FROM registration r
                      JOIN evidence_line l ON l.registration_id = r.registration_id WHERE r.mandate_id = ?1)";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([mandate_id]));
        done.map(drop).doing("spend the evidence of an account that is left")
    }

    /// The evidence that is kept of a mandate is so no more: `replaced`, `spent` or `refused`.
    pub fn end_evidence(&self, mandate_id: i64, state: &str, code: &str) -> Result<(), Trouble> {
        let text = "UPDATE evidence SET state = ?2, code = ?3 WHERE mandate_id = ?1 AND state = 'kept'";
        let done =
            self.sql.prepare_cached(text).and_then(|mut s| s.execute(params![mandate_id, state, code]));
        done.map(drop).doing("end evidence")
    }

    /// The account of a registration that waits was corrected: what went out for it tells of another one.
    pub fn evidence_stale(&self, mandate_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE evidence_line SET stale = 1 WHERE registration_id IN
                    (SELECT registration_id FROM registration WHERE mandate_id = ?1 AND file_id IS NULL AND state IS NULL)";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([mandate_id]));
        done.map(drop).doing("set evidence aside")
    }

    /// Evidence that is to go out for registrations queued before a time, in the order of the queue; files from `since` on
    /// count as sent.
    pub fn evidence_to_send(
        &self,
        channel: &ChannelId,
        queued_before: Instant,
        since: Date,
    ) -> Result<Vec<EvidenceRow>, Trouble> {
        let doing = "look for evidence to send";
        let mut statement = self.sql.prepare_cached(TO_SEND).doing(doing)?;
        let with = params![channel.as_str(), queued_before.unix_ms(), since.to_epoch_days()];
        let rows = statement.query_map(with, |row| {
            let account = match row.get::<_, Option<i64>>(5)? {
                Some(change) => personal::change_account(self.ring, row, 4, change, true)?,
                None => personal::account(self.ring, row, 4, row.get(6)?)?,
            };
            Ok(EvidenceRow {
                evidence_id: row.get(0)?,
                registration_id: row.get(1)?,
                bank_payer_no: column::parsed(row, 2, "bank payer number")?,
                bank: column::through(row, 3, BankCode::from_number)?,
                account,
                kind: row.get(7)?,
                extension: row.get(8)?,
                sha256: row.get(9)?,
                day: column::date(row, 10)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// How many queued registrations wait for evidence.
    pub fn without_evidence(&self, channel: &ChannelId) -> Result<i64, Trouble> {
        let count = self
            .sql
            .prepare_cached(WITHOUT)
            .and_then(|mut s| s.query_row([channel.as_str()], |row| row.get(0)));
        count.doing("count registrations without evidence")
    }

    /// A line of a file of evidence.
    pub fn evidence_on_line(&self, file_id: i64, line_no: i64, row: &EvidenceRow) -> Result<(), Trouble> {
        let text = "INSERT INTO evidence_line (file_id, line_no, evidence_id, registration_id) VALUES (?1, ?2, ?3, ?4)";
        let with = params![file_id, line_no, row.evidence_id, row.registration_id];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(drop).doing("put evidence on a file")
    }

    /// The network blames the evidence of a line: a new one is needed. Whose it is.
    pub fn refuse_evidence(&self, file_id: i64, line_no: i64, code: &str) -> Result<Option<i64>, Trouble> {
        let doing = "refuse evidence";
        let text = "SELECT e.mandate_id FROM evidence_line l JOIN evidence e ON e.evidence_id = l.evidence_id
                    WHERE l.file_id = ?1 AND l.line_no = ?2";
        let found: Option<i64> = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([file_id, line_no], |row| row.get(0)).optional())
            .doing(doing)?;
        if let Some(mandate_id) = found {
            self.end_evidence(mandate_id, "refused", code)?;
        }
        Ok(found)
    }

    /// How many lines a file of evidence has.
    pub fn evidence_lines(&self, file_id: i64) -> Result<i64, Trouble> {
        let text = "SELECT count(*) FROM evidence_line WHERE file_id = ?1";
        let count = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([file_id], |row| row.get(0)));
        count.doing("count the lines of a file of evidence")
    }

    /// 동의일자 and 동의유형 of a payer's live mandate for an item.
    pub fn set_consent(
        &self,
        creditor: CreditorId,
        key: &(PayerNo, ItemCode),
        on: Option<Date>,
        kind: Option<&str>,
    ) -> Result<(), Trouble> {
        let text = "INSERT INTO consent (mandate_id, consented_on, kind)
                    SELECT m.mandate_id, ?4, ?5 FROM payer p JOIN mandate m ON m.payer_id = p.payer_id
                    WHERE p.creditor = ?1 AND p.payer_no = ?2 AND m.item = ?3 AND m.state <> 'ended'
                    ON CONFLICT (mandate_id) DO UPDATE SET consented_on = excluded.consented_on, kind = excluded.kind";
        let with = params![creditor.get(), key.0.as_str(), key.1.as_str(), on.map(Date::to_epoch_days), kind];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(drop).doing("note a consent")
    }
}

fn found(sql: &Connection, mandate_id: i64) -> Result<Vec<EvidenceFound>, Trouble> {
    let doing = "look for evidence";
    let text = "SELECT e.state, e.kind, e.extension, e.bytes, e.at, e.code,
          (SELECT f.name || ' ' || f.state FROM evidence_line l JOIN file f ON f.file_id = l.file_id
           WHERE l.evidence_id = e.evidence_id ORDER BY l.file_id DESC LIMIT 1)
        FROM evidence e WHERE e.mandate_id = ?1 ORDER BY e.evidence_id";
    let mut statement = sql.prepare_cached(text).doing(doing)?;
    let rows = statement.query_map([mandate_id], |row| {
        Ok(EvidenceFound {
            state: row.get(0)?,
            kind: row.get(1)?,
            extension: row.get(2)?,
            bytes: row.get(3)?,
            at: column::instant(row, 4)?,
            code: row.get(5)?,
            file: row.get(6)?,
        })
    });
    rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

/// Evidence as the archive keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceArchived {
    /// The key.
    pub evidence_id: i64,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// The day under which it lies.
    pub day: Date,
    /// How many bytes it has.
    pub bytes: i64,
}

impl Reader {
    /// Every evidence that was ever taken; or only what waits to be sent for a registration.
    pub fn evidence_archived(&self, waiting_only: bool) -> Result<Vec<EvidenceArchived>, Trouble> {
        let doing = "look for evidence in the archive";
        let text = "SELECT e.evidence_id, e.sha256, e.day, e.bytes FROM evidence e
            WHERE NOT ?1 OR (e.state = 'kept' AND EXISTS (SELECT 1 FROM registration r
              WHERE r.mandate_id = e.mandate_id AND r.kind = 'register' AND r.file_id IS NULL AND r.state IS NULL))
            ORDER BY e.evidence_id";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let rows = statement.query_map([waiting_only], |row| {
            Ok(EvidenceArchived {
                evidence_id: row.get(0)?,
                sha256: row.get(1)?,
                day: column::date(row, 2)?,
                bytes: row.get(3)?,
            })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// All evidence of a mandate, oldest first.
    pub fn evidence_of(&self, mandate_id: i64) -> Result<Vec<EvidenceFound>, Trouble> {
        found(&self.sql, mandate_id)
    }
}
