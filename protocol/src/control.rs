//! Control lines between our own parts (SPEC §3, §4, §5): the payloads, and how to write one.

mod cmd;
mod hub;
mod link;
mod subscribe;

use serde::Serialize;

use crate::escape;
use crate::{RunId, Timestamp, kind};

pub use cmd::{
    CmdAccepted, CmdArgs, CmdDone, CmdRejected, CmdRequest, Command, MAX_REQUEST_BYTES, Precondition,
    RejectReason,
};
pub use hub::{HubBye, HubCursor, HubEnd, HubError, HubGap, HubHello, HubSnapshot};
pub use link::{LinkAck, LinkBye, LinkHello, LinkLost, LinkPing, LinkPong, LinkWelcome};
pub use subscribe::{Subscribe, Unsubscribe};

/// The version of the protocol, in `link.hello`, `link.welcome` and `hub.hello`.
pub const PROTO: u32 = 1;

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

/// Writes a `hub.snapshot` line, without newline, around a part made by [`RunState::parts`](crate::RunState::parts).
pub fn snapshot_line(
    run: &RunId,
    cursor: &str,
    part: usize,
    parts: usize,
    state: &str,
    time: Timestamp,
) -> Vec<u8> {
    let mut of = format!("\"run\":\"{run}\",\"cursor\":").into_bytes();
    escape::write_string(cursor, &mut of);
    let place = format!(",\"part\":{part},\"parts\":{parts}");
    state_line(kind::HUB_SNAPSHOT, run, (&of, state, &place), time)
}

/// Writes an `orch.snapshot` line, without newline, around a part made by
/// [`RunState::parts`](crate::RunState::parts); the only one is a whole state.
pub fn orch_snapshot_line(
    run: &RunId,
    through: u64,
    part: usize,
    parts: usize,
    state: &str,
    time: Timestamp,
) -> Vec<u8> {
    let of = format!("\"through\":{through}");
    let place = if parts > 1 { format!(",\"part\":{part},\"parts\":{parts}") } else { String::new() };
    state_line(kind::ORCH_SNAPSHOT, run, (of.as_bytes(), state, &place), time)
}

fn state_line(kind: &str, run: &RunId, (of, state, place): (&[u8], &str, &str), time: Timestamp) -> Vec<u8> {
    let begin = format!("{{\"type\":\"{kind}\",\"time\":\"{time}\",\"payload\":{{");
    let end = format!("{place}}},\"run\":\"{run}\"}}");
    [begin.as_bytes(), of, b",\"state\":", state.as_bytes(), end.as_bytes()].concat()
}
