//! A program that has as many files open as it may. Alone in its process, whose limit it lowers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hub;

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use choo_protocol::{Event, kind};
use choo_transport::{EventBus, Failure, SocketPusher, StartError, Warning};
use hub::{Hub, WATCHDOG, stopwatch, wait_for};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Says how many files may be open; those that are stay so.
fn allow(files: Option<u64>) {
    let limit = Rlimit { current: files, ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// Standard input, output and error have them all.
const NONE: Option<u64> = Some(3);

#[test]
fn a_program_without_a_file_to_spare_runs_on_and_its_events_come_later() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let (sender, warnings) = sync_channel(100);
    let usual = getrlimit(Resource::Nofile).current;
    let builder = || SocketPusher::builder().socket(&hub.path);

    allow(NONE);
    let error = builder().start(&bus).unwrap_err();
    assert!(matches!(error, StartError::Descriptors(_)), "{error}");
    assert!(error.to_string().contains("open files"), "{error}");
    allow(usual);

    let pusher = builder()
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .on_warning(move |warning| drop(sender.send(warning.clone())))
        .start(&bus)
        .unwrap();
    let mut connection = hub.accept();
    // Only what is open already is needed while the connection lasts.
    allow(NONE);
    bus.emit(Event::unit_started("first"));
    assert_eq!(connection.next_line().unwrap().seq, Some(1));
    drop(connection);
    let warning = warnings.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(warning, Warning::Disconnected { failure: Failure::Closed, .. }), "{warning}");
    wait_for(|| pusher.stats().last_failure == Some(Failure::NoDescriptors));
    let elapsed = stopwatch(|| (2..=100).for_each(|n| bus.emit(Event::unit_started(format!("unit-{n}")))));
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");

    allow(usual);
    assert!(pusher.wait_connected(WATCHDOG));
    let mut connection = hub.accept();
    assert_eq!(connection.next_line().unwrap().kind, kind::ORCH_SNAPSHOT, "of what was delivered");
    for seq in 2..=100 {
        let line = connection.next_line().unwrap();
        assert_eq!((&*line.kind, line.seq), (kind::UNIT_STARTED, Some(seq)));
    }
    assert_eq!(pusher.stats().lost(), 0);
    pusher.close(Duration::ZERO);
}
