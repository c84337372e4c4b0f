//! What the hub tells its readers (SPEC §5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::{RunId, RunState, RunStatus};

/// `hub.hello`: the first line of a stream to a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubHello {
    /// The protocol's version, [`PROTO`](crate::PROTO).
    #[serde(deserialize_with = "null_as_default")]
    pub proto: u32,
    /// The hub's epoch: another one means the hub was started anew.
    #[serde(deserialize_with = "null_as_default")]
    pub epoch: String,
    /// Whether the cursor asked for could be resumed exactly.
    #[serde(deserialize_with = "null_as_default")]
    pub recovered: bool,
}

/// `hub.snapshot`: a run's state at a cursor, in parts that apply together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HubSnapshot {
    /// The run.
    pub run: RunId,
    /// Where in the stream the state stands; events behind it are not in it.
    pub cursor: String,
    /// The state, or this part of it (see [`RunState::parts`]).
    pub state: RunState,
    /// Which part this is, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
}

/// `hub.gap`: events are missing in this reader's stream; snapshots follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubGap {
    /// The cursor behind the last event before the gap; empty if there was none.
    #[serde(deserialize_with = "null_as_default")]
    pub from: String,
    /// The cursor at which the stream goes on.
    #[serde(deserialize_with = "null_as_default")]
    pub to: String,
    /// How many events are missing, of all runs and types, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Why: `evicted` (the history no longer holds them), `crash` (the hub that told them crashed before
    /// they were stored), `damaged` (what was stored cannot be read), `unstored` (the disk took nothing
    /// when they came), `epoch` (another hub gave the cursor), `future` (the cursor lies ahead of the
    /// history).
    #[serde(deserialize_with = "null_as_default")]
    pub why: String,
}

/// `hub.cursor`: everything up to here has been sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubCursor {
    /// The cursor; opaque, to be handed back as `since`. Behind a part of what a stream begins with it is
    /// the word or the cursor that the stream was asked for.
    pub cursor: String,
    /// Which subscription of a WebSocket the message belongs to, if that was given a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// `hub.end`: nothing more will come of this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubEnd {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub status: RunStatus,
}

/// `hub.error`: a producer sent something that is not a line, or this reader something that cannot be read;
/// the stream goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubError {
    /// A stable name: that of a [`LineErrorKind`](crate::LineErrorKind), `reserved-type`, `torn-snapshot` or
    /// `large-snapshot` (a part of an `orch.snapshot` that does not follow, or has no room), or `history` for
    /// how it is stored; of a reader's `subscribe` it is `subscribe`, `filter` or `cursor`.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: String,
    /// What was wrong, for people.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// How many bad lines this one stands for.
    #[serde(deserialize_with = "null_as_default")]
    pub count: u64,
    /// Which subscription of a WebSocket could not be made, if that was given a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// `hub.bye`: the hub ends this stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubBye {
    /// Why: `shutdown`, `too_many_clients`, …
    #[serde(deserialize_with = "null_as_default")]
    pub code: String,
    /// After how many milliseconds to come back.
    #[serde(deserialize_with = "null_as_default")]
    pub retry_ms: u32,
}

readable!(HubHello { ; proto, epoch, recovered });
readable!(HubSnapshot { run, cursor, state, part, parts; });
readable!(HubGap { ; from, to, count, why });
readable!(HubCursor { cursor; id });
readable!(HubEnd { run, status; });
readable!(HubError { ; kind, message, count, id });
readable!(HubBye { ; code, retry_ms });
