//! The chain of the journal: every commit that journals anything adds one link, a keyed hash over its rows and over the
//! link before it. The key is not in the ledger, so who can write the ledger cannot make a chain that fits.
//!
//! A link keeps eight bytes of each row's own hash: they tell which row differs first. At the end of a day the last link
//! becomes the day's root, bound to the root before it; the roots also lie outside the ledger.
//!
//! Must not: cost a commit more than one look per table of the journal where nothing was journaled.

use super::column::{self, Doing};
use super::open::Tx;
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use crate::seal::KeyRing;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fmt;

/// How many tables the journal has.
pub(super) const TABLES: usize = 6;

/// What people call each table, and its rows after a key and up to another, the key first. The columns are part of what
/// the hashes mean: a later column needs a further table or a new chain.
pub(super) const JOURNAL: [(&str, &str); TABLES] = [
    (
        "event",
        "SELECT event_id, subject, id, at, happening, from_state, to_state, file_id, line, code, note FROM event
         WHERE event_id > ?1 AND event_id <= ?2 ORDER BY event_id",
    ),
    (
        "file_step",
        "SELECT file_step_id, file_id, at, happening, from_state, to_state, cause FROM file_step
         WHERE file_step_id > ?1 AND file_step_id <= ?2 ORDER BY file_step_id",
    ),
    (
        "posting",
        "SELECT posting_id, event, creditor, debit, credit, won, lines, file_id, cause_file, month, what, at FROM posting
         WHERE posting_id > ?1 AND posting_id <= ?2 ORDER BY posting_id",
    ),
    (
        "approval",
        "SELECT approval_id, file_id, deed, sha256, proposed_by, proposed_at, expires_at FROM approval
         WHERE approval_id > ?1 AND approval_id <= ?2 ORDER BY approval_id",
    ),
    (
        "decision",
        "SELECT decision_no, approval_id, state, decided_by, decided_at, decided_sha256 FROM approval
         WHERE decision_no > ?1 AND decision_no <= ?2 ORDER BY decision_no",
    ),
    (
        "config_change",
        "SELECT config_change_id, at, file, by_whom, old_sha256, new_sha256, keys, outline FROM config_change
         WHERE config_change_id > ?1 AND config_change_id <= ?2 ORDER BY config_change_id",
    ),
];

/// The bytes of a row's hash that its link keeps.
pub(super) const CHECK: usize = 8;

/// The hash before the first link, and before the first root.
pub(super) const FIRST: [u8; 32] = [0; 32];

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) link_id: i64,
    pub(super) date: Date,
    pub(super) at: Instant,
    pub(super) marks: [i64; TABLES],
    pub(super) checks: Vec<u8>,
    pub(super) hash: [u8; 32],
}

/// The end of a day's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Which day.
    pub date: Date,
    /// Its last link.
    pub link_id: i64,
    /// The hash of that link.
    pub hash: [u8; 32],
    /// The seal of the root before it; zeros in the first.
    pub previous: [u8; 32],
    /// A keyed hash over the four.
    pub seal: [u8; 32],
}

impl fmt::Display for Root {
    /// The root's file, whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# sunap: the end of the journal of a day. Keep it where nobody who runs sunap can change it."
        )?;
        writeln!(f, "date = \"{}\"\nlink = {}", self.date, self.link_id)?;
        writeln!(f, "hash = \"{}\"\nprevious = \"{}\"", hex(&self.hash), hex(&self.previous))?;
        writeln!(f, "seal = \"{}\"", hex(&self.seal))
    }
}

/// A hash as people write it.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The columns of [`link_from`].
pub(super) const LINK: &str =
    "link_id, date, at, events, steps, postings, proposals, decisions, changes, checks, hash";

pub(super) fn link_from(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        link_id: row.get(0)?,
        date: column::date(row, 1)?,
        at: column::instant(row, 2)?,
        marks: [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?],
        checks: row.get(9)?,
        hash: row.get(10)?,
    })
}

pub(super) fn root_from(row: &Row<'_>) -> rusqlite::Result<Root> {
    Ok(Root {
        date: column::date(row, 0)?,
        link_id: row.get(1)?,
        hash: row.get(2)?,
        previous: row.get(3)?,
        seal: row.get(4)?,
    })
}

