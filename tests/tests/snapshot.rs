//! A picture that no single line could hold.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use choo_protocol::{Event, Limits, OrchStarted, RunState, RunStore};
use choo_tests::{Hub, Stream, WATCHDOG};
use choo_transport::{EventBus, SocketPusher};
use serde_json::{Value, json};

/// With an error of nearly four KiB each they make a state of 20 MiB.
const UNITS: usize = 5_000;

/// As many are emitted at once as the pusher has room for.
const BATCH: usize = 100;

fn unit(n: usize) -> Event {
    Event::unit_failed(format!("unit-{n}"), format!("{n}: {}", "no such file ".repeat(310)))
}

/// The lines of a stream, folded as a page does it.
fn folded(stream: &Stream, run: &str) -> Value {
    let mut store = RunStore::new(0);
    for line in stream.seen() {
        store.push(&serde_json::to_vec(line).unwrap());
        store.push(b"\n");
    }
    assert_eq!(store.faults().count(), 0);
    serde_json::to_value(store.state(run).unwrap()).unwrap()
}

fn types(stream: &Stream, kind: &str) -> usize {
    stream.seen().iter().filter(|line| line["type"] == kind).count()
}

/// The state in the hub, which has to be everything that was emitted.
fn whole(hub: &Hub, run: &str, last: u64) -> Value {
    let state = hub.get(&format!("/api/v1/runs/{run}"));
    assert_eq!(
        (&state["seq"], &state["misshapen"], &state["loss"]),
        (&json!(last), &Value::Null, &Value::Null)
    );
    let units = state["units"].as_object().unwrap();
    assert_eq!(units.len(), UNITS + 1);
    let failed = |unit: &&Value| unit["status"] == "failed" && unit["error"].as_str().unwrap().len() > 4000;
    assert_eq!(units.values().filter(failed).count(), UNITS);
    state
}

#[test]
fn a_hub_that_knows_nothing_gets_a_state_that_is_longer_than_any_line() {
    let hub = Hub::start();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(hub.socket()).buffer_bytes(1 << 20).start(&bus).unwrap();
    let run = pusher.run().to_string();
    bus.emit(Event::orch_started(OrchStarted::default()));
    let mut stream = hub.follow("?since=earliest");
    for batch in 0..UNITS / BATCH {
        (0..BATCH).for_each(|n| bus.emit(unit(batch * BATCH + n)));
        let last = pusher.stats().emitted;
        stream.wait("the last of them", |line| line["seq"] == last);
    }
    drop(stream);

    // The next one has no history, and the pusher hardly any of the lines.
    let dir = hub.kill();
    for file in ["history.db", "history.db-wal", "history.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join("data").join(file));
    }
    let hub = Hub::start_again(dir);
    assert!(pusher.wait_connected(WATCHDOG));
    bus.emit(Event::unit_started("latest"));
    let last = pusher.stats().emitted;
    let mut stream = hub.follow("?since=earliest");
    stream.wait("the last event", |line| line["seq"] == last);
    assert_eq!((types(&stream, "orch.started"), types(&stream, "hub.error")), (1, 0));
    assert!(types(&stream, "orch.snapshot") > Limits::GRAPH_LINE / RunState::PART_BYTES);
    let longest = stream.seen().iter().map(|line| line.to_string().len()).max().unwrap();
    assert!(longest <= 1 << 20, "{longest}");
    let state = whole(&hub, &run, last);
    assert_eq!(folded(&stream, &run), state, "to those who read the lines");
    let mut late = hub.follow("");
    late.wait("the end of the snapshot", |line| {
        line["type"] == "hub.snapshot" && line["payload"]["part"] == line["payload"]["parts"]
    });
    assert_eq!(folded(&late, &run), state, "to those who come later");
    let report = pusher.close(WATCHDOG);
    assert!(report.is_complete() && report.unacked == 0, "{report:?}");

    // What it stored makes the same state again.
    let hub = hub.kill_and_restart();
    assert_eq!(whole(&hub, &run, last)["units"], state["units"]);
}
