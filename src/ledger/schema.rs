//! The steps of the schema, counted by `PRAGMA user_version`.
//!
//! A step that was released is never edited: a change is a new step at the end.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as a ledger of sunap (`PRAGMA application_id`): "SUNP".
pub(super) const APPLICATION_ID: i64 = 0x5355_4e50;

/// Every step, oldest first; the version of a ledger is how many of them it has.
const STEPS: &[&str] = &[
    concat!(
        include_str!("schema/0001.sql"),
        include_str!("schema/books.sql"),
        include_str!("schema/settlement.sql"),
        include_str!("schema/approval.sql"),
        include_str!("schema/journal.sql"),
        include_str!("schema/collect.sql"),
        include_str!("schema/application.sql"),
        include_str!("schema/config_code.sql"),
        include_str!("schema/change.sql"),
        include_str!("schema/evidence.sql"),
        include_str!("schema/message.sql"),
        include_str!("schema/people.sql"),
        include_str!("schema/paper.sql"),
        include_str!("schema/retention.sql")
    ),
    include_str!("schema/0002.sql"),
];

/// The newest version that this program knows.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The version of the schema that a ledger has.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Applies the steps that are missing, all in one exclusive transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let found: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for step in STEPS.iter().skip(done) {
        tx.execute_batch(step)?;
    }
    if found < VERSION {
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    tx.commit()
}
