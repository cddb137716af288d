//! `sunap report`: a report of one creditor, on the screen or into a file.
//!
//! Must not: write the ledger or the spool.

use super::ordering::{Giving, ask};
use super::screen::tell;
use super::settings::{ConfigArgument, open_reader};
use super::sheet_flags::SheetFlags;
use super::status::time_of;
use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::{CreditorId, Date, ItemCode, PayerNo};
use crate::intake::order::{Target, Verb};
use crate::intake::order_print::RevealTarget;
use crate::ledger::{AccountsShown, Reader};
use crate::report::{self, CsvEncoding, Report, ReportQuery};
use clap::{Args, ValueEnum};
use std::io::Write;

/// A report (집계): requests 이체의뢰조회, transactions 거래내역조회, arrears 미납내역집계, overpaid 과오납내역, failures 불능집계,
/// registrations 계좌신청내역, or summary 하루요약. Account numbers are masked, unless --reveal has the daemon journal it first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which, in English or Korean.
    #[arg(value_name = "NAME")]
    name: String,
    /// Whose; may be left out for the summary only.
    #[arg(long)]
    creditor: Option<CreditorId>,
    /// From this debit date (registrations: day of application); unless given the first of the month of --to.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// To this day, itself included; unless given today.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only of this 집금항목.
    #[arg(long, value_name = "CODE")]
    item: Option<ItemCode>,
    /// Only of this group.
    #[arg(long, value_name = "CODE")]
    group: Option<ItemCode>,
    /// Only of this payer.
    #[arg(long, value_name = "PAYER_NO")]
    payer: Option<PayerNo>,
    /// Only rows in this state: failed, 이체처리미완료, …
    #[arg(long, value_name = "WORD")]
    status: Option<String>,
    /// The bytes of a csv.
    #[arg(long, value_enum, default_value = "utf-8")]
    encoding: EncodingArgument,
    #[command(flatten)]
    sheet: SheetFlags,
    /// Show account numbers in the clear: an order (personal.reveal) that needs the right and is journaled first.
    #[arg(long, requires = "reason")]
    reveal: bool,
    /// Why account numbers are shown; kept in the journal.
    #[arg(long, value_name = "TEXT", requires = "reveal")]
    reason: Option<String>,
    /// Who asks, in words; the account that runs this command counts.
    #[arg(long, value_name = "WHO", requires = "reveal")]
    by: Option<String>,
    /// How many seconds to wait for the daemon's answer to --reveal.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncodingArgument {
    /// With a byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    Cp949,
}

/// The day on one page.
fn summarise(
    arguments: &Arguments,
    config: &Config,
    reader: &Reader,
    to: Date,
    screen: &mut Screen,
) -> Result<Exit, Failed> {
    let page = report::summarise(reader, config, arguments.creditor, to)?;
    match arguments.sheet.out() {
        None => screen.text(page.text)?,
        Some(path) => write_new_file(path, |out| out.write_all(page.text.as_bytes()).map_err(Failed::from))?,
    }
    Ok(Exit::Done)
}

/// Asks the daemon to journal that account numbers are shown; what the process ends with where it does not.
fn reveal(
    arguments: &Arguments,
    config: &Config,
    report: Report,
    (creditor, from, to): (CreditorId, Date, Date),
) -> Result<Option<Exit>, Failed> {
    let target = Target::Reveal(RevealTarget {
        creditor,
        report: report.word().to_string(),
        from,
        to,
        payer_no: arguments.payer.clone(),
        item: arguments.item.clone(),
        group: arguments.group.clone(),
        status: arguments.status.clone(),
    });
    let reason = arguments.reason.as_deref().unwrap_or_default();
    let giving = Giving { reason, by: arguments.by.as_deref(), timeout: arguments.timeout };
    let answered = ask(config, Verb::PersonalReveal, target, &giving)?;
    if answered.exit == Exit::Done {
        return Ok(None);
    }
    tell(answered.text);
    Ok(Some(answered.exit))
}

impl Arguments {
    /// Whether it is asked for some of the creditor's payers only.
    fn narrows(&self) -> bool {
        self.item.is_some() || self.group.is_some() || self.payer.is_some()
    }
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    if let Some(id) = arguments.creditor.filter(|id| !config.creditors.contains_key(id)) {
        return Err(Failed::told(Exit::Usage, format!("there is no creditor {id}: see config/creditors/")));
    }
    let summary = matches!(arguments.name.as_str(), "summary" | "하루요약");
    let report = if summary {
        None
    } else {
        let report: Report = arguments
            .name
            .parse()
            .map_err(|why: String| Failed::told(Exit::Usage, format!("{why}, summary (하루요약)")))?;
        Some(report)
    };
    if report == Some(Report::Settlements) && arguments.narrows() {
        let why = "a settlement is of the whole creditor: leave out --item, --group and --payer (the lines are in settlement-<date>.csv and `sunap show settlement`)";
        return Err(Failed::told(Exit::Usage, why));
    }
    let reader = open_reader(&config)?;
    let now = time_of(&config, &reader)?;
    let to = arguments.to.unwrap_or(now.date());
    let Some(report) = report else {
        return summarise(arguments, &config, &reader, to, screen);
    };
    let Some(creditor) = arguments.creditor else {
        return Err(Failed::told(Exit::Usage, "a report is of one creditor: add --creditor"));
    };
    let from = arguments.from.unwrap_or(to.month().first_day());
    if from > to {
        return Err(Failed::told(Exit::Usage, format!("--from {from} is after --to {to}")));
    }
    arguments.sheet.check()?;
    let accounts = match arguments.reveal {
        true => match reveal(arguments, &config, report, (creditor, from, to))? {
            Some(refused) => return Ok(refused),
            None => AccountsShown::InTheClear,
        },
        false => AccountsShown::Masked,
    };
    let query = ReportQuery {
        creditor,
        from,
        to,
        item: arguments.item.clone(),
        group: arguments.group.clone(),
        payer: arguments.payer.clone(),
        status: arguments.status.clone(),
        accounts,
        today: now.date(),
        now,
    };
    let encoding = match arguments.encoding {
        EncodingArgument::Utf8 => CsvEncoding::Utf8,
        EncodingArgument::Cp949 => CsvEncoding::Cp949,
    };
    let write = |format, out: &mut dyn Write| {
        report::write(&reader, &config, report, &query, format, out).map_err(Failed::from_write)
    };
    arguments.sheet.show(encoding, format_args!("{} ", report.ko()), write, screen)?;
    Ok(Exit::Done)
}
