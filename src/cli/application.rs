//! `sunap application …`: what payers applied for at their banks, and orders that decide it.
//!
//! Must not: act on the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::screen::table;
use super::settings::{ConfigArgument, open_reader};
use super::{Exit, Failed, Screen};
use crate::intake::order::{Target, Verb};
use crate::machine::application::{Asked, State};
use clap::{Args, Subcommand};

/// Applications from banks (은행접수 신청).
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: ApplicationVerb,
}

#[derive(Debug, Subcommand)]
enum ApplicationVerb {
    /// The newest ones, those without an answer first; exit code 2 where one is undecided.
    List {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Agree: to all lines of its set. After the deadline: the network agreed in our place.
    Accept(OneApplication),
    /// Refuse all lines of its set. After the deadline: the network refused in our place.
    Refuse(OneApplication),
}

#[derive(Debug, Args)]
struct OneApplication {
    /// The application's number, as `sunap application list` shows it.
    id: i64,
    #[command(flatten)]
    flags: OrderFlags,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (verb, given) = match &arguments.verb {
        ApplicationVerb::List { config } => return list(config, screen),
        ApplicationVerb::Accept(given) => (Verb::ApplicationAccept, given),
        ApplicationVerb::Refuse(given) => (Verb::ApplicationRefuse, given),
    };
    given.flags.give(verb, Target::ApplicationId(given.id), screen)
}

/// So many applications are listed.
const MOST: usize = 200;

fn list(config: &ConfigArgument, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = config.load()?;
    let rows = open_reader(&config)?.applications(MOST)?;
    if rows.is_empty() {
        screen.line("은행접수 신청이 없습니다 (no application has come).")?;
        return Ok(Exit::Done);
    }
    let mut table =
        table(&["번호", "납부자번호", "신청구분", "SET", "결정", "코드", "사유", "결정자", "회신"]);
    for row in &rows {
        let asked = match row.asked {
            Asked::Register => "신규",
            Asked::Cancel => "해지",
            Asked::ForcedCancel => "임의해지",
        };
        table.add_row([
            row.application_id.to_string(),
            row.bank_payer_no.clone(),
            asked.to_string(),
            format!("{}-{}", row.file_id, row.set_line),
            row.state.ko().to_string(),
            row.code.clone(),
            row.why.clone(),
            row.decided_by.clone(),
            if row.answer_file.is_some() { "회신" } else { "" }.to_string(),
        ]);
    }
    screen.line(table)?;
    let undecided = rows.iter().any(|row| row.state == State::Undecided);
    Ok(if undecided { Exit::Missing } else { Exit::Done })
}
