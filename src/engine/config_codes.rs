//! Items (집금항목) and groups of payers (그룹관리) that went from the configuration: refused while somebody uses them (F07, F08).
//!
//! Must not: take an item or a group away from anybody; a person says where payers go (`moved_to`) or keeps the entry
//! (`active = false`).

use super::{Engine, Failure};
use crate::config::Config;
use crate::domain::{Instant, ItemCode};
use crate::fault::Trouble;
use crate::ledger::{CodeKind, ConfigCode, Reader};
use std::collections::BTreeSet;

/// Every item and group of the configuration that is not given up.
fn has(config: &Config) -> BTreeSet<ConfigCode> {
    let mut codes = BTreeSet::new();
    for creditor in config.creditors.values() {
        let code = |kind, code: &ItemCode| ConfigCode { creditor: creditor.id, kind, code: code.clone() };
        codes.extend(creditor.items.keys().map(|item| code(CodeKind::Item, item)));
        let groups = creditor.groups.values().filter(|group| group.moved_to.is_none());
        codes.extend(groups.map(|group| code(CodeKind::Group, &group.code)));
    }
    codes
}

/// Why a code may not go, for a person.
fn refusal(code: &ConfigCode, uses: i64) -> String {
    let (id, name) = (code.creditor, &code.code);
    match code.kind {
        CodeKind::Group => format!(
            "config/creditors/{id}.toml has no group {name} any more, but {uses} payers are in it: write it back, or say where \
             they go: [[group]] code = \"{name}\" with moved_to = \"…\""
        ),
        CodeKind::Item => format!(
            "config/creditors/{id}.toml has no item {name} any more, but {uses} mandates have it: write it back, with \
             active = false where nobody is to be registered for it any more"
        ),
    }
}

/// What the configuration has lost that the ledger still uses, in words. Changes nothing.
pub fn config_losses(config: &Config, reader: &Reader) -> Result<Vec<String>, Trouble> {
    let has = has(config);
    let mut losses = Vec::new();
    for code in reader.config_codes()?.into_iter().filter(|code| lost(config, &has, code)) {
        if moved_to(config, &code).is_some() {
            continue;
        }
        let uses = reader.uses_of(&code)?;
        if uses > 0 {
            losses.push(refusal(&code, uses));
        }
    }
    Ok(losses)
}

/// Whether a known code went while its creditor did not: a creditor's file that is gone takes its own codes along.
fn lost(config: &Config, has: &BTreeSet<ConfigCode>, code: &ConfigCode) -> bool {
    config.creditors.contains_key(&code.creditor) && !has.contains(code)
}

/// The group to which the payers of a group that is given up go.
fn moved_to<'c>(config: &'c Config, code: &ConfigCode) -> Option<&'c ItemCode> {
    let creditor = config.creditors.get(&code.creditor).filter(|_| code.kind == CodeKind::Group)?;
    creditor.groups.get(&code.code)?.moved_to.as_ref()
}

impl Engine {
    /// Moves the payers of groups that are given up, and notes what the configuration has and has no more. What may not go
    /// is told, and nothing is noted.
    pub(super) fn follow_config_codes(&mut self, now: Instant) -> Result<Vec<String>, Failure> {
        let losses = config_losses(&self.config, &self.ledger.reader()?)?;
        if !losses.is_empty() {
            return Ok(losses);
        }
        let has = has(&self.config);
        let tx = self.ledger.begin()?;
        let known: BTreeSet<ConfigCode> = tx.config_codes()?.into_iter().collect();
        for code in known.iter().filter(|code| lost(&self.config, &has, code)) {
            if let Some(to) = moved_to(&self.config, code) {
                let moved = tx.move_group(code.creditor, &code.code, to, now)?;
                tracing::info!(creditor = %code.creditor, from = %code.code, %to, moved, "payers moved to another group");
            }
            tx.config_code_went(code)?;
        }
        for code in has.difference(&known) {
            tx.config_code_came(code)?;
        }
        tx.commit()?;
        Ok(Vec::new())
    }
}
