//! Producers and readers that are not ours: `socat`, `nc`, `curl`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::Command;

use choo_protocol::{Limits, Line};
use choo_tests::{Hub, Program, choo, numbers, repository};
use serde_json::Value;

fn vector(name: &str) -> String {
    std::fs::read_to_string(repository().join("tests/vectors").join(name)).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_str(&vector(name)).unwrap()
}

fn socat(hub: &Hub, input: &str) {
    let target = format!("UNIX-CONNECT:{}", hub.socket().display());
    let (status, errors) =
        Program::feed(Command::new("socat").args(["-", &target]), input.as_bytes()).finish();
    assert!(status.success(), "{errors}");
}

#[test]
fn s0_41_the_example_lines_through_socat_give_state_and_graph_in_both_orders() {
    for name in ["s0-example.ndjson", "s0-example.document-order.ndjson"] {
        let hub = Hub::start();
        let mut stream = hub.follow("");
        stream.wait_type("hub.hello");
        socat(&hub, &vector(name));
        // The producer is gone and the run has ended: nothing more will come of it.
        assert_eq!(stream.wait_type("hub.end")["payload"]["status"], "completed");
        assert_eq!(hub.get("/api/state"), json("s0-example.state.json"), "{name}");
        let mut graph = hub.get("/api/graph");
        for node in graph["nodes"].as_array_mut().unwrap() {
            node.as_object_mut().unwrap().remove("tasks");
        }
        assert_eq!(graph, json("s0-example.graph.json"), "{name}");
    }
}

#[test]
fn bad_lines_are_told_and_nothing_else_is_lost() {
    let hub = Hub::start();
    let mut stream = hub.follow("?since=now");
    stream.wait_type("hub.hello");
    let long = format!("{{\"type\":\"log.stdout\",\"unit\":\"{}\"}}", "x".repeat(512 << 10));
    let deep = format!("{{\"type\":\"a\",\"payload\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let lines = [
        r#"{"type":"orch.started"}"#,
        "not json",
        &long,
        &deep,
        r#"{"type":"hub.bye"}"#,
        "",
        r#"{"type":"x.acme.deployed","unit":"a","colour":"green"}"#,
        r#"{"type":"orch.completed"}"#,
    ];
    socat(&hub, &(lines.join("\n") + "\n"));
    stream.wait_type("hub.end");
    let kinds = |family: &str| -> Vec<String> {
        let seen = stream.seen().iter();
        seen.filter_map(|line| line["type"].as_str())
            .filter(|kind| kind.starts_with(family))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(kinds("orch."), ["orch.started", "orch.completed"]);
    let unknown = stream.seen().iter().find(|line| line["type"] == "x.acme.deployed").unwrap();
    assert_eq!((&unknown["colour"], &unknown["seq"]), (&"green".into(), &2.into()));
    let errors: Vec<&Value> = stream.seen().iter().filter(|line| line["type"] == "hub.error").collect();
    let told: u64 = errors.iter().map(|line| line["payload"]["count"].as_u64().unwrap()).sum();
    assert_eq!(told, 4, "{errors:#?}");
}

#[test]
fn a_line_that_is_not_utf8_is_refused_alone() {
    let hub = Hub::start();
    let mut stream = hub.follow("?since=now");
    stream.wait_type("hub.hello");
    let target = format!("UNIX-CONNECT:{}", hub.socket().display());
    let bytes =
        b"{\"type\":\"orch.started\"}\n{\"type\":\"a\",\"unit\":\"\xff\"}\n{\"type\":\"orch.completed\"}\n";
    Program::feed(Command::new("socat").args(["-", &target]), bytes).finish();
    assert_eq!(stream.wait_type("hub.error")["payload"]["kind"], "not-utf8");
    stream.wait_type("hub.end");
}

#[test]
fn nc_as_a_one_way_reader_gets_whole_lines_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("reader.sock");
    let mut reader = Program::start(Command::new("nc").arg("-lU").arg(&socket));
    // `nc` has bound when the file is there; the pusher waits for that by itself, so order is free.
    let plan = dir.path().join("plan.toml");
    std::fs::write(&plan, "[[unit]]\nid = \"a\"\n[[unit.task]]\nname = \"hello\"\nrun = \"echo hello\"\n")
        .unwrap();
    let mut run = choo();
    run.arg("run").arg(&plan).arg("--web").arg("--socket").arg(&socket).current_dir(dir.path());
    let (status, errors) = Program::start(&mut run).finish();
    assert!(status.success(), "{errors}");
    let lines = reader.rest();
    let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        Line::parse(line.as_bytes(), &Limits::default()).unwrap();
    }
    let run_id = parsed[0]["run"].as_str().unwrap().to_owned();
    let seqs = numbers(&parsed, &run_id);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let kinds: Vec<&str> = parsed.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds[..2], ["link.hello", "orch.started"]);
    assert_eq!(kinds.last(), Some(&"link.bye"));
    assert!(kinds.contains(&"log.stdout") && kinds.contains(&"orch.completed"), "{kinds:?}");
}

#[test]
fn curl_over_the_unix_socket_needs_no_token_and_over_tcp_it_does() {
    let hub = Hub::start();
    let text = Program::start(&mut hub.curl_unix("/api/v1/runs")).rest().join("\n");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["runs"], Value::Array(vec![]));
    let mut bare = Command::new("curl");
    bare.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}\n"])
        .arg(format!("{}/api/v1/runs", hub.origin()));
    assert_eq!(Program::start(&mut bare).line().as_deref(), Some("401"));
    bare.args(["-H", "Host: evil.example"]);
    assert_eq!(Program::start(&mut bare).line().as_deref(), Some("403"));
}
