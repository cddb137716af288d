//! Reports (집계) and papers (출력): what the ledger says, as a table for the screen, csv, xlsx or JSON, and as PDF.
//!
//! Rows pass through one by one: a report of a hundred thousand lines takes no more memory than one of ten (xlsx keeps
//! its compressed bytes). The same ledger gives the same bytes, always: no clock, no random number, sorted rows.
//!
//! Must not: write the ledger, open files of the spool, ask the time, or show a personal number in the clear
//! unless the query says that the journal knows (`AccountsShown`).

mod any;
mod catalogue;
mod csv;
mod given;
mod json;
mod paper;
mod screen;
mod sheet;
mod summary;
mod table;
mod to_do;
mod work;

pub use any::write_table;
pub use catalogue::{Report, ReportQuery, write};
pub use csv::CsvEncoding;
pub use given::{given_csv, given_rows, given_xlsx};
pub use paper::{
    Faces, Made, PaperError, PaperOf, PaperStyle, Stamp, Standing, Typeface, draw_papers, gather_papers,
    in_words, paper_period,
};
pub use summary::{SummaryPage, summarise};
pub use table::{Cell, CellKind, Column, Format};
pub use to_do::step_ko;
pub use work::write_log;
