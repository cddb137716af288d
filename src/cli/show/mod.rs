//! `sunap show`: explains one record. Its state, every event with its cause, the rule that allowed or blocked it, and
//! what it waits for and until when.
//!
//! Every kind of record becomes one [`Page`]; pages are printed as text or as JSON.
//!
//! Must not: show a personal number in the clear, or say more than the ledger, the schedule and the code table hold.

mod explain;
mod page;
mod settlement;
mod waiting;

use super::settings::{ConfigArgument, open_reader};
use super::status::time_of;
use super::{Exit, Failed, Screen};
use crate::domain::{CreditorId, Date, PayerNo};
use clap::{Args, Subcommand};
use explain::Explainer;
use page::Page;
use settlement::Meant;

/// Explain a record: state, events with their causes, the rules that decided, and what it waits for.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    subject: SubjectArgument,
}

#[derive(Debug, Subcommand)]
enum SubjectArgument {
    /// A payer (납부자), by the creditor's number, with all mandates.
    Payer {
        /// 납부자번호.
        id: String,
        /// Whose, where several creditors have a payer of that number.
        #[arg(long, value_name = "CREDITOR")]
        creditor: Option<CreditorId>,
        #[command(flatten)]
        how: How,
    },
    /// A mandate (이체정보), by the ledger's number or the number on the wire.
    Mandate {
        /// The ledger's number, or the 납부자번호 in bank files.
        id: String,
        #[command(flatten)]
        how: How,
    },
    /// A collection (이체의뢰), by the ledger's number.
    Collection {
        /// The ledger's number.
        id: i64,
        #[command(flatten)]
        how: How,
    },
    /// A settlement (정산), to the file or posting of every won, with its payouts and what was posted.
    Settlement {
        /// Whose, with its day; or the ledger's number alone.
        #[arg(value_name = "CREDITOR|ID")]
        id: String,
        /// The day of it, YYYY-MM-DD.
        date: Option<Date>,
        #[command(flatten)]
        how: How,
    },
    /// A file, by its name, the ledger's number, or the first digits of its SHA-256.
    File {
        /// EB210105, 12, or 6 or more hexadecimal digits.
        id: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Debug, Args)]
struct How {
    /// As one JSON array.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

impl SubjectArgument {
    fn how(&self) -> &How {
        match self {
            Self::Payer { how, .. }
            | Self::Mandate { how, .. }
            | Self::Collection { how, .. }
            | Self::Settlement { how, .. }
            | Self::File { how, .. } => how,
        }
    }
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let subject = &arguments.subject;
    let how = subject.how();
    let config = how.config.load()?;
    let reader = open_reader(&config)?;
    let now = time_of(&config, &reader)?;
    let explainer = Explainer::new(&config, &reader, now)?;
    let (what, pages) = match subject {
        SubjectArgument::Payer { id, creditor, .. } => {
            let payer_no: PayerNo = id.parse().map_err(|why: String| Failed::told(Exit::Usage, why))?;
            ("payer", explainer.payers(*creditor, &payer_no)?)
        }
        SubjectArgument::Mandate { id, .. } => ("mandate", explainer.mandates(id)?),
        SubjectArgument::Collection { id, .. } => ("collection", explainer.collections(*id)?),
        SubjectArgument::Settlement { id, date, .. } => {
            ("settlement", explainer.settlements(&settlement(id, *date)?)?)
        }
        SubjectArgument::File { id, .. } => ("file", explainer.files(id)?),
    };
    if pages.is_empty() {
        return Err(Failed::told(Exit::Data, format!("the ledger knows no such {what}")));
    }
    print(&pages, how.json, screen)?;
    Ok(Exit::Done)
}

/// Which settlement is meant.
fn settlement(id: &str, date: Option<Date>) -> Result<Meant, Failed> {
    let usage = |why: String| Failed::told(Exit::Usage, why);
    match date {
        Some(date) => Ok(Meant::Of(id.parse().map_err(usage)?, date)),
        None => id.parse().map(Meant::Numbered).map_err(|_| {
            usage(format!("{id:?} is no settlement: write the creditor and the day, or the ledger's number"))
        }),
    }
}

fn print(pages: &[Page], json: bool, screen: &mut Screen) -> Result<(), Failed> {
    if json {
        return screen.line(serde_json::Value::Array(pages.iter().map(Page::json).collect()));
    }
    for (nth, page) in pages.iter().enumerate() {
        if nth > 0 {
            screen.line("")?;
        }
        page.print(0, screen)?;
    }
    Ok(())
}
