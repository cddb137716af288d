//! Tables for a terminal. They are held whole, so only the first rows are shown.

use super::table::{Cell, CellKind, Column, Sink};
use crate::fault::Trouble;
use comfy_table::{CellAlignment, Table, presets};
use std::io::Write;

/// A person reads no more; csv and xlsx have all of them.
pub(super) const MOST_ROWS: u64 = 1_000;

pub(super) struct Screen<'w> {
    out: &'w mut dyn Write,
    table: Table,
    rows: u64,
}

impl<'w> Screen<'w> {
    pub(super) fn new(out: &'w mut dyn Write, columns: &[Column]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::ASCII_FULL_CONDENSED);
        table.set_header(columns.iter().map(|column| column.ko));
        for (nth, column) in columns.iter().enumerate() {
            let right = matches!(column.kind, CellKind::Won | CellKind::Count | CellKind::Number);
            if let Some(shown) = table.column_mut(nth).filter(|_| right) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { out, table, rows: 0 }
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Won(won) => won.to_string(),
        // What came from outside must not move the cursor.
        cell => crate::fault::printable(&cell.plain()).to_string(),
    }
}

impl Sink for Screen<'_> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Trouble> {
        if self.rows < MOST_ROWS {
            self.table.add_row(cells.iter().map(shown));
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    fn finish(mut self: Box<Self>, totals: &[Cell], rows: u64) -> Result<(), Trouble> {
        let label = format!("합계 {rows}건");
        self.table.add_row(
            totals.iter().enumerate().map(|(nth, cell)| {
                if nth == 0 && *cell == Cell::Empty { label.clone() } else { shown(cell) }
            }),
        );
        let told = |error| Trouble::new("write a report", error);
        writeln!(self.out, "{}", self.table).map_err(told)?;
        let more = rows.saturating_sub(MOST_ROWS);
        if more > 0 {
            writeln!(self.out, "{more} more rows: use --format csv or xlsx").map_err(told)?;
        }
        Ok(())
    }
}
