//! The fold: what each event does to a run's state.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use choo_protocol::{
    BranchPushed, Change, DiffChange, DiffFile, DiffState, Event, FileStatus, GraphPayload, IdMap,
    Intervention, Limits, Line, LinkLost, LogStream, OrchSnapshot, OrchStarted, Payload, PrState, RunId,
    RunMember, RunState, RunStatus, SeqRange, TaskPayload, TaskProgress, TaskState, TaskStatus, Timestamp,
    UnitMember, UnitState, UnitStatus, Usage, Usd, Worktree, control_line, kind, orch_snapshot_line,
};
use proptest::prelude::*;
use serde_json::json;

fn run() -> RunId {
    "r".parse().unwrap()
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_nanos(i128::from(secs) * 1_000_000_000)
}

fn apply(state: &mut RunState, bytes: &[u8]) -> Change {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    state.apply(&Line::parse(line, &Limits::default()).unwrap())
}

/// Folds events numbered from 1, a second apart.
fn fold(events: &[Event]) -> RunState {
    let mut state = RunState::new(run());
    for (seq, event) in (1..).zip(events) {
        let mut line = Vec::new();
        event.encode(Some(&run()), Some(seq), at(seq.cast_signed()), &mut line);
        apply(&mut state, &line);
    }
    state
}

fn started() -> Event {
    let units = [("setup", vec![]), ("shell", vec!["setup"]), ("config", vec!["setup"])];
    let graph = GraphPayload::build(units).unwrap();
    Event::orch_started(OrchStarted { unit_count: 3, parallelism: 2, graph: Some(graph) })
}

#[test]
fn s0_69_orch_started_sets_up_the_whole_graph() {
    let state = fold(&[started()]);
    assert_eq!(state.status, RunStatus::Running);
    assert_eq!((state.unit_count, state.parallelism, state.started), (Some(3), Some(2), Some(at(1))));
    assert_eq!(state.unit_ids(), ["setup", "shell", "config"]);
    assert_eq!(state.graph().levels, [vec!["setup"], vec!["shell", "config"]]);
    assert_eq!(state.graph().edges.len(), 2);
}

#[test]
fn units_follow_their_events() {
    use UnitStatus::{Blocked, Cancelled, Complete, Failed, InProgress, Ready, Skipped};
    for (event, status, ended) in [
        (Event::unit_queued("setup"), Ready, false),
        (Event::unit_started("setup"), InProgress, false),
        (Event::unit_completed("setup"), Complete, true),
        (Event::unit_failed("setup", "e"), Failed, true),
        (Event::unit_blocked("setup", "e"), Blocked, true),
        (Event::unit_skipped("setup", Intervention::default()), Skipped, true),
        (Event::unit_cancelled("setup", Intervention::default()), Cancelled, true),
    ] {
        let error = event.error.clone();
        let unit = fold(&[started(), event]).units["setup"].clone();
        assert_eq!((unit.status, unit.ended.is_some(), unit.error), (status, ended, error));
    }
}

#[test]
fn tasks_count_attempts_and_completions() {
    let named = TaskPayload { name: Some("build".into()), attempt: Some(1), ..TaskPayload::default() };
    let state = fold(&[
        started(),
        Event::unit_started_with("shell", 2),
        Event::task_started("shell", 1).payload(named),
        Event::validation_fail("shell", 1, "bad"),
        Event::task_retry("shell", 1, 2, "bad"),
        Event::task_started("shell", 1),
        Event::task_completed("shell", 1),
        Event::task_started("shell", 2),
        Event::task_failed("shell", 2, "exit status 1"),
        Event::unit_failed("shell", "task 2 failed"),
        Event::orch_failed("1 unit failed"),
    ]);
    let unit = &state.units["shell"];
    assert_eq!((unit.total_tasks, unit.completed_tasks, unit.current_task), (Some(2), 1, 1));
    let task = &unit.tasks[&1];
    assert_eq!((task.name.as_deref(), task.status, task.attempt), (Some("build"), TaskStatus::Completed, 2));
    assert!(task.error.is_empty() && task.started == Some(at(3)) && task.ended == Some(at(7)));
    assert_eq!((unit.tasks[&2].status, &*unit.tasks[&2].error), (TaskStatus::Failed, "exit status 1"));
    assert_eq!(
        (state.status, &*state.error, state.ended),
        (RunStatus::Failed, "1 unit failed", Some(at(11)))
    );
}

