//! Which version of the API is asked for.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;

use super::query::Query;
use super::respond::ApiError;

const X_VERSION: HeaderName = HeaderName::from_static("x-version");

/// The one that this hub speaks, which is also what is meant where none is named.
const VERSION: &str = "1";

/// Refuses every other version that `v` in the query or the header `X-Version` names. The client of a
/// WebSocket names it by its subprotocol as well.
pub(super) fn check(head: &Parts) -> Result<(), ApiError> {
    let query = Query::parse(head.uri.query())?;
    let named = query.all("v").map(str::as_bytes).chain(in_headers(&head.headers));
    match named.into_iter().find(|named| *named != VERSION.as_bytes()) {
        None => Ok(()),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let message = format!("this hub speaks version {VERSION} of its API, not {other:?}");
            Err(ApiError::bad_request("version", message))
        }
    }
}

fn in_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(X_VERSION).iter().map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn one_version_is_spoken_and_meant() {
        let admits = |uri: &str, header: Option<&str>| {
            let request = Request::builder().uri(uri);
            let request =
                header.into_iter().fold(request, |request, value| request.header("x-version", value));
            check(&request.body(()).unwrap().into_parts().0).is_ok()
        };
        for uri in ["/api/v1/runs", "/api/v1/runs?v=1", "/api/v1/runs?v=", "/api/v1/events?v=1&since=now"] {
            assert!(admits(uri, None) && admits(uri, Some("1")), "{uri}");
            assert!(!admits(uri, Some("2")) && !admits(uri, Some("")) && !admits(uri, Some("1, 2")), "{uri}");
        }
        assert!(!admits("/api/v1/runs?v=2", None) && !admits("/api/v1/runs?v=1.0", Some("1")));
        assert!(!admits("/api/v1/runs?v=1&v=3", None));
    }
}
