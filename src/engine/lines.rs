//! The lines of a file of debits, on their way from the ledger to its bytes and back.
//!
//! One pass over the ledger's rows judges, numbers and writes them, and keeps a digest of every value that was to be
//! written; reading the file back with the reader's code must give the same digest. So the rows are fetched once.
//! [`Lines::first_difference`] is the plain way, row beside line: it names the line where the digests differ, and is
//! what the digest stands for.
//!
//! Must not: change the ledger.

use super::Failure;
use super::desk::{DebitDesk, Desk};
use crate::bank::{FileHead, collection};
use crate::config::Config;
use crate::domain::{Date, Won};
use crate::fault::{Faults, Trouble};
use crate::layout::WriteError;
use crate::ledger::{CollectionRow, Tx};
use crate::rules::DebitLimits;
use crate::rules::emission as rule;
use std::borrow::Cow;
use std::io::{Read, Write};

/// Lines that are fetched from the ledger at a time: bounds memory whatever the file's size.
pub(super) const CHUNK: usize = 1024;

/// What a file holds, as written and as read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) lines: i64,
    pub(super) won: Won,
}

/// What one pass over the planned lines has written and left out.
pub(super) struct Written {
    /// What went into the file.
    pub(super) content: Content,
    /// Lines that may not go as they stand, each with the reason; never more than `max_bad_lines` and one.
    pub(super) unfit: Vec<(i64, String)>,
    /// How many may not go.
    pub(super) bad: u64,
    digest: Digest,
}

/// The lines of one file of debits.
pub(super) struct Lines<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) desk: &'a Desk,
    pub(super) debits: &'a DebitDesk,
    pub(super) config: &'a Config,
    pub(super) file_id: i64,
    /// The day by which a mandate must have become active.
    pub(super) gate: Date,
}

/// A running hash of lines: equal only for the same values in the same order.
struct Digest {
    hasher: blake3::Hasher,
    waiting: Vec<u8>,
}

impl Digest {
    /// Values that wait to be hashed together.
    const BATCH: usize = 1 << 15;

    fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), waiting: Vec::with_capacity(Self::BATCH + 512) }
    }

    fn add(&mut self, line: &collection::Line<'_>) {
        let collection::Line {
            serial,
            bank,
            account,
            amount,
            id_no,
            passbook_text,
            bank_payer_no,
            mode,
            phone,
        } = line;
        let waiting = &mut self.waiting;
        waiting.extend_from_slice(&serial.to_le_bytes());
        waiting.extend_from_slice(&bank.get().to_le_bytes());
        waiting.extend_from_slice(&amount.get().to_le_bytes());
        for text in [account, id_no, passbook_text, bank_payer_no, phone, &Cow::Borrowed(mode.word())] {
            waiting.extend_from_slice(&(text.len() as u64).to_le_bytes());
            waiting.extend_from_slice(text.as_bytes());
        }
        if waiting.len() >= Self::BATCH {
            self.hasher.update(waiting);
            waiting.clear();
        }
    }

    fn finish(mut self) -> blake3::Hash {
        self.hasher.update(&self.waiting);
        self.hasher.finalize()
    }
}

