//! How the files of a run differ.

use std::sync::Arc;

use hyper::http::request::Parts;

use super::outcome::Outcome;
use super::query::Query;
use super::respond::{self, ApiError};
use crate::core::{DiffFilter, DiffSearch, Looking};
use crate::shared::Shared;

/// `/api/v1/runs/{run}/diff`
pub(super) fn get(shared: &Arc<Shared>, run: &str, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let own = |name| Ok(query.one(name)?.map(str::to_owned));
    let filter = DiffFilter { unit: own("unit")?, task: query.task()?, file: own("file")? };
    let search = shared.look(|core, _| core.runs().get(run).map(|run| DiffSearch::new(core, run, &filter)));
    let mut search = search.ok_or_else(|| ApiError::not_found("this hub knows no such run"))?;
    let shared = Arc::clone(shared);
    let find = smol::unblock(move || {
        loop {
            match shared.look(|core, _| search.poll(core)) {
                Looking::Take(found) => search.handle_found(found),
                Looking::Fetch(fetch) => search.handle_page(shared.read(&fetch)),
                Looking::Done(diffs) => return Ok(respond::json(&diffs)),
            }
        }
    });
    Ok(Outcome::Later(Box::pin(find)))
}
