//! The history of a record, put together from its own columns, its events, and the steps of the files it was in.
//!
//! Steps that all lines of a file shared are stored once, at the file; here they are told for the one line.

use super::HistoryLine;
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::event::Subject;
use crate::ledger::open::Reader;
use crate::machine::collection::{self, State, of_file};
use crate::machine::file::Out;
use crate::machine::mandate;
use rusqlite::{Params, Row};

/// A step of a file.
struct Step {
    at: Instant,
    happening: String,
    from: String,
    to: String,
    cause: String,
}

/// What a registration's own columns say.
struct Registration {
    kind: String,
    file_id: Option<i64>,
    own: Option<String>,
    queued_at: Instant,
    asked_by: String,
    answered_by: String,
}

/// What a collection's own columns say.
struct Attempt {
    collection_id: i64,
    file_id: i64,
    on_line: bool,
    own: Option<State>,
    code: String,
    requested_at: Instant,
    again: bool,
    asked_by: String,
    listed_in: String,
    listed_at: Option<Instant>,
    answered_by: String,
}

/// `EB220105 line 17`, from a name and a line in two columns; empty where there is no name.
fn place(row: &Row<'_>, name: usize, line: usize) -> rusqlite::Result<String> {
    let (name, line): (Option<String>, Option<i64>) = (row.get(name)?, row.get(line)?);
    Ok(match (name, line) {
        (Some(name), Some(line)) => format!("{name} line {line}"),
        (Some(name), None) => name,
        (None, _) => String::new(),
    })
}

fn told(at: Instant, happening: &str, from: &str, to: &str) -> HistoryLine {
    let (happening, from, to) = (happening.into(), from.into(), to.into());
    HistoryLine { at, happening, from, to, cause: String::new(), code: String::new(), note: String::new() }
}

impl Reader {
    /// What happened to a record, oldest first.
    pub fn history(&self, subject: Subject, id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let mut lines = match subject {
            Subject::File | Subject::Order => self.file_history(id)?,
            Subject::Payer => self.payer_history(id)?,
            Subject::Mandate => self.mandate_history(id)?,
            Subject::Collection => self.attempts("k.collection_id = ?1", id)?,
            Subject::Charge => self.charge_history(id)?,
            Subject::Due => self.due_history(id)?,
            Subject::Key => Vec::new(),
        };
        lines.extend(self.events(subject, id)?);
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    }

