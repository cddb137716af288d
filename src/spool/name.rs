//! File names as data: shown, numbered, lengthened; never trusted, never replaced.
//!
//! Must not: touch a file.

use crate::fault::{Trouble, printable};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The longest name that a file system takes, in bytes.
const LONGEST: usize = 255;

/// A name made safe to print on one line: control characters as `\u{…}`, bytes that are not UTF-8 as `\xNN`.
pub fn shown_name(name: &OsStr) -> String {
    chunks(name.as_bytes(), printable)
}

/// The text of some bytes; those that are not UTF-8 as `\xNN`, so that a reader trips over them and sees which.
pub(super) fn shown_text(bytes: &[u8]) -> String {
    chunks(bytes, str::to_string)
}

fn chunks(bytes: &[u8], show: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&show(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out
}

/// `name` with `tail` after it. Where that is longer than a file system takes, the name is cut (at a character's
/// edge) and a `~` shows it.
pub(super) fn with_tail(name: &OsStr, tail: &str) -> OsString {
    let bytes = name.as_bytes();
    let mut out = bytes.to_vec();
    if bytes.len() + tail.len() > LONGEST {
        let mut cut = LONGEST.saturating_sub(tail.len() + 1);
        while cut > 0 && bytes.get(cut).is_some_and(|b| b & 0xC0 == 0x80) {
            cut -= 1;
        }
        out.truncate(cut);
        out.push(b'~');
    }
    out.extend_from_slice(tail.as_bytes());
    OsString::from_vec(out)
}

/// The `n`-th name for something called `name`: `name`, `name.2`, `name.3` …
pub(super) fn numbered(name: &OsStr, n: u32) -> OsString {
    if n <= 1 { name.to_os_string() } else { with_tail(name, &format!(".{n}")) }
}

/// A name that we are to write under: one component, visible, without control characters.
pub(super) fn checked(name: &str) -> Result<&OsStr, Trouble> {
    let well = !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with('.')
        && !name.chars().any(|c| c == '/' || c.is_control());
    if well {
        Ok(OsStr::new(name))
    } else {
        let cause = "a name is 1-255 bytes without / and control characters, and does not start with a dot";
        Err(Trouble::new(format!("use {:?} as a file name", printable(name)), cause))
    }
}

/// As [`checked`], for a name that may have grown too long by what was put behind it: the middle is cut.
pub(super) fn fitted(name: &str) -> Result<OsString, Trouble> {
    if name.len() <= LONGEST {
        return checked(name).map(OsStr::to_os_string);
    }
    // `.answer.csv` and `.summary.toml` must stay; 32 bytes hold them.
    let mut at = name.len() - 32;
    while !name.is_char_boundary(at) {
        at += 1;
    }
    let (head, tail) = name.split_at(at);
    let short = with_tail(OsStr::new(head), &format!("~{tail}"));
    checked(&short.to_string_lossy())?;
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_hiding_a_byte() {
        assert_eq!(shown_name(OsStr::from_bytes(b"a\n\xff\xb0b")), "a\\u{a}\\xFF\\xB0b");
        assert_eq!(shown_text(b"ok = 1\n\xff"), "ok = 1\n\\xFF");
    }

    #[test]
    fn long_names_are_cut_at_a_character() {
        assert_eq!(numbered(OsStr::new("EB22"), 1), "EB22");
        assert_eq!(numbered(OsStr::new("EB22"), 12), "EB22.12");
        let long = "가".repeat(85);
        let cut = with_tail(OsStr::new(&long), ".report.txt");
        assert_eq!(cut.to_str().unwrap(), format!("{}~.report.txt", "가".repeat(81)));
        let odd = with_tail(OsStr::from_bytes(&[0x80; 255]), ".2");
        assert!(odd.len() <= 255 && odd.as_bytes().ends_with(b"~.2"));
    }

    #[test]
    fn our_own_names_are_checked() {
        for name in ["", ".", "..", "../x", "a/b", "a\nb", "a\0b", ".hidden", &"x".repeat(256)] {
            assert!(checked(name).is_err(), "{name:?}");
        }
        assert!(checked("-rf").is_ok() && checked("목록 1.csv").is_ok() && checked("100%").is_ok());
        let fitted_name = fitted(&format!("{}.answer.csv", "나".repeat(84))).unwrap();
        assert!(fitted_name.len() <= 255 && fitted_name.to_str().unwrap().ends_with(".answer.csv"));
        assert!(fitted(&format!("../{}", "x".repeat(300))).is_err());
    }
}
