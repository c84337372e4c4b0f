//! What the programs here share. Each follows one contract of the side-by-side harness: it is
//! started with its arguments, does the work, and prints one line of JSON.

#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that this process has used, in nanoseconds.
pub fn cpu_nanos() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Wall and CPU time since it was made.
#[derive(Debug)]
pub struct Stopwatch {
    wall: Instant,
    cpu: u64,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Stopwatch { wall: Instant::now(), cpu: cpu_nanos() }
    }

    /// Nanoseconds of (wall, CPU) time so far.
    pub fn elapsed(&self) -> (u64, u64) {
        let wall = u64::try_from(self.wall.elapsed().as_nanos()).unwrap_or(u64::MAX);
        (wall, cpu_nanos() - self.cpu)
    }
}
