//! Connections: made, lost, stalled, closed.

use choo_protocol::{Event, GraphPayload, OrchStarted, kind};

use super::world::{Place, World, config, millis};
use crate::{Failure, Warning};

fn started() -> Event {
    Event::orch_started(OrchStarted { unit_count: 2, parallelism: 2, graph: None })
}

fn graph() -> GraphPayload {
    GraphPayload::build([("setup", vec![]), ("app", vec!["setup"])]).unwrap()
}

#[test]
fn events_go_out_in_order_as_they_come() {
    let mut world = World::new();
    world.emit(&started());
    world.emit(&Event::unit_started("app"));
    world.emit(&Event::unit_completed("app"));
    assert_eq!(world.reader.kinds(), ["orch.started", "unit.started", "unit.completed"]);
    assert_eq!(world.reader.seqs(), [1, 2, 3]);
    world.assert_picture();
    assert_eq!(world.warnings, []);
}

#[test]
fn s0_65_without_a_hub_there_is_one_warning_and_nothing_is_lost() {
    let mut world = World::with(config(), Place::Empty);
    for _ in 0..100 {
        world.emit(&Event::unit_started("app"));
        world.pass(millis(1000));
    }
    assert!(matches!(&world.warnings[..], [Warning::NoHub { failure: Failure::NoSocket, .. }]));
    assert_eq!((world.stats().queued, world.stats().lost()), (100, 0));
}

#[test]
fn s0_b13_a_hub_that_starts_late_gets_everything() {
    let mut world = World::with(config(), Place::Empty);
    world.emit(&started());
    world.emit(&Event::unit_started("app"));
    world.pass(millis(60_000));
    world.catch_up();
    assert_eq!(world.reader.seqs(), [1, 2]);
    world.assert_picture();
}

#[test]
fn s0_60_s0_b24_attempts_follow_the_backoff() {
    let mut config = config();
    config.backoff = (millis(10), millis(50));
    let mut world = World::with(config, Place::Empty);
    world.pass(millis(200));
    // The bases are 10, 20, 40, 50, 50 and so on; jitter halves them on average.
    assert!((5..15).contains(&world.dials.len()), "{:?}", world.dials);
    let mut base = 10;
    for pair in world.dials.windows(2) {
        assert!(pair[1] <= pair[0] + millis(base), "{:?}", world.dials);
        base = (base * 2).min(50);
    }
    let retry = world.stats().retry.unwrap();
    assert_eq!(retry.base, millis(50));
    assert!(retry.jittered <= retry.base);
}

#[test]
fn s0_b25_a_peer_that_accepts_and_closes_is_dialled_ever_more_rarely() {
    let mut world = World::new();
    for _ in 0..8 {
        world.disconnect();
        assert!(!world.connected());
        world.pass(world.stats().retry.unwrap().base);
        assert!(world.connected());
    }
    world.disconnect();
    assert_eq!(world.stats().retry.unwrap().base, millis(5000));
    world.pass(millis(5000));
    world.pass(millis(5000));
    world.disconnect();
    assert_eq!(world.stats().retry.unwrap().base, millis(100), "five healthy seconds forget it all");
}

#[test]
fn s0_63_s0_71_a_lost_connection_is_made_again_and_nothing_is_missing() {
    let mut world = World::new();
    world.emit(&started());
    world.place = Place::Empty;
    world.disconnect();
    world.emit(&Event::unit_started("app"));
    world.pass(millis(20_000));
    assert!(world.dials.len() > 5);
    world.emit(&Event::unit_completed("app"));
    world.catch_up();
    assert_eq!(world.reader.seqs(), [1, 2, 3], "orch.started again, then what was missed");
    world.assert_picture();
    assert!(matches!(&world.warnings[..], [Warning::Disconnected { .. }]), "{:?}", world.warnings);
}

