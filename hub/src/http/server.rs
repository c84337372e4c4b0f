//! HTTP on one connection.

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_io::{Async, IoSafe, Timer};
use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt, future};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use smol::channel::Sender;
use smol_hyper::rt::{FuturesIo, SmolTimer};

use super::caller::Caller;
use super::cors;
use super::guard::Guard;
use super::head::{self, Beginning, MAX_HEADER_BYTES, MAX_HEADERS};
use super::outcome::{Outcome, Stream};
use super::respond::{self, ApiError, Response};
use super::rewound::Rewound;
use super::router::Route;
use super::views::{GraphView, StateView};
use super::{
    assets, commands, connected, diffs, extracts, health, metrics, runs, schemas, streams, tickets, version,
};
use crate::core::Part;
use crate::fan::{Desk, Joining};
use crate::producers::Entrance;
use crate::shared::Shared;

/// A request's head has to be there in this time, also on a connection that waits for its next one.
pub(crate) const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// What waits to be written on a connection, in bytes, before no more is made.
const WRITE_BUFFER: usize = 64 << 10;

/// By which door a connection came in.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// TCP, where everybody on the machine and every page in a browser knocks.
    Tcp(Arc<Guard>),
    /// The Unix socket, which only its user can open; who did, where the system says so.
    Unix { uid: Option<u32> },
}

/// A connection that came in, and what its requests need.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    /// Where connections go that become a reader's.
    pub(crate) desk: Arc<Desk>,
    /// Who sends.
    pub(crate) producers: Entrance,
    pub(crate) door: Door,
    /// Held as long as the connection lives.
    pub(crate) alive: Sender<()>,
}

/// Serves a connection until it closes, the hub does, or it becomes a reader's.
///
/// The first request's head is read here. A stream is then no longer the HTTP library's business; all else
/// is, from the first byte. A stream asked for by a later request is taken out of its hands.
pub(crate) async fn serve<S>(visit: Visit, mut stream: Async<S>)
where
    S: IoSafe + Send + 'static,
    OwnedFd: From<S>,
    Async<S>: AsyncRead + AsyncWrite + Unpin,
{
    let late = async {
        Timer::after(HEADER_READ_TIMEOUT).await;
        Err(std::io::ErrorKind::TimedOut.into())
    };
    let closed = async {
        visit.shared.closed().await;
        Err(std::io::ErrorKind::NotConnected.into())
    };
    let Ok(Beginning { mut bytes, head }) =
        future::or(future::or(head::read(&mut stream), late), closed).await
    else {
        return;
    };
    if let Some((mut parts, length)) = head
        && Route::of(parts.uri.path()).is_stream()
    {
        visit.note_origin(&mut parts);
        match visit.answer(&parts, None) {
            Outcome::Stream(it) => visit.hand_over(*it, stream, bytes.split_off(length)),
            Outcome::Answer(response) => refuse(&visit, &parts, response, stream).await,
            Outcome::Later(response) => {
                refuse(&visit, &parts, response.await.unwrap_or_else(Response::from), stream).await;
            }
        }
        return;
    }
    if bytes.is_empty() {
        return;
    }
    serve_http(visit, bytes, stream).await;
}

