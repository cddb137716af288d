//! config/*.toml → [`Config`]: the only way to make one, and it checks everything and tells all faults at once.
//!
//! `sources` reads the texts (the only I/O), `document` remembers where each value stands, one file per kind of
//! config reads and checks it, [`compile`] does them in the order of their references.
//!
//! Must not: read the clock, or run on with a default where a value is wrong. The schedule, codes and limits of banks
//! stand in the files, not here.

mod accounts;
mod applications;
mod bank_table;
mod channel;
mod collecting;
mod compile;
mod creditor;
mod days;
mod debit_service;
mod document;
mod evidence;
mod formats;
mod group;
mod notice;
mod notify;
mod outline;
mod passbook;
mod payer_no_template;
mod payout_service;
mod profile;
mod registration_days;
mod report_plan;
mod retention;
mod settings;
mod settlement;
mod sources;
#[cfg(test)]
mod tests;
mod users;
mod users_file;

pub use accounts::Accounts;
pub use applications::{ApplicationRule, OwnPolicies, Policies, Policy};
pub use bank_table::{Bank, Banks};
pub use channel::{Branch, Channel};
pub use collecting::{CashFirst, CashRules, LISTS, ProposalPlan};
pub use compile::{PassbookCheck, compile, compile_with};
pub use creditor::{Arrears, Base, ChargeItem, Contact, Creditor, RetryMode, RetryPolicy};
pub use debit_service::{DebitService, Services};
pub use evidence::EvidenceRule;
pub use group::Group;
pub use notice::{Audience, Notice};
pub use notify::{MessageText, Notify, NotifyRule};
pub use outline::SourceText;
pub use payer_no_template::Template;
pub use payout_service::PayoutService;
pub use profile::{LayoutRoles, Profile, RetryRule, WindowPlan};
pub use registration_days::{Dormancy, RepairBy};
pub use report_plan::{PLANNED_REPORTS, REGISTRATIONS, ReportForm, ReportPeriod, ReportPlan};
pub use retention::Retention;
pub use settings::{FileLimits, LogSettings, PaperSettings};
pub use settlement::{Settlement, SettlementRule};
pub use sources::{FormatSource, Sources};
pub use users::{Pattern, Reach, Role, User, Users, Who};

use crate::bank::codes::CodeTable;
use crate::bank::{Format, Revisions};
use crate::calendar::Calendar;
use crate::domain::{ChannelId, CreditorId, Date, TimeOfDay};
use crate::fault::{Faults, Trouble};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the file that leads to all others.
pub(crate) const SETTINGS: &str = "sunap.toml";

/// The folder below `spool/channel` in which lists of messages go out and their receipts come in.
pub(crate) const MESSAGE_CHANNEL: &str = "message";

/// The whole configuration, checked, with every reference resolved.
#[derive(Debug)]
pub struct Config {
    /// The folder of sunap.toml.
    pub folder: PathBuf,
    /// Where the spool folders are.
    pub spool_dir: PathBuf,
    /// Where the ledger and the archive are.
    pub state_dir: PathBuf,
    /// Where the keys are that seal personal data (docs/keys.md).
    pub keys_dir: PathBuf,
    /// How long the size of a dropped file must stand still before it is claimed, in monotonic milliseconds.
    pub quiet_ms: u64,
    /// After how many ms without a change a file whose name says that it is still being written is told.
    pub unfinished_ms: u64,
    /// What is deleted when its time is over; without it nothing is.
    pub retention: Option<Retention>,
    /// When the agent's 하루요약 is given, each banking day; `None` where only the command makes it.
    pub summary_at: Option<TimeOfDay>,
    /// How often the folders are looked at without any hint, in seconds.
    pub scan_seconds: u64,
    /// How large dropped files may be.
    pub limits: FileLimits,
    /// What is logged, and how.
    pub log: LogSettings,
    /// What papers are printed with.
    pub papers: PaperSettings,
    /// Banking days.
    pub calendar: Calendar,
    /// The banks of the CMS namespace.
    pub banks: Banks,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Channels by id.
    pub channels: BTreeMap<ChannelId, Arc<Channel>>,
    /// Creditors by id.
    pub creditors: BTreeMap<CreditorId, Arc<Creditor>>,
    /// Who may do what.
    pub users: Users,
    /// Messages to payers; `None` where there is no notify.toml: none are made, and there is no folder for them.
    pub notify: Option<Notify>,
    /// 공지사항, by id.
    pub notices: Vec<Notice>,
    /// All texts, as they were read, for the journal of their changes.
    pub texts: Vec<SourceText>,
    /// The texts of the layouts, in the order of their file names.
    pub formats: Vec<FormatSource>,
    /// The texts of the code tables, in the order of their file names.
    pub codes: Vec<FormatSource>,
    /// The layouts, compiled and bound to their messages, by their name; [`Config::load`] fills them in.
    pub bound: BTreeMap<String, Revisions>,
    /// The code tables by the stem of their file; [`Config::load`] fills them in.
    pub code_tables: BTreeMap<String, Arc<CodeTable>>,
}

impl Config {
    /// Reads and checks the configuration that `sunap.toml` at `path` leads to.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let sources = Sources::read(path)?;
        let mut faults = Faults::default();
        let compiled = compile(&sources).map_err(|found| faults.append(found)).ok();
        let bound = formats::bind(&sources.formats, &mut faults);
        let code_tables = formats::codes(&sources.codes, &mut faults);
        let Some(config) = compiled else { return Err(faults.into()) };
        let config = Self { bound, code_tables, ..config };
        if faults.is_empty() {
            formats::roles(&config, &mut faults);
            collecting::check_codes(&config, &mut faults);
        }
        if faults.is_empty() { Ok(config) } else { Err(faults.into()) }
    }

    /// The revision of a layout that holds on a day.
    pub fn format(&self, name: &str, date: Date) -> Option<&Format> {
        self.bound.get(name).map(|revisions| revisions.on(date))
    }

    /// The folder of the messages, where there is one.
    pub fn message_channel(&self) -> Option<ChannelId> {
        self.notify.as_ref().and_then(|_| notify::channel())
    }

    /// The channel of a creditor.
    pub fn channel_of(&self, creditor: CreditorId) -> Option<&Arc<Channel>> {
        self.channels.get(&self.creditors.get(&creditor)?.channel)
    }

    /// The creditors that share a channel's files, by id.
    pub fn creditors_of<'c>(&'c self, channel: &'c ChannelId) -> impl Iterator<Item = &'c Arc<Creditor>> {
        self.creditors.values().filter(move |creditor| creditor.channel == *channel)
    }
}

/// Why there is no [`Config`].
#[derive(Debug)]
pub enum LoadError {
    /// The texts are wrong: a person mends them.
    Faults(Faults),
    /// The texts could not be read: the disk is asked again.
    Trouble(Trouble),
}

impl From<Faults> for LoadError {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<Trouble> for LoadError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faults(faults) => faults.fmt(f),
            Self::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}
