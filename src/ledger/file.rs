//! Files in and out, and their steps.

use super::column::{self, Doing, day, ms, unfit};
use super::lines_mac;
use super::open::Tx;
use crate::domain::{Date, Instant, Won};
use crate::fault::Trouble;
use crate::machine::file::{In, Out};
use rusqlite::{Connection, Params, Row, named_params, params};

/// Which way a file goes, seen from sunap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Came to us.
    In,
    /// Goes out.
    Out,
}

/// Where a file stands, by its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// A file of ours.
    Out(Out),
    /// A file that came to us.
    In(In),
}

/// One file as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The key.
    pub file_id: i64,
    /// In or out.
    pub way: Way,
    /// Whose it is: `channel/main`, `creditor/10000001`, `control`.
    pub owner: String,
    /// The layout's or list's name: `EB21`, `mandates`, `order`.
    pub kind: String,
    /// The name in the spool.
    pub name: String,
    /// The business date in its header or name.
    pub date: Option<Date>,
    /// Where it stands.
    pub state: FileState,
    /// The hash of its bytes, once there are any.
    pub sha256: Option<[u8; 32]>,
    /// Its length in bytes.
    pub bytes: i64,
    /// Its data lines; 0 while planned.
    pub lines: i64,
    /// The sum of its lines; 0 while planned.
    pub won: Won,
    /// Lines that a result lists; on our file, those of its answer.
    pub listed_lines: i64,
    /// What of the sum failed whole.
    pub failed_won: Won,
    /// What of the partly collected lines was not withdrawn.
    pub partial_won: Won,
    /// Lines of our file that the answer does not list.
    pub absent_lines: i64,
    /// The file of ours that this one answers.
    pub answers: Option<i64>,
    /// The file that answered this one of ours; known when that one is applied.
    pub answered_by: Option<i64>,
    /// The boot in which it was staged (house.md 5).
    pub boot_id: Option<String>,
    /// Under which day its bytes stand in the archive.
    pub archive_day: Option<Date>,
    /// Who dropped it, as far as the system tells; empty where unknown.
    pub dropped_by: String,
    /// When it was claimed or planned.
    pub created_at: Instant,
    /// When it was published.
    pub published_at: Option<Instant>,
    /// When the peer took it.
    pub taken_at: Option<Instant>,
    /// When its answer was applied; for a file in, when it was decided.
    pub answered_at: Option<Instant>,
    /// When its answer is due.
    pub due_at: Option<Instant>,
    /// The exchange's own deadline for it.
    pub deadline_at: Option<Instant>,
    /// Its answer did not come in time.
    pub overdue: bool,
    /// The completeness proof as JSON, as `bank` wrote it.
    pub proof: Option<String>,
    /// A remark for people.
    pub note: String,
}

/// What an alert about a file is about: its folder and its name. The same name may stand in many folders.
pub fn file_subject(owner: &str, name: &str) -> String {
    format!("{owner}/{name}")
}

impl FileRow {
    /// The subject of alerts about it.
    pub fn subject(&self) -> String {
        file_subject(&self.owner, &self.name)
    }
}

/// A file that was claimed.
#[derive(Debug, Clone, Copy)]
pub struct NewIn<'a> {
    /// Whose inbox.
    pub owner: &'a str,
    /// What it seems to be; empty where unknown yet.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: i64,
    /// Where the archive keeps it.
    pub archive_day: Date,
    /// Who dropped it; empty where unknown.
    pub dropped_by: &'a str,
    /// Why it was claimed; empty where it came out of an inbox.
    pub cause: &'a str,
    /// When it was claimed.
    pub at: Instant,
}

/// What reading a file that came in has shown.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    /// What it is.
    pub kind: &'a str,
    /// Its business date.
    pub date: Option<Date>,
    /// Its data lines.
    pub lines: i64,
    /// The sum of its lines.
    pub won: Won,
    /// The file of ours that it answers.
    pub answers: Option<i64>,
    /// The completeness proof as JSON.
    pub proof: Option<&'a str>,
    /// A remark for people.
    pub note: &'a str,
    /// Lines that it lists.
    pub listed_lines: i64,
    /// What of our file's sum failed whole.
    pub failed_won: Won,
    /// What of its partly collected lines was not withdrawn.
    pub partial_won: Won,
    /// Lines of our file that it does not list.
    pub absent_lines: i64,
}

