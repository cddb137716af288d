//! `sunap audit verify`: is the journal as it was written? Names the first row that differs.
//!
//! Reads everything; changes nothing. May run beside the daemon.
//!
//! Must not: mend.

use super::settings::{ConfigArgument, open_reader};
use super::{Exit, Failed, Screen};
use crate::engine::journal_findings;
use clap::{Args, Subcommand};

/// The journal's chain of hashes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: AuditVerb,
}

#[derive(Debug, Subcommand)]
enum AuditVerb {
    /// Hold every row of the journal against the chain, the chain against the roots of its days, and those against
    /// state/roots. Exit 65 where something differs: the first row that does is named.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let AuditVerb::Verify(verify) = &arguments.verb;
    let config = verify.config.load()?;
    let check = journal_findings(&config.state_dir, &open_reader(&config)?)?;
    for line in &check.findings {
        screen.line(line)?;
    }
    screen.line(format_args!(
        "{} rows in {} links and {} roots hold, {} findings",
        check.rows,
        check.links,
        check.roots,
        check.findings.len()
    ))?;
    Ok(if check.findings.is_empty() { Exit::Done } else { Exit::Data })
}
