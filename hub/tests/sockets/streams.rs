//! Producers and readers on real sockets.

use std::io::Write;

use choo_hub::HistorySource;

use crate::support::{Answer, Producer, TestHub, WATCHDOG, event};
use serde_json::{Value, json};

fn vector(name: &str) -> String {
    let path = format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn s0_41_the_six_example_lines_give_the_right_views() {
    for name in ["s0-example.ndjson", "s0-example.document-order.ndjson"] {
        let hub = TestHub::start();
        let mut stream = hub.ndjson("");
        stream.wait("hub.hello");
        let mut producer = hub.producer();
        producer.send(vector(name).trim_end());
        producer.close();
        assert_eq!(stream.wait("hub.end")["payload"]["status"], "completed");
        let expected: Value = serde_json::from_str(&vector("s0-example.state.json")).unwrap();
        assert_eq!(hub.json("/api/state"), expected);
        let mut graph = hub.json("/api/graph");
        for node in graph["nodes"].as_array_mut().unwrap() {
            node.as_object_mut().unwrap().remove("tasks");
        }
        let expected: Value = serde_json::from_str(&vector("s0-example.graph.json")).unwrap();
        assert_eq!(graph, expected);
        let runs = hub.json("/api/v1/runs");
        let run = &runs["runs"][0];
        assert_eq!(
            (&run["status"], &run["units"], &run["failed"], &run["live"], &runs["next"]),
            (&json!("completed"), &json!(3), &json!(0), &json!(false), &Value::Null)
        );
        let id = run["run"].as_str().unwrap();
        assert_eq!(hub.json(&format!("/api/v1/runs/{id}"))["units"]["project-setup"]["status"], "complete");
        assert_eq!(hub.json(&format!("/api/v1/runs/{id}/graph"))["levels"], graph["levels"]);
        assert_eq!(hub.get("/api/v1/runs/none").status, 404);
    }
}

#[test]
fn s2_b04_ndjson_resumes_by_since() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    producer.events("r", 1..=100);
    let mut stream = hub.ndjson("?since=earliest");
    let mut got = stream.numbers("r", 100);
    for round in 1..=5 {
        let cursor = stream.wait("hub.cursor")["payload"]["cursor"].as_str().unwrap().to_owned();
        drop(stream);
        producer.events("r", round * 100 + 1..=round * 100 + 100);
        stream = hub.ndjson(&format!("?since={cursor}"));
        assert_eq!(stream.wait("hub.hello")["payload"]["recovered"], true);
        got.extend(stream.numbers("r", round * 100 + 100));
    }
    assert_eq!(got, (1..=600).collect::<Vec<_>>());
}

#[test]
fn s4_b05_sse_resumes_by_last_event_id_in_the_middle_of_a_block() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    producer.events("r", 1..=100);
    let mut got = Vec::new();
    let mut id = None;
    for round in 1..=5 {
        let mut stream = hub.sse("?since=earliest", id.as_deref());
        assert_eq!(stream.headers["content-type"], "text/event-stream");
        let until = round * 15;
        while got.last() != Some(&until) {
            let line = stream.line().unwrap();
            assert!(!line.starts_with("event:"), "{line}");
            if let Some(cursor) = line.strip_prefix("id: ") {
                id = Some(cursor.to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                let event: Value = serde_json::from_str(data).unwrap();
                got.extend(event["seq"].as_u64());
            }
        }
    }
    assert_eq!(got, (1..=75).collect::<Vec<_>>());
}

#[test]
fn blocks_can_come_as_one_event() {
    let hub = TestHub::start();
    hub.producer().events("r", 1..=100);
    let mut stream = hub.sse("?since=earliest&batch=1", None);
    let mut lines = 0;
    let mut events = 0;
    while lines < 100 {
        let line = stream.line().unwrap();
        events += u32::from(line.starts_with("id: "));
        lines += u32::from(line.starts_with("data: ") && line.contains("x.test.tick"));
    }
    assert!(events < 20, "{events} events for 100 lines");
}

