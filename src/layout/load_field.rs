//! Fields of a layout, each by itself: its place, its type, its keys. What points to other fields is `load_refs.rs`.

use super::field::check;
use super::load::{Loader, tolerances};
use super::plan::{
    Blank, Chars, Code, DateForm, FieldIx, FieldPlan, Kind, PayloadPlan, Sign, TextChars, Tolerances,
};
use super::print;
use super::raw::{Pad, RawAlign, RawField, RawLayout, RawRecord, RawSign, RawType};

/// Builds the fields of a record, and says what a record looks like before any value is set.
pub(crate) fn build_fields(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    record: &RawRecord,
    record_line: usize,
) -> (Vec<FieldPlan>, Option<PayloadPlan>, Vec<u8>) {
    let mut fields: Vec<FieldPlan> = Vec::new();
    let mut payload = None;
    let mut next = 1;
    for spanned in &record.fields {
        let field = spanned.get_ref();
        let line = loader.line(&spanned.span());
        let name = field.name.get_ref();
        let good_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !good_name || (fields.iter().any(|known| known.name == *name) && field.kind != RawType::Filler) {
            let said =
                format!("The field name {name:?} must be lower case with _ and occur once in its record.");
            loader.fault("name-twice", line, said, "Give each field its own name.");
        }
        check_place(loader, field, next, line);
        refuse_foreign_keys(loader, field, line);
        let len = field_len(loader, field, line);
        // A field at byte 0 was told above; from there on it counts as one at byte 1.
        next = (*field.at.get_ref()).max(1).saturating_add(len);
        let kind = build_kind(loader, raw, field, len, line);
        let tolerate = tolerances(loader, &field.tolerate, allowed_tolerances(field), "this field", line);
        let mut plan = FieldPlan {
            name: name.clone(),
            ko: field.ko.clone(),
            line,
            start: field.at.get_ref().saturating_sub(1),
            len,
            kind,
            blank: if field.optional { Blank::Allowed } else { Blank::Never },
            default: None,
            equals: None,
            sensitive: field.sensitive,
            tolerate,
            series: None,
            check: None,
        };
        plan.default = field
            .default
            .as_ref()
            .and_then(|value| value_bytes(loader, raw, &plan, value, "default-not-allowed", line));
        if field.kind == RawType::Payload {
            payload = Some(build_payload(loader, raw, record, field, fields.len(), line));
        } else if payload.is_some() {
            loader.fault("payload-wrong", line, "A payload must be the last field.", "Put it last.");
        }
        fields.push(plan);
    }
    let bytes = *raw.record_bytes.get_ref();
    if payload.is_none() && next - 1 != bytes {
        let said = format!(
            "The fields of {:?} end at byte {}; a record has {bytes} bytes.",
            record.name.get_ref(),
            next - 1
        );
        loader.fault(
            "record-bytes-differ",
            record_line,
            said,
            "Write out every filler; correct `len` or `record_bytes`.",
        );
    }
    let template = template(&fields);
    (fields, payload, template)
}

fn template(fields: &[FieldPlan]) -> Vec<u8> {
    let mut row = Vec::new();
    for field in fields {
        match (&field.default, &field.kind) {
            (Some(value), _) | (None, Kind::Const(value)) => row.extend_from_slice(value),
            (None, Kind::Filler(fill)) => row.resize(row.len() + field.len, *fill),
            (None, Kind::Date { zero_is_blank: true, .. } | Kind::Time { zero_is_blank: true, .. }) => {
                row.resize(row.len() + field.len, b'0');
            }
            (None, _) => row.resize(row.len() + field.len, b' '),
        }
    }
    row
}

fn check_place(loader: &mut Loader<'_>, field: &RawField, next: usize, line: usize) {
    let at = *field.at.get_ref();
    if at > next {
        let said = format!("No field describes bytes {next} to {}.", at - 1);
        loader.fault("field-gap", line, said, "Write out the filler there, or correct `at`.");
    } else if at < next {
        let said = format!("The field begins at byte {at}; the one before it goes to byte {}.", next - 1);
        loader.fault("field-overlap", line, said, "Correct `at`, or `len` of the field before.");
    }
}

