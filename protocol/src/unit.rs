//! The state of one unit and of its tasks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::{Line, TaskPayload, Timestamp, UnitStarted, kind};

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
    /// Its tasks by their number.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<i64, TaskState>,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Has not started.
    #[default]
    Pending,
    /// Runs.
    Running,
    /// Its result is being checked.
    Validating,
    /// Failed and will be tried again.
    Retrying,
    /// Done.
    Completed,
    /// Failed for good.
    Failed,
}

/// One task of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskState {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it stands.
    pub status: TaskStatus,
    /// Which attempt this is, from 1; 0 before the first.
    pub attempt: u32,
    /// When its first attempt started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Why its last attempt failed; at most 4 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// Errors in a state are cut to this many bytes (SPEC §5); the event has the whole text.
const MAX_ERROR: usize = 4 << 10;

/// `error` as a state keeps it.
pub(crate) fn cut_error(error: &str) -> String {
    error[..error.floor_char_boundary(MAX_ERROR)].to_owned()
}

impl UnitState {
    /// Folds a `unit.*` event; `false` where its payload could not be read.
    pub(crate) fn apply_unit(&mut self, line: &Line<'_>) -> bool {
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
        self.status = status;
        self.error = cut_error(&line.error);
        self.ended = if status.is_final() { line.time } else { None };
        if status != UnitStatus::InProgress {
            return true;
        }
        self.started = line.time;
        match line.read::<UnitStarted>() {
            Some(Ok(totals)) => {
                self.total_tasks = totals.total_tasks.or(self.total_tasks);
                self.completed_tasks = totals.completed_tasks.unwrap_or(self.completed_tasks);
                true
            }
            Some(Err(_)) => false,
            None => true,
        }
    }

    /// Folds a `task.*` event; `false` where its payload could not be read.
    pub(crate) fn apply_task(&mut self, line: &Line<'_>) -> bool {
        let status = match &*line.kind {
            kind::TASK_STARTED => TaskStatus::Running,
            // A verdict is an outcome, but not yet the task's end.
            kind::TASK_BACKPRESSURE | kind::TASK_VALIDATION_OK | kind::TASK_VALIDATION_FAIL => {
                TaskStatus::Validating
            }
            kind::TASK_RETRY => TaskStatus::Retrying,
            kind::TASK_COMPLETED => TaskStatus::Completed,
            kind::TASK_FAILED => TaskStatus::Failed,
            _ => return true,
        };
        let Some(number) = line.task else { return true };
        let (payload, readable) = match line.read::<TaskPayload>() {
            Some(Ok(payload)) => (payload, true),
            Some(Err(_)) => (TaskPayload::default(), false),
            None => (TaskPayload::default(), true),
        };
        if status == TaskStatus::Running {
            self.current_task = number.saturating_sub(1).max(0);
        }
        let task = self.tasks.entry(number).or_default();
        let was_complete = task.status == TaskStatus::Completed;
        let retrying = task.status == TaskStatus::Retrying;
        task.name = payload.name.or(payload.title).or_else(|| task.name.take());
        match status {
            TaskStatus::Running => {
                task.started = task.started.or(line.time);
                task.ended = None;
                // A retry event may have counted already.
                let next = if retrying { task.attempt } else { task.attempt.saturating_add(1) };
                task.attempt = payload.attempt.unwrap_or(next.max(1));
            }
            TaskStatus::Retrying => {
                task.attempt = payload.attempt.unwrap_or(task.attempt.saturating_add(1));
            }
            TaskStatus::Completed | TaskStatus::Failed => task.ended = line.time,
            TaskStatus::Pending | TaskStatus::Validating => {}
        }
        if !line.error.is_empty() {
            task.error = cut_error(&line.error);
        } else if status == TaskStatus::Completed {
            task.error.clear();
        }
        task.status = status;
        match (was_complete, status == TaskStatus::Completed) {
            (false, true) => self.completed_tasks = self.completed_tasks.saturating_add(1),
            (true, false) => self.completed_tasks = self.completed_tasks.saturating_sub(1),
            _ => {}
        }
        readable
    }

    /// Folds a `pr.*` event of this unit.
    pub(crate) fn apply_pr(&mut self, kind: &str) {
        match kind {
            kind::PR_MERGED if self.status == UnitStatus::InReview => self.status = UnitStatus::Complete,
            kind::PR_FAILED | kind::PR_MERGED => {}
            _ if self.status == UnitStatus::InProgress => self.status = UnitStatus::InReview,
            _ => {}
        }
    }
}

readable!(UnitState {
    ;
    order, level, label, status, total_tasks, completed_tasks, current_task, started, ended, error, depends_on,
    tasks,
});
readable!(TaskState { ; name, status, attempt, started, ended, error });
readable!(enum UnitStatus);
readable!(enum TaskStatus);
