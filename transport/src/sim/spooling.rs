//! What happens to a spool in a world that has one.

use super::disk::Disk;
use super::hub::{Manners, Place};
use super::mark::Mark;
use super::script::{emit, millis};
use super::world::World;
use crate::link::LinkConfig;
use crate::{CloseReport, SpoolFailure};

/// Some worlds have a spool, most of those one that is never full.
pub(super) fn limit(seed: u64) -> Option<u64> {
    match seed % 8 {
        2 | 3 | 6 => Some(1 << 30),
        7 => Some(300_000),
        _ => None,
    }
}

/// The disk fills up or is cleared by somebody, fails or is mended.
pub(super) fn step(world: &mut World) {
    let World { disk: Some(disk), random, .. } = world else { return };
    if random.u8(..) < 3 {
        disk.unreadable = random.u8(..) < 100;
    }
    if random.u8(..) < 4 {
        disk.room = [0, 30_000, 1_000_000, usize::MAX, usize::MAX, usize::MAX][random.usize(..6)];
    }
}

fn is_sound(world: &World) -> bool {
    let full = world.marks.count(Mark::SpoolFull) > 0;
    world.disk.as_ref().is_some_and(|disk| !disk.failed) && !full
}

/// With a spool that takes everything only what was refused when emitted is lost.
pub(super) fn assert_kept(world: &World) {
    let stats = world.stats();
    if is_sound(world) {
        assert_eq!(stats.evicted + stats.conflated, 0, "{stats:?}");
    }
}

/// What a closing pusher could not deliver is on the disk.
pub(super) fn assert_left(world: &World, report: CloseReport) {
    if is_sound(world) {
        assert_eq!(world.link.outbox().safe(), world.truth.last(), "{report:?}");
        assert!(report.spooled <= report.unsent + report.unacked, "{report:?}");
    }
}

/// Nothing is left on the disk when everything is delivered.
pub(super) fn assert_gone(world: &World) {
    let stats = world.stats();
    assert!(
        world.disk.as_ref().is_none_or(Disk::is_empty),
        "{stats:?}, {:?}",
        world.disk.as_ref().map(|d| (d.unreadable, d.failed, d.room))
    );
}

/// The orchestrator is killed, at any byte that it writes; another process sends what it left.
pub(super) fn kill(world: &mut World, config: &LinkConfig) {
    if let World { disk: Some(disk), random, .. } = world {
        let most = [10, 1000, 100_000][random.usize(..3)];
        disk.kill_after = Some(random.usize(..most));
    }
    let n = world.random.usize(1..100);
    emit(world, n, 1000);
    let time = millis(world.random.u64(..20));
    world.pass(time);
    world.kill();
    inherit(world, config);
}

/// The process is gone; another one sends what it left on the disk.
pub(super) fn inherit(world: &mut World, config: &LinkConfig) {
    if world.disk.is_none() {
        return;
    }
    let safe = world.kill();
    (world.place, world.appetite, world.capacity) = (Place::Hub, usize::MAX, 200 << 10);
    (world.stopped, world.delayed) = (false, false);
    let fast = Manners { welcome_after: millis(0), have_at_hello: true };
    world.manners = fast;
    let known = world.book.have();
    if !world.inherit(config.clone()) {
        return;
    }
    world.marks.hit(Mark::SpoolInherited);
    for _ in 0..world.random.usize(..4) {
        // The hub is killed meanwhile, or the process that sends.
        world.appetite = world.random.usize(..20_000);
        if let World { disk: Some(disk), random, .. } = world {
            disk.unreadable = random.u8(..) < 60;
        }
        world.settle();
        let gives_up = world.link.outbox().is_unreadable();
        assert!(!gives_up || world.link.is_closed(), "what cannot be read is left to others");
        if world.random.bool() && !gives_up {
            world.disconnect();
            world.pass(millis(400));
        } else {
            world.kill();
            if !world.inherit(config.clone()) {
                break;
            }
        }
    }
    if let Some(disk) = &mut world.disk {
        disk.unreadable = false;
    }
    world.appetite = usize::MAX;
    world.settle();
    if world.link.outbox().is_unreadable() {
        world.kill();
        world.inherit(config.clone());
    }
    for _ in 0..10 {
        world.pass(millis(500));
    }
    let stats = world.stats();
    let failure = stats.spool_failure != Some(SpoolFailure::Damaged);
    assert!(failure && world.link.is_closed(), "{stats:?}, the hub has {}", world.book.have());
    assert_gone(world);
    assert!(world.book.have() >= safe.max(known), "{} of {safe}: {stats:?}", world.book.have());
    if is_sound(world) {
        world.book.assert_whole(&world.truth);
    } else {
        // It may have heard of a loss and not of the state any more.
        world.book.assert_told();
    }
    world.marks.events = world.truth.last();
}
