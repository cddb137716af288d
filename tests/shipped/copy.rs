//! A fresh copy of what is shipped: config/ and formats/, for tests that change or start from it.
#![cfg(test)]

use std::path::Path;

/// Copies config/ and formats/ of the checkout into a folder, with the keys of tests.
pub(crate) fn shipped_into(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["config", "formats"] {
        copy(&root.join(name), &folder.join(name));
    }
    keys_into(folder);
}

/// The keys of demos and tests, in `keys` of a folder.
pub(crate) fn keys_into(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let keys = folder.join("keys");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (name, text) in sunap::seal::KeyRing::demo_files() {
        let path = keys.join(name);
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
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
