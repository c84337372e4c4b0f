//! Commands to a run's orchestrator.

use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use choo_protocol::{CmdArgs, Command, MAX_REQUEST_BYTES, Precondition};
use futures_lite::{FutureExt, future};
use http_body_util::{BodyExt, Limited};
use hyper::StatusCode;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::json;

use super::caller::Caller;
use super::outcome::Outcome;
use super::respond::{self, ApiError, Response};
use crate::core::{Asked, Cursor, Refusal, Wish};
use crate::shared::Shared;

/// Names the command, so that one that is sent again is not done again
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in bytes.
const MAX_KEY: usize = 255;

/// A body has to be there in this time.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// What a request says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    cmd: Command,
    args: Option<CmdArgs>,
    #[serde(rename = "if")]
    condition: Option<Precondition>,
}

/// `POST /api/v1/runs/{run}/commands`
pub(super) fn post(
    shared: &Arc<Shared>,
    run: &str,
    head: &Parts,
    body: Option<Incoming>,
    caller: Caller,
) -> Result<Outcome, ApiError> {
    let by = caller.check_control()?;
    check_type(&head.headers)?;
    let key = key(&head.headers)?;
    let (shared, run) = (Arc::clone(shared), run.to_owned());
    let answer = async move {
        let Body { cmd, args, condition } = parse(&read(body).await?)?;
        let wish = Wish { cmd, args: args.unwrap_or_default(), condition, by, key };
        let cmd = wish.cmd.clone();
        let asked = shared.act(|core, now| {
            let asked = core.ask(&run, wish, now)?;
            let cursor = core.cursor(asked.behind);
            Ok((asked, cursor))
        });
        tracing::info!(run, %cmd, ?asked, "a command was given");
        asked.map(|(Asked { id, .. }, cursor)| accepted(&run, &id, cursor)).map_err(refused)
    };
    Ok(Outcome::Later(answer.boxed()))
}

fn accepted(run: &str, id: &str, cursor: Cursor) -> Response {
    let mut response = respond::json(&json!({ "id": id, "cursor": cursor.to_string() }));
    *response.status_mut() = StatusCode::ACCEPTED;
    // Names of runs are made of letters, digits and `._-`.
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/events?run={run}&types=cmd.*&since={cursor}"))
    {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::UnknownRun => ApiError::not_found("this hub knows no such run"),
        Refusal::NoProducer => ApiError::conflict(
            "no_producer",
            "no orchestrator of this run is connected that could be told; it may have ended",
        ),
        Refusal::KeyReused => {
            ApiError::unprocessable("key_reused", "this Idempotency-Key was used for another command")
        }
        Refusal::Busy => ApiError::busy("too many commands of this run, or of all, wait for their answer"),
        Refusal::TooLong(bytes) => too_large(format!("the command makes a line of {bytes} bytes")),
        Refusal::BadLine(error) => ApiError::bad_request("body", error),
    }
}

fn too_large(what: impl std::fmt::Display) -> ApiError {
    ApiError::too_large(format!("{what}; {MAX_REQUEST_BYTES} are allowed"))
}

/// Also keeps out what a page of another origin may send without being asked about it.
fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ApiError::unsupported_type("a command is JSON: send it with `Content-Type: application/json`"))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(value), rest) = (values.next(), values.next()) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| rest.is_none() && (1..=MAX_KEY).contains(&text.len()));
    text.map(|text| Some(text.to_owned())).ok_or_else(|| {
        ApiError::bad_request(
            "idempotency_key",
            format!("the Idempotency-Key is to be there once, with 1 to {MAX_KEY} ASCII characters"),
        )
    })
}

async fn read(body: Option<Incoming>) -> Result<Bytes, ApiError> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let read = async {
        let read = Limited::new(body, MAX_REQUEST_BYTES).collect().await;
        read.map(http_body_util::Collected::to_bytes).map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                too_large("the body has too many bytes")
            } else {
                ApiError::bad_request("body", "the body ended too early")
            }
        })
    };
    let late = async {
        Timer::after(BODY_READ_TIMEOUT).await;
        Err(ApiError::timeout("the body did not come in time"))
    };
    future::or(read, late).await
}

fn parse(bytes: &[u8]) -> Result<Body, ApiError> {
    let expected = "`{\"cmd\": \"cancel\", \"args\": {\"unit\": \"…\"}, \"if\": {\"status\": [\"…\"]}}`";
    let bad = |error: &dyn std::fmt::Display| {
        ApiError::bad_request("body", format!("{error}; expected is {expected}, where only `cmd` must be"))
    };
    if bytes.is_empty() {
        return Err(bad(&"the body is empty"));
    }
    let body: Body = serde_json::from_slice(bytes).map_err(|error| bad(&error))?;
    if body.cmd.as_str().is_empty() {
        return Err(bad(&"`cmd` is empty"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_said() {
        let error = |text: &str| match parse(text.as_bytes()) {
            Err(error) => error.message().to_owned(),
            Ok(body) => panic!("{body:?}"),
        };
        for (text, words) in [
            ("", "is empty"),
            ("{", "EOF"),
            ("[]", "expected"),
            ("{}", "missing field `cmd`"),
            (r#"{"cmd":""}"#, "`cmd` is empty"),
            (r#"{"cmd":7}"#, "invalid type: integer `7`"),
            (r#"{"cmd":"cancel","unit":"a"}"#, "unknown field `unit`"),
            (r#"{"cmd":"cancel","cmd":"retry"}"#, "duplicate field `cmd`"),
            (r#"{"cmd":"cancel","args":{"task":"1"}}"#, "invalid type: string"),
            (r#"{"cmd":"cancel","if":{"attempt":-1}}"#, "invalid value: integer `-1`"),
            (r#"{"cmd":"cancel"} x"#, "trailing characters"),
        ] {
            let said = error(text);
            assert!(said.contains(words) && said.contains("expected is"), "{text}: {said}");
        }
        let body = parse(br#"{"cmd":"x.own","args":{"unit":"a","n":1},"if":null}"#).unwrap();
        assert_eq!((body.cmd.as_str(), body.condition), ("x.own", None));
    }

    #[test]
    fn keys_and_types_are_checked() {
        let headers = |name: HeaderName, values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            headers
        };
        let key_of = |values: &[&str]| key(&headers(IDEMPOTENCY_KEY, values)).ok();
        assert_eq!(key_of(&[]), Some(None));
        assert_eq!(key_of(&["\"a b\""]), Some(Some("\"a b\"".to_owned())));
        for bad in [&[""][..], &["a", "a"], &["é"], &[&*"x".repeat(256)]] {
            assert_eq!(key_of(bad), None, "{bad:?}");
        }
        let admits = |value: &str| check_type(&headers(CONTENT_TYPE, &[value])).is_ok();
        assert!(admits("application/json") && admits("Application/JSON; charset=utf-8"));
        assert!(!admits("text/plain") && !admits("application/x-www-form-urlencoded") && !admits(""));
        assert!(check_type(&HeaderMap::new()).is_err());
    }
}
