//! Readers that go away and come back: nothing is missing and nothing comes twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::{ChildStdin, Command};

use choo_tests::{Hub, Program, numbers};
use serde_json::Value;

fn producer(hub: &Hub) -> (Program, ChildStdin) {
    let target = format!("UNIX-CONNECT:{}", hub.socket().display());
    Program::start_with_input(Command::new("socat").args(["-", &target]))
}

fn emit(input: &mut ChildStdin, from: u64, to: u64) {
    for seq in from..=to {
        writeln!(input, r#"{{"type":"x.test.tick","unit":"u{}","run":"r","seq":{seq}}}"#, seq % 3).unwrap();
    }
    input.flush().unwrap();
}

#[test]
fn ndjson_resumes_by_since_without_gap_or_duplicate() {
    let hub = Hub::start();
    let (_producer, mut input) = producer(&hub);
    let mut stream = hub.follow("?since=earliest&run=r");
    let mut got = Vec::new();
    let mut next = 1;
    for _ in 0..5 {
        emit(&mut input, next, next + 99);
        next += 100;
        // Leave in the middle of what is there, at a cursor.
        let middle = next - 50;
        stream.wait("the middle", |line| line["seq"].as_u64().is_some_and(|seq| seq >= middle));
        let cursor = stream.cursor();
        let upto =
            stream.seen().iter().rposition(|line| line["payload"]["cursor"] == cursor.as_str()).unwrap();
        got.extend(numbers(&stream.seen()[..upto], "r"));
        stream = hub.follow(&format!("?run=r&since={cursor}"));
        assert_eq!(stream.wait_type("hub.hello")["payload"]["recovered"], true);
    }
    emit(&mut input, next, next);
    stream.wait("the last", |line| line["seq"] == next);
    got.extend(numbers(stream.seen(), "r"));
    assert_eq!(got, (1..=next).collect::<Vec<_>>());
}

/// Reads SSE until an event's line fits; gives its id and every `seq` on the way.
fn read_sse(program: &mut Program, until: u64) -> (String, Vec<u64>) {
    let (mut id, mut seqs) = (String::new(), Vec::new());
    loop {
        let line = program.line().unwrap();
        if let Some(text) = line.strip_prefix("id: ").or(line.strip_prefix("id:")) {
            text.clone_into(&mut id);
        } else if let Some(data) = line.strip_prefix("data: ").or(line.strip_prefix("data:")) {
            let event: Value = serde_json::from_str(data).unwrap();
            if let Some(seq) = event["seq"].as_u64() {
                seqs.push(seq);
            }
            if event["seq"] == until {
                return (id, seqs);
            }
        } else {
            assert!(!line.starts_with("event:"), "one line is one event, without a name");
        }
    }
}

#[test]
fn s4_b05_sse_resumes_by_last_event_id_without_gap_or_duplicate() {
    let hub = Hub::start();
    let (_producer, mut input) = producer(&hub);
    emit(&mut input, 1, 100);
    let sse = |query: &str| {
        let mut curl = hub.curl(&format!("/api/v1/events{query}"));
        curl.args(["-H", "Accept: text/event-stream"]);
        curl
    };
    let mut reader = Program::start(&mut sse("?run=r&since=earliest"));
    let (id, mut got) = read_sse(&mut reader, 40);
    drop(reader);
    emit(&mut input, 101, 200);
    // `since` is what the page was opened with; the browser's header beats it.
    let mut resumed =
        Program::start(sse("?run=r&since=earliest").arg("-H").arg(format!("Last-Event-ID: {id}")));
    got.extend(read_sse(&mut resumed, 200).1);
    assert_eq!(got, (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_filter_leaves_out_what_was_not_asked_for() {
    let hub = Hub::start();
    let (_producer, mut input) = producer(&hub);
    emit(&mut input, 1, 30);
    let mut stream = hub.follow("?since=earliest&units=u1&types=x.*");
    stream.wait("the last of u1", |line| line["seq"] == 28);
    assert_eq!(numbers(stream.seen(), "r"), (1..=28).step_by(3).collect::<Vec<_>>());
}

#[test]
fn a_malformed_cursor_is_400_and_a_foreign_one_a_gap() {
    let hub = Hub::start();
    let mut curl = hub.curl("/api/v1/events?since=nonsense");
    curl.args(["-o", "/dev/null", "-w", "%{http_code}\n"]);
    assert_eq!(Program::start(&mut curl).line().as_deref(), Some("400"));

    let (_producer, mut input) = producer(&hub);
    emit(&mut input, 1, 3);
    let mut stream = hub.follow("?since=earliest");
    stream.wait("the last", |line| line["seq"] == 3);
    let cursor = stream.cursor();
    let other = Hub::start();
    let mut stream = other.follow(&format!("?since={cursor}"));
    assert_eq!(stream.wait_type("hub.hello")["payload"]["recovered"], false);
    stream.wait_type("hub.gap");
}
