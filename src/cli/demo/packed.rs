//! What a demo is copied from: the shipped configuration, layouts and sample lists, in the program itself, so that
//! `sunap demo` needs no source tree. A test keeps the list complete.
//!
//! Must not: hold anything that is not a file of the repository.

/// A file of the repository by its path there.
macro_rules! packed {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*]
    };
}

/// Path in the repository, and bytes.
pub(super) const PACKED: &[(&str, &[u8])] = packed![
    "config/banks.toml",
    "config/calendar.toml",
    "config/channels/bankingplus-seoul.toml",
    "config/channels/kftc-seoul.toml",
    "config/creditors/10000001.toml",
    "config/creditors/10000002.toml",
    "config/creditors/10000003.toml",
    "config/creditors/10000004.toml",
    "config/exchange/README.md",
    "config/exchange/centre.toml",
    "config/exchange/demo.toml",
    "config/notices/2026-01-opening.md",
    "config/notify.toml",
    "config/profiles/bankingplus.toml",
    "config/sftp/bankingplus-seoul.toml",
    "config/profiles/kftc.toml",
    "config/sunap.toml",
    "config/users.toml",
    "config/transfer/bankingplus-seoul.toml",
    "formats/README.md",
    "formats/codes/kftc.toml",
    "formats/ae5119.toml",
    "formats/ea13.toml",
    "formats/ea14.toml",
    "formats/ea21.toml",
    "formats/ea22.toml",
    "formats/gr20.toml",
    "formats/gr21.toml",
    "formats/gr22.toml",
    "formats/gr23.toml",
    "formats/gr24.toml",
    "formats/gr25.toml",
    "formats/ksnet300.toml",
    "formats/eb11.toml",
    "formats/eb12.toml",
    "formats/eb13.toml",
    "formats/eb14.toml",
    "formats/eb21.toml",
    "formats/eb22.toml",
    "formats/ec21.toml",
    "formats/ec22.toml",
    "formats/eb31.toml",
    "formats/eb32.toml",
    "formats/ei13.toml",
    "formats/transfer/kftc.toml",
    "samples/demo/10000001/cancel-2026-01-13.csv",
    "samples/demo/10000001/mandates-2025-12-30.csv",
    "samples/demo/10000001/mandates-2026-01-08.csv",
    "samples/demo/10000001/mandates-2026-01.csv",
    "samples/demo/10000002/mandates-2026.csv",
    "samples/demo/10000002/request-2026-01-20-late.csv",
    "samples/demo/10000002/request-2026-01-20.csv",
    "samples/demo/10000002/request-2026-01-31.csv",
    "samples/demo/10000002/retry-2026-01.csv",
    "samples/demo/10000003/mandates-2025-12-30.csv",
    "samples/demo/10000003/mandates-2026.csv",
    "samples/demo/10000004/evidence-2026.zip",
    "samples/demo/10000004/mandates-2026.csv",
    "samples/demo/10000004/request-2026-01-20.csv",
    "samples/demo/10000004/retry-2026-01-23.csv",
    "samples/demo/script.toml",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_list_is_complete() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        let mut folders: Vec<_> =
            ["config", "formats", "samples/demo"].map(|folder| root.join(folder)).into();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        // The unit is for an installed daemon.
        found.retain(|path| !path.starts_with("config/systemd/"));
        found.sort();
        let mut packed: Vec<&str> = PACKED.iter().map(|(path, _)| *path).collect();
        packed.sort_unstable();
        let list: String = found.iter().map(|path| format!("    \"{path}\",\n")).collect();
        assert_eq!(packed, found, "src/cli/demo/packed.rs must list:\n{list}");
    }
}
