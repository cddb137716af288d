//! `sunap status`: the deadline board. What must happen today and by when, what is missing, which files wait, which
//! alerts are open.
//!
//! The ledger is read beside a running daemon, and without one: then what the daemon should have done is what is
//! missing.
//!
//! Must not: decide what is due; the daemon wrote it down.

use super::notice;
use super::run::is_rehearsal;
use super::screen::table;
use super::settings::{ConfigArgument, open_reader, wall_time};
use super::words::{file_state_text, file_state_word, job_ko};
use super::{Exit, Failed, Screen};
use crate::config::Config;
use crate::domain::Instant;
use crate::ledger::{ApprovalRow, Board, Due, DueState, FileQuery, FileRow, FileState, Reader, Way};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many due rows and files are looked at.
const ROWS: usize = 10_000;

/// The deadline board; exit code 2 where something is missing, overdue, held or alarmed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// As one JSON object.
    #[arg(long)]
    json: bool,
    /// As seen at this time, "YYYY-MM-DD HH:MM"; unless given now, or in a rehearsal its business time.
    #[arg(long, value_name = "WHEN")]
    at: Option<Instant>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let config = arguments.config.load()?;
    let reader = open_reader(&config)?;
    let now = match arguments.at {
        Some(at) => at,
        None => time_of(&config, &reader)?,
    };
    let status = Status::gather(&config, &reader, now)?;
    if arguments.json {
        screen.line(status.json(&config))?;
    } else {
        status.print(&config, screen)?;
    }
    Ok(if status.missing.is_empty() { Exit::Done } else { Exit::Missing })
}

/// The wall clock's time, or the business time of a rehearsal.
pub(super) fn time_of(config: &Config, reader: &Reader) -> Result<Instant, Failed> {
    let wall = wall_time();
    if !is_rehearsal(&config.state_dir) {
        return Ok(wall);
    }
    Ok(reader.business_time()?.unwrap_or(wall))
}

/// Everything on the board.
#[derive(Debug)]
struct Status {
    now: Instant,
    board: Board,
    /// Due on the day of `now`, done or not, and what is left from before.
    today: Vec<Due>,
    files: BTreeMap<(&'static str, &'static str), i64>,
    missing: Vec<String>,
    /// What waits for a second person.
    proposals: Vec<ApprovalRow>,
    /// 공지사항 that stand today.
    notices: Vec<String>,
    /// Questions that nobody has answered.
    questions: Vec<String>,
}

impl Status {
    fn gather(config: &Config, reader: &Reader, now: Instant) -> Result<Self, Failed> {
        let board = reader.board(now)?;
        let mut today: Vec<Due> = reader
            .due_rows(None, ROWS)?
            .into_iter()
            .filter(|due| {
                due.due_at.date() == now.date() || (due.due_at < now && due.state == DueState::Waiting)
            })
            .collect();
        today.sort_by(|a, b| (a.due_at, &a.owner, &a.job, a.date).cmp(&(b.due_at, &b.owner, &b.job, b.date)));
        let mut files = BTreeMap::new();
        for file in reader.files(&FileQuery { limit: ROWS, ..FileQuery::default() })? {
            let way = if file.way == Way::In { "in" } else { "out" };
            *files.entry((way, file_state_word(file.state))).or_default() += 1;
        }
        let proposals = reader.approvals_open()?;
        let notices = notice::notices(config, reader, now.date())?;
        let questions = notice::open_questions(reader)?;
        let missing = Vec::new();
        let mut status = Self { now, board, today, files, missing, proposals, notices, questions };
        status.missing = status.what_is_missing();
        Ok(status)
    }

