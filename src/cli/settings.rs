//! `--config` of every verb that needs a configuration, and the log of those that run for long.
//!
//! Must not: make a configuration by itself; `config` does, and checks everything.

use super::{Exit, Failed};
use crate::clock::{Clock, System};
use crate::config::{Config, LoadError, LogSettings, Sources};
use crate::daemon;
use crate::domain::Instant;
use crate::fault::{Fault, Place, Trouble, printable};
use crate::layout::Layout;
use crate::ledger::Reader;
use crate::seal::{KeyRing, OpenKeys};
use clap::Args;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Which configuration.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgument {
    /// The file sunap.toml; the other files are found beside it.
    #[arg(long = "config", value_name = "FILE", env = "SUNAP_CONFIG", default_value = "config/sunap.toml")]
    pub(crate) path: PathBuf,
}

impl ConfigArgument {
    /// Reads and checks it.
    pub(crate) fn load(&self) -> Result<Arc<Config>, Failed> {
        Ok(Arc::new(Config::load(&self.path)?))
    }

    /// Its texts, unchecked: where only the layouts are asked for.
    pub(crate) fn sources(&self) -> Result<Sources, Failed> {
        Ok(Sources::read(&self.path)?)
    }
}

impl From<LoadError> for Failed {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Faults(faults) => Self::Faults(Exit::Config, faults),
            LoadError::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

/// The wall clock's time, to the second: what a person sees and writes.
pub(super) fn wall_time() -> Instant {
    let ms = System::new().now().unix_ms();
    Instant::from_unix_ms(ms.saturating_sub(ms.rem_euclid(1000)))
}

/// The account that runs this process, as its dropped files will show it: its name, or `uid:1000` where the machine
/// lists none.
pub(super) fn account(config: &Config) -> String {
    let uid = rustix::process::getuid().as_raw();
    config.users.accounts().name_of(uid).map_or_else(|| format!("uid:{uid}"), str::to_string)
}

/// Starts the log, to stderr: what sunap.toml says, or what `SUNAP_LOG` says instead (`sunap=debug`).
pub(crate) fn start_log(log: &LogSettings) {
    let filter = EnvFilter::try_from_env("SUNAP_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("{},{}", log.level, daemon::QUIET)));
    let log_lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // Fails only where a log was started before: the first one goes on.
    let _already_started = if log.json { log_lines.json().try_init() } else { log_lines.try_init() };
}

/// The log of a demo: only what is badly wrong, because the timeline tells the rest.
pub(super) fn start_log_for_demo() {
    start_log(&LogSettings { level: "error", json: false });
}

/// A layout named on the command line.
pub(super) struct LayoutArgument;

impl LayoutArgument {
    /// Reads and checks it.
    pub(super) fn load(path: &Path) -> Result<Layout, Failed> {
        let text = read_text(path)?;
        Layout::from_toml(&printable(&path.to_string_lossy()), &text)
            .map_err(|faults| Failed::Faults(Exit::Config, faults))
    }
}

/// A text file that the person named.
pub(super) fn read_text(path: &Path) -> Result<String, Failed> {
    let shown = printable(&path.to_string_lossy());
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| {
            let fault = Fault::new(
                "config-not-utf8",
                Place::file(shown),
                "the file is not UTF-8",
                "save it as UTF-8 (not EUC-KR or CP949)",
            );
            Failed::Faults(Exit::Config, vec![fault].into())
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failed::told(Exit::Usage, format!("there is no file {shown}")))
        }
        Err(error) => Err(Trouble::at("read", path, error).into()),
    }
}

/// The keys, for reading what is sealed.
pub(super) fn open_keys(config: &Config) -> Result<Arc<KeyRing>, Failed> {
    Ok(Arc::new(KeyRing::load(&config.keys_dir)?))
}

impl From<OpenKeys> for Failed {
    fn from(error: OpenKeys) -> Self {
        match error {
            OpenKeys::Disk(path, error) => Trouble::at("read the keys", &path, error).into(),
            other => Self::told(Exit::Config, format!("keys: {other}")),
        }
    }
}

/// The ledger, for reading.
pub(super) fn open_reader(config: &Config) -> Result<Reader, Failed> {
    let path = config.state_dir.join(crate::engine::LEDGER);
    if !path.exists() {
        let told = format!(
            "there is no ledger {}: the daemon has never run with this configuration",
            path.display()
        );
        return Err(Failed::told(Exit::Later, told));
    }
    Ok(Reader::open(&path, &open_keys(config)?)?)
}
