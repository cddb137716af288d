//! The layouts and code tables of a configuration, compiled and bound to what they mean.
//!
//! Every layout in `formats/` is read, also those that no profile names: a broken one must not wait for its day.

use super::{Config, FormatSource};
use crate::bank::codes::CodeTable;
use crate::bank::{Format, passbook_fits};
use crate::fault::{Fault, Faults, Place};
use crate::layout::Layout;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compiles and binds all layouts, by their name. Two of one name are a fault.
pub(super) fn bind(sources: &[FormatSource], faults: &mut Faults) -> BTreeMap<String, Format> {
    let mut bound: BTreeMap<String, Format> = BTreeMap::new();
    for source in sources {
        let format =
            Layout::from_toml(&source.file, &source.text).and_then(|layout| Format::bind(Arc::new(layout)));
        match format {
            Err(found) => faults.append(found),
            Ok(format) => {
                let name = format.layout().name().to_string();
                if let Some(earlier) = bound.insert(name.clone(), format) {
                    faults.push(Fault::new(
                        "layout-named-twice",
                        Place::file(&source.file),
                        format!("the layout {name:?} stands in {} too", earlier.layout().file()),
                        "give one of them another name, or delete it",
                    ));
                }
            }
        }
    }
    bound
}

/// Reads all code tables, by the stem of their file: `kftc`.
pub(super) fn codes(sources: &[FormatSource], faults: &mut Faults) -> BTreeMap<String, Arc<CodeTable>> {
    let mut tables = BTreeMap::new();
    for source in sources {
        match CodeTable::from_toml(&source.file, &source.text) {
            Ok(table) => {
                tables.insert(source.stem().to_string(), Arc::new(table));
            }
            Err(found) => faults.append(found),
        }
    }
    tables
}

/// Every 통장기재내용 fits the file in which it will stand (product.md F07).
pub(super) fn passbooks(config: &Config, faults: &mut Faults) {
    for creditor in config.creditors.values() {
        let Some(channel) = config.channels.get(&creditor.channel) else { continue };
        let Some(format) = config.bound.get(&channel.profile.layouts.collection_request) else { continue };
        for item in creditor.items.values() {
            if let Err(fault) = passbook_fits(format.layout(), &item.passbook_text) {
                faults.push(Fault::new(
                    "passbook-text-unfit",
                    Place::file(format!("config/creditors/{}.toml", creditor.id)),
                    format!("passbook_text of item {}: {}", item.code, fault.expected),
                    "shorten it, or write it with characters that the bank's file can hold",
                ));
            }
        }
    }
}
