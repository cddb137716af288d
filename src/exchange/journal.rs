//! The exchange's own record of each file it took: what it judged, what it will answer, what the receipt says.
//!
//! A judgement stands in `taking/` from the moment its answers are written until the file is in `sent/` with its
//! receipt; then it moves to `judged/`. So a start after a crash knows what is to be finished.
//!
//! Must not: hold lines of the file, or account and identity numbers.

use super::folders::Folder;
use super::receipt::Receipt;
use super::rules::Service;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use serde::{Deserialize, Serialize};

/// What was decided about one file, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judgement {
    /// Its name in the outbox.
    pub(super) name: String,
    /// Its name in sent: another than `name` only where an older file has that one.
    pub(super) sent_as: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
    /// Which service it asks for; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<Service>,
    /// Its business date, `YYYY-MM-DD`; blank where it could not be read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) date: String,
    /// Refused by a rule of the rules file, not by a check.
    #[serde(default)]
    pub(super) by_rule: bool,
    /// Whether a receipt is put beside it.
    pub(super) shown: bool,
    /// Names in `answers/` of all that will be delivered for it.
    pub(super) answers: Vec<String>,
    /// What the receipt says, shown or not.
    pub(super) receipt: Receipt,
}

impl Judgement {
    /// Its business date, where it has one.
    pub(super) fn date(&self) -> Option<Date> {
        self.date.parse().ok()
    }

    /// Its file in `taking/` and `judged/`; the names sort in the order in which files came.
    pub(super) fn entry_name(&self, at: Instant) -> String {
        format!("{:015}_{}.toml", at.unix_ms(), self.name)
    }

    /// Reads an entry of `taking/` or `judged/`.
    pub(super) fn load(folder: &Folder, entry: &str) -> Result<Self, Trouble> {
        let path = folder.path_of(entry);
        let text = folder.text(entry)?.unwrap_or_default();
        toml::from_str(&text).map_err(|e| Trouble::at("read the judgement", &path, e))
    }

    /// Writes the entry, durable.
    pub(super) fn store(&self, folder: &Folder, entry: &str) -> Result<(), Trouble> {
        let text = toml::to_string(self)
            .map_err(|e| Trouble::at("write the judgement", &folder.path_of(entry), e))?;
        folder.put(entry, text.as_bytes())
    }

    /// The text of the receipt file.
    pub(super) fn receipt_text(&self) -> Result<String, Trouble> {
        toml::to_string(&self.receipt)
            .map_err(|e| Trouble::new(format!("write the receipt of {}", self.name), e))
    }
}

/// The name of an answer in `answers/`: when it is due and what it will be called.
pub(super) fn answer_name(due: Instant, name: &str) -> String {
    format!("{:015}_{name}", due.unix_ms())
}

/// The inverse of [`answer_name`].
pub(super) fn parse_answer_name(text: &str) -> Option<(Instant, &str)> {
    let (due, name) = text.split_once('_')?;
    Some((Instant::from_unix_ms(due.parse().ok()?), name))
}
