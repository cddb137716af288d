//! A day that was planned as a banking day and is declared closed (임시공휴일, an election; E29): what was to happen for it
//! moves to the next banking day, as far as its window is still open.
//!
//! Lines that were requested already go on in the planned file of that day. A window that has closed is not moved: its
//! file is out, and what becomes of it is the bank's to say.

use super::Failure;
use super::desk::Desks;
use super::due::{Job, channel_of, request_layout};
use super::emission::step_out;
use crate::config::Config;
use crate::domain::{Date, Instant};
use crate::ledger::{Due, FileRow, FileState, NewDue, Tx};
use crate::machine::file::{Out, OutHappening};
use std::collections::HashSet;

/// Every channel with what the engine has at hand for it, and the configuration.
type Known<'a> = (&'a Config, &'a Desks);

/// Takes the steps of days that are closed now out of the plan, and moves what waits in their files. `rows` is the plan
/// as the calendar gives it now, from `today` to `last`.
pub(super) fn follow(
    tx: &Tx<'_>,
    known: Known<'_>,
    rows: &[NewDue],
    (today, last): (Date, Date),
    now: Instant,
) -> Result<(), Failure> {
    let planned: HashSet<(&str, &str, Date)> =
        rows.iter().map(|row| (row.owner.as_str(), row.job.as_str(), row.date)).collect();
    for row in tx.waiting_for(today.next(), last)? {
        let closed = !known.0.calendar.is_open(row.date);
        if closed && !planned.contains(&(row.owner.as_str(), row.job.as_str(), row.date)) {
            move_on(tx, known, &row, now)?;
        }
    }
    Ok(())
}

fn move_on(tx: &Tx<'_>, known: Known<'_>, row: &Due, now: Instant) -> Result<(), Failure> {
    let Some((job, service)) = Job::from_word(&row.job) else { return Ok(()) };
    let kind = match (job, channel_of(&row.owner)) {
        (Job::Request | Job::Retry | Job::Settle, _) => return Ok(tx.unplan(row.due_id)?),
        (_, Some(channel)) => request_layout(known.1, &channel, job, service),
        _ => return Ok(()),
    };
    match tx.out_file(&row.owner, &kind, row.date)? {
        Some(file) if file.state == FileState::Out(Out::Planned) => move_lines_on(tx, known, &file, now)?,
        Some(file) if file.state != FileState::Out(Out::Emptied) => return Ok(()),
        _ => {}
    }
    Ok(tx.unplan(row.due_id)?)
}

/// The lines that wait for a closed day wait for the next open one.
fn move_lines_on(tx: &Tx<'_>, known: Known<'_>, file: &FileRow, now: Instant) -> Result<(), Failure> {
    let Some(closed) = file.date else { return Ok(()) };
    let calendar = &known.0.calendar;
    let open = calendar.following(closed);
    let channel = known.1.of_owner(&file.owner).map(|(channel, _)| channel);
    let desk = channel.and_then(|channel| known.1.on(channel, open));
    let Some(debits) = desk.and_then(|desk| desk.debits_of(&file.kind)) else { return Ok(()) };
    let name = debits.request.layout().file_name(open);
    let deadline = debits.service.window.deadline.instant(calendar, open);
    let to = tx.plan_out(&file.owner, &file.kind, &name, open, Some(deadline), now)?;
    let moved = tx.move_lines(file.file_id, to, now)?;
    let cause = format!("{closed} is closed now; {moved} lines go on in {name} of {open}");
    step_out(tx, file.file_id, Out::Planned, OutHappening::Emptied, now, &cause)?;
    tracing::warn!(file = %file.name, %closed, %open, moved, "a day was declared closed");
    Ok(())
}
