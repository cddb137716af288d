//! The charsets of bank files: which bytes are a character, and back, without ever replacing one.
//!
//! Checking works on bytes with one table per charset (no decoding); text is decoded only when asked for.
//! KS X 1001 is Windows-949 with both bytes from A1 on; the byte pair A4D4 (Hangul filler) is refused in both, since
//! it opens eight-byte make-up sequences. Only the strict forms of `encoding_rs` are used: the others replace silently
//! and sniff a byte order mark.
//!
//! Known weakness: `shift-jis` reads the double encodings of NEC and IBM characters but writes only one of each.

use encoding_rs::{EUC_KR, EncoderResult, SHIFT_JIS};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A charset that a layout may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// EUC-KR with only the 8,226 two-byte characters of KS X 1001.
    #[serde(rename = "ks-x-1001")]
    KsX1001,
    /// All of Windows-949.
    Cp949,
    /// Windows-31J; half-width kana are single bytes.
    ShiftJis,
    /// 0x20-0x7E.
    Ascii,
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadText {
    /// A byte below 0x20, or 0x7F.
    Control,
    /// The first byte of a two-byte character without a second one.
    Half,
    /// Two bytes (or one) that are no character of the charset.
    NotInCharset,
}

/// A character that the charset does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unencodable {
    /// The character.
    pub character: char,
    /// How many characters stand before it.
    pub index: usize,
    /// What to write instead, where there is something.
    pub suggestion: Option<&'static str>,
}

/// What a walk over text found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Bytes up to the end of the last character that is not a blank.
    pub(crate) content: usize,
    /// A lone A1 at the end.
    pub(crate) odd_a1: bool,
    /// A two-byte character occurred (blanks included).
    pub(crate) wide: bool,
    /// A one-byte character that is not a blank occurred.
    pub(crate) narrow: bool,
}

/// One bit for each pair of bytes.
struct Pairs(Box<[u64; 1024]>);

impl Pairs {
    fn new(encoding: &'static encoding_rs::Encoding, admits: fn(u8, u8, char) -> bool) -> Self {
        let mut bits = Box::new([0_u64; 1024]);
        for lead in 0x81_u8..=0xfe {
            for trail in 0x40_u8..=0xfe {
                let pair = [lead, trail];
                let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(&pair) else {
                    continue;
                };
                let mut chars = text.chars();
                if let (Some(c), None) = (chars.next(), chars.next())
                    && admits(lead, trail, c)
                    && let Some(word) = bits.get_mut(usize::from(u16::from_be_bytes(pair) >> 6))
                {
                    *word |= 1 << (trail & 63);
                }
            }
        }
        Self(bits)
    }

    #[inline]
    fn has(&self, lead: u8, trail: u8) -> bool {
        let index = u16::from_be_bytes([lead, trail]);
        self.0.get(usize::from(index >> 6)).is_some_and(|word| word >> (trail & 63) & 1 == 1)
    }
}

static KS_X_1001: LazyLock<Pairs> =
    LazyLock::new(|| Pairs::new(EUC_KR, |lead, trail, c| lead >= 0xa1 && trail >= 0xa1 && c != '\u{3164}'));
static CP949: LazyLock<Pairs> = LazyLock::new(|| Pairs::new(EUC_KR, |_, _, c| c != '\u{3164}'));
static SHIFT_JIS_PAIRS: LazyLock<Pairs> = LazyLock::new(|| {
    Pairs::new(SHIFT_JIS, |lead, _, c| {
        !(0xa0..=0xdf).contains(&lead) && !('\u{e000}'..='\u{f8ff}').contains(&c)
    })
});

/// For each character of the basic plane its two bytes in Windows-949, 0 where it has none: 128 KiB, made when text is
/// first written. `encoding_rs` searches; a million lines of Korean are a fifth slower by that.
static CP949_BYTES: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut bytes = vec![0; 0x1_0000];
    for lead in 0x81_u8..=0xfe {
        for trail in 0x41_u8..=0xfe {
            let pair = [lead, trail];
            let Some(text) = EUC_KR.decode_without_bom_handling_and_without_replacement(&pair) else {
                continue;
            };
            let mut chars = text.chars().map(u32::from);
            if let (Some(c @ 0x80..), None) = (chars.next(), chars.next())
                && let Some(slot) = usize::try_from(c).ok().and_then(|c| bytes.get_mut(c))
            {
                *slot = u16::from_be_bytes(pair);
            }
        }
    }
    bytes
});

