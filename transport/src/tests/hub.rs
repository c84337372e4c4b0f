//! The conversation with a hub: what it has, what it stored, what it lacks.

use std::time::Duration;

use choo_protocol::{Event, LogStream, OrchStarted};

use super::world::{config, millis};
use crate::link::{LinkConfig, WELCOME_WAIT};
use crate::ring::Bounds;
use crate::sim::{Book, Manners, Mark, Place, World};
use crate::{Failure, Warning, Wire};

fn talking() -> LinkConfig {
    LinkConfig { welcome_wait: WELCOME_WAIT, ..config() }
}

fn world(config: LinkConfig) -> World {
    World::new(config, fastrand::Rng::with_seed(1), Place::Hub)
}

fn emit(world: &mut World, n: usize) {
    for i in 0..n {
        world.stage(&Event::unit_started(format!("unit-{}", i % 7)));
    }
    world.settle();
}

fn started() -> Event {
    Event::orch_started(OrchStarted { unit_count: 7, parallelism: 2, graph: None })
}

/// The hub dies with what lies between, and another one without a memory takes its place.
fn forget(world: &mut World) {
    world.place = Place::Empty;
    world.disconnect();
    world.book = Book::new(&"r".parse().unwrap());
    world.place = Place::Hub;
}

fn catch_up(world: &mut World) {
    world.pass(millis(15_000));
    let stats = world.stats();
    assert!(stats.acking && stats.queued == 0 && stats.unacked == 0, "{stats:?}");
    world.book.assert_complete(&world.truth);
}

#[test]
fn s0_b15_what_a_hub_has_stored_is_known_and_what_it_has_not_is_sent_again() {
    let mut world = world(talking());
    world.stage(&started());
    emit(&mut world, 50);
    world.pass(millis(20));
    assert_eq!((world.stats().acked, world.stats().unacked), (51, 0));
    world.stopped = true;
    emit(&mut world, 30);
    world.pass(millis(20));
    assert_eq!((world.stats().sent, world.stats().acked, world.stats().unacked), (81, 51, 30));
    // It never read them; the next connection brings them, and nothing else.
    world.stopped = false;
    world.appetite = 0;
    world.disconnect();
    world.appetite = usize::MAX;
    catch_up(&mut world);
    assert_eq!((world.book.stored(), world.marks.count(Mark::Repeat)), (81, 0));
}

/// The hub has the `orch.started` that went out ahead of the snapshot, and dies before it has more.
#[test]
fn a_hub_that_got_only_the_opening_is_no_stranger() {
    let mut world = world(LinkConfig { bounds: Bounds { bytes: 0, events: 0 }, ..talking() });
    world.place = Place::Empty;
    world.disconnect();
    world.stage(&started());
    emit(&mut world, 300);
    (world.place, world.appetite, world.capacity) = (Place::Hub, 0, 1);
    world.pass(millis(4000));
    while world.book.stored() == 0 {
        world.appetite += 1;
        world.settle();
    }
    assert_eq!((world.book.have(), world.stats().sent), (1, 1));
    world.disconnect();
    (world.appetite, world.capacity) = (usize::MAX, 1000);
    // That its run is not taken for another's is watched by the world.
    catch_up(&mut world);
}

/// `have` advances over what is told to be lost, also where that changed the state.
#[test]
fn a_hub_that_heard_of_a_loss_but_not_of_the_state_is_told_that_again() {
    let mut world = world(LinkConfig { bounds: Bounds { bytes: 0, events: 0 }, ..talking() });
    world.pass(millis(20));
    world.stage(&started());
    world.settle();
    (world.appetite, world.capacity) = (0, 1);
    emit(&mut world, 300);
    while world.book.have() < 200 {
        world.appetite += 1;
        world.settle();
    }
    assert_eq!((world.book.have(), world.book.stored(), world.book.summaries.len()), (201, 1, 0));
    world.disconnect();
    (world.appetite, world.capacity) = (usize::MAX, 1000);
    catch_up(&mut world);
}

#[test]
fn s0_b14_a_hub_without_a_memory_gets_every_line_that_there_is_room_for() {
    let mut world = world(talking());
    world.stage(&started());
    for _ in 0..5 {
        emit(&mut world, 40);
        world.pass(millis(20));
        forget(&mut world);
    }
    catch_up(&mut world);
    assert_eq!(world.book.stored(), 201);
    assert!(world.book.summaries.is_empty());
}

