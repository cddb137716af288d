//! The template of the payer's number on the wire: `{creditor}{mandate:012}` (decisions.md 3).
//!
//! Must not: choose the mandate's serial; the ledger counts it.

use crate::domain::{BankPayerNo, CreditorId};
use std::fmt;
use std::str::FromStr;

/// The bytes of 납부자번호 in the bank's files (facts/kftc.md 3, EB13 R 27-46).
const WIRE_BYTES: usize = 20;

/// The digits of a creditor id.
const CREDITOR_DIGITS: usize = 8;

/// How a mandate's `bank_payer_no` is made from its creditor and its serial.
#[derive(Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Creditor,
    Mandate(usize),
}

impl Template {
    /// The number of a mandate; `None` where the serial has more digits than the template gives it.
    pub fn print(&self, creditor: CreditorId, mandate_serial: u64) -> Option<BankPayerNo> {
        let mut text = String::with_capacity(WIRE_BYTES);
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Creditor => text.push_str(&creditor.to_string()),
                Piece::Mandate(width) => {
                    let digits = format!("{mandate_serial:0width$}");
                    if digits.len() > *width {
                        return None;
                    }
                    text.push_str(&digits);
                }
            }
        }
        text.parse().ok()
    }

    fn bytes(&self) -> usize {
        let bytes = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.len(),
            Piece::Creditor => CREDITOR_DIGITS,
            Piece::Mandate(width) => *width,
        };
        self.0.iter().map(bytes).sum()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(literal) => f.write_str(literal),
            Piece::Creditor => f.write_str("{creditor}"),
            Piece::Mandate(width) => write!(f, "{{mandate:0{width}}}"),
        })
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Template {
    type Err = String;

    /// Reads `{creditor}`, `{mandate:0N}` with N digits, and letters, digits or `-` between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('{') {
                let (name, after) = inner.split_once('}').ok_or("a { without its }")?;
                pieces.push(placeholder(name)?);
                rest = after;
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                let (literal, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                if let Some(c) = literal.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
                    return Err(format!("{c:?} may not stand in a payer number: letters, digits and - only"));
                }
                pieces.push(Piece::Literal(literal.to_string()));
                rest = after;
            }
        }
        let template = Self(pieces);
        let serials = template.0.iter().filter(|piece| matches!(piece, Piece::Mandate(_))).count();
        if serials != 1 {
            return Err(
                "{mandate:0N} must stand there exactly once, or two mandates would share a number".into()
            );
        }
        match template.bytes() {
            bytes if bytes > WIRE_BYTES => {
                Err(format!("it makes {bytes} bytes; the bank's field (납부자번호) has {WIRE_BYTES}"))
            }
            _ => Ok(template),
        }
    }
}

fn placeholder(name: &str) -> Result<Piece, String> {
    if name == "creditor" {
        return Ok(Piece::Creditor);
    }
    let width = name.strip_prefix("mandate:0").and_then(|width| width.parse::<usize>().ok());
    match width {
        Some(width @ 1..=WIRE_BYTES) => Ok(Piece::Mandate(width)),
        _ => Err(format!("{{{name}}} is unknown: write {{creditor}} or {{mandate:012}}")),
    }
}
