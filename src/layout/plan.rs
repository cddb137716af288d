//! The compiled layout: flat tables that the reader and the writer walk over.
//!
//! Must not: hold anything unchecked. Only `load.rs` makes a [`Layout`], after all its checks.

use super::charset::Encoding;
use super::grammar::Automaton;
use super::name::NamePattern;
use super::raw::{Pad, RawLineEnd, SerialRule, Trailing1a};
use super::record::Dispatch;
use super::shape::Shape;
use super::stride::Stride;
use crate::domain::Date;
use serde::Deserialize;

/// Number of a record kind in its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordIx(pub(crate) u16);

/// Number of a field in its record kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldIx(pub(crate) u16);

impl RecordIx {
    /// As an index: 0 is the first `[[record]]` of the layout.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl FieldIx {
    /// As an index: 0 is the first field of the record.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What a result file lists (decisions.md 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultsListed {
    /// Only what failed (or was executed in part).
    Failures,
    /// Every line.
    All,
    /// The file is no result.
    #[default]
    #[serde(skip)]
    NotAResult,
}

/// What the amount of a partly executed line says (decisions.md 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartialAmount {
    /// The part that was not withdrawn (EB22).
    NotWithdrawn,
    /// The part that was withdrawn (GR24).
    Withdrawn,
}

/// What stands in a field, as `bank` needs to know it when it binds a message to a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Always the same bytes.
    Const,
    /// One character all through.
    Filler,
    /// A number that counts records.
    Serial,
    /// A number; its last `decimals` digits are decimals.
    Number {
        /// Implied decimal digits.
        decimals: u8,
    },
    /// Digits kept as text.
    Digits,
    /// ASCII text.
    Ascii,
    /// Text in the file's charset.
    Text,
    /// One of a set; `open`: unlisted values are kept.
    Code {
        /// Whether unlisted values are allowed.
        open: bool,
    },
    /// A day.
    Date,
    /// A month and a day without a year.
    MonthDay,
    /// A time of day.
    Time,
    /// The file's own name.
    FileName,
    /// Any bytes.
    Opaque,
    /// Bytes of varying length at the end.
    Payload,
}

/// A field as the layout declares it.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec<'l> {
    /// English name.
    pub name: &'l str,
    /// The manual's name.
    pub ko: &'l str,
    /// First byte, 1-based.
    pub at: usize,
    /// Bytes; 0 for a payload.
    pub len: usize,
    /// What stands there.
    pub kind: FieldKind,
    /// Whether all blanks are allowed in some case.
    pub optional: bool,
    /// Whether it is a personal number or name, to be masked.
    pub sensitive: bool,
    /// Line in the layout file.
    pub line: usize,
    pub(crate) plan: &'l FieldPlan,
}

