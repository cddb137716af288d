//! `sunap check`: everything that can be known to be wrong before the daemon runs, and when it would do something next.
//!
//! Must not: create or change anything.

mod due_times;
mod modes;

use super::settings::{ConfigArgument, open_reader, read_text, wall_time};
use super::{Exit, Failed, Screen, tell};
use crate::bank::Format;
use crate::bank::codes::CodeTable;
use crate::config::{Config, FormatSource, LoadError};
use crate::domain::Instant;
use crate::engine::{LEDGER, config_losses};
use crate::exchange::Rules;
use crate::fault::{Fault, Faults, Place, Trouble, printable};
use crate::layout::Layout;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Check the configuration; exit 78 with all faults.
///
/// Without PATH: the configuration with its calendar, banks, profiles, channels and creditors, every layout and code
/// table of its formats folder, and the folders; then the next due times are printed. With PATHs only those are
/// checked: a layout, a table of result codes, rules of the simulated exchange, a sunap.toml, or a folder of them.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to check; the whole configuration unless given.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
    /// Print the due times as they would be then, "YYYY-MM-DD HH:MM"; now unless given.
    #[arg(long, value_name = "WHEN")]
    at: Option<Instant>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    if !arguments.paths.is_empty() {
        return check_paths(&arguments.paths, screen);
    }
    let now = arguments.at.unwrap_or_else(wall_time);
    let config = whole(&arguments.config.path)?;
    screen.line(format_args!(
        "ok: {} channels, {} creditors, {} layouts, {} code tables, {} banks",
        config.channels.len(),
        config.creditors.len(),
        config.bound.len(),
        config.code_tables.len(),
        config.banks.iter().count()
    ))?;
    let losses = losses(&config)?;
    if !losses.is_empty() {
        return Err(Failed::told(Exit::Config, losses.join("\n")));
    }
    due_times::print(&config, now, screen)?;
    screen.flush()?;
    for open in config.users.openness() {
        tell(format_args!("sunap: note: {open}\n  → config/users.toml, docs/rights.md"));
    }
    Ok(Exit::Done)
}

/// The configuration and all that it leads to, and the folders that it names; all faults at once.
fn whole(path: &Path) -> Result<Config, Failed> {
    let config = Config::load(path)?;
    let mut faults = Faults::default();
    faults.extend([&config.spool_dir, &config.state_dir].into_iter().filter_map(|dir| folder(dir)));
    faults.extend(modes::open_to_all(&config));
    if faults.is_empty() { Ok(config) } else { Err(Failed::Faults(Exit::Config, faults)) }
}

/// Items and groups that went while they are in use: asked of the ledger, where there is one and its keys are here.
fn losses(config: &Config) -> Result<Vec<String>, Failed> {
    if !config.state_dir.join(LEDGER).exists() || !config.keys_dir.exists() {
        return Ok(Vec::new());
    }
    Ok(config_losses(config, &open_reader(config)?)?)
}

/// Loads a layout and binds it to its message. Its name.
fn layout(source: &FormatSource) -> Result<String, Faults> {
    let layout = Layout::from_toml(&source.file, &source.text)?;
    let name = layout.name().to_string();
    Format::bind(Arc::new(layout))?;
    Ok(name)
}

/// What is wrong with a folder that the daemon will write into; it may be absent where it can be made.
fn folder(dir: &Path) -> Option<Fault> {
    let nearest = dir.ancestors().find(|above| above.exists())?;
    let shown = printable(&nearest.to_string_lossy());
    if !nearest.is_dir() {
        let remedy = "move it away, or name another folder in sunap.toml";
        return Some(Fault::new("folder-is-a-file", Place::file(shown), "a folder; this is none", remedy));
    }
    let all = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(nearest, all).err().map(|error| {
        let expected = format!("a folder that this user may read and write: {error}");
        Fault::new(
            "folder-not-writable",
            Place::file(shown),
            expected,
            "give the daemon's user the right to it",
        )
    })
}

/// Checks files and folders by what they are.
fn check_paths(paths: &[PathBuf], screen: &mut Screen) -> Result<Exit, Failed> {
    let mut faults = Faults::default();
    for path in files_of(paths)? {
        let text = read_text(&path)?;
        let file = printable(&path.to_string_lossy());
        let source = FormatSource { file: file.clone(), text };
        let found = match Kind::of(&source.text) {
            Kind::Config => whole(&path).map(|_| "configuration"),
            Kind::Codes => judged(CodeTable::from_toml(&file, &source.text), "code table"),
            Kind::Rules => judged(Rules::from_toml(&file, &source.text), "exchange rules"),
            Kind::Layout => judged(layout(&source), "layout"),
        };
        match found {
            Ok(kind) => screen.line(format_args!("ok: {file} ({kind})"))?,
            Err(Failed::Faults(_, found)) => faults.append(found),
            Err(other) => return Err(other),
        }
    }
    if faults.is_empty() { Ok(Exit::Done) } else { Err(Failed::Faults(Exit::Config, faults)) }
}

fn judged<T>(result: Result<T, Faults>, kind: &'static str) -> Result<&'static str, Failed> {
    result.map(|_| kind).map_err(|faults| Failed::from(LoadError::Faults(faults)))
}

/// The files that are meant: a folder with a sunap.toml is that one, another one is its `*.toml`.
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failed> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let settings = path.join("sunap.toml");
        if settings.exists() {
            files.push(settings);
            continue;
        }
        let trouble = |error| Trouble::at("look into the folder", path, error);
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(trouble)? {
            let entry = entry.map_err(trouble)?.path();
            if entry.extension().is_some_and(|extension| extension == "toml") {
                inside.push(entry);
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// What a TOML file is.
enum Kind {
    Layout,
    Codes,
    Rules,
    Config,
}

impl Kind {
    /// By its keys. What cannot be told is taken for a layout, whose loader tells what is wrong.
    fn of(text: &str) -> Self {
        let Ok(table) = text.parse::<toml::Table>() else { return Self::Layout };
        let has = |key: &str| table.contains_key(key);
        if has("spool") && has("state") {
            Self::Config
        } else if has("record") || has("record_bytes") {
            Self::Layout
        } else if has("code") {
            Self::Codes
        } else if has("seed") || has("verdict") || has("mischief") {
            Self::Rules
        } else {
            Self::Layout
        }
    }
}
