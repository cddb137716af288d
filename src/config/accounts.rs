//! The accounts and groups of the machine, as `/etc/passwd` and `/etc/group` list them: names for the numbers that the
//! system gives with a file. An account that only a directory service knows is written in users.toml by its number.
//!
//! Must not: read a file (`sources` does), or hold anything but names and numbers.

use std::collections::BTreeMap;

/// Names and numbers of accounts and groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
    names: BTreeMap<u32, String>,
}

impl Accounts {
    /// Reads both lists; a line that is none is left out.
    pub fn parse(passwd: &str, group: &str) -> Self {
        let (users, groups) = (numbered(passwd), numbered(group));
        let mut names = BTreeMap::new();
        for (name, uid) in &users {
            names.entry(*uid).or_insert_with(|| name.clone());
        }
        Self { users: users.into_iter().collect(), groups: groups.into_iter().collect(), names }
    }

    /// The number of an account.
    pub fn uid_of(&self, name: &str) -> Option<u32> {
        self.users.get(name).copied()
    }

    /// The number of a group.
    pub fn gid_of(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }

    /// The name of an account's number.
    pub fn name_of(&self, uid: u32) -> Option<&str> {
        self.names.get(&uid).map(String::as_str)
    }

    /// An account as people read it: `uid:1000 (kim)`, or the number alone where no list names it.
    pub fn shown(&self, uid: u32) -> String {
        match self.name_of(uid) {
            Some(name) => format!("uid:{uid} ({name})"),
            None => format!("uid:{uid}"),
        }
    }
}

/// Name and number of each line `name:x:number:…`.
fn numbered(text: &str) -> Vec<(String, u32)> {
    let of_line = |line: &str| {
        let mut cells = line.split(':');
        let name = cells.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?;
        let number = cells.nth(1)?.parse().ok()?;
        Some((name.to_string(), number))
    };
    text.lines().filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found_both_ways() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/:\n# none\n+::::::\nkim:x:1000:1000:,,,:/home/kim:/bin/sh\n";
        let accounts = Accounts::parse(passwd, "root:x:0:\nclerks:x:2000:kim,lee\nbroken\n");
        assert_eq!((accounts.uid_of("kim"), accounts.uid_of("lee")), (Some(1000), None));
        assert_eq!((accounts.gid_of("clerks"), accounts.gid_of("broken")), (Some(2000), None));
        assert_eq!(accounts.shown(0), "uid:0 (root)");
        assert_eq!(accounts.shown(4711), "uid:4711");
    }
}
