//! Opening the ledger: creation, checks, connections and transactions.

use super::column::Doing;
use super::{money_seal, schema};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Whether a ledger that is not there may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Make it.
    Allowed,
    /// It must be there.
    Refused,
}

/// Why the ledger did not open. None of these is ever answered by making a fresh one.
#[derive(Debug)]
pub enum OpenError {
    /// There is none, and none may be made.
    Missing(PathBuf),
    /// It was written by a newer sunap.
    Newer {
        /// The version in the file.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// It is of an older version, and reading does not change it.
    Older {
        /// The version in the file.
        found: i64,
        /// The one that this program reads.
        known: i64,
    },
    /// The file is not a ledger of sunap, or is damaged.
    NotALedger {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The world failed.
    Trouble(Trouble),
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    pub(super) ring: Arc<KeyRing>,
}

/// One transaction; dropping it takes everything back.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(super) sql: Transaction<'a>,
    pub(super) ring: &'a KeyRing,
}

/// A read-only connection.
#[derive(Debug)]
pub struct Reader {
    pub(super) sql: Connection,
    pub(super) ring: Arc<KeyRing>,
}

/// How long a statement waits for another connection's lock.
const BUSY: Duration = Duration::from_secs(10);

/// Prepared statements kept per connection; the room has fewer.
const STATEMENTS: usize = 128;

impl Ledger {
    /// Opens the ledger at `path`, brings its schema up to date, and checks that it is durable as asked. One of an older version
    /// is kept beside it (`ledger.sqlite.v1`) before the steps that it lacks are done, all of them in one transaction.
    ///
    /// A new one is built beside its place and linked there when it is whole, so that an empty or half-made file is
    /// never taken for a ledger, nor a ledger that lost its content for a new one.
    pub fn open(path: &Path, create: Create, ring: &Arc<KeyRing>) -> Result<Self, OpenError> {
        if !path.try_exists().map_err(|e| OpenError::Trouble(Trouble::at("look for", path, e)))? {
            if create == Create::Refused {
                return Err(OpenError::Missing(path.to_path_buf()));
            }
            make(path)?;
        }
        clear(&with_ending(path, ".new"))?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        check(&connection, path)?;
        set_up(&connection).map_err(|e| verdict(path, e))?;
        money_seal::install(&connection, ring).map_err(|e| verdict(path, e))?;
        let found = schema::version(&connection).map_err(|e| verdict(path, e))?;
        if found < schema::VERSION {
            keep_older(&connection, path, found)?;
            schema::migrate(&mut connection).map_err(|e| verdict(path, e))?;
        }
        assert_durable(&connection)?;
        Ok(Self { connection, path: path.to_path_buf(), ring: Arc::clone(ring) })
    }

    /// Starts a transaction that writes. Dropping it takes everything back.
    pub fn begin(&mut self) -> Result<Tx<'_>, Trouble> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        Ok(Tx { sql: sql.doing("begin a transaction of the ledger")?, ring: &self.ring })
    }

    /// A read-only connection to the same ledger.
    pub fn reader(&self) -> Result<Reader, Trouble> {
        Reader::open(&self.path, &self.ring)
    }
}

impl Tx<'_> {
    /// Makes everything durable: when this returns, a power cut takes nothing back.
    pub fn commit(self) -> Result<(), Trouble> {
        self.chain_up()?;
        self.sql.commit().doing("commit to the ledger")
    }
}

impl Reader {
    /// Opens an existing ledger for reading only.
    pub fn open(path: &Path, ring: &Arc<KeyRing>) -> Result<Self, Trouble> {
        let told = |e: OpenError| match e {
            OpenError::Trouble(trouble) => trouble,
            other => Trouble::at("open the ledger", path, other.to_string()),
        };
        let sql = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(told)?;
        check(&sql, path).map_err(told)?;
        let found = schema::version(&sql).map_err(|e| told(verdict(path, e)))?;
        if found < schema::VERSION {
            return Err(told(OpenError::Older { found, known: schema::VERSION }));
        }
        // Half of what the writer has: both may be open at once, in one process.
        sql.execute_batch("PRAGMA cache_size = -16384").map_err(|e| told(verdict(path, e)))?;
        money_seal::install(&sql, ring).map_err(|e| told(verdict(path, e)))?;
        Ok(Self { sql, ring: Arc::clone(ring) })
    }
}

/// Builds a new ledger beside `path` and links it there, whole and durable.
fn make(path: &Path) -> Result<(), OpenError> {
    let trouble =
        |doing: &'static str| move |e: std::io::Error| OpenError::Trouble(Trouble::at(doing, path, e));
    for left_over in ["-wal", "-journal"].map(|end| with_ending(path, end)) {
        if left_over.try_exists().map_err(trouble("look beside"))? {
            let why = format!("it is gone, but {} is still there: look for it", left_over.display());
            return Err(OpenError::NotALedger { path: path.to_path_buf(), why });
        }
    }
    let new = with_ending(path, ".new");
    clear(&new)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(&new, flags)?;
    set_up(&connection).map_err(|e| verdict(path, e))?;
    schema::migrate(&mut connection).map_err(|e| verdict(path, e))?;
    settle_log(&connection, path)?;
    connection.close().map_err(|(_, e)| verdict(path, e))?;
    File::open(&new).and_then(|f| f.sync_all()).map_err(trouble("make durable"))?;
    fs::hard_link(&new, path).map_err(trouble("link the new ledger to"))?;
    fs::remove_file(&new).map_err(trouble("remove the first name of"))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(trouble("make the folder durable of"))
}

