//! Registrations: the lines that tell a bank of a mandate or of its end, and what the bank answered.

use super::column::{self, Doing, page, unfit};
use super::event::{self, Event};
use super::evidence::{EvidenceGate, GATE};
use super::open::Tx;
use super::personal;
use crate::domain::{
    AccountNo, ApplicationKind, BankCode, BankPayerNo, ChannelId, CreditorId, Date, IdNo, Instant,
};
use crate::fault::Trouble;
use crate::machine::mandate;
use crate::seal::KeyRing;
use rusqlite::{Row, params};

/// How many lines a batch took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Batched {
    /// Registrations.
    pub register: i64,
    /// Cancellations.
    pub cancel: i64,
}

/// How many mandates moved because their lines were not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Mandates that are now active.
    pub activated: i64,
    /// Mandates that are now over.
    pub cancelled: i64,
    /// Requested collections of those that were withdrawn.
    pub withdrawn: i64,
}

/// A line of a registration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationRow {
    /// The key.
    pub registration_id: i64,
    /// Its mandate.
    pub mandate_id: i64,
    /// 1-based place in the file.
    pub line_no: i64,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// The mandate's creditor.
    pub creditor: CreditorId,
    /// The mandate's number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// Birth date or business number of the holder.
    pub id_no: IdNo,
    /// The account holder.
    pub holder: String,
    /// The change of account that it belongs to: bank, account and holder are then of the change, not the mandate's.
    pub change_id: Option<i64>,
    /// Where the mandate stands.
    pub mandate_state: mandate::State,
    /// Where the line stands: a word of `machine::mandate::State` (register) or `machine::cancellation::State`
    /// (cancel), the file's steps included.
    pub state: String,
}

/// A listed line's answer: the line goes its own way from here.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationAnswer<'a> {
    /// Which line.
    pub registration_id: i64,
    /// A word of `machine::mandate::State` (`active`, `rejected`, `draft`) or `machine::cancellation::State` (`done`,
    /// `refused`).
    pub state_word: &'a str,
    /// The bank's code, as it came.
    pub code: &'a str,
    /// The file that says so.
    pub result_file: i64,
    /// The line of that file.
    pub result_line: i64,
}

/// What [`read`] takes.
const COLUMNS: &str = "r.registration_id, r.mandate_id, r.line_no, r.kind, m.creditor, m.bank_payer_no, \
    coalesce(CASE r.kind WHEN 'cancel' THEN c.old_bank ELSE c.new_bank END, m.bank), \
    coalesce(CASE r.kind WHEN 'cancel' THEN c.old_account ELSE c.new_account END, m.account), \
    coalesce(CASE r.kind WHEN 'cancel' THEN c.old_id_no ELSE c.new_id_no END, m.id_no), \
    CASE r.kind WHEN 'cancel' THEN m.holder ELSE coalesce(c.new_holder, m.holder) END, m.state_now, r.state_now, \
    r.change_id";

/// Where [`COLUMNS`] come from, the change of account included.
const CHANGE: &str = "LEFT JOIN account_change c ON c.change_id = r.change_id";

fn read(ring: &KeyRing, row: &Row<'_>) -> rusqlite::Result<RegistrationRow> {
    let mandate_id = row.get(1)?;
    let kind = column::word(row, 3, ApplicationKind::from_word)?;
    let change_id: Option<i64> = row.get(12)?;
    let (account, id_no) = match change_id {
        Some(change) => {
            let new = kind == ApplicationKind::Register;
            let account = personal::change_account(ring, row, 7, change, new)?;
            (account, personal::change_id_no(ring, row, 8, change, new)?)
        }
        None => (personal::account(ring, row, 7, mandate_id)?, personal::id_no(ring, row, 8, mandate_id)?),
    };
    Ok(RegistrationRow {
        registration_id: row.get(0)?,
        mandate_id,
        line_no: row.get(2)?,
        kind,
        creditor: column::through(row, 4, CreditorId::from_number)?,
        bank_payer_no: column::parsed(row, 5, "bank payer number")?,
        bank: column::through(row, 6, BankCode::from_number)?,
        account,
        id_no,
        change_id,
        holder: row.get(9)?,
        mandate_state: column::word(row, 10, mandate::State::from_word)?,
        state: row.get(11)?,
    })
}

