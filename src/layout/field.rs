//! One place per kind of field where its bytes are checked and its value taken: nom on bytes, no decoding, no
//! allocation unless something is wrong. `print.rs` is the other direction, from the same plan.
//!
//! Must not: give a value for what did not parse. Refusals carry the offset of the wrong byte and what was expected.

use super::charset::{BadText, Encoding};
use super::plan::{Chars, DateForm, FieldPlan, Kind, RecordPlan, Sign, TextChars, Tolerances};
use crate::domain::{Date, TimeOfDay};
use nom::bytes::complete::{take_while, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, map_opt};
use nom::{IResult, Parser};

/// A field that is not as its kind demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldFlaw {
    pub(crate) name: &'static str,
    /// Offset of the wrong byte in the field; `None` where no single byte is.
    pub(crate) at: Option<usize>,
    /// Follows the field's name: `must be 13 digits`.
    pub(crate) expected: String,
}

impl FieldFlaw {
    pub(crate) fn new(name: &'static str, at: Option<usize>, expected: impl Into<String>) -> Self {
        Self { name, at, expected: expected.into() }
    }
}

/// A date field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateValue {
    Day(Date),
    MonthDay(u32, u32),
    /// All zeros, where that means none.
    None,
}

/// Two-digit years: 70-99 are 1970-1999, 00-69 are 2000-2069.
pub(crate) fn century(year: u32) -> u32 {
    if year < 70 { 2000 + year } else { 1900 + year }
}

/// The offset of the first byte that is not a digit. Eight bytes at a time: every record has many digits.
#[inline]
pub(crate) fn first_non_digit(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        if !are_digits(u64::from_le_bytes(*chunk)) {
            return chunk.iter().position(|b| !b.is_ascii_digit()).map(|n| at + n);
        }
        rest = tail;
        at += 8;
    }
    rest.iter().position(|b| !b.is_ascii_digit()).map(|n| at + n)
}

/// Whether all bytes are this one; eight at a time.
#[inline]
pub(crate) fn all_are(bytes: &[u8], one: u8) -> bool {
    let pattern = u64::from_ne_bytes([one; 8]);
    let (chunks, rest) = bytes.as_chunks::<8>();
    let wrong = chunks.iter().fold(0, |wrong, chunk| wrong | (u64::from_ne_bytes(*chunk) ^ pattern));
    rest.iter().fold(wrong, |wrong, byte| wrong | u64::from(byte ^ one)) == 0
}

/// Whether all eight bytes are digits: each has a 3 above, and still has it with 6 added.
#[inline]
fn are_digits(word: u64) -> bool {
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = (word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0) >> 4;
    high | carried == 0x3333_3333_3333_3333
}

/// The number that eight digits say: neighbours are joined to pairs, pairs to fours, fours to the whole.
#[inline]
fn eight_digits(word: u64) -> Option<i64> {
    if !are_digits(word) {
        return None;
    }
    let ones = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = ones.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    i64::try_from(fours.wrapping_mul(10_000 << 32 | 1) >> 32).ok()
}

/// The number that eight to sixteen digits say: the last eight, and those before them with zeros put in front.
#[inline]
fn some_digits(bytes: &[u8], first: [u8; 8], last: [u8; 8]) -> Option<i64> {
    let last = eight_digits(u64::from_le_bytes(last))?;
    let zeros = (16_usize.saturating_sub(bytes.len()) * 8) as u32;
    let front = u64::from_le_bytes(first).checked_shl(zeros).unwrap_or(0);
    let zeros = 0x3030_3030_3030_3030 & !u64::MAX.checked_shl(zeros).unwrap_or(0);
    Some(eight_digits(front | zeros)? * 100_000_000 + last)
}

/// The number that digits say; `None` where they are more than an `i64` holds or are not all digits.
#[inline]
pub(crate) fn digits_value(bytes: &[u8]) -> Option<i64> {
    if let (8..=16, Some(first), Some(last)) = (bytes.len(), bytes.first_chunk(), bytes.last_chunk()) {
        return some_digits(bytes, *first, *last);
    }
    if bytes.len() <= 18 {
        let mut value = 0_i64;
        for byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + i64::from(digit);
        }
        return Some(value);
    }
    bytes.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(())?;
        value.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

