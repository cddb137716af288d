//! `[[group]]` of a creditor: groups of its payers (그룹관리, F08).
//!
//! Must not: know who is in a group; the ledger does, and a start refuses a group that went while payers are in it.

use super::creditor::optional_words;
use super::document::Section;
use crate::domain::ItemCode;
use std::collections::BTreeMap;

/// A group of payers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its code.
    pub code: ItemCode,
    /// Its name.
    pub name: String,
    /// Anything more.
    pub description: Option<String>,
    /// It is given up, and its payers belong to this one.
    pub moved_to: Option<ItemCode>,
}

/// The groups of a creditor's file.
pub(super) fn read(file: &mut Section<'_>) -> BTreeMap<ItemCode, Group> {
    let document = file.document();
    let mut groups = BTreeMap::new();
    let mut moves = Vec::new();
    for mut section in file.sections("group") {
        let code = section.parsed::<ItemCode>("code");
        let name = section.words("name", 40);
        let description = optional_words(&mut section, "description", 200);
        let moved_to = if section.has("moved_to") { section.parsed::<ItemCode>("moved_to") } else { None };
        section.finish();
        let (Some(code), Some(name), Some(description)) = (code, name, description) else { continue };
        let group = Group {
            code: code.value.clone(),
            name: name.value,
            description,
            moved_to: moved_to.as_ref().map(|to| to.value.clone()),
        };
        moves.extend(moved_to);
        if groups.insert(code.value.clone(), group).is_some() {
            let expected = format!("group {} stands twice", code.value);
            document.fault("config-id-twice", code.span, expected, "give each group a code of its own");
        }
    }
    for to in moves {
        if groups.get(&to.value).is_none_or(|group| group.moved_to.is_some()) {
            let expected = format!("there is no group {} that payers can be moved to", to.value);
            document.fault(
                "config-unknown-reference",
                to.span,
                expected,
                "name a [[group]] of this file that is not given up itself",
            );
        }
    }
    groups
}
