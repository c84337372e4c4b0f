//! The state of one unit.

mod task;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{Members, members};
use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::state::UsageTotal;
use crate::{Change, IdMap, Line, Timestamp, UnitStarted, kind};

pub use task::{TaskMember, TaskState, TaskStatus};

/// How a unit stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    /// Waits for its dependencies.
    #[default]
    Pending,
    /// May start as soon as there is room.
    Ready,
    /// Runs.
    InProgress,
    /// Its pull request is being reviewed.
    InReview,
    /// Done.
    Complete,
    /// Failed.
    Failed,
    /// Cannot run, as something it depends on failed.
    Blocked,
    /// Left out.
    Skipped,
    /// Stopped before its end.
    Cancelled,
}

impl UnitStatus {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            UnitStatus::Pending => "pending",
            UnitStatus::Ready => "ready",
            UnitStatus::InProgress => "in_progress",
            UnitStatus::InReview => "in_review",
            UnitStatus::Complete => "complete",
            UnitStatus::Failed => "failed",
            UnitStatus::Blocked => "blocked",
            UnitStatus::Skipped => "skipped",
            UnitStatus::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is expected of the unit.
    pub fn is_final(self) -> bool {
        use UnitStatus::{Blocked, Cancelled, Complete, Failed, Skipped};
        matches!(self, Complete | Failed | Blocked | Skipped | Cancelled)
    }
}

/// One unit of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnitState {
    /// Its place in the graph as the producer listed it, from 0.
    pub order: u32,
    /// Its level in the graph, from 0.
    pub level: u32,
    /// A name for people, where it differs from the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How it stands.
    pub status: UnitStatus,
    /// How many tasks it has, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tasks: Option<u32>,
    /// How many of them are complete.
    pub completed_tasks: u32,
    /// The task it is at, from 0: the number of the last started one less one (SPEC §9).
    pub current_task: i64,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Why it failed or is blocked; at most 4 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// What it depends on.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// The branch it is worked on, empty if none was named.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Where its work tree is, on the machine of the orchestrator; empty once that is removed.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub worktree: String,
    /// How its review by the orchestrator stands: the last `codereview.*` event without its `codereview.`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub review: String,
    /// What its tasks took.
    #[serde(skip_serializing_if = "crate::state::is_default")]
    pub usage: UsageTotal,
    /// Its tasks by their number.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "IdMap::is_empty")]
    pub tasks: IdMap<i64, TaskState>,
}

/// Errors in a state are cut to this many bytes (SPEC §5); the event has the whole text.
const MAX_ERROR: usize = 4 << 10;

/// `error` as a state keeps it.
pub(crate) fn cut_error(error: &str) -> String {
    error[..error.floor_char_boundary(MAX_ERROR)].to_owned()
}

members! {
    /// Members of a [`UnitState`] that single events change; its place in the graph comes with the graph,
    /// and its tasks have members of their own.
    UnitMember of UnitState {
        Status status written,
        TotalTasks total_tasks omitted,
        CompletedTasks completed_tasks written,
        CurrentTask current_task written,
        Started started omitted,
        Ended ended omitted,
        Error error omitted,
        Branch branch omitted,
        Worktree worktree omitted,
        Review review omitted,
        Usage usage omitted,
    }
}

impl UnitState {
    /// Folds a `unit.*` event; `false` where its payload could not be read.
    pub(crate) fn apply_unit(&mut self, line: &Line<'_>, changed: &mut Members<UnitMember>) -> bool {
        let status = match &*line.kind {
            kind::UNIT_QUEUED => UnitStatus::Ready,
            kind::UNIT_STARTED => UnitStatus::InProgress,
            kind::UNIT_COMPLETED | kind::UNIT_MERGED => UnitStatus::Complete,
            kind::UNIT_FAILED => UnitStatus::Failed,
            kind::UNIT_BLOCKED => UnitStatus::Blocked,
            kind::UNIT_SKIPPED => UnitStatus::Skipped,
            kind::UNIT_CANCELLED => UnitStatus::Cancelled,
            _ => return true,
        };
        changed.set(UnitMember::Status, &mut self.status, status);
        changed.set(UnitMember::Error, &mut self.error, cut_error(&line.error));
        changed.set(UnitMember::Ended, &mut self.ended, line.time.filter(|_| status.is_final()));
        if status != UnitStatus::InProgress {
            return true;
        }
        changed.set(UnitMember::Started, &mut self.started, line.time);
        match line.read::<UnitStarted>() {
            Some(Ok(totals)) => {
                let total = totals.total_tasks.or(self.total_tasks);
                changed.set(UnitMember::TotalTasks, &mut self.total_tasks, total);
                let completed = totals.completed_tasks.unwrap_or(self.completed_tasks);
                changed.set(UnitMember::CompletedTasks, &mut self.completed_tasks, completed);
                true
            }
            Some(Err(_)) => false,
            None => true,
        }
    }

