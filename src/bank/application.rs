//! Applications that came in at banks and our answer to them (EB11, EB12): what a line asks for, and the refused lines
//! echoed with flag and code.
//!
//! Such files are short (what payers did at their banks on one day), so a file is read whole. The answer echoes the line
//! as it came, field by field, so nothing of it has to be kept elsewhere.
//!
//! Must not: know a bank's code value, or what an application does to a mandate.

use std::fmt;
use std::io::{BufReader, Read, Write};
use std::sync::Arc;

use super::FileHead;
use super::bind::{BankField, Binder, Want, bank_of, serial_of, unreadable};
use super::reading::{FileReading, HeadFields, LineNote, Notes};
use crate::domain::{BankCode, Date, Won, masked};
use crate::fault::{Fault, Faults, Trouble};
use crate::layout::{FieldIx, Layout, RecordIx, RecordView, ResultsListed, WriteError, to_json, write_json};
use crate::machine::application::Asked;
use serde_json::{Map, Value, json};

/// One application (facts/kftc.md 3, EB11 R).
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// 1-based number of the record in the file, for faults.
    pub record_no: u64,
    /// 일련번호 in the file.
    pub serial: u32,
    /// 신청구분.
    pub asked: Asked,
    /// 납부자번호 as it stands; may be one that we never gave.
    pub bank_payer_no: String,
    /// The bank of the account.
    pub bank: BankCode,
    /// 지정출금계좌번호, digits.
    pub account: String,
    /// 생년월일 or 사업자등록번호; empty where blank.
    pub id_no: String,
    /// All fields of the record by name, for the echo.
    fields: Map<String, Value>,
}

/// An application as the exchange writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Applied {
    /// 신청구분.
    pub asked: Asked,
    /// 납부자번호.
    pub bank_payer_no: String,
    /// The bank of the account.
    pub bank: BankCode,
    /// 지정출금계좌번호, digits.
    pub account: String,
    /// 생년월일 or 사업자등록번호.
    pub id_no: String,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, bank_payer_no, bank, account, .. } = self;
        write!(f, "{asked} {bank_payer_no} {bank} {}", masked(account))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_no, serial, asked, bank_payer_no, bank, account, .. } = self;
        write!(f, "record {record_no}: {serial} {asked} {bank_payer_no} {bank} {}", masked(account))
    }
}

/// The fields that both files share.
#[derive(Debug, Clone)]
struct Fields {
    data: RecordIx,
    serial: FieldIx,
    kind: FieldIx,
    payer: FieldIx,
    bank: BankField,
    account: FieldIx,
    id_no: Option<FieldIx>,
}

impl Fields {
    fn bind(binder: &mut Binder<'_>) -> Option<Self> {
        let data = binder.record("data");
        let serial = binder.field(data, "serial_no", Want::Count);
        let kind = binder.field(data, "kind", Want::Code(&["register", "cancel", "forced-cancel"]));
        let payer = binder.field(data, "bank_payer_no", Want::Text);
        let bank = binder.bank(data);
        let account = binder.field(data, "account", Want::Text);
        let id_no = binder.optional(data, "id_no", Want::Text);
        Some(Self {
            data: data?,
            serial: serial?,
            kind: kind?,
            payer: payer?,
            bank: bank?,
            account: account?,
            id_no,
        })
    }

    fn line(&self, layout: &Layout, file: &str, view: &RecordView<'_>) -> Result<Line, Fault> {
        let text = |field| view.text(field).unwrap_or_default().into_owned();
        let record = to_json(view);
        Ok(Line {
            record_no: view.no(),
            serial: serial_of(layout, file, view, self.serial)?,
            asked: view.code(self.kind).and_then(Asked::from_word).ok_or_else(|| {
                let at = (layout, file, view, self.kind);
                unreadable("kind-not-ours", at, "register, cancel or forced-cancel")
            })?,
            bank_payer_no: text(self.payer),
            bank: bank_of(layout, file, view, self.bank)?,
            account: text(self.account),
            id_no: self.id_no.map(text).unwrap_or_default(),
            fields: record.get("fields").and_then(Value::as_object).cloned().unwrap_or_default(),
        })
    }
}

/// What one pass over a file found.
#[derive(Debug, Clone)]
pub struct Received {
    /// The lines that read, in order.
    pub lines: Vec<Line>,
    /// Head, counts, serials and faults. Any fault rejects the file.
    pub reading: FileReading,
}

/// Reads a file of lines; `extra` sees each record that is a line.
fn read_all<R: Read>(
    layout: &Layout,
    head: &HeadFields,
    fields: &Fields,
    file: &str,
    input: R,
    mut extra: impl FnMut(&RecordView<'_>),
) -> Result<Received, Trouble> {
    let mut reader = layout.reader(file, input);
    let mut notes = Notes::new(layout, head, file);
    let mut lines = Vec::new();
    while let Some(view) = reader.next_record()? {
        if view.record() != fields.data {
            notes.other(&view);
            continue;
        }
        match fields.line(layout, file, &view) {
            Ok(line) => {
                let register = line.asked == Asked::Register;
                let serial = line.serial;
                notes.line(LineNote {
                    serial,
                    won: Won::ZERO,
                    register,
                    cancel: !register,
                    succeeded: false,
                });
                extra(&view);
                lines.push(line);
            }
            Err(fault) => notes.faults.push(fault),
        }
    }
    let reading = notes.finish(reader, fields.data)?;
    Ok(Received { lines, reading })
}

/// A layout with `message = "bank-application"`, bound.
#[derive(Debug, Clone)]
pub struct ApplicationFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
}

