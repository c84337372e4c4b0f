//! HTTP on one connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite, future};
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use smol_hyper::rt::{FuturesIo, SmolTimer};

use super::guard::Guard;
use super::respond::{self, ApiError, Response};
use super::router::Route;
use super::views::{GraphView, StateView};
use super::{assets, events, health, runs};
use crate::shared::Shared;

/// A request's head has to be there in this time, also on a connection that waits for its next one.
pub(crate) const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// More headers get 431.
pub(crate) const MAX_HEADERS: usize = 64;

/// A longer head, in bytes, gets 431.
pub(crate) const MAX_HEADER_BYTES: usize = 16 << 10;

/// What waits to be written on a connection, in bytes, before no more is made.
const WRITE_BUFFER: usize = 64 << 10;

/// By which door a connection came in.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// TCP, where everybody on the machine and every page in a browser knocks.
    Tcp(Arc<Guard>),
    /// The Unix socket, which only its user can open.
    Unix,
}

/// Serves a connection until it closes or the hub does.
pub(crate) async fn serve<S>(shared: Arc<Shared>, door: Door, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (head, _body) = request.into_parts();
        let response = answer(&shared, &door, &head).unwrap_or_else(Response::from);
        future::ready(Ok::<_, Infallible>(respond::secure(response)))
    });
    let mut http = http1::Builder::new();
    http.timer(SmolTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(WRITE_BUFFER);
    let mut connection = std::pin::pin!(http.serve_connection(FuturesIo::new(stream), service));
    let closing = async {
        shared.closed().await;
        None
    };
    let mut ended = future::or(async { Some(connection.as_mut().await) }, closing).await;
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        ended = Some(connection.await);
    }
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "http connection ended");
    }
}

fn answer(shared: &Arc<Shared>, door: &Door, head: &Parts) -> Result<Response, ApiError> {
    let route = Route::of(head.uri.path());
    let known = match door {
        Door::Unix => Ok(()),
        Door::Tcp(guard) => {
            guard.check_browser(head)?;
            guard.check_token(head)
        }
    };
    if !route.is_public() {
        known.as_ref().map_err(ApiError::clone)?;
    }
    route.check_method(&head.method)?;
    match route {
        Route::Asset(path) => Ok(assets::get(path, &head.headers)),
        Route::Health => Ok(health::get(shared, known.is_ok())),
        Route::Events => events::get(shared, head),
        Route::Runs => Ok(runs::list(shared)),
        Route::Run(run) => runs::state(shared, run),
        Route::RunGraph(run) => runs::graph(shared, run),
        Route::State => Ok(respond::json(&shared.look(|core, _| StateView::of(core)))),
        Route::Graph => Ok(respond::json(&shared.look(|core, _| GraphView::of(core)))),
        Route::NewestEvents => events::get_newest(shared),
        Route::Unknown => Err(ApiError::not_found("there is no such address in the API")),
    }
}
