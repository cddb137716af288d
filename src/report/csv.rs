//! Tables as csv: UTF-8 with a byte order mark, or CP949 for old programs. What a spreadsheet would take for a formula
//! gets an apostrophe in front, because names and groups come from outside.

use super::table::{Cell, Column, Sink};
use crate::fault::Trouble;
use crate::layout::Encoding;
use std::borrow::Cow;
use std::io::Write;

/// The bytes of a csv.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvEncoding {
    /// UTF-8 with a byte order mark, which Excel needs.
    Utf8,
    /// CP949; a character that it lacks is a trouble that names it.
    Cp949,
}

pub(super) struct Csv<'w> {
    out: &'w mut dyn Write,
    encoding: CsvEncoding,
}

impl<'w> Csv<'w> {
    pub(super) fn new(
        out: &'w mut dyn Write,
        encoding: CsvEncoding,
        columns: &[Column],
    ) -> Result<Self, Trouble> {
        if encoding == CsvEncoding::Utf8 {
            out.write_all("\u{feff}".as_bytes()).map_err(told)?;
        }
        let mut csv = Self { out, encoding };
        csv.line(columns.iter().map(|column| column.ko.to_string()))?;
        Ok(csv)
    }

    fn line(&mut self, values: impl Iterator<Item = String>) -> Result<(), Trouble> {
        let mut text = String::new();
        for (nth, value) in values.enumerate() {
            if nth > 0 {
                text.push(',');
            }
            text.push_str(&quoted(&value));
        }
        text.push_str("\r\n");
        let bytes = match self.encoding {
            CsvEncoding::Utf8 => Cow::Borrowed(text.as_bytes()),
            CsvEncoding::Cp949 => {
                let mut bytes = Vec::with_capacity(text.len());
                Encoding::Cp949.encode(&text, &mut bytes).map_err(|why| {
                    let told = format!("{:?} is not in CP949; use --encoding utf-8", why.character);
                    Trouble::new("write a csv", told)
                })?;
                Cow::Owned(bytes)
            }
        };
        self.out.write_all(&bytes).map_err(told)
    }
}

impl Sink for Csv<'_> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Trouble> {
        self.line(cells.iter().map(|cell| match cell {
            Cell::Text(text) => neutral(text).into_owned(),
            cell => cell.plain(),
        }))
    }

    fn finish(mut self: Box<Self>, totals: &[Cell], rows: u64) -> Result<(), Trouble> {
        let label = format!("합계 {rows}건");
        self.line(
            totals.iter().enumerate().map(|(nth, cell)| {
                if nth == 0 && *cell == Cell::Empty { label.clone() } else { cell.plain() }
            }),
        )
    }
}

fn told(error: std::io::Error) -> Trouble {
    Trouble::new("write a csv", error)
}

/// A text that no spreadsheet takes for a formula.
pub(super) fn neutral(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn quoted(value: &str) -> Cow<'_, str> {
    if value.contains(['"', ',', '\r', '\n']) || value.starts_with(' ') || value.ends_with(' ') {
        Cow::Owned(format!("\"{}\"", value.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Won;
    use crate::report::table::CellKind;

    const COLUMNS: [Column; 2] = [
        Column { key: "name", ko: "이름", kind: CellKind::Text, width: 10 },
        Column { key: "won", ko: "금액", kind: CellKind::Won, width: 10 },
    ];

    fn written(encoding: CsvEncoding, name: &str) -> Result<Vec<u8>, Trouble> {
        let mut out = Vec::new();
        let mut csv = Box::new(Csv::new(&mut out, encoding, &COLUMNS)?);
        csv.row(&[Cell::Text(name.into()), Cell::Won(Won::new(-5))])?;
        csv.finish(&[Cell::Empty, Cell::Won(Won::new(-5))], 1)?;
        Ok(out)
    }

    #[test]
    fn a_formula_becomes_text_and_a_number_stays_one() {
        for (name, shown) in
            [("=1+1", "'=1+1"), ("@cmd", "'@cmd"), ("a,\"b", "\"a,\"\"b\""), ("홍길동", "홍길동")]
        {
            let text = String::from_utf8(written(CsvEncoding::Utf8, name).unwrap()).unwrap();
            assert_eq!(text, format!("\u{feff}이름,금액\r\n{shown},-5\r\n합계 1건,-5\r\n"));
        }
    }

    #[test]
    fn cp949_names_what_it_lacks() {
        assert!(written(CsvEncoding::Cp949, "똠방각하").is_ok());
        let why = written(CsvEncoding::Cp949, "é").unwrap_err().to_string();
        assert!(why.contains('é'), "{why}");
    }
}