#[test]
fn pull_requests_put_a_unit_into_review() {
    let pr = |kind: &'static str| Event::new(kind).unwrap().unit("shell").pr(5);
    let state =
        fold(&[started(), Event::unit_started("shell"), pr(kind::PR_CREATED), pr(kind::PR_REVIEW_PENDING)]);
    assert_eq!(state.units["shell"].status, UnitStatus::InReview);
    assert_eq!((&*state.prs[&5].status, &*state.prs[&5].unit), ("review.pending", "shell"));
    let state = fold(&[Event::unit_started("shell"), pr(kind::PR_CREATED), pr(kind::PR_MERGED)]);
    assert_eq!(state.units["shell"].status, UnitStatus::Complete);
}

#[test]
fn logs_change_nothing_but_the_number_seen() {
    let mut state = fold(&[started()]);
    let mut line = Vec::new();
    Event::log("shell", Some(1), LogStream::Stdout, "hello", 1).encode(
        Some(&run()),
        Some(2),
        at(2),
        &mut line,
    );
    let before = RunState { seq: 2, ..state.clone() };
    let change = apply(&mut state, &line);
    assert!(change.is_quiet() && !change.is_ignored(), "{change:?}");
    assert_eq!(state, before);
}

#[test]
fn usage_adds_up_by_task_unit_and_run() {
    let usage = |unit: &str, task: Option<u32>, input_tokens, cost_usd| {
        let event = Event::new(kind::TASK_USAGE).unwrap().unit(unit);
        let event = if let Some(task) = task { event.task(task) } else { event };
        event.payload(Usage { input_tokens, output_tokens: 1, cost_usd, ..Usage::default() })
    };
    let state = fold(&[
        started(),
        usage("shell", Some(1), 100, 0.1),
        usage("shell", Some(1), 50, 0.2),
        usage("shell", Some(2), 7, 0.0),
        usage("shell", None, 1, 0.25),
        usage("", None, 1000, 1.0),
    ]);
    let unit = &state.units["shell"];
    let of_task = unit.tasks[&1].usage;
    assert_eq!(
        (of_task.input_tokens, of_task.output_tokens, of_task.cost_usd),
        (150, 2, Usd::from_dollars(0.3))
    );
    assert_eq!((unit.usage.input_tokens, unit.usage.cost_usd.to_string()), (158, "0.55".to_owned()));
    assert_eq!((state.usage.input_tokens, state.usage.output_tokens), (1158, 5));
    assert_eq!(state.usage.cost_usd.to_string(), "1.55");
    assert_eq!((state.misshapen, unit.tasks[&2].status), (0, TaskStatus::Pending));
}

#[test]
fn work_trees_branches_and_reviews_belong_to_their_unit() {
    let event = |kind: &'static str| Event::new(kind).unwrap().unit("shell");
    let tree = Worktree { path: "/w/shell".into(), branch: Some("b".into()), base: None };
    let pushed = BranchPushed { branch: "b2".into(), ..BranchPushed::default() };
    let mut events = vec![
        event(kind::WORKTREE_CREATED).payload(Payload::json(&tree).unwrap()),
        event(kind::CODEREVIEW_STARTED),
        event(kind::CODEREVIEW_ISSUES_FOUND),
        event(kind::BRANCH_PUSHED).payload(Payload::json(&pushed).unwrap()),
    ];
    let unit = fold(&events).units["shell"].clone();
    assert_eq!((&*unit.worktree, &*unit.branch, &*unit.review), ("/w/shell", "b2", "issues_found"));
    events.push(event(kind::WORKTREE_REMOVED));
    let unit = fold(&events).units["shell"].clone();
    assert_eq!((&*unit.worktree, &*unit.branch), ("", "b2"));
}

fn diff(unit: &str, task: u32, file: &str, additions: u32) -> Event {
    let status = Some(FileStatus::Modified);
    let (file, diff) = (file.to_owned(), "@@ -1 +1 @@\n-a\n+b\n".to_owned());
    let payload = DiffFile { file, diff, status, additions: Some(additions), ..DiffFile::default() };
    Event::diff_file(unit, payload).task(task)
}

#[test]
fn s4_b08_the_latest_diff_of_a_file_counts() {
    let removed = |unit: &str, file: &str| Event::diff_removed(unit, file);
    let mut state = fold(&[
        started(),
        diff("shell", 1, "src/a.rs", 3),
        diff("shell", 2, "src/a.rs", 5),
        diff("config", 1, "src/a.rs", 1),
        diff("shell", 1, "b", 1),
        removed("shell", "b"),
        removed("shell", "never there"),
    ]);
    let file = &state.diffs["shell"]["src/a.rs"];
    assert_eq!((file.additions, file.task, file.seq, file.updated), (Some(5), Some(2), Some(3), Some(at(3))));
    assert_eq!((state.diffs["shell"].len(), state.diffs["config"].len()), (1, 1));
    let mut line = Vec::new();
    removed("config", "src/a.rs").encode(Some(&run()), Some(8), at(8), &mut line);
    assert_eq!(apply(&mut state, &line).diff(), Some(DiffChange::Removed));
    assert!(!state.diffs.contains_key("config"));
    assert!(!serde_json::to_string(&state).unwrap().contains("@@"), "no text");
}

