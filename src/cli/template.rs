//! `sunap template`: the sheet that a creditor fills in.
//!
//! Must not: know what a column means; `intake` and `sheet` do.

use super::settings::ConfigArgument;
use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::config::{Config, Creditor};
use crate::domain::CreditorId;
use crate::intake::Kind;
use crate::sheet::{self, Choices};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Write the sheet (.xlsx) of a list: its columns, choices to pick from, a guide page and an example.
///
/// With --creditor the choices are its own: items (집금항목), groups, contract days. A filled-in sheet is dropped into the
/// creditor's inbox; `sunap intake check` tells beforehand what would be answered.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// payers, mandates, cancel, request, retry, cash, charges, terms.
    #[arg(value_name = "KIND")]
    kind: String,
    /// For whom.
    #[arg(long)]
    creditor: Option<CreditorId>,
    /// The file to make; it must not be there yet. Unless given KIND.xlsx.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == arguments.kind) else {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        return Err(Failed::told(
            Exit::Usage,
            format!("there is no such list; there are {}", known.join(", ")),
        ));
    };
    let config = arguments.config.load()?;
    let creditor = match arguments.creditor {
        None => None,
        Some(id) => Some(config.creditors.get(&id).ok_or_else(|| {
            Failed::told(Exit::Usage, format!("there is no creditor {id}: see config/creditors/"))
        })?),
    };
    let bytes = sheet::template(kind, &choices(&config, creditor.map(|creditor| &**creditor)))?;
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.xlsx", kind.word())));
    write_new_file(&path, |out| out.write_all(&bytes).map_err(Failed::from))?;
    screen.line(format_args!("{}: {}", path.display(), kind.ko()))?;
    Ok(Exit::Done)
}

fn choices(config: &Config, creditor: Option<&Creditor>) -> Choices {
    let mut banks: Vec<(String, String)> = config
        .banks
        .iter()
        .filter(|bank| bank.takes_part)
        .map(|bank| (bank.code.to_string(), bank.name.clone()))
        .collect();
    banks.sort();
    let Some(creditor) = creditor else { return Choices { banks, ..Choices::default() } };
    let mut choices = Choices {
        items: creditor
            .items
            .iter()
            .filter(|(_, item)| item.active)
            .map(|(code, item)| (code.to_string(), item.name.clone()))
            .collect(),
        groups: creditor
            .groups
            .iter()
            .filter(|(_, group)| group.moved_to.is_none())
            .map(|(code, group)| (code.to_string(), group.name.clone()))
            .collect(),
        banks,
        days: creditor.days.iter().map(ToString::to_string).collect(),
        ..Choices::default()
    };
    if let Some(channel) = config.channels.get(&creditor.channel) {
        let profile = &channel.profile;
        let services: Vec<String> = profile.services.iter().map(|service| service.ko.clone()).collect();
        if services.len() > 1 {
            choices.services = services;
        }
        if profile.modes.len() > 1 {
            choices.modes = profile.modes.iter().map(ToString::to_string).collect();
        }
    }
    choices
}
