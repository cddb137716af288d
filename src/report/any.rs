//! A table of any columns in any format.
//!
//! Must not: choose rows, or order them.

use super::csv::Csv;
use super::json::Json;
use super::screen::Screen;
use super::sheet::Sheet;
use super::table::{Cell, Column, Format, Sink, Totals};
use crate::fault::Trouble;
use std::io::Write;

/// Where the rows of a table go.
pub(super) fn sink<'a>(
    name: &str,
    columns: &[Column],
    format: Format,
    out: &'a mut dyn Write,
) -> Result<Box<dyn Sink + 'a>, Trouble> {
    Ok(match format {
        Format::Table => Box::new(Screen::new(out, columns)),
        Format::Csv(encoding) => Box::new(Csv::new(out, encoding, columns)?),
        Format::Xlsx => Box::new(Sheet::new(out, name, columns)?),
        Format::Json => Box::new(Json::new(out, columns)),
    })
}

/// Writes rows of as many cells as there are columns; how many there were. `name` is that of the sheet.
pub fn write_table(
    name: &str,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    format: Format,
    out: &mut dyn Write,
) -> Result<u64, Trouble> {
    let mut sink = sink(name, columns, format, out)?;
    let mut count = 0_u64;
    for row in rows {
        count = count.saturating_add(1);
        sink.row(&row)?;
    }
    sink.finish(Totals::of(columns).cells(), count)?;
    Ok(count)
}
