//! A full buffer: what is dropped, and what the reader is told.

use choo_protocol::{Event, LogStream, OrchStarted, TaskProgress, UnitStatus, kind};

use super::world::{Place, Reader, World, config, millis};
use crate::Warning;
use crate::ring::Bounds;

/// A world that holds only its hundred newest events.
fn small(place: Place) -> World {
    let mut config = config();
    config.bounds = Bounds { bytes: 0, events: 0 };
    World::with(config, place)
}

fn started() -> Event {
    Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: None })
}

#[test]
fn s0_b17_c_05_the_oldest_output_goes_first_and_what_changes_the_state_stays() {
    let mut world = small(Place::Empty);
    world.emit(&started());
    world.emit(&Event::unit_started("app"));
    world.emit(&Event::unit_completed("app"));
    world.emit_logs(150, 10);
    world.emit(&Event::unit_failed("late", "the newest are kept"));
    let stats = world.stats();
    assert_eq!((stats.evicted, stats.queued), (53, 101));
    world.catch_up();
    let kinds = ["orch.started", "unit.started", "unit.completed", "link.lost", "log.stdout"];
    assert_eq!(&world.reader.kinds()[..5], kinds);
    assert_eq!(world.reader.seqs()[3..], (57..=154).collect::<Vec<_>>());
    let lost = &world.reader.lost[0];
    assert_eq!((lost.from, lost.to, lost.count, lost.reason.as_str()), (4, 56, 53, "overflow"));
    assert_eq!(lost.by_type["log.stdout"], 53);
    assert!(lost.bytes > 53 * 80);
    assert_eq!(world.reader.state.loss.count, 53);
    assert!(world.reader.state.summaries.is_empty(), "no snapshot was needed");
    world.assert_picture();
}

#[test]
fn s0_b16_where_nothing_but_lifecycle_is_left_its_oldest_becomes_a_snapshot() {
    let mut world = small(Place::Empty);
    world.emit(&started());
    world.emit_logs(50, 10);
    for i in 0..150 {
        world.emit(&Event::unit_started(format!("unit-{}", i % 60)));
    }
    world.emit(&Event::unit_failed("late", "the newest are kept"));
    let stats = world.stats();
    assert_eq!((stats.evicted, stats.queued), (101, 101));
    world.catch_up();
    assert_eq!(&world.reader.kinds()[..3], ["orch.started", "link.lost", "orch.snapshot"]);
    assert_eq!(world.reader.seqs()[1..], (103..=202).collect::<Vec<_>>());
    let lost = &world.reader.lost[0];
    assert_eq!((lost.from, lost.to, lost.count), (2, 102, 101));
    assert_eq!((lost.by_type["unit.started"], lost.by_type["log.stdout"]), (51, 50));
    assert_eq!(world.reader.state.units["unit-0"].status, UnitStatus::InProgress);
    world.assert_picture();
}

fn progress(unit: &str, task: u32, done: u64) -> Event {
    Event::task_progress(unit, task, TaskProgress { done, total: Some(100), message: None })
}

#[test]
fn of_the_progress_of_a_task_the_latest_stays_and_the_rest_is_told() {
    let mut world = small(Place::Empty);
    world.emit(&started());
    world.emit(&Event::unit_started("app"));
    world.emit(&Event::unit_started("web"));
    world.emit_logs(20, 10);
    for done in 0..60 {
        world.emit(&progress("app", 1, done));
        world.emit(&progress("web", 1, done));
    }
    let stats = world.stats();
    assert!(stats.conflated > 0 && stats.evicted == 0, "progress goes before output: {stats:?}");
    world.catch_up();
    assert_eq!(world.reader.kinds().iter().filter(|kind| **kind == "log.stdout").count(), 20);
    assert!(world.reader.seqs().ends_with(&[142, 143]), "the latest of both");
    assert!(world.reader.lost.iter().all(|lost| lost.reason == "conflated"));
    assert_eq!(world.reader.lost.iter().map(|lost| lost.count).sum::<u64>(), stats.conflated);
    world.assert_picture();
}

