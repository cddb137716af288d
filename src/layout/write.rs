//! The streaming writer: values in, records out, through the same checks as reading.
//!
//! A row begins as the layout's template. Constants, fillers and defaults stand there already; serials, equal fields, the
//! file's name, counts and sums are computed where they are not given, and verified in any case.
//! Must not: cut, replace or guess. A row that is wrong in itself leaves the writer as it was; a row that does not fit
//! the rows before it (order, serial, sum) spoils the file, and every later call says so.

use super::field::{DateValue, FieldFlaw};
use super::flaw::{Flaw, Standing, remedy};
use super::plan::{FieldIx, FieldPlan, Kind, Layout, RecordIx, RecordPlan};
use super::print;
use super::progress::Progress;
use super::raw::Trailing1a;
use super::record::validate;
use super::summary::CheckOutcome;
use crate::domain::{Date, TimeOfDay};
use crate::fault::{Fault, Place, Trouble};
use std::fmt;
use std::io::Write;

/// Why a row or a file could not be written.
#[derive(Debug)]
pub enum WriteError {
    /// A value is wrong.
    Fault(Box<Fault>),
    /// The disk failed.
    Trouble(Trouble),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<Fault> for WriteError {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<Box<Fault>> for WriteError {
    fn from(fault: Box<Fault>) -> Self {
        Self::Fault(fault)
    }
}

impl From<Trouble> for WriteError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenSummary {
    /// Records of each kind, by [`RecordIx::index`].
    pub records: Vec<u64>,
    /// Bytes written, line ends and fill included.
    pub bytes: u64,
    /// Counts and sums as stated.
    pub checks: Vec<CheckOutcome>,
    /// The file's date, where the layout names its field.
    pub date: Option<Date>,
}

impl WrittenSummary {
    /// Records of one kind.
    pub fn count(&self, record: RecordIx) -> u64 {
        self.records.get(record.index()).copied().unwrap_or(0)
    }
}

impl Layout {
    /// Writes a file by this layout. Hand in something buffered: the writer writes record by record.
    pub fn writer<'l, W: Write>(&'l self, out: W) -> Writer<'l, W> {
        Writer {
            layout: self,
            name: self.name.clone(),
            out,
            progress: Progress::new(self, None),
            row: Vec::new(),
            set: Vec::new(),
            payload: Vec::new(),
            scratch: Vec::new(),
            no: 0,
            bytes: 0,
            computes: true,
            spoilt: None,
        }
    }
}

/// A writer of one file.
#[derive(Debug)]
pub struct Writer<'l, W> {
    layout: &'l Layout,
    name: String,
    out: W,
    progress: Progress<'l>,
    row: Vec<u8>,
    set: Vec<bool>,
    payload: Vec<u8>,
    scratch: Vec<u8>,
    no: u64,
    bytes: u64,
    computes: bool,
    spoilt: Option<Box<Fault>>,
}

impl<'l, W: Write> Writer<'l, W> {
    /// The same writer with a file name for its faults (else the layout's name stands there).
    #[must_use]
    pub fn named(mut self, file: &str) -> Self {
        self.name = file.to_string();
        self
    }

    /// The same writer, which computes nothing: serials, counts and sums must be given, and are verified (`sunap write`).
    #[must_use]
    pub fn verifying(mut self) -> Self {
        self.computes = false;
        self
    }

