//! A record that was read: its values, taken from the checked bytes when asked for, without allocation where possible.
//!
//! Must not: give a value for a blank field. Numbers are `i64`, with their sign, in their smallest unit.

use super::field::{DateValue, date_value, is_blank, number_value, time_value};
use super::plan::{FieldIx, FieldPlan, FieldSpec, Kind, Layout, RecordIx, RecordPlan, Tolerances};
use crate::domain::{Date, TimeOfDay};
use std::borrow::Cow;
use std::fmt;

/// A record of a file, checked. `Debug` shows where it stands and nothing of what it holds.
#[derive(Clone, Copy)]
pub struct RecordView<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) plan: &'a RecordPlan,
    pub(crate) kind: RecordIx,
    pub(crate) no: u64,
    pub(crate) at_byte: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) tolerated: Tolerances,
}

impl fmt::Debug for RecordView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordView({} {} record {})", self.layout.name, self.plan.name, self.no)
    }
}

impl<'a> RecordView<'a> {
    /// Its kind.
    pub fn record(&self) -> RecordIx {
        self.kind
    }

    /// The name of its kind.
    pub fn record_name(&self) -> &'a str {
        &self.plan.name
    }

    /// The layout it was read by.
    pub fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Number in the file, from 1 (the header is record 1).
    pub fn no(&self) -> u64 {
        self.no
    }

    /// Position of its first byte in the file, from 1.
    pub fn at_byte(&self) -> u64 {
        self.at_byte
    }

    /// All its bytes, without line end.
    pub fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// Names of the tolerances that were used to read it.
    pub fn tolerated(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.tolerated.names()
    }

    /// The bytes of a field as they stand there (of a payload: without the fill after it).
    pub fn bytes(&self, field: FieldIx) -> &'a [u8] {
        match self.plan.field(field) {
            Some(FieldPlan { kind: Kind::Payload, .. }) => self.payload().unwrap_or_default(),
            Some(plan) => plan.cut(self.bytes),
            None => &[],
        }
    }

    /// Whether a field holds no value: blanks, or zeros where they mean that.
    pub fn is_blank(&self, field: FieldIx) -> bool {
        let Some(plan) = self.plan.field(field) else { return true };
        let raw = self.bytes(field);
        match &plan.kind {
            Kind::Date { zero_is_blank: true, .. } | Kind::Time { zero_is_blank: true, .. } => {
                raw.iter().all(|b| *b == b'0') || is_blank(&plan.kind, self.layout.encoding, raw)
            }
            Kind::Number { .. } if plan.tolerate.has(Tolerances::BLANK_IS_ZERO) => false,
            Kind::Payload => raw.is_empty(),
            kind => is_blank(kind, self.layout.encoding, raw),
        }
    }

    /// A number, serial or digits field as a number: with its sign, in its smallest unit. `None` where it is blank or no number.
    #[inline]
    pub fn number(&self, field: FieldIx) -> Option<i64> {
        let plan = self.plan.field(field)?;
        let tolerant = plan.tolerate.has(Tolerances::BLANK_IS_ZERO);
        let raw = plan.cut(self.bytes);
        if !tolerant && raw.first() == Some(&b' ') && raw.iter().all(|b| *b == b' ') {
            return None;
        }
        number_value(self.plan, plan, self.bytes)
    }

    /// A field as text, without its padding; `None` where it is blank (or, for opaque bytes, no text).
    pub fn text(&self, field: FieldIx) -> Option<Cow<'a, str>> {
        let plan = self.plan.field(field)?;
        let raw = plan.cut(self.bytes);
        match &plan.kind {
            Kind::Text { .. } => {
                let walk = self.layout.encoding.walk(raw).ok()?;
                let content = raw.get(..walk.content)?;
                if content.is_empty() { None } else { self.layout.encoding.decode(content) }
            }
            Kind::Digits { right: true } if raw.contains(&b' ') => {
                if self.is_blank(field) {
                    return None;
                }
                let text = std::str::from_utf8(raw).ok()?;
                Some(Cow::Owned(text.replace(' ', "0")))
            }
            Kind::Const(value) => std::str::from_utf8(value).ok().map(Cow::Borrowed),
            Kind::Payload => None,
            _ => {
                let trimmed = raw.trim_ascii();
                if trimmed.is_empty() { None } else { std::str::from_utf8(trimmed).ok().map(Cow::Borrowed) }
            }
        }
    }

    /// The name of a code field's value; the value itself where the set is open and it is not listed; `None` where it is blank.
    pub fn code(&self, field: FieldIx) -> Option<&'a str> {
        let plan = self.plan.field(field)?;
        let Kind::Code { codes, .. } = &plan.kind else { return None };
        let raw = plan.cut(self.bytes);
        if let Some(code) = codes.iter().find(|code| code.raw == raw) {
            return Some(&code.name);
        }
        let trimmed = raw.trim_ascii_end();
        if trimmed.is_empty() { None } else { std::str::from_utf8(trimmed).ok() }
    }

    /// A date field; `None` where it is blank or has no year.
    pub fn date(&self, field: FieldIx) -> Option<Date> {
        match self.date_value(field)? {
            DateValue::Day(date) => Some(date),
            DateValue::MonthDay(..) | DateValue::None => None,
        }
    }

    /// Month and day of a date field; `None` where it is blank.
    pub fn month_day(&self, field: FieldIx) -> Option<(u32, u32)> {
        match self.date_value(field)? {
            DateValue::Day(date) => Some((date.month_no(), date.day())),
            DateValue::MonthDay(month, day) => Some((month, day)),
            DateValue::None => None,
        }
    }

    fn date_value(&self, field: FieldIx) -> Option<DateValue> {
        let plan = self.plan.field(field)?;
        let Kind::Date { form, zero_is_blank } = plan.kind else { return None };
        date_value(form, zero_is_blank, plan.cut(self.bytes))
    }

    /// A time field; `None` where it is blank.
    pub fn time(&self, field: FieldIx) -> Option<TimeOfDay> {
        let plan = self.plan.field(field)?;
        let Kind::Time { zero_is_blank, .. } = plan.kind else { return None };
        time_value(zero_is_blank, plan.cut(self.bytes)).flatten()
    }

    /// The payload, without the fill after it; `None` for a record without one.
    pub fn payload(&self) -> Option<&'a [u8]> {
        let payload = self.plan.payload.as_ref()?;
        let start = self.plan.field(payload.field)?.start;
        let length = number_value(self.plan, self.plan.field(payload.length)?, self.bytes)?;
        self.bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }

    /// Every field of the record with what the layout says of it.
    pub fn fields(&self) -> impl Iterator<Item = (FieldIx, FieldSpec<'a>)> + use<'a> {
        let (layout, kind) = (self.layout, self.kind);
        layout.fields(kind).filter_map(move |ix| Some((ix, layout.field_spec(kind, ix)?)))
    }
}

