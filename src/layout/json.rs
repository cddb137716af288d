//! Records as JSON objects, one per line, and back (decisions.md 27).
//!
//! Codes stand as names (as values where the set is open and they are not listed), constants are present, blanks and
//! fillers absent, opaque bytes text or `hex:…`, payloads base64, days `2026-01-05`. Numbers are texts of their digits with
//! all zeros (`"0000000250000"`, with decimals `"0000123.45"`): nothing that reads JSON may round them.
//! Must not: round, guess or ignore: an unknown field, or a value of another kind, is a fault with its line.

use super::plan::{FieldIx, FieldPlan, Kind, Layout, RecordIx, Sign};
use super::view::{RecordView, opaque_text};
use super::write::{Row, WriteError, Writer, WrittenSummary};
use crate::domain::Date;
use crate::fault::{Fault, Place, Trouble};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use std::io::{BufRead, Write};

/// A record as `{"record": …, "no": …, "at_byte": …, "fields": {…}, "tolerated": […]}`.
pub fn to_json(view: &RecordView<'_>) -> Value {
    let mut fields = Map::new();
    for (ix, spec) in view.fields() {
        if let Some(value) = field_json(view, ix, spec.plan) {
            fields.insert(spec.name.to_string(), value);
        }
    }
    let mut object = Map::new();
    object.insert("record".into(), view.record_name().into());
    object.insert("no".into(), view.no().into());
    object.insert("at_byte".into(), view.at_byte().into());
    object.insert("fields".into(), Value::Object(fields));
    let tolerated: Vec<Value> = view.tolerated().map(Value::from).collect();
    if !tolerated.is_empty() {
        object.insert("tolerated".into(), Value::Array(tolerated));
    }
    Value::Object(object)
}

fn field_json(view: &RecordView<'_>, ix: FieldIx, plan: &FieldPlan) -> Option<Value> {
    match &plan.kind {
        Kind::Filler(_) => None,
        Kind::Serial => view.number(ix).map(|n| digits(n, plan.len, 0).into()),
        Kind::Number { decimals, sign } => {
            let sign = usize::from(matches!(sign, Sign::Leading { .. } | Sign::Trailing { .. }));
            view.number(ix).map(|n| digits(n, plan.len.saturating_sub(sign), usize::from(*decimals)).into())
        }
        Kind::Date { .. } => match view.date(ix) {
            Some(date) => Some(date.to_string().into()),
            None => view.month_day(ix).map(|(month, day)| format!("{month:02}-{day:02}").into()),
        },
        Kind::Time { .. } => view.time(ix).map(|time| time.to_string().into()),
        Kind::Code { .. } => view.code(ix).map(Value::from),
        Kind::Opaque if view.bytes(ix).trim_ascii().is_empty() => None,
        Kind::Opaque => Some(opaque_text(view.bytes(ix)).into()),
        Kind::Payload => Some(BASE64.encode(view.bytes(ix)).into()),
        _ => view.text(ix).map(|text| text.into_owned().into()),
    }
}

/// The digits of a number in as many places as its field has for them, zeros and all; a minus where it is negative, a
/// point before its decimals.
fn digits(number: i64, places: usize, decimals: usize) -> String {
    let mut text = format!("{:0places$}", number.unsigned_abs());
    if decimals > 0 {
        let at = text.len().saturating_sub(decimals);
        text.insert(at, '.');
        if at == 0 {
            text.insert(0, '0');
        }
    }
    if number < 0 { format!("-{text}") } else { text }
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|b| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Writes a file from lines of JSON objects as [`to_json`] makes them. With `fill`, serials, equal fields, counts and sums
/// that are not given are computed; without it they must be given; given ones are verified in any case. `file` is the
/// name of the lines' file, for faults.
pub fn write_json<W: Write>(
    layout: &Layout,
    file: &str,
    lines: impl BufRead,
    out: W,
    fill: bool,
) -> Result<(WrittenSummary, W), WriteError> {
    let writer = layout.writer(out).named(file);
    let mut writer = if fill { writer } else { writer.verifying() };
    for (at, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| Trouble::new(format!("read {file}"), error))?;
        if line.trim().is_empty() {
            continue;
        }
        write_line(layout, &mut writer, &line).map_err(|wrong| match wrong {
            Wrong::Line(name, expected) => {
                let place = Place::Line { file: file.to_string(), line: at + 1, column: 0 };
                Fault::new(name, place, expected, "Correct that line; `sunap read --json` shows the form.")
                    .into()
            }
            Wrong::Write(error) => error,
        })?;
    }
    writer.finish()
}

enum Wrong {
    Line(&'static str, String),
    Write(WriteError),
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Write(fault.into())
    }
}

fn not_readable(what: &str) -> Wrong {
    Wrong::Line("json-not-readable", what.to_string())
}

