//! The keys of a layout file as they stand there, with their positions; nothing is checked here but their shape.
//!
//! Must not: give a meaning to anything. `load.rs` does, and tells every mistake with its line.
//! Unknown keys are refused by serde; `formats/README.md` describes each key.

use super::charset::Encoding;
use super::plan::{PartialAmount, ResultsListed};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use toml::Spanned;
use toml::value::Datetime;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLayout {
    pub(crate) name: Spanned<String>,
    pub(crate) ko: String,
    pub(crate) message: Option<String>,
    /// Values that the bank gives, by the name under which they are put in.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Spanned<String>>,
    pub(crate) encoding: Encoding,
    pub(crate) record_bytes: Spanned<usize>,
    #[serde(default)]
    pub(crate) terminator: RawLineEnd,
    #[serde(default)]
    pub(crate) accept: Vec<RawLineEnd>,
    #[serde(default)]
    pub(crate) trailing_1a: Trailing1a,
    pub(crate) block: Option<Spanned<RawBlock>>,
    pub(crate) file_name: Spanned<String>,
    #[serde(default)]
    pub(crate) accept_file_names: Vec<Spanned<String>>,
    pub(crate) date: Option<Spanned<String>>,
    pub(crate) order: Spanned<Vec<String>>,
    pub(crate) tolerate: Option<Spanned<Vec<String>>>,
    pub(crate) effective_from: Option<Spanned<Datetime>>,
    pub(crate) effective_until: Option<Spanned<Datetime>>,
    pub(crate) results: Option<ResultsListed>,
    pub(crate) partial_amount: Option<PartialAmount>,
    #[serde(default, rename = "match")]
    pub(crate) match_by: Vec<Spanned<String>>,
    pub(crate) success_count: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) record: Vec<Spanned<RawRecord>>,
    #[serde(default)]
    pub(crate) check: Vec<Spanned<RawCheck>>,
    #[serde(default)]
    pub(crate) example: Vec<Spanned<RawExample>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawLineEnd {
    #[default]
    None,
    Lf,
    Crlf,
}

impl RawLineEnd {
    /// The bytes after each record.
    pub(crate) const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Lf => b"\n",
            Self::Crlf => b"\r\n",
        }
    }
}

/// What a byte 0x1A after the last record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trailing1a {
    #[default]
    Refused,
    Accepted,
    Written,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBlock {
    pub(crate) records: u64,
    pub(crate) fill: String,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRecord {
    pub(crate) name: Spanned<String>,
    pub(crate) ko: Option<String>,
    pub(crate) when: Option<Spanned<OneOrMany<RawCondition>>>,
    pub(crate) fields: Vec<Spanned<RawField>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCondition {
    pub(crate) at: usize,
    pub(crate) is: Option<String>,
    #[serde(rename = "in")]
    pub(crate) among: Option<Vec<String>>,
    pub(crate) not: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawType {
    Const,
    Filler,
    Serial,
    Number,
    Digits,
    Ascii,
    Text,
    Code,
    Date,
    Time,
    FileName,
    Opaque,
    Payload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawAlign {
    Left,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawSign {
    Leading,
    Trailing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pad {
    ByContent,
    Space,
    Wide,
}

/// How a series of serials runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SerialRule {
    #[default]
    Consecutive,
    Ascending,
    Unique,
    Free,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawField {
    pub(crate) name: Spanned<String>,
    pub(crate) ko: String,
    pub(crate) at: Spanned<usize>,
    pub(crate) len: Option<usize>,
    #[serde(rename = "type")]
    pub(crate) kind: RawType,
    #[serde(default)]
    pub(crate) optional: bool,
    pub(crate) blank_unless: Option<RawFieldIs>,
    pub(crate) required_when: Option<RawFieldIs>,
    pub(crate) default: Option<String>,
    pub(crate) equals: Option<String>,
    pub(crate) same_as: Option<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    #[serde(default)]
    pub(crate) tolerate: Vec<String>,
    pub(crate) value: Option<String>,
    pub(crate) serial: Option<SerialRule>,
    pub(crate) scope: Option<String>,
    pub(crate) start: Option<u64>,
    pub(crate) decimals: Option<u8>,
    pub(crate) sign: Option<RawSign>,
    pub(crate) plus: Option<String>,
    pub(crate) sign_field: Option<RawSignField>,
    pub(crate) align: Option<RawAlign>,
    pub(crate) chars: Option<String>,
    pub(crate) pad: Option<Pad>,
    pub(crate) codes: Option<BTreeMap<String, String>>,
    pub(crate) open: Option<bool>,
    pub(crate) form: Option<String>,
    pub(crate) zero_is_blank: Option<bool>,
    pub(crate) length: Option<String>,
    pub(crate) multiple: Option<usize>,
    pub(crate) fill: Option<String>,
    pub(crate) max_bytes: Option<usize>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFieldIs {
    pub(crate) field: String,
    pub(crate) is: Option<String>,
    #[serde(rename = "in")]
    pub(crate) among: Option<Vec<String>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignField {
    pub(crate) field: String,
    pub(crate) minus: String,
    pub(crate) plus: String,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCheck {
    pub(crate) name: Option<String>,
    pub(crate) field: String,
    pub(crate) counts: Option<OneOrMany<String>>,
    pub(crate) sums: Option<OneOrMany<String>>,
    pub(crate) minus: Option<OneOrMany<String>>,
    #[serde(default, rename = "where")]
    pub(crate) only: BTreeMap<String, OneOrMany<String>>,
    pub(crate) scope: Option<String>,
    pub(crate) per_records: Option<u64>,
    pub(crate) per_bytes: Option<u64>,
    #[serde(rename = "mod")]
    pub(crate) modulus: Option<u64>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExample {
    pub(crate) file: Option<String>,
    pub(crate) lines: Option<Vec<String>>,
    pub(crate) hex: Option<OneOrMany<String>>,
    #[serde(default)]
    pub(crate) reads_only: bool,
}

/// A value or a list of values.
#[derive(Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list of them")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(de::value::StrDeserializer::new(text)).map(|one| OneOrMany(vec![one]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = seq.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany(many))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}
