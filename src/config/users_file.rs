//! `users.toml`, read and checked: roles, users, who stands for an account, what needs a second person.
//!
//! Must not: let a misspelt right or account pass: it would quietly take a right away, or give one.

use super::document::{Document, Section, text_of, wrong_kind};
use super::users::{Pattern, Reach, Role, User, Users};
use super::{Accounts, Creditor};
use crate::domain::CreditorId;
use crate::fault::printable;
use crate::intake::Kind;
use crate::intake::approval::SECOND_PERSON;
use crate::intake::order::Verb;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Rights that are neither of an order nor of a list.
const FURTHER: [&str; 5] = ["bank.deliver", "sms.receipt", "report.export", "key.rotate", "config.reload"];

/// What stands in `unmapped` where those who are no user may do nothing.
const NOBODY: &str = "none";

/// The most characters of an id or a name of a role.
const MOST_ID: usize = 32;

/// What users.toml refers to.
pub(super) struct Known<'k> {
    pub(super) accounts: &'k Accounts,
    pub(super) creditors: &'k BTreeMap<CreditorId, Arc<Creditor>>,
    /// The names of the creditors' files, faulty ones included.
    pub(super) creditor_names: &'k BTreeSet<String>,
}

/// Reads and checks users.toml.
pub(super) fn read(document: &Document<'_>, known: &Known<'_>) -> Option<Users> {
    let rights = rights();
    let mut file = document.root();
    let unmapped = file.words("unmapped", MOST_ID);
    let named = file.has("second_person");
    let span = if named { file.list("second_person").map(|list| list.span) } else { None };
    let second_person = if named {
        patterns(&mut file, "second_person", &rights)
    } else {
        Some(SECOND_PERSON.iter().map(|pattern| Pattern((*pattern).to_string())).collect())
    };
    let mut roles: BTreeMap<String, Arc<Role>> = BTreeMap::new();
    for mut section in file.sections("role") {
        let name = id(&mut section, "name");
        let allowed = patterns(&mut section, "rights", &rights);
        section.finish();
        let (Some((name, span)), Some(allowed)) = (name, allowed) else { continue };
        let role = Arc::new(Role { name: name.clone(), rights: allowed });
        if name == NOBODY || roles.insert(name.clone(), role).is_some() {
            let expected = format!("there is another role {name:?}, or the word has a meaning of its own");
            document.fault("config-id-twice", span, expected, "give the role another name");
        }
    }
    let users = all_users(&mut file, &roles, known);
    file.finish();
    let unmapped = unmapped?;
    let role = match roles.get(&unmapped.value) {
        Some(role) => Some(role.clone()),
        None if unmapped.value == NOBODY => None,
        None => {
            unknown_role(document, unmapped.span, &unmapped.value, &roles);
            return None;
        }
    };
    let users =
        Users { users, unmapped: role, second_person: second_person?, accounts: known.accounts.clone() };
    lonely(document, &users, span.unwrap_or(0..0));
    Some(users)
}

/// Every right there is: those of orders, of lists, and of what neither is.
fn rights() -> BTreeSet<String> {
    let orders = Verb::ALL.into_iter().map(Verb::word);
    let lists = Kind::ALL.into_iter().map(|kind| crate::intake::approval::right_of_list(kind.word()));
    let mut all: BTreeSet<String> = orders.chain(lists).chain(FURTHER).map(str::to_string).collect();
    let approvals: Vec<String> = all.iter().map(|right| format!("approve.{right}")).collect();
    all.extend(approvals);
    all
}

