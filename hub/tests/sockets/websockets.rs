//! The `WebSocket`, by another implementation's client.

use std::net::TcpStream;

use choo_hub::TokenSource;
use serde_json::{Value, json};
use tungstenite::client::{ClientRequestBuilder, client};
use tungstenite::http::{StatusCode, Uri};
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::support::{TestHub, WATCHDOG};

pub(crate) struct Socket(WebSocket<TcpStream>);

/// A handshake with these subprotocols and headers.
pub(crate) fn connect(
    hub: &TestHub,
    query: &str,
    protocols: &[&str],
    headers: &[(&str, &str)],
) -> Result<Socket, StatusCode> {
    let uri: Uri = format!("ws://{}/api/v1/ws{query}", hub.addr).parse().unwrap();
    let mut request = ClientRequestBuilder::new(uri);
    for protocol in protocols {
        request = request.with_sub_protocol(*protocol);
    }
    for (name, value) in headers {
        request = request.with_header(*name, *value);
    }
    let stream = TcpStream::connect(hub.addr).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    match client(request, stream) {
        Ok((socket, _)) => Ok(Socket(socket)),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn open(hub: &TestHub, query: &str) -> Socket {
    let token = format!("choo.token.{}", hub.token());
    connect(hub, query, &["choo.v1", &token], &[]).unwrap()
}

impl Socket {
    fn send(&mut self, value: &Value) {
        self.0.send(Message::text(value.to_string())).unwrap();
    }

    /// The lines of the next message.
    pub(crate) fn lines(&mut self) -> Vec<Value> {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => {
                    return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                }
                Message::Close(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    /// The next line of a type.
    fn wait(&mut self, kind: &str) -> Value {
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| line["type"] == kind) {
                return line;
            }
        }
    }

    /// The numbers of events up to one, and the cursor behind them.
    fn numbers(&mut self, until: u64) -> (Vec<u64>, String) {
        let mut numbers = Vec::new();
        loop {
            let lines = self.lines();
            let last = lines.last().unwrap();
            assert_eq!(last["type"], "hub.cursor", "each message ends with it");
            let cursor = last["payload"]["cursor"].as_str().unwrap().to_owned();
            numbers.extend(lines.iter().filter_map(|line| line["seq"].as_u64()));
            if numbers.last() == Some(&until) {
                return (numbers, cursor);
            }
        }
    }

    /// The code and the reason it is closed with.
    fn closed(&mut self) -> (u16, String) {
        loop {
            match self.0.read() {
                Ok(Message::Close(Some(close))) => return (close.code.into(), close.reason.to_string()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn s2_01_events_come_to_those_who_subscribe() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    let mut socket = open(&hub, "");
    socket.send(&json!({"type": "subscribe", "payload": {"id": "a", "since": "earliest"}}));
    assert_eq!(socket.wait("hub.hello")["payload"]["proto"], 1);
    producer.events("r", 1..=100);
    let (numbers, cursor) = socket.numbers(100);
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    let mut socket = open(&hub, "");
    socket.send(&json!({"type": "subscribe", "payload": {"since": cursor}}));
    assert_eq!(socket.wait("hub.hello")["payload"]["recovered"], true);
    producer.events("r", 101..=150);
    assert_eq!(socket.numbers(150).0, (101..=150).collect::<Vec<_>>());
}

#[test]
fn an_address_can_subscribe() {
    let hub = TestHub::with(|config| config.token = TokenSource::None);
    let mut socket = connect(&hub, "?since=now&types=x.*", &[], &[]).unwrap();
    socket.wait("hub.hello");
    hub.producer().events("r", 1..=3);
    assert_eq!(socket.numbers(3).0, [1, 2, 3]);
}

#[test]
fn s2_31_s3_b04_who_may_connect() {
    let hub = TestHub::start();
    let status = |protocols: &[&str], headers: &[(&str, &str)]| connect(&hub, "", protocols, headers).err();
    let token = format!("choo.token.{}", hub.token());
    let bearer = format!("Bearer {}", hub.token());
    assert_eq!(status(&["choo.v1"], &[("Authorization", &bearer)]), None);
    assert_eq!(status(&[], &[("Authorization", &bearer)]), None, "no version means the first");
    assert_eq!(status(&["choo.v1"], &[]), Some(StatusCode::UNAUTHORIZED));
    assert_eq!(status(&["choo.v1", "choo.token.wrong-wrong-wrong"], &[]), Some(StatusCode::UNAUTHORIZED));
    assert_eq!(status(&["choo.v2", &token], &[]), Some(StatusCode::BAD_REQUEST), "S3-36");
    for origin in ["null", "http://localhost.evil.example", "http://evil.example"] {
        assert_eq!(
            status(&["choo.v1", &token], &[("Origin", origin)]),
            Some(StatusCode::FORBIDDEN),
            "{origin}"
        );
    }
    assert_eq!(hub.get("/api/v1/ws").status, 426);
}

#[test]
fn s3_09_s3_37_mistakes_are_told_and_what_is_too_long_closes_with_a_reason() {
    let hub = TestHub::start();
    let mut socket = open(&hub, "");
    socket.send(&json!({"type": "subscribe", "payload": {"since": "yesterday"}}));
    assert_eq!(socket.wait("hub.error")["payload"]["kind"], "cursor");
    socket.send(&json!({"type": "ping"}));
    socket.wait("pong");
    socket.send(&json!({"type": "subscribe", "payload": {"id": "x".repeat(600 << 10)}}));
    let (code, reason) = socket.closed();
    assert_eq!(code, 1009);
    assert!(reason.contains("512 KiB"), "{reason}");
}

#[test]
fn a_shutdown_says_goodbye_and_closes_as_going_away() {
    let mut hub = TestHub::start();
    let mut socket = open(&hub, "?since=now");
    socket.wait("hub.hello");
    hub.stop();
    assert_eq!(socket.wait("hub.bye")["payload"]["code"], "shutdown");
    assert_eq!(socket.closed().0, 1001);
    hub.join();
}

#[test]
fn a_large_snapshot_comes_in_messages_of_a_mebibyte() {
    let hub = TestHub::start();
    let nodes: Vec<Value> =
        (0..20_000).map(|n| json!({"id": format!("unit-{n:05}-{}", "x".repeat(100)), "level": 0})).collect();
    let graph = json!({"nodes": nodes, "edges": [], "levels": []});
    hub.producer().send(
        &json!({"type": "orch.started", "run": "r", "seq": 1, "payload": {"unit_count": 20_000, "parallelism": 1, "graph": graph}})
            .to_string(),
    );
    hub.ndjson("?since=earliest").numbers("r", 1);
    let mut socket = open(&hub, "");
    socket.send(&json!({"type": "subscribe", "payload": {"id": "a"}}));
    let (mut units, mut messages) = (0, 0);
    let cursor = loop {
        let lines = loop {
            match socket.0.read().unwrap() {
                Message::Text(text) => {
                    assert!(text.len() <= 1 << 20, "{}", text.len());
                    break text
                        .lines()
                        .map(|l| serde_json::from_str::<Value>(l).unwrap())
                        .collect::<Vec<_>>();
                }
                Message::Close(close) => panic!("{close:?}"),
                _ => {}
            }
        };
        messages += 1;
        let snapshots = lines.iter().filter(|line| line["type"] == "hub.snapshot");
        units += snapshots.map(|s| s["payload"]["state"]["units"].as_object().unwrap().len()).sum::<usize>();
        let cursor = lines.last().unwrap()["payload"]["cursor"].as_str().unwrap().to_owned();
        if units == 20_000 {
            break cursor;
        }
        assert_eq!(cursor, "snapshot", "whoever is cut off here begins anew");
    };
    assert!(messages > 2);
    assert_ne!(cursor, "snapshot");
}

#[test]
fn a_stream_can_follow_other_requests_on_its_connection() {
    use std::io::{BufRead, BufReader, Write};
    let hub = TestHub::start();
    hub.producer().events("r", 1..=1);
    let mut stream = TcpStream::connect(hub.addr).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    let request = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", hub.addr, hub.token())
    };
    // All at once: what was asked first is answered first.
    let requests = [request("/api/v1/runs"), request("/healthz"), request("/api/v1/events?since=earliest")];
    stream.write_all(requests.concat().as_bytes()).unwrap();
    let mut text = String::new();
    let mut reader = BufReader::new(stream);
    while !text.contains("x.test.tick") {
        assert!(reader.read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    let places = ["\"runs\"", "\"uptime_secs\"", "hub.hello"].map(|part| text.find(part).unwrap());
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn it_is_listed_as_one_reader_with_its_subscriptions() {
    let hub = TestHub::start();
    let mut socket = open(&hub, "");
    for id in ["all", "late"] {
        socket
            .send(&json!({"type": "subscribe", "payload": {"id": id, "since": "now", "types": ["unit.*"]}}));
        assert_eq!(socket.wait("hub.cursor")["payload"]["id"], id);
    }
    let streams = hub.json("/api/v1/streams");
    let reader = &streams["readers"][0];
    assert_eq!(
        (&reader["encoding"], &reader["ending"], &reader["behind"]),
        (&json!("websocket"), &json!(false), &json!(0))
    );
    let mut subscriptions = reader["subscriptions"].as_array().unwrap().clone();
    subscriptions.sort_by_key(|it| it["id"].as_str().map(str::to_owned));
    let of = |id: &str| {
        json!({
            "id": id, "of": "events", "run": null, "types": ["unit.*"], "units": [], "repositories": [],
            "state": "live", "behind": 0,
        })
    };
    assert_eq!(subscriptions, [of("all"), of("late")], "{reader}");
}

#[test]
fn s3_b05_a_browser_needs_no_header_and_a_wrong_version_is_told() {
    let hub = TestHub::with(|config| config.token = TokenSource::None);
    assert!(connect(&hub, "?since=now", &[], &[]).is_ok(), "no version is the first");
    assert!(connect(&hub, "?since=now&v=1", &["choo.v1"], &[("X-Version", "1")]).is_ok());
    assert_eq!(connect(&hub, "?v=2", &[], &[]).err(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(connect(&hub, "", &[], &[("X-Version", "2")]).err(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(connect(&hub, "", &["choo.v2"], &[]).err(), Some(StatusCode::BAD_REQUEST));
    let mut refused = hub.request("/api/v1/runs?v=7", &[]);
    assert_eq!(refused.status, 400);
    let error: Value = serde_json::from_slice(&refused.rest()).unwrap();
    assert_eq!(error["error"]["kind"], "version");
}

#[test]
fn s4_b09_one_connection_carries_what_took_three() {
    let hub = TestHub::start();
    let mut socket = open(&hub, "");
    for (id, types) in [("state", "task.*"), ("logs", "log.*"), ("diffs", "diff.*")] {
        socket.send(&json!({"type": "subscribe", "payload": {"id": id, "types": [types], "since": "now"}}));
        while socket.lines().last().unwrap()["payload"]["id"] != id {}
    }
    let mut producer = hub.producer();
    producer.send(r#"{"type":"task.started","unit":"a","task":1,"run":"r","seq":1}"#);
    producer.send(r#"{"type":"log.stdout","unit":"a","task":1,"run":"r","seq":2,"payload":{"content":"x"}}"#);
    producer.send(
        r#"{"type":"diff.file","unit":"a","task":1,"run":"r","seq":3,"payload":{"file":"f","diff":""}}"#,
    );
    let mut told = std::collections::BTreeMap::new();
    while told.len() < 3 {
        let lines = socket.lines();
        let id = lines.last().unwrap()["payload"]["id"].as_str().unwrap().to_owned();
        let seqs: Vec<u64> = lines.iter().filter_map(|line| line["seq"].as_u64()).collect();
        assert_eq!(told.insert(id, seqs), None);
    }
    let expected = [("diffs", 3), ("logs", 2), ("state", 1)].map(|(id, seq)| (id.to_owned(), vec![seq]));
    assert_eq!(told, expected.into());
}