    fn what_is_missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for due in self.today.iter().filter(|due| due.state != DueState::Done && due.due_at <= self.now) {
            let word = if due.state == DueState::Missed { "missed" } else { "not done" };
            let (owner, job, date, at) = (&due.owner, job_ko(&due.job), due.date, due.due_at);
            let deadline = due.deadline_at.map_or(String::new(), |at| format!(", exchange deadline {at}"));
            missing.push(format!("{job} for {date} of {owner} was due at {at}{deadline}: {word}"));
        }
        for file in &self.board.open_files {
            if let Some(text) = self.lacks(file) {
                missing.push(text);
            }
        }
        let waits = |file: &FileRow| self.proposals.iter().any(|proposal| proposal.file_id == file.file_id);
        for file in self.board.held_files.iter().filter(|file| !waits(file)) {
            missing.push(format!("{} of {} is held: a person decides", file.name, file.owner));
        }
        for alert in &self.board.alerts {
            missing.push(format!("alert {} on {}: {}", alert.name, alert.subject, alert.text));
        }
        missing
    }

    /// What a file of ours that is not answered lacks.
    fn lacks(&self, file: &FileRow) -> Option<String> {
        use crate::machine::file::Out;
        let name = &file.name;
        let late = file.overdue || file.due_at.is_some_and(|due| due < self.now);
        match file.state {
            FileState::Out(Out::Uncertain | Out::Held | Out::Refused) => {
                Some(format!("{name} is {}: a person decides", file_state_text(file.state)))
            }
            FileState::Out(Out::Built | Out::Staged) if file.deadline_at.is_some_and(|at| at < self.now) => {
                Some(format!("{name} did not go out before the exchange's deadline"))
            }
            FileState::Out(Out::Published | Out::Taken) if late => {
                let due = file.due_at.map_or(String::new(), |due| format!(" (due {due})"));
                Some(format!("the answer to {name} has not come{due}"))
            }
            FileState::Out(_) | FileState::In(_) => None,
        }
    }

    fn print(&self, config: &Config, screen: &mut Screen) -> Result<(), Failed> {
        let closed = config.calendar.closed(self.now.date());
        let names: Vec<&str> = closed.iter().map(|reason| &*reason.name_ko).collect();
        let day = if names.is_empty() {
            "은행 영업일".to_string()
        } else {
            format!("휴무: {}", names.join(", "))
        };
        screen.line(format_args!("{}  {day}", self.now))?;
        self.print_today(screen)?;
        self.print_files(screen)?;
        for (word, lines) in [("notices", &self.notices), ("questions", &self.questions)] {
            if !lines.is_empty() {
                screen.line(format_args!("\n{word}:\n  {}", lines.join("\n  ")))?;
            }
        }
        for open in config.users.openness() {
            screen.line(format_args!("\nrights: {open}"))?;
        }
        if self.missing.is_empty() {
            return screen.line("\nnothing is missing");
        }
        screen.line(format_args!("\nmissing ({}):", self.missing.len()))?;
        for text in &self.missing {
            screen.line(format_args!("  ! {text}"))?;
        }
        Ok(())
    }

    fn print_today(&self, screen: &mut Screen) -> Result<(), Failed> {
        let expected = self.board.open_files.iter().filter(|file| {
            file.due_at.is_some_and(|due| due.date() == self.now.date()) && file.published_at.is_some()
        });
        let mut table = table(&["by", "what", "for", "of", "deadline", ""]);
        for due in &self.today {
            table.add_row([
                due.due_at.to_string(),
                job_ko(&due.job),
                due.date.to_string(),
                due.owner.clone(),
                due.deadline_at.map_or(String::new(), |at| at.to_string()),
                due.state.to_string(),
            ]);
        }
        for file in expected {
            table.add_row([
                file.due_at.map_or(String::new(), |at| at.to_string()),
                format!("{} 결과 수신", file.name),
                file.date.map_or(String::new(), |date| date.to_string()),
                file.owner.clone(),
                String::new(),
                "expected".to_string(),
            ]);
        }
        if table.row_count() == 0 {
            let next = self.board.due.iter().map(|due| due.due_at).filter(|at| *at > self.now).min();
            let next = next.map_or(String::new(), |at| format!("; the next is due at {at}"));
            return screen.line(format_args!("\nnothing is due today{next}"));
        }
        screen.line(format_args!("\ntoday:\n{table}"))
    }

    fn print_files(&self, screen: &mut Screen) -> Result<(), Failed> {
        let count = |way: &str| {
            let texts: Vec<String> = self
                .files
                .iter()
                .filter(|((of, _), _)| *of == way)
                .map(|((_, word), n)| format!("{n} {word}"))
                .collect();
            if texts.is_empty() { "none".to_string() } else { texts.join(", ") }
        };
        screen.line(format_args!("\nfiles out: {}\nfiles in:  {}", count("out"), count("in")))?;
        if self.board.open_files.is_empty() {
            return Ok(());
        }
        let mut table = table(&["file", "date", "state", "lines", "won", "answer due"]);
        for file in &self.board.open_files {
            table.add_row([
                file.name.clone(),
                file.date.map_or(String::new(), |date| date.to_string()),
                file_state_text(file.state).to_string(),
                file.lines.to_string(),
                file.won.to_string(),
                file.due_at.map_or(String::new(), |at| at.to_string()),
            ]);
        }
        screen.line(table)
    }

    fn json(&self, config: &Config) -> Value {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|((way, state), count)| json!({ "way": way, "state": state, "count": count }))
            .collect();
        let mandates: Vec<Value> = self.board.mandates.iter().map(|row| {
            json!({ "creditor": row.creditor.to_string(), "state": row.state.word(), "count": row.count })
        }).collect();
        json!({
            "at": self.now.to_string(),
            "business_time": self.board.business_time.map(|at| at.to_string()),
            "missing": self.missing,
            "today": self.today.iter().map(due_json).collect::<Vec<_>>(),
            "next": self.board.due.iter().filter(|due| due.due_at > self.now).map(due_json).collect::<Vec<_>>(),
            "open_files": self.board.open_files.iter().map(file_json).collect::<Vec<_>>(),
            "held_files": self.board.held_files.iter().map(file_json).collect::<Vec<_>>(),
            "proposals": self.proposals.iter().map(proposal_json).collect::<Vec<_>>(),
            "notices": self.notices,
            "questions": self.questions,
            "open_rights": config.users.openness(),
            "files": files,
            "mandates": mandates,
            "alerts": self.board.alerts.iter().map(|alert| json!({
                "name": alert.name, "subject": alert.subject, "text": alert.text, "raised_at": alert.raised_at.to_string(),
            })).collect::<Vec<_>>(),
        })
    }
}

fn due_json(due: &Due) -> Value {
    json!({
        "owner": due.owner,
        "job": due.job,
        "date": due.date.to_string(),
        "due_at": due.due_at.to_string(),
        "deadline_at": due.deadline_at.map(|at| at.to_string()),
        "state": due.state.word(),
    })
}

fn proposal_json(proposal: &ApprovalRow) -> Value {
    json!({
        "id": proposal.approval_id,
        "file_id": proposal.file_id,
        "asks_for": proposal.deed,
        "sha256": super::verify::hex(&proposal.sha256),
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at.to_string(),
        "expires_at": proposal.expires_at.to_string(),
    })
}

fn file_json(file: &FileRow) -> Value {
    json!({
        "id": file.file_id,
        "name": file.name,
        "kind": file.kind,
        "owner": file.owner,
        "date": file.date.map(|date| date.to_string()),
        "state": file_state_word(file.state),
        "lines": file.lines,
        "won": file.won.get(),
        "due_at": file.due_at.map(|at| at.to_string()),
        "overdue": file.overdue,
    })
}