#[inline]
fn is_space(byte: u8) -> bool {
    byte == b' '
}

/// Whether a field holds only blanks, one-byte or two-byte ones.
#[inline]
pub(crate) fn is_blank(kind: &Kind, encoding: Encoding, raw: &[u8]) -> bool {
    match raw.first() {
        Some(b'!'..=b'~') => false,
        Some(b' ') | None if all_are(raw, b' ') => true,
        None => false,
        Some(_) => {
            matches!(kind, Kind::Text { .. })
                && (raw.first() == Some(&b' ')
                    || encoding.wide_blank().is_some_and(|blank| raw.starts_with(&blank)))
                && encoding.walk(raw).is_ok_and(|walk| walk.content == 0 && !walk.odd_a1)
        }
    }
}

/// Checks the bytes of a field that is not blank. The answer says which tolerances were used.
pub(crate) fn check(field: &FieldPlan, encoding: Encoding, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    match &field.kind {
        Kind::Serial => check_digits(field, raw, "number-must-be-digits"),
        Kind::Number { sign, .. } => check_number(field, sign, raw),
        Kind::Digits { right: true } => check_digits(field, raw, "digits-expected"),
        Kind::Digits { right: false } => check_left_digits(field, raw),
        Kind::Ascii { chars, right } => check_ascii(field, *chars, *right, raw),
        Kind::Text { chars, .. } => check_text(field, *chars, encoding, raw),
        Kind::Code { codes, open } => {
            if codes.iter().any(|code| code.raw == raw) {
                return Ok(Tolerances::NONE);
            }
            if *open {
                return check_ascii(field, Chars::Printable, false, raw);
            }
            let known: Vec<String> = codes.iter().map(|c| format!("{:?} ({})", c.shown, c.name)).collect();
            Err(FieldFlaw::new("code-unknown", Some(0), format!("must be one of {}", known.join(", "))))
        }
        Kind::Date { form, zero_is_blank } => match date_value(*form, *zero_is_blank, raw) {
            Some(_) => Ok(Tolerances::NONE),
            None => {
                let expected = format!("must be a day as {}", form.name());
                Err(FieldFlaw::new("date-invalid", first_non_digit(raw), expected))
            }
        },
        Kind::Time { zero_is_blank, .. } => match time_value(*zero_is_blank, raw) {
            Some(_) => Ok(Tolerances::NONE),
            None => {
                let form = if raw.len() == 6 { "HHMMSS" } else { "HHMM" };
                let expected = format!("must be a time of day as {form}");
                Err(FieldFlaw::new("time-invalid", first_non_digit(raw), expected))
            }
        },
        Kind::FileName => check_ascii(field, Chars::Graphic, false, raw),
        Kind::Const(value) => check_const(value, raw),
        Kind::Filler(fill) => check_filler(field, *fill, raw),
        Kind::Opaque | Kind::Payload => Ok(Tolerances::NONE),
    }
}

#[inline]
fn check_const(value: &[u8], raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    if raw == value {
        return Ok(Tolerances::NONE);
    }
    let at = raw.iter().zip(value).position(|(a, b)| a != b);
    let text = String::from_utf8_lossy(value).into_owned();
    Err(FieldFlaw::new("const-differs", at, format!("must be {text:?}")))
}

#[inline]
fn check_filler(field: &FieldPlan, fill: u8, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    if all_are(raw, fill) {
        return Ok(Tolerances::NONE);
    }
    match raw.iter().position(|b| *b != fill) {
        Some(_) if field.tolerate.has(Tolerances::ANY_FILLER) => Ok(Tolerances::ANY_FILLER),
        at => {
            let what = if fill == b' ' { "blank".into() } else { format!("{:?}", char::from(fill)) };
            Err(FieldFlaw::new("filler-differs", at, format!("must be {what} all through")))
        }
    }
}

