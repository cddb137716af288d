//! `sunap message …` (SMS관리): a message by hand, as an order in the control inbox; and the list of what was made.
//!
//! Must not: act on the ledger, or show a phone number.

use super::ordering::OrderFlags;
use super::screen::table;
use super::settings::{ConfigArgument, open_reader};
use super::{Exit, Failed, Screen};
use crate::domain::{CreditorId, PayerNo};
use crate::intake::order::{Target, Verb};
use crate::intake::order_people::MessageTarget;
use crate::ledger::MessageRow;
use clap::{Args, Subcommand};

/// Messages to payers (SMS관리); docs/messages.md tells how they are made and handed to a gateway.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: MessageVerb,
}

#[derive(Debug, Subcommand)]
enum MessageVerb {
    /// 직접 발송: order one message to one payer; in the quiet hours it waits for their end.
    Send {
        /// 이용기관: eight digits.
        #[arg(long, value_name = "ID")]
        creditor: CreditorId,
        /// 납부자번호.
        #[arg(long, value_name = "NO")]
        payer: PayerNo,
        /// What it says.
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        flags: OrderFlags,
    },
    /// The newest messages, and where each stands; exit code 2 where one did not reach its phone.
    List {
        /// Only of this 이용기관.
        #[arg(long, value_name = "ID")]
        creditor: Option<CreditorId>,
        /// How many at most.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        config: ConfigArgument,
    },
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.verb {
        MessageVerb::Send { creditor, payer, text, flags } => {
            let target = MessageTarget { creditor: *creditor, payer_no: payer.clone(), text: text.clone() };
            flags.give(Verb::SmsSend, Target::Message(target), screen)
        }
        MessageVerb::List { creditor, limit, config } => list(*creditor, *limit, config, screen),
    }
}

fn list(
    creditor: Option<CreditorId>,
    limit: usize,
    config: &ConfigArgument,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let config = config.load()?;
    let rows = open_reader(&config)?.messages(creditor, limit)?;
    if rows.is_empty() {
        screen.line("문자가 없습니다 (no message was made).")?;
        return Ok(Exit::Done);
    }
    let mut table = table(&["문자번호", "이용기관", "납부자번호", "구분", "작성", "상태", "내용"]);
    for row in &rows {
        table.add_row(cells(row));
    }
    screen.line(table)?;
    let failed = rows.iter().any(|row| matches!(row.state.as_str(), "failed" | "refused"));
    Ok(if failed { Exit::Missing } else { Exit::Done })
}

fn cells(row: &MessageRow) -> [String; 7] {
    let state = match row.state.as_str() {
        "waiting" => format!("발송 대기 {}", row.send_at),
        "built" | "staged" => "목록 작성".to_string(),
        "published" => "목록 내보냄".to_string(),
        "taken" | "answered" => "발송사가 가져감".to_string(),
        "delivered" => "도착".to_string(),
        "failed" => format!("실패 {}", row.code),
        "refused" => format!("거절 {}", row.code),
        "withdrawn" => "수신 거부로 취소".to_string(),
        "uncertain" => format!("불확실: {}", row.list),
        "held" => format!("보류: {}", row.list),
        other => other.to_string(),
    };
    [
        row.message_id.to_string(),
        row.creditor.to_string(),
        row.payer_no.to_string(),
        row.event.ko().to_string(),
        row.made_at.to_string(),
        state,
        row.text.clone(),
    ]
}