/// Lines of a file after one of them, in line order.
pub(super) fn lines_of_file() -> String {
    format!(
        "SELECT {COLUMNS} FROM registration_now r JOIN mandate_now m ON m.mandate_id = r.mandate_id
             {CHANGE} WHERE r.file_id = ?1 AND r.line_no > ?2 ORDER BY r.line_no LIMIT ?3"
    )
}

/// Lines of a file for one number on the wire.
pub(super) fn lines_of_numbers() -> String {
    format!(
        "SELECT {COLUMNS} FROM mandate_now m CROSS JOIN registration_now r ON r.mandate_id = m.mandate_id
             {CHANGE} WHERE m.channel = (SELECT channel FROM registration WHERE file_id = ?1 LIMIT 1)
               AND m.bank_payer_no = ?2 AND r.file_id = ?1 ORDER BY r.line_no"
    )
}

impl Tx<'_> {
    /// Puts a registration or cancellation into the queue of its mandate's channel; it becomes the mandate's current
    /// one. A second one of the same kind that waits is a trouble.
    pub fn queue_registration(
        &self,
        mandate_id: i64,
        kind: ApplicationKind,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> Result<i64, Trouble> {
        let doing = "queue a registration";
        let registration_id = self
            .sql
            .prepare_cached(
                "INSERT INTO registration (mandate_id, channel, kind, queued_at, request_file, request_line)
                 SELECT mandate_id, channel, ?2, ?3, ?4, ?5 FROM mandate WHERE mandate_id = ?1",
            )
            .and_then(|mut s| s.insert(params![mandate_id, kind.word(), at.unix_ms(), file, line]))
            .doing(doing)?;
        self.sql
            .prepare_cached("UPDATE mandate SET registration_id = ?2 WHERE mandate_id = ?1")
            .and_then(|mut s| s.execute([mandate_id, registration_id]))
            .doing(doing)?;
        Ok(registration_id)
    }

    /// Takes back what waits of a mandate; lines of a change of account are `withdraw_change`'s. Returns how many lines that
    /// were.
    pub fn withdraw_registrations(&self, mandate_id: i64) -> Result<i64, Trouble> {
        let text = "UPDATE registration SET state = 'withdrawn'
                    WHERE mandate_id = ?1 AND file_id IS NULL AND state IS NULL AND change_id IS NULL";
        let taken = self.sql.prepare_cached(text).and_then(|mut s| s.execute([mandate_id]));
        Ok(column::count(taken.doing("withdraw registrations")?))
    }

    /// Puts all that waited before `queued_before` on the file's lines, in the order in which it was queued.
    pub fn batch_registrations(
        &self,
        channel: &ChannelId,
        file_id: i64,
        queued_before: Instant,
        gate: EvidenceGate,
    ) -> Result<Batched, Trouble> {
        let doing = "put registrations on a file";
        let base: i64 = self
            .sql
            .prepare_cached("SELECT coalesce(max(line_no), 0) FROM registration WHERE file_id = ?1")
            .and_then(|mut s| s.query_row([file_id], |row| row.get(0)))
            .doing(doing)?;
        self.sql
            .prepare_cached(&format!(
                "UPDATE registration SET file_id = ?1, line_no = numbered.line FROM
                   (SELECT registration_id AS id, ?2 + row_number() OVER (ORDER BY registration_id) AS line
                    FROM registration r
                    WHERE channel = ?3 AND file_id IS NULL AND state IS NULL AND queued_at < ?4
                      AND (NOT waits OR NOT EXISTS (SELECT 1 FROM collection_now k
                        WHERE k.mandate_id = r.mandate_id
                          AND k.state_now IN ('batched', 'sent', 'acknowledged')))
                      AND {GATE}) numbered
                 WHERE registration.registration_id = numbered.id"
            ))
            .and_then(|mut s| {
                let (asked, since, taken) = gate.values();
                let with =
                    params![file_id, base, channel.as_str(), queued_before.unix_ms(), asked, since, taken];
                s.execute(with)
            })
            .doing(doing)?;
        self.sql
            .prepare_cached(
                "SELECT coalesce(sum(kind = 'register'), 0), coalesce(sum(kind = 'cancel'), 0) FROM registration
                 WHERE file_id = ?1 AND line_no > ?2",
            )
            .and_then(|mut s| {
                s.query_row([file_id, base], |row| Ok(Batched { register: row.get(0)?, cancel: row.get(1)? }))
            })
            .doing(doing)
    }

    /// Lines of a file after one of them, in line order.
    pub fn registration_lines(
        &self,
        file_id: i64,
        after_line: i64,
        limit: usize,
    ) -> Result<Vec<RegistrationRow>, Trouble> {
        let doing = "read lines of a registration file";
        let mut statement = self.sql.prepare_cached(&lines_of_file()).doing(doing)?;
        let rows = statement
            .query_map(params![file_id, after_line, page(limit)], |row| read(self.ring, row))
            .doing(doing)?;
        rows.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The lines of a file for these numbers on the wire, number by number, then in line order.
    pub fn registration_lines_of(
        &self,
        file_id: i64,
        numbers: &[BankPayerNo],
    ) -> Result<Vec<RegistrationRow>, Trouble> {
        let doing = "look lines of a registration file up";
        let mut statement = self.sql.prepare_cached(&lines_of_numbers()).doing(doing)?;
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let rows = statement
                .query_map(params![file_id, number.as_str()], |row| read(self.ring, row))
                .doing(doing)?;
            for row in rows {
                found.push(row.doing(doing)?);
            }
        }
        Ok(found)
    }

    /// The exchange named this very line when it refused the file: it goes its own way, and `unbatch` leaves it behind.
    /// `state_word` as in [`RegistrationAnswer`]. The mandate's step is told by `mandate_stepped`.
    pub fn registration_line_refused(
        &self,
        registration_id: i64,
        state_word: &str,
        code: &str,
    ) -> Result<(), Trouble> {
        self.leave_file(registration_id, state_word, code, None)
    }

    /// A listed line's answer: it goes its own way, once. The mandate's step is told by `mandate_stepped`.
    pub fn registration_answered(&self, answer: &RegistrationAnswer<'_>) -> Result<(), Trouble> {
        let place = Some((answer.result_file, answer.result_line));
        self.leave_file(answer.registration_id, answer.state_word, answer.code, place)
    }

    fn leave_file(&self, id: i64, word: &str, code: &str, place: Option<(i64, i64)>) -> Result<(), Trouble> {
        let doing = "record the answer to a registration";
        let text = "UPDATE registration SET state = ?2, code = ?3, result_file = ?4, result_line = ?5
                    WHERE registration_id = ?1 AND state IS NULL AND file_id IS NOT NULL";
        let with = params![id, word, code, place.map(|p| p.0), place.map(|p| p.1)];
        let changed = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if changed == 1 {
            Ok(())
        } else {
            Err(unfit(doing, format!("registration {id} is answered already")))
        }
    }

    /// All lines of the file that no answer has named are accepted: registered mandates become active, cancelled ones
    /// end, and what was requested on those and has not gone out is withdrawn.
    pub fn accept_rest(&self, file_id: i64, at: Instant, active_on: Date) -> Result<Accepted, Trouble> {
        let doing = "accept the lines of a registration file";
        let activated = self
            .sql
            .prepare_cached(ACTIVATE)
            .and_then(|mut s| s.execute([file_id, active_on.to_epoch_days()]))
            .doing(doing)?;
        let cancelled =
            self.sql.prepare_cached(CANCEL).and_then(|mut s| s.execute([file_id])).doing(doing)?;
        let requested: Vec<i64> = {
            let mut statement = self.sql.prepare_cached(REQUESTED_OF_CANCELLED).doing(doing)?;
            let rows = statement.query_map([file_id], |row| row.get(0)).doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)?
        };
        let withdrawn = self.withdraw(&requested, "the mandate was cancelled", at, Some(file_id), None)?;
        Ok(Accepted { activated: column::count(activated), cancelled: column::count(cancelled), withdrawn })
    }

    /// The file did not stand (refused, missed, taken back): its lines that carry no answer wait again, each as a new
    /// row in the old order and with its old place in time. The old rows stay where they stood. Returns how many.
    pub fn unbatch(&self, file_id: i64, at: Instant) -> Result<i64, Trouble> {
        let doing = "queue the lines of a file again";
        let newest = "SELECT coalesce(max(registration_id), 0) FROM registration";
        let before: i64 = self
            .sql
            .prepare_cached(newest)
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .doing(doing)?;
        // Of a change that ended meanwhile nothing goes out again.
        self.sql
            .prepare_cached(
                "UPDATE registration SET state = 'withdrawn' WHERE file_id = ?1 AND state IS NULL
                   AND EXISTS (SELECT 1 FROM account_change c WHERE c.change_id = registration.change_id
                     AND c.state = 'ended')",
            )
            .and_then(|mut s| s.execute([file_id]))
            .doing(doing)?;
        let again = self
            .sql
            .prepare_cached(
                "INSERT INTO registration (mandate_id, channel, kind, queued_at, request_file, request_line, again_of,
                   waits, change_id)
                 SELECT mandate_id, channel, kind, queued_at, request_file, request_line, registration_id, waits, change_id
                 FROM registration WHERE file_id = ?1 AND state IS NULL ORDER BY line_no",
            )
            .and_then(|mut s| s.execute([file_id]))
            .doing(doing)?;
        self.sql
            .prepare_cached("UPDATE registration SET state = 'requeued' WHERE file_id = ?1 AND state IS NULL")
            .and_then(|mut s| s.execute([file_id]))
            .doing(doing)?;
        self.sql
            .prepare_cached(
                "UPDATE mandate SET registration_id = n.registration_id FROM registration n
                 WHERE n.registration_id > ?1 AND mandate.mandate_id = n.mandate_id
                   AND mandate.registration_id = n.again_of",
            )
            .and_then(|mut s| s.execute([before]))
            .doing(doing)?;
        let again = column::count(again);
        let happening = "lines-requeued";
        event::write(
            &self.sql,
            &Event::of_file(file_id, at, happening, &format!("{again} lines wait again")),
        )?;
        Ok(again)
    }
}

