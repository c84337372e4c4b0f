//! What a reader says on a WebSocket (SPEC §5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

/// `subscribe`: a reader wants these events, besides those of its other subscriptions. Empty lists let
/// everything pass.
///
/// ```
/// use choo_protocol::Subscribe;
/// let json = r#"{"id":"logs","types":["log.*"],"since":"now"}"#;
/// let subscribe: Subscribe = serde_json::from_str(json)?;
/// assert_eq!(serde_json::to_string(&subscribe)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Subscribe {
    /// Its name on this connection, at most 256 bytes; it stands in the `hub.cursor` of its messages. A
    /// subscription of the same name is replaced, also that without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Only this run; the subscription ends when the run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only types that fit one of these patterns, such as `task.*`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Only units that fit.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// Of the records of a task store only those whose repository fits; other events are not affected.
    /// Without a name, repositories add to those of the subscription that has none and is otherwise the same.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// Where to begin: a cursor, `snapshot` (default), `earliest` or `now`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// `unsubscribe`: a reader does not want the events of a subscription any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Unsubscribe {
    /// The subscription's name; none for the one that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Only these of its repositories; the subscription ends with the last one. All of it if there are none.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
}