/// What building a file of ours has shown.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// The hash of its bytes.
    pub sha256: [u8; 32],
    /// Its length.
    pub bytes: i64,
    /// Its data lines.
    pub lines: i64,
    /// The sum of its lines.
    pub won: Won,
    /// Where the archive keeps it.
    pub archive_day: Date,
    /// The boot in which it is staged.
    pub boot_id: &'a str,
    /// When its answer is due; `None` where none is expected.
    pub due_at: Option<Instant>,
}

impl Way {
    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// The inverse of `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "in" => Some(Self::In),
            "out" => Some(Self::Out),
            _ => None,
        }
    }
}

impl FileState {
    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Out(state) => state.word(),
            Self::In(state) => state.word(),
        }
    }

    /// Which way a file in this state goes.
    pub const fn way(self) -> Way {
        match self {
            Self::Out(_) => Way::Out,
            Self::In(_) => Way::In,
        }
    }
}

/// The columns of a [`FileRow`], in the order in which `from_row` reads them.
const COLUMNS: &str = "file_id, way, owner, kind, name, date, state, sha256, bytes, lines, won, listed_lines, failed_won, \
    partial_won, absent_lines, answers, answered_by, boot_id, archive_day, dropped_by, created_at, published_at, \
    taken_at, answered_at, due_at, deadline_at, overdue, proof, note";

fn from_row(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    let way = column::word(row, 1, Way::from_word)?;
    Ok(FileRow {
        file_id: row.get(0)?,
        way,
        owner: row.get(2)?,
        kind: row.get(3)?,
        name: row.get(4)?,
        date: column::opt_date(row, 5)?,
        state: match way {
            Way::Out => FileState::Out(column::word(row, 6, Out::from_word)?),
            Way::In => FileState::In(column::word(row, 6, In::from_word)?),
        },
        sha256: row.get(7)?,
        bytes: row.get(8)?,
        lines: row.get(9)?,
        won: column::won(row, 10)?,
        listed_lines: row.get(11)?,
        failed_won: column::won(row, 12)?,
        partial_won: column::won(row, 13)?,
        absent_lines: row.get(14)?,
        answers: row.get(15)?,
        answered_by: row.get(16)?,
        boot_id: row.get(17)?,
        archive_day: column::opt_date(row, 18)?,
        dropped_by: row.get(19)?,
        created_at: column::instant(row, 20)?,
        published_at: column::opt_instant(row, 21)?,
        taken_at: column::opt_instant(row, 22)?,
        answered_at: column::opt_instant(row, 23)?,
        due_at: column::opt_instant(row, 24)?,
        deadline_at: column::opt_instant(row, 25)?,
        overdue: row.get(26)?,
        proof: row.get(27)?,
        note: row.get(28)?,
    })
}

/// The files that `rest` (everything after FROM file) selects.
pub(super) fn select(sql: &Connection, rest: &str, with: impl Params) -> Result<Vec<FileRow>, Trouble> {
    let doing = "read files from the ledger";
    let mut statement = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM file {rest}")).doing(doing)?;
    statement.query_map(with, from_row).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
}

/// One file by its key.
pub(super) fn by_id(sql: &Connection, file_id: i64) -> Result<Option<FileRow>, Trouble> {
    Ok(select(sql, "WHERE file_id = ?1", [file_id])?.pop())
}

