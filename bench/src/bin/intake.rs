//! `intake COUNT`: what the hub pays for an event that it takes, validates, folds and stores. `choo web`, its history in
//! SQLite, runs on one core; lines of some 200 bytes come by the Unix socket from another, as fast as it takes
//! them, until it has acknowledged the last one, which it does once that is stored.
//!
//! Prints nanoseconds of an event: `wall`, `cpu`, and `store`, the share of the thread that stores; for the line of
//! output that the harness has stored again and again (`logs`), for output of which no two lines are the same, as it
//! is compressed (`varied`), and for events that change the state of a thousand units (`states`). A history with less
//! than all of it in the end is an error.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::time::Instant;

use choo_bench::{Hub, Result, sample};
use choo_protocol::{Event, LogStream, Payload, RunId, Timestamp};
use serde_json::{Value, json};

/// Units of the run.
const UNITS: u64 = 1_000;

/// With it a line gets as long as one of output.
static PAYLOAD: LazyLock<Payload> = LazyLock::new(|| {
    Payload::json(&json!({ "description": "what this task is about" })).unwrap_or_else(|_| unreachable!())
});

/// As the pusher writes under load.
const BLOCK: usize = 64 << 10;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [count] = &args[..] else { return Err("usage: intake COUNT".into()) };
    let count: u64 = count.parse()?;
    let result = json!({ "logs": measure(count, log)?, "varied": measure(count, varied)?, "states": measure(count, state)? });
    println!("{result}");
    Ok(())
}

fn log(_: u64) -> Event {
    sample()
}

/// Some words and numbers, as compilers and test runners say them.
fn varied(n: u64) -> Event {
    const WORDS: [&str; 16] = [
        "Compiling",
        "Checking",
        "Finished",
        "warning:",
        "unused variable",
        "src/main.rs",
        "error[E0308]",
        "mismatched types",
        "expected",
        "found",
        "running",
        "test result: ok",
        "FAILED",
        "serde",
        "v1.0.219",
        "note:",
    ];
    let mut random = fastrand::Rng::with_seed(n);
    let mut text = String::new();
    while text.len() < 70 {
        text += WORDS[random.usize(..WORDS.len())];
        // Writing to a String cannot fail.
        let _ = write!(text, " {} ", random.u32(..100_000));
    }
    Event::log(format!("unit-{}", n / 16 % 20), Some(1), LogStream::Stdout, text, n)
}

/// Units start and complete, one after the other and then again.
fn state(n: u64) -> Event {
    let unit = format!("unit-{}-with-a-name-of-some-length", n / 2 % UNITS);
    let event =
        if n.is_multiple_of(2) { Event::task_started(unit, 1) } else { Event::task_completed(unit, 1) };
    event.payload(PAYLOAD.clone())
}

fn measure(count: u64, event: fn(u64) -> Event) -> Result<Value> {
    let run = RunId::ulid(1_700_000_000_000, u128::from(count));
    let (mut lines, time) = (Vec::new(), Timestamp::from_unix_nanos(1_700_000_000_000_000_000));
    for seq in 1..=count {
        event(seq).encode(Some(&run), Some(seq), time, &mut lines);
    }
    let hub = Hub::start(&[])?;
    let mut producer = hub.producer()?;
    let mut replies = BufReader::new(producer.try_clone()?);
    writeln!(
        producer,
        r#"{{"type":"link.hello","payload":{{"proto":1,"run":"{run}","first":1,"last":{count}}}}}"#
    )?;
    wait(&mut replies, |line| line["type"] == "link.welcome")?;
    let (before, start) = (hub.cpu_nanos("history")?, Instant::now());
    std::thread::scope(|scope| {
        let writer = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn_scoped(scope, || lines.chunks(BLOCK).try_for_each(|block| (&producer).write_all(block)))?;
        wait(&mut replies, |line| line["type"] == "link.ack" && line["payload"]["seq"] == count)?;
        writer.join().map_err(|_| "the writer panicked")??;
        Result::Ok(())
    })?;
    let (wall, after) = (start.elapsed(), hub.cpu_nanos("history")?);
    let stored = stored(&hub, &run)?;
    if stored != count {
        return Err(format!("{stored} of {count} events are in the history").into());
    }
    let each = |nanos: u64| nanos as f64 / count as f64;
    Ok(json!({
        "wall": wall.as_nanos() as f64 / count as f64,
        "cpu": each(after.0 - before.0),
        "store": each(after.1 - before.1),
    }))
}

/// Reads replies until one fits.
fn wait(replies: &mut BufReader<UnixStream>, fits: impl Fn(&Value) -> bool) -> Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        if replies.read_line(&mut line)? == 0 {
            return Err("the hub went away".into());
        }
        if fits(&serde_json::from_str(&line)?) {
            return Ok(());
        }
    }
}

/// How many events of the run the history has.
fn stored(hub: &Hub, run: &RunId) -> Result<u64> {
    let path = format!("/api/v1/runs/{run}/export");
    let mut stream = UnixStream::connect(hub.socket())?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(memchr::memmem::find_iter(&bytes, b"\"seq\":").count() as u64)
}
