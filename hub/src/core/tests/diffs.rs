//! How the files of a run differ.

use super::super::{DiffFilter, DiffSearch, Looking};
use super::*;

fn diff(seq: u64, unit: &str, task: i64, file: &str, diff: &str) -> String {
    format!(
        r#"{{"type":"diff.file","time":"2025-01-18T10:30:15Z","unit":"{unit}","task":{task},"payload":{{"file":"{file}","diff":"{diff}"}},"run":"r","seq":{seq}}}"#
    )
}

impl World {
    fn diffs(&self, filter: &DiffFilter) -> Value {
        let mut search = DiffSearch::new(&self.core, self.core.runs().get("r").unwrap(), filter);
        loop {
            match search.poll(&self.core) {
                Looking::Take(found) => search.handle_found(found),
                Looking::Fetch(fetch) => panic!("nothing is stored: {fetch:?}"),
                Looking::Done(diffs) => return serde_json::to_value(&diffs).unwrap(),
            }
        }
    }

    /// `unit/file: diff` of each.
    fn short_diffs(&self, filter: &DiffFilter) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let of = |file: &Value| {
            let text = file["diff"].as_str().map_or_else(|| text(&file["missing"]), str::to_owned);
            format!("{}/{}: {text}", file["unit"].as_str().unwrap_or(""), file["file"].as_str().unwrap())
        };
        self.diffs(filter)["files"].as_array().unwrap().iter().map(of).collect()
    }
}

#[test]
fn s4_b08_the_newest_diff_of_a_file_replaces_those_before() {
    let mut world = World::new();
    let removed = r#"{"type":"diff.removed","unit":"a","payload":{"file":"gone"},"run":"r","seq":4}"#;
    world.visit(
        1,
        &[
            &diff(1, "a", 1, "src/x", "first"),
            &diff(2, "a", 1, "gone", "no more"),
            &diff(3, "b", 1, "src/x", "of another"),
            removed,
            &diff(5, "a", 2, "src/x", "second"),
            &diff(6, "a", 1, "y", "new"),
            &diff(7, "", 1, "z", "of no unit"),
        ],
    );
    let all = DiffFilter::default();
    assert_eq!(
        world.short_diffs(&all),
        ["/z: of no unit", "a/src/x: second", "a/y: new", "b/src/x: of another"]
    );
    let first = world.diffs(&DiffFilter { file: Some("y".to_owned()), ..DiffFilter::default() });
    assert_eq!(
        first,
        serde_json::json!({
            "files": [{"unit": "a", "file": "y", "diff": "new", "task": 1, "updated": "2025-01-18T10:30:15Z", "seq": 6}],
            "omitted": 0, "unlisted": 0,
        })
    );
    let of = |unit: Option<&str>, task| DiffFilter { unit: unit.map(str::to_owned), task, file: None };
    assert_eq!(world.short_diffs(&of(Some("b"), None)), ["b/src/x: of another"]);
    assert_eq!(world.short_diffs(&of(Some("a"), Some(2))), ["a/src/x: second"], "who changed it last");
    assert_eq!(world.short_diffs(&of(None, Some(9))), [""; 0]);
}

#[test]
fn what_is_not_there_is_told_to_be_missing() {
    let long = "x".repeat(300 << 10);
    let mut world = World::new();
    let lines: Vec<String> = (1..=30).map(|seq| diff(seq, "a", 1, &format!("f{seq:02}"), &long)).collect();
    world.visit(1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let missing = |world: &World, why: &str| {
        let diffs = world.diffs(&DiffFilter::default());
        let of = |file: &&Value| file["diff"].is_null() && file["missing"] == why;
        diffs["files"].as_array().unwrap().iter().filter(of).count()
    };
    assert_eq!(missing(&world, "size"), 3, "8 MiB have room for 27");
    let alone = world.short_diffs(&DiffFilter { file: Some("f30".to_owned()), ..DiffFilter::default() });
    assert_eq!(alone, [format!("a/f30: {long}")]);

    let mut world = World::with_history(1 << 20);
    world.visit(1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(missing(&world, "evicted"), 27);

    // Known by a pusher's snapshot only.
    let mut world = World::new();
    let state = r#"{"run":"r","seq":3,"diffs":{"a":{"x":{"seq":2}}}}"#;
    let snapshot =
        format!(r#"{{"type":"orch.snapshot","payload":{{"through":3,"state":{state}}},"run":"r"}}"#);
    world.visit(1, &[&snapshot, &event("unit.started", "r", 4)]);
    assert_eq!(world.short_diffs(&DiffFilter::default()), ["a/x: lost"]);
}
