//! Runs and the hub's own health, as JSON.

use std::sync::Arc;

use choo_protocol::{RunId, RunState};
use serde::Serialize;
use serde_json::json;

use super::respond::{self, ApiError, Response};
use crate::core::{Core, Run, RunSummary};
use crate::shared::Shared;

/// `/api/v1/runs`
pub(super) fn list(shared: &Shared) -> Response {
    #[derive(Serialize)]
    struct Page {
        runs: Vec<RunSummary>,
        /// Where the next page begins; they fit on one as long as they are in memory.
        next: Option<RunId>,
    }
    let runs = shared.look(|core, _| core.runs().newest_first().into_iter().map(Run::summary).collect());
    respond::json(&Page { runs, next: None })
}

/// `/api/v1/runs/{run}`
pub(super) fn state(shared: &Shared, run: &str) -> Result<Response, ApiError> {
    Ok(respond::json(&*find(shared, run)?))
}

/// `/api/v1/runs/{run}/graph`
pub(super) fn graph(shared: &Shared, run: &str) -> Result<Response, ApiError> {
    Ok(respond::json(&find(shared, run)?.graph()))
}

/// `/healthz`: that it is there, and for those who may know, how it is.
pub(super) fn health(shared: &Shared, may_know: bool) -> Response {
    if !may_know {
        return respond::json(&json!({ "status": "ok" }));
    }
    let mut health = shared.look(|core, now| {
        json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_secs": now.at.as_secs(),
            "epoch": core.epoch().to_string(),
            "runs": core.runs().len(),
            "producers": core.producers(),
            "history": history(core),
            "bad_lines": { "total": core.rejects().total(), "latest": core.rejects().kept().collect::<Vec<_>>() },
        })
    });
    health["clients"] = shared.clients().into();
    respond::json(&health)
}

fn history(core: &Core) -> serde_json::Value {
    let history = core.history();
    json!({ "events": history.len(), "bytes": history.bytes(), "evicted": history.floor() })
}

fn find(shared: &Shared, run: &str) -> Result<Arc<RunState>, ApiError> {
    let state = shared.look(|core, _| core.runs().get(run).map(|run| Arc::clone(run.state())));
    state.ok_or_else(|| ApiError::not_found("this hub knows no such run"))
}
