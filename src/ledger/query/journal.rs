//! Is the journal as it was written? Every row is hashed again and held against the chain, the chain against the roots
//! of its days, and the roots against what lies outside the ledger.
//!
//! Must not: mend. The first row that differs is named; what comes after it cannot be judged.

use crate::domain::Date;
use crate::fault::Trouble;
use crate::ledger::column::Doing;
use crate::ledger::journal::{
    CHECK, Chaining, FIRST, JOURNAL, LINK, Link, Root, TABLES, hex, last_link, link_from, root_from, seal,
};
use crate::ledger::open::Reader;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// What lies outside the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    /// The text of each root's file, by the day in its name.
    pub roots: BTreeMap<Date, String>,
    /// The last end of the chain that was noted: number and hash.
    pub head: Option<(i64, String)>,
}

/// What a look at the whole journal found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalCheck {
    /// Links that hold.
    pub links: i64,
    /// Rows that hold.
    pub rows: i64,
    /// Roots that hold.
    pub roots: i64,
    /// What does not hold: the first difference of the chain, then those of the roots.
    pub findings: Vec<String>,
}

impl Reader {
    /// Holds the journal against its chain, its roots, and what lies outside.
    pub fn verify_journal(&self, outside: &Outside) -> Result<JournalCheck, Trouble> {
        let doing = "read the journal";
        // One view of the ledger, whatever the daemon writes meanwhile.
        let tx = self.sql.unchecked_transaction().doing(doing)?;
        let mut check = JournalCheck::default();
        let broken = self.walk(&tx, &mut check)?;
        check.findings.extend(broken);
        self.look_at_roots(&tx, outside, &mut check)?;
        if let Some((link_id, hash)) = &outside.head {
            let text = "SELECT hash FROM link WHERE link_id = ?1";
            let found: Option<[u8; 32]> =
                tx.query_row(text, [link_id], |row| row.get(0)).optional().doing(doing)?;
            match found {
                None => check.findings.push(format!(
                    "head: the journal went up to link {link_id}, and does not any more: its end was cut off, or the ledger is an older one"
                )),
                Some(found) if hex(&found) != *hash => check
                    .findings
                    .push(format!("head: link {link_id} is not the one that was noted: the chain was written anew")),
                Some(_) => {}
            }
        }
        Ok(check)
    }