/// Keys that mean nothing for this type.
fn refuse_foreign_keys(loader: &mut Loader<'_>, field: &RawField, line: usize) {
    use RawType as T;
    let kind = field.kind;
    let fixed = matches!(kind, T::Const | T::Filler | T::Payload);
    let keys = [
        ("value", field.value.is_some(), matches!(kind, T::Const | T::Filler)),
        ("serial", field.serial.is_some(), kind == T::Serial),
        ("scope", field.scope.is_some(), kind == T::Serial),
        ("start", field.start.is_some(), kind == T::Serial),
        ("decimals", field.decimals.is_some(), kind == T::Number),
        ("sign", field.sign.is_some(), kind == T::Number),
        ("plus", field.plus.is_some(), kind == T::Number && field.sign.is_some()),
        ("sign_field", field.sign_field.is_some(), kind == T::Number && field.sign.is_none()),
        ("align", field.align.is_some(), matches!(kind, T::Digits | T::Ascii)),
        ("chars", field.chars.is_some(), matches!(kind, T::Ascii | T::Text)),
        ("pad", field.pad.is_some(), kind == T::Text),
        ("codes", field.codes.is_some(), kind == T::Code),
        ("open", field.open.is_some(), kind == T::Code),
        ("form", field.form.is_some(), matches!(kind, T::Date | T::Time)),
        ("zero_is_blank", field.zero_is_blank.is_some(), matches!(kind, T::Date | T::Time)),
        ("length", field.length.is_some(), kind == T::Payload),
        ("multiple", field.multiple.is_some(), kind == T::Payload),
        ("fill", field.fill.is_some(), kind == T::Payload),
        ("max_bytes", field.max_bytes.is_some(), kind == T::Payload),
        ("len", field.len.is_some(), kind != T::Payload),
        ("optional", field.optional, !fixed),
        ("blank_unless", field.blank_unless.is_some(), !fixed),
        (
            "required_when",
            field.required_when.is_some(),
            !fixed && field.optional && field.blank_unless.is_none(),
        ),
        ("default", field.default.is_some(), !fixed),
        ("equals", field.equals.is_some(), !fixed && field.same_as.is_none()),
        ("same_as", field.same_as.is_some(), !fixed),
    ];
    for (key, given, fits) in keys {
        if given && !fits {
            let said = format!("The key `{key}` does not go with this field's type or its other keys.");
            loader.fault(
                "key-not-for-type",
                line,
                said,
                "formats/README.md 4 and 5 say which keys a type has.",
            );
        }
    }
}

fn field_len(loader: &mut Loader<'_>, field: &RawField, line: usize) -> usize {
    match (field.kind, field.len) {
        (RawType::Payload, _) => 0,
        (_, Some(len @ 1..=65_536)) => len,
        _ => {
            loader.fault("field-length-wrong", line, "`len` must be 1 or more.", "Give the field's bytes.");
            0
        }
    }
}

fn allowed_tolerances(field: &RawField) -> &'static [Tolerances] {
    match (field.kind, field.align) {
        (RawType::Text, _) => &[Tolerances::ODD_A1],
        (RawType::Number, _) => {
            &[Tolerances::SPACE_FOR_ZEROS, Tolerances::SPACE_BEFORE_NUMBER, Tolerances::BLANK_IS_ZERO]
        }
        (RawType::Serial, _) => &[Tolerances::SPACE_BEFORE_NUMBER],
        (RawType::Digits, Some(RawAlign::Right)) => &[Tolerances::SPACE_FOR_ZEROS],
        (RawType::Digits, _) => &[Tolerances::LEADING_SPACE],
        (RawType::Ascii, None | Some(RawAlign::Left)) => &[Tolerances::LEADING_SPACE],
        (RawType::Filler, _) => &[Tolerances::ANY_FILLER],
        _ => &[],
    }
}

