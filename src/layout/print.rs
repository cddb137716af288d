//! The other direction of `field.rs`: a value printed into its bytes of a record. Nothing is cut or replaced: a value
//! that does not fit, or has a character that the charset lacks, is refused.

use super::charset::Encoding;
use super::field::{DateValue, FieldFlaw};
use super::plan::{DateForm, FieldPlan, Kind, RecordPlan, Sign};
use super::raw::Pad;
use crate::domain::{Date, TimeOfDay};

type Printed = Result<(), FieldFlaw>;

fn wrong_kind(what: &str) -> FieldFlaw {
    FieldFlaw::new("value-of-wrong-kind", None, format!("does not take {what}"))
}

fn too_long(field: &FieldPlan, bytes: usize) -> FieldFlaw {
    FieldFlaw::new("value-does-not-fit", None, format!("has {} bytes; the value needs {bytes}", field.len))
}

fn slot<'r>(field: &FieldPlan, row: &'r mut [u8]) -> &'r mut [u8] {
    row.get_mut(field.start..field.start + field.len).unwrap_or_default()
}

/// Digits, right-justified, zero-padded; `false` where they do not fit.
fn put_digits(mut value: u64, out: &mut [u8]) -> bool {
    let (front, eights) = out.as_rchunks_mut::<8>();
    for eight in eights.iter_mut().rev() {
        *eight = eight_digits(value % 100_000_000);
        value /= 100_000_000;
    }
    for byte in front.iter_mut().rev() {
        *byte = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
    value == 0
}

/// Eight digits of a number below a hundred million, all at once: halves, then pairs, then digits in lanes of one word.
fn eight_digits(value: u64) -> [u8; 8] {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    (tens | ((pairs - tens * 10) << 8) | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Bytes at the left (or right), the rest filled.
fn put_bytes(field: &FieldPlan, value: &[u8], right: bool, fill: u8, out: &mut [u8]) -> Printed {
    let Some(room) = out.len().checked_sub(value.len()) else { return Err(too_long(field, value.len())) };
    let (target, rest) = if right {
        let (rest, target) = out.split_at_mut(room);
        (target, rest)
    } else {
        out.split_at_mut(value.len())
    };
    target.copy_from_slice(value);
    rest.fill(fill);
    Ok(())
}

/// Prints a number (with its sign, in its smallest unit) into a number, serial or right-justified digits field.
pub(crate) fn print_number(record: &RecordPlan, field: &FieldPlan, value: i64, row: &mut [u8]) -> Printed {
    let size = value.unsigned_abs();
    let misfit = || {
        FieldFlaw::new("value-does-not-fit", None, format!("has {} bytes; the number needs more", field.len))
    };
    let no_sign = || FieldFlaw::new("value-does-not-fit", None, "has no sign; the number is negative");
    match &field.kind {
        Kind::Serial | Kind::Digits { right: true } | Kind::Number { sign: Sign::None, .. } => {
            if value < 0 {
                return Err(no_sign());
            }
            put_digits(size, slot(field, row)).then_some(()).ok_or_else(misfit)
        }
        Kind::Number { sign: Sign::Leading { plus }, .. } => match slot(field, row) {
            [sign, digits @ ..] => {
                *sign = if value < 0 { b'-' } else { *plus };
                put_digits(size, digits).then_some(()).ok_or_else(misfit)
            }
            [] => Ok(()),
        },
        Kind::Number { sign: Sign::Trailing { plus }, .. } => match slot(field, row) {
            [digits @ .., sign] => {
                *sign = if value < 0 { b'-' } else { *plus };
                put_digits(size, digits).then_some(()).ok_or_else(misfit)
            }
            [] => Ok(()),
        },
        Kind::Number { sign: Sign::Field { field: sign, minus, plus }, .. } => {
            let raw = if value < 0 { minus } else { plus };
            if let Some(sign) = record.field(*sign) {
                slot(sign, row).copy_from_slice(raw);
            }
            put_digits(size, slot(field, row)).then_some(()).ok_or_else(misfit)
        }
        _ => Err(wrong_kind("a number")),
    }
}

/// Prints text into any field that takes text: digits, ascii, text, code (its name or value), a file name, a constant.
///
/// `scratch` is room to work in, whatever stands there.
pub(crate) fn print_text(
    field: &FieldPlan,
    encoding: Encoding,
    text: &str,
    row: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Printed {
    let out = slot(field, row);
    match &field.kind {
        Kind::Text { pad, .. } => print_encoded(field, encoding, *pad, text, out, scratch),
        Kind::Code { codes, open } => match codes.iter().find(|code| code.name == text) {
            Some(code) => put_bytes(field, &code.raw, false, b' ', out),
            None if *open || codes.iter().any(|code| code.shown == text) => {
                put_bytes(field, ascii(text)?, false, b' ', out)
            }
            None => {
                let names: Vec<&str> = codes.iter().map(|code| code.name.as_str()).collect();
                let expected = format!("must be one of {}; {text:?} is not", names.join(", "));
                Err(FieldFlaw::new("code-unknown", None, expected))
            }
        },
        Kind::Digits { right } if !text.is_empty() => {
            put_bytes(field, ascii(text)?, *right, if *right { b'0' } else { b' ' }, out)
        }
        Kind::Ascii { right, .. } => put_bytes(field, ascii(text)?, *right, b' ', out),
        Kind::Digits { .. } | Kind::FileName => put_bytes(field, ascii(text)?, false, b' ', out),
        Kind::Const(value) if value.as_slice() == text.as_bytes() => Ok(()),
        Kind::Const(value) => {
            let value = String::from_utf8_lossy(value).into_owned();
            Err(FieldFlaw::new("const-differs", None, format!("must be {value:?}; {text:?} is given")))
        }
        _ => Err(wrong_kind("text")),
    }
}

fn ascii(text: &str) -> Result<&[u8], FieldFlaw> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(text.as_bytes());
    }
    match text.chars().find(|c| !c.is_ascii() || c.is_ascii_control()) {
        None => Ok(text.as_bytes()),
        Some(c) => {
            Err(FieldFlaw::new("character-not-encodable", None, format!("takes ASCII only; {c:?} is not")))
        }
    }
}

fn print_encoded(
    field: &FieldPlan,
    encoding: Encoding,
    pad: Pad,
    text: &str,
    out: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Printed {
    scratch.clear();
    let walked = encoding.encode_walked(text, scratch).map_err(|wrong| {
        let hint = wrong.suggestion.map_or_else(String::new, |s| format!(" (write {s} instead)"));
        let (c, code) = (wrong.character, u32::from(wrong.character));
        let nth = wrong.index + 1;
        let expected =
            format!("cannot hold {c:?} (U+{code:04X}, character {nth}): {} lacks it{hint}", encoding.name());
        FieldFlaw::new("character-not-encodable", None, expected)
    })?;
    let walk = walked.map_err(|(at, _)| {
        let expected = format!("takes no control characters; byte {} of the text is one", at + 1);
        FieldFlaw::new("text-control-byte", None, expected)
    })?;
    let len = walk.content;
    let bytes = scratch.get(..len).unwrap_or_default();
    put_bytes(field, bytes, false, b' ', out)?;
    let wide = pad == Pad::Wide || (pad == Pad::ByContent && !bytes.is_ascii());
    if let Some(blank) = encoding.wide_blank().filter(|_| wide) {
        let room = out.len() - len;
        let pairs = out.get_mut(len + room % 2..).unwrap_or_default();
        for pair in pairs.chunks_exact_mut(2) {
            pair.copy_from_slice(&blank);
        }
    }
    Ok(())
}

/// Prints a day (or a month and day).
pub(crate) fn print_date(field: &FieldPlan, value: DateValue, row: &mut [u8]) -> Printed {
    let Kind::Date { form, zero_is_blank } = &field.kind else { return Err(wrong_kind("a day")) };
    let out = slot(field, row);
    let date = match value {
        DateValue::None if *zero_is_blank => {
            out.fill(b'0');
            return Ok(());
        }
        DateValue::None => {
            out.fill(b' ');
            return Ok(());
        }
        DateValue::MonthDay(m, d) if *form == DateForm::Mmdd => Date::new(2000, m, d),
        DateValue::MonthDay(..) => None,
        DateValue::Day(date) => Some(date),
    };
    let Some(date) = date else { return Err(wrong_kind("a day without a year")) };
    let (y, m, d) = (date.year(), date.month_no(), date.day());
    let two_digits = !matches!(form, DateForm::Yyyymmdd | DateForm::Ddmmyyyy | DateForm::Mmdd);
    if !(1..=9999).contains(&y) || (two_digits && !(1970..2070).contains(&y)) {
        let expected = format!("is written as {}; {date} cannot be said so", form.name());
        return Err(FieldFlaw::new("value-does-not-fit", None, expected));
    }
    let short = y.rem_euclid(100);
    let text = match form {
        DateForm::Yymmdd => format!("{short:02}{m:02}{d:02}"),
        DateForm::Yyyymmdd => format!("{y:04}{m:02}{d:02}"),
        DateForm::Ddmmyy => format!("{d:02}{m:02}{short:02}"),
        DateForm::Ddmmyyyy => format!("{d:02}{m:02}{y:04}"),
        DateForm::Mmdd => format!("{m:02}{d:02}"),
        DateForm::Yyddd => format!("{short:02}{:03}", date.day_of_year()),
    };
    put_bytes(field, text.as_bytes(), false, b' ', out)
}

/// Prints a time of day.
pub(crate) fn print_time(field: &FieldPlan, value: TimeOfDay, row: &mut [u8]) -> Printed {
    let Kind::Time { seconds, .. } = &field.kind else { return Err(wrong_kind("a time of day")) };
    let (h, m, s) = (value.seconds() / 3600, value.seconds() / 60 % 60, value.seconds() % 60);
    if !seconds && s != 0 {
        return Err(FieldFlaw::new("value-does-not-fit", None, format!("has no seconds; {value} has")));
    }
    let text = if *seconds { format!("{h:02}{m:02}{s:02}") } else { format!("{h:02}{m:02}") };
    put_bytes(field, text.as_bytes(), false, b' ', slot(field, row))
}

/// Puts bytes as they are; exactly as many as the field has.
pub(crate) fn print_bytes(field: &FieldPlan, value: &[u8], row: &mut [u8]) -> Printed {
    let out = slot(field, row);
    if value.len() != out.len() {
        return Err(too_long(field, value.len()));
    }
    out.copy_from_slice(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_length() {
        let numbers =
            [0, 1, 9, 10, 99, 100, 9_999, 10_000, 12_345_678, 99_999_999, 100_000_000, 1_234_567_890_123];
        for number in numbers.into_iter().chain((0..64).map(|bit| 1_u64 << bit)).chain(Some(u64::MAX)) {
            for len in 1..=24 {
                let mut out = vec![b'x'; len];
                let fits = put_digits(number, &mut out);
                let want = format!("{number:024}");
                assert_eq!(fits, number.to_string().len() <= len, "{number} in {len}");
                assert_eq!(out, want.as_bytes()[24 - len..], "{number} in {len}");
            }
        }
        for number in (0..100_000_000_u64).step_by(9_973) {
            assert_eq!(eight_digits(number), *format!("{number:08}").as_bytes());
        }
    }
}
