//! `idle SILENCE WATCH`: how often the threads of a connected pusher run in `WATCH` seconds, once nothing has
//! been emitted for `SILENCE` seconds; prints `threads`, `wake_ups` and `cpu_ns`.
//!
//! A thread that is woken and sleeps again is counted by Linux as a switch (`/proc/self/task/*/status`).

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::error::Error;
use std::fs;
use std::io::Read;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;

use choo_bench::{NO_WELCOME, Stopwatch, sample};
use choo_transport::{EventBus, SocketPusher};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [silence, watch] = &args[..] else { return Err("usage: idle SILENCE WATCH".into()) };
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("web.sock");
    let listener = UnixListener::bind(&path)?;
    let reader = thread::Builder::new().name("reader".to_owned()).spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut buffer = vec![0; 1 << 17];
        while stream.read(&mut buffer)? > 0 {}
        Ok(())
    })?;
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(&path).welcome_wait(NO_WELCOME).start(&bus)?;
    for _ in 0..1000 {
        bus.emit(sample());
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_secs(silence.parse()?));
    let (before, stopwatch) = (switches()?, Stopwatch::start());
    thread::sleep(Duration::from_secs(watch.parse()?));
    let (after, (_, cpu_ns)) = (switches()?, stopwatch.elapsed());
    let stats = pusher.stats();
    if !stats.connected || stats.sent != stats.emitted {
        return Err(format!("not an idle connection: {stats:?}").into());
    }
    println!("{}", json!({ "threads": after.0, "wake_ups": after.1 - before.1, "cpu_ns": cpu_ns }));
    pusher.close(Duration::from_secs(1));
    reader.join().map_err(|_| "the reader panicked")??;
    Ok(())
}

/// How many threads there are besides this one and the reader, and how often they have been switched away
/// from.
fn switches() -> Result<(u64, u64), Box<dyn Error>> {
    let (mut threads, mut sum) = (0, 0);
    let own = std::process::id().to_string();
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?;
        let status = fs::read_to_string(task.path().join("status"))?;
        if task.file_name() == *own || status.starts_with("Name:\treader\n") {
            continue;
        }
        threads += 1;
        for line in status.lines().filter(|line| line.contains("ctxt_switches:")) {
            sum += line.rsplit('\t').next().unwrap_or_default().parse::<u64>()?;
        }
    }
    Ok((threads, sum))
}
