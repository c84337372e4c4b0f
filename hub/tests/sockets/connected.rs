//! Who is connected, and how far behind.

use serde_json::{Value, json};

use crate::support::{Answer, TestHub};

/// The one that reads in this form, or of several the first.
fn reader<'a>(streams: &'a Value, encoding: &str) -> &'a Value {
    let readers = streams["readers"].as_array().unwrap();
    let found = readers.iter().find(|reader| reader["encoding"] == encoding);
    found.unwrap_or_else(|| panic!("no {encoding} in {streams:#}"))
}

fn metric(hub: &TestHub, name: &str) -> u64 {
    let text = String::from_utf8(hub.get("/metrics").rest()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn s4_30_readers_and_producers_are_listed_with_what_they_lack() {
    let hub = TestHub::start();
    assert_eq!(hub.json("/api/v1/streams")["readers"], json!([]));
    // It never reads.
    let stalled: Answer = hub.sse("?since=earliest&run=r&types=x.*,unit.*", None);
    let mut healthy = hub.ndjson("?since=earliest");
    healthy.wait("hub.hello");
    let mut pusher = hub.producer();
    pusher.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":1},"run":"r"}"#);
    assert_eq!(pusher.line()["type"], "link.welcome");
    // More than the system holds for a socket.
    let filler = "x".repeat(100 << 10);
    for seq in 1..=200 {
        pusher.send(&format!(r#"{{"type":"x.big","payload":"{filler}","run":"r","seq":{seq}}}"#));
    }
    assert_eq!(healthy.numbers("r", 200).len(), 200);
    while pusher.line()["payload"]["seq"] != 200 {}

    let streams = hub.json("/api/v1/streams");
    let slow = reader(&streams, "sse");
    assert_eq!(slow["blocked"], true, "{slow}");
    assert!(
        slow["waiting"].as_u64().unwrap() > 0 && slow["from"].as_str().unwrap().starts_with("127.0.0.1:")
    );
    let behind = slow["behind"].as_u64().unwrap();
    assert!((1..200).contains(&behind), "{slow}");
    let subscription = &slow["subscriptions"][0];
    assert_eq!(
        (&subscription["run"], &subscription["types"], &subscription["state"], &subscription["behind"]),
        (&json!("r"), &json!(["x.*", "unit.*"]), &json!("behind"), &json!(behind))
    );
    let fast = reader(&streams, "ndjson");
    assert_eq!((&fast["behind"], &fast["waiting"], &fast["blocked"]), (&json!(0), &json!(0), &json!(false)));
    assert!(fast["since"].as_str().unwrap().ends_with('Z'), "{fast}");
    let producers = streams["producers"].as_array().unwrap();
    assert_eq!(producers.len(), 1);
    let producer = &producers[0];
    assert_eq!(
        (&producer["listens"], &producer["lines"], &producer["unread"]),
        (&json!(true), &json!(201), &json!(0))
    );
    assert_eq!(producer["runs"], json!([{"run": "r", "have": 200, "stored": 200}]));
    #[cfg(target_os = "linux")]
    assert_eq!(producer["pid"], std::process::id());
    assert!(producer["bytes"].as_u64().unwrap() > 200 * (100 << 10));

    assert_eq!((metric(&hub, "choo_readers"), metric(&hub, "choo_readers_blocked")), (2, 1));
    assert_eq!(metric(&hub, "choo_readers_behind_max"), behind);
    assert!(metric(&hub, "choo_readers_waiting_bytes") > 0);
    assert_eq!(metric(&hub, "choo_events_unstored"), 0);
    assert_eq!(hub.request("/api/v1/streams", &[]).status, 401);
    drop(stalled);
}
