//! What readers get.

use choo_protocol::Globs;

use super::super::subscription::BLOCK_BYTES;
use super::*;

fn three_events(world: &mut World) -> Ingest {
    let mut producer = world.core.connect(Some(1));
    for seq in 1..=3 {
        world.send(&mut producer, &[&event("unit.started", "r", seq)]);
    }
    producer
}

#[test]
fn s2_b03_s3_b07_snapshot_and_tail_leave_nothing_between_them() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    let mut reader = world.read(Filter::all(), Since::Snapshot);
    world.send(&mut producer, &[&event("unit.failed", "r", 4)]);
    assert_eq!(world.drain_kinds(&mut reader), ["hub.hello", "snapshot:r:Waiting", "unit.failed#4"]);
}

#[test]
fn the_four_beginnings() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    let cursor = world.core.cursor(2);
    let mut readers = [Since::Now, Since::Snapshot, Since::Earliest, Since::Cursor(cursor)]
        .map(|s| world.read(Filter::all(), s));
    world.send(&mut producer, &[&event("x.a", "r", 4)]);
    let got = readers.each_mut().map(|reader| world.drain_kinds(reader).join(" "));
    assert_eq!(
        got,
        [
            "hub.hello x.a#4",
            "hub.hello snapshot:r:Waiting x.a#4",
            "hub.hello unit.started#1 unit.started#2 unit.started#3 x.a#4",
            "hub.hello unit.started#3 x.a#4",
        ]
    );
}

#[test]
fn hello_says_whether_a_cursor_was_resumed() {
    let mut world = World::new();
    let _producer = three_events(&mut world);
    for (since, recovered) in [
        (Since::Snapshot, false),
        (Since::Cursor(world.core.cursor(3)), true),
        (Since::Cursor(world.core.cursor(9)), false),
    ] {
        let mut reader = world.read(Filter::all(), since);
        let blocks = world.drain(&mut reader);
        let Frame::Control(hello) = &blocks[0].frames[0] else { panic!("no hello") };
        assert_eq!(json_of(hello)["payload"]["recovered"], recovered, "{since:?}");
    }
}

#[test]
fn a_cursor_of_another_hub_gets_a_gap_a_snapshot_and_all_there_is() {
    let mut world = World::new();
    let _producer = three_events(&mut world);
    let foreign = "1f:2".parse().unwrap();
    let mut reader = world.read(Filter::all(), Since::Cursor(foreign));
    let blocks = world.drain(&mut reader);
    let Frame::Control(gap) = &blocks[0].frames[1] else { panic!("no gap") };
    let gap = &json_of(gap)["payload"];
    assert_eq!((&gap["why"], &gap["from"]), (&"epoch".into(), &"1f:2".into()));
    assert_eq!(gap["to"], world.core.cursor(0).to_string());
    let mut reader = world.read(Filter::all(), Since::Cursor(foreign));
    assert_eq!(
        world.drain_kinds(&mut reader),
        ["hub.hello", "hub.gap", "snapshot:r:Waiting", "unit.started#1", "unit.started#2", "unit.started#3"]
    );
}

#[test]
fn s3_b08_a_reader_overtaken_by_the_history_is_told_and_goes_on() {
    let mut world = World::with_history(1500);
    let mut producer = three_events(&mut world);
    let mut reader = world.read(Filter::all(), Since::Now);
    world.drain(&mut reader);
    for seq in 4..=20 {
        world.send(&mut producer, &[&event("unit.started", "r", seq)]);
    }
    let blocks = world.drain(&mut reader);
    let Frame::Control(gap) = &blocks[0].frames[0] else { panic!("no gap") };
    assert_eq!(json_of(gap)["payload"]["count"], 17);
    let Frame::Snapshot { state, .. } = &blocks[0].frames[1] else { panic!("no snapshot") };
    assert_eq!(state.seq, 20);
    world.send(&mut producer, &[&event("x.a", "r", 21)]);
    assert_eq!(world.drain_kinds(&mut reader), ["x.a#21"]);
}

