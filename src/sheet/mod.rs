//! Workbooks (.xlsx, .xls) as CSV text, read by a child process under limits.
//!
//! A workbook is a stranger's zip archive or OLE file: its reader may panic, abort or use all memory. So the program
//! calls itself (`sunap sheet-reader`), and whatever happens there is told as a fault of that one file.
//!
//! Must not: know what a list means, or touch the spool or the ledger.

pub mod child;
mod template;

pub use template::{Choices, example, template};

use crate::fault::{Fault, Faults, Place, Trouble};
use crate::intake::kinds::Kinds;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long the child may take by the wall; its processor time is limited by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most text that a workbook may become.
const MAX_TEXT_BYTES: u64 = 128 << 20;
/// The most that the child may complain.
const MAX_WORDS_BYTES: u64 = 400;
/// The last bytes of a complete answer. Without them the text was cut off.
pub const END: &[u8] = b"\x04END\n";

/// Why a workbook could not become text.
#[derive(Debug)]
pub enum Unread {
    /// The workbook is at fault.
    Faults(Faults),
    /// No child could be started.
    Trouble(Trouble),
}

/// Between the text and what its cells were.
const KINDS: &[u8] = b"\x04KINDS\n";

/// A sheet as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetText {
    /// CSV, UTF-8 with its mark, row for row as the spreadsheet counts them.
    pub csv: Vec<u8>,
    /// What the cells were.
    pub kinds: Kinds,
}

impl SheetText {
    /// Of the child's answer; `None` where it is not whole.
    pub fn of(answer: Vec<u8>) -> Option<Self> {
        let whole = answer.strip_suffix(END)?;
        // What a cell holds cannot look like the last mark: behind it are letters only.
        let at = whole.windows(KINDS.len()).rposition(|window| window == KINDS)?;
        let (csv, rest) = whole.split_at_checked(at)?;
        Some(Self { csv: csv.to_vec(), kinds: Kinds::of_lines(rest.strip_prefix(KINDS)?) })
    }
}

/// Whether bytes are a workbook: a zip archive or an OLE file.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
}

/// The first sheet of a workbook as text. `program` is this program's own binary.
pub fn to_csv(program: &Path, file: &str, bytes: Vec<u8>) -> Result<SheetText, Unread> {
    let mut child = Command::new(program)
        .arg("sheet-reader")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Unread::Trouble(Trouble::at("start the sheet reader", program, error)))?;
    let (text, words) = exchange(&mut child, bytes);
    let Some(text) = text else {
        let _already_gone = child.kill();
        let _reaped = child.wait();
        return Err(unreadable(file, "it could not be read within a minute"));
    };
    let done = child
        .wait()
        .map_err(|error| Unread::Trouble(Trouble::at("wait for the sheet reader", program, error)))?;
    match (done.success(), SheetText::of(text)) {
        (true, Some(text)) => Ok(text),
        (false, _) if done.code() == Some(child::REFUSED) => {
            Err(unreadable(file, words.trim().trim_end_matches('.')))
        }
        _ => Err(unreadable(file, "its reader broke off: the workbook is damaged or needs too much memory")),
    }
}

/// Feeds the child and takes its output; nothing where it took too long. The feeding has a thread of its own, since
/// a child that stops reading would else stop us.
fn exchange(child: &mut Child, bytes: Vec<u8>) -> (Option<Vec<u8>>, String) {
    let (tell, told) = mpsc::channel();
    if let Some(mut input) = child.stdin.take() {
        std::thread::spawn(move || {
            // A child that refuses early closes its side: its exit says why.
            let _closed_early = input.write_all(&bytes);
        });
    }
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(output) = output {
            let _cut_off = output.take(MAX_TEXT_BYTES).read_to_end(&mut text);
        }
        let mut words = Vec::new();
        if let Some(errors) = errors {
            let _cut_off = errors.take(MAX_WORDS_BYTES).read_to_end(&mut words);
        }
        let _given_up = tell.send((text, String::from_utf8_lossy(&words).into_owned()));
    });
    match told.recv_timeout(PATIENCE) {
        Ok((text, words)) => (Some(text), words),
        Err(_) => (None, String::new()),
    }
}

fn unreadable(file: &str, why: &str) -> Unread {
    let expected = format!("a workbook with one sheet of rows; {}", crate::fault::printable(why));
    let remedy = "mend the workbook, or save that sheet as \"CSV UTF-8 (쉼표로 분리)\" and drop it";
    Unread::Faults(Faults::from(vec![Fault::new("list-is-spreadsheet", Place::file(file), expected, remedy)]))
}
