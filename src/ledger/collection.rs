//! Collections on their way into a planned file: requested, withdrawn, excluded, moved.

use super::column::{self, Doing, unfit};
use super::event::{self, Event, Subject};
use super::open::Tx;
use crate::domain::{Allocation, CollectionKind, Instant, Won};
use crate::fault::Trouble;
use crate::machine::collection::{Happening, State};
use rusqlite::{OptionalExtension, params};

/// An attempt to be requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    /// On which mandate.
    pub mandate_id: i64,
    /// A first attempt or another one.
    pub kind: CollectionKind,
    /// The amount: the sum of the allocations.
    pub amount: Won,
    /// For which charges, each open and held by no other attempt.
    pub allocations: Vec<Allocation>,
    /// The creditor's file that asked for it.
    pub request_file: Option<i64>,
    /// The row of that file.
    pub request_line: Option<i64>,
}

/// Lets go of the charges that a collection holds.
const DETACH: &str = "UPDATE charge SET collection_id = NULL, attached_won = NULL
    WHERE charge_id IN (SELECT charge_id FROM allocation WHERE collection_id = ?1) AND collection_id = ?1";

/// Lets go of the charges of all missed lines of a file.
pub(super) const DETACH_MISSED: &str = "UPDATE charge SET collection_id = NULL, attached_won = NULL
    WHERE charge_id IN (SELECT a.charge_id FROM collection k CROSS JOIN allocation a ON a.collection_id = k.collection_id
        WHERE k.file_id = ?1 AND k.state = 'missed')
      AND collection_id IN (SELECT collection_id FROM collection WHERE file_id = ?1 AND state = 'missed')";

/// Copies the lines of a file that still follow it onto another file, behind its lines.
pub(super) const COPY_LINES: &str =
    "INSERT INTO collection (file_id, line_no, mandate_id, creditor, kind, amount_won, requested_at, request_file,
       request_line, mode, again_of)
     SELECT ?2, ?3 + row_number() OVER (ORDER BY line_no), mandate_id, creditor, kind, amount_won, ?4, request_file,
       request_line, mode, collection_id
     FROM collection WHERE file_id = ?1 AND state IS NULL ORDER BY line_no";

/// Copies the allocations of lines that [`COPY_LINES`] has copied.
pub(super) const COPY_ALLOCATIONS: &str = "INSERT INTO allocation (collection_id, charge_id, won, mac)
    SELECT n.collection_id, a.charge_id, a.won, money_seal('allocation', n.collection_id, a.charge_id, a.won) FROM collection n CROSS JOIN allocation a ON a.collection_id = n.again_of
    WHERE n.collection_id > ?1 ORDER BY n.collection_id, a.charge_id";

/// Lets the copies hold the charges of the lines that they were copied from.
pub(super) const TAKE_OVER: &str = "UPDATE charge SET collection_id =
      (SELECT n.collection_id FROM allocation a CROSS JOIN collection n ON n.collection_id = a.collection_id
       WHERE a.charge_id = charge.charge_id AND n.collection_id > ?1 AND n.again_of = charge.collection_id)
    WHERE charge_id IN (SELECT a.charge_id FROM collection n CROSS JOIN allocation a ON a.collection_id = n.collection_id
        WHERE n.collection_id > ?1)
      AND collection_id IN (SELECT again_of FROM collection WHERE collection_id > ?1 AND again_of IS NOT NULL)";

/// Closes gaps, first step: numbers past all others, in line order, from the first gap on.
pub(super) const NUMBER_ANEW: &str = "UPDATE collection SET line_no = numbered.line FROM
      (SELECT collection_id AS id, ?2 + ?3 + row_number() OVER (ORDER BY line_no) AS line
       FROM collection WHERE file_id = ?1 AND line_no > ?2) numbered
    WHERE collection.collection_id = numbered.id";

/// What took a collection out of its file, and why.
struct Exit<'a> {
    happening: Happening,
    to: State,
    reason: &'a str,
    at: Instant,
    file: Option<i64>,
    line: Option<i64>,
}

