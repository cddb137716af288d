//! How long what is personal is kept (보존기간) and when it is destroyed (파기): `[retention]` of sunap.toml. Without the section
//! nothing is ever deleted.
//!
//! The least is five years: records of electronic financial transactions (전자금융거래법 제22조, 시행령 제12조), and the proof of a
//! consent to debits, counted from the end of the mandate. The books, charges and debits are never deleted.

use super::document::Section;
use crate::domain::{CreditorId, Date};
use std::collections::BTreeSet;

/// The law's least, in years.
const LEAST_YEARS: i64 = 5;

/// More is a slip of the pen.
const MOST_YEARS: i64 = 30;

/// After how many years what is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    files: i32,
    evidence: i32,
    personal: i32,
    /// Creditors of which nothing is deleted: a dispute, an audit.
    pub hold: BTreeSet<CreditorId>,
}

impl Retention {
    /// The last day of files and answers in the archive that are due on `today`.
    pub fn files_until(&self, today: Date) -> Date {
        ago(today, self.files)
    }

    /// The last day on which a mandate has ended whose evidence is due.
    pub fn evidence_until(&self, today: Date) -> Date {
        ago(today, self.evidence)
    }

    /// The last day on which a mandate has ended whose personal data are due.
    pub fn personal_until(&self, today: Date) -> Date {
        ago(today, self.personal)
    }
}

/// The day before the same day so many years ago: that one is still kept.
fn ago(today: Date, years: i32) -> Date {
    today.month().plus_months(years.saturating_mul(-12)).day_clamped(today.day()).previous()
}

/// Reads `[retention]`.
pub(super) fn read(mut section: Section<'_>) -> Option<Retention> {
    let mut years =
        |key| section.number(key, LEAST_YEARS..=MOST_YEARS).and_then(|years| i32::try_from(years.value).ok());
    let (files, evidence, personal) =
        (years("files_years"), years("evidence_years"), years("personal_years"));
    let hold = match section.has("hold") {
        true => section.parsed_list::<CreditorId>("hold")?.into_iter().map(|id| id.value).collect(),
        false => BTreeSet::new(),
    };
    section.finish();
    Some(Retention { files: files?, evidence: evidence?, personal: personal?, hold })
}
