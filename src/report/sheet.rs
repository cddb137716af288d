//! Tables as xlsx: typed cells, widths for Hangul, a frozen heading with filters, a row of sums. Written row by row;
//! the creation time is fixed, so that the same rows give the same bytes.

use super::table::{Cell, CellKind, Column, Sink};
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::io::Write;
use std::panic::AssertUnwindSafe;

/// The rows of a sheet: Excel's own limit, less heading and sums.
const MOST_ROWS: u32 = 1_048_574;
/// Beyond it a double loses won; such an amount is written as text.
const EXACT: i64 = 1 << 53;

pub(super) struct Sheet<'w> {
    out: &'w mut dyn Write,
    workbook: Workbook,
    columns: Vec<Column>,
    formats: Formats,
    next: u32,
}

struct Formats {
    text: Format,
    won: Format,
    number: Format,
    date: Format,
    month: Format,
    time: Format,
}

impl Formats {
    fn new(bold: bool) -> Self {
        let base = || {
            let format = Format::new().set_font_name("맑은 고딕").set_font_size(10);
            if bold {
                format
                    .set_bold()
                    .set_border_top(FormatBorder::Thin)
                    .set_background_color(Color::RGB(0xF2_F2_F2))
            } else {
                format
            }
        };
        Self {
            text: base().set_num_format("@").set_align(FormatAlign::Left).set_indent(1),
            won: base().set_num_format("#,##0"),
            number: base().set_num_format("0"),
            date: base().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Center),
            month: base().set_num_format("yyyy-mm").set_align(FormatAlign::Center),
            time: base().set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Center),
        }
    }

    fn of(&self, kind: CellKind) -> &Format {
        match kind {
            CellKind::Text => &self.text,
            CellKind::Won => &self.won,
            CellKind::Count | CellKind::Number => &self.number,
            CellKind::Date => &self.date,
            CellKind::Month => &self.month,
            CellKind::Time => &self.time,
        }
    }
}

impl<'w> Sheet<'w> {
    pub(super) fn new(out: &'w mut dyn Write, name: &str, columns: &[Column]) -> Result<Self, Trouble> {
        guarded(|| Self::begin(out, name, columns))
    }

    fn begin(out: &'w mut dyn Write, name: &str, columns: &[Column]) -> Result<Self, Trouble> {
        let mut workbook = Workbook::new();
        let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(told)?;
        workbook.set_properties(&DocProperties::new().set_title(name).set_creation_datetime(&made));
        let heading = Format::new()
            .set_font_name("맑은 고딕")
            .set_font_size(10)
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_border_bottom(FormatBorder::Thin)
            .set_background_color(Color::RGB(0xD9_E1_F2));
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(told)?;
        sheet.set_name(name).map_err(told)?;
        sheet.set_landscape().set_paper_size(9).set_repeat_rows(0, 0).map_err(told)?;
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_freeze_panes(1, 0).map_err(told)?;
        let formats = Formats::new(false);
        for (nth, column) in (0_u16..).zip(columns) {
            sheet.set_column_width(nth, f64::from(column.fitting())).map_err(told)?;
            sheet.set_column_format(nth, formats.of(column.kind)).map_err(told)?;
            sheet.write_string_with_format(0, nth, column.ko, &heading).map_err(told)?;
        }
        Ok(Self { out, workbook, columns: columns.to_vec(), formats, next: 1 })
    }

    /// Ends the sheet: filters over its rows, and out it goes.
    pub(super) fn close(self) -> Result<(), Trouble> {
        guarded(|| self.save())
    }

    fn save(mut self) -> Result<(), Trouble> {
        let last = self.next;
        let last_column = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        if last > 1 {
            let sheet = Self::sheet(&mut self.workbook)?;
            sheet.autofilter(0, 0, last.saturating_sub(1), last_column).map_err(told)?;
        }
        let bytes = self.workbook.save_to_buffer().map_err(told)?;
        self.out.write_all(&bytes).map_err(|error| Trouble::new("write an xlsx", error))
    }

