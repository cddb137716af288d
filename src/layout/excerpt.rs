//! The original bytes of a record, shown to a person: one column per byte, with a ruler below the part that is meant.
//!
//! Must not: show a personal number. Sensitive fields are masked; in a record of unknown kind every digit is.

use super::charset::Encoding;
use super::flaw::Standing;
use super::plan::{Kind, Layout};
use crate::fault::Excerpt;
use unicode_width::UnicodeWidthStr;

/// Bytes shown before and after the part that is meant.
const CONTEXT: usize = 20;
/// Most bytes shown of the part itself.
const MOST: usize = 100;

/// A byte for a sentence: `0x20 (a blank)`.
pub(crate) fn byte_name(byte: u8) -> String {
    match byte {
        b' ' => "0x20 (a blank)".into(),
        b'!'..=b'~' => format!("0x{byte:02X} ({:?})", char::from(byte)),
        b'\n' | b'\r' => format!("0x{byte:02X} (a line end)"),
        _ => format!("0x{byte:02X}"),
    }
}

/// The excerpt of a record around `range` (0-based, end exclusive) with the wrong byte marked.
pub(crate) fn of_record(
    layout: &Layout,
    standing: Standing<'_>,
    range: Option<(usize, usize)>,
    wrong: Option<usize>,
) -> Excerpt {
    let masked = masked_bytes(layout, standing, wrong);
    let (start, end) = range.unwrap_or((0, 0));
    let end = end.min(masked.len()).min(start + MOST);
    let (from, to) = window(layout.encoding, &masked, start.saturating_sub(CONTEXT), end + CONTEXT);
    let before = if from > 0 { "…" } else { "" };
    let after = if to < masked.len() { "…" } else { "" };
    let cut = |a: usize, b: usize| layout.encoding.decode_for_show(masked.get(a..b).unwrap_or_default());
    let (shown, marker) = match range {
        None => (cut(from, to), String::new()),
        Some(_) => {
            // Cut at the field's edges, so that half a character inside it cannot swallow its neighbour.
            let (head, body, tail) = (cut(from, start), cut(start, end), cut(end, to));
            let margin = " ".repeat(before.width() + head.width());
            let ruler = match wrong.filter(|at| (start..end).contains(at)) {
                Some(at) => {
                    let left = "~".repeat(cut(start, at).width());
                    let right = "~".repeat(body.width().saturating_sub(left.len() + 1));
                    let byte = standing.bytes.get(at).copied().unwrap_or(0);
                    format!("{left}^{right} 0x{byte:02X}")
                }
                None => "~".repeat(body.width()),
            };
            (format!("{head}{body}{tail}"), format!("{margin}{ruler}"))
        }
    };
    Excerpt { margin: standing.no.to_string(), text: format!("{before}{shown}{after}"), marker }
}

/// A window that begins and ends between characters, as seen from the record's start.
fn window(encoding: Encoding, bytes: &[u8], from: usize, to: usize) -> (usize, usize) {
    let to = to.min(bytes.len());
    let is_high = |at: usize| bytes.get(at).is_some_and(|b| *b >= 0x80);
    // Half of a pair at an edge: move inward where the run of high bytes before it is odd.
    let run_before = (0..from).rev().take_while(|at| is_high(*at)).count();
    let odd = encoding != Encoding::ShiftJis && is_high(from) && run_before % 2 == 1;
    (if odd { from - 1 } else { from }, to)
}

fn masked_bytes(layout: &Layout, standing: Standing<'_>, wrong: Option<usize>) -> Vec<u8> {
    let mut bytes = standing.bytes.to_vec();
    let hide = |byte: &mut u8| {
        if !matches!(byte, b' ' | 0..=0x1f) {
            *byte = b'*';
        }
    };
    let Some(plan) = standing.kind.and_then(|kind| layout.plan(kind)) else {
        let conditions = layout.records.iter().flat_map(|record| &record.when);
        let open: Vec<_> = conditions.map(|c| c.start..c.start + c.len).collect();
        for (at, byte) in bytes.iter_mut().enumerate() {
            if byte.is_ascii_digit() && !open.iter().any(|range| range.contains(&at)) {
                *byte = b'*';
            }
        }
        return bytes;
    };
    for field in plan.fields.iter().filter(|field| field.sensitive || matches!(field.kind, Kind::Payload)) {
        let end = if field.len == 0 { bytes.len() } else { field.start + field.len };
        for (at, byte) in bytes.iter_mut().enumerate().take(end).skip(field.start) {
            let shows = wrong == Some(at) && !byte.is_ascii_alphanumeric() && *byte < 0x80;
            if !shows {
                hide(byte);
            }
        }
    }
    bytes
}