#[test]
fn files_of_a_unit_are_bounded_and_the_rest_counted() {
    let mut events: Vec<Event> = (0..4100).map(|n| diff("a", 1, &n.to_string(), 1)).collect();
    events.push(diff("a", 1, "0", 9));
    events.push(diff("b", 1, &"x".repeat(5000), 1));
    let state = fold(&events);
    assert_eq!((state.diffs["a"].len(), state.diffs_omitted), (4096, 5));
    assert_eq!(state.diffs["a"]["0"].additions, Some(9));
}

/// What may be lost for good must leave nothing behind where it is folded that is missing where it is not.
#[test]
fn bulk_events_touch_nothing_but_the_diffs() {
    let progress = TaskProgress { done: 1, ..TaskProgress::default() };
    for event in [
        Event::log("new", Some(1), LogStream::Stdout, "x", 1),
        Event::task_progress("new", 1, progress),
        diff("new", 1, "a", 1),
        Event::diff_file("new", DiffFile::default()),
        Event::new("diff.of.a.new.kind").unwrap().unit("new"),
    ] {
        let with = fold(&[started(), event.clone(), Event::unit_started("setup")]);
        let lost = RunState { seq: 3, ..fold(&[started(), Event::unit_started("setup").at(at(3))]) };
        let without_diffs = RunState { diffs: lost.diffs.clone(), diffs_omitted: 0, ..with };
        assert_eq!(without_diffs, lost, "{event:?}");
    }
}

#[test]
fn a_misshapen_payload_is_folded_by_its_envelope_and_counted() {
    let mut state = RunState::new(run());
    let line =
        br#"{"type":"unit.started","unit":"a","time":"2025-01-18T10:30:15Z","payload":{"total_tasks":"x"}}"#;
    assert!(apply(&mut state, line).unit().has(UnitMember::Status));
    assert_eq!((state.units["a"].status, state.misshapen), (UnitStatus::InProgress, 1));
}

