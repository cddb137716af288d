//! The layouts and code tables of a configuration, compiled and bound to what they mean.
//!
//! Every layout in `formats/` is read, also those that no profile names: a broken one must not wait for its day.

use super::{Config, FormatSource, Profile};
use crate::bank::codes::CodeTable;
use crate::bank::{Format, Revisions};
use crate::fault::{Fault, Faults, Place};
use crate::layout::Layout;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compiles and binds all layouts, by their name. Two of one name are its revisions, and a fault where both hold on one day.
pub(super) fn bind(sources: &[FormatSource], faults: &mut Faults) -> BTreeMap<String, Revisions> {
    let mut bound: BTreeMap<String, Revisions> = BTreeMap::new();
    for source in sources {
        let format =
            Layout::from_toml(&source.file, &source.text).and_then(|layout| Format::bind(Arc::new(layout)));
        match format {
            Err(found) => faults.append(found),
            Ok(format) => {
                let name = format.layout().name().to_string();
                let Some(known) = bound.get_mut(&name) else {
                    bound.insert(name, Revisions::new(format));
                    continue;
                };
                if let Err(other) = known.add(format) {
                    faults.push(Fault::new(
                        "layout-name-taken",
                        Place::file(&source.file),
                        format!("the layout {name:?} stands in {other} too, for some of the same days"),
                        "give one of them another name, or delete it; revisions of one layout say by effective_from and effective_until which days are theirs",
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

/// Every profile's layouts carry the messages of their roles, and its code table is there.
pub(super) fn roles(config: &Config, faults: &mut Faults) {
    for profile in config.profiles.values() {
        let layouts = &profile.layouts;
        let carries = |name: &String, fits: fn(&Format) -> bool| {
            config.bound.get(name).is_some_and(|revisions| revisions.all().all(fits))
        };
        let mut roles = vec![
            (
                "registration_request",
                carries(&layouts.registration_request, |f| matches!(f, Format::RegistrationRequest(_))),
            ),
            (
                "registration_result",
                carries(&layouts.registration_result, |f| matches!(f, Format::RegistrationResult(_))),
            ),
        ];
        for service in profile.services.iter() {
            let request = carries(&service.request, |f| matches!(f, Format::CollectionRequest(_)));
            let result = carries(&service.result, |f| matches!(f, Format::CollectionResult(_)));
            // One service: by the keys of [layouts]; several: by the keys of its [[collection]].
            let keys = if profile.services.several() {
                ("request", "result")
            } else {
                ("collection_request", "collection_result")
            };
            roles.extend([(keys.0, request), (keys.1, result)]);
        }
        if let Some(payout) = &profile.payout {
            roles.push(("request", carries(&payout.request, |f| matches!(f, Format::PayoutRequest(_)))));
            roles.push(("result", carries(&payout.result, |f| matches!(f, Format::PayoutResult(_)))));
        }
        if let Some(rule) = &profile.applications {
            let ours = carries(&rule.answer, |f| matches!(f, Format::BankApplicationAnswer(_)));
            roles.push(("received", carries(&rule.received, |f| matches!(f, Format::BankApplication(_)))));
            roles.push(("answer", ours));
        }
        no_gaps(config, profile, faults);
        for (role, _) in roles.iter().filter(|(_, fits)| !fits) {
            faults.push(Fault::new(
                "layout-of-other-message",
                Place::file(format!("config/profiles/{}.toml", profile.name)),
                format!("the layout that the profile names as {role} does not carry that message"),
                "name a layout whose `message` fits the role (formats/README.md)",
            ));
        }
    }
}

/// The layouts that a profile sends and reads by hold on every day from their first one on: a file is of the revision that
/// holds on its date (E65), and there must be one.
fn no_gaps(config: &Config, profile: &Profile, faults: &mut Faults) {
    for name in profile.layout_names() {
        let Some((format, last)) = config.bound.get(name).and_then(Revisions::ends_after) else { continue };
        faults.push(Fault::new(
            "layout-ends",
            Place::file(format.layout().file()),
            format!(
                "profile {} uses the layout {name:?}, which ends on {last}, and no revision of it begins on {}",
                profile.name,
                last.next()
            ),
            "add the revision that follows (the same `name`, effective_from the day after), or take effective_until away",
        ));
    }
}
