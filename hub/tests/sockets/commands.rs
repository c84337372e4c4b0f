//! Commands, from whoever wants something to the producer and back as events.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::support::{Answer, Producer, TestHub, WATCHDOG};

const PATH: &str = "/api/v1/runs/r/commands";
const JSON: &str = "Content-Type: application/json";
const CANCEL: &str = r#"{"cmd":"cancel","args":{"unit":"a","reason":"no need"},"if":{"status":["running"]}}"#;

/// A pusher of the run `r` that has been welcomed.
fn pusher(hub: &TestHub) -> Producer {
    let mut producer = hub.producer();
    producer.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":1},"run":"r"}"#);
    assert_eq!(producer.line()["type"], "link.welcome");
    producer
}

/// A hub with a run whose pusher has been acknowledged.
fn begun() -> (TestHub, Producer) {
    let hub = TestHub::start();
    let mut producer = pusher(&hub);
    producer.events("r", 1..=1);
    assert_eq!(producer.line()["type"], "link.ack");
    (hub, producer)
}

/// The next line that is a command; acknowledgements are passed over.
fn command(producer: &mut Producer) -> Value {
    loop {
        let line = producer.line();
        if line["type"] != "link.ack" {
            assert_eq!(line["type"], "cmd.request");
            return line["payload"].clone();
        }
    }
}

impl TestHub {
    fn order(&self, headers: &[&str], body: &str) -> (u16, Value) {
        let bearer = format!("Authorization: Bearer {}", self.token());
        self.post(PATH, &[&[&*bearer][..], headers].concat(), body)
    }
}

/// The stable name of an error.
fn kind(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["kind"].as_str().unwrap_or_else(|| panic!("{answer:?}")))
}

