//! Values of the domain as columns, and what a failing database is told as.

use crate::domain::{Date, Instant, Month, Won};
use crate::fault::Trouble;
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use std::str::FromStr;

/// Says what was being done when the database failed.
pub(super) trait Doing<T> {
    /// The same result with its error told as a [`Trouble`].
    fn doing(self, what: &str) -> std::result::Result<T, Trouble>;
}

impl<T> Doing<T> for Result<T> {
    fn doing(self, what: &str) -> std::result::Result<T, Trouble> {
        self.map_err(|error| Trouble::new(what, error))
    }
}

/// A trouble that the room itself found: a step does not fit what is stored.
pub(super) fn unfit(doing: &str, why: impl Into<String>) -> Trouble {
    Trouble::new(doing, why.into())
}

/// A column that does not hold what the program wrote there. The value itself is not repeated: it may be personal.
fn misread(at: usize, what: &str) -> Error {
    Error::FromSqlConversionFailure(at, Type::Text, format!("column {at} holds no {what}").into())
}

/// A text column read through `FromStr`.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, at: usize, what: &str) -> Result<T> {
    row.get_ref(at)?.as_str()?.parse().map_err(|_| misread(at, what))
}

/// A text or number column read through a function of the domain.
pub(super) fn through<V: rusqlite::types::FromSql, T>(
    row: &Row<'_>,
    at: usize,
    read: impl FnOnce(V) -> Option<T>,
) -> Result<T> {
    read(row.get(at)?).ok_or_else(|| misread(at, std::any::type_name::<T>()))
}

/// One word of a closed set.
pub(super) fn word<T>(row: &Row<'_>, at: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    read(row.get_ref(at)?.as_str()?).ok_or_else(|| misread(at, "known word"))
}

/// One word of a closed set, or nothing.
pub(super) fn opt_word<T>(
    row: &Row<'_>,
    at: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>> {
    match row.get_ref(at)?.as_str_or_null()? {
        None => Ok(None),
        Some(text) => read(text).map(Some).ok_or_else(|| misread(at, "known word")),
    }
}

/// An amount in won.
pub(super) fn won(row: &Row<'_>, at: usize) -> Result<Won> {
    row.get(at).map(Won::new)
}

/// A day.
pub(super) fn date(row: &Row<'_>, at: usize) -> Result<Date> {
    row.get(at).map(Date::from_epoch_days)
}

/// A day, or nothing.
pub(super) fn opt_date(row: &Row<'_>, at: usize) -> Result<Option<Date>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Date::from_epoch_days))
}

/// A month.
pub(super) fn month(row: &Row<'_>, at: usize) -> Result<Month> {
    row.get(at).map(Month::from_index)
}

/// An instant.
pub(super) fn instant(row: &Row<'_>, at: usize) -> Result<Instant> {
    row.get(at).map(Instant::from_unix_ms)
}

/// An instant, or nothing.
pub(super) fn opt_instant(row: &Row<'_>, at: usize) -> Result<Option<Instant>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Instant::from_unix_ms))
}

/// How an optional day is stored.
pub(super) fn day(date: Option<Date>) -> Option<i64> {
    date.map(Date::to_epoch_days)
}

/// How an optional instant is stored.
pub(super) fn ms(at: Option<Instant>) -> Option<i64> {
    at.map(Instant::unix_ms)
}

/// A page size as SQL takes it.
pub(super) fn page(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// How many rows a statement changed.
pub(super) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
