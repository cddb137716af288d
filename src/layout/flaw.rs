//! What is wrong with a record, before it has a file name and a number; and how that becomes a fault.

use super::excerpt;
use super::field::FieldFlaw;
use super::plan::{FieldIx, FieldPlan, Layout, RecordIx};
use crate::fault::{Fault, Place};

/// Something wrong with a record.
#[derive(Debug, Clone)]
pub(crate) struct Flaw {
    pub(crate) name: &'static str,
    /// The field meant; `None`: the record as a whole.
    pub(crate) field: Option<FieldIx>,
    /// Offset of the wrong byte in the record, 0-based.
    pub(crate) at: Option<usize>,
    /// Follows the field's name, or (without a field) is a whole sentence.
    pub(crate) expected: String,
}

/// Where a record stands, for the fault's place and excerpt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) file: &'a str,
    pub(crate) kind: Option<RecordIx>,
    /// 1-based.
    pub(crate) no: u64,
    pub(crate) bytes: &'a [u8],
}

impl Flaw {
    pub(crate) fn of_field(ix: FieldIx, field: &FieldPlan, flaw: FieldFlaw) -> Self {
        let at = flaw.at.map(|at| field.start + at.min(field.len.saturating_sub(1)));
        Self { name: flaw.name, field: Some(ix), at, expected: flaw.expected }
    }

    pub(crate) fn in_field(name: &'static str, ix: FieldIx, expected: impl Into<String>) -> Self {
        Self { name, field: Some(ix), at: None, expected: expected.into() }
    }

    pub(crate) fn of_record(name: &'static str, expected: impl Into<String>) -> Self {
        Self { name, field: None, at: None, expected: expected.into() }
    }

    /// The fault a person sees.
    pub(crate) fn into_fault(self, layout: &Layout, standing: Standing<'_>) -> Fault {
        let plan = standing.kind.and_then(|kind| layout.plan(kind));
        let field = self.field.and_then(|ix| plan.and_then(|plan| plan.field(ix)));
        let (range, line) = match (field, plan) {
            (Some(field), Some(plan)) => {
                let len =
                    if field.len == 0 { standing.bytes.len().saturating_sub(field.start) } else { field.len };
                (Some((field.start, field.start + len)), if field.line == 0 { plan.line } else { field.line })
            }
            (None, Some(plan)) => (None, plan.line),
            _ => (None, 0),
        };
        let (first, last) = range.map_or((0, 0), |(start, end)| (start + 1, end));
        let place = Place::Record { file: standing.file.to_string(), record: standing.no, first, last };
        let mut expected = match field {
            Some(field) => format!("{} {}", field.titled(), self.expected),
            None => self.expected.clone(),
        };
        if let Some(at) = self.at {
            let byte = standing.bytes.get(at).copied().unwrap_or(0);
            expected.push_str(&format!("; byte {} is {}", at + 1, excerpt::byte_name(byte)));
        }
        expected.push('.');
        if line > 0 {
            expected.push_str(&format!("\nLayout {}:{line}.", layout.file));
        }
        let shown = excerpt::of_record(layout, standing, range, self.at);
        Fault::new(self.name, place, expected, remedy(self.name)).with_excerpt(shown)
    }
}

/// What to do about each fault of a file that is read or written.
pub(crate) fn remedy(name: &str) -> &'static str {
    match name {
        "code-unknown" => {
            "If the bank's manual lists this value, add it to `codes` at that line; else have the sender correct the file."
        }
        "unknown-record-kind" => {
            "Have the sender check the file; perhaps it is of another kind or its records have another length."
        }
        "file-ends-early" | "record-cut-short" | "file-is-empty" => {
            "The file was cut off: fetch it again, or have the sender send it again."
        }
        "record-length-wrong" | "line-end-wrong" | "bytes-after-the-end" => {
            "Have the sender send the file again, unchanged (binary) and in one form of line end."
        }
        "text-not-in-charset" | "text-half-character" => {
            "Have the sender write the text in the layout's charset and cut it between characters."
        }
        "const-differs" | "filler-differs" => {
            "Have the sender correct the file; if the bank's manual has changed, change the layout."
        }
        "serial-wrong" | "serial-twice" => "Have the sender number the records as the manual says.",
        "count-differs" | "sum-differs" | "block-not-filled" => {
            "A record is missing, doubled or changed: have the sender make the file anew."
        }
        "file-name-differs" => "Have the sender name the file by its date, or correct the date in it.",
        "character-not-encodable" => "Write the text with characters that the bank's charset has.",
        "value-does-not-fit" => "Shorten the value: nothing is ever cut.",
        "value-of-wrong-kind" => "Give a value of the kind that the layout declares.",
        "field-not-set" => "Give the value, or let --fill compute it where it is a serial, a count or a sum.",
        _ => "Have the sender correct the file and send it again.",
    }
}
