//! The payload of `log.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::{exact, null_as_default};
use crate::reader::readable;

/// `log.*`: one line of output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogPayload {
    /// The line without its newline; ANSI escapes are kept.
    #[serde(deserialize_with = "null_as_default")]
    pub content: String,
    /// Counts lines within unit, task and attempt from 1, so that stored and live logs join; 0 where
    /// the producer does not count.
    #[serde(deserialize_with = "null_as_default", serialize_with = "exact")]
    pub n: u64,
}

/// Where a log line comes from; the last part of its event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// The orchestrator itself.
    System,
    /// An error of the orchestrator.
    Error,
}

impl LogStream {
    /// The event type of its lines.
    pub fn kind(self) -> &'static str {
        match self {
            LogStream::Stdout => crate::kind::LOG_STDOUT,
            LogStream::Stderr => crate::kind::LOG_STDERR,
            LogStream::System => crate::kind::LOG_SYSTEM,
            LogStream::Error => crate::kind::LOG_ERROR,
        }
    }

    /// The stream of an event type; `None` for other events.
    pub fn of(kind: &str) -> Option<LogStream> {
        match kind {
            crate::kind::LOG_STDOUT => Some(LogStream::Stdout),
            crate::kind::LOG_STDERR => Some(LogStream::Stderr),
            crate::kind::LOG_SYSTEM => Some(LogStream::System),
            crate::kind::LOG_ERROR => Some(LogStream::Error),
            _ => None,
        }
    }
}

readable!(LogPayload { ; content, n });
