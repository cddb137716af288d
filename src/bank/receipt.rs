//! What the taker says of a file of ours: `sent/<name>.receipt`, TOML (decisions.md 16).
//!
//! ```toml
//! result = "refused"      # accepted | refused
//! code = "0081"           # the centre's code, optional
//! record = 17             # the record that it names, 1-based with the header as 1, optional
//! why = "serial number"   # its words, optional
//! ```
//!
//! Unknown keys are kept out of the way, not refused: the receipt is another program's file, and what it says of the
//! money must be heard.

use crate::fault::{Fault, Place};
use serde::Deserialize;

/// Whether the exchange accepted the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It will be answered.
    Accepted,
    /// It will not: none of its lines was taken.
    Refused,
}

/// A receipt, read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    /// The verdict.
    pub result: Verdict,
    /// The centre's code, empty where it gave none.
    #[serde(default)]
    pub code: String,
    /// The record that it names: 1-based, the header is 1.
    #[serde(default)]
    pub record: Option<u64>,
    /// Its words, empty where it gave none.
    #[serde(default)]
    pub why: String,
}

impl Receipt {
    /// Reads a receipt's text. `name` is the receipt's file name, for the fault.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Fault> {
        toml::from_str(text).map_err(|error| {
            Fault::new(
                "receipt-unreadable",
                Place::file(name),
                format!("a receipt says result = \"accepted\" or \"refused\"; {}", error.message()),
                "mend the transfer program that writes it, or put a right receipt in its place",
            )
        })
    }

    /// The line of the file that it names: the record number less the header.
    pub fn line_no(&self) -> Option<i64> {
        self.record
            .and_then(|record| i64::try_from(record).ok())
            .map(|record| record - 1)
            .filter(|line| *line > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_centre_said() {
        let receipt =
            Receipt::from_toml("r", "result = \"refused\"\ncode = \"0081\"\nrecord = 3\nat = \"x\"\n")
                .unwrap();
        assert_eq!((receipt.result, receipt.line_no()), (Verdict::Refused, Some(2)));
        assert_eq!(Receipt::from_toml("r", "result = \"accepted\"").unwrap().line_no(), None);
        assert_eq!(Receipt::from_toml("r", "result = \"maybe\"").unwrap_err().name, "receipt-unreadable");
    }
}
