//! Who may do what (사용자 관리, 메뉴별 권한): users with ids that never change, the accounts of the machine that they are
//! mapped from, and roles of rights. A right is a verb on a noun: `request.make`, `file.release`.
//!
//! The owner of a dropped file, else its group, decides the user. Nothing in a file's text does.
//!
//! Must not: read files, or decide about a file of its own: `engine` asks before it judges one.

use super::Accounts;
use crate::domain::CreditorId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A right, or all rights that begin alike: `file.release`, `file.*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(pub(super) String);

impl Pattern {
    /// Whether it covers a right.
    pub fn covers(&self, right: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(begin) => right.starts_with(begin),
            None => self.0 == right,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of rights with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name in users.toml.
    pub name: String,
    /// What it allows.
    pub rights: Vec<Pattern>,
}

impl Role {
    /// Whether it allows something.
    pub fn allows(&self, right: &str) -> bool {
        self.rights.iter().any(|pattern| pattern.covers(right))
    }
}

/// For which creditors a user may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// For all, and for the agent itself (대행사).
    All,
    /// For these only.
    Creditors(BTreeSet<CreditorId>),
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id in the journal; it never changes.
    pub id: String,
    /// What people call the user.
    pub name: String,
    /// The accounts that the user drops files with.
    pub uids: BTreeSet<u32>,
    /// The groups whose files are this user's, whoever owns them.
    pub gids: BTreeSet<u32>,
    /// What the user may do.
    pub roles: Vec<Arc<Role>>,
    /// For whom.
    pub reach: Reach,
    /// A user who left stays in the list, without rights.
    pub active: bool,
}

impl User {
    /// Whether this user may do something for a creditor, or for the agent where `None`.
    pub fn may(&self, right: &str, creditor: Option<CreditorId>) -> bool {
        self.active && self.reaches(creditor) && self.roles.iter().any(|role| role.allows(right))
    }

    fn reaches(&self, creditor: Option<CreditorId>) -> bool {
        match (&self.reach, creditor) {
            (Reach::All, _) => true,
            (Reach::Creditors(some), Some(creditor)) => some.contains(&creditor),
            (Reach::Creditors(_), None) => false,
        }
    }
}

/// Who dropped a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The user's id, or the account of one who is no user: `uid:1000 (kim)`. What the ledger keeps.
    pub key: String,
    /// The user, where the account is mapped.
    pub user: Option<Arc<User>>,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "{} ({})", self.key, user.name),
            None => f.write_str(&self.key),
        }
    }
}

/// users.toml.
#[derive(Debug, Clone)]
pub struct Users {
    pub(super) users: BTreeMap<String, Arc<User>>,
    /// What those may do who are no user; `None`: nothing.
    pub(super) unmapped: Option<Arc<Role>>,
    pub(super) second_person: Vec<Pattern>,
    pub(super) accounts: Accounts,
}

impl Users {
    /// Who an account and group of the machine is.
    pub fn who(&self, uid: u32, gid: u32) -> Who {
        let by = |mapped: &dyn Fn(&User) -> bool| self.users.values().find(|user| mapped(user)).cloned();
        match by(&|user| user.uids.contains(&uid)).or_else(|| by(&|user| user.gids.contains(&gid))) {
            Some(user) => Who { key: user.id.clone(), user: Some(user) },
            None => Who { key: self.accounts.shown(uid), user: None },
        }
    }

    /// Who stands in the ledger under this key.
    pub fn of_key(&self, key: &str) -> Who {
        Who { key: key.to_string(), user: self.users.get(key).cloned() }
    }

    /// Whether somebody may do something for a creditor, or for the agent where `None`.
    pub fn may(&self, who: &Who, right: &str, creditor: Option<CreditorId>) -> bool {
        match &who.user {
            Some(user) => user.may(right, creditor),
            None => self.unmapped.as_ref().is_some_and(|role| role.allows(right)),
        }
    }

    /// Whether somebody may do anything at all for a creditor.
    pub fn serves(&self, who: &Who, creditor: CreditorId) -> bool {
        match &who.user {
            Some(user) => user.active && user.reaches(Some(creditor)),
            None => self.unmapped.is_some(),
        }
    }

    /// Whether a deed needs a second person.
    pub fn needs_second(&self, right: &str) -> bool {
        self.second_person.iter().any(|pattern| pattern.covers(right))
    }

    /// Whether a name that somebody gives in an order is another's: the id or account of one who did not drop it.
    pub fn is_anothers_name(&self, name: &str, who: &Who, uid: u32) -> bool {
        let named_user = self.users.get(name);
        match (named_user, &who.user) {
            (Some(_), _) => name != who.key,
            (None, _) => self.accounts.uid_of(name).is_some_and(|named| {
                named != uid && !who.user.as_ref().is_some_and(|user| user.uids.contains(&named))
            }),
        }
    }

    /// The users, by id.
    pub fn all(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// The role of those who are no user; `None` where they may do nothing.
    pub fn unmapped(&self) -> Option<&Arc<Role>> {
        self.unmapped.as_ref()
    }

    /// The accounts of this machine.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What needs a second person.
    pub fn second_person(&self) -> &[Pattern] {
        &self.second_person
    }

    /// What a person should know about rights that stand open; empty where they do not.
    pub fn openness(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(role) = &self.unmapped {
            said.push(format!(
                "everybody who can write into a folder of the spool and is no user of users.toml has the role \"{}\" (unmapped)",
                role.name
            ));
        }
        if self.second_person.is_empty() {
            said.push("no order needs a second person (second_person = [])".to_string());
        }
        said
    }
}
