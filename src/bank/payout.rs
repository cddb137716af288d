//! Payments to make and their results (EB31, EB32): lines of a message from records of a layout, and back.
//!
//! Files of payments are short (a line per creditor and refund), so they are read and written line by line in the plain way.
//!
//! Must not: know a bank's code value, or what a failed payment means for anybody.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use super::bind::{BankField, Binder, Want, bank_of, serial_of, unreadable};
use super::reading::{FileReading, HeadFields, LineNote, Notes, read_head};
use super::{FileHead, Verdict};
use crate::domain::{BankCode, Won, masked};
use crate::fault::{Fault, Faults, Trouble};
use crate::layout::{FieldIx, Layout, Reader, RecordIx, RecordView, ResultsListed, Row, WriteError, Writer};

/// One payment to make (facts/kftc.md 3, EB31 R).
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, without gaps.
    pub serial: u32,
    /// The bank of the account that gets the money.
    pub bank: BankCode,
    /// That account, digits.
    pub account: String,
    /// 입금의뢰금액, in won.
    pub amount: Won,
    /// 통장기재내용, at most 16 bytes.
    pub passbook_text: String,
    /// 이용기관 사용영역: our own number of the payment, echoed by the result.
    pub reference: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, bank, account, amount, reference, .. } = self;
        write!(f, "{serial} {bank} {} {amount}원 {reference}", masked(account))
    }
}

/// One line of a result.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultLine {
    /// 1-based number of the record in the file, for faults.
    pub record_no: u64,
    /// What it says of which payment, as it stands there.
    pub line: Line,
    /// Failed, or succeeded where the layout lists all.
    pub verdict: Verdict,
    /// 불능코드; empty where blank.
    pub code: String,
}

impl fmt::Debug for ResultLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {:?} {} {:?}", self.record_no, self.line, self.verdict, self.code)
    }
}

/// The fields that requests and results share.
#[derive(Debug, Clone)]
struct Fields {
    data: RecordIx,
    trailer: Option<RecordIx>,
    serial: FieldIx,
    bank: BankField,
    account: FieldIx,
    amount: FieldIx,
    passbook_text: Option<FieldIx>,
    reference: Option<FieldIx>,
    /// 실명 Check 여부: we send no identity number, so none is asked for.
    id_check: Option<FieldIx>,
}

impl Fields {
    fn bind(binder: &mut Binder<'_>, layout: &Layout) -> Option<Self> {
        let data = binder.record("data");
        let serial = binder.field(data, "serial_no", Want::Count);
        let bank = binder.bank(data);
        let account = binder.field(data, "account", Want::Text);
        let amount = binder.field(data, "amount_won", Want::Won);
        let passbook_text = binder.optional(data, "passbook_text", Want::Text);
        let reference = binder.optional(data, "institution_use", Want::Text);
        let id_check = binder.optional(data, "id_check", Want::Code(&["no-check"]));
        Some(Self {
            data: data?,
            trailer: layout.record("trailer"),
            serial: serial?,
            bank: bank?,
            account: account?,
            amount: amount?,
            passbook_text,
            reference,
            id_check,
        })
    }

    fn write<W: Write>(&self, row: &mut Row<'_, '_, W>, line: &Line) -> Result<(), Fault> {
        row.number(self.serial, i64::from(line.serial))?;
        self.bank.write(row, line.bank)?;
        row.text(self.account, &line.account)?;
        row.number(self.amount, line.amount.get())?;
        for (field, text) in [(self.passbook_text, &line.passbook_text), (self.reference, &line.reference)] {
            if let Some(field) = field
                && !text.is_empty()
            {
                row.text(field, text)?;
            }
        }
        if let Some(field) = self.id_check {
            row.code(field, "no-check")?;
        }
        Ok(())
    }

    fn read(&self, layout: &Layout, file: &str, view: &RecordView<'_>) -> Result<Line, Fault> {
        let text = |field| view.text(field).unwrap_or_default().into_owned();
        let amount = view.number(self.amount).map(Won::new).filter(|won| won.is_positive());
        Ok(Line {
            serial: serial_of(layout, file, view, self.serial)?,
            bank: bank_of(layout, file, view, self.bank)?,
            account: text(self.account),
            amount: amount.ok_or_else(|| {
                unreadable("payout-amount-unreadable", (layout, file, view, self.amount), "above 0")
            })?,
            passbook_text: self.passbook_text.map(text).unwrap_or_default(),
            reference: self.reference.map(text).unwrap_or_default(),
        })
    }
}

fn note(line: &Line, succeeded: bool) -> LineNote {
    LineNote { serial: line.serial, won: line.amount, register: false, cancel: false, succeeded }
}

fn begun<'l, W: Write>(
    layout: &'l Layout,
    fields: &HeadFields,
    out: W,
    head: &FileHead,
) -> Result<Writer<'l, W>, WriteError> {
    let mut writer = layout.writer(out).named(&head.name);
    let mut row = writer.record(fields.record());
    fields.write(&mut row, head)?;
    row.finish()?;
    Ok(writer)
}

/// A layout with `message = "payout-request"`, bound.
#[derive(Debug, Clone)]
pub struct RequestFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
}

