//! `sunap paper`: papers of a creditor's payers, as one PDF. Papers that count are printed by the daemon, which gives them
//! their numbers: an order like any other. `--sample` is a look at them without it.
//!
//! Must not: write the ledger or the spool, or give a number.

use super::ordering::{Giving, ask};
use super::screen::tell;
use super::settings::{ConfigArgument, open_reader};
use super::status::time_of;
use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::{CreditorId, ItemCode, Month, Paper, PayerNo};
use crate::fault::Trouble;
use crate::intake::order::{Target, Verb};
use crate::intake::order_print::PaperTarget;
use crate::ledger::AccountsShown;
use crate::report::{
    PaperError, PaperStyle, ReportQuery, Standing, draw_papers, gather_papers, paper_period,
};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Papers as PDF: receipt 영수증, bill 납부고지서, arrears 미납명세서, refund 과오납반환결의서. One file, a paper for each payer.
///
/// The daemon gives each the next number of its series (이용기관, kind, year). The same paper printed again keeps its number
/// and is marked 재발행, with a count.
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
    /// Only a look: no order, no number, marked 견본.
    #[arg(long)]
    sample: bool,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT", default_value = "출력")]
    reason: String,
    /// Who orders it, in words; the account that runs the command counts.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// How many seconds to wait for the daemon.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
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
    if !config.creditors.contains_key(&arguments.creditor) {
        let told = format!("there is no creditor {}: see config/creditors/", arguments.creditor);
        return Err(Failed::told(Exit::Usage, told));
    }
    if arguments.out.exists() {
        let told = format!("{} is there already", arguments.out.display());
        return Err(Failed::told(Exit::Usage, told));
    }
    if arguments.sample { sample(arguments, &config, screen) } else { issue(arguments, &config, screen) }
}

/// Orders the papers, and fetches what the daemon printed.
fn issue(arguments: &Arguments, config: &Config, screen: &mut Screen) -> Result<Exit, Failed> {
    let target = Target::Papers(PaperTarget {
        creditor: arguments.creditor,
        paper: arguments.paper,
        payer_no: arguments.payer.clone(),
        month: arguments.month,
        item: arguments.item.clone(),
        group: arguments.group.clone(),
    });
    let giving =
        Giving { reason: &arguments.reason, by: arguments.by.as_deref(), timeout: arguments.timeout.max(1) };
    let answered = ask(config, Verb::PaperIssue, target, &giving)?;
    if answered.exit != Exit::Done {
        tell(answered.text);
        return Ok(answered.exit);
    }
    let printed = answered.stem.with_extension("pdf");
    let pdf = std::fs::read(&printed).map_err(|error| Trouble::at("read", &printed, error))?;
    write_new_file(&arguments.out, |out| out.write_all(&pdf).map_err(Failed::from))?;
    let detail = answered.text.lines().find_map(|line| line.strip_prefix("detail = "));
    screen.line(format_args!(
        "{}: {}",
        arguments.out.display(),
        detail.unwrap_or_default().trim_matches('"')
    ))?;
    Ok(Exit::Done)
}

/// Prints them without a number.
fn sample(arguments: &Arguments, config: &Config, screen: &mut Screen) -> Result<Exit, Failed> {
    let reader = open_reader(config)?;
    let now = time_of(config, &reader)?;
    let day = now.date();
    let (from, to) = paper_period(arguments.paper, arguments.month, day);
    let query = ReportQuery {
        creditor: arguments.creditor,
        from,
        to,
        item: arguments.item.clone(),
        group: arguments.group.clone(),
        payer: arguments.payer.clone(),
        status: None,
        accounts: AccountsShown::Masked,
        today: day,
        now,
    };
    let Some(creditor) = config.creditors.get(&arguments.creditor) else { return Ok(Exit::Usage) };
    let papers = gather_papers(&reader, config, arguments.paper, &query)?;
    let ko = arguments.paper.ko();
    if papers.is_empty() {
        return Err(Failed::told(Exit::Data, format!("nobody gets a {ko}: the ledger has nothing to print")));
    }
    let (style, missing) = PaperStyle::read(config, creditor, day)?;
    if let Some(missing) = missing {
        tell(format_args!("sunap: {missing}"));
    }
    let papers: Vec<_> = papers.into_iter().map(|of| (of, Standing::Sample)).collect();
    let made = draw_papers(arguments.paper, creditor, &papers, &style)?;
    write_new_file(&arguments.out, |out| out.write_all(&made.pdf).map_err(Failed::from))?;
    let (path, papers, pages) = (arguments.out.display(), made.papers, made.pages);
    screen.line(format_args!("{ko} {path}: 견본, {papers} papers, {pages} pages"))?;
    Ok(Exit::Done)
}
