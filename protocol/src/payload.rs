//! Typed payloads of the known events (SPEC §3).
//!
//! All of them ignore members they do not know and take a missing member as its default, so that an
//! older reader understands a newer writer.

mod agent;
mod codereview;
mod diff;
mod feature;
mod git;
mod json;
mod kinds;
mod log;
mod orch;
mod pr;
mod prd;
mod task;
mod unit;
mod usage;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::control::{CmdAccepted, CmdDone, CmdRejected};
use crate::escape;
use crate::lenient::saturate;
use crate::number::write_number;
use crate::raw::WriteRaw;
use crate::{GraphPayload, kind};

pub use agent::{AgentDone, AgentInvoke};
pub use codereview::{
    CodeReview, CodeReviewFix, CodeReviewIssues, CodeReviewPassed, ReviewIssue, ReviewVerdict, Severity,
};
pub use diff::{DiffFile, DiffRemoved, DiffSummary, FileStatus};
pub use feature::{Feature, FeatureReview, FeatureSpecs, FeatureTasks};
pub use git::{BranchPushed, Worktree};
pub use json::{Json, PayloadError};
pub use kinds::TypedPayload;
pub use log::{LogPayload, LogStream};
pub use orch::{Intervention, OrchSnapshot, OrchStarted};
pub use pr::{MergeMethod, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview};
pub use prd::{Prd, PrdDrift};
pub use task::{Commit, TaskPayload, TaskProgress, TaskRecord, TaskRetry, Validation};
pub use unit::{UnitBlocked, UnitMerged, UnitStarted};
pub use usage::Usage;

macro_rules! payloads {
    ($($variant:ident($field:ty) of $type:ident;)*) => {
        /// The payload of an event to be written: one of ours, or any JSON.
        ///
        /// Large ones are boxed, so that events stay cheap to hand on.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Payload {
            /// Of `log.*`.
            Log(LogPayload),
            $(#[doc = concat!("A [`", stringify!($type), "`].")] $variant($field),)*
            /// Any JSON, as it is.
            Json(Json),
        }

        $(impl From<$type> for Payload {
            fn from(payload: $type) -> Self {
                Payload::$variant(payload.into())
            }
        })*

        impl Payload {
            /// The event types that carry it; `None` for JSON, which says nothing of that.
            fn kinds(&self) -> Option<&'static [&'static str]> {
                match self {
                    Payload::Log(_) => Some(LogPayload::KINDS),
                    $(Payload::$variant(_) => Some($type::KINDS),)*
                    Payload::Json(_) => None,
                }
            }

            /// Appends it as JSON, ready JSON by `write_raw`.
            #[inline]
            pub(crate) fn write(&self, write_raw: WriteRaw, out: &mut Vec<u8>) {
                // Most events are output, and need nothing of what the others need.
                match self {
                    Payload::Log(log) => write_log(log, out),
                    _ => self.write_other(write_raw, out),
                }
            }

            #[inline(never)]
            fn write_other(&self, write_raw: WriteRaw, out: &mut Vec<u8>) {
                match self {
                    Payload::Log(log) => write_log(log, out),
                    $(Payload::$variant(payload) => write_typed(payload, out),)*
                    Payload::Json(json) => write_raw(json.raw(), out),
                }
            }
        }
    };
}

