//! What the engine owes for a file that is decided: its report, its place in the spool, the answers to its sender.
//!
//! A row is *settled* once its file has left `work`. So a start after a crash can tell a file whose move is still due
//! from a later one with the same name and bytes.

use super::column::{self, Doing};
use super::evidence::{EvidenceGate, GATE};
use super::file::{self, FileRow, FileState};
use super::open::{Reader, Tx};
use crate::domain::{ChannelId, CreditorId, Date, Instant, Month, Won};
use crate::fault::Trouble;
use crate::machine::mandate::{EndReason, Happening, State};
use rusqlite::{Connection, OptionalExtension, params};

/// An answer that a creditor or operator has to get; its bytes are in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedAnswer {
    /// The key.
    pub answer_id: i64,
    /// Whose outbox: `creditor/10000001`, `control`.
    pub owner: String,
    /// The name that it gets.
    pub name: String,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Under which day the archive keeps it.
    pub day: Date,
}

impl Tx<'_> {
    /// Keeps the report that goes beside a decided file.
    pub fn set_report(&self, file_id: i64, report: &str) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET report = ?2 WHERE file_id = ?1", &report)
    }

    /// Keeps a remark for people on a file.
    pub fn set_note(&self, file_id: i64, note: &str) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET note = ?2 WHERE file_id = ?1", &note)
    }

    /// Keeps the business date of a file that is not described yet.
    pub fn set_date(&self, file_id: i64, date: Date) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET date = ?2 WHERE file_id = ?1", &date.to_epoch_days())
    }

    /// Keeps how many rows a list has.
    pub fn set_lines(&self, file_id: i64, lines: i64) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET lines = ?2 WHERE file_id = ?1", &lines)
    }

    /// Keeps what kind a file turned out to be.
    pub fn set_kind(&self, file_id: i64, kind: &str) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET kind = ?2 WHERE file_id = ?1", &kind)
    }

    fn set(&self, file_id: i64, text: &str, value: &dyn rusqlite::ToSql) -> Result<(), Trouble> {
        let with: [&dyn rusqlite::ToSql; 2] = [&file_id, value];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).map(drop).doing("describe a file")
    }

    /// The decided file of this name has left `work`.
    pub fn settled(&self, owner: &str, name: &str) -> Result<(), Trouble> {
        let text =
            "UPDATE file SET settled = 1 WHERE owner = ?1 AND name = ?2 AND way = 'in' AND settled = 0";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([owner, name]));
        done.map(drop).doing("note that a file is settled")
    }

    /// At start: what does not lie in `work` any more is settled.
    pub fn settled_all_but(&self, owner: &str, in_work: &[String]) -> Result<(), Trouble> {
        let doing = "note which files are settled";
        let waiting: Vec<String> = {
            let text = "SELECT name FROM file WHERE owner = ?1 AND way = 'in' AND settled = 0";
            let mut statement = self.sql.prepare_cached(text).doing(doing)?;
            let rows = statement.query_map([owner], |row| row.get(0)).doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)?
        };
        for name in waiting.iter().filter(|name| !in_work.contains(name)) {
            self.settled(owner, name)?;
        }
        Ok(())
    }

    /// The row of a file that is decided and still lies in `work`, with its report.
    pub fn unsettled(
        &self,
        owner: &str,
        name: &str,
        sha256: &[u8; 32],
    ) -> Result<Option<(FileState, String)>, Trouble> {
        let doing = "look for the row of a file in work";
        let text = "SELECT file_id, report FROM file
                    WHERE owner = ?1 AND name = ?2 AND sha256 = ?3 AND way = 'in' AND settled = 0
                    ORDER BY file_id DESC LIMIT 1";
        let found: Option<(i64, String)> = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| {
                s.query_row(params![owner, name, sha256], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .doing(doing)?;
        let Some((file_id, report)) = found else { return Ok(None) };
        Ok(self.file(file_id)?.map(|file| (file.state, report)))
    }

    /// A held file was judged, and may still lie in `held`: until it is said to rest.
    pub fn judged_in_held(&self, file_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE file SET settled = 2 WHERE file_id = ?1 AND way = 'in'";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id]));
        done.map(drop).doing("note that a held file is judged")
    }

    /// A judged file lies where its state belongs.
    pub fn rests(&self, file_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE file SET settled = 1 WHERE file_id = ?1 AND way = 'in' AND settled = 2";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id]));
        done.map(drop).doing("note that a judged file rests")
    }

    /// Files that were judged in `held` and may still lie there, with their reports.
    pub fn not_at_rest(&self) -> Result<Vec<(FileRow, String)>, Trouble> {
        let doing = "look for judged files in held";
        let files = file::select(&self.sql, "WHERE way = 'in' AND settled = 2 ORDER BY file_id", [])?;
        let mut found = Vec::with_capacity(files.len());
        for file in files {
            let text = "SELECT report FROM file WHERE file_id = ?1";
            let report =
                self.sql.prepare_cached(text).and_then(|mut s| s.query_row([file.file_id], |row| row.get(0)));
            found.push((file, report.doing(doing)?));
        }
        Ok(found)
    }

    /// Held files that came to us, with this remark.
    pub fn held_in(&self, note: &str) -> Result<Vec<FileRow>, Trouble> {
        file::select(&self.sql, "WHERE way = 'in' AND state = 'held' AND note = ?1 ORDER BY file_id", [note])
    }

    /// Why a file was last stepped, as far as anybody said why.
    pub fn last_cause(&self, file_id: i64) -> Result<Option<String>, Trouble> {
        let text = "SELECT cause FROM file_step WHERE file_id = ?1 AND cause <> '' ORDER BY file_step_id DESC LIMIT 1";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([file_id], |row| row.get(0)).optional());
        found.doing("look up why a file was stepped")
    }

    /// Ends every open alert about a subject; how many.
    pub fn clear_alerts_of(&self, subject: &str, at: Instant) -> Result<i64, Trouble> {
        let text = "UPDATE alert SET cleared_at = ?2 WHERE subject = ?1 AND cleared_at IS NULL";
        let with = params![subject, at.unix_ms()];
        let ended = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(column::count(ended.doing("end the alerts about a subject")?))
    }

    /// Ends every open alert about something of a name, in whatever folder; how many.
    pub fn clear_alerts_named(&self, name: &str, at: Instant) -> Result<i64, Trouble> {
        let text = "UPDATE alert SET cleared_at = ?3 WHERE cleared_at IS NULL
                    AND (subject = ?1 OR substr(subject, -length(?2)) = ?2)";
        let with = params![name, format!("/{name}"), at.unix_ms()];
        let ended = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        Ok(column::count(ended.doing("end the alerts about a name")?))
    }

    /// Refused files of ours that may still lie in sent/.
    pub fn unretired(&self, owner: &str) -> Result<Vec<FileRow>, Trouble> {
        let rest = "WHERE owner = ?1 AND way = 'out' AND state = 'refused' AND settled = 0 ORDER BY file_id";
        file::select(&self.sql, rest, [owner])
    }

    /// A refused file of ours has left sent/.
    pub fn retired(&self, file_id: i64) -> Result<(), Trouble> {
        self.set(file_id, "UPDATE file SET settled = ?2 WHERE file_id = ?1", &1)
    }

    /// Owes an answer; its bytes are in the archive. Once for each file and name.
    pub fn owe_answer(
        &self,
        file_id: Option<i64>,
        owner: &str,
        name: &str,
        sha256: &[u8; 32],
        day: Date,
    ) -> Result<(), Trouble> {
        let text = "INSERT INTO answer (file_id, owner, name, sha256, day) VALUES (?1, ?2, ?3, ?4, ?5)";
        let with = params![file_id, owner, name, sha256, day.to_epoch_days()];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).map(drop).doing("owe an answer")
    }

    /// Answers that are owed, oldest first.
    pub fn answers_owed(&self) -> Result<Vec<OwedAnswer>, Trouble> {
        answers(&self.sql, "WHERE given = 0")
    }

    /// The answer is in its outbox.
    pub fn answer_given(&self, answer_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE answer SET given = 1 WHERE answer_id = ?1";
        self.sql
            .prepare_cached(text)
            .and_then(|mut s| s.execute([answer_id]))
            .map(drop)
            .doing("note an answer")
    }

    /// A receipt says that the exchange accepted the file; whether that is news.
    pub fn acknowledged(&self, file_id: i64, at: Instant) -> Result<bool, Trouble> {
        let text = "UPDATE file SET acknowledged_at = ?2 WHERE file_id = ?1 AND acknowledged_at IS NULL";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id, at.unix_ms()]));
        Ok(done.doing("note a receipt")? > 0)
    }

    /// Whether a receipt said that the exchange accepted it.
    pub fn is_acknowledged(&self, file_id: i64) -> Result<bool, Trouble> {
        let text = "SELECT acknowledged_at IS NOT NULL FROM file WHERE file_id = ?1";
        let found = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([file_id], |row| row.get(0)));
        found.doing("look for a receipt")
    }

    /// When this ledger was first worked with: `now` at the first call, the same ever after.
    pub fn first_opened(&self, now: Instant) -> Result<Instant, Trouble> {
        let text =
            "UPDATE meta SET opened_ms = coalesce(opened_ms, ?1) WHERE only_row = 1 RETURNING opened_ms";
        let stored = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([now.unix_ms()], |row| column::instant(row, 0)));
        stored.doing("note when the ledger was first opened")
    }

    /// The latest business time that the ledger has seen.
    pub fn business_time(&self) -> Result<Option<Instant>, Trouble> {
        let text = "SELECT business_ms FROM meta WHERE only_row = 1";
        let stored: rusqlite::Result<Option<i64>> =
            self.sql.prepare_cached(text).and_then(|mut s| s.query_row([], |row| row.get(0)));
        Ok(stored.doing("read business time")?.map(Instant::from_unix_ms))
    }

    /// Registrations and cancellations that wait for a file and could go on one now.
    pub fn queued_registrations(
        &self,
        channel: &ChannelId,
        queued_before: Instant,
        gate: EvidenceGate,
    ) -> Result<i64, Trouble> {
        let text = format!(
            "SELECT count(*) FROM registration r
             WHERE channel = ?1 AND file_id IS NULL AND state IS NULL AND queued_at < ?2 AND ?3 = ?4
               AND (NOT waits OR NOT EXISTS (SELECT 1 FROM collection_now k
                 WHERE k.mandate_id = r.mandate_id AND k.state_now IN ('batched', 'sent', 'acknowledged')))
               AND {GATE}"
        );
        let (asked, since, taken) = gate.values();
        // ?3 and ?4 stand where the gate counts its own from ?5.
        let with = params![channel.as_str(), queued_before.unix_ms(), 0, 0, asked, since, taken];
        let count = self.sql.prepare_cached(&text).and_then(|mut s| s.query_row(with, |row| row.get(0)));
        count.doing("count queued registrations")
    }

    /// The cancellation waits until no debit of its mandate is on its way (현재건후).
    pub fn wait_for_debits(&self, registration_id: i64) -> Result<(), Trouble> {
        let text = "UPDATE registration SET waits = 1 WHERE registration_id = ?1";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([registration_id]));
        done.map(drop).doing("let a cancellation wait")
    }

    /// What a creditor has requested for debit dates of a month and what did not fail: against the contract's limit.
    pub fn requested_in_month(&self, creditor: CreditorId, month: Month) -> Result<Won, Trouble> {
        requested_in_month(&self.sql, creditor, month)
    }

    /// Ends the mandates of a creditor whose last month is before `month`; how many.
    pub fn expire_mandates(&self, creditor: CreditorId, month: Month, at: Instant) -> Result<i64, Trouble> {
        let doing = "end mandates whose last month has passed";
        let over: Vec<(i64, State)> = {
            let text = "SELECT mandate_id, state FROM mandate
                        WHERE creditor = ?1 AND state IN ('active', 'suspended', 'billed') AND last_month < ?2
                          AND NOT EXISTS (SELECT 1 FROM charge h WHERE h.mandate_id = mandate.mandate_id
                            AND h.state IN ('open', 'partly-paid') AND h.collection_id IS NOT NULL
                            AND EXISTS (SELECT 1 FROM collection_now k WHERE k.collection_id = h.collection_id
                              AND k.state_now IN ('requested', 'batched', 'sent', 'acknowledged')))
                        ORDER BY mandate_id";
            let mut statement = self.sql.prepare_cached(text).doing(doing)?;
            let rows = statement
                .query_map(params![creditor.get(), month.to_index()], |row| {
                    Ok((row.get(0)?, column::word(row, 1, State::from_word)?))
                })
                .doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)?
        };
        for (mandate_id, from) in &over {
            self.mandate_stepped(&super::MandateStep {
                mandate_id: *mandate_id,
                from: *from,
                to: State::Ended,
                happening: Happening::EndedElsewhere,
                reason: Some(EndReason::Expired),
                active_on: None,
                at,
                file: None,
                line: None,
                code: "",
                note: "최종이체년월 경과",
            })?;
        }
        Ok(i64::try_from(over.len()).unwrap_or(i64::MAX))
    }
}

