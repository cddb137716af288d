//! The lines of a list before its cells are cut: where each row begins, and whether its quotes hold. The csv reader is
//! lenient, so one quote that is never closed would silently swallow every row behind it; and it skips empty lines,
//! so it cannot say which row of the spreadsheet a row is.
//!
//! Must not: cut cells; the csv crate does.

use crate::fault::{Fault, Faults, Place};

/// The number of every row that is not empty, as a spreadsheet counts them: a line break inside quotes is no new row.
/// Rows end with CR, LF or both, as the csv reader has it.
pub(super) fn numbers(file: &str, text: &str, delimiter: u8) -> Result<Vec<u64>, Faults> {
    let mut rows = Vec::new();
    let mut row = 1_u64;
    let mut opened = 0_u64;
    let mut filled = false;
    let mut after_cr = false;
    let mut state = At::CellStart;
    for byte in text.bytes() {
        let end = matches!(byte, b'\r' | b'\n') && state != At::Quoted;
        if end {
            if filled {
                rows.push(row);
            }
            // The LF of a CR LF ends nothing more.
            row = row.saturating_add(u64::from(!(after_cr && byte == b'\n')));
            (filled, after_cr, state) = (false, byte == b'\r', At::CellStart);
            continue;
        }
        (filled, after_cr) = (true, false);
        state = match (state, byte) {
            (At::CellStart, b'"') => {
                opened = row;
                At::Quoted
            }
            (At::Quoted, b'"') => At::QuoteSeen,
            (At::Quoted, _) | (At::QuoteSeen, b'"') => At::Quoted,
            (At::CellStart | At::Bare | At::QuoteSeen, b) if b == delimiter => At::CellStart,
            (At::QuoteSeen, _) => {
                let expected = "a comma or the end of the row behind a closing quote; a quote inside is written twice (\"\")";
                return Err(fault("list-quote-misplaced", file, opened, expected));
            }
            (At::CellStart | At::Bare, _) => At::Bare,
        };
    }
    if state == At::Quoted {
        let expected = "a closing quote for the cell that begins with one";
        return Err(fault("list-quote-not-closed", file, opened, expected));
    }
    if filled {
        rows.push(row);
    }
    Ok(rows)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    CellStart,
    Bare,
    Quoted,
    QuoteSeen,
}

fn fault(name: &'static str, file: &str, row: u64, expected: &str) -> Faults {
    let place = Place::Row { file: file.into(), row, column: String::new() };
    let remedy = "mend the quotes of that row, or save the sheet again as CSV";
    Faults::from(vec![Fault::new(name, place, expected, remedy)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_a_spreadsheet_does_and_quotes_must_hold() {
        for (text, expected) in [
            ("a,b\n\"c,\"\"d\"\"\",e\r\n", "[1, 2]"),
            ("a,5\" pipe\nb,c", "[1, 2]"),
            ("a\r\n\r\nb\r\n,\r\n", "[1, 3, 4]"),
            ("a\r\rb\rc", "[1, 3, 4]"),
            ("a\n\"two\r\nlines\",x\nb\n", "[1, 2, 3]"),
            ("", "[]"),
            ("a,\"two\nlines\"\nb,\"", "list-quote-not-closed row 2"),
            ("a\n\"b\"c,d\n", "list-quote-misplaced row 2"),
        ] {
            let found = match numbers("f", text, b',') {
                Ok(rows) => format!("{rows:?}"),
                Err(faults) => {
                    let fault = &faults.kept()[0];
                    let Place::Row { row, .. } = fault.place else { unreachable!() };
                    format!("{} row {row}", fault.name)
                }
            };
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn the_csv_reader_cuts_the_same_rows() {
        for text in
            ["a,b\r\nc\r\n", "a\r\rb\rc", "\n\na\n\n\nb", "\"x\ny\",z\n\nw", "a\r\n\"\"\r\n \r\n", ","]
        {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            assert_eq!(reader.records().count(), numbers("f", text, b',').unwrap().len(), "{text:?}");
        }
    }
}
