//! The simulated exchange on a channel, put together from the configuration: for `run --exchange`, `exchange`, `demo`
//! and the tests of whole bank days.
//!
//! Must not: play the bank; `exchange` does.

use crate::bank::Revisions;
use crate::config::{Channel, Config, LoadError};
use crate::daemon::rehearsal::{Acted, Outside};
use crate::domain::{BankCode, Instant, Won};
use crate::exchange::{ApplicationsPlan, EvidencePlan, Exchange, Rules, Service, ServicePlan, Setup};
use crate::fault::{Fault, Faults, Place, Trouble, printable};
use crate::spool::Owner;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The simulated exchange of one channel.
#[derive(Debug)]
pub struct BankSide(Exchange);

impl BankSide {
    /// Opens it with the rules of a file; it keeps its state in `<state>/exchange/<channel>`.
    pub fn open(config: &Config, channel: &Channel, rules: &Path) -> Result<Self, LoadError> {
        let text = match std::fs::read_to_string(rules) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let shown = printable(&rules.to_string_lossy());
                let fault = Fault::new(
                    "rules-file-missing",
                    Place::file(shown),
                    "there is no such file",
                    "name a rules file, such as config/exchange/demo.toml",
                );
                return Err(Faults::from(vec![fault]).into());
            }
            Err(error) => return Err(Trouble::at("read", rules, error).into()),
        };
        let rules = Rules::from_toml(&printable(&rules.to_string_lossy()), &text)?;
        Self::with_rules(config, channel, rules)
    }

    /// Opens it with rules that were read.
    pub fn with_rules(config: &Config, channel: &Channel, rules: Rules) -> Result<Self, LoadError> {
        let folder = config.spool_dir.join(Owner::Channel(channel.id.clone()).folder());
        for name in ["inbox", "outbox", "sent"] {
            // The engine makes them, too; the exchange may be started first.
            let room = folder.join(name);
            std::fs::create_dir_all(&room).map_err(|error| Trouble::at("make the folder", &room, error))?;
        }
        let setup = Setup {
            channel_folder: folder,
            own_folder: config.state_dir.join("exchange").join(channel.id.as_str()),
            institution: channel.institution_code.clone(),
            services: services(config, channel)?,
            evidence: evidence(config, channel)?,
            banks: banks(config),
            calendar: Arc::new(config.calendar.clone()),
            applications: applications(config, channel)?,
        };
        Ok(Self(Exchange::open(setup, rules)?))
    }
}

impl Outside for BankSide {
    fn turn(&mut self, now: Instant) -> Result<Acted, Trouble> {
        let turn = self.0.turn(now)?;
        Ok(Acted { worked: turn.worked, delivered: turn.delivered, next_due: turn.next_due })
    }
}

fn services(config: &Config, channel: &Channel) -> Result<Vec<ServicePlan>, Trouble> {
    let (profile, roles) = (&channel.profile, &channel.profile.layouts);
    let plan = |service,
                request: &str,
                result: &str,
                window: &crate::config::WindowPlan,
                least,
                needs_registration| {
        Ok::<_, Trouble>(ServicePlan {
            service,
            request: format(config, request)?,
            result: format(config, result)?,
            deadline: window.deadline,
            result_due: window.result_due,
            least,
            needs_registration,
            registration_exceptions: profile.registration_exceptions.clone(),
        })
    };
    let mut plans = vec![plan(
        Service::Registration,
        &roles.registration_request,
        &roles.registration_result,
        &profile.registration,
        Won::ZERO,
        false,
    )?];
    for service in profile.services.iter() {
        plans.push(plan(
            Service::Collection,
            &service.request,
            &service.result,
            &service.window,
            service.min_amount_won,
            profile.needs_registration,
        )?);
    }
    if let Some(payout) = &profile.payout {
        let (request, result, window) = (&payout.request, &payout.result, &payout.window);
        plans.push(plan(Service::Payout, request, result, window, Won::ZERO, false)?);
    }
    Ok(plans)
}

fn evidence(config: &Config, channel: &Channel) -> Result<Option<EvidencePlan>, Trouble> {
    let profile = &channel.profile;
    let (Some(rule), Some(layout)) = (&profile.evidence, &profile.layouts.evidence) else { return Ok(None) };
    Ok(Some(EvidencePlan { format: format(config, layout)?, deadline: rule.deadline }))
}

/// The files of applications from banks, where the profile takes them and waits for them.
fn applications(config: &Config, channel: &Channel) -> Result<Option<ApplicationsPlan>, Trouble> {
    let Some(rule) = channel.profile.applications.as_ref().filter(|rule| rule.expected) else {
        return Ok(None);
    };
    Ok(Some(ApplicationsPlan {
        received: format(config, &rule.received)?,
        answer: format(config, &rule.answer)?,
        arrives: rule.arrives,
        deadline: rule.deadline,
    }))
}

/// The revisions of a layout; `Config::load` has seen to it that the profiles' are there.
fn format(config: &Config, name: &str) -> Result<Arc<Revisions>, Trouble> {
    let found = config.bound.get(name).cloned().map(Arc::new);
    found.ok_or_else(|| {
        Trouble::new(format!("find the layout {name}"), "the configuration was not made by Config::load")
    })
}

/// Every code of the network, aliases included, and whether it takes part.
fn banks(config: &Config) -> BTreeMap<BankCode, bool> {
    let codes = |bank: &crate::config::Bank| {
        let takes_part = bank.takes_part;
        std::iter::once(bank.code)
            .chain(bank.aliases.clone())
            .map(move |code| (code, takes_part))
            .collect::<Vec<_>>()
    };
    config.banks.iter().flat_map(codes).collect()
}