    fn sheet(workbook: &mut Workbook) -> Result<&mut Worksheet, Trouble> {
        workbook.worksheet_from_index(0).map_err(told)
    }
}

fn put(sheet: &mut Worksheet, row: u32, col: u16, cell: &Cell, formats: &Formats) -> Result<(), Trouble> {
    let put = match cell {
        Cell::Empty => sheet.write_blank(row, col, &formats.text),
        Cell::Text(text) => sheet.write_string_with_format(row, col, text, &formats.text),
        Cell::Won(won) => return number(sheet, (row, col), won.get(), &formats.won),
        Cell::Number(n) => return number(sheet, (row, col), *n, &formats.number),
        Cell::Date(date) => sheet.write_datetime_with_format(row, col, day(*date)?, &formats.date),
        Cell::Month(month) => {
            sheet.write_datetime_with_format(row, col, day(month.first_day())?, &formats.month)
        }
        Cell::Time(at) => sheet.write_datetime_with_format(row, col, instant(*at)?, &formats.time),
    };
    put.map(|_| ()).map_err(told)
}

fn number(sheet: &mut Worksheet, (row, col): (u32, u16), value: i64, format: &Format) -> Result<(), Trouble> {
    let put = if value.checked_abs().is_some_and(|size| size < EXACT) {
        sheet.write_number_with_format(row, col, value as f64, format)
    } else {
        sheet.write_string_with_format(row, col, value.to_string(), format)
    };
    put.map(|_| ()).map_err(told)
}

fn day(date: Date) -> Result<ExcelDateTime, Trouble> {
    let field = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    let year = u16::try_from(date.year()).unwrap_or(u16::MAX);
    ExcelDateTime::from_ymd(year, field(date.month_no()), field(date.day())).map_err(told)
}

fn instant(at: Instant) -> Result<ExcelDateTime, Trouble> {
    let seconds = at.time().seconds();
    let field = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    let hour = u16::try_from(seconds / 3600).unwrap_or(u16::MAX);
    day(at.date())?.and_hms(hour, field(seconds / 60 % 60), field(seconds % 60)).map_err(told)
}

/// The library keeps rows in a temporary file ($TMPDIR) and panics where that has no room (rust_xlsxwriter 0.102, `packager`). A full disk
/// is no bug of ours: it is told as what it is, and the step is tried again.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let why = "it could not be written: look whether the folder of temporary files ($TMPDIR, else /tmp) has room";
        Err(Trouble::new("write an xlsx", why.to_string()))
    })
}

fn told(error: XlsxError) -> Trouble {
    Trouble::new("write an xlsx", error)
}

impl Sink for Sheet<'_> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Trouble> {
        if self.next > MOST_ROWS {
            let why = "a sheet holds 1,048,574 rows: take a shorter period, or csv";
            return Err(Trouble::new("write an xlsx", why.to_string()));
        }
        guarded(|| {
            let sheet = Self::sheet(&mut self.workbook)?;
            for ((nth, cell), column) in (0_u16..).zip(cells).zip(&self.columns) {
                match (cell, column.kind) {
                    // The column's format holds for them: looking up a format for each cell is a third of the work.
                    (Cell::Empty, _) => {}
                    (Cell::Text(text), CellKind::Text) => {
                        sheet.write_string(self.next, nth, text).map_err(told)?;
                    }
                    _ => put(sheet, self.next, nth, cell, &self.formats)?,
                }
            }
            Ok(())
        })?;
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    fn finish(mut self: Box<Self>, totals: &[Cell], rows: u64) -> Result<(), Trouble> {
        let (last, bold) = (self.next, Formats::new(true));
        guarded(|| {
            let sheet = Self::sheet(&mut self.workbook)?;
            for (nth, cell) in (0_u16..).zip(totals) {
                let label = Cell::Text(format!("합계 {rows}건"));
                put(sheet, last, nth, if nth == 0 && *cell == Cell::Empty { &label } else { cell }, &bold)?;
            }
            Ok(())
        })?;
        self.close()
    }
}
