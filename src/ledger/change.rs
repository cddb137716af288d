//! Changes of account: the account that a mandate leaves and the one that it moves to, and the lines that say so.
//!
//! Must not: decide what the answers come to (`machine::change`), or touch the mandate.

use super::column::{self, Doing, unfit};
use super::open::Tx;
use super::personal;
use crate::domain::{AccountNo, ApplicationKind, BankCode, CreditorId, IdNo, Instant, MandateTerms};
use crate::fault::Trouble;
use crate::machine::change::State;
use crate::seal::KeyRing;
use rusqlite::{Params, Row, params};

/// A change to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// Whose.
    pub mandate_id: i64,
    /// `Waiting` or `Asked`.
    pub state: State,
    /// The terms with the account that it leaves.
    pub old: &'a MandateTerms,
    /// The terms with the account that it moves to.
    pub new: &'a MandateTerms,
    /// When.
    pub at: Instant,
    /// The list that asked for it.
    pub file: Option<i64>,
    /// The row of that list.
    pub line: Option<i64>,
}

/// A change as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The key.
    pub change_id: i64,
    /// Whose.
    pub mandate_id: i64,
    /// The mandate's creditor.
    pub creditor: CreditorId,
    /// Where it stands.
    pub state: State,
    /// The bank that it leaves.
    pub old_bank: BankCode,
    /// The account that it leaves.
    pub old_account: AccountNo,
    /// The bank that it moves to.
    pub new_bank: BankCode,
    /// The account that it moves to.
    pub new_account: AccountNo,
    /// Birth date or business number of the new account's holder.
    pub new_id_no: IdNo,
    /// The new account's holder.
    pub new_holder: String,
    /// The list that asked for it.
    pub request_file: Option<i64>,
    /// The row of that list.
    pub request_line: Option<i64>,
    /// A line of it is on a file.
    pub sent: bool,
}

impl ChangeRow {
    /// The terms with the account that it moves to.
    pub fn onto(&self, terms: &MandateTerms) -> MandateTerms {
        MandateTerms {
            bank: self.new_bank,
            account: self.new_account.clone(),
            id_no: self.new_id_no.clone(),
            holder: self.new_holder.clone(),
            ..terms.clone()
        }
    }
}

/// What [`read`] takes, from `account_change AS c`.
const COLUMNS: &str = "c.change_id, c.mandate_id, c.state, c.old_bank, c.old_account, c.new_bank, \
    c.new_account, c.new_id_no, c.new_holder, c.request_file, c.request_line, \
    EXISTS (SELECT 1 FROM registration r WHERE r.change_id = c.change_id AND r.file_id IS NOT NULL AND r.state IS NULL), \
    (SELECT m.creditor FROM mandate m WHERE m.mandate_id = c.mandate_id)";

