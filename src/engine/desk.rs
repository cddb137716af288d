//! What the engine has at hand for one channel: its config, and the bank's formats bound to their messages.

use crate::bank::codes::CodeTable;
use crate::bank::{FileHead, Format, collection, registration};
use crate::config::{Channel, Config, DebitMode, Profile};
use crate::domain::{ChannelId, Date};
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

    /// The desk of a channel; `None` where its profile's layouts do not carry the messages of their roles, which
    /// `Config::load` refuses.
    fn new(channel: &Arc<Channel>, config: &Config) -> Option<Self> {
        let profile = channel.profile.clone();
        let layouts = &profile.layouts;
        let Some(Format::RegistrationRequest(registration_request)) =
            config.bound.get(&layouts.registration_request)
        else {
            return None;
        };
        let Some(Format::RegistrationResult(registration_result)) =
            config.bound.get(&layouts.registration_result)
        else {
            return None;
        };
        let Some(Format::CollectionRequest(collection_request)) =
            config.bound.get(&layouts.collection_request)
        else {
            return None;
        };
        let Some(Format::CollectionResult(collection_result)) = config.bound.get(&layouts.collection_result)
        else {
            return None;
        };
        Some(Self {
            channel: channel.clone(),
            registration_request: registration_request.clone(),
            registration_result: registration_result.clone(),
            collection_request: collection_request.clone(),
            collection_result: collection_result.clone(),
            codes: config.code_tables.get(&profile.codes)?.clone(),
            mode: match profile.mode {
                DebitMode::Full => collection::Mode::FullOnly,
                DebitMode::Partial => collection::Mode::Partial,
            },
            profile,
        })
    }
}

/// All desks of a configuration, by channel; `None` where one of them cannot be set up.
pub(super) fn desks(config: &Config) -> Option<BTreeMap<ChannelId, Arc<Desk>>> {
    config
        .channels
        .iter()
        .map(|(id, channel)| Some((id.clone(), Arc::new(Desk::new(channel, config)?))))
        .collect()
}