fn patterns(section: &mut Section<'_>, key: &'static str, rights: &BTreeSet<String>) -> Option<Vec<Pattern>> {
    let document = section.document();
    let list = section.list(key)?;
    let mut all = Vec::new();
    for value in list.value {
        let Some(text) = text_of(document, key, value) else { continue };
        let pattern = Pattern(text.value.to_string());
        let well = text.value == "*" || text.value.ends_with(".*") || !text.value.contains('*');
        // Refunds, corrections and the like may come with a later version: a family that is asked for is no fault.
        let known = SECOND_PERSON.contains(&text.value) || rights.iter().any(|right| pattern.covers(right));
        if well && known {
            all.push(pattern);
            continue;
        }
        let nearest = rights
            .iter()
            .filter(|right| right.starts_with("approve.") == text.value.starts_with("approve."))
            .min_by_key(|right| distance(right, text.value));
        let nearest = nearest.map_or(String::new(), |right| format!("; the nearest is {right:?}"));
        document.fault(
            "right-unknown",
            text.span,
            format!("{:?} is no right that anything asks for{nearest}", printable(text.value)),
            "write noun.verb, noun.* for all of a noun, or *; docs/rights.md lists them",
        );
    }
    Some(all)
}

/// How many letters differ, come or go between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), at.saturating_add(1));
        let mut left = at.saturating_add(1);
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let change = diagonal.saturating_add(usize::from(from != *to));
            diagonal = *cell;
            left = change.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// An id: small letters, digits, dots and hyphens.
fn id(section: &mut Section<'_>, key: &'static str) -> Option<(String, Range<usize>)> {
    let document = section.document();
    let text = section.words(key, MOST_ID)?;
    let well = text
        .value
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_'));
    if !well {
        let expected = format!("{key} is {:?}; it may hold a-z, 0-9, dot, hyphen and underscore", text.value);
        document.fault("config-value-wrong", text.span, expected, "write an id that can stay for ever");
        return None;
    }
    Some((text.value, text.span))
}

fn unknown_role(
    document: &Document<'_>,
    span: Range<usize>,
    name: &str,
    roles: &BTreeMap<String, Arc<Role>>,
) {
    let known: Vec<&str> = roles.keys().map(String::as_str).collect();
    let expected = format!("there is no role {name:?}; there are {}", known.join(", "));
    document.fault(
        "config-unknown-reference",
        span,
        expected,
        "name a role of this file, or add it as [[role]]",
    );
}

fn all_users(
    file: &mut Section<'_>,
    roles: &BTreeMap<String, Arc<Role>>,
    known: &Known<'_>,
) -> BTreeMap<String, Arc<User>> {
    let document = file.document();
    let mut users: BTreeMap<String, Arc<User>> = BTreeMap::new();
    let (mut uids, mut gids) = (BTreeMap::new(), BTreeMap::new());
    for mut section in file.sections("user") {
        let id = id(&mut section, "id");
        let name = section.words("name", 60);
        let accounts = numbers(&mut section, "accounts", &|name| known.accounts.uid_of(name));
        let groups = numbers(&mut section, "groups", &|name| known.accounts.gid_of(name));
        let roles = roles_of(&mut section, roles);
        let reach = reach(&mut section, known);
        let active = section.flag_or("active", true);
        section.finish();
        let Some((id, span)) = id else { continue };
        for (numbers, taken) in [(&accounts, &mut uids), (&groups, &mut gids)] {
            for (number, span) in numbers {
                if let Some(other) = taken.insert(*number, id.clone()) {
                    let expected = format!("{number} stands for {other} already");
                    let remedy = "map each account and group to one user: who did it must be plain";
                    document.fault("user-account-twice", span.clone(), expected, remedy);
                }
            }
        }
        let (Some(name), Some(roles), Some(reach), Some(active)) = (name, roles, reach, active) else {
            continue;
        };
        let numbers = |of: Vec<(u32, Range<usize>)>| of.into_iter().map(|(number, _)| number).collect();
        let user = User {
            id: id.clone(),
            name: name.value,
            uids: numbers(accounts),
            gids: numbers(groups),
            roles,
            reach,
            active,
        };
        if users.insert(id.clone(), Arc::new(user)).is_some() {
            let remedy = "give each user an id of its own; the journal keeps it for ever";
            document.fault("config-id-twice", span, format!("there is another user {id}"), remedy);
        }
    }
    users
}

