//! Which event type has which payload.

use choo_protocol::{
    AgentDone, AgentInvoke, BranchPushed, CmdAccepted, CmdArgs, CmdDone, CmdRejected, CmdRequest, CodeReview,
    CodeReviewFix, CodeReviewIssues, CodeReviewPassed, Commit, DiffFile, DiffRemoved, DiffState, EdgePayload,
    Feature, FeatureReview, FeatureSpecs, FeatureTasks, GraphPayload, HubBye, HubCursor, HubEnd, HubError,
    HubGap, HubHello, HubSnapshot, Intervention, Line, LinkAck, LinkBye, LinkHello, LinkLost, LinkPing,
    LinkPong, LinkWelcome, LogPayload, Loss, LostRange, NodePayload, OrchSnapshot, OrchStarted,
    PayloadMismatch, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview, PrState, Prd, PrdDrift,
    Precondition, ReviewIssue, RunState, SeqRange, Subscribe, TaskPayload, TaskProgress, TaskRecord,
    TaskRetry, TaskState, TypedPayload, UnitBlocked, UnitMerged, UnitStarted, UnitState, Unsubscribe, Usage,
    UsageTotal, Validation, Worktree,
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

macro_rules! row {
    ($type:ident, $kinds:expr) => {
        PayloadType {
            name: stringify!($type),
            kinds: $kinds,
            schema: schema_of::<$type>,
            read: read_as::<$type>,
        }
    };
}

macro_rules! payloads {
    ($($type:ident)*) => { &[$(row!($type, <$type as TypedPayload>::KINDS)),*] };
}

macro_rules! parts {
    ($($type:ident)*) => { &[$(row!($type, &[])),*] };
}

/// The payloads, each with the event types that carry it.
pub const PAYLOADS: &[PayloadType] = payloads! {
    OrchStarted
    OrchSnapshot
    Intervention
    GraphPayload
    UnitStarted
    UnitMerged
    UnitBlocked
    TaskPayload
    AgentInvoke
    AgentDone
    Validation
    Commit
    TaskRetry
    TaskProgress
    Usage
    TaskRecord
    PrPayload
    PrReview
    PrFeedback
    PrQueued
    PrConflict
    PrMerged
    Worktree
    BranchPushed
    Feature
    FeatureSpecs
    FeatureReview
    FeatureTasks
    CodeReview
    CodeReviewPassed
    CodeReviewIssues
    CodeReviewFix
    Prd
    PrdDrift
    LogPayload
    DiffFile
    DiffRemoved
    CmdRequest
    CmdAccepted
    CmdRejected
    CmdDone
    LinkHello
    LinkWelcome
    LinkAck
    LinkPing
    LinkPong
    LinkLost
    LinkBye
    HubHello
    HubSnapshot
    HubGap
    HubCursor
    HubEnd
    HubError
    HubBye
    Subscribe
    Unsubscribe
};

/// The structures inside payloads.
pub const PARTS: &[PayloadType] = parts! {
    CmdArgs
    Precondition
    ReviewIssue
    NodePayload
    EdgePayload
    RunState
    UsageTotal
    DiffState
    UnitState
    TaskState
    PrState
    DiffState
    UsageTotal
    Loss
    LostRange
    SeqRange
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