impl RequestFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "deposit_date");
        let fields = Fields::bind(&mut binder, &layout);
        let bound = || Some((head?, fields?));
        let (head, fields) = binder.finish(bound())?;
        Ok(Self { layout, head, fields })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Writes a whole file.
    pub fn write<'a>(
        &self,
        out: impl Write,
        head: &FileHead,
        lines: impl Iterator<Item = &'a Line>,
    ) -> Result<(), WriteError> {
        let mut writer = begun(&self.layout, &self.head, out, head)?;
        for line in lines {
            let mut row = writer.record(self.fields.data);
            self.fields.write(&mut row, line)?;
            row.finish()?;
        }
        if let Some(trailer) = self.fields.trailer {
            writer.record(trailer).finish()?;
        }
        writer.finish().map(drop)
    }

    /// The head alone, from the first record.
    pub fn read_head<R: Read>(&self, file: &str, input: R) -> Result<Option<FileHead>, Trouble> {
        read_head(&self.layout, &self.head, file, input)
    }

    /// Reads a file and hands on every line that reads; one that does not is a fault of the reading.
    pub fn read<R: Read>(
        &self,
        file: &str,
        input: R,
        mut each: impl FnMut(Line),
    ) -> Result<FileReading, Trouble> {
        let mut reader: Reader<'_, R> = self.layout.reader(file, input);
        let mut notes = Notes::new(&self.layout, &self.head, file);
        while let Some(view) = reader.next_record()? {
            if view.record() != self.fields.data {
                notes.other(&view);
                continue;
            }
            match self.fields.read(&self.layout, file, &view) {
                Ok(line) => {
                    notes.line(note(&line, false));
                    each(line);
                }
                Err(fault) => notes.faults.push(fault),
            }
        }
        notes.finish(reader, self.fields.data)
    }
}

/// A layout with `message = "payout-result"`, bound.
#[derive(Debug, Clone)]
pub struct ResultFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
    flag: FieldIx,
    code: FieldIx,
    /// Count and sum of the trailer that no check of the layout computes: whether they are of what was asked for or of
    /// what failed is not known (formats/eb32.toml). Written as of what is listed; never read.
    stated: Option<(FieldIx, FieldIx)>,
}

impl ResultFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "deposit_date");
        let fields = Fields::bind(&mut binder, &layout);
        let data = layout.record("data");
        let flag = binder.field(data, "result_flag", Want::Code(&["failed"]));
        let code = binder.field(data, "result_code", Want::Text);
        if layout.results() == ResultsListed::NotAResult {
            binder.rule("a result says which lines it lists", "write results = \"failures\" or \"all\"");
        }
        let trailer = layout.record("trailer");
        let count = binder.optional(trailer, "count_request", Want::Count);
        let stated = count.zip(binder.optional(trailer, "amount_won", Want::Won));
        let bound = || Some((head?, fields?, flag?, code?));
        let (head, fields, flag, code) = binder.finish(bound())?;
        Ok(Self { layout, head, fields, flag, code, stated })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The head alone, from the first record.
    pub fn read_head<R: Read>(&self, file: &str, input: R) -> Result<Option<FileHead>, Trouble> {
        read_head(&self.layout, &self.head, file, input)
    }

    /// Reads a result and hands on every line that reads; one that does not is a fault of the reading.
    pub fn read<R: Read>(
        &self,
        file: &str,
        input: R,
        mut each: impl FnMut(ResultLine),
    ) -> Result<FileReading, Trouble> {
        let mut reader: Reader<'_, R> = self.layout.reader(file, input);
        let mut notes = Notes::new(&self.layout, &self.head, file);
        while let Some(view) = reader.next_record()? {
            if view.record() != self.fields.data {
                notes.other(&view);
                continue;
            }
            match self.line(file, &view) {
                Ok(line) => {
                    notes.line(note(&line.line, line.verdict == Verdict::Succeeded));
                    each(line);
                }
                Err(fault) => notes.faults.push(fault),
            }
        }
        notes.finish(reader, self.fields.data)
    }

    fn line(&self, file: &str, view: &RecordView<'_>) -> Result<ResultLine, Fault> {
        let verdict = view.code(self.flag).and_then(Verdict::from_word);
        let verdict = verdict.filter(|verdict| *verdict != Verdict::Partial).ok_or_else(|| {
            let at = (&*self.layout, file, view, self.flag);
            unreadable("result-flag-unknown", at, "failed or succeeded, by the layout's codes")
        })?;
        Ok(ResultLine {
            record_no: view.no(),
            line: self.fields.read(&self.layout, file, view)?,
            verdict,
            code: view.text(self.code).unwrap_or_default().into_owned(),
        })
    }

    /// Writes a whole result, as the exchange does: the lines themselves with flag and code.
    pub fn write<'a>(
        &self,
        out: impl Write,
        head: &FileHead,
        lines: impl Iterator<Item = (&'a Line, Verdict, &'a str)>,
    ) -> Result<(), WriteError> {
        let mut writer = begun(&self.layout, &self.head, out, head)?;
        let (mut count, mut won) = (0, Won::ZERO);
        for (line, verdict, code) in lines {
            let mut row = writer.record(self.fields.data);
            self.fields.write(&mut row, line)?;
            row.code(self.flag, verdict.word())?;
            if !code.is_empty() {
                row.text(self.code, code)?;
            }
            row.finish()?;
            count += 1;
            won = won.checked_add(line.amount).unwrap_or(won);
        }
        if let Some(trailer) = self.fields.trailer {
            let mut row = writer.record(trailer);
            if let Some((count_request, amount_won)) = self.stated {
                row.number(count_request, count)?;
                row.number(amount_won, won.get())?;
            }
            row.finish()?;
        }
        writer.finish().map(drop)
    }
}
