//! What people, disks and power do to a spool: entries that are no plain files, and the moment between staging and
//! publishing as a power failure leaves it. Knows folders and the ledger's file table, nothing of the engine.

#![expect(clippy::disallowed_methods, reason = "mishaps are what nobody should do")]
use crate::script::Command;
use std::path::Path;
use sunap::ledger::FileRow;

/// The longest an order may be in the shipped config, and one byte more.
const TOO_LARGE: u64 = (1 << 30) + 1;

/// Puts an entry of a kind into an inbox: `folder`, `pipe`, `link`, `big` (a hole larger than any limit).
pub(crate) fn entry(kind: &str, path: &Path) -> Result<(), String> {
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

/// What a power failure leaves that came after `staged` was committed and before the rename into the outbox was
/// durable: the file is in the stage again, the ledger says `staged`, and the boot that said so is over.
pub(crate) fn power_lost(ledger: &Path, channel: &Path, file: &FileRow) -> Result<(), String> {
    let (outbox, stage) = (channel.join("outbox"), channel.join(".stage"));
    std::fs::rename(outbox.join(&file.name), stage.join(&file.name)).map_err(|error| error.to_string())?;
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

/// The pages that a page stands for: itself, or one for every order of the lines of its `in any order`.
pub(crate) fn pages(commands: Vec<Command>) -> Result<Vec<Vec<Command>>, (usize, String)> {
    let any = |command: &Command| command.words == ["in", "any", "order"] && command.block.is_some();
    let Some(at) = commands.iter().position(any) else { return Ok(vec![commands]) };
    let inner = crate::script::parse(commands[at].block.as_deref().unwrap_or_default())?;
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for next in 0..inner.len() {
        orders = orders
            .into_iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    let page = |order: Vec<usize>| {
        let shuffled = order.into_iter().map(|index| inner[index].clone());
        commands[..at].iter().cloned().chain(shuffled).chain(commands[at + 1..].iter().cloned()).collect()
    };
    Ok(orders.into_iter().map(page).collect())
}
