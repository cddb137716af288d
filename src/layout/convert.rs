//! A record that was read, written again from its values: what the loader proves of every example, and what a program
//! that rewrites a file needs. Padding and tolerated forms come out by the book.

use super::plan::{FieldIx, Kind, Layout, RecordIx};
use super::view::RecordView;
use super::write::{Row, WriteError, Writer};
use crate::fault::Fault;
use std::io::Write;

/// Whether the writer can compute a field's value: a serial, an equal field, the file's name, a count or a sum.
pub fn is_computed(layout: &Layout, record: RecordIx, field: FieldIx) -> bool {
    let Some(plan) = layout.plan(record).and_then(|record| record.field(field)) else { return false };
    let consecutive = plan
        .series
        .and_then(|series| layout.series.get(series))
        .is_some_and(|series| series.rule == super::raw::SerialRule::Consecutive);
    let early = plan.check.and_then(|check| layout.checks.get(check)).is_some_and(|check| !check.late);
    consecutive || early || plan.equals.is_some() || matches!(plan.kind, Kind::FileName)
}

/// Writes a record from the values of one that was read. What can be computed is left to the writer where
/// `computing`, else it is copied and verified.
pub fn copy_record<W: Write>(
    view: &RecordView<'_>,
    out: &mut Writer<'_, W>,
    computing: bool,
) -> Result<(), WriteError> {
    let (layout, kind) = (out.layout(), view.record());
    let mut row = out.record(kind);
    for (ix, spec) in view.fields() {
        let fixed = matches!(spec.plan.kind, Kind::Const(_) | Kind::Filler(_));
        if fixed || (computing && is_computed(layout, kind, ix)) {
            continue;
        }
        copy_field(view, ix, &spec.plan.kind, &mut row)?;
    }
    row.finish()
}

fn copy_field<W: Write>(
    view: &RecordView<'_>,
    ix: FieldIx,
    kind: &Kind,
    row: &mut Row<'_, '_, W>,
) -> Result<(), Fault> {
    if view.is_blank(ix) && !matches!(kind, Kind::Code { .. } | Kind::Payload) {
        return row.blank(ix).map(drop);
    }
    match kind {
        Kind::Serial | Kind::Number { .. } => match view.number(ix) {
            Some(number) => row.number(ix, number).map(drop),
            None => row.bytes(ix, view.bytes(ix)).map(drop),
        },
        Kind::Date { .. } => match (view.date(ix), view.month_day(ix)) {
            (Some(date), _) => row.date(ix, date).map(drop),
            (None, Some((month, day))) => row.month_day(ix, month, day).map(drop),
            (None, None) => row.blank(ix).map(drop),
        },
        Kind::Time { .. } => match view.time(ix) {
            Some(time) => row.time(ix, time).map(drop),
            None => row.blank(ix).map(drop),
        },
        Kind::Code { .. } => match view.code(ix) {
            Some(name) => row.code(ix, name).map(drop),
            None => row.blank(ix).map(drop),
        },
        Kind::Payload | Kind::Opaque => row.bytes(ix, view.bytes(ix)).map(drop),
        _ => match view.text(ix) {
            Some(text) => row.text(ix, &text).map(drop),
            None => row.bytes(ix, view.bytes(ix)).map(drop),
        },
    }
}
