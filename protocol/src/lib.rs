//! The wire of choo: what one line is, how it is read and written, and what state a run's lines fold
//! to.
//!
//! Hub, browser and tools share this crate, so none can disagree with another. It has no I/O, reads
//! no clock, draws no random numbers and starts no threads: whoever calls it hands in bytes and times.
//!
//! Begin with [`LineDecoder`] (bytes to lines), [`Line`] (the validator and the borrowed envelope),
//! [`RunState`] (the fold) and, to produce lines, [`Event`].
//!
//! ```
//! use choo_protocol::{Frame, Limits, Line, LineDecoder, RunState, UnitStatus};
//!
//! let limits = Limits::default();
//! let mut decoder = LineDecoder::new(limits);
//! let mut state = RunState::new("demo".parse()?);
//! let bytes = b"{\"type\":\"unit.started\",\"time\":\"2025-01-18T10:30:00Z\",\"unit\":\"app\"}\nnot json\n";
//! let mut bad = 0;
//! decoder.feed(bytes, |frame| match frame {
//!     Frame::Line(line) => match Line::parse(line, &limits) {
//!         Ok(line) => {
//!             state.apply(&line);
//!         }
//!         Err(_) => bad += 1, // the stream goes on
//!     },
//!     Frame::Oversized { .. } => bad += 1,
//! });
//! assert_eq!(state.units["app"].status, UnitStatus::InProgress);
//! assert_eq!(bad, 1);
//! # Ok::<(), choo_protocol::RunIdError>(())
//! ```

mod canonical;
mod case;
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
mod open;
mod payload;
mod plain;
mod raw;
mod reader;
mod run_id;
mod state;
mod store;
mod timestamp;
mod unescape;
mod unit;
mod wire_event;

pub use control::{
    CmdAccepted, CmdArgs, CmdDone, CmdRejected, CmdRequest, Command, HubBye, HubCursor, HubEnd, HubError,
    HubGap, HubHello, HubSnapshot, LinkAck, LinkBye, LinkHello, LinkLost, LinkPing, LinkPong, LinkWelcome,
    PROTO, Precondition, RejectReason, control_line, snapshot_line,
};
pub use decoder::{Frame, LineDecoder};
pub use encoder::Encoder;
pub use event::Event;
pub use filter::{Filter, Glob, GlobError};
pub use graph::{EdgePayload, GraphError, GraphPayload, NodePayload};
pub use journal::{EventFilter, Journal, LogLine};
pub use kind::Class;
pub use layout::{GraphLayout, PlacedNode, Point, RoutedEdge, Spacing};
pub use limits::Limits;
pub use line::{Fill, Line, MAX_INTEGER, MAX_KIND, is_control};
pub use line_error::{LineError, LineErrorKind};
pub use loss::{Loss, LostRange, SeqRange};
pub use payload::{
    AgentDone, AgentInvoke, BranchPushed, CodeReview, CodeReviewFix, CodeReviewIssues, CodeReviewPassed,
    Commit, DiffFile, DiffRemoved, DiffSummary, Feature, FeatureReview, FeatureSpecs, FeatureTasks,
    FileStatus, Intervention, LogPayload, LogStream, MergeMethod, OrchSnapshot, OrchStarted, Payload,
    PayloadError, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview, Prd, PrdDrift,
    ReviewIssue, ReviewVerdict, Severity, TaskPayload, TaskProgress, TaskRecord, TaskRetry, TypedPayload,
    UnitBlocked, UnitMerged, UnitStarted, Usage, Validation, Worktree,
};
pub use reader::PayloadMismatch;
pub use run_id::{RunId, RunIdError};
pub use state::{Change, PrState, RunState, RunStatus};
pub use store::{RunStore, RunSummary, StoreChanges, StoreFault, UnitChanges, UnitCounts};
pub use timestamp::{Timestamp, TimestampError};
pub use unit::{TaskState, TaskStatus, UnitState, UnitStatus};
pub use wire_event::WireEvent;
