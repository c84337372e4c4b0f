//! A `cmd.request` as it was heard.

use choo_protocol::{CmdRequest, Line, MAX_REQUEST_BYTES, RunId};
use serde::Deserialize;

/// Longer ids are not remembered, and so not answered.
pub(crate) const MAX_ID_BYTES: usize = 128;

/// What can be made of the line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Whole(Box<CmdRequest>),
    /// It has an id that can be answered, and that is all; `error` says what is wrong with the rest.
    Bad {
        id: String,
        error: String,
    },
}

impl Request {
    /// Reads the payload of a line of so many bytes; `None` for one that is about another run, or has no
    /// id by which it could be answered.
    pub(crate) fn read(line: &Line<'_>, bytes: usize, run: &RunId) -> Option<Self> {
        if line.run.as_deref().is_some_and(|named| named != run.as_str()) {
            return None;
        }
        let id = serde_json::from_str::<Id>(line.payload_json()?).ok()?.id;
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return None;
        }
        if bytes > MAX_REQUEST_BYTES {
            return Some(Request::Bad { id, error: format!("longer than {MAX_REQUEST_BYTES} bytes") });
        }
        Some(match line.payload()? {
            Ok(request) => Request::Whole(Box::new(request)),
            Err(error) => Request::Bad { id, error: error.to_string() },
        })
    }
}

/// As much of a request as is needed to answer it.
#[derive(Deserialize)]
struct Id {
    id: String,
}

#[cfg(test)]
mod tests {
    use choo_protocol::Limits;

    use super::*;

    fn read(payload: &str) -> Option<Request> {
        let line = format!(r#"{{"type":"cmd.request","payload":{payload}}}"#);
        let line = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
        Request::read(&line, payload.len(), &"r".parse().unwrap())
    }

    #[test]
    fn what_has_an_id_is_answered() {
        let error = |payload: &str| match read(payload) {
            Some(Request::Bad { id, error }) => format!("{id}: {error}"),
            other => panic!("{other:?}"),
        };
        assert!(error(r#"{"id":"c"}"#).contains("cmd"));
        assert!(error(r#"{"id":"c","cmd":"pause","expires":"soon"}"#).starts_with("c: "));
        let reason = "x".repeat(MAX_REQUEST_BYTES);
        let long = format!(r#"{{"id":"c","cmd":"pause","args":{{"reason":"{reason}"}}}}"#);
        assert_eq!(error(&long), "c: longer than 16384 bytes");
        let id = "x".repeat(MAX_ID_BYTES);
        assert!(matches!(read(&format!(r#"{{"id":"{id}","cmd":"x.own"}}"#)), Some(Request::Whole(_))));
        for unanswerable in
            [r#"{"cmd":"pause"}"#, r#"{"id":"","cmd":"pause"}"#, r#"{"id":7,"cmd":"pause"}"#, "[]"]
        {
            assert_eq!(read(unanswerable), None, "{unanswerable}");
        }
        assert_eq!(read(&format!(r#"{{"id":"{id}x","cmd":"pause"}}"#)), None);
    }
}
