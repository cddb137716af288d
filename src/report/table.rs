//! The one model of a table: columns with a Korean heading, and rows of typed cells that pass by.

use crate::domain::{Date, Instant, Month, Won};
use crate::fault::Trouble;
use unicode_width::UnicodeWidthStr;

/// What a column holds; decides alignment, number form and whether it is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Text; numbers of payers, accounts and codes are text, so that no program cuts their zeros.
    Text,
    /// Won, added up.
    Won,
    /// How many, added up.
    Count,
    /// A number that is no sum's part: a line's number, days of delay.
    Number,
    /// A day.
    Date,
    /// A month.
    Month,
    /// An instant in KST.
    Time,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// Won.
    Won(Won),
    /// A number.
    Number(i64),
    /// A day.
    Date(Date),
    /// A month.
    Month(Month),
    /// An instant.
    Time(Instant),
}

impl Cell {
    /// As csv and a screen show it; amounts without separators.
    pub fn plain(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Won(won) => won.get().to_string(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Month(month) => month.to_string(),
            Self::Time(at) => at.to_string(),
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The key in JSON.
    pub key: &'static str,
    /// The heading.
    pub ko: &'static str,
    /// What it holds.
    pub kind: CellKind,
    /// Width in cells of a terminal or a sheet; a Hangul syllable takes two.
    pub width: u16,
}

impl Column {
    /// The width that shows both the heading and the usual value.
    pub(super) fn fitting(&self) -> u16 {
        let heading = u16::try_from(self.ko.width()).unwrap_or(u16::MAX);
        self.width.max(heading).saturating_add(2)
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a screen; at most [`super::screen::MOST_ROWS`] rows.
    Table,
    /// Comma-separated, for spreadsheets.
    Csv(super::CsvEncoding),
    /// Excel.
    Xlsx,
    /// One JSON object a line, after a line that describes the report.
    Json,
}

/// Where rows go.
pub(super) trait Sink {
    /// Takes a row of as many cells as there are columns.
    fn row(&mut self, cells: &[Cell]) -> Result<(), Trouble>;
    /// Takes the sums (empty cells where a column has none) and how many rows there were, and ends.
    fn finish(self: Box<Self>, totals: &[Cell], rows: u64) -> Result<(), Trouble>;
}

/// The sums below the columns of won and counts. A sum beyond the range of an amount is a trouble, never a wrong number.
#[derive(Debug)]
pub(super) struct Totals(Vec<Cell>);

impl Totals {
    pub(super) fn of(columns: &[Column]) -> Self {
        let zero = |column: &Column| match column.kind {
            CellKind::Won => Cell::Won(Won::new(0)),
            CellKind::Count => Cell::Number(0),
            _ => Cell::Empty,
        };
        Self(columns.iter().map(zero).collect())
    }

    pub(super) fn add(&mut self, cells: &[Cell]) -> Result<(), Trouble> {
        for (total, cell) in self.0.iter_mut().zip(cells) {
            let sum = match (&*total, cell) {
                (Cell::Won(a), Cell::Won(b)) => a.checked_add(*b).map(Cell::Won),
                (Cell::Number(a), Cell::Number(b)) => a.checked_add(*b).map(Cell::Number),
                _ => continue,
            };
            *total =
                sum.ok_or_else(|| Trouble::new("add a report up", "the sum is too large".to_string()))?;
        }
        Ok(())
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.0
    }
}