#[test]
fn s2_b02_s3_b03_s4_b03_a_reader_that_does_not_read_hinders_nobody() {
    let hub = TestHub::with(|config| {
        config.history_bytes = 4 << 20;
        config.history = HistorySource::Memory;
    });
    let (mut stalled, mut producer) = stall(&hub);
    // When it reads at last it is told what it missed, and how things stand.
    assert!(stalled.wait("hub.gap")["payload"]["count"].as_u64().unwrap() > 1000);
    let snapshot = stalled.wait("hub.snapshot");
    let seq = snapshot["payload"]["state"]["seq"].as_u64().unwrap();
    producer.send(&event("r", 5001));
    if seq < 5001 {
        assert_eq!(stalled.numbers("r", 5001).first(), Some(&(seq + 1)));
    }
}

#[test]
fn a_reader_that_memory_has_overtaken_reads_on_from_the_file() {
    let hub = TestHub::with(|config| config.history_bytes = 4 << 20);
    let (mut stalled, mut producer) = stall(&hub);
    producer.send(&event("r", 5001));
    assert_eq!(stalled.numbers("r", 5001), (1..=5001).collect::<Vec<_>>());
}

/// A reader that has not read while more came than memory and every buffer on the way hold, and the
/// producer of that.
fn stall(hub: &TestHub) -> (Answer, Producer) {
    let mut stalled = hub.ndjson("?since=now");
    let mut fast = hub.ndjson("?since=now");
    stalled.wait("hub.hello");
    fast.wait("hub.hello");
    let filler = "x".repeat(4000);
    let mut producer = hub.producer();
    for seq in 1..=5000 {
        producer.send(&format!(
            r#"{{"type":"log.stdout","run":"r","seq":{seq},"payload":{{"content":"{filler}"}}}}"#
        ));
        if seq % 250 == 0 {
            fast.numbers("r", seq);
        }
    }
    (stalled, producer)
}

