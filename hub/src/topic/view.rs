//! What the topics show.

use std::sync::Arc;

use choo_protocol::{RunId, RunState, RunStatus, UnitState, UnitStatus};
use serde::Serialize;
use serde_json::{Value, json};

use super::Topic;
use crate::core::{Core, RunSummary};
use crate::http::routes;

/// What was seen of the core, in a turn that only copies pointers.
#[derive(Debug)]
pub(crate) enum View {
    /// Runs, newest first, and whether each goes on.
    Runs(Vec<(Arc<RunState>, bool)>),
    State(Option<Arc<RunState>>),
    Monitor(Vec<Arc<RunState>>),
    Queue(Vec<Arc<RunState>>),
    Other(Value),
    Routes,
}

/// A unit, with what is shown of it.
#[derive(Serialize)]
struct UnitView<'a> {
    run: &'a RunId,
    unit: &'a str,
    label: Option<&'a str>,
    status: UnitStatus,
    current_task: i64,
    total_tasks: Option<u32>,
    completed_tasks: u32,
}

/// S2-23.
#[derive(Serialize)]
struct QueueView<'a> {
    phases: Vec<UnitView<'a>>,
    total: usize,
    /// Whether a run holds back what it has to do.
    paused: bool,
}

impl Topic {
    /// Looks at the core. `clients` is how many streams are being read.
    pub(crate) fn look(&self, core: &Core, clients: usize) -> View {
        let runs = || core.runs().newest_first().into_iter();
        let live = || runs().filter(|run| run.is_live()).map(|run| Arc::clone(run.state())).collect();
        let of = |wanted: bool| {
            let runs = runs().filter(|run| run.is_live() == wanted);
            runs.map(|run| (Arc::clone(run.state()), wanted)).collect()
        };
        match self {
            Topic::Workflows => View::Runs(of(true)),
            Topic::History => View::Runs(of(false)),
            Topic::State(run) => {
                View::State(core.runs().get(run.as_str()).map(|run| Arc::clone(run.state())))
            }
            Topic::Monitor => View::Monitor(live()),
            Topic::Queue => View::Queue(live()),
            Topic::System => {
                let trouble = core.storing().and_then(|storing| storing.trouble());
                View::Other(json!({
                    "status": if trouble.is_some() { "degraded" } else { "ok" },
                    "error": trouble.map(|trouble| &trouble.message),
                    "version": env!("CARGO_PKG_VERSION"),
                    "epoch": core.epoch().to_string(),
                    "runs": core.runs().len(),
                    "producers": core.producers(),
                    "clients": clients,
                    "bad_lines": core.rejects().total(),
                }))
            }
            Topic::Producers => {
                let senders = runs().filter(|run| run.is_live());
                let senders: Vec<Value> = senders
                    .map(|run| json!({ "run": run.id(), "pid": run.pid(), "connected": run.connected() }))
                    .collect();
                View::Other(json!({ "connected": core.producers(), "runs": senders }))
            }
            Topic::Routes => View::Routes,
        }
    }
}

impl View {
    /// As JSON.
    pub(crate) fn json(&self) -> Vec<u8> {
        let json = match self {
            View::Runs(runs) => {
                let rows: Vec<RunSummary> =
                    runs.iter().map(|(state, live)| RunSummary::of(state, *live)).collect();
                serde_json::to_vec(&rows)
            }
            View::State(state) => serde_json::to_vec(&state.as_deref()),
            View::Monitor(states) => serde_json::to_vec(&units(states, |unit| {
                matches!(unit.status, UnitStatus::InProgress | UnitStatus::InReview)
            })),
            View::Queue(states) => {
                let phases = units(states, |unit| {
                    matches!(unit.status, UnitStatus::Pending | UnitStatus::Ready | UnitStatus::Blocked)
                });
                let paused = states.iter().any(|state| state.status == RunStatus::Paused);
                serde_json::to_vec(&QueueView { total: phases.len(), phases, paused })
            }
            View::Other(value) => serde_json::to_vec(value),
            View::Routes => serde_json::to_vec(&routes()),
        };
        // All keys are strings, so that it can be written.
        json.unwrap_or_default()
    }
}