/// Writes the step of a file into its own journal.
fn journal(
    sql: &Connection,
    file_id: i64,
    happening: &str,
    states: (&str, &str),
    at: Instant,
    cause: &str,
) -> Result<(), Trouble> {
    sql.prepare_cached(
        "INSERT INTO file_step (file_id, at, happening, from_state, to_state, cause) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .and_then(|mut s| s.execute(params![file_id, at.unix_ms(), happening, states.0, states.1, cause]))
    .doing("journal the step of a file")?;
    Ok(())
}

impl Tx<'_> {
    /// A file that was claimed. Returns its key.
    pub fn file_in(&self, new: &NewIn<'_>) -> Result<i64, Trouble> {
        self.sql
            .prepare_cached(
                "INSERT INTO file (way, owner, kind, name, state, sha256, bytes, archive_day, dropped_by, created_at)
                 VALUES ('in', ?1, ?2, ?3, 'claimed', ?4, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut s| {
                let day = new.archive_day.to_epoch_days();
                let at = new.at.unix_ms();
                s.insert(params![new.owner, new.kind, new.name, new.sha256, new.bytes, day, new.dropped_by, at])
            })
            .doing("record a claimed file")
            .and_then(|file_id| {
                journal(&self.sql, file_id, "claimed", ("", "claimed"), new.at, new.cause)?;
                Ok(file_id)
            })
    }

    /// A step of a file, decided by `machine::file`: its state, its journal and the instant of the state. When a file
    /// that answers one of ours is applied, ours learns by which, and what it listed.
    pub fn file_stepped(
        &self,
        file_id: i64,
        happening: &str,
        to: FileState,
        at: Instant,
        cause: &str,
    ) -> Result<(), Trouble> {
        let doing = "record the step of a file";
        let file = self.file(file_id)?.ok_or_else(|| unfit(doing, format!("there is no file {file_id}")))?;
        if file.way != to.way() {
            return Err(unfit(doing, format!("file {file_id} goes the other way")));
        }
        self.sql
            .prepare_cached(
                "UPDATE file SET state = :to,
                   published_at = CASE WHEN :to = 'published' THEN :at ELSE published_at END,
                   taken_at = CASE WHEN :to = 'taken' THEN :at ELSE taken_at END,
                   answered_at = CASE WHEN :to IN ('answered', 'applied', 'rejected', 'duplicate') THEN :at
                     ELSE answered_at END,
                   overdue = CASE WHEN :to = 'answered' THEN 0 ELSE overdue END
                 WHERE file_id = :id",
            )
            .and_then(|mut s| {
                s.execute(named_params! {":to": to.word(), ":at": at.unix_ms(), ":id": file_id})
            })
            .doing(doing)?;
        if let (FileState::In(In::Applied), Some(ours)) = (to, file.answers) {
            self.sql
                .prepare_cached(
                    "UPDATE file SET answered_by = r.file_id, listed_lines = r.listed_lines, failed_won = r.failed_won,
                       partial_won = r.partial_won, absent_lines = r.absent_lines
                     FROM file r WHERE r.file_id = ?1 AND file.file_id = ?2 AND file.way = 'out'",
                )
                .and_then(|mut s| s.execute([file_id, ours]))
                .doing(doing)?;
        }
        journal(&self.sql, file_id, happening, (file.state.word(), to.word()), at, cause)
    }

    /// The earliest file of this owner with these bytes that was applied, or that still may be; of one kind, where it is
    /// given.
    pub fn file_seen(
        &self,
        owner: &str,
        kind: Option<&str>,
        sha256: &[u8; 32],
    ) -> Result<Option<FileRow>, Trouble> {
        let rest =
            "WHERE sha256 = ?1 AND owner = ?2 AND way = 'in' AND state IN ('applied', 'claimed', 'held')
                    AND (?3 IS NULL OR kind = ?3) ORDER BY file_id LIMIT 1";
        Ok(select(&self.sql, rest, params![sha256, owner, kind])?.pop())
    }

    /// All files of this owner with this name, oldest first, in and out.
    pub fn files_named(&self, owner: &str, name: &str) -> Result<Vec<FileRow>, Trouble> {
        select(&self.sql, "WHERE owner = ?1 AND name = ?2 ORDER BY file_id", [owner, name])
    }

    /// One file.
    pub fn file(&self, file_id: i64) -> Result<Option<FileRow>, Trouble> {
        by_id(&self.sql, file_id)
    }

    /// What reading a file that came in has shown.
    pub fn describe_in(&self, file_id: i64, is: &Description<'_>) -> Result<(), Trouble> {
        let doing = "describe a file that came in";
        let changed = self
            .sql
            .prepare_cached(
                "UPDATE file SET kind = ?2, date = ?3, lines = ?4, won = ?5, answers = ?6, proof = ?7, note = ?8,
                   listed_lines = ?9, failed_won = ?10, partial_won = ?11, absent_lines = ?12
                 WHERE file_id = ?1 AND way = 'in'",
            )
            .and_then(|mut s| {
                s.execute(params![
                    file_id,
                    is.kind,
                    day(is.date),
                    is.lines,
                    is.won.get(),
                    is.answers,
                    is.proof,
                    is.note,
                    is.listed_lines,
                    is.failed_won.get(),
                    is.partial_won.get(),
                    is.absent_lines
                ])
            })
            .doing(doing)?;
        if changed == 1 {
            Ok(())
        } else {
            Err(unfit(doing, format!("there is no file {file_id} that came in")))
        }
    }

    /// The planned file of this owner, kind and date; made where there is none. A file of that date that already went
    /// its way is a trouble: whoever asks has to look first.
    pub fn plan_out(
        &self,
        owner: &str,
        kind: &str,
        name: &str,
        date: Date,
        deadline_at: Option<Instant>,
        at: Instant,
    ) -> Result<i64, Trouble> {
        let planned = FileState::Out(Out::Planned);
        if let Some(file) = self.out_file(owner, kind, date)?
            && file.state == planned
        {
            return Ok(file.file_id);
        }
        let file_id = self
            .sql
            .prepare_cached(
                "INSERT INTO file (way, owner, kind, name, date, state, deadline_at, created_at)
                 VALUES ('out', ?1, ?2, ?3, ?4, 'planned', ?5, ?6)",
            )
            .and_then(|mut s| {
                s.insert(params![owner, kind, name, date.to_epoch_days(), ms(deadline_at), at.unix_ms()])
            })
            .doing("plan a file")?;
        journal(&self.sql, file_id, "planned", ("", planned.word()), at, "")?;
        Ok(file_id)
    }

    /// The newest file of ours of this owner, kind and date; a refused one only where no other followed it.
    pub fn out_file(&self, owner: &str, kind: &str, date: Date) -> Result<Option<FileRow>, Trouble> {
        let rest =
            "WHERE date = ?1 AND owner = ?2 AND kind = ?3 AND way = 'out' ORDER BY file_id DESC LIMIT 1";
        Ok(select(&self.sql, rest, params![date.to_epoch_days(), owner, kind])?.pop())
    }

    /// The files of ours of this owner that are planned or on their way and not answered, oldest date first.
    pub fn open_out_files(&self, owner: &str) -> Result<Vec<FileRow>, Trouble> {
        select(&self.sql, OPEN_OUT_OF, [owner])
    }

    /// The files in of this owner that are claimed or held, in the order in which they came.
    pub fn claimed_files(&self, owner: &str) -> Result<Vec<FileRow>, Trouble> {
        let rest = "WHERE way = 'in' AND state IN ('claimed', 'held') AND owner = ?1 ORDER BY file_id";
        select(&self.sql, rest, [owner])
    }

    /// What building a file of ours has shown. The step to `built` is told by `file_stepped`.
    pub fn sealed(&self, file_id: i64, sealed: &Sealed<'_>) -> Result<(), Trouble> {
        let doing = "seal a file";
        let lines = lines_mac::seal(&self.sql, self.ring, file_id)?;
        if lines.lines > 0 && (lines.lines, lines.won) != (sealed.lines, sealed.won.get()) {
            let why = format!("file {file_id} has {} lines for {} won", lines.lines, lines.won);
            return Err(unfit(doing, why));
        }
        let changed = self
            .sql
            .prepare_cached(
                "UPDATE file SET sha256 = ?2, bytes = ?3, lines = ?4, won = ?5, archive_day = ?6, boot_id = ?7,
                   due_at = ?8, lines_mac = ?9
                 WHERE file_id = ?1 AND way = 'out' AND state = 'planned'",
            )
            .and_then(|mut s| {
                s.execute(params![
                    file_id,
                    sealed.sha256,
                    sealed.bytes,
                    sealed.lines,
                    sealed.won.get(),
                    sealed.archive_day.to_epoch_days(),
                    sealed.boot_id,
                    ms(sealed.due_at),
                    lines.mac
                ])
            })
            .doing(doing)?;
        if changed == 1 { Ok(()) } else { Err(unfit(doing, format!("file {file_id} is not planned"))) }
    }

    /// The boot in which a file is staged again, after a release of the same bytes.
    pub fn staged_in(&self, file_id: i64, boot_id: &str) -> Result<(), Trouble> {
        self.sql
            .prepare_cached("UPDATE file SET boot_id = ?2 WHERE file_id = ?1 AND way = 'out'")
            .and_then(|mut s| s.execute(params![file_id, boot_id]))
            .doing("record the boot of a file")?;
        Ok(())
    }

    /// Whether the answer of a file of ours is late.
    pub fn mark_overdue(&self, file_id: i64, overdue: bool) -> Result<(), Trouble> {
        self.sql
            .prepare_cached("UPDATE file SET overdue = ?2 WHERE file_id = ?1")
            .and_then(|mut s| s.execute(params![file_id, overdue]))
            .doing("mark a file as overdue")?;
        Ok(())
    }
}

/// Everything after FROM file for the files of ours of one owner that are open.
const OPEN_OUT_OF: &str = "WHERE way = 'out'
    AND state IN ('planned', 'built', 'staged', 'published', 'taken', 'uncertain', 'held') AND owner = ?1
    ORDER BY date, file_id";
