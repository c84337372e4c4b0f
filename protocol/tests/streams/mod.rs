//! Streams of lines for property tests: every event type, awkward names, payloads that fit and that do
//! not, lines that come twice or without a number, losses and snapshots.

#![allow(dead_code, reason = "not every test needs all of it")]

use choo_protocol::{
    GraphPayload, Limits, Line, LinkLost, RunState, Timestamp, control_line, kind, orch_snapshot_line,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The fold of these lines.
pub(crate) fn state_of(lines: &[String]) -> RunState {
    let mut state = RunState::new("r".parse().unwrap());
    for line in lines {
        state.apply(&Line::parse(line.as_bytes(), &Limits::default()).unwrap());
    }
    state
}

const UNITS: &[&str] = &["", "a", "b", "a/b", "~", "~1/~0", "*", "Grün \"x\"", "units"];

/// Up to `max` lines of one run.
pub(crate) fn any_stream(max: usize) -> impl Strategy<Value = Vec<String>> {
    let step = (any_line(), 0..20_u32, any::<u32>());
    (prop::collection::vec(step, 1..max), prop::collection::vec(any_line(), 0..12)).prop_map(
        |(steps, other)| {
            let other: Vec<String> = (1..).zip(other).map(|(seq, line)| numbered(&line, Some(seq))).collect();
            let other = state_of(&other);
            let mut seq = 0;
            steps
                .iter()
                .flat_map(|(line, how, chance)| match how {
                    0 => {
                        seq += u64::from(chance % 4);
                        // Now and then one of the parts is missing.
                        let mut lines = snapshot(&other, seq, [1, 300, usize::MAX][*chance as usize / 4 % 3]);
                        if chance / 12 % 4 == 0 {
                            lines.remove(*chance as usize / 48 % lines.len());
                        }
                        lines
                    }
                    1 => {
                        let from = u64::from(chance % 9);
                        let lost = LinkLost {
                            from,
                            to: from + 3,
                            count: 2,
                            reason: "overflow".into(),
                            ..LinkLost::default()
                        };
                        vec![text(control_line(
                            kind::LINK_LOST,
                            Timestamp::from_unix_nanos(0),
                            Some(&other.run),
                            &lost,
                        ))]
                    }
                    2 => vec![numbered(line, Some(1 + u64::from(*chance) % (seq + 1)))],
                    3 => vec![numbered(line, None)],
                    _ => {
                        seq += 1;
                        vec![numbered(line, Some(seq))]
                    }
                })
                .collect()
        },
    )
}

/// The lines of an `orch.snapshot` in parts of about `max` bytes.
pub(crate) fn snapshot(state: &RunState, through: u64, max: usize) -> Vec<String> {
    let parts = state.parts(max);
    let line = |(n, part): (usize, &String)| {
        let time = Timestamp::from_unix_nanos(0);
        text(orch_snapshot_line(&state.run, through, n + 1, parts.len(), part, time))
    };
    parts.iter().enumerate().map(line).collect()
}

fn text(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap()
}

fn numbered(line: &Value, seq: Option<u64>) -> String {
    let mut line = line.clone();
    line["seq"] = seq.into();
    line["run"] = "r".into();
    line.to_string()
}

fn any_line() -> impl Strategy<Value = Value> {
    // Those that do most come most.
    let kinds: Vec<&str> = kind::ALL
        .iter()
        .copied()
        .filter(|kind| {
            !choo_protocol::is_control(kind) && *kind != kind::LINK_LOST && *kind != kind::ORCH_SNAPSHOT
        })
        .chain([kind::DIFF_FILE, kind::DIFF_FILE, kind::DIFF_REMOVED, kind::TASK_USAGE, kind::TASK_STARTED])
        .chain([kind::GRAPH, "x.acme.deployed", "unit.of.the.future"])
        .collect();
    let kind = prop::sample::select(kinds);
    let unit = prop::sample::select(UNITS);
    let task = prop::option::of(-1..4_i64);
    let pr = prop::option::of(1..4_i64);
    let time = prop::option::of(0..5_u32);
    let error = prop::sample::select(vec!["", "", "bad"]);
    (kind, unit, task, pr, time, error, any::<u32>()).prop_map(|(kind, unit, task, pr, time, error, chance)| {
        let time = time.map(|secs| format!("2025-01-18T10:30:0{secs}Z"));
        let payload = payload(kind, chance);
        json!({ "type": kind, "unit": unit, "task": task, "pr": pr, "time": time, "error": error, "payload": payload })
    })
}

/// One of a few payloads of this type; now and then none, or one of another shape.
fn payload(kind: &str, chance: u32) -> Value {
    let pick = chance as usize / 16;
    match (chance % 16, kind) {
        (0, _) => json!("of another shape"),
        (1, _) => Value::Null,
        (_, kind::ORCH_STARTED | kind::ORCH_DRYRUN_STARTED) => {
            let graph = GraphPayload::build([("a", vec![]), ("a/b", vec!["a"])]).unwrap();
            [
                json!({ "unit_count": 2, "parallelism": 0 }),
                json!({ "unit_count": 2, "parallelism": 3, "graph": graph }),
            ][pick % 2]
                .clone()
        }
        (_, kind::GRAPH) => [
            json!({ "nodes": [] }),
            json!({ "nodes": [{ "id": "b", "tasks": 2, "label": "B" }, { "id": "a", "depends_on": ["b"] }] }),
            json!({ "nodes": [{ "id": "*" }], "levels": [["*"]] }),
        ][pick % 3]
            .clone(),
        (_, kind::UNIT_STARTED) => json!({ "total_tasks": pick % 4, "completed_tasks": pick % 2 }),
        (_, kind::TASK_USAGE) => {
            json!({ "input_tokens": pick, "output_tokens": 3, "cost_usd": f64::from(chance) / 1e7 - 10.0 })
        }
        (_, kind::DIFF_FILE | kind::DIFF_REMOVED) => {
            let file = ["a", "src/x~y.rs", "\u{1f600}", ""][pick % 4];
            json!({ "file": file, "diff": "+x", "status": "added", "additions": pick % 3, "binary": pick.is_multiple_of(5) })
        }
        (_, kind) if kind.starts_with("pr.") => {
            [json!({ "url": "https://x", "title": "t" }), json!({ "branch": "b" }), json!({})][pick % 3]
                .clone()
        }
        (_, kind) if kind.starts_with("task.") => {
            [json!({ "name": "n", "attempt": pick % 3 }), json!({})][pick % 2].clone()
        }
        (_, kind) if kind.starts_with("log.") => json!({ "content": "x", "n": pick }),
        _ => json!({ "any": ["thing"] }),
    }
}