impl<'l> FieldSpec<'l> {
    /// The codes of a code field as (value in the file, name).
    pub fn codes(&self) -> impl Iterator<Item = (&'l str, &'l str)> + use<'l> {
        let codes: &'l [Code] = match &self.plan.kind {
            Kind::Code { codes, .. } => codes,
            _ => &[],
        };
        codes.iter().map(|code| (code.shown.as_str(), code.name.as_str()))
    }

    /// Whether a code of this name exists.
    pub fn has_code(&self, name: &str) -> bool {
        self.codes().any(|(_, code)| code == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chars {
    Alnum,
    Graphic,
    Printable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextChars {
    Any,
    DoubleByte,
    SingleByte,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateForm {
    Yymmdd,
    Yyyymmdd,
    Ddmmyy,
    Ddmmyyyy,
    Mmdd,
    Yyddd,
}

#[derive(Debug, Clone)]
pub(crate) enum Sign {
    None,
    Leading { plus: u8 },
    Trailing { plus: u8 },
    Field { field: FieldIx, minus: Vec<u8>, plus: Vec<u8> },
}

#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// As it stands in the file, padded to the field's length.
    pub(crate) raw: Vec<u8>,
    /// Without the blanks after it.
    pub(crate) shown: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Const(Vec<u8>),
    Filler(u8),
    Serial,
    Number { decimals: u8, sign: Sign },
    Digits { right: bool },
    Ascii { chars: Chars, right: bool },
    Text { chars: TextChars, pad: Pad },
    Code { codes: Vec<Code>, open: bool },
    Date { form: DateForm, zero_is_blank: bool },
    Time { seconds: bool, zero_is_blank: bool },
    FileName,
    Opaque,
    Payload,
}

/// Named deviations that a field or a file allows; a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tolerances(pub(crate) u16);

/// The tolerances by name, in the order of their bits (formats/README.md 8).
pub(crate) const TOLERANCES: [&str; 9] = [
    "odd-a1",
    "space-for-zeros",
    "space-before-number",
    "blank-is-zero",
    "any-filler",
    "leading-space",
    "final-newline",
    "no-last-line-end",
    "block-not-filled",
];

impl Tolerances {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ODD_A1: Self = Self(1);
    pub(crate) const SPACE_FOR_ZEROS: Self = Self(2);
    pub(crate) const SPACE_BEFORE_NUMBER: Self = Self(4);
    pub(crate) const BLANK_IS_ZERO: Self = Self(8);
    pub(crate) const ANY_FILLER: Self = Self(16);
    pub(crate) const LEADING_SPACE: Self = Self(32);
    pub(crate) const FINAL_NEWLINE: Self = Self(64);
    pub(crate) const NO_LAST_LINE_END: Self = Self(128);
    pub(crate) const BLOCK_NOT_FILLED: Self = Self(256);

    pub(crate) fn named(name: &str) -> Option<Self> {
        TOLERANCES.iter().position(|t| *t == name).map(|bit| Self(1 << bit))
    }

    pub(crate) fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }

    pub(crate) fn with(self, one: Self) -> Self {
        Self(self.0 | one.0)
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        TOLERANCES.iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name)
    }
}

/// A field of the same record holds one of these bytes.
#[derive(Debug, Clone)]
pub(crate) struct FieldIs {
    pub(crate) field: FieldIx,
    pub(crate) values: Vec<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Blank {
    Never,
    Allowed,
    /// Blank unless the condition holds; where it holds a value, or (`optional`) anything.
    Unless {
        is: FieldIs,
        optional: bool,
    },
    /// Optional except where the condition holds.
    RequiredWhen(FieldIs),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Equals {
    pub(crate) record: RecordIx,
    pub(crate) field: FieldIx,
    pub(crate) slot: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    pub(crate) name: String,
    pub(crate) ko: String,
    pub(crate) line: usize,
    /// 0-based.
    pub(crate) start: usize,
    pub(crate) len: usize,
    pub(crate) kind: Kind,
    pub(crate) blank: Blank,
    pub(crate) default: Option<Vec<u8>>,
    pub(crate) equals: Option<Equals>,
    pub(crate) sensitive: bool,
    pub(crate) tolerate: Tolerances,
    pub(crate) series: Option<usize>,
    /// The check that states its number here.
    pub(crate) check: Option<usize>,
}

impl FieldPlan {
    /// The bytes of this field in a record of its kind; empty for a payload.
    #[inline]
    pub(crate) fn cut<'r>(&self, record: &'r [u8]) -> &'r [u8] {
        record.get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// Name for a sentence: `출금의뢰금액 (amount_won)`.
    pub(crate) fn titled(&self) -> String {
        format!("{} ({})", self.ko, self.name)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// 0-based.
    pub(crate) start: usize,
    pub(crate) len: usize,
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) negated: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct PayloadPlan {
    pub(crate) field: FieldIx,
    pub(crate) length: FieldIx,
    pub(crate) multiple: usize,
    pub(crate) fill: u8,
    pub(crate) max_bytes: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Feeding {
    Count,
    CountPerBytes(u64),
    Add(FieldIx),
    Subtract(FieldIx),
}

/// What a record adds to a check.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) check: usize,
    pub(crate) what: Feeding,
    pub(crate) only: Vec<FieldIs>,
}

#[derive(Debug, Clone)]
pub(crate) struct RecordPlan {
    pub(crate) name: String,
    pub(crate) ko: String,
    pub(crate) line: usize,
    pub(crate) when: Vec<Condition>,
    pub(crate) fields: Vec<FieldPlan>,
    pub(crate) payload: Option<PayloadPlan>,
    /// The record before any value is set.
    pub(crate) template: Vec<u8>,
    /// Fields that others must equal: (slot, field).
    pub(crate) captures: Vec<(usize, FieldIx)>,
    /// Scopes that begin with this record.
    pub(crate) opens: Vec<usize>,
    pub(crate) feeds: Vec<Feed>,
    /// Fields with serials: (series, field).
    pub(crate) serials: Vec<(usize, FieldIx)>,
    /// Checks whose number stands in this record.
    pub(crate) states: Vec<usize>,
    /// Fields with the file's own name.
    pub(crate) file_names: Vec<FieldIx>,
    /// Fields that equal another record's.
    pub(crate) equal: Vec<FieldIx>,
    /// The quick check, compiled from all of the above.
    pub(crate) shape: Shape,
    /// The quick way to take it into account, where it has one.
    pub(crate) stride: Option<Stride>,
}

impl RecordPlan {
    pub(crate) fn field(&self, ix: FieldIx) -> Option<&FieldPlan> {
        self.fields.get(ix.index())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SeriesPlan {
    pub(crate) rule: SerialRule,
    pub(crate) scope: usize,
    pub(crate) start: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckPlan {
    pub(crate) name: String,
    pub(crate) record: RecordIx,
    pub(crate) field: FieldIx,
    pub(crate) is_sum: bool,
    pub(crate) scope: usize,
    /// Stated before what it counts: judged at the end of its scope.
    pub(crate) late: bool,
    pub(crate) per_records: Option<u64>,
    pub(crate) modulus: Option<u64>,
    pub(crate) line: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) records: u64,
    pub(crate) fill: u8,
}

/// A bank's file kind, compiled from its TOML file. Immutable and cheap to share.
#[derive(Debug)]
pub struct Layout {
    pub(crate) name: String,
    pub(crate) ko: String,
    pub(crate) message: Option<String>,
    pub(crate) file: String,
    pub(crate) encoding: Encoding,
    pub(crate) record_bytes: usize,
    pub(crate) terminator: RawLineEnd,
    pub(crate) accept: Vec<RawLineEnd>,
    pub(crate) trailing_1a: Trailing1a,
    pub(crate) block: Option<Block>,
    pub(crate) patterns: Vec<NamePattern>,
    pub(crate) date: Option<(RecordIx, FieldIx)>,
    pub(crate) order: Automaton,
    pub(crate) records: Vec<RecordPlan>,
    pub(crate) dispatch: Dispatch,
    /// The scope in which each captured value lives.
    pub(crate) slots: Vec<usize>,
    pub(crate) series: Vec<SeriesPlan>,
    pub(crate) checks: Vec<CheckPlan>,
    pub(crate) tolerate: Tolerances,
    pub(crate) effective: (Option<Date>, Option<Date>),
    pub(crate) results: ResultsListed,
    pub(crate) partial_amount: Option<PartialAmount>,
    pub(crate) match_by: Vec<String>,
    pub(crate) success_count: Option<(RecordIx, FieldIx)>,
}

impl Kind {
    /// What outsiders see of it.
    pub(crate) fn public(&self) -> FieldKind {
        match self {
            Self::Const(_) => FieldKind::Const,
            Self::Filler(_) => FieldKind::Filler,
            Self::Serial => FieldKind::Serial,
            Self::Number { decimals, .. } => FieldKind::Number { decimals: *decimals },
            Self::Digits { .. } => FieldKind::Digits,
            Self::Ascii { .. } => FieldKind::Ascii,
            Self::Text { .. } => FieldKind::Text,
            Self::Code { open, .. } => FieldKind::Code { open: *open },
            Self::Date { form: DateForm::Mmdd, .. } => FieldKind::MonthDay,
            Self::Date { .. } => FieldKind::Date,
            Self::Time { .. } => FieldKind::Time,
            Self::FileName => FieldKind::FileName,
            Self::Opaque => FieldKind::Opaque,
            Self::Payload => FieldKind::Payload,
        }
    }
}
