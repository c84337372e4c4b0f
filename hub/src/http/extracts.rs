//! One run's lines as they are stored, page by page or as a whole.

use std::collections::VecDeque;
use std::sync::Arc;

use choo_protocol::{HubGap, Timestamp, control_line, kind};
use futures_lite::stream;
use hyper::body::Bytes;
use hyper::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue};
use hyper::http::request::Parts;

use super::outcome::Outcome;
use super::query::Query;
use super::respond::{self, ApiError, Response};
use crate::core::{Body, Core, Cursor, Extract, Extracted, Logs, Work};
use crate::shared::Shared;

/// Where the next page begins; absent behind the last line.
const NEXT: HeaderName = HeaderName::from_static("choo-next");

const NDJSON: &str = "application/x-ndjson";

/// How many lines a page has if the request does not say, and at most.
const LIMIT: usize = 1000;
const MAX_LIMIT: usize = 10_000;

/// A page ends behind so many bytes, also before its limit.
const PAGE_BYTES: usize = 4 << 20;

/// About how much of an export is held at a time, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// `/api/v1/runs/{run}/events`
pub(super) fn events(shared: &Arc<Shared>, run: &str, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let extract = begin(shared, run, &query)?;
    page(shared, extract, &query)
}

/// `/api/v1/runs/{run}/logs`
pub(super) fn logs(shared: &Arc<Shared>, run: &str, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let logs = Logs { unit: query.one("unit")?.map(str::to_owned), task: query.task()? };
    let extract = begin(shared, run, &query)?.only_logs(logs, query.one("q")?.unwrap_or_default());
    page(shared, extract, &query)
}

/// `/api/v1/runs/{run}/export`
pub(super) fn export(shared: &Arc<Shared>, run: &str, head: &Parts) -> Result<Response, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let work = (Arc::clone(shared), Reading::new(begin(shared, run, &query)?));
    let chunks = stream::unfold(work, |(shared, mut reading)| async move {
        if reading.over {
            return None;
        }
        smol::unblock(move || {
            let mut out = Vec::new();
            reading.read(&shared, usize::MAX, CHUNK_BYTES, &mut out);
            Some((Bytes::from(out), (shared, reading)))
        })
        .await
    });
    let mut response = respond::chunks(NDJSON, chunks);
    // The names of runs are made of letters, digits and `._-`.
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{run}.ndjson\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Behind the cursor `from`, or at the run's first line.
fn begin(shared: &Shared, run: &str, query: &Query) -> Result<Extract, ApiError> {
    let from = query.one("from")?.map(str::parse::<Cursor>).transpose();
    let from = from.map_err(|error| ApiError::bad_request("cursor", error.to_string()))?;
    let extract = shared.look(|core, _| {
        let known = core.runs().get(run)?;
        let first = known.offsets().0.saturating_sub(1);
        let after = match from {
            Some(cursor) => core.offset_of(cursor)?,
            None => first,
        };
        Some(Extract::new(core, known.id().clone(), after.max(first)))
    });
    extract.ok_or_else(|| ApiError::not_found("this hub knows no such run, or gave no such cursor"))
}

fn page(shared: &Arc<Shared>, extract: Extract, query: &Query) -> Result<Outcome, ApiError> {
    let limit = query.limit(LIMIT, MAX_LIMIT)?;
    let shared = Arc::clone(shared);
    let read = smol::unblock(move || {
        let mut reading = Reading::new(extract);
        let mut out = Vec::new();
        reading.read(&shared, limit, PAGE_BYTES, &mut out);
        let next = (!reading.over).then(|| shared.look(|core, _| core.cursor(reading.position)));
        let mut response = respond::bytes(NDJSON, out);
        if let Some(Ok(next)) = next.map(|next| HeaderValue::from_str(&next.to_string())) {
            response.headers_mut().insert(NEXT, next);
        }
        Ok(response)
    });
    Ok(Outcome::Later(Box::pin(read)))
}

/// An extract that is being written down.
struct Reading {
    extract: Extract,
    /// What was found and is not written yet.
    found: VecDeque<Extracted>,
    /// The offset of the last line that was written, or looked at and not wanted.
    position: u64,
    over: bool,
}

impl Reading {
    fn new(extract: Extract) -> Self {
        let position = extract.position();
        Reading { extract, found: VecDeque::new(), position, over: false }
    }

    /// Appends up to so many lines, and bytes; blocks.
    fn read(&mut self, shared: &Shared, mut lines: usize, bytes: usize, out: &mut Vec<u8>) {
        while lines > 0 && out.len() < bytes {
            match self.found.pop_front() {
                Some(Extracted::Line(record)) => {
                    if let Body::Line { json, .. } = &record.body {
                        out.extend_from_slice(json);
                        out.push(b'\n');
                        lines -= 1;
                    }
                    self.position = record.offset;
                }
                Some(Extracted::Hole(hole)) => {
                    let gap = |core: &Core, time: Timestamp| {
                        let gap = HubGap {
                            from: core.cursor(hole.from - 1).to_string(),
                            to: core.cursor(hole.to).to_string(),
                            count: Some(core.epochs().count(hole.from - 1, hole.to)),
                            why: hole.why.as_str().to_owned(),
                        };
                        control_line(kind::HUB_GAP, time, None, &gap)
                    };
                    out.extend(shared.look(|core, now| gap(core, now.time)));
                    out.push(b'\n');
                    self.position = hole.to;
                }
                None if self.over => return,
                None => self.find(shared),
            }
        }
        // A page that ends with the last line has none behind it.
        while self.found.is_empty() && !self.over {
            self.find(shared);
        }
    }

    fn find(&mut self, shared: &Shared) {
        match shared.look(|core, _| self.extract.poll(core)) {
            Work::Take(found) => self.found.extend(found.into_iter().filter(|it| self.extract.admits(it))),
            Work::Fetch(fetch) => self.extract.handle_page(shared.read(&fetch)),
            Work::Done => self.over = true,
        }
    }
}
