//! `sunap read`: a bank file as text, or as one JSON object per record (decisions.md 27).
//!
//! Must not: know a layout; it is found among the configured ones by the file's name and first bytes, or named.

use super::settings::{ConfigArgument, LayoutArgument};
use super::{Exit, Failed, Screen, tell};
use crate::domain::masked;
use crate::fault::{Trouble, printable};
use crate::layout::{self, Layout, RecordView};
use clap::Args;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// How many bytes of a file a layout is told by.
const HEAD_BYTES: u64 = 4096;

/// Print a bank file.
///
/// As text: each record with the byte range, the manual's name and the value of each field. With --json: one object per
/// record in file order; `sunap write` makes the same file of it again. Records with faults are left out and told on
/// stderr, with exit code 65.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file. Its name counts: its date must be the header's.
    file: PathBuf,
    /// The layout; unless given, the one of the configured layouts that has the file's name and first bytes.
    #[arg(long, value_name = "TOML")]
    layout: Option<PathBuf>,
    /// One JSON object per record.
    #[arg(long)]
    json: bool,
    /// Mask account, identity and telephone numbers in the text.
    #[arg(long, conflicts_with = "json")]
    masked: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let path = &arguments.file;
    let mut input = open(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let layout = match &arguments.layout {
        Some(toml) => LayoutArgument::load(toml)?,
        None => detect(&arguments.config, &name, &mut input, path)?,
    };
    let mut reader = layout.reader(&name, input);
    while let Some(view) = reader.next_record()? {
        if arguments.json {
            serde_json::to_writer(screen.bytes(), &layout::to_json(&view))
                .map_err(|error| Failed::from(std::io::Error::from(error)))?;
            screen.bytes().write_all(b"\n")?;
        } else {
            print_record(&view, arguments.masked, screen)?;
        }
    }
    let summary = reader.finish()?;
    screen.flush()?;
    for used in &summary.tolerated {
        let (name, count, first) = (used.tolerance, used.count, &used.first);
        tell(format_args!("tolerated[{name}]: {count} times, first at {first}"));
    }
    if summary.faults.is_empty() { Ok(Exit::Done) } else { Err(Failed::Faults(Exit::Data, summary.faults)) }
}

fn open(path: &Path) -> Result<File, Failed> {
    File::open(path).map_err(|error| {
        let shown = printable(&path.to_string_lossy());
        if error.kind() == std::io::ErrorKind::NotFound {
            Failed::told(Exit::Usage, format!("there is no file {shown}"))
        } else {
            Trouble::at("open", path, error).into()
        }
    })
}

/// The one of the configured layouts that the file is of.
fn detect(config: &ConfigArgument, name: &str, input: &mut File, path: &Path) -> Result<Layout, Failed> {
    let sources = config.sources()?.formats;
    let mut head = Vec::new();
    let trouble = |error| Trouble::at("read", path, error);
    Read::by_ref(input).take(HEAD_BYTES).read_to_end(&mut head).map_err(trouble)?;
    input.rewind().map_err(trouble)?;
    // A layout with faults can not be the one; `sunap check` tells them.
    let layouts: Vec<Layout> =
        sources.iter().filter_map(|source| Layout::from_toml(&source.file, &source.text).ok()).collect();
    // By its file: revisions of one layout have one name.
    let found =
        layout::detect(layouts.iter(), name, &head).map(Layout::file).map_err(Failed::data)?.to_string();
    let layout = layouts.into_iter().find(|layout| layout.file() == found);
    layout.ok_or_else(|| Trouble::new("find a layout that was there", found).into())
}

fn print_record(view: &RecordView<'_>, mask: bool, screen: &mut Screen) -> Result<(), Failed> {
    let last = view.at_byte() + (view.raw().len() as u64).saturating_sub(1);
    screen.line(format_args!(
        "record {} {} bytes {}-{last}",
        view.no(),
        view.record_name(),
        view.at_byte()
    ))?;
    for field in layout::describe(view) {
        let value = if mask && field.sensitive { masked(&field.value) } else { field.value };
        let named = super::words::padded(&format!("{} ({})", field.ko, field.name), 46);
        screen.line(format_args!("  {:>5}-{:<5} {named} {value}", field.first, field.last))?;
    }
    let tolerated: Vec<&str> = view.tolerated().collect();
    if !tolerated.is_empty() {
        screen.line(format_args!("  tolerated: {}", tolerated.join(", ")))?;
    }
    Ok(())
}