impl Tx<'_> {
    /// Requests collections: lines of a planned file, in this order, each holding its charges from now on. A charge
    /// that another attempt holds, or that does not owe as much, is a trouble and takes everything back with the
    /// transaction. Returns how many.
    pub fn request(&self, file_id: i64, collections: &[NewCollection], at: Instant) -> Result<i64, Trouble> {
        let doing = "request collections";
        self.must_be_planned(file_id, doing)?;
        let base = self.last_line(file_id)?;
        let mut line = self
            .sql
            .prepare_cached(
                // VALUES, not SELECT: a statement that may write many rows keeps a journal of its own.
                "INSERT INTO collection (file_id, line_no, mandate_id, creditor, kind, amount_won, requested_at,
                   request_file, request_line, mode)
                 VALUES (?1, ?2, ?3, (SELECT creditor FROM mandate WHERE mandate_id = ?3), ?4, ?5, ?6, ?7, ?8,
                   (SELECT mode FROM mandate WHERE mandate_id = ?3))",
            )
            .doing(doing)?;
        let mut allocate = self
            .sql
            .prepare_cached(
                "INSERT INTO allocation (collection_id, charge_id, won, mac)
                 VALUES (?1, ?2, ?3, money_seal('allocation', ?1, ?2, ?3))",
            )
            .doing(doing)?;
        let mut attach = self
            .sql
            .prepare_cached(
                "UPDATE charge SET collection_id = ?1, attached_won = ?3
                 WHERE charge_id = ?2 AND mandate_id = ?4 AND collection_id IS NULL
                   AND state IN ('open', 'partly-paid') AND amount_won - paid_won >= ?3",
            )
            .doing(doing)?;
        let mut line_no = base;
        for new in collections {
            line_no += 1;
            if Won::sum(new.allocations.iter().map(|a| a.won)) != Some(new.amount) {
                return Err(unfit(doing, format!("the shares of line {line_no} are not its amount")));
            }
            let kind = new.kind.word();
            let (file, row) = (new.request_file, new.request_line);
            let with =
                params![file_id, line_no, new.mandate_id, kind, new.amount.get(), at.unix_ms(), file, row];
            let collection_id = line.insert(with).doing(doing)?;
            for share in &new.allocations {
                allocate.execute(params![collection_id, share.charge_id, share.won.get()]).doing(doing)?;
                let with = params![collection_id, share.charge_id, share.won.get(), new.mandate_id];
                if attach.execute(with).doing(doing)? != 1 {
                    let why = format!("charge {} is held by another attempt or owes less", share.charge_id);
                    return Err(unfit(doing, why));
                }
            }
        }
        Ok(line_no - base)
    }

    /// Takes collections back that wait in a planned file; others are left alone. Returns how many were taken back.
    pub fn withdraw(
        &self,
        collection_ids: &[i64],
        reason: &str,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> Result<i64, Trouble> {
        let exit = Exit { happening: Happening::Withdrawn, to: State::Withdrawn, reason, at, file, line };
        let mut taken = 0;
        for &collection_id in collection_ids {
            taken += i64::from(self.take_out(collection_id, &exit, true)?);
        }
        Ok(taken)
    }

    /// Takes back whatever of a mandate waits in a planned file. Returns how many.
    pub fn withdraw_for_mandate(
        &self,
        mandate_id: i64,
        reason: &str,
        at: Instant,
        file: Option<i64>,
        line: Option<i64>,
    ) -> Result<i64, Trouble> {
        let doing = "look for requested collections of a mandate";
        let waiting: Vec<i64> = {
            let mut statement = self.sql.prepare_cached(REQUESTED_OF).doing(doing)?;
            let rows = statement.query_map([mandate_id], |row| row.get(0)).doing(doing)?;
            rows.collect::<rusqlite::Result<_>>().doing(doing)?
        };
        self.withdraw(&waiting, reason, at, file, line)
    }

    /// Leaves lines out, each with its reason: of a planned file at emission, or of a refused one by the exchange's
    /// word on that very line. A line that went its own way before is a trouble.
    pub fn exclude(&self, lines: &[(i64, String)], at: Instant) -> Result<(), Trouble> {
        for (collection_id, reason) in lines {
            let (happening, to) = (Happening::Excluded, State::Excluded);
            let exit = Exit { happening, to, reason, at, file: None, line: None };
            if !self.take_out(*collection_id, &exit, false)? {
                let why = format!("collection {collection_id} went its own way before");
                return Err(unfit("leave a line out", why));
            }
        }
        Ok(())
    }

    /// One collection leaves its file; its charges are free again. Whether it could.
    fn take_out(&self, collection_id: i64, exit: &Exit<'_>, only_planned: bool) -> Result<bool, Trouble> {
        let doing = "take a collection out of its file";
        let text = "SELECT f.collection_state, f.state = 'planned' FROM collection k JOIN file f ON f.file_id = k.file_id
                    WHERE k.collection_id = ?1 AND k.state IS NULL AND f.state <> 'answered'";
        let stands: Option<(String, bool)> = self
            .sql
            .prepare_cached(text)
            .and_then(|mut s| s.query_row([collection_id], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .doing(doing)?;
        let Some((from, planned)) = stands.filter(|(_, planned)| *planned || !only_planned) else {
            return Ok(false);
        };
        let text =
            "UPDATE collection SET state = ?2, reason = ?3, line_no = CASE WHEN ?4 THEN NULL ELSE line_no END
                    WHERE collection_id = ?1";
        let with = params![collection_id, exit.to.word(), exit.reason, planned];
        self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        self.sql.prepare_cached(DETACH).and_then(|mut s| s.execute([collection_id])).doing(doing)?;
        let event = Event {
            subject: Subject::Collection,
            id: collection_id,
            at: exit.at,
            happening: exit.happening.word(),
            from: &from,
            to: exit.to.word(),
            file: exit.file,
            line: exit.line,
            code: "",
            note: exit.reason,
        };
        event::write(&self.sql, &event)?;
        Ok(true)
    }

    /// The file did not stand: its lines that carry no state of their own go on as new lines of another planned file,
    /// in their order, and hold the charges there. The old lines stay as they stood, as missed. Returns how many.
    pub fn move_lines(&self, from: i64, to: i64, at: Instant) -> Result<i64, Trouble> {
        let doing = "move the lines of a file to another";
        self.must_be_planned(to, doing)?;
        let base = self.last_line(to)?;
        let newest = "SELECT coalesce(max(collection_id), 0) FROM collection";
        let before: i64 = self
            .sql
            .prepare_cached(newest)
            .and_then(|mut s| s.query_row([], |row| row.get(0)))
            .doing(doing)?;
        let run = |text: &str, with: &[&dyn rusqlite::ToSql]| {
            self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)
        };
        let moved = column::count(run(COPY_LINES, &[&from, &to, &base, &at.unix_ms()])?);
        run(COPY_ALLOCATIONS, &[&before])?;
        run(TAKE_OVER, &[&before])?;
        run(
            "UPDATE collection SET state = 'missed', reason = 'moved to another file'
             WHERE file_id = ?1 AND state IS NULL",
            &[&from],
        )?;
        let note = format!("{moved} lines went on in file {to}");
        event::write(&self.sql, &Event::of_file(from, at, "lines-moved", &note))?;
        Ok(moved)
    }

    /// The exchange's deadline passed: the lines of the file that follow it are missed and let go of their charges.
    /// Returns how many.
    pub fn mark_missed(&self, file_id: i64, at: Instant) -> Result<i64, Trouble> {
        let doing = "mark the lines of a file as missed";
        let text = "UPDATE collection SET state = 'missed' WHERE file_id = ?1 AND state IS NULL";
        let missed = self.sql.prepare_cached(text).and_then(|mut s| s.execute([file_id])).doing(doing)?;
        self.sql.prepare_cached(DETACH_MISSED).and_then(|mut s| s.execute([file_id])).doing(doing)?;
        let missed = column::count(missed);
        let note = format!("{missed} lines missed");
        event::write(&self.sql, &Event::of_file(file_id, at, "lines-missed", &note))?;
        Ok(missed)
    }

    /// Numbers the lines of a planned file 1, 2, … without gaps, in their order. Returns how many there are.
    pub fn close_gaps(&self, file_id: i64) -> Result<i64, Trouble> {
        let doing = "close the gaps of a file";
        self.must_be_planned(file_id, doing)?;
        let count = "SELECT count(line_no), coalesce(max(line_no), 0) FROM collection WHERE file_id = ?1";
        let (lines, last): (i64, i64) = self
            .sql
            .prepare_cached(count)
            .and_then(|mut s| s.query_row([file_id], |row| Ok((row.get(0)?, row.get(1)?))))
            .doing(doing)?;
        if lines == last {
            return Ok(lines);
        }
        let whole: i64 = self
            .sql
            .prepare_cached(
                "SELECT count(*) FROM (SELECT line_no, row_number() OVER (ORDER BY line_no) AS place
                   FROM collection WHERE file_id = ?1 AND line_no >= 1) WHERE line_no = place",
            )
            .and_then(|mut s| s.query_row([file_id], |row| row.get(0)))
            .doing(doing)?;
        // Past all others first: a unique index is checked row by row.
        self.sql
            .prepare_cached(NUMBER_ANEW)
            .and_then(|mut s| s.execute([file_id, whole, last]))
            .doing(doing)?;
        self.sql
            .prepare_cached(
                "UPDATE collection SET line_no = line_no - ?3 WHERE file_id = ?1 AND line_no > ?2",
            )
            .and_then(|mut s| s.execute([file_id, last, last]))
            .doing(doing)?;
        Ok(lines)
    }

    /// The sum of the lines of a file.
    pub fn sum(&self, file_id: i64) -> Result<Won, Trouble> {
        let text = "SELECT coalesce(sum(amount_won), 0) FROM collection WHERE file_id = ?1 AND line_no >= 1";
        let sum = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([file_id], |row| row.get(0)));
        sum.map(Won::new).doing("add the lines of a file up")
    }

    fn last_line(&self, file_id: i64) -> Result<i64, Trouble> {
        let text = "SELECT coalesce(max(line_no), 0) FROM collection WHERE file_id = ?1";
        let last = self.sql.prepare_cached(text).and_then(|mut s| s.query_row([file_id], |row| row.get(0)));
        last.doing("find the last line of a file")
    }

    fn must_be_planned(&self, file_id: i64, doing: &str) -> Result<(), Trouble> {
        let text = "SELECT 1 FROM file WHERE file_id = ?1 AND way = 'out' AND state = 'planned'";
        let planned = self.sql.prepare_cached(text).and_then(|mut s| s.exists([file_id])).doing(doing)?;
        if planned { Ok(()) } else { Err(unfit(doing, format!("file {file_id} is not planned"))) }
    }
}

/// Collections of a mandate that wait in a planned file.
pub(super) const REQUESTED_OF: &str =
    "SELECT k.collection_id FROM collection k JOIN file f ON f.file_id = k.file_id
    WHERE k.mandate_id = ?1 AND k.state IS NULL AND f.state = 'planned' ORDER BY k.collection_id";
