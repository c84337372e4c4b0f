//! What happens in a world, drawn from a seed.

use std::time::Duration;

use choo_protocol::{Event, GraphPayload, LogStream, OrchStarted, RunState, TaskProgress, kind};

use super::book::Book;
use super::hub::{Manners, Place};
use super::mark::{Mark, Marks};
use super::orders::Orders;
use super::spooling;
use super::world::World;
use crate::clock::{self, Anchor};
use crate::link::{LinkConfig, WELCOME_WAIT};
use crate::ring::Bounds;
use crate::wire::Wire;

/// Things that happen in one world.
const STEPS: usize = 120;

const UNITS: usize = 5;

pub(super) const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Plays the world of a seed to its end and answers what was met on the way.
///
/// # Panics
///
/// If something does not hold that must (see the [module](super)).
pub fn run(seed: u64) -> Marks {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut config = config(&mut random);
    config.spool = spooling::limit(seed);
    config.part_bytes = [1, 600, 2000, RunState::PART_BYTES][usize::try_from(seed / 8 % 4).unwrap()];
    if random.u8(..) < 20 {
        return run_seed_wire(LinkConfig { wire: Wire::Seed, ..config }, random);
    }
    let bounds = config.bounds;
    let again = config.clone();
    let place = if random.bool() { Place::Hub } else { Place::Empty };
    let mut world = World::new(config, random, place);
    world.orders = (seed % 2 == 1).then(|| Orders::new(seed));
    for event in opening(&mut world.random) {
        world.stage(&event);
    }
    world.settle();
    for _ in 0..STEPS {
        step(&mut world);
    }
    if world.random.u8(..) < 40 {
        close_in_the_middle(&mut world);
        spooling::inherit(&mut world, &again);
        return world.marks;
    }
    if world.disk.is_some() && world.random.u8(..) < 100 {
        spooling::kill(&mut world, &again);
        return world.marks;
    }
    heal(&mut world);
    let stats = world.stats();
    assert_eq!((stats.queued, stats.sent + stats.announced), (0, stats.emitted), "{stats:?}");
    world.book.assert_complete(&world.truth);
    spooling::assert_kept(&world);
    let roomy = world.truth.bytes <= bounds.bytes && world.truth.lines.len() <= bounds.events;
    if roomy && world.marks.count(Mark::OneWay) == 0 {
        assert_eq!(world.book.stored() + stats.lost(), stats.emitted, "there was room for every line");
    }
    world.close(millis(5000));
    world.pass(millis(100));
    assert!(world.link.is_closed());
    let report = world.stats().close_report(true);
    assert_eq!((report.unsent, report.unacked), (0, 0), "{report:?}");
    assert_eq!(world.book.bye, Some(world.truth.last()));
    world.marks.hit(Mark::CloseComplete);
    spooling::assert_gone(&world);
    world.marks.events = world.truth.last();
    world.marks
}

/// The original tool's wire: what is not dropped or read by a peer that died arrives once, in order.
fn run_seed_wire(config: LinkConfig, random: fastrand::Rng) -> Marks {
    let mut world = World::new(config, random, Place::Seed);
    let mut crashed = false;
    for n in 0..STEPS {
        match world.random.u8(0..10) {
            0..5 => {
                for m in 0..world.random.usize(1..40) {
                    world.stage(&Event::unit_started(format!("unit-{n}-{m}")));
                }
                world.settle();
            }
            5 if n == 5 => world.stage(&Event::orch_started(OrchStarted::default())),
            5 => world.pass(millis(300)),
            6 => world.appetite = world.random.usize(0..5000),
            7 => world.appetite = usize::MAX,
            8 => world.capacity = world.random.usize(1..5000),
            _ => {
                crashed = true;
                world.disconnect();
            }
        }
    }
    (world.appetite, world.capacity) = (usize::MAX, 200 << 10);
    world.settle();
    world.pass(millis(15_000));
    let stats = world.stats();
    assert_eq!((stats.queued, stats.sent + stats.lost(), stats.acking), (0, stats.emitted, false));
    assert!(crashed || world.book.stored() == stats.sent, "{stats:?}");
    world.close(millis(0));
    assert!(world.link.is_closed());
    world.marks.hit(Mark::Seed);
    world.marks.events = world.truth.last();
    world.marks
}

