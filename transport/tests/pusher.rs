//! The pusher over real sockets. Tests wait for lines and connections, never for time; a watchdog turns
//! a hang into a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hub;

use std::fs;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choo_protocol::{
    Event, GraphPayload, LogStream, OrchStarted, Payload, RunStatus, UnitStarted, UnitStatus, kind,
};
use choo_transport::{
    Builder, CloseReport, EventBus, SocketPathError, SocketPusher, StartError, Status, Warning,
};
use hub::{Hub, WATCHDOG, scratch, stopwatch};

const LONG: Duration = WATCHDOG;

fn builder(hub: &Hub) -> Builder {
    SocketPusher::builder().socket(&hub.path)
}

fn graph() -> GraphPayload {
    GraphPayload::build([("project-setup", vec![]), ("app-shell", vec!["project-setup"])]).unwrap()
}

/// S0-B23: the reader reads while the writer writes.
#[test]
fn s0_57_s1_21_s0_b23_an_event_arrives_as_one_line() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).run("nightly-7".parse().unwrap()).start(&bus).unwrap();
    let mut connection = hub.accept();
    bus.emit(Event::unit_started("test-unit"));
    let line = connection.next_line().unwrap();
    assert_eq!((&*line.kind, &*line.unit), ("unit.started", "test-unit"));
    assert_eq!((line.run.unwrap().as_str(), line.seq), ("nightly-7", Some(1)));
    assert!(line.time.is_some());
    pusher.close(LONG);
}

#[test]
fn s0_58_a_full_buffer_never_blocks_emit() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).buffer_bytes(1).buffer_events(1).start(&bus).unwrap();
    let _silent = hub.accept();
    let text = "x".repeat(10_000);
    let elapsed = stopwatch(|| {
        for n in 1..=2000 {
            bus.emit(Event::log("app", None, LogStream::Stdout, text.as_str(), n));
        }
    });
    assert!(elapsed < Duration::from_millis(10) * 2000, "{elapsed:?} for 2000 events");
    let report = pusher.close(Duration::ZERO);
    assert_eq!(report.sent + report.unsent + report.lost, 2000);
    assert!(report.lost > 0 && report.unsent > 0, "{report:?}");
}

#[test]
fn s0_62_s0_64_a_whole_run_arrives_in_order_and_ends_with_bye() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).graph(graph(), 2).start(&bus).unwrap();
    bus.emit(Event::new(kind::ORCH_STARTED).unwrap());
    bus.emit(
        Event::unit_started("app-shell").payload(UnitStarted { total_tasks: Some(1), completed_tasks: None }),
    );
    bus.emit(Event::task_started("app-shell", 1));
    bus.emit(Event::task_completed("app-shell", 1));
    bus.emit(Event::unit_completed("app-shell"));
    bus.emit(Event::orch_completed());
    let reader = hub.read_in_background();
    let report = pusher.close(LONG);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.sent, 6);
    let read = reader.join().unwrap();
    let kinds: Vec<_> = read.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "orch.started",
            "unit.started",
            "task.started",
            "task.completed",
            "unit.completed",
            "orch.completed",
            "link.bye"
        ]
    );
    assert_eq!(read.lines[6].payload.as_ref().unwrap()["last"], 6);
    assert_eq!(read.state.status, RunStatus::Completed);
    assert_eq!(read.state.units["app-shell"].status, UnitStatus::Complete);
    assert_eq!(read.state.parallelism, Some(2));
}