/// The answers that `which` selects, by their number.
pub(super) fn answers(sql: &Connection, which: &str) -> Result<Vec<OwedAnswer>, Trouble> {
    let doing = "look for the answers";
    let text = format!("SELECT answer_id, owner, name, sha256, day FROM answer {which} ORDER BY answer_id");
    let mut statement = sql.prepare_cached(&text).doing(doing)?;
    let rows = statement.query_map([], |row| {
        Ok(OwedAnswer {
            answer_id: row.get(0)?,
            owner: row.get(1)?,
            name: row.get(2)?,
            sha256: row.get(3)?,
            day: column::date(row, 4)?,
        })
    });
    rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

impl Reader {
    /// What a creditor has requested for debit dates of a month and what did not fail, as [`Tx::requested_in_month`].
    pub fn requested_in_month(&self, creditor: CreditorId, month: Month) -> Result<Won, Trouble> {
        requested_in_month(&self.sql, creditor, month)
    }
}

fn requested_in_month(sql: &Connection, creditor: CreditorId, month: Month) -> Result<Won, Trouble> {
    let text = "SELECT coalesce(sum(CASE k.state_now WHEN 'partial' THEN k.collected_won ELSE k.amount_won END), 0)
                FROM file f CROSS JOIN collection_now k ON k.file_id = f.file_id
                WHERE f.way = 'out' AND f.date BETWEEN ?2 AND ?3 AND k.creditor = ?1
                  AND k.state_now IN ('requested', 'batched', 'sent', 'acknowledged', 'succeeded', 'partial')";
    let (first, last) = (month.first_day().to_epoch_days(), month.last_day().to_epoch_days());
    let with = params![creditor.get(), first, last];
    let sum = sql.prepare_cached(text).and_then(|mut s| s.query_row(with, |row| row.get(0)));
    sum.map(Won::new).doing("add up a month's requests")
}
