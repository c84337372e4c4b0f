//! Snapshots in parts, and what may come between them.

use choo_protocol::{Event, OrchStarted};

use super::world::{config, millis};
use crate::link::{LinkConfig, WELCOME_WAIT};
use crate::ring::Bounds;
use crate::sim::{Book, Manners, Mark, Place, World};

/// A link with hardly any room, whose base of seven units goes out in seven parts or so.
fn world() -> World {
    let bounds = Bounds { bytes: 0, events: 0 };
    let config = LinkConfig { bounds, part_bytes: 1, welcome_wait: WELCOME_WAIT, ..config() };
    let mut world = World::new(config, fastrand::Rng::with_seed(1), Place::Hub);
    world.stage(&Event::orch_started(OrchStarted { unit_count: 7, parallelism: 2, graph: None }));
    emit(&mut world, 60);
    emit(&mut world, 60);
    assert_eq!((world.stats().lost(), world.stats().unacked), (0, 0));
    world
}

fn emit(world: &mut World, n: usize) {
    for i in 0..n {
        world.stage(&Event::unit_started(format!("unit-{}", i % 7)));
    }
    world.settle();
    world.pass(millis(20));
}

/// Another hub, without a memory, has got a part of the snapshot and no more.
fn get_a_part(world: &mut World, manners: Manners) {
    world.place = Place::Empty;
    world.disconnect();
    world.book = Book::new(&"r".parse().unwrap());
    (world.place, world.manners) = (Place::Hub, manners);
    (world.appetite, world.capacity) = (0, 1);
    // The hello has to be read before there is an answer.
    while world.book.state.pending.is_empty() {
        world.appetite += 1;
        world.settle();
        world.pass(millis(1));
    }
    assert_eq!((world.book.have(), world.book.summaries.len()), (1, 0), "orch.started and no more");
}

fn heal(world: &mut World) {
    (world.appetite, world.capacity) = (usize::MAX, 1000);
    world.pass(millis(15_000));
    let stats = world.stats();
    assert!(stats.acking && stats.queued == 0 && stats.unacked == 0, "{stats:?}");
    world.book.assert_complete(&world.truth);
}

fn at_once() -> Manners {
    Manners { welcome_after: millis(0), have_at_hello: true }
}

#[test]
fn a_connection_that_breaks_between_parts_has_told_nothing() {
    let mut world = world();
    get_a_part(&mut world, at_once());
    for _ in 0..3 {
        world.disconnect();
        assert!(world.book.state.pending.is_empty() && world.book.state.units.is_empty());
        while world.book.state.pending.is_empty() {
            world.appetite += 1;
            world.settle();
            world.pass(millis(10));
        }
    }
    heal(&mut world);
    assert_eq!((world.marks.count(Mark::SnapshotTorn), world.marks.count(Mark::SnapshotParts)), (3, 1));
    assert_eq!(world.book.summaries.len(), 1, "each of them from its beginning");
}

#[test]
fn a_ping_is_answered_between_parts() {
    let mut world = world();
    get_a_part(&mut world, at_once());
    world.ping();
    world.appetite += 1000;
    world.pass(millis(100));
    assert_eq!((world.marks.count(Mark::Pong), world.book.state.pending.is_empty()), (1, false));
    heal(&mut world);
    assert_eq!(world.marks.count(Mark::SnapshotParts), 1);
}

/// A snapshot that is never told to its end because things go on would leave a slow hub without any.
#[test]
fn what_happens_between_parts_is_told_behind_them() {
    let mut world = world();
    get_a_part(&mut world, at_once());
    for _ in 0..4 {
        emit(&mut world, 120);
    }
    assert!(world.stats().evicted > 0 && !world.book.state.pending.is_empty());
    heal(&mut world);
    let [first, second] = world.book.summaries[..] else { panic!("{:?}", world.book.summaries) };
    assert_eq!((first.from, second.from), (2, first.to + 1));
    assert_eq!(world.marks.count(Mark::SnapshotParts), 2);
}

#[test]
fn a_late_answer_between_parts_has_the_hub_told_from_where_it_is() {
    for have_at_hello in [false, true] {
        let mut world = world();
        get_a_part(&mut world, Manners { welcome_after: millis(2000), have_at_hello });
        assert!(!world.stats().acking);
        world.pass(millis(2000));
        heal(&mut world);
        assert!(world.marks.count(Mark::LateWelcome) > 0);
        assert_eq!(world.book.summaries.len(), 1);
    }
}