/// A field of a record as `sunap read` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedField<'a> {
    /// The manual's name.
    pub ko: &'a str,
    /// English name.
    pub name: &'a str,
    /// First byte in the record, from 1.
    pub first: usize,
    /// Last byte, inclusive.
    pub last: usize,
    /// The value: codes as `value (name)`, days as 2026-01-05, decimals with their point; empty where blank.
    pub value: String,
    /// Whether the caller should mask it where others may see it.
    pub sensitive: bool,
}

/// The fields of a record but its fillers, for a person.
pub fn describe<'a>(view: &RecordView<'a>) -> Vec<DescribedField<'a>> {
    let shown = view.fields().filter(|(_, spec)| !matches!(spec.plan.kind, Kind::Filler(_)));
    shown
        .map(|(ix, spec)| DescribedField {
            ko: spec.ko,
            name: spec.name,
            first: spec.at,
            last: spec.at + view.bytes(ix).len().max(spec.len)
                - usize::from(spec.len > 0 || !view.bytes(ix).is_empty()),
            value: shown_value(view, ix, &spec),
            sensitive: spec.sensitive,
        })
        .collect()
}

fn shown_value(view: &RecordView<'_>, ix: FieldIx, spec: &FieldSpec<'_>) -> String {
    if view.is_blank(ix) && !matches!(spec.plan.kind, Kind::Code { .. }) {
        return String::new();
    }
    match &spec.plan.kind {
        Kind::Number { decimals, .. } => view.number(ix).map(|n| with_decimals(n, *decimals)),
        Kind::Serial => view.number(ix).map(|n| n.to_string()),
        Kind::Date { .. } => view
            .date(ix)
            .map(|date| date.to_string())
            .or_else(|| view.month_day(ix).map(|(month, day)| format!("{month:02}-{day:02}"))),
        Kind::Time { .. } => view.time(ix).map(|time| time.to_string()),
        Kind::Code { .. } => view.code(ix).map(|name| match view.text(ix) {
            Some(raw) if raw != name => format!("{raw} ({name})"),
            Some(raw) => raw.into_owned(),
            None => format!("({name})"),
        }),
        Kind::Payload => Some(format!("{} bytes", view.bytes(ix).len())),
        Kind::Opaque => Some(opaque_text(view.bytes(ix))),
        _ => view.text(ix).map(Cow::into_owned),
    }
    .unwrap_or_default()
}

/// A number in its smallest unit with its decimal point: `12345` with two decimals is `123.45`.
pub(crate) fn with_decimals(number: i64, decimals: u8) -> String {
    if decimals == 0 {
        return number.to_string();
    }
    let digits = usize::from(decimals);
    let sign = if number < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", number.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at_checked(text.len() - digits).unwrap_or((&text, ""));
    format!("{sign}{whole}.{part}")
}

/// Opaque bytes as text (without the blanks after it) where they are printable ASCII, else as `hex:…`.
pub(crate) fn opaque_text(bytes: &[u8]) -> String {
    let trimmed = bytes.trim_ascii_end();
    match std::str::from_utf8(trimmed) {
        Ok(text) if text.bytes().all(|b| (b' '..=b'~').contains(&b)) && !text.starts_with("hex:") => {
            text.to_string()
        }
        _ => bytes.iter().fold("hex:".to_string(), |mut out, byte| {
            out.push_str(&format!("{byte:02x}"));
            out
        }),
    }
}
