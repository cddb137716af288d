//! Binding a layout to a message: which field of the layout says which part of the message, once, at load.
//!
//! Must not: read or write records. A layout that lacks what its `message` needs is a fault of the layout, told with
//! its file, line and the missing name.

use crate::domain::BankCode;
use crate::fault::{Fault, Faults, Place};
use crate::layout::{FieldIx, FieldKind, Layout, RecordIx, RecordView, Row};

/// What a message needs a field to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    /// A serial or a number without a sign.
    Count,
    /// A number: won.
    Won,
    /// Text of any kind: digits, letters, Hangul.
    Text,
    /// A day.
    Date,
    /// A code with at least these names.
    Code(&'static [&'static str]),
}

impl Want {
    fn fits(self, kind: FieldKind) -> bool {
        match self {
            Self::Count => matches!(kind, FieldKind::Serial | FieldKind::Number { decimals: 0 }),
            Self::Won => matches!(kind, FieldKind::Number { decimals: 0 }),
            Self::Text => matches!(kind, FieldKind::Digits | FieldKind::Ascii | FieldKind::Text),
            Self::Date => matches!(kind, FieldKind::Date),
            Self::Code(_) => matches!(kind, FieldKind::Code { .. }),
        }
    }

    fn types(self) -> &'static str {
        match self {
            Self::Count => "serial or number without decimals",
            Self::Won => "number without decimals",
            Self::Text => "digits, ascii or text",
            Self::Date => "date",
            Self::Code(_) => "code",
        }
    }
}

/// Collects what a message finds in a layout, and what it misses.
pub(super) struct Binder<'l> {
    layout: &'l Layout,
    faults: Faults,
}

impl<'l> Binder<'l> {
    pub(super) fn new(layout: &'l Layout) -> Self {
        Self { layout, faults: Faults::default() }
    }

    fn message(&self) -> &'l str {
        self.layout.message().unwrap_or_default()
    }

    fn place(&self, line: usize) -> Place {
        Place::Line { file: self.layout.file().to_string(), line, column: 0 }
    }

    /// Whether nothing is missing, else all faults.
    pub(super) fn finish<T>(mut self, bound: Option<T>) -> Result<T, Faults> {
        match bound {
            Some(bound) if self.faults.is_empty() => Ok(bound),
            _ if !self.faults.is_empty() => Err(self.faults),
            _ => {
                self.missing(1, "layout-lacks-record", "a record that the message needs".into());
                Err(self.faults)
            }
        }
    }

    fn missing(&mut self, line: usize, name: &'static str, what: String) {
        let expected = format!(
            "message = {:?} needs {what}; the layout {} has none.",
            self.message(),
            self.layout.name()
        );
        let remedy = "add it to the layout, or give the layout the message that it really carries";
        self.faults.push(Fault::new(name, self.place(line), expected, remedy));
    }

    /// Says that a rule at the top of the layout is missing or cannot be followed.
    pub(super) fn rule(&mut self, expected: &str, remedy: &str) {
        let text = format!("message = {:?}: {expected}", self.message());
        self.faults.push(Fault::new("layout-lacks-rule", self.place(1), text, remedy));
    }

    pub(super) fn record(&mut self, name: &str) -> Option<RecordIx> {
        let found = self.layout.record(name);
        if found.is_none() {
            self.missing(1, "layout-lacks-record", format!("a record named {name:?}"));
        }
        found
    }

    /// The field that the message needs; a fault where it is missing or of another type.
    pub(super) fn field(&mut self, record: Option<RecordIx>, name: &str, want: Want) -> Option<FieldIx> {
        let record = record?;
        if self.layout.field(record, name).is_none() {
            let line = self.layout.line_of(record);
            let what = format!(
                "a field {name:?} ({}) in record {:?}",
                want.types(),
                self.layout.record_name(record)
            );
            self.missing(line, "layout-lacks-field", what);
        }
        self.optional(Some(record), name, want)
    }

    /// The field that the message may have; a fault only where it is of another type.
    pub(super) fn optional(&mut self, record: Option<RecordIx>, name: &str, want: Want) -> Option<FieldIx> {
        let record = record?;
        let field = self.layout.field(record, name)?;
        let spec = self.layout.field_spec(record, field)?;
        if !want.fits(spec.kind) {
            let expected =
                format!("message = {:?} takes the field {name:?} as {}.", self.message(), want.types());
            let remedy = "give the field this type, or another name";
            self.faults.push(Fault::new("layout-field-type", self.place(spec.line), expected, remedy));
            return None;
        }
        if let Want::Code(names) = want {
            for missing in names.iter().filter(|name| !spec.has_code(name)) {
                let expected = format!(
                    "message = {:?} needs a code named {missing:?} in the field {name:?}.",
                    self.message()
                );
                let remedy = format!(
                    "write codes = {{ \"…\" = \"{missing}\" }} with the value that the bank's manual gives"
                );
                self.faults.push(Fault::new("layout-lacks-code", self.place(spec.line), expected, remedy));
            }
        }
        Some(field)
    }

    /// The field that holds the bank: `bank_branch` (bank 3, branch 4) or `bank_code` (3).
    pub(super) fn bank(&mut self, record: Option<RecordIx>) -> Option<BankField> {
        let record = record?;
        let (name, width) = match self.layout.field(record, "bank_code") {
            Some(_) => ("bank_code", 3),
            None => ("bank_branch", 7),
        };
        let field = self.field(Some(record), name, Want::Text)?;
        let spec = self.layout.field_spec(record, field)?;
        if spec.len != width {
            let expected = format!("The field {name:?} has {width} bytes; here it has {}.", spec.len);
            let remedy =
                "bank_branch is bank 3 + branch 4, bank_code is 3 digits; name other forms otherwise";
            self.faults.push(Fault::new("layout-field-type", self.place(spec.line), expected, remedy));
        }
        Some(BankField { field, branch: width == 7 })
    }
}

