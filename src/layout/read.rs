//! The streaming reader: blocks of bytes in, checked records out, in constant memory.
//!
//! A record with anything wrong is told as faults and not given out; reading goes on as far as the record length allows.
//! Must not: take a failing disk for a wrong file ([`Trouble`]), or give a record of a kind that it could not tell.
//! Refuses: other record lengths, mixed line ends, records out of order, a cut end, bytes after the end.

use super::flaw::{Flaw, Standing, remedy};
use super::plan::{FieldIx, Layout, PayloadPlan, RecordIx, RecordPlan, Tolerances};
use super::progress::Progress;
use super::raw::{RawLineEnd, Trailing1a};
use super::record::validate;
use super::summary::{ReadSummary, ToleratedUse};
use super::view::RecordView;
use crate::fault::{Fault, Faults, Place, Trouble};
use std::io::Read;

/// Bytes read at once.
const BLOCK: usize = 128 * 1024;

impl Layout {
    /// Reads a file by this layout. `file` is its name, for faults and for the date in it.
    pub fn reader<'l, R: Read>(&'l self, file: &str, input: R) -> Reader<'l, R> {
        Reader {
            layout: self,
            file: file.to_string(),
            input,
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            at_byte: 1,
            no: 0,
            input_ended: false,
            done: false,
            cut_short: false,
            filling: false,
            line_end: None,
            progress: Progress::new(self, Some(file)),
            faults: Faults::default(),
            flaws: Vec::new(),
            used: Vec::new(),
            tolerated: Vec::new(),
        }
    }
}

/// A reader over one file.
#[derive(Debug)]
pub struct Reader<'l, R> {
    layout: &'l Layout,
    file: String,
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Position in the file of `buffer[start]`, from 1.
    at_byte: u64,
    no: u64,
    input_ended: bool,
    done: bool,
    cut_short: bool,
    filling: bool,
    line_end: Option<RawLineEnd>,
    progress: Progress<'l>,
    faults: Faults,
    flaws: Vec<Flaw>,
    used: Vec<(FieldIx, Tolerances)>,
    tolerated: Vec<ToleratedUse>,
}

/// A record cut from the stream.
struct Cut {
    start: usize,
    len: usize,
    at_byte: u64,
}

