//! The shape of a rules file and of config/exchange/centre.toml as TOML, before anything is checked. What each key means
//! stands in [`super::rules`] and, for people, in config/exchange/README.md.
//!
//! Must not: check or explain anything beyond the shape.

use super::rules::{AppliedFor, Check, Receipts, Service};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCentreFile {
    pub(super) codes: BTreeMap<Check, String>,
    pub(super) layout_faults: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) seed: String,
    #[serde(default)]
    pub(super) answers: RawAnswers,
    #[serde(default)]
    pub(super) centre: RawCentre,
    #[serde(default)]
    pub(super) taking: RawTaking,
    #[serde(default)]
    pub(super) verdict: Vec<Spanned<RawVerdict>>,
    #[serde(default)]
    pub(super) mischief: Vec<Spanned<RawMischief>>,
    #[serde(default)]
    pub(super) outgoing: Vec<Spanned<RawOutgoing>>,
    #[serde(default)]
    pub(super) application: Vec<Spanned<RawApplication>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswers {
    pub(super) registration: Option<Spanned<String>>,
    pub(super) collection: Option<Spanned<String>>,
    pub(super) lead_minutes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCentre {
    pub(super) limit_won: Option<u32>,
    pub(super) payer_no_bytes: Option<u8>,
    #[serde(default)]
    pub(super) registered_before: bool,
    #[serde(default)]
    pub(super) codes: BTreeMap<Check, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTaking {
    #[serde(default)]
    pub(super) minutes: u32,
    pub(super) receipts: Option<Receipts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVerdict {
    pub(super) on: Service,
    pub(super) account: Option<String>,
    pub(super) account_ends: Option<String>,
    pub(super) amount_won: Option<u32>,
    pub(super) amount_over_won: Option<u32>,
    pub(super) amount_ends: Option<String>,
    pub(super) bank_payer_no: Option<String>,
    pub(super) bank_payer_no_ends: Option<String>,
    pub(super) bank: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) date: Option<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) every: Option<u32>,
    pub(super) percent: Option<u32>,
    #[serde(default)]
    pub(super) same_every_date: bool,
    pub(super) times: Option<u32>,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) succeed: bool,
    pub(super) partial_won: Option<u32>,
    pub(super) partial_percent: Option<u32>,
    #[serde(default)]
    pub(super) against_mode: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawHarm {
    Late,
    Missing,
    Duplicate,
    Truncated,
    WrongCount,
    WrongSum,
    WrongCharset,
    WrongDate,
    OtherInstitution,
    ForeignLine,
    WrongPayer,
    Shuffled,
    #[serde(rename = "crlf")]
    CrLf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawThen {
    Corrected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum RawCharset {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "cut-hangul")]
    CutHangul,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMischief {
    pub(super) on: Service,
    pub(super) date: Option<String>,
    pub(super) nth: Option<u32>,
    #[serde(rename = "do")]
    pub(super) what: RawHarm,
    pub(super) minutes: Option<u32>,
    pub(super) days: Option<u32>,
    pub(super) other_name: Option<String>,
    pub(super) keep_bytes: Option<u32>,
    pub(super) keep_records: Option<u32>,
    pub(super) charset: Option<RawCharset>,
    pub(super) institution: Option<String>,
    pub(super) then: Option<RawThen>,
    pub(super) after_minutes: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawAct {
    Refuse,
    NoReceipt,
    Slow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutgoing {
    pub(super) on: Service,
    pub(super) date: Option<String>,
    pub(super) nth: Option<u32>,
    #[serde(rename = "do")]
    pub(super) what: RawAct,
    pub(super) code: Option<String>,
    pub(super) record: Option<u32>,
    pub(super) why: Option<String>,
    pub(super) minutes: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApplication {
    pub(super) date: Option<String>,
    pub(super) asks: AppliedFor,
    pub(super) bank_payer_no: Option<String>,
    pub(super) bank: Option<String>,
    pub(super) account: Option<String>,
    pub(super) id_no: Option<String>,
}
