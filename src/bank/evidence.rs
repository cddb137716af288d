//! Evidence of consent (출금동의 증빙자료, EI13): records with a payload, written one by one, and read back.
//!
//! Never more than one evidence is in memory, whatever the file's size.
//!
//! Must not: look into the evidence; its type was told by who took it in.

use super::FileHead;
use super::bind::{BankField, Binder, Want, bank_of, serial_of};
use super::reading::{FileReading, HeadFields, LineNote, Notes};
use crate::domain::{BankCode, Date, Won, masked};
use crate::fault::{Fault, Faults, Trouble};
use crate::layout::{FieldIx, Layout, RecordIx, RecordView, WriteError, Writer};
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

/// One evidence on the wire (facts/kftc.md 3, EI13 22).
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, without gaps.
    pub serial: u32,
    /// The payer's number on the wire.
    pub bank_payer_no: String,
    /// The bank of the account that is to be registered.
    pub bank: BankCode,
    /// That account, digits.
    pub account: String,
    /// 신청일자: that of the registration.
    pub applied: Date,
    /// 동의자료 구분, by the layout's word: `paper`, `recording`.
    pub kind: String,
    /// The extension: `jpg`.
    pub extension: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, bank_payer_no, bank, account, applied, kind, extension } = self;
        write!(f, "{serial} {bank_payer_no} {bank} {} {applied} {kind} {extension}", masked(account))
    }
}

/// The data record's fields.
#[derive(Debug, Clone)]
struct Fields {
    data: RecordIx,
    trailer: Option<RecordIx>,
    /// 총 동의자료 수 in the header: it is known before the first record.
    total: Option<FieldIx>,
    serial: FieldIx,
    payer: FieldIx,
    bank: BankField,
    account: FieldIx,
    applied: FieldIx,
    kind: FieldIx,
    extension: FieldIx,
}

/// A layout with `message = "evidence"`, bound.
#[derive(Debug, Clone)]
pub struct EvidenceFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
}

/// Every kind of consent that a layout must know.
const KINDS: [&str; 6] = ["paper", "certified-signature", "signature", "recording", "ars", "other"];

impl EvidenceFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "application_date");
        let total = binder.optional(layout.record("header"), "count_total", Want::Count);
        let data = binder.record("data");
        let serial = binder.field(data, "serial_no", Want::Count);
        let payer = binder.field(data, "bank_payer_no", Want::Text);
        let bank = binder.bank(data);
        let account = binder.field(data, "account", Want::Text);
        let applied = binder.field(data, "application_date", Want::Date);
        let kind = binder.field(data, "evidence_kind", Want::Code(&KINDS));
        let extension = binder.field(data, "evidence_extension", Want::Text);
        let bound = || {
            let fields = Fields {
                data: data?,
                trailer: layout.record("trailer"),
                total,
                serial: serial?,
                payer: payer?,
                bank: bank?,
                account: account?,
                applied: applied?,
                kind: kind?,
                extension: extension?,
            };
            Some((head?, fields))
        };
        let (head, fields) = binder.finish(bound())?;
        Ok(Self { layout, head, fields })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Begins a file of so many lines.
    pub fn writer<W: Write>(
        &self,
        out: W,
        head: &FileHead,
        lines: i64,
    ) -> Result<EvidenceWriter<'_, W>, WriteError> {
        let mut writer = self.layout.writer(out).named(&head.name);
        let mut row = writer.record(self.head.record());
        self.head.write(&mut row, head)?;
        if let Some(total) = self.fields.total {
            row.number(total, lines)?;
        }
        row.finish()?;
        Ok(EvidenceWriter { writer, fields: &self.fields })
    }

    /// Reads a file and hands on every line that reads, with its evidence; one that does not is a fault of the reading.
    pub fn read<R: Read>(
        &self,
        file: &str,
        input: R,
        mut each: impl FnMut(Line, &[u8]) -> Result<(), Trouble>,
    ) -> Result<FileReading, Trouble> {
        let mut reader = self.layout.reader(file, input);
        let mut notes = Notes::new(&self.layout, &self.head, file);
        while let Some(view) = reader.next_record()? {
            if view.record() != self.fields.data {
                notes.other(&view);
                continue;
            }
            match self.line(file, &view) {
                Ok(line) => {
                    let serial = line.serial;
                    notes.line(LineNote {
                        serial,
                        won: Won::ZERO,
                        register: false,
                        cancel: false,
                        succeeded: false,
                    });
                    each(line, view.payload().unwrap_or_default())?;
                }
                Err(fault) => notes.faults.push(fault),
            }
        }
        notes.finish(reader, self.fields.data)
    }

    fn line(&self, file: &str, view: &RecordView<'_>) -> Result<Line, Fault> {
        let text = |field| view.text(field).unwrap_or_default().into_owned();
        let fields = &self.fields;
        Ok(Line {
            serial: serial_of(&self.layout, file, view, fields.serial)?,
            bank_payer_no: text(fields.payer),
            bank: bank_of(&self.layout, file, view, fields.bank)?,
            account: text(fields.account),
            // Checked by the layout: a record without a day never gets here.
            applied: view.date(fields.applied).unwrap_or(Date::from_epoch_days(0)),
            kind: view.code(fields.kind).unwrap_or_default().to_string(),
            extension: text(fields.extension),
        })
    }
}

/// Writes a file of evidence, record by record.
pub struct EvidenceWriter<'l, W: Write> {
    writer: Writer<'l, W>,
    fields: &'l Fields,
}

impl<W: Write> EvidenceWriter<'_, W> {
    /// Writes one evidence.
    pub fn put(&mut self, line: &Line, evidence: &[u8]) -> Result<(), WriteError> {
        let mut row = self.writer.record(self.fields.data);
        row.number(self.fields.serial, i64::from(line.serial))?;
        row.text(self.fields.payer, &line.bank_payer_no)?;
        self.fields.bank.write(&mut row, line.bank)?;
        row.text(self.fields.account, &line.account)?;
        row.date(self.fields.applied, line.applied)?;
        row.code(self.fields.kind, &line.kind)?;
        row.text(self.fields.extension, &line.extension)?;
        row.payload(evidence)?;
        row.finish()
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<(), WriteError> {
        if let Some(trailer) = self.fields.trailer {
            self.writer.record(trailer).finish()?;
        }
        self.writer.finish().map(drop)
    }
}