#[test]
fn s1_18_s0_69_the_graph_arrives_in_orch_started() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    // S1-B02: the graph is known only after the pusher runs.
    std::thread::scope(|scope| scope.spawn(|| pusher.set_graph(graph(), 4)).join()).unwrap();
    let seen = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&seen);
    let _subscription = bus.subscribe(move |event| *slot.lock().unwrap() = Some(event.clone()));
    bus.emit(Event::orch_started(OrchStarted { unit_count: 2, parallelism: 0, graph: None }));
    let line = hub.accept().next_line().unwrap();
    let payload = line.payload.unwrap();
    assert_eq!(payload["graph"]["levels"], serde_json::json!([["project-setup"], ["app-shell"]]));
    assert_eq!((&payload["unit_count"], &payload["parallelism"]), (&2.into(), &4.into()));
    // S0-B19: other handlers see the event as it was emitted.
    let event = seen.lock().unwrap().take().unwrap();
    let Some(Payload::OrchStarted(started)) = &event.payload else {
        panic!("not the payload that was emitted");
    };
    assert_eq!((&started.graph, started.parallelism), (&None, 0));
    pusher.close(LONG);
}

/// Whichever comes first, the graph reaches the reader once: in `orch.started` or behind it.
#[test]
fn s0_b20_the_graph_may_come_on_one_thread_while_the_run_begins_on_another() {
    for _ in 0..50 {
        let hub = Hub::new();
        let bus = EventBus::new();
        let pusher = builder(&hub).start(&bus).unwrap();
        let reader = hub.read_in_background();
        std::thread::scope(|scope| {
            scope.spawn(|| pusher.set_graph(graph(), 4));
            scope.spawn(|| bus.emit(Event::new(kind::ORCH_STARTED).unwrap()));
        });
        assert!(pusher.close(LONG).is_complete());
        let read = reader.join().unwrap();
        let told = |line: &&choo_protocol::WireEvent| {
            let payload = line.payload.as_ref();
            line.kind == kind::GRAPH
                || payload
                    .is_some_and(|payload| payload["graph"]["nodes"].as_array().is_some_and(|n| n.len() == 2))
        };
        assert_eq!(read.lines.iter().filter(told).count(), 1, "{:?}", read.lines);
        assert_eq!(read.state.graph().levels, [["project-setup"], ["app-shell"]]);
    }
}

#[test]
fn s1_19_s1_20_connected_tells_the_truth_from_start_to_close() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder()
        .socket(&path)
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .start(&bus)
        .unwrap();
    assert!(!pusher.connected() && !pusher.wait_connected(Duration::ZERO));
    let hub = Hub::at(&path);
    assert!(pusher.wait_connected(LONG));
    let connection = hub.accept();
    assert!(pusher.connected());
    // S0-B14: nothing is emitted, yet the end is noticed: the pusher comes again.
    drop(connection);
    let _second = hub.accept();
    assert!(pusher.wait_connected(LONG));
    assert!(pusher.stats().reconnects() >= 1);
    pusher.close(LONG);
    assert!(!pusher.connected());
}

#[test]
fn s0_63_s0_70_s0_71_s1_22_a_restarted_hub_has_the_whole_picture() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&warnings);
    let hub = Hub::at(&path);
    let pusher = builder(&hub)
        .graph(graph(), 2)
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .on_warning(move |warning| sink.lock().unwrap().push(warning.clone()))
        .start(&bus)
        .unwrap();
    bus.emit(Event::new(kind::ORCH_STARTED).unwrap());
    bus.emit(Event::unit_started("project-setup"));
    let mut first = hub.accept();
    assert_eq!(first.next_line().unwrap().kind, "orch.started");
    assert_eq!(first.next_line().unwrap().kind, "unit.started");
    drop((first, hub));
    bus.emit(Event::unit_completed("project-setup"));
    fs::remove_file(&path).unwrap();
    bus.emit(Event::unit_started("app-shell"));
    let hub = Hub::at(&path);
    let reader = hub.read_in_background();
    assert!(pusher.close(LONG).is_complete());
    let read = reader.join().unwrap();
    assert_eq!(read.lines[0].kind, "orch.started");
    assert_eq!(read.lines[1].kind, "orch.snapshot");
    assert_eq!(read.state.units["project-setup"].status, UnitStatus::Complete);
    assert_eq!(read.state.units["app-shell"].status, UnitStatus::InProgress);
    assert_eq!(read.state.seq, 4);
    assert!(
        matches!(warnings.lock().unwrap()[..], [Warning::Disconnected { .. }]),
        "{:?}",
        warnings.lock().unwrap()
    );
}