    /// The layout written by.
    pub fn layout(&self) -> &'l Layout {
        self.layout
    }

    /// Records written so far, of all kinds.
    pub fn written(&self) -> u64 {
        self.no
    }

    /// Begins a record of a kind.
    pub fn record(&mut self, kind: RecordIx) -> Row<'_, 'l, W> {
        self.row.clear();
        self.set.clear();
        self.payload.clear();
        if let Some(plan) = self.layout.plan(kind) {
            self.row.extend_from_slice(&plan.template);
            self.set.resize(plan.fields.len(), false);
        }
        Row { writer: self, kind }
    }

    /// Ends the file: fill, the mark at the end, and the checks of the whole. Gives the output back, flushed.
    pub fn finish(mut self) -> Result<(WrittenSummary, W), WriteError> {
        if let Some(fault) = self.spoilt {
            return Err(WriteError::Fault(fault));
        }
        let lacking = self.progress.end();
        if let Some(late) = self.progress.late.pop() {
            let standing =
                Standing { file: &self.name, kind: Some(late.kind), no: late.no, bytes: &late.bytes };
            return Err(late.flaw.into_fault(self.layout, standing).into());
        }
        if let Some(expected) = lacking {
            let said = format!("The file ends after record {}; there must come {expected}.", self.no);
            let place = Place::file(&self.name);
            return Err(Fault::new("file-ends-early", place, said, remedy("field-not-set")).into());
        }
        if let Some(block) = self.layout.block {
            let fill = vec![block.fill; self.layout.record_bytes];
            while !self.no.is_multiple_of(block.records.max(1)) {
                self.no += 1;
                self.put(&fill)?;
            }
        }
        if self.layout.trailing_1a == Trailing1a::Written {
            self.out.write_all(&[0x1a]).map_err(|e| trouble(&self.name, e))?;
            self.bytes += 1;
        }
        self.out.flush().map_err(|e| trouble(&self.name, e))?;
        let summary = WrittenSummary {
            records: std::mem::take(&mut self.progress.counts),
            bytes: self.bytes,
            checks: self.progress.outcomes(),
            date: self.progress.date,
        };
        Ok((summary, self.out))
    }

    /// Takes a record into account; what does not fit the records before spoils the file.
    fn follow(
        &mut self,
        kind: RecordIx,
        plan: &RecordPlan,
        row: &[u8],
        clean: bool,
    ) -> Result<(), Box<Fault>> {
        if clean && plan.stride.as_ref().is_some_and(|stride| self.progress.stride(kind, stride, row)) {
            return Ok(());
        }
        let mut flaws = Vec::new();
        let no = self.no + 1;
        self.progress.observe(kind, row, no, &mut flaws);
        let standing = Standing { file: &self.name, kind: Some(kind), no, bytes: row };
        let mut wrong = flaws.into_iter().next().map(|flaw| flaw.into_fault(self.layout, standing));
        if let (None, Some(late)) = (&wrong, self.progress.late.pop()) {
            let standing =
                Standing { file: &self.name, kind: Some(late.kind), no: late.no, bytes: &late.bytes };
            wrong = Some(late.flaw.into_fault(self.layout, standing));
        }
        match wrong.map(Box::new) {
            Some(fault) => {
                self.spoilt = Some(fault.clone());
                Err(fault)
            }
            None => Ok(()),
        }
    }

    /// Writes a record and its line end.
    fn put(&mut self, record: &[u8]) -> Result<(), Trouble> {
        let end = self.layout.terminator.bytes();
        self.out.write_all(record).map_err(|e| trouble(&self.name, e))?;
        if !end.is_empty() {
            self.out.write_all(end).map_err(|e| trouble(&self.name, e))?;
        }
        self.bytes += (record.len() + end.len()) as u64;
        Ok(())
    }
}

fn trouble(name: &str, error: std::io::Error) -> Trouble {
    Trouble::new(format!("write {name}"), error)
}

/// A record being written. Nothing is out until [`Row::finish`].
#[derive(Debug)]
pub struct Row<'w, 'l, W> {
    writer: &'w mut Writer<'l, W>,
    kind: RecordIx,
}