fn config(random: &mut fastrand::Rng) -> LinkConfig {
    let bytes = [0, 20_000, 700_000, 8 << 20][random.usize(..4)];
    let events = [0, 150, usize::MAX, usize::MAX][random.usize(..4)];
    LinkConfig {
        path: "/run/choo/web.sock".into(),
        run: "r".parse().unwrap(),
        wire: Wire::Full,
        bounds: Bounds { bytes, events },
        write_timeout: millis(100),
        stall_timeout: millis(if random.u8(..) < 40 { 100 } else { 5000 }),
        dial_timeout: millis(5000),
        welcome_wait: WELCOME_WAIT,
        backoff: (millis(100), millis(5000)),
        seed: random.u64(..),
        anchor: Anchor::new(clock::now(), Duration::ZERO),
        redaction: crate::Redaction::new(),
        part_bytes: 0,
        spool: None,
    }
}

/// The run begins, sooner or later.
fn opening(random: &mut fastrand::Rng) -> Vec<Event> {
    // Every unit is known before its progress is, which may be dropped.
    let mut events: Vec<Event> = (0..UNITS).map(|n| Event::unit_queued(format!("unit-{n}"))).collect();
    let graph = GraphPayload::build([("unit-0", vec![]), ("unit-1", vec!["unit-0"])]).unwrap();
    let started = OrchStarted { unit_count: 2, parallelism: 2, graph: Some(graph) };
    events.insert(random.usize(..=UNITS), Event::orch_started(started));
    events
}

fn step(world: &mut World) {
    world.order();
    spooling::step(world);
    match world.random.u8(0..100) {
        0..30 => emit(world, 1, 2000),
        30..36 => {
            let n = world.random.usize(1..200);
            emit(world, n, 300);
        }
        36..38 => burst(world),
        38..41 => {
            world.delayed = world.random.u8(..) < 100;
            world.settle();
        }
        41..50 => {
            let most = [1, 12, 250, 1000, 7000, 20_000][world.random.usize(..6)];
            let time = millis(world.random.u64(0..=most));
            world.pass(time);
        }
        50..56 => world.disconnect(),
        56..62 => crash(world),
        62..72 => {
            world.place =
                [Place::Empty, Place::Hanging, Place::Collector, Place::HalfOpen, Place::Hub, Place::Hub]
                    [world.random.usize(..6)];
        }
        72..80 => {
            world.stopped = world.random.u8(..) < 100;
            world.settle();
        }
        80..86 => {
            world.appetite = [0, 1, 100, 5000, usize::MAX, usize::MAX][world.random.usize(..6)];
            world.settle();
        }
        86..90 => {
            world.capacity = [20, 300, 5000, 200 << 10][world.random.usize(..4)];
            world.settle();
        }
        90..96 => {
            let after = [0, 0, 0, 50, 200, 201, 900, 30_000][world.random.usize(..8)];
            let have_at_hello = world.random.bool();
            world.manners = Manners { welcome_after: millis(after), have_at_hello };
        }
        _ => world.ping(),
    }
}

pub(super) fn emit(world: &mut World, n: usize, size: usize) {
    // Of many events most are of one kind, so that each kind of pressure is met.
    let usual = world.random.u8(0..100);
    for _ in 0..n {
        let which = if n > 1 && world.random.u8(..) < 230 { usual } else { world.random.u8(0..100) };
        let event = event(&mut world.random, which, size);
        world.stage(&event);
        if world.random.u8(..) < 200 {
            world.settle();
        }
    }
    world.settle();
}

