//! Applications for registration and their results (EB13, EB14): lines of a message from records of a layout, and back.
//!
//! Must not: know a bank's code value, or what an answer does to a mandate.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use super::bind::{BankField, Binder, Want, bank_of, serial_of, unreadable};
use super::reading::{FileReading, HeadFields, LineNote, Notes, read_head};
use super::{FileHead, Verdict};
use crate::domain::{AccountNo, ApplicationKind, BankCode, BankPayerNo, Date, Won, masked};
use crate::fault::{Fault, Faults, Trouble};
use crate::layout::{FieldIx, Layout, Reader, RecordIx, RecordView, ResultsListed, Row, WriteError, Writer};

/// One line of an application file: register a mandate, or cancel it.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, without gaps.
    pub serial: u32,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// 신청일자; not after the file's date (A011).
    pub application_date: Date,
    /// The payer's number on the wire.
    pub bank_payer_no: BankPayerNo,
    /// The bank of the account.
    pub bank: BankCode,
    /// The account.
    pub account: AccountNo,
    /// 생년월일 or 사업자등록번호 as it stands in the file, digits; may be absent in a cancellation.
    pub id_no: Option<String>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, kind, application_date, bank_payer_no, bank, account, id_no } = self;
        let id_no = id_no.as_deref().map(masked).unwrap_or_default();
        write!(f, "{serial} {} {application_date} {bank_payer_no} {bank} {account:?} {id_no}", kind.word())
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Lines that register.
    pub register: u64,
    /// Lines that cancel.
    pub cancel: u64,
}

/// One line of a result file.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultLine {
    /// 1-based number of the record in the file, for faults.
    pub record_no: u64,
    /// The line's serial: the request's or the result's own (facts/kftc.md 10).
    pub serial: u32,
    /// Register or cancel.
    pub kind: ApplicationKind,
    /// The payer's number as it stands; may be one that we never gave.
    pub bank_payer_no: String,
    /// The bank.
    pub bank: BankCode,
    /// The account, digits as they stand.
    pub account: String,
    /// Failed, or succeeded where the layout lists all.
    pub verdict: Verdict,
    /// 불능코드; empty where blank.
    pub code: String,
}

impl fmt::Debug for ResultLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_no, serial, kind, bank_payer_no, bank, account, verdict, code } = self;
        let (kind, account) = (kind.word(), masked(account));
        write!(f, "record {record_no}: {serial} {kind} {bank_payer_no} {bank} {account} {verdict} {code:?}")
    }
}

/// The fields that requests and results share.
#[derive(Debug, Clone)]
struct Fields {
    data: RecordIx,
    trailer: Option<RecordIx>,
    serial: FieldIx,
    kind: FieldIx,
    payer: FieldIx,
    bank: BankField,
    account: FieldIx,
    application_date: Option<FieldIx>,
    id_no: Option<FieldIx>,
}

impl Fields {
    fn bind(binder: &mut Binder<'_>, layout: &Layout) -> Option<Self> {
        let data = binder.record("data");
        let serial = binder.field(data, "serial_no", Want::Count);
        let kind = binder.field(data, "kind", Want::Code(&["register", "cancel"]));
        let payer = binder.field(data, "bank_payer_no", Want::Text);
        let bank = binder.bank(data);
        let account = binder.field(data, "account", Want::Text);
        let application_date = binder.optional(data, "application_date", Want::Date);
        let id_no = binder.optional(data, "id_no", Want::Text);
        Some(Self {
            data: data?,
            trailer: layout.record("trailer"),
            serial: serial?,
            kind: kind?,
            payer: payer?,
            bank: bank?,
            account: account?,
            application_date,
            id_no,
        })
    }

    fn write<W: Write>(&self, row: &mut Row<'_, '_, W>, line: &Line) -> Result<(), Fault> {
        row.number(self.serial, i64::from(line.serial))?;
        row.code(self.kind, line.kind.word())?;
        row.text(self.payer, line.bank_payer_no.as_str())?;
        self.bank.write(row, line.bank)?;
        row.text(self.account, line.account.reveal())?;
        if let Some(field) = self.application_date {
            row.date(field, line.application_date)?;
        }
        if let (Some(field), Some(id_no)) = (self.id_no, &line.id_no) {
            row.text(field, id_no)?;
        }
        Ok(())
    }
}

/// A layout with `message = "registration-request"`, bound.
#[derive(Debug, Clone)]
pub struct RequestFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
    application_date: FieldIx,
}

