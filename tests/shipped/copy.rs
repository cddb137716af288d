//! A fresh copy of what is shipped: config/ and formats/, for tests that change or start from it.
#![cfg(test)]

use std::path::Path;

/// Copies config/ and formats/ of the checkout into a folder.
pub(crate) fn shipped_into(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["config", "formats"] {
        copy(&root.join(name), &folder.join(name));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
