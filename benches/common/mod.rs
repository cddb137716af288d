//! What the benchmarks share: whatever went wrong in words, and the kernel's account of this thread and process.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::time;

/// Whatever went wrong, in words.
pub(crate) struct Said(String);

impl<E: fmt::Display> From<E> for Said {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was asked for on the command line; `cargo bench` puts a word of its own among it.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).filter(|argument| argument != "--bench").collect()
}

/// CPU time of this thread, in milliseconds.
fn cpu_ms() -> Result<u64, Said> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<u64>()? / 1_000_000)
}

/// The most memory that was resident since the start.
pub(crate) fn peak() -> Result<String, Said> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim().to_string())
}

/// A step that is being timed.
pub(crate) struct Watch {
    cpu: u64,
    wall: time::Instant,
}

impl Watch {
    /// Begins now.
    pub(crate) fn start() -> Result<Self, Said> {
        Ok(Self { cpu: cpu_ms()?, wall: time::Instant::now() })
    }

    /// CPU and wall time since then, in milliseconds.
    pub(crate) fn took(&self) -> Result<(u64, u128), Said> {
        Ok((cpu_ms()?.saturating_sub(self.cpu), self.wall.elapsed().as_millis()))
    }

    /// Tells what the step took, and begins anew.
    pub(crate) fn tell(&mut self, step: &str) -> Result<(), Said> {
        let (cpu, wall) = self.took()?;
        writeln!(io::stdout(), "{step:<44} cpu_ms={cpu:<8} wall_ms={wall:<8} peak={}", peak()?)?;
        *self = Self::start()?;
        Ok(())
    }
}
