//! `orders COUNT`: validates and decodes `COUNT` lines of some 200 bytes from memory, for each of several
//! orders of their keys, beside `serde_json` into the same envelope, borrowed (the payload as `RawValue`)
//! and owned (the payload as `Value`). Prints nanoseconds of CPU a line, by order and reader, the best of
//! nine interleaved rounds.
//!
//! The content is the side-by-side harness's: four log lines to one state change. `ours` is what
//! `Event::encode` writes, with `run` and `seq`; `theirs` is the order of the harness's file; `sorted` has
//! the keys by name, `backwards` has ours from the last to the first, `spaced` has ours with blanks behind
//! colons and commas, as Python's `json.dumps` writes them.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]

use std::borrow::Cow;
use std::error::Error;
use std::hint::black_box;

use choo_bench::Stopwatch;
use choo_protocol::{Limits, Line};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const ROUNDS: usize = 9;

/// So many lines are made, and read over and over: the 400 KiB stay in the processor's second cache.
const LINES: u32 = 2000;

const ORDERS: [(&str, &str, &[&str]); 5] = [
    ("ours", "", &["type", "time", "unit", "task", "payload", "run", "seq"]),
    ("theirs", "", &["type", "unit", "task", "time", "payload"]),
    ("sorted", "", &["payload", "run", "seq", "task", "time", "type", "unit"]),
    ("backwards", "", &["seq", "run", "payload", "task", "unit", "time", "type"]),
    ("spaced", " ", &["type", "time", "unit", "task", "payload", "run", "seq"]),
];

/// The envelope as the harness's fastest use of `serde_json` reads it: the time stays text, the payload
/// stays JSON.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading it is of interest")]
struct Borrowed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    unit: Cow<'a, str>,
    task: Option<u32>,
    pr: Option<u32>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    error: Option<String>,
    #[serde(borrow)]
    run: Option<Cow<'a, str>>,
    seq: Option<u64>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading it is of interest")]
struct Owned {
    r#type: String,
    unit: String,
    task: Option<u32>,
    pr: Option<u32>,
    time: String,
    payload: Option<Value>,
    error: Option<String>,
    run: Option<String>,
    seq: Option<u64>,
}

/// Reads a line and says whether it was good.
type Reader<'a> = &'a dyn Fn(&[u8]) -> bool;

fn main() -> Result<(), Box<dyn Error>> {
    let count: u32 = std::env::args().nth(1).ok_or("usage: orders COUNT")?.parse()?;
    let limits = Limits::default();
    let orders = ORDERS.map(|(name, space, keys)| {
        (name, (0..LINES).map(|n| line(n, space, keys)).collect::<Vec<_>>(), [u64::MAX; 3])
    });
    let mut orders = Vec::from(orders);
    for _ in 0..ROUNDS {
        for (_, lines, best) in &mut orders {
            let readers: [Reader<'_>; 3] = [
                &|line| Line::parse(line, &limits).as_ref().map(black_box).is_ok(),
                &|line| black_box(serde_json::from_slice::<Borrowed<'_>>(line)).is_ok(),
                &|line| black_box(serde_json::from_slice::<Owned>(line)).is_ok(),
            ];
            for (read, best) in readers.iter().zip(best) {
                let watch = Stopwatch::start();
                let good = lines.iter().cycle().take(count as usize).filter(|line| read(line)).count();
                *best = (*best).min(watch.elapsed().1);
                if good != count as usize {
                    return Err("a line was refused".into());
                }
            }
        }
    }
    let mut result = Map::new();
    for (name, _, best) in orders {
        for (reader, nanos) in ["choo", "serde_json borrowed", "serde_json owned"].into_iter().zip(best) {
            let nanos = nanos as f64 / f64::from(count);
            result.insert(format!("{name} {reader}"), json!((nanos * 10.0).round() / 10.0));
        }
    }
    println!("{}", Value::Object(result));
    Ok(())
}

/// A line with those keys.
fn line(n: u32, space: &str, keys: &[&str]) -> Vec<u8> {
    let (kind, fraction, payload) = if n.is_multiple_of(5) {
        let payload = format!(r#"{{"exit":0,"ms":{n},"files":["src/a.rs","src/b.rs"]}}"#);
        ("task.completed", String::new(), payload)
    } else {
        let payload = format!(
            r#"{{"stream":"stdout","line":"   Compiling serde v1.0.{n} (registry \"main\") with 14 features, target x86_64 release"}}"#
        );
        ("task.log", format!(".{:09}", n * 1001 + 1), payload)
    };
    let payload =
        if space.is_empty() { payload } else { payload.replace("\":", "\": ").replace(",\"", ", \"") };
    let member = |key: &&str| {
        let value = match *key {
            "type" => format!("\"{kind}\""),
            "time" => format!("\"2025-01-18T10:30:{:02}{fraction}Z\"", n % 60),
            "unit" => format!("\"unit-{}\"", n % 7),
            "task" => (n % 40).to_string(),
            "run" => "\"01JHZX3V9K5T8Q2W4E6R7Y1U0P\"".to_owned(),
            "seq" => (n + 1).to_string(),
            _ => payload.clone(),
        };
        format!("\"{key}\":{space}{value}")
    };
    let members: Vec<String> = keys.iter().map(member).collect();
    format!("{{{}}}", members.join(&format!(",{space}"))).into_bytes()
}
