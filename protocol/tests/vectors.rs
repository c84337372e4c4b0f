//! The golden vectors that Rust and TypeScript share (`tests/vectors`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use choo_protocol::{Event, Limits, Line, RunState, Timestamp, WireEvent};
use serde_json::Value;

fn vector(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn bytes_of(case: &Value) -> Vec<u8> {
    if let Some(line) = case["line"].as_str() {
        return line.as_bytes().to_vec();
    }
    let hex = case["hex"].as_str().expect("a line or hex");
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn every_line_is_read_or_refused_as_the_vectors_say() {
    let cases: Vec<Value> = serde_json::from_str(&vector("lines.json")).unwrap();
    assert!(cases.len() > 50);
    for case in &cases {
        let (name, bytes) = (&case["name"], bytes_of(case));
        match Line::parse(&bytes, &Limits::default()) {
            Ok(line) => {
                assert_eq!(case["error"], Value::Null, "{name} was accepted");
                let event = WireEvent::from(&line);
                assert_eq!(serde_json::to_value(&event).unwrap(), case["event"], "{name}");
                let mut state = RunState::new("r".parse().unwrap());
                state.apply(&line);
                if let Some(graph) = case.get("graph") {
                    assert_eq!(serde_json::to_value(state.graph()).unwrap(), *graph, "{name}");
                }
                if let Some(misshapen) = case.get("misshapen") {
                    assert_eq!(state.misshapen, misshapen.as_u64().unwrap(), "{name}");
                }
                // What was read, written and read again is the same.
                let mut again = Vec::new();
                let time = line.time.unwrap_or_else(|| Timestamp::from_unix_nanos(0));
                let run = event.run.clone();
                Event::from_line(&line).encode(run.as_ref(), line.seq, time, &mut again);
                let again = Line::parse(again.strip_suffix(b"\n").unwrap(), &Limits::default()).unwrap();
                let expected = WireEvent { time: Some(time), ..event };
                assert_eq!(WireEvent::from(&again), expected, "{name}");
            }
            Err(error) => {
                assert_eq!(case["error"], error.kind.as_str(), "{name}: {error}");
                assert!(error.offset <= bytes.len(), "{name}");
            }
        }
    }
}

/// The rules of SPEC §3 for readers, and whether they need lines that are read and lines that are refused.
const RULES: [(&str, bool, bool); 30] = [
    ("json", true, true),
    ("one-object", false, true),
    ("nothing-behind", false, true),
    ("no-line-break", false, true),
    ("no-byte-order-mark", false, true),
    ("utf-8", false, true),
    ("depth", true, true),
    ("finite-numbers", true, true),
    ("no-lone-surrogates", true, true),
    ("duplicate-keys", false, true),
    ("no-case-twins", false, true),
    ("last-wins-in-payload", true, false),
    ("any-order", true, false),
    ("alias", true, true),
    ("null-is-absent", true, false),
    ("empty-is-absent", true, false),
    ("null-lists", true, false),
    ("unknown-fields-survive", true, false),
    ("open-set", true, false),
    ("type-is-required", true, true),
    ("type", true, true),
    ("time", true, true),
    ("strings", true, true),
    ("integers", true, true),
    ("run", true, true),
    ("seq", true, true),
    ("any-payload", true, false),
    ("misshapen-is-opaque", true, false),
    ("edge-direction", true, false),
    ("graph-without-levels", true, false),
];

#[test]
fn every_rule_of_the_reader_has_vectors() {
    let cases: Vec<Value> = serde_json::from_str(&vector("lines.json")).unwrap();
    let names: BTreeSet<&str> = cases.iter().filter_map(|case| case["name"].as_str()).collect();
    assert_eq!(names.len(), cases.len(), "each has a name of its own");
    let found = |rule: &str, read: bool| {
        cases.iter().any(|case| case["rule"] == rule && case.get("event").is_some() == read)
    };
    for (rule, read, refused) in RULES {
        assert_eq!((found(rule, true), found(rule, false)), (read, refused), "{rule}");
    }
    let known = |case: &&Value| RULES.iter().any(|(rule, ..)| case["rule"] == *rule);
    assert_eq!(cases.iter().find(|case| !known(case)), None);
}

#[test]
fn s0_41_the_example_lines_read_the_same_in_both_orders() {
    let (ours, documents) = (vector("s0-example.ndjson"), vector("s0-example.document-order.ndjson"));
    let read = |text: &str| -> Vec<WireEvent> {
        let limits = Limits::default();
        text.lines().map(|line| WireEvent::from(&Line::parse(line.as_bytes(), &limits).unwrap())).collect()
    };
    assert_eq!(read(&ours), read(&documents));
    assert_eq!(ours.lines().count(), 6);
}

#[test]
fn s0_32_our_order_is_written_back_byte_for_byte() {
    for line in vector("s0-example.ndjson").lines() {
        let parsed = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
        let mut written = Vec::new();
        Event::from_line(&parsed).encode(None, None, Timestamp::from_unix_nanos(0), &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), format!("{line}\n"));
    }
}
