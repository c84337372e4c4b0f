//! `redact`: processor time of an event, emit to reader, by what is to be replaced in it: `nothing`, 20
//! `secrets` that do not occur, 500 of them (`many`), 20 beside one that stands in every line (`found`), or one
//! `pattern`. Prints nanoseconds of the whole process, whose reader throws away what it reads.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::error::Error;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use choo_bench::{NO_WELCOME, Stopwatch, sample};
use choo_transport::{EventBus, Redaction, SocketPusher};
use serde_json::{Map, Value};

/// Events of each scenario in one pass.
const EVENTS: u64 = 100_000;

/// Each scenario has each place in the order once.
const PASSES: usize = 5;

/// As many may wait, so that none is dropped.
const HIGH_WATER: u64 = 8_000;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let secrets = |count| {
        (0..count).try_fold(Redaction::new(), |all, n| all.secret(format!("{n:03}-correct-horse-battery")))
    };
    let mut scenarios = [
        ("nothing", Redaction::new()),
        ("secrets", secrets(20)?),
        ("many", secrets(500)?),
        ("found", secrets(20)?.secret("v1.0.219")?),
        ("pattern", Redaction::new().pattern(r"ghp_[A-Za-z0-9]{36}")?),
    ];
    let mut sums = [0; 5];
    for pass in 0..PASSES {
        for ((name, redaction), sum) in scenarios.iter().zip(&mut sums) {
            *sum += scenario(&dir.path().join(format!("{name}{pass}")), redaction.clone())?;
        }
        scenarios.rotate_left(1);
        sums.rotate_left(1);
    }
    let per_event = |sum: u64| Value::from(sum / (EVENTS * PASSES as u64));
    let result: Map<_, _> =
        scenarios.iter().zip(sums).map(|((name, _), sum)| ((*name).into(), per_event(sum))).collect();
    println!("{}", Value::from(result));
    Ok(())
}

/// Nanoseconds of processor time that [`EVENTS`] took.
fn scenario(socket: &Path, redaction: Redaction) -> Result<u64, Box<dyn Error>> {
    let listener = UnixListener::bind(socket)?;
    let reader = thread::Builder::new().spawn(move || drain(&listener))?;
    let bus = EventBus::new();
    let pusher =
        SocketPusher::builder().socket(socket).welcome_wait(NO_WELCOME).redact(redaction).start(&bus)?;
    if !pusher.wait_connected(Duration::from_secs(5)) {
        return Err("nobody listens".into());
    }
    let (event, watch) = (sample(), Stopwatch::start());
    for n in 0..EVENTS {
        bus.emit(event.clone());
        while n % 256 == 0 && pusher.stats().queued > HIGH_WATER {
            thread::sleep(Duration::from_micros(100));
        }
    }
    let report = pusher.close(Duration::from_mins(1));
    let (_, cpu) = watch.elapsed();
    if report.lost + report.unsent > 0 {
        return Err("events were lost".into());
    }
    reader.join().map_err(|_| "the reader panicked")??;
    Ok(cpu)
}

fn drain(listener: &UnixListener) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept()?;
    let mut buffer = vec![0; 1 << 17];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}