#[test]
fn s0_79_a_command_reaches_the_producer_and_what_became_of_it_the_readers() {
    let (hub, mut producer) = begun();
    let mut reader = hub.ndjson("?run=r&types=cmd.*&since=now");
    reader.wait("hub.hello");
    let (status, answer) = hub.order(&[JSON, "Idempotency-Key: \"k 1\""], CANCEL);
    assert_eq!(status, 202, "{answer}");
    let id = answer["id"].as_str().unwrap();
    let told = command(&mut producer);
    assert_eq!(
        (&told["id"], &told["cmd"], &told["by"], &told["if"]),
        (&json!(id), &json!("cancel"), &json!("token"), &json!({"status": ["running"]}))
    );
    assert_eq!(hub.order(&[JSON, "Idempotency-Key: \"k 1\""], CANCEL), (202, answer.clone()));
    for (seq, kind) in [(2, "accepted"), (3, "done")] {
        producer.send(&format!(r#"{{"type":"cmd.{kind}","payload":{{"id":"{id}"}},"run":"r","seq":{seq}}}"#));
    }
    let asked = reader.wait("cmd.request");
    assert_eq!(asked["payload"], told, "the record is what the orchestrator was told");
    assert_eq!(reader.wait("cmd.accepted")["payload"]["id"], id);
    assert_eq!(reader.wait("cmd.done")["payload"]["id"], id);
    let cursor = answer["cursor"].as_str().unwrap();
    let mut later = hub.ndjson(&format!("?run=r&types=cmd.*&since={cursor}"));
    for kind in ["cmd.request", "cmd.accepted", "cmd.done"] {
        assert_eq!(later.wait(kind)["payload"]["id"], id, "behind the cursor is all of it");
    }
    // Had the second been told as well, it would stand before this one.
    let (_, next) = hub.order(&[JSON], r#"{"cmd":"pause"}"#);
    assert_eq!(command(&mut producer)["id"], next["id"]);
    let stored = String::from_utf8(hub.get("/api/v1/runs/r/events").rest()).unwrap();
    assert_eq!(stored.matches("cmd.request").count(), 2, "{stored}");
}

#[test]
fn a_command_outlives_a_connection_and_its_key_a_hub() {
    let (hub, mut producer) = begun();
    let key = [JSON, "Idempotency-Key: k"];
    let (status, answer) = hub.order(&key, r#"{"cmd":"pause"}"#);
    assert_eq!((status, &command(&mut producer)["id"]), (202, &answer["id"]));
    producer.close();
    // Of this same process, so it is told again.
    let mut again = pusher(&hub);
    assert_eq!(command(&mut again)["id"], answer["id"]);

    let hub = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(kind(&hub.order(&key, r#"{"cmd":"pause"}"#)), (409, "no_producer"));
    let mut producer = pusher(&hub);
    let (status, repeated) = hub.order(&key, r#"{"cmd":"pause"}"#);
    assert_eq!((status, &repeated["id"]), (202, &answer["id"]));
    assert_eq!(command(&mut producer)["id"], answer["id"], "the pusher knows that id");
}

#[test]
fn who_cannot_be_told_and_what_cannot_be_understood_is_refused() {
    let (hub, mut producer) = begun();
    let post = |headers: &[&str], body: &str| hub.order(headers, body);
    assert_eq!(kind(&post(&[], CANCEL)), (415, "content_type"));
    assert_eq!(kind(&post(&["Content-Type: text/plain"], CANCEL)), (415, "content_type"));
    assert_eq!(kind(&post(&[JSON], "")), (400, "body"));
    let answer = post(&[JSON], r#"{"cmd":"cancel","unit":"a"}"#);
    assert_eq!(kind(&answer), (400, "body"));
    assert!(answer.1["error"]["message"].as_str().unwrap().contains("unknown field `unit`"), "{answer:?}");
    assert_eq!(
        kind(&post(&[JSON], &format!("{{\"cmd\":\"{}\"}}", "x".repeat(17 << 10)))),
        (413, "too_large")
    );
    assert_eq!(kind(&post(&[JSON], &format!("{{\"cmd\":\"{}\"}}", "x".repeat(16_300)))), (413, "too_large"));
    assert_eq!(kind(&post(&[JSON, "Idempotency-Key: "], CANCEL)), (400, "idempotency_key"));
    assert_eq!(post(&[JSON, "Idempotency-Key: k"], r#"{"cmd":"pause"}"#).0, 202);
    assert_eq!(kind(&post(&[JSON, "Idempotency-Key: k"], CANCEL)), (422, "key_reused"));
    let bearer = format!("Authorization: Bearer {}", hub.token());
    assert_eq!(kind(&hub.post("/api/v1/runs/none/commands", &[&bearer, JSON], CANCEL)), (404, "not_found"));
    assert_eq!(hub.get(PATH).status, 405);

    assert_eq!(command(&mut producer)["cmd"], "pause");
    producer.send(r#"{"type":"link.bye","payload":{"last":1},"run":"r"}"#);
    let mut reader = hub.ndjson("?run=r&since=earliest");
    reader.wait("hub.end");
    assert_eq!(kind(&post(&[JSON], CANCEL)), (409, "no_producer"));
}

#[test]
fn only_who_may_control_can_give_commands() {
    let (hub, _producer) = begun();
    assert_eq!(kind(&hub.post(PATH, &[JSON], CANCEL)), (401, "token"));
    let bearer = format!("Authorization: Bearer {}", hub.token());
    let (_, ticket) = hub.post("/api/v1/tickets", &[&bearer], "");
    let path = format!("{PATH}?ticket={}", ticket["ticket"].as_str().unwrap());
    assert_eq!(kind(&hub.post(&path, &[JSON], CANCEL)), (403, "scope"));
    assert_eq!(
        kind(&hub.post(PATH, &[&bearer, JSON, "Origin: http://evil.example"], CANCEL)),
        (403, "origin")
    );

    let open = TestHub::with(|config| config.token = choo_hub::TokenSource::None);
    let mut producer = pusher(&open);
    producer.events("r", 1..=1);
    assert_eq!(producer.line()["type"], "link.ack");
    assert_eq!(kind(&open.post(PATH, &[JSON], CANCEL)), (403, "scope"));
    // By the Unix socket its user may.
    let mut stream = UnixStream::connect(open.socket()).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    let length = CANCEL.len();
    write!(
        stream,
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {length}\r\n\r\n{CANCEL}"
    )
    .unwrap();
    assert_eq!(Answer::read(Box::new(stream)).status, 202);
    let told = command(&mut producer);
    assert_eq!(told["by"], format!("uid:{}", rustix::process::geteuid().as_raw()));
}

#[test]
fn a_producer_that_does_not_read_costs_nothing_but_room_for_a_few() {
    let (hub, _producer) = begun();
    let reason = "x".repeat(15 << 10);
    let body = json!({"cmd": "pause", "args": {"reason": reason}}).to_string();
    let mut taken = 0;
    let refused = loop {
        let answer = hub.order(&[JSON], &body);
        if answer.0 != 202 {
            break answer;
        }
        taken += 1;
    };
    assert_eq!((kind(&refused), taken), ((503, "busy"), 64));
    assert_eq!(hub.json("/api/v1/runs/r")["run"], "r", "the hub goes on");
    let metrics = String::from_utf8(hub.get("/metrics").rest()).unwrap();
    assert!(metrics.contains("\nchoo_commands_unanswered 64\n"), "{metrics}");
}

#[test]
fn a_body_may_come_later_and_must_come_whole() {
    let (hub, mut producer) = begun();
    let head = |length: usize| {
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{JSON}\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n",
            hub.addr,
            hub.token()
        )
    };
    let mut stream = std::net::TcpStream::connect(hub.addr).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.write_all(head(CANCEL.len()).as_bytes()).unwrap();
    let mut first = Answer::read(Box::new(stream.try_clone().unwrap()));
    assert_eq!((first.status, first.rest().len()), (100, 0));
    stream.write_all(CANCEL.as_bytes()).unwrap();
    assert_eq!(Answer::read(Box::new(stream)).status, 202);
    assert_eq!(command(&mut producer)["cmd"], "cancel");

    let mut stream = std::net::TcpStream::connect(hub.addr).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.write_all(head(CANCEL.len()).as_bytes()).unwrap();
    assert_eq!(Answer::read(Box::new(stream.try_clone().unwrap())).status, 100);
    stream.write_all(&CANCEL.as_bytes()[..9]).unwrap();
    assert_eq!(Answer::read(Box::new(stream)).status, 408);
}
