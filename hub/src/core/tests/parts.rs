//! Snapshots in parts.

use choo_protocol::{UnitState, UnitStatus};

use super::*;

/// The lines of a snapshot of `units` units through a number, in parts of one unit each.
fn parts(through: u64, units: u64) -> Vec<String> {
    let mut state = RunState::new("r".parse().unwrap());
    state.seq = through;
    for n in 0..units {
        let unit = UnitState { status: UnitStatus::Complete, ..UnitState::default() };
        state.units.insert(format!("unit-{n}"), unit);
    }
    snapshot_lines(&state, through)
}

fn send_all(world: &mut World, producer: &mut Ingest, lines: &[String]) {
    world.send(producer, &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn parts_of_a_snapshot_are_recorded_in_one_turn() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let mut early = world.read(filter_of("r"), Since::Snapshot);
    let parts = parts(9, 3);
    let (last, before) = parts.split_last().unwrap();
    world.send(&mut producer, &[&event("orch.started", "r", 1)]);
    send_all(&mut world, &mut producer, before);
    assert_eq!((world.kinds(), world.core.gathered > 0), (vec!["orch.started#1".to_owned()], true));
    assert_eq!(world.core.have("r"), Some(1), "nothing of it is acknowledged");
    // A reader that comes now is told of the state before.
    let mut between = world.read(filter_of("r"), Since::Snapshot);
    world.send(&mut producer, &[last, &event("unit.started", "r", 10)]);
    assert_eq!(world.kinds().len(), 1 + parts.len() + 1);
    assert_eq!((world.core.gathered, world.core.have("r")), (0, Some(10)));
    assert_eq!(world.run("r").units.len(), 4);
    let mut late = world.read(filter_of("r"), Since::Snapshot);
    for reader in [&mut early, &mut between, &mut late] {
        let mut page = RunStore::new(1 << 20);
        for block in world.drain(reader) {
            block.frames.iter().for_each(|frame| show(&mut page, frame, world.now.time));
        }
        assert_eq!(page.state("r"), Some(world.run("r")));
    }
    // What is known comes again, whole or not.
    send_all(&mut world, &mut producer, &parts);
    world.send(&mut producer, &[last]);
    assert_eq!((world.kinds().len(), world.core.rejects().total()), (parts.len() + 2, 0));
}

#[test]
fn parts_that_do_not_follow_each_other_are_told_and_the_stream_goes_on() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let (set, other) = (parts(9, 3), parts(8, 3));
    let missing = [&set[..1], &set[2..]].concat();
    let twice = [&set[..2], &set[1..2]].concat();
    let mixed = [&set[..2], &other[2..3]].concat();
    let mut told = 0;
    for (torn, complaints) in [(missing, set.len() - 2), (twice, 1), (mixed, 1), (set[1..2].to_vec(), 1)] {
        send_all(&mut world, &mut producer, &torn);
        told += complaints as u64;
        assert_eq!((world.core.rejects().total(), world.core.gathered), (told, 0));
    }
    assert!(world.core.rejects().kept().all(|reject| {
        let reject = serde_json::to_value(reject).unwrap();
        reject["kind"] == "torn-snapshot" && reject["run"] == "r"
    }));
    assert!(world.run("r").units.is_empty());
    // One that is begun anew takes the place of the one before, and other lines may come between.
    send_all(&mut world, &mut producer, &[&other[..2], &set[..2]].concat());
    world.send(&mut producer, &[r#"{"type":"link.pong","payload":{"id":"1"}}"#]);
    send_all(&mut world, &mut producer, &set[2..]);
    assert_eq!((world.run("r").units.len(), world.core.have("r")), (3, Some(9)));
    assert_eq!((world.core.rejects().total(), world.core.gathered), (told, 0));
}

#[test]
fn what_a_connection_sent_of_a_snapshot_ends_with_it() {
    let mut world = World::new();
    let set = parts(9, 3);
    let mut producer = world.core.connect(Some(1));
    send_all(&mut world, &mut producer, &set[..2]);
    world.end(producer);
    assert_eq!((world.core.gathered, world.core.rejects().total()), (0, 0), "nobody is at fault");
    let mut producer = world.core.connect(Some(1));
    send_all(&mut world, &mut producer, &set[2..]);
    assert_eq!((world.core.rejects().total(), world.run("r").units.len()), (set.len() as u64 - 2, 0));
    send_all(&mut world, &mut producer, &set);
    assert_eq!(world.run("r").units.len(), 3);
}

#[test]
fn unfinished_snapshots_are_bounded() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let room = super::super::gathering::MAX_GATHERED;
    let set = parts(9, 3);
    send_all(&mut world, &mut producer, &set[..1]);
    // As if other connections had sent the rest.
    world.core.gathered += room - set[0].len();
    send_all(&mut world, &mut producer, &set[1..2]);
    assert_eq!((world.core.rejects().total(), world.core.gathered), (1, room - set[0].len()));
    let reject = serde_json::to_value(world.core.rejects().kept().next().unwrap()).unwrap();
    assert_eq!(reject["kind"], "large-snapshot");
    world.core.gathered = 0;
    send_all(&mut world, &mut producer, &set);
    assert_eq!(world.run("r").units.len(), 3);
}
