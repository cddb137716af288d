//! `sunap backup`: a copy of the ledger that was opened, checked whole and compared, sealed, and opened once more before it
//! gets its name.
//!
//! Must not: replace an older backup, leave a file under the name that was asked for unless the copy is good, or put one
//! unsealed byte where the backup goes.

use super::settings::{ConfigArgument, open_keys, open_reader};
use super::verify::{check_copy, hex};
use super::{Exit, Failed, Screen};
use crate::fault::Trouble;
use crate::ledger::seal_copy;
use crate::spool::Sha256;
use clap::Args;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Copy the ledger to a sealed file, beside the running daemon, and verify the copy.
///
/// The copy is made in the state folder (it needs as much room as the ledger), checked page by page, audited, its business
/// state is compared with the ledger's, and it is sealed with the current key. Copy the folder `state/archive` (sealed, too)
/// and the file `state/witness.log` after it; the keys go elsewhere. `sunap restore --from FILE` opens it.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The file to make. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// The copy that is not sealed yet, in the state folder. One backup is made at a time.
const UNSEALED: &str = "backup.unsealed";

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let to = &arguments.to;
    let config = arguments.config.load()?;
    let (copy, sealed) = (config.state_dir.join(UNSEALED), beside(to));
    // What an attempt left behind that was killed; nobody else makes such names.
    for left in [&copy, &sealed] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Trouble::at("remove", left, error).into());
            }
            _ => {}
        }
    }
    if to.try_exists().map_err(|error| Trouble::at("look for", to, error))? {
        return Err(Failed::told(Exit::Usage, format!("{} is there already; name a new file", to.display())));
    }
    let reader = open_reader(&config)?;
    let ring = open_keys(&config)?;
    let before = reader.final_state_digest()?;
    let checked = reader.copy_into(&copy).and_then(|()| check_copy(&copy, &ring));
    let after = reader.final_state_digest()?;
    let (findings, state) = checked.inspect_err(|_| discard(&copy))?;
    let differs = before == after && state != before;
    if differs || !findings.is_empty() {
        discard(&copy);
        let findings = findings.join("\n  ");
        let told = if differs { "the copy is not what the ledger holds".to_string() } else { findings };
        return Err(Failed::told(Exit::Trouble, format!("no backup was made: {told}")));
    }
    let put = seal_copy(&copy, &sealed, &ring).and_then(|()| give_name(&sealed, to));
    discard(&copy);
    let sha256 = put.inspect_err(|_| discard(&sealed))?;
    screen.line(format_args!("{}\nsha256 {sha256}\nstate {}", to.display(), hex(&state)))?;
    Ok(Exit::Done)
}

fn beside(to: &Path) -> PathBuf {
    let mut name: OsString = to.as_os_str().to_os_string();
    name.push(".unverified");
    PathBuf::from(name)
}

/// A copy that is not good goes; should even that fail, its name says what it is.
fn discard(copy: &Path) {
    let _left_unverified = fs::remove_file(copy);
}

/// Links the good copy to its name, never over another file, durably. The hash of its bytes.
fn give_name(copy: &Path, to: &Path) -> Result<Sha256, Trouble> {
    let (sha256, _) =
        File::open(copy).and_then(Sha256::of_reader).map_err(|error| Trouble::at("read", copy, error))?;
    fs::hard_link(copy, to).map_err(|error| Trouble::at("name the backup", to, error))?;
    fs::remove_file(copy).map_err(|error| Trouble::at("remove", copy, error))?;
    let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|error| Trouble::at("make durable", folder, error))?;
    Ok(sha256)
}
