//! What the engine has at hand for one channel: its config, and the bank's formats bound to their messages.

use crate::bank::codes::CodeTable;
use crate::bank::{FileHead, Format, collection, registration};
use crate::config::{Channel, Config, DebitMode, Profile};
use crate::domain::Date;
use crate::fault::{Fault, Faults, Place};
use crate::layout::Layout;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One channel, ready to work.
pub(super) struct Desk {
    pub(super) channel: Arc<Channel>,
    pub(super) profile: Arc<Profile>,
    pub(super) registration_request: registration::RequestFormat,
    pub(super) registration_result: registration::ResultFormat,
    pub(super) collection_request: collection::RequestFormat,
    pub(super) collection_result: collection::ResultFormat,
    pub(super) codes: Arc<CodeTable>,
    pub(super) mode: collection::Mode,
}

impl Desk {
    /// The name under which the ledger keeps the channel's files: `channel/main`.
    pub(super) fn key(&self) -> String {
        format!("channel/{}", self.channel.id)
    }

    /// The head of a file of ours.
    pub(super) fn head(&self, layout: &Layout, date: Date) -> FileHead {
        let branch = self.channel.branch.as_str();
        FileHead::new(layout, &self.channel.institution_code, date, branch, self.channel.account.reveal())
    }

    /// Whether a text can stand in this channel's files.
    pub(super) fn encodes(&self, text: &str) -> bool {
        self.collection_request.layout().encoding().encode(text, &mut Vec::new()).is_ok()
    }

    /// The kind of request that a kind of result answers.
    pub(super) fn request_of(&self, result: &str) -> Option<String> {
        let layouts = &self.profile.layouts;
        if result == layouts.registration_result {
            Some(layouts.registration_request.clone())
        } else if result == layouts.collection_result {
            Some(layouts.collection_request.clone())
        } else {
            None
        }
    }

    /// Binds a channel; what is missing is a fault of the profile.
    fn new(channel: &Arc<Channel>, config: &Config) -> Result<Self, Faults> {
        let profile = channel.profile.clone();
        let layouts = &profile.layouts;
        let mut faults = Faults::default();
        let registration_request = match config.bound.get(&layouts.registration_request) {
            Some(Format::RegistrationRequest(format)) => Some(format.clone()),
            _ => missing(&mut faults, &profile, "registration_request"),
        };
        let registration_result = match config.bound.get(&layouts.registration_result) {
            Some(Format::RegistrationResult(format)) => Some(format.clone()),
            _ => missing(&mut faults, &profile, "registration_result"),
        };
        let collection_request = match config.bound.get(&layouts.collection_request) {
            Some(Format::CollectionRequest(format)) => Some(format.clone()),
            _ => missing(&mut faults, &profile, "collection_request"),
        };
        let collection_result = match config.bound.get(&layouts.collection_result) {
            Some(Format::CollectionResult(format)) => Some(format.clone()),
            _ => missing(&mut faults, &profile, "collection_result"),
        };
        let codes = match config.code_tables.get(&profile.codes) {
            Some(codes) => Some(codes.clone()),
            None => missing(&mut faults, &profile, "codes"),
        };
        let mode = match profile.mode {
            DebitMode::Full => collection::Mode::FullOnly,
            DebitMode::Partial => collection::Mode::Partial,
        };
        let bound = registration_request
            .zip(registration_result)
            .zip(collection_request.zip(collection_result))
            .zip(codes);
        match bound {
            Some((
                ((registration_request, registration_result), (collection_request, collection_result)),
                codes,
            )) => Ok(Self {
                channel: channel.clone(),
                profile,
                registration_request,
                registration_result,
                collection_request,
                collection_result,
                codes,
                mode,
            }),
            None => Err(faults),
        }
    }
}

fn missing<T>(faults: &mut Faults, profile: &Profile, role: &str) -> Option<T> {
    faults.push(Fault::new(
        "layout-of-other-message",
        Place::file(format!("config/profiles/{}.toml", profile.name)),
        format!("the profile's {role} is not a format that carries that message"),
        "name a layout whose `message` fits the role (formats/README.md, section 1)",
    ));
    None
}

/// All desks of a configuration, by channel.
pub(super) fn desks(config: &Config) -> Result<BTreeMap<crate::domain::ChannelId, Arc<Desk>>, Faults> {
    let mut faults = Faults::default();
    let mut desks = BTreeMap::new();
    for (id, channel) in &config.channels {
        match Desk::new(channel, config) {
            Ok(desk) => {
                desks.insert(id.clone(), Arc::new(desk));
            }
            Err(found) => faults.append(found),
        }
    }
    if faults.is_empty() { Ok(desks) } else { Err(faults) }
}
