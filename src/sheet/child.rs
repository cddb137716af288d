//! The child's side: a workbook on stdin, its first sheet as CSV on stdout, closed by the end mark.
//!
//! Must not: open any file. The limits are set before the first byte is read.

use super::{END, KINDS};
use crate::intake::kinds::CellKind;
use crate::intake::{MAX_COLUMNS, MAX_ROWS};
use calamine::{Data, Range, Reader, open_workbook_auto_from_rs};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{Cursor, Read, Write};

/// The exit code of a workbook that is refused with a reason on stderr.
pub const REFUSED: i32 = 65;

const MEMORY_BYTES: u64 = 1 << 30;
const CPU_SECONDS: u64 = 30;
const MAX_INPUT_BYTES: u64 = 64 << 20;
const MAX_ENTRIES: usize = 2_000;
const MAX_UNPACKED_BYTES: u64 = 512 << 20;
const MAX_RATIO: u64 = 200;
/// Below this a high ratio does no harm: empty style sheets pack very well.
const RATIO_COUNTS_FROM: u64 = 16 << 20;
/// Integers up to here stand exactly in a spreadsheet's numbers (15 digits).
const EXACT_BELOW: u64 = 1_000_000_000_000_000;
/// Sheets that our templates carry beside the list.
pub(super) const BESIDE: [&str; 2] = ["안내", "목록"];

/// Reads, converts, prints. The error is one sentence for the person.
pub fn run(input: impl Read, mut out: impl Write) -> Result<(), String> {
    limit()?;
    translate(input, &mut out)
}

/// The same without limits, for a process that has its own (fuzzing).
pub fn translate(input: impl Read, mut out: impl Write) -> Result<(), String> {
    let mut bytes = Vec::new();
    input.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err("it has more than 64 MiB".into());
    }
    let text = convert(bytes)?;
    out.write_all(&text)
        .and_then(|()| out.write_all(END))
        .and_then(|()| out.flush())
        .map_err(|e| e.to_string())
}

/// Takes away what a reader does not need: memory, time, written files, new files.
fn limit() -> Result<(), String> {
    let most = |n| Rlimit { current: Some(n), maximum: Some(n) };
    for (resource, n) in [
        (Resource::As, MEMORY_BYTES),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, 3),
    ] {
        setrlimit(resource, most(n)).map_err(|e| format!("its reader could not limit itself ({e})"))?;
    }
    Ok(())
}

/// The CSV of a workbook's bytes.
fn convert(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.starts_with(b"PK") {
        weigh(&bytes)?;
    }
    let mut book =
        open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| format!("it does not open ({e})"))?;
    let mut found: Option<Range<Data>> = None;
    for name in book.sheet_names() {
        if BESIDE.contains(&name.as_str()) {
            continue;
        }
        let range = book.worksheet_range(&name).map_err(|e| format!("a sheet does not read ({e})"))?;
        if range.is_empty() {
            continue;
        }
        if found.is_some() {
            return Err("more than one sheet has rows (시트가 둘 이상입니다)".into());
        }
        found = Some(range);
    }
    print(&found.ok_or("no sheet has rows (빈 시트)")?)
}

/// What a zip archive says it will become, before anything is unpacked.
fn weigh(bytes: &[u8]) -> Result<(), String> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("it is no whole zip archive ({e})"))?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("it packs {} files, more than {MAX_ENTRIES}", archive.len()));
    }
    let mut sum = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|e| format!("an entry does not read ({e})"))?;
        sum = sum.saturating_add(entry.size());
        let ratio_wrong = entry.size() > entry.compressed_size().max(1).saturating_mul(MAX_RATIO);
        if sum > MAX_UNPACKED_BYTES || (entry.size() > RATIO_COUNTS_FROM && ratio_wrong) {
            return Err("it would unpack to far more than a list needs (압축 폭탄)".into());
        }
    }
    Ok(())
}

fn print(range: &Range<Data>) -> Result<Vec<u8>, String> {
    let (top, left) = range.start().unwrap_or_default();
    let (rows, columns) = range.get_size();
    // Rows may be padded with empty ones; the list's own count of filled rows follows in `intake`.
    if rows.saturating_add(top as usize) > MAX_ROWS.saturating_mul(2) {
        return Err(format!("it has more than {MAX_ROWS} rows"));
    }
    if columns.saturating_add(left as usize) > MAX_COLUMNS {
        return Err(format!("it has more than {MAX_COLUMNS} columns"));
    }
    let mut out = b"\xEF\xBB\xBF".to_vec();
    let mut kinds = KINDS.to_vec();
    for text in [&mut out, &mut kinds] {
        text.extend(std::iter::repeat_n(b'\n', top as usize));
    }
    for row in range.rows() {
        if row.iter().any(|cell| !matches!(cell, Data::Empty)) {
            out.extend(std::iter::repeat_n(b',', left as usize));
            for (index, cell) in row.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                quote(&mut out, &shown(cell));
            }
        }
        kinds.extend(std::iter::repeat_n(CellKind::Other.letter(), left as usize));
        kinds.extend(row.iter().map(|cell| kind_of(cell).letter()));
        out.push(b'\n');
        kinds.push(b'\n');
    }
    out.extend(kinds);
    Ok(out)
}

/// A cell in quotes: whatever stands in it, it stays one cell.
fn quote(out: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

/// What a cell is.
fn kind_of(cell: &Data) -> CellKind {
    match cell {
        Data::String(_) => CellKind::Text,
        Data::Int(_) | Data::Float(_) => CellKind::Number,
        Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => CellKind::Date,
        _ => CellKind::Other,
    }
}

/// A cell as text. Numbers beyond 15 digits have lost some: they show their exponent, which `intake` explains.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => integer(*number),
        Data::Float(number) => float(*number),
        Data::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.into(),
        Data::Error(error) => error.to_string(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, _, _) = at.to_ymd_hms_milli();
            match (hour, minute) {
                (0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
            }
        }
        #[expect(unreachable_patterns, reason = "newer versions of the reader may know more kinds of cells")]
        _ => String::new(),
    }
}

fn integer(number: i64) -> String {
    if number.unsigned_abs() < EXACT_BELOW { number.to_string() } else { format!("{number:E}") }
}

/// Printed and read back, not rounded: `1234` for 1234.0, `1.5` for 1.5, `1.1E15` beyond 15 digits.
fn float(number: f64) -> String {
    let plain = format!("{number}");
    let digits = plain.trim_start_matches('-').len();
    if digits > 15 && !plain.contains('.') {
        let scientific = format!("{number:E}");
        return match scientific.split_once('E') {
            Some((head, exponent)) if !exponent.starts_with('-') => format!("{head}E+{exponent}"),
            _ => scientific,
        };
    }
    plain
}