payloads! {
    OrchStarted(Box<OrchStarted>) of OrchStarted;
    Intervention(Box<Intervention>) of Intervention;
    Graph(Box<GraphPayload>) of GraphPayload;
    UnitStarted(UnitStarted) of UnitStarted;
    UnitMerged(Box<UnitMerged>) of UnitMerged;
    UnitBlocked(UnitBlocked) of UnitBlocked;
    Task(Box<TaskPayload>) of TaskPayload;
    AgentInvoke(Box<AgentInvoke>) of AgentInvoke;
    AgentDone(Box<AgentDone>) of AgentDone;
    Validation(Box<Validation>) of Validation;
    Commit(Box<Commit>) of Commit;
    Retry(Box<TaskRetry>) of TaskRetry;
    Progress(TaskProgress) of TaskProgress;
    Usage(Box<Usage>) of Usage;
    Pr(Box<PrPayload>) of PrPayload;
    PrReview(PrReview) of PrReview;
    PrFeedback(Box<PrFeedback>) of PrFeedback;
    PrQueued(PrQueued) of PrQueued;
    PrConflict(PrConflict) of PrConflict;
    PrMerged(Box<PrMerged>) of PrMerged;
    Worktree(Box<Worktree>) of Worktree;
    BranchPushed(Box<BranchPushed>) of BranchPushed;
    Feature(Box<Feature>) of Feature;
    FeatureSpecs(Box<FeatureSpecs>) of FeatureSpecs;
    FeatureReview(Box<FeatureReview>) of FeatureReview;
    FeatureTasks(FeatureTasks) of FeatureTasks;
    CodeReview(CodeReview) of CodeReview;
    CodeReviewPassed(CodeReviewPassed) of CodeReviewPassed;
    CodeReviewIssues(CodeReviewIssues) of CodeReviewIssues;
    CodeReviewFix(CodeReviewFix) of CodeReviewFix;
    Prd(Box<Prd>) of Prd;
    PrdDrift(Box<PrdDrift>) of PrdDrift;
    DiffFile(Box<DiffFile>) of DiffFile;
    DiffRemoved(DiffRemoved) of DiffRemoved;
    CmdAccepted(CmdAccepted) of CmdAccepted;
    CmdRejected(CmdRejected) of CmdRejected;
    CmdDone(CmdDone) of CmdDone;
}

// The bus and its handlers move events about; a log line must not pay for a pull request.
const _: () = assert!(size_of::<Payload>() <= 56);

impl Payload {
    /// Any serialisable value as a payload; see [`Json::of`].
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Payload, PayloadError> {
        Json::of(value).map(Payload::Json)
    }

    /// Ready JSON as a payload, if every reader takes it; see [`Json::from_raw`].
    pub fn from_raw(raw: Box<RawValue>) -> Result<Payload, PayloadError> {
        Json::from_raw(raw).map(Payload::Json)
    }

    /// Whether events of this type may carry it. Types that are not known carry anything, and a payload
    /// of ready JSON is taken on trust: readers count it if it has another shape.
    ///
    /// ```
    /// use choo_protocol::{LogPayload, Payload, kind};
    /// let log = Payload::from(LogPayload::default());
    /// assert!(log.fits(kind::LOG_STDERR) && log.fits("x.acme.log") && !log.fits(kind::PR_CREATED));
    /// ```
    pub fn fits(&self, kind: &str) -> bool {
        self.kinds().is_none_or(|kinds| kinds.contains(&kind) || !kind::ALL.contains(&kind))
    }
}

impl From<LogPayload> for Payload {
    fn from(payload: LogPayload) -> Self {
        Payload::Log(payload)
    }
}

impl From<Json> for Payload {
    fn from(json: Json) -> Self {
        Payload::Json(json)
    }
}

impl TryFrom<Box<RawValue>> for Payload {
    type Error = PayloadError;

    fn try_from(raw: Box<RawValue>) -> Result<Self, PayloadError> {
        Payload::from_raw(raw)
    }
}

impl TryFrom<&TaskRecord> for Payload {
    type Error = PayloadError;

    /// The record in it can be any JSON, so it is looked at.
    fn try_from(record: &TaskRecord) -> Result<Self, PayloadError> {
        Payload::json(record)
    }
}

#[inline]
fn write_log(log: &LogPayload, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"content\":");
    escape::write_string(&log.content, out);
    out.extend_from_slice(b",\"n\":");
    write_number(saturate(log.n), out);
    out.push(b'}');
}

fn write_typed(payload: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    // Ours have string keys only and cannot fail.
    if escape::write_value(payload, out).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