fn read(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<ChangeRow> {
    let change_id = row.get(0)?;
    Ok(ChangeRow {
        change_id,
        mandate_id: row.get(1)?,
        state: column::word(row, 2, State::from_word)?,
        old_bank: column::through(row, 3, BankCode::from_number)?,
        old_account: personal::change_account(ring, row, 4, change_id, false)?,
        new_bank: column::through(row, 5, BankCode::from_number)?,
        new_account: personal::change_account(ring, row, 6, change_id, true)?,
        new_id_no: personal::change_id_no(ring, row, 7, change_id, true)?,
        new_holder: row.get(8)?,
        request_file: row.get(9)?,
        request_line: row.get(10)?,
        sent: row.get(11)?,
        creditor: column::through(row, 12, CreditorId::from_number)?,
    })
}

impl Tx<'_> {
    fn changes(&self, rest: &str, with: impl Params) -> Result<Vec<ChangeRow>, Trouble> {
        let doing = "read changes of account";
        let text = format!("SELECT {COLUMNS} FROM account_change c {rest}");
        let mut statement = self.sql.prepare_cached(&text).doing(doing)?;
        let rows = statement.query_map(with, |row| read(self.ring, row)).doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The change of a mandate that waits or is asked for.
    pub fn open_change(&self, mandate_id: i64) -> Result<Option<ChangeRow>, Trouble> {
        let rest = "WHERE c.mandate_id = ?1 AND c.state IN ('waiting', 'asked')";
        Ok(self.changes(rest, [mandate_id])?.pop())
    }

    /// Changes by which a mandate left its accounts.
    pub fn switched_changes(&self, mandate_id: i64) -> Result<Vec<ChangeRow>, Trouble> {
        self.changes("WHERE c.mandate_id = ?1 AND c.state = 'switched' ORDER BY c.change_id", [mandate_id])
    }

    /// One change.
    pub fn account_change(&self, change_id: i64) -> Result<Option<ChangeRow>, Trouble> {
        Ok(self.changes("WHERE c.change_id = ?1", [change_id])?.pop())
    }

    /// The changes that wait for the answer to a registration in this file.
    pub fn changes_waiting_for(&self, file_id: i64) -> Result<Vec<ChangeRow>, Trouble> {
        let rest = "WHERE c.state = 'waiting' AND c.mandate_id IN (SELECT r.mandate_id FROM registration r
                    WHERE r.file_id = ?1 AND r.kind = 'register') ORDER BY c.change_id";
        self.changes(rest, [file_id])
    }

    /// Keeps a change. A second open one of the mandate is a trouble.
    pub fn new_change(&self, new: &NewChange<'_>) -> Result<i64, Trouble> {
        let change_id = self.next_key("SELECT coalesce(max(change_id), 0) + 1 FROM account_change")?;
        let (old_account, old_id_no) = personal::sealed_change(self.ring, change_id, false, new.old);
        let (new_account, new_id_no) = personal::sealed_change(self.ring, change_id, true, new.new);
        self.sql
            .prepare_cached(
                "INSERT INTO account_change (change_id, mandate_id, state, old_bank, old_account, old_id_no, new_bank,
                   new_account, new_id_no, new_holder, asked_at, request_file, request_line)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .and_then(|mut s| {
                s.insert(params![
                    change_id,
                    new.mandate_id,
                    new.state.word(),
                    new.old.bank.get(),
                    old_account,
                    old_id_no,
                    new.new.bank.get(),
                    new_account,
                    new_id_no,
                    new.new.holder,
                    new.at.unix_ms(),
                    new.file,
                    new.line
                ])
            })
            .doing("keep a change of account")
    }

    /// Puts a line of a change into the queue of its mandate's channel. The mandate's current registration is the line that
    /// registers, or the only one.
    pub fn queue_change_line(
        &self,
        change: &ChangeRow,
        kind: ApplicationKind,
        current: bool,
        at: Instant,
    ) -> Result<i64, Trouble> {
        let doing = "queue a line of a change of account";
        let with = params![
            change.mandate_id,
            kind.word(),
            at.unix_ms(),
            change.request_file,
            change.request_line,
            change.change_id
        ];
        let registration_id = self
            .sql
            .prepare_cached(
                "INSERT INTO registration (mandate_id, channel, kind, queued_at, request_file, request_line, change_id)
                 SELECT mandate_id, channel, ?2, ?3, ?4, ?5, ?6 FROM mandate WHERE mandate_id = ?1",
            )
            .and_then(|mut s| s.insert(with))
            .doing(doing)?;
        if current {
            self.sql
                .prepare_cached("UPDATE mandate SET registration_id = ?2 WHERE mandate_id = ?1")
                .and_then(|mut s| s.execute([change.mandate_id, registration_id]))
                .doing(doing)?;
        }
        Ok(registration_id)
    }

    /// A change that waited goes out.
    pub fn change_asked(&self, change_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE account_change SET state = 'asked' WHERE change_id = ?1 AND state = 'waiting'";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([change_id]));
        done.map(drop).doing("ask for a change of account that waited")
    }

    /// A step of a change, decided elsewhere.
    pub fn change_stepped(&self, change_id: i64, to: State) -> Result<(), Trouble> {
        let doing = "record the step of a change of account";
        let text =
            "UPDATE account_change SET state = ?2 WHERE change_id = ?1 AND state IN ('waiting', 'asked')";
        let with = params![change_id, to.word()];
        match self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)? {
            1 => Ok(()),
            _ => Err(unfit(doing, format!("change {change_id} is over already"))),
        }
    }

    /// Takes the lines of a change back that are not on a file, and those that `left` says stay behind on one that did not
    /// stand.
    pub fn withdraw_change_lines(&self, change_id: i64, left: Option<i64>) -> Result<(), Trouble> {
        let text = "UPDATE registration SET state = 'withdrawn' WHERE change_id = ?1 AND state IS NULL
                    AND (file_id IS NULL OR file_id = ?2)";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(params![change_id, left]));
        done.map(drop).doing("withdraw the lines of a change of account")
    }
}

impl ChangeRow {
    /// A change that is new, as it was just kept.
    pub fn just_kept(change_id: i64, creditor: CreditorId, new: &NewChange<'_>) -> Self {
        Self {
            change_id,
            creditor,
            mandate_id: new.mandate_id,
            state: new.state,
            old_bank: new.old.bank,
            old_account: new.old.account.clone(),
            new_bank: new.new.bank,
            new_account: new.new.account.clone(),
            new_id_no: new.new.id_no.clone(),
            new_holder: new.new.holder.clone(),
            request_file: new.file,
            request_line: new.line,
            sent: false,
        }
    }
}
