//! The self-test (product.md N18): whether the ground is firm, at start, every day, and when a
//! window opens. While anything is red, no window
//! opens: no file for a bank is built or handed out. Files that come are read all the same.
//!
//! Must not: end the daemon; what is wrong with the ground is told as an alert for each finding, and tried again every
//! minute until it is mended.

use super::{Engine, Failure};
use crate::domain::Instant;
use crate::spool::Unfit;

/// The alert of one finding; its subject is what was tried.
const RED: &str = "self-test-failed";

/// All that may be red.
const TRIED: [&str; 5] = ["rename", "free-space", "permissions", "calendar", "clock"];

/// How long a finding is believed before it is tried again, in milliseconds.
const BELIEVED_MS: i64 = 60_000;

/// The calendar must cover so many days more: a window opened today has its result within them.
const COVERED_DAYS: i64 = 14;

/// How far the ledger's business time may be ahead of the clock, in milliseconds: one day.
const AHEAD_MS: i64 = 86_400_000;

/// How the last self-test came out.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastTest {
    at: Instant,
    red: bool,
    /// Whether the clock was behind then.
    behind: bool,
}

impl Engine {
    /// Notes a clock that says a time long before what the ledger has seen.
    pub(super) fn look_at_clock(&mut self, clock: Instant, now: Instant) {
        self.clock_behind = (now.unix_ms() - clock.unix_ms() > AHEAD_MS).then_some(clock);
    }

    /// Whether anything forbids to build and to hand out files: books that do not add up, or ground that is not firm.
    /// What was firm is believed for the day, except where a window is about to open (`opens`).
    pub(super) fn must_not_send(&mut self, opens: bool, now: Instant) -> Result<bool, Failure> {
        let due = self.last_test.is_none_or(|last| {
            let old = now.unix_ms() - last.at.unix_ms() >= BELIEVED_MS;
            last.at.date() != now.date()
                || last.behind != self.clock_behind.is_some()
                || (old && (last.red || opens))
        });
        if due {
            self.self_test(now)?;
        }
        Ok(self.last_test.is_some_and(|last| last.red) || self.books_stop_sending()?)
    }

    /// Tries everything; raises an alert for what is red and ends those that are not.
    fn self_test(&mut self, now: Instant) -> Result<(), Failure> {
        let mut unfit = self.spool.self_test(self.config.limits.least_free_bytes).map_err(Failure::Spool)?;
        unfit.extend(self.unfit_time(now));
        let tx = self.ledger.begin()?;
        for what in TRIED {
            let told: Vec<&str> =
                unfit.iter().filter(|one| one.what == what).map(|one| one.text.as_str()).collect();
            if told.is_empty() {
                tx.clear_alert(RED, what, now)?;
            } else {
                let text = format!("no window opens while this stands: {}", told.join("; "));
                tx.alert(RED, what, &text, now)?;
            }
        }
        tx.commit()?;
        self.last_test =
            Some(LastTest { at: now, red: !unfit.is_empty(), behind: self.clock_behind.is_some() });
        Ok(())
    }

    fn unfit_time(&self, now: Instant) -> Vec<Unfit> {
        let mut unfit = Vec::new();
        if self.config.calendar.days_left(now.date()) < COVERED_DAYS {
            let text = format!(
                "the calendar is declared for less than {COVERED_DAYS} more days: extend config/calendar.toml (declared_until) and start again"
            );
            unfit.push(Unfit { what: "calendar", text });
        }
        if let Some(clock) = self.clock_behind {
            let text = format!(
                "the clock says {clock}, more than a day before what the ledger has seen ({now}): set the clock right"
            );
            unfit.push(Unfit { what: "clock", text });
        }
        unfit
    }
}
