//! One HTTP request to the hub over its Unix socket, and what answers it: a stream, or JSON.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use async_io::Async;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::http::request;
use hyper::{Request, Response, StatusCode, header};
use serde_json::Value;
use smol::Task;
use smol_hyper::rt::FuturesIo;

use crate::exit::Failure;

/// The lines of a stream, in chunks as they arrive.
pub(crate) struct Stream {
    body: Incoming,
    /// Moves the bytes; ends with the connection.
    _connection: Task<()>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody listens there, or not yet.
    #[error("no hub is listening")]
    NoHub(#[source] io::Error),
    /// The socket is there, but we may not use it.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The connection broke before there was an answer.
    #[error("the hub did not answer: {0}")]
    Broken(#[source] hyper::Error),
    /// The hub has too many readers for now.
    #[error("the hub is busy: {0}")]
    Busy(String),
    /// The hub does not want to answer this.
    #[error("the hub refused: {message} (HTTP {status})")]
    Refused { status: u16, message: String },
}

impl ClientError {
    /// As a person is told of it.
    pub(crate) fn failure(&self, socket: &Path) -> Failure {
        match self {
            ClientError::NoHub(_) => Failure::new(format_args!("{self} ({})", socket.display()))
                .hint("start one with `choo web`, or give its socket with --socket PATH"),
            ClientError::Refused { status: 400, .. } => Failure::usage(self),
            _ => Failure::new(format_args!("{self} ({})", socket.display())),
        }
    }
}

impl Stream {
    /// Asks for `path` as newline-delimited JSON.
    pub(crate) async fn open(socket: &Path, path: &str) -> Result<Self, ClientError> {
        let request = Request::get(path).header(header::ACCEPT, "application/x-ndjson");
        let (response, connection) = send(socket, request, Bytes::new()).await?;
        let status = response.status();
        let body = response.into_body();
        match status {
            StatusCode::OK => Ok(Self { body, _connection: connection }),
            StatusCode::SERVICE_UNAVAILABLE => Err(ClientError::Busy(message(body).await)),
            _ => Err(ClientError::Refused { status: status.as_u16(), message: message(body).await }),
        }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, hyper::Error> {
        loop {
            match self.body.frame().await.transpose()? {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}

/// The JSON that a GET is answered with.
pub(crate) async fn get(socket: &Path, path: &str) -> Result<Value, ClientError> {
    json(send(socket, Request::get(path), Bytes::new()).await?.0).await
}

/// The JSON that a POST of JSON is answered with. The same `key` is the same request.
pub(crate) async fn post(socket: &Path, path: &str, key: &str, body: &Value) -> Result<Value, ClientError> {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
    json(send(socket, request, body.to_string().into()).await?.0).await
}

async fn send(
    socket: &Path,
    request: request::Builder,
    body: Bytes,
) -> Result<(Response<Incoming>, Task<()>), ClientError> {
    let stream = Async::<UnixStream>::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock => {
            ClientError::NoHub(error)
        }
        _ => ClientError::Connect(error),
    })?;
    let (mut sender, connection) =
        http1::handshake(FuturesIo::new(stream)).await.map_err(ClientError::Broken)?;
    let connection = smol::spawn(async move {
        // The reader of the body learns of an error too, and handles it.
        let _ = connection.await;
    });
    let Ok(request) = request.header(header::HOST, "localhost").body(Full::new(body)) else {
        return Err(ClientError::Refused { status: 400, message: "not a request".into() });
    };
    Ok((sender.send_request(request).await.map_err(ClientError::Broken)?, connection))
}

async fn json(response: Response<Incoming>) -> Result<Value, ClientError> {
    let status = response.status();
    match status {
        _ if status.is_success() => {
            let body = response.into_body().collect().await.map_err(ClientError::Broken)?;
            serde_json::from_slice(&body.to_bytes()).map_err(|error| {
                let message = format!("its answer is not JSON: {error}");
                ClientError::Refused { status: status.as_u16(), message }
            })
        }
        StatusCode::SERVICE_UNAVAILABLE => Err(ClientError::Busy(message(response.into_body()).await)),
        _ => {
            let message = message(response.into_body()).await;
            Err(ClientError::Refused { status: status.as_u16(), message })
        }
    }
}

/// What `{"error": {"message": ...}}` says.
async fn message(body: Incoming) -> String {
    let body = Limited::new(body, MAX_ERROR_BYTES).collect().await;
    let text = body.ok().map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let json: Option<Value> = serde_json::from_slice(&text).ok();
    let message =
        json.as_ref().and_then(|json| json.pointer("/error/message")).and_then(|text| text.as_str());
    message.unwrap_or("no reason given").to_owned()
}

const MAX_ERROR_BYTES: usize = 64 * 1024;
