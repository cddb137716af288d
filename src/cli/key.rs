//! `sunap key`: makes the first key and later ones, tells which there are, and takes old ones out of use.
//!
//! Must not: print a key, replace one, or put one anywhere but into the folder of keys.

use super::settings::{ConfigArgument, open_reader};
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::fault::Trouble;
use crate::seal::{CURRENT, INDEX, KeyId, KeyRing, OpenKeys, key_file};
use crate::spool::archived_keys;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// The keys that seal account and identity numbers and the archive (docs/keys.md).
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make the first key. Only where there is none yet.
    New(ConfigArgument),
    /// Make the next key. A running daemon takes it up at its next turn and seals everything again, batch by batch.
    Rotate(ConfigArgument),
    /// Take a key out of use, once nothing names it. Its file is kept as N.retired: older backups need it.
    Retire {
        /// The key's number.
        number: u16,
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Tell which keys there are, which one seals, and what each sealed.
    List(ConfigArgument),
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.what {
        What::New(config) | What::Rotate(config) => {
            let folder = config.load()?.keys_dir.clone();
            let first = matches!(arguments.what, What::New(_));
            if first == folder.join(CURRENT).exists() {
                let told = if first {
                    "there is a key already; the next one: sunap key rotate"
                } else {
                    "there is no key yet: sunap key new"
                };
                return Err(Failed::told(Exit::Usage, format!("{}: {told}", folder.display())));
            }
            let id = new_key(&folder)?;
            screen.line(format_args!(
                "key {id} in {}\n  → copy the folder to where the keys are kept, apart from the backups (docs/keys.md)",
                folder.display()
            ))?;
        }
        What::List(config) => {
            let config = config.load()?;
            let ring = KeyRing::load(&config.keys_dir)?;
            let (values, files) = sealed_by(&config)?;
            for id in ring.ids() {
                let seals = if id == ring.current() { "seals and opens" } else { "opens" };
                let of = |sealed: &BTreeMap<KeyId, u64>| sealed.get(&id).copied().unwrap_or_default();
                screen.line(format_args!(
                    "{id}  {seals}; {} values, {} archived files",
                    of(&values),
                    of(&files)
                ))?;
            }
        }
        What::Retire { number, config } => {
            let config = config.load()?;
            retire(&config, *number)?;
            screen.line(format_args!(
                "key {number} is out of use; its file is {number}.retired\n  → a backup older than this still needs it"
            ))?;
        }
    }
    Ok(Exit::Done)
}

/// What every key sealed: values of the ledger, archived files.
fn sealed_by(config: &Config) -> Result<(BTreeMap<KeyId, u64>, BTreeMap<KeyId, u64>), Failed> {
    let mut files = BTreeMap::new();
    let archive = config.state_dir.join("archive");
    if !archive.exists() {
        return Ok((BTreeMap::new(), files));
    }
    for (_, _, id) in archived_keys(&archive)? {
        if let Some(id) = id {
            let count: &mut u64 = files.entry(id).or_default();
            *count = count.saturating_add(1);
        }
    }
    Ok((open_reader(config)?.sealed_values()?.by_key, files))
}

fn retire(config: &Config, number: u16) -> Result<(), Failed> {
    let refused = |why: String| Failed::told(Exit::Usage, format!("key {number}: {why}"));
    let ring = KeyRing::load(&config.keys_dir)?;
    let id = KeyId::from_number(number).filter(|id| ring.ids().any(|known| known == *id));
    let id = id.ok_or_else(|| refused("there is no such key".to_string()))?;
    if id == ring.current() {
        return Err(refused("it is the one that seals; make another first: sunap key rotate".to_string()));
    }
    let (values, files) = sealed_by(config)?;
    let of = |sealed: &BTreeMap<KeyId, u64>| sealed.get(&id).copied().unwrap_or_default();
    if of(&values) > 0 || of(&files) > 0 {
        return Err(refused(format!(
            "{} values and {} archived files are sealed with it; a running daemon seals them again with key {}",
            of(&values),
            of(&files),
            ring.current()
        )));
    }
    let (from, to) = (config.keys_dir.join(key_file(id)), config.keys_dir.join(format!("{id}.retired")));
    rustix::fs::rename(&from, &to).map_err(|e| Trouble::at("rename", &from, e))?;
    let folder = &config.keys_dir;
    Ok(File::open(folder).and_then(|f| f.sync_all()).map_err(|e| Trouble::at("make durable", folder, e))?)
}

/// Makes the next key of the folder and lets it seal.
fn new_key(folder: &Path) -> Result<KeyId, Failed> {
    let id = match KeyRing::load(folder) {
        Ok(ring) => ring.ids().last().and_then(KeyId::next),
        Err(OpenKeys::None(_)) => KeyId::from_number(1),
        Err(other) => return Err(other.into()),
    };
    let id =
        id.ok_or_else(|| Failed::told(Exit::Usage, "there are 65,535 keys; no number is left".to_string()))?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| Trouble::at("make the folder", folder, e))?;
    if id.number() == 1 {
        random_key(&folder.join(INDEX))?;
    }
    random_key(&folder.join(key_file(id)))?;
    // The name that counts comes last: a ring without `current` was never made.
    let (new, current) = (folder.join("current.new"), folder.join(CURRENT));
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    written
        .and_then(|mut file| writeln!(file, "{id}").and_then(|()| file.sync_all()))
        .map_err(|e| Trouble::at("write", &new, e))?;
    rustix::fs::rename(&new, &current).map_err(|e| Trouble::at("name", &current, e))?;
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| Trouble::at("make durable", folder, e))?;
    Ok(id)
}

/// Writes a key of the system's randomness. One that a killed run left stays as it is: nothing was sealed with it.
fn random_key(path: &Path) -> Result<(), Failed> {
    if path.exists() {
        return Ok(());
    }
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(key.as_mut()).map_err(|e| Trouble::new("ask the system for a random key", e))?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push('\n');
    put_key(path, text.as_bytes())
}

/// Makes a file of a key, readable for its owner only. Complete when it has its name.
pub(super) fn put_key(path: &Path, text: &[u8]) -> Result<(), Failed> {
    let new = path.with_extension("new");
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    written
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .map_err(|e| Trouble::at("write", &new, e))?;
    Ok(rustix::fs::rename(&new, path).map_err(|e| Trouble::at("name", path, e))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_and_the_next_one() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("keys");
        assert_eq!(new_key(&folder).map_err(|_| ()).unwrap().number(), 1);
        let first = std::fs::read(folder.join("1.key")).unwrap();
        assert_eq!(new_key(&folder).map_err(|_| ()).unwrap().number(), 2);
        let ring = KeyRing::load(&folder).unwrap();
        assert_eq!((ring.current().number(), ring.ids().count()), (2, 2));
        assert_eq!(std::fs::read(folder.join("1.key")).unwrap(), first);
    }
}