impl<'l, W: Write> Row<'_, 'l, W> {
    fn plan(&self) -> Option<&'l RecordPlan> {
        self.writer.layout.plan(self.kind)
    }

    /// Puts a value by one of the printers.
    fn put(
        &mut self,
        ix: FieldIx,
        print: impl FnOnce(&RecordPlan, &FieldPlan, &mut [u8], &mut Vec<u8>) -> Result<(), FieldFlaw>,
    ) -> Result<&mut Self, Fault> {
        let Some((plan, field)) = self.plan().and_then(|plan| Some((plan, plan.field(ix)?))) else {
            let flaw = Flaw::of_record("value-of-wrong-kind", "This record has no such field");
            return Err(self.fault(flaw));
        };
        let Writer { row, scratch, .. } = &mut *self.writer;
        match print(plan, field, row, scratch) {
            Ok(()) => {
                if let Some(set) = self.writer.set.get_mut(ix.index()) {
                    *set = true;
                }
                Ok(self)
            }
            Err(flaw) => {
                let flaw = Flaw { at: None, ..Flaw::of_field(ix, field, flaw) };
                Err(self.fault(flaw))
            }
        }
    }

    fn fault(&self, flaw: Flaw) -> Fault {
        let (file, no) = (self.writer.name.as_str(), self.writer.no + 1);
        let standing = Standing { file, kind: Some(self.kind), no, bytes: &self.writer.row };
        flaw.into_fault(self.writer.layout, standing)
    }

    /// Sets a number, serial or zero-padded digits field; with its sign, in its smallest unit.
    pub fn number(&mut self, field: FieldIx, value: i64) -> Result<&mut Self, Fault> {
        self.put(field, |plan, field, row, _| print::print_number(plan, field, value, row))
    }

    /// Sets a field that takes text: text, ascii, digits, code (name or value), file name. Empty text leaves it blank.
    pub fn text(&mut self, field: FieldIx, value: &str) -> Result<&mut Self, Fault> {
        let encoding = self.writer.layout.encoding;
        self.put(field, |_, field, row, scratch| print::print_text(field, encoding, value, row, scratch))
    }

    /// Sets a code field by name (or, in an open set, by value).
    pub fn code(&mut self, field: FieldIx, name: &str) -> Result<&mut Self, Fault> {
        self.text(field, name)
    }

    /// Sets a day.
    pub fn date(&mut self, field: FieldIx, value: Date) -> Result<&mut Self, Fault> {
        self.put(field, |_, field, row, _| print::print_date(field, DateValue::Day(value), row))
    }

    /// Sets a day without a year (`MMDD`).
    pub fn month_day(&mut self, field: FieldIx, month: u32, day: u32) -> Result<&mut Self, Fault> {
        self.put(field, |_, field, row, _| print::print_date(field, DateValue::MonthDay(month, day), row))
    }

    /// Sets a time of day.
    pub fn time(&mut self, field: FieldIx, value: TimeOfDay) -> Result<&mut Self, Fault> {
        self.put(field, |_, field, row, _| print::print_time(field, value, row))
    }

    /// Sets a field's bytes as they are, exactly as many as it has; of a payload field the payload, of any length.
    pub fn bytes(&mut self, field: FieldIx, value: &[u8]) -> Result<&mut Self, Fault> {
        if self.plan().and_then(|plan| plan.payload.as_ref()).is_some_and(|p| p.field == field) {
            return self.payload(value);
        }
        self.put(field, |_, field, row, _| print::print_bytes(field, value, row))
    }

    /// Sets the payload and the field that states its length.
    pub fn payload(&mut self, value: &[u8]) -> Result<&mut Self, Fault> {
        let Some(payload) = self.plan().and_then(|plan| plan.payload.as_ref()) else {
            return Err(self.fault(Flaw::of_record("value-of-wrong-kind", "This record has no payload")));
        };
        if value.len() > payload.max_bytes {
            let expected = format!("takes at most {} bytes; {} are given", payload.max_bytes, value.len());
            return Err(self.fault(Flaw::in_field("value-does-not-fit", payload.field, expected)));
        }
        self.number(payload.length, i64::try_from(value.len()).unwrap_or(i64::MAX))?;
        self.writer.payload.clear();
        self.writer.payload.extend_from_slice(value);
        if let Some(set) = self.writer.set.get_mut(payload.field.index()) {
            *set = true;
        }
        Ok(self)
    }

    /// Leaves a field blank (zeros where these mean none), whatever its default.
    pub fn blank(&mut self, field: FieldIx) -> Result<&mut Self, Fault> {
        self.put(field, |_, field, row, _| match &field.kind {
            Kind::Date { .. } => print::print_date(field, DateValue::None, row),
            Kind::Time { zero_is_blank: true, .. } => print::print_bytes(field, &vec![b'0'; field.len], row),
            Kind::Payload => Ok(()),
            _ => print::print_bytes(field, &vec![b' '; field.len], row),
        })
    }

    /// Computes what is not given, checks the record, and writes it.
    pub fn finish(mut self) -> Result<(), WriteError> {
        if let Some(fault) = &self.writer.spoilt {
            return Err(WriteError::Fault(fault.clone()));
        }
        let Some(plan) = self.plan() else {
            return Err(self.fault(Flaw::of_record("value-of-wrong-kind", "There is no such record")).into());
        };
        if self.writer.computes {
            self.compute()?;
        }
        if let Some(payload) = &plan.payload {
            let Writer { row, payload: bytes, .. } = &mut *self.writer;
            row.extend_from_slice(bytes);
            let whole = row.len().next_multiple_of(payload.multiple).max(self.writer.layout.record_bytes);
            self.writer.row.resize(whole, payload.fill);
        }
        let clean = self.check(plan)?;
        let (writer, kind) = (self.writer, self.kind);
        let row = std::mem::take(&mut writer.row);
        writer.follow(kind, plan, &row, clean)?;
        writer.no += 1;
        writer.put(&row)?;
        writer.row = row;
        Ok(())
    }

    /// Fills in what follows from the records before.
    fn compute(&mut self) -> Result<(), Fault> {
        let Writer { progress, row, set, .. } = &mut *self.writer;
        progress.fill(self.kind, row, set).map_err(|flaw| self.fault(flaw))
    }

    /// Checks the record by itself, as the reader would, and allows no tolerance. Whether the quick check sufficed.
    fn check(&self, plan: &RecordPlan) -> Result<bool, Fault> {
        if plan.shape.is_clean(plan, self.writer.layout.encoding, &self.writer.row) {
            return Ok(true);
        }
        let (mut flaws, mut used) = (Vec::new(), Vec::new());
        validate(plan, self.writer.layout.encoding, &self.writer.row, &mut flaws, &mut used);
        if let Some(flaw) = flaws.into_iter().next() {
            let set = flaw.field.and_then(|ix| self.writer.set.get(ix.index()));
            if flaw.name != "value-missing" || set != Some(&false) {
                return Err(self.fault(flaw));
            }
            let expected = "has no value, and none can be computed here";
            return Err(self.fault(Flaw { name: "field-not-set", expected: expected.into(), ..flaw }));
        }
        if let Some((ix, used)) = used.first() {
            let names: Vec<_> = used.names().collect();
            let expected =
                format!("is only tolerated in reading ({}); write it by the book", names.join(", "));
            return Err(self.fault(Flaw::in_field("value-of-wrong-kind", *ix, expected)));
        }
        Ok(false)
    }
}
