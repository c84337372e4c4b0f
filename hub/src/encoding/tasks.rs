//! State changes as another tool's clients know them: a JSON Patch (RFC 6902) of an object with all tasks
//! by their ids, `/tasks/{id}/status` (S4-05). A task's id is `run~unit~task`.

use choo_protocol::{JsonPatch, PatchOp, RunState, StatePatch};
use serde_json::{Map, Value, json};

use super::told::{self, Told};
use crate::core::{Block, Body, Frame, Patch};

/// Appends the block.
pub(super) fn write(block: &Block, out: &mut Vec<u8>) {
    told::write(block, false, tell, out);
}

fn tell(frame: &Frame) -> Option<Told> {
    let ops = match frame {
        Frame::Event(record) => match (record.patch.as_deref(), &record.body) {
            (Some(Patch::Whole(state)), _) => of_state(state),
            (Some(Patch::Step(json)), _) => of_step(&serde_json::from_slice(json).ok()?),
            (None, Body::Line { json, .. }) => return Told::control(json),
            (None, Body::State(_)) => return None,
        },
        Frame::Document { state, .. } => of_state(state),
        Frame::Control(json) => {
            let told = Told::control(json)?;
            if told.name != Some("hello") {
                return Some(told);
            }
            let hello: Value = serde_json::from_slice(&told.data).ok()?;
            if hello["recovered"] == true {
                return None;
            }
            vec![PatchOp::Replace { path: String::new(), value: json!({ "tasks": {} }) }]
        }
        Frame::Snapshot { .. } => return None,
    };
    if ops.is_empty() { None } else { serde_json::to_vec(&JsonPatch(ops)).ok().map(Told::of) }
}

/// All tasks of a run. Its units and tasks never get fewer, so that none has to be removed.
fn of_state(state: &RunState) -> Vec<PatchOp> {
    let mut ops = Vec::new();
    for (unit, it) in &state.units {
        for (number, task) in &it.tasks {
            add(state.run.as_str(), unit, &number.to_string(), &json!(task), &mut ops);
        }
    }
    ops
}

/// What a step changes of tasks.
fn of_step(step: &StatePatch) -> Vec<PatchOp> {
    let run = step.run.as_str();
    let mut ops = Vec::new();
    for op in &step.patch.0 {
        let (PatchOp::Add { path, .. } | PatchOp::Replace { path, .. } | PatchOp::Remove { path }) = op;
        let segments: Vec<String> = path.split('/').skip(1).map(unescape).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let value = match op {
            PatchOp::Add { value, .. } | PatchOp::Replace { value, .. } => Some(value),
            PatchOp::Remove { .. } => None,
        };
        match (&segments[..], value) {
            (["units"], Some(units)) => {
                for (unit, it) in members(units) {
                    add_all(run, unit, &it["tasks"], &mut ops);
                }
            }
            (["units", unit], Some(it)) => add_all(run, unit, &it["tasks"], &mut ops),
            (["units", unit, "tasks"], Some(tasks)) => add_all(run, unit, tasks, &mut ops),
            (["units", unit, "tasks", number], Some(task)) => add(run, unit, number, task, &mut ops),
            (["units", unit, "tasks", number, member], value) => {
                let path = format!("{}/{}", pointer(run, unit, number), escape(member));
                ops.push(match (op, value) {
                    (PatchOp::Add { .. }, Some(value)) => PatchOp::Add { path, value: value.clone() },
                    (_, Some(value)) => PatchOp::Replace { path, value: value.clone() },
                    (_, None) => PatchOp::Remove { path },
                });
            }
            _ => {}
        }
    }
    ops
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flat_map(Map::iter)
}

fn add_all(run: &str, unit: &str, tasks: &Value, ops: &mut Vec<PatchOp>) {
    for (number, task) in members(tasks) {
        add(run, unit, number, task, ops);
    }
}

/// Puts a task in the place of what was there (RFC 6902, 4.1).
fn add(run: &str, unit: &str, number: &str, task: &Value, ops: &mut Vec<PatchOp>) {
    let mut value = json!({ "run": run, "unit": unit, "task": number.parse::<i64>().ok() });
    if let Some(value) = value.as_object_mut() {
        value.extend(members(task).map(|(name, member)| (name.clone(), member.clone())));
    }
    ops.push(PatchOp::Add { path: pointer(run, unit, number), value });
}

fn pointer(run: &str, unit: &str, number: &str) -> String {
    format!("/tasks/{}", escape(&format!("{run}~{unit}~{number}")))
}

/// As RFC 6901 has it.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescape(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::{Core, Moment, Selection, Since, Step, Subscription};

    fn apply(document: &mut Value, patch: &[u8]) {
        let patch: json_patch::Patch = serde_json::from_slice(patch).unwrap();
        json_patch::patch(document, &patch).unwrap();
    }

    /// All that the first column of the other tool's board shows.
    fn whole(core: &Core) -> Value {
        let mut document = json!({ "tasks": {} });
        for run in core.runs().iter() {
            apply(&mut document, &serde_json::to_vec(&JsonPatch(of_state(run.state()))).unwrap());
        }
        document
    }

    #[test]
    fn s4_05_s4_19_each_change_of_a_task_is_an_operation_by_its_id() {
        let now = Moment { at: Duration::ZERO, time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let mut core = Core::new(1 << 20, 1, now);
        core.begin_patches();
        let mut reader = Subscription::new(&core, Selection::Patches(None), Since::Snapshot, now);
        let mut producer = core.connect(None);
        let mut document = Value::Null;
        let mut operations = Vec::new();
        for line in [
            r#"{"type":"orch.started","run":"r","seq":1}"#,
            r#"{"type":"task.started","run":"r","seq":2,"unit":"a/b","task":1}"#,
            r#"{"type":"unit.started","run":"r","seq":3,"unit":"c"}"#,
            r#"{"type":"task.started","run":"r","seq":4,"unit":"c","task":1}"#,
            r#"{"type":"task.started","run":"r","seq":5,"unit":"c","task":2,"payload":{"name":"x"}}"#,
            r#"{"type":"task.failed","run":"r","seq":6,"unit":"c","task":2,"error":"no"}"#,
            r#"{"type":"task.started","run":"r","seq":7,"unit":"c","task":2}"#,
            r#"{"type":"unit.completed","run":"r","seq":8,"unit":"a/b"}"#,
            r#"{"type":"graph","run":"r","seq":9,"payload":{"nodes":[{"id":"c"},{"id":"d"}]}}"#,
        ] {
            producer.handle_bytes(&mut core, format!("{line}\n").as_bytes(), now);
            while let Step::Send(block) = reader.poll(&core, u64::MAX, now) {
                for Told { name, data } in block.frames.iter().filter_map(tell) {
                    assert_eq!(name, None);
                    apply(&mut document, &data);
                    let JsonPatch(ops) = serde_json::from_slice(&data).unwrap();
                    operations.extend(ops);
                }
            }
            assert_eq!(document, whole(&core), "{line}");
        }
        let task = &document["tasks"]["r~c~2"];
        assert_eq!((&task["run"], &task["unit"], &task["task"]), (&json!("r"), &json!("c"), &json!(2)));
        assert_eq!((&task["status"], &task["name"]), (&json!("running"), &json!("x")));
        let is = |path: &str| {
            operations.iter().any(|op| matches!(op, PatchOp::Replace { path: at, .. } if at == path))
        };
        assert!(is("/tasks/r~0c~02/status") && is(""), "{operations:?}");
        assert!(operations.contains(&PatchOp::Remove { path: "/tasks/r~0c~02/ended".to_owned() }));
    }
}