fn write_line<W: Write>(layout: &Layout, writer: &mut Writer<'_, W>, line: &str) -> Result<(), Wrong> {
    let object: Value = serde_json::from_str(line)
        .map_err(|error| not_readable(&format!("The line is no JSON object: {error}.")))?;
    let name = object.get("record").and_then(Value::as_str);
    let name = name.ok_or_else(|| not_readable("The object must say its \"record\"."))?;
    let fields = object.get("fields").and_then(Value::as_object);
    let fields = fields.ok_or_else(|| not_readable("The object must hold \"fields\", an object."))?;
    let known = ["record", "no", "at_byte", "fields", "tolerated"];
    let other = object.as_object().and_then(|o| o.keys().find(|key| !known.contains(&key.as_str())));
    if let Some(key) = other {
        return Err(Wrong::Line(
            "json-unknown-key",
            format!("There is no key {key:?} in a record's object."),
        ));
    }
    let Some(kind) = layout.record(name) else {
        let names: Vec<&str> = layout.records().map(|ix| layout.record_name(ix)).collect();
        let said = format!("{} has no record {name:?}; it has {}.", layout.name(), names.join(", "));
        return Err(Wrong::Line("json-unknown-key", said));
    };
    let mut row = writer.record(kind);
    for (key, value) in fields {
        let Some((ix, plan)) = field_of(layout, kind, key) else {
            let said = format!("The record {name} of {} has no field {key:?}.", layout.name());
            return Err(Wrong::Line("json-unknown-key", said));
        };
        put_json(&mut row, ix, plan, value)?;
    }
    row.finish().map_err(Wrong::Write)
}

fn field_of<'l>(layout: &'l Layout, kind: RecordIx, name: &str) -> Option<(FieldIx, &'l FieldPlan)> {
    let ix = layout.field(kind, name)?;
    Some((ix, layout.plan(kind)?.field(ix)?))
}

fn put_json<W: Write>(
    row: &mut Row<'_, '_, W>,
    ix: FieldIx,
    plan: &FieldPlan,
    value: &Value,
) -> Result<(), Wrong> {
    let form = |what: &str| {
        let given = if plan.sensitive { "another value".into() } else { value.to_string() };
        Wrong::Line("json-value-wrong", format!("{} must be {what}; {given} is given.", plan.titled()))
    };
    match (&plan.kind, value) {
        (_, Value::Null) => row.blank(ix)?,
        (Kind::Number { decimals: 0, .. } | Kind::Serial, value) => {
            let whole = || form("a text of digits, or a whole number");
            row.number(ix, whole_number(value).ok_or_else(whole)?)?
        }
        (Kind::Number { decimals, .. }, Value::String(text)) => {
            let wanted = || form(&format!("a text of digits with {decimals} decimals"));
            row.number(ix, from_decimals(text, *decimals).ok_or_else(wanted)?)?
        }
        (Kind::Number { decimals, .. }, _) => {
            return Err(form(&format!("a text of digits with {decimals} decimals, such as \"1.50\"")));
        }
        (Kind::Date { .. }, Value::String(text)) => match text.parse::<Date>() {
            Ok(date) => row.date(ix, date)?,
            Err(_) => {
                let (month, day) = month_day(text).ok_or_else(|| form("a day as YYYY-MM-DD (or MM-DD)"))?;
                row.month_day(ix, month, day)?
            }
        },
        (Kind::Time { .. }, Value::String(text)) => {
            row.time(ix, text.parse().map_err(|_| form("a time as HH:MM or HH:MM:SS"))?)?
        }
        (Kind::Payload, Value::String(text)) => {
            let bytes = BASE64.decode(text).map_err(|_| form("base64"))?;
            row.bytes(ix, &bytes)?
        }
        (Kind::Opaque, Value::String(text)) => {
            let mut bytes = match text.strip_prefix("hex:") {
                Some(digits) => {
                    unhex(digits).ok_or_else(|| form("text, or hex: and pairs of hexadecimal digits"))?
                }
                None => text.clone().into_bytes(),
            };
            if bytes.len() < plan.len {
                bytes.resize(plan.len, b' ');
            }
            row.bytes(ix, &bytes)?
        }
        (Kind::Filler(_), _) => return Err(form("left out: it is a filler")),
        (_, Value::String(text)) => row.text(ix, text)?,
        _ => return Err(form("a text")),
    };
    Ok(())
}

/// A number as a text of digits (a minus before it where it is negative) or as JSON's own whole number.
fn whole_number(value: &Value) -> Option<i64> {
    let Value::String(text) = value else { return value.as_i64() };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    well.then(|| text.parse().ok()).flatten()
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    (month.len() == 2 && day.len() == 2).then_some(())?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

/// `123.45` in its smallest unit, for exactly that many decimals.
fn from_decimals(text: &str, decimals: u8) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.')?;
    let good = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    (good(whole) && good(part) && part.len() == usize::from(decimals)).then_some(())?;
    let value: i64 = format!("{whole}{part}").parse().ok()?;
    Some(if negative { -value } else { value })
}