#[inline]
fn check_digits(field: &FieldPlan, raw: &[u8], name: &'static str) -> Result<Tolerances, FieldFlaw> {
    let Some(at) = first_non_digit(raw) else { return Ok(Tolerances::NONE) };
    let rest = raw.get(at..).unwrap_or_default();
    if at > 0 && field.tolerate.has(Tolerances::SPACE_FOR_ZEROS) && rest.iter().all(|b| is_space(*b)) {
        return Ok(Tolerances::SPACE_FOR_ZEROS);
    }
    if field.tolerate.has(Tolerances::SPACE_BEFORE_NUMBER) {
        let digits = raw.trim_ascii_start();
        if !digits.is_empty() && first_non_digit(digits).is_none() {
            return Ok(Tolerances::SPACE_BEFORE_NUMBER);
        }
    }
    if field.tolerate.has(Tolerances::BLANK_IS_ZERO) && raw.iter().all(|b| is_space(*b)) {
        return Ok(Tolerances::BLANK_IS_ZERO);
    }
    Err(FieldFlaw::new(name, Some(at), format!("must be {} digits", raw.len())))
}

fn check_number(field: &FieldPlan, sign: &Sign, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    let (digits, found, shift, plus) = match (sign, raw) {
        (Sign::Leading { plus }, [first, rest @ ..]) => (rest, *first, 1, *plus),
        (Sign::Trailing { plus }, [rest @ .., last]) => (rest, *last, 0, *plus),
        _ => return check_digits(field, raw, "number-must-be-digits"),
    };
    if found != b'-' && found != plus {
        let at = if shift == 1 { 0 } else { digits.len() };
        let plus = char::from(plus);
        return Err(FieldFlaw::new(
            "sign-expected",
            Some(at),
            format!("must have a sign there, '-' or {plus:?}"),
        ));
    }
    check_digits(field, digits, "number-must-be-digits").map_err(|mut flaw| {
        flaw.at = flaw.at.map(|at| at + shift);
        flaw
    })
}

/// Runs a nom parser over the whole field; the error is the offset at which it stopped.
#[inline]
fn whole<'a, O>(
    raw: &'a [u8],
    parser: impl Parser<&'a [u8], Output = O, Error = nom::error::Error<&'a [u8]>>,
) -> Result<O, usize> {
    all_consuming(parser).parse_complete(raw).map(|(_, value)| value).map_err(|error| match error {
        nom::Err::Error(e) | nom::Err::Failure(e) => raw.len() - e.input.len(),
        nom::Err::Incomplete(_) => raw.len(),
    })
}

#[inline]
fn check_left_digits(field: &FieldPlan, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    let digits = first_non_digit(raw).unwrap_or(raw.len());
    if digits > 0 && all_are(raw.get(digits..).unwrap_or_default(), b' ') {
        return Ok(Tolerances::NONE);
    }
    let (raw, used, shift) = without_leading_space(field, raw);
    let left = (take_while1(|b: u8| b.is_ascii_digit()), take_while(is_space));
    whole(raw, left).map(|_| used).map_err(|at| {
        FieldFlaw::new(
            "digits-expected",
            Some(at + shift),
            "must be digits, left-justified, blanks after them",
        )
    })
}

#[inline]
fn without_leading_space<'a>(field: &FieldPlan, raw: &'a [u8]) -> (&'a [u8], Tolerances, usize) {
    if raw.first() == Some(&b' ') && field.tolerate.has(Tolerances::LEADING_SPACE) {
        let trimmed = raw.trim_ascii_start();
        return (trimmed, Tolerances::LEADING_SPACE, raw.len() - trimmed.len());
    }
    (raw, Tolerances::NONE, 0)
}

