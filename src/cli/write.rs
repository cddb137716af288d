//! `sunap write`: the inverse of `sunap read --json`.
//!
//! Must not: mend what it is given. Without `--fill` every serial, count and sum is verified.

use super::settings::LayoutArgument;
use super::{Exit, Failed, Screen};
use crate::fault::{Trouble, printable};
use crate::layout::{self, Layout, WriteError};
use clap::Args;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Make a bank file of JSON objects on stdin, one a line, as `sunap read --json` prints them.
///
/// Serials, counts and sums that are given are verified; with --fill they are computed. Faults go to stderr with exit
/// code 65; then no file is made.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The layout.
    #[arg(long, value_name = "TOML")]
    layout: PathBuf,
    /// Compute serials, counts and sums.
    #[arg(long)]
    fill: bool,
    /// The file to make; it must not be there yet. Without it the bytes go to stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let layout = LayoutArgument::load(&arguments.layout)?;
    match &arguments.out {
        None => write(&layout, screen.bytes(), arguments.fill)?,
        Some(path) => write_file(&layout, path, arguments.fill)?,
    }
    Ok(Exit::Done)
}

fn write(layout: &Layout, out: impl Write, fill: bool) -> Result<(), Failed> {
    match layout::write_json(layout, "stdin", io::stdin().lock(), out, fill) {
        Ok(_) => Ok(()),
        Err(WriteError::Fault(fault)) => Err(Failed::data(*fault)),
        Err(WriteError::Trouble(trouble)) => Err(Failed::from_write(trouble)),
    }
}

fn write_file(layout: &Layout, path: &Path, fill: bool) -> Result<(), Failed> {
    write_new_file(path, |out| write(layout, out, fill))
}

/// Makes a file that its user named: written beside it first, so that it appears whole or not at all. One that is there
/// already is not replaced.
pub(super) fn write_new_file(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failed>,
) -> Result<(), Failed> {
    if path.exists() {
        let told = format!("{} is there already", printable(&path.to_string_lossy()));
        return Err(Failed::told(Exit::Usage, told));
    }
    let mut temporary = path.as_os_str().to_os_string();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let file = File::create(&temporary).map_err(|error| Trouble::at("create", &temporary, error))?;
    let mut out = BufWriter::new(file);
    let written = fill(&mut out).and_then(|()| {
        let file = out.into_inner().map_err(|error| Trouble::at("write", &temporary, error.into_error()))?;
        file.sync_all().map_err(|error| Trouble::at("fsync", &temporary, error))?;
        let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::NOREPLACE);
        rustix::fs::renameat_with(here, &temporary, here, path, flags)
            .map_err(|error| Trouble::at("rename to", path, error).into())
    });
    if written.is_err() {
        // Whatever the fault was is what is told.
        let _left_behind = std::fs::remove_file(&temporary);
    }
    written
}