#[test]
fn s0_b08_a_restarted_hub_gets_graph_state_and_what_follows() {
    let mut world = World::new();
    world.set_graph(graph(), 2);
    world.emit(&Event::new(kind::ORCH_STARTED).unwrap());
    world.emit(&Event::unit_started("setup"));
    world.emit(&Event::unit_completed("setup"));
    world.disconnect();
    world.reader = super::world::Reader::new();
    world.emit(&Event::unit_started("app"));
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot", "unit.started"]);
    assert_eq!(world.reader.seqs(), [1, 4]);
    let state = &world.reader.state;
    assert_eq!(state.units["setup"].status, choo_protocol::UnitStatus::Complete);
    assert_eq!(state.units["app"].depends_on, ["setup"]);
    assert_eq!((state.unit_count, state.parallelism), (Some(2), Some(2)));
}

#[test]
fn s0_49_orch_started_carries_the_graph_and_stays_the_same_on_each_connection() {
    let mut world = World::new();
    world.set_graph(graph(), 3);
    world.emit(&Event::new(kind::ORCH_STARTED).unwrap());
    assert_eq!(world.reader.state.parallelism, Some(3));
    assert_eq!(world.reader.state.units.len(), 2);
    // Another graph later is an event of its own; the pinned line does not change.
    world.set_graph(GraphPayload::build([("only", vec![])]).unwrap(), 1);
    world.settle();
    assert_eq!(world.reader.kinds(), ["orch.started", "graph"]);
    world.disconnect();
    world.reader = super::world::Reader::new();
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot"]);
    assert_eq!(world.reader.state.units.len(), 3);
    assert_eq!(world.reader.state.unit_count, Some(2));
}

#[test]
fn s0_b14_s0_b15_what_dies_unread_with_the_hub_is_in_the_next_ones_picture() {
    let mut world = World::new();
    world.emit(&started());
    world.deaf = true;
    world.emit(&Event::unit_started("app"));
    world.emit(&Event::unit_completed("app"));
    assert_eq!(world.stats().sent, 3, "a one-way peer never says what it has read");
    world.deaf = false;
    world.disconnect();
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot"]);
    world.assert_picture();
}

#[test]
fn what_comes_before_orch_started_is_in_the_picture() {
    let mut world = World::new();
    world.emit(&Event::unit_queued("early"));
    world.emit(&started());
    for fresh in [false, true] {
        world.disconnect();
        if fresh {
            world.reader = super::world::Reader::new();
        }
        world.catch_up();
        world.assert_picture();
    }
    assert_eq!(world.reader.kinds(), ["orch.snapshot", "orch.started"], "a snapshot behind it is ignored");
    world.emit(&Event::unit_started("early"));
    world.disconnect();
    world.reader = super::world::Reader::new();
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot"]);
    world.assert_picture();
}

#[test]
fn a_second_orch_started_is_an_event_like_any_other() {
    let mut world = World::new();
    world.set_graph(graph(), 2);
    world.emit(&started());
    world.emit(&Event::orch_failed("first try"));
    world.emit(&started());
    assert_eq!(world.reader.seqs(), [1, 2, 3]);
    world.disconnect();
    world.reader = super::world::Reader::new();
    world.catch_up();
    assert_eq!(world.reader.kinds(), ["orch.started", "orch.snapshot"]);
    assert_eq!(world.reader.state.status, choo_protocol::RunStatus::Running);
}

#[test]
fn s0_b07_a_torn_line_goes_out_whole_on_the_next_connection() {
    let mut world = World::new();
    world.emit(&started());
    world.room = 10;
    world.emit(&Event::unit_started("app"));
    world.pass(millis(50));
    assert!(!world.stats().stalled);
    world.pass(millis(60));
    assert!(world.stats().stalled && world.connected(), "slow is not dead");
    world.pass(millis(4800));
    assert!(world.connected());
    world.pass(millis(100));
    assert_eq!(world.stats().last_failure, Some(Failure::Stalled));
    world.catch_up();
    assert_eq!(world.reader.torn, [10]);
    assert_eq!(world.reader.seqs(), [1, 2]);
    world.assert_picture();
}

