//! What the engine has at hand for one channel: its config, and the bank's formats bound to their messages.

use crate::bank::codes::CodeTable;
use crate::bank::{FileHead, Format, application, collection, evidence, payout, registration};
use crate::config::{ApplicationRule, Channel, Config, DebitService, EvidenceRule, PayoutService, Profile};
use crate::domain::{ChannelId, Date};
use crate::layout::Layout;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One debit service of a channel, ready to work.
pub(super) struct DebitDesk {
    pub(super) service: DebitService,
    pub(super) request: collection::RequestFormat,
    pub(super) result: collection::ResultFormat,
}

/// How a channel pays out, ready to work.
pub(super) struct PayoutDesk {
    pub(super) service: PayoutService,
    pub(super) request: payout::RequestFormat,
    pub(super) result: payout::ResultFormat,
}

/// How a channel takes applications from banks, ready to work.
pub(super) struct ApplicationDesk {
    pub(super) rule: ApplicationRule,
    pub(super) received: application::ApplicationFormat,
    pub(super) answer: application::AnswerFormat,
}

/// How a channel sends evidence of consent, ready to work.
pub(super) struct EvidenceDesk {
    pub(super) rule: EvidenceRule,
    /// The name of its layout.
    pub(super) request: String,
    pub(super) format: evidence::EvidenceFormat,
}

/// What the lines of a file of ours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    Registrations,
    Debits,
    Payouts,
    /// Messages to payers.
    Messages,
    /// Our answers to applications from banks.
    Answers,
    /// Evidence of consent.
    Evidence,
}

/// One channel, ready to work.
pub(super) struct Desk {
    pub(super) channel: Arc<Channel>,
    pub(super) profile: Arc<Profile>,
    pub(super) registration_request: registration::RequestFormat,
    pub(super) registration_result: registration::ResultFormat,
    /// The debit service that is taken where nobody says which.
    pub(super) debits: Arc<DebitDesk>,
    /// The profile's other debit services.
    pub(super) further: Vec<Arc<DebitDesk>>,
    /// Payments; `None` where the profile makes none by file.
    pub(super) payouts: Option<Arc<PayoutDesk>>,
    /// Applications from banks; `None` where the profile knows none.
    pub(super) applications: Option<Arc<ApplicationDesk>>,
    /// Evidence; `None` where none is sent.
    pub(super) evidence: Option<Arc<EvidenceDesk>>,
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
        self.debits.request.layout().encoding().encode(text, &mut Vec::new()).is_ok()
    }

    /// All debit services, the first one first.
    pub(super) fn all_debits(&self) -> impl Iterator<Item = &Arc<DebitDesk>> {
        std::iter::once(&self.debits).chain(&self.further)
    }

    /// The debit service that the config or the ledger calls so; an empty name is the first one.
    pub(super) fn debits_named(&self, name: &str) -> Option<&Arc<DebitDesk>> {
        let service = self.profile.services.find(name)?;
        self.all_debits().find(|debits| debits.service.name == service.name)
    }

    /// The debit service whose request or result is of this kind.
    pub(super) fn debits_of(&self, kind: &str) -> Option<&Arc<DebitDesk>> {
        self.all_debits().find(|debits| debits.service.request == kind || debits.service.result == kind)
    }

    /// What the lines of our files of this kind are.
    pub(super) fn carries(&self, request: &str) -> Carries {
        if request == self.profile.layouts.registration_request {
            Carries::Registrations
        } else if self.payouts.as_ref().is_some_and(|payouts| payouts.service.request == request) {
            Carries::Payouts
        } else if self.applications.as_ref().is_some_and(|ours| ours.rule.answer == request) {
            Carries::Answers
        } else if self.evidence.as_ref().is_some_and(|ours| ours.request == request) {
            Carries::Evidence
        } else {
            Carries::Debits
        }
    }

    /// The kind of request that a kind of result answers.
    pub(super) fn request_of(&self, result: &str) -> Option<String> {
        let layouts = &self.profile.layouts;
        let payouts = self.payouts.as_ref().filter(|payouts| payouts.service.result == result);
        if result == layouts.registration_result {
            Some(layouts.registration_request.clone())
        } else if let Some(payouts) = payouts {
            Some(payouts.service.request.clone())
        } else {
            let debits = self.all_debits().find(|debits| debits.service.result == result);
            debits.map(|debits| debits.service.request.clone())
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
        let further = profile.services.further.iter();
        let further = further.map(|service| DebitDesk::new(service, config)).collect::<Option<_>>()?;
        Some(Self {
            channel: channel.clone(),
            registration_request: registration_request.clone(),
            registration_result: registration_result.clone(),
            debits: DebitDesk::new(&profile.services.first, config)?,
            further,
            payouts: match &profile.payout {
                Some(service) => Some(PayoutDesk::new(service, config)?),
                None => None,
            },
            applications: match &profile.applications {
                Some(rule) => Some(ApplicationDesk::new(rule, config)?),
                None => None,
            },
            evidence: match (&profile.evidence, &layouts.evidence) {
                (Some(rule), Some(request)) => Some(EvidenceDesk::new(rule, request, config)?),
                _ => None,
            },
            codes: config.code_tables.get(&profile.codes)?.clone(),
            mode: profile.mode,
            profile,
        })
    }
}

impl DebitDesk {
    fn new(service: &DebitService, config: &Config) -> Option<Arc<Self>> {
        let Some(Format::CollectionRequest(request)) = config.bound.get(&service.request) else {
            return None;
        };
        let Some(Format::CollectionResult(result)) = config.bound.get(&service.result) else { return None };
        Some(Arc::new(Self { service: service.clone(), request: request.clone(), result: result.clone() }))
    }
}

impl PayoutDesk {
    fn new(service: &PayoutService, config: &Config) -> Option<Arc<Self>> {
        let Some(Format::PayoutRequest(request)) = config.bound.get(&service.request) else { return None };
        let Some(Format::PayoutResult(result)) = config.bound.get(&service.result) else { return None };
        Some(Arc::new(Self { service: service.clone(), request: request.clone(), result: result.clone() }))
    }
}

impl EvidenceDesk {
    fn new(rule: &EvidenceRule, request: &str, config: &Config) -> Option<Arc<Self>> {
        let Some(Format::Evidence(format)) = config.bound.get(request) else { return None };
        Some(Arc::new(Self { rule: rule.clone(), request: request.to_string(), format: format.clone() }))
    }
}

impl ApplicationDesk {
    fn new(rule: &ApplicationRule, config: &Config) -> Option<Arc<Self>> {
        let Some(Format::BankApplication(received)) = config.bound.get(&rule.received) else { return None };
        let Some(Format::BankApplicationAnswer(answer)) = config.bound.get(&rule.answer) else { return None };
        Some(Arc::new(Self { rule: rule.clone(), received: received.clone(), answer: answer.clone() }))
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
