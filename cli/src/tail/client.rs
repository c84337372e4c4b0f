//! One HTTP request to the hub over its Unix socket, and the stream that answers it.

use std::io;
use std::path::Path;

use async_io::Async;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use smol::Task;
use smol_hyper::rt::FuturesIo;
use std::os::unix::net::UnixStream;

/// The lines of a stream, in chunks as they arrive.
pub(super) struct Stream {
    body: Incoming,
    /// Moves the bytes; ends with the connection.
    _connection: Task<()>,
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
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

impl Stream {
    /// Asks for `path` as newline-delimited JSON.
    pub(super) async fn open(socket: &Path, path: &str) -> Result<Self, ClientError> {
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
        let request = Request::get(path)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, "application/x-ndjson")
            .body(Empty::<Bytes>::new());
        let Ok(request) = request else {
            return Err(ClientError::Refused { status: 400, message: "not a request".into() });
        };
        let response = sender.send_request(request).await.map_err(ClientError::Broken)?;
        let status = response.status();
        let body = response.into_body();
        match status {
            StatusCode::OK => Ok(Self { body, _connection: connection }),
            StatusCode::SERVICE_UNAVAILABLE => Err(ClientError::Busy(message(body).await)),
            _ => Err(ClientError::Refused { status: status.as_u16(), message: message(body).await }),
        }
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, hyper::Error> {
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

/// What `{"error": {"message": ...}}` says.
async fn message(body: Incoming) -> String {
    let body = Limited::new(body, MAX_ERROR_BYTES).collect().await;
    let text = body.ok().map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let json: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
    let message =
        json.as_ref().and_then(|json| json.pointer("/error/message")).and_then(|text| text.as_str());
    message.unwrap_or("no reason given").to_owned()
}

const MAX_ERROR_BYTES: usize = 64 * 1024;
