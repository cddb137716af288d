//! How a verb shows rows: in which form, on the screen or into a file.
//!
//! Must not: make the rows.

use super::write::write_new_file;
use super::{Exit, Failed, Screen};
use crate::report::{CsvEncoding, Format};
use clap::{Args, ValueEnum};
use std::fmt;
use std::io::Write;
use std::path::PathBuf;

/// In which form rows are shown, and where.
#[derive(Debug, Args)]
pub(super) struct SheetFlags {
    /// How.
    #[arg(long, value_enum, default_value = "table")]
    format: FormatArgument,
    /// The file to make; it must not be there yet. Needed for xlsx.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArgument {
    Table,
    Csv,
    Xlsx,
    Json,
}

impl SheetFlags {
    /// The file to make, where one is named.
    pub(super) fn out(&self) -> Option<&PathBuf> {
        self.out.as_ref()
    }

    /// Refuses what could not be shown, before anything is reckoned.
    pub(super) fn check(&self) -> Result<(), Failed> {
        match (self.format, &self.out) {
            (FormatArgument::Xlsx, None) => {
                Err(Failed::told(Exit::Usage, "an xlsx is no text: name a file with -o FILE.xlsx"))
            }
            _ => Ok(()),
        }
    }

    /// Shows what `write` writes (it tells how many rows). A csv is in `encoding`; a file that is made is told as `what`.
    pub(super) fn show(
        &self,
        encoding: CsvEncoding,
        what: impl fmt::Display,
        write: impl FnOnce(Format, &mut dyn Write) -> Result<u64, Failed>,
        screen: &mut Screen,
    ) -> Result<(), Failed> {
        self.check()?;
        let format = match self.format {
            FormatArgument::Table => Format::Table,
            FormatArgument::Csv => Format::Csv(encoding),
            FormatArgument::Xlsx => Format::Xlsx,
            FormatArgument::Json => Format::Json,
        };
        let Some(path) = &self.out else {
            return write(format, screen.bytes()).map(drop);
        };
        let mut rows = 0;
        write_new_file(path, |out| {
            rows = write(format, out)?;
            Ok(())
        })?;
        screen.line(format_args!("{what}{}: {rows} rows", path.display()))
    }
}
