//! `sunap file …`: an order about a file, dropped into the control inbox like any other file, and its answer.
//!
//! Must not: act on the file or the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::{Exit, Failed, Screen};
use crate::intake::order::{Owner, Target, Verb};
use clap::{Args, Subcommand};

/// Order the daemon to do something with a file.
///
/// The order is a small TOML file in spool/control/inbox; it is kept, journaled and answered like every file. Any
/// program that may write there can give the same order without this command.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: FileVerb,
}

#[derive(Debug, Subcommand)]
enum FileVerb {
    /// Keep a file of ours back, or set a held one aside.
    Hold(OneFile),
    /// Let a held or uncertain file go: the same bytes.
    Release(OneFile),
    /// Give a held or uncertain file up.
    Reject(OneFile),
    /// The bank has the file: it was sent by another way, or arrived before the power failed.
    MarkSent(OneFile),
    /// Take a rejected result on, although its trailer states less than it lists. Whatever could hide a failure cannot be
    /// taken on.
    Accept(AcceptArguments),
}

#[derive(Debug, Args)]
struct AcceptArguments {
    /// Yes, past the proof of completeness.
    #[arg(long = "override", required = true)]
    past_the_proof: bool,
    #[command(flatten)]
    file: OneFile,
}

#[derive(Debug, Args)]
struct OneFile {
    /// The file's name, such as EB210105, or its ledger id as #12.
    name: String,
    /// Whose file, where the name alone is not enough: channel/<id> or creditor/<id>.
    #[arg(long, value_name = "OWNER")]
    owner: Option<Owner>,
    #[command(flatten)]
    flags: OrderFlags,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (verb, given) = match &arguments.verb {
        FileVerb::Hold(given) => (Verb::FileHold, given),
        FileVerb::Release(given) => (Verb::FileRelease, given),
        FileVerb::Reject(given) => (Verb::FileReject, given),
        FileVerb::MarkSent(given) => (Verb::FileMarkSent, given),
        FileVerb::Accept(given) => (Verb::FileAccept, &given.file),
    };
    let target = match given.name.strip_prefix('#').map(str::parse) {
        Some(Ok(id)) => Target::FileId(id),
        Some(Err(_)) => {
            return Err(Failed::told(Exit::Usage, "after # comes the ledger's number of the file"));
        }
        None => Target::FileName { owner: given.owner.clone(), name: given.name.clone() },
    };
    given.flags.give(verb, target, screen)
}