#[test]
fn duplicates_inside_a_payload_the_last_one_wins() {
    let mut state = RunState::new(run());
    apply(&mut state, br#"{"type":"unit.started","unit":"a","payload":{"total_tasks":1,"total_tasks":3}}"#);
    assert_eq!((state.units["a"].total_tasks, state.misshapen), (Some(3), 0));
}

#[test]
fn s1_b01_the_separate_graph_event_sets_up_units_that_had_begun() {
    let mut state = fold(&[Event::orch_started(OrchStarted::default()), Event::unit_started("b")]);
    apply(
        &mut state,
        b"{\"type\":\"graph\",\"payload\":{\"nodes\":[{\"id\":\"a\",\"label\":\"A\",\"status\":\"pending\",\"tasks\":2,\
            \"depends_on\":[]},{\"id\":\"b\",\"status\":\"pending\",\"depends_on\":[\"a\"]}]},\"seq\":3}",
    );
    assert_eq!(state.unit_ids(), ["a", "b"]);
    assert_eq!((state.units["b"].status, state.units["b"].level), (UnitStatus::InProgress, 1));
    assert_eq!((state.units["a"].label.as_deref(), state.units["a"].total_tasks), (Some("A"), Some(2)));
}

#[test]
fn errors_are_cut_to_four_kib() {
    let state = fold(&[Event::unit_failed("a", "ä".repeat(5000)), Event::orch_failed("x".repeat(5000))]);
    assert_eq!((state.units["a"].error.len(), state.error.len()), (4096, 4096));
}

fn snapshot(through: u64, state: &RunState) -> Vec<u8> {
    orch_snapshot_line(&run(), through, 1, 1, &state.parts(usize::MAX)[0], at(0))
}

/// The same in parts as small as can be.
fn snapshot_parts(through: u64, state: &RunState) -> Vec<Vec<u8>> {
    let parts = state.parts(1);
    let line =
        |(n, part): (usize, &String)| orch_snapshot_line(&run(), through, n + 1, parts.len(), part, at(0));
    parts.iter().enumerate().map(line).collect()
}

#[test]
fn a_whole_snapshot_is_as_its_payload_writes_it() {
    let state = fold(&[started(), Event::unit_started("setup")]);
    let payload = OrchSnapshot { through: 2, state: state.clone(), part: None, parts: None };
    let line = control_line(kind::ORCH_SNAPSHOT, at(0), Some(&run()), &payload);
    assert_eq!(line, snapshot(2, &state));
    let [first, .., last] = &snapshot_parts(2, &state)[..] else { panic!("several parts") };
    let place = |line: &[u8]| {
        let line = Line::parse(line, &Limits::default()).unwrap();
        line.payload::<OrchSnapshot>().unwrap().unwrap().place()
    };
    assert_eq!((place(&line), place(first).0, place(last).0), ((1, 1), 1, place(last).1));
}

fn last_first(parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut parts = parts.to_vec();
    parts.rotate_right(1);
    parts.pop();
    parts
}

#[test]
fn parts_of_a_snapshot_apply_together_and_only_as_they_belong() {
    let whole = fold(&[started(), Event::unit_started("setup"), Event::unit_completed("setup")]);
    let parts = snapshot_parts(3, &whole);
    let (last, before) = parts.split_last().unwrap();
    assert!(before.len() > 1);
    let known = fold(&[started()]);
    let restarted = || known.clone();
    let take = |state: &mut RunState, lines: &[Vec<u8>]| {
        for line in lines {
            let change = apply(state, line);
            assert!(!change.is_whole() && !change.is_ignored());
        }
    };

    let mut reader = restarted();
    take(&mut reader, before);
    assert_eq!((&reader, reader.pending.is_empty()), (&restarted(), false), "nothing counts yet");
    assert!(apply(&mut reader, last).is_whole());
    assert_eq!((&reader.units, reader.seq, reader.pending.is_empty()), (&whole.units, 3, true));
    for line in &parts {
        assert!(apply(&mut reader, line).is_ignored(), "what has been seen");
    }

    // One is missing, comes twice or too early: the rest is of no use, and the next set counts.
    let (missing, twice) = ([&parts[..1], &parts[2..]].concat(), [&parts[..2], &parts[1..]].concat());
    for torn in [&missing[..], &twice, &parts[1..], last_first(&parts).as_slice()] {
        let mut reader = restarted();
        let mut changes = torn.iter().map(|line| apply(&mut reader, line));
        assert!(!changes.any(|change| change.is_whole()));
        assert!(reader.misshapen > 0 && reader.units == known.units && reader.seq == 1);
        take(&mut reader, before);
        assert!(apply(&mut reader, last).is_whole());
    }

    // Parts of two sets do not mix.
    let mut later = whole.clone();
    later.seq = 4;
    let mut reader = restarted();
    take(&mut reader, before);
    take(&mut reader, &snapshot_parts(4, &later)[..1]);
    apply(&mut reader, last);
    assert_eq!((reader.seq, reader.misshapen), (1, 1));

    // What came meanwhile may have made it old.
    let mut reader = restarted();
    take(&mut reader, before);
    reader.seq = 3;
    assert!(apply(&mut reader, last).is_ignored());
}

#[test]
fn s0_b08_a_restarted_reader_is_right_after_started_and_snapshot() {
    let whole = fold(&[started(), Event::unit_started("setup"), Event::unit_completed("setup")]);
    let mut restarted = fold(&[started()]);
    assert!(apply(&mut restarted, &snapshot(3, &whole)).is_whole());
    assert_eq!((&restarted.units, restarted.seq), (&whole.units, 3));
    assert_eq!(restarted.summaries, [SeqRange { from: 2, to: 3 }]);
    // To a reader that has seen it all, the same line says nothing.
    let mut seen = whole.clone();
    assert!(apply(&mut seen, &snapshot(3, &whole)).is_ignored());
    assert_eq!(seen, whole);
}

#[test]
fn a_hostile_snapshot_costs_no_more_than_its_bytes() {
    let mut state = fold(&[started()]);
    let line = br#"{"type":"orch.snapshot","payload":{"through":9,"state":{"run":"r","units":{"a":{"level":4000000000}}}}}"#;
    assert!(apply(&mut state, line).is_whole());
    // Room for four thousand million levels would take 96 GB.
    assert_eq!(state.graph().levels, [["a"]]);
}

#[test]
fn s0_b16_loss_is_counted_once_whatever_the_order() {
    let lost =
        LinkLost { from: 2, to: 9, count: 5, bytes: 500, reason: "overflow".into(), ..LinkLost::default() };
    let lost = control_line(kind::LINK_LOST, at(0), Some(&run()), &lost);
    let mut base = fold(&[started()]);
    apply(&mut base, &lost);
    base.seq = 9;
    for order in [[&lost, &snapshot(9, &base)], [&snapshot(9, &base), &lost]] {
        let mut reader = fold(&[started()]);
        for line in order {
            apply(&mut reader, line);
        }
        assert_eq!((reader.loss.count, reader.loss.bytes, reader.seq), (5, 500, 9));
        assert!(reader.summaries.is_empty(), "an announced loss is not told a second time");
    }
}

#[test]
fn a_stale_run_wakes_up_with_its_producer() {
    let mut state = fold(&[started()]);
    assert!(state.set_stale().run().has(RunMember::Status) && state.set_stale().is_ignored());
    let mut line = Vec::new();
    Event::unit_started("setup").encode(Some(&run()), Some(2), at(2), &mut line);
    let change = apply(&mut state, &line);
    assert!(change.run().has(RunMember::Status) && change.unit().has(UnitMember::Status));
    assert_eq!(state.status, RunStatus::Running);
    let mut ended = fold(&[started(), Event::orch_completed()]);
    assert!(ended.set_stale().is_ignored());
}

#[test]
fn parts_put_together_give_the_state() {
    let mut state = fold(&[started()]);
    for i in 0..500 {
        state.units.insert(format!("unit-{i}"), UnitState { order: i + 3, ..UnitState::default() });
    }
    for i in 0..100 {
        state.units.get_mut("unit-7").unwrap().tasks.insert(i, TaskState::default());
        state.prs.insert(i, PrState::default());
    }
    for (unit, files) in [("", 1), ("a\"b", 30), ("shell", 300)] {
        for file in 0..files {
            state
                .diffs
                .get_or_insert_with(unit, IdMap::new)
                .insert(format!("src/{file}"), DiffState::default());
        }
    }
    for max in [1, 1000, 1 << 20] {
        let mut parts = state.parts(max).into_iter();
        let mut joined: RunState = serde_json::from_str(&parts.next().unwrap()).unwrap();
        for part in parts {
            assert!(part.len() <= max.max(300), "{}", part.len());
            joined.merge(serde_json::from_str(&part).unwrap());
        }
        assert_eq!(joined, state);
    }
    let empty = RunState::new(run());
    assert_eq!(serde_json::from_str::<RunState>(&empty.parts(10)[0]).unwrap(), empty);
}

fn any_event() -> impl Strategy<Value = Event> {
    let unit = prop::sample::select(vec!["setup", "shell", "config", "other"]);
    let kind = prop::sample::select(kind::ALL.to_vec());
    (kind, unit, prop::option::of(0..4_i64), prop::option::of(1..3_i64), "[a-z]{0,3}").prop_map(
        |(kind, unit, task, pr, error)| {
            let line =
                json!({"type": kind, "unit": unit, "task": task, "pr": pr, "error": error}).to_string();
            Event::from_line(&Line::parse(line.as_bytes(), &Limits::default()).unwrap())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Resent lines do no harm, and a snapshot in the middle plus the rest is the whole.
    #[test]
    fn the_fold_is_idempotent_and_can_be_taken_up_anywhere(
        events in prop::collection::vec(any_event(), 1..60),
        cut in 0..60_usize,
        resend in 0..60_usize,
    ) {
        // Snapshots and losses have no place among numbered events.
        let events: Vec<Event> = std::iter::once(started())
            .chain(events)
            .filter(|e| e.kind != kind::ORCH_SNAPSHOT && e.kind != kind::LINK_LOST)
            .collect();
        let lines: Vec<Vec<u8>> = (1..).zip(&events).map(|(seq, event)| {
            let mut line = Vec::new();
            event.encode(Some(&run()), Some(seq), at(seq.cast_signed()), &mut line);
            line
        }).collect();
        let whole = fold(&events);
        let (cut, resend) = (cut % lines.len() + 1, resend % lines.len());

        let mut twice = RunState::new(run());
        for line in lines[..cut].iter().chain(&lines[resend.min(cut)..]) {
            apply(&mut twice, line);
        }
        prop_assert_eq!(&twice, &whole);

        let base = fold(&events[..cut]);
        let mut late = RunState::new(run());
        apply(&mut late, &lines[0]);
        apply(&mut late, &snapshot(cut as u64, &base));
        for line in &lines[cut..] {
            apply(&mut late, line);
        }
        late.summaries.clear();
        // The snapshot tells of the files as well.
        prop_assert_eq!(&late, &whole);

        // The state itself survives the wire.
        let json = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<RunState>(&json).unwrap(), &whole);
    }
}
