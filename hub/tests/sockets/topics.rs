//! Views that are told anew when they change, for clients of another tool.

use serde_json::{Value, json};
use tungstenite::http::StatusCode;

use crate::support::TestHub;
use crate::websockets::{Socket, connect, open};

/// The next message.
fn message(socket: &mut Socket) -> Value {
    let [message] = &socket.lines()[..] else { panic!("one message is one object") };
    message.clone()
}

#[test]
fn s2_01_s2_10_topics_tell_what_they_show_and_then_what_changes() {
    let hub = TestHub::start();
    let mut queue = open(&hub, "/queue");
    let first = message(&mut queue);
    let nothing = json!({"phases": [], "total": 0, "paused": false});
    assert_eq!((&first["type"], &first["data"]), (&json!("queue_update"), &nothing));
    assert_eq!(hub.json("/api/v1/streams")["readers"][0]["topic"], "queue_update");
    let mut state = open(&hub, "/adw-state/r");
    assert_eq!(message(&mut state)["data"], Value::Null);
    let mut producer = hub.producer();
    producer.send(r#"{"type":"unit.queued","unit":"a","run":"r","seq":1}"#);
    let second = message(&mut queue);
    assert_eq!(second["data"]["phases"][0]["unit"], "a");
    assert!(second["version"].as_u64() > first["version"].as_u64());
    assert_eq!(message(&mut state)["data"], hub.json("/api/v1/runs/r"));
    producer.send(r#"{"type":"unit.started","unit":"a","run":"r","seq":2}"#);
    assert_eq!(message(&mut queue)["data"], nothing);
}

#[test]
fn s2_35_s2_36_status_topics_tell_who_comes_and_goes() {
    let hub = TestHub::start();
    let mut producers = open(&hub, "/webhook-status");
    assert_eq!(message(&mut producers)["data"]["connected"], 0);
    let mut system = open(&hub, "/system-status");
    assert_eq!(message(&mut system)["data"]["status"], "ok");
    let mut producer = hub.producer();
    producer.send(r#"{"type":"link.ping"}"#);
    while message(&mut producers)["data"]["connected"] != 1 {}
    while message(&mut system)["data"]["producers"] != 1 {}
    producer.close();
    while message(&mut producers)["data"]["connected"] != 0 {}
    let mut routes = open(&hub, "/routes");
    let data = message(&mut routes)["data"].clone();
    assert!(data.as_array().unwrap().iter().any(|route| route["path"] == "/api/v1/ws/{topic}"), "{data}");
}

#[test]
fn s2_31_topics_are_guarded_like_everything_else() {
    let hub = TestHub::start();
    assert_eq!(connect(&hub, "/queue", &["choo.v1"], &[]).err(), Some(StatusCode::UNAUTHORIZED));
    let token = format!("choo.token.{}", hub.token());
    let origin = [("Origin", "http://localhost.evil.example")];
    assert_eq!(connect(&hub, "/queue", &["choo.v1", &token], &origin).err(), Some(StatusCode::FORBIDDEN));
    assert_eq!(connect(&hub, "/nothing", &["choo.v1", &token], &[]).err(), Some(StatusCode::NOT_FOUND));
    assert_eq!(hub.get("/api/v1/ws/queue").status, 426);
}
