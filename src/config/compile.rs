//! Texts → [`Config`]: each kind of file in the order of its references, all faults of all files together. Pure.
//!
//! Must not: read files, or say twice what a faulty file has told once: a reference to a file that is there but has
//! faults is no fault of its own.

use super::document::{At, Document};
use super::sources::{FormatSource, Sources};
use super::{Channel, Config, Creditor, Profile, SETTINGS, passbook};
use super::{bank_table, channel, creditor, days, notice, notify, profile, settings, users_file};
use crate::domain::{ChannelId, CreditorId};
use crate::fault::{Fault, Faults, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

/// Says whether a text can stand in the passbook field of a debit line, or why not.
pub type PassbookCheck = fn(&str) -> Result<(), String>;

/// Checks the texts and makes the configuration of them, or tells everything that is wrong.
pub fn compile(sources: &Sources) -> Result<Config, Faults> {
    compile_with(sources, passbook::fits)
}

/// As [`compile`], with another judge of passbook texts.
pub fn compile_with(sources: &Sources, passbook: PassbookCheck) -> Result<Config, Faults> {
    let mut compiler = Compiler { sources, faults: sources.faults.clone() };
    let credentials = sources.credentials.as_deref();
    let settings = compiler.one(SETTINGS, |it| settings::read(it, &sources.root, credentials));
    let calendar = compiler.one("calendar.toml", days::read);
    let banks = compiler.one("banks.toml", |document| Some(bank_table::read(document)));

    let known = profile::Known {
        calendar: calendar.as_ref(),
        banks: banks.as_ref(),
        layouts: &sources.formats.iter().filter_map(FormatSource::name).collect(),
        codes: &sources.codes.iter().map(|code| code.stem().to_string()).collect(),
    };
    let profiles: BTreeMap<String, Arc<Profile>> = compiler.each("profiles", |it| profile::read(it, &known));
    let profile_names = compiler.names("profiles");

    let mut known = channel::Known {
        banks: banks.as_ref(),
        profiles: &profiles,
        profile_names: &profile_names,
        institution_codes: BTreeSet::new(),
    };
    let channels: BTreeMap<ChannelId, Arc<Channel>> =
        compiler.each("channels", |it| channel::read(it, &mut known));
    let channel_names = compiler.names("channels");

    let known = creditor::Known { channels: &channels, channel_names: &channel_names, passbook };
    let creditors: BTreeMap<CreditorId, Arc<Creditor>> =
        compiler.each("creditors", |document| creditor::read(document, &known));

    let known = users_file::Known {
        accounts: &sources.accounts,
        creditors: &creditors,
        creditor_names: &compiler.names("creditors"),
    };
    let users = compiler.one("users.toml", |document| users_file::read(document, &known));

    let known = notify::Known {
        creditors: &creditors,
        creditor_names: &compiler.names("creditors"),
        channel_names: &channel_names,
    };
    let notify = compiler.open("notify.toml", |document| notify::read(document, &known));

    let notices = notice::read_all(sources, &creditors, &mut compiler.faults);
    let (Some(settings), Some(calendar), Some(banks), Some(users), true) =
        (settings, calendar, banks, users, compiler.faults.is_empty())
    else {
        return Err(compiler.faults);
    };
    Ok(Config {
        folder: sources.root.join(&sources.folder),
        spool_dir: settings.spool_dir,
        state_dir: settings.state_dir,
        keys_dir: settings.keys_dir,
        quiet_ms: settings.quiet_ms,
        unfinished_ms: settings.unfinished_ms,
        retention: settings.retention,
        summary_at: settings.summary_at,
        scan_seconds: settings.scan_seconds,
        limits: settings.limits,
        log: settings.log,
        papers: settings.papers,
        calendar,
        banks,
        profiles,
        channels,
        creditors,
        users,
        notify,
        notices,
        texts: sources.texts.clone(),
        formats: sources.formats.clone(),
        codes: sources.codes.clone(),
        bound: BTreeMap::new(),
        code_tables: BTreeMap::new(),
    })
}

struct Compiler<'s> {
    sources: &'s Sources,
    faults: Faults,
}

impl Compiler<'_> {
    /// Reads a file that must be there.
    fn one<T>(&mut self, name: &str, read: impl FnOnce(&Document<'_>) -> Option<T>) -> Option<T> {
        if self.sources.files.contains_key(name) {
            return self.open(name, read);
        }
        self.faults.push(Fault::new(
            "config-file-missing",
            Place::file(self.sources.shown(name)),
            "there is no such file",
            "copy it from the sample config, and adapt it",
        ));
        None
    }

    /// Reads every file of a folder. The id that a file gives itself must be its name, so that it stands once.
    fn each<K: Ord + Display, T>(
        &mut self,
        folder: &str,
        mut read: impl FnMut(&Document<'_>) -> Option<(At<K>, T)>,
    ) -> BTreeMap<K, Arc<T>> {
        let mut all = BTreeMap::new();
        for stem in self.names(folder) {
            let found = self.open(&format!("{folder}/{stem}.toml"), |document| {
                let (id, value) = read(document)?;
                if id.value.to_string() != stem {
                    document.fault(
                        "config-file-name-differs",
                        id.span,
                        format!("the file is named {stem}.toml, but calls itself {}", id.value),
                        "rename the file, or correct the id",
                    );
                    return None;
                }
                Some((id.value, value))
            });
            if let Some((id, value)) = found {
                all.insert(id, Arc::new(value));
            }
        }
        all
    }

    /// The names of a folder's files without `.toml`.
    fn names(&self, folder: &str) -> BTreeSet<String> {
        let stem = |path: &String| {
            path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".toml").map(str::to_string)
        };
        self.sources.files.keys().filter_map(stem).collect()
    }

    fn open<T>(&mut self, name: &str, read: impl FnOnce(&Document<'_>) -> Option<T>) -> Option<T> {
        // A file that is not UTF-8 has no text; the reading told it.
        let text = self.sources.files.get(name)?.as_deref()?;
        let document = Document::parse(self.sources.shown(name), text);
        let value = if document.is_broken() { None } else { read(&document) };
        self.faults.append(document.into_faults());
        value
    }
}
