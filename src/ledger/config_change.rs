//! Changes of the configuration, as the journal keeps them: which keys, by whom, and hashes; never a value.

use super::column::Doing;
use super::open::Tx;
use crate::domain::Instant;
use crate::fault::Trouble;
use rusqlite::params;

/// A file of the configuration as the journal knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConfig {
    /// Its name.
    pub file: String,
    /// The hash of its text; `None`: it was taken away.
    pub sha256: Option<[u8; 32]>,
    /// Its keys, each with a keyed hash of its value, one a line.
    pub outline: String,
}

/// A file of the configuration that is not as it was.
#[derive(Debug, Clone, Copy)]
pub struct ConfigChange<'a> {
    /// Its name.
    pub file: &'a str,
    /// Whose file it is.
    pub by: &'a str,
    /// What its text hashed to before; `None`: it is new.
    pub old: Option<[u8; 32]>,
    /// What it hashes to; `None`: it is gone.
    pub new: Option<[u8; 32]>,
    /// Which keys came (+), went (-) and changed (~).
    pub keys: &'a str,
    /// As in [`KnownConfig`].
    pub outline: &'a str,
    /// When it was noticed: business time.
    pub at: Instant,
}

impl Tx<'_> {
    /// Every file of the configuration as it was last journaled.
    pub fn config_known(&self) -> Result<Vec<KnownConfig>, Trouble> {
        let doing = "read the journal of the configuration";
        let text = "SELECT file, new_sha256, outline FROM config_change
            WHERE config_change_id IN (SELECT max(config_change_id) FROM config_change GROUP BY file) ORDER BY file";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let rows = statement.query_map([], |row| {
            Ok(KnownConfig { file: row.get(0)?, sha256: row.get(1)?, outline: row.get(2)? })
        });
        rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// Journals a change.
    pub fn config_changed(&self, change: &ConfigChange<'_>) -> Result<(), Trouble> {
        let text = "INSERT INTO config_change (at, file, by_whom, old_sha256, new_sha256, keys, outline)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let with = params![
            change.at.unix_ms(),
            change.file,
            change.by,
            change.old,
            change.new,
            change.keys,
            change.outline
        ];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with));
        done.doing("journal a change of the configuration")?;
        Ok(())
    }
}
