//! Runs as JSON.

use std::sync::Arc;

use choo_protocol::{RunId, RunState};
use serde::Serialize;

use super::respond::{self, ApiError, Response};
use crate::core::{Run, RunSummary};
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

fn find(shared: &Shared, run: &str) -> Result<Arc<RunState>, ApiError> {
    let state = shared.look(|core, _| core.runs().get(run).map(|run| Arc::clone(run.state())));
    state.ok_or_else(|| ApiError::not_found("this hub knows no such run"))
}