    /// Walks the chain; the first difference.
    fn walk(&self, sql: &Connection, check: &mut JournalCheck) -> Result<Option<String>, Trouble> {
        let doing = "read the chain of the journal";
        let mut statement = sql.prepare(&format!("SELECT {LINK} FROM link ORDER BY link_id")).doing(doing)?;
        let links = statement.query_map([], link_from).doing(doing)?;
        let mut last: Option<Link> = None;
        for link in links {
            let link = link.doing(doing)?;
            let (expected, marks, hash) = match &last {
                Some(last) => (last.link_id.saturating_add(1), last.marks, last.hash),
                None => (1, [0; TABLES], FIRST),
            };
            if link.link_id != expected {
                return Ok(Some(format!("chain: link {expected} is missing before link {}", link.link_id)));
            }
            let mut chaining = Chaining::after(&self.ring, &hash, marks);
            for (table, mark) in link.marks.into_iter().enumerate() {
                chaining.take(sql, table, mark)?;
            }
            if let Some(found) = first_difference(&link, &chaining.rows) {
                return Ok(Some(format!("{found} (link {}, {})", link.link_id, link.at)));
            }
            // A row that is gone leaves its mark behind: what was chained counts.
            chaining.marks = link.marks;
            let rows = chaining.rows.len();
            if chaining.finish(link.link_id, link.date, link.at) != link.hash {
                return Ok(Some(format!(
                    "chain: link {} itself was altered, or does not follow link {}",
                    link.link_id,
                    link.link_id.saturating_sub(1)
                )));
            }
            check.links = check.links.saturating_add(1);
            check.rows = check.rows.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX));
            last = Some(link);
        }
        let mut beyond = Chaining::after(&self.ring, &FIRST, last.map_or([0; TABLES], |link| link.marks));
        for table in 0..TABLES {
            beyond.take(sql, table, i64::MAX)?;
        }
        Ok(beyond.rows.first().map(|(table, key, _)| {
            format!("{}: it is in no link: written past sunap", row_name(*table, *key))
        }))
    }

    fn look_at_roots(
        &self,
        sql: &Connection,
        outside: &Outside,
        check: &mut JournalCheck,
    ) -> Result<(), Trouble> {
        let doing = "read the roots of the journal";
        let mut statement =
            sql.prepare("SELECT date, link_id, hash, previous, seal FROM root ORDER BY date").doing(doing)?;
        let roots: Vec<Root> =
            statement.query_map([], root_from).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)?;
        let mut previous = FIRST;
        for root in &roots {
            let found = self.look_at_root(sql, root, previous, outside.roots.get(&root.date))?;
            previous = root.seal;
            match found {
                Some(found) => check.findings.push(format!("root {}: {found}", root.date)),
                None => check.roots = check.roots.saturating_add(1),
            }
        }
        let unknown = outside.roots.keys().filter(|date| roots.iter().all(|root| root.date != **date));
        check.findings.extend(unknown.map(|date| {
            format!("root {date}: it lies in state/roots, but the ledger knows none: its end was cut off, or it is an older one")
        }));
        let today = last_link(sql)?.map_or(i64::MIN, |link| link.date.to_epoch_days());
        let text = "SELECT DISTINCT date FROM link WHERE date < ?1 AND date NOT IN (SELECT date FROM root) ORDER BY date";
        let mut statement = sql.prepare(text).doing(doing)?;
        let without = statement.query_map([today], |row| row.get::<_, i64>(0)).doing(doing)?;
        for day in without {
            let date = Date::from_epoch_days(day.doing(doing)?);
            // The last day's root is made in the first turn of the next one: a moment without is no finding.
            if roots.last().is_some_and(|last| last.date > date) {
                check.findings.push(format!("root {date}: the day was journaled and has no root"));
            }
        }
        Ok(())
    }

    fn look_at_root(
        &self,
        sql: &Connection,
        root: &Root,
        previous: [u8; 32],
        file: Option<&String>,
    ) -> Result<Option<String>, Trouble> {
        let doing = "hold a root against the chain";
        if root.previous != previous || root.seal != seal(&self.ring, root) {
            return Ok(Some("it is not what was sealed, or does not follow the root before it".to_string()));
        }
        let text =
            "SELECT hash, date, (SELECT max(link_id) FROM link WHERE date = ?2) FROM link WHERE link_id = ?1";
        let day = root.date.to_epoch_days();
        let found: Option<([u8; 32], i64, i64)> = sql
            .query_row(text, [root.link_id, day], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()
            .doing(doing)?;
        let holds =
            found.is_some_and(|(hash, date, last)| hash == root.hash && date == day && last == root.link_id);
        if !holds {
            return Ok(Some(format!(
                "the day's journal does not end in link {} as it did when it was sealed: the chain was cut or written anew",
                root.link_id
            )));
        }
        Ok(match file {
            None => Some("state/roots has no file of it".to_string()),
            Some(text) if *text != root.to_string() => {
                Some("its file in state/roots says something else: one of the two was changed".to_string())
            }
            Some(_) => None,
        })
    }
}

fn row_name(table: usize, key: i64) -> String {
    let name = JOURNAL.get(table).map_or("row", |(name, _)| *name);
    format!("{name} #{key}")
}

/// The first row of a link that is not the one that was chained.
fn first_difference(link: &Link, rows: &[(usize, i64, [u8; CHECK])]) -> Option<String> {
    let (kept, _) = link.checks.as_chunks::<CHECK>();
    for (at, expected) in kept.iter().enumerate() {
        let Some((table, key, found)) = rows.get(at) else {
            let after = rows
                .last()
                .map_or(String::new(), |(table, key, _)| format!(" after {}", row_name(*table, *key)));
            let gone = kept.len().saturating_sub(rows.len());
            return Some(format!("{gone} rows are missing{after}"));
        };
        if found == expected {
            continue;
        }
        let name = row_name(*table, *key);
        let gone = kept.len().saturating_sub(rows.len());
        return Some(if gone > 0 && kept.get(at.saturating_add(gone)) == Some(found) {
            format!("{gone} rows are missing before {name}")
        } else if rows.len() > kept.len()
            && rows.get(at.saturating_add(1)).is_some_and(|(_, _, next)| next == expected)
        {
            format!("{name} was put in")
        } else {
            format!("{name} was altered")
        });
    }
    let (table, key, _) = rows.get(kept.len())?;
    Some(format!("{} was put in", row_name(*table, *key)))
}
