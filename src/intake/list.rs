//! The bytes of a list cut into rows under known headings.
//!
//! What is wrong with the file as a whole is a fault; what is wrong with one row waits in [`Row::broken`] and is
//! told in the answer.

use super::cell::is_exponent;
use super::columns::{ANSWER_HEADINGS, Column, Content, Need, of_kind, told};
use super::kinds::{CellKind, Kinds, cell_name};
use super::text::{Encoding, decode, no_workbook};
use super::{Kind, jamo, lines, resident};
use crate::fault::{Fault, Faults, Place, printable};
use crate::rules::{Name, Refused};

/// The most rows of one list; more go into a second file.
pub const MAX_ROWS: usize = 200_000;
/// The most columns of one list.
pub const MAX_COLUMNS: usize = 64;
/// The most characters of one cell.
pub const MAX_CELL_CHARS: usize = 500;

/// A list whose headings are right.
#[derive(Debug, Clone)]
pub struct List {
    /// Its name as dropped.
    pub file: String,
    /// What it asks for.
    pub kind: Kind,
    /// How it was encoded, and its answer will be.
    pub encoding: Encoding,
    pub(super) delimiter: u8,
    pub(super) crlf: bool,
    /// Whether it came as a workbook, and its answer will be one.
    pub(super) workbook: bool,
    /// The columns of the file from the left; `None` are those that an earlier answer added.
    pub(super) columns: Vec<Option<&'static Column>>,
    pub(super) headings: csv::StringRecord,
    records: Vec<Record>,
    /// What the cells of a workbook were; nothing of a text file.
    kinds: Kinds,
}

#[derive(Debug, Clone)]
struct Record {
    no: u64,
    cells: csv::StringRecord,
    broken: Vec<Refused>,
}

/// One row of a list.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    list: &'a List,
    record: &'a Record,
}

impl List {
    /// The rows with a value, from the top.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { list: self, record })
    }
}

impl<'a> Row<'a> {
    /// The row as a spreadsheet counts it: the heading is row 1.
    pub fn no(&self) -> u64 {
        self.record.no
    }

    /// Whether the list is a sheet that we gave: it has the column that tells why a row is left out.
    pub(super) fn is_of_given_sheet(&self) -> bool {
        self.list.headings.iter().any(|heading| heading.trim() == "제외사유")
    }

    /// What is wrong with the row as it is written; such a row is not parsed.
    pub fn broken(&self) -> &'a [Refused] {
        &self.record.broken
    }

    fn column(&self, heading: &str) -> Option<usize> {
        self.list.columns.iter().position(|c| c.is_some_and(|c| c.heading == heading))
    }

    /// What the cell under a heading was in its workbook, and what a spreadsheet calls it.
    pub fn kind(&self, heading: &str) -> (CellKind, String) {
        self.column(heading).map_or((CellKind::Unknown, String::new()), |index| {
            (self.list.kinds.at(self.record.no, index), cell_name(self.record.no, index))
        })
    }

    /// The cell under a heading, blanks at its ends taken off; `None` where the list has no such column.
    pub fn cell(&self, heading: &str) -> Option<&'a str> {
        let index = self.column(heading)?;
        Some(self.record.cells.get(index).unwrap_or_default().trim())
    }

    /// All cells as they came, with their columns; surplus cells have none.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'a str, Option<Option<&'static Column>>)> {
        let columns = &self.list.columns;
        self.record.cells.iter().enumerate().map(|(i, cell)| (cell, columns.get(i).copied()))
    }
}

impl std::fmt::Debug for Row<'_> {
    /// The number only: cells hold personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} of {}", self.record.no, printable(&self.list.file))
    }
}

/// The list, or why it is none.
pub fn read_list(file_name: &str, bytes: &[u8]) -> Result<List, Faults> {
    read_as(file_name, kind_of(file_name, bytes)?, bytes)
}

/// The list of a workbook whose sheet was made CSV text already (`sheet`), with what its cells were; its name keeps the
/// workbook's extension.
pub fn read_sheet(file_name: &str, kind: Kind, text: &[u8], kinds: Kinds) -> Result<List, Faults> {
    let mut list = read_as(file_name, kind, text)?;
    list.workbook = true;
    for record in &mut list.records {
        harmed(record, &list.columns, &kinds);
    }
    list.kinds = kinds;
    Ok(list)
}

