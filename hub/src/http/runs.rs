//! Runs as JSON.

use std::sync::Arc;

use choo_protocol::RunState;
use hyper::http::request::Parts;
use serde::Serialize;

use super::query::Query;
use super::respond::{self, ApiError, Response};
use crate::core::{Rank, RunSummary};
use crate::shared::Shared;

/// How many runs a page has if the request does not say, and at most.
const LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// `/api/v1/runs`
pub(super) fn list(shared: &Shared, head: &Parts) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Page {
        runs: Vec<RunSummary>,
        /// What the next page is asked for with; absent behind the last run.
        next: Option<String>,
    }
    let query = Query::parse(head.uri.query())?;
    let limit = query.limit(LIMIT, MAX_LIMIT)?;
    let from = query.one("from")?.map(str::parse::<Rank>).transpose();
    let from = from.map_err(|error| ApiError::bad_request("cursor", error.to_string()))?;
    // Units are counted when the core is no longer held.
    let (runs, next) = shared.look(|core, _| {
        let (runs, next) = core.runs().page(from, limit);
        let runs: Vec<_> = runs.into_iter().map(|run| (Arc::clone(run.state()), run.is_live())).collect();
        (runs, next)
    });
    let runs = runs.iter().map(|(state, live)| RunSummary::of(state, *live)).collect();
    Ok(respond::json(&Page { runs, next: next.map(|rank| rank.to_string()) }))
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
