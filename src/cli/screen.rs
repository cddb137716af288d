//! Writing to the terminal: the only place that names stdout and stderr.
//!
//! A reader that goes away (`sunap show … | head`) is no fault: the write answers [`Gone`], the verb stops, and the
//! exit code is that of success, as of `cat`.
//!
//! What is printed holds names and texts of strangers: control, format and bidirectional characters are written out here
//! (`printable_lines`), so that no verb can forget it. Only [`Screen::bytes`] is as it is, for files.
//!
//! Must not: decide what is said, or colour it: output is read by programs as often as by people.

use super::Failed;
use crate::fault::{Trouble, printable_lines};
use comfy_table::{Table, presets};
use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Everything that a verb prints for its reader goes through here, buffered.
#[derive(Debug)]
pub(crate) struct Screen {
    out: io::BufWriter<io::Stdout>,
}

impl Screen {
    /// The process's stdout.
    pub(crate) fn new() -> Self {
        Self { out: io::BufWriter::with_capacity(64 * 1024, io::stdout()) }
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), Failed> {
        writeln!(self.out, "{}", printable_lines(&text.to_string())).map_err(Failed::from)
    }

    /// Prints text that ends with its own line end, or has none.
    pub(crate) fn text(&mut self, text: impl fmt::Display) -> Result<(), Failed> {
        write!(self.out, "{}", printable_lines(&text.to_string())).map_err(Failed::from)
    }

    /// The stream itself, for bytes.
    pub(crate) fn bytes(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Shows what was printed so far: at the end of a verb, and of each day of a demo.
    pub(crate) fn flush(&mut self) -> Result<(), Failed> {
        self.out.flush().map_err(Failed::from)
    }
}

/// An empty table under its heading, as every verb shows one.
pub(super) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_FULL_CONDENSED);
    table.set_header(heads.to_vec());
    table
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::Trouble(Trouble::new("write the output", error))
        }
    }
}

impl Failed {
    /// A trouble of writing, which may be that nobody reads any more.
    pub(crate) fn from_write(trouble: Trouble) -> Self {
        match trouble.cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(ErrorKind::BrokenPipe) => Self::ReaderGone,
            _ => Self::Trouble(trouble),
        }
    }
}

/// Tells something beside the output. Where even that is impossible, there is nobody left to tell.
pub(crate) fn tell(text: impl fmt::Display) {
    let _unheard = writeln!(io::stderr().lock(), "{}", printable_lines(&text.to_string()));
}
