//! `sunap key`: makes the first key and later ones, and tells which there are.
//!
//! Must not: print a key, replace one, or put one anywhere but into the folder of keys.

use super::settings::ConfigArgument;
use super::{Exit, Failed, Screen};
use crate::fault::Trouble;
use crate::seal::{CURRENT, INDEX, KeyId, KeyRing, OpenKeys, key_file};
use clap::{Args, Subcommand};
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
    /// Make a key: the first one, or the next one, which seals from the daemon's next start on.
    New(ConfigArgument),
    /// Tell which keys there are and which one seals.
    List(ConfigArgument),
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.what {
        What::New(config) => {
            let folder = config.load()?.keys_dir.clone();
            let id = new_key(&folder)?;
            screen.line(format_args!(
                "key {id} in {}\n  → copy the folder to where the keys are kept, apart from the backups (docs/keys.md)",
                folder.display()
            ))?;
        }
        What::List(config) => {
            let ring = KeyRing::load(&config.load()?.keys_dir)?;
            for id in ring.ids() {
                let seals = if id == ring.current() { "seals and opens" } else { "opens" };
                screen.line(format_args!("{id}  {seals}"))?;
            }
        }
    }
    Ok(Exit::Done)
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