fn read_as(file_name: &str, kind: Kind, bytes: &[u8]) -> Result<List, Faults> {
    let (text, encoding) = decode(file_name, bytes)?;
    let text = jamo::composed(&text);
    let heading_line = text.split(['\r', '\n']).next().unwrap_or_default();
    let tabs = extension(file_name) == "tsv" || (heading_line.contains('\t') && !heading_line.contains(','));
    let delimiter = if tabs { b'\t' } else { b',' };
    let numbers = lines::numbers(file_name, &text, delimiter)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let headings = match records.next() {
        Some(Ok(headings)) => headings,
        Some(Err(_)) | None => return Err(one(empty(file_name))),
    };
    let columns = match_headings(file_name, kind, &headings)?;
    let crlf = text.contains("\r\n");
    let mut list = List {
        file: file_name.into(),
        kind,
        encoding,
        delimiter,
        crlf,
        workbook: false,
        columns,
        headings,
        records: Vec::new(),
        kinds: Kinds::default(),
    };
    for (record, no) in records.zip(numbers.into_iter().skip(1)) {
        let Ok(cells) = record else { return Err(one(empty(file_name))) };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if list.records.len() == MAX_ROWS {
            let place = Place::Row { file: file_name.into(), row: no, column: String::new() };
            let expected = format!("at most {MAX_ROWS} rows");
            return Err(one(Fault::new(
                "list-too-many-rows",
                place,
                expected,
                "split the list into several files",
            )));
        }
        let broken = look(&cells, &list.columns);
        list.records.push(Record { no, cells, broken });
    }
    if list.records.is_empty() { Err(one(empty(file_name))) } else { Ok(list) }
}

fn one(fault: Fault) -> Faults {
    Faults::from(vec![fault])
}

fn empty(file: &str) -> Fault {
    let expected = "a heading row and at least one row below it";
    Fault::new("list-empty", Place::file(file), expected, "drop the list again with its rows")
}

fn extension(file_name: &str) -> String {
    file_name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default()
}

fn kind_of(file_name: &str, bytes: &[u8]) -> Result<Kind, Faults> {
    let fault =
        |name, expected: &str, remedy| one(Fault::new(name, Place::file(file_name), expected, remedy));
    let extension = extension(file_name);
    if matches!(extension.as_str(), "xls" | "xlsx" | "xlsm" | "xlsb" | "ods" | "cell") {
        if let Some(inside) = no_workbook(file_name, bytes) {
            return Err(one(inside));
        }
        let remedy = "open it, save it as .xlsx or as \"CSV UTF-8 (쉼표로 분리)\", and name it so";
        let expected = "a workbook that is one (.xlsx, .xls), or a text file (.csv, .tsv)";
        return Err(fault("list-is-spreadsheet", expected, remedy));
    }
    if !matches!(extension.as_str(), "csv" | "tsv") {
        let remedy = "save the list as .csv and drop it again";
        return Err(fault("list-extension-unknown", "a list: .csv or .tsv", remedy));
    }
    Kind::of_name(file_name).ok_or_else(|| {
        let known: Vec<String> = Kind::ALL.iter().map(|k| format!("{}* ({})", k.word(), k.ko())).collect();
        let expected = format!("a name that says what the list is: {}", known.join(", "));
        let remedy = "rename the file, such as mandates-0105.csv, and drop it again";
        fault("list-name-unknown", &expected, remedy)
    })
}

