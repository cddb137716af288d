//! What the exchange says about a file it took: the text of `sent/<name>.receipt` (decisions.md 16).
//!
//! Must not: hold personal data; `why` names checks, records and fields only.

use crate::domain::Instant;
use serde::{Deserialize, Serialize};

/// Whether a file was taken as good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It will be worked on; its lines are answered by the result file.
    Accepted,
    /// None of it will be worked on.
    Refused,
}

/// The centre's judgement of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Whether it was taken as good.
    pub result: Outcome,
    /// The code of the refusal; blank where accepted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The record that is wrong, 1-based with the header as record 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// First and last byte of the wrong field, as `43-55`; blank where the record as a whole is meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bytes: String,
    /// The reason in words; blank where accepted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// When it was taken, in Korea: `2026-01-05 14:00:00`.
    pub at: String,
}

impl Receipt {
    /// A file taken as good.
    pub(crate) fn accepted(at: Instant) -> Self {
        let none = String::new();
        Self {
            result: Outcome::Accepted,
            code: none.clone(),
            record: None,
            bytes: none.clone(),
            why: none,
            at: at.to_string(),
        }
    }

    /// A file refused as a whole.
    pub(crate) fn refused(code: &str, why: impl Into<String>, at: Instant) -> Self {
        Self { result: Outcome::Refused, code: code.to_string(), why: why.into(), ..Self::accepted(at) }
    }
}
