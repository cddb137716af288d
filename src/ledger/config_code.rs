//! Items and groups of the configuration as the ledger remembers them, and who uses one.
//!
//! Must not: know the configuration; whoever asks compares.

use super::column::{self, Doing};
use super::event::{self, Event, Subject};
use super::open::{Reader, Tx};
use crate::domain::{CreditorId, Instant, ItemCode};
use crate::fault::Trouble;
use crate::machine::words;
use rusqlite::{Connection, params};

words! {
    /// What a code of a creditor's file stands for.
    CodeKind {
        /// 집금항목.
        Item = "item",
        /// A group of payers.
        Group = "group",
    }
}

/// A code that the configuration has, or had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigCode {
    /// Whose.
    pub creditor: CreditorId,
    /// Of what.
    pub kind: CodeKind,
    /// The code.
    pub code: ItemCode,
}

fn known(sql: &Connection) -> Result<Vec<ConfigCode>, Trouble> {
    let doing = "read the items and groups that are known";
    let mut statement = sql.prepare_cached("SELECT creditor, kind, code FROM config_code").doing(doing)?;
    let rows = statement.query_map([], |row| {
        Ok(ConfigCode {
            creditor: column::through(row, 0, CreditorId::from_number)?,
            kind: column::word(row, 1, CodeKind::from_word)?,
            code: column::parsed(row, 2, "code")?,
        })
    });
    rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

/// How many payers are in a group, or mandates have an item, ended ones included. Reads a whole table: asked only of a code that
/// is gone from the configuration.
fn used(sql: &Connection, code: &ConfigCode) -> Result<i64, Trouble> {
    let text = match code.kind {
        CodeKind::Item => "SELECT count(*) FROM mandate WHERE creditor = ?1 AND item = ?2",
        CodeKind::Group => "SELECT count(*) FROM payer WHERE creditor = ?1 AND payer_group = ?2",
    };
    let with = params![code.creditor.get(), code.code.as_str()];
    sql.query_row(text, with, |row| row.get(0)).doing("count who uses an item or a group")
}

impl Reader {
    /// Every item and group that the configuration has had and that was not taken away.
    pub fn config_codes(&self) -> Result<Vec<ConfigCode>, Trouble> {
        known(&self.sql)
    }

    /// As [`Tx::uses_of`].
    pub fn uses_of(&self, code: &ConfigCode) -> Result<i64, Trouble> {
        used(&self.sql, code)
    }
}

impl Tx<'_> {
    /// Every item and group that the configuration has had and that was not taken away.
    pub fn config_codes(&self) -> Result<Vec<ConfigCode>, Trouble> {
        known(&self.sql)
    }

    /// How many payers are in a group, or mandates have an item, ended ones included.
    pub fn uses_of(&self, code: &ConfigCode) -> Result<i64, Trouble> {
        used(&self.sql, code)
    }

    /// The configuration has it.
    pub fn config_code_came(&self, code: &ConfigCode) -> Result<(), Trouble> {
        let text =
            "INSERT INTO config_code (creditor, kind, code) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let with = params![code.creditor.get(), code.kind.word(), code.code.as_str()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(drop).doing("note an item or a group")
    }

    /// The configuration has it no more, and nobody uses it.
    pub fn config_code_went(&self, code: &ConfigCode) -> Result<(), Trouble> {
        let text = "DELETE FROM config_code WHERE creditor = ?1 AND kind = ?2 AND code = ?3";
        let with = params![code.creditor.get(), code.kind.word(), code.code.as_str()];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.map(drop).doing("forget an item or a group")
    }

    /// Moves every payer of one group into another, each with its event; how many.
    pub fn move_group(
        &self,
        creditor: CreditorId,
        from: &ItemCode,
        to: &ItemCode,
        at: Instant,
    ) -> Result<i64, Trouble> {
        let doing = "move a group of payers";
        let text = "SELECT payer_id FROM payer WHERE creditor = ?1 AND payer_group = ?2 ORDER BY payer_id";
        let mut statement = self.sql.prepare(text).doing(doing)?;
        let ids: Vec<i64> = statement
            .query_map(params![creditor.get(), from.as_str()], |row| row.get(0))
            .doing(doing)?
            .collect::<rusqlite::Result<_>>()
            .doing(doing)?;
        for id in &ids {
            let moved = Event {
                subject: Subject::Payer,
                id: *id,
                at,
                happening: "group-moved",
                from: from.as_str(),
                to: to.as_str(),
                file: None,
                line: None,
                code: "",
                note: "config: moved_to",
            };
            event::write(&self.sql, &moved)?;
        }
        let text =
            "UPDATE payer SET payer_group = ?3, changed_at = ?4 WHERE creditor = ?1 AND payer_group = ?2";
        let with = params![creditor.get(), from.as_str(), to.as_str(), at.unix_ms()];
        self.sql.execute(text, with).map(drop).doing(doing)?;
        Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
    }
}
