//! The second person (2인 승인): what needs one, and the order by which one says yes or no to what another has proposed.
//!
//! A proposal is a file as it was dropped: an order or a list, held until another user approves it. The approval names
//! it by its number in the ledger and by the hash of its bytes, so that what is done is exactly what was proposed.
//!
//! Must not: know who the two are, or whether they may (that is `config` and the engine).

use super::answer::line;
use super::order::{Outcome, Reading, place_of};
use crate::domain::Instant;
use crate::fault::{Fault, Faults, Place, printable};
use serde::Deserialize;
use std::fmt::Write as _;
use toml::Spanned;

/// What needs a second person unless users.toml says otherwise, as patterns of rights. A new deed that needs one is a
/// line here; nothing else is to be done for it.
pub const SECOND_PERSON: &[&str] = &[
    "file.release",
    "file.mark-sent",
    "file.accept",
    "payout.paid",
    "refund.*",
    "correction.*",
    "write-off.*",
];

/// The right that a list asks for, by the word of its kind.
pub fn right_of_list(word: &'static str) -> &'static str {
    match word {
        "mandates" | "payers" => "mandate.register",
        "cancel" => "mandate.cancel",
        "request" => "request.make",
        "retry" => "retry.request",
        "cash" => "cash.record",
        "charges" => "charge.change",
        "terms" => "terms.change",
        "refund" => "refund.request",
        other => other,
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It shall be done.
    Approve,
    /// It shall not.
    Decline,
}

impl Answer {
    /// The word in the order.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
        }
    }
}

/// An order that answers a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Yes or no.
    pub answer: Answer,
    /// The number of the proposal, as `sunap status` and the answer to the proposer show it.
    pub id: i64,
    /// The SHA-256 of the proposed file, in hex, or at least its first twelve digits.
    pub sha256: String,
    /// Why, in the person's words; never empty.
    pub reason: String,
    /// Who, in words; the owner of the file counts.
    pub by: String,
    /// When, by the clock of the machine on which it was typed.
    pub at: Instant,
}

/// The fewest digits of a hash that name a file.
pub const LEAST_DIGITS: usize = 12;

#[derive(Deserialize)]
struct Verb {
    verb: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    verb: Spanned<String>,
    id: Spanned<i64>,
    sha256: Spanned<String>,
    reason: Spanned<String>,
    by: Spanned<String>,
    at: Spanned<String>,
}

impl Approval {
    /// Whether an order is one of this page.
    pub fn is_one(bytes: &[u8]) -> bool {
        std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| toml::from_str::<Verb>(text).ok())
            .is_some_and(|found| found.verb == "approve" || found.verb == "decline")
    }

    /// The order of a dropped file.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Faults> {
        let text = String::from_utf8_lossy(bytes);
        let written: Written = toml::from_str(&text).map_err(|error| {
            let place = place_of(file, &text, error.span().map_or(0, |span| span.start));
            Faults::from(vec![Fault::new(
                "order-syntax",
                place,
                printable(error.message()),
                "write it as `sunap approve` and `sunap decline` write it",
            )])
        })?;
        let mut words = Reading { file, text: &text, faults: Faults::default() };
        let answer = if written.verb.get_ref() == "approve" { Answer::Approve } else { Answer::Decline };
        let reason = words.words(&written.reason, "reason");
        let by = words.words(&written.by, "by");
        let at = words.value(&written.at);
        let sha256 = written.sha256.get_ref();
        let hex = sha256.len() >= LEAST_DIGITS
            && sha256.len() <= 64
            && sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !hex {
            let expected = format!(
                "sha256: {LEAST_DIGITS} to 64 digits of the hash, as the answer to the proposal shows it"
            );
            words.fault(
                "order-value",
                written.sha256.span().start,
                expected,
                "copy it from the answer or from `sunap status`",
            );
        }
        let id = *written.id.get_ref();
        if id < 1 {
            words.fault(
                "order-value",
                written.id.span().start,
                "the number of a proposal",
                "copy it from `sunap status`",
            );
        }
        match (reason, by, at) {
            (Some(reason), Some(by), Some(at)) if words.faults.is_empty() => {
                Ok(Self { answer, id, sha256: sha256.clone(), reason, by, at })
            }
            _ => Err(words.faults),
        }
    }

    /// The order as a file; [`Approval::parse`] reads it back to the same.
    pub fn print(&self) -> String {
        let mut out = String::new();
        line(&mut out, "verb", self.answer.word());
        let _ = writeln!(out, "id = {}", self.id);
        line(&mut out, "sha256", &self.sha256);
        line(&mut out, "reason", &self.reason);
        line(&mut out, "by", &self.by);
        line(&mut out, "at", &self.at.to_string());
        out
    }

    /// The answer beside the order: the order itself and what became of it.
    pub fn answer(&self, outcome: &Outcome) -> String {
        let mut out = self.print();
        outcome.print_into(&mut out);
        out
    }
}

