//! `runtime`: how long a program's own work takes beside its events: without a pusher (`alone`), with the hub
//! `absent`, `stopped` (SIGSTOP), `slow` and `reading`. Prints nanoseconds of a step, in which the program
//! computes for some 100 µs and emits an event.
//!
//! The hub is this program as another process: `runtime read|crawl SOCKET`.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::error::Error;
use std::hint::black_box;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use choo_bench::sample;
use choo_transport::{EventBus, SocketPusher};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value};

/// Steps of each scenario.
const STEPS: u32 = 4_000;

/// What a slow hub reads at once, and its pause after that: 100 KB/s, a twentieth of what comes.
const CRAWL: (usize, Duration) = (1_000, Duration::from_millis(10));

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [] => measure(),
        [how, socket] => read(Path::new(socket), how == "crawl"),
        _ => Err("usage: runtime [read|crawl SOCKET]".into()),
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let mut result = Map::new();
    // The first pass warms up; in the others each scenario has had each place in the order.
    let mut scenarios = ["alone", "absent", "stopped", "slow", "reading"];
    let mut sums = [0_u128; 5];
    steps(&EventBus::new());
    for pass in 0..scenarios.len() {
        for (name, sum) in scenarios.iter().zip(&mut sums) {
            *sum += scenario(name, &dir.path().join(format!("{name}{pass}.sock")))?.as_nanos();
        }
        scenarios.rotate_left(1);
        sums.rotate_left(1);
    }
    for (name, sum) in scenarios.iter().zip(sums) {
        let nanos = u64::try_from(sum / u128::from(STEPS) / 5)?;
        result.insert((*name).to_owned(), nanos.into());
    }
    println!("{}", Value::from(result));
    Ok(())
}

fn scenario(name: &str, socket: &Path) -> Result<Duration, Box<dyn Error>> {
    let bus = EventBus::new();
    if name == "alone" {
        return Ok(steps(&bus));
    }
    let mut hub = match name {
        "absent" => None,
        "slow" => Some(start("crawl", socket)?),
        _ => Some(start("read", socket)?),
    };
    let pusher = SocketPusher::builder().socket(socket).start(&bus)?;
    if let Some(hub) = &hub {
        if !pusher.wait_connected(Duration::from_secs(5)) {
            return Err("the hub did not come".into());
        }
        if name == "stopped" {
            let pid = Pid::from_child(hub);
            kill_process(pid, Signal::STOP)?;
        }
    }
    let took = steps(&bus);
    pusher.close(Duration::ZERO);
    if let Some(hub) = &mut hub {
        hub.kill()?;
        hub.wait()?;
    }
    Ok(took)
}

/// The program's own work, and an event at each step.
fn steps(bus: &EventBus) -> Duration {
    let (event, start) = (sample(), Instant::now());
    let mut state = 88_172_645_463_325_252_u64;
    for _ in 0..STEPS {
        for _ in 0..50_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        black_box(state);
        bus.emit(event.clone());
    }
    start.elapsed()
}

fn start(how: &str, socket: &Path) -> Result<Child, Box<dyn Error>> {
    Ok(Command::new(std::env::current_exe()?).arg(how).arg(socket).spawn()?)
}

/// Reads to the end, all at once or slowly.
fn read(socket: &Path, slowly: bool) -> Result<(), Box<dyn Error>> {
    let (mut stream, _) = UnixListener::bind(socket)?.accept()?;
    let mut buffer = vec![0; if slowly { CRAWL.0 } else { 1 << 17 }];
    while stream.read(&mut buffer)? > 0 {
        if slowly {
            thread::sleep(CRAWL.1);
        }
    }
    Ok(())
}