/// The units of these runs that fit, in the runs' order.
fn units(states: &[Arc<RunState>], fits: fn(&UnitState) -> bool) -> Vec<UnitView<'_>> {
    let mut found = Vec::new();
    for state in states {
        for id in state.unit_ids() {
            let unit = &state.units[id];
            if fits(unit) {
                found.push(UnitView {
                    run: &state.run,
                    unit: id,
                    label: unit.label.as_deref(),
                    status: unit.status,
                    current_task: unit.current_task,
                    total_tasks: unit.total_tasks,
                    completed_tasks: unit.completed_tasks,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::Moment;

    fn show(core: &Core, topic: &str) -> Value {
        serde_json::from_slice(&Topic::parse(topic).unwrap().look(core, 3).json()).unwrap()
    }

    #[test]
    fn s2_23_what_each_topic_shows() {
        let now = Moment { at: Duration::ZERO, time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let mut core = Core::new(1 << 20, 1, now);
        let mut producer = core.connect(Some(7));
        for line in [
            r#"{"type":"orch.started","run":"old","seq":1}"#,
            r#"{"type":"orch.completed","run":"old","seq":2}"#,
            r#"{"type":"link.bye","run":"old","payload":{"last":2}}"#,
            r#"{"type":"orch.started","run":"r","seq":1,"payload":{"unit_count":3,"parallelism":1,"graph":{"nodes":[{"id":"a","level":0,"tasks":2},{"id":"b","level":1},{"id":"c","level":1}],"edges":[],"levels":[]}}}"#,
            r#"{"type":"unit.started","run":"r","seq":2,"unit":"a"}"#,
            r#"{"type":"unit.failed","run":"r","seq":3,"unit":"c"}"#,
            r#"{"type":"orch.paused","run":"r","seq":4}"#,
        ] {
            producer.handle_bytes(&mut core, format!("{line}\n").as_bytes(), now);
        }
        let rows = show(&core, "workflows");
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["run"]), (1, &json!("r")));
        assert_eq!(
            (&rows[0]["failed"], &rows[0]["units"], &rows[0]["live"]),
            (&json!(1), &json!(3), &json!(true))
        );
        let rows = show(&core, "workflow-history");
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["status"]), (1, &json!("completed")));
        assert_eq!(show(&core, "adw-state/r"), json!(**core.runs().get("r").unwrap().state()));
        assert_eq!(show(&core, "adw-state/none"), Value::Null);
        let unit = json!({"run": "r", "unit": "a", "label": null, "status": "in_progress", "current_task": 0, "total_tasks": 2, "completed_tasks": 0});
        assert_eq!(show(&core, "adw-monitor"), json!([unit]));
        let queue = show(&core, "queue");
        assert_eq!((&queue["total"], &queue["paused"]), (&json!(1), &json!(true)));
        assert_eq!(
            (&queue["phases"][0]["unit"], &queue["phases"][0]["status"]),
            (&json!("b"), &json!("pending"))
        );
        let system = show(&core, "system-status");
        assert_eq!(
            (&system["status"], &system["clients"], &system["producers"]),
            (&json!("ok"), &json!(3), &json!(1))
        );
        assert_eq!(
            show(&core, "webhook-status"),
            json!({"connected": 1, "runs": [{"run": "r", "pid": 7, "connected": true}]})
        );
        let routes = show(&core, "routes");
        assert!(
            routes.as_array().unwrap().contains(
                &json!({"method": "GET", "path": "/api/v1/runs", "summary": "The runs, newest first, page by page."})
            ),
            "{routes}"
        );
        producer.handle_end(&mut core, now);
    }
}