#[test]
fn s0_80_s3_29_two_producers_and_three_readers() {
    let hub = TestHub::start();
    let (mut one, mut two) = (hub.producer(), hub.producer());
    let mut both = hub.ndjson("");
    let mut only_two = hub.sse("?run=two&types=x.*", None);
    both.wait("hub.hello");
    only_two.wait("hub.hello");
    for n in 0..20 {
        one.events("one", n * 10 + 1..=n * 10 + 10);
        two.events("two", n * 10 + 1..=n * 10 + 10);
    }
    assert_eq!(only_two.numbers("two", 200), (1..=200).collect::<Vec<_>>());
    let mut seen = (Vec::new(), Vec::new());
    while seen.0.len() + seen.1.len() < 400 {
        let event = both.event().unwrap();
        let list = if event["run"] == "one" { &mut seen.0 } else { &mut seen.1 };
        list.extend(event["seq"].as_u64());
    }
    assert_eq!(seen, ((1..=200).collect(), (1..=200).collect()));
    assert_eq!(hub.json("/api/v1/runs")["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn garbage_ends_nothing_and_can_be_looked_at() {
    let hub = TestHub::start();
    let mut stream = hub.ndjson("?since=now");
    stream.wait("hub.hello");
    let mut producer = hub.producer();
    producer.send("{broken");
    producer.send(r#"{"type":"hub.gap","run":"r"}"#);
    producer.send(&event("r", 1));
    assert_eq!(stream.wait("hub.error")["payload"]["kind"], "syntax");
    assert_eq!(stream.wait("hub.error")["payload"]["kind"], "reserved-type");
    assert_eq!(stream.numbers("r", 1), [1]);
    let health = hub.json("/healthz");
    assert_eq!(health["bad_lines"]["total"], 2);
    assert_eq!(health["bad_lines"]["latest"][0]["sample"], "{broken");
    assert_eq!(health["bad_lines"]["latest"][0]["pid"], std::process::id());
}

#[test]
fn what_a_closed_connection_still_held_comes_before_what_its_successor_sends() {
    let hub = TestHub::start();
    let mut stream = hub.ndjson("?since=now");
    stream.wait("hub.hello");
    for round in 0..20 {
        let first = round * 1000;
        let mut producer = hub.producer();
        producer.events("r", first + 1..=first + 700);
        producer.close();
        let mut producer = hub.producer();
        producer.events("r", first + 400..=first + 1000);
        producer.close();
    }
    assert_eq!(stream.numbers("r", 20_000), (1..=20_000).collect::<Vec<_>>());
}

#[test]
fn s4_b06_s4_b11_a_run_that_is_over_ends_its_stream_and_an_sse_reconnect_gets_204() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    producer.events("r", 1..=3);
    let mut ndjson = hub.ndjson("?run=r&since=earliest");
    let mut sse = hub.sse("?run=r&since=earliest", None);
    ndjson.numbers("r", 3);
    sse.numbers("r", 3);
    producer.send(r#"{"type":"link.bye","run":"r","payload":{"last":3}}"#);
    assert_eq!(ndjson.wait("hub.end")["run"], "r");
    ndjson.wait("hub.cursor");
    assert_eq!(ndjson.line(), None, "the response ends");
    let rest = String::from_utf8(sse.rest()).unwrap();
    let id = rest.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap();
    assert!(rest.contains("hub.end"));
    assert_eq!(hub.sse("?run=r&since=earliest", Some(id)).status, 204);
    assert_eq!(hub.sse("?since=earliest", Some(id)).status, 200, "other runs may come");
    let mut again = hub.ndjson("?run=r");
    again.wait("hub.snapshot");
    again.wait("hub.end");
}

#[test]
fn s2_b06_a_page_that_comes_late_sees_a_large_run_in_parts() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    let nodes: Vec<Value> =
        (0..8000).map(|n| json!({"id": format!("unit-{n:05}-{}", "x".repeat(100)), "level": 0})).collect();
    let graph = json!({"nodes": nodes, "edges": [], "levels": []});
    let started = json!({"type": "orch.started", "run": "r", "seq": 1, "payload": {"unit_count": 8000, "parallelism": 1, "graph": graph}});
    producer.send(&started.to_string());
    producer.send(&event("r", 2));
    hub.ndjson("?since=earliest").numbers("r", 2);
    let mut stream = hub.ndjson("");
    let mut units = 0;
    let parts = loop {
        let line = stream.line().unwrap();
        assert!(line.len() <= 1 << 20, "{}", line.len());
        let part: Value = serde_json::from_str(&line).unwrap();
        if part["type"] != "hub.snapshot" {
            continue;
        }
        units += part["payload"]["state"]["units"].as_object().unwrap().len();
        if part["payload"]["part"] == part["payload"]["parts"] {
            break part["payload"]["parts"].as_u64().unwrap();
        }
    };
    assert!(parts > 1);
    assert_eq!(units, 8000);
    producer.send(&event("r", 3));
    assert_eq!(stream.numbers("r", 3), [3]);
}

#[test]
fn the_original_daemons_stream_begins_with_a_comment_and_names_its_events() {
    let hub = TestHub::start();
    let mut stream = hub.get("/api/events");
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.line().unwrap(), ": connected");
    hub.producer().send(r#"{"type":"orch.started","payload":{"unit_count":0,"parallelism":1}}"#);
    assert_eq!(stream.line().unwrap(), "event: orch.started");
    let data: Value = serde_json::from_str(stream.line().unwrap().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(data["payload"]["parallelism"], 1);
    assert_eq!(stream.line().unwrap(), "");
}

#[test]
fn the_unix_socket_speaks_http_without_a_token_and_lines_byte_by_byte() {
    let hub = TestHub::start();
    let mut answer = hub.get_unix("/api/v1/runs");
    assert_eq!((answer.status, answer.rest()), (200, br#"{"runs":[],"next":null}"#.to_vec()));
    let mut stream = hub.get_unix("/api/v1/events");
    stream.wait("hub.hello");
    let mut producer = std::os::unix::net::UnixStream::connect(hub.socket()).unwrap();
    producer.set_write_timeout(Some(WATCHDOG)).unwrap();
    for byte in (event("r", 1) + "\n").bytes() {
        producer.write_all(&[byte]).unwrap();
    }
    assert_eq!(stream.numbers("r", 1), [1]);
}