/// Everything that a link is a hash of, gathered row by row.
pub(super) struct Chaining<'r> {
    ring: &'r KeyRing,
    hasher: crate::seal::JournalHash,
    pub(super) marks: [i64; TABLES],
    /// The key and check bytes of each row, with the place of its table.
    pub(super) rows: Vec<(usize, i64, [u8; CHECK])>,
}

impl<'r> Chaining<'r> {
    pub(super) fn after(ring: &'r KeyRing, before: &[u8; 32], marks: [i64; TABLES]) -> Self {
        let mut hasher = ring.journal_hash("link");
        hasher.part(before);
        Self { ring, hasher, marks, rows: Vec::new() }
    }

    /// Takes the rows of one table after its mark, up to a key.
    pub(super) fn take(&mut self, sql: &Connection, table: usize, until: i64) -> Result<(), Trouble> {
        let doing = "read the journal for its chain";
        let (Some((name, text)), Some(mark)) = (JOURNAL.get(table), self.marks.get_mut(table)) else {
            return Ok(());
        };
        let mut statement = sql.prepare_cached(text).doing(doing)?;
        let columns = statement.column_count();
        let mut rows = statement.query([*mark, until]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let mut of_row = self.ring.journal_hash(name);
            for at in 0..columns {
                match row.get_ref(at).doing(doing)? {
                    ValueRef::Null => of_row.part(b"n"),
                    ValueRef::Integer(n) => of_row.part(&n.to_le_bytes()),
                    ValueRef::Real(n) => of_row.part(&n.to_bits().to_be_bytes()),
                    ValueRef::Text(bytes) => of_row.part(b"t").part(bytes),
                    ValueRef::Blob(bytes) => of_row.part(b"b").part(bytes),
                };
            }
            let hash = of_row.finish();
            let key: i64 = row.get(0).doing(doing)?;
            *mark = key;
            self.hasher.part(&hash);
            self.rows.push((table, key, hash.first_chunk::<CHECK>().copied().unwrap_or_default()));
        }
        Ok(())
    }

    /// The hash of the link, once all rows were taken.
    pub(super) fn finish(mut self, link_id: i64, date: Date, at: Instant) -> [u8; 32] {
        self.hasher.part(&link_id.to_le_bytes());
        self.hasher.part(&date.to_epoch_days().to_le_bytes());
        self.hasher.part(&at.unix_ms().to_le_bytes());
        for mark in self.marks {
            self.hasher.part(&mark.to_le_bytes());
        }
        self.hasher.finish()
    }
}

/// The seal of a root.
pub(super) fn seal(ring: &KeyRing, root: &Root) -> [u8; 32] {
    let mut hasher = ring.journal_hash("root");
    hasher.part(&root.date.to_epoch_days().to_le_bytes()).part(&root.link_id.to_le_bytes());
    hasher.part(&root.hash).part(&root.previous);
    hasher.finish()
}

/// The last link.
pub(super) fn last_link(sql: &Connection) -> Result<Option<Link>, Trouble> {
    let text = format!("SELECT {LINK} FROM link ORDER BY link_id DESC LIMIT 1");
    let found = sql.prepare_cached(&text).and_then(|mut s| s.query_row([], link_from).optional());
    found.doing("read the end of the journal's chain")
}

