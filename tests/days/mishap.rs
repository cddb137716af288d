//! What people, disks and power do to a spool: entries that are no plain files, and the moment between staging and
//! publishing as a power failure leaves it. Knows folders and the ledger's file table, nothing of the rules.

use super::{Done, Stage, put};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use sunap::config::Config;
use sunap::engine::Reloaded;
use sunap::ledger::FileRow;

/// The commands of [`Stage::mishap`].
pub(super) const WORDS: [&str; 10] =
    ["leave", "mode", "remove", "rename", "entry", "lose", "power", "ledger", "closed", "age"];

/// One byte more than the longest file that the shipped config takes.
const TOO_LARGE: u64 = (1 << 30) + 1;

/// Puts an entry of a kind into an inbox: `folder`, `pipe`, `link`, `big` (a hole larger than any limit).
fn entry(kind: &str, path: &Path) -> Result<(), String> {
    let done = match kind {
        "folder" => std::fs::create_dir(path),
        "link" => std::os::unix::fs::symlink("/etc/hostname", path),
        "big" => std::fs::File::create(path).and_then(|file| file.set_len(TOO_LARGE)),
        "pipe" => {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            return rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).map_err(|error| error.to_string());
        }
        _ => return Err(format!("{kind}: folder, pipe, link or big")),
    };
    done.map_err(|error| error.to_string())
}

/// Renames as anybody's program does, and not as `spool`.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), String> {
    rustix::fs::rename(from, to).map_err(|error| error.to_string())
}

/// Writes in place as anybody's program does.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut file = std::fs::File::create(path).map_err(|error| error.to_string())?;
    file.write_all(bytes).map_err(|error| error.to_string())
}

/// What a power failure leaves that came after `staged` was committed and before the rename into the outbox was
/// durable: the file is in the stage again, the ledger says `staged`, and the boot that said so is over.
fn power_lost(ledger: &Path, channel: &Path, file: &FileRow) -> Result<(), String> {
    let (outbox, stage) = (channel.join("outbox"), channel.join(".stage"));
    rename(&outbox.join(&file.name), &stage.join(&file.name))?;
    std::fs::remove_file(outbox.join(format!("{}.ok", file.name))).map_err(|error| error.to_string())?;
    let sql = rusqlite::Connection::open(ledger).map_err(|error| error.to_string())?;
    sql.execute(
        "UPDATE file SET state = 'staged', published_at = NULL, boot_id = '00000000-0000-0000-0000-000000000000'
         WHERE file_id = ?1 AND state = 'published'",
        [file.file_id],
    )
    .map_err(|error| error.to_string())
    .and_then(|changed| if changed == 1 { Ok(()) } else { Err("it is not published".to_string()) })
}

/// Everything that happened, and what the archive keeps, is so many days older.
fn age(state: &Path, days: i64) -> Result<(), String> {
    let sql = rusqlite::Connection::open(state.join("ledger.sqlite")).map_err(|error| error.to_string())?;
    let ms = days * 86_400_000;
    sql.execute_batch(&format!(
        "DROP TRIGGER IF EXISTS event_kept_u; DROP TRIGGER IF EXISTS file_step_kept_u;
         UPDATE event SET at = at - {ms}; UPDATE file_step SET at = at - {ms}; UPDATE mandate SET made_at = made_at - {ms};
         UPDATE file SET archive_day = archive_day - {days}; UPDATE answer SET day = day - {days};
         UPDATE evidence SET day = day - {days};"
    ))
    .map_err(|error| error.to_string())?;
    let archive = state.join("archive");
    let mut folders: Vec<String> = std::fs::read_dir(&archive)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    folders.sort();
    for name in folders {
        if let Ok(day) = name.parse::<sunap::domain::Date>() {
            rename(&archive.join(&name), &archive.join(day.plus_days(-days).to_string()))?;
        }
    }
    Ok(())
}

impl Stage {
    /// The configuration is read anew, while all goes on; a simulated bank keeps the old one.
    pub(super) fn reload(&mut self, refused: &[&str]) -> Done {
        let now = self.now.ok_or("nothing runs yet: begin with `at`")?;
        let read = Config::load(&self.temp.path().join("config/sunap.toml")).map(Arc::new);
        let parts = self.parts.as_mut().ok_or("nothing runs yet: begin with `at`")?;
        let reloaded = parts.engine.reload(read, now).map_err(|error| error.to_string())?;
        match (reloaded, refused) {
            (Reloaded::InForce, []) => {
                self.reconfigured = false;
                self.config = Some(parts.engine.config().clone());
                self.play()
            }
            (Reloaded::Refused(why), ["refused", text]) if why.contains(text) => self.play(),
            (reloaded, _) => Err(format!("{reloaded:?}")),
        }
    }

    /// What people, disks and power do to the spool.
    pub(super) fn mishap(&mut self, words: &[&str], block: Option<&str>) -> Done {
        match (words, block) {
            (["leave", room, name], Some(text)) => put(&self.room(room)?.join(name), text.as_bytes()),
            (["closed", date], None) => {
                let path = self.temp.path().join("config/calendar.toml");
                let mut text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
                text.push_str(&format!(
                    "\n[[day]]\ndate = \"{date}\"\nname = \"임시공휴일\"\nkind = \"temporary\"\n"
                ));
                self.reconfigured = true;
                std::fs::remove_file(&path).map_err(|error| error.to_string())?;
                put(&path, text.as_bytes())
            }
            (["mode", room, bits], None) => {
                use std::os::unix::fs::PermissionsExt;
                let bits = u32::from_str_radix(bits, 8).map_err(|e| e.to_string())?;
                let to = std::fs::Permissions::from_mode(bits);
                std::fs::set_permissions(self.room(room)?, to).map_err(|e| e.to_string())
            }
            (["remove", room, name], None) => {
                std::fs::remove_file(self.room(room)?.join(name)).map_err(|error| error.to_string())
            }
            (["rename", room, old, new], None) => {
                let folder = self.room(room)?;
                rename(&folder.join(old), &folder.join(new))?;
                self.play()
            }
            (["entry", kind, owner, name], None) => {
                entry(kind, &self.room(&format!("{owner}/inbox"))?.join(name))?;
                self.play()
            }
            (["ledger", how @ ("posted" | "tampered" | "mended")], Some(sql)) => {
                let path = self.config()?.state_dir.join("ledger.sqlite");
                let ledger = rusqlite::Connection::open(path).map_err(|error| error.to_string())?;
                ledger.execute_batch(sql).map_err(|error| error.to_string())?;
                self.tampered = *how == "tampered";
                Ok(())
            }
            (["age", days], None) => {
                let days: i64 = days.parse().map_err(|_| "age DAYS")?;
                let state = self.config()?.state_dir.clone();
                self.stop();
                age(&state, days)?;
                // What was journaled does not fit its chain any more, nor what was booked its days.
                self.tampered = true;
                self.restart()
            }
            (["lose", "ledger"], None) => {
                self.stop();
                let ledger = self.config()?.state_dir.join("ledger.sqlite");
                std::fs::remove_file(ledger).map_err(|error| error.to_string())
            }
            (["power", "lost", name], None) => {
                let file = self.file(name)?;
                self.stop();
                let channel = self.temp.path().join("spool").join(&file.owner);
                power_lost(&self.config()?.state_dir.join("ledger.sqlite"), &channel, &file)?;
                self.restart()
            }
            _ => Err("no such command; the head of tests/days.rs lists them".to_string()),
        }
    }
}
