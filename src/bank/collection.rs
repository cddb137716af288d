//! Debits and their results (EB21, EB22, EC21, EC22): lines of a message from records of a layout, and back.
//!
//! Lines borrow the record that they were read from, so that a result of a million lines costs no allocation per line.
//! Must not: know a bank's code value, or what follows from a result.

use std::borrow::Cow;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use super::bind::{BankField, Binder, Want, bank_of, serial_of, unreadable};
use super::reading::{FileReading, HeadFields, LineNote, Notes, read_head};
use super::{FileHead, Verdict};
use crate::domain::{BankCode, Won, masked};
use crate::fault::{Fault, Faults, Place, Trouble};
use crate::layout::{
    FieldIx, Layout, PartialAmount, Reader, RecordIx, RecordView, ResultsListed, Row, WriteError, Writer,
};

pub use crate::domain::Mode;

/// One line of a debit file.
#[derive(Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// From 1, without gaps.
    pub serial: u32,
    /// The bank of the account.
    pub bank: BankCode,
    /// The debited account, digits.
    pub account: Cow<'a, str>,
    /// 출금의뢰금액, in won.
    pub amount: Won,
    /// 생년월일 or 사업자등록번호, digits; empty where absent.
    pub id_no: Cow<'a, str>,
    /// 통장기재내용; empty where absent.
    pub passbook_text: Cow<'a, str>,
    /// The payer's number on the wire.
    pub bank_payer_no: Cow<'a, str>,
    /// 출금형태.
    pub mode: Mode,
    /// Phone or cash receipt number, digits; empty where absent.
    pub phone: Cow<'a, str>,
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, bank, account, amount, id_no, passbook_text, bank_payer_no, mode, phone } = self;
        let (account, id_no, phone) = (masked(account), masked(id_no), masked(phone));
        write!(
            f,
            "{serial} {bank} {account} {amount}원 {id_no} {passbook_text:?} {bank_payer_no} {mode} {phone}"
        )
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// The sum of their amounts as they stand, in won.
    pub won: Won,
}

/// One line of a result file.
#[derive(Clone, PartialEq, Eq)]
pub struct ResultLine<'a> {
    /// 1-based number of the record in the file, for faults.
    pub record_no: u64,
    /// The serial of the request's line.
    pub serial: u32,
    /// The bank.
    pub bank: BankCode,
    /// The account, digits as they stand.
    pub account: Cow<'a, str>,
    /// The payer's number as it stands; may be one that we never gave.
    pub bank_payer_no: Cow<'a, str>,
    /// The amount as it stands, in won. What it means is [`ResultFormat::partial_amount`].
    pub amount: Won,
    /// Failed, partial, or succeeded where the layout lists all.
    pub verdict: Verdict,
    /// 불능코드; empty where blank.
    pub code: Cow<'a, str>,
}

impl fmt::Debug for ResultLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_no, serial, bank, account, bank_payer_no, amount, verdict, code } = self;
        let account = masked(account);
        write!(
            f,
            "record {record_no}: {serial} {bank} {account} {bank_payer_no} {amount}원 {verdict} {code:?}"
        )
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
    payer: FieldIx,
    id_no: Option<FieldIx>,
    passbook_text: Option<FieldIx>,
    mode: Option<FieldIx>,
    phone: Option<FieldIx>,
}

impl Fields {
    fn bind(binder: &mut Binder<'_>, layout: &Layout) -> Option<Self> {
        let data = binder.record("data");
        let serial = binder.field(data, "serial_no", Want::Count);
        let bank = binder.bank(data);
        let account = binder.field(data, "account", Want::Text);
        let amount = binder.field(data, "amount_won", Want::Won);
        let payer = binder.field(data, "bank_payer_no", Want::Text);
        let id_no = binder.optional(data, "id_no", Want::Text);
        let passbook_text = binder.optional(data, "passbook_text", Want::Text);
        let mode = binder.optional(data, "mode", Want::Code(&["full-only"]));
        let phone = binder.optional(data, "phone", Want::Text);
        Some(Self {
            data: data?,
            trailer: layout.record("trailer"),
            serial: serial?,
            bank: bank?,
            account: account?,
            amount: amount?,
            payer: payer?,
            id_no,
            passbook_text,
            mode,
            phone,
        })
    }

