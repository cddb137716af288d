//! The clock: the only file that asks the time. Three kinds: [`System`] for the daemon, [`Manual`] for tests, [`Fast`]
//! for demo and rehearsal. All others are handed `now`.
//!
//! Business time ([`Clock::now`]) decides windows and due rows. Monotonic time ([`Clock::monotonic_ms`]) measures how
//! long a dropped file has been left alone, and nothing else (decisions.md 12).
//!
//! Must not: sleep, schedule, or decide what a suspect clock means for the day; the engine closes the windows.

use crate::domain::Instant;
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// By how much the wall clock may part from the time since boot before it is suspect (decisions.md 12).
pub const STEP_ALLOWED_MS: i64 = 60_000;

/// Where the time comes from.
pub trait Clock: Send + Sync + Debug {
    /// Business time.
    fn now(&self) -> Instant;

    /// Milliseconds since some fixed moment of this process; never goes back.
    fn monotonic_ms(&self) -> u64;

    /// By how many milliseconds the clock was stepped since it was last trusted, where that is more than
    /// [`STEP_ALLOWED_MS`]; positive is forward. Only a wall clock can be stepped.
    fn steps_suspect(&self) -> Option<i64> {
        None
    }

    /// A person or a synchronised clock says that the time is right: steps are measured from here on.
    fn trust(&self) {}
}

/// The wall clock of the machine.
#[derive(Debug)]
pub struct System {
    started: std::time::Instant,
    /// Wall time minus time since boot, in ms, when the clock was last trusted.
    trusted_offset: AtomicI64,
}

impl System {
    /// The wall clock, trusted as it stands.
    pub fn new() -> Self {
        Self { started: std::time::Instant::now(), trusted_offset: AtomicI64::new(offset_ms()) }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for System {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(wall_ms())
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn steps_suspect(&self) -> Option<i64> {
        step(self.trusted_offset.load(Ordering::Relaxed), offset_ms())
    }

    fn trust(&self) {
        self.trusted_offset.store(offset_ms(), Ordering::Relaxed);
    }
}

/// The step between two offsets of wall time to time since boot, where it is more than allowed. Measured against the
/// offset last trusted, not the one last seen: many small steps are one large one.
fn step(trusted: i64, now: i64) -> Option<i64> {
    let step = now.saturating_sub(trusted);
    (step.saturating_abs() > STEP_ALLOWED_MS).then_some(step)
}

/// Wall time minus time since boot. The latter goes on while the machine sleeps (CLOCK_BOOTTIME, by sysinfo), so a
/// night of suspend is not a step; its grain of one second is fine enough to find one of a minute.
fn offset_ms() -> i64 {
    wall_ms().saturating_sub(rustix::system::sysinfo().uptime.saturating_mul(1000))
}

/// Milliseconds since 1970 by the wall clock.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the wall clock")]
fn wall_ms() -> i64 {
    let ms = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => ms(since),
        Err(before) => ms(before.duration()).saturating_neg(),
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct Manual {
    now: AtomicI64,
    monotonic: AtomicU64,
}

impl Manual {
    /// A clock that shows `now`.
    pub fn new(now: Instant) -> Self {
        Self { now: AtomicI64::new(now.unix_ms()), monotonic: AtomicU64::new(0) }
    }

    /// Shows another time, earlier or later; monotonic time stands.
    pub fn set(&self, now: Instant) {
        self.now.store(now.unix_ms(), Ordering::Relaxed);
    }

    /// Lets `ms` milliseconds pass, in both times.
    pub fn pass_ms(&self, ms: u32) {
        self.now.fetch_add(i64::from(ms), Ordering::Relaxed);
        self.monotonic.fetch_add(u64::from(ms), Ordering::Relaxed);
    }
}

impl Clock for Manual {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(self.now.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic.load(Ordering::Relaxed)
    }
}

/// The clock of demo and rehearsal: business time jumps from one due instant to the next and stands in between, so
/// that the same inputs give the same bytes (decisions.md 12, 13). Monotonic time is the machine's.
#[derive(Debug)]
pub struct Fast {
    started: std::time::Instant,
    now: AtomicI64,
    speed: Option<NonZeroU32>,
}

impl Fast {
    /// A clock that shows `start`. `speed` is how many business seconds go by in one real second; none is no pause.
    pub fn new(start: Instant, speed: Option<NonZeroU32>) -> Self {
        Self { started: std::time::Instant::now(), now: AtomicI64::new(start.unix_ms()), speed }
    }

    /// Moves business time forward to `to`; a time that has passed already changes nothing.
    pub fn advance_to(&self, to: Instant) {
        self.now.fetch_max(to.unix_ms(), Ordering::Relaxed);
    }

    /// How long, in real time, the caller should wait before [`Fast::advance_to`], so that the speed is kept.
    pub fn pause_before(&self, to: Instant) -> Duration {
        let ahead = to.unix_ms().saturating_sub(self.now.load(Ordering::Relaxed));
        match self.speed {
            Some(speed) => Duration::from_millis(u64::try_from(ahead).unwrap_or(0) / u64::from(speed.get())),
            None => Duration::ZERO,
        }
    }
}

impl Clock for Fast {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(self.now.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_suspect_only_above_a_minute_either_way() {
        for (trusted, now, expected) in [
            (0, 0, None),
            (1_000, 61_000, None),
            (0, -60_000, None),
            (0, 60_001, Some(60_001)),
            (500, -60_000, Some(-60_500)),
            (i64::MIN, i64::MAX, Some(i64::MAX)),
        ] {
            assert_eq!(step(trusted, now), expected, "{trusted} {now}");
        }
    }

    #[test]
    fn the_system_clock_is_trusted_as_it_starts_and_again_when_told() {
        let clock = System::new();
        assert_eq!(clock.steps_suspect(), None);
        clock.trusted_offset.fetch_sub(3_600_000, Ordering::Relaxed);
        assert!(clock.steps_suspect().is_some_and(|ms| (3_590_000..3_610_000).contains(&ms)));
        clock.trust();
        assert_eq!(clock.steps_suspect(), None);
        assert!(clock.now() > Instant::from_unix_ms(1_700_000_000_000));
    }

    #[test]
    fn the_fast_clock_never_goes_back_and_pauses_by_its_speed() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let clock = Fast::new(at("2026-01-05 14:00"), NonZeroU32::new(3600));
        assert_eq!(clock.pause_before(at("2026-01-05 16:00")), Duration::from_secs(2));
        clock.advance_to(at("2026-01-05 16:00"));
        clock.advance_to(at("2026-01-05 15:00"));
        assert_eq!(clock.now(), at("2026-01-05 16:00"));
        assert_eq!(clock.pause_before(at("2026-01-05 15:00")), Duration::ZERO);
        assert_eq!(
            Fast::new(at("2026-01-05"), None).pause_before(at("2030-01-01")),
            Duration::ZERO,
            "without a speed there is no pause"
        );
    }

    #[test]
    fn the_manual_clock_moves_only_by_hand() {
        let clock = Manual::new("2026-01-05 14:00".parse().unwrap());
        clock.pass_ms(1_500);
        assert_eq!(
            (clock.now().to_string(), clock.monotonic_ms()),
            ("2026-01-05 14:00:01.500".into(), 1_500)
        );
        clock.set("2026-01-04 09:00".parse().unwrap());
        assert_eq!((clock.now().to_string(), clock.monotonic_ms()), ("2026-01-04 09:00:00".into(), 1_500));
    }
}
