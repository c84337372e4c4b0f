//! The end of a run: what goes out still, and how long that may take.

use choo_protocol::Event;

use super::world::{Place, World, config, millis};

#[test]
fn s0_64_s0_b02_close_sends_what_is_left_in_order_and_says_bye() {
    let mut world = World::new();
    world.room = 0;
    for i in 0..50 {
        world.emit(&Event::unit_started(format!("unit-{i}")));
    }
    world.close(millis(5000));
    assert!(!world.link.is_closed());
    world.take(usize::MAX);
    assert!(world.link.is_closed());
    assert_eq!(world.reader.seqs(), (1..=50).collect::<Vec<_>>());
    assert_eq!(world.reader.kinds().last(), Some(&"link.bye"));
    assert_eq!(world.reader.bye.as_ref().map(|bye| bye.last), Some(50));
    assert!(world.reader.torn.is_empty());
    world.assert_picture();
}

#[test]
fn s0_b01_s0_b30_a_stalled_peer_delays_close_to_its_deadline_and_no_further() {
    let mut world = World::new();
    world.room = 0;
    world.emit(&Event::unit_started("app"));
    world.close(millis(700));
    world.pass(millis(699));
    assert!(!world.link.is_closed());
    world.pass(millis(1));
    assert!(world.link.is_closed());
    assert_eq!(world.stats().close_report(true).unsent, 1);
}

#[test]
fn s0_b11_close_does_not_sleep_through_the_backoff() {
    let mut world = World::with(config(), Place::Empty);
    world.pass(millis(60_000));
    world.emit(&Event::unit_started("app"));
    let before = world.now;
    world.close(millis(5000));
    assert!(world.link.is_closed(), "no hub was ever there, so one attempt is enough");
    assert_eq!(world.now, before);

    let mut world = World::with(config(), Place::Empty);
    world.pass(millis(60_000));
    world.emit(&Event::unit_started("app"));
    world.place = Place::Serving;
    world.close(millis(5000));
    assert!(world.link.is_closed());
    assert_eq!(world.reader.kinds(), ["unit.started", "link.bye"], "that attempt found one");
}

#[test]
fn a_hub_being_restarted_gets_a_second_of_a_closing_run() {
    let mut world = World::new();
    world.emit(&Event::unit_started("app"));
    world.place = Place::Empty;
    world.disconnect();
    world.emit(&Event::unit_completed("app"));
    world.close(millis(5000));
    world.pass(millis(500));
    assert!(!world.link.is_closed());
    world.place = Place::Serving;
    world.pass(millis(400));
    assert!(world.link.is_closed());
    assert_eq!(world.reader.kinds().last(), Some(&"link.bye"));
    world.assert_picture();

    let mut world = World::new();
    world.emit(&Event::unit_started("app"));
    world.place = Place::Empty;
    world.disconnect();
    world.emit(&Event::unit_completed("app"));
    world.close(millis(5000));
    world.pass(millis(1000));
    assert!(world.link.is_closed(), "a hub that is gone costs a second, not five");
}

#[test]
fn a_shorter_close_cuts_a_longer_one() {
    let mut world = World::new();
    world.room = 0;
    world.emit(&Event::unit_started("app"));
    world.close(millis(5000));
    world.close(millis(0));
    assert!(world.link.is_closed());
    world.close(millis(0));
    assert!(world.link.is_closed());
}

#[test]
fn closing_without_an_event_leaves_no_trace() {
    let mut world = World::new();
    world.close(millis(5000));
    assert!(world.link.is_closed());
    assert_eq!(world.reader.kinds(), [""; 0]);
}