/// Mandates whose registration in this file carries no answer.
const ACTIVATE: &str = "UPDATE mandate SET state = 'active', active_on = ?2 FROM registration r
    WHERE r.file_id = ?1 AND r.kind = 'register' AND r.state IS NULL AND mandate.mandate_id = r.mandate_id
      AND mandate.registration_id = r.registration_id AND mandate.state = 'queued'";

/// Mandates whose cancellation in this file carries no answer.
const CANCEL: &str = "UPDATE mandate SET state = 'ended', reason = 'creditor' FROM registration r
    WHERE r.file_id = ?1 AND r.kind = 'cancel' AND r.state IS NULL AND mandate.mandate_id = r.mandate_id
      AND mandate.registration_id = r.registration_id AND mandate.state = 'cancelling'";

/// Collections that wait in a planned file for mandates that this file cancelled.
const REQUESTED_OF_CANCELLED: &str = "SELECT DISTINCT k.collection_id FROM registration r
    CROSS JOIN mandate m ON m.mandate_id = r.mandate_id
    CROSS JOIN charge h ON h.mandate_id = r.mandate_id
    CROSS JOIN collection k ON k.collection_id = h.collection_id CROSS JOIN file f ON f.file_id = k.file_id
    WHERE r.file_id = ?1 AND r.kind = 'cancel' AND r.state IS NULL AND m.state = 'ended'
      AND m.registration_id = r.registration_id AND k.state IS NULL AND f.state = 'planned'
    ORDER BY k.collection_id";
