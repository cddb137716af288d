//! Small texts that a person keeps beside the spool's own business: saved queries of the command line. One file each,
//! durable, never over another.
//!
//! Must not: touch a folder of the spool.

use super::folder::Folder;
use super::skeleton::drop_file;
use crate::fault::Trouble;
use std::ffi::OsStr;
use std::path::Path;

/// Keeps a text under a name that is free; the folder is made. Other bytes under the name are a trouble.
pub fn keep_text(dir: &Path, name: &str, text: &str) -> Result<(), Trouble> {
    std::fs::create_dir_all(dir).map_err(|error| Trouble::at("make the folder", dir, error))?;
    drop_file(dir, name, text.as_bytes())
}

/// Removes a text; whether it was there.
pub fn remove_text(dir: &Path, name: &str) -> Result<bool, Trouble> {
    if !dir.is_dir() {
        return Ok(false);
    }
    Folder::open_named(dir.to_path_buf())?.remove(OsStr::new(name))
}
