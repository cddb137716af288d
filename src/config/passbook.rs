//! Whether a text can stand in the passbook field (통장기재내용) of a debit line: 16 bytes of KS X 1001, no controls
//! (facts/kftc.md 3, EB21 R 74-89; result code 0068).
//!
//! Must not: be the printer of that field. `compile_with` takes another check, so that the layout's own can stand here.

use encoding_rs::{EUC_KR, EncoderResult};

/// The bytes of the field.
const FIELD_BYTES: usize = 16;

/// The first byte of both halves of a KS X 1001 character; encoding_rs also writes the later CP949 ones, below it.
const KS_FIRST: u8 = 0xA1;

/// Whether `text` fits, or why not.
pub(super) fn fits(text: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(format!("holds the control character U+{:04X}", u32::from(c)));
    }
    let mut bytes = 0;
    for c in text.chars() {
        bytes +=
            width(c).ok_or_else(|| format!("holds {c:?}, which is not in KS X 1001 and cannot be sent"))?;
    }
    if bytes > FIELD_BYTES {
        return Err(format!("takes {bytes} bytes; the field has {FIELD_BYTES}, eight Hangul"));
    }
    Ok(())
}

/// How many bytes a character takes, if it is in the character set.
fn width(c: char) -> Option<usize> {
    let mut text = [0_u8; 4];
    let mut out = [0_u8; 4];
    let (result, _, written) =
        EUC_KR.new_encoder().encode_from_utf8_without_replacement(c.encode_utf8(&mut text), &mut out, true);
    match (result, out.get(..written)?) {
        (EncoderResult::InputEmpty, [ascii]) if ascii.is_ascii() => Some(1),
        (EncoderResult::InputEmpty, [first, second]) if *first >= KS_FIRST && *second >= KS_FIRST => Some(2),
        _ => None,
    }
}
