//! `[evidence]` of a profile: when the evidence of consent (증빙자료) goes to the network, and what counts as accepted.
//!
//! It stands where `needs_evidence = true`: then no new registration goes out without.

use super::document::Section;
use crate::calendar::Offset;
use std::str::FromStr;

/// When evidence goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRule {
    /// What is there by then goes out, counted from the banking day `X` of the registration file.
    pub cutoff: Offset,
    /// Until when the network takes it.
    pub deadline: Offset,
    /// Whether it is accepted once it is taken; else only a receipt says so.
    pub taken_is_accepted: bool,
    /// Codes of a registration's result that blame the evidence: a new one is needed.
    pub fault_codes: Vec<String>,
}

/// 불능코드: four digits or capital letters.
struct Code(String);

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let well = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        if well {
            Ok(Self(text.to_string()))
        } else {
            Err(format!("{text:?} is no result code of four characters"))
        }
    }
}

/// Reads `[evidence]`.
pub(super) fn read(mut section: Section<'_>) -> Option<EvidenceRule> {
    let document = section.document();
    let times = ["cutoff", "deadline"].map(|key| section.parsed::<Offset>(key));
    for time in times.iter().flatten().filter(|time| time.value.day().anchor() != 'X') {
        document.fault(
            "window-anchor-wrong",
            time.span.clone(),
            format!("{} is not counted from X", time.value),
            "count from X, the banking day of the file",
        );
    }
    let accepted = section.choice("accepted_by", &[("receipt", false), ("taken", true)]);
    let codes = section.parsed_list::<Code>("fault_codes");
    section.finish();
    let [cutoff, deadline] = times;
    Some(EvidenceRule {
        cutoff: cutoff?.value,
        deadline: deadline?.value,
        taken_is_accepted: accepted?.value,
        fault_codes: codes?.into_iter().map(|code| code.value.0).collect(),
    })
}
