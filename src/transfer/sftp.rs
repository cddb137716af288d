//! One visit to an SFTP server by the system's OpenSSH (`sftp -b`): what waits goes out, what lies there comes in.
//!
//! Out: `put` to `.N.part` there (fsync where the server can), journal `uploaded`, `rename` without replacing. The part
//! file there is the token: a later visit that finds the journal and no part knows that the rename happened. In: fetch
//! to our part file, compare its length with the listing before and after, deliver, then remove it there.
//!
//! Must not: believe any host key but the pinned one, ask for a password, or replace a file there.

use super::folders::Folder;
use super::link::Broken;
use super::sftp_settings::{AfterFetch, SftpSettings};
use super::store::{Incoming, Offer, Store, Verdict};
use crate::domain::Instant;
use crate::fault::Trouble;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The name of our file of pinned host keys.
const KNOWN_HOSTS: &str = "known_hosts";

/// A channel's way to its server.
#[derive(Debug)]
pub struct Sftp {
    /// What the config says.
    pub settings: SftpSettings,
    /// The channel's folders and journals.
    pub store: Store,
    /// Our private key.
    pub key: PathBuf,
    /// The folder of the journals.
    pub own: PathBuf,
    /// The longest file taken, in bytes.
    pub longest: u64,
    /// The program: `sftp`.
    pub program: PathBuf,
}

/// What a visit did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// Files that lie there now.
    pub sent: Vec<String>,
    /// Files that were put into the inbox.
    pub fetched: Vec<String>,
}

impl Sftp {
    /// Makes one visit.
    pub fn visit(&self, now: Instant) -> Result<Visit, Broken> {
        self.store.finish_all()?;
        let line = format!("[{}]:{} {}\n", self.settings.host, self.settings.port, self.settings.host_key);
        // Without a port where it is the usual one: so ssh looks it up.
        let usual = format!("{} {}\n", self.settings.host, self.settings.host_key);
        let pinned = if self.settings.port == 22 { usual } else { line };
        Folder::open(self.own.clone())?.put(KNOWN_HOSTS, pinned.as_bytes())?;
        let mut visit = Visit::default();
        for offer in self.store.waiting(|name| self.settings.rank(name))? {
            self.send(&offer, now)?;
            visit.sent.push(offer.name);
        }
        if !self.settings.receive.is_empty() {
            self.fetch_all(now, &mut visit)?;
        }
        Ok(visit)
    }

    fn send(&self, offer: &Offer, now: Instant) -> Result<(), Broken> {
        let Some(there) = self.settings.name_there(&offer.name, now.date()) else {
            return Err(person(format!("{} holds no day", offer.name)));
        };
        let part = format!(".{there}.part");
        let folder = &self.settings.upload;
        let listed = self.list(folder)?;
        let uploaded = self.store.uploaded(offer)?;
        if !uploaded || listed.contains_key(&part) {
            if listed.contains_key(&there) {
                let what =
                    format!("{folder}/{there} lies there already; the outbox's {} was not sent", offer.name);
                return Err(person(what));
            }
            if !uploaded || listed.get(&part) != Some(&offer.bytes) {
                self.store.begin(offer)?;
                let local = quoted(&self.store.offer_path(offer))?;
                self.batch(&[format!("put -f {local} {folder}/{part}")])?;
                if self.list(folder)?.get(&part) != Some(&offer.bytes) {
                    return Err(Broken::Cut(format!("{part} did not arrive whole")));
                }
                self.store.note_uploaded(offer)?;
            }
            // -l: the protocol's own rename, which never replaces.
            self.batch(&[format!("rename -l {folder}/{part} {folder}/{there}")])?;
        }
        self.store.confirm(offer, Verdict::Accepted, "", "put on the SFTP server", now)?;
        tracing::info!(file = %offer.name, "sent");
        Ok(())
    }