impl RequestFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "application_date");
        let data = layout.record("data");
        let application_date = binder.field(data, "application_date", Want::Date);
        let _ = binder.field(data, "id_no", Want::Text);
        let fields = Fields::bind(&mut binder, &layout);
        let bound = || Some((head?, fields?, application_date?));
        let (head, fields, application_date) = binder.finish(bound())?;
        Ok(Self { layout, head, fields, application_date })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Begins a file: the header is written at once.
    pub fn writer<W: Write>(&self, out: W, head: &FileHead) -> Result<RequestWriter<'_, W>, WriteError> {
        let mut writer = self.layout.writer(out).named(&head.name);
        let mut row = writer.record(self.head.record());
        self.head.write(&mut row, head)?;
        row.finish()?;
        let written = Written { lines: 0, register: 0, cancel: 0 };
        Ok(RequestWriter { writer, format: self, written })
    }

    /// Reads a file, line by line. `file` is its name, for faults and for the rule of names.
    pub fn reader<R: Read>(&self, file: &str, input: R) -> RequestReader<'_, R> {
        RequestReader {
            reader: self.layout.reader(file, input),
            notes: Notes::new(&self.layout, &self.head, file),
            format: self,
        }
    }

    /// The head alone, from the first record.
    pub fn read_head<R: Read>(&self, file: &str, input: R) -> Result<Option<FileHead>, Trouble> {
        read_head(&self.layout, &self.head, file, input)
    }

    fn line(&self, file: &str, view: &RecordView<'_>) -> Result<Line, Fault> {
        let fields = &self.fields;
        let wrong =
            |name, field, expected: &str| unreadable(name, (&self.layout, file, view, field), expected);
        let text = |field| view.text(field).unwrap_or_default();
        let serial = serial_of(&self.layout, file, view, fields.serial)?;
        let kind = view.code(fields.kind).and_then(ApplicationKind::from_word).ok_or_else(|| {
            wrong("kind-not-ours", fields.kind, "register or cancel; other kinds come from banks only")
        })?;
        let bank_payer_no = text(fields.payer)
            .parse()
            .map_err(|_| wrong("payer-no-unreadable", fields.payer, "1 to 20 letters, digits or -"))?;
        let bank = bank_of(&self.layout, file, view, fields.bank)?;
        let account = text(fields.account)
            .parse()
            .map_err(|_: String| wrong("account-unreadable", fields.account, "7 to 16 digits"))?;
        let application_date = view
            .date(self.application_date)
            .ok_or_else(|| wrong("application-date-missing", self.application_date, "a day"))?;
        let id_no = fields.id_no.and_then(|field| view.text(field)).filter(|t| !t.is_empty());
        let id_no = id_no.map(std::borrow::Cow::into_owned);
        Ok(Line { serial, kind, application_date, bank_payer_no, bank, account, id_no })
    }
}

/// Writes an application file.
pub struct RequestWriter<'l, W: Write> {
    writer: Writer<'l, W>,
    format: &'l RequestFormat,
    written: Written,
}

impl<W: Write> RequestWriter<'_, W> {
    /// Writes a line.
    pub fn put(&mut self, line: &Line) -> Result<(), WriteError> {
        let mut row = self.writer.record(self.format.fields.data);
        self.format.fields.write(&mut row, line)?;
        row.finish()?;
        count(&mut self.written, line.kind);
        Ok(())
    }

    /// Writes the trailer and gives the output back.
    pub fn finish(mut self) -> Result<(Written, W), WriteError> {
        if let Some(trailer) = self.format.fields.trailer {
            self.writer.record(trailer).finish()?;
        }
        let (_, out) = self.writer.finish()?;
        Ok((self.written, out))
    }
}

fn count(written: &mut Written, kind: ApplicationKind) {
    written.lines += 1;
    match kind {
        ApplicationKind::Register => written.register += 1,
        ApplicationKind::Cancel => written.cancel += 1,
    }
}

/// Reads an application file: the exchange, and we to see that what we wrote reads back.
pub struct RequestReader<'l, R: Read> {
    reader: Reader<'l, R>,
    notes: Notes<'l>,
    format: &'l RequestFormat,
}

impl<R: Read> RequestReader<'_, R> {
    /// The head, once the first record is read.
    pub fn head(&self) -> Option<&FileHead> {
        self.notes.head()
    }

    /// The next line that reads; a line that does not is a fault in [`RequestReader::finish`], and reading goes on.
    pub fn next_line(&mut self) -> Result<Option<Line>, Trouble> {
        while let Some(view) = self.reader.next_record()? {
            if view.record() != self.format.fields.data {
                self.notes.other(&view);
                continue;
            }
            match self.format.line(self.notes.file(), &view) {
                Ok(line) => {
                    self.notes.line(note(line.serial, line.kind, false));
                    return Ok(Some(line));
                }
                Err(fault) => self.notes.faults.push(fault),
            }
        }
        Ok(None)
    }

    /// Reads the rest and says what was found.
    pub fn finish(self) -> Result<FileReading, Trouble> {
        self.notes.finish(self.reader, self.format.fields.data)
    }
}

fn note(serial: u32, kind: ApplicationKind, succeeded: bool) -> LineNote {
    let register = kind == ApplicationKind::Register;
    LineNote { serial, won: Won::ZERO, register, cancel: !register, succeeded }
}

/// A layout with `message = "registration-result"`, bound.
#[derive(Debug, Clone)]
pub struct ResultFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
    flag: FieldIx,
    code: FieldIx,
}