#[test]
fn s0_b08_what_there_is_no_room_for_comes_as_a_snapshot() {
    let mut world = world(LinkConfig { bounds: Bounds { bytes: 0, events: 0 }, ..talking() });
    world.stage(&started());
    for _ in 0..5 {
        emit(&mut world, 60);
        world.pass(millis(20));
    }
    assert_eq!((world.stats().lost(), world.stats().acked), (0, 301), "it was all sent");
    forget(&mut world);
    catch_up(&mut world);
    assert_eq!(world.book.stored(), 101, "orch.started and the ring");
    let summary = world.book.summaries[0];
    assert_eq!((summary.from, summary.to, world.book.state.units.len()), (2, 201, 7));
}

#[test]
fn a_peer_that_says_nothing_is_served_after_its_time_and_a_late_answer_still_counts() {
    let mut world = world(talking());
    world.manners = Manners { welcome_after: millis(300), have_at_hello: true };
    world.disconnect();
    world.pass(millis(15_000));
    world.disconnect();
    world.pass(world.stats().retry.unwrap().jittered);
    let before = world.marks.count(Mark::LateWelcome);
    world.stage(&started());
    emit(&mut world, 10);
    world.pass(millis(199));
    assert_eq!((world.stats().connected, world.stats().sent), (true, 0), "it may still say what it has");
    world.pass(millis(1));
    assert_eq!((world.stats().sent, world.stats().acking), (11, false));
    world.pass(millis(200));
    assert!(world.stats().acking);
    assert_eq!(world.marks.count(Mark::LateWelcome), before + 1);
    emit(&mut world, 10);
    catch_up(&mut world);
    assert_eq!(world.book.stored(), 21);
}

/// A hub that starts takes connections before it can answer, and may be killed before it does.
#[test]
fn what_a_hub_was_sent_before_it_spoke_counts_for_nothing() {
    let mut world = world(talking());
    emit(&mut world, 10);
    world.pass(millis(20));
    world.manners = Manners { welcome_after: Duration::from_mins(1), have_at_hello: true };
    world.appetite = 0;
    for _ in 0..3 {
        world.disconnect();
        world.pass(millis(15_000));
        emit(&mut world, 10);
        let stats = world.stats();
        assert_eq!((stats.acking, stats.sent, stats.acked), (false, stats.emitted, 10));
    }
    world.manners = Manners { welcome_after: millis(0), have_at_hello: true };
    world.appetite = usize::MAX;
    world.place = Place::Empty;
    world.disconnect();
    world.place = Place::Hub;
    catch_up(&mut world);
    assert_eq!((world.book.stored(), world.book.summaries.len()), (40, 0), "as lines");
}

/// What a reader that says nothing was sent, and left the ring, is in no file. So the next one begins behind it;
/// that an event was missing made it take nothing more.
#[test]
fn a_file_begins_anew_behind_what_a_reader_got_that_says_nothing() {
    let bounds = Bounds { bytes: 0, events: 0 };
    let mut world = World::new(
        LinkConfig { bounds, spool: Some(1 << 30), ..talking() },
        fastrand::Rng::with_seed(1),
        Place::Empty,
    );
    world.stage(&started());
    emit(&mut world, 10);
    world.pass(millis(20));
    assert_eq!(world.stats().spooled, 11);
    world.place = Place::Collector;
    world.pass(millis(15_000));
    emit(&mut world, 300);
    assert_eq!((world.stats().sent, world.stats().acked), (311, 311));
    world.place = Place::Empty;
    world.disconnect();
    emit(&mut world, 1);
    world.pass(millis(20));
    let stats = world.stats();
    assert_eq!((stats.spool_failure.clone(), stats.spooled), (None, 1), "{stats:?}");
    world.place = Place::Hub;
    catch_up(&mut world);
}

/// The disk does not give back what lay on it alone; `orch.started` is kept in memory as well.
#[test]
fn a_disk_that_fails_keeps_nothing_back_in_silence() {
    let bounds = Bounds { bytes: 0, events: 0 };
    let mut world = world(LinkConfig { bounds, spool: Some(1 << 30), ..talking() });
    world.place = Place::Empty;
    world.disconnect();
    world.stage(&started());
    emit(&mut world, 300);
    world.pass(millis(20));
    assert_eq!((world.stats().spooled, world.stats().lost()), (301, 0));
    world.disk.as_mut().unwrap().unreadable = true;
    world.place = Place::Hub;
    catch_up(&mut world);
    let stats = world.stats();
    assert_eq!(world.marks.count(Mark::SpoolUnread), 1);
    assert_eq!((stats.queued, stats.sent + stats.announced), (0, 301), "{stats:?}");
    assert!(stats.announced >= 200 && world.book.summaries.len() == 1, "{stats:?}");
}

