//! A sheet that goes out to be filled in and come back: the given columns and rows and nothing more, no row of sums that
//! would be read as a row.

use super::csv::{Csv, CsvEncoding};
use super::sheet::Sheet;
use super::table::{Cell, Column, Sink};
use crate::fault::Trouble;
use std::io::Write;

/// The rows as an .xlsx with one sheet of this name.
pub fn given_xlsx(
    out: &mut dyn Write,
    name: &str,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<(), Trouble> {
    let mut sheet = Sheet::new(out, name, columns)?;
    for row in rows {
        sheet.row(row)?;
    }
    sheet.close()
}

/// The rows as a csv.
pub fn given_csv(
    out: &mut dyn Write,
    encoding: CsvEncoding,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<(), Trouble> {
    let mut csv = Csv::new(out, encoding, columns)?;
    rows.iter().try_for_each(|row| csv.row(row))
}
