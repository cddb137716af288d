//! `sunap payout …`: the payments that are open, and orders about one that the bank refused.
//!
//! Must not: act on the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::screen::table;
use super::settings::{ConfigArgument, open_reader};
use super::{Exit, Failed, Screen};
use crate::intake::order::{Target, Verb};
use crate::ledger::{PayoutFor, PayoutRow};
use clap::{Args, Subcommand};

/// Payments (지급) to creditors and payers.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: PayoutVerb,
}

#[derive(Debug, Subcommand)]
enum PayoutVerb {
    /// Those that wait, are with the bank, or failed; exit code 2 where one failed.
    List {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Pay again what the bank refused, into the account that the config names now.
    Again(OnePayout),
    /// It was paid by another way: nothing is sent.
    Paid(OnePayout),
}

#[derive(Debug, Args)]
struct OnePayout {
    /// The payout's number, as `sunap payout list` shows it.
    id: i64,
    #[command(flatten)]
    flags: OrderFlags,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (verb, given) = match &arguments.verb {
        PayoutVerb::List { config } => return list(config, screen),
        PayoutVerb::Again(given) => (Verb::PayoutAgain, given),
        PayoutVerb::Paid(given) => (Verb::PayoutPaid, given),
    };
    given.flags.give(verb, Target::PayoutId(given.id), screen)
}

fn list(config: &ConfigArgument, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = config.load()?;
    let open = open_reader(&config)?.open_payouts()?;
    if open.is_empty() {
        screen.line("지급할 것이 없습니다 (no payment is open).")?;
        return Ok(Exit::Done);
    }
    let mut table = table(&["번호", "이용기관", "내용", "금액", "은행", "지급일", "상태"]);
    for row in &open {
        table.add_row(cells(row));
    }
    screen.line(table)?;
    let failed = open.iter().any(|row| row.state == "failed");
    Ok(if failed { Exit::Missing } else { Exit::Done })
}

fn cells(row: &PayoutRow) -> [String; 7] {
    let what = match row.of {
        PayoutFor::Settlement(id) => format!("정산 {id}"),
        PayoutFor::Refund(id) => format!("과오납 반환, 청구 {id}"),
    };
    let state = match row.state.as_str() {
        "requested" => "지급의뢰대기".to_string(),
        "sent" => "지급의뢰중".to_string(),
        "failed" => format!("지급불능 {}", row.code),
        other => other.to_string(),
    };
    [
        row.payout_id.to_string(),
        format!("{:08}", row.creditor),
        what,
        row.won.to_string(),
        row.bank.to_string(),
        row.pay_on.to_string(),
        state,
    ]
}
