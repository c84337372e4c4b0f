//! `pusher SOCKET COUNT RATE drop|block`: emits `COUNT` log events of about 200 bytes at `RATE` per second
//! (0: without pause) through the whole path, and prints `emitted`, `dropped`, `lost`, `wall_ns` and
//! `emit_ns {n, p50, p99, p999, max}`, the time of the emit call alone.
//!
//! `drop` leaves what does not fit to the pusher's own policy, `block` waits for room. Of each emit the
//! two readings of the processor's counter are part.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::error::Error;
use std::time::{Duration, Instant};

use choo_bench::{NO_WELCOME, Times, sample, stamped};
use choo_transport::{EventBus, SocketPusher};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

const USAGE: &str = "usage: pusher SOCKET COUNT RATE drop|block";

/// While blocking, this many events may wait, some 2 MiB: far from what the pusher would drop.
const HIGH_WATER: u64 = 8_000;

/// While blocking, room is looked for after so many events.
const LOOK_EVERY: u64 = 256;

/// Events come in ticks of at least this many nanoseconds, as those of the peers do.
const TICK: u64 = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [socket, count, rate, policy] = &args[..] else { return Err(USAGE.into()) };
    let (count, rate): (u64, u64) = (count.parse()?, rate.parse()?);
    let block = match policy.as_str() {
        "drop" => false,
        "block" => true,
        _ => return Err(USAGE.into()),
    };
    let start = Instant::now();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(socket).welcome_wait(NO_WELCOME).start(&bus)?;
    if !pusher.wait_connected(Duration::from_secs(5)) {
        return Err("nobody listens".into());
    }
    let mut times = Times::with_capacity(usize::try_from(count)?);
    let (sample, pace) = (sample(), Pace::new(rate)?);
    let mut emitted = 0;
    while emitted < count {
        for _ in 0..pace.due(emitted)?.min(count - emitted) {
            let event = stamped(&sample, (rate > 0).then(real_nanos));
            times.time(|| bus.emit(event));
            emitted += 1;
            if emitted == 1 && rate == 0 && !block {
                // The burst is to meet a connected, idle writer.
                std::thread::sleep(Duration::from_millis(50));
            }
            if block && emitted % LOOK_EVERY == 0 {
                while pusher.stats().queued > HIGH_WATER {
                    std::thread::sleep(Duration::from_micros(100));
                }
            }
        }
    }
    let report = pusher.close(Duration::from_mins(1));
    let wall_ns = u64::try_from(start.elapsed().as_nanos())?;
    let result = json!({
        "emitted": emitted,
        "dropped": report.lost,
        "lost": report.unsent,
        "wall_ns": wall_ns,
        "emit_ns": times.quantiles(),
    });
    println!("{result}");
    Ok(())
}

/// When the next events are due.
struct Pace {
    start: Instant,
    rate: u64,
}

impl Pace {
    fn new(rate: u64) -> Result<Self, Box<dyn Error>> {
        // Without it Linux lets each sleep last 50 µs longer.
        #[cfg(target_os = "linux")]
        rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1))?;
        Ok(Pace { start: Instant::now(), rate })
    }

    /// How many events are due once `emitted` have been; sleeps first when none is.
    fn due(&self, emitted: u64) -> Result<u64, Box<dyn Error>> {
        if self.rate == 0 {
            return Ok(u64::MAX);
        }
        loop {
            let now = u64::try_from(self.start.elapsed().as_nanos())?;
            let due = u64::try_from(u128::from(now) * u128::from(self.rate) / 1_000_000_000)?;
            if due > emitted {
                return Ok(due - emitted);
            }
            let at = (now + TICK).max((emitted + 1) * 1_000_000_000 / self.rate);
            std::thread::sleep(Duration::from_nanos(at - now));
        }
    }
}

/// Nanoseconds since 1970, as the reader takes them from the line.
fn real_nanos() -> u64 {
    let time = clock_gettime(ClockId::Realtime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