    fn fetch_all(&self, now: Instant, visit: &mut Visit) -> Result<(), Broken> {
        let folder = &self.settings.download;
        let listed = self.list(folder)?;
        for (there, bytes) in &listed {
            let Some(name) = self.settings.name_here(there) else { continue };
            let marker = format!("{there}{}", self.settings.marker);
            if !listed.contains_key(&marker) {
                continue;
            }
            if *bytes > self.longest {
                return Err(person(format!(
                    "{folder}/{there} has {bytes} bytes, above the limit of {}",
                    self.longest
                )));
            }
            match self.store.offered(name, *bytes, now.date())? {
                Incoming::Already => {}
                Incoming::Other => {
                    let what = format!(
                        "{folder}/{there} has another length than the {name} received before; \
                         `sunap sftp --forget {name}` lets it come"
                    );
                    return Err(person(what));
                }
                Incoming::From(_) => {
                    if !self.fetch(name, there, *bytes)? {
                        tracing::warn!(file = %there, "it changed while it was fetched; next time");
                        continue;
                    }
                    tracing::info!(file = %name, "fetched");
                    visit.fetched.push(name.to_string());
                }
            }
            if self.settings.after_fetch == AfterFetch::Remove {
                let mut lines = vec![format!("rm {folder}/{there}")];
                if marker != *there {
                    lines.push(format!("-rm {folder}/{marker}"));
                }
                self.batch(&lines)?;
            }
        }
        Ok(())
    }

    /// Fetches one file; `false` where its length there is another afterwards.
    fn fetch(&self, name: &str, there: &str, bytes: u64) -> Result<bool, Broken> {
        let folder = &self.settings.download;
        let local = quoted(&self.store.part_path(name))?;
        self.batch(&[format!("get -f {folder}/{there} {local}")])?;
        let kept = self.store.adopt_part(name)?;
        let still = self.list(folder)?.get(there).copied();
        Ok(kept == bytes && still == Some(bytes) && self.store.complete(name)?)
    }

    /// The plain files of a folder there with their lengths, hidden ones too.
    fn list(&self, folder: &str) -> Result<BTreeMap<String, u64>, Broken> {
        let told = self.batch(&[format!("cd {folder}"), "ls -lna".to_string()])?;
        let mut files = BTreeMap::new();
        for line in told.lines().filter(|line| line.starts_with('-')) {
            let mut words = line.split_whitespace();
            let bytes = words.nth(4).and_then(|word| word.parse().ok());
            if let (Some(bytes), Some(name)) = (bytes, words.last()) {
                files.insert(name.to_string(), bytes);
            }
        }
        Ok(files)
    }

    /// Runs commands in one connection; what they printed.
    fn batch(&self, lines: &[String]) -> Result<String, Broken> {
        let settings = &self.settings;
        let known = self.own.join(KNOWN_HOSTS);
        let options = [
            "BatchMode=yes".to_string(),
            "StrictHostKeyChecking=yes".to_string(),
            format!("UserKnownHostsFile={}", quoted(&known)?),
            "GlobalKnownHostsFile=/dev/null".to_string(),
            "UpdateHostKeys=no".to_string(),
            "LogLevel=ERROR".to_string(),
            "IdentitiesOnly=yes".to_string(),
            "IdentityAgent=none".to_string(),
            format!("IdentityFile={}", quoted(&self.key)?),
            "PreferredAuthentications=publickey".to_string(),
            "ClearAllForwardings=yes".to_string(),
            format!("ConnectTimeout={}", settings.connect_seconds),
            "ServerAliveInterval=15".to_string(),
            "ServerAliveCountMax=3".to_string(),
        ];
        let mut command = Command::new(&self.program);
        command.args(["-b", "-", "-F", "/dev/null", "-P", &settings.port.to_string()]);
        for option in &options {
            command.args(["-o", option]);
        }
        command.arg(format!("{}@{}", settings.user, settings.host));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C");
        let failed = |e| Trouble::at("run", &self.program, e);
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A child that ended early closes it; its exit code tells.
            let _closed = stdin.write_all(format!("{}\n", lines.join("\n")).as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let told = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        let what = format!("sftp: {}", crate::fault::printable(&told));
        let needs_person =
            ["Host key verification failed", "Permission denied (", "No such file or directory"];
        if needs_person.iter().any(|words| told.contains(words)) {
            return Err(person(what));
        }
        Err(Broken::Cut(what))
    }
}

fn person(what: String) -> Broken {
    Broken::Person { code: String::new(), what }
}

/// A local path as sftp and ssh read it.
fn quoted(path: &Path) -> Result<String, Broken> {
    let text = path.to_str().filter(|t| !t.chars().any(|c| c.is_control() || "\"\\*?[]%$~'".contains(c)));
    let text = text.ok_or_else(|| person(format!("the path {} cannot be handed to sftp", path.display())))?;
    Ok(format!("\"{text}\""))
}
