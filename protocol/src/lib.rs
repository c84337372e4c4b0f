#![doc = include_str!("../README.md")]
//!
//! # Where to find what
//!
//! | for | see |
//! | --- | --- |
//! | writing | [`Event`], [`Payload`] and its types, [`Encoder`], [`kind`], [`control_line`] |
//! | reading | [`LineDecoder`], [`Line`], [`LineError`], [`Limits`], [`TypedPayload`], [`WireEvent`] |
//! | completing what a producer left out | [`Line::complete`], [`Fill`] |
//! | folding | [`RunState`], [`Change`], [`UnitState`], [`IdMap`], [`Loss`] |
//! | following a hub | [`RunStore`], [`StoreChanges`], [`Journal`], [`to_json`] |
//! | choosing | [`Filter`], [`Glob`], [`EventFilter`], [`Class`] |
//! | drawing | [`GraphPayload`], [`GraphLayout`] |
//!
//! # What is promised
//!
//! * **One validator.** What [`Line::parse`] lets in, V8, Python, Go and jq read too, with the same meaning of
//!   the envelope and of typed payloads. Integers have at most 53 bits ([`MAX_INTEGER`]), nesting ends at
//!   [`Limits::DEPTH`], no key comes twice.
//! * **Nothing is lost on the way.** A line keeps its bytes. Types, members and values that this version does
//!   not know survive reading and writing; a payload that does not fit its type stays opaque, and the event is
//!   folded by its envelope.
//! * **Bad input is an error, never a panic**, and costs time in proportion to its length.

mod canonical;
mod case;
mod change;
mod control;
mod decoder;
mod encoder;
mod envelope;
mod escape;
mod event;
mod filter;
mod finite;
mod float;
mod graph;
mod id_map;
mod journal;
mod json;
pub mod kind;
mod layout;
mod lenient;
mod limits;
mod line;
mod line_error;
mod loss;
mod names;
mod number;
mod open;
mod patch;
mod payload;
mod plain;
mod printable;
mod raw;
mod reader;
mod run_id;
mod state;
mod store;
mod timestamp;
mod unescape;
mod unit;
mod wire_event;
mod writer;

pub use change::{Change, DiffChange, Member, Members};
pub use control::{
    CmdAccepted, CmdArgs, CmdDone, CmdRejected, CmdRequest, Command, HubBye, HubCursor, HubEnd, HubError,
    HubGap, HubHello, HubSnapshot, LinkAck, LinkBye, LinkHello, LinkLost, LinkPing, LinkPong, LinkWelcome,
    MAX_REQUEST_BYTES, PROTO, Precondition, RejectReason, Subscribe, Unsubscribe, control_line,
    orch_snapshot_line, snapshot_line,
};
pub use decoder::{Frame, LineDecoder};
pub use encoder::Encoder;
pub use event::{Event, EventError, EventParts};
pub use filter::{Filter, Glob, GlobError, Globs};
pub use graph::{EdgePayload, GraphError, GraphPayload, NodePayload};
pub use id_map::{IdMap, Iter as IdMapIter};
pub use journal::{EventFilter, Journal, LogLine};
pub use kind::Class;
pub use layout::{GraphLayout, PlacedNode, Point, RoutedEdge, Spacing};
pub use limits::Limits;
pub use line::{Fill, Line, MAX_INTEGER, MAX_KIND, is_control};
pub use line_error::{LineError, LineErrorKind};
pub use loss::{Loss, LostRange, SeqRange};
pub use patch::{JsonPatch, PatchOp, StatePatch};
pub use payload::{
    AgentDone, AgentInvoke, BranchPushed, CodeReview, CodeReviewFix, CodeReviewIssues, CodeReviewPassed,
    Commit, DiffFile, DiffRemoved, DiffSummary, Feature, FeatureReview, FeatureSpecs, FeatureTasks,
    FileStatus, Intervention, Json, LogPayload, LogStream, MergeMethod, OrchSnapshot, OrchStarted, Payload,
    PayloadError, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview, Prd, PrdDrift,
    ReviewIssue, ReviewVerdict, Severity, TaskPayload, TaskProgress, TaskRecord, TaskRetry, TypedPayload,
    UnitBlocked, UnitMerged, UnitStarted, Usage, Validation, Worktree,
};
pub use reader::PayloadMismatch;
pub use run_id::{RunId, RunIdError};
pub use state::{
    DiffState, PendingSnapshot, PrMember, PrState, RunMember, RunState, RunStatus, UsageTotal, Usd,
};
pub use store::{RunStore, RunSummary, StoreChanges, StoreFault, UnitChanges, UnitCounts};
pub use timestamp::{Timestamp, TimestampError};
pub use unit::{TaskMember, TaskState, TaskStatus, UnitMember, UnitState, UnitStatus};
pub use wire_event::WireEvent;
pub use writer::{NoJson, to_json};
