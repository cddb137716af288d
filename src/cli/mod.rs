//! The command line: one file per verb. Verbs read the ledger read-only, or act by dropping a file; `run` and `demo`
//! start the daemon (decisions.md 26).
//!
//! Exit codes follow sysexits.h, see [`Exit`]. Results go to stdout, everything else to stderr.
//!
//! Must not: write the ledger, or move files of the spool other than by dropping one into an inbox.

mod application;
mod approve;
mod audit;
mod backup;
pub mod bank_side;
mod calendar;
mod charge;
mod check;
mod creditor;
mod demo;
mod exchange;
mod file;
mod intake;
mod key;
mod log;
mod mandate;
mod message;
mod notice;
mod ordering;
mod paper;
mod payout;
mod plan;
mod prove;
mod query;
mod read;
mod report;
mod restore;
mod run;
mod scratch;
mod screen;
mod settings;
mod sftp;
mod sheet_flags;
mod sheet_reader;
mod show;
mod status;
mod template;
mod transfer;
mod verify;
mod words;
mod write;

use crate::fault::{Fault, Faults, Trouble};
use crate::intake::approval::Answer;
use clap::{Parser, Subcommand};
use screen::{Screen, tell};
use std::process::ExitCode;

/// 수납: collects money by automatic debit (대행 자동이체, CMS) for many creditors, by files and by the bank's day.
///
/// Exit codes: 0 done; 2 something is missing or overdue (status); 64 wrong usage; 65 wrong data; 74 disk or database
/// failed; 75 another instance holds the spool, or the daemon did not answer; 78 wrong configuration.
#[derive(Debug, Parser)]
#[command(
    name = "sunap",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the daemon: take files from the spool, move records by the bank's day, send and receive bank files.
    Run(run::Arguments),
    /// Play the bank's side of a channel, as a process of its own.
    Exchange(exchange::Arguments),
    /// Move a channel's files between its folders and the network by the TCP file protocol, as a process of its own.
    Transfer(transfer::Arguments),
    /// Move a channel's files between its folders and an SFTP server, once, with the system's OpenSSH.
    Sftp(sftp::Arguments),
    /// Run a month of three creditors on a fresh copy of the configuration, and prove that every charge adds up.
    Demo(demo::Arguments),
    /// Check configuration, layouts, result codes, calendar and folders; print the next due times.
    Check(check::Arguments),
    /// Print a bank file as text, or as one JSON object per record.
    Read(read::Arguments),
    /// Make a bank file of JSON objects on stdin: the inverse of `read --json`.
    Write(write::Arguments),
    /// Banking days: open and closed days with reasons, or the N-th banking day from a date.
    Calendar(calendar::Arguments),
    /// The deadline board: what must happen today, by when, and what is missing.
    Status(status::Arguments),
    /// What would be sent and done until a day, on a copy; writes nothing.
    Plan(plan::Arguments),
    /// Prove that a debit went to the bank in exactly one file, once, and what was answered.
    Prove(prove::Arguments),
    /// Explain a payer, mandate, collection or file: its state, its events with their causes, what it waits for.
    Show(show::Arguments),
    /// The sheet (.xlsx) that a creditor fills in for a list, with choices and a guide.
    Template(template::Arguments),
    /// What would be answered to a list, before it is dropped; writes nothing.
    Intake(intake::Arguments),
    /// A report (집계) of a creditor: to the screen, csv, xlsx or JSON.
    Report(report::Arguments),
    /// Papers (출력) as PDF: 영수증, 납부고지서, 미납명세서, 과오납반환결의서.
    Paper(paper::Arguments),
    /// Order the daemon to hold, release, reject or mark a file as sent.
    File(file::Arguments),
    /// Order the daemon to withdraw, reverse, write off, correct or refund a charge.
    Charge(charge::ChargeArguments),
    /// Order the daemon to take a cash payment back.
    Cash(charge::CashArguments),
    /// Approve, as the second person, what another user has proposed.
    Approve(approve::Arguments),
    /// Decline what another user has proposed, or withdraw what you have.
    Decline(approve::Arguments),
    /// Order something about one mandate (이체정보): suspend, resume, restore.
    Mandate(mandate::Arguments),
    /// Applications from banks (은행접수 신청): which are undecided, and what is decided of them.
    Application(application::Arguments),
    /// Payments (지급) of settlements and refunds: which are open, and what to do with one that failed.
    Payout(payout::Arguments),
    /// Messages to payers (SMS관리): send one by an order, or list them.
    Message(message::Arguments),
    /// Notices (공지사항): which stand, who has not read them.
    Notice(notice::NoticeArguments),
    /// A creditor (이용기관) as it is configured, and what to look at.
    Creditor(creditor::Arguments),
    /// Saved queries (즐겨찾기): save, run, list, remove.
    Query(query::Arguments),
    /// Questions of creditors (Q&A): list, show, answer.
    Question(notice::QuestionArguments),
    /// Check every archived file, the books, the pages of the ledger, and the witness.
    Verify(verify::Arguments),
    /// The log of work (로그관리): who did what, and when.
    Log(log::Arguments),
    /// The chain of the journal: is every row as it was written?
    Audit(audit::Arguments),
    /// The keys that seal account and identity numbers and the archive.
    Key(key::Arguments),
    /// Copy the ledger to a file, and verify the copy.
    Backup(backup::Arguments),
    /// Bring an older or lost ledger to where it was, from the archive and the witness.
    Restore(restore::Arguments),
    /// Read a workbook for the daemon.
    #[command(hide = true)]
    SheetReader,
}