fn build_kind(loader: &mut Loader<'_>, raw: &RawLayout, field: &RawField, len: usize, line: usize) -> Kind {
    let right = field.align == Some(RawAlign::Right);
    match field.kind {
        RawType::Const => {
            let mut value = Vec::new();
            let text = field.value.as_deref().unwrap_or_default();
            let encoded = raw.encoding.encode(text, &mut value).is_ok();
            if !encoded || value.len() != len {
                let said = format!("`value` must have exactly {len} bytes; {text:?} has {}.", value.len());
                loader.fault("field-length-wrong", line, said, "Write the value with all its blanks.");
                value.resize(len, b' ');
            }
            Kind::Const(value)
        }
        RawType::Filler => match field.value.as_deref().map_or(&b" "[..], str::as_bytes) {
            [fill] => Kind::Filler(*fill),
            _ => {
                loader.fault(
                    "field-length-wrong",
                    line,
                    "A filler's `value` is one character.",
                    "Write one, such as \"0\".",
                );
                Kind::Filler(b' ')
            }
        },
        RawType::Serial => {
            check_len(loader, len <= 18, "a serial has at most 18 digits", line);
            Kind::Serial
        }
        RawType::Number => build_number(loader, field, len, line),
        RawType::Digits => Kind::Digits { right },
        RawType::Ascii => {
            let chars = match field.chars.as_deref() {
                Some("alnum") => Some(Chars::Alnum),
                None | Some("graphic") => Some(Chars::Graphic),
                Some("printable") => Some(Chars::Printable),
                Some(_) => None,
            };
            unknown_word(loader, chars.is_none(), "`chars` of ascii is alnum, graphic or printable", line);
            Kind::Ascii { chars: chars.unwrap_or(Chars::Graphic), right }
        }
        RawType::Text => build_text(loader, raw, field, len, line),
        RawType::Code => build_code(loader, field, len, line),
        RawType::Date => {
            let form = DateForm::named(field.form.as_deref().unwrap_or_default());
            unknown_word(
                loader,
                form.is_none(),
                "`form` of a date is YYMMDD, YYYYMMDD, DDMMYY, DDMMYYYY, MMDD or YYDDD",
                line,
            );
            let form = form.unwrap_or(DateForm::Yymmdd);
            check_len(loader, form.name().len() == len, "`len` must be that of the form", line);
            Kind::Date { form, zero_is_blank: field.zero_is_blank.unwrap_or(false) }
        }
        RawType::Time => {
            let seconds = field.form.as_deref() == Some("HHMMSS");
            let known = seconds || field.form.as_deref() == Some("HHMM");
            unknown_word(loader, !known, "`form` of a time is HHMM or HHMMSS", line);
            check_len(loader, len == if seconds { 6 } else { 4 }, "`len` must be that of the form", line);
            Kind::Time { seconds, zero_is_blank: field.zero_is_blank.unwrap_or(false) }
        }
        RawType::FileName => Kind::FileName,
        RawType::Opaque => Kind::Opaque,
        RawType::Payload => Kind::Payload,
    }
}

fn check_len(loader: &mut Loader<'_>, good: bool, rule: &str, line: usize) {
    if !good {
        loader.fault("field-length-wrong", line, format!("The length is wrong: {rule}."), "Correct `len`.");
    }
}

pub(crate) fn unknown_word(loader: &mut Loader<'_>, wrong: bool, rule: &str, line: usize) {
    if wrong {
        loader.fault(
            "value-not-known",
            line,
            format!("A word is not known or missing: {rule}."),
            "Use one of these.",
        );
    }
}

fn build_number(loader: &mut Loader<'_>, field: &RawField, len: usize, line: usize) -> Kind {
    let signed = usize::from(field.sign.is_some());
    check_len(
        loader,
        (1 + signed..=18 + signed).contains(&len),
        "a number has 1 to 18 digits (and perhaps a sign)",
        line,
    );
    let decimals = field.decimals.unwrap_or(0);
    check_len(loader, usize::from(decimals) < len.max(1), "a number has more digits than decimals", line);
    let plus = match field.plus.as_deref().map_or(&b"+"[..], str::as_bytes) {
        [plus] => *plus,
        _ => {
            unknown_word(loader, true, "`plus` is one character", line);
            b'+'
        }
    };
    let sign = match field.sign {
        Some(RawSign::Leading) => Sign::Leading { plus },
        Some(RawSign::Trailing) => Sign::Trailing { plus },
        None => Sign::None,
    };
    if signed == 1 && field.tolerate.iter().any(|t| t == "space-for-zeros" || t == "blank-is-zero") {
        let said = "A number with a sign among its bytes can tolerate only space-before-number.";
        loader.fault("tolerance-wrong", line, said, "Remove that tolerance.");
    }
    Kind::Number { decimals, sign }
}

