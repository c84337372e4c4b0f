//! Answers and their headers.

use std::borrow::Cow;
use std::convert::Infallible;
use std::time::{Duration, UNIX_EPOCH};

use choo_protocol::Timestamp;
use futures_lite::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::StatusCode;
use hyper::body::{Bytes, Frame};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::Extensions;
use serde::Serialize;
use serde_json::json;

use super::cors;

/// A whole answer or a stream.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An answer.
pub(crate) type Response = hyper::Response<Body>;

/// What pages of the hub may do: their own files, the hub's own API, wasm, and nothing else; no HTML from
/// strings. `style-src` holds back style elements and attributes in markup; what scripts set on an
/// element's `style` is not affected.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'";

/// Headers of every answer.
const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what every answer carries, and what the page that asked needs to read it. What a route has not
/// declared cacheable is not kept.
pub(super) fn secure<B>(mut response: hyper::Response<B>, request: &Extensions) -> hyper::Response<B> {
    let headers = response.headers_mut();
    cors::open(request, headers);
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// 200 with these bytes.
pub(crate) fn bytes(content_type: &str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    // Only our own types come here, and they are ASCII.
    let value =
        HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// 200 with a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(json) => bytes("application/json", json),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()).into(),
    }
}

/// 200 with bytes as they come, to an end.
pub(crate) fn chunks(
    content_type: &'static str,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
) -> Response {
    let body = StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk))));
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An answer without body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

/// The head of an answer as it goes over the wire, for a connection that serves no other. What comes behind
/// it is not the HTTP library's business.
pub(crate) fn head(response: &hyper::http::Response<impl Sized>, time: Timestamp) -> Vec<u8> {
    let status = response.status();
    let mut head =
        format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or("")).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let nanos = u64::try_from(time.unix_nanos()).unwrap_or(0);
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_nanos(nanos));
    head.extend_from_slice(format!("date: {date}\r\n\r\n").as_bytes());
    head
}

/// A request that gets no answer but the reason.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// A stable name for programs.
    kind: &'static str,
    message: Cow<'static, str>,
    /// What goes with it.
    header: Option<(HeaderName, &'static str)>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        ApiError { status, kind, message: message.into(), header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        ApiError { header: Some((name, value)), ..self }
    }

    /// 400: the request is malformed.
    pub(crate) fn bad_request(kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// 401: the token is missing or wrong.
    pub(crate) fn unauthorized(message: &'static str) -> Self {
        ApiError::new(StatusCode::UNAUTHORIZED, "token", message)
            .with(header::WWW_AUTHENTICATE, "Bearer realm=\"choo\"")
    }

    /// 403: it came by a host or from a page that has no business here.
    pub(crate) fn forbidden(kind: &'static str, message: &'static str) -> Self {
        ApiError::new(StatusCode::FORBIDDEN, kind, message)
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 405: not in this way.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this method is not for this address")
            .with(header::ALLOW, allow)
    }

    /// 409: not as things stand.
    pub(crate) fn conflict(kind: &'static str, message: &'static str) -> Self {
        ApiError::new(StatusCode::CONFLICT, kind, message)
    }

    /// 408: it did not come whole in time.
    pub(crate) fn timeout(message: &'static str) -> Self {
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
    }

    /// 413: too much.
    pub(crate) fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 415: not in this form.
    pub(crate) fn unsupported_type(message: &'static str) -> Self {
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message)
    }

    /// 422: well-formed, and still not to be done.
    pub(crate) fn unprocessable(kind: &'static str, message: &'static str) -> Self {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, kind, message)
    }

    /// 426: this address is for `WebSocket`s.
    pub(crate) fn upgrade_required() -> Self {
        let message =
            "this address is for WebSockets (RFC 6455); `/api/v1/events` has the same as a response";
        ApiError::new(StatusCode::UPGRADE_REQUIRED, "websocket", message).with(header::UPGRADE, "websocket")
    }

    /// 503: not now.
    pub(crate) fn too_many_clients() -> Self {
        let message = "too many streams are being read; close one, or raise `--max-clients`";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_clients", message)
            .with(header::RETRY_AFTER, "5")
    }

    /// 503: too much at once.
    pub(crate) fn busy(message: &'static str) -> Self {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with(header::RETRY_AFTER, "5")
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<ApiError> for Response {
    fn from(error: ApiError) -> Self {
        let body = json!({ "error": { "kind": error.kind, "message": error.message } });
        let mut response = bytes("application/json", body.to_string());
        *response.status_mut() = error.status;
        if let Some((name, value)) = error.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
