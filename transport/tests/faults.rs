//! What happens to sockets, folders and readers while a run goes on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hub;

use std::fs;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use choo_protocol::{Event, LogStream, WireEvent, kind};
use choo_transport::{Builder, EventBus, Failure, SocketPusher, Warning};
use hub::{Connection, Hub, WATCHDOG, scratch, stopwatch};

/// So long that no test gets by it.
const NEVER: Duration = Duration::from_hours(1);

const WELCOME: &str = r#"{"type":"link.welcome","payload":{"proto":1,"epoch":"e","have":{}}}"#;

fn builder(hub: &Hub) -> (Builder, Receiver<Warning>) {
    let (sender, warnings) = sync_channel(1000);
    let builder = SocketPusher::builder().socket(&hub.path).run("r".parse().unwrap());
    // Every peer here is a hub, however late this machine lets it speak.
    let builder = builder.welcome_wait(WATCHDOG);
    (builder.on_warning(move |warning| drop(sender.send(warning.clone()))), warnings)
}

fn emit(bus: &EventBus, events: std::ops::RangeInclusive<u64>) {
    for n in events {
        bus.emit(Event::log("app", Some(1), LogStream::Stdout, "a line of ordinary length, more or less", n));
    }
}

fn next_events(connection: &mut Connection, count: usize) -> Vec<WireEvent> {
    (0..count).map(|_| connection.next_line().expect("not the end yet")).collect()
}

fn seqs(lines: &[WireEvent]) -> Vec<u64> {
    lines.iter().filter_map(|line| line.seq).collect()
}

/// Another hub moves its socket over the one that is connected to. Nothing is at the old one's path any
/// more, yet its connection lives, and only when that ends is the new one dialled.
#[test]
fn a_socket_that_replaces_another_is_used_when_that_ones_connection_ends() {
    let old = Hub::new();
    let bus = EventBus::new();
    let (builder, warnings) = builder(&old);
    let pusher = builder.start(&bus).unwrap();
    let mut connection = old.accept();
    connection.say(WELCOME);
    emit(&bus, 1..=50);
    assert_eq!(seqs(&next_events(&mut connection, 50)), (1..=50).collect::<Vec<_>>());

    let place = old.path.with_file_name("other.sock");
    let new = Hub::at(&place);
    fs::rename(&place, &old.path).unwrap();
    emit(&bus, 51..=60);
    assert_eq!(seqs(&next_events(&mut connection, 10)), (51..=60).collect::<Vec<_>>());
    drop(connection);
    let warning = warnings.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(warning, Warning::Disconnected { failure: Failure::Closed, .. }), "{warning}");

    // The new hub knows nothing, and the pusher still has it all.
    let mut connection = new.accept();
    connection.say(WELCOME);
    assert_eq!(seqs(&next_events(&mut connection, 60)), (1..=60).collect::<Vec<_>>());
    assert_eq!((pusher.stats().lost(), pusher.stats().connections), (0, 2));
    pusher.close(Duration::ZERO);
}

/// `rm -r` of the folder takes the socket's name away, and with it the place that was watched.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_is_removed_and_made_again_is_noticed_at_once() {
    let (dir, _) = scratch();
    let folder = dir.path().join("a").join("b");
    let path = folder.join("web.sock");
    fs::create_dir_all(&folder).unwrap();
    let hub = Hub::at(&path);
    let bus = EventBus::new();
    let (builder, warnings) = builder(&hub);
    // The delays would outlast the test: what connects it again is that the folder is watched.
    let pusher = builder.backoff(NEVER, NEVER).start(&bus).unwrap();
    for round in 0..20 {
        drop(if round == 0 { hub.accept() } else { Hub::at(&path).accept() });
        warnings.recv_timeout(WATCHDOG).unwrap();
        bus.emit(Event::unit_started(format!("unit-{round}")));
        // At times only the last part of the path goes.
        fs::remove_dir_all(if round % 2 == 0 { &folder } else { folder.parent().unwrap() }).unwrap();
        fs::create_dir_all(&folder).unwrap();
    }
    let hub = Hub::at(&path);
    let mut connection = hub.accept();
    connection.say(WELCOME);
    let lines = next_events(&mut connection, 20);
    assert_eq!(seqs(&lines), (1..=20).collect::<Vec<_>>());
    assert_eq!(pusher.stats().lost(), 0);
    pusher.close(Duration::ZERO);
}

/// A file of another kind is put in the socket's place, and taken away again.
#[test]
#[cfg(target_os = "linux")]
fn what_is_no_socket_is_named_and_left_alone() {
    let (_dir, path) = scratch();
    fs::write(&path, "notes").unwrap();
    let bus = EventBus::new();
    let (sender, warnings) = sync_channel(1000);
    let pusher = SocketPusher::builder()
        .socket(&path)
        .backoff(NEVER, NEVER)
        .on_warning(move |warning| drop(sender.send(warning.clone())))
        .start(&bus)
        .unwrap();
    let warning = warnings.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(warning, Warning::NoHub { failure: Failure::NotASocket, .. }), "{warning}");
    bus.emit(Event::unit_started("app"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
    fs::remove_file(&path).unwrap();
    assert_eq!(Hub::at(&path).accept().next_line().unwrap().kind, kind::UNIT_STARTED);
    pusher.close(Duration::ZERO);
}

/// It takes a few bytes at a time and never stands still, so it is slow but not dead.
#[test]
fn a_slow_reader_is_waited_for_and_gets_every_line_whole() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let (builder, warnings) = builder(&hub);
    let pusher = builder.stall_timeout(WATCHDOG).start(&bus).unwrap();
    let mut connection = hub.accept().in_pieces_of(57);
    connection.say(WELCOME);
    let elapsed = stopwatch(|| emit(&bus, 1..=20_000));
    assert!(elapsed < Duration::from_secs(5), "nobody waits for it: {elapsed:?}");
    assert_eq!(seqs(&next_events(&mut connection, 20_000)), (1..=20_000).collect::<Vec<_>>());
    let stats = pusher.stats();
    assert_eq!((stats.lost(), stats.connections), (0, 1));
    let warned: Vec<String> = warnings.try_iter().map(|warning| warning.to_string()).collect();
    assert!(warned.is_empty(), "{warned:?}");
    pusher.close(Duration::ZERO);
}

/// The line that is begun when the peer is given up goes out whole on the next connection.
#[test]
fn a_reader_that_stops_reading_is_given_up_and_the_next_gets_it_all() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let (builder, warnings) = builder(&hub);
    let pusher = builder
        .stall_timeout(Duration::from_secs(1))
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .start(&bus)
        .unwrap();
    let mut deaf = hub.accept();
    deaf.say(WELCOME);
    emit(&bus, 1..=20_000);
    let warning = warnings.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(warning, Warning::Disconnected { failure: Failure::Stalled, .. }), "{warning}");
    let mut connection = hub.accept();
    connection.say(WELCOME);
    assert_eq!(seqs(&next_events(&mut connection, 20_000)), (1..=20_000).collect::<Vec<_>>());
    // What the deaf one was sent are whole lines, but for the last.
    let mut last = 0;
    while let Some(line) = deaf.next_line() {
        assert_eq!(line.seq, Some(last + 1));
        last += 1;
    }
    assert!(0 < last && last < 20_000, "{last}");
    assert_eq!(pusher.stats().lost(), 0);
    pusher.close(Duration::ZERO);
}
