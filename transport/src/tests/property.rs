//! Any schedule of events, bytes, stalls and connections ends in the right picture.

use choo_protocol::{Event, LogStream, OrchStarted};
use proptest::prelude::*;

use super::world::{Place, Reader, World, config, millis};
use crate::ring::Bounds;

#[derive(Clone, Debug)]
enum Step {
    Emit(Kind),
    /// Many log lines, so that the ring overflows.
    Logs(usize),
    /// Many lifecycle events.
    Units(usize),
    /// The socket takes so many bytes more; before the first of these it takes all.
    Take(usize),
    Stall,
    /// Whether the reader reads what was written; if not, a disconnect makes it vanish.
    Deaf(bool),
    Pass(u64),
    Disconnect,
    /// The peer goes away and another one, who knows nothing, takes its place.
    NewReader,
    Place(Place),
}

#[derive(Clone, Debug)]
enum Kind {
    Started,
    Unit(u8, u8),
    Task(u8, u8),
    Ended,
    Oversized,
}

fn event(kind: &Kind) -> Event {
    match *kind {
        Kind::Started => Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: None }),
        Kind::Unit(unit, what) => {
            let unit = format!("unit-{}", unit % 4);
            match what % 4 {
                0 => Event::unit_queued(unit),
                1 => Event::unit_started_with(unit, 5),
                2 => Event::unit_completed(unit),
                _ => Event::unit_failed(unit, "exit status 1"),
            }
        }
        Kind::Task(unit, what) => {
            let unit = format!("unit-{}", unit % 4);
            match what % 3 {
                0 => Event::task_started(unit, u32::from(what)),
                1 => Event::task_completed(unit, u32::from(what)),
                _ => Event::task_retry(unit, u32::from(what), 2, "again"),
            }
        }
        Kind::Ended => Event::orch_failed("one unit failed"),
        Kind::Oversized => Event::log("unit-0", None, LogStream::Stdout, "x".repeat(600 << 10), 1),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![
        1 => Just(Kind::Started),
        6 => (any::<u8>(), any::<u8>()).prop_map(|(unit, what)| Kind::Unit(unit, what)),
        6 => (any::<u8>(), any::<u8>()).prop_map(|(unit, what)| Kind::Task(unit, what)),
        1 => Just(Kind::Ended),
        1 => Just(Kind::Oversized),
    ];
    let step = prop_oneof![
        8 => kind.prop_map(Step::Emit),
        2 => (1..150_usize).prop_map(Step::Logs),
        2 => (1..150_usize).prop_map(Step::Units),
        6 => (0..3000_usize).prop_map(Step::Take),
        2 => Just(Step::Stall),
        2 => any::<bool>().prop_map(Step::Deaf),
        3 => (0..7000_u64).prop_map(Step::Pass),
        2 => Just(Step::Disconnect),
        1 => Just(Step::NewReader),
        1 => prop_oneof![Just(Place::Empty), Just(Place::Hanging), Just(Place::Serving)]
            .prop_map(Step::Place),
    ];
    proptest::collection::vec(step, 0..60)
}

fn play(world: &mut World, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Emit(kind) => world.emit(&event(kind)),
            Step::Logs(n) => world.emit_logs(*n, 30),
            Step::Units(n) => {
                for i in 0..*n {
                    world.emit(&Event::unit_started(format!("unit-{}", i % 7)));
                }
            }
            Step::Take(bytes) => {
                world.room = world.room.min(1 << 20);
                world.take(*bytes);
            }
            Step::Stall => world.room = 0,
            Step::Deaf(deaf) => world.deaf = *deaf,
            Step::Pass(time) => world.pass(millis(*time)),
            Step::Disconnect => world.disconnect(),
            Step::NewReader => {
                world.disconnect();
                if !world.connected() {
                    world.reader = Reader::new();
                }
            }
            Step::Place(place) => world.place = *place,
        }
    }
}

/// Within each connection events come in rising order, but for the opening `orch.started`.
fn assert_order(world: &World) {
    for connection in &world.reader.lines {
        let seqs: Vec<u64> = connection.iter().filter_map(|(_, seq)| *seq).collect();
        let rising = seqs.windows(2).all(|pair| pair[0] < pair[1]);
        let opens_with_started =
            connection.iter().take(2).any(|(kind, _)| kind == "orch.started") && seqs.len() > 1;
        assert!(rising || (opens_with_started && seqs[1..].windows(2).all(|pair| pair[0] < pair[1])));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_schedule_ends_in_the_right_picture(steps in steps(), close in any::<bool>()) {
        let mut config = config();
        config.bounds = Bounds { bytes: 0, events: 0 };
        let mut world = World::with(config, Place::Serving);
        play(&mut world, &steps);
        world.catch_up();
        let stats = world.stats();
        // The account is also checked after each step.
        prop_assert_eq!(stats.emitted, stats.sent + stats.announced);
        assert_order(&world);
        world.assert_picture();
        if close {
            world.close(millis(100));
            prop_assert!(world.link.is_closed());
            if stats.emitted > 0 {
                prop_assert_eq!(world.reader.bye.as_ref().map(|bye| bye.last), Some(stats.emitted));
            }
        }
    }
}
