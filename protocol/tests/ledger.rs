//! Lines of the requirements ledger that are about the wire and have no test closer to their subject: each
//! test names its line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use choo_protocol::{
    DiffFile, Event, EventFilter, GraphPayload, Limits, Line, LogPayload, LogStream, OrchStarted, Payload,
    RunId, RunState, RunStatus, RunStore, TaskRecord, Timestamp, UnitStatus, WireEvent, kind,
};
use serde_json::{Value, json};

fn run() -> RunId {
    "r".parse().unwrap()
}

fn written(event: &Event, seq: u64) -> String {
    let mut line = Vec::new();
    event.encode(Some(&run()), Some(seq), Timestamp::from_unix_nanos(0), &mut line);
    String::from_utf8(line).unwrap()
}

fn parse(line: &str) -> Line<'_> {
    Line::parse(line.trim_end().as_bytes(), &Limits::default()).unwrap()
}

fn graph() -> GraphPayload {
    let units =
        [("project-setup", vec![]), ("app-shell", vec!["project-setup"]), ("config", vec!["project-setup"])];
    GraphPayload::build(units).unwrap()
}

/// S0-04: the families that S0 names, S3-02: a task store's.
#[test]
fn s0_04_s3_02_the_types_of_the_sources_are_known() {
    for name in [
        "orch.started",
        "orch.completed",
        "orch.failed",
        "unit.queued",
        "unit.started",
        "unit.completed",
        "unit.failed",
        "unit.blocked",
        "task.started",
        "task.completed",
        "pr.created",
        "pr.merged",
        "task.created",
        "task.updated",
        "task.deleted",
    ] {
        assert!(kind::ALL.contains(&name), "{name}");
    }
}

/// S0-07: NDJSON; S0-75: no framing but the line, each readable without those before it.
#[test]
fn s0_07_s0_75_a_line_stands_by_itself() {
    let events = [
        Event::log("u\n", Some(0), LogStream::Stdout, "a\r\nb\u{2028}c", 1),
        Event::unit_failed("u", "two\nlines"),
        Event::orch_started(OrchStarted { unit_count: 3, parallelism: 1, graph: Some(graph()) }),
    ];
    let stream: String = (1..).zip(&events).map(|(seq, event)| written(event, seq)).collect();
    assert_eq!(stream.lines().count(), events.len());
    for (line, event) in stream.lines().rev().zip(events.iter().rev()) {
        assert_eq!(parse(line).kind, event.kind);
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
    }
}

/// S0-08, S0-28 to S0-31, S0-47 and S1-16: the whole graph in `orch.started`, each node with the index of
/// its level, edges from the dependency to the dependant, the levels beside them.
#[test]
fn s0_08_s0_31_s0_47_s1_16_the_graph_goes_out_whole_with_orch_started() {
    let line =
        written(&Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: Some(graph()) }), 1);
    let payload: Value = serde_json::from_str(parse(&line).payload_json().unwrap()).unwrap();
    assert_eq!((&payload["unit_count"], &payload["parallelism"]), (&json!(3), &json!(2)));
    let graph = &payload["graph"];
    let nodes: Vec<_> = graph["nodes"].as_array().unwrap().iter().map(|n| (&n["id"], &n["level"])).collect();
    assert_eq!(json!(nodes), json!([["project-setup", 0], ["app-shell", 1], ["config", 1]]));
    assert_eq!(
        graph["edges"],
        json!([{ "from": "project-setup", "to": "app-shell" }, { "from": "project-setup", "to": "config" }])
    );
    assert_eq!(graph["levels"], json!([["project-setup"], ["app-shell", "config"]]));
}

/// C-06: the graph inside `orch.started` and the separate event set up the same units.
#[test]
fn c_06_both_ways_to_send_the_graph_set_up_the_same_units() {
    let mut inside = RunState::new(run());
    inside.apply(&parse(&written(
        &Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: Some(graph()) }),
        1,
    )));
    let mut apart = RunState::new(run());
    apart.apply(&parse(&written(
        &Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: None }),
        1,
    )));
    apart.apply(&parse(&written(&Event::graph(graph()), 2)));
    assert_eq!(apart.graph(), inside.graph());
    assert_eq!(apart.unit_ids(), inside.unit_ids());
}

/// S0-B29: what a crash leaves behind is defined: failed if it was said, stale if the producer vanished.
#[test]
fn s0_b29_a_run_that_crashed_is_failed_or_stale() {
    let mut said = RunState::new(run());
    said.apply(&parse(&written(&Event::orch_failed("out of memory"), 1)));
    assert_eq!((said.status, said.error.as_str()), (RunStatus::Failed, "out of memory"));
    assert!(said.set_stale().is_ignored(), "an end that was said stays");

    let mut vanished = RunState::new(run());
    vanished.apply(&parse(&written(
        &Event::orch_started(OrchStarted { unit_count: 1, parallelism: 1, graph: None }),
        1,
    )));
    vanished.apply(&parse(&written(&Event::unit_started("u"), 2)));
    assert!(!vanished.set_stale().is_ignored());
    assert_eq!(vanished.status, RunStatus::Stale);
    assert_eq!(vanished.units["u"].status, UnitStatus::InProgress, "what was known stays known");
}

