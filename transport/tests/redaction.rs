//! What leaves the process of what a program must not say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hub;

use std::time::Duration;

use choo_protocol::{Event, GraphPayload, LogStream, OrchStarted, kind};
use choo_transport::{EventBus, Redaction, SocketPusher};
use hub::Hub;

/// Graph, errors, output and commands' answers go out without it, the snapshot for a hub that comes late too;
/// other handlers of the bus see it.
#[test]
fn nothing_that_leaves_shows_a_secret() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let graph = GraphPayload::build([("set-hunter2", vec![]), ("app", vec!["set-hunter2"])]).unwrap();
    let pusher = SocketPusher::builder()
        .socket(&hub.path)
        .graph(graph, 2)
        .buffer_events(0)
        .redact(Redaction::new().secret("hunter2").unwrap().pattern("ghp_[a-z0-9]+").unwrap())
        .start(&bus)
        .unwrap();
    let (sender, seen) = std::sync::mpsc::sync_channel(16);
    let _subscription = bus.subscribe(move |event| {
        let _ = sender.try_send(event.error.contains("hunter2"));
    });
    bus.emit(Event::orch_started(OrchStarted::default()));
    bus.emit(Event::unit_failed("set-hunter2", "hunter2 is wrong, ghp_abc1 as well"));
    bus.emit(Event::log("app", Some(1), LogStream::Stdout, "it is hun", 1));
    bus.emit(Event::log("app", Some(1), LogStream::Stdout, "ter2", 2));
    assert_eq!([seen.recv(), seen.recv()], [Ok(false), Ok(true)]);

    let mut connection = hub.accept();
    let mut lines = Vec::new();
    while lines.len() < 4 {
        lines.push(connection.next_line().unwrap());
    }
    assert_eq!(lines[0].kind, kind::ORCH_STARTED);
    assert_eq!(lines[0].payload.as_ref().unwrap()["graph"]["nodes"][0]["id"], "set-***");
    assert_eq!((&*lines[1].unit, &*lines[1].error), ("set-***", "*** is wrong, *** as well"));
    let text = serde_json::to_string(&lines).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("ter2") && !text.contains("ghp_abc1"), "{text}");
    drop(connection);

    // Another one, which knows nothing, is told the state.
    let mut connection = hub.accept();
    let mut lines = std::iter::repeat_with(|| connection.next_line().unwrap());
    let snapshot = lines.find(|line| line.kind == kind::ORCH_SNAPSHOT).unwrap().payload.unwrap();
    assert_eq!(snapshot["state"]["units"]["set-***"]["error"], "*** is wrong, *** as well");
    assert!(!snapshot.to_string().contains("hunter2"), "{snapshot}");
    drop(connection);
    pusher.close(Duration::ZERO);
}
