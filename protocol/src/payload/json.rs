//! JSON that every reader takes.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::Scanner;
use crate::{Limits, LineError, escape};

/// JSON that may stand in a line: what the validator refuses in one is refused here, so that an event
/// which can be made can be read.
///
/// ```
/// use choo_protocol::Json;
/// assert_eq!(Json::of(&["<b>", "1"])?.get(), r#"["\u003cb\u003e","1"]"#);
/// assert!(Json::parse("[1e999]").is_err());
/// assert!(Json::parse(r#""\ud800""#).is_err());
/// assert!(Json::parse(&"[".repeat(100)).is_err());
/// # Ok::<(), choo_protocol::PayloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Any serialisable value, written as Go's `encoding/json` writes its like: without white space, a
    /// whole floating-point number without `.0`. Members keep the order that the value gives them in,
    /// where Go sorts a map's. Numbers that are not finite become `null`, as JSON has none.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Json, PayloadError> {
        let mut json = Vec::new();
        escape::write_value(value, &mut json).map_err(PayloadError::NoJson)?;
        Json::from_raw(serde_json::from_slice(&json).map_err(PayloadError::NoJson)?)
    }

    /// JSON text, kept as it is but for line breaks between tokens, which become blanks.
    pub fn parse(text: &str) -> Result<Json, PayloadError> {
        Json::from_raw(serde_json::from_str(text).map_err(PayloadError::NoJson)?)
    }

    /// The same for JSON that serde has seen. It is looked at once more: serde lets pass numbers that no
    /// double holds, halves of surrogate pairs, and any depth.
    pub fn from_raw(raw: Box<RawValue>) -> Result<Json, PayloadError> {
        let raw = if raw.get().contains(['\n', '\r']) {
            RawValue::from_string(raw.get().replace(['\n', '\r'], " ")).map_err(PayloadError::NoJson)?
        } else {
            raw
        };
        // It will stand inside the line's object.
        let mut scanner = Scanner::new(raw.get(), Limits::DEPTH);
        scanner.skip_whitespace();
        scanner.value(1).map_err(|fault| PayloadError::Refused(fault.into()))?;
        Ok(Json(raw))
    }

    /// A value of a line that the validator has accepted; `None` cannot be.
    pub(crate) fn received(json: &str) -> Option<Json> {
        RawValue::from_string(json.to_owned()).ok().map(Json)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }
}

/// A value cannot be a payload. The caller's fault; the event has not been made.
#[derive(Debug)]
#[non_exhaustive]
pub enum PayloadError {
    /// It has no JSON form, such as a map whose keys are not strings, or is no JSON.
    NoJson(serde_json::Error),
    /// It is JSON, but some reader would refuse the line; the place is counted in the value.
    Refused(LineError),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadError::NoJson(error) => write!(f, "payload has no JSON form: {error}"),
            PayloadError::Refused(error) => write!(f, "payload that not every reader takes: {error}"),
        }
    }
}

impl std::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PayloadError::NoJson(error) => Some(error),
            PayloadError::Refused(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_line_may_hold_is_refused() {
        for (text, kind) in [
            ("1e999", "number-not-finite"),
            ("[-1e309]", "number-not-finite"),
            ("\"\\udc00\"", "lone-surrogate"),
            ("{\"a\":\"\\ud83d\"}", "lone-surrogate"),
        ] {
            let Err(PayloadError::Refused(error)) = Json::parse(text) else { panic!("{text}") };
            assert_eq!(error.kind.as_str(), kind, "{text}");
        }
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Json::parse(&deep(Limits::DEPTH - 1)).is_ok());
        let Err(PayloadError::Refused(error)) = Json::parse(&deep(Limits::DEPTH)) else { panic!() };
        assert_eq!(error.kind.as_str(), "too-deep");
        for text in ["", "nul", "{\"a\":1,}", "\"\n\"", "1 2"] {
            assert!(matches!(Json::parse(text), Err(PayloadError::NoJson(_))), "{text}");
        }
        assert_eq!(Json::parse("[1,\r\n 2]").unwrap().get(), "[1,   2]");
    }
}