fn build_text(loader: &mut Loader<'_>, raw: &RawLayout, field: &RawField, len: usize, line: usize) -> Kind {
    use super::charset::Encoding;
    let chars = match field.chars.as_deref() {
        None | Some("any") => Some(TextChars::Any),
        Some("double-byte") => Some(TextChars::DoubleByte),
        Some("single-byte") => Some(TextChars::SingleByte),
        Some(_) => None,
    };
    unknown_word(loader, chars.is_none(), "`chars` of text is any, double-byte or single-byte", line);
    let chars = chars.unwrap_or(TextChars::Any);
    let korean = matches!(raw.encoding, Encoding::KsX1001 | Encoding::Cp949);
    let pad = field.pad.unwrap_or(match chars {
        TextChars::DoubleByte => Pad::Wide,
        TextChars::Any if korean => Pad::ByContent,
        _ => Pad::Space,
    });
    let even = !(chars == TextChars::DoubleByte || pad == Pad::Wide) || len.is_multiple_of(2);
    check_len(loader, even, "two-byte characters or blanks need an even number of bytes", line);
    Kind::Text { chars, pad }
}

fn build_code(loader: &mut Loader<'_>, field: &RawField, len: usize, line: usize) -> Kind {
    let mut codes: Vec<Code> = Vec::new();
    let open = field.open.unwrap_or(false);
    for (value, name) in field.codes.iter().flatten() {
        let mut raw = value.as_bytes().to_vec();
        if raw.len() > len || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            let said = format!("The code {value:?} must be ASCII and have at most {len} bytes.");
            loader.fault("code-wrong", line, said, "Correct the code or `len`.");
            continue;
        }
        raw.resize(len, b' ');
        if codes.iter().any(|known| known.name == *name || known.raw == raw) || name.is_empty() {
            let said =
                format!("Of the codes, {value:?} or its name {name:?} is there twice (or without a name).");
            loader.fault(
                "code-wrong",
                line,
                said,
                "Give each code its own name: what is read must be written back.",
            );
        }
        codes.push(Code { raw, shown: value.trim_end().to_string(), name: name.clone() });
    }
    if codes.is_empty() && !open {
        loader.fault(
            "code-wrong",
            line,
            "A code field needs `codes`, or open = true.",
            "List the bank's codes.",
        );
    }
    Kind::Code { codes, open }
}

fn build_payload(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    record: &RawRecord,
    field: &RawField,
    at: usize,
    line: usize,
) -> PayloadPlan {
    let length = field.length.as_deref().unwrap_or_default();
    let found = record.fields.iter().position(|f| f.get_ref().name.get_ref() == length);
    let is_number =
        found.and_then(|ix| record.fields.get(ix)).is_some_and(|f| f.get_ref().kind == RawType::Number);
    let fill = field.fill.as_deref().map_or(&b" "[..], str::as_bytes);
    let multiple = field.multiple.unwrap_or(*raw.record_bytes.get_ref());
    if !is_number || fill.len() != 1 || multiple == 0 {
        let said = "A payload needs `length`, a number field of its record; `fill` of one character; `multiple` of 1 or more.";
        loader.fault("payload-wrong", line, said, "Correct these keys.");
    }
    PayloadPlan {
        field: FieldIx(u16::try_from(at).unwrap_or(u16::MAX)),
        length: FieldIx(found.and_then(|ix| u16::try_from(ix).ok()).unwrap_or(0)),
        multiple: multiple.max(1),
        fill: fill.first().copied().unwrap_or(b' '),
        max_bytes: field.max_bytes.unwrap_or(16 * 1024 * 1024),
    }
}

/// The bytes of a value as a layout file writes it: a code by name or value, digits for numbers, else text.
pub(crate) fn value_bytes(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    field: &FieldPlan,
    value: &str,
    name: &'static str,
    line: usize,
) -> Option<Vec<u8>> {
    let mut row = vec![b' '; field.start + field.len];
    let number = value.parse::<i64>().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()));
    let printed = match (&field.kind, number) {
        (Kind::Number { sign: Sign::None, .. } | Kind::Serial, Some(_)) if value.len() <= field.len => {
            let padded = format!("{value:0>width$}", width = field.len);
            print::print_bytes(field, padded.as_bytes(), &mut row).is_ok()
        }
        (Kind::Date { .. } | Kind::Time { .. } | Kind::Opaque, _) => {
            print::print_bytes(field, value.as_bytes(), &mut row).is_ok()
        }
        _ => print::print_text(field, raw.encoding, value, &mut row, &mut Vec::new()).is_ok(),
    };
    let bytes = field.cut(&row).to_vec();
    if printed && check(field, raw.encoding, &bytes) == Ok(Tolerances::NONE) {
        return Some(bytes);
    }
    let said = format!("{value:?} is no value of {}, of {} bytes.", field.titled(), field.len);
    loader.fault(name, line, said, "Write a value of that field: a code's name, digits, or text.");
    None
}
