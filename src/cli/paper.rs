//! `sunap paper`: papers of a creditor's payers, as one PDF.
//!
//! Must not: write the ledger or the spool.

use super::screen::tell;
use super::settings::{ConfigArgument, open_reader};
use super::status::time_of;
use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::config::{Config, Creditor};
use crate::domain::{CreditorId, Date, ItemCode, Month, PayerNo, TimeOfDay};
use crate::fault::{Trouble, printable};
use crate::report::{self, Faces, Paper, PaperError, PaperStyle, ReportQuery, Stamp, Typeface};
use crate::spool::Sha256;
use clap::Args;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Papers as PDF: receipt 영수증, bill 납부고지서, arrears 미납명세서, refund 과오납반환결의서. One file, a paper for each payer.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(true).args(["payer", "month", "all"]))]
pub(super) struct Arguments {
    /// Which, in English or Korean.
    #[arg(value_name = "PAPER")]
    paper: Paper,
    /// Whose.
    #[arg(long)]
    creditor: CreditorId,
    /// For this payer only.
    #[arg(long, value_name = "PAYER_NO")]
    payer: Option<PayerNo>,
    /// What was or is to be debited in this month, "YYYY-MM"; without it, of the last twelve months and the next.
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// For every payer.
    #[arg(long)]
    all: bool,
    /// Only for this 집금항목.
    #[arg(long, value_name = "CODE")]
    item: Option<ItemCode>,
    /// Only for this group.
    #[arg(long, value_name = "CODE")]
    group: Option<ItemCode>,
    /// Mark it as printed again (재발행).
    #[arg(long)]
    again: bool,
    /// The day that stands on the paper; unless given today.
    #[arg(long, value_name = "DATE")]
    day: Option<Date>,
    /// The PDF to make; it must not be there yet.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

impl From<PaperError> for Failed {
    fn from(error: PaperError) -> Self {
        match error {
            PaperError::Fault(fault) => Self::Faults(Exit::Config, vec![*fault].into()),
            PaperError::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    let Some(creditor) = config.creditors.get(&arguments.creditor) else {
        let told = format!("there is no creditor {}: see config/creditors/", arguments.creditor);
        return Err(Failed::told(Exit::Usage, told));
    };
    let reader = open_reader(&config)?;
    let day = match arguments.day {
        Some(day) => day,
        None => time_of(&config, &reader)?.date(),
    };
    let query = query(arguments, day);
    let faces = faces(&config)?;
    let stamp = stamp(&arguments.config.path, creditor)?;
    let style = PaperStyle { faces: &faces, stamp: stamp.as_ref(), again: arguments.again, day };
    let made = report::make(&reader, &config, arguments.paper, &query, &style)?;
    let ko = arguments.paper.ko();
    if made.papers == 0 {
        return Err(Failed::told(Exit::Data, format!("nobody gets a {ko}: the ledger has nothing to print")));
    }
    write_new_file(&arguments.out, |out| out.write_all(&made.pdf).map_err(Failed::from))?;
    let (path, papers, pages) = (arguments.out.display(), made.papers, made.pages);
    screen.line(format_args!(
        "{ko} {path}: {papers} papers, {pages} pages, sha256 {}",
        Sha256::of(&made.pdf)
    ))?;
    Ok(Exit::Done)
}

fn query(arguments: &Arguments, day: Date) -> ReportQuery {
    // What is late is late before today; a bill is of what is to come as well.
    let last = match arguments.paper {
        Paper::Bill => day.month().next().last_day(),
        Paper::Arrears => day.previous(),
        Paper::Receipt | Paper::Refund => day,
    };
    let (from, to) = match arguments.month {
        Some(month) if arguments.paper == Paper::Arrears => (month.first_day(), month.last_day().min(last)),
        Some(month) => (month.first_day(), month.last_day()),
        None => (day.month().plus_months(-12).first_day(), last),
    };
    ReportQuery {
        creditor: arguments.creditor,
        from,
        to,
        item: arguments.item.clone(),
        group: arguments.group.clone(),
        payer: arguments.payer.clone(),
        status: None,
        today: day,
        now: day.at(TimeOfDay::MIDNIGHT),
    }
}

fn faces(config: &Config) -> Result<Faces, Failed> {
    Ok(Faces {
        regular: Typeface::read(&config.papers.font)?,
        bold: Typeface::read(&config.papers.font_bold)?,
    })
}

/// The stamp beside the creditor's file. A missing one is told, and the paper is made without (F05).
fn stamp(config: &Path, creditor: &Creditor) -> Result<Option<Stamp>, Failed> {
    let Some(name) = &creditor.base.stamp else { return Ok(None) };
    let path = config.parent().unwrap_or(Path::new(".")).join("creditors").join(name);
    let shown = printable(&path.to_string_lossy()).to_string();
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(Stamp::read(&shown, &bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            tell(format_args!("sunap: there is no stamp {shown}: the papers are made without one"));
            Ok(None)
        }
        Err(error) => Err(Trouble::at("read", &path, error).into()),
    }
}
