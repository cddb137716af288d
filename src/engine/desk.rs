//! What the engine has at hand for one channel: its config, and the bank's formats bound to their messages.

use crate::bank::codes::CodeTable;
use crate::bank::{FileHead, Format, application, collection, evidence, payout, registration};
use crate::config::{ApplicationRule, Channel, Config, DebitService, EvidenceRule, PayoutService, Profile};
use crate::domain::{ChannelId, Date};
use crate::layout::Layout;
use std::collections::{BTreeMap, BTreeSet};
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

    /// The layouts of the files that come in.
    pub(super) fn received(&self) -> impl Iterator<Item = &Layout> {
        let debits = self.all_debits().map(|debits| debits.result.layout());
        let payouts = self.payouts.iter().map(|payouts| payouts.result.layout());
        let applications = self.applications.iter().map(|applications| applications.received.layout());
        let registrations = std::iter::once(self.registration_result.layout());
        registrations.chain(debits).chain(payouts).chain(applications).map(Arc::as_ref)
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
    fn new(channel: &Arc<Channel>, config: &Config, date: Date) -> Option<Self> {
        let profile = channel.profile.clone();
        let layouts = &profile.layouts;
        let Some(Format::RegistrationRequest(registration_request)) =
            config.format(&layouts.registration_request, date)
        else {
            return None;
        };
        let Some(Format::RegistrationResult(registration_result)) =
            config.format(&layouts.registration_result, date)
        else {
            return None;
        };
        let further = profile.services.further.iter();
        let further = further.map(|service| DebitDesk::new(service, config, date)).collect::<Option<_>>()?;
        Some(Self {
            channel: channel.clone(),
            registration_request: registration_request.clone(),
            registration_result: registration_result.clone(),
            debits: DebitDesk::new(&profile.services.first, config, date)?,
            further,
            payouts: match &profile.payout {
                Some(service) => Some(PayoutDesk::new(service, config, date)?),
                None => None,
            },
            applications: match &profile.applications {
                Some(rule) => Some(ApplicationDesk::new(rule, config, date)?),
                None => None,
            },
            evidence: match (&profile.evidence, &layouts.evidence) {
                (Some(rule), Some(request)) => Some(EvidenceDesk::new(rule, request, config, date)?),
                _ => None,
            },
            codes: config.code_tables.get(&profile.codes)?.clone(),
            mode: profile.mode,
            profile,
        })
    }
}

impl DebitDesk {
    fn new(service: &DebitService, config: &Config, date: Date) -> Option<Arc<Self>> {
        let Some(Format::CollectionRequest(request)) = config.format(&service.request, date) else {
            return None;
        };
        let Some(Format::CollectionResult(result)) = config.format(&service.result, date) else {
            return None;
        };
        Some(Arc::new(Self { service: service.clone(), request: request.clone(), result: result.clone() }))
    }
}

impl PayoutDesk {
    fn new(service: &PayoutService, config: &Config, date: Date) -> Option<Arc<Self>> {
        let Some(Format::PayoutRequest(request)) = config.format(&service.request, date) else { return None };
        let Some(Format::PayoutResult(result)) = config.format(&service.result, date) else { return None };
        Some(Arc::new(Self { service: service.clone(), request: request.clone(), result: result.clone() }))
    }
}

impl EvidenceDesk {
    fn new(rule: &EvidenceRule, request: &str, config: &Config, date: Date) -> Option<Arc<Self>> {
        let Some(Format::Evidence(format)) = config.format(request, date) else { return None };
        Some(Arc::new(Self { rule: rule.clone(), request: request.to_string(), format: format.clone() }))
    }
}

impl ApplicationDesk {
    fn new(rule: &ApplicationRule, config: &Config, date: Date) -> Option<Arc<Self>> {
        let Some(Format::BankApplication(received)) = config.format(&rule.received, date) else {
            return None;
        };
        let Some(Format::BankApplicationAnswer(answer)) = config.format(&rule.answer, date) else {
            return None;
        };
        Some(Arc::new(Self { rule: rule.clone(), received: received.clone(), answer: answer.clone() }))
    }
}

/// What the engine has at hand for each channel: a desk for every stretch of days on which the same revisions of its layouts
/// hold (E65). A file is written and read by the desk of its date.
pub(super) struct Desks(BTreeMap<ChannelId, Dated>);

/// The desks of one channel.
struct Dated {
    /// That of the days before all others, or of all days.
    first: Arc<Desk>,
    /// Each with its first day, oldest first.
    later: Vec<(Date, Arc<Desk>)>,
}

impl Desks {
    /// The desks of a configuration; `None` where one of them cannot be set up.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let channels = config.channels.iter();
        channels
            .map(|(id, channel)| Some((id.clone(), Dated::new(channel, config)?)))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The desk for files of a channel of this date.
    pub(super) fn on(&self, channel: &ChannelId, date: Date) -> Option<&Arc<Desk>> {
        self.0.get(channel).map(|dated| dated.on(date))
    }

    /// A channel's desk for what does not hang on a layout: its profile, rules and codes.
    pub(super) fn any(&self, channel: &ChannelId) -> Option<&Arc<Desk>> {
        self.0.get(channel).map(Dated::newest)
    }

    /// The same for every channel.
    pub(super) fn each(&self) -> impl Iterator<Item = (&ChannelId, &Arc<Desk>)> {
        self.0.iter().map(|(channel, dated)| (channel, dated.newest()))
    }

    /// The same for the owner of a file in the ledger (`channel/main`).
    pub(super) fn of_owner(&self, owner: &str) -> Option<(&ChannelId, &Arc<Desk>)> {
        self.each().find(|(_, desk)| desk.key() == owner)
    }

    /// All desks of a channel, oldest days first.
    pub(super) fn all(&self, channel: &ChannelId) -> impl Iterator<Item = &Arc<Desk>> {
        self.0
            .get(channel)
            .into_iter()
            .flat_map(|dated| std::iter::once(&dated.first).chain(dated.later.iter().map(|(_, desk)| desk)))
    }
}

impl Dated {
    fn new(channel: &Arc<Channel>, config: &Config) -> Option<Self> {
        let revisions = channel.profile.layout_names().filter_map(|name| config.bound.get(name));
        let begins: BTreeSet<Date> = revisions
            .flat_map(|revisions| revisions.all().skip(1).filter_map(|format| format.layout().effective().0))
            .collect();
        let desk = |date| Desk::new(channel, config, date).map(Arc::new);
        // Without a change any day will do.
        let before = begins.first().map(|first| first.previous()).or_else(|| Date::new(2000, 1, 1))?;
        let later = begins.into_iter().map(|date| Some((date, desk(date)?)));
        Some(Self { first: desk(before)?, later: later.collect::<Option<_>>()? })
    }

    fn on(&self, date: Date) -> &Arc<Desk> {
        let begun = self.later.iter().rev().find(|(from, _)| *from <= date);
        begun.map_or(&self.first, |(_, desk)| desk)
    }

    fn newest(&self) -> &Arc<Desk> {
        self.later.last().map_or(&self.first, |(_, desk)| desk)
    }
}