/// Appends text in Windows-949; `false` at the first character that it lacks.
fn encode_cp949(text: &str, out: &mut Vec<u8>) -> bool {
    let table = CP949_BYTES.as_slice();
    text.chars().all(|c| {
        if c.is_ascii() {
            out.push(c as u8);
            return true;
        }
        let found =
            usize::try_from(u32::from(c)).ok().and_then(|c| table.get(c)).filter(|found| **found != 0);
        found.is_some_and(|found| {
            out.extend_from_slice(&found.to_be_bytes());
            true
        })
    })
}

impl Encoding {
    /// The name as layouts write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::KsX1001 => "ks-x-1001",
            Self::Cp949 => "cp949",
            Self::ShiftJis => "shift-jis",
            Self::Ascii => "ascii",
        }
    }

    fn pairs(self) -> Option<&'static Pairs> {
        match self {
            Self::KsX1001 => Some(&KS_X_1001),
            Self::Cp949 => Some(&CP949),
            Self::ShiftJis => Some(&SHIFT_JIS_PAIRS),
            Self::Ascii => None,
        }
    }

    /// The two-byte blank, where the charset has one.
    pub(crate) fn wide_blank(self) -> Option<[u8; 2]> {
        match self {
            Self::KsX1001 | Self::Cp949 => Some([0xa1, 0xa1]),
            Self::ShiftJis => Some([0x81, 0x40]),
            Self::Ascii => None,
        }
    }

    fn is_single(self, byte: u8) -> bool {
        byte < 0x80 || (self == Self::ShiftJis && (0xa1..=0xdf).contains(&byte))
    }

    /// Whether a byte opens a two-byte character.
    fn is_lead(self, byte: u8) -> bool {
        match self {
            Self::KsX1001 => (0xa1..=0xfe).contains(&byte),
            Self::Cp949 => (0x81..=0xfe).contains(&byte),
            Self::ShiftJis => matches!(byte, 0x81..=0x9f | 0xe0..=0xfc),
            Self::Ascii => false,
        }
    }

    /// Walks over the characters of `bytes` and refuses what is none. The error holds the offset of the wrong byte.
    pub(crate) fn walk(self, bytes: &[u8]) -> Result<Walk, (usize, BadText)> {
        let mut walk = Walk { content: 0, odd_a1: false, wide: false, narrow: false };
        let (pairs, wide_blank) = (self.pairs(), self.wide_blank());
        let mut rest = bytes;
        let mut at = 0;
        while let [first, tail @ ..] = rest {
            // The common case first: a two-byte character of the charset.
            if let (0x80.., [trail, after @ ..]) = (*first, tail)
                && pairs.is_some_and(|pairs| pairs.has(*first, *trail))
            {
                walk.wide = true;
                if Some([*first, *trail]) != wide_blank {
                    walk.content = at + 2;
                }
                rest = after;
                at += 2;
                continue;
            }
            match *first {
                b' ' => {}
                0x21..=0x7e => {
                    walk.narrow = true;
                    walk.content = at + 1;
                }
                0..=0x1f | 0x7f => return Err((at, BadText::Control)),
                lead if self.is_single(lead) => {
                    walk.narrow = true;
                    walk.content = at + 1;
                }
                lead => {
                    let Some(&trail) = tail.first() else {
                        if lead == 0xa1 && wide_blank == Some([0xa1, 0xa1]) {
                            walk.odd_a1 = true;
                            return Ok(walk);
                        }
                        let bad = if self.is_lead(lead) { BadText::Half } else { BadText::NotInCharset };
                        return Err((at, bad));
                    };
                    let cut = self.is_lead(lead) && trail < 0x40;
                    return Err((at, if cut { BadText::Half } else { BadText::NotInCharset }));
                }
            }
            rest = tail;
            at += 1;
        }
        Ok(walk)
    }

    /// The text of bytes; `None` where any byte is not a character of the charset. Compatibility hanja stay as they are.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        if bytes.is_ascii() {
            return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        }
        match self {
            Self::KsX1001 | Self::Cp949 => EUC_KR.decode_without_bom_handling_and_without_replacement(bytes),
            Self::ShiftJis => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes),
            Self::Ascii => None,
        }
    }

    /// Bytes for showing to a person: one column per byte, `·` for what is no character. Never for values.
    pub(crate) fn decode_for_show(self, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len());
        let mut rest = bytes;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match *first {
                0x20..=0x7e => out.push(char::from(*first)),
                lead => {
                    if let Some(&trail) = tail.first()
                        && self.pairs().is_some_and(|pairs| pairs.has(lead, trail))
                        && let Some(text) = self.decode(&[lead, trail])
                    {
                        // Most two-byte characters take two columns; a narrow one (·, …) gets a blank so that the ruler fits.
                        out.push_str(&text);
                        if unicode_width::UnicodeWidthStr::width(text.as_ref()) < 2 {
                            out.push(' ');
                        }
                        rest = tail.get(1..).unwrap_or_default();
                    } else if lead >= 0x80 && self.is_single(lead) {
                        out.push_str(&self.decode(&[lead]).unwrap_or(Cow::Borrowed("·")));
                    } else {
                        out.push('·');
                    }
                }
            }
        }
        out
    }

    /// Appends the bytes of `text`. Hangul typed as single letters (NFD, as macOS writes it) is composed; nothing else
    /// is changed and nothing replaced.
    pub(crate) fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        self.encode_walked(text, out).map(drop)
    }

    /// The same, and what a walk over the bytes finds, which is an error only where a control character is in the text.
    pub(crate) fn encode_walked(
        self,
        text: &str,
        out: &mut Vec<u8>,
    ) -> Result<Result<Walk, (usize, BadText)>, Unencodable> {
        let composed = compose_hangul(text);
        let text = composed.as_ref();
        let start = out.len();
        if text.is_ascii() {
            out.extend_from_slice(text.as_bytes());
            return Ok(self.walk(text.as_bytes()));
        }
        if self.encode_all(text, out) {
            let bytes = out.get(start..).unwrap_or_default();
            let walked = self.walk(bytes);
            if self.comes_back(text, bytes, walked) {
                return Ok(walked);
            }
        }
        out.truncate(start);
        let wrong = text.chars().enumerate().find(|(_, c)| !self.has_char(*c));
        let (index, character) = wrong.unwrap_or((0, '\u{fffd}'));
        Err(Unencodable { character, index, suggestion: suggestion(self, character) })
    }

    /// Whether the charset has this character.
    pub(crate) fn has_char(self, c: char) -> bool {
        if c.is_ascii() {
            return true;
        }
        let mut utf8 = [0; 4];
        let text: &str = c.encode_utf8(&mut utf8);
        let mut bytes = Vec::with_capacity(4);
        self.encode_all(text, &mut bytes) && self.comes_back(text, &bytes, self.walk(&bytes))
    }

    fn encode_all(self, text: &str, out: &mut Vec<u8>) -> bool {
        out.reserve(text.len() + 8);
        let mut encoder = match self {
            Self::KsX1001 | Self::Cp949 => return encode_cp949(text, out),
            Self::ShiftJis => SHIFT_JIS.new_encoder(),
            Self::Ascii => return false,
        };
        let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, out, true);
        result == EncoderResult::InputEmpty
    }

    /// Whether these bytes are of the charset and mean the text again (Shift-JIS writes ¥ as `\`).
    fn comes_back(self, text: &str, bytes: &[u8], walked: Result<Walk, (usize, BadText)>) -> bool {
        let of_charset = match walked {
            Ok(walk) => !walk.odd_a1,
            Err((_, bad)) => bad == BadText::Control,
        };
        of_charset && (self != Self::ShiftJis || self.decode(bytes).as_deref() == Some(text))
    }
}

