//! What a hub's stream costs a page: `cargo run --release -p choo-protocol --example store`.
#![expect(clippy::print_stdout, reason = "a program")]

use std::time::{Duration, Instant};

use choo_protocol::{Journal, Limits, Line, LineDecoder, RunState, RunStore};

const EVENTS: u32 = 40_000;
const CHUNK: usize = 64 << 10;
const REPEATS: usize = 9;

fn main() {
    let stream: String = (1..=EVENTS).map(line).collect();
    let bytes = stream.as_bytes();
    println!("{EVENTS} events of {} bytes", bytes.len() / EVENTS as usize);
    report("split into lines", || {
        let mut count = 0;
        let mut decoder = LineDecoder::new(Limits::default());
        bytes.chunks(CHUNK).for_each(|chunk| decoder.feed(chunk, |_| count += 1));
        count
    });
    report("validate", || {
        let limits = Limits::default();
        stream.lines().filter(|line| Line::parse(line.as_bytes(), &limits).is_ok()).count()
    });
    report("validate and fold", || {
        let limits = Limits::default();
        let mut state = RunState::new("r".parse().expect("a run id"));
        for line in stream.lines() {
            if let Ok(line) = Line::parse(line.as_bytes(), &limits) {
                std::hint::black_box(state.apply(&line));
            }
        }
        state.units.len()
    });
    let logs: String = (1..=EVENTS).filter(|n| n % 10 < 7).map(line).collect();
    let parsed: Vec<Line<'_>> =
        logs.lines().filter_map(|line| Line::parse(line.as_bytes(), &Limits::default()).ok()).collect();
    report("fold of log lines alone (28,000 of them)", || {
        let mut state = RunState::new("r".parse().expect("a run id"));
        for line in &parsed {
            std::hint::black_box(state.apply(line));
        }
        state.seq
    });
    report("validate and list", || {
        let limits = Limits::default();
        let mut journal = Journal::new(Journal::DEFAULT_BYTES);
        for line in stream.lines() {
            if let Ok(line) = Line::parse(line.as_bytes(), &limits) {
                journal.push(&line);
            }
        }
        journal.bytes()
    });
    report("store: split, validate, fold, list", || {
        let mut store = RunStore::new(RunStore::DEFAULT_JOURNAL_BYTES);
        let mut changed = 0;
        for chunk in bytes.chunks(CHUNK) {
            store.push(chunk);
            changed += store.take_changes().units.len();
        }
        changed
    });
}

/// Seven log lines in ten, the rest moves tasks.
fn line(n: u32) -> String {
    let (unit, task) = (n % 200, 1 + n % 5);
    let (kind, payload) = match n % 10 {
        0..7 => ("log.stdout", format!(r#"{{"content":"compiling module {n} of the graph","n":{n}}}"#)),
        7 => ("task.started", r#"{"name":"build the thing","attempt":1,"command":"cargo test"}"#.to_owned()),
        8 => ("task.completed", r#"{"name":"build the thing","attempt":1}"#.to_owned()),
        _ => ("unit.started", r#"{"total_tasks":5}"#.to_owned()),
    };
    format!(
        r#"{{"type":"{kind}","time":"2025-01-18T10:30:15.{:09}Z","unit":"unit-{unit}","task":{task},"payload":{payload},"run":"01JHZX3V9K5T8Q2W4E6R7Y1U0P","seq":{n}}}"#,
        1 + n * 10
    ) + "\n"
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch; the crate itself reads no clock")]
fn now() -> Instant {
    Instant::now()
}

fn report<T>(what: &str, mut work: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let start = now();
            std::hint::black_box(work());
            now() - start
        })
        .collect();
    times.sort();
    let nanos = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(EVENTS);
    println!("{what:<36} median {:>5.0} ns  best {:>5.0} ns", nanos(times[REPEATS / 2]), nanos(times[0]));
}
