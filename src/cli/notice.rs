//! `sunap notice …` (공지사항) and `sunap question …` (Q&A): what stands, who has not read it, what was asked; and the orders
//! that acknowledge and answer. `sunap status` shows the same in short.
//!
//! Must not: act on the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::settings::{ConfigArgument, open_keys, open_reader};
use super::status::time_of;
use super::{Exit, Failed, Screen};
use crate::config::{Audience, Config, Notice};
use crate::domain::{CreditorId, Date};
use crate::fault::Trouble;
use crate::intake::order::{Target, Verb};
use crate::ledger::{QuestionRow, Reader};
use crate::spool::{Sha256, read_archived};
use clap::{Args, Subcommand};
use std::io::Read;

/// Notices (공지사항) of config/notices.
#[derive(Debug, Args)]
pub(super) struct NoticeArguments {
    #[command(subcommand)]
    verb: NoticeVerb,
}

#[derive(Debug, Subcommand)]
enum NoticeVerb {
    /// Those that stand today, with the creditors that have not acknowledged one that must be read.
    List {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Order: a creditor has read a notice (it telephoned); by itself it drops a file acknowledge….txt.
    Acknowledge {
        /// The notice: the name of its file without .md.
        id: String,
        /// 이용기관: eight digits.
        #[arg(long, value_name = "ID")]
        creditor: CreditorId,
        #[command(flatten)]
        flags: OrderFlags,
    },
}

/// Questions of creditors (Q&A).
#[derive(Debug, Args)]
pub(super) struct QuestionArguments {
    #[command(subcommand)]
    verb: QuestionVerb,
}

#[derive(Debug, Subcommand)]
enum QuestionVerb {
    /// Those that are open; exit code 2 where there is one.
    List {
        /// Answered ones too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// One, with its text and its answer.
    Show {
        /// 질문번호.
        id: i64,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Order: the answer goes into the creditor's outbox.
    Answer {
        /// 질문번호.
        id: i64,
        /// The answer.
        #[arg(long, value_name = "TEXT")]
        text: String,
        #[command(flatten)]
        flags: OrderFlags,
    },
}

/// Does a verb of `sunap notice`.
pub(super) fn notice(arguments: &NoticeArguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.verb {
        NoticeVerb::List { config } => {
            let config = config.load()?;
            let reader = open_reader(&config)?;
            let lines = notices(&config, &reader, time_of(&config, &reader)?.date())?;
            if lines.is_empty() {
                screen.line("공지가 없습니다 (no notice stands today).")?;
            }
            for line in lines {
                screen.line(line)?;
            }
            Ok(Exit::Done)
        }
        NoticeVerb::Acknowledge { id, creditor, flags } => {
            let target = Target::Notice { creditor: *creditor, notice: id.clone() };
            flags.give(Verb::NoticeAcknowledge, target, screen)
        }
    }
}

/// Does a verb of `sunap question`.
pub(super) fn question(arguments: &QuestionArguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.verb {
        QuestionVerb::List { all, config } => {
            let config = config.load()?;
            let found = open_reader(&config)?.questions(*all)?;
            if found.is_empty() {
                screen.line("질문이 없습니다 (no question is open).")?;
            }
            for row in &found {
                screen.line(told(row))?;
            }
            let open = found.iter().any(|row| row.answered_at.is_none());
            Ok(if open { Exit::Missing } else { Exit::Done })
        }
        QuestionVerb::Show { id, config } => {
            let config = config.load()?;
            show(*id, &config, screen)
        }
        QuestionVerb::Answer { id, text, flags } => {
            flags.give(Verb::QuestionAnswer, Target::Question { id: *id, text: text.clone() }, screen)
        }
    }
}

fn show(id: i64, config: &Config, screen: &mut Screen) -> Result<Exit, Failed> {
    let found = open_reader(config)?.questions(true)?.into_iter().find(|row| row.question_id == id);
    let Some(row) = found else {
        return Err(Failed::told(Exit::Usage, format!("there is no question {id}")));
    };
    screen.line(told(&row))?;
    if let (Some(sha256), Some(day)) = (row.sha256, row.day) {
        let mut text = String::new();
        let ring = open_keys(config)?;
        read_archived(&config.state_dir, &ring, day, &Sha256::from_bytes(sha256))?
            .read_to_string(&mut text)
            .map_err(|error| Trouble::new("read the question", error))?;
        screen.line(format_args!("\n{}", text.trim()))?;
    }
    if !row.answer.is_empty() {
        screen.line(format_args!("\n답변: {}", row.answer))?;
    }
    Ok(Exit::Done)
}

/// A question on one line.
fn told(row: &QuestionRow) -> String {
    let state = row.answered_at.map_or("답변 대기".to_string(), |at| format!("답변 {at}"));
    format!("질문 {}  이용기관 {}  {}  {}  {state}", row.question_id, row.creditor, row.asked_at, row.name)
}

/// The notices that stand on a day, each with the creditors that must read it and have not.
pub(super) fn notices(config: &Config, reader: &Reader, day: Date) -> Result<Vec<String>, Trouble> {
    let mut lines = Vec::new();
    for notice in config.notices.iter().filter(|notice| notice.stands_on(day)) {
        let mut line = format!("{}  {} [{}]", notice.id, notice.title, audience(notice));
        if let Some(until) = notice.until {
            line.push_str(&format!(" ~ {until}"));
        }
        let page = Sha256::of(notice.page().as_bytes());
        let mut unread = Vec::new();
        for creditor in
            config.creditors.keys().filter(|creditor| notice.must_read && notice.is_for(**creditor))
        {
            if !reader.notice_is_read(&notice.id, page.as_bytes(), *creditor)? {
                unread.push(creditor.to_string());
            }
        }
        if notice.must_read {
            let who = if unread.is_empty() {
                "모두 확인".to_string()
            } else {
                format!("미확인 {}", unread.join(", "))
            };
            line.push_str(&format!("  필독: {who}"));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn audience(notice: &Notice) -> String {
    match &notice.audience {
        Audience::Agent => "대행사".to_string(),
        Audience::Creditors => "모든 이용기관".to_string(),
        Audience::Some(some) => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// The open questions, for the board.
pub(super) fn open_questions(reader: &Reader) -> Result<Vec<String>, Trouble> {
    Ok(reader.questions(false)?.iter().map(told).collect())
}