impl Tx<'_> {
    /// Adds a link for what this transaction has journaled, if anything. `commit` asks for it.
    pub(super) fn chain_up(&self) -> Result<(), Trouble> {
        let doing = "chain the journal";
        let highest = "SELECT (SELECT coalesce(max(event_id), 0) FROM event), (SELECT coalesce(max(file_step_id), 0) FROM file_step),
            (SELECT coalesce(max(posting_id), 0) FROM posting), (SELECT coalesce(max(approval_id), 0) FROM approval),
            (SELECT coalesce(max(decision_no), 0) FROM approval WHERE decision_no IS NOT NULL), (SELECT coalesce(max(config_change_id), 0) FROM config_change),
            (SELECT coalesce(max(link_id), 0) FROM link), (SELECT coalesce(business_ms, 0) FROM meta)";
        let (highest, last, ms) = self
            .sql
            .prepare_cached(highest)
            .and_then(|mut s| {
                s.query_row([], |row| {
                    let marks: [i64; TABLES] =
                        [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
                    Ok((marks, row.get::<_, i64>(6)?, row.get::<_, i64>(7)?))
                })
            })
            .doing(doing)?;
        let before = "SELECT events, steps, postings, proposals, decisions, changes, hash FROM link WHERE link_id = ?1";
        let (marks, hash) = self
            .sql
            .prepare_cached(before)
            .and_then(|mut s| {
                s.query_row([last], |row| {
                    let marks: [i64; TABLES] =
                        [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
                    Ok((marks, row.get(6)?))
                })
                .optional()
            })
            .doing(doing)?
            .unwrap_or(([0; TABLES], FIRST));
        if highest == marks {
            return Ok(());
        }
        let mut chaining = Chaining::after(self.ring, &hash, marks);
        for table in 0..TABLES {
            chaining.take(&self.sql, table, i64::MAX)?;
        }
        let (link_id, at) = (last.saturating_add(1), Instant::from_unix_ms(ms));
        let checks: Vec<u8> = chaining.rows.iter().flat_map(|(_, _, check)| *check).collect();
        let marks = chaining.marks;
        let hash = chaining.finish(link_id, at.date(), at);
        let [events, steps, postings, proposals, decisions, changes] = marks;
        let text = "INSERT INTO link (link_id, date, at, events, steps, postings, proposals, decisions, changes, checks, hash)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let day = at.date().to_epoch_days();
        let with =
            params![link_id, day, ms, events, steps, postings, proposals, decisions, changes, checks, hash];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        Ok(())
    }

    /// Makes the root of every day before `today` that journaled something and has none.
    pub fn close_days(&self, today: Date) -> Result<(), Trouble> {
        let doing = "close the journal of a day";
        let last = "SELECT date, link_id, hash, previous, seal FROM root ORDER BY date DESC LIMIT 1";
        let last = self
            .sql
            .prepare_cached(last)
            .and_then(|mut s| s.query_row([], root_from).optional())
            .doing(doing)?;
        let (mut previous, after) =
            last.map_or((FIRST, i64::MIN), |root| (root.seal, root.date.to_epoch_days()));
        let ends = "SELECT l.date, l.link_id, l.hash FROM link l
            JOIN (SELECT date, max(link_id) AS link_id FROM link WHERE date > ?1 AND date < ?2 GROUP BY date) e
              ON e.link_id = l.link_id ORDER BY l.date";
        let mut statement = self.sql.prepare_cached(ends).doing(doing)?;
        let rows = statement.query_map([after, today.to_epoch_days()], |row| {
            Ok((column::date(row, 0)?, row.get(1)?, row.get(2)?))
        });
        let ends: Vec<(Date, i64, [u8; 32])> =
            rows.doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?;
        for (date, link_id, hash) in ends {
            let mut root = Root { date, link_id, hash, previous, seal: FIRST };
            root.seal = seal(self.ring, &root);
            let text = "INSERT INTO root (date, link_id, hash, previous, seal) VALUES (?1, ?2, ?3, ?4, ?5)";
            let with = params![date.to_epoch_days(), link_id, hash, previous, root.seal];
            self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
            previous = root.seal;
        }
        Ok(())
    }

    /// Roots whose files may not lie outside yet, the oldest first.
    pub fn roots_unwritten(&self) -> Result<Vec<Root>, Trouble> {
        let doing = "look for roots to be written";
        let text = "SELECT date, link_id, hash, previous, seal FROM root WHERE written = 0 ORDER BY date";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        statement.query_map([], root_from).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    /// The file of a root lies outside.
    pub fn root_written(&self, date: Date) -> Result<(), Trouble> {
        let text = "UPDATE root SET written = 1 WHERE date = ?1";
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute([date.to_epoch_days()]));
        done.doing("note that a root was written")?;
        Ok(())
    }

    /// The end of the chain: number and hash of the last link, as the file beside the roots keeps it.
    pub fn journal_head(&self) -> Result<Option<(i64, String)>, Trouble> {
        let text = "SELECT link_id, hash FROM link ORDER BY link_id DESC LIMIT 1";
        let found = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?))).optional())
            .doing("read the end of the journal's chain")?;
        Ok(found.map(|(link_id, hash)| (link_id, hex(&hash))))
    }
}
