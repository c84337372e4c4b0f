//! The original daemon's views of the most recently started run (SPEC §9).

use choo_protocol::{EdgePayload, GraphPayload, RunState, RunStatus, Timestamp, UnitState, UnitStatus};
use serde::Serialize;

use crate::core::Core;

/// `/api/state`
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateView {
    connected: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallelism: Option<u32>,
    units: Vec<UnitView>,
    summary: Summary,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnitView {
    id: String,
    status: &'static str,
    current_task: i64,
    total_tasks: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    total: usize,
    pending: usize,
    in_progress: usize,
    complete: usize,
    failed: usize,
    blocked: usize,
}

/// `/api/graph`
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct GraphView {
    nodes: Vec<NodeView>,
    edges: Vec<EdgePayload>,
    levels: Vec<Vec<String>>,
}

#[derive(Debug, PartialEq, Serialize)]
struct NodeView {
    id: String,
    level: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<u32>,
}

impl StateView {
    pub(super) fn of(core: &Core) -> Self {
        match core.runs().newest() {
            Some(run) => StateView::new(run.state(), run.connected()),
            None => StateView { connected: core.producers() > 0, status: "waiting", ..StateView::default() },
        }
    }

    fn new(state: &RunState, connected: bool) -> Self {
        let mut summary = Summary { total: state.units.len(), ..Summary::default() };
        let units = state.unit_ids().into_iter().map(|id| UnitView::new(id, &state.units[id]));
        let units: Vec<UnitView> = units.collect();
        for unit in &units {
            match unit.status {
                "in_progress" => summary.in_progress += 1,
                "complete" => summary.complete += 1,
                "failed" => summary.failed += 1,
                "blocked" => summary.blocked += 1,
                _ => summary.pending += 1,
            }
        }
        StateView {
            connected,
            status: run_status(state.status),
            started_at: state.started,
            parallelism: state.parallelism,
            units,
            summary,
        }
    }
}

impl UnitView {
    fn new(id: &str, unit: &UnitState) -> Self {
        UnitView {
            id: id.to_owned(),
            status: unit_status(unit.status),
            current_task: unit.current_task,
            total_tasks: unit.total_tasks.unwrap_or(0),
            error: unit.error.clone(),
            started_at: unit.started,
        }
    }
}

impl GraphView {
    pub(super) fn of(core: &Core) -> Self {
        core.runs().newest().map(|run| GraphView::new(run.state().graph())).unwrap_or_default()
    }

    fn new(graph: GraphPayload) -> Self {
        let node = |node: choo_protocol::NodePayload| NodeView {
            id: node.id,
            level: node.level.unwrap_or(0),
            tasks: node.tasks,
        };
        GraphView {
            nodes: graph.nodes.into_iter().map(node).collect(),
            edges: graph.edges,
            levels: graph.levels,
        }
    }
}

/// Its clients know four statuses; a run whose producer vanished shows by `connected`.
fn run_status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Waiting => "waiting",
        RunStatus::Running | RunStatus::Paused | RunStatus::Stale => "running",
        RunStatus::Completed => "completed",
        RunStatus::Failed | RunStatus::Cancelled => "failed",
    }
}

/// Its clients know six statuses.
fn unit_status(status: UnitStatus) -> &'static str {
    match status {
        UnitStatus::Pending => "pending",
        UnitStatus::Ready => "ready",
        UnitStatus::InProgress | UnitStatus::InReview => "in_progress",
        UnitStatus::Complete | UnitStatus::Skipped => "complete",
        UnitStatus::Failed | UnitStatus::Cancelled => "failed",
        UnitStatus::Blocked => "blocked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Moment;
    use serde_json::{Value, json};

    fn view(lines: &str) -> (Value, Value) {
        let now = Moment { at: std::time::Duration::ZERO, time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let mut core = Core::new(1 << 20, 1, now);
        let mut producer = core.connect(Some(1));
        producer.handle_bytes(&mut core, lines.as_bytes(), now);
        let json = (json!(StateView::of(&core)), json!(GraphView::of(&core)));
        producer.handle_end(&mut core, now);
        assert_eq!(json!(StateView::of(&core))["connected"], false, "the socket is closed");
        json
    }

    #[test]
    fn before_anything_is_known() {
        let (state, graph) = view("");
        let zero =
            json!({"total": 0, "pending": 0, "inProgress": 0, "complete": 0, "failed": 0, "blocked": 0});
        assert_eq!(state, json!({"connected": true, "status": "waiting", "units": [], "summary": zero}));
        assert_eq!(graph, json!({"nodes": [], "edges": [], "levels": []}));
    }

    #[test]
    fn statuses_of_ours_appear_as_those_it_knows() {
        let lines = [
            r#"{"type":"graph","payload":{"nodes":[{"id":"a","tasks":2},{"id":"b","depends_on":["a"]},{"id":"c"},{"id":"d"},{"id":"e"}]}}"#,
            r#"{"type":"orch.started","time":"2025-01-18T10:29:00Z","payload":{"unit_count":5,"parallelism":3}}"#,
            r#"{"type":"unit.started","unit":"a","time":"2025-01-18T10:29:01Z"}"#,
            r#"{"type":"task.started","unit":"a","task":2}"#,
            r#"{"type":"unit.blocked","unit":"b","error":"a failed"}"#,
            r#"{"type":"unit.skipped","unit":"c"}"#,
            r#"{"type":"unit.queued","unit":"d"}"#,
            r#"{"type":"unit.cancelled","unit":"e"}"#,
        ];
        let (state, graph) = view(&(lines.join("\n") + "\n"));
        assert_eq!(
            state,
            json!({
                "connected": true, "status": "running", "startedAt": "2025-01-18T10:29:00Z", "parallelism": 3,
                "units": [
                    {"id": "a", "status": "in_progress", "currentTask": 1, "totalTasks": 2, "startedAt": "2025-01-18T10:29:01Z"},
                    {"id": "b", "status": "blocked", "currentTask": 0, "totalTasks": 0, "error": "a failed"},
                    {"id": "c", "status": "complete", "currentTask": 0, "totalTasks": 0},
                    {"id": "d", "status": "ready", "currentTask": 0, "totalTasks": 0},
                    {"id": "e", "status": "failed", "currentTask": 0, "totalTasks": 0},
                ],
                "summary": {"total": 5, "pending": 1, "inProgress": 1, "complete": 1, "failed": 1, "blocked": 1},
            })
        );
        assert_eq!(graph["nodes"][0], json!({"id": "a", "level": 0, "tasks": 2}));
        assert_eq!(graph["edges"], json!([{"from": "a", "to": "b"}]));
    }
}
