//! What the browser of a page from elsewhere needs to be told before it lets that page read (CORS, as the
//! Fetch standard has it).

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::Extensions;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use super::guard::Guard;
use super::respond::{self, Response};

/// What such a page may send, beside what every page may.
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, last-event-id, x-version";

/// What it may see of an answer, beside what every page may.
const RESPONSE_HEADERS: &str = "choo-next, etag, location, retry-after";

/// How long a browser need not ask again, in seconds.
const MAX_AGE: &str = "7200";

/// The origin that a request comes from, if the hub is told to let its pages in.
#[derive(Clone, Debug)]
struct Elsewhere(HeaderValue);

/// Notes at a request's head where it comes from.
pub(super) fn note(head: &mut Parts, guard: &Guard) {
    if let Some(origin) = guard.origin_elsewhere(&head.headers) {
        head.extensions.insert(Elsewhere(origin));
    }
}

/// Lets the page that asked read the answer, if it is one from elsewhere.
pub(super) fn open(request: &Extensions, headers: &mut HeaderMap) {
    let Some(Elsewhere(origin)) = request.get() else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

/// Answers a browser that asks what a page from elsewhere may send. It sends no token along.
pub(super) fn preflight(head: &Parts) -> Option<Response> {
    let asks = head.method == Method::OPTIONS
        && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && head.extensions.get::<Elsewhere>().is_some();
    asks.then(|| {
        let mut response = respond::empty(StatusCode::NO_CONTENT);
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    })
}
