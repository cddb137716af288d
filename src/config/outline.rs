//! The keys of a configuration's text with their values, so that a change can be told key by key.
//!
//! Must not: be shown or stored as it is: values may be personal. The ledger keeps a keyed hash of each.

use std::fmt;
use toml::{Table, Value};

/// A text of the configuration as it was read, and whose file it was.
#[derive(Clone)]
pub struct SourceText {
    /// Its name as faults show it: `config/banks.toml`.
    pub file: String,
    /// The text.
    pub text: String,
    /// The owner of the file.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, text, uid, gid } = self;
        write!(f, "SourceText({file}, {} bytes, {uid}:{gid})", text.len())
    }
}

impl SourceText {
    /// Every key with its value, in the order of the text: `user[kim].roles`. Empty for a text that is no TOML.
    pub fn keys(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if let Ok(table) = self.text.parse::<Table>() {
            walk(String::new(), &Value::Table(table), &mut all);
        }
        all
    }
}

fn walk(path: String, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(below, value, all);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_table) => {
            for (at, value) in list.iter().enumerate() {
                walk(format!("{path}[{}]", label(value, at)), value, all);
            }
        }
        value => all.push((path, value.to_string())),
    }
}

/// What tells one section of a list from the others: its id, code, name or date; else its place.
fn label(section: &Value, at: usize) -> String {
    ["id", "code", "name", "date"]
        .iter()
        .find_map(|key| section.get(key)?.as_str().map(str::to_string))
        .unwrap_or_else(|| at.saturating_add(1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_by_their_names() {
        let text = "a = 1\n[b]\nc = [1, 2]\n[[user]]\nid = \"kim\"\nroles = [\"x\"]\n[[user]]\nroles = []\n";
        let source = SourceText { file: "f".into(), text: text.into(), uid: 0, gid: 0 };
        let keys: Vec<String> =
            source.keys().into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            keys,
            ["a=1", "b.c=[1, 2]", "user[kim].id=\"kim\"", "user[kim].roles=[\"x\"]", "user[2].roles=[]"]
        );
        assert_eq!(format!("{source:?}"), "SourceText(f, 75 bytes, 0:0)");
    }
}
