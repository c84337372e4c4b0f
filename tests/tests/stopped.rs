//! A hub that stands still, as under a debugger or on a machine that swaps: its connections stay open and
//! nobody reads them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use choo_protocol::{Event, LogStream};
use choo_tests::{Hub, WATCHDOG, numbers};
use choo_transport::{EventBus, Failure, SocketPusher, Warning};
use rustix::process::Signal;

/// More than fits between the two, less than the pusher keeps.
const EVENTS: u64 = 20_000;

#[test]
fn s0_12_s0_70_a_stopped_hub_costs_nothing_and_misses_nothing() {
    let hub = Hub::start();
    let bus = EventBus::new();
    let (sender, warnings) = sync_channel(1000);
    let pusher = SocketPusher::builder()
        .socket(hub.socket())
        .stall_timeout(Duration::from_millis(500))
        .backoff(Duration::from_millis(10), Duration::from_millis(100))
        .on_warning(move |warning| drop(sender.send(warning.clone())))
        .start(&bus)
        .unwrap();
    let run = pusher.run().to_string();
    bus.emit(Event::unit_started("app"));
    hub.follow("?since=earliest").wait("the first event", |line| line["seq"] == 1);

    hub.signal(Signal::STOP);
    for n in 1..EVENTS {
        bus.emit(Event::log("app", Some(1), LogStream::Stdout, "a line of ordinary length, more or less", n));
    }
    let warning = warnings.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(warning, Warning::Disconnected { failure: Failure::Stalled, .. }), "{warning}");
    hub.signal(Signal::CONT);

    let report = pusher.close(WATCHDOG);
    assert!(report.is_complete(), "{report:?}");
    let mut stream = hub.follow("?since=earliest");
    stream.wait_type("hub.end");
    assert!(numbers(stream.seen(), &run).into_iter().eq(1..=EVENTS), "each once and in order");
    assert!(!stream.seen().iter().any(|line| line["type"] == "link.lost"));
}