impl ResultFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "application_date");
        let fields = Fields::bind(&mut binder, &layout);
        let data = layout.record("data");
        let flag = binder.field(data, "result_flag", Want::Code(&["failed"]));
        let code = binder.field(data, "result_code", Want::Text);
        if layout.results() == ResultsListed::NotAResult {
            binder.rule("a result says which lines it lists", "write results = \"failures\" or \"all\"");
        }
        if !["bank_payer_no", "kind", "account"]
            .iter()
            .all(|name| layout.match_by().iter().any(|m| m == name))
        {
            binder.rule(
                "its lines are matched by payer number, kind and account",
                "write match = [\"bank_payer_no\", \"kind\", \"account\"]",
            );
        }
        let bound = || Some((head?, fields?, flag?, code?));
        let (head, fields, flag, code) = binder.finish(bound())?;
        Ok(Self { layout, head, fields, flag, code })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Reads a result, line by line. `file` is its name, for faults and for the rule of names.
    pub fn reader<R: Read>(&self, file: &str, input: R) -> ResultReader<'_, R> {
        ResultReader {
            reader: self.layout.reader(file, input),
            notes: Notes::new(&self.layout, &self.head, file),
            format: self,
        }
    }

    /// The head alone, from the first record.
    pub fn read_head<R: Read>(&self, file: &str, input: R) -> Result<Option<FileHead>, Trouble> {
        read_head(&self.layout, &self.head, file, input)
    }

    /// Begins a result, as the exchange does: the header is written at once.
    pub fn writer<W: Write>(&self, out: W, head: &FileHead) -> Result<ResultWriter<'_, W>, WriteError> {
        let mut writer = self.layout.writer(out).named(&head.name);
        let mut row = writer.record(self.head.record());
        self.head.write(&mut row, head)?;
        row.finish()?;
        let written = Written { lines: 0, register: 0, cancel: 0 };
        Ok(ResultWriter { writer, format: self, written })
    }

    fn line(&self, file: &str, view: &RecordView<'_>) -> Result<ResultLine, Fault> {
        let fields = &self.fields;
        let wrong =
            |name, field, expected: &str| unreadable(name, (&self.layout, file, view, field), expected);
        let text = |field| view.text(field).unwrap_or_default().into_owned();
        Ok(ResultLine {
            record_no: view.no(),
            serial: serial_of(&self.layout, file, view, fields.serial)?,
            kind: view.code(fields.kind).and_then(ApplicationKind::from_word).ok_or_else(|| {
                wrong("kind-not-ours", fields.kind, "register or cancel; other kinds come from banks only")
            })?,
            bank_payer_no: text(fields.payer),
            bank: bank_of(&self.layout, file, view, fields.bank)?,
            account: text(fields.account),
            verdict: view
                .code(self.flag)
                .and_then(Verdict::from_word)
                .filter(|verdict| *verdict != Verdict::Partial)
                .ok_or_else(|| {
                    wrong("result-flag-unknown", self.flag, "failed or succeeded, by the layout's codes")
                })?,
            code: text(self.code),
        })
    }
}

/// Reads a result of applications.
pub struct ResultReader<'l, R: Read> {
    reader: Reader<'l, R>,
    notes: Notes<'l>,
    format: &'l ResultFormat,
}

impl<R: Read> ResultReader<'_, R> {
    /// The head, once the first record is read.
    pub fn head(&self) -> Option<&FileHead> {
        self.notes.head()
    }

    /// The next line that reads; a line that does not is a fault in [`ResultReader::finish`], and reading goes on.
    pub fn next_line(&mut self) -> Result<Option<ResultLine>, Trouble> {
        while let Some(view) = self.reader.next_record()? {
            if view.record() != self.format.fields.data {
                self.notes.other(&view);
                continue;
            }
            match self.format.line(self.notes.file(), &view) {
                Ok(line) => {
                    self.notes.line(note(line.serial, line.kind, line.verdict == Verdict::Succeeded));
                    return Ok(Some(line));
                }
                Err(fault) => self.notes.faults.push(fault),
            }
        }
        Ok(None)
    }

    /// Reads the rest and says what was found.
    pub fn finish(self) -> Result<FileReading, Trouble> {
        self.notes.finish(self.reader, self.format.fields.data)
    }
}

/// Writes a result of applications, as the exchange does.
pub struct ResultWriter<'l, W: Write> {
    writer: Writer<'l, W>,
    format: &'l ResultFormat,
    written: Written,
}

impl<W: Write> ResultWriter<'_, W> {
    /// Writes the answer to a line: the line itself with flag and code. Its serial is the one that it carries.
    pub fn put(&mut self, line: &Line, verdict: Verdict, code: &str) -> Result<(), WriteError> {
        let mut row = self.writer.record(self.format.fields.data);
        self.format.fields.write(&mut row, line)?;
        row.code(self.format.flag, verdict.word())?;
        if !code.is_empty() {
            row.text(self.format.code, code)?;
        }
        row.finish()?;
        count(&mut self.written, line.kind);
        Ok(())
    }

    /// Writes the trailer and gives the output back.
    pub fn finish(mut self) -> Result<(Written, W), WriteError> {
        if let Some(trailer) = self.format.fields.trailer {
            self.writer.record(trailer).finish()?;
        }
        let (_, out) = self.writer.finish()?;
        Ok((self.written, out))
    }
}
