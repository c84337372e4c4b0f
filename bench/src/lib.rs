//! What the programs here share. Each follows one contract of the side-by-side harness: it is
//! started with its arguments, does the work, and prints one line of JSON.

#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

mod hub;

use std::time::{Duration, Instant};

use choo_protocol::{Event, LogStream, Payload};
use rustix::time::{ClockId, clock_gettime};

pub use hub::{Hub, Result};

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

/// The harness's reader says nothing, so nobody waits for a word from it.
pub const NO_WELCOME: Duration = Duration::from_micros(1);

/// What a stamp takes the place of.
const UNSTAMPED: &str = "0000000000000000000";

/// A log line that is a good 200 bytes once encoded.
pub fn sample() -> Event {
    let content = format!("Compiling serde v1.0.219 (registry) target x86_64 #ns={UNSTAMPED}");
    Event::log("app-shell", Some(1), LogStream::Stdout, content, 1)
}

/// A copy of a [`sample`] with these nanoseconds in its text, where the harness's reader finds them.
pub fn stamped(sample: &Event, nanos: Option<u64>) -> Event {
    let (Some(nanos), Some(Payload::Log(log))) = (nanos, &sample.payload) else { return sample.clone() };
    let text = log.content.strip_suffix(UNSTAMPED).unwrap_or(&log.content);
    Event::log("app-shell", Some(1), LogStream::Stdout, format!("{text}{nanos:019}"), log.n)
}

/// Times calls one by one by the processor's counter, as the harness's programs do: reading the system's clock
/// twice takes a quarter of the time that an emit does.
#[derive(Debug)]
pub struct Times {
    clock: quanta::Clock,
    ticks: Vec<u64>,
}

impl Times {
    /// Room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Times { clock: quanta::Clock::new(), ticks: Vec::with_capacity(count) }
    }

    /// Calls `work` and keeps how long it took.
    #[inline]
    pub fn time<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let before = self.clock.raw();
        let result = work();
        let after = self.clock.raw();
        self.ticks.push(after.saturating_sub(before));
        result
    }

    /// The quantiles that the harness asks for: `{n, p50, p99, p999, max}`, in nanoseconds.
    pub fn quantiles(&self) -> serde_json::Value {
        let mut ticks = self.ticks.clone();
        ticks.sort_unstable();
        let samples: Vec<u64> = ticks.iter().map(|ticks| self.clock.delta_as_nanos(0, *ticks)).collect();
        let last = samples.len().saturating_sub(1);
        let at = |per_mille: usize| samples.get(last * per_mille / 1000).copied().unwrap_or(0);
        serde_json::json!({"n": samples.len(), "p50": at(500), "p99": at(990), "p999": at(999), "max": at(1000)})
    }
}