#[test]
fn s0_65_s0_72_s0_b13_without_a_hub_start_and_close_succeed_at_once() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let warned = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&warned);
    let pusher = SocketPusher::builder()
        .socket(&path)
        .on_warning(move |warning| {
            assert!(matches!(warning, Warning::NoHub { .. }));
            assert!(!flag.swap(true, Ordering::SeqCst), "one warning, not more");
        })
        .start(&bus)
        .unwrap();
    for _ in 0..1000 {
        bus.emit(Event::unit_started("app"));
    }
    let mut report = CloseReport::default();
    let elapsed = stopwatch(|| report = pusher.close(LONG));
    assert!(elapsed < LONG / 2, "no hub is no reason to wait: {elapsed:?}");
    assert!(report.finished && !report.is_complete());
    assert_eq!((report.sent, report.unsent, report.lost), (0, 1000, 0));
    assert!(warned.load(Ordering::SeqCst) || pusher.stats().dials == 1);
}

#[test]
fn s0_b03_s0_b04_s0_b10_close_is_harmless_twice_and_leaves_nothing_behind() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(&path).start(&bus).unwrap();
    bus.emit(Event::unit_started("app"));
    let first = pusher.close(LONG);
    bus.emit(Event::unit_completed("app"));
    assert_eq!(pusher.close(LONG), first);
    assert_eq!(pusher.stats().emitted, 1, "unsubscribed");
    // The thread has ended, so nobody can come any more.
    let late = UnixListener::bind(&path).unwrap();
    late.set_nonblocking(true).unwrap();
    assert!(late.accept().is_err());
}

#[test]
fn a_watch_sees_every_status_of_a_pushers_life() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(&path).write_timeout(Duration::from_millis(20));
    let pusher = pusher.buffer_bytes(32 << 20).start(&bus).unwrap();
    let mut watch = pusher.watch();
    assert_eq!((pusher.status(), watch.status()), (Status::Disconnected, Status::Disconnected));
    let hub = Hub::at(&path);
    assert_eq!(watch.wait(LONG), Some(Status::Connected));
    let connection = hub.accept();
    for n in 1..=20_000 {
        bus.emit(Event::log("app", None, LogStream::Stdout, "x".repeat(200), n));
    }
    assert_eq!(watch.wait(LONG), Some(Status::Stalled));
    drop((connection, hub));
    assert_eq!(smol::block_on(watch.changed()), Some(Status::Disconnected));
    pusher.close(Duration::ZERO);
    assert_eq!(smol::block_on(watch.changed()), Some(Status::Closed));
    assert_eq!((watch.wait(LONG), pusher.status()), (None, Status::Closed));
}

#[test]
fn closes_from_many_threads_wait_for_the_same_end() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    bus.emit(Event::unit_started("app"));
    let reader = hub.read_in_background();
    let reports: Vec<_> = std::thread::scope(|scope| {
        let closers: Vec<_> = (0..4).map(|_| scope.spawn(|| pusher.close(LONG))).collect();
        closers.into_iter().map(|closer| closer.join().unwrap()).collect()
    });
    assert!(reports.iter().all(|report| *report == reports[0] && report.is_complete()), "{reports:?}");
    assert_eq!(reader.join().unwrap().lines.len(), 2);
}

#[test]
fn dropping_does_not_wait_and_still_sends() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    bus.emit(Event::unit_started("app"));
    drop(pusher);
    bus.emit(Event::unit_completed("app"));
    let read = hub.read_in_background().join().unwrap();
    let kinds: Vec<_> = read.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["unit.started", "link.bye"]);
}