    /// Folds a `task.*` event; `false` where its payload could not be read.
    pub(crate) fn apply_task(&mut self, line: &Line<'_>, change: &mut Change) -> bool {
        let Some(number) = line.task else { return true };
        let Some(status) = TaskStatus::after(&line.kind) else { return true };
        if status == TaskStatus::Running {
            let current = number.saturating_sub(1).max(0);
            change.unit.set(UnitMember::CurrentTask, &mut self.current_task, current);
        }
        let task = self.task_mut(number, change);
        let was_complete = task.status == TaskStatus::Completed;
        let readable = task.apply(status, line, &mut change.task);
        let completed = match (was_complete, status == TaskStatus::Completed) {
            (false, true) => self.completed_tasks.saturating_add(1),
            (true, false) => self.completed_tasks.saturating_sub(1),
            _ => return readable,
        };
        change.unit.set(UnitMember::CompletedTasks, &mut self.completed_tasks, completed);
        readable
    }

    /// Adds what the unit, or a task of it, took.
    pub(crate) fn add_usage(&mut self, task: Option<i64>, usage: UsageTotal, change: &mut Change) {
        if let Some(number) = task {
            let task = self.task_mut(number, change);
            let mut total = task.usage;
            total.add(usage);
            change.task.set(TaskMember::Usage, &mut task.usage, total);
        }
        let mut total = self.usage;
        total.add(usage);
        change.unit.set(UnitMember::Usage, &mut self.usage, total);
    }

    /// Folds an event of `worktree.*`, `branch.*` or `codereview.*`; `false` where its payload could not
    /// be read.
    pub(crate) fn apply_work(&mut self, line: &Line<'_>, changed: &mut Members<UnitMember>) -> bool {
        if let Some(review) = line.kind.strip_prefix("codereview.") {
            changed.set(UnitMember::Review, &mut self.review, review.to_owned());
            return true;
        }
        let (work, readable) = match line.read::<Work>() {
            Some(Ok(work)) => (work, true),
            read => (Work::default(), read.is_none()),
        };
        if !work.branch.is_empty() {
            changed.set(UnitMember::Branch, &mut self.branch, work.branch);
        }
        match &*line.kind {
            kind::WORKTREE_CREATED => changed.set(UnitMember::Worktree, &mut self.worktree, work.path),
            kind::WORKTREE_REMOVED => changed.set(UnitMember::Worktree, &mut self.worktree, String::new()),
            _ => {}
        }
        readable
    }

    /// Folds a `pr.*` event of this unit.
    pub(crate) fn apply_pr(&mut self, kind: &str, changed: &mut Members<UnitMember>) {
        let status = match (kind, self.status) {
            (kind::PR_MERGED, UnitStatus::InReview) => UnitStatus::Complete,
            (kind::PR_FAILED | kind::PR_MERGED, _) => return,
            (_, UnitStatus::InProgress) => UnitStatus::InReview,
            _ => return,
        };
        changed.set(UnitMember::Status, &mut self.status, status);
    }

    fn task_mut(&mut self, number: i64, change: &mut Change) -> &mut TaskState {
        self.tasks.get_or_insert_with(&number, || {
            change.task.note_new();
            TaskState::default()
        })
    }
}

/// What the payloads of [`Worktree`](crate::Worktree) and [`BranchPushed`](crate::BranchPushed) say of both.
#[derive(Debug, Default)]
struct Work {
    path: String,
    branch: String,
}

readable!(Work { ; path, branch });
readable!(UnitState {
    ;
    order, level, label, status, total_tasks, completed_tasks, current_task, started, ended, error, depends_on,
    branch, worktree, review, usage, tasks,
});
readable!(
    enum UnitStatus {
        Pending = "pending",
        Ready = "ready",
        InProgress = "in_progress",
        InReview = "in_review",
        Complete = "complete",
        Failed = "failed",
        Blocked = "blocked",
        Skipped = "skipped",
        Cancelled = "cancelled",
    }
);
