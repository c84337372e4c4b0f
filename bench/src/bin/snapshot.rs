//! `snapshot TIMES`: how long a reader waits for the state of a run of 1,000 units, and of 10,000, each with a task
//! and a place in the graph: from its request to the last byte of `hub.snapshot`. Prints the median of so many
//! readers, in nanoseconds, and the snapshot's size in bytes.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::io::{Read, Write};
use std::time::Instant;

use choo_bench::{Hub, Result};
use choo_protocol::{Event, GraphPayload, OrchStarted, RunId, Timestamp};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [times] = &args[..] else { return Err("usage: snapshot TIMES".into()) };
    let times: usize = times.parse()?;
    println!("{}", json!({ "1000": measure(1_000, times)?, "10000": measure(10_000, times)? }));
    Ok(())
}

fn measure(units: usize, times: usize) -> Result<Value> {
    let hub = Hub::start(&[])?;
    let run = RunId::ulid(1_700_000_000_000, units as u128);
    let mut producer = hub.producer()?;
    producer.write_all(&lines(units, &run)?)?;
    let path = format!("/api/v1/events?since=snapshot&run={run}");
    // The first one comes when everything has.
    while hub.json(&format!("/api/v1/runs/{run}")).map_or(true, |state| state["seq"] != 2 * units + 1) {
        std::thread::yield_now();
    }
    let (mut nanos, mut bytes) = (Vec::new(), 0);
    for _ in 0..times {
        let mut stream = std::net::TcpStream::connect(hub.addr())?;
        let start = Instant::now();
        hub.ask(&mut stream, &path, "application/x-ndjson")?;
        bytes = read_to_cursor(&mut stream)?;
        nanos.push(start.elapsed().as_nanos());
    }
    nanos.sort_unstable();
    Ok(json!({ "time": u64::try_from(nanos[nanos.len() / 2])?, "bytes": bytes }))
}

/// Every unit has come to the last of two tasks and is at work.
fn lines(units: usize, run: &RunId) -> Result<Vec<u8>> {
    let name = |n: usize| format!("unit-{n:05}");
    let plan = (0..units).map(|n| (name(n), if n < 10 { vec![] } else { vec![name(n - 10), name(n / 2)] }));
    let graph = GraphPayload::build(plan)?;
    let started = OrchStarted { unit_count: u32::try_from(units)?, parallelism: 8, graph: Some(graph) };
    let mut events = vec![Event::orch_started(started)];
    for n in 0..units {
        events.push(Event::unit_started(name(n)));
        events.push(Event::task_started(name(n), 2));
    }
    let (mut lines, time) = (Vec::new(), Timestamp::from_unix_nanos(1_700_000_000_000_000_000));
    for (seq, event) in (1..).zip(events) {
        event.encode(Some(run), Some(seq), time, &mut lines);
    }
    Ok(lines)
}

/// Reads an answer to its first `hub.cursor`; gives how many bytes there were.
fn read_to_cursor(stream: &mut impl Read) -> Result<usize> {
    const END: &[u8] = b"\"hub.cursor\"";
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 256 << 10]);
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Err("the answer ended".into());
        }
        let from = bytes.len().saturating_sub(END.len());
        bytes.extend_from_slice(&buffer[..n]);
        if memchr::memmem::find(&bytes[from..], END).is_some() {
            return Ok(bytes.len());
        }
    }
}