/// Serves requests by the HTTP library.
async fn serve_http<S>(visit: Visit, bytes: Vec<u8>, stream: Async<S>)
where
    S: IoSafe + Send + 'static,
    OwnedFd: From<S>,
    Async<S>: AsyncRead + AsyncWrite + Unpin,
{
    let (taken, choked) = (Mutex::new(None), Arc::new(AtomicBool::new(false)));
    let service = service_fn(|request: Request<Incoming>| {
        let (mut head, body) = request.into_parts();
        visit.note_origin(&mut head);
        let answer = match visit.answer(&head, Some(body)) {
            Outcome::Stream(stream) => {
                *taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
                None
            }
            answer => Some(answer),
        };
        async move {
            let response = match answer {
                Some(Outcome::Answer(response)) => response,
                Some(Outcome::Later(response)) => response.await.unwrap_or_else(Response::from),
                // The connection is taken away before it would be answered.
                Some(Outcome::Stream(_)) | None => future::pending().await,
            };
            Ok::<_, Infallible>(respond::secure(response, &head.extensions))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(SmolTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(WRITE_BUFFER);
    let io = FuturesIo::new(Rewound { read: bytes, stream, choked: Arc::clone(&choked) });
    let mut connection = http.serve_connection(io, service);
    let mut closed = std::pin::pin!(visit.shared.closed());
    let mut closing = false;
    let ended = future::poll_fn(|cx| {
        if !closing && closed.as_mut().poll(cx).is_ready() {
            closing = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        let ended = Pin::new(&mut connection).poll(cx);
        let is_taken = taken.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        // What was answered before goes out first.
        if is_taken && !choked.load(Ordering::Relaxed) { Poll::Ready(Ok(())) } else { ended }
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "http connection ended");
        return;
    }
    let parts = connection.into_parts();
    let stream = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(stream) = stream {
        visit.hand_over(*stream, parts.io.into_inner().stream, parts.read_buf.to_vec());
    }
}

/// Answers a stream's request with a refusal, and closes.
async fn refuse<S>(visit: &Visit, head: &Parts, response: Response, mut stream: Async<S>)
where
    Async<S>: AsyncRead + AsyncWrite + Unpin,
{
    let mut response = respond::secure(response, &head.extensions);
    let headers = response.headers_mut();
    headers.insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("close"));
    let Ok(body) = response.body_mut().collect().await;
    let bytes = body.to_bytes().to_vec();
    if response.status() != hyper::StatusCode::NO_CONTENT {
        response.headers_mut().insert(hyper::header::CONTENT_LENGTH, bytes.len().into());
    }
    let head = respond::head(&response, visit.shared.now().time);
    let write = async {
        // Whoever is gone does not need it.
        let _ = stream.write_all(&[head, bytes].concat()).await;
        let _ = stream.close().await;
    };
    let late = async {
        Timer::after(HEADER_READ_TIMEOUT).await;
    };
    future::or(write, late).await;
}

impl Visit {
    /// `body` if there may be one; it is read only where it is wanted.
    fn answer(&self, head: &Parts, body: Option<Incoming>) -> Outcome {
        match self.try_answer(head, body) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Answer(error.into()),
        }
    }

    /// Where the request's page is from, if that is elsewhere and allowed in.
    fn note_origin(&self, head: &mut Parts) {
        if let Door::Tcp(guard) = &self.door {
            cors::note(head, guard);
        }
    }

    fn try_answer(&self, head: &Parts, body: Option<Incoming>) -> Result<Outcome, ApiError> {
        let route = Route::of(head.uri.path());
        let caller = match &self.door {
            Door::Unix { uid } => Ok(Caller::User(*uid)),
            Door::Tcp(guard) => {
                guard.check_browser(head)?;
                if let Some(response) = cors::preflight(head) {
                    return Ok(Outcome::Answer(response));
                }
                guard.caller(head, matches!(route, Route::Socket | Route::Topic(_)), self.shared.now().time)
            }
        };
        if !route.is_public() {
            caller.as_ref().map_err(ApiError::clone)?;
        }
        route.check_method(&head.method)?;
        if !route.is_public() {
            version::check(head)?;
        }
        let shared = &self.shared;
        let response = match route {
            Route::Events => return streams::events(shared, head),
            Route::Socket => return streams::socket(shared, head),
            Route::Topic(name) => return streams::topic(shared, name, head),
            Route::Patches => return streams::patches(shared, head),
            Route::TaskPatches => return streams::task_patches(shared, head),
            Route::ProcessLogs(id) => return streams::process(shared, id, Part::Logs, head),
            Route::AttemptDiff(id) => return streams::process(shared, id, Part::Diffs, head),
            Route::NewestEvents => return streams::newest(shared, head),
            Route::Asset(path) => assets::get(path, &head.headers),
            Route::Health => health::get(shared, caller.is_ok()),
            Route::Metrics => return Ok(metrics::get(shared, &self.desk)),
            Route::Streams => return Ok(connected::get(shared, &self.desk, &self.producers)),
            Route::Runs => runs::list(shared, head)?,
            Route::Run(run) => runs::state(shared, run)?,
            Route::RunGraph(run) => runs::graph(shared, run)?,
            Route::RunCommands(run) => return commands::post(shared, run, head, body, caller?),
            Route::Tickets => tickets::issue(shared, &self.door, caller?)?,
            Route::Schemas => schemas::list(),
            Route::Schema(name) => schemas::get(name, &head.headers)?,
            Route::RunEvents(run) => return extracts::events(shared, run, head),
            Route::RunLogs(run) => return extracts::logs(shared, run, head),
            Route::RunDiff(run) => return diffs::get(shared, run, head),
            Route::RunExport(run) => extracts::export(shared, run, head)?,
            Route::State => respond::json(&shared.look(|core, _| StateView::of(core))),
            Route::Graph => respond::json(&shared.look(|core, _| GraphView::of(core))),
            Route::Unknown => return Err(ApiError::not_found("there is no such address in the API")),
        };
        Ok(Outcome::Answer(response))
    }

    /// The connection becomes a reader's.
    fn hand_over<S>(&self, stream: Stream, socket: Async<S>, rest: Vec<u8>)
    where
        OwnedFd: From<S>,
    {
        let Stream { reader, place } = stream;
        match socket.into_inner() {
            Ok(socket) => {
                let alive = self.alive.clone();
                self.desk.join(Joining { socket: socket.into(), rest, reader, place, alive });
            }
            Err(error) => tracing::warn!(%error, "a reader is lost"),
        }
    }
}
