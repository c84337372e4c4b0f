//! Payloads of the control lines between our own parts (SPEC §3, §5), and how to write one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::escape;
use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::{RunId, RunState, RunStatus, Timestamp};

/// The version of the protocol, in `link.hello` and `hub.hello`.
pub const PROTO: u32 = 1;

/// `link.lost`: events of this run are missing between the pusher and the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkLost {
    /// The first `seq` of the range in which events are missing.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// How many events of the range are missing.
    pub count: u64,
    /// How many bytes they had, newlines included; 0 where nobody knows.
    pub bytes: u64,
    /// How many of each event type; empty where nobody knows.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub by_type: BTreeMap<String, u64>,
    /// Why: `overflow` (a buffer was full), `unannounced` (the hub found a hole nobody told of).
    pub reason: String,
}

/// `link.bye`: the pusher has sent everything and closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LinkBye {
    /// The last `seq` of the run; 0 if there was none.
    pub last: u64,
}

/// `orch.snapshot`: the state of a run up to an event, for a reader that has not seen all before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrchSnapshot {
    /// The `seq` of the last event that is in the state. A reader that has seen it ignores the rest.
    pub through: u64,
    /// The state.
    pub state: RunState,
}

/// `hub.hello`: the first line of a stream to a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubHello {
    /// The protocol's version, [`PROTO`].
    pub proto: u32,
    /// The hub's epoch: another one means the hub was started anew.
    pub epoch: String,
    /// Whether the cursor asked for could be resumed exactly.
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
    pub from: String,
    /// The cursor at which the stream goes on.
    pub to: String,
    /// How many events are missing, of all runs and types, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Why: `evicted` (the history no longer holds them), `epoch` (another hub gave the cursor),
    /// `future` (the cursor lies ahead of the history).
    pub why: String,
}

/// `hub.cursor`: everything up to here has been sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubCursor {
    /// The cursor; opaque, to be handed back as `since`.
    pub cursor: String,
}

/// `hub.end`: nothing more will come of this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubEnd {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub status: RunStatus,
}

/// `hub.error`: a producer sent something that is not a line; the stream goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubError {
    /// A stable name: that of a [`LineErrorKind`](crate::LineErrorKind), or `reserved-type`.
    pub kind: String,
    /// What was wrong, for people.
    pub message: String,
    /// How many bad lines this one stands for.
    pub count: u64,
}

/// `hub.bye`: the hub ends this stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HubBye {
    /// Why: `shutdown`, `too_many_clients`, …
    pub code: String,
    /// After how many milliseconds to come back.
    pub retry_ms: u32,
}

/// Writes a control line, without newline: type, time and payload, and the run for the lines that
/// belong to one.
pub fn control_line<T: Serialize>(kind: &str, time: Timestamp, run: Option<&RunId>, payload: &T) -> Vec<u8> {
    let mut line = format!("{{\"type\":\"{kind}\",\"time\":\"{time}\",\"payload\":").into_bytes();
    let start = line.len();
    // The payloads above have string keys only, so this cannot fail.
    if escape::write_value(payload, &mut line).is_err() {
        line.truncate(start);
        line.extend_from_slice(b"null");
    }
    if let Some(run) = run {
        line.extend_from_slice(format!(",\"run\":\"{run}\"").as_bytes());
    }
    line.push(b'}');
    line
}

/// Writes a `hub.snapshot` line, without newline, around a part made by [`RunState::parts`].
pub fn snapshot_line(
    run: &RunId,
    cursor: &str,
    part: usize,
    parts: usize,
    state: &str,
    time: Timestamp,
) -> Vec<u8> {
    let mut line = format!(
        "{{\"type\":\"hub.snapshot\",\"time\":\"{time}\",\"payload\":{{\"run\":\"{run}\",\"cursor\":"
    )
    .into_bytes();
    escape::write_string(cursor, &mut line);
    line.extend_from_slice(b",\"state\":");
    line.extend_from_slice(state.as_bytes());
    line.extend_from_slice(format!(",\"part\":{part},\"parts\":{parts}}},\"run\":\"{run}\"}}").as_bytes());
    line
}

readable!(OrchSnapshot { through, state; });
readable!(HubHello { ; proto, epoch, recovered });
readable!(HubSnapshot { run, cursor, state, part, parts; });
readable!(HubGap { ; from, to, count, why });
readable!(HubCursor { cursor; });
readable!(HubEnd { run, status; });
readable!(HubError { ; kind, message, count });
readable!(HubBye { ; code, retry_ms });