#[test]
fn the_earliest_of_an_evicted_history_begins_with_a_gap() {
    let mut world = World::with_history(1000);
    let mut producer = three_events(&mut world);
    for seq in 4..=20 {
        world.send(&mut producer, &[&event("x.a", "r", seq)]);
    }
    let mut reader = world.read(Filter::all(), Since::Earliest);
    let kinds = world.drain_kinds(&mut reader);
    assert_eq!(kinds[..3], ["hub.hello", "hub.gap", "snapshot:r:Waiting"]);
    assert_eq!(kinds.last().unwrap(), "x.a#20");
}

#[test]
fn a_run_that_ended_in_a_gap_is_told_to_have_ended() {
    let mut world = World::with_history(1000);
    let mut producer = three_events(&mut world);
    let mut reader = world.read(Filter::all(), Since::Snapshot);
    world.drain(&mut reader);
    world.send(&mut producer, &[&event("orch.completed", "r", 4), r#"{"type":"link.bye","run":"r"}"#]);
    let mut other = world.core.connect(Some(2));
    for seq in 1..=20 {
        world.send(&mut other, &[&event("x.a", "s", seq)]);
    }
    assert_eq!(
        world.drain_kinds(&mut reader),
        ["hub.gap", "snapshot:r:Completed", "hub.end", "snapshot:s:Waiting"]
    );
    let mut newcomer = world.read(Filter::all(), Since::Snapshot);
    assert_eq!(
        world.drain_kinds(&mut newcomer),
        ["hub.hello", "snapshot:s:Waiting"],
        "finished runs are listed elsewhere"
    );
}

#[test]
fn a_stream_of_one_run_ends_with_it_and_any_other_goes_on() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    let mut one = world.read(filter_of("r"), Since::Snapshot);
    let mut all = world.read(Filter::all(), Since::Snapshot);
    world.drain(&mut one);
    world.drain(&mut all);
    world.send(&mut producer, &[&event("orch.completed", "r", 4), r#"{"type":"link.bye","run":"r"}"#]);
    world.visit(2, &[&event("x.a", "s", 1)]);
    assert_eq!(world.drain_kinds(&mut one), ["orch.completed#4", "hub.end"]);
    assert!(matches!(world.poll(&mut one), Step::End));
    assert_eq!(world.drain_kinds(&mut all), ["orch.completed#4", "hub.end", "x.a#1"]);
    assert!(matches!(world.poll(&mut all), Step::Idle));
}

#[test]
fn a_stream_of_an_ended_run_ends_however_it_began() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    world.send(&mut producer, &[&event("orch.completed", "r", 4), r#"{"type":"link.bye","run":"r"}"#]);
    let tip = world.core.cursor(world.core.history().last());
    for (since, expected, past_end) in [
        (Since::Snapshot, "hub.hello snapshot:r:Completed hub.end", false),
        (Since::Now, "hub.hello hub.end", false),
        (Since::Cursor(tip), "hub.hello hub.end", true),
        (Since::Cursor(world.core.cursor(3)), "hub.hello orch.completed#4 hub.end", false),
        (
            Since::Cursor("1f:9".parse().unwrap()),
            "hub.hello hub.gap snapshot:r:Completed unit.started#1 unit.started#2 unit.started#3 orch.completed#4 hub.end",
            false,
        ),
    ] {
        let mut reader = world.read(filter_of("r"), since);
        assert_eq!(reader.is_past_end(), past_end, "{since:?}");
        assert_eq!(world.drain_kinds(&mut reader).join(" "), expected, "{since:?}");
        assert!(matches!(world.poll(&mut reader), Step::End), "{since:?}");
    }
}

#[test]
fn the_end_of_a_run_that_went_on_is_told_to_nobody_who_comes_later() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    let bye = r#"{"type":"link.bye","run":"r"}"#;
    world.send(&mut producer, &[bye, &event("orch.completed", "r", 4)]);
    let mut reader = world.read(filter_of("r"), Since::Earliest);
    assert_eq!(
        world.drain_kinds(&mut reader)[4..],
        ["snapshot:r:Stale", "orch.completed#4", "snapshot:r:Completed"],
        "the states are told, the end between them is not"
    );
    world.send(&mut producer, &[bye]);
    assert_eq!(world.drain_kinds(&mut reader), ["hub.end"]);
}

#[test]
fn filters_let_loss_and_the_hubs_own_lines_pass() {
    let mut world = World::new();
    let mut filter = filter_of("r");
    filter.types = Globs::parse(["task.*"]).unwrap();
    filter.units = Globs::parse(["a"]).unwrap();
    let mut reader = world.read(filter, Since::Now);
    let mut producer = world.core.connect(Some(1));
    world.send(
        &mut producer,
        &[
            &event("unit.started", "r", 1),
            &event("task.started", "r", 5),
            &event("task.started", "s", 5),
            r#"{"type":"task.started","run":"r","unit":"b","seq":6}"#,
            r#"{"type":"link.bye","run":"s"}"#,
            "garbage from a sender that was at r",
            r#"{"type":"link.bye","run":"r"}"#,
        ],
    );
    assert_eq!(
        world.drain_kinds(&mut reader),
        ["hub.hello", "link.lost", "task.started#5", "hub.error", "snapshot:r:Stale", "hub.end"]
    );
}

#[test]
fn s3_12_records_come_of_the_repositories_asked_for() {
    let mut world = World::new();
    let mut filter = filter_of("r");
    filter.repositories = Globs::parse(["o/*"]).unwrap();
    let mut reader = world.read(filter, Since::Now);
    let mut producer = world.core.connect(Some(1));
    let record = |kind: &str, repository: &str, seq: u32| {
        format!(
            r#"{{"type":"{kind}","run":"r","payload":{{"task_id":"1","repository":"{repository}"}},"seq":{seq}}}"#
        )
    };
    world.send(
        &mut producer,
        &[
            &record("task.created", "o/r", 1),
            &record("task.created", "other/r", 2),
            &record("task.deleted", "o/x", 3),
            &event("unit.started", "r", 4),
        ],
    );
    assert_eq!(
        world.drain_kinds(&mut reader),
        ["hub.hello", "task.created#1", "task.deleted#3", "unit.started#4"]
    );
}

#[test]
fn blocks_are_bounded_and_end_where_they_are_told_to() {
    let mut world = World::new();
    let mut producer = three_events(&mut world);
    let mut reader = world.read(Filter::all(), Since::Now);
    world.drain(&mut reader);
    let large = format!(r#"{{"type":"x.d","run":"r","seq":4,"error":"{}"}}"#, "x".repeat(BLOCK_BYTES));
    world.send(&mut producer, &[&large, &event("x.e", "r", 5), &event("x.f", "r", 6)]);
    let blocks = world.drain(&mut reader);
    assert_eq!(blocks.iter().map(|block| block.frames.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(blocks[1].before, Since::Cursor(blocks[0].cursor));
    let mut reader = Subscription::resume(Selection::Filter(Filter::all()), world.core.cursor(1));
    let Step::Send(block) = reader.poll(&world.core, 3, world.now) else { panic!("nothing") };
    assert_eq!((block.frames.len(), block.cursor), (2, world.core.cursor(3)));
    assert!(matches!(reader.poll(&world.core, 3, world.now), Step::Idle));
}

#[test]
fn the_original_daemons_stream_follows_the_newest_run() {
    let mut world = World::new();
    let mut first = world.core.connect(Some(1));
    world.send(&mut first, &[STARTED]);
    let mut reader = Subscription::new(&world.core, Selection::Newest, Since::Now, world.now);
    let mut garbage = world.core.connect(Some(9));
    world.send(&mut garbage, &["garbage"]);
    world.send(&mut first, &[r#"{"type":"unit.started","unit":"a"}"#]);
    world.pass(Duration::from_secs(1));
    let mut second = world.core.connect(Some(2));
    world.send(&mut second, &[STARTED]);
    world.send(&mut first, &[r#"{"type":"unit.completed","unit":"a"}"#]);
    world.send(&mut second, &[r#"{"type":"unit.failed","unit":"a"}"#]);
    assert_eq!(world.drain_kinds(&mut reader), ["unit.started#2", "orch.started#1", "unit.failed#2"]);
}