fn event(random: &mut fastrand::Rng, which: u8, size: usize) -> Event {
    let unit = format!("unit-{}", random.usize(..UNITS));
    let task = random.u32(1..4);
    match which {
        0..30 => {
            let size = if random.u8(..) < 2 { 70_000 } else { random.usize(..size) };
            Event::log(unit, Some(task), LogStream::Stdout, "x".repeat(size), random.u64(1..1000))
        }
        30..45 => {
            let progress = TaskProgress { done: random.u64(..100), ..TaskProgress::default() };
            Event::task_progress(unit, task, progress)
        }
        45..55 => Event::unit_started_with(unit, 5),
        55..60 => Event::unit_completed(unit),
        60..65 => Event::unit_failed(unit, "exit status 1".repeat(random.usize(1..10))),
        65..75 => Event::task_started(unit, task),
        75..85 => Event::task_completed(unit, task),
        85..90 => Event::task_retry(unit, task, 2, "again"),
        90..94 => {
            Event::vendor("acme", "deployed").unwrap().unit(unit).error("y".repeat(random.usize(..size)))
        }
        94..96 => Event::orch_failed("one unit failed"),
        96..98 => Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: None }),
        98 => Event::graph(GraphPayload::build([("unit-2", vec![]), ("unit-3", vec!["unit-2"])]).unwrap()),
        _ if random.u8(..) < 100 => Event::log(unit, None, LogStream::Stdout, "x".repeat(600 << 10), 1),
        _ => Event::new(kind::PR_CREATED).unwrap().unit(unit),
    }
}

/// More than staging takes, or than is told hole by hole, while the writer gets no turn.
fn burst(world: &mut World) {
    match world.random.u8(..) {
        0..40 => {
            for n in 1..14 {
                world.stage(&Event::log("unit-0", None, LogStream::Stdout, "x".repeat(400 << 10), n));
            }
            world.stage(&Event::unit_completed("unit-0"));
        }
        40..60 => {
            for n in 1..4500 {
                world.stage(&Event::log("unit-0", None, LogStream::Stdout, "x".repeat(100), n));
                world.stage(&Event::unit_started("unit-1"));
            }
        }
        _ => {}
    }
    world.settle();
}

/// The hub dies, at any byte. What comes back has what was stored, or nothing.
fn crash(world: &mut World) {
    let durable = world.random.bool();
    world.place = Place::Empty;
    world.disconnect();
    if durable {
        world.marks.hit(Mark::CrashDurable);
    } else {
        world.marks.hit(Mark::CrashAmnesia);
        world.book = Book::new(&world.truth.run);
    }
    world.stopped = false;
    if world.random.bool() {
        world.place = Place::Hub;
    }
}

/// Every fault ends, and time passes until everything is told.
pub(super) fn heal(world: &mut World) {
    (world.place, world.appetite, world.capacity) = (Place::Hub, usize::MAX, 200 << 10);
    (world.stopped, world.delayed) = (false, false);
    world.manners = Manners { welcome_after: Duration::ZERO, have_at_hello: true };
    world.settle();
    // Who sits at the other end of a connection may be no hub, and would stay.
    world.disconnect_others(Place::Hub);
    let mut open = true;
    for _ in 0..40 {
        world.pass(millis(1000));
        open = open && world.order_again();
        let stats = world.stats();
        if !open
            && stats.acking
            && stats.queued == 0
            && stats.unacked == 0
            && world.book.have() == stats.emitted
        {
            return;
        }
    }
    panic!("not healed: {:?}, the hub has {}", world.stats(), world.book.have());
}

/// The program ends while the world is as it is.
fn close_in_the_middle(world: &mut World) {
    let timeout = millis([0, 300, 5000][world.random.usize(..3)]);
    world.close(timeout);
    if world.random.bool() {
        (world.place, world.stopped, world.delayed, world.appetite) = (Place::Hub, false, false, usize::MAX);
    }
    world.pass(timeout);
    assert!(world.link.is_closed(), "in time");
    let report = world.stats().close_report(true);
    assert_eq!(report.sent + report.unsent + report.lost, world.truth.last(), "{report:?}");
    spooling::assert_left(world, report);
    world.marks.hit_if(!report.is_complete(), Mark::CloseCut);
    world.marks.hit_if(report.is_complete(), Mark::CloseComplete);
    world.marks.events = world.truth.last();
}
