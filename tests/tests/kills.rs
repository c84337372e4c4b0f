//! A hub that is killed again and again under load, as `cargo xtask soak kills` has it 50 times.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says how far it is"
)]

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use choo_protocol::{Event, LogStream, OrchStarted};
use choo_tests::{Hub, Random, numbers};
use choo_transport::{EventBus, SocketPusher};

/// Kills, unless `$CHOO_KILLS` says how many.
const KILLS: u64 = 3;
/// Events a second.
const RATE: u64 = 5_000;
/// So many events at most pass from the time a hub is up until it is killed: up to half a second.
const MOST: usize = 2_500;
/// What the pusher keeps where the hub's history is no help: more than the whole run.
const ROOM: usize = 512 << 20;
/// What it keeps where it is: less than the whole run, but some seconds.
const LITTLE: usize = 4 << 20;

/// A pusher that keeps everything makes up for a hub that keeps nothing.
#[test]
fn a_hub_killed_again_and_again_under_load_has_every_event_in_the_end() {
    kill(ROOM, &["--history-bytes", &ROOM.to_string(), "--no-history"]);
}

/// What was acknowledged is in the history and nowhere else, and that is enough.
#[test]
fn what_was_acknowledged_outlives_every_hub() {
    kill(LITTLE, &["--history-bytes", "1M"]);
}

/// Everything that was emitted is in the last hub, once and in order, wherever the hubs before it died, but for what
/// the pusher had no room for and says so.
fn kill(room: usize, options: &[&str]) {
    let kills = std::env::var("CHOO_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let seed = std::env::var("CHOO_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let hub = Hub::start_with(options);
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().socket(hub.socket()).buffer_bytes(room).start(&bus).unwrap();
    let run = pusher.run().to_string();
    let (told, progress) = sync_channel(1);
    let (end, ending) = sync_channel(0);
    let (hub, emitted) = thread::scope(|scope| {
        let bus = &bus;
        let emitter = scope.spawn(move || emit(bus, &ending, &told));
        let hub = (1..=kills).fold(hub, |hub, kill| {
            let until = pusher.stats().emitted + random.below(MOST) as u64;
            while progress.recv().unwrap() < until {}
            println!("kill {kill} of seed {seed}, at event {until}");
            hub.kill_and_restart()
        });
        drop((end, progress));
        (hub, emitter.join().unwrap())
    });
    assert!(pusher.wait_connected(choo_tests::WATCHDOG));
    let report = pusher.close(choo_tests::WATCHDOG);
    assert!(report.finished && report.unsent == 0 && report.unacked == 0, "{report:?}");
    assert!(room < ROOM || report.is_complete(), "{report:?}");

    let mut stream = hub.follow("?since=earliest");
    let end = stream.wait("the last event", |line| line["seq"] == emitted);
    assert_eq!(end["type"], "orch.completed");
    assert!(!stream.seen().iter().any(|line| line["type"] == "hub.gap"), "all that came is there");
    // A pusher that could not keep what no hub had says so; a machine that is slow enough makes it do that.
    let lost = stream.seen().iter().filter(|line| line["type"] == "link.lost");
    let lost: Vec<(u64, u64)> = lost
        .map(|line| (line["payload"]["from"].as_u64().unwrap(), line["payload"]["to"].as_u64().unwrap()))
        .collect();
    assert!(report.lost > 0 || lost.is_empty(), "everything was kept, but {lost:?}");
    // What a hub had not stored and the pusher no longer had is known as a summary.
    let state = hub.get(&format!("/api/v1/runs/{run}"));
    let summaries = state["summaries"].as_array().into_iter().flatten();
    let told = summaries.map(|range| (range["from"].as_u64().unwrap(), range["to"].as_u64().unwrap()));
    let told: Vec<(u64, u64)> = told.chain(lost).collect();
    let numbers = numbers(stream.seen(), &run);
    assert!(numbers.is_sorted_by(|a, b| a < b), "once and in order: {:?}", odd(&numbers));
    let there: HashSet<u64> = numbers.iter().copied().collect();
    let mut missing = (1..=emitted).filter(|seq| !there.contains(seq));
    let silent = missing.find(|seq| !told.iter().any(|(from, to)| (from..=to).contains(&seq)));
    assert_eq!(silent, None, "missing, and nobody said so");
    println!(
        "{kills} kills, {emitted} events, {} there once and in order, the rest announced",
        numbers.len()
    );
}

/// Emits at [`RATE`] until nobody is there any more to tell it to go on; answers how many events.
#[expect(clippy::disallowed_methods, reason = "the rate is what this is about")]
fn emit(bus: &EventBus, ending: &Receiver<()>, told: &SyncSender<u64>) -> u64 {
    let start = std::time::Instant::now();
    let mut emitted = 0;
    bus.emit(Event::orch_started(OrchStarted::default()));
    while ending.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
        let due = u64::try_from(start.elapsed().as_millis()).unwrap() * RATE / 1000;
        for n in emitted..due {
            let unit = format!("unit-{}", n % 7);
            let text = format!("line {n} of what {unit} has to say, as long as such lines usually are");
            bus.emit(Event::log(unit, Some(1), LogStream::Stdout, text, n));
        }
        emitted = due.max(emitted);
        // Who does not listen just now hears of the next ones.
        let _ = told.try_send(emitted);
    }
    bus.emit(Event::orch_completed());
    emitted + 2
}

/// Where the numbers do not follow each other.
fn odd(numbers: &[u64]) -> Vec<(u64, u64)> {
    numbers.windows(2).map(|pair| (pair[0], pair[1])).filter(|(a, b)| a + 1 != *b).take(5).collect()
}