    fn write<W: Write>(&self, row: &mut Row<'_, '_, W>, line: &Line<'_>, amount: Won) -> Result<(), Fault> {
        row.number(self.serial, i64::from(line.serial))?;
        self.bank.write(row, line.bank)?;
        row.text(self.account, &line.account)?;
        row.number(self.amount, amount.get())?;
        row.text(self.payer, &line.bank_payer_no)?;
        if let Some(field) = self.mode {
            row.code(field, line.mode.word())?;
        }
        for (field, text) in
            [(self.id_no, &line.id_no), (self.passbook_text, &line.passbook_text), (self.phone, &line.phone)]
        {
            if let Some(field) = field.filter(|_| !text.is_empty()) {
                row.text(field, text)?;
            }
        }
        Ok(())
    }
}

fn optional_text<'r>(view: &RecordView<'r>, field: Option<FieldIx>) -> Cow<'r, str> {
    field.and_then(|field| view.text(field)).unwrap_or_default()
}

/// A layout with `message = "collection-request"`, bound.
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
        let head = HeadFields::bind(&mut binder, "debit_date");
        let fields = Fields::bind(&mut binder, &layout);
        let bound = || Some((head?, fields?));
        let (head, fields) = binder.finish(bound())?;
        Ok(Self { layout, head, fields })
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
        Ok(RequestWriter { writer, format: self, written: Written { lines: 0, won: Won::ZERO } })
    }

    /// Reads a file. `file` is its name, for faults and for the rule of names.
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

    fn line<'r>(&self, file: &str, view: &RecordView<'r>) -> Result<Line<'r>, Fault> {
        let fields = &self.fields;
        let wrong =
            |name, field, expected: &str| unreadable(name, (&self.layout, file, view, field), expected);
        let text = |field| view.text(field).unwrap_or_default();
        let mode = match fields.mode {
            None => Mode::FullOnly,
            Some(field) => view.code(field).and_then(Mode::from_word).ok_or_else(|| {
                wrong("mode-unknown", field, "a mode that sunap knows, by the layout's codes")
            })?,
        };
        Ok(Line {
            serial: serial_of(&self.layout, file, view, fields.serial)?,
            bank: bank_of(&self.layout, file, view, fields.bank)?,
            account: text(fields.account),
            amount: view
                .number(fields.amount)
                .map(Won::new)
                .ok_or_else(|| wrong("amount-unreadable", fields.amount, "an amount in won"))?,
            id_no: optional_text(view, fields.id_no),
            passbook_text: optional_text(view, fields.passbook_text),
            bank_payer_no: text(fields.payer),
            mode,
            phone: optional_text(view, fields.phone),
        })
    }
}

/// Writes a debit file.
pub struct RequestWriter<'l, W: Write> {
    writer: Writer<'l, W>,
    format: &'l RequestFormat,
    written: Written,
}

impl<W: Write> RequestWriter<'_, W> {
    /// Writes a line.
    pub fn put(&mut self, line: &Line<'_>) -> Result<(), WriteError> {
        let fields = &self.format.fields;
        let mut row = self.writer.record(fields.data);
        fields.write(&mut row, line, line.amount)?;
        row.finish()?;
        add(&mut self.written, line.amount, self.format.layout.name())
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

fn add(written: &mut Written, amount: Won, kind: &str) -> Result<(), WriteError> {
    written.lines += 1;
    let too_large = "The sum of the amounts does not fit.";
    let fault = || Fault::new("sum-too-large", Place::file(kind), too_large, "make two files of it");
    written.won = written.won.checked_add(amount).ok_or_else(fault)?;
    Ok(())
}

/// Reads a debit file: the exchange, and we to see that what we wrote reads back.
pub struct RequestReader<'l, R: Read> {
    reader: Reader<'l, R>,
    notes: Notes<'l>,
    format: &'l RequestFormat,
}

impl<R: Read> RequestReader<'_, R> {
    /// Hands on every line that reads, with the head. A line that does not read is a fault of the reading, and reading
    /// goes on; a trouble that `on_line` returns ends it.
    pub fn each(
        mut self,
        mut on_line: impl FnMut(Option<&FileHead>, &Line<'_>) -> Result<(), Trouble>,
    ) -> Result<FileReading, Trouble> {
        let data = self.format.fields.data;
        while let Some(view) = self.reader.next_record()? {
            if view.record() != data {
                self.notes.other(&view);
                continue;
            }
            match self.format.line(self.notes.file(), &view) {
                Ok(line) => {
                    self.notes.line(note(line.serial, line.amount, false));
                    on_line(self.notes.head(), &line)?;
                }
                Err(fault) => self.notes.faults.push(fault),
            }
        }
        self.notes.finish(self.reader, data)
    }
}

fn note(serial: u32, won: Won, succeeded: bool) -> LineNote {
    LineNote { serial, won, register: false, cancel: false, succeeded }
}

/// A layout with `message = "collection-result"`, bound.
#[derive(Debug, Clone)]
pub struct ResultFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
    flag: FieldIx,
    code: FieldIx,
    partial_amount: PartialAmount,
}