/// Where a ledger of an older version is kept.
pub(super) fn older_name(path: &Path, version: i64) -> PathBuf {
    with_ending(path, &format!(".v{version}"))
}

/// Keeps the ledger as it is before its schema is changed, whole and durable: for whoever has to go back to the program before.
/// One that an earlier start kept is replaced, since that start did not come to its end, or the older program ran again since.
fn keep_older(connection: &Connection, path: &Path, version: i64) -> Result<(), OpenError> {
    let kept = older_name(path, version);
    let trouble = |doing: &'static str| |e: std::io::Error| OpenError::Trouble(Trouble::at(doing, &kept, e));
    let new = with_ending(&kept, ".new");
    clear(&new)?;
    // Made first, so that nobody else may read it; the database insists on a file that is empty.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    made.map_err(trouble("make the copy of the older ledger"))?;
    let name = new.to_str().ok_or_else(|| {
        OpenError::Trouble(Trouble::at("keep the older ledger", path, "the path is not UTF-8"))
    })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|e| verdict(path, e))?;
    File::open(&new).and_then(|f| f.sync_all()).map_err(trouble("make durable"))?;
    clear(&kept)?;
    fs::hard_link(&new, &kept).map_err(trouble("link the copy of the older ledger to"))?;
    fs::remove_file(&new).map_err(trouble("remove the first name of"))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(trouble("make the folder durable of"))
}

/// Brings everything from the log into the file itself. Closing would do it too, but closing does not tell when the
/// disk is full, and a file without its log is then not what was committed.
fn settle_log(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let row = |row: &rusqlite::Row<'_>| row.get::<_, bool>(0);
    match connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row).map_err(|e| verdict(path, e))? {
        false => Ok(()),
        true => {
            Err(OpenError::Trouble(Trouble::at("make the ledger whole", path, "somebody else has it open")))
        }
    }
}

/// Removes what a crash left of a ledger that was being made.
fn clear(new: &Path) -> Result<(), OpenError> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let left = with_ending(new, end);
        match fs::remove_file(&left) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(OpenError::Trouble(Trouble::at("clear what a crash left of", &left, e)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn with_ending(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_os_string();
    name.push(end);
    PathBuf::from(name)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| verdict(path, e))?;
    connection.busy_timeout(BUSY).map_err(|e| verdict(path, e))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement whose plan could depend on a bound value (partial indexes) is compiled again for every value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| verdict(path, e))?;
    connection
        .execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(|e| verdict(path, e))?;
    Ok(connection)
}

/// What only a writing connection sets.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )
}

/// Whether the file is a ledger that this program may use. Cheap: reads the header and one row.
fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let pragma = |name: &str| -> Result<i64, OpenError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|e| verdict(path, e))
    };
    let not = |why: &str| OpenError::NotALedger { path: path.to_path_buf(), why: why.to_string() };
    pragma("schema_version")?;
    if pragma("application_id")? != schema::APPLICATION_ID {
        return Err(not("it does not carry the mark of a sunap ledger"));
    }
    let found = pragma("user_version")?;
    if found > schema::VERSION {
        return Err(OpenError::Newer { found, known: schema::VERSION });
    }
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM meta", [], |row| row.get(0))
        .map_err(|e| verdict(path, e))?;
    if found < 1 || rows != 1 { Err(not("its first table is not as it was made")) } else { Ok(()) }
}

/// house.md 5: the daemon refuses to run on a ledger that may lose what it acknowledged.
fn assert_durable(connection: &Connection) -> Result<(), OpenError> {
    let wanted = |name: &str, want: &str| -> Result<(), OpenError> {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        let found = match read {
            Ok(rusqlite::types::Value::Text(text)) => text,
            Ok(rusqlite::types::Value::Integer(n)) => n.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(e) => return Err(OpenError::Trouble(Trouble::new("ask the ledger for its settings", e))),
        };
        if found == want {
            return Ok(());
        }
        let why = format!("{name} is {found}, not {want}");
        Err(OpenError::Trouble(Trouble::new("set the ledger up to be durable", why)))
    };
    wanted("journal_mode", "wal")?;
    wanted("synchronous", "2")?;
    wanted("foreign_keys", "1")?;
    wanted("trusted_schema", "0")?;
    wanted("cell_size_check", "1")
}

/// Whether an error speaks of the file's content or of a failing world.
fn verdict(path: &Path, error: rusqlite::Error) -> OpenError {
    let content =
        matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
            || error.to_string().contains("no such table");
    if content {
        OpenError::NotALedger { path: path.to_path_buf(), why: error.to_string() }
    } else {
        OpenError::Trouble(Trouble::at("open the ledger", path, error))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "there is no ledger {}", path.display()),
            Self::Newer { found, known } => {
                write!(
                    f,
                    "the ledger has version {found}; this program knows up to {known}: run the newer sunap"
                )
            }
            Self::Older { found, known } => {
                write!(
                    f,
                    "the ledger has version {found}; this program reads {known}: start the daemon once, which brings it up to date"
                )
            }
            Self::NotALedger { path, why } => write!(f, "{} is not a sound ledger: {why}", path.display()),
            Self::Trouble(trouble) => fmt::Display::fmt(trouble, f),
        }
    }
}

impl std::error::Error for OpenError {}

#[cfg(test)]
impl Ledger {
    /// The connection itself, for tests that break rules.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}