impl ApplicationFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "application_date");
        let fields = Fields::bind(&mut binder);
        let bound = || Some((head?, fields?));
        let (head, fields) = binder.finish(bound())?;
        Ok(Self { layout, head, fields })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Reads a file. `file` is its name, for faults and for the rule of names.
    pub fn read<R: Read>(&self, file: &str, input: R) -> Result<Received, Trouble> {
        read_all(&self.layout, &self.head, &self.fields, file, input, |_| ())
    }

    /// Writes the applications of a day, as the exchange does; none is header and trailer.
    pub fn write<W: Write>(&self, out: W, head: &FileHead, lines: &[Applied]) -> Result<W, WriteError> {
        let institution = &head.institution;
        let mut text = String::new();
        let mut put = |record: &str, fields: Value| {
            text.push_str(&json!({ "record": record, "fields": fields }).to_string());
            text.push('\n');
        };
        put("header", json!({ "institution_code": institution, "application_date": day(head.date) }));
        for (at, line) in lines.iter().enumerate() {
            let mut fields = Map::new();
            fields.insert("serial_no".into(), json!(at.saturating_add(1)));
            fields.insert("institution_code".into(), json!(institution));
            fields.insert("application_date".into(), json!(day(head.date)));
            fields.insert("kind".into(), json!(line.asked.word()));
            fields.insert("bank_payer_no".into(), json!(line.bank_payer_no));
            fields.insert("bank_branch".into(), json!(format!("{:03}0000", line.bank.get())));
            fields.insert("account".into(), json!(line.account));
            fields.insert("id_no".into(), json!(line.id_no));
            fields.insert("channel".into(), json!("bank"));
            fields.retain(|name, _| self.layout.field(self.fields.data, name).is_some());
            put("data", Value::Object(fields));
        }
        put("trailer", json!({ "institution_code": institution }));
        let (_, out) = write_json(&self.layout, &head.name, BufReader::new(text.as_bytes()), out, true)?;
        Ok(out)
    }
}

/// A layout with `message = "bank-application-answer"`, bound: it lists what is refused.
#[derive(Debug, Clone)]
pub struct AnswerFormat {
    layout: Arc<Layout>,
    head: HeadFields,
    fields: Fields,
    code: FieldIx,
}

impl AnswerFormat {
    /// Binds the layout; the faults say what it lacks.
    pub fn bind(layout: Arc<Layout>) -> Result<Self, Faults> {
        let mut binder = Binder::new(&layout);
        let head = HeadFields::bind(&mut binder, "application_date");
        let fields = Fields::bind(&mut binder);
        let data = layout.record("data");
        let flag = binder.field(data, "result_flag", Want::Code(&["failed"]));
        let code = binder.field(data, "result_code", Want::Text);
        if layout.results() != ResultsListed::Failures {
            binder.rule("our answer lists what we refuse", "write results = \"failures\"");
        }
        let bound = || Some((head?, fields?, code?, flag?));
        let (head, fields, code, _) = binder.finish(bound())?;
        Ok(Self { layout, head, fields, code })
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Writes the answer of a day: the refused lines with their codes, numbered anew; none is header and trailer.
    pub fn write<'r, W: Write>(
        &self,
        out: W,
        head: &FileHead,
        refused: impl IntoIterator<Item = (&'r Line, &'r str)>,
    ) -> Result<W, WriteError> {
        let institution = &head.institution;
        let mut text = String::new();
        let mut put = |record: &str, fields: Value| {
            text.push_str(&json!({ "record": record, "fields": fields }).to_string());
            text.push('\n');
        };
        put("header", json!({ "institution_code": institution, "application_date": day(head.date) }));
        for (at, (line, code)) in refused.into_iter().enumerate() {
            let known = |name: &String| self.layout.field(self.fields.data, name).is_some();
            let mut fields: Map<String, Value> = line.fields.clone();
            fields.retain(|name, _| known(name));
            fields.insert("serial_no".into(), json!(at.saturating_add(1)));
            fields.insert("result_flag".into(), json!("failed"));
            fields.insert("result_code".into(), json!(code));
            put("data", Value::Object(fields));
        }
        put("trailer", json!({ "institution_code": institution }));
        let (_, out) = write_json(&self.layout, &head.name, BufReader::new(text.as_bytes()), out, true)?;
        Ok(out)
    }

    /// Reads an answer: the exchange, and we to see that what we wrote reads back. The codes beside their lines.
    pub fn read<R: Read>(&self, file: &str, input: R) -> Result<(Received, Vec<String>), Trouble> {
        let mut codes = Vec::new();
        let received = read_all(&self.layout, &self.head, &self.fields, file, input, |view| {
            codes.push(view.text(self.code).unwrap_or_default().into_owned());
        })?;
        Ok((received, codes))
    }
}

fn day(date: Date) -> String {
    date.to_string()
}
