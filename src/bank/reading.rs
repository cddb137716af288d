//! What the reading of a whole bank file found: its head, its counts, its serials, its faults.
//!
//! Must not: know which message the file carries; that is `registration` and `collection`.

use std::io::Read;

use super::FileHead;
use super::bind::{Binder, Want};
use crate::domain::Won;
use crate::fault::{Faults, Trouble};
use crate::layout::{
    CheckOutcome, FieldIx, Layout, Reader, RecordIx, RecordView, ResultsListed, Row, ToleratedUse,
};

/// What is known of a bank's file once all of it is read.
#[derive(Debug, Clone)]
pub struct FileReading {
    /// The file's name.
    pub file: String,
    /// The layout's name: `EB22`.
    pub kind: String,
    /// Whether the file lists every line (`results = "all"`), so that absence is no success.
    pub lists_all: bool,
    /// The first header; `None` where none could be read.
    pub head: Option<FileHead>,
    /// What is wrong with the file, by its layout and by its message. Any fault rejects the file.
    pub faults: Faults,
    /// Tolerances used.
    pub tolerated: Vec<ToleratedUse>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of one record, without line end.
    pub record_bytes: u64,
    /// Records of all kinds.
    pub records: u64,
    /// Header records.
    pub headers: u64,
    /// Trailer records.
    pub trailers: u64,
    /// Data records, readable or not.
    pub data_records: u64,
    /// Lines that were read and handed on.
    pub lines: u64,
    /// Of these, not those that say success (they occur where `results = "all"`).
    pub lines_not_succeeded: u64,
    /// Lines that register.
    pub registers: u64,
    /// Lines that cancel.
    pub cancels: u64,
    /// The sum of the amounts of the lines as they stand, in won; `None` where it does not fit.
    pub won: Option<Won>,
    /// The serials of the lines.
    pub serials: SerialsSeen,
    /// Counts and sums of the trailer, stated and counted.
    pub checks: Vec<CheckOutcome>,
    /// How many lines succeeded, where the file states it (decisions.md 18, P6).
    pub stated_successes: Option<u64>,
    /// Who took the file on although its trailer states less than it lists.
    pub accepted_by: Option<String>,
}

/// The faults of a trailer whose numbers are not those of the file.
const TOTALS: [&str; 2] = ["count-differs", "sum-differs"];

impl FileReading {
    /// Takes a file on whose trailer states less than the file lists, where that is all that is wrong with it: then no
    /// line can be missing. A trailer that states more may tell of lines that were lost, which would count as
    /// succeeded: nobody can take that on (product.md 3.8). Whether there was something to take on.
    pub fn accept_totals(&mut self, by: &str) -> bool {
        let kept = self.faults.kept();
        let totals_only = !kept.is_empty()
            && self.faults.total() == kept.len() as u64
            && kept.iter().all(|fault| TOTALS.contains(&fault.name));
        let nothing_lost =
            self.checks.iter().filter(|check| !check.holds).all(|check| check.stated < check.counted);
        if !totals_only || !nothing_lost {
            return false;
        }
        self.faults = Faults::default();
        self.accepted_by = Some(by.to_string());
        true
    }
}

/// Which serials occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SerialsSeen {
    /// The lowest.
    pub lowest: Option<u32>,
    /// The highest.
    pub highest: Option<u32>,
    /// How many lines bore a serial that had occurred before.
    pub repeated: u64,
    /// One bit for each serial: 12.5 MB at most, for the eight digits that a serial has.
    seen: Vec<u64>,
}

impl SerialsSeen {
    /// The greatest serial of eight digits; a greater one is beyond any file that we sent and fails the proof by that.
    const TRACKED: u32 = 99_999_999;

    /// Notes a serial; whether it is new. One beyond eight digits is not tracked, and counts as new.
    pub fn note(&mut self, serial: u32) -> bool {
        self.lowest = Some(self.lowest.map_or(serial, |n| n.min(serial)));
        self.highest = Some(self.highest.map_or(serial, |n| n.max(serial)));
        if serial > Self::TRACKED {
            return true;
        }
        let (word, bit) = ((serial / 64) as usize, 1u64 << (serial % 64));
        if word >= self.seen.len() {
            self.seen.resize(word + 1, 0);
        }
        let Some(slot) = self.seen.get_mut(word) else { return true };
        let new = *slot & bit == 0;
        self.repeated += u64::from(!new);
        *slot |= bit;
        new
    }
}

/// Where the head of a file stands.
#[derive(Debug, Clone)]
pub(super) struct HeadFields {
    record: RecordIx,
    institution: FieldIx,
    date: FieldIx,
    branch: Option<FieldIx>,
    account: Option<FieldIx>,
}

impl HeadFields {
    pub(super) fn bind(binder: &mut Binder<'_>, date: &str) -> Option<Self> {
        let record = binder.record("header");
        let institution = binder.field(record, "institution_code", Want::Text);
        let date = binder.field(record, date, Want::Date);
        let branch = binder.optional(record, "main_bank_branch", Want::Text);
        // Where debits are paid in, or payments are taken from: one account of the channel.
        let account = binder
            .optional(record, "collection_account", Want::Text)
            .or_else(|| binder.optional(record, "funding_account", Want::Text));
        Some(Self { record: record?, institution: institution?, date: date?, branch, account })
    }