#[test]
fn closing_and_panicking_in_the_warning_callback_do_no_harm() {
    let (_dir, path) = scratch();
    let bus = EventBus::new();
    let pusher: Arc<Mutex<Option<Arc<SocketPusher>>>> = Arc::default();
    let (inner, (done, finished)) = (Arc::clone(&pusher), std::sync::mpsc::sync_channel(1));
    let (go, gate) = std::sync::mpsc::sync_channel::<()>(1);
    let started = SocketPusher::builder()
        .socket(&path)
        .on_warning(move |_| {
            gate.recv().unwrap();
            let pusher = inner.lock().unwrap().take().unwrap();
            done.send(pusher.close(LONG).finished).unwrap();
            panic!("a careless callback");
        })
        .start(&bus)
        .unwrap();
    *pusher.lock().unwrap() = Some(Arc::new(started));
    let kept = pusher.lock().unwrap().clone().unwrap();
    go.send(()).unwrap();
    assert!(!finished.recv_timeout(LONG).unwrap(), "it cannot wait for itself");
    assert!(kept.close(LONG).finished);
}

#[test]
fn a_reader_that_closes_its_sending_side_goes_on_reading() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    let mut connection = hub.accept();
    connection.stop_sending();
    bus.emit(Event::unit_started("app"));
    assert_eq!(connection.next_line().unwrap().kind, "unit.started");
    bus.emit(Event::unit_completed("app"));
    assert_eq!(connection.next_line().unwrap().kind, "unit.completed");
    assert_eq!(pusher.stats().connections, 1);
    pusher.close(LONG);
}

#[test]
fn a_slow_reader_gets_every_byte_of_a_large_burst() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    for n in 1..=10_000 {
        bus.emit(Event::log("app", Some(1), LogStream::Stdout, "a line of ordinary length, more or less", n));
    }
    let reader = hub.read_in_background();
    let report = pusher.close(LONG);
    assert!(report.is_complete(), "{report:?}");
    let read = reader.join().unwrap();
    let seqs: Vec<_> = read.lines.iter().filter_map(|line| line.seq).collect();
    assert_eq!(seqs, (1..=10_000).collect::<Vec<_>>());
}

#[test]
fn s0_b31_two_runs_on_one_bus_are_told_apart_and_numbered_each_for_itself() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let one = builder(&hub).start(&bus).unwrap();
    let mut first = hub.accept();
    let two = builder(&hub).start(&bus).unwrap();
    let mut second = hub.accept();
    assert_ne!(one.run(), two.run());
    bus.emit(Event::unit_started("app"));
    for (connection, pusher) in [(&mut first, &one), (&mut second, &two)] {
        let line = connection.next_line().unwrap();
        assert_eq!((line.run.as_ref(), line.seq), (Some(pusher.run()), Some(1)));
    }
    one.close(Duration::ZERO);
    two.close(Duration::ZERO);
}

#[test]
fn s0_b32_a_payload_without_json_form_is_an_error_and_the_stream_goes_on() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = builder(&hub).start(&bus).unwrap();
    let impossible = std::collections::BTreeMap::from([((1, 2), "keys must be strings")]);
    assert!(Payload::json(&impossible).is_err());
    bus.emit(Event::new("x.acme.measured").unwrap().payload(Payload::json(&f64::NAN).unwrap()));
    bus.emit(Event::unit_started("app"));
    let mut connection = hub.accept();
    assert_eq!(connection.next_line().unwrap().payload, None, "null");
    assert_eq!(connection.next_line().unwrap().kind, "unit.started");
    pusher.close(LONG);
}

#[test]
fn start_fails_only_for_what_cannot_be() {
    let bus = EventBus::new();
    let start = |path: &str| SocketPusher::builder().socket(path).start(&bus);
    assert!(matches!(start("web.sock"), Err(StartError::Path(SocketPathError::Relative { .. }))));
    let long = format!("/{}", "d".repeat(200));
    let error = start(&long).unwrap_err();
    assert!(error.to_string().starts_with("socket path has 201 bytes"), "{error}");
    // A place where no hub can be is an absent hub.
    let (dir, _) = scratch();
    let pusher = SocketPusher::builder().socket(dir.path()).start(&bus).unwrap();
    assert!(pusher.close(LONG).finished);
}
