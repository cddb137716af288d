//! What kind each cell of a workbook was: a text stays what a person typed, a number has lost the zeros at its front, and a day may
//! have been made of something else. A text file (.csv, .tsv) does not say.
//!
//! Must not: judge; whether a zero can have been lost is the business of the column.

/// What a cell was in its workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Not known: the list is a text file.
    Unknown,
    /// Nothing, a truth value or an error.
    Other,
    /// Text.
    Text,
    /// A number, whatever its format shows.
    Number,
    /// A day or a time.
    Date,
}

impl CellKind {
    /// The letter by which it is handed on.
    pub const fn letter(self) -> u8 {
        match self {
            Self::Unknown => b'?',
            Self::Other => b'.',
            Self::Text => b't',
            Self::Number => b'n',
            Self::Date => b'd',
        }
    }

    const fn of_letter(letter: u8) -> Self {
        match letter {
            b'.' => Self::Other,
            b't' => Self::Text,
            b'n' => Self::Number,
            b'd' => Self::Date,
            _ => Self::Unknown,
        }
    }
}

/// The kinds of a sheet: a line of letters for each row, from its first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(Vec<Vec<u8>>);

impl Kinds {
    /// Of the lines of letters.
    pub fn of_lines(lines: &[u8]) -> Self {
        Self(lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
    }

    /// Of a cell; `row` counts as a spreadsheet does, from 1, `column` from 0.
    pub fn at(&self, row: u64, column: usize) -> CellKind {
        let line = usize::try_from(row).ok().and_then(|row| self.0.get(row.checked_sub(1)?));
        let letter = line.and_then(|line| line.get(column)).copied();
        letter.map_or(CellKind::Unknown, CellKind::of_letter)
    }
}

/// What a spreadsheet calls a cell: `B7`.
pub fn cell_name(row: u64, column: usize) -> String {
    let (mut letters, mut rest) = (Vec::new(), column);
    loop {
        letters.push(char::from(b'A'.saturating_add(u8::try_from(rest % 26).unwrap_or(0))));
        match rest / 26 {
            0 => break,
            more => rest = more.saturating_sub(1),
        }
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{row}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_called_as_in_a_spreadsheet() {
        for (row, column, name) in [(1, 0, "A1"), (7, 1, "B7"), (2, 25, "Z2"), (3, 26, "AA3"), (3, 63, "BL3")]
        {
            assert_eq!(cell_name(row, column), name);
        }
    }

    #[test]
    fn letters_come_back() {
        let kinds = Kinds::of_lines(b"ttt\n\n.nd\n");
        for (row, column, kind) in [
            (1, 0, CellKind::Text),
            (2, 0, CellKind::Unknown),
            (3, 0, CellKind::Other),
            (3, 1, CellKind::Number),
            (3, 2, CellKind::Date),
            (3, 3, CellKind::Unknown),
            (0, 0, CellKind::Unknown),
        ] {
            assert_eq!(kinds.at(row, column), kind, "{row} {column}");
        }
    }
}