fn check_ascii(field: &FieldPlan, chars: Chars, right: bool, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    let is_char = |b: u8| match chars {
        Chars::Alnum => b.is_ascii_alphanumeric(),
        Chars::Graphic => b.is_ascii_graphic(),
        Chars::Printable => b.is_ascii_graphic() || b == b' ',
    };
    if !right && raw.first() != Some(&b' ') {
        let run = raw.iter().position(|b| !is_char(*b)).unwrap_or(raw.len());
        if run > 0 && all_are(raw.get(run..).unwrap_or_default(), b' ') {
            return Ok(Tolerances::NONE);
        }
    }
    let (raw, used, shift) = without_leading_space(field, raw);
    let stopped = match (right, chars) {
        (false, Chars::Printable) if raw.first() != Some(&b' ') => whole(raw, take_while1(is_char)).err(),
        (false, Chars::Printable) => Some(0),
        (false, _) => whole(raw, (take_while1(is_char), take_while(is_space))).err(),
        (true, _) => whole(raw, (take_while(is_space), take_while1(is_char))).err(),
    };
    let Some(at) = stopped else { return Ok(used) };
    let what = match chars {
        Chars::Alnum => "letters and digits",
        Chars::Graphic => "letters, digits and signs without a blank inside",
        Chars::Printable => "letters, digits and signs",
    };
    let side = if right { "right-justified with blanks before" } else { "left-justified with blanks after" };
    Err(FieldFlaw::new("character-not-allowed", Some(at + shift), format!("must be {what}, {side}")))
}

const HALF: &str = "must hold whole characters; one is cut in half";

fn check_text(
    field: &FieldPlan,
    chars: TextChars,
    encoding: Encoding,
    raw: &[u8],
) -> Result<Tolerances, FieldFlaw> {
    let walk = encoding.walk(raw).map_err(|(at, bad)| match bad {
        BadText::Control => FieldFlaw::new("text-control-byte", Some(at), "must hold no control byte"),
        BadText::Half => FieldFlaw::new("text-half-character", Some(at), HALF),
        BadText::NotInCharset => {
            let expected = format!("must be text in {}", encoding.name());
            FieldFlaw::new("text-not-in-charset", Some(at), expected)
        }
    })?;
    let at = Some(0);
    match chars {
        TextChars::DoubleByte if walk.narrow => {
            return Err(FieldFlaw::new("character-not-allowed", at, "must be two-byte characters only"));
        }
        TextChars::SingleByte if walk.wide => {
            return Err(FieldFlaw::new("character-not-allowed", at, "must be one-byte characters only"));
        }
        _ => {}
    }
    if !walk.odd_a1 {
        return Ok(Tolerances::NONE);
    }
    if field.tolerate.has(Tolerances::ODD_A1) {
        return Ok(Tolerances::ODD_A1);
    }
    Err(FieldFlaw::new("text-half-character", Some(raw.len().saturating_sub(1)), HALF))
}

impl DateForm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yymmdd => "YYMMDD",
            Self::Yyyymmdd => "YYYYMMDD",
            Self::Ddmmyy => "DDMMYY",
            Self::Ddmmyyyy => "DDMMYYYY",
            Self::Mmdd => "MMDD",
            Self::Yyddd => "YYDDD",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Yymmdd, Self::Yyyymmdd, Self::Ddmmyy, Self::Ddmmyyyy, Self::Mmdd, Self::Yyddd]
            .into_iter()
            .find(|form| form.name() == name)
    }
}

/// `n` digits as a number.
fn part<'a>(n: usize) -> impl Parser<&'a [u8], Output = u32, Error = nom::error::Error<&'a [u8]>> {
    map_opt(take_while_m_n(n, n, |b: u8| b.is_ascii_digit()), |digits: &[u8]| {
        digits_value(digits).and_then(|value| u32::try_from(value).ok())
    })
}

