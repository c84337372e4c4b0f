//! Which event types carry which payload.

use crate::kind;
use crate::{
    AgentDone, AgentInvoke, BranchPushed, CmdAccepted, CmdDone, CmdRejected, CmdRequest, CodeReview,
    CodeReviewFix, CodeReviewIssues, CodeReviewPassed, Commit, DiffFile, DiffRemoved, Feature, FeatureReview,
    FeatureSpecs, FeatureTasks, GraphPayload, HubBye, HubCursor, HubEnd, HubError, HubGap, HubHello,
    HubSnapshot, Intervention, LinkAck, LinkBye, LinkHello, LinkLost, LinkPing, LinkPong, LinkWelcome,
    LogPayload, OrchSnapshot, OrchStarted, PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview,
    Prd, PrdDrift, Subscribe, TaskPayload, TaskProgress, TaskRecord, TaskRetry, UnitBlocked, UnitMerged,
    UnitStarted, Unsubscribe, Usage, Validation, Worktree,
};

/// A payload of known event types.
///
/// ```
/// use choo_protocol::{DiffFile, TypedPayload, kind};
/// assert_eq!(DiffFile::KINDS, [kind::DIFF_FILE]);
/// ```
pub trait TypedPayload: sealed::Sealed {
    /// The event types that carry it; a type carries one payload at most.
    const KINDS: &'static [&'static str];
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds {
    ($($type:ident [$($kind:ident)+];)+) => {
        $(
            impl sealed::Sealed for $type {}

            impl TypedPayload for $type {
                const KINDS: &'static [&'static str] = &[$(kind::$kind),+];
            }
        )+

        /// The event types with a payload of their own, by payload.
        #[cfg(test)]
        pub(crate) const BY_PAYLOAD: &[&[&str]] = &[$($type::KINDS),+];
    };
}

kinds! {
    OrchStarted [ORCH_STARTED ORCH_DRYRUN_STARTED];
    OrchSnapshot [ORCH_SNAPSHOT];
    Intervention [ORCH_PAUSED ORCH_RESUMED ORCH_CANCELLED UNIT_SKIPPED UNIT_CANCELLED];
    GraphPayload [GRAPH];
    UnitStarted [UNIT_STARTED];
    UnitMerged [UNIT_MERGED];
    UnitBlocked [UNIT_BLOCKED];
    TaskPayload [TASK_STARTED TASK_BACKPRESSURE TASK_COMPLETED TASK_FAILED];
    AgentInvoke [TASK_CLAUDE_INVOKE];
    AgentDone [TASK_CLAUDE_DONE];
    Validation [TASK_VALIDATION_OK TASK_VALIDATION_FAIL];
    Commit [TASK_COMMITTED];
    TaskRetry [TASK_RETRY];
    TaskProgress [TASK_PROGRESS];
    Usage [TASK_USAGE];
    TaskRecord [TASK_CREATED TASK_UPDATED TASK_DELETED];
    PrPayload [PR_CREATED PR_FAILED FEATURE_PR_OPENED];
    PrReview [PR_REVIEW_PENDING PR_REVIEW_IN_PROGRESS PR_REVIEW_APPROVED];
    PrFeedback [PR_FEEDBACK_RECEIVED PR_FEEDBACK_ADDRESSED];
    PrQueued [PR_MERGE_QUEUED];
    PrConflict [PR_CONFLICT];
    PrMerged [PR_MERGED];
    Worktree [WORKTREE_CREATED WORKTREE_REMOVED];
    BranchPushed [BRANCH_PUSHED];
    Feature [FEATURE_STARTED FEATURE_UNITS_COMPLETE FEATURE_COMPLETED FEATURE_FAILED];
    FeatureSpecs [FEATURE_SPECS_GENERATED FEATURE_SPECS_COMMITTED];
    FeatureReview [FEATURE_SPECS_REVIEWED];
    FeatureTasks [FEATURE_TASKS_GENERATED];
    CodeReview [CODEREVIEW_STARTED CODEREVIEW_FAILED];
    CodeReviewPassed [CODEREVIEW_PASSED];
    CodeReviewIssues [CODEREVIEW_ISSUES_FOUND];
    CodeReviewFix [CODEREVIEW_FIX_ATTEMPT CODEREVIEW_FIX_APPLIED];
    Prd [PRD_DISCOVERED PRD_SELECTED PRD_UPDATED];
    PrdDrift [PRD_BODY_CHANGED PRD_DRIFT_DETECTED];
    LogPayload [LOG_STDOUT LOG_STDERR LOG_SYSTEM LOG_ERROR];
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
    Subscribe [SUBSCRIBE];
    Unsubscribe [UNSUBSCRIBE];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_one_payload_and_hardly_one_has_none() {
        let mut with: Vec<&str> = BY_PAYLOAD.iter().flat_map(|kinds| kinds.iter().copied()).collect();
        let all = with.len();
        with.sort_unstable();
        with.dedup();
        assert_eq!(with.len(), all);
        let without: Vec<&str> = kind::ALL.iter().copied().filter(|kind| !with.contains(kind)).collect();
        // What these say is said by the envelope.
        let expected = [
            kind::ORCH_COMPLETED,
            kind::ORCH_FAILED,
            kind::ORCH_DRYRUN_COMPLETED,
            kind::UNIT_QUEUED,
            kind::UNIT_COMPLETED,
            kind::UNIT_FAILED,
        ];
        assert_eq!(without, expected);
    }
}