    fn read(&self, layout: &Layout, view: &RecordView<'_>) -> Option<FileHead> {
        let text = |field| view.text(field).unwrap_or_default().into_owned();
        let date = view.date(self.date)?;
        Some(FileHead {
            institution: text(self.institution),
            name: layout.file_name(date),
            date,
            branch: self.branch.map(text).unwrap_or_default(),
            account: self.account.map(text).unwrap_or_default(),
        })
    }

    pub(super) fn record(&self) -> RecordIx {
        self.record
    }

    pub(super) fn write<W: std::io::Write>(
        &self,
        row: &mut Row<'_, '_, W>,
        head: &FileHead,
    ) -> Result<(), crate::fault::Fault> {
        row.text(self.institution, &head.institution)?;
        row.date(self.date, head.date)?;
        if let Some(field) = self.branch {
            row.text(field, &head.branch)?;
        }
        if let Some(field) = self.account {
            row.text(field, &head.account)?;
        }
        Ok(())
    }
}

/// The head of a file, from its first record alone; `None` where that is no readable header.
pub(super) fn read_head<R: Read>(
    layout: &Layout,
    fields: &HeadFields,
    file: &str,
    input: R,
) -> Result<Option<FileHead>, Trouble> {
    let mut reader = layout.reader(file, input);
    let first = reader.next_record()?;
    Ok(first.filter(|view| view.record() == fields.record).and_then(|view| fields.read(layout, &view)))
}

/// What one data record adds to the reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineNote {
    pub(super) serial: u32,
    pub(super) won: Won,
    pub(super) register: bool,
    pub(super) cancel: bool,
    pub(super) succeeded: bool,
}

/// The notes taken while a file is read record by record.
pub(super) struct Notes<'l> {
    layout: &'l Layout,
    file: String,
    head_fields: &'l HeadFields,
    head: Option<FileHead>,
    pub(super) faults: Faults,
    lines: u64,
    lines_not_succeeded: u64,
    registers: u64,
    cancels: u64,
    won: Option<Won>,
    serials: SerialsSeen,
    stated_successes: Option<u64>,
}

impl<'l> Notes<'l> {
    pub(super) fn new(layout: &'l Layout, head_fields: &'l HeadFields, file: &str) -> Self {
        Self {
            layout,
            file: file.to_string(),
            head_fields,
            head: None,
            faults: Faults::default(),
            lines: 0,
            lines_not_succeeded: 0,
            registers: 0,
            cancels: 0,
            won: Some(Won::ZERO),
            serials: SerialsSeen::default(),
            stated_successes: None,
        }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn head(&self) -> Option<&FileHead> {
        self.head.as_ref()
    }

    /// Notes a record that is no line: the header, or the one that states the successes.
    pub(super) fn other(&mut self, view: &RecordView<'_>) {
        if view.record() == self.head_fields.record && self.head.is_none() {
            self.head = self.head_fields.read(self.layout, view);
        }
        if let Some((record, field)) = self.layout.success_count()
            && view.record() == record
        {
            self.stated_successes = view.number(field).and_then(|n| u64::try_from(n).ok());
        }
    }

    /// Notes a line.
    pub(super) fn line(&mut self, note: LineNote) {
        self.lines += 1;
        self.lines_not_succeeded += u64::from(!note.succeeded);
        self.registers += u64::from(note.register);
        self.cancels += u64::from(note.cancel);
        self.won = self.won.and_then(|sum| sum.checked_add(note.won));
        self.serials.note(note.serial);
    }

    /// Reads the rest, closes the file and says what was found. Lines not yet handed on are not counted as lines, so a
    /// file of which the caller read only a part proves nothing.
    pub(super) fn finish<R: Read>(
        self,
        reader: Reader<'l, R>,
        data: RecordIx,
    ) -> Result<FileReading, Trouble> {
        let summary = reader.finish()?;
        let layout = self.layout;
        let trailers = layout.record("trailer").map_or(0, |record| summary.count(record));
        let (headers, data_records) = (summary.count(self.head_fields.record), summary.count(data));
        let records = summary.records.iter().sum();
        let mut faults = summary.faults;
        faults.append(self.faults);
        Ok(FileReading {
            file: self.file,
            kind: layout.name().to_string(),
            lists_all: layout.results() == ResultsListed::All,
            head: self.head,
            faults,
            tolerated: summary.tolerated,
            bytes: summary.bytes,
            record_bytes: layout.record_bytes() as u64,
            records,
            headers,
            trailers,
            data_records,
            lines: self.lines,
            lines_not_succeeded: self.lines_not_succeeded,
            registers: self.registers,
            cancels: self.cancels,
            won: self.won,
            serials: SerialsSeen { seen: Vec::new(), ..self.serials },
            checks: summary.checks,
            stated_successes: self.stated_successes,
            accepted_by: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_counted_once() {
        let mut seen = SerialsSeen::default();
        for serial in [64, 2, 63, 2, 99_999_999, 64, 4_000_000_000] {
            seen.note(serial);
        }
        assert_eq!((seen.lowest, seen.highest, seen.repeated), (Some(2), Some(4_000_000_000), 2));
    }
}