#[test]
fn output_and_lifecycle_in_turn_do_not_end_in_a_thousand_announcements() {
    let mut config = config();
    config.bounds.bytes = 1 << 20;
    let mut world = World::with(config, Place::Empty);
    world.emit(&started());
    for i in 0..12_000 {
        world.emit(&Event::unit_started(format!("unit-{}", i % 60)));
        world.emit_logs(1, 100);
    }
    world.catch_up();
    let lifecycle = world.reader.kinds().iter().filter(|kind| **kind == "unit.started").count();
    let logs = world.reader.kinds().iter().filter(|kind| **kind == "log.stdout").count();
    assert!(lifecycle > 3 * logs, "{lifecycle} lifecycle, {logs} logs");
    assert!(world.reader.lost.len() <= crate::hole::MAX_HOLES, "{}", world.reader.lost.len());
    assert_eq!(world.stats().announced, world.stats().lost());
    world.assert_picture();
}

#[test]
fn a_stalled_reader_is_told_in_the_place_of_what_it_missed() {
    let mut world = small(Place::Serving);
    world.emit(&started());
    world.room = 10;
    for i in 0..130 {
        world.emit(&Event::unit_started(format!("unit-{i}")));
    }
    world.take(usize::MAX);
    // The line begun is finished first, though the full ring has dropped it.
    assert_eq!(&world.reader.kinds()[..4], ["orch.started", "unit.started", "link.lost", "orch.snapshot"]);
    assert_eq!(world.reader.seqs()[..3], [1, 2, 32]);
    assert_eq!((world.reader.lost[0].from, world.reader.lost[0].to), (3, 31));
    assert!(world.reader.torn.is_empty());
    world.assert_picture();
}

#[test]
fn a_line_dropped_while_begun_is_announced_to_the_next_reader() {
    for fresh in [false, true] {
        let mut world = small(Place::Serving);
        world.emit(&started());
        world.emit(&Event::unit_started("before"));
        world.room = 10;
        for i in 0..130 {
            world.emit(&Event::unit_started(format!("unit-{i}")));
        }
        world.disconnect();
        if fresh {
            world.reader = Reader::new();
        }
        world.catch_up();
        assert_eq!(
            &world.reader.kinds()[..6],
            ["orch.started", "link.lost", "orch.snapshot", "unit.started", "unit.started", "unit.started"]
        );
        assert_eq!(world.reader.seqs()[..2], [1, 33]);
        assert_eq!((world.reader.lost[0].from, world.reader.lost[0].to), (3, 32));
        world.assert_picture();
        assert_eq!(world.stats().sent + world.stats().announced, 132);
    }
}

/// The hole before a begun line was known to a peer that is gone.
#[test]
fn a_new_reader_hears_of_the_hole_before_a_line_dropped_while_begun() {
    let mut world = small(Place::Serving);
    world.emit(&Event::unit_started("before"));
    world.disconnect();
    world.emit_logs(101, 30);
    world.room = 0;
    world.pass(millis(150));
    while world.reader.lost.is_empty() {
        world.take(1);
    }
    // The line behind the hole is begun.
    world.take(10);
    assert_eq!((world.reader.lost[0].to, world.reader.seqs()), (2, vec![]));
    for i in 0..100 {
        world.emit(&Event::unit_started(format!("unit-{i}")));
    }
    world.disconnect();
    world.reader = Reader::new();
    world.catch_up();
    world.assert_picture();
}

#[test]
fn logs_alone_cost_no_snapshot() {
    let mut world = small(Place::Serving);
    world.emit(&started());
    world.room = 0;
    world.emit_logs(150, 10);
    world.take(usize::MAX);
    assert_eq!(&world.reader.kinds()[..3], ["orch.started", "link.lost", "log.stdout"]);
    assert!(!world.reader.kinds().contains(&"orch.snapshot"));
    world.assert_picture();
}

#[test]
fn a_loss_is_told_even_if_nothing_follows_it() {
    let mut world = World::new();
    world.emit(&started());
    world.emit(&Event::log("app", None, LogStream::Stdout, "x".repeat(600 << 10), 1));
    assert_eq!(world.reader.kinds(), ["orch.started", "link.lost"]);
    let lost = &world.reader.lost[0];
    assert_eq!((lost.from, lost.to, lost.reason.as_str()), (2, 2, "oversized"));
    assert_eq!(world.stats().oversized, 1);
    assert!(matches!(world.warnings[..], [Warning::Oversized { events: 1 }]));
    // Once told, it is part of what a later reader is told by the snapshot.
    world.disconnect();
    world.reader = Reader::new();
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot"]);
    assert_eq!(world.reader.state.loss.count, 1);
}

