//! The streams: what a request for one has to be, and how the answer begins.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode, Version};
use tungstenite::handshake::server::create_response;

use super::outcome::{Outcome, Stream};
use super::query::{self, Query};
use super::respond::{self, ApiError};
use crate::core::{Part, Process, Selection, Since, Subscription};
use crate::encoding::{END_MARK, Encoding, Framing};
use crate::fan::NewReader;
use crate::shared::{Place, Shared};
use crate::topic::Topic;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The one version of the protocol, as a subprotocol.
pub(super) const SUBPROTOCOL: &str = "choo.v1";

/// `/api/v1/events`
pub(super) fn events(shared: &Arc<Shared>, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let encoding = Encoding::accepted(&head.headers, query.one("batch")? == Some("1"));
    let last_event_id = last_event_id(&head.headers)?;
    let selection = Selection::Filter(query.filter()?);
    let since = query.since(last_event_id)?;
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let subscription = subscribe(shared, &selection, since);
    if encoding.is_sse() && last_event_id.is_some() && subscription.is_past_end() {
        // The one answer that keeps `EventSource` from coming back for ever.
        return Ok(Outcome::Answer(respond::empty(StatusCode::NO_CONTENT)));
    }
    Ok(stream(shared, head, encoding, (selection, subscription), place))
}

/// `/api/v1/patches`
pub(super) fn patches(shared: &Arc<Shared>, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let last_event_id = last_event_id(&head.headers)?;
    let since = query.since(last_event_id)?;
    if matches!(since, Since::Earliest | Since::Now) {
        let message = "patches lead on from a state: `since` is `snapshot` or a cursor";
        return Err(ApiError::bad_request("cursor", message));
    }
    let selection = Selection::Patches(query.filter()?.run);
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    shared.act(|core, _| core.begin_patches());
    let subscription = subscribe(shared, &selection, since);
    if last_event_id.is_some() && subscription.is_past_end() {
        return Ok(Outcome::Answer(respond::empty(StatusCode::NO_CONTENT)));
    }
    Ok(stream(shared, head, Encoding::Patches, (selection, subscription), place))
}

/// `/api/events/`
pub(super) fn task_patches(shared: &Arc<Shared>, head: &Parts) -> Result<Outcome, ApiError> {
    let since = Query::default().since(last_event_id(&head.headers)?)?;
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    shared.act(|core, _| core.begin_patches());
    let selection = Selection::Patches(None);
    let subscription = subscribe(shared, &selection, since);
    Ok(stream(shared, head, Encoding::Tasks, (selection, subscription), place))
}

/// `/api/events/processes/{id}/logs` and `/api/events/task-attempts/{id}/diff`
pub(super) fn process(shared: &Arc<Shared>, id: &str, part: Part, head: &Parts) -> Result<Outcome, ApiError> {
    let unknown = || ApiError::not_found("this hub knows no such run; an id is `run~unit~task`");
    let id = query::decode_segment(id).ok_or_else(unknown)?;
    let process = Process::parse(&id, part).ok_or_else(unknown)?;
    let last_event_id = last_event_id(&head.headers)?;
    let at_end = last_event_id.and_then(|id| id.strip_suffix(END_MARK));
    let since = Query::default().since(at_end.or(last_event_id))?;
    let (known, over) = shared.look(|core, _| {
        let offset = match since {
            Since::Cursor(cursor) => core.offset_of(cursor),
            _ => None,
        };
        let over = at_end.and(offset).is_some_and(|offset| process.is_past_end(core, offset));
        (core.runs().get(process.run.as_str()).is_some(), over)
    });
    if !known {
        return Err(unknown());
    }
    if over {
        return Ok(Outcome::Answer(respond::empty(StatusCode::NO_CONTENT)));
    }
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let selection = Selection::Process(process);
    let subscription = subscribe(shared, &selection, since);
    Ok(stream(shared, head, Encoding::Process, (selection, subscription), place))
}

/// `/api/events` (SPEC §9)
pub(super) fn newest(shared: &Arc<Shared>, head: &Parts) -> Result<Outcome, ApiError> {
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let subscription = subscribe(shared, &Selection::Newest, Since::Now);
    Ok(stream(shared, head, Encoding::SseNamed, (Selection::Newest, subscription), place))
}

