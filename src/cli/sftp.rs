//! `sunap sftp`: one visit to a channel's SFTP server, as a process of its own, started by a timer.
//!
//! Must not: open the ledger; it sees the channel's folders only.

use super::screen::Screen;
use super::settings::{ConfigArgument, read_text, start_log, wall_time};
use super::{Exit, Failed};
use crate::domain::ChannelId;
use crate::fault::{Faults, shown_path};
use crate::spool::Owner;
use crate::transfer::{Broken, Sftp, SftpSettings, Store};
use clap::Args;
use std::path::{Path, PathBuf};

/// Send what waits in a channel's outbox to its SFTP server, fetch what lies there, and end.
///
/// config/sftp/<channel>.toml says where and how (docs/sftp.md). Exit codes: 75 the server could not be reached; 78 a
/// person must act (host key, key, a file of that name lies there).
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The channel, by its id.
    #[arg(long)]
    channel: ChannelId,
    /// The folder of the journals; without it `sftp/<channel>` in the state folder.
    #[arg(long, value_name = "DIR")]
    own: Option<PathBuf>,
    /// The folder with our private key, as systemd's LoadCredential makes it.
    #[arg(long, value_name = "DIR", env = "CREDENTIALS_DIRECTORY")]
    credentials: PathBuf,
    /// OpenSSH's program.
    #[arg(long, value_name = "FILE", default_value = "sftp")]
    program: PathBuf,
    /// Forget that a file of this name was received, so that it may come again, and end.
    #[arg(long, value_name = "NAME")]
    forget: Option<String>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    start_log(&config.log);
    let folder = arguments.config.path.parent().unwrap_or(Path::new("."));
    let path = folder.join("sftp").join(format!("{}.toml", arguments.channel));
    let shown = shown_path(folder.parent().unwrap_or(Path::new("")), &path);
    let settings = SftpSettings::from_toml(&shown, &read_text(&path)?)
        .map_err(|fault| Failed::Faults(Exit::Config, Faults::from(vec![fault])))?;
    let Some(channel) = config.channels.get(&arguments.channel) else {
        return Err(Failed::told(Exit::Usage, format!("there is no channel {}", arguments.channel)));
    };
    let files = config.spool_dir.join(Owner::Channel(channel.id.clone()).folder());
    let own = arguments.own.clone();
    let own = own.unwrap_or_else(|| config.state_dir.join("sftp").join(channel.id.as_str()));
    let sftp = Sftp {
        store: Store::open(&files, &own, settings.remember_days)?,
        key: arguments.credentials.join(&settings.key),
        own,
        longest: config.limits.channel_file_bytes,
        program: arguments.program.clone(),
        settings,
    };
    if let Some(name) = &arguments.forget {
        let known = sftp.store.forget(name)?;
        screen.line(if known {
            format!("{name} may come again")
        } else {
            format!("{name} was not known")
        })?;
        return Ok(if known { Exit::Done } else { Exit::Missing });
    }
    match sftp.visit(wall_time()) {
        Ok(visit) => {
            screen.line(format!("sent: {}; fetched: {}", visit.sent.join(" "), visit.fetched.join(" ")))?;
            Ok(Exit::Done)
        }
        Err(Broken::Trouble(trouble)) => Err(trouble.into()),
        Err(broken @ Broken::Person { .. }) => Err(Failed::told(Exit::Config, broken.to_string())),
        Err(broken) => Err(Failed::told(Exit::Later, broken.to_string())),
    }
}
