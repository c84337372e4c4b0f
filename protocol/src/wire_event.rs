//! The line as one owned type, for schemas and for readers that want every member.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::null_as_default;
use crate::{Line, RunId, Timestamp};

/// One line of the wire. This is what the schema describes; [`Line`] is the fast way to read one and
/// [`Event::encode`](crate::Event::encode) the way to write one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireEvent {
    /// The event type, dotted; the set is open.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 128))]
    pub kind: String,
    /// When it happened.
    #[serde(default, alias = "timestamp", skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// The unit; absent for none.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The task's number within its unit; 0 is a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// The pull request's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pr: Option<i64>,
    /// What else there is to say; its shape depends on the type.
    #[serde(default, alias = "data", skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// What went wrong; absent for nothing.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The number within the run, contiguous from 1: a hole is a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub seq: Option<u64>,
    /// Members that are not part of the envelope.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl From<&Line<'_>> for WireEvent {
    fn from(line: &Line<'_>) -> Self {
        // The validator has accepted the text, so each value parses.
        let value = |json: &str| serde_json::from_str(json).unwrap_or_default();
        WireEvent {
            kind: line.kind.clone().into_owned(),
            time: line.time,
            unit: line.unit.clone().into_owned(),
            task: line.task,
            pr: line.pr,
            payload: line.payload_json().map(value),
            error: line.error.clone().into_owned(),
            run: line.run.as_deref().and_then(|run| run.parse().ok()),
            seq: line.seq,
            extra: line.extra().map(|(key, json)| (key.to_owned(), value(json))).collect(),
        }
    }
}