/// The column of every heading, or all that is wrong with the headings.
fn match_headings(
    file: &str,
    kind: Kind,
    headings: &csv::StringRecord,
) -> Result<Vec<Option<&'static Column>>, Faults> {
    let columns = of_kind(kind);
    let guide = "see docs/lists.md (목록 안내서) for the headings";
    let mut texts: Vec<&str> = headings.iter().map(str::trim).collect();
    // A spreadsheet may leave empty columns on the right.
    while texts.last().is_some_and(|text| text.is_empty()) {
        texts.pop();
    }
    let used = texts.len();
    let place = |heading: &str| Place::Row { file: file.into(), row: 1, column: shown(heading) };
    if used > MAX_COLUMNS {
        let expected = format!("at most {MAX_COLUMNS} columns; the list has {used}");
        return Err(one(Fault::new("list-too-many-columns", place(""), expected, guide)));
    }
    let mut faults = Faults::default();
    let mut fault = |name, heading: &str, expected: String, remedy: &str| {
        faults.push(Fault::new(name, place(heading), expected, remedy));
    };
    let mut found: Vec<Option<&'static Column>> = Vec::new();
    // A creditor may correct an answer of ours and drop it again: what we added on the right is left out.
    let own =
        if texts.ends_with(&ANSWER_HEADINGS) { used.saturating_sub(ANSWER_HEADINGS.len()) } else { used };
    for heading in texts.into_iter().take(own) {
        let column = columns.iter().find(|c| c.is_called(heading));
        match column {
            Some(column) if found.contains(&Some(column)) => {
                let expected = format!("each heading once; {} stands twice", column.heading);
                fault("list-heading-twice", heading, expected, "take one of the two columns out");
            }
            None if told(kind).contains(&heading) => {}
            None if heading.replace(' ', "").contains("주민") => {
                let expected = "no resident numbers (주민등록번호): they must not be collected".into();
                let remedy = "take the column out; 생년월일 6자리만 받습니다";
                fault("list-resident-number-asked", heading, expected, remedy);
            }
            None => {
                let expected = format!("a heading of the list {} ({})", kind.word(), kind.ko());
                fault("list-heading-unknown", heading, expected, guide);
            }
            Some(_) => {}
        }
        found.push(column);
    }
    found.resize(used, None);
    for column in columns.iter().filter(|c| c.need == Need::Required) {
        if !found.contains(&Some(column)) {
            let expected = format!("the heading {} ({})", column.heading, column.en);
            fault("list-heading-missing", column.heading, expected, guide);
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// A heading fit for a fault: the first row may be data by mistake, so long numbers are masked.
fn shown(heading: &str) -> String {
    let digits = heading.chars().filter(char::is_ascii_digit).count();
    let text = if digits >= 6 { resident::masked(heading) } else { heading.to_string() };
    printable(&text.trim().chars().take(40).collect::<String>())
}

/// What is wrong with a row before anything is parsed.
fn look(cells: &csv::StringRecord, columns: &[Option<&'static Column>]) -> Vec<Refused> {
    let mut refused = Vec::new();
    let surplus = cells.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty());
    // A spreadsheet leaves out trailing empty cells; a required one among them is told by its own name.
    if surplus {
        let detail = format!("제목 {}칸, 이 줄 {}칸", columns.len(), cells.len());
        refused.push(Refused::new(Name::ColumnCount).with(detail));
    }
    for (i, cell) in cells.iter().enumerate() {
        let column = columns.get(i).copied().flatten();
        if columns.get(i).is_some_and(Option::is_none) {
            continue;
        }
        let heading = column.map_or("", |c| c.heading);
        let trimmed = cell.trim();
        if resident::is_in(trimmed, column) {
            refused.push(Refused::at(Name::ResidentNumber, heading));
        } else if trimmed.contains(['\u{fffd}', '\u{3164}']) {
            refused.push(Refused::at(Name::TextDamaged, heading));
        } else if printable(trimmed) != trimmed {
            refused.push(Refused::at(Name::ControlCharacter, heading));
        } else if trimmed.starts_with('=') {
            refused.push(Refused::at(Name::FormulaCell, heading));
        } else if is_exponent(trimmed) && column.is_some_and(|c| c.content != Content::Text) {
            refused.push(Refused::at(Name::ExcelExponent, heading));
        } else if trimmed.chars().count() > column.map_or(MAX_CELL_CHARS, |c| c.max_chars.min(MAX_CELL_CHARS))
        {
            let most = column.map_or(MAX_CELL_CHARS, |c| c.max_chars);
            refused.push(Refused::at(Name::TextTooLong, heading).with(format!("최대 {most}자")));
        }
    }
    refused
}

/// What the workbook did to the cells of a row, by what they were: a number of a payer or a telephone number that stands in a number
/// cell, and anything but a day or a month in the cell of a day. Accounts are judged beside their bank.
fn harmed(record: &mut Record, columns: &[Option<&'static Column>], kinds: &Kinds) {
    for (index, column) in columns.iter().enumerate() {
        let Some(column) = column else { continue };
        let text = record.cells.get(index).unwrap_or_default().trim();
        let name = match (column.content, kinds.at(record.no, index)) {
            (Content::Number | Content::Phone, CellKind::Number) if is_exponent(text) => Name::ExcelExponent,
            (Content::Number, CellKind::Number) => Name::NumberCell,
            (Content::Phone, CellKind::Number) => Name::LeadingZeroLost,
            (Content::Number | Content::Phone | Content::Account | Content::Identity, CellKind::Date) => {
                Name::ExcelDate
            }
            _ => continue,
        };
        let resident = |r: &Refused| r.column == column.heading && r.name == Name::ResidentNumber;
        if record.broken.iter().any(resident) {
            continue;
        }
        // What is wrong with the cell as it is written is told already, without its place.
        record.broken.retain(|refused| refused.column != column.heading);
        let place = cell_name(record.no, index);
        record.broken.push(Refused::at(name, column.heading).with(format!("{place} 셀")));
    }
}
