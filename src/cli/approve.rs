//! `sunap approve` and `sunap decline`: the second person's word on what another user proposed, as an order.
//!
//! Must not: decide whether the two are two; the daemon looks at the owners of both files.

use super::ordering::Waiting;
use super::settings::{account, wall_time};
use super::{Exit, Failed, Screen};
use crate::intake::approval::{Answer, Approval};
use clap::Args;

/// Answer a proposal: an order or list of another user that needs a second person.
///
/// `sunap status` lists what waits, with number and hash. The proposed file itself lies in held/ of its folder; it is
/// done exactly as it lies there. Run this from your own account: the owner of the order decides who approves.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The number of the proposal.
    #[arg(value_name = "NUMBER")]
    id: i64,
    /// The hash of the proposed file, at least its first 12 digits.
    #[arg(long, value_name = "DIGITS")]
    sha256: String,
    /// Why; kept in the journal.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    waiting: Waiting,
}

/// Does the verb.
pub(super) fn run(answer: Answer, arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.waiting.load()?;
    let approval = Approval {
        answer,
        id: arguments.id,
        sha256: arguments.sha256.to_ascii_lowercase(),
        reason: arguments.reason.clone(),
        by: account(&config),
        at: wall_time(),
    };
    let text = approval.print();
    Approval::parse("the order", text.as_bytes()).map_err(|faults| Failed::Faults(Exit::Usage, faults))?;
    arguments.waiting.hand_in(&config, answer.word(), &text, screen)
}
