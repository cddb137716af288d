//! What one look at the books covers: everything, or what a night has to look at.
//!
//! A night looks at every charge and line of the last two months, at every older one that something happened to in the last
//! three days, and at a seventh of the others, so that each is looked at once a week: what nobody touches is not added up
//! every night for years. A ledger of two months is looked at whole.
//!
//! Must not: leave a row out for good. The sevenths are by blocks of keys, which never move.

use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::column::Doing;
use rusqlite::{Connection, OptionalExtension, params};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// How long a row is looked at every night, in days.
const YOUNG: i64 = 62;

/// How long what happened to an older row counts, in days: a night may be missed.
const TOUCHED: i64 = 3;

/// Keys that are looked at in the same night.
const BLOCK: i64 = 1 << 14;

/// Keys from one to another, both among them.
pub(super) type Range = (i64, i64);

/// What one look covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// Files that were answered at this instant or later (Unix milliseconds) …
    pub(super) since: i64,
    /// … and older ones whose key leaves this rest by seven.
    pub(super) seventh: i64,
    /// Charges by key.
    pub(super) charges: Vec<Range>,
    /// Collections, and so allocations, by key.
    pub(super) lines: Vec<Range>,
}

impl Scope {
    /// Everything.
    pub(super) fn whole() -> Self {
        Self { since: i64::MIN, seventh: 0, charges: vec![(0, i64::MAX)], lines: vec![(0, i64::MAX)] }
    }

    /// What the night of `now` has to look at.
    pub(super) fn tonight(sql: &Connection, now: Instant) -> Result<Self, Trouble> {
        let doing = "choose what the night looks at";
        let now = now.unix_ms();
        let since = now.saturating_sub(YOUNG * DAY);
        let lately = now.saturating_sub(TOUCHED * DAY);
        let seventh = now.div_euclid(DAY).rem_euclid(7);
        let young_charge = first_since(sql, CHARGE_AT, since).doing(doing)?;
        let young_line = first_since(sql, LINE_AT, since).doing(doing)?;
        let event = first_since(sql, EVENT_AT, lately).doing(doing)?;
        let mut charges = block_ranges(young_charge, seventh);
        let mut touched = sql.prepare_cached(TOUCHED_CHARGES).doing(doing)?;
        let rows =
            touched.query_map(params![young_charge, young_line, event, lately], |row| row.get::<_, i64>(0));
        for key in rows.doing(doing)? {
            let key = key.doing(doing)?;
            charges.push((key, key));
        }
        Ok(Self { since, seventh, charges, lines: block_ranges(young_line, seventh) })
    }
}

const CHARGE_AT: &str =
    "SELECT charge_id, made_at FROM charge WHERE charge_id >= ?1 ORDER BY charge_id LIMIT 1";
const LINE_AT: &str = "SELECT collection_id, requested_at FROM collection WHERE collection_id >= ?1 ORDER BY collection_id LIMIT 1";
const EVENT_AT: &str = "SELECT event_id, at FROM event WHERE event_id >= ?1 ORDER BY event_id LIMIT 1";

/// Charges before ?1 to which something happened: a line from ?2 on asks for them, an event from ?3 on tells of them or of a
/// line of theirs, or money moved since ?4.
const TOUCHED_CHARGES: &str = "
    SELECT DISTINCT charge_id FROM (
      SELECT charge_id FROM allocation WHERE collection_id >= ?2
      UNION ALL SELECT id FROM event WHERE event_id >= ?3 AND subject = 'charge'
      UNION ALL SELECT a.charge_id FROM event e CROSS JOIN allocation a ON a.collection_id = e.id
        WHERE e.event_id >= ?3 AND e.subject = 'collection'
      UNION ALL SELECT charge_id FROM cash WHERE at >= ?4
      UNION ALL SELECT charge_id FROM charge_move WHERE at >= ?4
      UNION ALL SELECT other_charge FROM charge_move WHERE at >= ?4 AND other_charge IS NOT NULL
      UNION ALL SELECT p.charge_id FROM payout p LEFT JOIN file f ON f.file_id = p.file_id
        WHERE p.charge_id IS NOT NULL AND coalesce(f.answered_at, ?4) >= ?4)
    WHERE charge_id < ?1 ORDER BY charge_id";

/// The key of the first row at or after an instant, where rows were made in the order of their keys; behind the last where
/// there is none. `row` tells the first row from a key on, with its instant.
fn first_since(sql: &Connection, row: &str, since: i64) -> rusqlite::Result<i64> {
    let mut statement = sql.prepare_cached(row)?;
    let mut from = |key: i64| {
        statement.query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()
    };
    // All before `old` are too old; the first that is not lies at or before `young`.
    let (mut old, mut young) = (0_i64, i64::MAX);
    while old < young {
        let middle = old + (young - old) / 2;
        match from(middle)? {
            Some((key, at)) if at < since => old = key + 1,
            _ => young = middle,
        }
    }
    Ok(young)
}

/// What is looked at of keys: from `young` on all, before it the blocks of this seventh.
fn block_ranges(young: i64, seventh: i64) -> Vec<Range> {
    let mut ranges: Vec<Range> = (0..)
        .map(|week: i64| (week * 7 + seventh) * BLOCK)
        .take_while(|first| *first < young)
        .map(|first| (first, (first + BLOCK - 1).min(young - 1)))
        .collect();
    ranges.push((young, i64::MAX));
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn seven_nights_look_at_every_key_once_and_at_young_ones_each_night() {
        for young in [0, 1, BLOCK - 1, BLOCK, BLOCK * 7, BLOCK * 23 + 5] {
            let mut looked: BTreeMap<i64, i64> = BTreeMap::new();
            for night in 0..7 {
                let ranges = block_ranges(young, night);
                assert!(ranges.is_sorted() && ranges.iter().all(|(from, to)| from <= to), "{ranges:?}");
                for (from, to) in ranges {
                    *looked.entry(from).or_default() += 1;
                    *looked.entry(to.saturating_add(1)).or_default() -= 1;
                }
            }
            let (mut times, mut before) = (0, 0);
            for (key, change) in looked {
                // From `before` to `key` each key was looked at so often.
                let want = if before >= young { 7 } else { 1 };
                assert!(before == key || times == want, "{before}-{key}: {times}, young {young}");
                (times, before) = (times + change, key);
            }
        }
    }
}