impl ResultFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "debit_date");
        let fields = Fields::bind(&mut binder, &layout);
        let data = layout.record("data");
        let flag = binder.field(data, "result_flag", Want::Code(&["failed"]));
        let code = binder.field(data, "result_code", Want::Text);
        if layout.results() == ResultsListed::NotAResult {
            binder.rule("a result says which lines it lists", "write results = \"failures\" or \"all\"");
        }
        if !layout.match_by().iter().any(|name| name == "serial_no") {
            binder.rule("its lines are matched by the request's serial", "write match = [\"serial_no\"]");
        }
        let partial_amount = layout.partial_amount();
        if partial_amount.is_none() {
            binder.rule(
                "a result says what the amount of a partial line means",
                "write partial_amount = \"not-withdrawn\" or \"withdrawn\", as the bank's manual says",
            );
        }
        let bound = || Some((head?, fields?, flag?, code?, partial_amount?));
        let (head, fields, flag, code, partial_amount) = binder.finish(bound())?;
        Ok(Self { layout, head, fields, flag, code, partial_amount })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// What the amount of a partial line says.
    pub fn partial_amount(&self) -> PartialAmount {
        self.partial_amount
    }

    /// Whether a result lists every line that was sent, so that absence is no success.
    pub fn lists_all(&self) -> bool {
        self.layout.results() == ResultsListed::All
    }

    /// Reads a result. `file` is its name, for faults and for the rule of names.
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
        Ok(ResultWriter { writer, format: self, written: Written { lines: 0, won: Won::ZERO } })
    }

    fn line<'r>(&self, file: &str, view: &RecordView<'r>) -> Result<ResultLine<'r>, Fault> {
        let fields = &self.fields;
        let wrong =
            |name, field, expected: &str| unreadable(name, (&self.layout, file, view, field), expected);
        let text = |field| view.text(field).unwrap_or_default();
        Ok(ResultLine {
            record_no: view.no(),
            serial: serial_of(&self.layout, file, view, fields.serial)?,
            bank: bank_of(&self.layout, file, view, fields.bank)?,
            account: text(fields.account),
            bank_payer_no: text(fields.payer),
            amount: view
                .number(fields.amount)
                .map(Won::new)
                .ok_or_else(|| wrong("amount-unreadable", fields.amount, "an amount in won"))?,
            verdict: view.code(self.flag).and_then(Verdict::from_word).ok_or_else(|| {
                wrong("result-flag-unknown", self.flag, "failed, partial or succeeded, by the layout's codes")
            })?,
            code: text(self.code),
        })
    }
}

/// Reads a result of debits.
pub struct ResultReader<'l, R: Read> {
    reader: Reader<'l, R>,
    notes: Notes<'l>,
    format: &'l ResultFormat,
}

impl<R: Read> ResultReader<'_, R> {
    /// Hands on every line that reads, with the head. A line that does not read is a fault of the reading, and reading
    /// goes on; a trouble that `on_line` returns ends it.
    pub fn each(
        mut self,
        mut on_line: impl FnMut(Option<&FileHead>, &ResultLine<'_>) -> Result<(), Trouble>,
    ) -> Result<FileReading, Trouble> {
        let data = self.format.fields.data;
        while let Some(view) = self.reader.next_record()? {
            if view.record() != data {
                self.notes.other(&view);
                continue;
            }
            match self.format.line(self.notes.file(), &view) {
                Ok(line) => {
                    self.notes.line(note(line.serial, line.amount, line.verdict == Verdict::Succeeded));
                    on_line(self.notes.head(), &line)?;
                }
                Err(fault) => self.notes.faults.push(fault),
            }
        }
        self.notes.finish(self.reader, data)
    }
}

/// Writes a result of debits, as the exchange does.
pub struct ResultWriter<'l, W: Write> {
    writer: Writer<'l, W>,
    format: &'l ResultFormat,
    written: Written,
}

impl<W: Write> ResultWriter<'_, W> {
    /// Writes the answer to a line: the line itself with flag, code and `stated`, the amount by the layout's
    /// [`ResultFormat::partial_amount`].
    pub fn put(
        &mut self,
        line: &Line<'_>,
        verdict: Verdict,
        code: &str,
        stated: Won,
    ) -> Result<(), WriteError> {
        let fields = &self.format.fields;
        let mut row = self.writer.record(fields.data);
        fields.write(&mut row, line, stated)?;
        row.code(self.format.flag, verdict.word())?;
        if !code.is_empty() {
            row.text(self.format.code, code)?;
        }
        row.finish()?;
        add(&mut self.written, stated, self.format.layout.name())
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
