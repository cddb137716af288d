//! What changed in the configuration since it was last read, journaled key by key: who (the owner of the file), when
//! (business time), and hashes of the texts. A value is never kept, only a keyed hash that tells whether it changed.
//!
//! Must not: judge a change; what may not change is refused elsewhere.

use super::{Engine, Failure};
use crate::config::SourceText;
use crate::domain::Instant;
use crate::ledger::{ConfigChange, KnownConfig};
use crate::seal::KeyRing;
use crate::spool::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The digits of a value's hash that are kept.
const DIGITS: usize = 16;

/// What is told of a text whose keys and values are as they were.
const WORDS_ONLY: &str = "no key: comments, order or blanks";

/// The most keys of one change that are told one by one.
const TOLD: usize = 100;

impl Engine {
    /// Journals every file of the configuration that is not as the journal knows it.
    pub(super) fn journal_config(&mut self, now: Instant) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        let known = tx.config_known()?;
        let known: BTreeMap<&str, &KnownConfig> =
            known.iter().map(|known| (known.file.as_str(), known)).collect();
        for source in &self.config.texts {
            let new = *Sha256::of(source.text.as_bytes()).as_bytes();
            let before = known.get(source.file.as_str()).copied();
            if before.is_some_and(|before| before.sha256 == Some(new)) {
                continue;
            }
            let outline = outline(&self.ring, source);
            let keys = match before.filter(|before| before.sha256.is_some()) {
                Some(before) => difference(&before.outline, &outline),
                None => "first read".to_string(),
            };
            tx.config_changed(&ConfigChange {
                file: &source.file,
                by: &self.config.users.who(source.uid, source.gid).key,
                old: before.and_then(|before| before.sha256),
                new: Some(new),
                keys: &keys,
                outline: &outline,
                at: now,
            })?;
        }
        for (file, before) in known {
            let gone = self.config.texts.iter().all(|source| source.file != file);
            if gone && before.sha256.is_some() {
                tx.config_changed(&ConfigChange {
                    file,
                    by: "",
                    old: before.sha256,
                    new: None,
                    keys: "taken away",
                    outline: "",
                    at: now,
                })?;
            }
        }
        tx.commit()?;
        Ok(())
    }
}

/// The keys of a text, each with a hash of its value that says nothing to who has not the keys of the ledger.
fn outline(ring: &KeyRing, source: &SourceText) -> String {
    let mut out = String::new();
    for (key, value) in source.keys() {
        let mut hash = ring.journal_hash("config value");
        hash.part(source.file.as_bytes()).part(key.as_bytes()).part(value.as_bytes());
        let hex: String = hash.finish().iter().map(|byte| format!("{byte:02x}")).collect();
        // Writing to a string does not fail.
        let _infallible = writeln!(out, "{key}\t{}", hex.get(..DIGITS).unwrap_or_default());
    }
    out
}

/// Which keys came, went and changed.
fn difference(old: &str, new: &str) -> String {
    let keys = |text: &'_ str| -> BTreeMap<String, String> {
        let pair = |line: &str| line.rsplit_once('\t').map(|(key, hash)| (key.to_string(), hash.to_string()));
        text.lines().filter_map(pair).collect()
    };
    let (old, new) = (keys(old), keys(new));
    let mut told: Vec<String> = Vec::new();
    for (key, hash) in &new {
        match old.get(key) {
            None => told.push(format!("+{key}")),
            Some(before) if before != hash => told.push(format!("~{key}")),
            Some(_) => {}
        }
    }
    told.extend(old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("-{key}")));
    if told.is_empty() {
        return WORDS_ONLY.to_string();
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    let mut text = told.join(", ");
    if more > 0 {
        text = format!("{text} and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let source = SourceText { file: "f".into(), text: text.into(), uid: 0, gid: 0 };
        outline(&KeyRing::for_tests(), &source)
    }

    #[test]
    fn a_change_is_told_by_its_keys_and_never_by_a_value() {
        let old = of("a = 1\naccount = \"110-000-0001\"\n[[item]]\ncode = \"FEE\"\nactive = true\n");
        let new = of(
            "a = 1\naccount = \"110-000-0002\"\n[[item]]\ncode = \"FEE\"\nactive = true\nko = \"x\"\n[b]\nc = 2\n",
        );
        assert_eq!(difference(&old, &new), "~account, +b.c, +item[FEE].ko");
        assert_eq!(difference(&new, &old), "~account, -b.c, -item[FEE].ko");
        assert_eq!(
            difference(
                &old,
                &of("# more\na = 1\naccount = \"110-000-0001\"\nitem = [{code = \"FEE\", active = true}]")
            ),
            WORDS_ONLY
        );
        assert!(!old.contains("0001"));
    }
}
