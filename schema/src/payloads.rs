//! Which event type has which payload.

use choo_protocol::{
    CmdAccepted, CmdArgs, CmdDone, CmdRejected, CmdRequest, DiffFile, DiffRemoved, EdgePayload, GraphPayload,
    HubBye, HubCursor, HubEnd, HubError, HubGap, HubHello, HubSnapshot, Line, LinkAck, LinkBye, LinkHello,
    LinkLost, LinkPing, LinkPong, LinkWelcome, LogPayload, Loss, LostRange, NodePayload, OrchSnapshot,
    OrchStarted, PayloadMismatch, PrPayload, PrState, Precondition, RunState, SeqRange, TaskPayload,
    TaskProgress, TaskRecord, TaskState, UnitStarted, UnitState, Usage, kind,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A structure that payloads are made of.
#[derive(Clone, Copy, Debug)]
pub struct PayloadType {
    /// Its name, in Rust and in the schema.
    pub name: &'static str,
    /// The event types that carry it; none for a structure that is only found inside others.
    pub kinds: &'static [&'static str],
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    read: fn(&Line<'_>) -> Option<Result<Value, PayloadMismatch>>,
}

impl PayloadType {
    /// The payload of an event type; `None` for types whose payload is not known.
    pub fn of(kind: &str) -> Option<&'static PayloadType> {
        PAYLOADS.iter().find(|payload| payload.kinds.contains(&kind))
    }

    /// What the reader makes of a line's payload: read as the Rust type, written again. `None` if there
    /// is no payload.
    pub fn read(&self, line: &Line<'_>) -> Option<Result<Value, PayloadMismatch>> {
        (self.read)(line)
    }
}

macro_rules! types {
    ($($type:ident [$($kind:ident)*];)*) => {
        &[$(PayloadType {
            name: stringify!($type),
            kinds: &[$(kind::$kind),*],
            schema: schema_of::<$type>,
            read: read_as::<$type>,
        }),*]
    };
}

/// The payloads, each with the event types that carry it.
pub const PAYLOADS: &[PayloadType] = types! {
    OrchStarted [ORCH_STARTED ORCH_DRYRUN_STARTED];
    OrchSnapshot [ORCH_SNAPSHOT];
    GraphPayload [GRAPH];
    UnitStarted [UNIT_STARTED];
    TaskPayload [
        TASK_STARTED TASK_BACKPRESSURE TASK_VALIDATION_OK TASK_VALIDATION_FAIL TASK_COMPLETED TASK_RETRY TASK_FAILED
    ];
    TaskProgress [TASK_PROGRESS];
    TaskRecord [TASK_CREATED TASK_UPDATED TASK_DELETED];
    PrPayload [
        PR_CREATED PR_REVIEW_PENDING PR_REVIEW_IN_PROGRESS PR_REVIEW_APPROVED PR_FEEDBACK_RECEIVED
        PR_FEEDBACK_ADDRESSED PR_MERGE_QUEUED PR_CONFLICT PR_MERGED PR_FAILED
    ];
    LogPayload [LOG_STDOUT LOG_STDERR LOG_SYSTEM LOG_ERROR];
    Usage [TASK_USAGE];
    DiffFile [DIFF_FILE];
    DiffRemoved [DIFF_REMOVED];
    CmdRequest [CMD_REQUEST];
    CmdAccepted [CMD_ACCEPTED];
    CmdRejected [CMD_REJECTED];
    CmdDone [CMD_DONE];
    LinkHello [LINK_HELLO];
    LinkWelcome [LINK_WELCOME];
    LinkAck [LINK_ACK];
    LinkPing [LINK_PING];
    LinkPong [LINK_PONG];
    LinkLost [LINK_LOST];
    LinkBye [LINK_BYE];
    HubHello [HUB_HELLO];
    HubSnapshot [HUB_SNAPSHOT];
    HubGap [HUB_GAP];
    HubCursor [HUB_CURSOR];
    HubEnd [HUB_END];
    HubError [HUB_ERROR];
    HubBye [HUB_BYE];
};

/// The structures inside payloads.
pub const PARTS: &[PayloadType] = types! {
    CmdArgs [];
    Precondition [];
    NodePayload [];
    EdgePayload [];
    RunState [];
    UnitState [];
    TaskState [];
    PrState [];
    Loss [];
    LostRange [];
    SeqRange [];
};

/// Event types with a payload of their own, and the name of its definition.
pub fn payload_types() -> Vec<(&'static str, &'static str)> {
    let rows = PAYLOADS.iter().flat_map(|payload| payload.kinds.iter().map(|kind| (*kind, payload.name)));
    rows.collect()
}

/// Every structure whose reader can be asked.
pub(crate) fn all() -> impl Iterator<Item = &'static PayloadType> {
    PAYLOADS.iter().chain(PARTS)
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn read_as<T: DeserializeOwned + Serialize>(line: &Line<'_>) -> Option<Result<Value, PayloadMismatch>> {
    // Ours have string keys only, so they have a JSON form.
    line.payload::<T>().map(|read| read.map(|payload| serde_json::to_value(payload).unwrap_or_default()))
}
