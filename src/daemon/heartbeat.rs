//! The heartbeat: a hint every minute and at every time of day that a profile names.
//!
//! The scheduler's own ideas of what it missed, or of what the day is, are never asked: a lost, doubled or late beat
//! changes nothing (crates.md 1.2). Times are Korean: `new_async_tz` with +09:00, because `new` would read UTC.
//!
//! Must not: know what is due.

use super::Hint;
use crate::config::Config;
use crate::domain::TimeOfDay;
use crate::domain::time::KST_SECONDS;
use chrono::FixedOffset;
use std::collections::BTreeSet;
use std::sync::mpsc::Sender;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Every minute, at its first second.
const EVERY_MINUTE: &str = "0 * * * * *";

/// Starts the heartbeat; it ends with what is returned. Without it the engine still wakes by itself.
pub(super) async fn start(config: &Config, post: Sender<Hint>) -> Option<JobScheduler> {
    match beat(schedules(config), post).await {
        Ok(scheduler) => Some(scheduler),
        Err(error) => {
            tracing::warn!(%error, "no heartbeat; the engine wakes by itself");
            None
        }
    }
}

async fn beat(schedules: BTreeSet<String>, post: Sender<Hint>) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let korea = i32::try_from(KST_SECONDS)
        .ok()
        .and_then(FixedOffset::east_opt)
        .ok_or(JobSchedulerError::ParseSchedule)?;
    for schedule in schedules {
        let post = post.clone();
        let job = Job::new_async_tz(schedule, korea, move |_, _| {
            // Nobody listens any more when the daemon is about to end.
            let _engine_ended = post.send(Hint::Look);
            Box::pin(std::future::ready(()))
        })?;
        scheduler.add(job).await?;
    }
    scheduler.start().await?;
    Ok(scheduler)
}

/// The cron texts: every minute, and the times of day of all windows.
fn schedules(config: &Config) -> BTreeSet<String> {
    let windows = config.profiles.values().flat_map(|profile| {
        std::iter::once(&profile.registration).chain(profile.services.iter().map(|service| &service.window))
    });
    let times =
        windows.flat_map(|window| [window.cutoff, window.deadline, window.result_due]).map(|at| at.time());
    times.map(daily).chain([EVERY_MINUTE.to_string()]).collect()
}

/// Daily at a time, as the scheduler's six fields: second minute hour day month weekday.
fn daily(time: TimeOfDay) -> String {
    let seconds = time.seconds();
    format!("{} {} {} * * *", seconds % 60, seconds / 60 % 60, seconds / 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_six_fields_beginning_with_the_second() {
        let at = |text: &str| daily(text.parse().unwrap());
        assert_eq!((at("14:00"), at("09:30:15")), ("0 0 14 * * *".into(), "15 30 9 * * *".into()));
    }
}
