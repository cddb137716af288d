//! Start: one instance, one ledger, and every step that a crash left half done is finished before anything new
//! begins (house.md 5; faults.md 3.5).

use super::desk::Desks;
use super::witness::config_hash;
use super::{Engine, Failure};
use crate::config::Config;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::{Create, FileState, Ledger, OpenError};
use crate::machine::file::In;
use crate::seal::{KeyRing, OpenKeys};
use crate::spool::{Claimed, Limits, Lock, LockError, Owner, Quiet, Spool, WitnessLine, boot_id};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Why the daemon does not start. A person must act, except for trouble of the disk.
#[derive(Debug)]
pub enum StartError {
    /// Another process works on this spool or state.
    AlreadyRunning(String),
    /// The ledger is missing beside an archive, newer, or unreadable: never replaced by a fresh one.
    Ledger(String),
    /// The configuration has lost items or groups that are in use.
    Config(Vec<String>),
    /// users.toml has lost a user whom the journal knows.
    Users(String),
    /// The keys are missing, or not as they must be.
    Keys(OpenKeys),
    /// The world failed.
    Trouble(Trouble),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning(who) => write!(f, "already running: {who}"),
            Self::Ledger(why) => write!(f, "ledger: {why}"),
            Self::Config(losses) => f.write_str(&losses.join("\n")),
            Self::Users(id) => write!(
                f,
                "config/users.toml has no user {id}, but the journal knows one: an id never changes or goes. Write it back; for one who left, active = false"
            ),
            Self::Keys(why) => write!(f, "keys: {why}"),
            Self::Trouble(trouble) => write!(f, "{trouble}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<Trouble> for StartError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Failure> for StartError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Ledger(trouble) | Failure::Spool(trouble) => Self::Trouble(trouble),
        }
    }
}

/// The ledger's file in the state folder.
pub const LEDGER: &str = "ledger.sqlite";

impl Engine {
    /// Takes the lock, opens the ledger and the spool, and finishes what a crash left half done. `now` is the clock's
    /// business time; the ledger's own high-water mark counts where it is later.
    pub fn open(config: Arc<Config>, now: Instant) -> Result<Self, StartError> {
        let lock = lock(&config)?;
        let desks = Desks::new(&config).map(Arc::new).ok_or_else(|| {
            Trouble::new("set up the channels", "the configuration was not made by Config::load")
        })?;
        let owners = owners_of(&config);
        let ring = keys(&config)?;
        let mut ledger = open_ledger(&config.state_dir, &ring)?;
        let spool = Spool::open(&config.spool_dir, &config.state_dir, &owners, limits(&config), &ring)?;
        spool.tidy()?;
        let closing = super::journal::Closing::open(&config.state_dir)?;
        let witness = super::witness::open(&config, &mut ledger, now)?;
        let mut engine = Self {
            config,
            desks,
            owners,
            ledger,
            spool,
            quiet: Quiet::new(),
            left_alone: std::collections::BTreeMap::new(),
            boot_id: boot_id()?,
            opened_at: now,
            planned_on: None,
            noticed_on: None,
            troubled: false,
            witness,
            closing,
            key_change: super::keys::KeyChange::of(&ring),
            ring,
            work_waits: false,
            last_test: None,
            clock_behind: None,
            planned_from: None,
            retold: std::collections::BTreeMap::new(),
            _lock: lock,
        };
        engine.planned_from = engine.business_time()?.map(Instant::date);
        let now = engine.advance(now)?;
        let tx = engine.ledger.begin()?;
        let opened_at = tx.first_opened(now)?;
        tx.commit()?;
        engine.opened_at = opened_at;
        if let Some(id) = engine.lost_user_of(&engine.config.users.clone())? {
            return Err(StartError::Users(id));
        }
        let losses = engine.follow_config_codes(now)?;
        if !losses.is_empty() {
            return Err(StartError::Config(losses));
        }
        engine.mention(WitnessLine::Start(now, config_hash(&engine.config)));
        engine.journal_config(now)?;
        engine.finish_incoming(now)?;
        Ok(engine)
    }

