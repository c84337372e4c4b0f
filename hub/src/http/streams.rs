//! The streams.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_lite::{Stream, future, stream};
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName};
use hyper::http::request::Parts;

use super::encoding::Encoding;
use super::query::Query;
use super::respond::{self, ApiError, Response};
use crate::core::{Selection, Since, Step, Subscription};
use crate::shared::{Place, Shared};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `/api/v1/events`
pub(super) fn get(shared: &Arc<Shared>, head: &Parts) -> Result<Response, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let encoding = Encoding::accepted(&head.headers, query.one("batch")? == Some("1"));
    let last_event_id = last_event_id(&head.headers)?;
    let selection = Selection::Filter(query.filter()?);
    let since = query.since(last_event_id)?;
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let subscription = shared.look(|core, now| Subscription::new(core, selection, since, now));
    if encoding.is_sse() && last_event_id.is_some() && subscription.is_past_end() {
        // The one answer that keeps `EventSource` from coming back for ever.
        return Ok(respond::empty(StatusCode::NO_CONTENT));
    }
    Ok(respond::stream(encoding.content_type(), chunks(shared, subscription, encoding, place)))
}

/// `/api/events` (SPEC §9)
pub(super) fn get_newest(shared: &Arc<Shared>) -> Result<Response, ApiError> {
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let subscription = shared.look(|core, now| Subscription::new(core, Selection::Newest, Since::Now, now));
    let encoding = Encoding::SseNamed;
    Ok(respond::stream(encoding.content_type(), chunks(shared, subscription, encoding, place)))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str();
    text.map(Some).map_err(|_| ApiError::bad_request("cursor", "the Last-Event-ID is not ASCII"))
}

/// The bytes of a stream. The next chunk is made when the last one has left.
fn chunks(
    shared: &Arc<Shared>,
    subscription: Subscription,
    encoding: Encoding,
    place: Place,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let opening = Bytes::from_static(encoding.opening());
    let ready = VecDeque::from_iter(Some(opening).filter(|opening| !opening.is_empty()));
    let reader = Reader { shared: Arc::clone(shared), subscription, encoding, ready, _place: place };
    stream::unfold(reader, |mut reader| async move {
        let chunk = reader.next().await?;
        Some((chunk, reader))
    })
}

struct Reader {
    shared: Arc<Shared>,
    subscription: Subscription,
    encoding: Encoding,
    ready: VecDeque<Bytes>,
    _place: Place,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Some(chunk);
            }
            // Made before looking, so that nothing recorded in between is slept through.
            let changed = self.shared.changed();
            let (step, now) = self.shared.look(|core, now| (self.subscription.poll(core, now), now));
            match step {
                Step::Send(block) => {
                    let mut chunk = Vec::new();
                    self.encoding.write(&block, now.time, &mut chunk);
                    if !chunk.is_empty() {
                        self.ready.push_back(chunk.into());
                    }
                }
                Step::Wait(until) => future::or(changed, self.shared.sleep_until(until)).await,
                Step::Gather(until) => self.shared.sleep_until(until).await,
                Step::End => return None,
            }
        }
    }
}
