//! Hangul written as separate jamo (NFD, as macOS names and exports have it) made into syllables.
//!
//! Must not: touch anything but runs of conjoining jamo; text of other scripts keeps its form.

use std::borrow::Cow;

const LEADING: u32 = 0x1100;
const VOWEL: u32 = 0x1161;
/// One before the first trailing consonant: index 0 means "none".
const TRAILING: u32 = 0x11A7;
const SYLLABLE: u32 = 0xAC00;

/// The text with every leading + vowel (+ trailing) as one syllable (Unicode 3.12, Hangul composition).
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| leading(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let pair = leading(c).zip(chars.peek().copied().and_then(vowel));
        let Some((l, v)) = pair else {
            out.push(c);
            continue;
        };
        chars.next();
        let t = chars.peek().copied().and_then(trailing);
        if t.is_some() {
            chars.next();
        }
        let code = SYLLABLE + (l * 21 + v) * 28 + t.unwrap_or(0);
        out.push(char::from_u32(code).unwrap_or(c));
    }
    Cow::Owned(out)
}

fn index(c: char, base: u32, count: u32) -> Option<u32> {
    u32::from(c).checked_sub(base).filter(|i| *i < count)
}

fn leading(c: char) -> Option<u32> {
    index(c, LEADING, 19)
}

fn vowel(c: char) -> Option<u32> {
    index(c, VOWEL, 21)
}

fn trailing(c: char) -> Option<u32> {
    index(c, TRAILING, 28).filter(|i| *i > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse, for every syllable.
    fn decomposed(c: char) -> String {
        let s = u32::from(c) - SYLLABLE;
        let (l, v, t) = (s / 588, s % 588 / 28, s % 28);
        let mut out = vec![LEADING + l, VOWEL + v];
        if t > 0 {
            out.push(TRAILING + t);
        }
        out.into_iter().map(|code| char::from_u32(code).unwrap()).collect()
    }

    #[test]
    fn composes_every_syllable_and_leaves_the_rest() {
        for code in SYLLABLE..=0xD7A3 {
            let c = char::from_u32(code).unwrap();
            assert_eq!(composed(&decomposed(c)), c.to_string());
        }
        let mixed = format!("A {}{} é\u{301} ㄱㅏ \u{1100}x", decomposed('홍'), decomposed('가'));
        assert_eq!(composed(&mixed), "A 홍가 é\u{301} ㄱㅏ \u{1100}x");
        assert!(matches!(composed("홍길동 plain"), Cow::Borrowed(_)));
    }
}