#[test]
fn a_torn_announcement_is_made_again_and_grows() {
    let mut world = small(Place::Serving);
    world.room = 0;
    world.emit_logs(110, 10);
    world.take(30);
    assert_eq!(world.stats().announced, 0);
    world.emit_logs(10, 10);
    world.disconnect();
    world.catch_up();
    assert_eq!((world.reader.lost.len(), world.reader.lost[0].from, world.reader.lost[0].to), (1, 1, 20));
    assert_eq!((world.stats().announced, world.stats().evicted), (20, 20));
}

#[test]
fn holes_between_lines_are_told_in_their_place() {
    let mut world = World::new();
    world.room = 0;
    let long = Event::log("app", None, LogStream::Stdout, "x".repeat(600 << 10), 1);
    for unit in ["a", "b", "c"] {
        world.emit(&long);
        world.emit(&Event::unit_started(unit));
    }
    world.take(usize::MAX);
    assert_eq!(
        world.reader.kinds(),
        ["link.lost", "unit.started", "link.lost", "unit.started", "link.lost", "unit.started"]
    );
    assert_eq!(world.reader.lost.iter().map(|lost| lost.from).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(world.reader.seqs(), [2, 4, 6]);
}

#[test]
fn s0_58_a_burst_larger_than_staging_is_refused_and_counted() {
    let mut world = World::new();
    for n in 1..=20 {
        world.stage(&Event::log("app", None, LogStream::Stdout, "x".repeat(500 << 10), n));
    }
    world.stage(&Event::unit_completed("app"));
    world.settle();
    assert_eq!(world.stats().refused, 11);
    assert_eq!(world.reader.lost.iter().map(|lost| lost.count).sum::<u64>(), 11);
    assert_eq!(world.reader.kinds().last(), Some(&"unit.completed"));
    world.assert_picture();
}

#[test]
fn s0_b26_overflow_is_a_warning_only_when_somebody_misses_it_and_not_one_per_event() {
    let mut world = small(Place::Empty);
    world.emit_logs(500, 10);
    assert!(matches!(world.warnings[..], [Warning::NoHub { .. }]));
    world.catch_up();
    world.warnings.clear();
    world.room = 0;
    world.emit_logs(500, 10);
    assert!(matches!(world.warnings[..], [Warning::Overflow { .. }]), "{:?}", world.warnings);
    world.pass(millis(4000));
    world.emit_logs(500, 10);
    assert_eq!(world.warnings.len(), 1);
}

#[test]
fn the_default_buffer_holds_a_burst_of_ten_thousand() {
    let mut world = World::with(config(), Place::Empty);
    world.emit_logs(10_000, 100);
    assert_eq!(world.stats().lost(), 0);
    world.catch_up();
    assert_eq!(world.reader.seqs(), (1..=10_000).collect::<Vec<_>>());
}

#[test]
fn memory_stays_within_the_bound_however_long_the_hub_is_away() {
    let mut config = config();
    config.bounds.bytes = 1 << 20;
    let mut world = World::with(config, Place::Empty);
    for _ in 0..40 {
        world.emit_logs(1000, 100);
        assert!(world.stats().queued_bytes <= 1 << 20);
    }
    let stats = world.stats();
    assert!(stats.queued_bytes > (1 << 20) * 3 / 4, "an eighth at a time, not everything");
    assert_eq!(stats.queued + stats.evicted, 40_000);
    world.catch_up();
    assert_eq!(world.reader.lost.len(), 1, "one hole, told once");
}

#[test]
fn a_graph_event_beyond_the_ring_is_kept_as_state() {
    let mut world = small(Place::Empty);
    world.emit(&started());
    let graph = choo_protocol::GraphPayload::build([("a", vec![]), ("b", vec!["a"])]).unwrap();
    world.emit(&Event::graph(graph));
    for _ in 0..200 {
        world.emit(&Event::unit_started("a"));
    }
    world.catch_up();
    assert!(!world.reader.kinds().contains(&kind::GRAPH));
    assert_eq!(world.reader.state.units["b"].depends_on, ["a"]);
    world.assert_picture();
}