    /// The ledger's business time: the latest `now` that it has seen. `None` in a fresh ledger.
    pub fn business_time(&mut self) -> Result<Option<Instant>, Failure> {
        Ok(self.ledger.begin()?.business_time()?)
    }

    /// Files in work: what is decided is settled, what is not is judged now. At start, and after a step failed on the disk.
    pub(super) fn finish_incoming(&mut self, now: Instant) -> Result<(), Failure> {
        for owner in self.owners.clone() {
            let left = self.spool.work_left(&owner).map_err(Failure::Spool)?;
            self.ledger_settled(&owner, &left)?;
            for claimed in left {
                let result = self.finish_one(claimed, now);
                self.tell(result, &owner.folder(), now)?;
            }
        }
        Ok(())
    }

    /// Rows of decided files that no longer lie in work are settled: noted, so that a later file of the same name
    /// is not taken for them.
    fn ledger_settled(&mut self, owner: &Owner, left: &[Claimed]) -> Result<(), Failure> {
        let names: Vec<String> = left.iter().map(Claimed::shown).collect();
        let tx = self.ledger.begin()?;
        tx.settled_all_but(&owner.folder(), &names)?;
        tx.commit()?;
        Ok(())
    }

    fn finish_one(&mut self, claimed: Claimed, now: Instant) -> Result<bool, Failure> {
        let archived = self.spool.archive(&claimed, now.date()).map_err(Failure::Spool)?;
        let row = self.ledger.begin()?.unsettled(
            &claimed.owner().folder(),
            &claimed.shown(),
            archived.sha256.as_bytes(),
        )?;
        match row {
            Some((FileState::In(state), report)) if state != In::Claimed => {
                self.settle(&claimed, state, &report)?;
            }
            _ => self.decide_and_settle(claimed, true, now)?,
        }
        Ok(true)
    }
}

/// Takes spool and state for this process.
pub(super) fn lock(config: &Config) -> Result<Lock, StartError> {
    Spool::lock(&config.spool_dir, &config.state_dir).map_err(|error| match error {
        LockError::AlreadyRunning { folder, holder } => {
            StartError::AlreadyRunning(format!("{folder} is held by {holder}"))
        }
        LockError::Trouble(trouble) => StartError::Trouble(trouble),
    })
}

/// The keys of a configuration.
pub(super) fn keys(config: &Config) -> Result<Arc<KeyRing>, StartError> {
    let loaded = KeyRing::load(&config.keys_dir).map_err(|error| match error {
        OpenKeys::Disk(path, error) => StartError::Trouble(Trouble::at("read the keys", &path, error)),
        other => StartError::Keys(other),
    });
    loaded.map(Arc::new)
}

/// Whose folders there are, by a configuration.
pub fn owners_of(config: &Config) -> Vec<Owner> {
    let mut owners: Vec<Owner> = config.channels.keys().cloned().map(Owner::Channel).collect();
    owners.extend(config.creditors.keys().copied().map(Owner::Creditor));
    owners.extend(config.message_channel().map(Owner::Channel));
    owners.push(Owner::Control);
    owners
}

pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        channel_file_bytes: config.limits.channel_file_bytes,
        creditor_file_bytes: config.limits.creditor_file_bytes,
        order_bytes: config.limits.order_bytes,
    }
}

/// A missing ledger beside an archive that holds files is a lost one, not a new one.
fn open_ledger(state_dir: &Path, ring: &Arc<KeyRing>) -> Result<Ledger, StartError> {
    let has_history = std::fs::read_dir(state_dir.join("archive"))
        .map(|mut entries| entries.any(|entry| entry.is_ok()))
        .unwrap_or(false);
    let create = if has_history { Create::Refused } else { Create::Allowed };
    Ledger::open(&state_dir.join(LEDGER), create, ring).map_err(|error| match error {
        OpenError::Trouble(trouble) => StartError::Trouble(trouble),
        other => StartError::Ledger(other.to_string()),
    })
}
