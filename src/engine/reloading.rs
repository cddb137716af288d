//! The configuration read anew without a restart (SIGHUP, `systemctl reload`): taken as a whole, or not at all.
//!
//! What a start would refuse is refused here too, and then the old configuration stays in force, with an alert. What holds
//! the ground of a running daemon (folders, keys, the identity of a channel) changes with a restart only.
//!
//! Must not: read the files (`config` does), or take half of a configuration.

use super::desk::Desks;
use super::start::{limits, owners_of};
use super::witness::config_hash;
use super::{Engine, Failure};
use crate::config::{Config, LoadError, Users};
use crate::domain::Instant;
use crate::spool::WitnessLine;
use std::sync::Arc;

/// The alert of a configuration that was refused.
pub(super) const REFUSED: &str = "config-refused";

/// What the alert is about.
const SUBJECT: &str = "config/sunap.toml";

/// What became of a configuration that was read anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// It is in force.
    InForce,
    /// The old one stays; why.
    Refused(String),
}

impl Engine {
    /// Takes what was read as the configuration in force, journals what changed in it, moves the payers of groups that are
    /// given up, and plans anew; or keeps the old one.
    pub fn reload(
        &mut self,
        read: Result<Arc<Config>, LoadError>,
        now: Instant,
    ) -> Result<Reloaded, Failure> {
        let now = self.advance(now)?;
        let config = match read {
            Ok(config) => config,
            Err(error) => return self.keep_config(error.to_string(), now),
        };
        let mut wrong = fixed(&self.config, &config);
        wrong.extend(super::config_codes::config_losses(&config, &self.ledger.reader()?)?);
        wrong.extend(self.lost_user_of(&config.users)?.map(|id| {
            format!(
                "config/users.toml has no user {id}, but the journal knows one: write it back, for one who left with active = false"
            )
        }));
        let (Some(desks), true) = (Desks::new(&config).map(Arc::new), wrong.is_empty()) else {
            return self.keep_config(wrong.join("\n"), now);
        };
        let owners = owners_of(&config);
        if let Err(trouble) = self.spool.configure(&owners, limits(&config)) {
            return self.keep_config(trouble.to_string(), now);
        }
        self.config = config;
        self.desks = desks;
        self.owners = owners;
        // The schedule, the notices and the ground are looked at anew in the next turn.
        self.planned_on = None;
        self.noticed_on = None;
        self.last_test = None;
        self.mention(WitnessLine::Config(now, config_hash(&self.config)));
        self.follow_config_codes(now)?;
        self.journal_config(now)?;
        let tx = self.ledger.begin()?;
        tx.clear_alert(REFUSED, SUBJECT, now)?;
        tx.commit()?;
        tracing::info!("the configuration was read anew and is in force");
        Ok(Reloaded::InForce)
    }

    fn keep_config(&mut self, why: String, now: Instant) -> Result<Reloaded, Failure> {
        tracing::error!(%why, "the configuration on the disk is refused; the old one stays in force");
        let text = format!("the configuration was read anew and refused; the old one stays in force: {why}");
        let tx = self.ledger.begin()?;
        tx.alert(REFUSED, SUBJECT, &text, now)?;
        tx.commit()?;
        Ok(Reloaded::Refused(why))
    }

    /// A user whom the journal knows and these users are without: an id never goes or changes (F06).
    pub(super) fn lost_user_of(&mut self, users: &Users) -> Result<Option<String>, Failure> {
        let known = self.ledger.begin()?.users_seen()?;
        Ok(known.into_iter().find(|id| users.all().all(|user| user.id != *id)))
    }
}

/// What differs that only a restart may change, in words.
fn fixed(old: &Config, new: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    let folders = [
        ("spool", &old.spool_dir, &new.spool_dir),
        ("state", &old.state_dir, &new.state_dir),
        ("the folder of the keys", &old.keys_dir, &new.keys_dir),
    ];
    for (what, _, _) in folders.into_iter().filter(|(_, old, new)| old != new) {
        wrong.push(format!("{what} is another folder: restart the daemon for that"));
    }
    for (id, channel) in &old.channels {
        let what = match new.channels.get(id) {
            None => "is gone",
            Some(found) if found.institution_code != channel.institution_code => {
                "has another institution_code"
            }
            Some(found) if found.profile.name != channel.profile.name => "has another profile",
            Some(_) => continue,
        };
        wrong.push(format!("channel {id} {what}: files of it may be under way; restart the daemon for that"));
    }
    wrong
}