    fn gather<T>(
        &self,
        text: &str,
        with: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Trouble> {
        let doing = "read the history of a record";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        statement.query_map(with, read).doing(doing)?.collect::<rusqlite::Result<_>>().doing(doing)
    }

    fn events(&self, subject: Subject, id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = "SELECT e.at, e.happening, e.from_state, e.to_state, f.name, e.line, e.code, e.note
                    FROM event e LEFT JOIN file f ON f.file_id = e.file_id
                    WHERE e.subject = ?1 AND e.id = ?2 ORDER BY e.event_id";
        self.gather(text, rusqlite::params![subject.word(), id], |row| {
            Ok(HistoryLine {
                at: column::instant(row, 0)?,
                happening: row.get(1)?,
                from: row.get(2)?,
                to: row.get(3)?,
                cause: place(row, 4, 5)?,
                code: row.get(6)?,
                note: row.get(7)?,
            })
        })
    }

    fn steps(&self, file_id: i64) -> Result<Vec<Step>, Trouble> {
        let text = "SELECT at, happening, from_state, to_state, cause FROM file_step WHERE file_id = ?1
                    ORDER BY file_step_id";
        self.gather(text, [file_id], |row| {
            let at = column::instant(row, 0)?;
            Ok(Step { at, happening: row.get(1)?, from: row.get(2)?, to: row.get(3)?, cause: row.get(4)? })
        })
    }

    fn file_history(&self, file_id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let told_of = |step: Step| HistoryLine {
            cause: step.cause,
            ..told(step.at, &step.happening, &step.from, &step.to)
        };
        Ok(self.steps(file_id)?.into_iter().map(told_of).collect())
    }

    fn payer_history(&self, payer_id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = "SELECT made_at, changed_at FROM payer WHERE payer_id = ?1";
        let times =
            self.gather(text, [payer_id], |row| Ok((column::instant(row, 0)?, column::instant(row, 1)?)))?;
        let mut lines = Vec::new();
        for (made, changed) in times {
            lines.push(told(made, "made", "", ""));
            if changed != made {
                lines.push(told(changed, "last-saved", "", ""));
            }
        }
        Ok(lines)
    }

    fn due_history(&self, due_id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = "SELECT done_at, state, note FROM due WHERE due_id = ?1 AND done_at IS NOT NULL";
        self.gather(text, [due_id], |row| {
            let state: String = row.get(1)?;
            Ok(HistoryLine { note: row.get(2)?, ..told(column::instant(row, 0)?, &state, "waiting", &state) })
        })
    }

    fn mandate_history(&self, mandate_id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = "SELECT m.made_at, f.name, m.request_line FROM mandate m
                    LEFT JOIN file f ON f.file_id = m.request_file WHERE m.mandate_id = ?1";
        let mut lines = self.gather(text, [mandate_id], |row| {
            Ok(HistoryLine { cause: place(row, 1, 2)?, ..told(column::instant(row, 0)?, "made", "", "") })
        })?;
        let text = "SELECT r.kind, r.file_id, r.state, r.queued_at, q.name, r.request_line, a.name
                    FROM registration r LEFT JOIN file f ON f.file_id = r.file_id
                    LEFT JOIN file q ON q.file_id = r.request_file LEFT JOIN file a ON a.file_id = f.answered_by
                    WHERE r.mandate_id = ?1 ORDER BY r.registration_id";
        let registrations = self.gather(text, [mandate_id], |row| {
            Ok(Registration {
                kind: row.get(0)?,
                file_id: row.get(1)?,
                own: row.get(2)?,
                queued_at: column::instant(row, 3)?,
                asked_by: place(row, 4, 5)?,
                answered_by: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
            })
        })?;
        for registration in registrations {
            self.registration_history(&registration, &mut lines)?;
        }
        Ok(lines)
    }

    fn registration_history(&self, of: &Registration, lines: &mut Vec<HistoryLine>) -> Result<(), Trouble> {
        let cancel = of.kind == "cancel";
        let note = of.kind.clone();
        let cause = of.asked_by.clone();
        lines.push(HistoryLine {
            cause,
            note: note.clone(),
            ..told(of.queued_at, &format!("{}-queued", of.kind), "", "queued")
        });
        let Some(file_id) = of.file_id else { return Ok(()) };
        for step in self.steps(file_id)? {
            let (Some(from), Some(to)) = (Out::from_word(&step.from), Out::from_word(&step.to)) else {
                continue;
            };
            let accepted = if cancel { "done" } else { mandate::State::Active.word() };
            let word = |state: Out| match of_file(state) {
                State::Requested | State::Missed => "queued",
                State::Succeeded => accepted,
                other => other.word(),
            };
            // A listed line's own answer stands in the journal of the mandate.
            if word(from) == word(to) || (to == Out::Answered && of.own.is_some()) {
                continue;
            }
            let (happening, cause) = if to == Out::Answered {
                (if cancel { "cancel-confirmed" } else { "accepted" }, of.answered_by.clone())
            } else {
                (step.happening.as_str(), step.cause)
            };
            lines.push(HistoryLine {
                cause,
                note: note.clone(),
                ..told(step.at, happening, word(from), word(to))
            });
        }
        Ok(())
    }

    fn charge_history(&self, charge_id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = "SELECT made_at FROM charge WHERE charge_id = ?1";
        let mut lines =
            self.gather(text, [charge_id], |row| Ok(told(column::instant(row, 0)?, "made", "", "open")))?;
        let held = "k.collection_id IN (SELECT collection_id FROM allocation WHERE charge_id = ?1)";
        lines.extend(self.attempts(held, charge_id)?);
        let text = "SELECT collection_id FROM allocation WHERE charge_id = ?1 ORDER BY collection_id";
        for collection_id in self.gather(text, [charge_id], |row| row.get::<_, i64>(0))? {
            for mut line in self.events(Subject::Collection, collection_id)? {
                line.note = format!("collection {collection_id}: {}", line.note);
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// What the columns and files of the collections that `which` selects say.
    fn attempts(&self, which: &str, id: i64) -> Result<Vec<HistoryLine>, Trouble> {
        let text = format!(
            "SELECT k.collection_id, k.file_id, k.line_no IS NOT NULL, k.state, k.code_now, k.requested_at,
               k.again_of IS NOT NULL, q.name, k.request_line, l.name, k.result_line_now, l.answered_at, a.name
             FROM collection_now k CROSS JOIN file f ON f.file_id = k.file_id
             LEFT JOIN file q ON q.file_id = k.request_file LEFT JOIN file l ON l.file_id
               = coalesce(k.result_file, CASE WHEN k.result_line_now IS NOT NULL THEN f.answered_by END)
             LEFT JOIN file a ON a.file_id = f.answered_by
             WHERE {which} ORDER BY k.collection_id"
        );
        let attempts = self.gather(&text, [id], |row| {
            Ok(Attempt {
                collection_id: row.get(0)?,
                file_id: row.get(1)?,
                on_line: row.get(2)?,
                own: column::opt_word(row, 3, State::from_word)?,
                code: row.get(4)?,
                requested_at: column::instant(row, 5)?,
                again: row.get(6)?,
                asked_by: place(row, 7, 8)?,
                listed_in: place(row, 9, 10)?,
                listed_at: column::opt_instant(row, 11)?,
                answered_by: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
            })
        })?;
        let mut lines = Vec::new();
        for attempt in &attempts {
            self.attempt_history(attempt, &mut lines)?;
        }
        Ok(lines)
    }

    fn attempt_history(&self, of: &Attempt, lines: &mut Vec<HistoryLine>) -> Result<(), Trouble> {
        let note = format!("collection {}", of.collection_id);
        let first = if of.again { "moved" } else { "requested" };
        let cause = of.asked_by.clone();
        lines.push(HistoryLine {
            cause,
            note: note.clone(),
            ..told(of.requested_at, first, "", "requested")
        });
        let mut stands = State::Requested;
        let mut answered_at = None;
        let steps = if of.on_line { self.steps(of.file_id)? } else { Vec::new() };
        for step in steps {
            let Some(to) = Out::from_word(&step.to) else { continue };
            if to == Out::Answered {
                answered_at = Some(step.at);
            }
            let next = of_file(to);
            let own_way = matches!(next, State::Succeeded | State::Missed)
                && of.own.is_some_and(|own| own != State::Missed);
            if next == stands || own_way {
                continue;
            }
            let (happening, cause, code) = if next == State::Succeeded {
                // A line that the answer lists like all others is told as listed.
                let by = if of.listed_in.is_empty() { &of.answered_by } else { &of.listed_in };
                (collection::Happening::Succeeded.word(), by.clone(), of.code.clone())
            } else {
                (step.happening.as_str(), step.cause, String::new())
            };
            lines.push(HistoryLine {
                cause,
                code,
                note: note.clone(),
                ..told(step.at, happening, stands.word(), next.word())
            });
            stands = next;
        }
        let listed = match of.own {
            Some(State::Failed) => Some(collection::Happening::Failed),
            Some(State::Partial) => Some(collection::Happening::PartlyCollected),
            Some(State::Succeeded) => Some(collection::Happening::Succeeded),
            _ => None,
        };
        if let (Some(happening), Some(own), Some(at)) = (listed, of.own, of.listed_at.or(answered_at)) {
            lines.push(HistoryLine {
                cause: of.listed_in.clone(),
                code: of.code.clone(),
                note,
                ..told(at, happening.word(), stands.word(), own.word())
            });
        }
        Ok(())
    }
}
