//! Which encoding a list is in, decided strictly: UTF-8 with its mark, else valid UTF-8, else CP949 without a single
//! wrong byte, else a fault. Never a replacement character. Files that are not text at all are told by name.
//!
//! Must not: guess by frequency, or know rows and columns (it counts lines only to say where a byte stands).

use crate::fault::{Fault, Faults, Place};
use encoding_rs::{DecoderResult, EUC_KR, EncoderResult};

/// The encodings that a list may have. `encoding_rs` names CP949 (windows-949) EUC-KR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with a byte order mark: what Excel writes as "CSV UTF-8".
    Utf8Bom,
    /// UTF-8 without a mark.
    Utf8,
    /// CP949: what Excel writes as "CSV" on a Korean Windows.
    Cp949,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Encoding {
    /// The word in summaries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utf8Bom => "utf-8-bom",
            Self::Utf8 => "utf-8",
            Self::Cp949 => "cp949",
        }
    }

    /// The text in this encoding. What CP949 lacks is written as `\u{…}`: it can only stand in our own columns, since
    /// the creditor's cells came from the same encoding.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8Bom => [BOM, text.as_bytes()].concat(),
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Cp949 => encode_cp949(text),
        }
    }
}

fn encode_cp949(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut encoder = EUC_KR.new_encoder();
    let mut rest = text;
    loop {
        out.reserve(
            encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len()),
        );
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut out, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return out,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(c) => out.extend(c.escape_unicode().map(|c| c as u8)),
        }
    }
}

/// The text of a list and the encoding it was in; the mark is taken off.
pub fn decode(file: &str, bytes: &[u8]) -> Result<(String, Encoding), Faults> {
    if let Some(fault) = not_text(file, bytes) {
        return Err(Faults::from(vec![fault]));
    }
    let (body, marked) = match bytes.strip_prefix(BOM) {
        Some(body) => (body, true),
        None => (bytes, false),
    };
    let utf8_error = match std::str::from_utf8(body) {
        Ok(text) => {
            return Ok((text.to_string(), if marked { Encoding::Utf8Bom } else { Encoding::Utf8 }));
        }
        Err(error) => error.valid_up_to(),
    };
    if marked {
        let expected =
            format!("UTF-8, as its first three bytes say; {}", wrong_byte(bytes, utf8_error + BOM.len()));
        return Err(encoding_fault(file, body, utf8_error, expected));
    }
    match decode_cp949(body) {
        Ok(text) => Ok((text, Encoding::Cp949)),
        Err(offset) => {
            let expected = format!("UTF-8 or CP949; as CP949, {}", wrong_byte(bytes, offset));
            Err(encoding_fault(file, body, offset, expected))
        }
    }
}

fn encoding_fault(file: &str, body: &[u8], offset: usize, expected: String) -> Faults {
    let lines = body.iter().take(offset).filter(|b| **b == b'\n').count() as u64;
    let place = Place::Row { file: file.into(), row: lines.saturating_add(1), column: String::new() };
    let remedy = "save the sheet again as \"CSV UTF-8\" (CSV UTF-8로 다시 저장하십시오)";
    Faults::from(vec![Fault::new("list-encoding", place, expected, remedy)])
}

fn wrong_byte(bytes: &[u8], offset: usize) -> String {
    match bytes.get(offset) {
        Some(byte) => {
            format!("byte {} of the file (0x{byte:02X}) cannot stand there", offset.saturating_add(1))
        }
        None => "the file ends inside a character".into(),
    }
}

/// The text, or the offset of the first byte that CP949 does not allow.
fn decode_cp949(bytes: &[u8]) -> Result<String, usize> {
    let mut decoder = EUC_KR.new_decoder_without_bom_handling();
    let mut text = String::new();
    text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::OutputFull => Err(read),
        DecoderResult::Malformed(bad, after) => {
            Err(read.saturating_sub(usize::from(bad)).saturating_sub(usize::from(after)))
        }
    }
}

/// What the bytes are where they are no text.
fn not_text(file: &str, bytes: &[u8]) -> Option<Fault> {
    let fault = |name, what: &str, remedy: &str| {
        Some(Fault::new(name, Place::file(file), format!("a text file (.csv, .tsv); this is {what}"), remedy))
    };
    let save = "open it in Excel and save it as \"CSV UTF-8 (쉼표로 분리)\"";
    if bytes.starts_with(b"PK\x03\x04") {
        return fault("list-is-spreadsheet", "an .xlsx workbook (or another zip file)", save);
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return fault("list-is-spreadsheet", "an old .xls workbook", save);
    }
    let mut head = bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii_start().iter().copied();
    if head.next() == Some(b'<')
        && head.next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'!' | b'?'))
    {
        return fault("list-is-html", "a web page or XML, as many programs write under the name .xls", save);
    }
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    if marked || alternating_zeros(bytes) {
        let remedy = "save it as \"CSV UTF-8\", not as \"Unicode text\" (유니코드 텍스트)";
        return fault("list-is-utf16", "UTF-16 (\"Unicode text\")", remedy);
    }
    None
}

