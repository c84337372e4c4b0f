//! `emit`: what one emit costs the emitting thread, encoding included; prints a line of JSON with
//! `parked`, `burst`, `full` and `stalled`, each `{n, p50, p99, p999, max}` in nanoseconds, and `lost`.
//!
//! - parked: an event every 100 µs to a reader that drains, as the shared harness has it;
//! - burst: 50 events back to back every 1 ms;
//! - full: nobody empties staging, so that bulk is refused;
//! - stalled: an event every 100 µs to a reader that does not read.
//!
//! The two readings of the processor's counter around each emit are part.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::error::Error;
use std::hint::spin_loop;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use choo_bench::{NO_WELCOME, Times, sample};
use choo_transport::{EventBus, SocketPusher};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let listener = UnixListener::bind(dir.path().join("drain"))?;
    let reader = thread::Builder::new().spawn(move || drain(&listener))?;
    let (parked, lost) = read(&dir.path().join("drain"), 10_000, 1, Duration::from_micros(100))?;
    reader.join().map_err(|_| "the reader panicked")??;

    let listener = UnixListener::bind(dir.path().join("burst"))?;
    let reader = thread::Builder::new().spawn(move || drain(&listener))?;
    let (burst, lost_in_bursts) = read(&dir.path().join("burst"), 100_000, 50, Duration::from_millis(1))?;
    reader.join().map_err(|_| "the reader panicked")??;

    // Bound and never accepted: the kernel takes some lines, then no more.
    let stalled = dir.path().join("stalled");
    let _listener = UnixListener::bind(&stalled)?;
    let (stalled, _) = read(&stalled, 10_000, 1, Duration::from_micros(100))?;
    let full = full(&dir.path().join("nobody"))?;
    let lost = lost + lost_in_bursts;
    println!(
        "{}",
        json!({ "parked": parked, "burst": burst, "stalled": stalled, "full": full, "lost": lost })
    );
    Ok(())
}

fn drain(listener: &UnixListener) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept()?;
    let mut buffer = vec![0; 1 << 17];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

/// Emits `count` events, `burst` at once each `gap`; answers the times and how many were lost.
fn read(path: &Path, count: usize, burst: usize, gap: Duration) -> Result<(Value, u64), Box<dyn Error>> {
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(path).welcome_wait(NO_WELCOME).start(&bus)?;
    if !pusher.wait_connected(Duration::from_secs(5)) {
        return Err("nobody listens".into());
    }
    let (event, mut times) = (sample(), Times::with_capacity(count));
    let mut next = Instant::now();
    for n in 0..count {
        if n % burst == 0 {
            while Instant::now() < next {
                spin_loop();
            }
            next += gap;
        }
        let event = event.clone();
        times.time(|| bus.emit(event));
    }
    let report = pusher.close(Duration::from_millis(100));
    Ok((times.quantiles(), report.lost))
}

/// Refusals while the writer is held up in the program's own callback.
fn full(path: &Path) -> Result<Value, Box<dyn Error>> {
    let bus = EventBus::new();
    let (told, warned) = mpsc::sync_channel::<()>(0);
    let (go_on, held) = mpsc::sync_channel::<()>(0);
    let pusher = SocketPusher::builder()
        .socket(path)
        .on_warning(move |_| {
            // Both ends go at the end of the program, and whoever waits for them goes on.
            let _ = told.send(());
            let _ = held.recv();
        })
        .start(&bus)?;
    warned.recv()?;
    let event = sample();
    while pusher.stats().refused == 0 {
        bus.emit(event.clone());
    }
    let mut times = Times::with_capacity(200_000);
    for _ in 0..200_000 {
        let event = event.clone();
        times.time(|| bus.emit(event));
    }
    drop((go_on, warned));
    pusher.close(Duration::ZERO);
    Ok(times.quantiles())
}
