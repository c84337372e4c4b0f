//! Patches made from what changed lead from one state's JSON to the next, applied by somebody else's code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod streams;

use choo_protocol::{
    Change, IdMap, JsonPatch, Limits, Line, PatchOp, RunState, RunStore, StatePatch, TaskState, Timestamp,
    UnitCounts, UnitState, kind, snapshot_line,
};
use proptest::prelude::*;
use serde_json::Value;
use streams::{any_stream, state_of};

/// Applies a patch with the `json-patch` crate, which refuses to replace or remove what is not there. We
/// in turn do not add what is there, though RFC 6902 would let us.
fn follow(json: &mut Value, patch: &JsonPatch) {
    for op in &patch.0 {
        if let PatchOp::Add { path, .. } = op {
            assert_eq!(json.pointer(path), None, "{patch:?}");
        }
        let op: json_patch::Patch = serde_json::from_value(serde_json::json!([op])).unwrap();
        json_patch::patch(json, &op).unwrap_or_else(|error| panic!("{error}: {patch:?}"));
    }
}

fn json(state: &RunState) -> Value {
    serde_json::to_value(state).unwrap()
}

/// More than any single event needs: five of the run and as many of a unit, a task, a pull request.
const MAX_OPS: usize = 20;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn patches_lead_from_state_to_state(lines in any_stream(80)) {
        let mut state = RunState::new("r".parse().unwrap());
        let mut known = json(&state);
        let (mut base, mut numbered) = (0, known.clone());
        for text in &lines {
            let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
            let before = state.clone();
            let change = state.apply(&line);
            let patch = JsonPatch::of_line(&line, &change, &state);
            follow(&mut known, &patch);
            prop_assert_eq!(&known, &json(&state), "{} {:?}", text, patch);
            prop_assert!(patch.0.len() <= MAX_OPS, "{} {:?}", text, patch);
            if change.is_ignored() {
                prop_assert!(patch.is_empty() && state == before, "{}", text);
            }
            if change.is_quiet() {
                prop_assert_eq!(&RunState { seq: state.seq, ..before }, &state, "{}", text);
            }
            // Numbered patches leave quiet lines out.
            if let Some(step) = StatePatch::of_line(&line, &change, &state, (base, base + 7)) {
                prop_assert_eq!((step.base, step.version), (base, base + 7));
                base = step.version;
                follow(&mut numbered, &step.patch);
                prop_assert_eq!(&numbered, &known);
            } else {
                prop_assert!(change.is_quiet());
            }
        }
        let before = state.status;
        let change = state.set_stale();
        follow(&mut known, &JsonPatch::of_run(&change, &state));
        prop_assert_eq!(&known, &json(&state));
        let change = state.unset_stale(before);
        follow(&mut known, &JsonPatch::of_run(&change, &state));
        prop_assert_eq!(&known, &json(&state));
        prop_assert_eq!(state.status, before);
        let mut nothing = Value::Null;
        follow(&mut nothing, &StatePatch::whole(&state, 1).patch);
        prop_assert_eq!(&nothing, &json(&state));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a stream is cut, the store folds it to the same bytes as the bare fold does, and says of
    /// each unit that changed that it did.
    #[test]
    fn any_cut_of_a_stream_gives_the_same_bytes(
        lines in any_stream(60),
        cuts in prop::collection::vec(1..400_usize, 1..20),
    ) {
        let expected = state_of(&lines);
        let stream: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let mut store = RunStore::new(1 << 20);
        let mut known: IdMap<String, UnitState> = IdMap::new();
        let mut rest = stream.as_bytes();
        for cut in cuts.iter().cycle() {
            let (chunk, tail) = rest.split_at(rest.len().min(*cut));
            rest = tail;
            store.push(chunk);
            let changes = store.take_changes();
            let Some(state) = store.state("r") else { continue };
            if !changes.all.is_empty() {
                known.clone_from(&state.units);
            }
            for id in changes.units.iter().flat_map(|units| &units.ids) {
                known.insert(id.clone(), state.units[id].clone());
            }
            // Whoever reads again only what the store names is up to date.
            prop_assert_eq!(&known, &state.units);
            if rest.is_empty() {
                break;
            }
        }
        let bytes = serde_json::to_vec(&expected).unwrap();
        prop_assert_eq!(serde_json::to_vec(store.state("r").unwrap()).unwrap(), bytes);
        prop_assert_eq!(store.summaries()[0].counts, counts(&expected));
    }
}

fn counts(state: &RunState) -> UnitCounts {
    let mut fresh = RunStore::new(1 << 20);
    let part = state.parts(usize::MAX).remove(0);
    let mut line = snapshot_line(&state.run, "c", 1, 1, &part, Timestamp::from_unix_nanos(0));
    line.push(b'\n');
    fresh.push(&line);
    fresh.summaries()[0].counts
}

/// A patch is as large as the change, however large the state.
#[test]
fn a_task_of_a_large_state_takes_a_few_bytes() {
    let mut state = state_of(&[]);
    for n in 0..10_000 {
        state.units.insert(format!("unit-{n}"), UnitState { order: n, ..UnitState::default() });
    }
    let unit = state.units.get_mut("unit-77").unwrap();
    unit.tasks = (0..10_000).map(|n| (n, TaskState::default())).collect();
    let mut known = json(&state);
    for (kind, task) in [
        (kind::TASK_STARTED, 5000),
        (kind::TASK_RETRY, 5000),
        (kind::TASK_COMPLETED, 5000),
        (kind::TASK_STARTED, 10_001),
        (kind::UNIT_FAILED, 0),
    ] {
        let seq = state.seq + 1;
        let text = format!(
            r#"{{"type":"{kind}","time":"2025-01-18T10:30:00Z","unit":"unit-77","task":{task},"seq":{seq}}}"#
        );
        let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
        let change = state.apply(&line);
        let patch = JsonPatch::of_line(&line, &change, &state);
        let bytes = serde_json::to_string(&patch).unwrap().len();
        assert!(patch.0.len() <= 6 && bytes <= 512, "{bytes} bytes: {patch:?}");
        follow(&mut known, &patch);
    }
    assert_eq!(known, json(&state));
}

#[test]
fn ids_are_escaped_and_first_entries_bring_their_object() {
    let steps = [
        r#"{"type":"unit.started","unit":"~a/b","seq":1}"#,
        r#"{"type":"task.started","unit":"~a/b","task":-1,"seq":2}"#,
        r#"{"type":"pr.created","pr":5,"seq":3}"#,
        r#"{"type":"diff.file","unit":"~a/b","payload":{"file":"src/~1"},"seq":4}"#,
        r#"{"type":"diff.file","payload":{"file":"x"},"seq":5}"#,
        r#"{"type":"diff.removed","unit":"~a/b","payload":{"file":"src/~1"},"seq":6}"#,
        r#"{"type":"diff.removed","payload":{"file":"x"},"seq":7}"#,
        r#"{"type":"unit.failed","unit":"~a/b","error":"e","seq":8}"#,
        r#"{"type":"unit.completed","unit":"~a/b","seq":9}"#,
        r#"{"type":"log.stdout","unit":"new","seq":10}"#,
        r#"{"type":"log.stdout","unit":"new","seq":10}"#,
    ];
    let mut state = RunState::new("r".parse().unwrap());
    let patches: Vec<String> = steps
        .iter()
        .map(|text| {
            let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
            let change: Change = state.apply(&line);
            serde_json::to_string(&JsonPatch::of_line(&line, &change, &state)).unwrap()
        })
        .collect();
    insta::assert_snapshot!(patches.join("\n"));
}