/// What stands in a file that is named as a workbook and is none, where that is known: a web page, UTF-16, or plain rows.
pub(super) fn no_workbook(file: &str, bytes: &[u8]) -> Option<Fault> {
    match decode(file, bytes) {
        Ok(_) if bytes.is_empty() => None,
        Ok((text, _)) => {
            let heading = text.lines().next().unwrap_or_default();
            let extension = if heading.contains('\t') { ".tsv" } else { ".csv" };
            let expected = "a workbook, as the name says; this is plain text with rows (CSV), as many programs write under the name .xls";
            let remedy = format!("name it {extension} instead of .xls, and drop it again");
            Some(Fault::new("list-is-text", Place::file(file), expected, remedy))
        }
        Err(faults) => {
            let known = |fault: &&Fault| matches!(fault.name, "list-is-html" | "list-is-utf16");
            faults.kept().iter().find(known).cloned()
        }
    }
}

/// UTF-16 without a mark: at least three pairs of which one half is always 0.
fn alternating_zeros(bytes: &[u8]) -> bool {
    let head = bytes.get(..64.min(bytes.len())).unwrap_or_default();
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let pairs = head.len() / 2;
    // Hangul in UTF-16 has no zero halves, ASCII has one in each pair.
    pairs >= 3 && [0, 1].into_iter().any(|odd| zeros(odd) * 3 >= pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> &'static str {
        decode("f", bytes).map_or_else(|f| f.kept()[0].name, |(_, e)| e.word())
    }

    #[test]
    fn encodings_are_decided_strictly() {
        let cp949 = Encoding::Cp949.encode("고객번호,똠방각하\r\n");
        assert_eq!(name(&cp949), "cp949");
        assert_eq!(decode("f", &cp949).unwrap().0, "고객번호,똠방각하\r\n");
        assert_eq!(name("고객번호".as_bytes()), "utf-8");
        assert_eq!(name(&Encoding::Utf8Bom.encode("고객번호")), "utf-8-bom");
        assert_eq!(name(b"\xEF\xBB\xBF\xB0\xED"), "list-encoding");
        assert_eq!(name(b"\xB0\xED\n\xFF"), "list-encoding");
        assert_eq!(name(b"\xB0"), "list-encoding");
        assert_eq!(name(b"PK\x03\x04..."), "list-is-spreadsheet");
        assert_eq!(name(b"\xD0\xCF\x11\xE0\xA1"), "list-is-spreadsheet");
        assert_eq!(name(b"\n <html>"), "list-is-html");
        assert_eq!(name(b"\xFF\xFEa\0"), "list-is-utf16");
        assert_eq!(name(b"a\0b\0,\0"), "list-is-utf16");
        assert_eq!(
            name(b"a,b\0c,dddddddddddddd"),
            "utf-8",
            "one NUL is a row's refusal, not another encoding"
        );
    }

    #[test]
    fn what_stands_in_a_workbook_that_is_none() {
        let told = |bytes: &[u8]| no_workbook("f.xls", bytes).map(|fault| fault.name);
        assert_eq!(told(b"<html><table>"), Some("list-is-html"));
        assert_eq!(told(b"<?xml version=\"1.0\"?><Workbook>"), Some("list-is-html"));
        assert_eq!(told("고객번호,고객명\n".as_bytes()), Some("list-is-text"));
        assert_eq!(told(&Encoding::Cp949.encode("고객번호\t고객명")), Some("list-is-text"));
        assert_eq!(told(b"\xFF\xFEa\0"), Some("list-is-utf16"));
        assert_eq!(told(b"\x09\x08\x10\x00\xFF"), None, "something else");
        assert_eq!(told(b"PK\x03\x04"), None);
    }

    #[test]
    fn says_which_byte_of_which_row() {
        let fault = decode("f.csv", b"\xB0\xED,a\r\nb,\xC0\xC0\xFF\xFF").unwrap_err();
        let fault = &fault.kept()[0];
        assert_eq!(fault.place.to_string(), "f.csv:row 2");
        assert!(fault.expected.contains("byte 11 of the file (0xFF)"), "{}", fault.expected);
    }

    #[test]
    fn what_cp949_lacks_is_escaped_in_our_columns() {
        assert_eq!(Encoding::Cp949.encode("a😀b"), b"a\\u{1f600}b");
    }
}
