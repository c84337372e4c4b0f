//! What becomes of received lines.

use super::*;

#[test]
fn s0_b31_lines_without_a_run_are_told_apart_by_their_process() {
    let mut world = World::new();
    let (mut one, mut two) = (world.core.connect(Some(1)), world.core.connect(Some(2)));
    world.send(&mut one, &[STARTED]);
    world.send(&mut two, &[STARTED]);
    world.send(&mut one, &[r#"{"type":"unit.started","unit":"a"}"#]);
    world.send(&mut two, &[r#"{"type":"unit.failed","unit":"b","error":"exit 1"}"#]);
    let lines = world.lines();
    assert_eq!(lines[0]["run"], lines[2]["run"]);
    assert_eq!(lines[1]["run"], lines[3]["run"]);
    assert_ne!(lines[0]["run"], lines[1]["run"]);
    assert_eq!(world.kinds(), ["orch.started#1", "orch.started#1", "unit.started#2", "unit.failed#2"]);
}

#[test]
fn what_was_left_out_is_spliced_in_and_the_rest_stays_as_it_came() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[r#"{ "unit":"a" , "type":"unit.started", "x":[1,  2] }"#]);
    let complete = event("unit.completed", "r", 1);
    world.send(&mut producer, &[&complete]);
    let run = world.lines()[0]["run"].as_str().unwrap().to_owned();
    let texts: Vec<String> = world.core.history().after(0).map(text).collect();
    assert_eq!(
        texts[0],
        format!(
            r#"{{ "unit":"a" , "type":"unit.started", "x":[1,  2],"time":"2025-01-18T10:30:00Z","run":"{run}","seq":1}}"#
        )
    );
    assert_eq!(texts[1], complete);
}

fn text(record: &std::sync::Arc<super::super::history::Record>) -> String {
    match &record.body {
        Body::Line { json, .. } => String::from_utf8(json.to_vec()).unwrap(),
        Body::State(_) => panic!("not a line"),
    }
}

#[test]
fn a_number_without_a_run_is_given_anew() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[r#"{"type":"x.a","seq":70}"#, r#"{"type":"x.b","seq":70}"#]);
    assert_eq!(world.kinds(), ["x.a#1", "x.b#2"]);
}

#[test]
fn orch_started_begins_a_run_unless_only_the_graph_has_come() {
    let mut world = World::new();
    let graph = r#"{"type":"graph","payload":{"nodes":[{"id":"a","label":"A","status":"pending"}]}}"#;
    world.visit(1, &[graph, STARTED, r#"{"type":"unit.started","unit":"a"}"#]);
    assert_eq!(world.core.runs().len(), 1);
    assert_eq!(world.only_run().units.len(), 2);
    world.visit(1, &[STARTED]);
    assert_eq!(world.core.runs().len(), 2, "orch.started again is another run");
}

#[test]
fn s1_b01_the_separate_graph_event_sets_up_the_units() {
    let mut world = World::new();
    let graph = r#"{"type":"graph","payload":{"nodes":[{"id":"b","label":"B","status":"pending","tasks":3,"depends_on":["a"]},{"id":"a","label":"A","status":"complete"}],"edges":null}}"#;
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[graph]);
    let run = world.only_run();
    assert_eq!(run.units["b"].total_tasks, Some(3));
    assert_eq!((run.units["a"].level, run.units["b"].level), (0, 1));
}

#[test]
fn a_process_that_comes_back_goes_on_with_its_run() {
    let mut world = World::new();
    world.visit(1, &[STARTED]);
    world.pass(Duration::from_secs(5));
    world.visit(1, &[r#"{"type":"unit.started","unit":"a"}"#]);
    assert_eq!(world.core.runs().len(), 1);
    // Long after, the number may mean another process.
    world.pass(Duration::from_mins(1));
    world.visit(1, &[r#"{"type":"unit.started","unit":"a"}"#]);
    assert_eq!(world.core.runs().len(), 2);
}

#[test]
fn repeats_are_dropped_and_holes_told() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    for seq in [1, 2, 2, 1, 5, 3, 6] {
        world.send(&mut producer, &[&event("task.started", "r", seq)]);
    }
    assert_eq!(
        world.kinds(),
        ["task.started#1", "task.started#2", "link.lost", "task.started#5", "task.started#6"]
    );
    let lost = &world.lines()[2];
    assert_eq!(lost["run"], "r");
    assert_eq!(
        (&lost["payload"]["from"], &lost["payload"]["to"], &lost["payload"]["reason"]),
        (&3.into(), &4.into(), &"unannounced".into())
    );
    assert_eq!(world.run("r").loss.count, 2);
}

#[test]
fn s0_b16_announced_loss_is_kept_and_not_told_twice() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let lost = r#"{"type":"link.lost","run":"r","payload":{"from":2,"to":9,"count":7,"bytes":70,"reason":"overflow"}}"#;
    world.send(
        &mut producer,
        &[&event("x.a", "r", 1), lost, lost, &event("x.b", "r", 5), &event("x.c", "r", 10)],
    );
    assert_eq!(world.kinds(), ["x.a#1", "link.lost", "x.b#5", "x.c#10"]);
    assert_eq!(world.run("r").loss.count, 7);
}

#[test]
fn a_snapshot_of_what_is_known_is_ignored_and_another_one_folded() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let snapshot = |through: u64| {
        format!(
            r#"{{"type":"orch.snapshot","run":"r","payload":{{"through":{through},"state":{{"run":"r","status":"running","seq":{through},"units":{{"z":{{"status":"complete"}}}}}}}}}}"#
        )
    };
    for seq in 1..=3 {
        world.send(&mut producer, &[&event("unit.started", "r", seq)]);
    }
    world.send(&mut producer, &[&snapshot(3)]);
    assert_eq!(world.core.history().last(), 3, "nothing new in it");
    world.send(&mut producer, &[&snapshot(8), &event("unit.started", "r", 9)]);
    assert_eq!(world.kinds()[3..], ["orch.snapshot", "unit.started#9"]);
    let run = world.run("r");
    assert_eq!(run.summaries, [choo_protocol::SeqRange { from: 4, to: 8 }]);
    assert!(run.units.contains_key("z"));
}

#[test]
fn s0_b08_a_restarted_hub_is_right_after_the_pushers_opening() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let started = STARTED.replacen('{', r#"{"run":"r","seq":1,"#, 1);
    let snapshot = r#"{"type":"orch.snapshot","run":"r","payload":{"through":40,"state":{"run":"r","status":"running","seq":40,"units":{"a":{"status":"complete"},"b":{"status":"in_progress","order":1,"level":1}}}}}"#;
    world.send(&mut producer, &[&started, snapshot, &event("task.started", "r", 41)]);
    assert_eq!(world.kinds(), ["orch.started#1", "orch.snapshot", "task.started#41"]);
    assert_eq!(world.run("r").units["a"].status, choo_protocol::UnitStatus::Complete);
    assert_eq!(world.run("r").loss.count, 0);
}

#[test]
fn bad_lines_are_told_and_end_nothing() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(
        &mut producer,
        &["{broken", r#"{"no":"type"}"#, &event("x.a", "r", 1), "\u{1}", &event("x.b", "r", 2)],
    );
    producer.handle_bytes(&mut world.core, b"{\"type\":\"x\",\"unit\":\"\xff\"}\n", world.now);
    assert_eq!(world.kinds(), ["hub.error", "hub.error", "x.a#1", "hub.error", "x.b#2", "hub.error"]);
    let errors: Vec<Value> = world.lines().into_iter().filter(|line| line["type"] == "hub.error").collect();
    let kinds: Vec<&str> = errors.iter().map(|line| line["payload"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["syntax", "missing-type", "syntax", "not-utf8"]);
    assert_eq!((&errors[0]["run"], &errors[2]["run"]), (&Value::Null, &"r".into()));
    assert_eq!(world.core.rejects().total(), 4);
}

#[test]
fn an_oversized_line_is_skipped_to_its_newline() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    let junk = vec![b'x'; 1 << 20];
    for _ in 0..17 {
        producer.handle_bytes(&mut world.core, &junk, world.now);
    }
    world.send(&mut producer, &["", &event("x.a", "r", 1)]);
    let too_long = format!(r#"{{"type":"x.b","error":"{}"}}"#, "x".repeat(600 << 10));
    world.send(&mut producer, &[&too_long, &event("x.c", "r", 2)]);
    assert_eq!(world.kinds(), ["hub.error", "x.a#1", "hub.error", "x.c#2"]);
    assert!(world.lines().iter().step_by(2).all(|line| line["payload"]["kind"] == "too-long"));
}

#[test]
fn s0_b07_a_torn_line_is_never_an_event() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    producer.handle_bytes(&mut world.core, br#"{"type":"x.a","run":"r","seq":1}"#, world.now);
    world.end(producer);
    assert_eq!(world.kinds(), ["hub.error"]);
    world.visit(1, &[&event("x.a", "r", 1)]);
    assert_eq!(world.kinds(), ["hub.error", "x.a#1"]);
}

#[test]
fn what_only_the_hub_may_say_is_a_bad_line_and_links_talk_is_not_stored() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(
        &mut producer,
        &[
            r#"{"type":"hub.gap","run":"r"}"#,
            r#"{"type":"hub.future","run":"r"}"#,
            r#"{"type":"link.hello","run":"r","payload":{"proto":1}}"#,
            r#"{"type":"link.future","run":"r"}"#,
        ],
    );
    assert_eq!(world.kinds(), ["hub.error", "hub.error"]);
    assert!(world.lines().iter().all(|line| line["payload"]["kind"] == "reserved-type"));
    assert_eq!(world.core.runs().len(), 0);
}

#[test]
fn s0_b27_s0_b28_nulls_aliases_and_any_order_of_keys_are_read() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(
        &mut producer,
        &[
            r#"{"data":{"unit_count":1,"parallelism":2,"graph":{"nodes":[{"id":"a","level":0}],"edges":null,"levels":[["a"]]}},"timestamp":"2025-01-18T10:30:00Z","type":"orch.started"}"#,
            r#"{"unit":"a","time":"2025-01-18T10:30:01+02:00","type":"unit.started"}"#,
        ],
    );
    let run = world.only_run();
    assert_eq!((run.parallelism, run.units.len()), (Some(2), 1));
    assert_eq!(run.units["a"].status, choo_protocol::UnitStatus::InProgress);
    assert_eq!(run.started, Some("2025-01-18T10:30:00Z".parse().unwrap()));
}

#[test]
fn runs_are_bounded_and_the_longest_finished_goes_first() {
    let mut world = World::new();
    let mut alive = world.core.connect(Some(1));
    world.send(&mut alive, &[&event("x.a", "alive", 1)]);
    for n in 0..400 {
        world.visit(2, &[&event("orch.completed", &format!("run-{n}"), 1)]);
    }
    assert_eq!(world.core.runs().len(), super::super::hub::MAX_RUNS);
    assert!(world.core.runs().get("alive").is_some());
    assert!(world.core.runs().get("run-0").is_none());
    assert!(world.core.runs().get("run-399").is_some());
    assert_eq!(world.core.runs_mut().take_forgotten(), [], "there is no store that has to forget them");
}
