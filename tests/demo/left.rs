//! What a demo leaves behind.
#![cfg(test)]

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Every file of the spool, the archive and the lists not dropped, by its path and the hash of its bytes.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders =
        vec![dir.join("spool"), dir.join("state/archive"), dir.join("state/exchange"), dir.join("drops")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            // The lock holds the process's number.
            if name.contains("lock") {
                continue;
            }
            let hash = Sha256::digest(std::fs::read(&path).unwrap());
            found.insert(name, hash.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    found
}
