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
    given_rows(out, name, columns, rows.iter().cloned())
}

/// The same of rows that are made as they are written.
pub fn given_rows(
    out: &mut dyn Write,
    name: &str,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), Trouble> {
    // A sheet's name has no such character.
    let mut sheet = Sheet::new(out, &name.replace('·', " "), columns)?;
    for row in rows {
        sheet.row(&row)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Won;
    use crate::report::table::CellKind;
    use calamine::{Data, Reader, Xlsx};

    const COLUMNS: [Column; 3] = [
        Column { key: "payer_no", ko: "납부자번호", kind: CellKind::Text, width: 10 },
        Column { key: "amount_won", ko: "금액", kind: CellKind::Won, width: 10 },
        Column { key: "wanted", ko: "의뢰", kind: CellKind::Text, width: 6 },
    ];

    /// A number of a payer stays a text with its zeros, and no row of sums stands below.
    #[test]
    fn a_sheet_comes_back_as_it_was_given() {
        let row =
            |no: &str, won| vec![Cell::Text(no.into()), Cell::Won(Won::new(won)), Cell::Text("Y".into())];
        let rows = [row("0001", 120_000), row("=1+1", 5)];
        let mut bytes = Vec::new();
        given_xlsx(&mut bytes, "의뢰예정", &COLUMNS, &rows).unwrap();
        let mut again = Vec::new();
        given_xlsx(&mut again, "의뢰예정", &COLUMNS, &rows).unwrap();
        assert_eq!(bytes, again, "the same rows are the same bytes");
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("의뢰예정").unwrap();
        let cells: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
        assert_eq!(cells.len(), 3);
        assert_eq!(cells[0][2], Data::String("의뢰".into()));
        assert_eq!(cells[1][0], Data::String("0001".into()));
        assert_eq!(cells[1][1], Data::Float(120_000.0));
        assert_eq!(cells[2][0], Data::String("=1+1".into()));
        let mut csv = Vec::new();
        given_csv(&mut csv, CsvEncoding::Utf8, &COLUMNS, &rows).unwrap();
        let text = String::from_utf8(csv).unwrap();
        assert_eq!(text, "\u{feff}납부자번호,금액,의뢰\r\n0001,120000,Y\r\n'=1+1,5,Y\r\n");
    }
}
