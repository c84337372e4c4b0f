//! How runs live, become stale, and end.

use choo_protocol::RunStatus;

use super::*;

#[test]
fn a_run_without_producer_becomes_stale_after_30_s() {
    let mut world = World::new();
    world.visit(1, &[&event("orch.started", "r", 1)]);
    assert_eq!(world.core.deadline(), Some(world.now.at + Duration::from_secs(30)));
    world.pass(Duration::from_millis(29_999));
    assert_eq!(world.run("r").status, RunStatus::Running);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.run("r").status, RunStatus::Stale);
    assert_eq!(world.kinds(), ["orch.started#1", "state:Stale"], "readers are told");
    assert_eq!(world.core.deadline(), None);
}

#[test]
fn a_producer_that_is_back_in_time_keeps_its_run_going() {
    let mut world = World::new();
    world.visit(1, &[&event("orch.started", "r", 1)]);
    world.pass(Duration::from_secs(20));
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[&event("orch.started", "r", 1)]);
    world.pass(Duration::from_hours(1));
    assert_eq!(world.run("r").status, RunStatus::Running);
    assert_eq!(world.kinds(), ["orch.started#1"]);
}

#[test]
fn a_producer_that_is_back_late_wakes_its_run_even_by_a_repeat() {
    let mut world = World::new();
    world.visit(1, &[&event("orch.started", "r", 1)]);
    world.pass(Duration::from_secs(31));
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[&event("orch.started", "r", 1)]);
    assert_eq!(world.run("r").status, RunStatus::Running);
    assert_eq!(world.kinds(), ["orch.started#1", "state:Stale", "state:Running"]);
}

#[test]
fn s4_b11_a_run_ends_with_its_producers_goodbye() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[&event("orch.completed", "r", 1)]);
    assert_eq!(world.kinds(), ["orch.completed#1"], "more may come");
    world.send(&mut producer, &[r#"{"type":"link.bye","run":"r","payload":{"last":1}}"#]);
    assert_eq!(world.kinds(), ["orch.completed#1", "hub.end"]);
    let end = world.lines()[1].clone();
    assert_eq!((&end["run"], &end["payload"]["status"]), (&"r".into(), &"completed".into()));
    world.end(producer);
    assert_eq!(world.kinds().len(), 2, "the end is told once");
}

#[test]
fn after_a_terminal_event_the_end_comes_with_the_last_producers_leaving() {
    let mut world = World::new();
    let (mut one, mut two) = (world.core.connect(Some(1)), world.core.connect(Some(2)));
    world.send(&mut one, &[&event("x.a", "r", 1)]);
    world.send(&mut two, &[&event("orch.failed", "r", 2)]);
    world.end(two);
    assert_eq!(world.kinds(), ["x.a#1", "orch.failed#2"]);
    world.end(one);
    assert_eq!(world.kinds(), ["x.a#1", "orch.failed#2", "hub.end"]);
}

#[test]
fn goodbye_without_a_terminal_event_leaves_a_stale_run() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[STARTED, r#"{"type":"link.bye"}"#]);
    assert_eq!(world.kinds(), ["orch.started#1", "state:Stale", "hub.end"]);
    assert_eq!(world.lines()[1]["payload"]["status"], "stale");
}

#[test]
fn a_goodbye_for_a_run_nobody_knows_is_nothing() {
    let mut world = World::new();
    world.visit(1, &[r#"{"type":"link.bye"}"#, r#"{"type":"link.bye","run":"r"}"#]);
    assert_eq!((world.core.runs().len(), world.core.history().last()), (0, 0));
}

#[test]
fn repeats_do_not_reopen_an_ended_run_but_news_do() {
    let mut world = World::new();
    let done = event("orch.completed", "r", 1);
    world.visit(1, &[&done, r#"{"type":"link.bye","run":"r"}"#]);
    world.visit(1, &[&done]);
    assert_eq!(world.kinds(), ["orch.completed#1", "hub.end"]);
    world.visit(1, &[&event("pr.merged", "r", 2)]);
    assert_eq!(world.kinds(), ["orch.completed#1", "hub.end", "pr.merged#2", "state:Completed", "hub.end"]);
}

#[test]
fn the_next_orch_started_of_a_process_ends_a_run_that_had_come_to_its_end() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[STARTED, r#"{"type":"orch.completed"}"#, STARTED]);
    assert_eq!(world.kinds(), ["orch.started#1", "orch.completed#2", "hub.end", "orch.started#1"]);
}

#[test]
fn a_hole_before_the_opening_that_no_snapshot_covered_is_told_at_the_end() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[&event("orch.started", "r", 3), r#"{"type":"link.bye","run":"r"}"#]);
    assert_eq!(world.kinds(), ["orch.started#3", "state:Stale", "link.lost", "hub.end"]);
    assert_eq!(world.run("r").loss.count, 2);
}

#[test]
fn the_newest_run_is_the_one_started_last_whatever_its_clock_says() {
    let mut world = World::new();
    let at =
        |run: &str, time: &str| format!(r#"{{"type":"orch.started","time":"{time}","run":"{run}","seq":1}}"#);
    world.visit(1, &[&at("b", "2099-01-01T00:00:00Z")]);
    world.pass(Duration::from_secs(1));
    world.visit(2, &[&at("a", "2025-01-18T10:30:01Z")]);
    world.visit(3, &[&at("old", "2025-01-18T09:00:00Z")]);
    let order: Vec<&str> = world.core.runs().newest_first().iter().map(|run| run.id().as_str()).collect();
    assert_eq!(order, ["a", "b", "old"]);
}
