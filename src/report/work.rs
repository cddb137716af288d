//! 업무로그 (F10): the log of work as a table.
//!
//! Must not: choose rows; the query does.

use super::any::sink;
use super::table::{Cell, CellKind, Column, Format, Totals};
use crate::fault::Trouble;
use crate::ledger::{LogQuery, Reader, Take};
use std::io::Write;

const COLUMNS: [Column; 8] = [
    Column { key: "at", ko: "일시", kind: CellKind::Time, width: 19 },
    Column { key: "who", ko: "사용자", kind: CellKind::Text, width: 16 },
    Column { key: "object", ko: "대상", kind: CellKind::Text, width: 30 },
    Column { key: "happening", ko: "업무", kind: CellKind::Text, width: 16 },
    Column { key: "from", ko: "이전", kind: CellKind::Text, width: 12 },
    Column { key: "to", ko: "이후", kind: CellKind::Text, width: 12 },
    Column { key: "cause", ko: "근거 파일", kind: CellKind::Text, width: 24 },
    Column { key: "note", ko: "내용", kind: CellKind::Text, width: 40 },
];

/// Writes the log; how many rows it had.
pub fn write_log(
    reader: &Reader,
    query: &LogQuery<'_>,
    format: Format,
    out: &mut dyn Write,
) -> Result<u64, Trouble> {
    let mut sink = sink("업무로그", &COLUMNS, format, out)?;
    let mut rows = 0_u64;
    reader.log::<Trouble>(query, |row| {
        rows = rows.saturating_add(1);
        sink.row(&[
            Cell::Time(row.at),
            Cell::Text(row.who),
            Cell::Text(row.object),
            Cell::Text(row.happening),
            Cell::Text(row.from),
            Cell::Text(row.to),
            Cell::Text(row.cause),
            Cell::Text(row.note),
        ])?;
        Ok(Take::More)
    })?;
    sink.finish(Totals::of(&COLUMNS).cells(), rows)?;
    Ok(rows)
}