#[test]
fn an_answer_in_the_middle_of_a_line_waits_for_its_end() {
    let mut world = world(talking());
    world.manners = Manners { welcome_after: millis(250), have_at_hello: true };
    world.disconnect();
    world.pass(millis(200));
    while !world.stats().connected {
        world.pass(millis(10));
    }
    world.stage(&Event::log("app", None, LogStream::Stdout, "x".repeat(50_000), 1));
    emit(&mut world, 3);
    world.capacity = 1000;
    // The book fails on a line that is not what was emitted.
    world.pass(millis(400));
    catch_up(&mut world);
    assert_eq!(world.book.stored(), 4);
}

#[test]
fn c_04_close_waits_for_what_the_hub_has_not_stored_yet() {
    let mut world = world(talking());
    emit(&mut world, 10);
    world.pass(millis(20));
    world.stopped = true;
    emit(&mut world, 10);
    world.close(millis(700));
    world.pass(millis(300));
    assert!(!world.link.is_closed(), "written is not stored");
    world.stopped = false;
    world.settle();
    world.pass(millis(20));
    assert!(world.link.is_closed());
    let report = world.stats().close_report(true);
    assert!(report.is_complete() && world.book.bye == Some(20), "{report:?}");

    let mut world = self::world(talking());
    emit(&mut world, 10);
    world.pass(millis(20));
    world.stopped = true;
    emit(&mut world, 10);
    world.close(millis(700));
    world.pass(millis(700));
    assert!(world.link.is_closed(), "no longer than it was given");
    let report = world.stats().close_report(true);
    assert_eq!((report.unsent, report.unacked, report.is_complete()), (0, 10, false));
}

#[test]
fn a_ping_is_answered_between_two_lines() {
    let mut world = world(talking());
    world.capacity = 100;
    emit(&mut world, 20);
    world.ping();
    world.pass(millis(1000));
    world.ping();
    world.pass(millis(1000));
    assert_eq!(world.marks.count(Mark::Pong), 2);
    catch_up(&mut world);
}

#[test]
fn a_run_that_somebody_else_has_named_the_same_is_told_once() {
    let mut world = world(talking());
    let welcome = br#"{"type":"link.welcome","payload":{"proto":1,"epoch":"e","have":{"r":70}}}"#;
    for _ in 0..2 {
        world.disconnect();
        world.manners.welcome_after = Duration::from_mins(1);
        world.pass(millis(15_000));
        world.link.handle_received(welcome);
        world.link.handle_received(b"\n");
        let told = world.link.poll_warning();
        assert_eq!(told.is_some(), world.stats().connections == 2, "{told:?}");
        assert!(told.is_none_or(|warning| matches!(warning, Warning::RunTaken { .. })));
    }
}

#[test]
fn a_socket_that_appears_is_tried_at_once() {
    let config = LinkConfig { backoff: (millis(60_000), millis(60_000)), ..talking() };
    let mut world = World::new(config, fastrand::Rng::with_seed(1), Place::Empty);
    assert!(world.stats().retry.unwrap().jittered > millis(1000));
    world.place = Place::Hub;
    world.link.handle_socket_appeared(world.now);
    world.settle();
    assert!(world.stats().connected);
    let dials = world.stats().dials;
    world.link.handle_socket_appeared(world.now);
    assert_eq!(world.stats().dials, dials, "there is a connection");
}

#[test]
fn s0_b09_s0_b30_a_hub_that_reads_nothing_is_left_and_gets_whole_lines_when_it_reads() {
    let mut world = world(talking());
    world.place = Place::HalfOpen;
    world.disconnect();
    world.pass(millis(5000));
    world.capacity = 100;
    emit(&mut world, 20);
    world.pass(millis(6000));
    assert_eq!(world.stats().last_failure, Some(Failure::Stalled));
    (world.place, world.capacity) = (Place::Hub, 200 << 10);
    world.disconnect_others(Place::Hub);
    catch_up(&mut world);
    assert_eq!(world.book.stored(), 20);
}

#[test]
fn on_the_original_tools_wire_there_is_nothing_but_events() {
    let config = LinkConfig { wire: Wire::Seed, ..talking() };
    let mut world = World::new(config, fastrand::Rng::with_seed(1), Place::Seed);
    world.stage(&started());
    emit(&mut world, 5);
    assert_eq!((world.stats().sent, world.book.stored()), (6, 6), "at once: nobody is asked anything");
    world.disconnect();
    // Every line is held against `Event::encode_seed`; orch.started alone comes again.
    world.stage(&Event::unit_completed("unit-0"));
    world.pass(millis(15_000));
    assert_eq!((world.stats().sent, world.book.stored()), (7, 7));
    world.close(millis(5000));
    assert!(world.link.is_closed());
}
