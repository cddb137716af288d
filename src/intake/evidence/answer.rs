//! What a creditor gets back for evidence: a row for each file, with 결과, 사유 and 조치, and a summary.
//!
//! Must not: decide; the verdicts are handed in.

use crate::intake::answer::{About, Verdict, added_cells, counted, head, safe};
use crate::intake::columns::ANSWER_HEADINGS;
use std::fmt::Write as _;

/// One file of evidence, as it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its name, as dropped or as it stands in the archive.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// The answer, as CSV with a byte order mark.
pub fn print(judged: &[Judged]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(b"\xEF\xBB\xBF".to_vec());
    // Writing into memory cannot fail.
    let _ = writer.write_record(std::iter::once("파일").chain(ANSWER_HEADINGS));
    for one in judged {
        let cells = added_cells(&one.verdict);
        let _ = writer.write_record(std::iter::once(safe(one.name.clone())).chain(cells));
    }
    writer.into_inner().unwrap_or_default()
}

/// The summary: counts and reasons.
pub fn summary(about: &About<'_>, judged: &[Judged]) -> String {
    let mut out = head(about, "applied", None);
    let _ = writeln!(out, "kind = \"evidence\"");
    let verdicts: Vec<Verdict> = judged.iter().map(|one| one.verdict.clone()).collect();
    counted(&mut out, &verdicts, None);
    out
}
