//! `encode COUNT`: encodes a 200-byte log event into a reused buffer and, beside it in the same run,
//! the same event by itself, without what an `Encoder` remembers, and with `serde_json`. Prints nanoseconds
//! of CPU an event for each, the best of nine interleaved rounds, and how often ours asked for memory.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]

use std::error::Error;
use std::hint::black_box;

use choo_bench::Stopwatch;
use choo_protocol::{Encoder, Event, Limits, Line, LogStream, RunId, Timestamp, WireEvent};

const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::args().nth(1).ok_or("usage: encode COUNT")?.parse()?;
    let run = RunId::ulid(1_737_196_215_000, 42);
    let content = "Compiling serde v1.0.219 (registry) target x86_64 release opt-level 3";
    let event = Event::log("app-shell", Some(1), LogStream::Stdout, content, 1234);
    let time = Timestamp::from_unix_nanos(1_737_196_215_123_456_789);
    let mut line = Vec::with_capacity(1024);
    event.encode(Some(&run), Some(77_777), time, &mut line);
    let bytes = line.len();
    let line_event = WireEvent::from(&Line::parse(line.trim_ascii_end(), &Limits::default())?);

    let mut encoder = Encoder::new(&run);
    let (mut remembering, mut ours, mut serde) = (u64::MAX, u64::MAX, u64::MAX);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for seq in 1..=u64::from(count) {
            line.clear();
            encoder.encode(black_box(&event), seq, time, &mut line);
            black_box(&line);
        }
        remembering = remembering.min(watch.elapsed().1);
        let watch = Stopwatch::start();
        for seq in 1..=u64::from(count) {
            line.clear();
            black_box(&event).encode(Some(&run), Some(seq), time, &mut line);
            black_box(&line);
        }
        ours = ours.min(watch.elapsed().1);
        let watch = Stopwatch::start();
        for _ in 0..count {
            line.clear();
            serde_json::to_writer(&mut line, black_box(&line_event))?;
            black_box(&line);
        }
        serde = serde.min(watch.elapsed().1);
    }
    // A run of their own: counting is not free.
    let allocations = allocation_counter::measure(|| {
        for seq in 1..=u64::from(count) {
            line.clear();
            encoder.encode(black_box(&event), seq, time, &mut line);
            line.clear();
            black_box(&event).encode(Some(&run), Some(seq), time, &mut line);
        }
    });
    let per = |nanos: u64| nanos / u64::from(count);
    println!(
        "{}",
        serde_json::json!({
            "bytes": bytes,
            "encoder": per(remembering),
            "event": per(ours),
            "serde_json": per(serde),
            "allocations": allocations.count_total,
        })
    );
    Ok(())
}
