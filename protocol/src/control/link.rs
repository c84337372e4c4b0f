//! The conversation of a pusher and its hub (SPEC §4).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RunId;
use crate::lenient::null_as_default;

/// `link.lost`: events of this run are missing between the pusher and the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkLost {
    /// The first `seq` of the range in which events are missing.
    #[serde(deserialize_with = "null_as_default")]
    pub from: u64,
    /// The last one.
    #[serde(deserialize_with = "null_as_default")]
    pub to: u64,
    /// How many events of the range are missing.
    #[serde(deserialize_with = "null_as_default")]
    pub count: u64,
    /// How many bytes they had, newlines included; 0 where nobody knows.
    #[serde(deserialize_with = "null_as_default")]
    pub bytes: u64,
    /// How many of each event type; empty where nobody knows.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub by_type: BTreeMap<String, u64>,
    /// Why: `overflow` (a buffer was full), `unannounced` (the hub found a hole nobody told of).
    #[serde(deserialize_with = "null_as_default")]
    pub reason: String,
}

/// `link.bye`: the pusher has sent everything and closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkBye {
    /// The last `seq` of the run; 0 if there was none.
    #[serde(deserialize_with = "null_as_default")]
    pub last: u64,
}

/// `link.hello`: the first line of a pusher on a new connection.
///
/// ```
/// use choo_protocol::{LinkHello, PROTO};
/// let hello = LinkHello { proto: PROTO, run: "01JH".parse()?, first: 1, last: 41 };
/// let json = r#"{"proto":1,"run":"01JH","first":1,"last":41}"#;
/// assert_eq!(serde_json::to_string(&hello)?, json);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkHello {
    /// The protocol's version, [`PROTO`](crate::PROTO).
    #[serde(default, deserialize_with = "null_as_default")]
    pub proto: u32,
    /// The run that the pusher tells of.
    pub run: RunId,
    /// The first `seq` that the pusher still holds as a line of its own; what lies before it is known to
    /// it as a summary only. 0 if it holds none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub first: u64,
    /// The last `seq` given so far; 0 before the first event.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: u64,
}

/// `link.welcome`: the hub's answer to `link.hello`.
///
/// ```
/// use choo_protocol::LinkWelcome;
/// let welcome: LinkWelcome = serde_json::from_str(r#"{"proto":1,"epoch":"e7","have":{"01JH":41}}"#)?;
/// assert_eq!(welcome.have.get("01JH"), Some(&41));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkWelcome {
    /// The protocol's version, [`PROTO`](crate::PROTO).
    #[serde(deserialize_with = "null_as_default")]
    pub proto: u32,
    /// The hub's epoch: another one means the hub was started anew.
    #[serde(deserialize_with = "null_as_default")]
    pub epoch: String,
    /// Up to which `seq` the hub's history has each of the runs it was told of; a run that it does not
    /// know is absent. Announced losses count as had.
    #[serde(deserialize_with = "null_as_default")]
    pub have: BTreeMap<RunId, u64>,
}

/// `link.ack`: the hub has written a run's lines to its history, fsync aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkAck {
    /// The run.
    pub run: RunId,
    /// Everything up to this `seq` is there.
    #[serde(default, deserialize_with = "null_as_default")]
    pub seq: u64,
}

/// `link.ping`: are you there? Answered by a `link.pong` at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkPing {
    /// Comes back in the answer; opaque to who answers.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
}

impl LinkPing {
    /// The answer.
    #[must_use]
    pub fn pong(self) -> LinkPong {
        LinkPong { id: self.id }
    }
}

/// `link.pong`: the answer to a `link.ping`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkPong {
    /// That of the ping.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
}