/// What the process tells its caller. The numbers are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Done = 0,
    /// The answer is that something is missing or overdue.
    Missing = 2,
    /// The command was wrong (EX_USAGE).
    Usage = 64,
    /// The data was wrong (EX_DATAERR).
    Data = 65,
    /// Disk or database failed (EX_IOERR).
    Trouble = 74,
    /// Try again later: another instance runs, or nobody answered (EX_TEMPFAIL).
    Later = 75,
    /// The configuration is wrong (EX_CONFIG).
    Config = 78,
}

/// Why a verb could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Data or configuration is wrong; all faults are told.
    Faults(Exit, Faults),
    /// The world failed.
    Trouble(Trouble),
    /// Something else, told in a sentence or two.
    Told(Exit, String),
    /// Who read the output has gone; nobody minds.
    ReaderGone,
}

impl Failed {
    /// A failure with one sentence for the person.
    pub(crate) fn told(exit: Exit, text: impl Into<String>) -> Self {
        Self::Told(exit, text.into())
    }

    /// One fault of data.
    pub(crate) fn data(fault: Fault) -> Self {
        Self::Faults(Exit::Data, vec![fault].into())
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Reads the arguments, does the verb, and says how it went.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            // `--help` and `--version` come this way too; clap knows which stream each belongs to. What it says about a wrong
            // argument repeats the argument: printed by us, without colours.
            if told.use_stderr() {
                screen::tell(told.render().to_string().trim_end());
                return ExitCode::from(Exit::Usage as u8);
            }
            let _unheard = told.print();
            return ExitCode::from(Exit::Done as u8);
        }
    };
    let mut screen = Screen::new();
    let ended = done(arguments.verb, &mut screen).and_then(|exit| screen.flush().map(|()| exit));
    ExitCode::from(exit_code(ended) as u8)
}

fn done(verb: Verb, screen: &mut Screen) -> Result<Exit, Failed> {
    match verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Exchange(arguments) => exchange::run(&arguments),
        Verb::Transfer(arguments) => transfer::run(&arguments, screen),
        Verb::Sftp(arguments) => sftp::run(&arguments, screen),
        Verb::Demo(arguments) => demo::run(&arguments, screen),
        Verb::Check(arguments) => check::run(&arguments, screen),
        Verb::Read(arguments) => read::run(&arguments, screen),
        Verb::Write(arguments) => write::run(&arguments, screen),
        Verb::Calendar(arguments) => calendar::run(&arguments, screen),
        Verb::Status(arguments) => status::run(&arguments, screen),
        Verb::Plan(arguments) => plan::run(&arguments, screen),
        Verb::Prove(arguments) => prove::run(&arguments, screen),
        Verb::Show(arguments) => show::run(&arguments, screen),
        Verb::Template(arguments) => template::run(&arguments, screen),
        Verb::Intake(arguments) => intake::run(&arguments, screen),
        Verb::Report(arguments) => report::run(&arguments, screen),
        Verb::Paper(arguments) => paper::run(&arguments, screen),
        Verb::File(arguments) => file::run(&arguments, screen),
        Verb::Charge(arguments) => charge::charge(&arguments, screen),
        Verb::Cash(arguments) => charge::cash(&arguments, screen),
        Verb::Approve(arguments) => approve::run(Answer::Approve, &arguments, screen),
        Verb::Decline(arguments) => approve::run(Answer::Decline, &arguments, screen),
        Verb::Audit(arguments) => audit::run(&arguments, screen),
        Verb::Log(arguments) => log::run(&arguments, screen),
        Verb::Mandate(arguments) => mandate::run(&arguments, screen),
        Verb::Application(arguments) => application::run(&arguments, screen),
        Verb::Payout(arguments) => payout::run(&arguments, screen),
        Verb::Message(arguments) => message::run(&arguments, screen),
        Verb::Notice(arguments) => notice::notice(&arguments, screen),
        Verb::Question(arguments) => notice::question(&arguments, screen),
        Verb::Creditor(arguments) => creditor::run(&arguments, screen),
        Verb::Query(arguments) => query::run(&arguments, screen),
        Verb::Key(arguments) => key::run(&arguments, screen),
        Verb::Verify(arguments) => verify::run(&arguments, screen),
        Verb::Backup(arguments) => backup::run(&arguments, screen),
        Verb::Restore(arguments) => restore::run(&arguments, screen),
        Verb::SheetReader => Ok(sheet_reader::run(screen)),
    }
}

fn exit_code(ended: Result<Exit, Failed>) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(Failed::ReaderGone) => Exit::Done,
        Err(Failed::Faults(exit, faults)) => {
            tell(faults.to_string().trim_end());
            exit
        }
        Err(Failed::Trouble(trouble)) => {
            tell(format_args!("sunap: {trouble}"));
            Exit::Trouble
        }
        Err(Failed::Told(exit, text)) => {
            tell(format_args!("sunap: {text}"));
            exit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() {
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(exit_code(Err(Failed::from(gone))), Exit::Done);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(exit_code(Err(Failed::from(full))), Exit::Trouble);
    }
}