/// Where a bank stands in a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct BankField {
    field: FieldIx,
    branch: bool,
}

impl BankField {
    /// The bank; the branch is not kept. `None` where the first three bytes are not digits.
    fn read(self, view: &RecordView<'_>) -> Option<BankCode> {
        let [a, b, c, ..] = view.bytes(self.field) else { return None };
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
        BankCode::from_number(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
    }

    /// Writes the bank, with branch `0000` (unknown) where the layout has one (facts/kftc.md 9.3).
    pub(super) fn write<W: std::io::Write>(
        self,
        row: &mut Row<'_, '_, W>,
        bank: BankCode,
    ) -> Result<(), Fault> {
        let mut text = *b"0000000";
        let n = bank.get();
        for (slot, digit) in text.iter_mut().zip([n / 100 % 10, n / 10 % 10, n % 10]) {
            *slot = b'0' + u8::try_from(digit).unwrap_or(0);
        }
        let shown = if self.branch { text.get(..) } else { text.get(..3) };
        let shown = shown.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        row.text(self.field, shown).map(|_| ())
    }
}

/// A value of a record that is not what the message needs, with its place and what was expected.
#[cold]
pub(super) fn unreadable(
    name: &'static str,
    at: (&Layout, &str, &RecordView<'_>, FieldIx),
    expected: &str,
) -> Fault {
    let (layout, file, view, field) = at;
    let spec = layout.field_spec(view.record(), field);
    let (first, last) = spec.map_or((0, 0), |spec| (spec.at, spec.at + spec.len.saturating_sub(1)));
    let titled = spec.map_or_else(String::new, |spec| format!("{} ({}): ", spec.ko, spec.name));
    let place = Place::Record { file: file.to_string(), record: view.no(), first, last };
    Fault::new(name, place, format!("{titled}must be {expected}."), "ask the sender for a corrected file")
}

/// The serial of a line.
pub(super) fn serial_of(
    layout: &Layout,
    file: &str,
    view: &RecordView<'_>,
    field: FieldIx,
) -> Result<u32, Fault> {
    let serial = view.number(field).and_then(|n| u32::try_from(n).ok());
    serial.ok_or_else(|| unreadable("serial-out-of-range", (layout, file, view, field), "below 4294967296"))
}

/// The bank of a line.
pub(super) fn bank_of(
    layout: &Layout,
    file: &str,
    view: &RecordView<'_>,
    bank: BankField,
) -> Result<BankCode, Fault> {
    let at = (layout, file, view, bank.field);
    bank.read(view).ok_or_else(|| unreadable("bank-unreadable", at, "three digits of a bank first"))
}