#[test]
fn a_stall_that_ends_in_time_goes_on_in_the_middle_of_the_line() {
    let mut world = World::new();
    world.room = 10;
    world.emit(&Event::unit_started("app"));
    for _ in 0..20 {
        world.pass(millis(4900));
        assert!(world.stats().stalled);
        world.take(1);
        assert!(!world.stats().stalled, "a byte is progress");
    }
    world.take(usize::MAX);
    assert_eq!(world.stats().connections, 1);
    assert_eq!((world.reader.seqs(), world.reader.torn.len()), (vec![1], 0));
}

#[test]
fn equal_timeouts_give_the_strict_behaviour() {
    let mut config = config();
    config.stall_timeout = config.write_timeout;
    let mut world = World::with(config, Place::Serving);
    world.room = 10;
    world.emit(&Event::unit_started("app"));
    world.pass(millis(100));
    assert_eq!(world.stats().last_failure, Some(Failure::Stalled));
}

#[test]
fn s0_b05_s0_b06_what_is_emitted_or_written_at_the_wrong_moment_is_kept() {
    let mut world = World::new();
    world.emit(&started());
    world.room = 5;
    world.emit(&Event::unit_started("written-in-part"));
    world.disconnect();
    world.emit(&Event::unit_started("while-away"));
    world.catch_up();
    assert_eq!(world.reader.seqs(), [1, 2, 3]);
    world.assert_picture();
}

#[test]
fn s0_b09_s1_b03_a_big_line_takes_its_time_and_holds_nothing_up() {
    let mut world = World::new();
    let units: Vec<(String, Vec<String>)> = (0..5000).map(|i| (format!("unit-{i}"), Vec::new())).collect();
    world.set_graph(GraphPayload::build(units).unwrap(), 8);
    world.room = 0;
    world.emit(&Event::new(kind::ORCH_STARTED).unwrap());
    for i in 0..200 {
        world.take(2000);
        world.pass(millis(90));
        world.emit(&Event::unit_started(format!("unit-{i}")));
    }
    world.take(usize::MAX);
    assert_eq!((world.stats().connections, world.stats().lost()), (1, 0));
    assert_eq!(world.reader.state.units.len(), 5000);
    assert_eq!(world.reader.state.units["unit-199"].status, choo_protocol::UnitStatus::InProgress);
}

#[test]
fn a_dial_that_hangs_is_given_up() {
    let mut world = World::with(config(), Place::Hanging);
    world.pass(millis(4999));
    assert_eq!(world.dials.len(), 1);
    world.pass(millis(200));
    assert_eq!(world.stats().last_failure, Some(Failure::DialTimeout));
    assert!(world.dials.len() > 1);
    world.catch_up();
}

#[test]
fn an_idle_link_has_no_deadline() {
    let mut world = World::new();
    world.emit(&started());
    world.pass(millis(5000));
    assert_eq!(world.link.poll_timeout(), None);
    assert!(world.link.poll_action().is_none() && world.link.poll_warning().is_none());
}

#[test]
fn s0_b12_a_failure_reported_twice_is_one() {
    let mut world = World::new();
    world.disconnect();
    let before = world.stats();
    world.link.handle_hangup(world.now, Failure::Closed);
    world.link.handle_dialed(world.now, Ok(()));
    assert_eq!(world.stats(), before, "there is nothing left that could fail or answer");
}

#[test]
#[should_panic(expected = "left == right")]
fn the_harness_notices_a_line_that_is_missing() {
    let mut world = World::new();
    world.emit(&Event::unit_started("app"));
    world.truth.apply(
        &choo_protocol::Line::parse(
            br#"{"type":"unit.completed","unit":"app","seq":2}"#,
            &choo_protocol::Limits::default(),
        )
        .unwrap(),
    );
    world.assert_picture();
}
