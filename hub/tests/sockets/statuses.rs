//! Each status that is documented can be had, and each that can be had is documented.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Answer, TestHub};

/// Documented, and shown elsewhere or not at all: a body that comes too slowly takes 5 s
/// (`commands::a_body_may_come_later_and_must_come_whole`), and who asks for lists of readers is refused while the hub shuts down.
const ELSEWHERE: &[(&str, u16)] =
    &[("POST /api/v1/runs/{run}/commands", 408), ("GET /api/v1/streams", 503), ("GET /metrics", 503)];

/// What was had, by operation.
struct Tried<'a> {
    hub: &'a TestHub,
    had: BTreeMap<String, BTreeSet<u16>>,
}

impl Tried<'_> {
    /// Sends a request for an operation, its path with these names and an addition.
    fn send(&mut self, operation: &str, names: [&str; 2], add: &str, headers: &[&str], body: &str) -> Answer {
        let (method, path) = operation.split_once(' ').unwrap();
        let [run, other] = names;
        let path = path.replace("{run}", run).replace("{id}", &format!("{run}~a~1"));
        let path = path.replace("{name}", other).replace("{topic}", other);
        let headers = headers.join("\r\n");
        let length = body.len();
        let answer = self.hub.raw(&format!(
            "{method} {path}{add} HTTP/1.1\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        self.had.entry(operation.to_owned()).or_default().insert(answer.status);
        answer
    }
}

const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const JSON: &str = "Content-Type: application/json";
const PAUSE: &str = r#"{"cmd":"pause"}"#;

/// The `id` of the last event of a stream that ends.
fn last_id(mut stream: Answer) -> String {
    let text = String::from_utf8(stream.rest()).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned()
}

#[test]
fn what_can_be_answered_is_documented_and_the_other_way_round() {
    let hub = TestHub::start();
    let mut reader = hub.ndjson("");
    reader.wait("hub.hello");
    let mut producer = hub.producer();
    producer.send(r#"{"type":"orch.completed","run":"over","seq":1}"#);
    producer.send(r#"{"type":"link.bye","run":"over","payload":{"last":1}}"#);
    reader.wait("hub.end");
    producer.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#);
    producer.send(r#"{"type":"orch.started","run":"r","seq":1}"#);
    while producer.line()["type"] != "link.welcome" {}
    let full = TestHub::with(|config| config.max_clients = 0);
    let open = TestHub::with(|config| config.token = choo_hub::TokenSource::None);

    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/openapi.json")).unwrap();
    let document: Value = serde_json::from_slice(&file).unwrap();
    let documented = |operation: &str| -> BTreeSet<u16> {
        let (method, path) = operation.split_once(' ').unwrap();
        let responses = document["paths"][path][method.to_lowercase()]["responses"].as_object().unwrap();
        responses.keys().map(|status| status.parse().unwrap()).collect()
    };
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<String> = paths
        .iter()
        .flat_map(|(path, it)| {
            it.as_object().unwrap().keys().map(move |it| format!("{} {path}", it.to_uppercase()))
        })
        .collect();
    assert!(operations.len() > 20);

    let of =
        |hub: &TestHub| [format!("Host: {}", hub.addr), format!("Authorization: Bearer {}", hub.token())];
    let [host, bearer] = of(&hub);
    let mut tried = Tried { hub: &hub, had: BTreeMap::new() };
    for operation in &operations {
        let name = if operation.contains("schema") { "openapi.json" } else { "queue" };
        let is_socket = operation.contains("/ws");
        let is_command = operation.contains("/commands");
        let (extra, body) = if is_socket {
            (SOCKET, "")
        } else if is_command {
            (JSON, PAUSE)
        } else {
            ("X: y", "")
        };
        let known = ["r", name];
        tried.send(operation, known, "", &[&host, &bearer, extra], body);
        tried.send(operation, known, "", &[&host, extra], body);
        tried.send(operation, known, "", &["Host: evil.example", &bearer, extra], body);
        tried.send(operation, known, "?v=2", &[&host, &bearer, extra], body);
        if operation.contains('{') {
            tried.send(operation, ["none", "nothing"], "", &[&host, &bearer, extra], body);
        }
        if is_socket {
            tried.send(operation, known, "", &[&host, &bearer], "");
        }
        if operation.contains("schema/") {
            let etag = tried.send(operation, known, "", &[&host, &bearer], "").headers["etag"].clone();
            tried.send(operation, known, "", &[&host, &bearer, &format!("If-None-Match: {etag}")], "");
        }
        if documented(operation).contains(&204) {
            let query = if operation.contains("/v1/") { "?run=over" } else { "" };
            let sse = "Accept: text/event-stream";
            let ended = tried.send(operation, ["over", ""], query, &[&host, &bearer, sse], "");
            let seen = format!("Last-Event-ID: {}", last_id(ended));
            tried.send(operation, ["over", ""], query, &[&host, &bearer, sse, &seen], "");
        }
        if is_command {
            tried.send(operation, ["over", ""], "", &[&host, &bearer, JSON], PAUSE);
            tried.send(operation, known, "", &[&host, &bearer], PAUSE);
            tried.send(operation, known, "", &[&host, &bearer, JSON], &"x".repeat(20_000));
            for cmd in [PAUSE, r#"{"cmd":"resume"}"#] {
                tried.send(operation, known, "", &[&host, &bearer, JSON, "Idempotency-Key: k"], cmd);
            }
            for _ in 0..64 {
                tried.send(operation, known, "", &[&host, &bearer, JSON], PAUSE);
            }
        }
        if operation.contains("tickets") {
            tried.hub = &open;
            tried.send(operation, known, "", &[&format!("Host: {}", open.addr)], "");
            tried.hub = &hub;
        }
        let is_elsewhere = ELSEWHERE.contains(&(operation, 503));
        if documented(operation).contains(&503) && !is_command && !is_elsewhere {
            let [host, bearer] = of(&full);
            tried.hub = &full;
            // Where a run has to be known, one is.
            if operation.contains("{id}") {
                full.producer().send(r#"{"type":"orch.started","run":"r","seq":1}"#);
                while full.get("/api/v1/runs/r").status != 200 {}
            }
            tried.send(operation, known, "", &[&host, &bearer, extra], "");
            tried.hub = &hub;
        }
    }
    for operation in &operations {
        let mut had = tried.had[operation].clone();
        had.extend(ELSEWHERE.iter().filter(|(of, _)| of == operation).map(|(_, status)| *status));
        assert_eq!(had, documented(operation), "{operation}: had, and documented");
    }
}
