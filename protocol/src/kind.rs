//! The names of the known event types (SPEC §3), and the two classes of pressure.
//!
//! The set is open: a type that is not here is kept and forwarded all the same.

use crate::MAX_KIND;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* #[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*
        /// Every type named here.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

kinds! {
    ORCH_STARTED = "orch.started";
    ORCH_COMPLETED = "orch.completed";
    ORCH_FAILED = "orch.failed";
    ORCH_DRYRUN_STARTED = "orch.dryrun.started";
    ORCH_DRYRUN_COMPLETED = "orch.dryrun.completed";
    ORCH_PAUSED = "orch.paused";
    ORCH_RESUMED = "orch.resumed";
    ORCH_CANCELLED = "orch.cancelled";
    ORCH_SNAPSHOT = "orch.snapshot";
    /// The separate graph event of the original daemon (SPEC §9):
    GRAPH = "graph";
    UNIT_QUEUED = "unit.queued";
    UNIT_STARTED = "unit.started";
    UNIT_COMPLETED = "unit.completed";
    UNIT_MERGED = "unit.merged";
    UNIT_FAILED = "unit.failed";
    UNIT_BLOCKED = "unit.blocked";
    UNIT_SKIPPED = "unit.skipped";
    UNIT_CANCELLED = "unit.cancelled";
    TASK_STARTED = "task.started";
    TASK_CLAUDE_INVOKE = "task.claude.invoke";
    TASK_CLAUDE_DONE = "task.claude.done";
    TASK_BACKPRESSURE = "task.backpressure";
    TASK_VALIDATION_OK = "task.validation.ok";
    TASK_VALIDATION_FAIL = "task.validation.fail";
    TASK_COMMITTED = "task.committed";
    TASK_COMPLETED = "task.completed";
    TASK_RETRY = "task.retry";
    TASK_FAILED = "task.failed";
    TASK_CREATED = "task.created";
    TASK_UPDATED = "task.updated";
    TASK_DELETED = "task.deleted";
    TASK_PROGRESS = "task.progress";
    TASK_USAGE = "task.usage";
    PR_CREATED = "pr.created";
    PR_REVIEW_PENDING = "pr.review.pending";
    PR_REVIEW_IN_PROGRESS = "pr.review.in_progress";
    PR_REVIEW_APPROVED = "pr.review.approved";
    PR_FEEDBACK_RECEIVED = "pr.feedback.received";
    PR_FEEDBACK_ADDRESSED = "pr.feedback.addressed";
    PR_MERGE_QUEUED = "pr.merge.queued";
    PR_CONFLICT = "pr.conflict";
    PR_MERGED = "pr.merged";
    PR_FAILED = "pr.failed";
    WORKTREE_CREATED = "worktree.created";
    WORKTREE_REMOVED = "worktree.removed";
    BRANCH_PUSHED = "branch.pushed";
    FEATURE_STARTED = "feature.started";
    FEATURE_SPECS_GENERATED = "feature.specs.generated";
    FEATURE_SPECS_REVIEWED = "feature.specs.reviewed";
    FEATURE_SPECS_COMMITTED = "feature.specs.committed";
    FEATURE_TASKS_GENERATED = "feature.tasks.generated";
    FEATURE_UNITS_COMPLETE = "feature.units.complete";
    FEATURE_PR_OPENED = "feature.pr.opened";
    FEATURE_COMPLETED = "feature.completed";
    FEATURE_FAILED = "feature.failed";
    CODEREVIEW_STARTED = "codereview.started";
    CODEREVIEW_PASSED = "codereview.passed";
    CODEREVIEW_ISSUES_FOUND = "codereview.issues_found";
    CODEREVIEW_FIX_ATTEMPT = "codereview.fix_attempt";
    CODEREVIEW_FIX_APPLIED = "codereview.fix_applied";
    CODEREVIEW_FAILED = "codereview.failed";
    PRD_DISCOVERED = "prd.discovered";
    PRD_SELECTED = "prd.selected";
    PRD_UPDATED = "prd.updated";
    PRD_BODY_CHANGED = "prd.body.changed";
    PRD_DRIFT_DETECTED = "prd.drift.detected";
    LOG_STDOUT = "log.stdout";
    LOG_STDERR = "log.stderr";
    LOG_SYSTEM = "log.system";
    LOG_ERROR = "log.error";
    DIFF_FILE = "diff.file";
    DIFF_REMOVED = "diff.removed";
    CMD_REQUEST = "cmd.request";
    CMD_ACCEPTED = "cmd.accepted";
    CMD_REJECTED = "cmd.rejected";
    CMD_DONE = "cmd.done";
    LINK_HELLO = "link.hello";
    LINK_WELCOME = "link.welcome";
    LINK_ACK = "link.ack";
    LINK_PING = "link.ping";
    LINK_PONG = "link.pong";
    LINK_LOST = "link.lost";
    LINK_BYE = "link.bye";
    HUB_HELLO = "hub.hello";
    HUB_SNAPSHOT = "hub.snapshot";
    HUB_GAP = "hub.gap";
    HUB_CURSOR = "hub.cursor";
    HUB_END = "hub.end";
    HUB_ERROR = "hub.error";
    HUB_BYE = "hub.bye";
    SUBSCRIBE = "subscribe";
    UNSUBSCRIBE = "unsubscribe";
}

/// What may be evicted under pressure; never what overtakes (SPEC §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Everything that changes the run's state.
    Lifecycle,
    /// `log.*`, `diff.*` and progress.
    Bulk,
}

impl Class {
    /// The class of an event type; unknown types count as lifecycle.
    ///
    /// ```
    /// use choo_protocol::Class;
    /// assert_eq!(Class::of("log.stdout"), Class::Bulk);
    /// assert_eq!(Class::of("x.acme.deployed"), Class::Lifecycle);
    /// ```
    pub fn of(kind: &str) -> Class {
        if kind.starts_with("log.") || kind.starts_with("diff.") || kind == TASK_PROGRESS {
            Class::Bulk
        } else {
            Class::Lifecycle
        }
    }
}

/// Whether lines of this type may carry a whole graph or state and so be up to
/// [`Limits::graph_line`](crate::Limits::graph_line) long.
pub fn carries_graph(kind: &str) -> bool {
    matches!(kind, ORCH_STARTED | GRAPH | ORCH_SNAPSHOT | HUB_SNAPSHOT)
}

/// Whether events of this type mean nothing without a unit: `unit.*` and `task.*`, but for the records
/// of a task store, and for `task.usage`, which can be that of the run as a whole.
///
/// ```
/// use choo_protocol::kind::{self, needs_unit};
/// assert!(needs_unit(kind::UNIT_STARTED) && needs_unit("task.of.a.new.kind"));
/// assert!(!needs_unit(kind::TASK_CREATED) && !needs_unit(kind::PR_CREATED));
/// ```
pub fn needs_unit(kind: &str) -> bool {
    let of_others = matches!(kind, TASK_CREATED | TASK_UPDATED | TASK_DELETED | TASK_USAGE);
    kind.starts_with("unit.") || kind.starts_with("task.") && !of_others
}

/// Whether it can be an event type: 1 to [`MAX_KIND`] bytes without white space or
/// control characters.
pub fn is_well_formed(kind: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    (1..=MAX_KIND).contains(&kind.len())
        && (kind.bytes().all(|b| b.is_ascii_graphic()) || kind.chars().all(plain))
}