/// Accounts or groups by name or number; an empty list where the key is left out.
fn numbers(
    section: &mut Section<'_>,
    key: &'static str,
    look: &dyn Fn(&str) -> Option<u32>,
) -> Vec<(u32, Range<usize>)> {
    let document = section.document();
    let mut all = Vec::new();
    if !section.has(key) {
        return all;
    }
    let Some(list) = section.list(key) else { return all };
    for value in list.value {
        let inner = value.get_ref();
        let number = match (inner.as_integer(), inner.as_str()) {
            (Some(digits), _) => u32::from_str_radix(digits.as_str(), digits.radix()).ok(),
            (None, Some(name)) => look(name),
            (None, None) => {
                wrong_kind(document, key, value, "a name in \"quotes\" or a number");
                continue;
            }
        };
        match number {
            Some(number) => all.push((number, value.span())),
            None => document.fault(
                "user-account-unknown",
                value.span(),
                format!("this machine lists no such name under {key} (/etc/passwd, /etc/group)"),
                "correct the name, or write the number that `id` shows: a directory service's names are not read",
            ),
        }
    }
    all
}

fn roles_of(section: &mut Section<'_>, roles: &BTreeMap<String, Arc<Role>>) -> Option<Vec<Arc<Role>>> {
    let document = section.document();
    let mut all = Vec::new();
    for value in section.list("roles")?.value {
        let Some(text) = text_of(document, "roles", value) else { continue };
        match roles.get(text.value) {
            Some(role) => all.push(role.clone()),
            None => unknown_role(document, text.span, text.value, roles),
        }
    }
    Some(all)
}

/// `creditors = [10000001]`, or all where the key is left out.
fn reach(section: &mut Section<'_>, known: &Known<'_>) -> Option<Reach> {
    if !section.has("creditors") {
        return Some(Reach::All);
    }
    let document = section.document();
    let mut some = BTreeSet::new();
    for creditor in section.parsed_list::<CreditorId>("creditors")? {
        if !known.creditors.contains_key(&creditor.value) {
            if !known.creditor_names.contains(&creditor.value.to_string()) {
                let expected = format!("there is no creditor {}", creditor.value);
                let remedy = "name a file of creditors/";
                document.fault("config-unknown-reference", creditor.span, expected, remedy);
            }
            continue;
        }
        some.insert(creditor.value);
    }
    Some(Reach::Creditors(some))
}

/// What somebody may order and what needs a second person must have one: another user who may approve it.
fn lonely(document: &Document<'_>, users: &Users, span: Range<usize>) {
    let verbs = Verb::ALL.into_iter().map(Verb::word).filter(|verb| users.needs_second(verb));
    let alone: Vec<&str> = verbs
        .filter(|verb| {
            let approve = format!("approve.{verb}");
            let unmapped = |right: &str| users.unmapped().is_some_and(|role| role.allows(right));
            // Whoever has the right for one creditor needs a second person, too.
            let allowed = |user: &&Arc<User>| user.active && user.roles.iter().any(|role| role.allows(verb));
            let first: BTreeSet<&str> = users.all().filter(allowed).map(|user| user.id.as_str()).collect();
            let second: BTreeSet<&str> =
                users.all().filter(|user| user.may(&approve, None)).map(|user| user.id.as_str()).collect();
            let orders = !first.is_empty() || unmapped(verb);
            let pair = first.iter().any(|one| second.iter().any(|other| one != other));
            let with_unmapped = unmapped(&approve) || (unmapped(verb) && !second.is_empty());
            orders && !pair && !with_unmapped
        })
        .collect();
    if !alone.is_empty() {
        document.fault(
            "second-person-alone",
            span,
            format!("somebody may order these, but there is no other user who may approve them: {}", alone.join(", ")),
            "give another user a role with approve.<right>, for all creditors; or name in second_person only what two people can do",
        );
    }
}
