//! Several people at one spool: whose account a file is dropped from, who they are in users.toml, and the second person.

use super::{Done, Stage};
use sunap::domain::Won;
use sunap::intake::approval::{Answer, Approval};
use sunap::intake::order::Target;
use sunap::intake::order_desk::ChargeTarget;

/// Whether this run may give files to other accounts; only root may.
pub(crate) fn may_chown() -> bool {
    rustix::process::geteuid().is_root()
}

/// What the files dropped from now on are like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hand {
    /// Owner and group; `None` leaves them.
    owner: Option<(u32, u32)>,
    mode: Option<u32>,
}

impl Hand {
    /// Makes a dropped file like it.
    pub(super) fn touch(self, path: &std::path::Path) -> Done {
        use std::os::unix::fs::PermissionsExt;
        if let Some((uid, gid)) = self.owner {
            std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        if let Some(mode) = self.mode {
            let bits = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path, bits).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// A charge of an order, and what the deed needs: an amount of digits, or a proof.
pub(crate) fn charge_target(
    [creditor, payer, item, month]: [&str; 4],
    more: Option<&&str>,
) -> Result<Target, String> {
    let amount = more.and_then(|more| more.parse::<i64>().ok()).map(Won::new);
    let proof = more.filter(|_| amount.is_none()).map_or(String::new(), ToString::to_string);
    Ok(Target::Charge(ChargeTarget {
        creditor: creditor.parse()?,
        payer_no: payer.parse()?,
        item: item.parse()?,
        month: month.parse()?,
        amount,
        code: String::new(),
        proof,
    }))
}

impl Stage {
    /// `reload`; `rows`; `as UID`, `as UID:GID`, `as UID mode BITS`; `users <<< >>>`; `approve` and `decline`.
    pub(super) fn people(&mut self, words: &[&str], block: Option<&str>) -> Done {
        match (words, block) {
            (["as", who, more @ ..], None) => {
                let (uid, gid) = who.split_once(':').unwrap_or((who, who));
                let number = |text: &str| text.parse::<u32>().map_err(|_| "not a number".to_string());
                let mode = match more {
                    [] => None,
                    ["mode", bits] => Some(u32::from_str_radix(bits, 8).map_err(|_| "not a mode")?),
                    _ => return Err("as UID[:GID] [mode BITS]".to_string()),
                };
                self.hand = Hand { owner: Some((number(uid)?, number(gid)?)), mode };
                Ok(())
            }
            (["reload", refused @ ..], None) => self.reload(refused),
            (["rows", what @ ..], Some(text)) => self.rows(what, text),
            (["users"], Some(text)) => {
                self.reconfigured = true;
                super::mishap::write(&self.temp.path().join("config/users.toml"), text.as_bytes())
            }
            ([word @ ("approve" | "decline"), reason], None) => {
                let answer = if *word == "approve" { Answer::Approve } else { Answer::Decline };
                self.answer_proposal(answer, reason, None)
            }
            ([word @ ("approve" | "decline"), reason, "of", order], None) => {
                let answer = if *word == "approve" { Answer::Approve } else { Answer::Decline };
                self.proposal = format!("{}.answer.toml", order.trim_end_matches(".toml"));
                self.answer_proposal(answer, reason, None)
            }
            ([word @ ("approve" | "decline"), reason, "sha256", digits], None) => {
                let answer = if *word == "approve" { Answer::Approve } else { Answer::Decline };
                self.answer_proposal(answer, reason, Some(digits))
            }
            _ => Err("no such command; the head of tests/days.rs lists them".to_string()),
        }
    }

    fn answer_proposal(&mut self, answer: Answer, reason: &str, digits: Option<&str>) -> Done {
        let path = self.room("control/outbox")?.join(&self.proposal);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", self.proposal))?;
        let proposal: toml::Table = text.parse().map_err(|_| "the answer is no TOML")?;
        let id = proposal.get("approval").and_then(toml::Value::as_integer).ok_or("nothing was proposed")?;
        let sha256 = proposal.get("sha256").and_then(toml::Value::as_str).unwrap_or_default();
        let approval = Approval {
            answer,
            id,
            sha256: digits.unwrap_or(sha256).to_string(),
            reason: reason.to_string(),
            by: "tester".to_string(),
            at: self.now.ok_or("nothing runs yet: begin with `at`")?,
        };
        self.invented += 1;
        self.order_answer = format!("order-{}.answer.toml", self.invented);
        self.deliver("control", &format!("order-{}.toml", self.invented), approval.print().as_bytes())
    }
}
