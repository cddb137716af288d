//! `sunap transfer`: a channel's files over the network by the TCP file protocol, as a process of its own.
//!
//! Must not: open the ledger; it sees the channel's folders only.

use super::screen::Screen;
use super::settings::{ConfigArgument, read_text, start_log};
use super::{Exit, Failed};
use crate::clock::System;
use crate::config::Config;
use crate::domain::ChannelId;
use crate::fault::{Faults, shown_path};
use crate::spool::Owner;
use crate::transfer::{Ended, Role, Secret, Settings, Station, Store, Watch, Wire, run as run_station};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleArgument {
    /// Ours: the institution.
    Member,
    /// The network's, for tests and rehearsals.
    Centre,
}

/// Move a channel's files between its outbox, sent and inbox and the network, until SIGTERM or SIGINT.
///
/// config/transfer/<channel>.toml says where and how (docs/transfer.md). A file of the outbox is sent once its marker
/// `.ok` stands beside it, and goes to sent with a receipt once the other side said that it has it. A file that comes is
/// put into the inbox whole, once. Exit codes: 75 the network failed as often as it is tried; 78 a person must act.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The channel, by its id.
    #[arg(long)]
    channel: ChannelId,
    /// Which side of the line.
    #[arg(long, value_enum, default_value = "member")]
    role: RoleArgument,
    /// The folder with outbox, sent and inbox: of the centre's side; ours is the channel's in the spool.
    #[arg(long, value_name = "DIR", required_if_eq("role", "centre"))]
    folder: Option<PathBuf>,
    /// The folder of the journals; without it `transfer/<channel>` in the state folder.
    #[arg(long, value_name = "DIR")]
    own: Option<PathBuf>,
    /// The folder with the passwords, one file each, as systemd's LoadCredential makes it.
    #[arg(long, value_name = "DIR", env = "CREDENTIALS_DIRECTORY")]
    credentials: PathBuf,
    /// Send what waits, ask for files, and end. A side that only listens ends after one session.
    #[arg(long)]
    once: bool,
    /// Forget that a file of this name was received, so that the network may send it again, and end.
    #[arg(long, value_name = "NAME")]
    forget: Option<String>,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    start_log(&config.log);
    let station = station(arguments, &config)?;
    if let Some(name) = &arguments.forget {
        let known = station.store.forget(name)?;
        screen.line(if known {
            format!("{name} may come again")
        } else {
            format!("{name} was not known")
        })?;
        return Ok(if known { Exit::Done } else { Exit::Missing });
    }
    let watch = if arguments.once { Watch::Once } else { Watch::Always };
    match run_station(&station, watch)? {
        Ended::Done | Ended::Stopped => Ok(Exit::Done),
        Ended::GaveUp(why) => Err(Failed::told(Exit::Later, why)),
        Ended::Person(why) => Err(Failed::told(Exit::Config, why)),
    }
}

fn station(arguments: &Arguments, config: &Config) -> Result<Station, Failed> {
    let wrong = |fault| Failed::Faults(Exit::Config, Faults::from(vec![fault]));
    let folder = arguments.config.path.parent().unwrap_or(Path::new("."));
    let path = folder.join("transfer").join(format!("{}.toml", arguments.channel));
    let shown = shown_path(folder.parent().unwrap_or(Path::new("")), &path);
    let settings = Settings::from_toml(&shown, &read_text(&path)?).map_err(wrong)?;
    let layout = folder.join("..").join(&settings.layout);
    let wire = Wire::from_toml(&settings.layout, &read_text(&layout)?, &settings.variant).map_err(wrong)?;
    let Some(channel) = config.channels.get(&arguments.channel) else {
        return Err(Failed::told(Exit::Usage, format!("there is no channel {}", arguments.channel)));
    };
    let (role, suffix) = match arguments.role {
        RoleArgument::Member => (Role::Member, ""),
        RoleArgument::Centre => (Role::Centre, ".centre"),
    };
    let files = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => config.spool_dir.join(Owner::Channel(channel.id.clone()).folder()),
    };
    let own = arguments.own.clone();
    let own =
        own.unwrap_or_else(|| config.state_dir.join("transfer").join(format!("{}{suffix}", channel.id)));
    if role == Role::Centre {
        Store::make_folders(&files)?;
    }
    let (us, them) = match role {
        Role::Member => (&settings.member, &settings.centre),
        Role::Centre => (&settings.centre, &settings.member),
    };
    // A password is needed only for the way in which calls are made.
    let secret = |needed: bool, name: &str| {
        needed.then(|| Secret::read(&arguments.credentials.join(name))).transpose()
    };
    Ok(Station {
        role,
        ours: secret(!them.address.is_empty(), &us.password)?,
        theirs: secret(!us.address.is_empty(), &them.password)?,
        store: Store::open(&files, &own, settings.times.remember_days)?,
        wire: Arc::new(wire),
        clock: Arc::new(System::new()),
        longest: config.limits.channel_file_bytes,
        settings,
    })
}