/// What to write instead of characters that are typed often and that the charset lacks (crates.md 15).
fn suggestion(encoding: Encoding, c: char) -> Option<&'static str> {
    Some(match c {
        '\u{20a9}' if encoding != Encoding::Ascii => "￦ (U+FFE6)",
        '\u{2010}'..='\u{2014}' | '\u{2212}' | '\u{ad}' => "-",
        '\u{301c}' if encoding != Encoding::Ascii => "～ (U+FF5E)",
        '\u{2022}' if encoding != Encoding::Ascii => "· (U+00B7)",
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => "an ordinary blank",
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => "nothing: it is an invisible character",
        '\u{a9}' => "(C)",
        '\u{a5}' => "\\ (the same byte)",
        '\u{2018}' | '\u{2019}' if encoding == Encoding::Ascii => "'",
        '\u{201c}' | '\u{201d}' if encoding == Encoding::Ascii => "\"",
        _ => return None,
    })
}

/// Composes runs of Hangul letters (U+1100-11FF) to syllables; everything else stays, so that compatibility hanja keep
/// their bytes (NFC would change 270 of the 8,226).
pub(crate) fn compose_hangul(text: &str) -> Cow<'_, str> {
    let is_letter = |c: char| ('\u{1100}'..='\u{11ff}').contains(&c);
    // All of them are written as E1 84 to E1 87 in UTF-8.
    if text.is_ascii() || !text.as_bytes().contains(&0xe1) || !text.chars().any(is_letter) {
        return Cow::Borrowed(text);
    }
    let index = |c: Option<&char>, first: u32, count: u32| {
        c.and_then(|c| u32::from(*c).checked_sub(first)).filter(|n| *n < count)
    };
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let lead = index(Some(&c), 0x1100, 19);
        let vowel = lead.and_then(|_| index(chars.peek(), 0x1161, 21));
        if let (Some(lead), Some(vowel)) = (lead, vowel) {
            chars.next();
            let tail = index(chars.peek(), 0x11a7, 28).filter(|n| *n > 0);
            if tail.is_some() {
                chars.next();
            }
            let syllable = 0xac00 + (lead * 21 + vowel) * 28 + tail.unwrap_or(0);
            out.push(char::from_u32(syllable).unwrap_or(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::DecoderResult;

    /// Where decoding stops, for the tests that compare our tables with `encoding_rs`.
    fn first_malformed(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Option<usize> {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut out = String::with_capacity(bytes.len() * 3 + 8);
        match decoder.decode_to_string_without_replacement(bytes, &mut out, true) {
            (DecoderResult::Malformed(length, after), read) => {
                Some(read - usize::from(length) - usize::from(after))
            }
            _ => None,
        }
    }

    fn all_pairs() -> impl Iterator<Item = [u8; 2]> {
        (0x80_u8..=0xff).flat_map(|lead| (0x20_u8..=0xff).map(move |trail| [lead, trail]))
    }

    #[test]
    fn ks_x_1001_has_8226_characters_and_each_comes_back() {
        let mut count = 0;
        for pair in all_pairs().filter(|p| p[1] >= 0x80) {
            let Ok(walk) = Encoding::KsX1001.walk(&pair) else { continue };
            if walk.odd_a1 {
                continue;
            }
            let text = Encoding::KsX1001.decode(&pair).unwrap().into_owned();
            let mut back = Vec::new();
            Encoding::KsX1001.encode(&text, &mut back).unwrap();
            assert_eq!(back, pair, "{text}");
            count += 1;
        }
        assert_eq!(count, 8226 - 1, "A4D4 is in the table and refused");
    }

    #[test]
    fn cp949_has_17048_pairs_without_the_filler() {
        let has = |p: &[u8; 2]| CP949.has(p[0], p[1]);
        assert_eq!(all_pairs().filter(has).count(), 17_048 - 1);
    }

    #[test]
    fn our_table_writes_what_encoding_rs_writes() {
        for c in ('\0'..='\u{10ffff}').filter(|c| u32::from(*c) < 0x2_0000) {
            let mut ours = Vec::new();
            let known = encode_cp949(c.encode_utf8(&mut [0; 4]), &mut ours);
            let mut theirs = Vec::with_capacity(8);
            let (result, _) = EUC_KR.new_encoder().encode_from_utf8_to_vec_without_replacement(
                c.encode_utf8(&mut [0; 4]),
                &mut theirs,
                true,
            );
            assert_eq!(known, result == EncoderResult::InputEmpty, "{c:?}");
            assert!(!known || ours == theirs, "{c:?}");
        }
    }

    #[test]
    fn refuses_half_characters_controls_and_other_syllables() {
        let ks = Encoding::KsX1001;
        for (bytes, at, bad) in [
            (&b"\xb0\x20"[..], 0, BadText::Half),
            (b"ab\xb0", 2, BadText::Half),
            (b"\xb0\xa1\x01", 2, BadText::Control),
            (b"\x8c\x63", 0, BadText::NotInCharset),
            (b"\xa4\xd4\xa4\xa1", 0, BadText::NotInCharset),
            (b"\xc9\xa1", 0, BadText::NotInCharset),
            (b"A\x7f", 1, BadText::Control),
        ] {
            assert_eq!(ks.walk(bytes), Err((at, bad)), "{bytes:x?}");
        }
        assert!(Encoding::Cp949.walk(b"\x8c\x63").is_ok());
        assert_eq!(Encoding::Ascii.walk(b"a\xb0\xa1"), Err((1, BadText::NotInCharset)));
    }

    #[test]
    fn names_the_character_that_cannot_be_written_and_says_what_can() {
        let wrong = |text: &str| Encoding::KsX1001.encode(text, &mut Vec::new()).unwrap_err();
        assert_eq!(wrong("가똠").character, '똠');
        assert_eq!(wrong("가똠").index, 1);
        assert_eq!(wrong("₩100").suggestion, Some("￦ (U+FFE6)"));
        assert_eq!(wrong("가–나").suggestion, Some("-"));
        assert_eq!(wrong("가〜나").suggestion, Some("～ (U+FF5E)"));
        assert_eq!(wrong("😀").suggestion, None);
        let mut out = Vec::new();
        assert!(Encoding::ShiftJis.encode("¥", &mut out).is_err(), "the byte 5C is read as a backslash");
        assert!(out.is_empty(), "nothing stays behind");
    }

    #[test]
    fn composes_letters_and_keeps_compatibility_hanja() {
        let mut out = Vec::new();
        Encoding::KsX1001.encode("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", &mut out).unwrap();
        assert_eq!(Encoding::KsX1001.decode(&out).unwrap(), "한글");
        let mut hanja = Vec::new();
        Encoding::KsX1001.encode("\u{f900}", &mut hanja).unwrap();
        assert_eq!(Encoding::KsX1001.decode(&hanja).unwrap(), "\u{f900}");
        assert!(Encoding::KsX1001.encode("\u{11ab}", &mut out).is_err(), "a letter alone");
    }

    #[test]
    fn half_width_kana_are_single_bytes() {
        let mut out = Vec::new();
        Encoding::ShiftJis.encode("ﾃｽﾄ", &mut out).unwrap();
        assert_eq!(out, b"\xc3\xbd\xc4");
        assert_eq!(Encoding::ShiftJis.walk(&out).unwrap().content, 3);
        assert_eq!(Encoding::ShiftJis.walk(b"\x83"), Err((0, BadText::Half)));
    }

    #[test]
    fn our_table_and_encoding_rs_stop_at_the_same_byte() {
        for pair in all_pairs() {
            let ours = Encoding::Cp949.walk(&pair).map(|w| w.odd_a1).map_err(|(at, _)| at);
            let theirs = first_malformed(EUC_KR, &pair);
            let control = pair[1] == 0x7f;
            if pair != [0xa4, 0xd4] && !control {
                assert_eq!(ours.err(), theirs, "{pair:x?}");
            }
        }
    }
}