/// A date field's value; `None` where the bytes are no day.
pub(crate) fn date_value(form: DateForm, zero_is_blank: bool, raw: &[u8]) -> Option<DateValue> {
    if zero_is_blank && raw.iter().all(|b| *b == b'0') {
        return Some(DateValue::None);
    }
    let day = |y: u32, m: u32, d: u32| Date::new(i32::try_from(y).ok()?, m, d).map(DateValue::Day);
    match form {
        DateForm::Yymmdd => {
            let (y, m, d) = whole(raw, (part(2), part(2), part(2))).ok()?;
            day(century(y), m, d)
        }
        DateForm::Yyyymmdd => {
            let (y, m, d) = whole(raw, (part(4), part(2), part(2))).ok()?;
            day(y, m, d).filter(|_| y > 0)
        }
        DateForm::Ddmmyy => {
            let (d, m, y) = whole(raw, (part(2), part(2), part(2))).ok()?;
            day(century(y), m, d)
        }
        DateForm::Ddmmyyyy => {
            let (d, m, y) = whole(raw, (part(2), part(2), part(4))).ok()?;
            day(y, m, d).filter(|_| y > 0)
        }
        DateForm::Mmdd => {
            let (m, d) = whole(raw, (part(2), part(2))).ok()?;
            day(2000, m, d).map(|_| DateValue::MonthDay(m, d))
        }
        DateForm::Yyddd => {
            let (y, nth) = whole(raw, (part(2), part(3))).ok()?;
            Date::from_year_day(i32::try_from(century(y)).ok()?, nth).map(DateValue::Day)
        }
    }
}

/// A time field's value: `Some(None)` where all zeros mean none; `None` where the bytes are no time.
pub(crate) fn time_value(zero_is_blank: bool, raw: &[u8]) -> Option<Option<TimeOfDay>> {
    if zero_is_blank && raw.iter().all(|b| *b == b'0') {
        return Some(None);
    }
    let two = |input| -> IResult<&[u8], u32> { part(2).parse(input) };
    let (h, m, s) = if raw.len() == 4 {
        whole(raw, (two, two)).map(|(h, m)| (h, m, 0)).ok()?
    } else {
        whole(raw, (two, two, two)).ok()?
    };
    TimeOfDay::new(h, m, s).map(Some)
}

/// The value of a number, serial or digits field, with its sign, in its smallest unit.
#[inline]
pub(crate) fn number_value(record: &RecordPlan, field: &FieldPlan, bytes: &[u8]) -> Option<i64> {
    let raw = field.cut(bytes);
    match &field.kind {
        Kind::Serial | Kind::Const(_) => unsigned(field, raw),
        Kind::Number { sign: Sign::None, .. } => unsigned(field, raw),
        Kind::Number { sign: Sign::Leading { .. }, .. } => {
            let (first, rest) = raw.split_first()?;
            unsigned(field, rest).map(|n| if *first == b'-' { -n } else { n })
        }
        Kind::Number { sign: Sign::Trailing { .. }, .. } => {
            let (last, rest) = raw.split_last()?;
            unsigned(field, rest).map(|n| if *last == b'-' { -n } else { n })
        }
        Kind::Number { sign: Sign::Field { field: sign, minus, plus }, .. } => {
            let value = unsigned(field, raw)?;
            let sign = record.field(*sign)?.cut(bytes);
            if sign == minus.as_slice() { Some(-value) } else { (sign == plus.as_slice()).then_some(value) }
        }
        Kind::Digits { .. } => unsigned(field, raw.trim_ascii()),
        _ => None,
    }
}

#[inline]
fn unsigned(field: &FieldPlan, raw: &[u8]) -> Option<i64> {
    digits_value(raw).or_else(|| tolerated_value(field, raw))
}

/// The value of digits with blanks among them, where the field tolerates these.
#[cold]
fn tolerated_value(field: &FieldPlan, raw: &[u8]) -> Option<i64> {
    if field.tolerate.has(Tolerances::SPACE_FOR_ZEROS) && raw.first().is_some_and(u8::is_ascii_digit) {
        let digits = raw.trim_ascii_end();
        let zeros = u32::try_from(raw.len() - digits.len()).ok()?;
        return digits_value(digits)?.checked_mul(10_i64.checked_pow(zeros)?);
    }
    let digits = raw.trim_ascii_start();
    if digits.is_empty() {
        return field.tolerate.has(Tolerances::BLANK_IS_ZERO).then_some(0);
    }
    field.tolerate.has(Tolerances::SPACE_BEFORE_NUMBER).then(|| digits_value(digits)).flatten()
}