impl<'l, R: Read> Reader<'l, R> {
    /// The next record that is in order; `None` at the end. Faulty records are skipped and told by [`Reader::finish`].
    pub fn next_record(&mut self) -> Result<Option<RecordView<'_>>, Trouble> {
        let at_byte = self.at_byte;
        if let Some((start, kind, plan)) = self.stride() {
            let bytes = self.buffer.get(start..start + self.layout.record_bytes).unwrap_or_default();
            let (layout, no, tolerated) = (self.layout, self.no, Tolerances::NONE);
            return Ok(Some(RecordView { layout, plan, kind, no, at_byte, bytes, tolerated }));
        }
        let found = loop {
            match self.cut()? {
                Some(cut) => {
                    if let Some(found) = self.judge(&cut)? {
                        break found;
                    }
                }
                None => return Ok(None),
            }
        };
        let (cut, kind, plan, tolerated) = found;
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        Ok(Some(RecordView {
            layout: self.layout,
            plan,
            kind,
            no: self.no,
            at_byte: cut.at_byte,
            bytes,
            tolerated,
        }))
    }

    /// The next record, by where it lies in the buffer, where it is whole there and certainly in order; else nothing has
    /// changed, and the plain way finds out why.
    #[inline]
    fn stride(&mut self) -> Option<(usize, RecordIx, &'l RecordPlan)> {
        let layout = self.layout;
        let line_end = self.line_end?;
        if self.done || self.filling || layout.block.is_some() {
            return None;
        }
        let ready = self.buffer.get(self.start..self.end)?;
        let (record, after) = ready.split_at_checked(layout.record_bytes)?;
        match (line_end, after) {
            (RawLineEnd::None, _)
            | (RawLineEnd::Lf, [b'\n', ..])
            | (RawLineEnd::Crlf, [b'\r', b'\n', ..]) => {}
            _ => return None,
        }
        let kind = layout.dispatch.by_one_byte(record)?;
        let plan = layout.plan(kind)?;
        let stride = plan.stride.as_ref()?;
        if !plan.shape.is_clean(plan, layout.encoding, record) || !self.progress.stride(kind, stride, record)
        {
            return None;
        }
        let start = self.start;
        self.consume(layout.record_bytes + line_end.bytes().len());
        self.no += 1;
        Some((start, kind, plan))
    }

    /// Faults found so far.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Reads what is left, judges the end, the counts and the sums.
    pub fn finish(mut self) -> Result<ReadSummary, Trouble> {
        while self.next_record()?.is_some() {}
        let lacking = self.progress.end();
        for late in std::mem::take(&mut self.progress.late) {
            let standing =
                Standing { file: &self.file, kind: Some(late.kind), no: late.no, bytes: &late.bytes };
            self.faults.push(late.flaw.into_fault(self.layout, standing));
        }
        // A cut record has told already that the end is missing.
        if let Some(expected) = lacking
            && self.no > 0
            && !self.cut_short
        {
            let said = format!("The file ends after record {}; there must come {expected}.", self.no);
            self.fault_of_file("file-ends-early", said);
        }
        if let Some(block) = self.layout.block
            && self.faults.is_empty()
            && !self.no.is_multiple_of(block.records.max(1))
        {
            if self.layout.tolerate.has(Tolerances::BLOCK_NOT_FILLED) {
                self.tolerate(Tolerances::BLOCK_NOT_FILLED, Place::file(&self.file));
            } else {
                let said = format!(
                    "The file has {} records; it must be filled up to a multiple of {}.",
                    self.no, block.records
                );
                self.fault_of_file("block-not-filled", said);
            }
        }
        Ok(ReadSummary {
            faults: self.faults,
            records: std::mem::take(&mut self.progress.counts),
            bytes: self.at_byte - 1,
            checks: self.progress.outcomes(),
            tolerated: self.tolerated,
            date: self.progress.date,
        })
    }

    /// Makes at least `wanted` bytes available, fewer only at the end of the input.
    fn available(&mut self, wanted: usize) -> Result<usize, Trouble> {
        if self.end - self.start >= wanted || self.input_ended {
            return Ok(self.end - self.start);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        while self.end < wanted && !self.input_ended {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(room) {
                Ok(0) => self.input_ended = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::new(format!("read {}", self.file), error)),
            }
        }
        Ok(self.end - self.start)
    }

    fn rest(&self, len: usize) -> &[u8] {
        self.buffer.get(self.start..self.end.min(self.start + len)).unwrap_or_default()
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.at_byte += bytes as u64;
    }

    /// Cuts the next record off the stream. Faults of length and line end are told here.
    fn cut(&mut self) -> Result<Option<Cut>, Trouble> {
        loop {
            if self.done {
                return Ok(None);
            }
            let size = self.layout.record_bytes;
            let available = self.available(size + 2)?;
            if self.line_end.is_none() {
                self.line_end = Some(self.find_line_end(available));
            }
            if available < size {
                self.end_of_file();
                return Ok(None);
            }
            self.no += 1;
            let cut = Cut { start: self.start, len: size, at_byte: self.at_byte };
            let Some(terminator) = self.line_end.filter(|end| *end != RawLineEnd::None) else {
                self.consume(size);
                return Ok(Some(cut));
            };
            let after = self.rest(size + 2).get(size..).unwrap_or_default();
            match (terminator, after) {
                (RawLineEnd::Lf, [b'\n', ..]) => {
                    self.consume(size + 1);
                    return Ok(Some(cut));
                }
                (RawLineEnd::Crlf, [b'\r', b'\n']) => {
                    self.consume(size + 2);
                    return Ok(Some(cut));
                }
                (_, []) if self.layout.tolerate.has(Tolerances::NO_LAST_LINE_END) => {
                    self.tolerate(Tolerances::NO_LAST_LINE_END, self.place());
                    self.consume(size);
                    return Ok(Some(cut));
                }
                (_, []) => {
                    self.fault_of_record("line-end-wrong", &cut, "The last record has no line end".into());
                    self.consume(size);
                }
                _ => self.skip_line(&cut)?,
            }
        }
    }

    /// Which of the allowed line ends the file uses, from its first record.
    fn find_line_end(&self, available: usize) -> RawLineEnd {
        let layout = self.layout;
        let allows = |end: RawLineEnd| layout.terminator == end || layout.accept.contains(&end);
        let line = self.rest(available);
        match line.get(layout.record_bytes..).unwrap_or_default() {
            [b'\r', b'\n', ..] if allows(RawLineEnd::Crlf) => return RawLineEnd::Crlf,
            [b'\n', ..] if allows(RawLineEnd::Lf) => return RawLineEnd::Lf,
            _ => {}
        }
        let Some(feed) = line.iter().position(|b| *b == b'\n') else {
            return if allows(RawLineEnd::None) { RawLineEnd::None } else { layout.terminator };
        };
        // A line end at another place: the record's length is wrong, which is told better than as a wrong byte.
        let crlf = feed > 0 && line.get(feed - 1) == Some(&b'\r');
        match (crlf, allows(RawLineEnd::Crlf), allows(RawLineEnd::Lf)) {
            (true, true, _) => RawLineEnd::Crlf,
            (_, _, true) => RawLineEnd::Lf,
            _ if allows(RawLineEnd::None) => RawLineEnd::None,
            _ => layout.terminator,
        }
    }

    /// No line end where it must be: the record goes up to the next one.
    fn skip_line(&mut self, cut: &Cut) -> Result<(), Trouble> {
        const FARTHEST: usize = 64 * 1024;
        let available = self.available(FARTHEST)?;
        let line = self.rest(available);
        let size = self.layout.record_bytes;
        let Some(feed) = line.iter().position(|b| *b == b'\n') else {
            let cut = Cut { start: self.start, len: size, at_byte: cut.at_byte };
            self.fault_of_record(
                "line-end-wrong",
                &cut,
                "After the record there is no line end, and none follows".into(),
            );
            self.done = true;
            return Ok(());
        };
        let len = if feed > 0 && line.get(feed - 1) == Some(&b'\r') { feed - 1 } else { feed };
        let cut = Cut { start: self.start, len, at_byte: cut.at_byte };
        if len == size {
            self.fault_of_record(
                "line-end-wrong",
                &cut,
                "The line end is another one than before in this file".into(),
            );
        } else {
            let said = format!("The record has {len} bytes; it must have {size}");
            self.fault_of_record("record-length-wrong", &cut, said);
        }
        self.consume(feed + 1);
        Ok(())
    }

    /// Fewer bytes are left than a record has.
    fn end_of_file(&mut self) {
        self.done = true;
        let rest = self.rest(self.layout.record_bytes).to_vec();
        let len = rest.len();
        let (rest, mark) = match rest.split_last() {
            Some((0x1a, before)) => (before, true),
            _ => (rest.as_slice(), false),
        };
        let between = self.line_end.is_some_and(|end| end != RawLineEnd::None);
        if self.no == 0 && rest.is_empty() {
            self.fault_of_file(
                "file-is-empty",
                "The file is empty; not even a first record is there.".into(),
            );
        } else if mark && self.layout.trailing_1a == Trailing1a::Refused && rest.len() < 3 {
            let said = "After the last record stands a byte 0x1A, which the layout does not accept.";
            self.fault_of_file("bytes-after-the-end", said.into());
        } else if matches!(rest, b"\n" | b"\r\n") && !between {
            if self.layout.tolerate.has(Tolerances::FINAL_NEWLINE) {
                self.tolerate(Tolerances::FINAL_NEWLINE, Place::file(&self.file));
            } else {
                let said = "After the last record stands a line end, which the layout does not accept.";
                self.fault_of_file("bytes-after-the-end", said.into());
            }
        } else if !rest.is_empty() {
            self.no += 1;
            let cut = Cut { start: self.start, len, at_byte: self.at_byte };
            let size = self.layout.record_bytes;
            let said = format!("The last record has {} bytes; it must have {size}", rest.len());
            self.fault_of_record("record-cut-short", &cut, said);
        }
        self.consume(len);
    }

    /// Checks a record that was cut off; `None` where it is faulty or fill.
    fn judge(&mut self, cut: &Cut) -> Result<Option<(Cut, RecordIx, &'l RecordPlan, Tolerances)>, Trouble> {
        let layout = self.layout;
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        if let Some(block) = layout.block
            && bytes.first() == Some(&block.fill)
            && bytes.iter().all(|b| *b == block.fill)
            && self.progress.may_end()
        {
            self.filling = true;
            return Ok(None);
        }
        let mut cut = Cut { start: cut.start, len: cut.len, at_byte: cut.at_byte };
        if self.filling {
            self.fault_of_record(
                "bytes-after-the-end",
                &cut,
                "Only fill records may follow fill records".into(),
            );
            return Ok(None);
        }
        let Some(kind) = layout.dispatch.classify(&layout.records, bytes) else {
            let said = format!("The record is of no known kind; here must come {}", self.progress.expected());
            self.fault_of_record("unknown-record-kind", &cut, said);
            return Ok(None);
        };
        let Some(plan) = layout.plan(kind) else { return Ok(None) };
        if let Some(payload) = &plan.payload
            && !self.take_payload(&mut cut, kind, plan, payload)?
        {
            return Ok(None);
        }
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        if !plan.shape.is_clean(plan, layout.encoding, bytes) {
            validate(plan, layout.encoding, bytes, &mut self.flaws, &mut self.used);
        }
        self.progress.observe(kind, bytes, self.no, &mut self.flaws);
        if self.flaws.is_empty() && self.used.is_empty() && self.progress.late.is_empty() {
            return Ok(Some((cut, kind, plan, Tolerances::NONE)));
        }
        Ok(self.settle(cut, kind, plan))
    }

    /// Tells what was found wrong or tolerated in a record.
    #[cold]
    fn settle(
        &mut self,
        cut: Cut,
        kind: RecordIx,
        plan: &'l RecordPlan,
    ) -> Option<(Cut, RecordIx, &'l RecordPlan, Tolerances)> {
        let mut tolerated = Tolerances::NONE;
        for (ix, used) in std::mem::take(&mut self.used) {
            tolerated = tolerated.with(used);
            let (start, len) = plan.field(ix).map_or((0, 0), |field| (field.start, field.len));
            let place = Place::Record {
                file: self.file.clone(),
                record: self.no,
                first: start + 1,
                last: start + len,
            };
            self.tolerate(used, place);
        }
        for late in std::mem::take(&mut self.progress.late) {
            let standing =
                Standing { file: &self.file, kind: Some(late.kind), no: late.no, bytes: &late.bytes };
            self.faults.push(late.flaw.into_fault(self.layout, standing));
        }
        if self.flaws.is_empty() {
            return Some((cut, kind, plan, tolerated));
        }
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        for flaw in std::mem::take(&mut self.flaws) {
            if self.faults.kept().len() < Faults::CAP {
                let standing = Standing { file: &self.file, kind: Some(kind), no: self.no, bytes };
                self.faults.push(flaw.into_fault(self.layout, standing));
            } else {
                // Past the cap faults are only counted: do not compose what nobody will read.
                self.faults.push(Fault::new(flaw.name, Place::file(""), "", ""));
            }
        }
        None
    }

    /// Extends a cut to the whole of a payload record; `false` where that cannot be.
    fn take_payload(
        &mut self,
        cut: &mut Cut,
        kind: RecordIx,
        plan: &RecordPlan,
        payload: &PayloadPlan,
    ) -> Result<bool, Trouble> {
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        let length = plan.field(payload.length);
        let fixed = plan.field(payload.field).map_or(0, |field| field.start);
        let stated = length.and_then(|field| super::field::number_value(plan, field, bytes));
        let stated = stated.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= payload.max_bytes);
        let Some(stated) = stated else {
            let expected = format!(
                "must be a number of bytes, at most {}; the next record cannot be found",
                payload.max_bytes
            );
            let flaw = Flaw::in_field("payload-length-wrong", payload.length, expected);
            let standing = Standing { file: &self.file, kind: Some(kind), no: self.no, bytes };
            self.faults.push(flaw.into_fault(self.layout, standing));
            self.progress.taint();
            self.done = true;
            self.cut_short = true;
            return Ok(false);
        };
        let whole = (fixed + stated).next_multiple_of(payload.multiple).max(cut.len);
        // `cut` was consumed already: look from its start again.
        self.start = cut.start;
        self.at_byte = cut.at_byte;
        let available = self.available(whole)?;
        cut.start = self.start;
        cut.len = whole.min(available);
        self.consume(cut.len);
        if available < whole {
            let said = format!("The record has {available} bytes; with its payload it must have {whole}");
            self.fault_of_record("record-cut-short", cut, said);
            self.done = true;
            return Ok(false);
        }
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        let fill = bytes.get(fixed + stated..).unwrap_or_default();
        if let Some(at) = fill.iter().position(|b| *b != payload.fill) {
            let at = Some(fixed + stated + at);
            let expected =
                format!("must be followed by {:?} only, up to the record's end", char::from(payload.fill));
            let flaw = Flaw { name: "filler-differs", field: Some(payload.field), at, expected };
            self.flaws.push(flaw);
        }
        Ok(true)
    }

    fn place(&self) -> Place {
        Place::Record { file: self.file.clone(), record: self.no, first: 0, last: 0 }
    }

    fn tolerate(&mut self, used: Tolerances, first: Place) {
        for name in used.names() {
            match self.tolerated.iter_mut().find(|one| one.tolerance == name) {
                Some(known) => known.count += 1,
                None => {
                    self.tolerated.push(ToleratedUse { tolerance: name, count: 1, first: first.clone() });
                }
            }
        }
    }

    /// A record whose kind or length is wrong.
    fn fault_of_record(&mut self, name: &'static str, cut: &Cut, expected: String) {
        self.progress.taint();
        self.cut_short |= name == "record-cut-short";
        let bytes = self.buffer.get(cut.start..cut.start + cut.len).unwrap_or_default();
        let standing = Standing { file: &self.file, kind: None, no: self.no, bytes };
        self.faults.push(Flaw::of_record(name, expected).into_fault(self.layout, standing));
    }

    fn fault_of_file(&mut self, name: &'static str, expected: String) {
        self.faults.push(Fault::new(name, Place::file(&self.file), expected, remedy(name)));
    }
}