/// The answer to a proposal that waits for its second person.
pub fn waiting(file: &str, id: i64, sha256: &str, until: Instant) -> String {
    let mut out = String::new();
    line(&mut out, "file", file);
    line(&mut out, "result", "proposed");
    let _ = writeln!(out, "approval = {id}");
    line(&mut out, "sha256", sha256);
    let short = sha256.get(..LEAST_DIGITS).unwrap_or(sha256);
    line(
        &mut out,
        "detail",
        &format!(
            "승인 대기: 다른 사용자의 승인이 필요합니다 (another user must approve it until {until}): sunap approve {id} --sha256 {short} --reason …"
        ),
    );
    out
}

/// The fault of a file whose owner may not do what it asks for.
pub fn right_missing(place: Place, who: &str, right: &str, for_whom: &str) -> Fault {
    Fault::new(
        "right-missing",
        place,
        format!(
            "이 작업을 할 권한이 없습니다: {who} 에게 {right} 권한이 없습니다 ({for_whom})\n{who} has no right {right} ({for_whom}); the owner of the file decides who asks"
        ),
        format!(
            "권한이 있는 사용자의 계정으로 다시 올리십시오 (drop it again from an account with the right), or give a role of that user \"{right}\" in config/users.toml and start the daemon again"
        ),
    )
}

/// The fault of a file that anybody on the machine could have changed.
pub fn world_writable(place: Place, mode: u32) -> Fault {
    let file = place.file_name().to_string();
    let name = file.rsplit('/').next().unwrap_or(&file).to_string();
    Fault::new(
        "drop-world-writable",
        place,
        format!(
            "누구나 고칠 수 있는 파일입니다 (mode {mode:04o}): everybody on the machine could have changed it before it was taken, so that its owner proves nothing"
        ),
        format!("chmod o-w {name}, and drop it again; `umask 027` keeps it from happening"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_reads_back() {
        let at = "2026-01-05 13:00:00".parse().unwrap();
        for answer in [Answer::Approve, Answer::Decline] {
            let approval = Approval {
                answer,
                id: 3,
                sha256: "0123456789abcdef".into(),
                reason: "확인함".into(),
                by: "lee".into(),
                at,
            };
            let text = approval.print();
            assert!(Approval::is_one(text.as_bytes()));
            assert_eq!(Approval::parse("a.toml", text.as_bytes()), Ok(approval));
        }
        assert!(!Approval::is_one(b"verb = \"file.hold\""));
        assert!(!Approval::is_one(b"\xff"));
    }

    #[test]
    fn half_an_approval_is_none() {
        let rest = "reason = \"x\"\nby = \"kim\"\nat = \"2026-01-05\"\n";
        for (head, fault) in [
            ("verb = \"approve\"\nid = 1\nsha256 = \"0123\"\n", "order-value"),
            ("verb = \"approve\"\nid = 0\nsha256 = \"0123456789ab\"\n", "order-value"),
            ("verb = \"approve\"\nid = 1\nsha256 = \"0123456789AB\"\n", "order-value"),
            ("verb = \"approve\"\nid = 1\n", "order-syntax"),
            ("verb = \"approve\"\nid = 1\nsha256 = \"0123456789ab\"\nname = \"x\"\n", "order-syntax"),
        ] {
            let faults = Approval::parse("a.toml", format!("{head}{rest}").as_bytes()).unwrap_err();
            assert_eq!(faults.kept()[0].name, fault, "{head}");
        }
    }
}