/// S0-B32: what has no JSON form is an error for the caller or becomes `null`; the event is never lost.
#[test]
fn s0_b32_a_value_without_json_form_does_not_lose_the_event() {
    let nan = Payload::json(&f64::NAN).unwrap();
    let line = written(&Event::new("x.acme.measured").unwrap().payload(nan), 1);
    assert_eq!((&*parse(&line).kind, parse(&line).payload_json()), ("x.acme.measured", None));
    let inside = Payload::json(&[1.5, f64::INFINITY]).unwrap();
    let line = written(&Event::new("x.acme.measured").unwrap().payload(inside), 2);
    assert_eq!(parse(&line).payload_json(), Some("[1.5,null]"));
    let keys = std::collections::BTreeMap::from([(vec![1_u8], 2)]);
    let error = Payload::json(&keys).unwrap_err();
    assert!(error.to_string().starts_with("payload has no JSON form"), "{error}");
}

/// S2-21, S3-03: messages of the other sources are lines, by the aliases of C-08.
#[test]
fn s2_21_s3_03_messages_with_data_and_timestamp_are_lines() {
    let message = r#"{"type":"task.updated","timestamp":"2025-01-18T10:30:00Z","data":{"task_id":"t","repository":"acme/shop","task":{"title":"x"},"changed_by":"me"},"error":"e"}"#;
    let line = parse(message);
    assert_eq!((line.time.unwrap().to_string(), &*line.error), ("2025-01-18T10:30:00Z".to_owned(), "e"));
    // S3-04, and S4-19 by the same record.
    let record = line.payload::<TaskRecord>().unwrap().unwrap();
    assert_eq!(
        (record.task_id.as_str(), record.repository.as_str(), record.changed_by.as_str()),
        ("t", "acme/shop", "me")
    );
    assert_eq!(record.task, Some(json!({ "title": "x" })));
}

/// S4-07, S4-17: the four kinds of log lines; S4-09: a unified diff of a file.
#[test]
fn s4_07_s4_09_s4_17_log_lines_and_diffs() {
    for (stream, name) in [
        (LogStream::Stdout, "log.stdout"),
        (LogStream::Stderr, "log.stderr"),
        (LogStream::System, "log.system"),
        (LogStream::Error, "log.error"),
    ] {
        let line = written(&Event::log("u", Some(1), stream, "text", 7), 1);
        assert_eq!((&*parse(&line).kind, LogStream::of(name)), (name, Some(stream)));
        let log = parse(&line).payload::<LogPayload>().unwrap().unwrap();
        assert_eq!(log, LogPayload { content: "text".into(), n: 7 });
    }
    let diff = DiffFile { file: "a.rs".into(), diff: "@@ -1 +1 @@\n-a\n+b\n".into(), ..DiffFile::default() };
    let line = written(&Event::diff_file("u", diff.clone()), 1);
    assert_eq!(parse(&line).payload::<DiffFile>().unwrap().unwrap(), diff);
}

/// S4-29: a message has what it says and nothing else.
#[test]
fn s4_29_what_is_absent_takes_no_bytes() {
    assert_eq!(
        written(&Event::unit_completed("u"), 7),
        "{\"type\":\"unit.completed\",\"time\":\"1970-01-01T00:00:00Z\",\"unit\":\"u\",\"run\":\"r\",\"seq\":7}\n"
    );
}

/// S4-B07: a client's memory has a bound, whatever comes.
#[test]
fn s4_b07_a_store_keeps_what_its_bound_allows() {
    const BOUND: usize = 64 << 10;
    let mut store = RunStore::new(BOUND);
    let content = "x".repeat(200);
    let lines = 5000;
    for n in 1..=lines {
        let event = Event::log("u", Some(1), LogStream::Stdout, &*content, n);
        store.push(written(&event, n).as_bytes());
    }
    let kept = store.journal_mut().event_count("r", &EventFilter::default()) as u64;
    assert!(kept > 0 && store.journal().bytes() <= 4 * BOUND, "{kept} lines, {}", store.journal().bytes());
    assert_eq!(store.journal().events_dropped("r"), lines - kept);
}

/// C-09: written in the order of the struct, read in any.
#[test]
fn c_09_the_order_of_keys_is_ours_in_writing_and_anyones_in_reading() {
    let ours = written(&Event::task_started("u", 1), 1);
    let document =
        r#"{"seq":1,"task":1,"unit":"u","run":"r","time":"1970-01-01T00:00:00Z","type":"task.started"}"#;
    assert_eq!(WireEvent::from(&parse(document)), WireEvent::from(&parse(&ours)));
    let at = |key: &str| ours.find(&format!("\"{key}\":")).unwrap();
    assert!(["type", "time", "unit", "task", "run", "seq"].map(at).is_sorted());
}

/// C-20: events are the truth; the same events give the same state, told twice or once.
#[test]
fn c_20_the_state_is_a_fold_of_the_events() {
    let lines = [written(&Event::unit_started("u"), 1), written(&Event::unit_completed("u"), 2)];
    let (mut once, mut twice) = (RunState::new(run()), RunState::new(run()));
    for line in &lines {
        once.apply(&parse(line));
        twice.apply(&parse(line));
        assert!(twice.apply(&parse(line)).is_ignored());
    }
    assert_eq!(once, twice);
}
