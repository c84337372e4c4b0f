//! Typed payloads of the known events (SPEC §3).
//!
//! All of them ignore members they do not know and take a missing member as its default, so that an
//! older reader understands a newer writer.

mod agent;
mod codereview;
mod diff;
mod feature;
mod git;
mod kinds;
mod log;
mod orch;
mod pr;
mod prd;
mod task;
mod unit;
mod usage;

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::GraphPayload;
use crate::escape;
use crate::raw::WriteRaw;

pub use agent::{AgentDone, AgentInvoke};
pub use codereview::{
    CodeReview, CodeReviewFix, CodeReviewIssues, CodeReviewPassed, ReviewIssue, ReviewVerdict, Severity,
};
pub use diff::{DiffFile, DiffRemoved, DiffSummary, FileStatus};
pub use feature::{Feature, FeatureReview, FeatureSpecs, FeatureTasks};
pub use git::{BranchPushed, Worktree};
pub use kinds::TypedPayload;
pub use log::{LogPayload, LogStream};
pub use orch::{Intervention, OrchSnapshot, OrchStarted};
pub use pr::{MergeMethod, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview};
pub use prd::{Prd, PrdDrift};
pub use task::{Commit, TaskPayload, TaskProgress, TaskRecord, TaskRetry, Validation};
pub use unit::{UnitBlocked, UnitMerged, UnitStarted};
pub use usage::Usage;

/// The payload of an event to be written: one of ours, or any JSON.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// Of `orch.started`.
    OrchStarted(OrchStarted),
    /// Of `orch.snapshot`.
    OrchSnapshot(Box<OrchSnapshot>),
    /// Of `graph`.
    Graph(GraphPayload),
    /// Of `unit.started`.
    UnitStarted(UnitStarted),
    /// Of `task.*`.
    Task(TaskPayload),
    /// Of `task.progress`.
    Progress(TaskProgress),
    /// Of `task.created|updated|deleted`.
    Record(TaskRecord),
    /// Of `pr.*`.
    Pr(PrPayload),
    /// Of `log.*`.
    Log(LogPayload),
    /// Of `task.usage`.
    Usage(Usage),
    /// Of `diff.file`.
    DiffFile(DiffFile),
    /// Of `diff.removed`.
    DiffRemoved(DiffRemoved),
    /// Any JSON, as it is.
    Json(Box<RawValue>),
}

/// A value that has no JSON form, such as a map whose keys are not strings. The caller's fault; the
/// event has not been made.
#[derive(Debug)]
pub struct PayloadError(serde_json::Error);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "payload has no JSON form: {}", self.0)
    }
}

impl std::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Payload {
    /// Any serialisable value as a payload, written as Go's `encoding/json` writes its like: without
    /// white space, a whole floating-point number without `.0`. Members keep the order that the value
    /// gives them in, where Go sorts a map's. Numbers that are not finite become `null`, as JSON has
    /// none.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Payload, PayloadError> {
        let mut json = Vec::new();
        escape::write_value(value, &mut json).map_err(PayloadError)?;
        serde_json::from_slice(&json).map(Payload::Json).map_err(PayloadError)
    }

    /// Appends it as JSON, ready JSON by `write_raw`. Ours have string keys only and cannot fail.
    pub(crate) fn write(&self, write_raw: WriteRaw, out: &mut Vec<u8>) {
        let start = out.len();
        let written = match self {
            Payload::OrchStarted(p) => escape::write_value(p, out),
            Payload::OrchSnapshot(p) => escape::write_value(p, out),
            Payload::Graph(p) => escape::write_value(p, out),
            Payload::UnitStarted(p) => escape::write_value(p, out),
            Payload::Task(p) => escape::write_value(p, out),
            Payload::Progress(p) => escape::write_value(p, out),
            Payload::Record(p) => escape::write_value(p, out),
            Payload::Pr(p) => escape::write_value(p, out),
            Payload::Usage(p) => escape::write_value(p, out),
            Payload::DiffFile(p) => escape::write_value(p, out),
            Payload::DiffRemoved(p) => escape::write_value(p, out),
            Payload::Log(p) => {
                out.extend_from_slice(b"{\"content\":");
                escape::write_string(&p.content, out);
                out.extend_from_slice(b",\"n\":");
                out.extend_from_slice(itoa::Buffer::new().format(p.n).as_bytes());
                out.push(b'}');
                Ok(())
            }
            Payload::Json(raw) => {
                write_raw(raw, out);
                Ok(())
            }
        };
        if written.is_err() {
            out.truncate(start);
            out.extend_from_slice(b"null");
        }
    }
}

macro_rules! into_payload {
    ($($type:ty => $variant:ident),* $(,)?) => {
        $(impl From<$type> for Payload {
            fn from(payload: $type) -> Self {
                Payload::$variant(payload.into())
            }
        })*
    };
}

into_payload! {
    OrchStarted => OrchStarted,
    OrchSnapshot => OrchSnapshot,
    GraphPayload => Graph,
    UnitStarted => UnitStarted,
    TaskPayload => Task,
    TaskProgress => Progress,
    TaskRecord => Record,
    PrPayload => Pr,
    Usage => Usage,
    DiffFile => DiffFile,
    DiffRemoved => DiffRemoved,
    LogPayload => Log,
    Box<RawValue> => Json,
}