impl Lines<'_> {
    /// Why a line may not go as it stands (E24, E34, E35, E37, E53).
    fn refused(&self, row: &CollectionRow) -> Option<String> {
        let creditor = self.config.creditors.get(&row.creditor);
        let facts = rule::LineFacts {
            mandate: row.mandate_state,
            active_on: row.active_on,
            gate: self.gate,
            creditor_in_service: creditor.is_some(),
            bank_in_service: self.config.banks.find(row.bank).is_some_and(|bank| bank.takes_part),
            limits: DebitLimits {
                mandate: row.limit,
                contract: creditor.map_or(Won::ZERO, |creditor| creditor.limit_per_debit),
                minimum: self.debits.service.min_amount_won,
            },
            amount: row.amount,
            open: row.open,
        };
        rule::check(&facts).err().map(|refused| refused.name.word().to_string())
    }

    fn line<'r>(&'r self, row: &'r CollectionRow, line_no: i64) -> collection::Line<'r> {
        let creditor = self.config.creditors.get(&row.creditor);
        let item = creditor.and_then(|creditor| creditor.items.get(&row.item));
        collection::Line {
            serial: serial(line_no),
            bank: row.bank,
            account: Cow::Borrowed(row.account.reveal()),
            amount: row.amount,
            id_no: Cow::Borrowed(row.id_no.reveal()),
            passbook_text: Cow::Borrowed(item.map_or("", |item| item.passbook_text.as_str())),
            bank_payer_no: Cow::Borrowed(row.bank_payer_no.as_str()),
            mode: row.mode.unwrap_or(self.desk.mode),
            phone: Cow::Borrowed(""),
        }
    }

    /// Writes every line that may go, numbered 1, 2, … in the ledger's order, which is what closing the gaps gives
    /// them once the others are left out.
    pub(super) fn write(&self, head: &FileHead, out: &mut dyn Write) -> Result<Written, Trouble> {
        let written = |error: WriteError| Trouble::new(format!("write {}", head.name), error.to_string());
        let mut writer = self.debits.request.writer(out, head).map_err(written)?;
        let content = Content { lines: 0, won: Won::ZERO };
        let mut done = Written { content, unfit: Vec::new(), bad: 0, digest: Digest::new() };
        let mut after = 0;
        loop {
            let rows = self.tx.planned_lines(self.file_id, after, CHUNK)?;
            let Some(last) = rows.last() else { break };
            after = last.line_no;
            for row in &rows {
                if let Some(reason) = self.refused(row) {
                    done.bad = done.bad.saturating_add(1);
                    if done.bad <= self.desk.profile.max_bad_lines.saturating_add(1) {
                        done.unfit.push((row.collection_id, reason));
                    }
                    continue;
                }
                done.content.lines += 1;
                let line = self.line(row, done.content.lines);
                done.content.won = done.content.won.checked_add(row.amount).unwrap_or(done.content.won);
                done.digest.add(&line);
                writer.put(&line).map_err(written)?;
            }
        }
        writer.finish().map_err(written)?;
        Ok(done)
    }

    /// Reads our own file with the reader's code: every value of every line is what was to be written.
    /// `again` opens the file once more, to name the line where it is not.
    pub(super) fn read_back<R: Read>(
        &self,
        head: &FileHead,
        written: Written,
        again: impl Fn() -> Result<R, Failure>,
    ) -> Result<Content, Failure> {
        let mut digest = Digest::new();
        let mut content = Content { lines: 0, won: Won::ZERO };
        let reader = self.debits.request.reader(&head.name, again()?);
        let reading = reader
            .each(|_, line| {
                digest.add(line);
                content.lines += 1;
                content.won = content.won.checked_add(line.amount).unwrap_or(content.won);
                Ok(())
            })
            .map_err(Failure::Spool)?;
        let same = digest.finish() == written.digest.finish() && content == written.content;
        if same && reading.faults.is_empty() && reading.won == Some(content.won) {
            return Ok(content);
        }
        Err(match self.first_difference(head, again()?)? {
            Some(line) => differs(&head.name, line),
            None => unreadable(&head.name, &reading.faults),
        })
    }

    /// The plain way: every line of the file beside the ledger's row, gaps closed. The first line that differs.
    fn first_difference(&self, head: &FileHead, input: impl Read) -> Result<Option<i64>, Failure> {
        let mut rows = Vec::new().into_iter();
        let mut after = 0;
        let mut wrong = None;
        let reader = self.debits.request.reader(&head.name, input);
        reader
            .each(|_, line| {
                let row = match rows.next() {
                    Some(row) => Some(row),
                    None => {
                        rows = self.tx.planned_lines(self.file_id, after, CHUNK)?.into_iter();
                        rows.next()
                    }
                };
                after = row.as_ref().map_or(after + 1, |row| row.line_no);
                if row.is_none_or(|row| *line != self.line(&row, row.line_no)) {
                    wrong = wrong.or(Some(after));
                }
                Ok(())
            })
            .map_err(Failure::Spool)?;
        let left = rows.next().is_some() || !self.tx.planned_lines(self.file_id, after, 1)?.is_empty();
        Ok(wrong.or_else(|| left.then_some(after + 1)))
    }
}

/// What was written is not what the ledger holds: a bug or a lying disk. The transaction is taken back and the
/// process stops; nothing has left the house.
pub(super) fn differs(name: &str, line: i64) -> Failure {
    Failure::Ledger(differing(name, line))
}

pub(super) fn differing(name: &str, line: i64) -> Trouble {
    Trouble::new(format!("read back {name}"), format!("line {line} is not what the ledger holds"))
}

pub(super) fn unreadable(name: &str, faults: &Faults) -> Failure {
    Failure::Ledger(Trouble::new(
        format!("read back {name}"),
        format!("what was written does not read well: {faults}"),
    ))
}

/// Line numbers are at most eight digits on the wire; the ledger checks that they are positive.
pub(super) fn serial(line_no: i64) -> u32 {
    u32::try_from(line_no).unwrap_or(u32::MAX)
}
