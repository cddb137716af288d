//! Tables as JSON: one object a line, so that a reader needs no more memory than we do.

use super::table::{Cell, Column, Sink};
use crate::fault::Trouble;
use serde_json::{Map, Value, json};
use std::io::Write;

pub(super) struct Json<'w> {
    out: &'w mut dyn Write,
    columns: Vec<Column>,
}

impl<'w> Json<'w> {
    pub(super) fn new(out: &'w mut dyn Write, columns: &[Column]) -> Self {
        Self { out, columns: columns.to_vec() }
    }

    fn object(&self, cells: &[Cell]) -> Map<String, Value> {
        let pairs = self.columns.iter().zip(cells).map(|(column, cell)| {
            let value = match cell {
                Cell::Empty => Value::Null,
                Cell::Won(won) => won.get().into(),
                Cell::Number(number) => (*number).into(),
                cell => cell.plain().into(),
            };
            (column.key.to_string(), value)
        });
        pairs.collect()
    }

    fn line(&mut self, value: &Value) -> Result<(), Trouble> {
        writeln!(self.out, "{value}").map_err(|error| Trouble::new("write a report", error))
    }
}

impl Sink for Json<'_> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Trouble> {
        let row = Value::Object(self.object(cells));
        self.line(&row)
    }

    fn finish(mut self: Box<Self>, totals: &[Cell], rows: u64) -> Result<(), Trouble> {
        let mut sums = self.object(totals);
        sums.retain(|_, value| !value.is_null());
        self.line(&json!({ "rows": rows, "totals": sums }))
    }
}