/// `/api/v1/ws`
pub(super) fn socket(shared: &Arc<Shared>, head: &Parts) -> Result<Outcome, ApiError> {
    let query = Query::parse(head.uri.query())?;
    let response = upgrade(head)?;
    // Those who ask for something in the address need no frame to begin.
    let asks = ["since", "run", "types", "units", "repositories"]
        .iter()
        .any(|name| query.all(name).next().is_some());
    let selection = Selection::Filter(query.filter()?);
    let since = query.since(None)?;
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let subscription = asks.then(|| {
        let subscription = subscribe(shared, &selection, since);
        (selection, subscription)
    });
    let head = respond::head(&response, shared.now().time).into();
    let (encoding, framing) = (Encoding::WebSocket, Framing::Message);
    let reader = NewReader { encoding, framing, head, subscription, topic: None };
    Ok(Outcome::Stream(Box::new(Stream { reader, place })))
}

/// `/api/v1/ws/{topic}`
pub(super) fn topic(shared: &Arc<Shared>, name: &str, head: &Parts) -> Result<Outcome, ApiError> {
    let topic = Topic::parse(name).ok_or_else(|| ApiError::not_found("there is no such topic"))?;
    let response = upgrade(head)?;
    let place = shared.enter().ok_or_else(ApiError::too_many_clients)?;
    let head = respond::head(&response, shared.now().time).into();
    let (encoding, framing) = (Encoding::WebSocket, Framing::Message);
    let reader = NewReader { encoding, framing, head, subscription: None, topic: Some(topic) };
    Ok(Outcome::Stream(Box::new(Stream { reader, place })))
}

/// The answer that makes the connection a WebSocket.
fn upgrade(head: &Parts) -> Result<hyper::http::Response<()>, ApiError> {
    let mut request = Request::new(());
    (*request.method_mut(), *request.version_mut()) = (head.method.clone(), head.version);
    request.headers_mut().clone_from(&head.headers);
    let response = create_response(&request).map_err(|_| ApiError::upgrade_required())?;
    let protocol = subprotocol(&head.headers)?;
    let mut response = respond::secure(response, &head.extensions);
    if let Some(protocol) = protocol {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    Ok(response)
}

fn subscribe(shared: &Shared, selection: &Selection, since: Since) -> Box<Subscription> {
    shared.look(|core, now| Box::new(Subscription::new(core, selection.clone(), since, now)))
}

/// A response whose body has no end.
fn stream(
    shared: &Shared,
    head: &Parts,
    encoding: Encoding,
    subscription: (Selection, Box<Subscription>),
    place: Place,
) -> Outcome {
    let mut response = respond::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
    // Asks nginx not to hold back what comes.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let framing = if head.version == Version::HTTP_10 {
        Framing::Plain
    } else {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        Framing::Chunked
    };
    let mut bytes = respond::head(&respond::secure(response, &head.extensions), shared.now().time);
    let mut opening = Framing::begin();
    opening.extend_from_slice(encoding.opening());
    bytes.extend_from_slice(&framing.finish(opening).unwrap_or_default());
    let (head, subscription) = (Bytes::from(bytes), Some(subscription));
    let reader = NewReader { encoding, framing, head, subscription, topic: None };
    Outcome::Stream(Box::new(Stream { reader, place }))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str();
    text.map(Some).map_err(|_| ApiError::bad_request("cursor", "the Last-Event-ID is not ASCII"))
}

/// The subprotocol to be spoken, if the client offers any. Beside ours there may be one that carries the
/// token.
fn subprotocol(headers: &HeaderMap) -> Result<Option<&'static str>, ApiError> {
    let mut offered = super::guard::subprotocols(headers).peekable();
    if offered.peek().is_none() {
        return Ok(None);
    }
    if offered.any(|protocol| protocol == SUBPROTOCOL) {
        return Ok(Some(SUBPROTOCOL));
    }
    Err(ApiError::bad_request("version", "this hub speaks the subprotocol `choo.v1`"))
}
